//! Passkeys: keys that a device keeps, and uses after its owner has proved to be there. They need no password beside them.

use anyhow::Context as _;
use chrono::{DateTime, Utc};
use domain::value::{FromText as _, Title};
use entities::{
    id::{AccountId, PasskeyId},
    platform::{account, passkey, sign_in_challenge},
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect, Set, SqlErr, TransactionSession, TransactionTrait};
use serde_json::{Value, json};
use tenancy::{Host, Hostname, Hosts, TenantId};
use webauthn_rs::prelude::{
    DiscoverableAuthentication, Passkey, PasskeyRegistration, PublicKeyCredential, RegisterPublicKeyCredential, Url, Webauthn,
    WebauthnBuilder,
};

use crate::domains;

use super::{
    Auth, AuthError, Method, Notice, Owner, SecurityChange, Session, Visitor,
    challenge::{self, Awaited, Challenge, Place},
    ways_in,
};

/// The most passkeys of one account.
const MOST: usize = 20;

/// What a passkey is good for: a domain, and the one address at which it is asked for now.
#[derive(Debug, Clone)]
pub struct RelyingParty {
    id: String,
    origin: Url,
    /// Where people come by plain http, the port is that of a machine of one's own.
    any_port: bool,
}

impl RelyingParty {
    /// That of a host: all hosts under the base domain are one, so that a passkey serves each of an account's tenants. A base domain
    /// of one label, such as `localhost`, is taken by no browser; a tenant's own domain is nobody else's.
    pub fn of(hosts: &Hosts, host: &Hostname, https: bool) -> anyhow::Result<Self> {
        let base = hosts.base().as_str();
        let id = match hosts.sort(host) {
            Host::Apex | Host::Api | Host::Slug(_) if base.contains('.') => base,
            _ => host.as_str(),
        };
        let scheme = if https { "https" } else { "http" };
        let origin = Url::parse(&format!("{scheme}://{host}")).context("a host has no address")?;
        Ok(Self { id: id.to_owned(), origin, any_port: !https })
    }

    fn webauthn(&self) -> anyhow::Result<Webauthn> {
        let builder = WebauthnBuilder::new(&self.id, &self.origin)?.allow_any_port(self.any_port);
        Ok(builder.build()?)
    }
}

/// A step that waits for the answer of a passkey.
#[derive(Debug)]
pub struct PasskeyStep {
    /// Names the step.
    pub challenge: Challenge,
    /// What the browser takes.
    pub options: Value,
}

/// The answer of a new passkey, and what its owner calls it.
#[derive(Debug)]
pub struct NewPasskey<'a> {
    /// Names the step that it answers.
    pub challenge: Challenge,
    /// The name.
    pub name: &'a str,
    /// What the browser brings.
    pub answer: Value,
}

impl Auth {
    /// Begins to register a passkey.
    pub async fn begin_passkey_registration(
        &self,
        owner: &Owner,
        account: &account::Model,
        party: &RelyingParty,
        now: DateTime<Utc>,
    ) -> Result<PasskeyStep, AuthError> {
        let known = self.passkeys(account.id).await?;
        if known.len() >= MOST {
            let message = format!("There are {MOST} passkeys already. Remove one first.");
            return Err(domain::Error::Conflict { field: None, message }.into());
        }
        let here = known.iter().filter(|row| row.relying_party == party.id);
        let known = here.map(|row| row.credential_id.clone()).collect();
        let (options, state) = party
            .webauthn()?
            .start_passkey_registration(account.id.uuid(), &account.email, &account.name, Some(known))
            .context("a passkey cannot be registered")?;
        let mut options = serde_json::to_value(options).context("what the browser takes cannot be written")?;
        // Kept on the device with the account's id, so that nobody has to type an address to sign in.
        if let Some(selection) = options.pointer_mut("/publicKey/authenticatorSelection").and_then(Value::as_object_mut) {
            selection.insert("residentKey".to_owned(), json!("required"));
            selection.insert("requireResidentKey".to_owned(), json!(true));
        }
        let place = Place { awaited: Awaited::PasskeyRegistration, tenant: owner.tenant, account: Some(account.id) };
        let state = serde_json::to_value(state).context("a registration cannot be kept")?;
        let challenge = challenge::begin(&self.platform, place, state, now).await?;
        Ok(PasskeyStep { challenge, options })
    }

