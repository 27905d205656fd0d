//! Programs act as well as people: an audit event says what kind of actor it was.

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
        Err(DbErr::Migration("which program did what would be lost".to_owned()))
    }
}

const UP: &str = "
ALTER TABLE audit_events ALTER COLUMN actor_account_id DROP NOT NULL;
ALTER TABLE audit_events ADD COLUMN IF NOT EXISTS actor_type text NOT NULL DEFAULT 'account';
ALTER TABLE audit_events ADD COLUMN IF NOT EXISTS actor_id uuid;
ALTER TABLE audit_events DROP CONSTRAINT IF EXISTS audit_events_actor_type_check;
ALTER TABLE audit_events ADD CONSTRAINT audit_events_actor_type_check
    CHECK (actor_type IN ('account', 'api_key', 'external_identity')) NOT VALID;
-- allow validate-at-once: the column is new and holds one value, so reading it through is short
ALTER TABLE audit_events VALIDATE CONSTRAINT audit_events_actor_type_check;
";
