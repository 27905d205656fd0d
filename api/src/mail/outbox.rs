//! The outbox: messages that are to be sent, and for a while those that were.

use chrono::{DateTime, TimeDelta, Utc};
use entities::{
    id::MailId,
    platform::{
        invitation,
        outgoing_mail::{ActiveModel, Column, Entity, Model},
        sign_up,
    },
};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, DbBackend, DbErr, EntityTrait, QueryFilter, Set, Statement,
};
use tenancy::{PlatformConnection, TenantId};

use super::letter::Letter;
use crate::support::PATIENCE;

/// For how long a message belongs to the worker that took it. Longer than sending can take: a worker that is still at it keeps
/// it, and one that has ended gives it back.
pub(super) const LEASE: TimeDelta = TimeDelta::minutes(5);
/// How often an address may be sent the way to a new password within [`RESET_WINDOW`].
const RESETS: i64 = 3;
const RESET_WINDOW: TimeDelta = TimeDelta::minutes(15);
/// For how long it is kept what was sent when, and what was not.
const KEPT: TimeDelta = TimeDelta::days(30);

/// What a message is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Invitation,
    PasswordReset,
    PasswordChanged,
    SecurityChanged,
    DomainFailing,
    DomainReleased,
    SignUp,
    Standing,
    DeletionCertificate,
    QuotaWarning,
    Export,
    SupportRequest,
}

impl Kind {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Invitation => "invitation",
            Self::PasswordReset => "password_reset",
            Self::PasswordChanged => "password_changed",
            Self::SecurityChanged => "security_changed",
            Self::DomainFailing => "domain_failing",
            Self::DomainReleased => "domain_released",
            Self::SignUp => "sign_up",
            Self::Standing => "standing",
            Self::DeletionCertificate => "deletion_certificate",
            Self::QuotaWarning => "quota_warning",
            Self::Export => "export",
            Self::SupportRequest => "support_request",
        }
    }

    /// For how long after it was written it is of use.
    pub(super) fn worth_sending_for(kind: &str) -> TimeDelta {
        if kind == Self::PasswordReset.as_str() {
            TimeDelta::hours(1)
        } else if kind == Self::SupportRequest.as_str() {
            // As long as it can be answered.
            PATIENCE
        } else if [
            Self::Standing,
            Self::DeletionCertificate,
            Self::DomainFailing,
            Self::DomainReleased,
            Self::QuotaWarning,
            Self::Export,
        ]
        .into_iter()
        .any(|lasting| lasting.as_str() == kind)
        {
            TimeDelta::days(7)
        } else {
            TimeDelta::days(1)
        }
    }
}

/// Writes a message, which becomes due with the commit.
pub(super) async fn put<C: ConnectionTrait>(
    connection: &C,
    kind: Kind,
    tenant: Option<TenantId>,
    recipient: &str,
    letter: Letter,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    let message = ActiveModel {
        subject: Set(letter.subject),
        text_body: Set(letter.text),
        html_body: Set(letter.html),
        ..empty(kind, tenant, recipient, now)
    };
    Entity::insert(message).exec_without_returning(connection).await?;
    Ok(())
}

/// Writes that an invitation is to be sent. What it says, and its token, are made when it is: who reads the outbox cannot accept it.
pub(super) async fn put_invitation<C: ConnectionTrait>(connection: &C, invitation: &invitation::Model) -> Result<(), DbErr> {
    let tenant = Some(TenantId(invitation.tenant_id));
    let message = ActiveModel {
        invitation_id: Set(Some(invitation.id)),
        ..empty(Kind::Invitation, tenant, &invitation.email, invitation.created_at)
    };
    Entity::insert(message).exec_without_returning(connection).await?;
    Ok(())
}

/// Writes that a sign-up is to be confirmed. What it says, and its token, are made when it is sent.
pub(super) async fn put_sign_up<C: ConnectionTrait>(connection: &C, sign_up: &sign_up::Model) -> Result<(), DbErr> {
    let message =
        ActiveModel { sign_up_id: Set(Some(sign_up.id)), ..empty(Kind::SignUp, None, &sign_up.email, sign_up.created_at) };
    Entity::insert(message).exec_without_returning(connection).await?;
    Ok(())
}

