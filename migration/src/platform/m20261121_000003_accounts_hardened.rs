//! What is to be done although a crash comes in between.

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
        Err(DbErr::Migration("audit events that are on their way would be lost".to_owned()))
    }
}

const UP: &str = "
CREATE TABLE IF NOT EXISTS audit_outbox (
    id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    entry jsonb NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT audit_outbox_pkey PRIMARY KEY (id)
);
CREATE INDEX IF NOT EXISTS audit_outbox_tenant_idx ON audit_outbox (tenant_id);

CREATE TABLE IF NOT EXISTS departures (
    id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    employee_id uuid NOT NULL,
    actor jsonb NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT departures_pkey PRIMARY KEY (id)
);
CREATE INDEX IF NOT EXISTS departures_employee_idx ON departures (tenant_id, employee_id);

ALTER TABLE entry_codes ADD COLUMN IF NOT EXISTS nonce_hash bytea;

CREATE TABLE IF NOT EXISTS invitation_tokens (
    token_hash bytea NOT NULL,
    invitation_id uuid NOT NULL,
    expires_at timestamptz NOT NULL,
    CONSTRAINT invitation_tokens_pkey PRIMARY KEY (token_hash)
);
CREATE INDEX IF NOT EXISTS invitation_tokens_invitation_idx ON invitation_tokens (invitation_id);
CREATE INDEX IF NOT EXISTS invitation_tokens_expires_at_idx ON invitation_tokens (expires_at);
ALTER TABLE invitations ALTER COLUMN token_hash DROP NOT NULL;
ALTER TABLE outgoing_mail ADD COLUMN IF NOT EXISTS invitation_id uuid;

CREATE TABLE IF NOT EXISTS familiar_networks (
    account_id uuid NOT NULL,
    network text NOT NULL,
    last_used_at timestamptz NOT NULL,
    CONSTRAINT familiar_networks_pkey PRIMARY KEY (account_id, network),
    CONSTRAINT familiar_networks_account_fkey FOREIGN KEY (account_id) REFERENCES accounts (id) ON DELETE CASCADE
);
CREATE INDEX IF NOT EXISTS familiar_networks_last_used_at_idx ON familiar_networks (last_used_at);
";
