//! Accepting an invitation.

use axum::http::header;
use chrono::{DateTime, TimeDelta, Utc};
use domain::Role;
use futures::future::join_all;
use serde_json::json;
use tests::{PostOffice, opaque};

use super::{accept, invite, members, preview, token_of};

#[tokio::test]
async fn a_new_person_gets_an_account_and_is_signed_in() {
    let office = PostOffice::open().await;
    let company = office.server.company().await;
    let record = opaque(company.colleague.id);
    let input = json!({ "email": " Cleo@Example.TEST ", "role": "MANAGER", "employeeId": record });
    let answer = company.caller(Role::Admin).mutate("inviteMember", input, super::INVITATION).await;
    let invitation = answer.data("/inviteMember/invitation");
    assert_eq!(invitation["email"], "cleo@example.test");
    assert_eq!((&invitation["role"], &invitation["invitedBy"]), (&json!("MANAGER"), &json!("the admin")));
    assert_eq!(invitation["employee"]["id"], record);
    let until: DateTime<Utc> = invitation["expiresAt"].as_str().unwrap().parse().unwrap();
    assert_eq!(until - office.clock.now(), TimeDelta::days(7));

    let token = office.last_mail_to("cleo@example.test").await.token();
    let anonymous = company.anonymous();
    let seen = preview(&anonymous, &token).await;
    let expected = json!({ "email": "cleo@example.test", "role": "MANAGER", "invitedBy": "the admin", "hasAccount": false,
        "expiresAt": invitation["expiresAt"] });
    assert_eq!(seen, expected);

    let input = json!({ "token": token, "name": "Cleo Example", "password": "a password of Cleo" });
    let session = accept(&anonymous, input.clone()).await.data("/acceptInvitation/session");
    let expected = json!({ "role": "MANAGER", "account": { "email": "cleo@example.test", "name": "Cleo Example" } });
    assert_eq!(session["viewer"], expected);
    let cleo = anonymous.with_token(Some(session["accessToken"].as_str().unwrap().to_owned()));
    assert_eq!(cleo.ask("{ viewer { employee { id } } }").await.text("/viewer/employee/id"), record);
    // The password is the one that was chosen.
    anonymous.sign_in("cleo@example.test", "a password of Cleo").await.data("");
    // The token was for one use.
    assert_eq!(preview(&anonymous, &token).await, json!(null));
    assert_eq!(accept(&anonymous, input).await.code(), "NOT_FOUND");

    let owner = company.caller(Role::Owner);
    assert_eq!(owner.ask("{ invitations { totalCount } }").await.data("/invitations/totalCount"), 0);
    let events = owner.ask("{ auditEvents(first: 2) { nodes { action actorName changes } } }").await.data("/auditEvents/nodes");
    assert_eq!((&events[0]["action"], &events[0]["actorName"]), (&json!("member.joined"), &json!("Cleo Example")));
    assert_eq!((&events[1]["action"], &events[1]["actorName"]), (&json!("invitation.sent"), &json!("the admin")));
    assert_eq!(events[1]["changes"]["email"]["to"], "cleo@example.test");
}

#[tokio::test]
async fn somebody_with_an_account_becomes_a_member_and_signs_in_as_always() {
    let office = PostOffice::open().await;
    let (company, other) = (office.server.company().await, office.server.company().await);
    let account = other.account(Role::Hr).await;
    let token = token_of(&office, &company, &account.email, "EMPLOYEE").await;
    assert_eq!(preview(&company.anonymous(), &token).await["hasAccount"], true);
    // The token is not enough to choose another password, nor to get in.
    let input = json!({ "token": token, "name": "Somebody else", "password": "another password" });
    assert_eq!(accept(&company.anonymous(), input).await.data("/acceptInvitation/session"), json!(null));
    assert_eq!(company.anonymous().sign_in(&account.email, "another password").await.code(), "UNAUTHENTICATED");
    let session = company.anonymous().sign_in(&account.email, &account.password).await;
    assert_eq!(session.text("/signIn/viewer/role"), "EMPLOYEE");
    // Where the account was a member before, it is what it was.
    assert_eq!(other.anonymous().sign_in(&account.email, &account.password).await.text("/signIn/viewer/role"), "HR");
    let name = company.caller(Role::Owner).ask("{ members { nodes { account { name email } } } }").await;
    assert!(!name.body.to_string().contains("Somebody else"));
}

