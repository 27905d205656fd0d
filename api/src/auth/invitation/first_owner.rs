//! The invitation by which the first owner of a new tenant comes.

use chrono::{DateTime, Utc};
use domain::{
    Error, Role,
    value::{EmailAddress, FromText},
};
use entities::{id::InvitationId, platform::invitation::Model};
use sea_orm::ConnectionTrait;
use tenancy::Tenant;

use super::{LIFETIME, insert};
use crate::mail::{self, Mail};

/// Invites the owner of a tenant that has nobody yet, in the transaction that makes it.
pub(crate) async fn invite_first_owner<C: ConnectionTrait>(
    connection: &C,
    mail: &Mail,
    tenant: &Tenant,
    email: &str,
    invited_by: &str,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let email = EmailAddress::from_text("ownerEmail", email)?.into_text().to_lowercase();
    if !mail::can_be_sent_to(&email) {
        return Err(Error::bad_input("ownerEmail", "No mail can be sent to this address."));
    }
    let row = Model {
        id: InvitationId::generate(),
        tenant_id: tenant.id.0,
        email,
        role: Role::Owner,
        employee_id: None,
        token_hash: None,
        invited_by: invited_by.to_owned(),
        created_at: now,
        expires_at: now + LIFETIME,
    };
    if let Some(row) = insert(connection, row).await? {
        mail.ask_for_invitation(connection, &row).await?;
    }
    Ok(())
}
