//! What mail says: a subject, a text, and the same as HTML. The templates are in `api/templates/mail`.

mod own_domain;

use askama::Template;
use chrono::{DateTime, TimeDelta, Utc};
use domain::Role;
use sea_orm::DbErr;

pub(super) use self::own_domain::{DomainFailing, DomainReleased};
use crate::auth::{SecurityChange, WaysIn};

/// A message without its address.
#[derive(Debug, Default)]
pub(super) struct Letter {
    pub(super) subject: String,
    pub(super) text: String,
    pub(super) html: String,
}

impl Letter {
    pub(super) fn render(subject: &str, text: &impl Template, html: &impl Template) -> Result<Self, DbErr> {
        let failed = |error: askama::Error| DbErr::Custom(format!("a mail could not be written: {error}"));
        Ok(Self { subject: one_line(subject), text: text.render().map_err(failed)?, html: html.render().map_err(failed)? })
    }
}

/// Invites somebody to become a member.
#[derive(Debug, Template)]
#[template(path = "mail/invitation.txt")]
pub(super) struct Invitation {
    tenant: String,
    invited_by: String,
    role: &'static str,
    link: String,
    until: String,
}

#[derive(Template)]
#[template(path = "mail/invitation.html")]
struct InvitationHtml<'a> {
    letter: &'a Invitation,
}

impl Invitation {
    pub(super) fn new(tenant: &str, invited_by: &str, role: Role, link: &str, until: DateTime<Utc>) -> Self {
        let (tenant, invited_by, link) = (one_line(tenant), one_line(invited_by), link.to_owned());
        Self { tenant, invited_by, role: for_people(role), link, until: moment(until) }
    }

    pub(super) fn letter(&self) -> Result<Letter, DbErr> {
        Letter::render(&format!("Invitation to {}", self.tenant), self, &InvitationHtml { letter: self })
    }
}

/// Leads to a new password.
#[derive(Template)]
#[template(path = "mail/password_reset.txt")]
pub(super) struct PasswordReset {
    name: String,
    link: String,
}

#[derive(Template)]
#[template(path = "mail/password_reset.html")]
struct PasswordResetHtml<'a> {
    letter: &'a PasswordReset,
}

impl PasswordReset {
    pub(super) fn new(name: &str, link: String) -> Self {
        Self { name: one_line(name), link }
    }

    pub(super) fn letter(&self) -> Result<Letter, DbErr> {
        Letter::render("Choose a new password", self, &PasswordResetHtml { letter: self })
    }
}

/// Tells that a password was changed, and what else still lets in.
#[derive(Debug, Template)]
#[template(path = "mail/password_changed.txt")]
pub(super) struct PasswordChanged {
    name: String,
    when: String,
    address: String,
    /// What was removed and what is left, a sentence each.
    facts: Vec<String>,
}

#[derive(Template)]
#[template(path = "mail/password_changed.html")]
struct PasswordChangedHtml<'a> {
    letter: &'a PasswordChanged,
}

impl PasswordChanged {
    pub(super) fn new(name: &str, when: DateTime<Utc>, address: &str, left: &WaysIn) -> Self {
        let mut facts = Vec::new();
        if left.passkeys_removed > 0 {
            facts.push("Your passkeys were removed.".to_owned());
        }
        for passkey in &left.passkeys {
            facts.push(format!("Your passkey “{}” still signs in.", one_line(&passkey.name)));
        }
        if let Some(confirmed) = left.authenticator_confirmed_at {
            facts.push(format!("Your authenticator app of {} is still asked for.", moment(confirmed)));
        }
        Self { name: one_line(name), when: moment(when), address: address.to_owned(), facts }
    }

    pub(super) fn letter(&self) -> Result<Letter, DbErr> {
        Letter::render("Your password was changed", self, &PasswordChangedHtml { letter: self })
    }
}

/// Tells that something has changed of how somebody signs in.
#[derive(Debug, Template)]
#[template(path = "mail/security_changed.txt")]
pub(super) struct SecurityChanged {
    name: String,
    subject: &'static str,
    what: String,
    when: String,
    address: String,
}

#[derive(Template)]
#[template(path = "mail/security_changed.html")]
struct SecurityChangedHtml<'a> {
    letter: &'a SecurityChanged,
}

impl SecurityChanged {
    pub(super) fn new(name: &str, change: SecurityChange<'_>, when: DateTime<Utc>, address: &str) -> Self {
        let (subject, what) = match change {
            SecurityChange::PasskeyAdded(passkey) => {
                ("A passkey was added", format!("the passkey “{}” was added to your account", one_line(passkey)))
            }
            SecurityChange::PasskeyRemoved(passkey) => {
                ("A passkey was removed", format!("the passkey “{}” was removed from your account", one_line(passkey)))
            }
            SecurityChange::AuthenticatorAdded => {
                ("An authenticator app was added", "an authenticator app was added to your account".to_owned())
            }
            SecurityChange::AuthenticatorRemoved => (
                "Your authenticator app was removed",
                "the authenticator app was removed from your account, with its recovery codes".to_owned(),
            ),
            SecurityChange::RecoveryCodesReplaced => {
                ("Your recovery codes were replaced", "the recovery codes of your account were replaced".to_owned())
            }
        };
        Self { name: one_line(name), subject, what, when: moment(when), address: address.to_owned() }
    }

