//! The tenants that an account is a member of.

use domain::Role;
use entities::{id::AccountId, platform::membership};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use tenancy::TenantId;

use super::{Auth, AuthError};

/// Nobody has so many; more are not read.
const MOST: u64 = 1000;

/// A tenant that an account is a member of, and as what.
#[derive(Debug, Clone, Copy)]
pub struct OwnTenant {
    /// The tenant.
    pub tenant: TenantId,
    /// The role there.
    pub role: Role,
}

impl Auth {
    /// The tenants that the account is a member of, in no order that means anything.
    pub async fn own_tenants(&self, account: AccountId) -> Result<Vec<OwnTenant>, AuthError> {
        let rows = membership::Entity::find()
            .filter(membership::Column::AccountId.eq(account))
            .order_by_asc(membership::Column::TenantId)
            .limit(MOST)
            .all(&self.platform)
            .await?;
        Ok(rows.into_iter().map(|row| OwnTenant { tenant: TenantId(row.tenant_id), role: row.role }).collect())
    }

    /// Whether the account is a member of the tenant.
    pub async fn is_member(&self, account: AccountId, tenant: TenantId) -> Result<bool, AuthError> {
        let found = membership::Entity::find_by_id((account, tenant.0)).one(&self.platform).await?;
        Ok(found.is_some())
    }
}
