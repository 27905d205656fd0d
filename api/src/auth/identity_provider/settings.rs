//! What a tenant says of its identity provider. What was changed is written down for its audit in the transaction of the change.

use chrono::Utc;
use domain::{
    Change, Context, Error, Permission, Role,
    audit::{Changes, Entry, Event},
    value::{FromText as _, Line, Title},
};
use entities::platform::{
    identity_provider::{ActiveModel, Column, Entity, Model},
    session,
};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, ModelTrait, QueryFilter, QuerySelect, Set, TransactionSession,
    TransactionTrait,
    sea_query::{Expr, OnConflict},
};
use secrecy::{ExposeSecret, SecretString};
use tenancy::TenantId;

use super::{IdentityProviders, published::Snapshot};
use crate::{
    auth::{Method, audit_outbox},
    secret::{SecretColumn, looks_encrypted},
};

/// An issuer's address, or an id or an audience at a provider.
type Identifier = Line<500>;
/// The most values of the role claim that a tenant maps.
const MOST_ROLES: usize = 200;

/// A tenant's provider, as somebody sets it up.
#[derive(Debug, Clone)]
pub struct SetIdentityProvider {
    /// The name on the button.
    pub name: String,
    /// The issuer's address.
    pub issuer: String,
    /// This program's id there.
    pub client_id: String,
    /// This program's secret there. Kept only together with the issuer and the id that it was given for.
    pub client_secret: Change<SecretString>,
    /// The audience of bearer tokens.
    pub audience: Option<String>,
    /// The claim that names roles.
    pub role_claim: Option<String>,
    /// Values of that claim, and the role of each.
    pub roles: Vec<(String, Role)>,
    /// The role of those whom no value gives one.
    pub default_role: Option<Role>,
}

/// The values of the role claim that the tenant maps, and the role of each.
pub fn roles_of(provider: &Model) -> Vec<(String, Role)> {
    let role = |name: &str| Role::ALL.into_iter().find(|role| role.as_str() == name);
    let pairs = provider.roles.as_object().into_iter().flatten();
    pairs.filter_map(|(value, name)| Some((value.clone(), role(name.as_str()?)?))).collect()
}

impl IdentityProviders {
    /// The tenant's provider, for those who may set it up.
    pub async fn read(&self, context: &Context, tenant: TenantId) -> Result<Option<Model>, Error> {
        context.require(Permission::ManageSignIn)?;
        Ok(Entity::find_by_id(tenant.0).one(&self.platform).await?)
    }

    /// Sets up the tenant's provider, after asking it for what it publishes. The entry is for the audit; there is none where nothing
    /// changed.
    pub async fn set(
        &self,
        context: &Context,
        tenant: TenantId,
        input: SetIdentityProvider,
    ) -> Result<(Model, Option<Entry>), Error> {
        context.require(Permission::ManageSignIn)?;
        let input = input.check()?;
        let issuer = self.check_answers(&input.issuer).await?;
        let transaction = self.platform.begin().await?;
        let before = match locked(&transaction, tenant).await? {
            Some(row) if matches!(input.client_secret, Change::Keep) => Some(self.opened(row)?),
            // A secret that cannot be read any more can still be replaced.
            Some(row) => Some(self.opened(row.clone()).unwrap_or(row)),
            None => None,
        };
        let is_other = before.as_ref().is_none_or(|row| row.issuer != issuer || row.client_id != input.client_id);
        let client_secret = match input.client_secret {
            Change::Set(secret) => Some(secret.expose_secret().to_owned()),
            // Whoever names another issuer does not get the secret sent there.
            Change::Keep if !is_other => before.as_ref().and_then(|row| row.client_secret.clone()),
            Change::Keep | Change::Clear => None,
        };
        let place = tenant.0.to_string();
        let place = SecretColumn::IdentityProvider.of(&place);
        let client_secret = client_secret.map(|secret| self.secret_keys.encrypt_text(place, &secret)).transpose();
        let client_secret = client_secret.map_err(|error| DbErr::Custom(format!("{error:#}")))?;
        let roles: serde_json::Map<_, _> =
            input.roles.iter().map(|(value, role)| (value.clone(), role.as_str().into())).collect();
        let row = ActiveModel {
            tenant_id: Set(tenant.0),
            name: Set(input.name),
            issuer: Set(issuer),
            client_id: Set(input.client_id),
            client_secret: Set(client_secret),
            audience: Set(input.audience),
            role_claim: Set(input.role_claim),
            roles: Set(roles.into()),
            default_role: Set(input.default_role),
            created_at: Set(before.as_ref().map_or(context.now, |row| row.created_at)),
            updated_at: Set(context.now),
        };
        let all = [
            Column::Name,
            Column::Issuer,
            Column::ClientId,
            Column::ClientSecret,
            Column::Audience,
            Column::RoleClaim,
            Column::Roles,
            Column::DefaultRole,
            Column::UpdatedAt,
        ];
        let same = OnConflict::column(Column::TenantId).update_columns(all).to_owned();
        let row = Entity::insert(row).on_conflict(same).exec_with_returning(&transaction).await?;
        let row = self.opened(row)?;
        if before.as_ref().is_some_and(|before| before.issuer != row.issuer) {
            end_sessions(&transaction, context, tenant).await?;
        }
        let mut entry = None;
        let changes = changes(before.as_ref(), Some(&row));
        if !changes.is_empty() {
            let event = event(tenant, "identity_provider.set", changes);
            entry = Some(audit_outbox::put(&transaction, tenant, context, event).await?);
        }
        transaction.commit().await?;
        self.changes.note(tenant.0);
        Ok((row, entry))
    }

