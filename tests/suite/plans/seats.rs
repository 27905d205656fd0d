//! Seats: members, and invitations that can be accepted.

use api::auth::{self, NewAccount};
use chrono::{TimeDelta, Utc};
use domain::{Role, plan::Quota};
use futures::future::join_all;
use serde_json::json;
use tests::{Answer, Browser, Caller, Company, FakeProvider, PostOffice, Server};

use super::{OwnLimit, exceeded, give, new_plan, own_limit, shown};
use crate::{identity_providers, invitations};

/// As many as a company of the tests has members.
const MEMBERS: u64 = 5;

async fn invite(caller: &Caller, email: &str) -> Answer {
    let input = json!({ "email": email, "role": "EMPLOYEE" });
    caller.mutate("inviteMember", input, "invitation { id }").await
}

async fn seats(server: &Server, company: &Company<'_>, seats: u64) {
    own_limit(server, company.tenant.id, Quota::Seats, OwnLimit::AtMost(seats)).await;
}

#[tokio::test]
async fn an_invitation_takes_a_seat_and_gives_it_back() {
    let server = Server::start().await;
    let (company, other) = (server.company().await, server.company().await);
    give(&server, company.tenant.id, &api::plan::Plan { seats: Some(MEMBERS + 1), ..new_plan() }).await;
    let owner = company.caller(Role::Owner);
    let invitation = invite(&owner, "one@example.test").await.text("/inviteMember/invitation/id");
    let refused = invite(&owner, "two@example.test").await;
    assert_eq!(exceeded(&refused, "seats", MEMBERS + 1), MEMBERS + 1);
    assert!(refused.message().contains("6 are taken"), "{}", refused.message());
    assert_eq!(shown(&company, "SEATS").await, (Some(6.0), Some(6.0)));
    // Nothing was written, and nobody else is concerned.
    assert_eq!(owner.ask("{ invitations { totalCount } }").await.data("/invitations/totalCount"), 1);
    invite(&other.caller(Role::Owner), "two@example.test").await.data("");
    owner.delete("withdrawInvitation", &invitation).await.data("");
    invite(&owner, "two@example.test").await.data("");
}

#[tokio::test]
async fn of_those_who_invite_at_once_no_more_succeed_than_there_are_seats() {
    let (server, other_process) = (Server::start().await, Server::start().await);
    let company = server.company().await;
    seats(&server, &company, MEMBERS + 3).await;
    let there = Caller::new(other_process.router.clone(), company.host(), Some(company.token(Role::Owner)));
    let here = company.caller(Role::Owner);
    let answers = join_all((0..12).map(|number| {
        let caller = if number % 2 == 0 { &here } else { &there };
        async move { invite(caller, &format!("p{number}@example.test")).await }
    }))
    .await;
    let (invited, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.first_code().is_none());
    assert_eq!((invited.len(), refused.len()), (3, 9));
    for answer in refused {
        assert_eq!(exceeded(&answer, "seats", MEMBERS + 3), MEMBERS + 3);
    }
}

#[tokio::test]
async fn fewer_seats_remove_nobody_and_admit_nobody_more() {
    let office = PostOffice::open().await;
    let company = office.server.company().await;
    let mut tokens = Vec::new();
    for email in ["one@example.test", "two@example.test", "three@example.test"] {
        tokens.push(invitations::token_of(&office, &company, email, "EMPLOYEE").await);
    }
    // Three are invited, and one seat is left.
    seats(&office.server, &company, MEMBERS + 1).await;
    let accept = async |token: &str| {
        let input = json!({ "token": token, "name": "Somebody new", "password": "a password of theirs" });
        invitations::accept(&company.anonymous(), input).await
    };
    let answers = join_all(tokens.iter().map(|token| accept(token))).await;
    let refused: Vec<_> = (0..3).filter(|index| answers[*index].first_code().is_some()).collect();
    assert_eq!(refused.len(), 2, "one gets in");
    for index in &refused {
        exceeded(&answers[*index], "seats", MEMBERS + 1);
    }
    assert_eq!(invitations::members(&company).await.len(), 6);
    // The invitation is not used up by that.
    seats(&office.server, &company, MEMBERS + 2).await;
    accept(&tokens[refused[0]]).await.data("");
    seats(&office.server, &company, 1).await;
    assert_eq!(invitations::members(&company).await.len(), 7);
    company.caller(Role::Employee).ask("{ viewer { role } }").await.data("");
}

