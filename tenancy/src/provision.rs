//! How a tenant comes, changes and goes.

use std::{collections::BTreeSet, sync::Arc};

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, Statement, TransactionTrait, Value};

use crate::{
    Error, Hostname, Result, SchemaName, Slug, Tenant, TenantId, TenantStatus, Tenants, Terms, change,
    directory::{SELECT_TENANT, tenant_from},
    fleet,
    host::insert_host,
    rename::{self, refuse_reserved, taken},
    schema::{grant_tables, make_schema, set_search_path},
    standby::{self, Prepared},
};

/// How long is waited for another tenant of the same slug that is being made.
pub(crate) const LONGEST_WAIT: &str = "5s";

/// A tenant to be made.
#[derive(Debug, Clone)]
pub struct NewTenant {
    /// Its id, made by the caller (UUIDv7). A tenant that takes a prepared schema has the id that came with that.
    pub id: TenantId,
    /// Its label under the base domain.
    pub slug: Slug,
    /// The organisation's name.
    pub name: String,
    /// Its own hosts; the first is the primary one.
    pub hostnames: Vec<Hostname>,
    /// When it is made.
    pub now: DateTime<Utc>,
}

/// The transaction in which a tenant is made. Dropped without a commit, nothing of it remains.
#[derive(Debug)]
pub struct Provisioning {
    tenants: Tenants,
    transaction: DatabaseTransaction,
    /// What was made: the id, when, and whether the schema was prepared.
    made: Option<(TenantId, DateTime<Utc>, bool)>,
}

impl Provisioning {
    /// The transaction, for statements on the control plane, whose tables are named with their schema.
    pub fn connection(&self) -> &DatabaseTransaction {
        &self.transaction
    }

    /// Makes the tenant, from a prepared schema where there is one. It is there for others with the commit.
    pub async fn make(&mut self, new: &NewTenant) -> Result<Arc<Tenant>> {
        let (tenants, transaction) = (&self.tenants, &self.transaction);
        let prepared = standby::take(transaction, tenants.head()).await?;
        let is_prepared = prepared.is_some();
        let Prepared { id, schema, version } = prepared.unwrap_or_else(|| Prepared {
            id: new.id,
            schema: SchemaName::of(new.id),
            version: tenants.head().to_owned(),
        });
        let new = NewTenant { id, ..new.clone() };
        tenants.register(transaction, &new, &schema, &version).await?;
        if !is_prepared {
            tenants.make_at_head(transaction, id, &schema).await?;
        }
        let tenant = tenants.read_within(transaction, &new).await?;
        self.made = Some((id, new.now, is_prepared));
        Ok(tenant)
    }

    /// Refuses the slug of a tenant that was deleted lately, for a tenant that no operator makes. After [`make`](Self::make), so that
    /// a deletion that ends at the same moment is seen.
    pub async fn refuse_lately_deleted(&self, slug: &Slug, now: DateTime<Utc>) -> Result<()> {
        rename::refuse_lately_deleted(&self.transaction, slug, now).await
    }

    /// Ends the transaction: what was made is there, in every process.
    pub async fn commit(self) -> Result<()> {
        self.transaction.commit().await?;
        if let Some((id, now, was_prepared)) = self.made {
            self.tenants.inner.directory.forget(id);
            if was_prepared {
                self.tenants.inner.standby.note_taken();
            }
            self.tenants.freeze(now).await;
        }
        Ok(())
    }
}

impl Tenants {
    /// Makes a tenant: its row, role, schema, tables and ledger, all in one transaction. A failure leaves nothing. The schema is one
    /// of the prepared ones where there are any; then the tenant has the id that came with it.
    pub async fn provision(&self, new: &NewTenant) -> Result<Arc<Tenant>> {
        let mut provisioning = self.begin_provisioning().await?;
        let tenant = provisioning.make(new).await?;
        provisioning.commit().await?;
        Ok(tenant)
    }

