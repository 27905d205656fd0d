//! One's own sessions: to look at, and to end.

use chrono::{DateTime, Utc};
use domain::Principal;
use entities::{
    id::{AccountId, SessionId},
    platform::session,
};
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect, sea_query::Expr};
use tenancy::{Audience, TenantId};

use super::{Auth, AuthError, Identity, Method};

/// More sessions of one account are not shown; they can be ended all the same.
const MOST: u64 = 200;

/// Somebody who asks for what is their account's, and how far that goes.
#[derive(Debug, Clone, Copy)]
pub struct Owner {
    /// The account.
    pub account: AccountId,
    /// The session that is asked in.
    pub session: SessionId,
    /// Where the session is; none on the apex.
    pub tenant: Option<TenantId>,
    /// Whether the account is known to be the asker's own. A session that a tenant's identity provider vouched for counts in that
    /// tenant alone: what reaches further is not the tenant's to decide.
    pub is_proven: bool,
}

impl Owner {
    /// Refuses what reaches further than the tenant where that is all that the session counts for.
    pub fn check_proven(&self) -> Result<(), domain::Error> {
        if self.is_proven {
            return Ok(());
        }
        Err(domain::Error::Forbidden(
            "You came in by your organisation's identity provider. Sign in by password or passkey to do this.",
        ))
    }

    fn sessions(&self, now: DateTime<Utc>) -> Condition {
        let own = Condition::all()
            .add(session::Column::AccountId.eq(self.account))
            .add(session::Column::EndedAt.is_null())
            .add(session::Column::ExpiresAt.gt(now));
        match self.tenant {
            Some(tenant) if !self.is_proven => own.add(session::Column::TenantId.eq(tenant.0)),
            _ => own,
        }
    }
}

impl Auth {
    /// The person who asks; [`domain::Error::Forbidden`] for whoever has no account.
    pub async fn owner(&self, identity: &Identity) -> Result<Owner, AuthError> {
        let (Principal::Account(account), Some(session)) = (identity.principal, identity.session_id) else {
            return Err(identity.principal.refusal_without_account().into());
        };
        let row = session::Entity::find_by_id(session).one(&self.platform).await?.ok_or(domain::Error::Unauthenticated)?;
        let tenant = match identity.audience {
            Audience::Platform => None,
            Audience::Tenant(tenant) => Some(tenant),
        };
        Ok(Owner { account, session, tenant, is_proven: row.method != Method::IdentityProvider.as_str() })
    }

    /// The sessions that are not over, the newest first.
    pub async fn own_sessions(&self, owner: &Owner, now: DateTime<Utc>) -> Result<Vec<session::Model>, AuthError> {
        let rows = session::Entity::find()
            .filter(owner.sessions(now))
            .order_by_desc(session::Column::CreatedAt)
            .order_by_desc(session::Column::Id)
            .limit(MOST)
            .all(&self.platform)
            .await?;
        Ok(rows)
    }

    /// Ends one of one's own sessions, in every process.
    pub async fn end_session(&self, owner: &Owner, id: SessionId, now: DateTime<Utc>) -> Result<(), AuthError> {
        let ended = session::Entity::update_many()
            .col_expr(session::Column::EndedAt, Expr::value(Some(now)))
            .filter(owner.sessions(now))
            .filter(session::Column::Id.eq(id))
            .exec(&self.platform)
            .await?;
        if ended.rows_affected == 0 {
            return Err(domain::Error::NotFound("session").into());
        }
        self.changes.note(id.uuid());
        Ok(())
    }

    /// Ends all of one's sessions but the one that is asked in. Says how many.
    pub async fn end_other_sessions(&self, owner: &Owner, now: DateTime<Utc>) -> Result<u64, AuthError> {
        let ended = session::Entity::update_many()
            .col_expr(session::Column::EndedAt, Expr::value(Some(now)))
            .filter(owner.sessions(now))
            .filter(session::Column::Id.ne(owner.session))
            .exec(&self.platform)
            .await?;
        self.changes.note(owner.account.uuid());
        Ok(ended.rows_affected)
    }
}