#[tokio::test]
async fn of_two_who_accept_at_once_one_gets_in() {
    let office = PostOffice::open().await;
    let company = office.server.company().await;
    let second = office.second(&[]).await;
    let elsewhere = tests::Caller::new(second.router.clone(), company.host(), None);
    for round in 0..4 {
        let email = format!("new{round}@example.test");
        let token = token_of(&office, &company, &email, "EMPLOYEE").await;
        let callers = [company.anonymous(), elsewhere.clone(), company.anonymous(), elsewhere.clone()];
        let answers = join_all(callers.iter().enumerate().map(|(index, caller)| {
            let input = json!({ "token": token, "name": format!("Number {index}"), "password": format!("the password {index}") });
            accept(caller, input)
        }))
        .await;
        let winners: Vec<usize> = (0..4).filter(|index| answers[*index].first_code().is_none()).collect();
        assert_eq!(winners.len(), 1, "{answers:?}");
        assert!(answers.iter().all(|answer| answer.first_code().is_none_or(|code| code == "NOT_FOUND")), "{answers:?}");
        // The account is the winner's.
        company.anonymous().sign_in(&email, &format!("the password {}", winners[0])).await.data("");
        assert_eq!(members(&company).await.iter().filter(|member| **member == email).count(), 1);
    }
}

#[tokio::test]
async fn invitations_of_two_tenants_that_are_accepted_at_once_make_one_account() {
    let office = PostOffice::open().await;
    let (company, other) = (office.server.company().await, office.server.company().await);
    let here = token_of(&office, &company, "new@example.test", "HR").await;
    let there = token_of(&office, &other, "new@example.test", "EMPLOYEE").await;
    let input = |token: &str, password: &str| json!({ "token": token, "name": "New", "password": password });
    let (company_guest, other_guest) = (company.anonymous(), other.anonymous());
    let (first, second) = tokio::join!(
        accept(&company_guest, input(&here, "the first password")),
        accept(&other_guest, input(&there, "the second password")),
    );
    let sessions = [first.data("/acceptInvitation/session"), second.data("/acceptInvitation/session")];
    assert_eq!(sessions.iter().filter(|session| !session.is_null()).count(), 1, "{sessions:?}");
    let password = if sessions[0].is_null() { "the second password" } else { "the first password" };
    for (company, role) in [(&company, "HR"), (&other, "EMPLOYEE")] {
        let answer = company.anonymous().sign_in("new@example.test", password).await;
        assert_eq!(answer.text("/signIn/viewer/role"), role);
    }
}

#[tokio::test]
async fn an_invitation_is_for_its_own_tenant() {
    let office = PostOffice::open().await;
    let (company, other) = (office.server.company().await, office.server.company().await);
    let token = token_of(&office, &company, "new@example.test", "OWNER").await;
    assert_eq!(preview(&other.anonymous(), &token).await, json!(null));
    let input = json!({ "token": token, "name": "New", "password": "a long password" });
    assert_eq!(accept(&other.anonymous(), input.clone()).await.code(), "NOT_FOUND");
    assert!(!members(&other).await.contains(&"new@example.test".to_owned()));
    // It was not used up.
    accept(&company.anonymous(), input).await.data("");
}

#[tokio::test]
async fn an_invitation_ends_after_seven_days() {
    let office = PostOffice::open().await;
    let company = office.server.company().await;
    let token = token_of(&office, &company, "new@example.test", "EMPLOYEE").await;
    let input = json!({ "token": token, "name": "New", "password": "a long password" });
    office.clock.advance(TimeDelta::days(7) - TimeDelta::seconds(1));
    assert_eq!(preview(&company.anonymous(), &token).await["email"], "new@example.test");
    office.clock.advance(TimeDelta::seconds(1));
    assert_eq!(preview(&company.anonymous(), &token).await, json!(null));
    assert_eq!(accept(&company.anonymous(), input).await.code(), "NOT_FOUND");
    let members = office.caller(&company, Role::Owner).ask("{ members { nodes { account { email } } } }").await;
    assert!(!members.data("/members").to_string().contains("new@example.test"));
}

