//! Owners are told of each state once for each date.

use api::operators::Deed;
use chrono::TimeDelta;
use domain::Role;
use tenancy::TenantStatus;
use tests::PostOffice;

use super::{READ_ONLY_AFTER, SUSPENDED_AFTER, paid_until};

#[tokio::test]
async fn each_state_is_told_once_for_each_date_whichever_process_finds_it() {
    let office = PostOffice::open_with(&["--billing-contact", "billing@example.test"]).await;
    let other = office.second(&["--billing-contact", "billing@example.test"]).await;
    let company = office.server.company().await;
    let (owner, hr) = (company.account(Role::Owner).await, company.account(Role::Hr).await);
    let tell = async || {
        let (here, there) = (&office.server.app.lifecycle, &other.app.lifecycle);
        let now = office.clock.now();
        let told = tokio::join!(here.tell_owners(now), there.tell_owners(now), here.tell_owners(now));
        // At once: what is days old is not worth sending.
        office.send().await;
        told.0.unwrap() + told.1.unwrap() + told.2.unwrap()
    };
    let subjects = async || {
        let letters = office.mail_to(&owner.email).await;
        letters.iter().map(|letter| letter.header("Subject")).collect::<Vec<_>>()
    };
    assert_eq!(tell().await, 0, "there is nothing to tell");

    let due = office.clock.now() + TimeDelta::days(20);
    paid_until(&company, Some(due), office.clock.now()).await;
    assert_eq!(tell().await, 0, "it is too early");
    office.clock.advance(TimeDelta::days(6));
    assert_eq!((tell().await, tell().await), (1, 0));
    let letter = office.last_mail_to(&owner.email).await;
    for body in [&letter.text, &letter.html] {
        assert!(body.contains(&due.format("%-d %B %Y").to_string()) && body.contains("billing@example.test"), "{body}");
    }
    office.clock.advance(TimeDelta::days(14 + READ_ONLY_AFTER));
    assert_eq!((tell().await, tell().await), (1, 0));
    office.clock.advance(TimeDelta::days(SUSPENDED_AFTER - READ_ONLY_AFTER));
    assert_eq!((tell().await, tell().await), (1, 0));
    let name = &company.tenant.name;
    let so_far = [format!("The time of {name} runs out"), format!("{name} can only be read"), format!("{name} is not available")];
    assert_eq!(subjects().await, so_far);

    // Another date is news; so is each suspension.
    paid_until(&company, Some(office.clock.now() + TimeDelta::days(1)), office.clock.now()).await;
    assert_eq!((tell().await, tell().await), (1, 0));
    for times in [1, 2] {
        let tenants = office.server.tenants();
        office.clock.advance(TimeDelta::minutes(1));
        tenants.set_status(company.tenant.id, TenantStatus::Suspended, office.clock.now()).await.unwrap();
        // Again, which changes nothing.
        tenants.set_status(company.tenant.id, TenantStatus::Suspended, office.clock.now()).await.unwrap();
        assert_eq!((tell().await, tell().await), (1, 0));
        tenants.set_status(company.tenant.id, TenantStatus::Active, office.clock.now()).await.unwrap();
        let suspended = format!("{name} is suspended");
        assert_eq!(subjects().await.iter().filter(|subject| **subject == suspended).count(), times);
    }
    assert!(office.mail_to(&hr.email).await.is_empty(), "only owners are told");
}

#[tokio::test]
async fn a_mail_says_what_is_to_be_known() {
    let office = PostOffice::open().await;
    let company = office.server.company().await;
    let owner = company.account(Role::Owner).await;
    let lifecycle = &office.server.app.lifecycle;
    let (tenants, id, now) = (office.server.tenants(), company.tenant.id, office.clock.now());
    tenants.set_maintenance(id, Some("Back at <noon>."), now).await.unwrap();
    lifecycle.tell_owners(now).await.unwrap();
    let letter = office.last_mail_to(&owner.email).await;
    assert!(letter.text.contains("Back at <noon>.") && letter.html.contains("Back at &#60;noon&#62;."), "{letter:?}");

    let at = now + TimeDelta::days(30);
    office.server.act(&company.tenant, Deed::Delete(at), now).await.unwrap();
    office.clock.advance(TimeDelta::seconds(1));
    lifecycle.tell_owners(office.clock.now()).await.unwrap();
    let letter = office.last_mail_to(&owner.email).await;
    assert!(letter.text.contains(&at.format("%-d %B %Y").to_string()), "{}", letter.text);
    // To where it is taken back: its own address lets nobody in.
    assert_eq!(letter.link(), "http://localhost:8000");
}
