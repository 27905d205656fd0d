//! Typed ids. Each is a UUID in version 7, so ids made later sort later; a type of its own keeps a
//! department's id from being used as an employee's.

use std::{fmt, str::FromStr};

use sea_orm::{DbErr, DeriveValueType, TryFromU64};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Defines one id type; a macro, since every type needs the same derives and three small impls.
macro_rules! id {
    ($(#[$documentation:meta])* $name:ident) => {
        $(#[$documentation])*
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, DeriveValueType,
        )]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl $name {
            /// A new id, greater than every id this process made before.
            pub fn generate() -> Self {
                Self(Uuid::now_v7())
            }

            /// The bare UUID.
            pub const fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl From<Uuid> for $name {
            fn from(uuid: Uuid) -> Self {
                Self(uuid)
            }
        }

        impl From<$name> for Uuid {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(formatter)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }

        // SeaORM asks this of every primary key, for databases that number rows themselves. Ours never do.
        impl TryFromU64 for $name {
            fn try_from_u64(_: u64) -> Result<Self, DbErr> {
                Err(DbErr::ConvertFromU64(stringify!($name)))
            }
        }
    };
}

id! {
    /// Names an employee of one tenant.
    EmployeeId
}
id! {
    /// Names a department of one tenant.
    DepartmentId
}
id! {
    /// Names a position of one tenant.
    PositionId
}
id! {
    /// Names a location of one tenant.
    LocationId
}
id! {
    /// Names an audit event of one tenant; greater ids are later events.
    AuditEventId
}
id! {
    /// Names an account of the control plane.
    AccountId
}
id! {
    /// Names a session of the control plane.
    SessionId
}
id! {
    /// Names an API key of the control plane.
    ApiKeyId
}
id! {
    /// Names somebody whom a tenant's identity provider knows.
    ExternalIdentityId
}
id! {
    /// Names a wish to sign an organisation up.
    SignUpId
}
id! {
    /// Names an operator's request for support access to a tenant, and the access itself.
    SupportGrantId
}
id! {
    /// Names an invitation to become a member of a tenant.
    InvitationId
}
id! {
    /// Names a passkey of an account.
    PasskeyId
}
id! {
    /// Names a step of a sign-in that waits for its answer.
    ChallengeId
}
id! {
    /// Names the end of an employment that is under way.
    DepartureId
}
id! {
    /// Names somebody who operates the platform.
    OperatorId
}
id! {
    /// Names something that an operator has done; greater ids are later events.
    OperatorEventId
}
id! {
    /// Names an export that owners have asked for.
    ExportId
}
id! {
    /// Names a message that is to be sent.
    MailId
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_reads_back_from_its_text() {
        let id = EmployeeId::generate();
        assert_eq!(id.to_string().parse::<EmployeeId>(), Ok(id));
        assert_eq!(EmployeeId::from(Uuid::from(id)), id);
    }

    #[test]
    fn later_ids_sort_later() {
        let ids: Vec<_> = std::iter::repeat_with(AuditEventId::generate).take(1_000).collect();
        assert!(ids.is_sorted());
    }

    #[test]
    fn a_number_is_not_an_id() {
        assert!(EmployeeId::try_from_u64(1).is_err());
    }
}
