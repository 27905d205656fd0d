//! The tenants' own identity providers (OpenID Connect).

use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;

use super::membership::Role;

/// The provider of one tenant.
#[derive(Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(schema_name = "platform", table_name = "identity_providers")]
pub struct Model {
    /// The tenant.
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    /// The name on the button.
    #[sea_orm(column_type = "Text")]
    pub name: String,
    /// Its issuer, an address, exactly as its tokens name it.
    #[sea_orm(column_type = "Text")]
    pub issuer: String,
    /// This program's id there.
    #[sea_orm(column_type = "Text")]
    pub client_id: String,
    /// This program's secret there, where it has one. Secret.
    #[sea_orm(column_type = "Text", nullable)]
    pub client_secret: Option<String>,
    /// The audience of bearer tokens that are taken; none are without one.
    #[sea_orm(column_type = "Text", nullable)]
    pub audience: Option<String>,
    /// The claim that names roles.
    #[sea_orm(column_type = "Text", nullable)]
    pub role_claim: Option<String>,
    /// Values of that claim, and the role of each: `{"hr-team": "hr"}`.
    #[sea_orm(column_type = "JsonBinary")]
    pub roles: Json,
    /// The role of those whom no value gives one; without it they do not get in.
    pub default_role: Option<Role>,
    /// When it was set up.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}

// By hand, so that a secret never gets into a log.
impl std::fmt::Debug for Model {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Model")
            .field("tenant_id", &self.tenant_id)
            .field("name", &self.name)
            .field("issuer", &self.issuer)
            .field("client_id", &self.client_id)
            .field("audience", &self.audience)
            .field("role_claim", &self.role_claim)
            .field("roles", &self.roles)
            .field("default_role", &self.default_role)
            .field("created_at", &self.created_at)
            .field("updated_at", &self.updated_at)
            .finish_non_exhaustive()
    }
}

/// Providers stand alone.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
