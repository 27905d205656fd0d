//! The rule that a host and a token must name the same tenant.

use thiserror::Error;

use crate::TenantId;

/// What the host of a request names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HostTarget {
    /// The base domain itself.
    Apex,
    /// The host of machine clients, `api.` and the base domain.
    Api,
    /// A tenant's host.
    Tenant(TenantId),
    /// No host of this platform.
    Unknown,
}

/// What a verified token was issued for: its `aud` claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    /// The control plane.
    Platform,
    /// One tenant.
    Tenant(TenantId),
}

/// Where a request goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resolution {
    /// To the control plane.
    ControlPlane,
    /// To this tenant.
    Tenant(TenantId),
}

/// Why a request goes nowhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Refusal {
    /// The host is no host of this platform.
    #[error("No organisation has this address.")]
    TenantNotFound,
    /// The host names one place and the token another.
    #[error("This sign-in belongs to another address.")]
    TenantMismatch,
    /// The host leaves the tenant to the token, and there is none.
    #[error("This address needs a sign-in.")]
    Unauthenticated,
}

/// Decides where a request goes. Pure: the host has been looked up and the token verified before.
pub fn resolve(host: HostTarget, token: Option<Audience>) -> Result<Resolution, Refusal> {
    match (host, token) {
        (HostTarget::Unknown, _) => Err(Refusal::TenantNotFound),
        (HostTarget::Tenant(tenant), None) => Ok(Resolution::Tenant(tenant)),
        (HostTarget::Tenant(tenant), Some(Audience::Tenant(claimed))) if claimed == tenant => Ok(Resolution::Tenant(tenant)),
        (HostTarget::Api, Some(Audience::Tenant(claimed))) => Ok(Resolution::Tenant(claimed)),
        (HostTarget::Api, None) => Err(Refusal::Unauthenticated),
        (HostTarget::Apex, None | Some(Audience::Platform)) => Ok(Resolution::ControlPlane),
        (HostTarget::Tenant(_), Some(_))
        | (HostTarget::Api, Some(Audience::Platform))
        | (HostTarget::Apex, Some(Audience::Tenant(_))) => Err(Refusal::TenantMismatch),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use uuid::Uuid;

    use super::*;

    const ACME: TenantId = TenantId(Uuid::from_u128(1));
    const GLOBEX: TenantId = TenantId(Uuid::from_u128(2));

    #[rstest]
    #[case(HostTarget::Tenant(ACME), None, Ok(Resolution::Tenant(ACME)))]
    #[case(HostTarget::Tenant(ACME), Some(Audience::Tenant(ACME)), Ok(Resolution::Tenant(ACME)))]
    #[case(HostTarget::Tenant(ACME), Some(Audience::Tenant(GLOBEX)), Err(Refusal::TenantMismatch))]
    #[case(HostTarget::Tenant(ACME), Some(Audience::Platform), Err(Refusal::TenantMismatch))]
    #[case(HostTarget::Api, None, Err(Refusal::Unauthenticated))]
    #[case(HostTarget::Api, Some(Audience::Tenant(ACME)), Ok(Resolution::Tenant(ACME)))]
    #[case(HostTarget::Api, Some(Audience::Platform), Err(Refusal::TenantMismatch))]
    #[case(HostTarget::Apex, None, Ok(Resolution::ControlPlane))]
    #[case(HostTarget::Apex, Some(Audience::Platform), Ok(Resolution::ControlPlane))]
    #[case(HostTarget::Apex, Some(Audience::Tenant(ACME)), Err(Refusal::TenantMismatch))]
    #[case(HostTarget::Unknown, None, Err(Refusal::TenantNotFound))]
    #[case(HostTarget::Unknown, Some(Audience::Tenant(ACME)), Err(Refusal::TenantNotFound))]
    #[case(HostTarget::Unknown, Some(Audience::Platform), Err(Refusal::TenantNotFound))]
    fn the_whole_table(#[case] host: HostTarget, #[case] token: Option<Audience>, #[case] expected: Result<Resolution, Refusal>) {
        assert_eq!(resolve(host, token), expected);
    }
}
