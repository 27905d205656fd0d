//! The protocol `graphql-transport-ws`: which message may come when, and what it asks for. Nothing here waits or writes.

use std::collections::{HashMap, hash_map::Entry};

use axum::extract::ws::Message;
use serde_json::{Map, Value};

use crate::graphql::{
    parameters::{self, Parameters},
    unrepeated::Unrepeated,
};

/// The name of the protocol, as both sides give it when the WebSocket is opened.
pub(super) const PROTOCOL: &str = "graphql-transport-ws";
/// The longest id of an operation, in bytes. Clients count, or make a UUID.
const LONGEST_ID: usize = 100;

/// What a message asks for.
#[derive(Debug)]
pub(super) enum Step {
    /// To be let in, with this value of `Authorization`.
    Initialise(Option<String>),
    /// To execute an operation. The number tells it from others that had its id before.
    Start {
        /// What the client calls it.
        id: String,
        /// What the server calls it.
        number: u64,
        /// The operation.
        parameters: Box<Parameters>,
    },
    /// To refuse an operation, because there are too many at once.
    Refuse(String),
    /// To end an operation.
    Stop(u64),
    /// To answer a ping.
    Pong,
    /// Nothing.
    Nothing,
}

/// Why a WebSocket is closed that does not keep to the protocol.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Violation {
    /// The code of the protocol.
    pub(super) code: u16,
    /// The reason.
    pub(super) reason: String,
}

impl Violation {
    pub(super) fn bad_request(reason: &str) -> Self {
        Self::new(4400, reason)
    }

    fn new(code: u16, reason: &str) -> Self {
        Self { code, reason: reason.to_owned() }
    }
}

/// How far a WebSocket is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Opened,
    /// It has said who it is, and is not let in yet.
    Named,
    Acknowledged,
}

/// One WebSocket.
#[derive(Debug)]
pub(super) struct Protocol {
    state: State,
    /// The operations under way.
    numbers: HashMap<String, u64>,
    ids: HashMap<u64, String>,
    next_number: u64,
    most: usize,
}

impl Protocol {
    /// A WebSocket that was just opened, for at most so many operations at once.
    pub(super) fn new(most: usize) -> Self {
        Self { state: State::Opened, numbers: HashMap::new(), ids: HashMap::new(), next_number: 0, most }
    }

    /// It is let in.
    pub(super) fn acknowledge(&mut self) {
        self.state = State::Acknowledged;
    }

    /// The client's name of an operation that is under way.
    pub(super) fn id(&self, number: u64) -> Option<&str> {
        self.ids.get(&number).map(String::as_str)
    }

    /// Forgets an operation that has ended.
    pub(super) fn finish(&mut self, number: u64) {
        if let Some(id) = self.ids.remove(&number) {
            self.numbers.remove(&id);
        }
    }

    /// Takes in a message.
    pub(super) fn receive(&mut self, text: &str) -> Result<Step, Violation> {
        let mut message = match serde_json::from_str(text) {
            Ok(Unrepeated(Value::Object(message))) => message,
            Err(error) if error.is_data() => {
                return Err(Violation::bad_request("Invalid message: a key is given more than once"));
            }
            _ => return Err(Violation::bad_request("Invalid message: it is not a JSON object")),
        };
        let Some(Value::String(kind)) = message.remove("type") else {
            return Err(Violation::bad_request("Invalid message: it has no type"));
        };
        match kind.as_str() {
            "connection_init" => self.initialise(&mut message),
            "ping" => payload(&mut message).map(|_| Step::Pong),
            "pong" => payload(&mut message).map(|_| Step::Nothing),
            "subscribe" => self.subscribe(&mut message),
            "complete" => {
                let id = id(&mut message)?;
                let number = self.numbers.get(&id).copied();
                // It may have ended at the same moment.
                Ok(number.map_or(Step::Nothing, |number| {
                    self.finish(number);
                    Step::Stop(number)
                }))
            }
            _ => Err(Violation::bad_request("Invalid message: its type is none that a client sends")),
        }
    }

