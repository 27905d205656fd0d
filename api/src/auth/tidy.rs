//! Finishing what was left, and deleting what nobody can use any more.

use chrono::{DateTime, TimeDelta, Utc};
use entities::platform::{
    entry_code, familiar_network, invitation, invitation_token, password_reset, sign_in_attempt, sign_in_challenge,
};
use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter};

use super::{Auth, sign_up};

/// After so long without a failure, nothing of a count is left.
const ATTEMPTS: TimeDelta = TimeDelta::days(7);

/// For so long an invitation that has expired stays in the list, to be sent again.
const INVITATIONS: TimeDelta = TimeDelta::days(30);

/// For so long it is kept where somebody has signed in from.
const NETWORKS: TimeDelta = TimeDelta::days(90);

impl Auth {
    /// Finishes what somebody who ended in between has left, and deletes what nobody can use any more.
    pub async fn tidy(&self, now: DateTime<Utc>) -> Result<(), DbErr> {
        self.finish_departures(now).await?;
        if let Err(error) = self.note_expired_support(now).await {
            tracing::warn!(?error, "the end of support access was not written down; it is tried again");
        }
        self.deliver_overdue(now).await?;
        self.delete_expired_support(now).await?;
        self.delete_expired(now).await
    }

    /// Deletes steps of sign-ins, codes, tokens, invitations and sign-ups that have expired, and failures of long ago.
    async fn delete_expired(&self, now: DateTime<Utc>) -> Result<(), DbErr> {
        let platform = &self.platform;
        sign_in_challenge::Entity::delete_many().filter(sign_in_challenge::Column::ExpiresAt.lt(now)).exec(platform).await?;
        entry_code::Entity::delete_many().filter(entry_code::Column::ExpiresAt.lt(now)).exec(platform).await?;
        let long_ago = invitation::Column::ExpiresAt.lt(now - INVITATIONS);
        invitation::Entity::delete_many().filter(long_ago).exec(platform).await?;
        invitation_token::Entity::delete_many().filter(invitation_token::Column::ExpiresAt.lt(now)).exec(platform).await?;
        let unused = familiar_network::Column::LastUsedAt.lt(now - NETWORKS);
        familiar_network::Entity::delete_many().filter(unused).exec(platform).await?;
        password_reset::Entity::delete_many().filter(password_reset::Column::ExpiresAt.lt(now)).exec(platform).await?;
        sign_in_attempt::Entity::delete_many()
            .filter(sign_in_attempt::Column::LastFailedAt.lt(now - ATTEMPTS))
            .exec(platform)
            .await?;
        sign_up::delete_expired(platform, now).await
    }
}
