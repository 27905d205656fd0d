//! Signing an organisation up: asked for by anybody, confirmed by whoever reads the mail of its owner.
//!
//! A wish waits for a day. Its mail has a token, by which the tenant is made at once. Whoever asked is known by a key that their
//! program has made, or by the password that they chose: so nobody who follows a link that a stranger has asked for gets an account
//! with the stranger's password. (`docs/decisions/0019-sign-up.md`)

mod ask;
mod confirm;
mod invitation;
mod look;
mod slug;

use chrono::{DateTime, TimeDelta, Utc};
use clap::ValueEnum;
use domain::Error;
use entities::platform::{sign_up, sign_up_invitation};
use sea_orm::{ColumnTrait, DbErr, EntityTrait, ExprTrait as _, QueryFilter};
use sha2::{Digest as _, Sha256};
use tenancy::PlatformConnection;

pub use ask::{AskedSignUp, SignUpWish};
pub use confirm::{Confirmation, Confirmed};
pub use invitation::make_sign_up_invitation;
pub use look::{OpenSignUp, SignUpProgress};
pub use slug::{SlugAnswer, SlugProblem};

pub(crate) use look::make_sign_up_token;

/// For how long a sign-up can be confirmed, and for how long after that it is known what became of it.
const LIFETIME: TimeDelta = TimeDelta::days(1);

/// Who may sign an organisation up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SignUpMode {
    /// Anybody.
    Open,
    /// Whoever has an invitation of the operator.
    Invited,
    /// Nobody.
    Closed,
}

/// What an operator has decided about signing up.
#[derive(Debug, Clone, Copy)]
pub struct SignUpPolicy {
    /// Who may.
    pub mode: SignUpMode,
    /// For how long a new organisation is on trial; none is on none.
    pub trial: Option<TimeDelta>,
    /// How many organisations may be made by signing up within a day.
    pub tenants_per_day: u32,
    /// How many sign-ups a network may ask for within a day.
    pub per_network: u32,
}

impl SignUpPolicy {
    fn require_offered(&self) -> Result<(), Error> {
        match self.mode {
            SignUpMode::Open | SignUpMode::Invited => Ok(()),
            SignUpMode::Closed => Err(Error::Forbidden("Organisations do not sign up here by themselves.")),
        }
    }
}

/// Deletes sign-ups that nobody has confirmed in time, confirmed ones that nobody asks for any more, and invitations that nobody has
/// used.
pub(super) async fn delete_expired(platform: &PlatformConnection, now: DateTime<Utc>) -> Result<(), DbErr> {
    let abandoned = sign_up::Column::ExpiresAt.lt(now).and(sign_up::Column::ConfirmedAt.is_null());
    sign_up::Entity::delete_many().filter(abandoned).exec(platform).await?;
    sign_up::Entity::delete_many().filter(sign_up::Column::ConfirmedAt.lt(now - LIFETIME)).exec(platform).await?;
    sign_up_invitation::Entity::delete_many().filter(sign_up_invitation::Column::ExpiresAt.lt(now)).exec(platform).await?;
    Ok(())
}

/// What is stored of a secret.
fn digest(secret: &str) -> Vec<u8> {
    Sha256::digest(secret).to_vec()
}
