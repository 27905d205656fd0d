//! Owners are warned before a quota is used up.

use chrono::TimeDelta;
use domain::{Role, plan::Quota};
use tests::{Company, PostOffice};

use super::{OwnLimit, own_limit};

/// The subjects of the warnings that an owner of a company has got.
async fn warnings(office: &PostOffice, company: &Company<'_>) -> Vec<String> {
    let letters = office.mail_to(&company.member_with(Role::Owner).email()).await;
    letters.iter().map(|letter| letter.header("Subject")).collect()
}

/// Measures in two processes at once, as when one has taken the work of another that was slow.
async fn measure(office: &PostOffice, other: &tests::Server, company: &Company<'_>) {
    office.clock.advance(TimeDelta::minutes(5));
    let (now, id) = (office.clock.now(), company.tenant.id);
    let (here, there) = tokio::join!(office.server.app.usage.measure(id, now), other.app.usage.measure(id, now));
    for measured in [here, there] {
        measured.unwrap();
    }
}

#[tokio::test]
async fn each_time_that_most_of_a_quota_is_used_owners_are_told_once() {
    let flags = ["--billing-contact", "billing@example.test"];
    let office = PostOffice::open_with(&flags).await;
    let second = office.second(&flags).await;
    let (company, other) = (office.server.company().await, office.server.company().await);
    let measure = async || {
        measure(&office, &second, &company).await;
        measure(&office, &second, &other).await;
    };
    let seats = async |most| own_limit(&office.server, company.tenant.id, Quota::Seats, OwnLimit::AtMost(most)).await;
    let name = company.tenant.name.clone();
    measure().await;
    // Five are members; 71 % of seven seats.
    seats(7).await;
    measure().await;
    assert_eq!(warnings(&office, &company).await, Vec::<String>::new());
    // An open invitation takes a seat.
    let input = serde_json::json!({ "email": "new@example.test", "role": "EMPLOYEE" });
    office.caller(&company, Role::Owner).mutate("inviteMember", input, "invitation { id }").await.data("");
    measure().await;
    measure().await;
    let first = format!("{name} has used 85 % of its seats");
    assert_eq!(warnings(&office, &company).await, std::slice::from_ref(&first));
    let letter = office.last_mail_to(&company.member_with(Role::Owner).email()).await;
    for body in [&letter.text, &letter.html] {
        assert!(body.contains("6 of the 7 seats") && body.contains("billing@example.test"), "{body}");
    }
    assert_eq!(letter.link(), format!("http://{}:8000/settings/organisation", company.host()));

    // More seats, and then fewer: it is used up anew.
    seats(20).await;
    measure().await;
    assert_eq!(warnings(&office, &company).await, std::slice::from_ref(&first));
    seats(6).await;
    measure().await;
    assert_eq!(warnings(&office, &company).await, [first, format!("{name} has used 100 % of its seats")]);
    // The invitation ends by itself, and with it what it used.
    seats(7).await;
    office.clock.advance(TimeDelta::days(30));
    measure().await;
    assert_eq!(warnings(&office, &company).await.len(), 2);

    assert!(office.mail_to(&company.member_with(Role::Hr).email()).await.is_empty(), "only owners are told");
    assert_eq!(warnings(&office, &other).await, Vec::<String>::new());
}

#[tokio::test]
async fn storage_is_warned_of_before_nothing_can_be_added() {
    let office = PostOffice::open().await;
    let second = office.second(&[]).await;
    let company = office.server.company().await;
    let storage = async |most| own_limit(&office.server, company.tenant.id, Quota::StorageBytes, OwnLimit::AtMost(most)).await;
    measure(&office, &second, &company).await;
    let now = office.clock.now();
    let platform = office.server.tenants().platform();
    let used = api::usage::report::Use::of(&platform, company.tenant.id, now).await.unwrap().storage.unwrap();
    storage(used * 2).await;
    measure(&office, &second, &company).await;
    assert_eq!(warnings(&office, &company).await, Vec::<String>::new());
    storage(used * 10 / 9).await;
    measure(&office, &second, &company).await;
    measure(&office, &second, &company).await;
    let warned = warnings(&office, &company).await;
    assert_eq!(warned.len(), 1);
    assert!(warned[0].ends_with(" % of its storage"), "{warned:?}");
    // It is no refusal yet.
    let input = serde_json::json!({ "name": "Berlin", "countryCode": "DE", "timeZone": "Europe/Berlin" });
    office.caller(&company, Role::Owner).mutate("createLocation", input, "location { id }").await.data("");
}

#[tokio::test]
async fn who_leaves_is_not_warned() {
    let office = PostOffice::open().await;
    let second = office.second(&[]).await;
    let company = office.server.company().await;
    own_limit(&office.server, company.tenant.id, Quota::Seats, OwnLimit::AtMost(5)).await;
    let at = office.clock.now() + TimeDelta::days(30);
    office.server.act(&company.tenant, api::operators::Deed::Delete(at), office.clock.now()).await.unwrap();
    measure(&office, &second, &company).await;
    assert_eq!(warnings(&office, &company).await, Vec::<String>::new());
}
