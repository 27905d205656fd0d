//! Plans, what tenants use day by day, and the slow operations of each.

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
        Err(DbErr::Migration("plans and what was used would be lost".to_owned()))
    }
}

/// A plan's quotas are null where it bounds nothing. A tenant has a copy of its plan in its settings, for requests read those.
const UP: &str = "
CREATE TABLE IF NOT EXISTS plans (
    id text NOT NULL,
    name text NOT NULL,
    seats bigint,
    storage_bytes bigint,
    requests_per_day bigint,
    features jsonb NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT plans_pkey PRIMARY KEY (id),
    CONSTRAINT plans_quotas_check CHECK (seats >= 0 AND storage_bytes >= 0 AND requests_per_day >= 0)
);

CREATE TABLE IF NOT EXISTS usage_days (
    tenant_id uuid NOT NULL,
    day date NOT NULL,
    requests bigint NOT NULL DEFAULT 0,
    anonymous_requests bigint NOT NULL DEFAULT 0,
    errors bigint NOT NULL DEFAULT 0,
    operations bigint NOT NULL DEFAULT 0,
    milliseconds bigint NOT NULL DEFAULT 0,
    storage_bytes bigint,
    members bigint,
    CONSTRAINT usage_days_pkey PRIMARY KEY (tenant_id, day)
);
CREATE INDEX IF NOT EXISTS usage_days_day_idx ON usage_days (day);

CREATE TABLE IF NOT EXISTS slow_operations (
    tenant_id uuid NOT NULL,
    document_hash text NOT NULL,
    operation text NOT NULL,
    kind text NOT NULL,
    root_fields jsonb NOT NULL,
    count bigint NOT NULL,
    worst_milliseconds bigint NOT NULL,
    total_milliseconds bigint NOT NULL,
    statements bigint NOT NULL,
    first_seen_at timestamptz NOT NULL,
    last_seen_at timestamptz NOT NULL,
    CONSTRAINT slow_operations_pkey PRIMARY KEY (tenant_id, document_hash, operation)
);

CREATE TABLE IF NOT EXISTS periodic_work (
    name text NOT NULL,
    next_at timestamptz NOT NULL,
    CONSTRAINT periodic_work_pkey PRIMARY KEY (name)
);
";
