//! Whether tenants' schemas are what the migrations make.

use std::collections::BTreeMap;

use futures::{StreamExt as _, TryStreamExt as _, stream};
use sea_orm::{ConnectionTrait, DbBackend, Statement, Value};

use super::{
    Difference,
    catalogue::{self, Catalogue},
    plan::texts,
};
use crate::{
    Result, Slug, Tenant, Tenants,
    directory::{SELECT_TENANT, tenant_from},
};

/// How many tenants are read by one statement. It bounds the memory, here and in Postgres.
pub(super) const BATCH: usize = 50;

/// A tenant whose schema is not what the migrations make.
#[derive(Debug)]
pub struct Drift {
    /// The tenant.
    pub tenant: Tenant,
    /// What is different.
    pub kind: DriftKind,
}

/// In what a tenant's schema is not what the migrations make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DriftKind {
    /// There is no such schema.
    NoSchema,
    /// Its version is none that this program knows, so nothing can be said.
    UnknownVersion,
    /// It differs in these.
    Differences(Vec<Difference>),
}

/// What a look at the schemas came to.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct DriftReport {
    /// How many tenants were looked at.
    pub checked: usize,
    /// How many of them are not as they should be.
    pub drifted: usize,
}

type Expected = BTreeMap<String, Catalogue>;

impl Tenants {
    /// Compares the schemas of these tenants, or of all where none is named, with what the migrations make up to the tenant's own
    /// version, and tells `watch` of each that differs. Tables are not locked, and some tenants are read at a time.
    pub async fn find_drift(&self, only: &[Slug], parallel: usize, mut watch: impl FnMut(&Drift)) -> Result<DriftReport> {
        self.refuse_unknown(only).await?;
        let made = self.rehearse_migrations(true).await?;
        let expected: Expected = made.into_iter().map(|made| (made.migration.version, made.catalogue)).collect();
        let mut report = DriftReport::default();
        let mut batches = stream::try_unfold(None::<Slug>, |after| async move {
            let batch = self.batch(only, after.as_ref()).await?;
            Ok::<_, crate::Error>(batch.last().map(|last| last.slug.clone()).map(|last| (batch, Some(last))))
        })
        .map_ok(|batch| self.compare(batch, &expected))
        .try_buffer_unordered(parallel.max(1))
        .boxed();
        while let Some((checked, drifted)) = batches.try_next().await? {
            report.checked += checked;
            report.drifted += drifted.len();
            drifted.iter().for_each(&mut watch);
        }
        Ok(report)
    }

    async fn batch(&self, only: &[Slug], after: Option<&Slug>) -> Result<Vec<Tenant>> {
        let values: [Value; 3] = [after.map_or("", Slug::as_str).into(), texts(only), only.is_empty().into()];
        let sql = format!(
            "{SELECT_TENANT} WHERE t.slug > $1 AND t.status <> 'deleting' AND ($3 OR t.slug = ANY ($2)) ORDER BY t.slug LIMIT {BATCH}"
        );
        let rows = self.platform().query_all_raw(Statement::from_sql_and_values(DbBackend::Postgres, sql, values)).await?;
        rows.iter().map(|row| tenant_from(row, self.inner.statement_timeout)).collect()
    }

    async fn compare(&self, tenants: Vec<Tenant>, expected: &Expected) -> Result<(usize, Vec<Drift>)> {
        let checked = tenants.len();
        let mut drifted = self.compare_once(tenants, expected).await?;
        // One that was migrated, or deleted, between the reading of its version and of its schema is not what it seems.
        let doubtful: Vec<Slug> = drifted.iter().map(|drift| drift.tenant.slug.clone()).collect();
        if !doubtful.is_empty() {
            drifted = self.compare_once(self.batch(&doubtful, None).await?, expected).await?;
        }
        Ok((checked, drifted))
    }

    async fn compare_once(&self, tenants: Vec<Tenant>, expected: &Expected) -> Result<Vec<Drift>> {
        let schemas: Vec<String> = tenants.iter().map(|tenant| tenant.schema.to_string()).collect();
        let found = catalogue::read(&self.inner.direct, &schemas).await?;
        let kind = |tenant: &Tenant| {
            let Some(found) = found.get(tenant.schema.as_str()) else { return Some(DriftKind::NoSchema) };
            let nothing = Catalogue::default();
            let expected = match &tenant.schema_version {
                None => &nothing,
                Some(version) => match expected.get(version) {
                    Some(expected) => expected,
                    None => return Some(DriftKind::UnknownVersion),
                },
            };
            let differences = expected.differences(found);
            (!differences.is_empty()).then_some(DriftKind::Differences(differences))
        };
        Ok(tenants.into_iter().filter_map(|tenant| kind(&tenant).map(|kind| Drift { tenant, kind })).collect())
    }
}
