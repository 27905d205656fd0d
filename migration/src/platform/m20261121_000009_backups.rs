//! The archives of tenants that are made by schedule, whose turn it is next, and what is left of deleted tenants.

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
        Err(DbErr::Migration("it would not be known any more which archives there are".to_owned()))
    }
}

/// `backup_removals` has no column `tenant_id`, so that its rows outlive the tenants: they are what is left to be done for them.
const UP: &str = "
CREATE TABLE IF NOT EXISTS backups (
    id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    place text NOT NULL,
    state text NOT NULL,
    started_at timestamptz NOT NULL,
    finished_at timestamptz,
    bytes bigint,
    row_count bigint,
    sha256 text,
    schema_version text,
    error text,
    verified_at timestamptz,
    verify_error text,
    CONSTRAINT backups_pkey PRIMARY KEY (id),
    CONSTRAINT backups_state_check CHECK (state IN ('running', 'done', 'failed'))
);
CREATE INDEX IF NOT EXISTS backups_tenant_id_idx ON backups (tenant_id, started_at);

CREATE TABLE IF NOT EXISTS backup_turns (
    tenant_id uuid NOT NULL,
    due_at timestamptz NOT NULL,
    claimed_until timestamptz,
    failures integer NOT NULL DEFAULT 0,
    CONSTRAINT backup_turns_pkey PRIMARY KEY (tenant_id)
);
CREATE INDEX IF NOT EXISTS backup_turns_due_at_idx ON backup_turns (due_at);

CREATE TABLE IF NOT EXISTS backup_drills (
    name text NOT NULL,
    next_at timestamptz NOT NULL,
    CONSTRAINT backup_drills_pkey PRIMARY KEY (name)
);

CREATE TABLE IF NOT EXISTS backup_removals (
    id uuid NOT NULL,
    place text NOT NULL,
    remove_at timestamptz NOT NULL,
    error text,
    CONSTRAINT backup_removals_pkey PRIMARY KEY (id)
);
CREATE INDEX IF NOT EXISTS backup_removals_remove_at_idx ON backup_removals (remove_at);
";
