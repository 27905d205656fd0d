//! What an organisation's plan may bound, and what it may leave out.

use std::{fmt, str::FromStr};

use crate::Permission;

/// A part of the service that a plan has or has not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Feature {
    /// Addresses of the organisation's own.
    CustomDomains,
    /// Signing in by the organisation's own identity provider.
    IdentityProvider,
    /// Keys by which programs use the API.
    ApiKeys,
}

impl Feature {
    /// Every feature.
    pub const ALL: [Self; 3] = [Self::CustomDomains, Self::IdentityProvider, Self::ApiKeys];

    /// The name, as it is stored and typed.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::CustomDomains => "custom-domains",
            Self::IdentityProvider => "identity-provider",
            Self::ApiKeys => "api-keys",
        }
    }

    /// What whoever sets it up has to be allowed to do.
    pub const fn permission(self) -> Permission {
        match self {
            Self::CustomDomains => Permission::ManageDomains,
            Self::IdentityProvider => Permission::ManageSignIn,
            Self::ApiKeys => Permission::ManageApiKeys,
        }
    }

    /// What it is, in a sentence.
    const fn described(self) -> &'static str {
        match self {
            Self::CustomDomains => "Addresses of your own are",
            Self::IdentityProvider => "An identity provider of your own is",
            Self::ApiKeys => "API keys are",
        }
    }
}

impl fmt::Display for Feature {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl FromStr for Feature {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let names = || Self::ALL.map(Self::as_str).join(", ");
        Self::ALL.into_iter().find(|feature| feature.as_str() == text).ok_or_else(|| format!("the features are {}", names()))
    }
}

/// The sentence for whoever asks for a feature that the plan has not.
pub(crate) fn not_included(feature: Feature) -> String {
    format!("{} not part of this organisation's plan. What is there stays, and can be removed.", feature.described())
}

/// Something of which a plan may have so much and no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Quota {
    /// Members, and invitations that can be accepted.
    Seats,
    /// Bytes that the organisation's data takes, with its indexes.
    StorageBytes,
    /// Requests of those who are signed in, from midnight to midnight, UTC.
    RequestsPerDay,
}

impl Quota {
    /// Every quota.
    pub const ALL: [Self; 3] = [Self::Seats, Self::StorageBytes, Self::RequestsPerDay];

    /// The name, as it is stored and as clients see it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Seats => "seats",
            Self::StorageBytes => "storageBytes",
            Self::RequestsPerDay => "requestsPerDay",
        }
    }
}

/// A quota that is used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", exceeded(*self))]
pub struct QuotaExceeded {
    /// Which.
    pub quota: Quota,
    /// How much there is.
    pub limit: u64,
    /// How much is used.
    pub used: u64,
}

fn exceeded(QuotaExceeded { quota, limit, used }: QuotaExceeded) -> String {
    match quota {
        Quota::Seats => format!(
            "This organisation's plan has seats for {limit}, and {used} are taken, open invitations included. Nobody can be added \
             before somebody has left or the plan is another."
        ),
        Quota::StorageBytes => format!(
            "This organisation's data takes {}, and its plan has {}. Nothing can be added before something is deleted or the plan \
             is another; what is there can be read and deleted.",
            bytes(used),
            bytes(limit)
        ),
        Quota::RequestsPerDay => format!(
            "This organisation has used up the {limit} requests that its plan has for a day. The next day begins at midnight, UTC."
        ),
    }
}

/// So many bytes, for people.
pub fn bytes(count: u64) -> String {
    const UNITS: [&str; 4] = ["kB", "MB", "GB", "TB"];
    #[expect(clippy::cast_precision_loss, reason = "one decimal place is shown")]
    let mut amount = count as f64;
    let mut shown = "bytes";
    for unit in UNITS {
        if amount < 1000.0 {
            break;
        }
        amount /= 1000.0;
        shown = unit;
    }
    if shown == "bytes" { format!("{count} bytes") } else { format!("{amount:.1} {shown}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_of_bytes_is_readable() {
        assert_eq!(
            [0, 999, 1000, 1_550_000, 2_000_000_000, u64::MAX].map(bytes),
            ["0 bytes", "999 bytes", "1.0 kB", "1.6 MB", "2.0 GB", "18446744.1 TB"]
        );
    }

    #[test]
    fn a_feature_is_found_by_its_name() {
        for feature in Feature::ALL {
            assert_eq!(feature.as_str().parse(), Ok(feature));
        }
        assert!("video-calls".parse::<Feature>().is_err_and(|error| error.contains("custom-domains")));
    }
}
