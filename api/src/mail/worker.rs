//! Sends what is in the outbox.
//!
//! A worker takes a message for some minutes, sends it, and notes that it did. One that ends in between gives it back when the
//! minutes are over. Workers of several processes take different messages.

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use entities::{
    id::{InvitationId, SignUpId},
    platform::outgoing_mail::Model,
};
use futures::future::join_all;
use lettre::{
    Address, Message,
    message::{
        Mailbox, MultiPart,
        header::{HeaderName, HeaderValue},
    },
};
use sea_orm::DbErr;
use tenancy::{Slug, Tenant, TenantId};
use tokio::time::sleep;

use super::{
    Mail,
    letter::{Invitation, Letter, PasswordReset, SignUp},
    outbox::{self, Kind},
    transport::Failure,
};
use crate::{app::Clock, auth};

/// How many messages are sent at a time.
const AT_A_TIME: i64 = 8;
/// How often the outbox is looked at without being woken: for what has to be tried again, and for what another process left.
const INTERVAL: Duration = Duration::from_secs(15);
/// How long to wait after the first failure; twice as long after each further one.
const FIRST_DELAY: TimeDelta = TimeDelta::seconds(30);
/// The longest wait between two tries.
const LONGEST_DELAY: TimeDelta = TimeDelta::hours(2);
/// How many looks at the outbox there are to one for what is old.
const LOOKS_TO_CLEANING: u32 = 240;

/// What became of a message.
enum Outcome {
    Sent,
    /// There is nobody to send it to.
    Nobody,
    Failed(Failure),
}

impl Mail {
    /// Sends mail for as long as the program runs.
    pub async fn run(self: Arc<Self>, clock: Clock) {
        let mut looks = 0_u32;
        loop {
            let mut result = self.send_due(&clock).await.map(|_| ());
            if looks.is_multiple_of(LOOKS_TO_CLEANING) {
                result = result.and(outbox::forget_old(&self.platform, clock()).await);
            }
            looks = looks.wrapping_add(1);
            if let Err(error) = result {
                tracing::warn!(%error, "mail could not be sent for the database's sake; trying again");
            }
            tokio::select! {
                () = self.due.notified() => {}
                () = sleep(INTERVAL) => {}
            }
        }
    }

    /// Sends all that is due. Says how many messages were tried.
    pub async fn send_due(&self, clock: &Clock) -> Result<usize, DbErr> {
        let mut tried = 0;
        loop {
            let messages = outbox::take(&self.platform, AT_A_TIME, clock()).await?;
            if messages.is_empty() {
                return Ok(tried);
            }
            tried += messages.len();
            let done = join_all(messages.into_iter().map(|message| self.handle(message, clock))).await;
            done.into_iter().collect::<Result<(), DbErr>>()?;
        }
    }

    async fn handle(&self, message: Model, clock: &Clock) -> Result<(), DbErr> {
        let (id, tries, created_at) = (message.id, message.tries, message.created_at);
        let is_worth_it_until = created_at + Kind::worth_sending_for(&message.kind);
        let kind = message.kind.clone();
        let outcome = if clock() < is_worth_it_until {
            self.send(message, clock()).await?
        } else {
            Outcome::Failed(Failure::Permanent("it has waited too long to be of use".to_owned()))
        };
        let now = clock();
        let (name, reason) = match outcome {
            Outcome::Sent => {
                outbox::note_sent(&self.platform, id, now).await?;
                ("sent", None)
            }
            // As if it was sent: how often an address was asked for counts, whether it has an account or not.
            Outcome::Nobody => {
                outbox::note_sent(&self.platform, id, now).await?;
                ("nobody", None)
            }
            Outcome::Failed(Failure::Temporary(reason)) if now + delay(tries) < is_worth_it_until => {
                outbox::note_failed(&self.platform, id, reason.clone(), now + delay(tries)).await?;
                ("delayed", Some(reason))
            }
            Outcome::Failed(Failure::Temporary(reason) | Failure::Permanent(reason)) => {
                outbox::note_given_up(&self.platform, id, reason.clone(), now).await?;
                ("given_up", Some(reason))
            }
        };
        metrics::counter!("mail_total", "outcome" => name).increment(1);
        if let Some(reason) = reason {
            tracing::warn!(mail = %id, kind, tries, reason, outcome = name, "a mail was not sent");
        }
        Ok(())
    }

