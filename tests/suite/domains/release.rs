//! A proof that goes away.

use chrono::TimeDelta;
use domain::Role;
use hickory_proto::op::ResponseCode;
use serde_json::Value;
use tests::DnsMood;

use super::{Scene, check, list, new_host};

#[tokio::test]
async fn a_host_without_a_proof_is_released_after_a_week_and_its_owners_are_told() {
    let scene = Scene::open().await;
    let (company, rival, host) = (scene.company().await, scene.company().await, new_host());
    let account = company.account(Role::Owner).await;
    let admin = company.account(Role::Admin).await;
    let record = scene.prove(&company, &host).await;
    super::make_primary(&scene.owner(&company), &host).await.data("");
    for _ in 0..3 {
        assert_eq!(scene.day().await, 1);
    }
    assert!(scene.office.mail_to(&account.email).await.is_empty());

    scene.dns.say(&record.name, DnsMood::NoName);
    for day in 1..=6 {
        assert_eq!(scene.day().await, 1, "{day}");
        assert!(scene.is_served(&company, &host).await, "{day}");
        let told = scene.office.mail_to(&account.email).await.len();
        assert_eq!(told, usize::from(day >= 2), "{day}");
    }
    assert_eq!(list(&scene.owner(&company)).await[1], (host.clone(), "FAILING".to_owned()));
    // The domain may be somebody else's by now: no page leads there any more, such as the one that the mail leads to.
    let page = company.anonymous().get("/settings/addresses").await;
    assert_eq!((page.status.as_u16(), page.headers.get("location")), (200, None));
    let letters = scene.office.mail_to(&account.email).await;
    assert_eq!(letters.len(), 1);
    assert_eq!(letters[0].header("Subject"), format!("{host} will be released"));
    for body in [&letters[0].text, &letters[0].html] {
        assert!(body.contains(&record.name) && body.contains(&record.value), "{body}");
        assert!(body.contains(&format!("http://{}:8000/settings/addresses", company.host())), "{body}");
    }

    assert_eq!(scene.day().await, 1);
    assert!(!scene.is_served(&company, &host).await);
    let letters = scene.office.mail_to(&account.email).await;
    assert_eq!(letters.len(), 2);
    assert_eq!(letters[1].header("Subject"), format!("{host} was released"));
    assert!(scene.office.mail_to(&admin.email).await.is_empty(), "owners alone are told");
    assert_eq!(scene.day().await, 0, "nothing is left to look at");
    let states = list(&scene.owner(&company)).await;
    assert_eq!(states, [(company.host(), "BUILT_IN*".to_owned()), (host.clone(), "PENDING".to_owned())]);

    // It is written down with the release, and put into the audit by whoever tidies up.
    scene.office.server.app.auth.tidy(scene.office.clock.now() + TimeDelta::minutes(2)).await.unwrap();
    let events = scene.owner(&company).ask("{ auditEvents(first: 1) { nodes { action actorName changes } } }").await;
    let event = events.data("/auditEvents/nodes/0");
    assert_eq!(event["action"], "domain.released", "{event}");
    assert_eq!(event["actorName"], "the daily look at addresses");
    assert_eq!(event["changes"]["hostname"]["to"], host);

    // The record of before proves nothing any more, and whoever proves it next gets it.
    scene.dns.say(&record.name, DnsMood::text(&record.value));
    assert_eq!(check(&scene.owner(&company), &host).await.0, "PENDING");
    scene.prove(&rival, &host).await;
    assert!(scene.is_served(&rival, &host).await && !scene.is_served(&company, &host).await);
}

