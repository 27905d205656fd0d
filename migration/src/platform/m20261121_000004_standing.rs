//! What the owners of tenants were told of their standing.

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
        Err(DbErr::Migration("owners would be told again what they know".to_owned()))
    }
}

const UP: &str = "
CREATE TABLE IF NOT EXISTS tenant_notices (
    tenant_id uuid NOT NULL,
    state text NOT NULL,
    date timestamptz NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT tenant_notices_pkey PRIMARY KEY (tenant_id, state, date)
);
";
