//! Which archives a later migration refuses, although they are whole.

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
        Err(DbErr::Migration("it would not be known any more which archives only the program before can restore".to_owned()))
    }
}

const UP: &str = "ALTER TABLE backups ADD COLUMN IF NOT EXISTS unfit_error text";
