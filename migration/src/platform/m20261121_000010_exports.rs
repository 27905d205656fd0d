//! The exports that owners ask for, and leave to download them.

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
        Err(DbErr::Migration("it would not be known any more which files there are".to_owned()))
    }
}

/// As long as a row names a place, there may be a file. A tenant has one export at a time that is not finished.
const UP: &str = "
CREATE TABLE IF NOT EXISTS exports (
    id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    asked_by uuid NOT NULL,
    format text NOT NULL,
    state text NOT NULL,
    asked_at timestamptz NOT NULL,
    due_at timestamptz NOT NULL,
    claimed_until timestamptz,
    tries integer NOT NULL DEFAULT 0,
    begun_at timestamptz,
    finished_at timestamptz,
    failure text,
    place text,
    bytes bigint,
    sha256 text,
    expires_at timestamptz,
    CONSTRAINT exports_pkey PRIMARY KEY (id),
    CONSTRAINT exports_state_check CHECK (state IN ('waiting', 'running', 'done', 'failed', 'expired')),
    CONSTRAINT exports_format_check CHECK (format IN ('csv', 'ndjson'))
);
CREATE UNIQUE INDEX IF NOT EXISTS exports_open_idx ON exports (tenant_id) WHERE state IN ('waiting', 'running');
CREATE INDEX IF NOT EXISTS exports_tenant_id_idx ON exports (tenant_id, asked_at);
CREATE INDEX IF NOT EXISTS exports_due_at_idx ON exports (due_at) WHERE state IN ('waiting', 'running');
CREATE INDEX IF NOT EXISTS exports_place_idx ON exports (id) WHERE place IS NOT NULL;

CREATE TABLE IF NOT EXISTS export_downloads (
    token_hash bytea NOT NULL,
    export_id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    account_id uuid NOT NULL,
    session_id uuid NOT NULL,
    expires_at timestamptz NOT NULL,
    CONSTRAINT export_downloads_pkey PRIMARY KEY (token_hash),
    CONSTRAINT export_downloads_session_fkey FOREIGN KEY (session_id) REFERENCES sessions (id) ON DELETE CASCADE
);
CREATE INDEX IF NOT EXISTS export_downloads_expires_at_idx ON export_downloads (expires_at);
CREATE INDEX IF NOT EXISTS export_downloads_session_id_idx ON export_downloads (session_id);
";
