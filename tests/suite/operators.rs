//! Operators: accounts apart from tenants, an API of their own, and what they do with tenants.

mod accounts;
mod apart;
mod deeds;
mod migrations;
mod permissions;
mod plans;
mod survey;

use serde_json::json;
use tests::{Answer, Caller};

/// The opaque id of a tenant, as the answer has it.
fn tenant_id(tenant: &tenancy::Tenant) -> String {
    api::graphql::id::encode_tenant(tenant.id).to_string()
}

/// Does something with a tenant by a mutation that takes its id.
async fn by_id(caller: &Caller, name: &str, id: &str) -> Answer {
    let query =
        format!("mutation($id: ID!) {{ {name}(id: $id) {{ tenant {{ state isBehind lastMigrationFailure {{ message }} }} }} }}");
    caller.ask_with(&query, json!({ "id": id })).await
}

/// What somebody is told who did not get in.
fn refusal(answer: &Answer) -> (String, String) {
    (answer.code().to_owned(), answer.message().to_owned())
}
