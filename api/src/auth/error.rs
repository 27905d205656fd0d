//! Why somebody is not signed in, and what is said of it.

use std::time::Duration;

use super::{challenge::Challenge, password};

/// Why somebody is not signed in.
#[derive(Debug, thiserror::Error)]
pub enum AuthError {
    /// The same for an unknown address, a wrong password and an account without a membership here.
    #[error("The e-mail address or the password is wrong.")]
    InvalidCredentials,
    /// Unknown, used before, expired or ended.
    #[error("The session has ended. Please sign in again.")]
    InvalidRefreshToken,
    /// The password is right, and a second factor is asked for.
    #[error("Please give the code of your authenticator app, or a recovery code.")]
    SecondFactorRequired {
        /// The step that waits for it.
        challenge: Challenge,
    },
    /// The same for an unknown address, a wrong password and a wrong code of an operator.
    #[error("The e-mail address, the password or the code is wrong.")]
    InvalidOperatorCredentials,
    /// A step of a sign-in that is unknown, over, elsewhere or was tried too often.
    #[error("This has taken too long, or was tried too often. Please start again.")]
    InvalidChallenge,
    /// A code of the apex that is unknown, used, expired or for another tenant.
    #[error("This way in has expired or was used before. Please choose the workspace again.")]
    InvalidEntryCode,
    /// A passkey that is unknown, or whose answer is not right.
    #[error("The passkey was not accepted.")]
    InvalidPasskey,
    /// The tenant's own host, where somebody signs in, was let go in the meantime.
    #[error("No organisation has this address.")]
    HostLetGo,
    /// What was asked for makes no sense, is not there, or is not allowed.
    #[error(transparent)]
    Refused(#[from] domain::Error),
    /// Too many tries.
    #[error("There were too many tries. Please wait a moment.")]
    RateLimited {
        /// After what time another try is taken.
        retry_after: Duration,
    },
    /// A fault.
    #[error("signing in failed")]
    Internal(#[from] anyhow::Error),
}

impl AuthError {
    /// A password could not be hashed or verified.
    pub(super) fn of_passwords(error: anyhow::Error) -> Self {
        match error.downcast::<password::Busy>() {
            Ok(password::Busy) => Self::RateLimited { retry_after: Duration::from_secs(5) },
            Err(error) => Self::Internal(error),
        }
    }
}

impl From<sea_orm::DbErr> for AuthError {
    fn from(error: sea_orm::DbErr) -> Self {
        Self::Internal(error.into())
    }
}
