//! Steps of a sign-in that wait for their answer.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, TimeDelta, Utc};
use entities::{
    id::{AccountId, ChallengeId},
    platform::sign_in_challenge,
};
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, QueryFilter, Set};
use tenancy::{PlatformConnection, TenantId};
use uuid::Uuid;

use super::AuthError;

/// How long a step waits for its answer.
const LIFETIME: TimeDelta = TimeDelta::minutes(5);

/// What a step waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Awaited {
    SecondFactor,
    PasskeyRegistration,
    PasskeySignIn,
}

impl Awaited {
    const fn as_str(self) -> &'static str {
        match self {
            Self::SecondFactor => "second_factor",
            Self::PasskeyRegistration => "passkey_registration",
            Self::PasskeySignIn => "passkey_sign_in",
        }
    }
}

/// Names a step that waits; whoever knows it may answer.
#[derive(Clone, PartialEq, Eq)]
pub struct Challenge(ChallengeId);

impl Challenge {
    /// Reads what somebody sent; anything that is no challenge is one that is not known.
    pub fn parse(text: &str) -> Result<Self, AuthError> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok().and_then(|bytes| <[u8; 16]>::try_from(bytes).ok());
        bytes.map(|bytes| Self(ChallengeId(Uuid::from_bytes(bytes)))).ok_or(AuthError::InvalidChallenge)
    }

    /// As it is sent.
    pub fn to_text(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0.0.as_bytes())
    }

    pub(super) const fn id(&self) -> ChallengeId {
        self.0
    }
}

// By hand: whoever reads the log may not answer.
impl fmt::Debug for Challenge {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Challenge(..)")
    }
}

/// Where a step belongs, and to whom.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub(super) awaited: Awaited,
    pub(super) tenant: Option<TenantId>,
    /// None where the account is not known yet.
    pub(super) account: Option<AccountId>,
}

/// Begins a step.
pub(super) async fn begin(
    platform: &PlatformConnection,
    place: Place,
    state: serde_json::Value,
    now: DateTime<Utc>,
) -> Result<Challenge, DbErr> {
    // Random throughout, unlike other ids: it must not be guessed.
    let id = ChallengeId(Uuid::from_bytes(rand::random()));
    let row = sign_in_challenge::ActiveModel {
        id: Set(id),
        kind: Set(place.awaited.as_str().to_owned()),
        account_id: Set(place.account),
        tenant_id: Set(place.tenant.map(|tenant| tenant.0)),
        state: Set(state),
        tries: Set(0),
        created_at: Set(now),
        expires_at: Set(now + LIFETIME),
    };
    sign_in_challenge::Entity::insert(row).exec_without_returning(platform).await?;
    Ok(Challenge(id))
}

/// The step that waits there under this name.
pub(super) fn waiting(challenge: &Challenge, awaited: Awaited, tenant: Option<TenantId>, now: DateTime<Utc>) -> Condition {
    let here = match tenant {
        Some(tenant) => sign_in_challenge::Column::TenantId.eq(tenant.0),
        None => sign_in_challenge::Column::TenantId.is_null(),
    };
    Condition::all()
        .add(sign_in_challenge::Column::Id.eq(challenge.id()))
        .add(sign_in_challenge::Column::Kind.eq(awaited.as_str()))
        .add(sign_in_challenge::Column::ExpiresAt.gt(now))
        .add(here)
}

/// Takes a step away to be ended: of several answers to it, one gets it.
pub(super) async fn take<C: ConnectionTrait>(
    connection: &C,
    challenge: &Challenge,
    awaited: Awaited,
    tenant: Option<TenantId>,
    now: DateTime<Utc>,
) -> Result<sign_in_challenge::Model, AuthError> {
    let taken = sign_in_challenge::Entity::delete_many()
        .filter(waiting(challenge, awaited, tenant, now))
        .exec_with_returning(connection)
        .await?;
    taken.into_iter().next().ok_or(AuthError::InvalidChallenge)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_challenge_is_read_back_and_never_logged() {
        let challenge = Challenge(ChallengeId(Uuid::from_bytes(rand::random())));
        assert_eq!(Challenge::parse(&challenge.to_text()).unwrap(), challenge);
        assert!(!format!("{challenge:?}").contains(&challenge.to_text()));
        for text in ["", "x", "AAAA", &challenge.to_text()[1..], &format!("{}A", challenge.to_text()), &"A".repeat(9_999)] {
            assert!(matches!(Challenge::parse(text), Err(AuthError::InvalidChallenge)), "{text}");
        }
    }
}
