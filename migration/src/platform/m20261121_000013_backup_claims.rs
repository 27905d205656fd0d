//! Whose a claim to back up a tenant is.

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
        Err(DbErr::Migration("a process could give back the turn of another".to_owned()))
    }
}

const UP: &str = "ALTER TABLE backup_turns ADD COLUMN IF NOT EXISTS claimed_by uuid";
