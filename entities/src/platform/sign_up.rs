//! Wishes to sign an organisation up, which wait for their mail to be answered.

use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;

use crate::id::SignUpId;

/// One wish. It is deleted a day after it was made; one that became a tenant, a day after that.
#[derive(Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(schema_name = "platform", table_name = "sign_ups")]
pub struct Model {
    /// The sign-up's id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: SignUpId,
    /// The SHA-256 of the key that whoever asked has made: it proves that it is they.
    #[sea_orm(column_type = "Blob", unique)]
    pub key_hash: Vec<u8>,
    /// The organisation's name.
    #[sea_orm(column_type = "Text")]
    pub organisation: String,
    /// Its label under the base domain: the one that is wished for, or the one that it got.
    #[sea_orm(column_type = "Text")]
    pub slug: String,
    /// The owner's name.
    #[sea_orm(column_type = "Text")]
    pub owner_name: String,
    /// The owner's address, in lower case.
    #[sea_orm(column_type = "Text")]
    pub email: String,
    /// The Argon2id hash of the password that the account will have; none once the tenant is there.
    #[sea_orm(column_type = "Text", nullable)]
    pub password_hash: Option<String>,
    /// The network that it came from, where that is known.
    #[sea_orm(column_type = "Text", nullable)]
    pub network: Option<String>,
    /// The SHA-256 of the operator's invitation, where one was given.
    #[sea_orm(column_type = "Blob", nullable)]
    pub invitation_hash: Option<Vec<u8>>,
    /// When it was asked for.
    pub created_at: DateTime<Utc>,
    /// Until when it can be confirmed.
    pub expires_at: DateTime<Utc>,
    /// When it was confirmed.
    pub confirmed_at: Option<DateTime<Utc>>,
    /// The tenant that it became.
    pub tenant_id: Option<Uuid>,
}

// By hand, so that a secret never gets into a log.
impl std::fmt::Debug for Model {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Model")
            .field("id", &self.id)
            .field("slug", &self.slug)
            .field("created_at", &self.created_at)
            .field("expires_at", &self.expires_at)
            .field("confirmed_at", &self.confirmed_at)
            .field("tenant_id", &self.tenant_id)
            .finish_non_exhaustive()
    }
}

/// Sign-ups stand alone: neither account nor tenant is there yet.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
