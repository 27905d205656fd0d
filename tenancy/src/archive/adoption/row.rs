//! A row on its way from the source to the tenant.

use aws_lc_rs::digest::{Context, SHA1_FOR_LEGACY_USE_ONLY};
use uuid::Uuid;

use crate::TenantId;

/// A row on its way: the values of its columns as text, none for NULL.
#[derive(Debug)]
pub struct AdoptedRow<'p> {
    columns: &'p [String],
    given: usize,
    values: Vec<Option<String>>,
    number: u64,
    objections: Vec<Objection>,
}

/// What is wrong with a row.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Objection {
    /// The column, or the constraint.
    pub(super) what: String,
    /// A sentence.
    pub(super) message: String,
}

impl<'p> AdoptedRow<'p> {
    /// The first columns are given by the map, the others are to be completed.
    pub(super) fn new(columns: &'p [String], mut values: Vec<Option<String>>, number: u64) -> Self {
        let given = values.len();
        values.resize(columns.len(), None);
        Self { columns, given, values, number, objections: Vec::new() }
    }

    /// Its place among the rows of its table, from 1, in the order in which they are read.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// Whether the map says where the column's values come from.
    pub fn is_given(&self, column: &str) -> bool {
        self.place(column).is_some_and(|place| place < self.given)
    }

    /// A value; none also for a column that the map does not give.
    pub fn get(&self, column: &str) -> Option<&str> {
        self.values.get(self.place(column)?)?.as_deref()
    }

    /// Puts another value in its place.
    pub fn set(&mut self, column: &str, value: Option<String>) {
        if let Some(place) = self.place(column).and_then(|place| self.values.get_mut(place)) {
            *place = value;
        }
    }

    /// Refuses the row because of a column.
    pub fn object(&mut self, column: &str, message: impl Into<String>) {
        self.objections.push(Objection { what: column.to_owned(), message: message.into() });
    }

    pub(super) fn objects_to(&self, column: &str) -> bool {
        self.objections.iter().any(|objection| objection.what == column)
    }

    pub(super) fn values(&self) -> &[Option<String>] {
        &self.values
    }

    pub(super) fn objections(&self) -> &[Objection] {
        &self.objections
    }

    fn place(&self, column: &str) -> Option<usize> {
        self.columns.iter().position(|name| name == column)
    }
}

/// How keys of a table become ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Keys {
    /// They are UUIDs, which stay.
    Kept,
    /// Each has an id that follows from the tenant, the table and the key.
    Derived,
}

impl Keys {
    /// The id for a key of a table; none for a text that is to be a UUID and is none.
    pub(super) fn id(self, tenant: TenantId, table: &str, key: &str) -> Option<Uuid> {
        match self {
            Self::Kept => key.trim().parse().ok(),
            Self::Derived => Some(derived(tenant, table, key)),
        }
    }
}

/// A UUID of version 5 in the tenant's own namespace. The digest only spreads the ids; nothing rests on its being secure.
fn derived(tenant: TenantId, table: &str, key: &str) -> Uuid {
    let mut digest = Context::new(&SHA1_FOR_LEGACY_USE_ONLY);
    for part in [tenant.0.as_bytes(), table.as_bytes(), b"/".as_slice(), key.as_bytes()] {
        digest.update(part);
    }
    let digest = digest.finish();
    let mut bytes = [0; 16];
    for (byte, of) in bytes.iter_mut().zip(digest.as_ref()) {
        *byte = *of;
    }
    uuid::Builder::from_sha1_bytes(bytes).into_uuid()
}

/// Adds a line in the text format of COPY.
pub(super) fn write_line<'v>(line: &mut Vec<u8>, values: impl Iterator<Item = Option<&'v str>>) {
    for (place, value) in values.enumerate() {
        if place > 0 {
            line.push(b'\t');
        }
        let Some(value) = value else {
            line.extend_from_slice(b"\\N");
            continue;
        };
        for byte in value.bytes() {
            match byte {
                b'\\' => line.extend_from_slice(b"\\\\"),
                b'\t' => line.extend_from_slice(b"\\t"),
                b'\n' => line.extend_from_slice(b"\\n"),
                b'\r' => line.extend_from_slice(b"\\r"),
                byte => line.push(byte),
            }
        }
    }
    line.push(b'\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_follows_from_tenant_table_and_key() {
        let dns = TenantId("6ba7b810-9dad-11d1-80b4-00c04fd430c8".parse().unwrap());
        let id = Keys::Derived.id(dns, "employees", "7").unwrap();
        // As Python's `uuid.uuid5(uuid.NAMESPACE_DNS, "employees/7")` has it.
        assert_eq!(id.to_string(), "6c1f68d7-4c77-5946-89b1-45f666d8233e");
        assert_eq!(Some(id), Keys::Derived.id(dns, "employees", "7"));
        assert_ne!(Some(id), Keys::Derived.id(dns, "employees", "8"));
        assert_ne!(Some(id), Keys::Derived.id(dns, "departments", "7"));
        assert_ne!(Some(id), Keys::Derived.id(TenantId(Uuid::nil()), "employees", "7"));
        let kept = Keys::Kept.id(dns, "employees", "6BA7B810-9DAD-11D1-80B4-00C04FD430C8");
        assert_eq!(kept, Some(dns.0));
        assert_eq!(Keys::Kept.id(dns, "employees", "7"), None);
    }

    #[test]
    fn whatever_a_text_holds_is_one_field_of_one_line() {
        let mut line = Vec::new();
        write_line(&mut line, [Some("a\tb\\c\nd\re"), None, Some(""), Some("\\N")].into_iter());
        assert_eq!(line, b"a\\tb\\\\c\\nd\\re\t\\N\t\t\\\\N\n");
    }
}
