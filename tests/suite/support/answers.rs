//! Asking, and what owners answer.

use chrono::TimeDelta;
use domain::Role;
use entities::platform::operator::OperatorRole;
use serde_json::json;
use sqlx::{Connection as _, PgConnection};
use tests::{PostOffice, Server, SmtpMood, SmtpServer, TestClock, database_url, run};

use super::{Scene, decide};

#[tokio::test]
async fn only_owners_of_the_organisation_answer_and_once() {
    let server = Server::start().await;
    let (company, other) = (server.company().await, server.company().await);
    let scene = Scene::of(&server, &company).await;
    let id = scene.asked().await;
    for mutation in ["consentToSupport", "refuseSupport", "endSupport"] {
        for role in [Role::Admin, Role::Hr, Role::Manager, Role::Employee] {
            assert_eq!(decide(&company.caller(role), mutation, &id).await.code(), "FORBIDDEN", "{mutation} by {role}");
        }
        assert_eq!(decide(&company.anonymous(), mutation, &id).await.code(), "UNAUTHENTICATED");
        // Another organisation's owner does not learn that it is there.
        assert_eq!(decide(&other.caller(Role::Owner), mutation, &id).await.code(), "NOT_FOUND");
        for unknown in ["", "nonsense", &scene.tenant_id()] {
            assert_eq!(decide(&scene.owner, mutation, unknown).await.code(), "NOT_FOUND");
        }
    }
    assert_eq!(other.caller(Role::Owner).ask("{ supportGrants { id } }").await.data("/supportGrants"), json!([]));
    assert_eq!(company.caller(Role::Admin).ask("{ supportGrants { id } }").await.code(), "FORBIDDEN");

    assert_eq!(decide(&scene.owner, "endSupport", &id).await.code(), "CONFLICT", "there is nothing to end yet");
    // Of several answers at once, one counts.
    let answers = tokio::join!(
        decide(&scene.owner, "consentToSupport", &id),
        decide(&scene.owner, "refuseSupport", &id),
        decide(&scene.owner, "consentToSupport", &id),
    );
    let codes = [&answers.0, &answers.1, &answers.2].map(|answer| answer.first_code());
    assert_eq!(codes.iter().filter(|code| code.is_none()).count(), 1, "{codes:?}");
    assert!(codes.iter().flatten().all(|code| *code == "CONFLICT"), "{codes:?}");
    assert_eq!(scene.actions(&id).await.len(), 2);
}

#[tokio::test]
async fn a_refusal_a_withdrawal_and_time_end_a_request() {
    let clock = TestClock::start();
    let server = Server::start_with(&[], clock.clock()).await;
    let company = server.company().await;
    let scene = Scene::of(&server, &company).await;

    let id = scene.asked().await;
    assert_eq!(scene.ask().await.code(), "CONFLICT", "one request at a time");
    decide(&scene.owner, "refuseSupport", &id).await.data("");
    assert_eq!(scene.actions(&id).await, ["support.requested", "support.refused"]);
    assert_eq!(scene.give_back(&id).await.code(), "CONFLICT");

    let id = scene.asked().await;
    let withdrawn = scene.give_back(&id).await.data("/endSupport/supportGrant");
    assert_eq!(withdrawn, json!({ "state": "WITHDRAWN", "endedBy": "Olga Operator" }));
    assert_eq!(decide(&scene.owner, "consentToSupport", &id).await.code(), "CONFLICT");
    assert_eq!(scene.actions(&id).await, ["support.requested", "support.withdrawn"]);

    let id = scene.asked().await;
    // Tokens are shorter-lived than the patience of a request.
    let listed = async || {
        let token = server.signer.token(company.tenant.id, Role::Owner, None).await;
        let owner = company.anonymous().with_token(Some(token));
        (owner.ask("{ supportGrants { state } }").await, owner)
    };
    assert_eq!(listed().await.0.data("/supportGrants/0/state"), "ASKED");
    let past = format!("UPDATE platform.support_grants SET lapses_at = asked_at WHERE tenant_id = '{}'", company.tenant.id);
    run(&mut PgConnection::connect(&database_url()).await.unwrap(), &past).await;
    clock.advance(TimeDelta::seconds(1));
    let (answer, owner) = listed().await;
    assert_eq!(answer.data("/supportGrants/0/state"), "LAPSED");
    assert_eq!(decide(&owner, "consentToSupport", &id).await.code(), "CONFLICT");
    // Then one may ask again.
    scene.asked().await;
}

