//! Owners are warned before a quota is used up: once when most of it is, and again only after it was not.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use domain::plan::Quota;
use sea_orm::{ConnectionTrait, DbBackend, Statement, TransactionSession, TransactionTrait, Value};
use tenancy::TenantId;
use uuid::Uuid;

use super::{Usage, measure::Size};
use crate::{lifecycle::owners, plan::Entitlements};

/// The quotas that are warned of. Requests are not: what is used of them is nothing again the next day.
const WARNED_OF: [Quota; 2] = [Quota::Seats, Quota::StorageBytes];
/// From how many per cent on.
const MOST_PER_CENT: u128 = 80;

/// How much of a quota a tenant uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct QuotaUse {
    /// Of what.
    pub(crate) quota: Quota,
    /// How much there is.
    pub(crate) limit: u64,
    /// How much is used.
    pub(crate) used: u64,
}

impl QuotaUse {
    /// Of these, in whole per cent.
    pub(crate) fn per_cent(self) -> u128 {
        (u128::from(self.used) * 100).checked_div(self.limit.into()).unwrap_or(100)
    }

    fn is_most(self) -> bool {
        self.used > 0 && self.per_cent() >= MOST_PER_CENT
    }
}

impl Usage {
    /// Warns the owners of tenants that were measured, and notes which quotas are not nearly used up any more.
    pub(super) async fn warn(&self, sizes: &[Size], now: DateTime<Utc>) -> anyhow::Result<()> {
        let tenants: Vec<Uuid> = sizes.iter().map(|size| size.tenant.0).collect();
        let sql = "SELECT tenant_id, quota FROM platform.quota_warnings WHERE tenant_id = ANY ($1)";
        let rows = self.platform.query_all_raw(statement(sql, [tenants.into()])).await?;
        let warned: HashSet<(TenantId, String)> = rows
            .iter()
            .map(|row| anyhow::Ok((TenantId(row.try_get("", "tenant_id")?), row.try_get("", "quota")?)))
            .collect::<Result<_, _>>()?;
        for size in sizes {
            let entitlements = Entitlements::in_settings(&size.settings);
            for quota in WARNED_OF {
                let used = match quota {
                    Quota::Seats => size.seats,
                    _ => size.bytes,
                };
                let most = entitlements.limit(quota).map(|limit| QuotaUse { quota, limit, used }).filter(|of| of.is_most());
                let done = match (most, warned.contains(&(size.tenant, quota.as_str().to_owned()))) {
                    // Whoever has asked for the deletion needs no more of anything.
                    (Some(most), false) if !size.is_leaving => self.warn_owners(size.tenant, most, now).await,
                    (None, true) => self.forget_warning(size.tenant, quota).await,
                    _ => Ok(()),
                };
                if let Err(error) = done {
                    let error = format!("{error:#}");
                    tracing::warn!(tenant = %size.tenant, error, "owners were not warned of a quota; they will be later");
                }
            }
        }
        Ok(())
    }

    /// Mails the owners, unless another process has: who writes the row first, writes the mail.
    async fn warn_owners(&self, tenant: TenantId, of: QuotaUse, now: DateTime<Utc>) -> anyhow::Result<()> {
        let Some(found) = self.tenants.directory().by_id(tenant).await? else { return Ok(()) };
        let transaction = self.platform.begin().await?;
        let sql = "INSERT INTO platform.quota_warnings (tenant_id, quota, warned_at) \
                   SELECT t.id, $2, $3 FROM platform.tenants t WHERE t.id = $1 ON CONFLICT DO NOTHING";
        let values = [tenant.0.into(), of.quota.as_str().into(), now.into()];
        if transaction.execute_raw(statement(sql, values)).await?.rows_affected() == 1 {
            for owner in owners(&transaction, tenant).await? {
                self.mail.write_quota_warning(&transaction, &owner, &found, of, self.billing_contact.as_deref(), now).await?;
            }
        }
        TransactionSession::commit(transaction).await?;
        Ok(())
    }

    async fn forget_warning(&self, tenant: TenantId, quota: Quota) -> anyhow::Result<()> {
        let sql = "DELETE FROM platform.quota_warnings WHERE tenant_id = $1 AND quota = $2";
        self.platform.execute_raw(statement(sql, [tenant.0.into(), quota.as_str().into()])).await?;
        Ok(())
    }
}

fn statement<const N: usize>(sql: &str, values: [Value; N]) -> Statement {
    Statement::from_sql_and_values(DbBackend::Postgres, sql, values)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_fifths_are_most() {
        let is_most = |used, limit| QuotaUse { quota: Quota::Seats, limit, used }.is_most();
        assert!(is_most(4, 5) && is_most(5, 5) && is_most(9, 5) && is_most(1, 1) && is_most(1, 0) && is_most(u64::MAX, u64::MAX));
        assert!(!is_most(3, 5) && !is_most(0, 0) && !is_most(0, 5) && !is_most(799, 1_000));
    }
}
