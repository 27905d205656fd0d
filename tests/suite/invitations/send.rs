//! Inviting, sending again, taking back.

use chrono::TimeDelta;
use domain::Role;
use serde_json::json;
use tests::{PostOffice, Server, nodes_of, opaque};

use super::{accept, invite, preview, resend, token_of};

#[tokio::test]
async fn only_owners_invite_owners_and_only_managers_of_members_invite() {
    let server = Server::start().await;
    let company = server.company().await;
    let email = |role: Role, invited: &str| format!("{role}.{invited}@{}.test", company.tenant.slug).to_lowercase();
    for (role, invited, expected) in [
        (Role::Owner, "OWNER", None),
        (Role::Owner, "ADMIN", None),
        (Role::Admin, "OWNER", Some("FORBIDDEN")),
        (Role::Admin, "ADMIN", None),
        (Role::Hr, "EMPLOYEE", Some("FORBIDDEN")),
        (Role::Manager, "EMPLOYEE", Some("FORBIDDEN")),
        (Role::Employee, "EMPLOYEE", Some("FORBIDDEN")),
    ] {
        let input = json!({ "email": email(role, invited), "role": invited });
        let answer = company.caller(role).mutate("inviteMember", input, "__typename").await;
        assert_eq!(answer.first_code(), expected, "{role} {invited}");
    }
    let input = json!({ "email": "nobody@example.test", "role": "EMPLOYEE" });
    assert_eq!(company.anonymous().mutate("inviteMember", input, "__typename").await.code(), "UNAUTHENTICATED");
    assert_eq!(company.caller(Role::Hr).ask("{ invitations { totalCount } }").await.code(), "FORBIDDEN");
}

#[tokio::test]
async fn only_owners_send_an_owners_invitation_again() {
    let office = PostOffice::open().await;
    let company = office.server.company().await;
    let input = json!({ "email": "new@example.test", "role": "OWNER" });
    let made = office.caller(&company, Role::Owner).mutate("inviteMember", input, "invitation { id }").await;
    let id = made.text("/inviteMember/invitation/id");
    office.clock.advance(TimeDelta::days(8));
    assert_eq!(resend(&office.caller(&company, Role::Admin), &id).await.code(), "FORBIDDEN");
    resend(&office.caller(&company, Role::Owner), &id).await.data("");
}

#[tokio::test]
async fn an_address_is_invited_once_and_a_member_not_at_all() {
    let office = PostOffice::open().await;
    let company = office.server.company().await;
    let owner = office.caller(&company, Role::Owner);
    invite(&company, "new@example.test", "EMPLOYEE").await;
    let again = json!({ "email": "NEW@example.test", "role": "ADMIN" });
    let answer = owner.mutate("inviteMember", again.clone(), "__typename").await;
    assert_eq!((answer.code(), answer.field()), ("CONFLICT", Some("email")));
    let account = company.account(Role::Hr).await;
    let answer = owner.mutate("inviteMember", json!({ "email": account.email, "role": "ADMIN" }), "__typename").await;
    assert_eq!((answer.code(), answer.field()), ("CONFLICT", Some("email")));
    // When it has expired, another takes its place.
    office.clock.advance(TimeDelta::days(7));
    owner.mutate("inviteMember", again, "__typename").await.data("");
    let list = owner.ask("{ invitations { totalCount nodes { email role } } }").await.data("/invitations");
    assert_eq!(list, json!({ "totalCount": 1, "nodes": [{ "email": "new@example.test", "role": "ADMIN" }] }));
}

#[tokio::test]
async fn an_invitation_that_is_sent_again_has_another_token() {
    let office = PostOffice::open().await;
    let company = office.server.company().await;
    let owner = office.caller(&company, Role::Owner);
    let id = invite(&company, "new@example.test", "EMPLOYEE").await;
    let old = office.last_mail_to("new@example.test").await.token();
    let early = resend(&owner, &id).await;
    assert_eq!(early.code(), "RATE_LIMITED");
    assert_eq!(early.body["errors"][0]["extensions"]["retryAfter"], 60);
    office.clock.advance(TimeDelta::days(6));
    let answer = resend(&owner, &id).await;
    assert_eq!(answer.text("/resendInvitation/invitation/id"), id);
    let letters = office.mail_to("new@example.test").await;
    assert_eq!(letters.len(), 2);
    let new = letters.iter().map(tests::Letter::token).find(|token| *token != old).unwrap();
    assert_eq!(preview(&company.anonymous(), &old).await, json!(null));
    // It begins anew.
    office.clock.advance(TimeDelta::days(6));
    assert_eq!(preview(&company.anonymous(), &new).await["email"], "new@example.test");
}

/// Whoever reads the outbox, or a backup of it, must not be able to accept an invitation that waits there.
#[tokio::test]
async fn a_waiting_mail_has_no_token_and_is_not_sent_when_it_is_of_no_use() {
    let office = PostOffice::open().await;
    let company = office.server.company().await;
    let owner = office.caller(&company, Role::Owner);
    let mut connection = office.database.connect().await;
    let id = invite(&company, "new@example.test", "EMPLOYEE").await;
    let kept: i64 = tests::value(
        &mut connection,
        "SELECT (SELECT count(*) FROM platform.invitation_tokens) + (SELECT count(*) FROM platform.invitations WHERE token_hash IS \
         NOT NULL) + (SELECT count(*) FROM platform.outgoing_mail WHERE text_body <> '' OR html_body <> '')",
    )
    .await;
    assert_eq!(kept, 0);
    // Sent again before the first mail has gone: one mail is enough.
    office.clock.advance(TimeDelta::minutes(1));
    resend(&owner, &id).await.data("");
    let letters = office.mail_to("new@example.test").await;
    assert_eq!(letters.len(), 1);
    assert_eq!(preview(&company.anonymous(), &letters[0].token()).await["email"], "new@example.test");
    // Taken back, or accepted by another mail, before it has gone.
    let id = invite(&company, "other@example.test", "EMPLOYEE").await;
    owner.delete("withdrawInvitation", &id).await.data("");
    assert_eq!(office.mail_to("other@example.test").await.len(), 0);
}

