//! The SQL that migrations really issue.
//!
//! Each migration runs over a connection that notes every statement and hands it to a transaction, in a schema that is made for
//! this and rolled back with all that is in it. What a migration asks of the database is answered, so one that looks before it
//! acts is recorded as it acts on a new schema.

use std::sync::Arc;

use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, ProxyDatabaseTrait, ProxyExecResult, ProxyRow,
    Statement, TransactionTrait, from_query_result_to_proxy_row,
};
use sea_orm_migration::{MigrationTrait, SchemaManager};
use tokio::sync::Mutex;

use super::{catalogue, catalogue::Catalogue, lint::Sql, undo};
use crate::{Error, Result, Tenants, checksum::Checksum, schema::make_scratch};

/// What a migration does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedMigration {
    /// Its name.
    pub version: String,
    /// The statements that it issues, in their order, with the values that are bound to them.
    pub statements: Vec<String>,
}

impl RecordedMigration {
    /// The same for the same statements: white space, comments and letter case of keywords do not count.
    pub fn checksum(&self) -> String {
        let mut sum = Checksum::new();
        for text in &self.statements {
            for statement in Sql::read(text).statements {
                sum.add(format!("{statement};").as_bytes());
            }
        }
        sum.hexadecimal()
    }
}

/// A migration with the catalogue that it leaves.
pub(super) struct Made {
    pub(super) migration: RecordedMigration,
    pub(super) catalogue: Catalogue,
}

impl Tenants {
    /// What the migrations of this program do, in their order. Found out once in a process.
    pub async fn recorded_migrations(&self) -> Result<&[RecordedMigration]> {
        let recorded = self.inner.fleet.recorded.get_or_try_init(|| async {
            let made = self.rehearse_migrations(false).await?;
            Ok::<_, Error>(made.into_iter().map(|made| made.migration).collect())
        });
        recorded.await.map(Vec::as_slice)
    }

    /// Makes a schema by the migrations, looks at it, and rolls it back.
    pub(super) async fn rehearse_migrations(&self, with_catalogues: bool) -> Result<Vec<Made>> {
        let transaction = Arc::new(self.inner.direct.begin().await?);
        transaction.execute_unprepared("SET LOCAL lock_timeout = '5s'").await?;
        let schema = make_scratch(&transaction).await?.to_string();
        let mut made = Vec::new();
        for migration in (self.inner.schema.migrations)() {
            let version = migration.name().to_owned();
            let statements = record(migration.as_ref(), &transaction)
                .await
                .map_err(|source| Error::Scratch { version: version.clone(), source })?;
            let catalogue = if with_catalogues {
                catalogue::read(&*transaction, std::slice::from_ref(&schema)).await?.remove(&schema).unwrap_or_default()
            } else {
                Catalogue::default()
            };
            made.push(Made { migration: RecordedMigration { version, statements }, catalogue });
        }
        if let Some(transaction) = Arc::into_inner(transaction) {
            transaction.rollback().await?;
        }
        Ok(made)
    }
}

async fn record(migration: &dyn MigrationTrait, transaction: &Arc<DatabaseTransaction>) -> Result<Vec<String>, DbErr> {
    let (connection, notes) = recorder(transaction, false).await?;
    migration.up(&SchemaManager::new(&connection)).await?;
    let statements = std::mem::take(&mut *notes.lock().await);
    Ok(statements)
}

/// Takes a migration back in the schema on the search path, and says by which statements. What could lose something is not handed on.
pub(super) async fn record_back(
    migration: &dyn MigrationTrait,
    transaction: &Arc<DatabaseTransaction>,
) -> Result<Vec<String>, DbErr> {
    let (connection, notes) = recorder(transaction, true).await?;
    migration.down(&SchemaManager::new(&connection)).await?;
    let statements = std::mem::take(&mut *notes.lock().await);
    Ok(statements)
}

type Notes = Arc<Mutex<Vec<String>>>;

async fn recorder(transaction: &Arc<DatabaseTransaction>, loses_nothing: bool) -> Result<(DatabaseConnection, Notes), DbErr> {
    let notes = Notes::default();
    let recorder = Recorder { transaction: Arc::clone(transaction), notes: Arc::clone(&notes), loses_nothing };
    let connection = sea_orm::Database::connect_proxy(DbBackend::Postgres, Arc::new(Box::new(recorder))).await?;
    Ok((connection, notes))
}

/// A statement as it is noted: with the values that are bound to it, since others would do something else.
fn noted(statement: &Statement) -> String {
    match &statement.values {
        None => statement.sql.clone(),
        Some(_) => statement.to_string(),
    }
}

/// A connection that notes what it is given and hands it on.
struct Recorder {
    transaction: Arc<DatabaseTransaction>,
    notes: Notes,
    /// Whether it hands on nothing that could lose something.
    loses_nothing: bool,
}

impl std::fmt::Debug for Recorder {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Recorder").finish_non_exhaustive()
    }
}

#[async_trait::async_trait]
impl ProxyDatabaseTrait for Recorder {
    async fn query(&self, statement: Statement) -> Result<Vec<ProxyRow>, DbErr> {
        if self.loses_nothing {
            undo::refuse_all_but_reading(&statement.sql)?;
        }
        self.notes.lock().await.push(noted(&statement));
        let rows = self.transaction.query_all_raw(statement).await?;
        Ok(rows.iter().map(from_query_result_to_proxy_row).collect())
    }

    async fn execute(&self, statement: Statement) -> Result<ProxyExecResult, DbErr> {
        if self.loses_nothing {
            undo::refuse_losses(&self.transaction, &statement.sql).await?;
        }
        self.notes.lock().await.push(noted(&statement));
        // Only without values may one text hold several statements.
        let result = match &statement.values {
            None => self.transaction.execute_unprepared(&statement.sql).await?,
            Some(_) => self.transaction.execute_raw(statement).await?,
        };
        Ok(result.into())
    }
}
