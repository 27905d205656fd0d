//! From somebody whom a provider vouches for to the member that they are.

use anyhow::anyhow;
use chrono::{DateTime, Utc};
use domain::{
    Actor, Context, Role,
    audit::{Changes, Entry},
};
use entities::{
    id::{AccountId, ExternalIdentityId},
    platform::{account, external_identity, identity_provider::Model, membership},
};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbBackend, DbErr, EntityTrait, ExecResult, QueryFilter, QuerySelect, Set,
    Statement, TransactionSession, TransactionTrait,
};
use serde_json::{Map, Value};
use tenancy::TenantId;

use super::{super::member, IdentityProviders, Problem, ProviderRefusal, claims};
use crate::plan::seats::{Seats, Taking};

/// Somebody whom a provider has let in, and what it changed about them.
#[derive(Debug)]
pub(crate) struct LetIn {
    pub(crate) account: account::Model,
    /// Audit events that are on their way.
    pub(crate) entries: Vec<Entry>,
}

impl IdentityProviders {
    /// Finds the member: by the link that was made before, or by the verified address, which makes the link. A new person is
    /// made a member where the claims give a role.
    ///
    /// The provider is the tenant's: it vouches for those whom the tenant has let in, and for nobody else's accounts. So
    /// somebody who has an account, but is no member, needs an invitation. And owners do not come this way: whoever may set up
    /// the provider could else make himself one.
    ///
    /// Where the tenant maps a claim to roles, each sign-in brings the membership up to date: whoever lost their group at the
    /// provider loses the role here, and without any role is not let in.
    pub(super) async fn member(
        &self,
        provider: &Model,
        subject: &str,
        claims: &Map<String, Value>,
        takes_members: bool,
        now: DateTime<Utc>,
    ) -> Result<LetIn, ProviderRefusal> {
        let transaction = self.platform.begin().await?;
        let linked = external_identity::Entity::find()
            .filter(external_identity::Column::TenantId.eq(provider.tenant_id))
            .filter(external_identity::Column::Issuer.eq(&provider.issuer))
            .filter(external_identity::Column::Subject.eq(subject))
            .one(&transaction)
            .await?;
        let is_linked = linked.as_ref().is_some_and(|linked| linked.account_id.is_some());
        let let_in = match linked.and_then(|linked| linked.account_id) {
            Some(id) => {
                let account = account::Entity::find_by_id(id).one(&transaction).await?;
                let account = account.ok_or_else(|| Problem::NotAMember.because("the linked account is gone"))?;
                let entries = update(&transaction, provider, &account, claims, now).await?;
                LetIn { account, entries }
            }
            None => by_address(&transaction, provider, claims, takes_members, now).await?,
        };
        if !is_linked {
            let link = link(&transaction, provider, subject, let_in.account.id, now).await?;
            if link.rows_affected() == 0 {
                let reason = "the account is linked to another subject, or the subject to another account";
                return Err(Problem::LinkedOtherwise.because(reason));
            }
        }
        transaction.commit().await?;
        Ok(let_in)
    }
}

/// Finds the member by the address that the provider has verified, or makes one.
async fn by_address<C: ConnectionTrait>(
    connection: &C,
    provider: &Model,
    claims: &Map<String, Value>,
    takes_members: bool,
    now: DateTime<Utc>,
) -> Result<LetIn, ProviderRefusal> {
    let email = claims::verified_email(claims)
        .ok_or_else(|| Problem::EmailNotVerified.because("the provider gives no verified e-mail address"))?;
    if let Some(account) = account::Entity::find().filter(account::Column::Email.eq(&email)).one(connection).await? {
        let entries = update(connection, provider, &account, claims, now).await?;
        return Ok(LetIn { account, entries });
    }
    if !takes_members {
        return Err(Problem::NotAMember.because("nothing can be changed in the organisation, so nobody new is let in"));
    }
    let role = claims::role(provider, claims).ok_or_else(|| Problem::NoRole.because("the claims give no role"))?;
    let seats = Seats::lock(connection, TenantId(provider.tenant_id)).await?;
    let account = join(connection, provider, email, claims::name(claims), role, now).await?;
    seats.withdraw_invitation(connection, &account.email).await?;
    seats.check(connection, Taking::Free, now).await.map_err(|error| match error {
        domain::Error::QuotaExceeded(exceeded) => Problem::NoSeat.because(anyhow!(exceeded)),
        other => Problem::Failed.because(anyhow!(other)),
    })?;
    let changes = Changes::default().with("role", None::<Role>, role).with("email", None::<String>, &account.email);
    let context = Context { actor: Some(Actor::person(account.id, account.name.as_str(), role, None)), now };
    let entry = member::note(connection, TenantId(provider.tenant_id), &context, "member.joined", account.id, changes).await;
    let entries = entry.map_err(|error| Problem::Failed.because(anyhow!(error)))?.into_iter().collect();
    Ok(LetIn { account, entries })
}

/// Gives a member the role that the provider says, or refuses who is none or may not come this way.
async fn update<C: ConnectionTrait>(
    connection: &C,
    provider: &Model,
    account: &account::Model,
    claims: &Map<String, Value>,
    now: DateTime<Utc>,
) -> Result<Vec<Entry>, ProviderRefusal> {
    let id = (account.id, provider.tenant_id);
    // Locked: whoever makes somebody an owner at the same time comes before or after.
    let membership = membership::Entity::find_by_id(id).lock_exclusive().one(connection).await?;
    let membership = membership.ok_or_else(|| Problem::NotAMember.because("the account is no member"))?;
    if membership.role == Role::Owner {
        return Err(Problem::Owner.because("the account is an owner's"));
    }
    if !claims::decides_roles(provider) {
        return Ok(Vec::new());
    }
    let role = claims::role(provider, claims).ok_or_else(|| Problem::NoRole.because("the claims give no role any more"))?;
    if role == membership.role {
        return Ok(Vec::new());
    }
    let changes = Changes::default().with("role", membership.role, role);
    membership::ActiveModel { role: Set(role), ..membership.into() }.update(connection).await?;
    // Nobody here has done it: the provider says so, by the sign-in of the member.
    let by = Actor::person(account.id, format!("{} ({})", account.name, provider.name), role, None);
    let context = Context { actor: Some(by), now };
    let entry =
        member::note(connection, TenantId(provider.tenant_id), &context, "member.role_changed", account.id, changes).await;
    Ok(entry.map_err(|error| Problem::Failed.because(anyhow!(error)))?.into_iter().collect())
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
