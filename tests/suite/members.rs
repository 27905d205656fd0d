//! Members: what they may do, and the end of a membership.

mod leave;
mod left_over;
mod rules;

use domain::Role;
use serde_json::{Value, json};
use tests::{Answer, Caller, Company, Member, opaque};

async fn change_role(caller: &Caller, account: &str, role: &str) -> Answer {
    let input = json!({ "accountId": account, "role": role });
    caller.mutate("changeMemberRole", input, "member { role account { id name } employee { id } }").await
}

async fn remove(caller: &Caller, account: &str) -> Answer {
    let query = "mutation($id: ID!) { removeMember(accountId: $id) { deletedId } }";
    caller.ask_with(query, json!({ "id": account })).await
}

/// Another member, with a token.
async fn another(company: &Company<'_>, role: Role) -> (Member, Caller) {
    let member = company.server.signer.member(company.tenant.id, role, None).await;
    let token = company.server.signer.forgery_of(&member).sign();
    (member, company.anonymous().with_token(Some(token)))
}

fn id_of(member: &Member) -> String {
    opaque(member.account)
}

/// Each member's role by the account's id.
async fn roles(company: &Company<'_>) -> Value {
    let scope = company.server.tenants().platform();
    let rows = sea_orm::ConnectionTrait::query_one_raw(
        &scope,
        sea_orm::Statement::from_string(
            sea_orm::DbBackend::Postgres,
            format!(
                "SELECT coalesce(jsonb_object_agg(account_id, role), '{{}}') FROM platform.memberships WHERE tenant_id = '{}'",
                company.tenant.id
            ),
        ),
    );
    rows.await.unwrap().unwrap().try_get_by_index(0).unwrap()
}

async fn owners(company: &Company<'_>) -> usize {
    roles(company).await.as_object().unwrap().values().filter(|role| **role == "owner").count()
}
