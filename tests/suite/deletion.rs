//! The deletion of a tenant: asked for, taken back, carried out to the last row.

mod asked;
mod broken_off;
mod gone;

use serde_json::{Value, json};
use tests::{Account, Caller, Company};

/// Asks for the deletion as an owner.
async fn request(company: &Company<'_>, owner: &Account) -> tests::Answer {
    let caller = owner.signed_in(&company.anonymous()).await;
    caller.mutate("requestTenantDeletion", typed(company, &owner.password), "deleteAt url").await
}

fn typed(company: &Company<'_>, password: &str) -> Value {
    json!({ "slug": company.tenant.slug.as_str(), "password": password })
}

/// Takes the deletion back on the apex.
async fn keep(apex: &Caller, company: &Company<'_>) -> tests::Answer {
    let id = api::graphql::id::encode_tenant(company.tenant.id).to_string();
    let query = "mutation($id: ID!) { keepWorkspace(id: $id) { workspace { state deleteAt available canBeKept } } }";
    apex.ask_with(query, json!({ "id": id })).await
}
