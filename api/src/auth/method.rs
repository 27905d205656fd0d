//! The ways in which people sign in.

/// How a session was begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// By a password alone.
    Password,
    /// By a password and a second factor.
    SecondFactor,
    /// By a passkey.
    Passkey,
    /// By a code that was made on the apex.
    EntryCode,
    /// By accepting an invitation.
    Invitation,
    /// By the tenant's identity provider.
    IdentityProvider,
    /// By confirming that an organisation signs up.
    SignUp,
}

impl Method {
    /// All ways.
    pub const ALL: [Self; 7] = [
        Self::Password,
        Self::SecondFactor,
        Self::Passkey,
        Self::EntryCode,
        Self::Invitation,
        Self::IdentityProvider,
        Self::SignUp,
    ];

    /// The method as it is stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::SecondFactor => "second_factor",
            Self::Passkey => "passkey",
            Self::EntryCode => "entry_code",
            Self::Invitation => "invitation",
            Self::IdentityProvider => "identity_provider",
            Self::SignUp => "sign_up",
        }
    }
}
