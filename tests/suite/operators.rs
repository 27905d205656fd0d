//! Operators: accounts apart from tenants, an API of their own, and what they do with tenants.

mod accounts;
mod apart;
mod deeds;
mod permissions;
mod plans;
mod survey;

use tests::Answer;

/// The opaque id of a tenant, as the answer has it.
fn tenant_id(tenant: &tenancy::Tenant) -> String {
    api::graphql::id::encode_tenant(tenant.id).to_string()
}

/// What somebody is told who did not get in.
fn refusal(answer: &Answer) -> (String, String) {
    (answer.code().to_owned(), answer.message().to_owned())
}