    /// Registers the passkey that answered.
    pub async fn complete_passkey_registration(
        &self,
        notice: Notice<'_>,
        owner: &Owner,
        party: &RelyingParty,
        new: NewPasskey<'_>,
        now: DateTime<Utc>,
    ) -> Result<passkey::Model, AuthError> {
        let name = Title::from_text("name", new.name)?.into_text();
        let transaction = self.platform.begin().await?;
        // Whoever lets the host go deletes its passkeys after it, and waits until this one is there.
        if let (Some(tenant), Ok(host)) = (owner.tenant, Hostname::parse(&party.id))
            && matches!(self.hosts.sort(&host), Host::Custom(_))
            && !domains::hold(&transaction, tenant, host.as_str()).await?
        {
            return Err(AuthError::HostLetGo);
        }
        // With the row of the passkey: a new password takes the step away, or waits here and removes the passkey.
        let step = challenge::take(&transaction, &new.challenge, Awaited::PasskeyRegistration, owner.tenant, now).await?;
        let registered = match registered(owner, party, step, new.answer) {
            Ok(registered) => registered,
            Err(refused) => {
                // A step takes one answer.
                transaction.commit().await?;
                return Err(refused);
            }
        };
        let row = passkey::ActiveModel {
            id: Set(PasskeyId::generate()),
            account_id: Set(owner.account),
            relying_party: Set(party.id.clone()),
            credential_id: Set(registered.cred_id().clone()),
            credential: Set(serde_json::to_value(&registered).context("a passkey cannot be kept")?),
            name: Set(name),
            created_at: Set(now),
            last_used_at: Set(None),
        };
        let inserted = passkey::Entity::insert(row).exec_with_returning(&transaction).await;
        let row = inserted.map_err(|error| match error.sql_err() {
            Some(SqlErr::UniqueConstraintViolation(_)) => {
                let message = "This passkey is registered already.".to_owned();
                AuthError::from(domain::Error::Conflict { field: Some("credential".to_owned()), message })
            }
            _ => error.into(),
        })?;
        notice.tell(&transaction, owner.account, SecurityChange::PasskeyAdded(&row.name), now).await?;
        transaction.commit().await?;
        Ok(row)
    }

    /// Begins to sign in by a passkey; whose it is, the passkey will say.
    pub async fn begin_passkey_sign_in(
        &self,
        tenant: Option<TenantId>,
        party: &RelyingParty,
        visitor: &Visitor,
        now: DateTime<Utc>,
    ) -> Result<PasskeyStep, AuthError> {
        self.tries.begin_passkey(visitor.address)?;
        let (mut options, state) =
            party.webauthn()?.start_discoverable_authentication().context("no passkey can be asked for")?;
        // Whether to ask at once or in the field of the address is for the page to say.
        options.mediation = None;
        let options = serde_json::to_value(options).context("what the browser takes cannot be written")?;
        let place = Place { awaited: Awaited::PasskeySignIn, tenant, account: None };
        let state = serde_json::to_value(state).context("a sign-in cannot be kept")?;
        let challenge = challenge::begin(&self.platform, place, state, now).await?;
        Ok(PasskeyStep { challenge, options })
    }

