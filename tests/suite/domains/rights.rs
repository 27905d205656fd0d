//! Who may manage hosts.

use domain::Role;
use serde_json::json;
use tests::Server;

use super::{list, make_primary, new_host, remove, send_check};

#[tokio::test]
async fn owners_and_administrators_manage_hosts_and_nobody_else() {
    let server = Server::start().await;
    let company = server.company().await;
    for role in Role::ALL {
        let caller = company.caller(role);
        let (host, may) = (new_host(), matches!(role, Role::Owner | Role::Admin));
        let viewer = caller.ask("{ viewer { permissions { manageDomains } } }").await;
        assert_eq!(viewer.data("/viewer/permissions/manageDomains"), json!(may), "{role}");
        let redirect = "mutation { redirectToPrimaryDomain(enabled: true) { domains { redirectsToPrimary } } }";
        for answer in [
            caller.mutate("addDomain", json!({ "hostname": host }), "__typename").await,
            send_check(&caller, &company.host()).await,
            make_primary(&caller, &company.host()).await,
            caller.ask(redirect).await,
            remove(&caller, &host).await,
            caller.ask("{ domains { redirectsToPrimary } }").await,
        ] {
            assert_eq!(answer.first_code(), (!may).then_some("FORBIDDEN"), "{role}: {}", answer.body);
        }
    }
    assert_eq!(company.anonymous().ask("{ domains { redirectsToPrimary } }").await.code(), "UNAUTHENTICATED");
    assert_eq!(list(&company.caller(Role::Admin)).await.len(), 1);
    // A program cannot even be given it.
    let input = json!({ "name": "Program", "permissions": ["MANAGE_DOMAINS"], "expiresAt": null });
    let answer = company.caller(Role::Owner).mutate("createApiKey", input, "token").await;
    assert!(matches!(answer.code(), "BAD_USER_INPUT" | "FORBIDDEN"), "{}", answer.body);
}
