//! A tenant from the database of another program, which is only read.
//!
//! A [`map`] says what becomes what; it is held against both databases before a row is read ([`plan`]). The rows stream into tables
//! without constraints beside those of the new tenant ([`stage`]), where all that is wrong with them is found by statements over
//! all ([`judge`]). If nothing is, they go into the tenant's own tables, which have the last word. All of it is one transaction, so
//! trying it and doing it differ in how that ends.

mod error;
mod judge;
mod map;
mod plan;
mod report;
mod row;
mod rules;
mod source;
mod stage;
mod target;

use std::sync::Arc;

use sea_orm::DatabaseTransaction;
use sqlx::{AssertSqlSafe, Executor as _, PgConnection};

use super::{
    load::{Scaffolding, refused},
    snapshot::prepare,
    workshop::Workshop,
};
use crate::{
    NewTenant, Result, SchemaName, Tenant, Tenants,
    name::quoted,
    schema::{make_scratch, set_search_path},
};

pub use error::{AdoptionError, MapFault};
pub use map::AdoptionMap;
use plan::TablePlan;
pub use report::{AdoptedTable, AdoptionReport, AdoptionStep, RefusalReason};
pub use row::AdoptedRow;
pub use rules::{AdoptionRules, RuleForAll, TableRules};
pub use source::AdoptionSource;
use stage::Stage;

/// The transaction in which a tenant is made of the rows of another program. Dropped without a commit, nothing of it remains.
pub struct Adoption {
    tenants: Tenants,
    workshop: Workshop,
    new: NewTenant,
    schema: SchemaName,
    scratch: SchemaName,
    /// Whether there are rows and all were accepted.
    is_whole: bool,
}

impl std::fmt::Debug for Adoption {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Adoption").field("slug", &self.new.slug).finish_non_exhaustive()
    }
}

impl Tenants {
    /// Begins the transaction, and makes the tenant's row, role, schema and tables in it.
    pub async fn begin_adoption(&self, new: &NewTenant) -> Result<Adoption> {
        self.check_slug(new).await?;
        let schema = SchemaName::of(new.id);
        let workshop = Workshop::open(self).await?;
        let transaction = workshop.savepoint().await?;
        self.register(&transaction, new, &schema, self.head()).await?;
        self.make_at_head(&transaction, new.id, &schema).await?;
        let scratch = make_scratch(&transaction).await?;
        transaction.commit().await?;
        Ok(Adoption { tenants: self.clone(), workshop, new: new.clone(), schema, scratch, is_whole: false })
    }
}

impl Adoption {
    /// Reads the rows of the source and puts them into the tenant's tables, unless some are refused: the report says which. `told` is
    /// called at each step, and now and then while rows are read.
    pub async fn load(
        &mut self,
        source: &mut AdoptionSource,
        map: &AdoptionMap,
        rules: &AdoptionRules,
        told: &mut (dyn FnMut(AdoptionStep<'_>) + Send),
    ) -> Result<AdoptionReport> {
        let mut connection = self.workshop.connection().await?;
        let targets = target::tables(&mut connection, &self.schema).await?;
        let plans = plan::make(map, source, targets, rules).await?;
        prepare(&mut connection, &self.scratch).await?;
        let stage = Stage { scratch: &self.scratch, tenant: self.new.id, now: self.new.now };
        for plan in &plans {
            stage.make(&mut connection, &self.schema, plan).await?;
        }
        let mut tables = Vec::with_capacity(plans.len());
        for plan in &plans {
            tables.push(stage.fill(&mut connection, source, plan, told).await?);
        }
        judge::judge(&mut connection, &plans, &mut tables, told).await?;
        let report = AdoptionReport { tables };
        if report.refused() == 0 {
            self.settle(&mut connection, &plans, rules, told).await?;
            self.is_whole = true;
        }
        connection.give_back();
        Ok(report)
    }

    /// Puts the staged rows into the tenant's tables, which take them or end the transaction.
    async fn settle(
        &self,
        connection: &mut PgConnection,
        plans: &[TablePlan],
        rules: &AdoptionRules,
        told: &mut (dyn FnMut(AdoptionStep<'_>) + Send),
    ) -> Result<()> {
        prepare(connection, &self.schema).await?;
        let tables = plans.iter().map(|plan| quoted(&plan.target.name)).collect();
        let scaffolding = Scaffolding::around(connection, &self.schema, tables).await?;
        for plan in plans {
            told(AdoptionStep::Storing { table: &plan.target.name });
            let table = quoted(&plan.target.name);
            let columns: Vec<String> = std::iter::once("id").chain(plan.columns.iter().map(String::as_str)).map(quoted).collect();
            let (columns, scratch) = (columns.join(", "), &self.scratch);
            let sql = format!("INSERT INTO {table} ({columns}) OVERRIDING SYSTEM VALUE SELECT {columns} FROM {scratch}.{table}");
            let inserted = connection.execute(AssertSqlSafe(sql)).await;
            inserted.map_err(|error| refused(&plan.target.name, error))?;
        }
        told(AdoptionStep::Finishing);
        scaffolding.take_down(connection).await?;
        for sql in rules.finish {
            connection.execute(*sql).await?;
        }
        connection.execute(AssertSqlSafe(format!("DROP SCHEMA {} CASCADE", self.scratch))).await?;
        Ok(())
    }

    /// The tenant as it will be, and a savepoint of the transaction, for a program that writes rows of its own along with it.
    /// Tables of the control plane are named with their schema.
    pub async fn begin(&self) -> Result<(Arc<Tenant>, DatabaseTransaction)> {
        let transaction = self.workshop.savepoint().await?;
        set_search_path(&transaction, "").await?;
        let tenant = self.tenants.read_within(&transaction, &self.new).await?;
        Ok((tenant, transaction))
    }

    /// Ends the transaction: the tenant is there, in every process. Refused where rows were.
    pub async fn commit(self) -> Result<()> {
        if !self.is_whole {
            return Err(AdoptionError::Refused.into());
        }
        self.workshop.commit().await?;
        self.tenants.freeze(self.new.now).await;
        self.tenants.inner.directory.forget(self.new.id);
        Ok(())
    }

    /// Ends the transaction, and nothing of it remains.
    pub async fn roll_back(self) -> Result<()> {
        self.workshop.roll_back().await
    }
}
