//! Steps of a sign-in that wait for their answer: a second factor, a passkey, an identity provider.

use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;

use crate::id::{AccountId, ChallengeId};

/// One step that waits.
#[derive(Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(schema_name = "platform", table_name = "sign_in_challenges")]
pub struct Model {
    /// The challenge's id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ChallengeId,
    /// What is waited for: `second_factor`, `passkey_registration`, `passkey_sign_in` or `identity_provider`.
    #[sea_orm(column_type = "Text")]
    pub kind: String,
    /// Whose sign-in it is, where that is known already.
    pub account_id: Option<AccountId>,
    /// Where; none on the apex.
    pub tenant_id: Option<Uuid>,
    /// What the step needs when it goes on. Secret.
    #[sea_orm(column_type = "JsonBinary")]
    pub state: Json,
    /// Wrong answers so far.
    pub tries: i32,
    /// When the step began.
    pub created_at: DateTime<Utc>,
    /// Until when it waits.
    pub expires_at: DateTime<Utc>,
}

// By hand, so that a secret never gets into a log.
impl std::fmt::Debug for Model {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Model")
            .field("id", &self.id)
            .field("kind", &self.kind)
            .field("account_id", &self.account_id)
            .field("tenant_id", &self.tenant_id)
            .field("tries", &self.tries)
            .field("created_at", &self.created_at)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

/// Challenges stand alone.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
