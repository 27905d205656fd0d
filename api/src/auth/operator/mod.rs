//! Operators of the platform: accounts, sessions and tokens of their own, apart from those of tenants' people.
//!
//! They share what is only machinery: how passwords are hashed, codes checked, tries counted, tokens signed. No table, no
//! audience and no cookie is shared, so nothing that a tenant's person has is ever an operator's, nor the other way round.
//!
//! - [`account`]: making, listing, disabling and resetting, at the command line
//! - [`setup`]: the link by which an operator chooses a password and sets up the authenticator app
//! - [`sign_in`]: password and code together, in one step
//! - [`session`]: renewing and ending

mod account;
mod session;
mod setup;
mod sign_in;

use std::{net::IpAddr, sync::Arc};

use chrono::{DateTime, Utc};
use entities::{
    id::{OperatorId, SessionId},
    platform::operator::OperatorRole,
};
use sea_orm::{DbBackend, FromQueryResult, Statement};

use super::{Auth, TokenError, token::GoodFor};
use crate::operators::Doer;

pub use account::{NewOperator, SetupLink, create, disable, list, reset};
pub use setup::{ChosenAccess, OpenSetup};

/// An operator who is signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OperatorIdentity {
    /// Who it is.
    pub id: OperatorId,
    /// The name.
    pub name: String,
    /// The e-mail address.
    pub email: String,
    /// What the operator may do.
    pub role: OperatorRole,
    /// The session.
    pub session_id: SessionId,
}

impl OperatorIdentity {
    /// The operator as the one who does something, from an address.
    pub fn doer(&self, address: Option<IpAddr>) -> Doer {
        Doer { operator: Some(self.id), name: self.name.clone(), address }
    }
}

/// An operator's session that was just begun or renewed.
#[derive(Debug, Clone)]
pub struct OperatorSession {
    /// The token for the `Authorization` header.
    pub access_token: String,
    /// When it ends.
    pub access_token_expires_at: DateTime<Utc>,
    /// The token for the next renewal; good for one use.
    pub refresh_token: String,
    /// When the session ends, however it is used.
    pub expires_at: DateTime<Utc>,
    /// Who signed in.
    pub identity: Arc<OperatorIdentity>,
}

#[derive(Debug, FromQueryResult)]
struct Standing {
    operator_id: OperatorId,
    name: String,
    email: String,
    role: OperatorRole,
}

impl Auth {
    /// Finds out which operator a bearer token speaks for. Read from the database each time: operators are few, and one who is
    /// disabled or signed out is refused by every process from that moment on.
    pub async fn identify_operator(&self, token: &str, now: DateTime<Utc>) -> Result<Arc<OperatorIdentity>, TokenError> {
        let token = self.verifier.verify(token, now).await?;
        let invalid = |reason: &'static str| TokenError::Invalid(anyhow::anyhow!(reason));
        if token.good_for != GoodFor::Operators {
            return Err(invalid("the token is no operator's"));
        }
        let sql = "SELECT s.operator_id, o.name, o.email, o.role FROM platform.operator_sessions s \
                   JOIN platform.operators o ON o.id = s.operator_id AND o.disabled_at IS NULL \
                   WHERE s.id = $1 AND s.ended_at IS NULL AND s.expires_at > $2";
        let values = [token.session_id.uuid().into(), now.into()];
        let found = Standing::find_by_statement(Statement::from_sql_and_values(DbBackend::Postgres, sql, values));
        let found = found.one(&self.platform).await.map_err(|error| TokenError::Internal(error.into()))?;
        let standing = found.ok_or_else(|| invalid("the operator's session is over"))?;
        if standing.operator_id.uuid() != token.subject {
            return Err(invalid("the token's session is another's"));
        }
        let Standing { operator_id: id, name, email, role } = standing;
        Ok(Arc::new(OperatorIdentity { id, name, email, role, session_id: token.session_id }))
    }
}
