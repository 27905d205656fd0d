//! Passkeys (WebAuthn credentials).

use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;

use crate::id::{AccountId, PasskeyId};

/// One passkey.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(schema_name = "platform", table_name = "passkeys")]
pub struct Model {
    /// The passkey's id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: PasskeyId,
    /// Whose it is.
    pub account_id: AccountId,
    /// The domain that it is good for.
    #[sea_orm(column_type = "Text")]
    pub relying_party: String,
    /// The authenticator's own id of it.
    #[sea_orm(column_type = "Blob", unique)]
    pub credential_id: Vec<u8>,
    /// The public key and what else is verified.
    #[sea_orm(column_type = "JsonBinary")]
    pub credential: Json,
    /// The name that its owner gave it.
    #[sea_orm(column_type = "Text")]
    pub name: String,
    /// When it was registered.
    pub created_at: DateTime<Utc>,
    /// When somebody last signed in by it.
    pub last_used_at: Option<DateTime<Utc>>,
}

/// Passkeys stand alone.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
