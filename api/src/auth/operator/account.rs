//! Making, listing, disabling and resetting operators. Only the command line does so: no operator makes another.

use anyhow::{Context as _, bail};
use chrono::{DateTime, TimeDelta, Utc};
use domain::value::{EmailAddress, FromText as _, PersonName};
use entities::{
    id::OperatorId,
    platform::{
        operator::{ActiveModel, Column, Entity, Model, OperatorRole},
        operator_session,
    },
};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect as _, Set,
    TransactionSession, TransactionTrait, sea_query::Expr, sea_query::OnConflict,
};
use serde_json::json;
use tenancy::{PlatformConnection, PlatformTransaction};

use crate::{
    auth::{mailed_token::MailedToken, support::end_of_operator},
    operators::{Doer, Event, write_event},
    secret::{SecretColumn, SecretKeys},
};

/// For how long an account can be set up by its link.
const LIFETIME: TimeDelta = TimeDelta::days(1);

/// An operator to be made.
#[derive(Debug, Clone)]
pub struct NewOperator {
    email: String,
    name: String,
    role: OperatorRole,
}

impl NewOperator {
    /// Parses what somebody typed. Without a name, the address is the name.
    pub fn parse(email: &str, name: Option<&str>, role: OperatorRole) -> Result<Self, domain::Error> {
        let email = EmailAddress::from_text("email", email)?.into_text().to_lowercase();
        let name = PersonName::from_text("name", name.unwrap_or(&email))?.into_text();
        Ok(Self { email, name, role })
    }
}

/// The link by which an account is set up.
#[derive(Debug)]
pub struct SetupLink {
    /// What goes behind the `#` of the console's page. It is stored as its hash.
    pub token: String,
    /// Until when it is good.
    pub expires_at: DateTime<Utc>,
}

/// Makes an operator, who signs in once the link was used.
pub async fn create(
    platform: &PlatformConnection,
    secret_keys: &SecretKeys,
    new: &NewOperator,
    now: DateTime<Utc>,
) -> anyhow::Result<SetupLink> {
    let (id, token) = (OperatorId::generate(), MailedToken::make());
    let expires_at = now + LIFETIME;
    let row = ActiveModel {
        id: Set(id),
        email: Set(new.email.clone()),
        name: Set(new.name.clone()),
        role: Set(new.role),
        password_hash: Set(None),
        authenticator_secret: Set(new_secret(secret_keys, id)?),
        authenticator_last_step: Set(None),
        setup_hash: Set(Some(token.hash)),
        setup_expires_at: Set(Some(expires_at)),
        created_at: Set(now),
        disabled_at: Set(None),
    };
    let transaction = platform.begin().await?;
    let same = OnConflict::column(Column::Email).do_nothing().to_owned();
    if Entity::insert(row).on_conflict(same).exec_without_returning(&transaction).await? == 0 {
        bail!("There is an operator {} already; `tenantry operator reset` makes a new link", new.email);
    }
    let details = json!({ "email": new.email, "role": new.role.as_str() });
    write_event(&transaction, &Doer::command_line(), Event::of_platform("operator.created", details), now).await?;
    transaction.commit().await?;
    Ok(SetupLink { token: token.text, expires_at })
}

/// All operators, by address.
pub async fn list(platform: &PlatformConnection) -> Result<Vec<Model>, DbErr> {
    Entity::find().order_by_asc(Column::Email).all(platform).await
}

/// Ends what an operator may do, and every session, in every process at once.
pub async fn disable(platform: &PlatformConnection, email: &str, now: DateTime<Utc>) -> anyhow::Result<()> {
    let transaction = platform.begin().await?;
    let found = locked(&transaction, email).await?;
    if found.disabled_at.is_some() {
        bail!("{} is disabled already", found.email);
    }
    let (id, email) = (found.id, found.email.clone());
    let mut disabled = ActiveModel::from(found);
    disabled.disabled_at = Set(Some(now));
    disabled.setup_hash = Set(None);
    disabled.setup_expires_at = Set(None);
    disabled.update(&transaction).await?;
    end_sessions(&transaction, id, now).await?;
    end_of_operator(&transaction, id, true, now).await?;
    let details = json!({ "email": email });
    write_event(&transaction, &Doer::command_line(), Event::of_platform("operator.disabled", details), now).await?;
    Ok(transaction.commit().await?)
}

/// Lets an operator begin anew, as one does who has lost password or app, or was disabled: the sessions end, and neither the password
/// nor the app is good any more.
pub async fn reset(
    platform: &PlatformConnection,
    secret_keys: &SecretKeys,
    email: &str,
    now: DateTime<Utc>,
) -> anyhow::Result<SetupLink> {
    let transaction = platform.begin().await?;
    let found = locked(&transaction, email).await?;
    let (id, email, token) = (found.id, found.email.clone(), MailedToken::make());
    let expires_at = now + LIFETIME;
    let reset = ActiveModel {
        password_hash: Set(None),
        authenticator_secret: Set(new_secret(secret_keys, id)?),
        authenticator_last_step: Set(None),
        setup_hash: Set(Some(token.hash)),
        setup_expires_at: Set(Some(expires_at)),
        disabled_at: Set(None),
        ..found.into()
    };
    reset.update(&transaction).await?;
    end_sessions(&transaction, id, now).await?;
    end_of_operator(&transaction, id, false, now).await?;
    let details = json!({ "email": email });
    write_event(&transaction, &Doer::command_line(), Event::of_platform("operator.reset", details), now).await?;
    transaction.commit().await?;
    Ok(SetupLink { token: token.text, expires_at })
}

/// The operator of an address, locked: whoever signs in at the same time has done so, or waits.
async fn locked(transaction: &PlatformTransaction, email: &str) -> anyhow::Result<Model> {
    let email = email.trim().to_lowercase();
    let found = Entity::find().filter(Column::Email.eq(&email)).lock_exclusive().one(transaction).await?;
    found.with_context(|| format!("There is no operator {email}"))
}

pub(super) async fn end_sessions<C: ConnectionTrait>(
    connection: &C,
    operator: OperatorId,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    operator_session::Entity::update_many()
        .col_expr(operator_session::Column::EndedAt, Expr::value(Some(now)))
        .filter(operator_session::Column::OperatorId.eq(operator))
        .filter(operator_session::Column::EndedAt.is_null())
        .exec(connection)
        .await?;
    Ok(())
}

fn new_secret(secret_keys: &SecretKeys, id: OperatorId) -> anyhow::Result<Vec<u8>> {
    secret_keys.encrypt(SecretColumn::Operator.of(&id.to_string()), &rand::random::<[u8; 20]>())
}
