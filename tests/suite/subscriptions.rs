//! Subscriptions: what is told, to whom, and until when.

mod clients;
mod endings;
mod events;
mod places;
mod protocol;
mod rights;
mod told;

use std::time::{Duration, Instant};

use domain::Role;
use serde_json::{Value, json};
use tests::{Caller, Company, Listening, Socket, opaque};

/// All that a change of an employee says of it, and somebody's name.
const EMPLOYEES: &str = "subscription { employeesChanged { kind employeeId employee { givenName } } }";

/// How soon the other process has to end what is over.
const AT_ONCE: Duration = Duration::from_secs(5);

/// Someone with a role who watches over a WebSocket.
async fn socket(company: &Company<'_>, listening: &Listening, role: Role) -> Socket {
    listening.connect(&company.host(), &company.token(role)).await
}

/// The same, watching employees.
async fn watching(company: &Company<'_>, listening: &Listening, role: Role) -> Socket {
    let mut socket = socket(company, listening, role).await;
    socket.subscribe("a", EMPLOYEES).await;
    socket
}

/// The connection is ended, soon, and says why.
async fn assert_ends(mut socket: Socket, code: u16, reason: &str) {
    let begin = Instant::now();
    assert_eq!(socket.closed().await, (code, reason.to_owned()));
    assert!(begin.elapsed() < AT_ONCE, "{reason} took {:?}", begin.elapsed());
}

/// Gives an employee another given name.
async fn rename(caller: &Caller, id: impl api::graphql::id::Key, name: &str) {
    caller.mutate("updateEmployee", json!({ "id": opaque(id), "givenName": name }), "__typename").await.data("");
}

/// What a change says, without errors.
#[track_caller]
fn change<'a>(answer: &'a Value, field: &str) -> &'a Value {
    assert!(answer.get("errors").is_none(), "{answer}");
    &answer["data"][field]
}

/// The kind of a change, and the name of the employee.
#[track_caller]
fn kind_and_name(answer: &Value) -> (String, String) {
    let change = change(answer, "employeesChanged");
    let text = |pointer| change.pointer(pointer).and_then(Value::as_str).unwrap_or_else(|| panic!("{answer}")).to_owned();
    (text("/kind"), text("/employee/givenName"))
}
