//! Seats: members, and invitations that can be accepted.

use chrono::{DateTime, Utc};
use domain::{
    Error,
    plan::{Quota, QuotaExceeded},
};
use sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement};
use tenancy::TenantId;

use super::Entitlements;

/// What somebody who is added takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Taking {
    /// A seat that is free.
    Free,
    /// The seat that an invitation has kept, which is taken back with it.
    Invited,
}

/// The seats of a tenant, while nobody else can take one.
pub(crate) struct Seats {
    tenant: TenantId,
    limit: Option<u64>,
}

impl Seats {
    /// Lets one transaction at a time add people to a tenant, and reads how many there may be: as it is now, not as this process has
    /// last heard. It comes first in its transaction, so that those who add people wait here, and nowhere else for one another.
    pub(crate) async fn lock<C: ConnectionTrait>(connection: &C, tenant: TenantId) -> Result<Self, DbErr> {
        let sql = "SELECT settings FROM platform.tenants WHERE id = $1 FOR NO KEY UPDATE";
        let row = connection.query_one_raw(Statement::from_sql_and_values(DbBackend::Postgres, sql, [tenant.0.into()])).await?;
        let settings: serde_json::Value = row.map_or(Ok(serde_json::Value::Null), |row| row.try_get("", "settings"))?;
        Ok(Self { tenant, limit: Entitlements::in_settings(&settings).limit(Quota::Seats) })
    }

    /// Withdraws the invitation of somebody who comes in another way, so that its seat is theirs.
    pub(crate) async fn withdraw_invitation<C: ConnectionTrait>(&self, connection: &C, email: &str) -> Result<(), DbErr> {
        let sql = "DELETE FROM platform.invitations WHERE tenant_id = $1 AND email = $2";
        let values = [self.tenant.0.into(), email.into()];
        connection.execute_raw(Statement::from_sql_and_values(DbBackend::Postgres, sql, values)).await.map(drop)
    }

    /// Refuses whom the transaction has added, if there are more now than there may be.
    pub(crate) async fn check<C: ConnectionTrait>(
        &self,
        connection: &C,
        taking: Taking,
        now: DateTime<Utc>,
    ) -> Result<(), Error> {
        let Some(limit) = self.limit else { return Ok(()) };
        let (members, invitations) = count(connection, self.tenant, now).await?;
        let taken = match taking {
            Taking::Free => members + invitations,
            // Other invitations keep no seat from somebody who has one: when there are fewer seats now, whoever comes first gets in.
            Taking::Invited => members,
        };
        if taken > limit {
            let used = (members + invitations).saturating_sub(u64::from(taking == Taking::Free));
            return Err(QuotaExceeded { quota: Quota::Seats, limit, used }.into());
        }
        Ok(())
    }
}

/// How many members a tenant has, and how many invitations can be accepted.
pub(crate) async fn count<C: ConnectionTrait>(connection: &C, tenant: TenantId, now: DateTime<Utc>) -> Result<(u64, u64), DbErr> {
    let sql = "SELECT (SELECT count(*) FROM platform.memberships WHERE tenant_id = $1) AS members, \
               (SELECT count(*) FROM platform.invitations WHERE tenant_id = $1 AND expires_at > $2) AS invitations";
    let statement = Statement::from_sql_and_values(DbBackend::Postgres, sql, [tenant.0.into(), now.into()]);
    let Some(row) = connection.query_one_raw(statement).await? else { return Ok((0, 0)) };
    let number = |column: &str| row.try_get::<i64>("", column).map(|count| u64::try_from(count).unwrap_or(0));
    Ok((number("members")?, number("invitations")?))
}