    async fn send(&self, mut message: Model, now: DateTime<Utc>) -> Result<Outcome, DbErr> {
        // Whoever of the address and the body is missing, an unreadable address comes first: it makes no token.
        let Ok(recipient) = message.recipient.parse::<Address>() else {
            return Ok(Outcome::Failed(Failure::Permanent("the address cannot be sent to".to_owned())));
        };
        let made_now = if message.kind == Kind::PasswordReset.as_str() {
            Some(self.password_reset(&message, now).await?)
        } else if let Some(id) = message.invitation_id {
            Some(self.invitation(id, &message, now).await?)
        } else if let Some(id) = message.sign_up_id {
            Some(self.sign_up(id, now).await?)
        } else {
            None
        };
        match made_now {
            None => {}
            Some(None) => return Ok(Outcome::Nobody),
            Some(Some(letter)) => {
                (message.subject, message.text_body, message.html_body) = (letter.subject, letter.text, letter.html);
            }
        }
        // With the time it was written, so that a second try overwrites what a first one may have left in the folder.
        let name = format!("{}-{}-{}", message.created_at.format("%Y%m%d-%H%M%S"), message.kind, message.id);
        let sent = match self.compose(message, recipient, now) {
            Ok(message) => self.transport.send(message, &name).await,
            Err(error) => Err(Failure::Permanent(error.to_string())),
        };
        Ok(sent.map_or_else(Outcome::Failed, |()| Outcome::Sent))
    }

    /// The way to a new password, if the address has an account.
    async fn password_reset(&self, message: &Model, now: DateTime<Utc>) -> Result<Option<Letter>, DbErr> {
        let Some((account, token)) = auth::begin_password_reset(&self.platform, &message.recipient, now).await? else {
            return Ok(None);
        };
        // The organisation may have been deleted meanwhile; the account has not.
        let tenant = self.tenant_of(message).await?;
        let address = self.address_of(tenant.as_deref());
        PasswordReset::new(&account.name, format!("{address}/reset-password#{token}")).letter().map(Some)
    }

    /// The invitation, if it is still open, and was not sent again since.
    async fn invitation(&self, id: InvitationId, message: &Model, now: DateTime<Utc>) -> Result<Option<Letter>, DbErr> {
        let Some(tenant) = self.tenant_of(message).await? else {
            return Ok(None);
        };
        let Some((invitation, token)) = auth::make_invitation_token(&self.platform, id, message.created_at, now).await? else {
            return Ok(None);
        };
        let link = format!("{}/invitation#{token}", self.address_of(Some(&tenant)));
        let (by, until) = (&invitation.invited_by, invitation.expires_at);
        Invitation::new(&tenant.name, by, invitation.role, &link, until).letter().map(Some)
    }

    /// The way to confirm a sign-up, if it still waits.
    async fn sign_up(&self, id: SignUpId, now: DateTime<Utc>) -> Result<Option<Letter>, DbErr> {
        let Some((row, has_account, token)) = auth::make_sign_up_token(&self.platform, id, now).await? else {
            return Ok(None);
        };
        let slug: Slug = row.slug.parse().map_err(|error| DbErr::Custom(format!("in platform.sign_ups: {error}")))?;
        let link = format!("{}/confirm-sign-up#{token}", self.address_of(None));
        SignUp::new(self.addresses.of(&self.hosts.of_slug(&slug)), has_account, link, row.expires_at).letter().map(Some)
    }

    async fn tenant_of(&self, message: &Model) -> Result<Option<Arc<Tenant>>, DbErr> {
        match message.tenant_id {
            Some(id) => self.tenants.directory().by_id(TenantId(id)).await.map_err(|error| DbErr::Custom(error.to_string())),
            None => Ok(None),
        }
    }

    fn compose(&self, message: Model, recipient: Address, now: DateTime<Utc>) -> Result<Message, lettre::error::Error> {
        let id = format!("<{}@{}>", message.id, self.from.email.domain());
        Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, recipient))
            .subject(message.subject)
            .date(now.into())
            .message_id(Some(id))
            // Keeps out-of-office notes from answering.
            .raw_header(HeaderValue::new(HeaderName::new_from_ascii_str("Auto-Submitted"), "auto-generated".to_owned()))
            .multipart(MultiPart::alternative_plain_html(message.text_body, message.html_body))
    }
}

/// How long to wait after so many tries.
fn delay(tries: i32) -> TimeDelta {
    let doublings = u32::try_from(tries.saturating_sub(1)).unwrap_or(0).min(16);
    (FIRST_DELAY * 2_i32.pow(doublings)).min(LONGEST_DELAY)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_delay_grows_to_a_bound() {
        let seconds = |tries| delay(tries).num_seconds();
        assert_eq!([1, 2, 3, 4].map(seconds), [30, 60, 120, 240]);
        assert_eq!([9, 10, 1_000, i32::MAX].map(seconds), [7_200; 4]);
    }
}
