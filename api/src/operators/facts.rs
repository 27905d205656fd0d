//! What is known of tenants beside their own rows: of those of a page in one statement each.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use domain::{Error, Page, Paging};
use sea_orm::{ConnectionTrait, DbBackend, DbErr, FromQueryResult, Statement, Value};
use serde::{Deserialize, Serialize};
use tenancy::{Certificate, TenantId};
use uuid::Uuid;

use super::{Operators, is_storable, list::no_cursor};

/// Page size of certificates when the request gives none.
const USUAL_ROWS: usize = 50;

/// A deletion that was asked for.
#[derive(Debug, Clone, FromQueryResult)]
pub struct DeletionRequest {
    /// Who asked: `owner` or `operator`.
    pub asked_by: String,
    /// When.
    pub asked_at: DateTime<Utc>,
    /// When its first step was made, after which it cannot be taken back.
    pub begun_at: Option<DateTime<Utc>>,
}

/// A place in the list of certificates.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CertificateCursor {
    /// When it was written.
    pub created_at: DateTime<Utc>,
    /// The tenant that it is about.
    pub tenant: Uuid,
}

impl Operators {
    /// How many members these tenants have; those without any are left out.
    pub async fn member_counts(&self, tenants: &[TenantId]) -> Result<HashMap<TenantId, i64>, DbErr> {
        let sql = "SELECT tenant_id, count(*) AS value FROM platform.memberships WHERE tenant_id = ANY ($1) GROUP BY tenant_id";
        self.by_tenant(sql, tenants).await
    }

    /// When somebody has last begun or renewed a session in these tenants, or used an API key; those where nobody has are left out.
    /// Sessions that have ended are deleted after some days, and keys when they are revoked: then it is the beginning of the last day
    /// on which somebody who was signed in has asked for something.
    pub async fn last_activities(&self, tenants: &[TenantId]) -> Result<HashMap<TenantId, DateTime<Utc>>, DbErr> {
        let sql = "SELECT tenant_id, max(at) AS value FROM (\
                       SELECT tenant_id, greatest(created_at, rotated_at) AS at FROM platform.sessions WHERE tenant_id = ANY ($1) \
                       UNION ALL SELECT tenant_id, last_used_at FROM platform.api_keys WHERE tenant_id = ANY ($1) \
                       UNION ALL SELECT tenant_id, max(day)::timestamp AT TIME ZONE 'UTC' FROM platform.usage_days \
                           WHERE tenant_id = ANY ($1) AND requests > 0 GROUP BY tenant_id) used \
                   WHERE at IS NOT NULL GROUP BY tenant_id";
        self.by_tenant(sql, tenants).await
    }

    /// The deletion of a tenant that was asked for, if one was.
    pub async fn deletion_request(&self, tenant: TenantId) -> Result<Option<DeletionRequest>, DbErr> {
        let sql = "SELECT asked_by, asked_at, begun_at FROM platform.deletions WHERE tenant_id = $1";
        let statement = Statement::from_sql_and_values(DbBackend::Postgres, sql, [tenant.0.into()]);
        DeletionRequest::find_by_statement(statement).one(&self.platform).await
    }

    /// A page of what went with tenants that were deleted, the last one first.
    pub async fn certificates(
        &self,
        paging: &Paging<CertificateCursor>,
    ) -> Result<Page<(Certificate, CertificateCursor)>, Error> {
        if paging.after.as_ref().is_some_and(|after| !is_storable(after.created_at)) {
            return Err(no_cursor());
        }
        let window = paging.window(USUAL_ROWS)?;
        let sql = "SELECT tenant_id, certificate, created_at FROM platform.deletion_certificates \
                   WHERE $1::timestamptz IS NULL OR (created_at, tenant_id) < ($1, $2) \
                   ORDER BY created_at DESC, tenant_id DESC LIMIT $3";
        let (at, tenant) = paging.after.as_ref().map(|after| (after.created_at, after.tenant)).unzip();
        let limit = i64::try_from(window.limit()).unwrap_or(i64::MAX);
        let values: [Value; 3] = [at.into(), tenant.into(), limit.into()];
        let rows = self.platform.query_all_raw(Statement::from_sql_and_values(DbBackend::Postgres, sql, values)).await?;
        let mut certificates = Vec::with_capacity(rows.len());
        for row in rows {
            let cursor = CertificateCursor { created_at: row.try_get("", "created_at")?, tenant: row.try_get("", "tenant_id")? };
            let certificate: serde_json::Value = row.try_get("", "certificate")?;
            let certificate = serde_json::from_value(certificate).map_err(|error| DbErr::Json(error.to_string()))?;
            certificates.push((certificate, cursor));
        }
        Ok(window.page(certificates))
    }

    async fn by_tenant<V: sea_orm::TryGetable>(&self, sql: &str, tenants: &[TenantId]) -> Result<HashMap<TenantId, V>, DbErr> {
        let ids: Vec<Uuid> = tenants.iter().map(|tenant| tenant.0).collect();
        let statement = Statement::from_sql_and_values(DbBackend::Postgres, sql, [ids.into()]);
        let rows = self.platform.query_all_raw(statement).await?;
        rows.iter().map(|row| Ok((TenantId(row.try_get("", "tenant_id")?), row.try_get("", "value")?))).collect()
    }
}