/// Those whose organisation can only be read need help as much, and it changes nothing.
#[tokio::test]
async fn owners_answer_also_while_the_organisation_can_only_be_read() {
    let server = Server::start().await;
    let company = server.company().await;
    let scene = Scene::of(&server, &company).await;
    let now = chrono::Utc::now();
    server.tenants().set_dates(company.tenant.id, None, Some(now - TimeDelta::days(10)), now).await.unwrap();
    assert_eq!(scene.owner.mutate("createPosition", json!({ "title": "x" }), "__typename").await.code(), "TENANT_READ_ONLY");
    let id = scene.open().await;
    let (visitor, _) = scene.enter().await;
    assert!(visitor.ask("{ employees { totalCount } }").await.first_code().is_none());
    decide(&scene.owner, "endSupport", &id).await.data("");
    let actions = scene.actions(&id).await;
    assert_eq!(actions, ["support.requested", "support.consented", "support.entered", "support.ended"]);
}

/// A mail server that is down for days is waited for as long as there is something to answer.
#[tokio::test]
async fn the_mail_is_worth_sending_for_as_long_as_the_request_waits() {
    let smtp = SmtpServer::start().await;
    let office = PostOffice::open_with(&["--smtp-url", &smtp.url()]).await;
    let company = office.server.company().await;
    let scene = Scene::of(&office.server, &company).await;
    scene.asked().await;
    smtp.set(SmtpMood::Busy);
    office.send().await;
    office.clock.advance(TimeDelta::hours(71));
    office.send().await;
    smtp.set(SmtpMood::Willing);
    office.clock.advance(TimeDelta::minutes(50));
    office.send().await;
    let owner = company.member_with(Role::Owner).email();
    assert!(smtp.received().iter().any(|mail| mail.recipients == [owner.clone()]), "{:?}", smtp.received());
}

/// Each request is a mail to every owner.
#[tokio::test]
async fn owners_are_not_asked_again_and_again() {
    let server = Server::start().await;
    let company = server.company().await;
    let scene = Scene::of(&server, &company).await;
    for _ in 0..5 {
        let id = scene.asked().await;
        scene.give_back(&id).await.data("");
    }
    let refused = scene.ask().await;
    assert_eq!(refused.code(), "CONFLICT");
    assert!(refused.message().contains("5 times within a day"), "{}", refused.message());
    // Another operator has not asked yet.
    let colleague = Scene { operator: server.operator(OperatorRole::Admin).await, ..Scene::of(&server, &company).await };
    let id = colleague.asked().await;
    colleague.give_back(&id).await.data("");
    let earlier = format!(
        "UPDATE platform.support_grants SET asked_at = asked_at - interval '1 day' WHERE tenant_id = '{}'",
        company.tenant.id
    );
    run(&mut PgConnection::connect(&database_url()).await.unwrap(), &earlier).await;
    scene.asked().await;
}

#[tokio::test]
async fn what_makes_no_sense_is_not_asked() {
    let server = Server::start().await;
    let company = server.company().await;
    let scene = Scene::of(&server, &company).await;
    let refused = [
        (json!({ "reason": "", "hours": 1 }), "reason"),
        (json!({ "reason": "x".repeat(501), "hours": 1 }), "reason"),
        (json!({ "reason": "\0", "hours": 1 }), "reason"),
        (json!({ "reason": "x", "hours": 0 }), "hours"),
        (json!({ "reason": "x", "hours": 9 }), "hours"),
        (json!({ "reason": "x", "hours": -1 }), "hours"),
        (json!({ "reason": "x", "hours": 70_000 }), "hours"),
    ];
    for (mut input, field) in refused {
        input["id"] = json!(scene.tenant_id());
        let answer = scene.operator.caller.mutate("requestSupport", input, "__typename").await;
        assert_eq!((answer.code(), answer.field()), ("BAD_USER_INPUT", Some(field)), "{}", answer.body);
    }
    let viewer = server.operator(OperatorRole::Viewer).await.caller;
    let input = json!({ "id": scene.tenant_id(), "reason": "x", "hours": 1 });
    assert_eq!(viewer.mutate("requestSupport", input.clone(), "__typename").await.code(), "FORBIDDEN");
    let unknown = json!({ "id": api::graphql::id::encode_tenant(tests::new_tenant().id), "reason": "x", "hours": 1 });
    assert_eq!(scene.operator.caller.mutate("requestSupport", unknown, "__typename").await.code(), "NOT_FOUND");
    assert_eq!(scene.owner.ask("{ supportGrants { id } }").await.data("/supportGrants"), json!([]));
}
