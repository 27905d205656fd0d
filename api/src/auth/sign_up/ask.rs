//! Asking for an organisation to be signed up.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use domain::{
    Error,
    value::{EmailAddress, FromText, PersonName, Title},
};
use entities::{
    id::SignUpId,
    platform::sign_up::{Column, Entity, Model},
};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbBackend, DbErr, EntityTrait, IntoActiveModel, QueryFilter, Statement,
    TransactionSession, TransactionTrait,
};
use secrecy::SecretString;
use tenancy::Slug;

use super::{LIFETIME, SignUpPolicy, digest};
use crate::{
    auth::{Auth, AuthError, Visitor, member::conflict, password_reset::check_password, throttle::network},
    mail::{self, Mail},
};

/// A shorter key could be guessed; a longer one is nothing that a program makes.
const KEY_LENGTH: std::ops::RangeInclusive<usize> = 22..=128;
/// How many sign-ups an e-mail address may be named in within [`MAIL_WINDOW`]: nobody shall be able to fill another's mailbox.
const MAILS: i64 = 3;
const MAIL_WINDOW: TimeDelta = TimeDelta::minutes(15);
/// So many mails may be asked for, for each organisation that may be made.
const ASKED_FOR_EACH: i64 = 10;
/// When it is worth asking again where a day's worth is used up.
const LATER: Duration = Duration::from_hours(1);

/// What somebody has typed to sign an organisation up.
#[derive(Debug)]
pub struct SignUpWish {
    /// The organisation's name.
    pub organisation: String,
    /// Its label under the base domain.
    pub slug: String,
    /// The owner's name.
    pub owner_name: String,
    /// The owner's e-mail address.
    pub email: String,
    /// The owner's password, for an account that is not there yet.
    pub password: SecretString,
    /// Made by chance for this one sign-up. Asking twice with one key is asking once.
    pub key: String,
    /// The operator's invitation, where one is needed.
    pub invitation: Option<String>,
}

/// A sign-up that waits to be confirmed.
#[derive(Debug)]
pub struct AskedSignUp {
    /// Where the mail goes.
    pub email: String,
    /// Until when it can be confirmed.
    pub expires_at: DateTime<Utc>,
}

impl From<Model> for AskedSignUp {
    fn from(row: Model) -> Self {
        Self { email: row.email, expires_at: row.expires_at }
    }
}

impl Auth {
    /// Writes down what is wished for, and asks for the mail that leads on. What is done and said is the same whether the address has an
    /// account or not: the mail alone differs.
    pub async fn sign_up(
        &self,
        mail: &Mail,
        wish: SignUpWish,
        visitor: &Visitor,
        now: DateTime<Utc>,
    ) -> Result<AskedSignUp, AuthError> {
        self.sign_up.require_offered()?;
        if let Some(address) = visitor.address {
            self.tries.sign_up(address)?;
        }
        check_password("password", &wish.password)?;
        let mut row = parse(&wish, visitor, now)?;
        if let Some(before) = asked_before(&self.platform, &row).await? {
            return Ok(before.into());
        }
        row.invitation_hash = self.check_invitation(wish.invitation.as_deref(), now).await?;
        // Said now, while it can be changed in the form. What decides is the confirmation.
        let slug = Slug::parse(&row.slug).map_err(|error| Error::bad_input("slug", error.to_string()))?;
        if !self.tenants.taken_slugs(std::slice::from_ref(&slug), now).await.map_err(internal)?.is_empty() {
            return Err(conflict("slug", TAKEN).into());
        }
        // Looked at before the password is hashed, which costs more than anybody should get for nothing.
        check_bounds(&self.platform, &self.sign_up, &row, now).await?;
        row.password_hash = Some(self.passwords.hash(wish.password).await.map_err(AuthError::of_passwords)?);

        let transaction = self.platform.begin().await?;
        // One after another: of many at once, the bounds hold for all.
        transaction.execute_unprepared("SELECT pg_advisory_xact_lock(hashtextextended('tenantry sign-ups', 0))").await?;
        if let Some(before) = asked_before(&transaction, &row).await? {
            return Ok(before.into());
        }
        check_bounds(&transaction, &self.sign_up, &row, now).await?;
        let row = row.into_active_model().insert(&transaction).await?;
        mail.ask_for_sign_up(&transaction, &row).await?;
        transaction.commit().await?;
        Ok(row.into())
    }
}

