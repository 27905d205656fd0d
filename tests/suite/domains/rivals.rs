//! Hosts that two tenants claim.

use std::time::Duration;

use serde_json::Value;
use tests::{DnsMood, until};

use super::{Scene, add, check, list, new_host, remove};

#[tokio::test]
async fn who_proves_a_host_gets_it_whoever_claimed_it_first() {
    let scene = Scene::open().await;
    let (acme, globex) = (scene.company().await, scene.company().await);
    let host = new_host();
    let (of_acme, of_globex) = (add(&scene.owner(&acme), &host).await, add(&scene.owner(&globex), &host).await);
    assert_eq!(of_acme.name, of_globex.name);
    assert_ne!(of_acme.value, of_globex.value);

    // One tenant's record proves nothing of another's claim.
    scene.dns.say(&of_globex.name, DnsMood::text(&of_globex.value));
    assert_eq!(check(&scene.owner(&acme), &host).await.0, "PENDING");
    assert_eq!(check(&scene.owner(&globex), &host).await.0, "PROVED");
    assert!(scene.is_served(&globex, &host).await && !scene.is_served(&acme, &host).await);

    // Nor does a second proof take it away, not even when the first is gone for a moment.
    scene.dns.say(&of_acme.name, DnsMood::text(&of_acme.value));
    let (state, problem) = check(&scene.owner(&acme), &host).await;
    assert_eq!(state, "PENDING");
    assert!(problem.as_str().unwrap().contains("another organisation"), "{problem}");
    assert_eq!(check(&scene.owner(&globex), &host).await.0, "FAILING");
    assert!(scene.is_served(&globex, &host).await && !scene.is_served(&acme, &host).await);

    // Once it is let go, the other's proof counts, in every process at once.
    let second = scene.office.second(&["--dns-server", &scene.dns.address()]).await;
    let elsewhere = || tests::Caller::new(second.router.clone(), host.as_str(), None);
    assert_eq!(elsewhere().ask("{ tenant { slug } }").await.text("/tenant/slug"), globex.tenant.slug.as_str());
    remove(&scene.owner(&globex), &host).await.data("");
    tests::within(Duration::from_secs(5), "the other process forgets", async || {
        elsewhere().ask("{ tenant { slug } }").await.first_code() == Some("TENANT_NOT_FOUND")
    })
    .await;
    assert_eq!(check(&scene.owner(&acme), &host).await, ("PROVED".to_owned(), Value::Null));
    until("the other process learns", async || {
        let answer = elsewhere().ask("{ tenant { slug } }").await;
        answer.first_code().is_none() && answer.text("/tenant/slug") == acme.tenant.slug.as_str()
    })
    .await;
    assert!(list(&scene.owner(&globex)).await.iter().all(|(listed, _)| *listed != host));
}

/// Whoever comes back begins anew: the token is another one.
#[tokio::test]
async fn a_claim_that_is_made_again_has_another_token() {
    let scene = Scene::open().await;
    let (company, host) = (scene.company().await, new_host());
    let first = scene.prove(&company, &host).await;
    remove(&scene.owner(&company), &host).await.data("");
    assert!(!scene.is_served(&company, &host).await);
    let second = add(&scene.owner(&company), &host).await;
    assert_ne!(first.value, second.value);
    assert_eq!(check(&scene.owner(&company), &host).await.0, "PENDING", "the old record proves nothing");
}

#[tokio::test]
async fn two_proofs_at_once_serve_one_tenant() {
    let scene = Scene::open().await;
    let (acme, globex) = (scene.company().await, scene.company().await);
    let (one, two) = (scene.owner(&acme), scene.owner(&globex));
    for _ in 0..4 {
        let host = new_host();
        let (first, second) = (add(&one, &host).await, add(&two, &host).await);
        scene.dns.say(&first.name, DnsMood::texts([first.value, second.value]));
        let ((state, _), (other, _)) = tokio::join!(check(&one, &host), check(&two, &host));
        let mut states = [state, other];
        states.sort();
        assert_eq!(states, ["PENDING", "PROVED"]);
        assert_ne!(scene.is_served(&acme, &host).await, scene.is_served(&globex, &host).await);
    }
}

/// A claim that is removed while DNS is asked proves nothing, also when it is made again meanwhile.
#[tokio::test]
async fn a_claim_that_is_removed_while_dns_is_asked_is_not_served() {
    let scene = Scene::open().await;
    let (company, host) = (scene.company().await, new_host());
    let owner = scene.owner(&company);
    let record = add(&owner, &host).await;
    scene.dns.say(&record.name, DnsMood::Silence);
    let before = scene.dns.asked().0;
    let asking = check_code(&owner, &host);
    let removing = async {
        until("DNS is asked", async || scene.dns.asked().0 > before).await;
        remove(&owner, &host).await.data("");
        let again = add(&owner, &host).await;
        scene.dns.say(&again.name, DnsMood::text(&record.value));
    };
    let (code, ()) = tokio::join!(asking, removing);
    assert_eq!(code.as_deref(), Some("NOT_FOUND"));
    assert!(!scene.is_served(&company, &host).await);
}

async fn check_code(caller: &tests::Caller, host: &str) -> Option<String> {
    super::send_check(caller, host).await.first_code().map(str::to_owned)
}
