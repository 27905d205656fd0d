//! The end of a membership.

use domain::Role;
use futures::future::join_all;
use serde_json::json;
use tests::{Server, opaque, until};

use super::{another, id_of, owners, remove, roles};

#[tokio::test]
async fn a_member_who_is_removed_is_out_at_once_in_every_process() {
    let server = Server::start().await;
    let company = server.company().await;
    let second = Server::start().await;
    let account = company.account(Role::Hr).await;
    let session = company.anonymous().sign_in(&account.email, &account.password).await;
    let token = Some(session.text("/signIn/accessToken"));
    let here = company.anonymous().with_token(token.clone());
    let elsewhere = tests::Caller::new(second.router.clone(), company.host(), token);
    for caller in [&here, &elsewhere] {
        caller.ask("{ viewer { role } }").await.data("");
    }
    let id = opaque(account.id);
    assert_eq!(remove(&company.caller(Role::Owner), &id).await.text("/removeMember/deletedId"), id);
    for caller in [&here, &elsewhere] {
        until("the session is over", async || caller.ask("{ viewer { role } }").await.status == 401).await;
    }
    let refresh = format!("mutation {{ refresh(refreshToken: \"{}\") {{ accessToken }} }}", session.text("/signIn/refreshToken"));
    assert_eq!(company.anonymous().ask(&refresh).await.code(), "UNAUTHENTICATED");
    assert_eq!(company.anonymous().sign_in(&account.email, &account.password).await.code(), "UNAUTHENTICATED");
    assert_eq!(company.deeds(account.id.uuid()).await, ["member.removed"]);
    assert_eq!(remove(&company.caller(Role::Owner), &id).await.code(), "NOT_FOUND");
}

#[tokio::test]
async fn whoever_leaves_the_organisation_is_no_member_any_more() {
    let server = Server::start().await;
    let company = server.company().await;
    let account = company.account(Role::Employee).await;
    let session = company.anonymous().sign_in(&account.email, &account.password).await;
    let leaver = company.anonymous().with_token(Some(session.text("/signIn/accessToken")));
    leaver.ask("{ viewer { role } }").await.data("");
    let hr = company.caller(Role::Hr);
    let leave = json!({ "id": opaque(company.member.id), "terminatedOn": "2025-06-30" });
    hr.mutate("terminateEmployee", leave, "__typename").await.data("");
    until("the session is over", async || leaver.ask("{ viewer { role } }").await.status == 401).await;
    assert_eq!(company.anonymous().sign_in(&account.email, &account.password).await.code(), "UNAUTHENTICATED");
    assert_eq!(company.deeds(account.id.uuid()).await, ["member.removed"]);
    // Who has another record, or none, stays.
    for role in [Role::Owner, Role::Admin, Role::Hr, Role::Manager] {
        company.caller(role).ask("{ viewer { role } }").await.data("");
    }
    // Coming back is no membership by itself.
    let back = json!({ "id": opaque(company.member.id), "hiredOn": "2025-09-01" });
    hr.mutate("rehireEmployee", back, "__typename").await.data("");
    assert_eq!(company.anonymous().sign_in(&account.email, &account.password).await.code(), "UNAUTHENTICATED");
}

/// Otherwise those who manage people, or a program, could put an owner out.
#[tokio::test]
async fn only_an_owner_puts_an_owner_out() {
    let server = Server::start().await;
    let company = server.company().await;
    let second = server.signer.member(company.tenant.id, Role::Owner, Some(company.colleague.id)).await;
    let token = Some(server.signer.forgery_of(&second).sign());
    let second_owner = company.anonymous().with_token(token);
    let link = json!({ "accountId": opaque(second.account), "employeeId": opaque(company.member.id) });
    assert_eq!(company.caller(Role::Admin).mutate("linkMember", link, "__typename").await.code(), "FORBIDDEN");
    let leave = json!({ "id": opaque(company.colleague.id), "terminatedOn": "2025-06-30" });
    company.caller(Role::Hr).mutate("terminateEmployee", leave, "__typename").await.data("");
    assert_eq!(second_owner.ask("{ viewer { role } }").await.text("/viewer/role"), "OWNER");
}

#[tokio::test]
async fn the_last_owner_stays_a_member_even_after_leaving() {
    let server = Server::start().await;
    let company = server.company().await;
    let hr = company.caller(Role::Hr);
    let leave = json!({ "id": opaque(company.chief.id), "terminatedOn": "2025-06-30" });
    hr.mutate("terminateEmployee", leave, "__typename").await.data("");
    assert_eq!(owners(&company).await, 1);
    company.caller(Role::Owner).ask("{ members { totalCount } }").await.data("");
}

/// Two employments end at once, and each ends the membership of one of the two owners.
#[tokio::test]
async fn of_two_owners_who_leave_at_once_one_stays() {
    let server = Server::start().await;
    for _ in 0..4 {
        let company = server.company().await;
        let other = server.signer.member(company.tenant.id, Role::Owner, Some(company.colleague.id)).await;
        let before = roles(&company).await.as_object().unwrap().len();
        // By an owner: nobody else ends an owner's membership.
        let (scope, context) = (company.scope(), tests::owner());
        let leave = |id| server.app.auth.end_memberships_of(&scope, &context, &company.tenant, id);
        for left in join_all([leave(company.chief.id), leave(company.colleague.id)]).await {
            left.unwrap();
        }
        assert_eq!(owners(&company).await, 1, "{}", id_of(&other));
        assert_eq!(roles(&company).await.as_object().unwrap().len(), before - 1);
    }
}

/// Whichever comes first, the one who has left is no member in the end.
#[tokio::test]
async fn somebody_who_is_linked_while_leaving_is_no_member() {
    let server = Server::start().await;
    for _ in 0..6 {
        let company = server.company().await;
        let (member, _) = another(&company, Role::Employee).await;
        let record = opaque(company.colleague.id);
        let (admin, hr) = (company.caller(Role::Admin), company.caller(Role::Hr));
        let link = json!({ "accountId": id_of(&member), "employeeId": record });
        let leave = json!({ "id": record, "terminatedOn": "2025-06-30" });
        let (linked, left) =
            tokio::join!(admin.mutate("linkMember", link, "__typename"), hr.mutate("terminateEmployee", leave, "__typename"),);
        left.data("");
        assert!(matches!(linked.first_code(), None | Some("CONFLICT")), "{linked:?}");
        let sql = format!("SELECT count(*)::text FROM platform.memberships WHERE employee_id = '{}'", company.colleague.id);
        let statement = sea_orm::Statement::from_string(sea_orm::DbBackend::Postgres, sql);
        let row = sea_orm::ConnectionTrait::query_one_raw(&server.tenants().platform(), statement).await.unwrap().unwrap();
        assert_eq!(row.try_get_by_index::<String>(0).unwrap(), "0");
    }
}
