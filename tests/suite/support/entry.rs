//! The way in, and where a visit is good.

use axum::http::StatusCode;
use domain::Role;
use entities::platform::operator::OperatorRole;
use serde_json::{Value, json};
use tests::{Server, sign_in_operator};

use super::{NONCE, Scene, VIEWER, decide, enter, refresh};

#[tokio::test]
async fn without_consent_nobody_enters() {
    let server = Server::start().await;
    let (company, other) = (server.company().await, server.company().await);
    let (scene, elsewhere) = (Scene::of(&server, &company).await, Scene::of(&server, &other).await);
    assert_eq!(scene.way_in().await.code(), "FORBIDDEN");
    let id = scene.asked().await;
    assert_eq!(scene.way_in().await.code(), "FORBIDDEN", "it was only asked for");
    decide(&scene.owner, "refuseSupport", &id).await.data("");
    assert_eq!(scene.way_in().await.code(), "FORBIDDEN", "it was refused");
    scene.open().await;
    scene.way_in().await.data("");
    // The consent is for the one who has asked, and for the organisation that has given it.
    assert_eq!(Scene { company: &company, ..elsewhere }.way_in().await.code(), "FORBIDDEN");
    let there = Scene { company: &other, operator: scene.operator, owner: other.caller(Role::Owner) };
    assert_eq!(there.way_in().await.code(), "FORBIDDEN");
    let viewer = server.operator(OperatorRole::Viewer).await.caller;
    let input = json!({ "slug": company.tenant.slug.as_str(), "nonce": NONCE });
    assert_eq!(viewer.mutate("enterTenant", input.clone(), "url").await.code(), "FORBIDDEN");
    assert_eq!(server.console().mutate("enterTenant", input, "url").await.code(), "UNAUTHENTICATED");
}

#[tokio::test]
async fn a_code_is_good_once_at_its_organisation_in_its_browser() {
    let server = Server::start().await;
    let (company, other) = (server.company().await, server.company().await);
    let scene = Scene::of(&server, &company).await;
    let id = scene.open().await;
    for nonce in ["", "short", &"x".repeat(129)] {
        let input = json!({ "slug": company.tenant.slug.as_str(), "nonce": nonce });
        assert_eq!(scene.operator.caller.mutate("enterTenant", input, "url").await.field(), Some("nonce"));
    }
    let code = scene.code().await;
    let refused = |answer: tests::Answer| assert_eq!((answer.code(), &answer.body["data"]), ("UNAUTHENTICATED", &Value::Null));
    refused(enter(&other.anonymous(), &code).await);
    let input = json!({ "code": code, "nonce": "another nonce of another page" });
    refused(company.anonymous().mutate("enter", input, "accessToken").await);
    let here = company.anonymous();
    let answers = tokio::join!(enter(&here, &code), enter(&here, &code), enter(&here, &code));
    let entered = [answers.0, answers.1, answers.2].iter().filter(|answer| answer.first_code().is_none()).count();
    assert_eq!(entered, 1);
    refused(enter(&here, &code).await);

    // A code that was made before the end is nothing after it, nor is one of a session that has ended since.
    let code = scene.code().await;
    decide(&scene.owner, "endSupport", &id).await.data("");
    refused(enter(&here, &code).await);
    scene.open().await;
    let code = scene.code().await;
    scene.operator.caller.ask("mutation { signOut { signedOut } }").await.data("");
    refused(enter(&here, &code).await);
}

#[tokio::test]
async fn a_visit_is_good_in_one_organisation_alone() {
    let server = Server::start().await;
    let (company, other) = (server.company().await, server.company().await);
    let scene = Scene::of(&server, &company).await;
    scene.open().await;
    let (visitor, refresh_token) = scene.enter().await;
    let base = server.app.hosts.base().to_string();
    let elsewhere = visitor.at(other.host()).ask(VIEWER).await;
    assert_eq!((elsewhere.status, elsewhere.code()), (StatusCode::FORBIDDEN, "TENANT_MISMATCH"));
    assert_eq!(visitor.at(base.clone()).ask("{ __typename }").await.code(), "TENANT_MISMATCH");
    assert_eq!(visitor.at(base).at_path("/operator/graphql").ask("{ viewer { email } }").await.code(), "UNAUTHENTICATED");
    // Nor is the operator's own token good in the organisation.
    let operator = scene.operator.caller.token().map(str::to_owned);
    assert_eq!(company.anonymous().with_token(operator).ask(VIEWER).await.code(), "UNAUTHENTICATED");
    assert_eq!(refresh(&other.anonymous(), &refresh_token).await.code(), "UNAUTHENTICATED");
    assert_eq!(refresh(&server.apex(), &refresh_token).await.code(), "UNAUTHENTICATED");
    refresh(&company.anonymous(), &refresh_token).await.data("");
}

