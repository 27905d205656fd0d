//! Invitations of the operator, where not everybody may sign up.

use chrono::{DateTime, TimeDelta, Utc};
use domain::Error;
use entities::platform::sign_up_invitation::{ActiveModel, Column, Entity};
use sea_orm::{ActiveModelTrait, ColumnTrait, DbErr, EntityTrait, QueryFilter, Set};
use tenancy::PlatformConnection;

use super::SignUpMode;
use crate::auth::{Auth, AuthError, mailed_token::MailedToken};

/// Makes an invitation, good for one organisation and for so long. The text goes behind the `#` of the link.
pub async fn make_sign_up_invitation(
    platform: &PlatformConnection,
    lifetime: TimeDelta,
    now: DateTime<Utc>,
) -> Result<String, DbErr> {
    let token = MailedToken::make();
    let row = ActiveModel { code_hash: Set(token.hash), created_at: Set(now), expires_at: Set(now + lifetime) };
    row.insert(platform).await?;
    Ok(token.text)
}

impl Auth {
    /// What is stored of an invitation that is good, where one is needed. It is used up by the confirmation.
    pub(super) async fn check_invitation(
        &self,
        invitation: Option<&str>,
        now: DateTime<Utc>,
    ) -> Result<Option<Vec<u8>>, AuthError> {
        if self.sign_up.mode != SignUpMode::Invited {
            return Ok(None);
        }
        let missing =
            || Error::bad_input("invitation", "Signing up needs an invitation, and this one is not good, or not any more.");
        let hash = invitation.and_then(MailedToken::hash_of).ok_or_else(missing)?;
        let found = Entity::find_by_id(hash.clone()).filter(Column::ExpiresAt.gt(now)).one(&self.platform).await?;
        found.ok_or_else(missing)?;
        Ok(Some(hash))
    }
}
