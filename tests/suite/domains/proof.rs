//! What DNS says, and what follows.

use chrono::TimeDelta;
use hickory_proto::op::ResponseCode;
use serde_json::{Value, json};
use tests::{Caller, DnsMood, Server, run};

use super::{Scene, add, check, list, make_primary, new_host, remove, send_check};

/// A name for what DNS says, and what it says of a record.
type Form<'a> = (&'a str, &'a dyn Fn(&str) -> DnsMood);
/// The same with a part of the sentence that follows; made of the record and the host.
type Lie<'a> = (&'a str, &'a str, &'a dyn Fn(&str, &str) -> DnsMood);

#[tokio::test]
async fn a_host_is_served_once_it_is_proved() {
    let scene = Scene::open().await;
    let (company, host) = (scene.company().await, new_host());
    let owner = scene.owner(&company);
    let record = add(&owner, &host.to_uppercase()).await;
    assert_eq!(record.name, format!("_tenantry.{host}"));
    assert!(record.value.starts_with("tenantry-domain="), "{}", record.value);
    assert_eq!(list(&owner).await, [(company.host(), "BUILT_IN*".to_owned()), (host.clone(), "PENDING".to_owned())]);
    assert!(!scene.is_served(&company, &host).await);

    let (state, problem) = check(&owner, &host).await;
    assert_eq!((state.as_str(), problem.as_str().unwrap().contains("no such TXT record")), ("PENDING", true));
    assert!(!scene.is_served(&company, &host).await);

    scene.dns.say(&record.name, DnsMood::text(&record.value));
    let answer = send_check(&owner, &format!("{}.", host.to_uppercase())).await;
    assert_eq!(answer.text("/checkDomain/domain/state"), "PROVED");
    assert_eq!(answer.text("/checkDomain/domain/address"), format!("http://{host}:8000"));
    assert_eq!(answer.data("/checkDomain/domain/isPrimary"), json!(false));
    assert!(answer.data("/checkDomain/domain/checkedAt").is_string());
    assert!(scene.is_served(&company, &host).await);
    let second = scene.office.second(&[]).await;
    let there = Caller::new(second.router.clone(), host.as_str(), None).ask("{ tenant { slug } }").await;
    assert_eq!(there.text("/tenant/slug"), company.tenant.slug.as_str());

    let events = owner.ask("{ auditEvents { edges { node { action actorName changes } } } }").await.data("/auditEvents/edges");
    let actions: Vec<&str> = events.as_array().unwrap().iter().filter_map(|edge| edge["node"]["action"].as_str()).collect();
    assert_eq!(actions[..2], ["domain.proved", "domain.added"], "{events}");
    assert_eq!(events[0]["node"]["changes"]["hostname"]["to"], json!(host));
}

/// The tenant's data cannot be written meanwhile: as after a crash between the change and its event.
#[tokio::test]
async fn what_was_done_to_a_host_is_written_down_with_it() {
    let scene = Scene::open().await;
    let (company, host) = (scene.company().await, new_host());
    let (owner, office) = (scene.owner(&company), &scene.office);
    let schema = company.tenant.schema.as_str();
    let mut connection = office.database.connect().await;
    run(&mut connection, &format!("ALTER TABLE \"{schema}\".audit_events RENAME TO away")).await;
    scene.prove(&company, &host).await;
    make_primary(&owner, &host).await.data("");
    let redirect = "mutation { redirectToPrimaryDomain(enabled: false) { domains { redirectsToPrimary } } }";
    owner.ask(redirect).await.data("");
    // What is so already is no deed.
    owner.ask(redirect).await.data("");
    remove(&owner, &host).await.data("");
    assert_eq!(remove(&owner, &host).await.code(), "NOT_FOUND");
    run(&mut connection, &format!("ALTER TABLE \"{schema}\".away RENAME TO audit_events")).await;
    let events = async || {
        let query = "{ auditEvents(first: 5) { nodes { action changes } } }";
        let events = owner.ask(query).await.data("/auditEvents/nodes");
        let text = |event: &Value| (event["action"].as_str().unwrap().to_owned(), event["changes"].clone());
        let events = events.as_array().unwrap().iter().map(text);
        events.filter(|(action, _)| action.starts_with("domain.")).collect::<Vec<_>>()
    };
    assert!(events().await.is_empty());

    office.server.app.auth.tidy(office.clock.now() + TimeDelta::minutes(2)).await.unwrap();
    let change = |from: Value, to: Value| json!({ "from": from, "to": to });
    let expected = [
        ("domain.removed", json!({ "hostname": change(json!(host), Value::Null), "served": change(json!(true), Value::Null) })),
        ("domain.redirect_changed", json!({ "redirectsToPrimary": change(json!(true), json!(false)) })),
        ("domain.made_primary", json!({ "hostname": change(json!(company.host()), json!(host)) })),
        ("domain.proved", json!({ "hostname": change(Value::Null, json!(host)), "served": change(Value::Null, json!(true)) })),
        ("domain.added", json!({ "hostname": change(Value::Null, json!(host)), "served": change(Value::Null, json!(false)) })),
    ];
    assert_eq!(events().await, expected.map(|(action, changes)| (action.to_owned(), changes)));
}