    /// Removes the tenant's provider, and ends the sessions that were begun by it. The entry is for the audit; there is none where
    /// there was no provider.
    pub async fn remove(&self, context: &Context, tenant: TenantId) -> Result<Option<Entry>, Error> {
        context.require(Permission::ManageSignIn)?;
        let transaction = self.platform.begin().await?;
        let Some(row) = locked(&transaction, tenant).await? else {
            return Ok(None);
        };
        let event = event(tenant, "identity_provider.removed", changes(Some(&row), None));
        row.delete(&transaction).await?;
        end_sessions(&transaction, context, tenant).await?;
        let entry = audit_outbox::put(&transaction, tenant, context, event).await?;
        transaction.commit().await?;
        self.changes.note(tenant.0);
        Ok(Some(entry))
    }

    /// Asks the provider for what it publishes, and gives the issuer as its tokens name it. Why it failed is for the log: what
    /// is at an address is nobody's business who can only name it.
    async fn check_answers(&self, issuer: &str) -> Result<String, Error> {
        let issuer = issuer.to_owned();
        let other = issuer.strip_suffix('/').map_or_else(|| format!("{issuer}/"), str::to_owned);
        let now = Utc::now();
        let mut failure = None;
        // Some providers end their name with a slash, and people leave it out.
        for name in [issuer, other] {
            match Snapshot::read(&self.web, &name, now).await {
                Ok(_) => return Ok(name),
                Err(error) => failure = failure.or(Some(error)),
            }
        }
        if let Some(error) = failure {
            tracing::info!(reason = format!("{error:#}"), "an identity provider was refused");
        }
        let message = "At this address there is no identity provider that answers as OpenID Connect Discovery has it.";
        Err(Error::bad_input("issuer", message))
    }
}

impl SetIdentityProvider {
    fn check(self) -> Result<Self, Error> {
        let identifier = |field: &str, text: &str| Identifier::from_text(field, text).map(Identifier::into_text);
        let optional = |field: &str, text: Option<String>| match text.as_deref().map(str::trim) {
            None | Some("") => Ok(None),
            Some(text) => identifier(field, text).map(Some),
        };
        let issuer = identifier("issuer", &self.issuer)?;
        if issuer.contains(['?', '#']) {
            return Err(Error::bad_input("issuer", "An issuer's address has neither a question mark nor a number sign."));
        }
        let client_id = identifier("clientId", &self.client_id)?;
        let audience = optional("audience", self.audience)?;
        // An ID token says who somebody is; it is not meant to open anything.
        if audience.as_deref() == Some(client_id.as_str()) {
            return Err(Error::bad_input("audience", "Bearer tokens need an audience of their own, other than the client's id."));
        }
        if let Change::Set(secret) = &self.client_secret {
            identifier("clientSecret", secret.expose_secret())?;
            if looks_encrypted(secret.expose_secret()) {
                return Err(Error::bad_input("clientSecret", "A secret does not begin like this. Please check it."));
            }
        }
        if self.roles.len() > MOST_ROLES {
            return Err(Error::bad_input("roles", format!("At most {MOST_ROLES} values can be given a role.")));
        }
        let is_owner = |role: Role| role == Role::Owner;
        let given = self.roles.iter().map(|(_, role)| *role);
        if given.chain(self.default_role).any(is_owner) {
            return Err(Error::bad_input("roles", "Owners are made by owners, not by an identity provider."));
        }
        let mut roles = Vec::with_capacity(self.roles.len());
        for (value, role) in self.roles {
            roles.push((identifier("roles", &value)?, role));
        }
        Ok(Self {
            name: Title::from_text("name", &self.name)?.into_text(),
            issuer,
            client_id,
            client_secret: self.client_secret,
            audience,
            role_claim: optional("roleClaim", self.role_claim)?,
            roles,
            default_role: self.default_role,
        })
    }
}

async fn locked<C: ConnectionTrait>(connection: &C, tenant: TenantId) -> Result<Option<Model>, DbErr> {
    Entity::find_by_id(tenant.0).lock_exclusive().one(connection).await
}

/// Ends the sessions that the provider vouched for.
async fn end_sessions<C: ConnectionTrait>(connection: &C, context: &Context, tenant: TenantId) -> Result<(), DbErr> {
    session::Entity::update_many()
        .col_expr(session::Column::EndedAt, Expr::value(Some(context.now)))
        .filter(session::Column::TenantId.eq(tenant.0))
        .filter(session::Column::Method.eq(Method::IdentityProvider.as_str()))
        .filter(session::Column::EndedAt.is_null())
        .exec(connection)
        .await?;
    Ok(())
}

/// What is different. Of the secret, only that it is another one.
fn changes(before: Option<&Model>, after: Option<&Model>) -> Changes {
    let secret = |row: Option<&Model>| row.and_then(|row| row.client_secret.clone());
    let is_other_secret = secret(before) != secret(after);
    Changes::default()
        .with("name", before.map(|row| &row.name), after.map(|row| &row.name))
        .with("issuer", before.map(|row| &row.issuer), after.map(|row| &row.issuer))
        .with("clientId", before.map(|row| &row.client_id), after.map(|row| &row.client_id))
        .with("clientSecret", None::<&str>, is_other_secret.then_some("another"))
        .with("audience", before.map(|row| &row.audience), after.map(|row| &row.audience))
        .with("roleClaim", before.map(|row| &row.role_claim), after.map(|row| &row.role_claim))
        .with("roles", before.map(|row| &row.roles), after.map(|row| &row.roles))
        .with("defaultRole", before.map(|row| row.default_role), after.map(|row| row.default_role))
}

fn event(tenant: TenantId, action: &'static str, changes: Changes) -> Event {
    Event { action, subject_type: "identity_provider", subject_id: tenant.0, changes }
}