/// Who looks on the seventh day, to mend it, is not who has let it go.
#[tokio::test]
async fn a_member_who_looks_on_the_last_day_has_not_released_the_host() {
    let scene = Scene::open().await;
    let (company, host) = (scene.company().await, new_host());
    let record = scene.prove(&company, &host).await;
    scene.dns.say(&record.name, DnsMood::NoName);
    for _ in 1..=6 {
        scene.day().await;
    }
    assert!(scene.is_served(&company, &host).await);
    scene.office.clock.advance(TimeDelta::hours(24));
    assert_eq!(check(&scene.owner(&company), &host).await.0, "PENDING");
    assert!(!scene.is_served(&company, &host).await);
    let events = scene.owner(&company).ask("{ auditEvents(first: 2) { nodes { action actorName } } }").await;
    let event = |index: usize, field: &str| events.text(&format!("/auditEvents/nodes/{index}/{field}"));
    assert_eq!((event(0, "action"), event(0, "actorName")), ("domain.released".into(), "the daily look at addresses".into()));
    // The proof was the member's.
    assert_eq!(event(1, "action"), "domain.proved");
    assert_ne!(event(1, "actorName"), event(0, "actorName"));
}

#[tokio::test]
async fn a_proof_that_comes_back_in_time_is_as_good_as_before() {
    let scene = Scene::open().await;
    let (company, host) = (scene.company().await, new_host());
    let record = scene.prove(&company, &host).await;
    for _ in 0..3 {
        scene.dns.say(&record.name, DnsMood::text("something else"));
        for _ in 0..6 {
            scene.day().await;
        }
        scene.dns.say(&record.name, DnsMood::text(&record.value));
        scene.day().await;
        assert_eq!(list(&scene.owner(&company)).await[1], (host.clone(), "PROVED".to_owned()));
    }
    assert!(scene.is_served(&company, &host).await);
}

#[tokio::test]
async fn time_outs_and_failures_of_dns_never_release() {
    let scene = Scene::open().await;
    let (company, host) = (scene.company().await, new_host());
    let account = company.account(Role::Owner).await;
    let record = scene.prove(&company, &host).await;
    for code in [ResponseCode::ServFail, ResponseCode::Refused, ResponseCode::NotImp] {
        scene.dns.say(&record.name, DnsMood::Failure(code));
        for _ in 0..4 {
            assert_eq!(scene.day().await, 1);
        }
    }
    scene.dns.say(&record.name, DnsMood::Silence);
    assert_eq!(scene.day().await, 1);
    assert!(scene.is_served(&company, &host).await);
    assert!(scene.office.mail_to(&account.email).await.is_empty());
    let shown = scene.owner(&company).ask("{ domains { nodes { state problem } } }").await.data("/domains/nodes/1");
    assert_eq!(shown["state"], "PROVED");
    assert!(shown["problem"].as_str().unwrap().contains("did not answer"), "{shown}");
}

/// Looking often is no way to lose a host sooner.
#[tokio::test]
async fn many_looks_on_one_day_count_once() {
    let scene = Scene::open().await;
    let (company, host) = (scene.company().await, new_host());
    let record = scene.prove(&company, &host).await;
    scene.dns.say(&record.name, DnsMood::NoData);
    for _ in 0..10 {
        assert_eq!(check(&scene.owner(&company), &host).await.0, "FAILING");
    }
    assert!(scene.is_served(&company, &host).await);
}

/// Processes share the checks, and a check that its process did not finish is done by another.
#[tokio::test]
async fn a_check_that_was_broken_off_is_done_by_another_process() {
    let scene = Scene::open().await;
    let (company, host) = (scene.company().await, new_host());
    let record = scene.prove(&company, &host).await;
    scene.dns.say(&record.name, DnsMood::Silence);
    let (clock, second) = (&scene.office.clock, scene.office.second(&["--dns-server", &scene.dns.address()]).await);
    clock.advance(TimeDelta::hours(24));
    let (asked, time) = (scene.dns.asked().0, clock.clock());
    // As if it was killed: dropped while it waits for DNS.
    tokio::select! {
        _ = scene.office.server.app.domains.check_due(&time) => panic!("DNS has said nothing"),
        () = tests::until("DNS is asked", async || scene.dns.asked().0 > asked) => {}
    }
    scene.dns.say(&record.name, DnsMood::text(&record.value));
    assert_eq!(second.app.domains.check_due(&time).await.unwrap(), 0, "it is the first one's for a while");
    clock.advance(TimeDelta::minutes(15));
    assert_eq!(second.app.domains.check_due(&time).await.unwrap(), 1);
    assert_eq!(check(&scene.owner(&company), &host).await, ("PROVED".to_owned(), Value::Null));
}
