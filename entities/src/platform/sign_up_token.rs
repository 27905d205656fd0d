//! Tokens by which sign-ups are confirmed. Each is made when a mail is sent.

use sea_orm::entity::prelude::*;

use crate::id::SignUpId;

/// One token; a mail that had to be sent twice has left two. It goes with its sign-up.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(schema_name = "platform", table_name = "sign_up_tokens")]
pub struct Model {
    /// The token's SHA-256.
    #[sea_orm(primary_key, auto_increment = false, column_type = "Blob")]
    pub token_hash: Vec<u8>,
    /// The sign-up.
    pub sign_up_id: SignUpId,
}

/// The database alone keeps a token with its sign-up.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
