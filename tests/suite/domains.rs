//! The hosts of tenants: claimed, proved by DNS, served, and let go.

mod farewell;
mod names;
mod proof;
mod proxies;
mod redirect;
mod release;
mod rights;
mod rivals;
mod tls_ask;

use chrono::TimeDelta;
use domain::Role;
use serde_json::{Value, json};
use tests::{Answer, Caller, Company, DnsMood, FakeDns, PostOffice};
use uuid::Uuid;

const DOMAIN: &str = "domain { hostname address state isPrimary record { name value } checkedAt problem }";
const DOMAINS: &str = "nodes { hostname state isPrimary record { name value } problem } redirectsToPrimary";

/// An installation that asks a DNS server of its own.
struct Scene {
    dns: FakeDns,
    office: PostOffice,
}

/// A TXT record.
struct Record {
    name: String,
    value: String,
}

impl Scene {
    async fn open() -> Self {
        let dns = FakeDns::start().await;
        let office = PostOffice::open_with(&["--dns-server", &dns.address()]).await;
        Self { dns, office }
    }

    async fn company(&self) -> Company<'_> {
        self.office.server.company().await
    }

    fn owner(&self, company: &Company<'_>) -> Caller {
        self.office.caller(company, Role::Owner)
    }

    /// Claims a host and sets its record.
    async fn claim(&self, company: &Company<'_>, host: &str) -> Record {
        let record = add(&self.owner(company), host).await;
        self.dns.say(&record.name, DnsMood::text(&record.value));
        record
    }

    /// Has a company served at a host by its proof.
    async fn prove(&self, company: &Company<'_>, host: &str) -> Record {
        let record = self.claim(company, host).await;
        assert_eq!(check(&self.owner(company), host).await, ("PROVED".to_owned(), Value::Null));
        record
    }

    /// Lets a day pass, with its checks.
    async fn day(&self) -> usize {
        self.office.clock.advance(TimeDelta::hours(24));
        self.office.server.app.domains.check_due(&self.office.clock.clock()).await.unwrap()
    }

    /// Whether a company is served at a host.
    async fn is_served(&self, company: &Company<'_>, host: &str) -> bool {
        is_at(&company.anonymous().at(host).ask("{ tenant { slug } }").await, company)
    }
}

fn is_at(answer: &Answer, company: &Company<'_>) -> bool {
    match answer.first_code() {
        None => answer.text("/tenant/slug") == company.tenant.slug.as_str(),
        Some(code) => {
            assert_eq!(code, "TENANT_NOT_FOUND", "{}", answer.body);
            false
        }
    }
}

/// A host that no other test has.
fn new_host() -> String {
    format!("hr.t{}.example", Uuid::now_v7().simple())
}

/// Claims a host.
async fn add(caller: &Caller, host: &str) -> Record {
    let answer = caller.mutate("addDomain", json!({ "hostname": host }), DOMAIN).await;
    let text = |field: &str| answer.text(&format!("/addDomain/domain/record/{field}"));
    Record { name: text("name"), value: text("value") }
}

async fn send_check(caller: &Caller, host: &str) -> Answer {
    let query = format!("mutation($hostname: String!) {{ checkDomain(hostname: $hostname) {{ {DOMAIN} }} }}");
    caller.ask_with(&query, json!({ "hostname": host })).await
}

/// Has DNS asked now; the state, and the problem.
async fn check(caller: &Caller, host: &str) -> (String, Value) {
    let answer = send_check(caller, host).await;
    (answer.text("/checkDomain/domain/state"), answer.data("/checkDomain/domain/problem"))
}

async fn make_primary(caller: &Caller, host: &str) -> Answer {
    let query =
        format!("mutation($hostname: String!) {{ makeDomainPrimary(hostname: $hostname) {{ domains {{ {DOMAINS} }} }} }}");
    caller.ask_with(&query, json!({ "hostname": host })).await
}

async fn remove(caller: &Caller, host: &str) -> Answer {
    let query = format!("mutation($hostname: String!) {{ removeDomain(hostname: $hostname) {{ domains {{ {DOMAINS} }} }} }}");
    caller.ask_with(&query, json!({ "hostname": host })).await
}

/// The hosts, each with its state; the primary one has a star.
async fn list(caller: &Caller) -> Vec<(String, String)> {
    let answer = caller.ask(&format!("{{ domains {{ {DOMAINS} }} }}")).await;
    let text = |node: &Value, field: &str| node[field].as_str().unwrap().to_owned();
    let nodes = answer.data("/domains/nodes");
    let state = |node: &Value| format!("{}{}", text(node, "state"), if node["isPrimary"] == true { "*" } else { "" });
    nodes.as_array().unwrap().iter().map(|node| (text(node, "hostname"), state(node))).collect()
}
