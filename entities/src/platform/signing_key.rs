//! The keys that sign access tokens.

use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;

/// One Ed25519 key pair.
#[derive(Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(schema_name = "platform", table_name = "signing_keys")]
pub struct Model {
    /// The JWK thumbprint of the public key: the `kid` of the tokens that it signs.
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub id: String,
    /// The key pair in PKCS#8 (DER); empty once the key is retired. Secret.
    #[sea_orm(column_type = "Blob")]
    pub private_key: Vec<u8>,
    /// When the key was made.
    pub created_at: DateTime<Utc>,
    /// From when on it signs. Until then it is published only, so that every process and every verifier knows it in time.
    pub signs_from: DateTime<Utc>,
    /// When it was retired: no token that it signed is good any more, and its private half is erased.
    pub retired_at: Option<DateTime<Utc>>,
}

// By hand, so that a key never gets into a log.
impl std::fmt::Debug for Model {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Model")
            .field("id", &self.id)
            .field("created_at", &self.created_at)
            .field("signs_from", &self.signs_from)
            .field("retired_at", &self.retired_at)
            .finish_non_exhaustive()
    }
}

/// Signing keys stand alone.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
