//! What lets somebody into their account besides the password, and how its owner hears of changes of it.

use chrono::{DateTime, Utc};
use entities::{
    id::AccountId,
    platform::{account, passkey},
};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder};
use tenancy::Tenant;

use super::authenticator;
use crate::mail::Mail;

/// What lets into an account besides its password.
#[derive(Debug, Clone, Default)]
pub struct WaysIn {
    /// The passkeys, the oldest first.
    pub passkeys: Vec<passkey::Model>,
    /// How many passkeys were removed just now.
    pub passkeys_removed: u64,
    /// When the authenticator app was confirmed that is asked for besides the password; none without one.
    pub authenticator_confirmed_at: Option<DateTime<Utc>>,
}

impl WaysIn {
    /// Those of an account.
    pub(super) async fn of<C: ConnectionTrait>(connection: &C, account: AccountId) -> Result<Self, DbErr> {
        let authenticator = authenticator::confirmed(connection, account).await?;
        Ok(Self {
            passkeys: passkeys(connection, account).await?,
            passkeys_removed: 0,
            authenticator_confirmed_at: authenticator.and_then(|authenticator| authenticator.confirmed_at),
        })
    }
}

/// The account's passkeys, the oldest first.
pub(super) async fn passkeys<C: ConnectionTrait>(connection: &C, account: AccountId) -> Result<Vec<passkey::Model>, DbErr> {
    passkey::Entity::find()
        .filter(passkey::Column::AccountId.eq(account))
        .order_by_asc(passkey::Column::CreatedAt)
        .order_by_asc(passkey::Column::Id)
        .all(connection)
        .await
}

/// A change of how somebody signs in, of which the account's owner is told.
#[derive(Debug, Clone, Copy)]
pub enum SecurityChange<'a> {
    /// A passkey of this name was added.
    PasskeyAdded(&'a str),
    /// A passkey of this name was removed.
    PasskeyRemoved(&'a str),
    /// An authenticator app was confirmed.
    AuthenticatorAdded,
    /// The authenticator app was removed, and the recovery codes with it.
    AuthenticatorRemoved,
    /// The recovery codes were replaced.
    RecoveryCodesReplaced,
}

/// Who writes to the account's owner, and at whose host the change was asked for; none on the apex.
#[derive(Debug, Clone, Copy)]
pub struct Notice<'a> {
    /// Writes mail.
    pub mail: &'a Mail,
    /// The tenant.
    pub tenant: Option<&'a Tenant>,
}

impl Notice<'_> {
    /// Tells the owner, in the transaction of the change.
    pub(super) async fn tell<C: ConnectionTrait>(
        &self,
        connection: &C,
        account: AccountId,
        change: SecurityChange<'_>,
        now: DateTime<Utc>,
    ) -> Result<(), DbErr> {
        let Some(account) = account::Entity::find_by_id(account).one(connection).await? else {
            return Ok(());
        };
        self.mail.write_security_changed(connection, self.tenant, &account, change, now).await
    }
}
