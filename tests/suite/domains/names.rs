//! Names that can and cannot be a tenant's own.

use serde_json::json;
use tests::Server;

use super::{Scene, add, list, new_host};

#[tokio::test]
async fn names_are_taken_in_one_spelling() {
    let scene = Scene::open().await;
    let company = scene.company().await;
    let owner = scene.owner(&company);
    let record = add(&owner, " BÜCHER.Example. ").await;
    assert_eq!(record.name, "_tenantry.xn--bcher-kva.example");
    for spelling in ["bücher.example", "xn--bcher-kva.example", "XN--BCHER-KVA.example."] {
        let again = owner.mutate("addDomain", json!({ "hostname": spelling }), "__typename").await;
        assert_eq!((again.code(), again.field()), ("CONFLICT", Some("hostname")), "{spelling}");
    }
    assert_eq!(list(&owner).await[1].0, "xn--bcher-kva.example");
}

#[tokio::test]
async fn names_that_cannot_be_ones_own_are_refused_with_a_sentence() {
    let server = Server::start().await;
    let company = server.company().await;
    let owner = company.caller(domain::Role::Owner);
    let label = "a".repeat(63);
    let of_length = |length: usize| format!("{label}.{label}.{label}.{}.com", "a".repeat(length - 196));
    let (longest, too_long) = (of_length(253), of_length(254));
    for (name, sentence) in [
        ("", "not the name of a host"),
        ("https://hr.acme.com/", "without https://"),
        ("hr_acme.com", "not the name of a host"),
        (&too_long, "not the name of a host"),
        (&longest, "too long"),
        ("192.0.2.1", "IP address"),
        ("[::1]", "not the name of a host"),
        ("localhost", "under localhost"),
        (&company.host(), "under localhost"),
        ("nobody.localhost", "under localhost"),
        ("intranet", "not one of the internet"),
        ("co.uk", "anybody can register"),
        ("com.", "not one of the internet"),
    ] {
        let answer = owner.mutate("addDomain", json!({ "hostname": name }), "__typename").await;
        assert_eq!((answer.code(), answer.field()), ("BAD_USER_INPUT", Some("hostname")), "{name}: {}", answer.body);
        assert!(answer.message().contains(sentence), "{name}: {}", answer.message());
    }
    assert_eq!(list(&owner).await.len(), 1);
    add(&owner, &of_length(243)).await;
    // A request for a host of 253 characters is no fault, and one of 254 is no host.
    for (host, code) in [(&longest, "TENANT_NOT_FOUND"), (&too_long, "BAD_USER_INPUT")] {
        assert_eq!(company.anonymous().at(host.as_str()).ask("{ tenant { slug } }").await.code(), code);
    }
}

#[tokio::test]
async fn a_tenant_claims_so_many_names_and_not_more() {
    let server = Server::start().await;
    let company = server.company().await;
    let owner = company.caller(domain::Role::Owner);
    for _ in 0..20 {
        add(&owner, &new_host()).await;
    }
    let answer = owner.mutate("addDomain", json!({ "hostname": new_host() }), "__typename").await;
    assert_eq!(answer.code(), "CONFLICT");
    assert!(answer.message().contains("20 addresses"), "{}", answer.message());
}