    /// Begins the transaction in which a tenant is made, for a program that writes rows of its own along with it.
    pub async fn begin_provisioning(&self) -> Result<Provisioning> {
        let direct = self.inner.direct.clone();
        // By itself: a request that is given up while BEGIN is under way would leave a transaction that nobody ends.
        let begun = tokio::spawn(async move { direct.begin().await });
        let transaction = begun.await.map_err(|error| DbErr::Custom(error.to_string()))??;
        Ok(Provisioning { tenants: self.clone(), transaction, made: None })
    }

    /// Makes a schema, its role and its tables, as this program's migrations have them.
    pub(crate) async fn make_at_head(
        &self,
        transaction: &DatabaseTransaction,
        tenant: TenantId,
        schema: &SchemaName,
    ) -> Result<()> {
        make_schema(transaction, schema).await?;
        (self.inner.schema.migrate)(transaction, None).await.map_err(|source| Error::Migration { tenant, source })?;
        grant_tables(transaction, schema).await?;
        Ok(set_search_path(transaction, "").await?)
    }

    /// Writes a tenant's row, hosts and ledger, as of the version that its schema has, or will have with the commit.
    pub(crate) async fn register(
        &self,
        transaction: &DatabaseTransaction,
        new: &NewTenant,
        schema: &SchemaName,
        version: &str,
    ) -> Result<()> {
        let values: [Value; 6] = [
            new.id.0.into(),
            new.slug.as_str().into(),
            new.name.clone().into(),
            schema.as_str().into(),
            version.into(),
            new.now.into(),
        ];
        // Whoever has written the slug before and not committed yet may take hours over it, as an adoption does: that is waited for a
        // moment, and then the slug counts as taken. The rest of the transaction keeps the bound: where it has to wait for somebody, it
        // is for somebody who is as quick.
        let insert = format!(
            "INSERT INTO platform.tenants (id, slug, name, schema_name, status, schema_version, created_at, updated_at) \
             SELECT $1, $2, $3, $4, 'active', $5, $6, $6 FROM set_config('lock_timeout', '{LONGEST_WAIT}', true)"
        );
        execute(transaction, &insert, values).await.map_err(|error| taken(error, &new.slug))?;
        refuse_reserved(transaction, &new.slug, new.now).await?;
        for (position, hostname) in new.hostnames.iter().enumerate() {
            insert_host(transaction, new.id, hostname, position == 0, new.now).await?;
        }
        Ok(fleet::begin_ledger(transaction, new.id, version, new.now).await?)
    }

    /// A tenant that the transaction has made.
    pub(crate) async fn read_within(&self, transaction: &DatabaseTransaction, new: &NewTenant) -> Result<Arc<Tenant>> {
        let sql = format!("{SELECT_TENANT} WHERE t.id = $1");
        let read = Statement::from_sql_and_values(DbBackend::Postgres, sql, [new.id.0.into()]);
        let row = transaction.query_one_raw(read).await?.ok_or_else(|| Error::NotFound(new.slug.to_string()))?;
        Ok(Arc::new(tenant_from(&row, self.inner.statement_timeout)?))
    }

    /// A page of the tenants in the order of their slugs, after a slug. For operators only: nothing of it may be shown to
    /// a tenant.
    pub async fn list(&self, after: Option<&Slug>, limit: u64) -> Result<Vec<Tenant>> {
        let sql = format!("{SELECT_TENANT} WHERE t.slug > $1 ORDER BY t.slug LIMIT $2");
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let values: [Value; 2] = [after.map_or("", Slug::as_str).into(), limit.into()];
        let rows = self.platform().query_all_raw(Statement::from_sql_and_values(DbBackend::Postgres, sql, values)).await?;
        rows.iter().map(|row| tenant_from(row, self.inner.statement_timeout)).collect()
    }

    /// Those of these slugs that nobody may take by themselves: of tenants, whatever their state, and reserved ones.
    pub async fn taken_slugs(&self, slugs: &[Slug], now: DateTime<Utc>) -> Result<BTreeSet<Slug>> {
        let sql = "SELECT slug FROM platform.tenants WHERE slug = ANY ($1) \
                   UNION SELECT slug FROM platform.former_slugs WHERE slug = ANY ($1) AND reserved_until > $2 \
                   UNION SELECT slug FROM platform.deletion_certificates WHERE slug = ANY ($1) AND reserved_until > $2";
        let wanted = Statement::from_sql_and_values(DbBackend::Postgres, sql, [fleet::texts(slugs), now.into()]);
        let rows = self.platform().query_all_raw(wanted).await?;
        let taken: BTreeSet<String> = rows.iter().map(|row| row.try_get("", "slug")).collect::<Result<_, DbErr>>()?;
        Ok(slugs.iter().filter(|slug| taken.contains(slug.as_str())).cloned().collect())
    }