    fn initialise(&mut self, message: &mut Map<String, Value>) -> Result<Step, Violation> {
        let payload = payload(message)?;
        if self.state != State::Opened {
            return Err(Violation::new(4429, "Too many initialisation requests"));
        }
        self.state = State::Named;
        let authorization =
            payload.and_then(|mut payload| payload.remove("authorization").or_else(|| payload.remove("Authorization")));
        match authorization {
            None | Some(Value::Null) => Ok(Step::Initialise(None)),
            Some(Value::String(text)) => Ok(Step::Initialise(Some(text))),
            Some(_) => Err(Violation::bad_request("Invalid message: authorization is no text")),
        }
    }

    fn subscribe(&mut self, message: &mut Map<String, Value>) -> Result<Step, Violation> {
        if self.state != State::Acknowledged {
            return Err(Violation::new(4401, "Unauthorized"));
        }
        let id = id(message)?;
        let payload = message.remove("payload").unwrap_or_default();
        let parameters =
            parameters::from_value(payload).map_err(|reason| Violation::bad_request(&["Invalid message: ", &reason].concat()))?;
        match self.numbers.entry(id) {
            Entry::Occupied(entry) => Err(Violation::new(4409, &["Subscriber for ", entry.key(), " already exists"].concat())),
            Entry::Vacant(entry) if self.ids.len() >= self.most => Ok(Step::Refuse(entry.into_key())),
            Entry::Vacant(entry) => {
                let (id, number) = (entry.key().clone(), self.next_number);
                self.next_number += 1;
                entry.insert(number);
                self.ids.insert(number, id.clone());
                Ok(Step::Start { id, number, parameters: Box::new(parameters) })
            }
        }
    }
}

/// The id of an operation.
fn id(message: &mut Map<String, Value>) -> Result<String, Violation> {
    match message.remove("id") {
        Some(Value::String(id)) if !id.is_empty() && id.len() <= LONGEST_ID => Ok(id),
        _ => Err(Violation::bad_request("Invalid message: its id is no text of 1 to 100 bytes")),
    }
}

/// The payload of a message that need not have one.
fn payload(message: &mut Map<String, Value>) -> Result<Option<Map<String, Value>>, Violation> {
    match message.remove("payload") {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Object(payload)) => Ok(Some(payload)),
        Some(_) => Err(Violation::bad_request("Invalid message: its payload is not a JSON object")),
    }
}

