//! Bytes that an organisation's data takes.

use chrono::Utc;
use domain::{Role, plan::Quota};
use serde_json::json;
use tests::{Answer, Company, Server};

use super::{OwnLimit, exceeded, own_limit, shown};

async fn create_location(company: &Company<'_>, name: &str) -> Answer {
    let input = json!({ "name": name, "countryCode": "DE", "timeZone": "Europe/Berlin" });
    company.caller(Role::Owner).mutate("createLocation", input, "location { id }").await
}

async fn measure(server: &Server, company: &Company<'_>) {
    server.app.usage.measure(company.tenant.id, Utc::now()).await.unwrap();
}

#[tokio::test]
async fn above_the_quota_nothing_is_added_and_the_rest_goes_on() {
    let (server, other_process) = (Server::start().await, Server::start().await);
    let (company, other) = (server.company().await, server.company().await);
    let location = create_location(&company, "Berlin").await.text("/createLocation/location/id");
    assert_eq!(shown(&company, "STORAGE_BYTES").await, (None, None));
    own_limit(&server, company.tenant.id, Quota::StorageBytes, OwnLimit::AtMost(100)).await;
    // It is not measured yet.
    create_location(&company, "Hamburg").await.data("");
    for company in [&company, &other] {
        measure(&server, company).await;
    }
    let used = exceeded(&create_location(&company, "Munich").await, "storageBytes", 100);
    assert!(used > 100_000, "{used}");
    #[expect(clippy::cast_precision_loss, reason = "small")]
    let expected = (Some(100.0), Some(used as f64));
    assert_eq!(shown(&company, "STORAGE_BYTES").await, expected);
    let hire = json!({ "name": "A department" });
    exceeded(
        &company.caller(Role::Owner).mutate("createDepartment", hire.clone(), "department { id }").await,
        "storageBytes",
        100,
    );
    // Who may not add anything learns nothing of it.
    let employee = company.caller(Role::Employee).mutate("createDepartment", hire, "department { id }").await;
    assert_eq!(employee.code(), "FORBIDDEN");
    let owner = company.caller(Role::Owner);
    owner.ask("{ employees { totalCount } }").await.data("/employees");
    owner.delete("deleteLocation", &location).await.data("");
    create_location(&other, "Munich").await.data("");

    // The other process has heard of it; more storage helps at once.
    let there = tests::Caller::new(other_process.router.clone(), company.host(), Some(company.token(Role::Owner)));
    let input = json!({ "name": "Munich", "countryCode": "DE", "timeZone": "Europe/Berlin" });
    let create = async || there.mutate("createLocation", input.clone(), "location { id }").await;
    tests::until("the other process knows", async || create().await.first_code() == Some("QUOTA_EXCEEDED")).await;
    own_limit(&server, company.tenant.id, Quota::StorageBytes, OwnLimit::AtMost(100_000_000)).await;
    create_location(&company, "Cologne").await.data("");
    // The next measurement tidies up.
    measure(&server, &company).await;
    let tenant = server.tenants().directory().by_id(company.tenant.id).await.unwrap().unwrap();
    assert!(tenant.settings.get("storageUsed").is_none(), "{}", tenant.settings);
}
