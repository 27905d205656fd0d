//! Claims of tenants to hosts of their own, and at which host a session was begun.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared(UP).await?;
        Ok(())
    }

    async fn down(&self, _manager: &SchemaManager) -> Result<(), DbErr> {
        Err(DbErr::Migration("the proofs of domains would be lost".to_owned()))
    }
}

/// Several tenants may claim a host; the one who proves it gets a row in `domains`. A host there without a claim of its tenant has
/// been registered by an operator.
const UP: &str = "
CREATE TABLE IF NOT EXISTS domain_claims (
    tenant_id uuid NOT NULL,
    hostname text NOT NULL,
    token text NOT NULL,
    created_at timestamptz NOT NULL,
    checked_at timestamptz,
    problem text,
    failures integer NOT NULL DEFAULT 0,
    failed_at timestamptz,
    next_check_at timestamptz NOT NULL,
    CONSTRAINT domain_claims_pkey PRIMARY KEY (tenant_id, hostname)
);
CREATE INDEX IF NOT EXISTS domain_claims_next_check_at_idx ON domain_claims (next_check_at);

ALTER TABLE sessions ADD COLUMN IF NOT EXISTS host text;
CREATE INDEX IF NOT EXISTS sessions_host_idx ON sessions (host) WHERE ended_at IS NULL;
";