fn empty(kind: Kind, tenant: Option<TenantId>, recipient: &str, now: DateTime<Utc>) -> ActiveModel {
    ActiveModel {
        id: Set(MailId::generate()),
        tenant_id: Set(tenant.map(|tenant| tenant.0)),
        kind: Set(kind.as_str().to_owned()),
        invitation_id: Set(None),
        sign_up_id: Set(None),
        recipient: Set(recipient.to_owned()),
        subject: Set(String::new()),
        text_body: Set(String::new()),
        html_body: Set(String::new()),
        tries: Set(0),
        created_at: Set(now),
        next_try_at: Set(now),
        sent_at: Set(None),
        failed_at: Set(None),
        last_error: Set(None),
    }
}

/// Notes that an address wants a new password, unless it was sent a few ways to one just now: nobody shall be able to fill
/// another's mailbox.
pub(super) async fn put_password_reset<C: ConnectionTrait>(
    connection: &C,
    tenant: Option<TenantId>,
    recipient: &str,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    let sql = "INSERT INTO platform.outgoing_mail \
               (id, tenant_id, kind, recipient, subject, text_body, html_body, created_at, next_try_at) \
               SELECT $1, $2, $3, $4, '', '', '', $5, $5 WHERE (SELECT count(*) FROM platform.outgoing_mail \
               WHERE recipient = $4 AND kind = $3 AND created_at > $6) < $7";
    let values = [
        MailId::generate().uuid().into(),
        tenant.map(|tenant| tenant.0).into(),
        Kind::PasswordReset.as_str().into(),
        recipient.into(),
        now.into(),
        (now - RESET_WINDOW).into(),
        RESETS.into(),
    ];
    connection.execute_raw(Statement::from_sql_and_values(DbBackend::Postgres, sql, values)).await?;
    Ok(())
}

/// Takes messages that are due, each for one worker only.
pub(super) async fn take(platform: &PlatformConnection, most: i64, now: DateTime<Utc>) -> Result<Vec<Model>, DbErr> {
    let sql = "WITH due AS MATERIALIZED (SELECT id FROM platform.outgoing_mail \
               WHERE sent_at IS NULL AND failed_at IS NULL AND next_try_at <= $1 \
               ORDER BY next_try_at, id LIMIT $2 FOR UPDATE SKIP LOCKED) \
               UPDATE platform.outgoing_mail m SET tries = m.tries + 1, next_try_at = $3 FROM due WHERE m.id = due.id \
               RETURNING m.id, m.tenant_id, m.kind, m.invitation_id, m.sign_up_id, m.recipient, m.subject, m.text_body, m.html_body, m.tries, m.created_at, \
               m.next_try_at, m.sent_at, m.failed_at, m.last_error";
    let values = [now.into(), most.into(), (now + LEASE).into()];
    let statement = Statement::from_sql_and_values(DbBackend::Postgres, sql, values);
    Entity::find().from_raw_sql(statement).all(platform).await
}

/// Notes that a message was sent. What it said is forgotten: it may have led to a new password.
pub(super) async fn note_sent(platform: &PlatformConnection, id: MailId, now: DateTime<Utc>) -> Result<(), DbErr> {
    let sent = ActiveModel { sent_at: Set(Some(now)), last_error: Set(None), ..without_bodies(id) };
    sent.update(platform).await?;
    Ok(())
}

/// Notes that a message will not be sent, and forgets what it said.
pub(super) async fn note_given_up(
    platform: &PlatformConnection,
    id: MailId,
    reason: String,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    let given_up = ActiveModel { failed_at: Set(Some(now)), last_error: Set(Some(reason)), ..without_bodies(id) };
    given_up.update(platform).await?;
    Ok(())
}

fn without_bodies(id: MailId) -> ActiveModel {
    ActiveModel { id: Set(id), text_body: Set(String::new()), html_body: Set(String::new()), ..Default::default() }
}

/// Notes that a message is to be tried again.
pub(super) async fn note_failed(
    platform: &PlatformConnection,
    id: MailId,
    reason: String,
    next_try_at: DateTime<Utc>,
) -> Result<(), DbErr> {
    let failed = ActiveModel { id: Set(id), next_try_at: Set(next_try_at), last_error: Set(Some(reason)), ..Default::default() };
    failed.update(platform).await?;
    Ok(())
}

/// Removes what was sent or given up long ago.
pub(super) async fn forget_old(platform: &PlatformConnection, now: DateTime<Utc>) -> Result<(), DbErr> {
    let is_over = Condition::any().add(Column::SentAt.is_not_null()).add(Column::FailedAt.is_not_null());
    Entity::delete_many().filter(Column::CreatedAt.lt(now - KEPT)).filter(is_over).exec(platform).await?;
    Ok(())
}