#[tokio::test]
async fn an_expired_invitation_is_listed_for_a_month_and_then_deleted() {
    let office = PostOffice::open().await;
    let company = office.server.company().await;
    let token = token_of(&office, &company, "new@example.test", "EMPLOYEE").await;
    let owner = office.caller(&company, Role::Owner);
    let mut connection = office.database.connect().await;
    for (days, invitations, tokens) in [(6, 1, 1_i64), (31, 1, 0), (1, 0, 0)] {
        office.clock.advance(TimeDelta::days(days));
        office.server.app.auth.tidy(office.clock.now()).await.unwrap();
        assert_eq!(owner.ask("{ invitations { totalCount } }").await.data("/invitations/totalCount"), invitations);
        let left: i64 = tests::value(&mut connection, "SELECT count(*) FROM platform.invitation_tokens").await;
        assert_eq!(left, tokens);
    }
    assert_eq!(preview(&company.anonymous(), &token).await, json!(null));
}

#[tokio::test]
async fn an_invitation_that_was_taken_back_cannot_be_accepted() {
    let office = PostOffice::open().await;
    let company = office.server.company().await;
    let owner = office.caller(&company, Role::Owner);
    let token = token_of(&office, &company, "new@example.test", "EMPLOYEE").await;
    let id = owner.ask("{ invitations { nodes { id } } }").await.text("/invitations/nodes/0/id");
    assert_eq!(owner.delete("withdrawInvitation", &id).await.text("/withdrawInvitation/deletedId"), id);
    assert_eq!(preview(&company.anonymous(), &token).await, json!(null));
    let input = json!({ "token": token, "name": "New", "password": "a long password" });
    assert_eq!(accept(&company.anonymous(), input).await.code(), "NOT_FOUND");
    assert_eq!(owner.delete("withdrawInvitation", &id).await.code(), "NOT_FOUND");
    assert_eq!(resend(&owner, &id).await.code(), "NOT_FOUND");
}

#[tokio::test]
async fn another_tenants_invitations_and_employees_are_not_there() {
    let server = Server::start().await;
    let (company, other) = (server.company().await, server.company().await);
    let id = invite(&company, &format!("new@{}.test", company.tenant.slug), "EMPLOYEE").await;
    let stranger = other.caller(Role::Owner);
    assert_eq!(resend(&stranger, &id).await.code(), "NOT_FOUND");
    assert_eq!(stranger.delete("withdrawInvitation", &id).await.code(), "NOT_FOUND");
    assert_eq!(stranger.ask("{ invitations { totalCount nodes { id } } }").await.data("/invitations/totalCount"), 0);
    let events = format!("{{ auditEvents(subjectId: \"{id}\") {{ nodes {{ id }} }} }}");
    assert_eq!(stranger.ask(&events).await.data("/auditEvents/nodes"), json!([]));
    let own = company.caller(Role::Owner).ask(&events).await.data("/auditEvents/nodes");
    assert_eq!(own.as_array().map(Vec::len), Some(1));
    let input = json!({ "email": "x@example.test", "role": "EMPLOYEE", "employeeId": opaque(company.member.id) });
    assert_eq!(stranger.mutate("inviteMember", input, "__typename").await.code(), "NOT_FOUND");
    // Ids of other things are none of an invitation.
    for id in [opaque(company.member.id), "nonsense".to_owned(), String::new()] {
        assert_eq!(stranger.delete("withdrawInvitation", &id).await.code(), "NOT_FOUND");
    }
}

#[tokio::test]
async fn addresses_that_no_mail_can_be_sent_to_are_refused() {
    let server = Server::start().await;
    let company = server.company().await;
    for email in
        ["", "nonsense", "a@b", "a b@example.test", "a@example.test, b@example.test", "a\u{0}@example.test", "<a@example.test>"]
    {
        let input = json!({ "email": email, "role": "EMPLOYEE" });
        company.refuses(&company.caller(Role::Owner), "inviteMember", input, "BAD_USER_INPUT", Some("email")).await;
    }
}

#[tokio::test]
async fn invitations_are_listed_the_newest_first_in_pages() {
    let office = PostOffice::open().await;
    let company = office.server.company().await;
    let owner = office.caller(&company, Role::Owner);
    for number in 0..5 {
        invite(&company, &format!("new{number}@example.test"), "EMPLOYEE").await;
    }
    let query = "query($after: String) { invitations(first: 2, after: $after) {
        totalCount nodes { email } pageInfo { hasNextPage endCursor } } }";
    let pages = owner.pages(query, json!({}), "/invitations").await;
    assert!(pages.iter().all(|page| page["totalCount"] == 5), "{pages:?}");
    let emails: Vec<&str> = nodes_of(&pages).map(|node| node["email"].as_str().unwrap()).collect();
    assert_eq!(emails, (0..5).rev().map(|number| format!("new{number}@example.test")).collect::<Vec<_>>());
    assert_eq!(owner.ask("{ invitations(first: 501) { totalCount } }").await.field(), Some("first"));
    assert_eq!(owner.ask("{ invitations(after: \"nonsense\") { totalCount } }").await.field(), Some("after"));
}
