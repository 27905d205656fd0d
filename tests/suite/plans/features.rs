//! Features that a plan has or has not.

use api::plan::{
    Plan,
    exceptions::{Exceptions, OwnFeature},
};
use domain::{Role, plan::Feature};
use serde_json::{Value, json};
use tests::{Answer, Company, FakeProvider, Server};

use super::{give, new_plan};
use crate::identity_providers;

async fn create_key(company: &Company<'_>, role: Role) -> Answer {
    let input = json!({ "name": "Payroll", "permissions": ["READ_DIRECTORY"] });
    company.caller(role).mutate("createApiKey", input, "apiKey { id } token").await
}

async fn add_domain(company: &Company<'_>, hostname: &str) -> Answer {
    company.caller(Role::Owner).mutate("addDomain", json!({ "hostname": hostname }), "domain { hostname }").await
}

#[track_caller]
fn not_included(answer: &Answer, feature: &str) {
    assert_eq!(answer.code(), "FEATURE_NOT_INCLUDED", "{}", answer.body);
    assert_eq!(answer.body["errors"][0]["extensions"]["feature"], feature);
}

async fn features(company: &Company<'_>) -> Value {
    company.caller(Role::Employee).ask("{ tenant { plan { features } } }").await.data("/tenant/plan/features")
}

#[tokio::test]
async fn what_a_plan_has_not_cannot_be_begun_and_what_is_there_stays() {
    let server = identity_providers::server().await;
    let (company, other) = (server.company().await, server.company().await);
    let provider = FakeProvider::start().await;
    // Begun while there was no plan.
    let key = create_key(&company, Role::Owner).await;
    let (key, token) = (key.text("/createApiKey/apiKey/id"), key.text("/createApiKey/token"));
    let hostname = format!("hr.{}.example.com", company.tenant.slug);
    add_domain(&company, &hostname).await.data("");
    identity_providers::set_up(&company, &provider).await;
    assert_eq!(features(&company).await, json!(["CUSTOM_DOMAINS", "IDENTITY_PROVIDER", "API_KEYS"]));

    give(&server, company.tenant.id, &new_plan()).await;
    assert_eq!(features(&company).await, json!([]));
    not_included(&create_key(&company, Role::Owner).await, "api-keys");
    not_included(&add_domain(&company, "www.example.com").await, "custom-domains");
    let usual = identity_providers::usual(&provider.issuer, &json!({}));
    not_included(&identity_providers::set(&company, usual.clone()).await, "identity-provider");
    // Whoever may not do it at all learns nothing of the plan.
    assert_eq!(create_key(&company, Role::Employee).await.code(), "FORBIDDEN");

    // What is there is good, can be read, and removed.
    let program = company.anonymous().with_token(Some(token));
    program.ask("{ employees { totalCount } }").await.data("/employees");
    let owner = company.caller(Role::Owner);
    assert_eq!(owner.ask("{ apiKeys { nodes { id } } }").await.data("/apiKeys/nodes").as_array().unwrap().len(), 1);
    assert!(owner.ask("{ domains { nodes { hostname } } }").await.body.to_string().contains(&hostname));
    let end = "mutation($id: ID!) { endApiKey(id: $id) { apiKey { endedAt } } }";
    owner.ask_with(end, json!({ "id": key })).await.data("");
    let remove = "mutation($hostname: String!) { removeDomain(hostname: $hostname) { hostname } }";
    owner.ask_with(remove, json!({ "hostname": hostname })).await.data("");
    owner.ask("mutation { removeIdentityProvider { removed } }").await.data("");

    // The other organisation has no plan, and all of it.
    create_key(&other, Role::Owner).await.data("");
}

#[tokio::test]
async fn a_feature_is_switched_for_one_organisation() {
    let server = Server::start().await;
    let (company, other) = (server.company().await, server.company().await);
    let with_keys = Plan { features: [Feature::ApiKeys.as_str().to_owned()].into(), ..new_plan() };
    for company in [&company, &other] {
        give(&server, company.tenant.id, &with_keys).await;
    }
    let switch = async |features: Vec<(Feature, OwnFeature)>| {
        server.except(company.tenant.id, Exceptions { limits: Vec::new(), features }).await;
    };
    switch(vec![(Feature::ApiKeys, OwnFeature::Own(false)), (Feature::CustomDomains, OwnFeature::Own(true))]).await;
    not_included(&create_key(&company, Role::Owner).await, "api-keys");
    assert_eq!(features(&company).await, json!(["CUSTOM_DOMAINS"]));
    assert_eq!(features(&other).await, json!(["API_KEYS"]));
    switch(vec![(Feature::ApiKeys, OwnFeature::AsPlanned), (Feature::CustomDomains, OwnFeature::AsPlanned)]).await;
    create_key(&company, Role::Owner).await.data("");
    assert_eq!(features(&company).await, json!(["API_KEYS"]));
}