/// What is said of an address that somebody has.
pub(super) const TAKEN: &str = "This address is taken. Please choose another one.";

pub(super) fn internal(error: tenancy::Error) -> AuthError {
    AuthError::Internal(error.into())
}

/// The row of a wish, but for its password.
fn parse(wish: &SignUpWish, visitor: &Visitor, now: DateTime<Utc>) -> Result<Model, Error> {
    if !KEY_LENGTH.contains(&wish.key.len()) {
        return Err(Error::bad_input("idempotencyKey", "A key has 22 to 128 characters, made by chance for this one sign-up."));
    }
    let email = EmailAddress::from_text("email", &wish.email)?.into_text().to_lowercase();
    if !mail::can_be_sent_to(&email) {
        return Err(Error::bad_input("email", "No mail can be sent to this address."));
    }
    let slug = Slug::parse(&wish.slug).map_err(|error| Error::bad_input("slug", error.to_string()))?;
    Ok(Model {
        id: SignUpId::generate(),
        key_hash: digest(&wish.key),
        organisation: Title::from_text("organisation", &wish.organisation)?.into_text(),
        slug: slug.to_string(),
        owner_name: PersonName::from_text("ownerName", &wish.owner_name)?.into_text(),
        email,
        password_hash: None,
        network: visitor.address.map(network),
        invitation_hash: None,
        created_at: now,
        expires_at: now + LIFETIME,
        confirmed_at: None,
        tenant_id: None,
    })
}

/// The sign-up that was asked for with the same key.
async fn asked_before<C: ConnectionTrait>(connection: &C, row: &Model) -> Result<Option<Model>, AuthError> {
    let Some(before) = Entity::find().filter(Column::KeyHash.eq(row.key_hash.clone())).one(connection).await? else {
        return Ok(None);
    };
    // The address of a confirmed one is what it got, which may be another than was wished for.
    let is_same = before.organisation == row.organisation
        && before.email == row.email
        && before.owner_name == row.owner_name
        && (before.slug == row.slug || before.tenant_id.is_some());
    if is_same { Ok(Some(before)) } else { Err(conflict("idempotencyKey", "This key was used for another sign-up.").into()) }
}

/// Refuses more than a day may bring, more than a network may ask for, and more mail than an address shall get.
async fn check_bounds<C: ConnectionTrait>(
    connection: &C,
    policy: &SignUpPolicy,
    row: &Model,
    now: DateTime<Utc>,
) -> Result<(), AuthError> {
    let sql = "SELECT (SELECT count(*) FROM platform.sign_ups WHERE created_at > $1) AS of_all, \
               (SELECT count(*) FROM platform.sign_ups WHERE created_at > $1 AND network = $2) AS of_network, \
               (SELECT count(*) FROM platform.sign_ups WHERE created_at > $3 AND email = $4) AS of_email";
    let values = [(now - LIFETIME).into(), row.network.clone().into(), (now - MAIL_WINDOW).into(), row.email.as_str().into()];
    let counts = connection.query_one_raw(Statement::from_sql_and_values(DbBackend::Postgres, sql, values)).await?;
    let count = |name: &str| counts.as_ref().map_or(Ok(0_i64), |counts| counts.try_get("", name));
    let refused = |retry_after| Err(AuthError::RateLimited { retry_after });
    if count("of_email")? >= MAILS {
        return refused(MAIL_WINDOW.to_std().unwrap_or(LATER));
    }
    if count("of_network")? >= policy.per_network.into() || count("of_all")? >= i64::from(policy.tenants_per_day) * ASKED_FOR_EACH
    {
        return refused(LATER);
    }
    Ok(())
}

/// Refuses more organisations than a day may bring. Those that are made at the same moment do not see one another.
pub(super) async fn check_tenants_of_day<C: ConnectionTrait>(
    connection: &C,
    policy: &SignUpPolicy,
    now: DateTime<Utc>,
) -> Result<(), AuthError> {
    let sql = "SELECT count(*) AS made FROM platform.sign_ups WHERE confirmed_at > $1";
    let values = [(now - LIFETIME).into()];
    let row = connection.query_one_raw(Statement::from_sql_and_values(DbBackend::Postgres, sql, values)).await?;
    let made: i64 = row.map_or(Ok::<_, DbErr>(0), |row| row.try_get("", "made"))?;
    if made >= policy.tenants_per_day.into() { Err(AuthError::RateLimited { retry_after: LATER }) } else { Ok(()) }
}
