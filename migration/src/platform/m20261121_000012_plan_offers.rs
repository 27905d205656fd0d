//! The plan that new tenants get, and of which quotas owners were warned.

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
        Err(DbErr::Migration("it would be lost which plan new tenants get".to_owned()))
    }
}

/// At most one plan is that of new tenants. A warning is there for as long as most of the quota is used.
const UP: &str = "
ALTER TABLE plans ADD COLUMN IF NOT EXISTS for_new_tenants boolean NOT NULL DEFAULT false;
CREATE UNIQUE INDEX IF NOT EXISTS plans_for_new_tenants_key ON plans (for_new_tenants) WHERE for_new_tenants;

CREATE TABLE IF NOT EXISTS quota_warnings (
    tenant_id uuid NOT NULL,
    quota text NOT NULL,
    warned_at timestamptz NOT NULL,
    CONSTRAINT quota_warnings_pkey PRIMARY KEY (tenant_id, quota)
);
";
