//! Taking tenants back to an older version, where nothing is lost by it.
//!
//! First each later migration is taken back in a schema that is rolled back. One that refuses, that issues what could lose
//! something, or that leaves the schema other than the older version makes it, ends the run before any tenant is touched. Then each
//! tenant is taken back in a transaction of its own, together with the ledger: were that written afterwards, as it is when tenants
//! are migrated, a crash in between would leave a ledger that claims more than the schema has. What a statement takes away has to be
//! empty in that tenant, whose table is locked from the look to the commit.
//!
//! - [`ahead`]: tenants that are past a version although the control plane does not know
//! - [`loss`]: what may be issued

mod ahead;
mod loss;

use std::{collections::BTreeMap, sync::Arc, time::Instant};

use chrono::DateTime;
use sea_orm::{ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, Statement, TransactionTrait};

use super::{
    FleetOptions, FleetPlan, FleetReport, FleetStep, RecordedMigration,
    attempt::{Attempt, prepare},
    catalogue,
    catalogue::Catalogue,
    ledger,
    plan::texts,
    record::record_back,
    run::Goal,
};
use crate::{Error, Result, Tenant, Tenants, error::in_words_of_postgres, schema::make_scratch};
pub(super) use loss::{refuse_all_but_reading, refuse_losses};

impl Tenants {
    /// The tenants that have more than the migrations up to `version`, as far as the options name them: by the control plane, and by
    /// their own schemas where that does not know. Each is told with the version that its schema is at.
    pub async fn plan_back(&self, version: &str, options: &FleetOptions) -> Result<FleetPlan> {
        let named = "cardinality($2::text[]) = 0 OR t.slug = ANY ($2)";
        let ahead = self.schemas_ahead(version, named, texts(&options.only)).await?;
        self.plan_with(version, &ahead, options).await
    }

    /// All of them; by their own schemas only those `among` these tenants, where some are given.
    pub(super) async fn tenants_past(&self, version: &str, among: Option<&[Tenant]>) -> Result<Vec<Tenant>> {
        let all = FleetOptions::at(DateTime::UNIX_EPOCH);
        let plan = match among {
            None => self.plan_back(version, &all).await?,
            Some(tenants) => {
                let schemas: Vec<_> = tenants.iter().map(|tenant| &tenant.schema).collect();
                let ahead = self.schemas_ahead(version, "t.schema_name = ANY ($2)", texts(&schemas)).await?;
                self.plan_with(version, &ahead, &all).await?
            }
        };
        Ok(plan.others)
    }

    /// The tenants that the control plane has past `version`, and those whose schemas are `ahead` of what it has.
    async fn plan_with(&self, version: &str, ahead: &BTreeMap<String, String>, options: &FleetOptions) -> Result<FleetPlan> {
        let schemas: Vec<_> = ahead.keys().collect();
        let past = "(t.schema_version > $1 OR t.schema_name = ANY ($2))";
        let mut plan = self.plan_where(past, vec![version.into(), texts(&schemas)], options).await?;
        for tenant in plan.canaries.iter_mut().chain(&mut plan.others) {
            if let Some(own) = ahead.get(tenant.schema.as_str()) {
                tenant.schema_version = Some(own.clone());
            }
        }
        Ok(plan)
    }