/// A message of the server about an operation; the payload is JSON already.
pub(super) fn message(id: &str, kind: &str, payload: Option<&str>) -> Message {
    let id = Value::from(id);
    Message::text(match payload {
        Some(payload) => format!(r#"{{"id":{id},"type":"{kind}","payload":{payload}}}"#),
        None => format!(r#"{{"id":{id},"type":"{kind}"}}"#),
    })
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    const INIT: &str = r#"{"type":"connection_init"}"#;
    const SUBSCRIBE: &str = r#"{"type":"subscribe","id":"a","payload":{"query":"subscription { x }"}}"#;
    const COMPLETE: &str = r#"{"type":"complete","id":"a"}"#;

    /// What comes of messages: a letter a step, or the code of the violation that ends them. `!` lets the client in.
    fn outcome(messages: &[&str]) -> String {
        let mut protocol = Protocol::new(2);
        let mut steps = String::new();
        for message in messages {
            if *message == "!" {
                protocol.acknowledge();
                continue;
            }
            match protocol.receive(message) {
                Ok(Step::Initialise(None)) => steps.push('i'),
                Ok(Step::Initialise(Some(authorization))) => steps.push_str(&authorization),
                Ok(Step::Start { number, .. }) => steps.push_str(&number.to_string()),
                Ok(Step::Refuse(_)) => steps.push('r'),
                Ok(Step::Stop(number)) => steps.push_str(&["s", &number.to_string()].concat()),
                Ok(Step::Pong) => steps.push('p'),
                Ok(Step::Nothing) => steps.push('n'),
                Err(violation) => {
                    assert!(violation.reason.len() <= 123, "a reason has at most 123 bytes");
                    steps.push_str(&violation.code.to_string());
                    break;
                }
            }
        }
        steps
    }

    #[rstest]
    #[case::let_in(&[INIT, "!", SUBSCRIBE], "i0")]
    #[case::a_token(&[r#"{"type":"connection_init","payload":{"authorization":"T"}}"#], "T")]
    #[case::a_token_as_a_header(&[r#"{"type":"connection_init","payload":{"Authorization":"T"}}"#], "T")]
    #[case::no_token(&[r#"{"type":"connection_init","payload":{"authorization":null}}"#], "i")]
    #[case::a_strange_token(&[r#"{"type":"connection_init","payload":{"authorization":1}}"#], "4400")]
    #[case::twice(&[INIT, INIT], "i4429")]
    #[case::twice_and_late(&[INIT, "!", SUBSCRIBE, INIT], "i04429")]
    #[case::too_early(&[SUBSCRIBE], "4401")]
    #[case::before_it_is_let_in(&[INIT, SUBSCRIBE], "i4401")]
    #[case::the_same_id(&[INIT, "!", SUBSCRIBE, SUBSCRIBE], "i04409")]
    #[case::the_same_id_later(&[INIT, "!", SUBSCRIBE, COMPLETE, SUBSCRIBE], "i0s01")]
    #[case::ended_already(&[INIT, "!", COMPLETE], "in")]
    #[case::too_many(
        &[INIT, "!", SUBSCRIBE, r#"{"type":"subscribe","id":"b","payload":{"query":"x"}}"#,
            r#"{"type":"subscribe","id":"c","payload":{"query":"x"}}"#, COMPLETE,
            r#"{"type":"subscribe","id":"c","payload":{"query":"x"}}"#],
        "i01rs02"
    )]
    #[case::ping(&[r#"{"type":"ping"}"#, r#"{"type":"ping","payload":{"a":1}}"#, r#"{"type":"pong"}"#], "ppn")]
    #[case::a_payload_that_is_none(&[r#"{"type":"ping","payload":1}"#], "4400")]
    #[case::no_json(&["{"], "4400")]
    #[case::no_object(&["[]"], "4400")]
    #[case::a_key_twice(&[r#"{"type":"ping","type":"ping"}"#], "4400")]
    #[case::no_type(&["{}"], "4400")]
    #[case::another_type(&[r#"{"type":1}"#], "4400")]
    #[case::an_unknown_type(&[r#"{"type":"start","id":"a"}"#], "4400")]
    #[case::a_type_of_the_server(&[INIT, "!", r#"{"type":"next","id":"a","payload":{}}"#], "i4400")]
    #[case::no_id(&[INIT, "!", r#"{"type":"subscribe","payload":{"query":"x"}}"#], "i4400")]
    #[case::an_empty_id(&[INIT, "!", r#"{"type":"subscribe","id":"","payload":{"query":"x"}}"#], "i4400")]
    #[case::no_query(&[INIT, "!", r#"{"type":"subscribe","id":"a","payload":{}}"#], "i4400")]
    #[case::no_payload(&[INIT, "!", r#"{"type":"subscribe","id":"a"}"#], "i4400")]
    #[case::strange_variables(&[INIT, "!", r#"{"type":"subscribe","id":"a","payload":{"query":"x","variables":[]}}"#], "i4400")]
    fn what_comes_of(#[case] messages: &[&str], #[case] expected: &str) {
        assert_eq!(outcome(messages), expected);
    }

    #[test]
    fn a_long_id_is_refused_and_not_echoed() {
        let id = "x".repeat(LONGEST_ID);
        let subscribe = |id: &str| format!(r#"{{"type":"subscribe","id":"{id}","payload":{{"query":"x"}}}}"#);
        assert_eq!(outcome(&[INIT, "!", &subscribe(&id), &subscribe(&[&id, "y"].concat())]), "i04400");
    }
}
