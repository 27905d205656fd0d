//! Ends that nobody brings about in the tenant: the time is over, or the operator is no operator any more.

use chrono::{DateTime, Utc};
use domain::{Actor, Context, Error};
use entities::{
    id::OperatorId,
    platform::{
        support_entry_code,
        support_grant::{self, Column},
        support_session,
    },
};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, TransactionSession, TransactionTrait,
    sea_query::Expr,
};
use tenancy::TenantId;

use crate::{
    auth::{Auth, audit_outbox},
    support::{SupportState, event, let_go, operator_context, state},
};

/// Whoever disables operators, as owners read it.
const WHO_REVOKES: &str = "the operator of the platform";
/// How many are written down at a time.
const AT_A_TIME: u64 = 100;

impl Auth {
    /// Writes down for the tenants' audits which access has ended because its time is over. Whichever process does so first.
    pub(in crate::auth) async fn note_expired_support(&self, now: DateTime<Utc>) -> Result<(), Error> {
        loop {
            let expired = support_grant::Entity::find()
                .filter(Column::EndedAt.is_null())
                .filter(Column::ExpiryNotedAt.is_null())
                .filter(Column::ExpiresAt.lte(now))
                .order_by_asc(Column::ExpiresAt)
                .limit(AT_A_TIME)
                .all(&self.platform)
                .await?;
            if expired.is_empty() {
                return Ok(());
            }
            for grant in expired {
                let transaction = self.platform.begin().await?;
                let noted = support_grant::Entity::update_many()
                    .col_expr(Column::ExpiryNotedAt, Expr::value(Some(now)))
                    .filter(Column::Id.eq(grant.id))
                    .filter(Column::EndedAt.is_null())
                    .filter(Column::ExpiryNotedAt.is_null())
                    .exec(&transaction)
                    .await?;
                if noted.rows_affected > 0 {
                    let ended_at = grant.expires_at.unwrap_or(now);
                    let context = operator_context(grant.operator_id, &grant.operator_name, ended_at);
                    let tenant = TenantId(grant.tenant_id);
                    audit_outbox::put(&transaction, tenant, &context, event(&grant, "support.expired")).await?;
                }
                transaction.commit().await?;
            }
        }
    }

    /// Deletes codes and sessions that are over.
    pub(in crate::auth) async fn delete_expired_support(&self, now: DateTime<Utc>) -> Result<(), sea_orm::DbErr> {
        let platform = &self.platform;
        support_entry_code::Entity::delete_many().filter(support_entry_code::Column::ExpiresAt.lt(now)).exec(platform).await?;
        support_session::Entity::delete_many().filter(support_session::Column::ExpiresAt.lt(now)).exec(platform).await?;
        Ok(())
    }
}

/// Ends every visit of an operator, in the transaction that ends the sessions at the console. Where the operator was disabled, ends what
/// was asked for and consented to as well, so that nothing of it is there should the operator come back.
pub(in crate::auth) async fn end_of_operator<C: ConnectionTrait>(
    connection: &C,
    operator: OperatorId,
    is_disabled: bool,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    support_session::Entity::update_many()
        .col_expr(support_session::Column::EndedAt, Expr::value(Some(now)))
        .filter(support_session::Column::OperatorId.eq(operator))
        .filter(support_session::Column::EndedAt.is_null())
        .exec(connection)
        .await?;
    let_go(connection, operator).await?;
    if !is_disabled {
        return Ok(());
    }
    let open = support_grant::Entity::find()
        .filter(Column::OperatorId.eq(operator))
        .filter(Column::EndedAt.is_null())
        .lock_exclusive()
        .all(connection)
        .await?;
    for grant in open {
        if !matches!(state(&grant, now), SupportState::Asked | SupportState::Open) {
            continue;
        }
        support_grant::Entity::update_many()
            .col_expr(Column::EndedAt, Expr::value(Some(now)))
            .col_expr(Column::EndedBy, Expr::value(Some(WHO_REVOKES.to_owned())))
            .filter(Column::Id.eq(grant.id))
            .exec(connection)
            .await?;
        // Whoever has the command line has no id of their own; what the operator did not do, is not said of them.
        let actor = Actor { name: WHO_REVOKES.to_owned(), ..Actor::operator(operator, "") };
        let context = Context { actor: Some(actor), now };
        audit_outbox::put(connection, TenantId(grant.tenant_id), &context, event(&grant, "support.revoked")).await?;
    }
    Ok(())
}
