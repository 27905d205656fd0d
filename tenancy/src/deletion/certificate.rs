//! The end of a deletion: what is left goes in one transaction, with the certificate of all that went.

use std::collections::BTreeMap;

use chrono::{DateTime, SubsecRound as _, Utc};
use sea_orm::ConnectionTrait as _;
use serde::{Deserialize, Serialize};

use super::{
    AskedBy, statement,
    step::{delete_rows, note, schemas_and_roles, tables_of_tenants},
};
use crate::{Error, PlatformTransaction, Result, TenantId, Tenants, provision::execute};

/// What went with a tenant. It names no person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Certificate {
    /// The tenant's id, which is never used again.
    pub tenant: TenantId,
    /// Its last slug.
    pub slug: String,
    /// Who asked for the deletion.
    pub asked_by: AskedBy,
    /// When it was asked for.
    pub asked_at: DateTime<Utc>,
    /// When its first step was made.
    pub begun_at: DateTime<Utc>,
    /// When all was gone.
    pub finished_at: DateTime<Utc>,
    /// How many there were of what was removed: schemas, roles, tables and the rows in them, and the rows of each table of the
    /// control plane.
    pub removed: BTreeMap<String, u64>,
    /// When its archives are removed, which the program keeps in case the deletion was a mistake; none where there are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub archives_removed_at: Option<DateTime<Utc>>,
}

impl Tenants {
    /// Removes what [`erase`](Self::erase) has left, with the tenant's row, and writes the certificate, in the caller's transaction.
    /// Nobody takes the slug by themselves before `reserved_until`. None: another process has done so. Where archives are kept for a
    /// while, `archives_removed_at` says how long. The certificate says when all was gone by `clock`, to the microsecond, which is what
    /// Postgres keeps of the other times.
    ///
    /// # Errors
    /// When the tenant has not been erased.
    pub async fn finish_deletion(
        &self,
        transaction: &PlatformTransaction,
        tenant: TenantId,
        reserved_until: DateTime<Utc>,
        archives_removed_at: Option<DateTime<Utc>>,
        clock: impl Fn() -> DateTime<Utc> + Send + Sync,
    ) -> Result<Option<Certificate>> {
        let sql = "SELECT t.slug, d.asked_by, d.asked_at, d.begun_at FROM platform.tenants t \
                   JOIN platform.deletions d ON d.tenant_id = t.id \
                   WHERE t.id = $1 AND t.status = 'deleting' AND d.begun_at IS NOT NULL FOR UPDATE";
        let Some(row) = transaction.query_one_raw(statement(sql, tenant)).await? else {
            return Ok(None);
        };
        if !schemas_and_roles(transaction, tenant).await?.is_empty() {
            return Err(Error::Corrupt(format!("{tenant} has something left")));
        }
        for table in tables_of_tenants(transaction).await? {
            let deleted = delete_rows(transaction, tenant, &table, i64::MAX).await?;
            note(transaction, tenant, &table, deleted).await?;
        }
        let removed = "SELECT removed FROM platform.deletions WHERE tenant_id = $1";
        let removed = transaction.query_one_raw(statement(removed, tenant)).await?;
        let removed: serde_json::Value = removed.map_or(Ok(serde_json::Value::Null), |row| row.try_get("", "removed"))?;
        let corrupt = |error: serde_json::Error| Error::Corrupt(format!("in platform.deletions: {error}"));
        let asked_by = AskedBy::of(&row.try_get::<String>("", "asked_by")?);
        execute(transaction, "DELETE FROM platform.tenants WHERE id = $1", [tenant.0.into()]).await?;
        let finished_at = clock().trunc_subsecs(6);
        let certificate = Certificate {
            tenant,
            slug: row.try_get("", "slug")?,
            asked_by,
            asked_at: row.try_get("", "asked_at")?,
            begun_at: row.try_get("", "begun_at")?,
            finished_at,
            removed: serde_json::from_value(removed).map_err(corrupt)?,
            archives_removed_at,
        };
        let insert = "INSERT INTO platform.deletion_certificates (tenant_id, certificate, slug, reserved_until, created_at) \
                      VALUES ($1, $2, $3, $4, $5)";
        let text = serde_json::to_value(&certificate).map_err(corrupt)?;
        let slug = certificate.slug.as_str().into();
        execute(transaction, insert, [tenant.0.into(), text.into(), slug, reserved_until.into(), finished_at.into()]).await?;
        Ok(Some(certificate))
    }
}
