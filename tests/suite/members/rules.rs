//! Who may change whom.

use domain::Role;
use futures::future::join_all;
use serde_json::{Value, json};
use tests::{Server, opaque, until};

use super::{another, change_role, id_of, owners, remove, roles};

#[tokio::test]
async fn members_are_listed_by_name_in_pages() {
    let server = Server::start().await;
    let company = server.company().await;
    let query = "query($after: String) { members(first: 2, after: $after) { totalCount
        edges { cursor node { role joinedAt account { id name email } employee { id name } } } pageInfo { hasNextPage endCursor } } }";
    let mut names = Vec::new();
    for page in company.caller(Role::Admin).pages(query, json!({}), "/members").await {
        assert_eq!(page["totalCount"], 5);
        for edge in page["edges"].as_array().unwrap() {
            let node = &edge["node"];
            if node["role"] == "MANAGER" {
                assert_eq!(node["employee"], json!({ "id": opaque(company.manager.id), "name": "Max Example" }));
            }
            names.push(node["account"]["name"].as_str().unwrap().to_owned());
        }
    }
    assert_eq!(names, ["the admin", "the employee", "the hr", "the manager", "the owner"]);
    for role in [Role::Hr, Role::Manager, Role::Employee] {
        assert_eq!(company.caller(role).ask("{ members { totalCount } }").await.code(), "FORBIDDEN");
    }
    assert_eq!(company.anonymous().ask("{ members { totalCount } }").await.code(), "UNAUTHENTICATED");
}

#[tokio::test]
async fn a_new_role_counts_at_once_in_every_process() {
    let server = Server::start().await;
    let company = server.company().await;
    let second = Server::start().await;
    let (member, caller) = another(&company, Role::Employee).await;
    let elsewhere = tests::Caller::new(second.router.clone(), company.host(), Some(server.signer.forgery_of(&member).sign()));
    for caller in [&caller, &elsewhere] {
        assert_eq!(caller.ask("{ viewer { role } }").await.text("/viewer/role"), "EMPLOYEE");
    }
    let changed = change_role(&company.caller(Role::Admin), &id_of(&member), "HR").await.data("/changeMemberRole/member");
    assert_eq!((&changed["role"], &changed["account"]["id"]), (&json!("HR"), &json!(id_of(&member))));
    for caller in [&caller, &elsewhere] {
        until("the role has changed", async || caller.ask("{ viewer { role } }").await.text("/viewer/role") == "HR").await;
    }
    assert_eq!(company.deeds(member.account.uuid()).await, ["member.role_changed"]);
    // The same once more is no change.
    change_role(&company.caller(Role::Admin), &id_of(&member), "HR").await.data("");
    assert_eq!(company.deeds(member.account.uuid()).await, ["member.role_changed"]);
}

#[tokio::test]
async fn nobody_changes_their_own_role_and_only_owners_make_and_unmake_owners() {
    let server = Server::start().await;
    let company = server.company().await;
    let [owner, admin] = [Role::Owner, Role::Admin].map(|role| company.caller(role));
    let [owner_id, admin_id, hr_id] = [Role::Owner, Role::Admin, Role::Hr].map(|role| id_of(company.member_with(role)));
    let before = roles(&company).await;
    for (caller, id, role) in [
        (&owner, &owner_id, "ADMIN"),
        (&owner, &owner_id, "OWNER"),
        (&admin, &admin_id, "OWNER"),
        (&admin, &admin_id, "HR"),
        (&admin, &owner_id, "ADMIN"),
        (&admin, &owner_id, "OWNER"),
        (&admin, &hr_id, "OWNER"),
    ] {
        assert_eq!(change_role(caller, id, role).await.code(), "FORBIDDEN", "{id} {role}");
    }
    assert_eq!(remove(&admin, &owner_id).await.code(), "FORBIDDEN");
    for role in [Role::Hr, Role::Manager, Role::Employee] {
        assert_eq!(change_role(&company.caller(role), &admin_id, "EMPLOYEE").await.code(), "FORBIDDEN");
        assert_eq!(remove(&company.caller(role), &admin_id).await.code(), "FORBIDDEN");
        assert_eq!(remove(&company.caller(role), &id_of(company.member_with(role))).await.code(), "FORBIDDEN");
    }
    // The last owner cannot go either.
    assert_eq!(remove(&owner, &owner_id).await.code(), "CONFLICT");
    assert_eq!(roles(&company).await, before);
    change_role(&owner, &hr_id, "OWNER").await.data("");
    remove(&owner, &owner_id).await.data("");
    assert_eq!(owners(&company).await, 1);
}

