//! Why those who watch are sent away.

use crate::{graphql::error::Code, http::refusal::Refusal};

/// Why a connection ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Ending {
    /// Whoever watches may not be here, or not any more.
    Refused {
        /// Why.
        code: Code,
        /// Why, for people.
        message: String,
    },
    /// Changes may have gone unheard.
    Interrupted,
    /// More has changed than was taken.
    TooSlow,
    /// The WebSocket has not said in time who it is.
    Unnamed,
    /// The program stops.
    Stopping,
}

impl From<Refusal> for Ending {
    fn from(refusal: Refusal) -> Self {
        match &refusal {
            Refusal::Internal(cause) | Refusal::Unreachable(cause) => {
                tracing::error!(error = format!("{cause:#}"), "a subscription failed");
            }
            Refusal::InvalidToken(reason) => tracing::info!(reason = format!("{reason:#}"), "a subscription was ended"),
            other => tracing::info!(code = other.code().as_str(), "a subscription was ended"),
        }
        Self::Refused { code: refusal.code(), message: refusal.to_string() }
    }
}

impl Ending {
    /// The code that closes a WebSocket. Those of the protocol's own begin with 44; the others are RFC 6455's.
    pub(super) fn close_code(&self) -> u16 {
        match self {
            Self::Refused {
                code: Code::TenantMigrating | Code::TenantMaintenance | Code::Internal | Code::RateLimited, ..
            }
            | Self::TooSlow => 1013,
            Self::Refused { .. } => 4403,
            Self::Interrupted => 1012,
            Self::Unnamed => 4408,
            Self::Stopping => 1001,
        }
    }

    /// The reason that goes with it.
    pub(super) fn reason(&self) -> &'static str {
        match self {
            Self::Refused { code, .. } => code.as_str(),
            Self::Interrupted => "CHANGES_MISSED",
            Self::TooSlow => "TOO_SLOW",
            Self::Unnamed => "Connection initialisation timeout",
            Self::Stopping => "STOPPING",
        }
    }

    /// What is said at the end of an event stream. Nothing, where the client shall connect again: it takes a stream that breaks
    /// off for a fault of the network.
    pub(super) fn last_words(&self) -> Option<(Code, &str)> {
        match self {
            Self::Refused { code, message } if self.close_code() == 4403 => Some((*code, message)),
            _ => None,
        }
    }
}
