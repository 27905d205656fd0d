//! Invitations to become a member of a tenant.

use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;

use super::membership::Role;
use crate::id::{EmployeeId, InvitationId};

/// One invitation; accepted and withdrawn ones are deleted.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(schema_name = "platform", table_name = "invitations")]
pub struct Model {
    /// The invitation's id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: InvitationId,
    /// The tenant.
    pub tenant_id: Uuid,
    /// Who is invited, in lower case.
    #[sea_orm(column_type = "Text")]
    pub email: String,
    /// What the member will be.
    pub role: Role,
    /// The member's own employee record, if there is one.
    pub employee_id: Option<EmployeeId>,
    /// The SHA-256 of the token in the mail, of invitations from before tokens had a table of their own.
    #[sea_orm(column_type = "Blob", unique, nullable)]
    pub token_hash: Option<Vec<u8>>,
    /// The name of whoever invited.
    #[sea_orm(column_type = "Text")]
    pub invited_by: String,
    /// When the invitation was last sent.
    pub created_at: DateTime<Utc>,
    /// Until when it can be accepted.
    pub expires_at: DateTime<Utc>,
}

/// Invitations stand alone: the address may have no account yet.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
