//! `graphql-transport-ws`, to the letter.

use domain::Role;
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use rstest::rstest;
use serde_json::{Value, json};
use tests::Server;
use tokio_tungstenite::tungstenite::Message;

use super::{EMPLOYEES, socket};

fn subscribe(id: &str) -> Value {
    json!({ "type": "subscribe", "id": id, "payload": { "query": EMPLOYEES } })
}

#[rstest]
#[case::no_json(Message::text("{"), 4400)]
#[case::binary(Message::binary(vec![1, 2, 3]), 4400)]
#[case::an_unknown_type(Message::text(r#"{"type":"start","id":"a"}"#), 4400)]
#[case::another_initialisation(Message::text(r#"{"type":"connection_init"}"#), 4429)]
#[case::the_same_id(Message::text(subscribe("a").to_string()), 4409)]
#[case::no_query(Message::text(r#"{"type":"subscribe","id":"b","payload":{}}"#), 4400)]
#[case::a_message_that_is_too_long(Message::text(" ".repeat(70_000)), 1009)]
#[tokio::test]
async fn what_is_not_the_protocol_ends_the_connection(#[case] message: Message, #[case] code: u16) {
    let server = Server::start().await;
    let company = server.company().await;
    let listening = server.listen().await;
    let mut socket = socket(&company, &listening, Role::Hr).await;
    socket.subscribe("a", EMPLOYEES).await;
    socket.send_raw(message).await;
    assert_eq!(socket.closed().await.0, code);
}

#[tokio::test]
async fn nobody_is_let_in_without_a_name() {
    let server = Server::start_with(&["--connection-init-timeout", "1"], api::app::system_clock()).await;
    let company = server.company().await;
    let listening = server.listen().await;
    let open = async || listening.open(&company.host()).await;

    let mut silent = open().await;
    assert_eq!(silent.closed().await.0, 4408);
    let mut early = open().await;
    early.send(subscribe("a")).await;
    assert_eq!(early.closed().await, (4401, "Unauthorized".to_owned()));
    for payload in [json!(null), json!({}), json!({ "authorization": "Bearer nonsense" }), json!({ "authorization": "Basic x" })]
    {
        let mut nobody = open().await;
        nobody.send(json!({ "type": "connection_init", "payload": payload })).await;
        assert_eq!(nobody.closed().await, (4403, "UNAUTHENTICATED".to_owned()), "{payload}");
    }
    let mut pinging = open().await;
    pinging.send(json!({ "type": "ping", "payload": { "any": "thing" } })).await;
    assert_eq!(pinging.hear().await, json!({ "type": "pong" }));
    let header = format!("Bearer {}", company.token(Role::Hr));
    let mut program = listening.open_with(&company.host(), &[("authorization", &header)]).await.unwrap();
    program.send(json!({ "type": "connection_init" })).await;
    assert_eq!(program.hear().await, json!({ "type": "connection_ack" }));
    // The time to say one's name is over, and it was said.
    tokio::time::sleep(std::time::Duration::from_millis(1_200)).await;
    program.assert_silent().await;
}

