//! The way from the console into a tenant: a code that is good once, for a minute, in the browser that asked for it, as codes of the
//! apex are ([`entry_code`](crate::auth::entry_code)).

use std::sync::Arc;

use chrono::{DateTime, Utc};
use entities::{
    id::{OperatorId, SessionId},
    platform::{support_entry_code, support_grant, support_session},
};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, QueryFilter, Set, TransactionSession, TransactionTrait, sea_query::Expr,
};
use serde_json::json;
use tenancy::{Tenant, TenantId};

use super::session::{open_console, open_grant};
use crate::{
    auth::{
        Auth, AuthError, Session, Visitor, audit_outbox,
        entry_code::{LIFETIME, check_nonce, digest, make_code},
        refresh_token::{FIRST_GENERATION, RefreshToken},
    },
    operators::{Doer, Event, write_event},
    secret::SecretColumn,
    support::{event, operator_context},
};

impl Auth {
    /// Makes a code for an operator whom an owner has let in.
    pub async fn make_support_code(
        &self,
        grant: &support_grant::Model,
        session: SessionId,
        nonce: &str,
        now: DateTime<Utc>,
    ) -> Result<String, AuthError> {
        check_nonce(nonce)?;
        let code = make_code();
        let row = support_entry_code::ActiveModel {
            code_hash: Set(digest(&code)),
            grant_id: Set(grant.id),
            operator_session_id: Set(session),
            tenant_id: Set(grant.tenant_id),
            nonce_hash: Set(digest(nonce)),
            created_at: Set(now),
            expires_at: Set(now + LIFETIME),
        };
        support_entry_code::Entity::insert(row).exec_without_returning(&self.platform).await?;
        Ok(code)
    }

    /// Begins a visit by a code, and writes it down for the tenant and for the operators. At another tenant, or with another nonce,
    /// the code is nothing, and from outside the operators' networks it is not even looked for.
    pub(in crate::auth) async fn enter_for_support(
        &self,
        tenant: &Arc<Tenant>,
        code: &str,
        nonce: &str,
        visitor: &Visitor,
        now: DateTime<Utc>,
    ) -> Result<Session, AuthError> {
        use support_entry_code::Column as Code;
        if !visitor.is_from_operators {
            return Err(AuthError::InvalidEntryCode);
        }
        // Deleted by being read: of two who use it at once, one gets it.
        let spent = support_entry_code::Entity::delete_many()
            .filter(Code::CodeHash.eq(digest(code)))
            .filter(Code::TenantId.eq(tenant.id.0))
            .filter(Code::NonceHash.eq(digest(nonce)))
            .filter(Code::ExpiresAt.gt(now))
            .exec_with_returning(&self.platform)
            .await?;
        let spent = spent.into_iter().next().ok_or(AuthError::InvalidEntryCode)?;
        let transaction = self.platform.begin().await?;
        let (grant, operator) = open_grant(&transaction, spent.grant_id, now).await?.ok_or(AuthError::InvalidEntryCode)?;
        let console = open_console(&transaction, Some(spent.operator_session_id), now).await?;
        let console = console.ok_or(AuthError::InvalidEntryCode)?;
        let (id, secret) = (SessionId::generate(), rand::random::<[u8; 32]>());
        let row = support_session::ActiveModel {
            id: Set(id),
            grant_id: Set(grant.id),
            tenant_id: Set(grant.tenant_id),
            operator_id: Set(operator.id),
            // Should that session be ended at this very moment, the visit is over as soon as it has begun.
            operator_session_id: Set(Some(console.id)),
            refresh_secret: Set(self.secret_keys.encrypt(SecretColumn::SupportSession.of(&id.to_string()), &secret)?),
            generation: Set(FIRST_GENERATION),
            rotated_at: Set(None),
            created_at: Set(now),
            expires_at: Set(grant.expires_at.unwrap_or(now).min(console.expires_at)),
            ended_at: Set(None),
            address: Set(visitor.address.map(|address| address.to_string())),
            user_agent: Set(visitor.user_agent.clone()),
        };
        let row = row.insert(&transaction).await?;
        support_grant::Entity::update_many()
            .col_expr(support_grant::Column::LastEnteredAt, Expr::value(Some(now)))
            .filter(support_grant::Column::Id.eq(grant.id))
            .exec(&transaction)
            .await?;
        let doer = doer(operator.id, &operator.name, visitor);
        // Who has consented stands in the grant, which goes with the tenant; events stay, and name nobody of its people.
        let details = json!({ "grant": grant.id });
        write_event(&transaction, &doer, Event::of_tenant("support.entered", tenant, details), now).await?;
        let context = operator_context(operator.id, &operator.name, now);
        let entry =
            audit_outbox::put(&transaction, TenantId(grant.tenant_id), &context, event(&grant, "support.entered")).await?;
        transaction.commit().await?;
        self.deliver(&self.tenants.read_write(tenant), [entry]).await;
        self.issue_support(&grant, &operator, &row, RefreshToken::make(id, FIRST_GENERATION, &secret), now)
    }
}

/// The operator as the one who does something.
fn doer(operator: OperatorId, name: &str, visitor: &Visitor) -> Doer {
    Doer { operator: Some(operator), name: name.to_owned(), address: visitor.address }
}
