//! Where pages lead when a tenant has a primary host.

use axum::http::StatusCode;
use serde_json::json;
use tests::{Answer, Caller};

use super::{Scene, make_primary, new_host, remove};

fn target(answer: &Answer) -> Option<&str> {
    (answer.status == StatusCode::PERMANENT_REDIRECT).then(|| answer.headers["location"].to_str().unwrap())
}

#[tokio::test]
async fn pages_lead_to_the_primary_host_and_the_api_is_served_at_each() {
    let scene = Scene::open().await;
    let (company, other) = (scene.company().await, scene.company().await);
    let (owner, one, two) = (scene.owner(&company), new_host(), new_host());
    for host in [&one, &two] {
        scene.prove(&company, host).await;
    }
    let at = |host: &str| company.anonymous().at(host);
    let hosts = [company.host(), one.clone(), two.clone()];
    for host in &hosts {
        assert_eq!(at(host).get("/").await.status, StatusCode::OK, "there is no other primary host yet");
    }

    let answer = make_primary(&owner, &one).await;
    assert_eq!(answer.data("/makeDomainPrimary/domains/nodes/0/isPrimary"), json!(false));
    for host in [&hosts[0], &two] {
        for path in ["/", "/employees/new?from=list&x=%20", "/graphiql", "/no/such/page"] {
            let page = at(host).get(path).await;
            assert_eq!(target(&page), Some(format!("http://{one}:8000{path}").as_str()), "{host}{path}");
            assert_eq!(page.headers["cache-control"], "no-store", "it may be another one tomorrow");
        }
    }
    assert_eq!(at(&one).get("/").await.status, StatusCode::OK);
    for host in &hosts {
        assert!(scene.is_served(&company, host).await, "{host}");
        let member = owner.at(host.as_str()).ask("{ viewer { role } }").await;
        assert_eq!(member.text("/viewer/role"), "OWNER", "{host}");
        assert_eq!(target(&at(host).get("/favicon.svg").await), None, "{host}");
        assert_eq!(target(&at(host).get("/healthz").await), None, "{host}");
        let get = at(host).get("/graphql?query=%7B__typename%7D").await;
        assert_eq!(target(&get), None, "{host}");
    }
    // What stands behind the `#` of these is not for whoever has the domain.
    for path in ["/enter", "/invitation", "/reset-password", "/reset-password/"] {
        assert_eq!(at(&hosts[0]).get(path).await.status, StatusCode::OK, "{path}");
    }
    // Others are not concerned, nor is the apex.
    for host in [other.host(), "localhost".to_owned()] {
        assert_eq!(at(&host).get("/").await.status, StatusCode::OK, "{host}");
    }

    let switch = |enabled: bool| {
        format!("mutation {{ redirectToPrimaryDomain(enabled: {enabled}) {{ domains {{ redirectsToPrimary }} }} }}")
    };
    let answer = owner.ask(&switch(false)).await;
    assert_eq!(answer.data("/redirectToPrimaryDomain/domains/redirectsToPrimary"), json!(false));
    for host in &hosts {
        assert_eq!(at(host).get("/").await.status, StatusCode::OK, "{host}");
    }
    owner.ask(&switch(true)).await.data("");
    assert!(target(&at(&two).get("/").await).is_some());

    // The slug's host can be the primary one again, and is when the other goes.
    make_primary(&owner, &hosts[0]).await.data("");
    for host in &hosts {
        assert_eq!(at(host).get("/").await.status, StatusCode::OK, "{host}");
    }
    make_primary(&owner, &two).await.data("");
    remove(&owner, &two).await.data("");
    assert_eq!(at(&one).get("/").await.status, StatusCode::OK);
    assert_eq!(at(&two).get("/").await.status, StatusCode::NOT_FOUND);
}

/// No address can be made of a path that leads elsewhere.
#[tokio::test]
async fn a_redirection_never_leaves_the_tenant() {
    let scene = Scene::open().await;
    let (company, primary) = (scene.company().await, new_host());
    scene.prove(&company, &primary).await;
    make_primary(&scene.owner(&company), &primary).await.data("");
    let caller: Caller = company.anonymous();
    for path in ["//evil.example/", "/%2F%2Fevil.example", "/@evil.example", "/..%2f", "/?next=//evil.example"] {
        let page = caller.get(path).await;
        if let Some(target) = target(&page) {
            assert!(target.starts_with(&format!("http://{primary}:8000/")), "{path}: {target}");
        } else {
            assert_ne!(page.status.as_u16() / 100, 3, "{path}");
        }
    }
}
