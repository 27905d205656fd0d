//! Addresses: what may be one, and whether it is free.

use chrono::Utc;
use serde_json::{Value, json};
use tenancy::TenantStatus;
use tests::{Caller, make_tenant};

use super::{Wish, open};

async fn look(caller: &Caller, slug: &str) -> Value {
    let query = "query($slug: String!) { slugAvailability(slug: $slug) { available problem message suggestion url } }";
    caller.ask_with(query, json!({ "slug": slug })).await.data("/slugAvailability")
}

#[tokio::test]
async fn an_address_is_looked_at_as_it_will_be_taken() {
    let office = open().await;
    let apex = office.server.apex();
    let (longest, too_long) = ("x".repeat(63), "x".repeat(64));
    let cases = [
        ("acme", None, None),
        ("a", None, None),
        ("4711", None, None),
        (longest.as_str(), None, None),
        (too_long.as_str(), Some("INVALID"), Some(longest.as_str())),
        ("", Some("INVALID"), None),
        ("Acme", Some("INVALID"), Some("acme")),
        ("a b", Some("INVALID"), Some("a-b")),
        ("über", Some("INVALID"), Some("ber")),
        ("日本", Some("INVALID"), None),
        ("acme\u{0}", Some("INVALID"), Some("acme")),
        ("a'; DROP SCHEMA platform; --", Some("INVALID"), Some("a-drop-schema-platform")),
        ("-acme-", Some("INVALID"), Some("acme")),
        ("xn--bcher-kva", Some("INVALID"), Some("xn-bcher-kva")),
        ("www", Some("RESERVED"), Some("www-2")),
        ("platform", Some("RESERVED"), Some("platform-2")),
    ];
    for (slug, problem, suggestion) in cases {
        let found = look(&apex, slug).await;
        assert_eq!((found["problem"].as_str(), found["suggestion"].as_str()), (problem, suggestion), "{slug}: {found}");
        assert_eq!(found["available"], problem.is_none(), "{slug}");
        assert_eq!(found["message"].is_null(), problem.is_none(), "{slug}");
        if problem.is_some() {
            let refused = Wish::by(slug, "ada@example.test").ask(&apex).await;
            assert_eq!((refused.code(), refused.field()), ("BAD_USER_INPUT", Some("slug")), "{slug}");
        }
    }
    assert_eq!(look(&apex, "acme").await["url"], "http://acme.localhost:8000");
}

#[tokio::test]
async fn an_address_is_taken_whatever_the_state_of_its_organisation() {
    let office = open().await;
    let apex = office.server.apex();
    let tenants = office.server.tenants();
    let tenant = make_tenant(tenants).await;
    for status in [TenantStatus::Active, TenantStatus::Suspended] {
        tenants.set_status(tenant.id, status, Utc::now()).await.unwrap();
        let found = look(&apex, tenant.slug.as_str()).await;
        assert_eq!((found["available"].clone(), found["problem"].clone()), (json!(false), json!("TAKEN")));
        assert_eq!(found["suggestion"], format!("{}-2", tenant.slug));
        let refused = Wish::by(tenant.slug.as_str(), "ada@example.test").ask(&apex).await;
        assert_eq!((refused.code(), refused.field()), ("CONFLICT", Some("slug")));
    }
    // Not a word of whose it is.
    assert!(!look(&apex, tenant.slug.as_str()).await.to_string().contains(&tenant.name));
    tenants.delete(&tenant, office.clock.now()).await.unwrap();
    assert_eq!(look(&apex, tenant.slug.as_str()).await["available"], true);
}