#[tokio::test]
async fn input_that_cannot_be_used_does_not_use_the_invitation_up() {
    let office = PostOffice::open().await;
    let company = office.server.company().await;
    let token = token_of(&office, &company, "new@example.test", "EMPLOYEE").await;
    let guest = company.anonymous();
    for (input, code, field) in [
        (json!({ "token": token }), "BAD_USER_INPUT", Some("name")),
        (json!({ "token": token, "name": "New" }), "BAD_USER_INPUT", Some("password")),
        (json!({ "token": token, "name": " ", "password": "a long password" }), "BAD_USER_INPUT", Some("name")),
        (json!({ "token": token, "name": "A\r\nB", "password": "a long password" }), "BAD_USER_INPUT", Some("name")),
        (json!({ "token": token, "name": "New", "password": "short" }), "BAD_USER_INPUT", Some("password")),
        (json!({ "token": token, "name": "New", "password": "x".repeat(2_000) }), "BAD_USER_INPUT", Some("password")),
        (json!({ "token": "", "name": "New", "password": "a long password" }), "NOT_FOUND", None),
        (json!({ "token": token[1..], "name": "New", "password": "a long password" }), "NOT_FOUND", None),
        (json!({ "token": "\u{0}' OR 1=1", "name": "New", "password": "a long password" }), "NOT_FOUND", None),
    ] {
        let answer = accept(&guest, input.clone()).await;
        assert_eq!((answer.code(), answer.field()), (code, field), "{input}");
        // What is secret is not repeated.
        assert!(!answer.body.to_string().contains(&token));
    }
    assert_eq!(preview(&guest, "nonsense").await, json!(null));
    accept(&guest, json!({ "token": token, "name": "New", "password": "a long password" })).await.data("");
}

#[tokio::test]
async fn the_session_can_be_kept_in_the_cookie() {
    let office = PostOffice::open().await;
    let company = office.server.company().await;
    let token = token_of(&office, &company, "new@example.test", "EMPLOYEE").await;
    let input = json!({ "token": token, "name": "New", "password": "a long password", "keepInCookie": true });
    let answer = accept(&company.anonymous(), input).await;
    assert_eq!(answer.data("/acceptInvitation/session/refreshToken"), json!(null));
    assert!(answer.headers[header::SET_COOKIE].to_str().unwrap().starts_with("tenantry_refresh="));
}

#[tokio::test]
async fn the_invitation_of_somebody_who_came_in_another_way_is_over() {
    let office = PostOffice::open().await;
    let company = office.server.company().await;
    let token = token_of(&office, &company, &format!("hr@{}.test", company.tenant.slug), "EMPLOYEE").await;
    // Became a member by another way in the meantime: the invitation keeps no seat any more.
    let account = company.account(Role::Hr).await;
    assert_eq!(accept(&company.anonymous(), json!({ "token": token })).await.code(), "NOT_FOUND");
    let answer = company.anonymous().sign_in(&account.email, &account.password).await;
    assert_eq!(answer.text("/signIn/viewer/role"), "HR");
}

#[tokio::test]
async fn the_invitation_of_somebody_who_leaves_is_withdrawn() {
    let office = PostOffice::open().await;
    let company = office.server.company().await;
    let record = opaque(company.colleague.id);
    let input = json!({ "email": "cleo@example.test", "role": "EMPLOYEE", "employeeId": record });
    let owner = company.caller(Role::Owner);
    owner.mutate("inviteMember", input.clone(), "__typename").await.data("");
    let token = office.last_mail_to("cleo@example.test").await.token();
    invite(&company, "other@example.test", "EMPLOYEE").await;
    let leave = json!({ "id": record, "terminatedOn": "2025-06-30" });
    company.caller(Role::Hr).mutate("terminateEmployee", leave, "__typename").await.data("");
    assert_eq!(preview(&company.anonymous(), &token).await, json!(null));
    assert_eq!(owner.ask("{ invitations { totalCount } }").await.data("/invitations/totalCount"), 1);
    // Nor can somebody who has left be invited.
    let answer = owner.mutate("inviteMember", input, "__typename").await;
    assert_eq!((answer.code(), answer.field()), ("CONFLICT", Some("employeeId")));
}
