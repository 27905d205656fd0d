//! Which operator may do what: every query and mutation, by a real request of nobody, a viewer, an admin, and a tenant's owner.

use std::{collections::BTreeSet, fmt::Write as _};

use domain::Role;
use entities::platform::operator::OperatorRole;
use serde_json::{Value, json};
use tests::{Answer, Server, complete_setup, setup_app};

use super::tenant_id;

/// Each query with a document, and each mutation with its variables.
fn documents(id: &str, slug: &str, unique: &str) -> Vec<(&'static str, String, Value)> {
    let of_id = |name: &str| format!("mutation($id: ID!) {{ {name}(id: $id) {{ tenant {{ id }} }} }}");
    let of_input = |name: &str, kind: &str| format!("mutation($input: {kind}!) {{ {name}(input: $input) {{ __typename }} }}");
    let ids = json!({ "id": id });
    vec![
        ("viewer", "{ viewer { email } }".into(), json!({})),
        ("operatorSetup", "{ operatorSetup(token: \"nonsense\") { email } }".into(), json!({})),
        ("tenants", "{ tenants(first: 1) { nodes { id sizeBytes } } }".into(), json!({})),
        ("tenant", "query($id: ID) { tenant(id: $id) { schemaName } }".into(), ids.clone()),
        ("fleet", "{ fleet { head } }".into(), json!({})),
        ("deletionCertificates", "{ deletionCertificates { nodes { slug } } }".into(), json!({})),
        ("operatorEvents", "{ operatorEvents(first: 1) { nodes { id } } }".into(), json!({})),
        ("plans", "{ plans { id tenantCount } }".into(), json!({})),
        (
            "signIn",
            of_input("signIn", "OperatorSignInInput"),
            json!({ "input": { "email": format!("{unique}@nobody.test"), "password": "wrong", "code": "123456" } }),
        ),
        ("refresh", "mutation { refresh(refreshToken: \"nonsense\") { accessToken } }".into(), json!({})),
        (
            "completeOperatorSetup",
            of_input("completeOperatorSetup", "CompleteOperatorSetupInput"),
            json!({ "input": { "token": "nonsense", "password": "a long password", "code": "123456" } }),
        ),
        (
            "createTenant",
            of_input("createTenant", "CreateTenantInput"),
            json!({ "input": { "slug": format!("made-{unique}"), "name": "Made", "ownerEmail": "owner@made.test" } }),
        ),
        (
            "setTenantTerms",
            of_input("setTenantTerms", "SetTenantTermsInput"),
            json!({ "input": { "id": id, "paidUntil": "2999-01-01T00:00:00Z" } }),
        ),
        (
            "setTenantMaintenance",
            of_input("setTenantMaintenance", "SetTenantMaintenanceInput"),
            json!({ "input": { "id": id, "enabled": false } }),
        ),
        ("renameTenant", of_input("renameTenant", "RenameTenantInput"), json!({ "input": { "id": id, "name": unique } })),
        (
            "setTenantLimits",
            of_input("setTenantLimits", "SetTenantLimitsInput"),
            json!({ "input": { "id": id, "limits": [{ "name": "DEPTH", "value": 10 }] } }),
        ),
        ("setPlan", of_input("setPlan", "SetPlanInput"), json!({ "input": { "id": format!("p-{unique}"), "seats": 5 } })),
        (
            "setTenantPlan",
            of_input("setTenantPlan", "SetTenantPlanInput"),
            json!({ "input": { "id": id, "quotas": [{ "quota": "SEATS", "own": "UNLIMITED" }] } }),
        ),
        ("deletePlan", "mutation($id: ID!) { deletePlan(id: $id) { deletedId } }".into(), json!({ "id": format!("p-{unique}") })),
        ("supportGrants", "query($id: ID!) { supportGrants(tenantId: $id) { state } }".into(), ids.clone()),
        (
            "requestSupport",
            of_input("requestSupport", "RequestSupportInput"),
            json!({ "input": { "id": id, "reason": "To look", "hours": 1 } }),
        ),
        ("endSupport", of_input("endSupport", "EndSupportInput"), json!({ "input": { "id": id, "grantId": "nonsense" } })),
        (
            "enterTenant",
            of_input("enterTenant", "EnterTenantInput"),
            json!({ "input": { "slug": slug, "nonce": "a nonce that the page has made" } }),
        ),
        ("retryTenantMigration", of_id("retryTenantMigration"), ids.clone()),
        ("suspendTenant", of_id("suspendTenant"), ids.clone()),
        ("resumeTenant", of_id("resumeTenant"), ids.clone()),
        (
            "requestTenantDeletion",
            of_input("requestTenantDeletion", "RequestTenantDeletionInput"),
            json!({ "input": { "id": id, "slug": slug } }),
        ),
        ("keepTenant", of_id("keepTenant"), ids),
        ("signOut", "mutation { signOut { signedOut } }".into(), json!({})),
    ]
}

fn outcome(answer: &Answer) -> &str {
    answer.first_code().unwrap_or("yes")
}

#[tokio::test]
async fn the_table_is_as_it_was_read_last() {
    let server = Server::start().await;
    let company = server.company().await;
    let owner = server.console().with_token(company.caller(Role::Owner).token().map(str::to_owned));
    let callers = [
        ("nobody", server.console()),
        ("viewer", server.operator(OperatorRole::Viewer).await.caller),
        ("admin", server.operator(OperatorRole::Admin).await.caller),
        ("a tenant's owner", owner),
    ];
    let (id, slug) = (tenant_id(&company.tenant), company.tenant.slug.to_string());
    let schema = server.console().introspect().await;
    let known: BTreeSet<&str> = documents("", "", "").iter().map(|(name, ..)| *name).collect();
    let fields = ["Query", "Mutation"].into_iter().flat_map(|kind| schema.fields(kind)).map(|field| field.name);
    let missing: Vec<String> = fields.filter(|name| !known.contains(name.as_str())).collect();
    assert_eq!(missing, Vec::<String>::new(), "have no row in the table");

    let mut text = format!("{:<24}", "");
    for (name, _) in &callers {
        write!(text, "{name:<18}").unwrap();
    }
    let columns = callers.iter().map(|(name, caller)| {
        let unique = format!("{}-{}", name.replace([' ', '\''], ""), &slug[slug.len() - 12..]);
        (caller, documents(&id, &slug, &unique))
    });
    let columns: Vec<_> = columns.collect();
    for row in 0..known.len() {
        write!(text, "\n{:<24}", columns[0].1[row].0).unwrap();
        for (caller, documents) in &columns {
            let (_, query, variables) = &documents[row];
            let answer = caller.ask_with(query, variables.clone()).await;
            write!(text, "{:<18}", outcome(&answer)).unwrap();
        }
    }
    let text: Vec<&str> = text.lines().map(str::trim_end).collect();
    insta::with_settings!({ prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!("operator_permissions", text.join("\n"));
    });
    // A link is no session.
    let (_, token) = server.invited_operator(OperatorRole::Admin).await;
    let app = setup_app(&server.console(), &token).await;
    complete_setup(&server.console(), &token, &app.code(chrono::Utc::now())).await.data("");
}