    /// Takes the tenants that have later migrations back to `version`, and tells `watch` of each: as [`Tenants::migrate_fleet`] does
    /// in the other direction. A tenant where something would be lost is set aside. Schemas that are prepared for tenants to come at a
    /// later version are dropped, unless the options name tenants.
    ///
    /// Programs that know a later migration do not serve these tenants any more, and migrate them again when they start.
    ///
    /// # Errors
    /// Before any tenant is touched: when there is no such migration, when a later one cannot be taken back, or when one was
    /// changed after it had been applied. A tenant's own failure is in the report, and not in the ledger, where the tenant is what it was.
    pub async fn take_fleet_back(
        &self,
        version: &str,
        options: &FleetOptions,
        watch: impl FnMut(FleetStep<'_>),
    ) -> Result<FleetReport> {
        self.recorded_way_back(version).await?;
        let plan = self.plan_back(version, options).await?;
        let report = self.run_through(plan, Goal::Back(version), options, watch).await?;
        if !options.rehearse {
            if let Err(error) = ledger::forget_after(&self.platform(), version).await {
                tracing::warn!(%error, "the tries of later migrations could not be forgotten");
            }
            if options.only.is_empty() {
                match self.drop_standby_after(version).await {
                    Ok(0) => {}
                    Ok(left) => tracing::warn!(
                        left,
                        "schemas that are prepared at a later version are still there, since another process is at them; tenants to come \
                         may get them: end the processes of that version, and run this again"
                    ),
                    Err(error) => tracing::warn!(%error, "the schemas that are prepared at a later version could not be dropped"),
                }
            }
        }
        Ok(report)
    }

    /// What is issued to take the migrations after `version` back, the newest first.
    ///
    /// # Errors
    /// When there is no such migration, when a later one cannot be taken back without a loss, or when one was changed after it had
    /// been applied.
    pub async fn recorded_way_back(&self, version: &str) -> Result<Vec<RecordedMigration>> {
        let migrations = (self.inner.schema.migrations)();
        let Some(last) = migrations.iter().position(|migration| migration.name() == version) else {
            let known = migrations.iter().rev().map(|migration| migration.name().to_owned()).collect();
            return Err(Error::UnknownMigration { version: version.to_owned(), known });
        };
        self.refuse_changed().await?;
        let transaction = Arc::new(self.inner.direct.begin().await?);
        transaction.execute_unprepared("SET LOCAL lock_timeout = '5s'").await?;
        let schema = make_scratch(&transaction).await?.to_string();
        (self.inner.schema.migrate)(&transaction, Some(u32::try_from(last + 1).unwrap_or(u32::MAX))).await?;
        let later = migrations.get(last + 1..).unwrap_or_default();
        let mut before = Vec::new();
        for _ in later {
            before.push(look(&transaction, &schema).await?);
            (self.inner.schema.upgrade)(&transaction, Some(1)).await?;
        }
        let mut way = Vec::new();
        for (migration, expected) in later.iter().zip(&before).rev() {
            let version = migration.name().to_owned();
            let refuse = |reason: String| Error::NoWayBack { version: version.clone(), reason };
            let statements =
                record_back(migration.as_ref(), &transaction).await.map_err(|error| refuse(in_words_of_postgres(&error)))?;
            let differences = expected.differences(&look(&transaction, &schema).await?);
            if let Some(difference) = differences.first() {
                return Err(refuse(format!("it would leave another schema than there was before it: {difference}")));
            }
            way.push(RecordedMigration { version, statements });
        }
        own(transaction)?.rollback().await?;
        Ok(way)
    }

    /// Takes one tenant back, in a transaction that the ledger is part of.
    pub(super) async fn attempt_back(
        &self,
        database: &DatabaseConnection,
        tenant: &Tenant,
        version: &str,
        options: &FleetOptions,
        tries: u32,
    ) -> Result<Attempt, DbErr> {
        let (started_at, started) = ((options.clock)(), Instant::now());
        let transaction = Arc::new(database.begin().await?);
        if !prepare(&transaction, tenant, options.lock_timeout).await? {
            own(transaction)?.rollback().await?;
            return Ok(Attempt::Elsewhere);
        }
        let migrations = (self.inner.schema.migrations)();
        let later = applied_after(&transaction, version).await?;
        let was_past = !later.is_empty();
        for applied in later {
            let Some(migration) = migrations.iter().find(|migration| migration.name() == applied) else {
                return Err(DbErr::Migration(format!("this program does not know its migration {applied}")));
            };
            record_back(migration.as_ref(), &transaction).await.map_err(|error| match error {
                DbErr::Migration(reason) => DbErr::Migration(format!("{applied} cannot be taken back: {reason}")),
                error => error,
            })?;
            let forget = "DELETE FROM seaql_migrations WHERE version = $1";
            let forget = Statement::from_sql_and_values(DbBackend::Postgres, forget, [applied.into()]);
            transaction.execute_raw(forget).await?;
        }
        let transaction = own(transaction)?;
        if options.rehearse {
            transaction.rollback().await?;
            return Ok(Attempt::Done { news: true });
        }
        let took = started.elapsed();
        let news = ledger::write_back(&transaction, tenant, version, was_past, (started_at, took), tries).await?;
        transaction.commit().await?;
        // Where the control plane had it there already, what was taken back is news all the same.
        Ok(Attempt::Done { news: news || was_past })
    }
}

/// The later migrations that the schema on the search path has, the newest first.
async fn applied_after(transaction: &DatabaseTransaction, version: &str) -> Result<Vec<String>, DbErr> {
    let sql = "SELECT version FROM seaql_migrations WHERE version > $1 ORDER BY version DESC";
    let rows = transaction.query_all_raw(Statement::from_sql_and_values(DbBackend::Postgres, sql, [version.into()])).await?;
    rows.iter().map(|row| row.try_get("", "version")).collect()
}

async fn look(transaction: &DatabaseTransaction, schema: &str) -> Result<Catalogue, DbErr> {
    let mut catalogues = catalogue::read(transaction, &[schema.to_owned()]).await?;
    Ok(catalogues.remove(schema).unwrap_or_default())
}

/// The transaction, once nothing records any more.
fn own(transaction: Arc<DatabaseTransaction>) -> Result<DatabaseTransaction, DbErr> {
    Arc::into_inner(transaction).ok_or_else(|| DbErr::Custom("the transaction is still in use".to_owned()))
}
