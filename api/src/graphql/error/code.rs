//! The codes.

use axum::http::StatusCode;

/// A stable name for a kind of failure, sent as `extensions.code`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Code {
    /// Nobody is signed in, or the sign-in is not or no longer valid.
    Unauthenticated,
    /// The password is right, and a second factor is asked for; `challenge` names the step that `completeSignIn` goes on with.
    SecondFactorRequired,
    /// The one who is signed in may not do this.
    Forbidden,
    /// There is nothing of this id here, or it may not be seen.
    NotFound,
    /// The request or one of its inputs cannot be accepted; `field` names the input, where there is one.
    BadUserInput,
    /// The request is fine, but not in the present state; `field` names the input that clashes, where there is one.
    Conflict,
    /// No organisation has this address.
    TenantNotFound,
    /// The host names one organisation and the token another.
    TenantMismatch,
    /// The organisation is suspended.
    TenantSuspended,
    /// The organisation is suspended, because it has not paid.
    TenantPastDue,
    /// Nothing can be changed in the organisation now, because it has not paid.
    TenantReadOnly,
    /// An operator works on the organisation; try again later.
    TenantMaintenance,
    /// The organisation is to be deleted, or is being deleted; its owners can take that back at `url` for a while.
    TenantDeleting,
    /// The organisation has another address, which is `url`.
    TenantMoved,
    /// The organisation's data is being migrated; try again shortly.
    TenantMigrating,
    /// The organisation has used up what its plan has: `quota` names what, `limit` how much there is, `used` how much is used.
    QuotaExceeded,
    /// The organisation's plan has not the feature that was asked for, which `feature` names.
    FeatureNotIncluded,
    /// Too many requests; `retryAfter` gives the seconds to wait.
    RateLimited,
    /// The server failed; `requestId` finds the cause in its log.
    Internal,
}

impl Code {
    /// All codes.
    pub const ALL: [Self; 19] = [
        Self::Unauthenticated,
        Self::SecondFactorRequired,
        Self::Forbidden,
        Self::NotFound,
        Self::BadUserInput,
        Self::Conflict,
        Self::TenantNotFound,
        Self::TenantMismatch,
        Self::TenantSuspended,
        Self::TenantPastDue,
        Self::TenantReadOnly,
        Self::TenantMaintenance,
        Self::TenantDeleting,
        Self::TenantMoved,
        Self::TenantMigrating,
        Self::QuotaExceeded,
        Self::FeatureNotIncluded,
        Self::RateLimited,
        Self::Internal,
    ];

    /// The code as it is sent.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unauthenticated => "UNAUTHENTICATED",
            Self::SecondFactorRequired => "SECOND_FACTOR_REQUIRED",
            Self::Forbidden => "FORBIDDEN",
            Self::NotFound => "NOT_FOUND",
            Self::BadUserInput => "BAD_USER_INPUT",
            Self::Conflict => "CONFLICT",
            Self::TenantNotFound => "TENANT_NOT_FOUND",
            Self::TenantMismatch => "TENANT_MISMATCH",
            Self::TenantSuspended => "TENANT_SUSPENDED",
            Self::TenantPastDue => "TENANT_PAST_DUE",
            Self::TenantReadOnly => "TENANT_READ_ONLY",
            Self::TenantMaintenance => "TENANT_MAINTENANCE",
            Self::TenantDeleting => "TENANT_DELETING",
            Self::TenantMoved => "TENANT_MOVED",
            Self::TenantMigrating => "TENANT_MIGRATING",
            Self::QuotaExceeded => "QUOTA_EXCEEDED",
            Self::FeatureNotIncluded => "FEATURE_NOT_INCLUDED",
            Self::RateLimited => "RATE_LIMITED",
            Self::Internal => "INTERNAL",
        }
    }

    /// The status of a request that is refused as a whole with this code. Errors of single fields are answered with 200.
    pub fn status(self) -> StatusCode {
        match self {
            Self::Unauthenticated | Self::SecondFactorRequired => StatusCode::UNAUTHORIZED,
            Self::Forbidden
            | Self::TenantMismatch
            | Self::TenantSuspended
            | Self::TenantReadOnly
            | Self::TenantDeleting
            | Self::FeatureNotIncluded => StatusCode::FORBIDDEN,
            Self::TenantPastDue => StatusCode::PAYMENT_REQUIRED,
            Self::TenantMoved => StatusCode::GONE,
            Self::NotFound | Self::TenantNotFound => StatusCode::NOT_FOUND,
            Self::BadUserInput => StatusCode::BAD_REQUEST,
            Self::Conflict => StatusCode::CONFLICT,
            Self::TenantMigrating | Self::TenantMaintenance => StatusCode::SERVICE_UNAVAILABLE,
            Self::RateLimited | Self::QuotaExceeded => StatusCode::TOO_MANY_REQUESTS,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}
