//! From which session at the console a visit was begun.

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
        Err(DbErr::Migration("visits would outlive the session at the console that they were begun from".to_owned()))
    }
}

/// Visits of before do not name one, and are over: they are for hours at most, and whoever looks in enters again. As with the consent,
/// there is no constraint: a visit whose session is gone is good for nothing.
const UP: &str = "ALTER TABLE support_sessions ADD COLUMN IF NOT EXISTS operator_session_id uuid";