#[tokio::test]
async fn an_invitation_that_has_ended_keeps_no_seat_and_is_not_sent_again_without_one() {
    let office = PostOffice::open().await;
    let company = office.server.company().await;
    seats(&office.server, &company, MEMBERS + 1).await;
    let owner = office.caller(&company, Role::Owner);
    let invitation = invite(&owner, "one@example.test").await.text("/inviteMember/invitation/id");
    // Sending it again takes no second seat.
    office.clock.advance(TimeDelta::minutes(2));
    invitations::resend(&owner, &invitation).await.data("");
    office.clock.advance(TimeDelta::days(8));
    invite(&owner, "two@example.test").await.data("");
    exceeded(&invitations::resend(&owner, &invitation).await, "seats", MEMBERS + 1);
}

#[tokio::test]
async fn whom_the_identity_provider_brings_needs_a_seat() {
    let server = identity_providers::server().await;
    let (company, other) = (server.company().await, server.company().await);
    let provider = FakeProvider::start().await;
    for company in [&company, &other] {
        identity_providers::set_up(company, &provider).await;
    }
    seats(&server, &company, MEMBERS).await;
    let nora = identity_providers::person("nora@example.test");
    let end = identity_providers::sign_in(&mut Browser::at(&company), &provider, nora.clone()).await;
    assert_eq!(end, "/sign-in?problem=no_seat");
    assert_eq!(invitations::members(&company).await.len(), 5);
    let end =
        identity_providers::sign_in(&mut Browser::at(&other), &provider, identity_providers::person("olga@example.test")).await;
    assert_eq!(end, "/");
    seats(&server, &company, MEMBERS + 1).await;
    assert_eq!(identity_providers::sign_in(&mut Browser::at(&company), &provider, nora.clone()).await, "/");
    // Who is a member has a seat.
    seats(&server, &company, 1).await;
    assert_eq!(identity_providers::sign_in(&mut Browser::at(&company), &provider, nora).await, "/");
}

#[tokio::test]
async fn whoever_is_invited_and_comes_in_another_way_takes_the_seat_of_the_invitation() {
    let server = identity_providers::server().await;
    let company = server.company().await;
    let provider = FakeProvider::start().await;
    identity_providers::set_up(&company, &provider).await;
    seats(&server, &company, MEMBERS + 2).await;
    let owner = company.caller(Role::Owner);
    let [from_provider, by_hand] = ["provided", "by-hand"].map(|name| format!("{name}.{}@example.test", company.tenant.slug));
    for email in [&from_provider, &by_hand] {
        invite(&owner, email).await.data("");
    }
    let person = identity_providers::person(&from_provider);
    assert_eq!(identity_providers::sign_in(&mut Browser::at(&company), &provider, person).await, "/");
    let account = NewAccount::parse(&by_hand, None, Some("a password of theirs")).unwrap();
    auth::join(&server.tenants().platform(), &account, company.tenant.id, Role::Hr, None, Utc::now()).await.unwrap();
    assert_eq!(owner.ask("{ invitations { totalCount } }").await.data("/invitations/totalCount"), 0);
    assert_eq!(invitations::members(&company).await.len(), 7);
    exceeded(&invite(&owner, "another@example.test").await, "seats", MEMBERS + 2);
}

#[tokio::test]
async fn an_operator_fills_no_more_seats_either() {
    let server = Server::start().await;
    let company = server.company().await;
    seats(&server, &company, MEMBERS).await;
    let platform = server.tenants().platform();
    let join = async |email: &str, role: Role| {
        let account = NewAccount::parse(email, None, Some("a password of theirs")).unwrap();
        auth::join(&platform, &account, company.tenant.id, role, None, Utc::now()).await
    };
    let refused = join(&format!("{}@example.test", company.tenant.slug), Role::Hr).await.unwrap_err();
    assert!(refused.to_string().contains("seats for 5"), "{refused}");
    // Another role takes no seat.
    join(&company.member_with(Role::Hr).email(), Role::Admin).await.unwrap();
}