    pub(super) fn letter(&self) -> Result<Letter, DbErr> {
        Letter::render(self.subject, self, &SecurityChangedHtml { letter: self })
    }
}

/// Asks whether an organisation is to be signed up. It says nothing that a stranger has written but the address: it must not carry a
/// stranger's words to any mailbox.
#[derive(Debug, Template)]
#[template(path = "mail/sign_up.txt")]
pub(super) struct SignUp {
    address: String,
    has_account: bool,
    link: String,
    until: String,
}

#[derive(Template)]
#[template(path = "mail/sign_up.html")]
struct SignUpHtml<'a> {
    letter: &'a SignUp,
}

impl SignUp {
    pub(super) fn new(address: String, has_account: bool, link: String, until: DateTime<Utc>) -> Self {
        Self { address, has_account, link, until: moment(until) }
    }

    pub(super) fn letter(&self) -> Result<Letter, DbErr> {
        Letter::render("Confirm that your organisation signs up", self, &SignUpHtml { letter: self })
    }
}

/// A line break in a name would begin another header of the mail, or look like another paragraph of it.
pub(super) fn one_line(text: &str) -> String {
    text.chars().map(|character| if is_break(character) { ' ' } else { character }).collect()
}

/// Control characters, and what Unicode has for the end of a line and of a paragraph.
fn is_break(character: char) -> bool {
    character.is_control() || matches!(character, '\u{2028}' | '\u{2029}')
}

pub(super) fn moment(moment: DateTime<Utc>) -> String {
    moment.format("%-d %B %Y, %H:%M UTC").to_string()
}

/// The day of an instant, in UTC.
pub(super) fn day(instant: DateTime<Utc>) -> String {
    instant.format("%-d %B %Y").to_string()
}

/// The last day of what holds until an instant, in UTC: a day that was named counts as a whole.
pub(super) fn last_day(until: DateTime<Utc>) -> String {
    day(until.checked_sub_signed(TimeDelta::nanoseconds(1)).unwrap_or(until))
}

fn for_people(role: Role) -> &'static str {
    match role {
        Role::Owner => "an owner",
        Role::Admin => "an administrator",
        Role::Hr => "a member of human resources",
        Role::Manager => "a manager",
        Role::Employee => "an employee",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_line_and_no_markup() {
        let invitation = Invitation::new(
            "Acme\r\nBcc: victim@example.test",
            "<script>alert('&\")</script>\u{2028}x",
            Role::Admin,
            "https://acme.example.test/invitation#abc",
            DateTime::UNIX_EPOCH,
        );
        let letter = invitation.letter().unwrap();
        assert_eq!(letter.subject, "Invitation to Acme  Bcc: victim@example.test");
        assert!(!letter.text.contains('\r') && !letter.text.contains('\u{2028}'));
        assert!(letter.text.contains("<script>alert('&\")</script> x"), "{}", letter.text);
        assert!(!letter.html.contains("<script"), "{}", letter.html);
        assert!(letter.html.contains("&#60;script&#62;alert(&#39;&#38;&#34;)"), "{}", letter.html);
        for body in [&letter.text, &letter.html] {
            assert!(body.contains("https://acme.example.test/invitation#abc"));
            assert!(body.contains("1 January 1970, 00:00 UTC"));
            assert!(body.contains("an administrator"));
        }
    }

    #[test]
    fn what_holds_until_midnight_ends_with_the_day_before() {
        let midnight = DateTime::parse_from_rfc3339("2027-01-01T00:00:00Z").unwrap().to_utc();
        assert_eq!([day(midnight), last_day(midnight)], ["1 January 2027", "31 December 2026"]);
        assert_eq!(last_day(midnight + TimeDelta::hours(12)), "1 January 2027");
    }

    #[test]
    fn every_letter_has_its_link_in_both_forms() {
        let reset = PasswordReset::new("Ann", "http://localhost/reset-password#abc".to_owned()).letter().unwrap();
        let changed = PasswordChanged::new("Ann", DateTime::UNIX_EPOCH, "http://localhost", &WaysIn::default()).letter().unwrap();
        let change = SecurityChange::PasskeyAdded("<b>Key</b>\r\nBcc: x");
        let security = SecurityChanged::new("Ann", change, DateTime::UNIX_EPOCH, "http://localhost").letter().unwrap();
        assert!(security.text.contains("“<b>Key</b>  Bcc: x”") && security.html.contains("“&#60;b&#62;Key"), "{}", security.html);
        for (letter, link) in [
            (&reset, "http://localhost/reset-password#abc"),
            (&changed, "http://localhost/security"),
            (&security, "http://localhost/security"),
        ] {
            assert!(letter.text.contains(link) && letter.html.contains(link));
            assert!(letter.text.contains("Ann") && letter.html.contains("Ann"));
        }
    }
}