/// Neither by leaving the mark out of a visit's token, nor by putting it into a member's.
#[tokio::test]
async fn no_token_is_both_a_members_and_a_visitors() {
    let server = Server::start().await;
    let (company, other) = (server.company().await, server.company().await);
    let scene = Scene::of(&server, &company).await;
    scene.open().await;
    let (visitor, _) = scene.enter().await;
    let claims = claims_of(visitor.token().unwrap());
    assert_eq!(claims["aud"], company.tenant.id.to_string());
    let ask = async |change: &dyn Fn(&mut Value)| {
        let mut forgery = server.signer.forgery_of(company.member_with(Role::Owner));
        forgery.claims = claims.clone();
        change(&mut forgery.claims);
        company.anonymous().with_token(Some(forgery.sign())).ask(VIEWER).await
    };
    assert!(ask(&|_| {}).await.first_code().is_none());
    let member = company.member_with(Role::Owner);
    let forgeries: [&dyn Fn(&mut Value); 6] = [
        &|claims| drop(claims.as_object_mut().unwrap().remove("support")),
        &|claims| claims["sub"] = json!(member.account.uuid()),
        &|claims| claims["sid"] = json!(member.session.uuid()),
        &|claims| claims["support"]["grant"] = json!(member.session.uuid()),
        &|claims| claims["support"]["consented_by"] = json!(member.session.uuid()),
        &|claims| claims["aud"] = json!("operator"),
    ];
    for (number, forgery) in forgeries.into_iter().enumerate() {
        assert_eq!(ask(forgery).await.code(), "UNAUTHENTICATED", "forgery {number}");
    }
    // With the audience of another organisation it is not good there either.
    let mut forgery = server.signer.forgery_of(member);
    forgery.claims = claims.clone();
    forgery.claims["aud"] = json!(other.tenant.id.to_string());
    assert_eq!(other.anonymous().with_token(Some(forgery.sign())).ask(VIEWER).await.code(), "UNAUTHENTICATED");
    let mut members = server.signer.forgery_of(member);
    members.claims["support"] = claims["support"].clone();
    assert_eq!(company.anonymous().with_token(Some(members.sign())).ask(VIEWER).await.code(), "UNAUTHENTICATED");
}

#[tokio::test]
async fn a_visit_is_good_from_the_operators_networks_alone() {
    let flags = ["--operator-network", "192.0.2.0/24", "--trusted-proxy", "192.0.2.1"];
    let server = Server::start_with(&flags, api::app::system_clock()).await;
    let company = server.company().await;
    let owner = company.caller(Role::Owner);
    let inside = server.console().from_address("192.0.2.9");
    let (email, token) = server.invited_operator(OperatorRole::Admin).await;
    let app = tests::setup_app(&inside, &token).await;
    let set_up = tests::complete_setup(&inside, &token, &app.code(chrono::Utc::now())).await;
    let caller = inside.with_token(Some(set_up.text("/completeOperatorSetup/accessToken")));
    let refresh_token = set_up.text("/completeOperatorSetup/refreshToken");
    let scene = Scene { company: &company, operator: tests::Operator { email, app, caller, refresh_token }, owner };
    scene.open().await;
    // From outside nothing begins, and the code is as good as before.
    let code = scene.code().await;
    let outside = company.anonymous().from_address("198.51.100.1");
    assert_eq!(enter(&outside, &code).await.code(), "UNAUTHENTICATED");
    let here = company.anonymous().from_address("192.0.2.9");
    let entered = enter(&here, &code).await;
    let visitor = here.with_token(Some(entered.text("/enter/accessToken")));
    let refresh_token = entered.text("/enter/refreshToken");
    // Nor is anything renewed, so that a copy of the token uses nothing up.
    assert_eq!(refresh(&outside, &refresh_token).await.code(), "UNAUTHENTICATED");
    assert!(refresh(&here, &refresh_token).await.first_code().is_none());
    assert!(visitor.ask(VIEWER).await.first_code().is_none());
    assert_eq!(visitor.from_address("198.51.100.1").ask(VIEWER).await.code(), "UNAUTHENTICATED");
    let nowhere = company.anonymous().with_token(visitor.token().map(str::to_owned));
    assert_eq!(nowhere.ask(VIEWER).await.code(), "UNAUTHENTICATED", "without an address nobody is in a network");
    assert_eq!(visitor.from_address("192.0.2.1").ask(VIEWER).await.code(), "UNAUTHENTICATED", "a proxy is in none");
    // Members are not concerned.
    assert!(scene.owner.from_address("198.51.100.1").ask(VIEWER).await.first_code().is_none());
    let wrong = sign_in_operator(&server.console().from_address("198.51.100.1"), "x@operators.test", "x", "123456").await;
    assert_eq!(wrong.status, StatusCode::NOT_FOUND);
}

fn claims_of(token: &str) -> Value {
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
    let payload = token.split('.').nth(1).expect("a token has three parts");
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}
