//! Opaque ids: what a client sees of a row's key.
//!
//! An id is the base64url form of one letter for the type, a colon, and the sixteen bytes of the key: 24 characters without
//! padding. A client has nothing to gain from taking it apart, and cannot pass the id of one type for that of another.

use async_graphql::ID;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::Error;
use entities::id::{
    AccountId, ApiKeyId, AuditEventId, DepartmentId, EmployeeId, ExportId, InvitationId, LocationId, OperatorEventId, OperatorId,
    PasskeyId, PositionId, SessionId, SupportGrantId,
};
use tenancy::TenantId;
use uuid::Uuid;

const LENGTH: usize = 24;

/// What an id names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// An account.
    Account,
    /// An API key.
    ApiKey,
    /// An audit event.
    AuditEvent,
    /// A department.
    Department,
    /// An employee.
    Employee,
    /// An export.
    Export,
    /// An invitation.
    Invitation,
    /// A location.
    Location,
    /// An operator.
    Operator,
    /// What an operator has done.
    OperatorEvent,
    /// A passkey.
    Passkey,
    /// A position.
    Position,
    /// A session.
    Session,
    /// A request of an operator to be let in.
    SupportGrant,
    /// A tenant.
    Tenant,
}

impl Kind {
    const ALL: [Self; 15] = [
        Self::Account,
        Self::ApiKey,
        Self::AuditEvent,
        Self::Department,
        Self::Employee,
        Self::Export,
        Self::Invitation,
        Self::Location,
        Self::Operator,
        Self::OperatorEvent,
        Self::Passkey,
        Self::Position,
        Self::Session,
        Self::SupportGrant,
        Self::Tenant,
    ];

    fn letter(self) -> u8 {
        match self {
            Self::Account => b'A',
            Self::ApiKey => b'K',
            Self::AuditEvent => b'V',
            Self::Department => b'D',
            Self::Employee => b'E',
            Self::Export => b'F',
            Self::Invitation => b'I',
            Self::Location => b'L',
            Self::Operator => b'O',
            Self::OperatorEvent => b'X',
            Self::Passkey => b'W',
            Self::Position => b'P',
            Self::Session => b'S',
            Self::SupportGrant => b'G',
            Self::Tenant => b'T',
        }
    }
}

/// A typed key that has an opaque form.
pub trait Key: From<Uuid> + Into<Uuid> + Copy {
    /// What the key names.
    const KIND: Kind;
    /// The noun of the error when there is nothing of that id.
    const NOUN: &'static str;
}

impl Key for EmployeeId {
    const KIND: Kind = Kind::Employee;
    const NOUN: &'static str = "employee";
}

impl Key for DepartmentId {
    const KIND: Kind = Kind::Department;
    const NOUN: &'static str = "department";
}

impl Key for PositionId {
    const KIND: Kind = Kind::Position;
    const NOUN: &'static str = "position";
}

impl Key for LocationId {
    const KIND: Kind = Kind::Location;
    const NOUN: &'static str = "location";
}

impl Key for AuditEventId {
    const KIND: Kind = Kind::AuditEvent;
    const NOUN: &'static str = "audit event";
}

impl Key for ExportId {
    const KIND: Kind = Kind::Export;
    const NOUN: &'static str = "export";
}

impl Key for InvitationId {
    const KIND: Kind = Kind::Invitation;
    const NOUN: &'static str = "invitation";
}

impl Key for AccountId {
    const KIND: Kind = Kind::Account;
    const NOUN: &'static str = "account";
}

impl Key for SessionId {
    const KIND: Kind = Kind::Session;
    const NOUN: &'static str = "session";
}

impl Key for PasskeyId {
    const KIND: Kind = Kind::Passkey;
    const NOUN: &'static str = "passkey";
}

impl Key for OperatorId {
    const KIND: Kind = Kind::Operator;
    const NOUN: &'static str = "operator";
}

impl Key for OperatorEventId {
    const KIND: Kind = Kind::OperatorEvent;
    const NOUN: &'static str = "event";
}

impl Key for SupportGrantId {
    const KIND: Kind = Kind::SupportGrant;
    const NOUN: &'static str = "request for support access";
}

impl Key for ApiKeyId {
    const KIND: Kind = Kind::ApiKey;
    const NOUN: &'static str = "API key";
}

/// The opaque form of a key.
pub fn encode<K: Key>(key: K) -> ID {
    encode_as(K::KIND, key.into())
}

/// The opaque form of a tenant's id.
pub fn encode_tenant(tenant: TenantId) -> ID {
    encode_as(Kind::Tenant, tenant.0)
}

/// The opaque form of a key whose type is known only at run time.
pub fn encode_as(kind: Kind, key: Uuid) -> ID {
    let mut bytes = [kind.letter(), b':', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    for (slot, byte) in bytes.iter_mut().skip(2).zip(key.into_bytes()) {
        *slot = byte;
    }
    ID(URL_SAFE_NO_PAD.encode(bytes))
}

/// The key of an opaque id. A malformed id, or one of another type, names nothing: that is `NOT_FOUND`, like an unknown one.
pub fn decode<K: Key>(id: &ID) -> Result<K, Error> {
    match parse(id) {
        Some((kind, key)) if kind == K::KIND => Ok(key.into()),
        _ => Err(Error::NotFound(K::NOUN)),
    }
}

/// The key of an optional opaque id.
pub fn decode_optional<K: Key>(id: Option<&ID>) -> Result<Option<K>, Error> {
    id.map(decode).transpose()
}

/// The type and the key of an opaque id; none when it is malformed.
pub fn parse(id: &ID) -> Option<(Kind, Uuid)> {
    if id.len() != LENGTH {
        return None;
    }
    let bytes = URL_SAFE_NO_PAD.decode(id.as_bytes()).ok()?;
    let [letter, b':', key @ ..] = bytes.as_slice() else {
        return None;
    };
    let kind = Kind::ALL.into_iter().find(|kind| kind.letter() == *letter)?;
    Some((kind, Uuid::from_slice(key).ok()?))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    const KEY: Uuid = Uuid::from_u128(0x0191_0f3c_5a7e_7000_8000_0000_0000_0001);

    #[test]
    fn every_kind_comes_back() {
        for kind in Kind::ALL {
            let id = encode_as(kind, KEY);
            assert_eq!(id.len(), LENGTH);
            assert_eq!(parse(&id), Some((kind, KEY)));
        }
    }

    #[test]
    fn an_id_of_another_type_is_not_found() {
        let id = encode(EmployeeId::from(KEY));
        assert!(decode::<EmployeeId>(&id).is_ok_and(|key| key == EmployeeId::from(KEY)));
        assert!(matches!(decode::<DepartmentId>(&id), Err(Error::NotFound("department"))));
    }

    #[rstest]
    #[case::empty("")]
    #[case::a_uuid("01910f3c-5a7e-7000-8000-000000000001")]
    #[case::padded("RToBkQ88Wn5wAIAAAAAAAAAB====")]
    #[case::other_alphabet("RToBkQ88Wn5wAIAAAAA+AA/B")]
    #[case::no_colon("RS4BkQ88Wn5wAIAAAAAAAAAB")]
    #[case::unknown_letter("WjoBkQ88Wn5wAIAAAAAAAAAB")]
    #[case::not_ascii("RToBkQ88Wn5wAIAAAAAAAA\u{e9}")]
    fn a_malformed_id_is_not_found(#[case] id: &str) {
        assert!(matches!(decode::<EmployeeId>(&ID(id.to_owned())), Err(Error::NotFound("employee"))));
    }
}