/// Whatever comes besides and around the record.
#[tokio::test]
async fn a_record_is_found_in_every_form() {
    let scene = Scene::open().await;
    let company = scene.company().await;
    let owner = scene.owner(&company);
    let many = |value: &str| {
        let others = (0..200).map(|number| format!("v=spf1 include:host{number}.example -all and more of this kind"));
        DnsMood::texts(others.chain([value.to_owned()]))
    };
    let moods: [Form<'_>; 6] = [
        ("one of many, which do not fit into a datagram", &many),
        ("in parts", &|value| {
            DnsMood::Texts(vec![value.as_bytes().chunks(5).map(|part| String::from_utf8(part.to_vec()).unwrap()).collect()])
        }),
        ("in an over-long text", &|value| DnsMood::Texts(vec![vec!["x".repeat(255); 200], vec![value.to_owned()]])),
        ("with blanks", &|value| DnsMood::text(format!(" {value} "))),
        ("with the same twice", &|value| DnsMood::texts([value.to_owned(), value.to_owned()])),
        ("beside an empty one", &|value| DnsMood::texts([String::new(), value.to_owned()])),
    ];
    for (case, mood) in moods {
        let host = new_host();
        let record = add(&owner, &host).await;
        let before = scene.dns.asked();
        scene.dns.say(&record.name, mood(&record.value));
        assert_eq!(check(&owner, &host).await.0, "PROVED", "{case}");
        let after = scene.dns.asked();
        assert!(after.0 > before.0, "{case}: UDP comes first");
        assert_eq!(after.1 > before.1, case.contains("datagram") || case.contains("over-long"), "{case}: TCP where it is needed");
    }
    // By an alias, and by an alias of an alias.
    for hops in 1..=2 {
        let host = new_host();
        let record = add(&owner, &host).await;
        let mut name = record.name.clone();
        for hop in 0..hops {
            let next = format!("hop{hop}.{host}");
            scene.dns.say(&name, DnsMood::Alias(next.clone()));
            name = next;
        }
        scene.dns.say(&name, DnsMood::text(&record.value));
        assert_eq!(check(&owner, &host).await.0, "PROVED", "{hops} hops");
    }
}

#[tokio::test]
async fn dns_that_lies_or_fails_proves_nothing() {
    let scene = Scene::open().await;
    let company = scene.company().await;
    let owner = scene.owner(&company);
    let other = add(&owner, &new_host()).await.value;
    let moods: [Lie<'_>; 12] = [
        ("no name", "no such TXT record", &|_, _| DnsMood::NoName),
        ("no data", "no such TXT record", &|_, _| DnsMood::NoData),
        ("another record", "not this one", &|_, _| DnsMood::text("v=spf1 -all")),
        ("the record of another host", "not this one", &|_, _| DnsMood::text(&other)),
        ("another spelling", "not this one", &|value, _| DnsMood::text(value.to_uppercase())),
        ("a part of it", "not this one", &|value, _| DnsMood::text(&value[..value.len() - 1])),
        ("more than it", "not this one", &|value, _| DnsMood::text(format!("{value}x"))),
        ("an alias of nothing", "no such TXT record", &|_, host| DnsMood::Alias(format!("nothing.{host}"))),
        ("a referral", "reports a failure", &|_, _| DnsMood::Referral),
        ("a failure", "reports a failure", &|_, _| DnsMood::Failure(ResponseCode::ServFail)),
        ("a refusal", "reports a failure", &|_, _| DnsMood::Failure(ResponseCode::Refused)),
        ("a record of another name", "", &|value, _| {
            DnsMood::OfAnotherName("_tenantry.elsewhere.example".to_owned(), value.to_owned())
        }),
    ];
    for (case, sentence, mood) in moods {
        let host = new_host();
        let record = add(&owner, &host).await;
        scene.dns.say(&record.name, mood(&record.value, &host));
        let (state, problem) = check(&owner, &host).await;
        assert_eq!(state, "PENDING", "{case}");
        assert!(problem.as_str().unwrap().contains(sentence), "{case}: {problem}");
        assert!(!scene.is_served(&company, &host).await, "{case}");
        remove(&owner, &host).await.data("");
    }
}

