//! Operators in tenants: who was let in by an owner, and looks.
//!
//! Sessions, codes and the mark in the token are of their own. A session rests on the owner's consent and on the operator's session at
//! the console, and is read with both for each request, not remembered: what they are worth is known at that moment, in every process,
//! and nobody else's request asks.
//!
//! - [`entry`]: the way from the console into the tenant
//! - [`session`]: renewing and leaving
//! - [`end`]: what ends without anybody's doing

mod end;
mod entry;
mod session;

use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::{Actor, Principal};
use entities::{
    id::{AccountId, OperatorId, SessionId, SupportGrantId},
    platform::{operator, support_grant},
};
use sea_orm::{DbBackend, FromQueryResult, Statement};
use serde::{Deserialize, Serialize};
use tenancy::{Audience, TenantId};
use uuid::Uuid;

use super::{
    Auth, Identity, TokenError,
    token::{GoodFor, VerifiedToken},
};

pub(super) use end::end_of_operator;

/// What a token says of the consent that it rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SupportClaim {
    /// The consent.
    pub grant: Uuid,
    /// The account of the owner who gave it.
    pub consented_by: Uuid,
}

/// By whose leave an operator is in a tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SupportVisit {
    /// The consent.
    pub grant: SupportGrantId,
    /// Why the operator asked.
    pub reason: String,
    /// The name of the owner who consented.
    pub consented_by: String,
    /// When the access ends by itself.
    pub expires_at: DateTime<Utc>,
}

/// A session that is not over, nor that at the console, with the consent and the operator.
#[derive(Debug, FromQueryResult)]
struct Standing {
    grant_id: SupportGrantId,
    tenant_id: Uuid,
    operator_id: OperatorId,
    name: String,
    email: String,
    reason: String,
    decided_by: AccountId,
    decided_by_name: String,
    expires_at: DateTime<Utc>,
}

impl Auth {
    /// Finds out which operator a support token speaks for, and by whose leave.
    pub(super) async fn identify_support(
        &self,
        token: &VerifiedToken,
        tenant: TenantId,
        claim: SupportClaim,
        now: DateTime<Utc>,
    ) -> Result<Arc<Identity>, TokenError> {
        let invalid = |reason: &'static str| TokenError::Invalid(anyhow::anyhow!(reason));
        let sql = "SELECT s.grant_id, s.tenant_id, o.id AS operator_id, o.name, o.email, g.reason, g.decided_by, g.decided_by_name, \
                   least(g.expires_at, s.expires_at) AS expires_at FROM platform.support_sessions s \
                   JOIN platform.support_grants g ON g.id = s.grant_id AND g.tenant_id = s.tenant_id \
                   AND g.consented AND g.ended_at IS NULL AND g.expires_at > $2 \
                   JOIN platform.operators o ON o.id = g.operator_id AND o.id = s.operator_id AND o.disabled_at IS NULL \
                   JOIN platform.operator_sessions c ON c.id = s.operator_session_id AND c.operator_id = o.id \
                   AND c.ended_at IS NULL AND c.expires_at > $2 \
                   WHERE s.id = $1 AND s.ended_at IS NULL AND s.expires_at > $2";
        let values = [token.session_id.uuid().into(), now.into()];
        let found = Standing::find_by_statement(Statement::from_sql_and_values(DbBackend::Postgres, sql, values));
        let found = found.one(&self.platform).await.map_err(|error| TokenError::Internal(error.into()))?;
        let standing = found.ok_or_else(|| invalid("the support access is over"))?;
        let owned = (standing.operator_id.uuid(), standing.tenant_id, standing.grant_id.uuid(), standing.decided_by.uuid());
        if owned != (token.subject, tenant.0, claim.grant, claim.consented_by) {
            return Err(invalid("the token's session is another's"));
        }
        Ok(Arc::new(standing.identity(token.session_id, token.expires_at)))
    }
}

impl Standing {
    /// What the consent is worth to the operator.
    fn of(grant: &support_grant::Model, operator: &operator::Model) -> Option<Self> {
        Some(Self {
            grant_id: grant.id,
            tenant_id: grant.tenant_id,
            operator_id: operator.id,
            name: operator.name.clone(),
            email: operator.email.clone(),
            reason: grant.reason.clone(),
            decided_by: grant.decided_by?,
            decided_by_name: grant.decided_by_name.clone()?,
            expires_at: grant.expires_at?,
        })
    }

    /// Where, and by whose leave, a token is good.
    fn good_for(&self) -> GoodFor {
        let claim = SupportClaim { grant: self.grant_id.uuid(), consented_by: self.decided_by.uuid() };
        GoodFor::Support(TenantId(self.tenant_id), claim)
    }

    fn identity(self, session: SessionId, token_expires_at: DateTime<Utc>) -> Identity {
        Identity {
            principal: Principal::Operator(self.operator_id),
            actor: Some(Actor::operator(self.operator_id, &self.name)),
            name: self.name,
            email: Some(self.email),
            session_id: Some(session),
            audience: Audience::Tenant(TenantId(self.tenant_id)),
            expires_at: Some(token_expires_at.min(self.expires_at)),
            support: Some(SupportVisit {
                grant: self.grant_id,
                reason: self.reason,
                consented_by: self.decided_by_name,
                expires_at: self.expires_at,
            }),
        }
    }
}
