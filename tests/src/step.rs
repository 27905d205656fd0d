//! Migrations of a test's own.

use sea_orm_migration::prelude::*;

/// A migration that runs one text of SQL.
pub struct Step {
    name: &'static str,
    sql: &'static str,
    back: Option<&'static str>,
}

impl Step {
    /// For the list of a migrator. Names sort in the order of time, as the program's own do.
    pub fn boxed(name: &'static str, sql: &'static str) -> Box<dyn MigrationTrait> {
        Box::new(Self { name, sql, back: None })
    }

    /// The same with a way back.
    pub fn with_way_back(name: &'static str, sql: &'static str, back: &'static str) -> Box<dyn MigrationTrait> {
        Box::new(Self { name, sql, back: Some(back) })
    }
}

impl MigrationName for Step {
    fn name(&self) -> &str {
        self.name
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared(self.sql).await.map(drop)
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let back = self.back.ok_or_else(|| DbErr::Migration("it has no way back".to_owned()))?;
        manager.get_connection().execute_unprepared(back).await.map(drop)
    }
}
