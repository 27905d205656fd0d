//! The log, in the form for machines.

use serde_json::{Value, json};

use super::{Home, PASSWORD, Serving, free_port};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_request_is_logged_with_tenant_actor_operation_and_id_and_without_secrets() {
    let home = Home::new();
    home.create_tenant("acme").await;
    let port = free_port();
    let listen = format!("127.0.0.1:{port}");
    let mut command = home.command(&["serve", "--listen", &listen, "--log-format", "json", "--log", "debug"]);
    let serving = Serving::start(&mut command, port).await;
    let token = serving.sign_in("acme").await;
    let query = "query WhoAmI($search: String) { viewer { role } employees(search: $search) { totalCount } }";
    serving.ask("acme", Some(&token), query, json!({ "search": "somebody private" })).await;
    let log = serving.stop("INT").await;

    let lines: Vec<Value> =
        log.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("no JSON: {line}"))).collect();
    let answered: Vec<&Value> =
        lines.iter().filter(|line| line["message"] == "answered" && line["span"]["path"] == "/graphql").collect();
    assert_eq!(answered.len(), 2, "{log}");
    for line in &answered {
        assert_eq!(line["span"]["tenant"], "acme", "{line}");
        assert_eq!(line["status"], 200, "{line}");
        assert!(line["span"]["id"].as_str().is_some_and(|id| id.parse::<uuid::Uuid>().is_ok()), "{line}");
        assert!(line["milliseconds"].is_number(), "{line}");
    }
    let last = &answered[1]["span"];
    assert_eq!(last["operation"], "WhoAmI");
    assert!(last["actor"].as_str().is_some_and(|actor| actor.parse::<uuid::Uuid>().is_ok()), "{last}");
    for secret in [PASSWORD, token.as_str(), token.rsplit('.').next().unwrap(), "argon2id"] {
        assert!(!log.contains(secret), "{secret} is in the log");
    }
}
