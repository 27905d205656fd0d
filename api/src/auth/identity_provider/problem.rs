//! Why somebody cannot sign in by the provider.

use std::fmt;

use anyhow::anyhow;
use sea_orm::DbErr;

/// Why somebody could not sign in by the provider, as a word for the page that tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Problem {
    /// The tenant has no provider.
    NoProvider,
    /// The provider does not answer, or not as it should.
    Unreachable,
    /// The provider refused, or the person did.
    Refused,
    /// The try is unknown, too old, over, or another browser's.
    Expired,
    /// What the provider answered is not to be trusted.
    Untrusted,
    /// The provider gives no verified e-mail address.
    EmailNotVerified,
    /// The account is no member; an invitation is needed.
    NotAMember,
    /// The provider's claims give no role here.
    NoRole,
    /// All seats of the tenant's plan are taken.
    NoSeat,
    /// Owners sign in by their password or passkey.
    Owner,
    /// The account belongs to another person of the provider.
    LinkedOtherwise,
    /// A fault of this program.
    Failed,
}

impl Problem {
    /// The word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NoProvider => "no_provider",
            Self::Unreachable => "provider_unreachable",
            Self::Refused => "provider_refused",
            Self::Expired => "expired",
            Self::Untrusted => "provider_untrusted",
            Self::EmailNotVerified => "email_not_verified",
            Self::NotAMember => "not_a_member",
            Self::NoRole => "no_role",
            Self::NoSeat => "no_seat",
            Self::Owner => "owner",
            Self::LinkedOtherwise => "linked_otherwise",
            Self::Failed => "failed",
        }
    }

    /// The refusal for this problem, with a reason for the log.
    pub(crate) fn because(self, reason: impl Into<Reason>) -> ProviderRefusal {
        ProviderRefusal { problem: self, reason: reason.into().0 }
    }
}

/// A reason, from a text or an error.
pub(crate) struct Reason(anyhow::Error);

impl From<&'static str> for Reason {
    fn from(text: &'static str) -> Self {
        Self(anyhow!(text))
    }
}

impl From<anyhow::Error> for Reason {
    fn from(error: anyhow::Error) -> Self {
        Self(error)
    }
}

/// Somebody could not sign in by the provider.
#[derive(Debug)]
pub struct ProviderRefusal {
    /// What the person is told.
    pub problem: Problem,
    /// What the log is told.
    pub reason: anyhow::Error,
}

impl fmt::Display for ProviderRefusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {:#}", self.problem.as_str(), self.reason)
    }
}

impl From<DbErr> for ProviderRefusal {
    fn from(error: DbErr) -> Self {
        Problem::Failed.because(anyhow::Error::from(error))
    }
}
