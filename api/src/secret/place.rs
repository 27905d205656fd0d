//! Where secrets are stored.

use std::fmt;

/// Where a secret is stored.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// The column, with its table.
    pub column: SecretColumn,
    /// The row's primary key, as text.
    pub row: &'a str,
}

/// The columns that hold secrets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecretColumn {
    /// The private halves of the keys that sign tokens.
    SigningKey,
    /// What refresh tokens are made with.
    Session,
    /// What the codes of authenticator apps are computed from.
    Authenticator,
    /// This program's secrets at tenants' identity providers.
    IdentityProvider,
    /// What the codes of operators' authenticator apps are computed from.
    Operator,
    /// What operators' refresh tokens are made with.
    OperatorSession,
    /// What the refresh tokens of operators in tenants are made with.
    SupportSession,
}

/// What is authenticated with the secret, and what the log says of it.
impl fmt::Display for Place<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "platform.{}.{} of {}", self.column.table(), self.column.name(), self.row)
    }
}

impl SecretColumn {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::SigningKey,
        Self::Session,
        Self::Authenticator,
        Self::IdentityProvider,
        Self::Operator,
        Self::OperatorSession,
        Self::SupportSession,
    ];

    /// The secret of a row.
    pub fn of(self, row: &str) -> Place<'_> {
        Place { column: self, row }
    }

    pub(super) const fn table(self) -> &'static str {
        match self {
            Self::SigningKey => "signing_keys",
            Self::Session => "sessions",
            Self::Authenticator => "authenticators",
            Self::IdentityProvider => "identity_providers",
            Self::Operator => "operators",
            Self::OperatorSession => "operator_sessions",
            Self::SupportSession => "support_sessions",
        }
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::SigningKey => "private_key",
            Self::Session | Self::OperatorSession | Self::SupportSession => "refresh_secret",
            Self::Authenticator => "secret",
            Self::IdentityProvider => "client_secret",
            Self::Operator => "authenticator_secret",
        }
    }

    pub(super) const fn primary_key(self) -> &'static str {
        match self {
            Self::SigningKey | Self::Session | Self::Operator | Self::OperatorSession | Self::SupportSession => "id",
            Self::Authenticator => "account_id",
            Self::IdentityProvider => "tenant_id",
        }
    }

    pub(super) const fn type_of_primary_key(self) -> &'static str {
        match self {
            Self::SigningKey => "text",
            Self::Session
            | Self::Authenticator
            | Self::IdentityProvider
            | Self::Operator
            | Self::OperatorSession
            | Self::SupportSession => "uuid",
        }
    }

    /// Whether it ends with a session, and by itself.
    pub(super) const fn is_of_session(self) -> bool {
        matches!(self, Self::Session | Self::OperatorSession | Self::SupportSession)
    }

    pub(super) const fn is_text(self) -> bool {
        matches!(self, Self::IdentityProvider)
    }
}
