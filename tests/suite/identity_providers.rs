//! The tenants' own identity providers.

mod bearer;
mod code_flow;
mod let_in;
mod real;
mod settings;

use domain::Role;
use serde_json::{Value, json};
use tests::{Answer, Browser, Company, FakeProvider, Server};

/// The program, with providers on this machine.
const LOCAL: &str = "--allow-local-identity-providers";

pub(crate) async fn server() -> Server {
    Server::start_with(&[LOCAL], api::app::system_clock()).await
}

/// What makes a provider good: this on top of its address.
pub(crate) fn usual(provider: &str, more: &Value) -> Value {
    let mut input = json!({
        "name": "Acme accounts", "issuer": provider, "clientId": "tenantry", "clientSecret": "a secret & more",
        "audience": "https://api.acme.test", "roleClaim": "groups",
        "roles": [{ "value": "people", "role": "HR" }, { "value": "leads", "role": "MANAGER" }],
    });
    for (name, value) in more.as_object().unwrap() {
        input[name] = value.clone();
    }
    input
}

pub(crate) async fn set(company: &Company<'_>, input: Value) -> Answer {
    let selection = "identityProvider { name issuer clientId hasClientSecret audience roleClaim roles { value role } defaultRole redirectUri }";
    company.caller(Role::Admin).mutate("setIdentityProvider", input, selection).await
}

pub(crate) async fn set_up(company: &Company<'_>, provider: &FakeProvider) {
    set(company, usual(&provider.issuer, &json!({}))).await.data("");
}

/// Goes to the provider and back with an ID token of these claims; says where that leads.
pub(crate) async fn sign_in(browser: &mut Browser<'_>, provider: &FakeProvider, claims: Value) -> String {
    let address = browser.follow("/auth/sign-in").await;
    let code = provider.code(&address, &claims);
    browser.follow(&back(&address, &code)).await
}

/// Where the provider sends the browser back to.
fn back(address: &str, code: &str) -> String {
    format!("/auth/callback?code={code}&state={}", tests::query(address)["state"])
}

/// Where somebody is led who cannot sign in by the provider.
fn problem(name: &str) -> String {
    format!("/sign-in?problem={name}")
}

/// Claims of somebody with a verified address.
pub(crate) fn person(email: &str) -> Value {
    json!({ "sub": email, "email": email, "email_verified": true, "name": "Nora New", "groups": ["people"] })
}