#[tokio::test]
async fn dns_that_says_nothing_proves_nothing() {
    let scene = Scene::open().await;
    let company = scene.company().await;
    let owner = scene.owner(&company);
    let moods: [&dyn Fn(&str) -> DnsMood; 3] =
        [&|_| DnsMood::Silence, &|_| DnsMood::Noise, &|value| DnsMood::OfAnotherQuestion(value.to_owned())];
    for mood in moods {
        let host = new_host();
        let record = add(&owner, &host).await;
        scene.dns.say(&record.name, mood(&record.value));
        let before = scene.dns.asked();
        let (state, problem) = check(&owner, &host).await;
        assert_eq!(state, "PENDING");
        assert!(problem.as_str().unwrap().contains("did not answer in time"), "{problem}");
        let after = scene.dns.asked();
        assert!(after.0 + after.1 > before.0 + before.1 + 1, "it is asked more than once");
    }
    // A server that is not there at all.
    let nowhere = Server::start_with(&["--dns-server", "127.0.0.1:1"], api::app::system_clock()).await;
    let company = nowhere.company().await;
    let host = new_host();
    let owner = company.caller(domain::Role::Owner);
    add(&owner, &host).await;
    assert_eq!(check(&owner, &host).await.0, "PENDING");
}

#[tokio::test]
async fn dns_is_asked_so_often_and_not_more() {
    let scene = Scene::open().await;
    let (company, other) = (scene.company().await, scene.company().await);
    let (owner, host) = (scene.owner(&company), new_host());
    add(&owner, &host).await;
    let mut refused = None;
    for _ in 0..40 {
        let answer = send_check(&owner, &host).await;
        if answer.first_code().is_some() {
            refused = Some(answer);
            break;
        }
    }
    let refused = refused.expect("anyone may have DNS asked without end");
    assert_eq!(refused.code(), "RATE_LIMITED");
    assert!(refused.body["errors"][0]["extensions"]["retryAfter"].is_number(), "{}", refused.body);
    let host = new_host();
    add(&scene.owner(&other), &host).await;
    assert_eq!(check(&scene.owner(&other), &host).await.0, "PENDING", "others are not held up");
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    let scene = Scene::open().await;
    let (company, other) = (scene.company().await, scene.company().await);
    let host = new_host();
    scene.prove(&other, &host).await;
    let owner = scene.owner(&company);
    for host in [host.as_str(), &new_host(), "not a host", "", "127.0.0.1"] {
        for answer in [send_check(&owner, host).await, super::make_primary(&owner, host).await, remove(&owner, host).await] {
            assert_eq!(answer.code(), "NOT_FOUND", "{host}: {}", answer.body);
        }
    }
    assert!(scene.is_served(&other, &host).await);
    let pending = new_host();
    add(&owner, &pending).await;
    assert_eq!(super::make_primary(&owner, &pending).await.code(), "CONFLICT");
    assert_eq!(list(&owner).await[0], (company.host(), "BUILT_IN*".to_owned()));
    assert_eq!(remove(&owner, &company.host()).await.code(), "CONFLICT", "the slug's host stays");
    assert_eq!(check(&owner, &company.host()).await, ("BUILT_IN".to_owned(), Value::Null));
}