    /// Begins a session by the answer of a passkey. The device has verified its owner, so nothing more is asked for.
    pub async fn complete_passkey_sign_in(
        &self,
        tenant: Option<TenantId>,
        party: &RelyingParty,
        challenge: &Challenge,
        answer: Value,
        visitor: &Visitor,
        now: DateTime<Utc>,
    ) -> Result<Session, AuthError> {
        // Whatever the answer is worth, there is one.
        let step = challenge::take(&self.platform, challenge, Awaited::PasskeySignIn, tenant, now).await?;
        let answer: PublicKeyCredential = serde_json::from_value(answer).map_err(|_| AuthError::InvalidPasskey)?;
        let state: DiscoverableAuthentication = serde_json::from_value(step.state).context("a sign-in cannot be read")?;
        let webauthn = party.webauthn()?;
        let (account, credential_id) =
            webauthn.identify_discoverable_authentication(&answer).map_err(|_| AuthError::InvalidPasskey)?;

        let transaction = self.platform.begin().await?;
        // Locked, so that of two answers with the same count one is refused.
        let row = passkey::Entity::find()
            .filter(passkey::Column::CredentialId.eq(credential_id.to_vec()))
            .filter(passkey::Column::AccountId.eq(AccountId(account)))
            .filter(passkey::Column::RelyingParty.eq(&party.id))
            .lock_exclusive()
            .one(&transaction)
            .await?
            .ok_or(AuthError::InvalidPasskey)?;
        let mut credential: Passkey = serde_json::from_value(row.credential.clone()).context("a passkey cannot be read")?;
        let result = webauthn.finish_discoverable_authentication_v2(&answer, state, &credential).map_err(|reason| {
            tracing::warn!(passkey = %row.id, %reason, "a passkey was refused");
            AuthError::InvalidPasskey
        })?;
        credential.update_credential(&result);
        let owner = row.account_id;
        let mut used = passkey::ActiveModel::from(row);
        used.credential = Set(serde_json::to_value(&credential).context("a passkey cannot be kept")?);
        used.last_used_at = Set(Some(now));
        passkey::Entity::update(used).exec(&transaction).await?;
        transaction.commit().await?;

        let account = self.account(owner).await?.ok_or(AuthError::InvalidPasskey)?;
        match self.begin(tenant, &account, Method::Passkey, visitor, now).await {
            // The account is no member here.
            Err(AuthError::InvalidCredentials) => Err(AuthError::InvalidPasskey),
            other => other,
        }
    }

    /// The account's passkeys, the oldest first.
    pub async fn passkeys(&self, account: AccountId) -> Result<Vec<passkey::Model>, AuthError> {
        Ok(ways_in::passkeys(&self.platform, account).await?)
    }

    /// Removes one of one's own passkeys.
    pub async fn remove_passkey(
        &self,
        notice: Notice<'_>,
        owner: &Owner,
        id: PasskeyId,
        now: DateTime<Utc>,
    ) -> Result<(), AuthError> {
        owner.check_proven()?;
        let transaction = self.platform.begin().await?;
        let removed = passkey::Entity::delete_many()
            .filter(passkey::Column::Id.eq(id))
            .filter(passkey::Column::AccountId.eq(owner.account))
            .exec_with_returning(&transaction)
            .await?;
        let removed = removed.first().ok_or(domain::Error::NotFound("passkey"))?;
        notice.tell(&transaction, owner.account, SecurityChange::PasskeyRemoved(&removed.name), now).await?;
        transaction.commit().await?;
        Ok(())
    }
}

/// Verifies the answer of a new passkey.
fn registered(owner: &Owner, party: &RelyingParty, step: sign_in_challenge::Model, answer: Value) -> Result<Passkey, AuthError> {
    if step.account_id != Some(owner.account) {
        return Err(AuthError::InvalidChallenge);
    }
    let wrong = || AuthError::from(domain::Error::bad_input("credential", "This is not the answer of a passkey."));
    let answer: RegisterPublicKeyCredential = serde_json::from_value(answer).map_err(|_| wrong())?;
    let state: PasskeyRegistration = serde_json::from_value(step.state).context("a registration cannot be read")?;
    party.webauthn()?.finish_passkey_registration(&answer, &state).map_err(|reason| {
        tracing::info!(%reason, "a passkey was not registered");
        wrong()
    })
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("example.com", "example.com", "example.com")]
    #[case("example.com", "acme.example.com", "example.com")]
    #[case("example.com", "hr.acme.com", "hr.acme.com")]
    #[case("example.com", "hr.acme.example.com", "hr.acme.example.com")]
    #[case("localhost", "acme.localhost", "acme.localhost")]
    #[case("localhost", "localhost", "localhost")]
    fn the_hosts_under_a_domain_are_one_relying_party(#[case] base: &str, #[case] host: &str, #[case] id: &str) {
        let hosts = Hosts::new(Hostname::parse(base).unwrap());
        let party = RelyingParty::of(&hosts, &Hostname::parse(host).unwrap(), true).unwrap();
        assert_eq!(party.id, id);
        assert_eq!(party.webauthn().unwrap().get_allowed_origins(), [party.origin]);
    }
}
