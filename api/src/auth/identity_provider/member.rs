//! From somebody whom a provider vouches for to the member that they are.

use anyhow::anyhow;
use chrono::{DateTime, Utc};
use domain::Role;
use entities::{
    id::{AccountId, ExternalIdentityId},
    platform::{account, external_identity, identity_provider::Model, membership},
};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbBackend, DbErr, EntityTrait, ExecResult, QueryFilter, Set, Statement,
    TransactionSession, TransactionTrait,
};
use serde_json::{Map, Value};

use super::{IdentityProviders, Problem, ProviderRefusal, claims};

impl IdentityProviders {
    /// Finds the member: by the link that was made before, or by the verified address, which makes the link. A new person is
    /// made a member where the claims give a role. Says whether that happened.
    ///
    /// The provider is the tenant's: it vouches for those whom the tenant has let in, and for nobody else's accounts. So
    /// somebody who has an account, but is no member, needs an invitation. And owners do not come this way: whoever may set up
    /// the provider could else make himself one.
    pub(super) async fn member(
        &self,
        provider: &Model,
        subject: &str,
        claims: &Map<String, Value>,
        now: DateTime<Utc>,
    ) -> Result<(account::Model, bool), ProviderRefusal> {
        let transaction = self.platform.begin().await?;
        let linked = external_identity::Entity::find()
            .filter(external_identity::Column::TenantId.eq(provider.tenant_id))
            .filter(external_identity::Column::Issuer.eq(&provider.issuer))
            .filter(external_identity::Column::Subject.eq(subject))
            .one(&transaction)
            .await?;
        if let Some(id) = linked.and_then(|linked| linked.account_id) {
            let account = account::Entity::find_by_id(id).one(&transaction).await?;
            let account = account.ok_or_else(|| Problem::NotAMember.because("the linked account is gone"))?;
            check_membership(&transaction, provider, &account).await?;
            return Ok((account, false));
        }
        let email = claims::verified_email(claims)
            .ok_or_else(|| Problem::EmailNotVerified.because("the provider gives no verified e-mail address"))?;
        let found = account::Entity::find().filter(account::Column::Email.eq(&email)).one(&transaction).await?;
        let (account, is_new) = match found {
            Some(account) => {
                check_membership(&transaction, provider, &account).await?;
                (account, false)
            }
            None => {
                let role = claims::role(provider, claims).ok_or_else(|| Problem::NoRole.because("the claims give no role"))?;
                (join(&transaction, provider, email, claims::name(claims), role, now).await?, true)
            }
        };
        let link = link(&transaction, provider, subject, account.id, now).await?;
        if link.rows_affected() == 0 {
            let reason = "the account is linked to another subject, or the subject to another account";
            return Err(Problem::LinkedOtherwise.because(reason));
        }
        transaction.commit().await?;
        Ok((account, is_new))
    }
}

async fn check_membership<C: ConnectionTrait>(
    connection: &C,
    provider: &Model,
    account: &account::Model,
) -> Result<(), ProviderRefusal> {
    match membership::Entity::find_by_id((account.id, provider.tenant_id)).one(connection).await? {
        None => Err(Problem::NotAMember.because("the account is no member")),
        Some(membership) if membership.role == Role::Owner => Err(Problem::Owner.because("the account is an owner's")),
        Some(_) => Ok(()),
    }
}

async fn join<C: ConnectionTrait>(
    connection: &C,
    provider: &Model,
    email: String,
    name: Option<String>,
    role: Role,
    now: DateTime<Utc>,
) -> Result<account::Model, DbErr> {
    let account = account::ActiveModel {
        id: Set(AccountId::generate()),
        name: Set(name.unwrap_or_else(|| email.clone())),
        email: Set(email),
        password_hash: Set(None),
        password_changed_at: Set(None),
        created_at: Set(now),
        updated_at: Set(now),
    };
    let account = account.insert(connection).await?;
    let membership = membership::ActiveModel {
        account_id: Set(account.id),
        tenant_id: Set(provider.tenant_id),
        role: Set(role),
        employee_id: Set(None),
        created_at: Set(now),
    };
    membership.insert(connection).await?;
    Ok(account)
}

/// Links a subject to an account, unless either is linked otherwise: an address that a provider gives to the next person does
/// not give away the account.
async fn link<C: ConnectionTrait>(
    connection: &C,
    provider: &Model,
    subject: &str,
    account: AccountId,
    now: DateTime<Utc>,
) -> Result<ExecResult, ProviderRefusal> {
    let sql = "INSERT INTO platform.external_identities AS e (id, tenant_id, issuer, subject, account_id, created_at) \
               SELECT $1, $2, $3, $4, $5, $6 WHERE NOT EXISTS (SELECT FROM platform.external_identities o \
                   WHERE o.tenant_id = $2 AND o.issuer = $3 AND o.account_id = $5 AND o.subject <> $4) \
               ON CONFLICT ON CONSTRAINT external_identities_subject_key \
               DO UPDATE SET account_id = excluded.account_id WHERE e.account_id IS NULL";
    let values = [
        ExternalIdentityId::generate().uuid().into(),
        provider.tenant_id.into(),
        provider.issuer.as_str().into(),
        subject.into(),
        account.uuid().into(),
        now.into(),
    ];
    let statement = Statement::from_sql_and_values(DbBackend::Postgres, sql, values);
    connection.execute_raw(statement).await.map_err(|error| Problem::Failed.because(anyhow!(error)))
}
