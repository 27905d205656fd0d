//! Bearer tokens that a tenant's identity provider issued.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::{Actor, Permission, Principal, Role};
use entities::{
    id::{AccountId, EmployeeId, ExternalIdentityId},
    platform::external_identity::{ActiveModel, Column, Entity},
};
use sea_orm::{DbBackend, DbErr, EntityTrait, FromQueryResult, Set, Statement, sea_query::OnConflict};
use tenancy::{Audience, Reading, TenantId};
use uuid::Uuid;

use super::{IdentityProviders, SubjectKey, TokenRefusal, claims};
use crate::auth::{Identity, TokenError};

/// Somebody whom a provider knows, and the member that they are here.
#[derive(Debug, FromQueryResult)]
struct Person {
    id: ExternalIdentityId,
    account_id: Option<AccountId>,
    name: Option<String>,
    email: Option<String>,
    role: Option<Role>,
    employee_id: Option<EmployeeId>,
}

#[derive(Debug, Clone)]
pub(super) struct KnownPerson {
    person: Arc<Person>,
    read: Reading,
}

impl IdentityProviders {
    /// Whether the tenant takes bearer tokens of this issuer.
    pub(crate) async fn takes_tokens_of(&self, tenant: TenantId, issuer: &str) -> Result<bool, DbErr> {
        Ok(self.of(tenant).await?.is_some_and(|provider| provider.audience.is_some() && provider.issuer == issuer))
    }

    /// Finds out who a bearer token of the tenant's provider speaks for, and what they may do here: what the provider's claims
    /// give, and for a member no more than the membership.
    pub(crate) async fn identify(&self, tenant: TenantId, token: &str, now: DateTime<Utc>) -> Result<Arc<Identity>, TokenError> {
        let internal = |error: DbErr| TokenError::Internal(error.into());
        let invalid = |reason: &'static str| TokenError::Invalid(anyhow::anyhow!(reason));
        let provider = self.of(tenant).await.map_err(internal)?.ok_or_else(|| invalid("there is no identity provider"))?;
        let audience = provider.audience.as_deref().ok_or_else(|| invalid("bearer tokens of the provider are not taken"))?;
        let token = self.verify(&provider, token, audience, now).await.map_err(|refusal| match refusal {
            TokenRefusal::UnknownKey => invalid("the provider has no such key"),
            TokenRefusal::Wrong(reason) => TokenError::Invalid(reason),
        })?;
        let given = claims::role(&provider, &token.claims).ok_or_else(|| invalid("the token's claims give no role"))?;
        let key = (tenant, provider.issuer.clone(), token.subject.clone());
        let person = self.person(key, now).await.map_err(internal)?;
        let (principal, name, role) = match (person.account_id, person.role) {
            (Some(account), Some(role)) => {
                let name = person.name.clone().unwrap_or_default();
                // The mightiest role is the least.
                (Principal::Account(account), name, role.max(given))
            }
            (Some(_), None) => return Err(invalid("the token's owner is no member any more")),
            (None, _) => {
                let name = claims::name(&token.claims).unwrap_or_else(|| token.subject.chars().take(100).collect());
                (Principal::ExternalIdentity(person.id), name, given)
            }
        };
        let actor = Actor {
            principal,
            name: name.clone(),
            role,
            // Whoever holds the token may be a program, and who gets in is decided by people.
            confined_to: Some(Permission::ALL.into_iter().filter(|permission| permission.is_for_programs()).collect()),
            employee_id: person.employee_id,
        };
        Ok(Arc::new(Identity {
            principal,
            name,
            email: person.email.clone(),
            session_id: None,
            audience: Audience::Tenant(tenant),
            expires_at: Some(token.expires_at),
            actor: Some(actor),
            support: None,
        }))
    }

    async fn person(&self, key: SubjectKey, now: DateTime<Utc>) -> Result<Arc<Person>, DbErr> {
        loop {
            if let Some(known) = self.people.get(&key).await {
                if self.is_fresh(&known) {
                    return Ok(known.person);
                }
                self.people.invalidate(&key).await;
            }
            let read = async {
                let read = self.changes.begin();
                let person = Arc::new(self.find_or_make(&key, now).await?);
                Ok::<_, DbErr>(KnownPerson { person, read })
            };
            let known = self.people.try_get_with(key.clone(), read).await.map_err(|error| (*error).clone())?;
            if self.is_fresh(&known) {
                return Ok(known.person);
            }
        }
    }

    fn is_fresh(&self, known: &KnownPerson) -> bool {
        let id = known.person.id.uuid();
        self.changes.is_fresh(known.read, &[id, known.person.account_id.map_or(id, AccountId::uuid)])
    }

    async fn find_or_make(&self, key: &SubjectKey, now: DateTime<Utc>) -> Result<Person, DbErr> {
        if let Some(person) = self.find(key).await? {
            return Ok(person);
        }
        let (tenant, issuer, subject) = key.clone();
        let row = ActiveModel {
            id: Set(Uuid::now_v7().into()),
            tenant_id: Set(tenant.0),
            issuer: Set(issuer),
            subject: Set(subject),
            account_id: Set(None),
            created_at: Set(now),
        };
        // Another process may be faster.
        let same = OnConflict::columns([Column::TenantId, Column::Issuer, Column::Subject]).do_nothing().to_owned();
        Entity::insert(row).on_conflict(same).exec_without_returning(&self.platform).await?;
        self.find(key).await?.ok_or_else(|| DbErr::RecordNotFound("somebody of an identity provider".to_owned()))
    }

    async fn find(&self, (tenant, issuer, subject): &SubjectKey) -> Result<Option<Person>, DbErr> {
        let sql = "SELECT e.id, e.account_id, a.name, a.email, m.role, m.employee_id FROM platform.external_identities e \
                   LEFT JOIN platform.accounts a ON a.id = e.account_id \
                   LEFT JOIN platform.memberships m ON m.account_id = e.account_id AND m.tenant_id = e.tenant_id \
                   WHERE e.tenant_id = $1 AND e.issuer = $2 AND e.subject = $3";
        let values = [tenant.0.into(), issuer.as_str().into(), subject.as_str().into()];
        Person::find_by_statement(Statement::from_sql_and_values(DbBackend::Postgres, sql, values)).one(&self.platform).await
    }
}
