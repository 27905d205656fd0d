//! Mail that is to be sent, and that was.

use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;

use crate::id::{InvitationId, MailId, SignUpId};

/// One message to one address.
#[derive(Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(schema_name = "platform", table_name = "outgoing_mail")]
pub struct Model {
    /// The message's id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: MailId,
    /// The tenant that it is about, if it is about one.
    pub tenant_id: Option<Uuid>,
    /// What it is for, such as `invitation`.
    #[sea_orm(column_type = "Text")]
    pub kind: String,
    /// The invitation that it is, whose text and token are made when it is sent.
    pub invitation_id: Option<InvitationId>,
    /// The sign-up that it confirms, whose text and token are made when it is sent.
    pub sign_up_id: Option<SignUpId>,
    /// The address.
    #[sea_orm(column_type = "Text")]
    pub recipient: String,
    /// The subject.
    #[sea_orm(column_type = "Text")]
    pub subject: String,
    /// The message as text.
    #[sea_orm(column_type = "Text")]
    pub text_body: String,
    /// The message as HTML.
    #[sea_orm(column_type = "Text")]
    pub html_body: String,
    /// How often sending was tried.
    pub tries: i32,
    /// When it was written.
    pub created_at: DateTime<Utc>,
    /// When it is to be tried.
    pub next_try_at: DateTime<Utc>,
    /// When it was sent.
    pub sent_at: Option<DateTime<Utc>>,
    /// When it was given up.
    pub failed_at: Option<DateTime<Utc>>,
    /// What the last try failed for.
    #[sea_orm(column_type = "Text", nullable)]
    pub last_error: Option<String>,
}

// By hand, so that a secret never gets into a log.
impl std::fmt::Debug for Model {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Model")
            .field("id", &self.id)
            .field("tenant_id", &self.tenant_id)
            .field("kind", &self.kind)
            .field("invitation_id", &self.invitation_id)
            .field("sign_up_id", &self.sign_up_id)
            .field("recipient", &self.recipient)
            .field("subject", &self.subject)
            .field("tries", &self.tries)
            .field("created_at", &self.created_at)
            .field("next_try_at", &self.next_try_at)
            .field("sent_at", &self.sent_at)
            .field("failed_at", &self.failed_at)
            .field("last_error", &self.last_error)
            .finish_non_exhaustive()
    }
}

/// Messages stand alone.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