    /// The tenants whose owners may have to be told something, in the order of their ids, after one: those about which somebody has
    /// decided, and those who are to be warned of their date by now. Tenants without terms of their own are warned by `terms`.
    pub async fn list_concerned(
        &self,
        terms: Terms,
        after: Option<TenantId>,
        limit: u64,
        now: DateTime<Utc>,
    ) -> Result<Vec<Tenant>> {
        let [warning, ..] = Terms::NAMES;
        let own = format!("t.settings -> '{}' -> '{warning}'", Terms::SETTING);
        // What is no number of days counts as ever so many: the state itself is computed by `standing` alone.
        let days = format!(
            "CASE WHEN {own} IS NULL THEN $4::integer WHEN {own} #>> '{{}}' ~ '^[0-9]{{1,4}}$' THEN ({own} #>> '{{}}')::integer \
             ELSE 3650 END"
        );
        let sql = format!(
            "{SELECT_TENANT} WHERE t.id > $2 AND (t.status <> 'active' OR t.delete_at IS NOT NULL OR t.maintenance_since IS NOT NULL \
             OR greatest(t.trial_ends_at, t.paid_until) <= $1::timestamptz + make_interval(days => {days})) ORDER BY t.id LIMIT $3"
        );
        let after = after.map_or(uuid::Uuid::nil(), |tenant| tenant.0);
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let values: [Value; 4] = [now.into(), after.into(), limit.into(), i32::from(terms.warning_days).into()];
        let rows = self.platform().query_all_raw(Statement::from_sql_and_values(DbBackend::Postgres, sql, values)).await?;
        rows.iter().map(|row| tenant_from(row, self.inner.statement_timeout)).collect()
    }

    /// Suspends or resumes a tenant, in every process at once. What is being deleted stays so.
    pub async fn set_status(&self, tenant: TenantId, status: TenantStatus, now: DateTime<Utc>) -> Result<()> {
        change::set_status(&self.platform(), tenant, status, now).await?;
        self.inner.directory.forget(tenant);
        Ok(())
    }

    /// Says until when a tenant tries and until when it has paid; in every process at once.
    pub async fn set_dates(
        &self,
        tenant: TenantId,
        trial_ends_at: Option<DateTime<Utc>>,
        paid_until: Option<DateTime<Utc>>,
        now: DateTime<Utc>,
    ) -> Result<()> {
        change::set_dates(&self.platform(), tenant, trial_ends_at, paid_until, now).await?;
        self.inner.directory.forget(tenant);
        Ok(())
    }

    /// Begins maintenance with what its people are told meanwhile, or ends it, in every process at once.
    pub async fn set_maintenance(&self, tenant: TenantId, message: Option<&str>, now: DateTime<Utc>) -> Result<()> {
        change::set_maintenance(&self.platform(), tenant, message, now).await?;
        self.inner.directory.forget(tenant);
        Ok(())
    }
}

pub(crate) async fn execute<C: ConnectionTrait, const N: usize>(
    connection: &C,
    sql: &str,
    values: [Value; N],
) -> Result<u64, DbErr> {
    let statement = Statement::from_sql_and_values(DbBackend::Postgres, sql, values);
    connection.execute_raw(statement).await.map(|result| result.rows_affected())
}

/// Waits until no other process does the same, until the end of the transaction.
pub(crate) async fn take_lock(transaction: &DatabaseTransaction, what: &str) -> Result<(), DbErr> {
    let sql = "SELECT pg_advisory_xact_lock(hashtextextended('tenantry ' || $1, 0))";
    execute(transaction, sql, [what.into()]).await.map(drop)
}