#[tokio::test]
async fn a_websocket_is_for_pages_of_the_same_origin() {
    let server = Server::start().await;
    let (company, other) = (server.company().await, server.company().await);
    let listening = server.listen().await;
    let status = async |host: &str, headers: &[(&'static str, &str)]| listening.open_with(host, headers).await.err();
    let host = format!("{}:{}", company.host(), listening.address.port());
    let page = |host: &str| format!("http://{host}");
    assert_eq!(status(&host, &[("origin", &page(&host))]).await, None);
    assert_eq!(status(&host, &[]).await, None);
    let port = listening.address.port();
    for origin in
        [page(&company.host()), page(&format!("{}:{port}", other.host())), "https://evil.test".to_owned(), "null".to_owned()]
    {
        assert_eq!(status(&host, &[("origin", &origin)]).await, Some(403), "{origin}");
    }
    assert_eq!(status(&host, &[("sec-fetch-site", "cross-site")]).await, Some(403));
    assert_eq!(status(&host, &[("sec-websocket-protocol", "graphql-ws")]).await, Some(400));
    assert_eq!(status("nobody.localhost", &[]).await, Some(404));
    assert_eq!(status("localhost", &[]).await, Some(400));
    assert_eq!(status("127.0.0.1", &[]).await, Some(404));
}

/// A frame from its first byte, masked by zeros or not at all.
fn frame(first: u8, masked: bool, length: u16, payload: &[u8]) -> Vec<u8> {
    let mask = if masked { &[0; 4][..] } else { &[] };
    let length = match u8::try_from(length) {
        Ok(short @ 0..126) => vec![short],
        _ => [&[126], &length.to_be_bytes()[..]].concat(),
    };
    let mut frame = [&[first], &length[..], mask, payload].concat();
    frame[1] |= if masked { 0x80 } else { 0 };
    frame
}

#[rstest]
#[case::bad_utf8(frame(0x81, true, 2, &[0xC3, 0x28]), 1007)]
#[case::bad_utf8_in_a_later_fragment([frame(0x01, true, 1, b"a"), frame(0x80, true, 1, &[0xFF])].concat(), 1007)]
#[case::unmasked(frame(0x81, false, 2, b"{}"), 1002)]
#[case::a_reserved_bit(frame(0xC1, true, 2, b"{}"), 1002)]
#[case::an_unknown_kind(frame(0x83, true, 2, b"{}"), 1002)]
#[case::a_ping_in_fragments(frame(0x09, true, 0, &[]), 1002)]
#[case::a_long_ping(frame(0x89, true, 126, &[0; 126]), 1002)]
#[case::the_rest_of_nothing(frame(0x80, true, 2, b"{}"), 1002)]
#[case::a_message_within_another([frame(0x01, true, 1, b"a"), frame(0x81, true, 1, b"b")].concat(), 1002)]
#[case::a_close_with_half_a_code(frame(0x88, true, 1, &[3]), 1002)]
#[case::many_fragments_that_are_too_long((0..3).map(|n| frame(u8::from(n == 0), true, 30_000, &vec![b' '; 30_000])).collect::<Vec<_>>().concat(), 1009)]
#[tokio::test]
async fn a_frame_that_is_not_well_formed_ends_the_connection(#[case] frames: Vec<u8>, #[case] code: u16) {
    let server = Server::start().await;
    let company = server.company().await;
    let listening = server.listen().await;
    let mut socket = socket(&company, &listening, Role::Hr).await;
    socket.send_bytes(&frames).await;
    assert_eq!(socket.closed().await.0, code);
}

/// Messages that are nearly right.
fn nearly_right(random: &mut StdRng) -> Message {
    let words =
        ["connection_init", "subscribe", "complete", "ping", "pong", "next", "error", "connection_ack", "", "type", "\u{0}"];
    let word = |random: &mut StdRng| words[random.random_range(0..words.len())].to_owned();
    let queries = [EMPLOYEES, "{ __typename }", "subscription { a }", "{", "", "subscription { tenantChanged { id } }"];
    let value = |random: &mut StdRng| match random.random_range(0..8) {
        0 => Value::Null,
        1 => json!(random.random_range(-5..5)),
        2 => json!([]),
        3 => json!({}),
        4 => json!({ "query": queries[random.random_range(0..queries.len())] }),
        5 => json!({ "query": queries[random.random_range(0..queries.len())], "variables": { "filter": [[[]]] } }),
        6 => json!({ "authorization": word(random) }),
        _ => json!(word(random)),
    };
    let message = json!({
        "type": word(random),
        if random.random_bool(0.9) { "id" } else { "ID" }: if random.random_bool(0.8) { json!(random.random_range(0..4).to_string()) } else { value(random) },
        "payload": value(random),
    });
    let mut text = message.to_string();
    match random.random_range(0..20) {
        0 => {
            let end = text.floor_char_boundary(random.random_range(0..text.len()));
            text.truncate(end);
            Message::text(text)
        }
        1 => Message::binary(text.into_bytes()),
        2 => Message::Ping(vec![0; random.random_range(0..100)].into()),
        3 => Message::text("[".repeat(random.random_range(0..5_000))),
        _ => Message::text(text),
    }
}

#[tokio::test]
async fn nonsense_is_answered_or_ends_its_connection_and_nothing_else() {
    let server = Server::start().await;
    let company = server.company().await;
    let listening = server.listen().await;
    let mut bystander = socket(&company, &listening, Role::Hr).await;
    bystander.subscribe("a", EMPLOYEES).await;
    let mut random = StdRng::seed_from_u64(20_261_121);
    for _ in 0..60 {
        let mut socket = if random.random_bool(0.8) {
            socket(&company, &listening, Role::Hr).await
        } else {
            listening.open(&company.host()).await
        };
        for _ in 0..25 {
            socket.send_raw(nearly_right(&mut random)).await;
        }
        // An unknown type ends it, if nothing before did.
        socket.send(json!({ "type": "the end" })).await;
        let (code, reason) = socket.closed().await;
        let of_the_protocol = [4400, 4401, 4403, 4409, 4429].contains(&code);
        assert!(of_the_protocol || code == 0, "{code} {reason}");
    }
    bystander.assert_silent().await;
    tests::until("nothing is left", async || server.app.live.counts().connections == 1).await;
}
