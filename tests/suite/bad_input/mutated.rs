//! Operations that succeed, and changes of them at random.

use proptest::prelude::*;
use tests::{Company, opaque};

/// Operations that succeed, to begin from.
pub(super) fn originals(company: &Company) -> Vec<String> {
    let (employee, department) = (opaque(company.member.id), opaque(company.department.id));
    let (position, manager) = (opaque(company.position.id), opaque(company.manager.id));
    vec![
        "{ tenant { id slug name } viewer { role account { email } permissions { readAudit } } }".to_owned(),
        format!("query One {{ employee(id: \"{employee}\") {{ ...Person }} node(id: \"{position}\") {{ id }} }}
            fragment Person on Employee {{ name salary {{ amount }} manager {{ id }} directReports(first: 2) {{ totalCount }} }}"),
        format!("{{ employees(first: 5, filter: {{ departmentId: \"{department}\", status: ACTIVE }}, search: \"a e\",
            orderBy: {{ field: HIRED_ON, direction: DESC }}) {{ totalCount edges {{ cursor node {{ id }} }} pageInfo {{ hasNextPage }} }} }}"),
        "{ departments(first: 3) { nodes { name children { id } parent { id } employeeCount } } positions { totalCount } }".to_owned(),
        "{ auditEvents(first: 3) { nodes { action changes subjectId occurredAt } } locations { nodes { name } } }".to_owned(),
        format!("mutation {{ hireEmployee(input: {{ givenName: \"A\", familyName: \"B\", workEmail: \"a@b.test\", departmentId: \"{department}\",
            positionId: \"{position}\", managerId: \"{manager}\", hiredOn: \"2024-02-29\", salary: {{ amount: \"1.50\", currency: \"EUR\" }},
            personal: {{ birthDate: \"1990-01-01\", phone: \"1\" }} }}) {{ employee {{ id employeeNumber }} }} }}"),
        format!("mutation {{ updateEmployee(input: {{ id: \"{employee}\", expectedVersion: 1, preferredName: \"Mi\", phone: null }}) {{
            employee {{ version }} }} }}"),
        format!("mutation {{ changeManager(input: {{ id: \"{employee}\", managerId: \"{manager}\" }}) {{ employee {{ id }} }}
            moveDepartment(input: {{ id: \"{department}\", parentId: null }}) {{ department {{ id }} }} }}"),
        format!("mutation {{ terminateEmployee(input: {{ id: \"{employee}\", terminatedOn: \"2025-01-01\", reason: \"x\" }}) {{ employee {{ id }} }}
            rehireEmployee(input: {{ id: \"{employee}\", hiredOn: \"2025-01-01\" }}) {{ employee {{ id }} }} }}"),
        "mutation { createDepartment(input: { name: \"D\" }) { department { id } } createPosition(input: { title: \"P\" }) { position { id } }
            createLocation(input: { name: \"L\", countryCode: \"DE\", timeZone: \"Europe/Berlin\" }) { location { id } } }"
            .to_owned(),
        "mutation { signIn(input: { email: \"a@b.test\", password: \"x\" }) { accessToken } refresh { accessToken } }".to_owned(),
        "{ members(first: 2) { totalCount nodes { role account { id email } employee { name } } } invitation(token: \"x\") { email }
            invitations(first: 1) { nodes { id expiresAt } pageInfo { endCursor } } }"
            .to_owned(),
        format!("mutation {{ inviteMember(input: {{ email: \"a@b.test\", role: HR, employeeId: \"{employee}\" }}) {{ invitation {{ id }} }}
            requestPasswordReset(input: {{ email: \"a@b.test\" }}) {{ sent }} }}"),
        format!("mutation {{ acceptInvitation(input: {{ token: \"x\", name: \"A\", password: \"0123456789\" }}) {{ session {{ accessToken }} }}
            resetPassword(input: {{ token: \"x\", newPassword: \"0123456789\" }}) {{ reset }}
            linkMember(input: {{ accountId: \"{employee}\", employeeId: null }}) {{ member {{ role }} }} }}"),
        "{ __schema { types { name fields { name type { name } } } } __type(name: \"Employee\") { name } }".to_owned(),
    ]
}

/// What is put somewhere into an operation.
pub(super) const PIECES: [&str; 64] = [
    "{",
    "}",
    "(",
    ")",
    "[",
    "]",
    ":",
    "!",
    "$",
    "@",
    "&",
    "|",
    "=",
    "...",
    ",",
    "\"",
    "\"\"\"",
    "#",
    "\n",
    " ",
    "\0",
    "\u{feff}",
    "\u{202e}",
    "é",
    "\\u0000",
    "\\u{1F600}",
    "\\ud800",
    "null",
    "true",
    "-1",
    "0",
    "2147483648",
    "-2147483649",
    "1e400",
    "1.5",
    "9999999999999999999999",
    "\"\"",
    "\"x\"",
    "\"\u{0}\"",
    "{}",
    "[]",
    "[[[[[[]]]]]]",
    "$x",
    "id",
    "id id",
    "__typename",
    "a: b: c",
    "... on Employee { id }",
    "...F",
    "fragment F on Query { __typename }",
    "@include(if: false)",
    "@skip(if: true)",
    "query Q",
    "mutation M",
    "subscription",
    "(first: -1)",
    "(id: \"x\")",
    "(input: {})",
    "ASC",
    "\"2026-02-30\"",
    "\"-9999-01-01\"",
    "\"99999999999999999999.999\"",
    "\"1e5\"",
    "%s%n'--",
];

/// A change of a text.
#[derive(Debug, Clone)]
pub(super) enum Change {
    Insert(usize, usize),
    Remove(usize, usize),
    Repeat(usize, usize, usize),
    Swap(usize, usize),
    Replace(usize, char),
}

pub(super) fn changes() -> impl Strategy<Value = Vec<Change>> {
    let change = prop_oneof![
        4 => (any::<usize>(), 0..PIECES.len()).prop_map(|(at, piece)| Change::Insert(at, piece)),
        3 => (any::<usize>(), 1..20_usize).prop_map(|(at, length)| Change::Remove(at, length)),
        1 => (any::<usize>(), 1..40_usize, 2..30_usize).prop_map(|(at, length, times)| Change::Repeat(at, length, times)),
        2 => (any::<usize>(), any::<usize>()).prop_map(|(one, other)| Change::Swap(one, other)),
        2 => (any::<usize>(), any::<char>()).prop_map(|(at, character)| Change::Replace(at, character)),
    ];
    prop::collection::vec(change, 1..5)
}

pub(super) fn changed(original: &str, changes: &[Change]) -> String {
    let mut text: Vec<char> = original.chars().collect();
    for change in changes {
        let length = text.len().max(1);
        match change {
            Change::Insert(at, piece) => {
                let at = at % (text.len() + 1);
                text.splice(at..at, PIECES[*piece].chars());
            }
            Change::Remove(at, count) => {
                let at = at % length;
                text.drain(at.min(text.len())..(at + count).min(text.len()));
            }
            Change::Repeat(at, count, times) => {
                let at = (at % length).min(text.len());
                let part: Vec<char> = text[at..(at + count).min(text.len())].to_vec();
                text.splice(at..at, part.repeat(*times));
            }
            Change::Swap(one, other) if !text.is_empty() => text.swap(one % length, other % length),
            Change::Replace(at, character) if !text.is_empty() => text[at % length] = *character,
            Change::Swap(..) | Change::Replace(..) => {}
        }
    }
    text.into_iter().collect()
}