/// Each takes the other's ownership, on two processes at once: were both right, nobody would be left.
#[tokio::test]
async fn of_owners_who_remove_each_other_at_once_one_stays() {
    let server = Server::start().await;
    let second = Server::start().await;
    for round in 0..6 {
        let company = server.company().await;
        let (one, first) = (company.member_with(Role::Owner).clone(), company.caller(Role::Owner));
        let (other, second_caller) = another(&company, Role::Owner).await;
        let (third, third_caller) = another(&company, Role::Owner).await;
        let elsewhere =
            |member| tests::Caller::new(second.router.clone(), company.host(), Some(server.signer.forgery_of(member).sign()));
        let (one_id, other_id, third_id) = (id_of(&one), id_of(&other), id_of(&third));
        let (second_elsewhere, third_elsewhere) = (elsewhere(&other), elsewhere(&third));
        let answers = match round % 3 {
            0 => join_all([change_role(&first, &other_id, "ADMIN"), change_role(&second_elsewhere, &one_id, "ADMIN")]).await,
            1 => {
                let answers =
                    join_all([remove(&first, &other_id), remove(&second_elsewhere, &third_id), remove(&third_caller, &one_id)]);
                answers.await
            }
            // All three go by themselves.
            _ => {
                join_all([remove(&first, &one_id), remove(&second_caller, &other_id), remove(&third_elsewhere, &third_id)]).await
            }
        };
        assert!(owners(&company).await >= 1, "round {round}: {answers:?}");
        assert!(answers.iter().any(|answer| answer.first_code().is_none()), "round {round}: {answers:?}");
        if round % 3 != 0 {
            assert!(answers.iter().any(|answer| answer.first_code().is_some()), "round {round}: {answers:?}");
        }
        for answer in &answers {
            let fine = [None, Some("FORBIDDEN"), Some("CONFLICT"), Some("UNAUTHENTICATED"), Some("NOT_FOUND")];
            assert!(fine.contains(&answer.first_code()), "{answer:?}");
        }
    }
}

#[tokio::test]
async fn another_tenants_members_are_not_there() {
    let server = Server::start().await;
    let (company, other) = (server.company().await, server.company().await);
    let owner = company.caller(Role::Owner);
    let before = roles(&other).await;
    for id in [
        id_of(other.member_with(Role::Hr)),
        id_of(other.member_with(Role::Owner)),
        opaque(entities::id::AccountId::generate()),
        opaque(company.member.id),
        "nonsense".to_owned(),
    ] {
        assert_eq!(change_role(&owner, &id, "EMPLOYEE").await.code(), "NOT_FOUND", "{id}");
        assert_eq!(remove(&owner, &id).await.code(), "NOT_FOUND", "{id}");
        let link = json!({ "accountId": id, "employeeId": opaque(company.member.id) });
        assert_eq!(owner.mutate("linkMember", link, "__typename").await.code(), "NOT_FOUND", "{id}");
    }
    assert_eq!(roles(&other).await, before);
    // Nor are its employees.
    let own = id_of(company.member_with(Role::Hr));
    for employee in [opaque(other.member.id), opaque(company.department.id)] {
        let link = json!({ "accountId": own, "employeeId": employee });
        assert_eq!(owner.mutate("linkMember", link, "__typename").await.code(), "NOT_FOUND");
    }
    // Somebody who is a member of both is removed from one.
    let account = company.account(Role::Manager).await;
    let new = api::auth::NewAccount::parse(&account.email, None, None).unwrap();
    let platform = server.tenants().platform();
    api::auth::join(&platform, &new, other.tenant.id, Role::Hr, None, chrono::Utc::now()).await.unwrap();
    remove(&owner, &opaque(account.id)).await.data("");
    assert_eq!(company.anonymous().sign_in(&account.email, &account.password).await.code(), "UNAUTHENTICATED");
    other.anonymous().sign_in(&account.email, &account.password).await.data("");
}

#[tokio::test]
async fn a_member_is_linked_to_an_employee_record() {
    let server = Server::start().await;
    let company = server.company().await;
    let admin = company.caller(Role::Admin);
    let (member, caller) = another(&company, Role::Employee).await;
    let link = |employee: Value| json!({ "accountId": id_of(&member), "employeeId": employee });
    let record = json!(opaque(company.colleague.id));
    let answer = admin.mutate("linkMember", link(record.clone()), "member { employee { id name } }").await;
    assert_eq!(answer.text("/linkMember/member/employee/name"), "Cleo Example");
    until("the record is one's own", async || {
        caller.ask("{ viewer { employee { id } } }").await.data("/viewer")["employee"]["id"] == record
    })
    .await;
    let answer = admin.mutate("linkMember", link(json!(null)), "member { employee { id } }").await;
    assert_eq!(answer.data("/linkMember/member/employee"), json!(null));
    assert_eq!(company.deeds(member.account.uuid()).await, ["member.linked", "member.linked"]);
    let leave = json!({ "id": record, "terminatedOn": "2025-06-30" });
    company.caller(Role::Hr).mutate("terminateEmployee", leave, "__typename").await.data("");
    let answer = admin.mutate("linkMember", link(record), "__typename").await;
    assert_eq!((answer.code(), answer.field()), ("CONFLICT", Some("employeeId")));
}
