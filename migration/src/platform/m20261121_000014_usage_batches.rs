//! Which counts a process has written, so that it writes none twice.

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
        Err(DbErr::Migration("a process could add its counts twice".to_owned()))
    }
}

/// The last batch of each process.
const UP: &str = "
CREATE TABLE IF NOT EXISTS usage_batches (
    process_id uuid NOT NULL,
    batch bigint NOT NULL,
    written_at timestamptz NOT NULL,
    CONSTRAINT usage_batches_pkey PRIMARY KEY (process_id)
);
";
