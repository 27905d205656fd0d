//! Support access: an operator looks into an organisation, with an owner's consent, for a while.

mod answers;
mod entry;
mod looking;
mod over;

use domain::Role;
use entities::platform::operator::OperatorRole;
use serde_json::{Value, json};
use tests::{Answer, Caller, Company, Operator, Server};

/// What the page of an organisation keeps.
const NONCE: &str = "a nonce that the page has made";
const REASON: &str = "The import of people fails";

/// An operator who wants to look into a company.
struct Scene<'a> {
    company: &'a Company<'a>,
    operator: Operator,
    owner: Caller,
}

impl<'a> Scene<'a> {
    async fn of(server: &Server, company: &'a Company<'a>) -> Self {
        Self { company, operator: server.operator(OperatorRole::Admin).await, owner: company.caller(Role::Owner) }
    }

    fn tenant_id(&self) -> String {
        api::graphql::id::encode_tenant(self.company.tenant.id).to_string()
    }

    /// Asks for two hours.
    async fn ask(&self) -> Answer {
        let input = json!({ "id": self.tenant_id(), "reason": REASON, "hours": 2 });
        self.operator.caller.mutate("requestSupport", input, "supportGrant { id state }").await
    }

    /// Asks, and returns the request's id.
    async fn asked(&self) -> String {
        self.ask().await.text("/requestSupport/supportGrant/id")
    }

    /// Asks, and an owner consents.
    async fn open(&self) -> String {
        let id = self.asked().await;
        decide(&self.owner, "consentToSupport", &id).await.data("");
        id
    }

    /// Withdraws or gives back.
    async fn give_back(&self, id: &str) -> Answer {
        let input = json!({ "id": self.tenant_id(), "grantId": id });
        self.operator.caller.mutate("endSupport", input, "supportGrant { state endedBy }").await
    }

    /// Asks at the console for the way in.
    async fn way_in(&self) -> Answer {
        let input = json!({ "slug": self.company.tenant.slug.as_str(), "nonce": NONCE });
        self.operator.caller.mutate("enterTenant", input, "url").await
    }

    /// The code of the way in.
    async fn code(&self) -> String {
        let url = self.way_in().await.text("/enterTenant/url");
        url.strip_prefix(&format!("http://{}:8000/enter#", self.company.host())).expect("an address of the tenant").to_owned()
    }

    /// Enters: the operator in the organisation, and the refresh token.
    async fn enter(&self) -> (Caller, String) {
        let entered = enter(&self.company.anonymous(), &self.code().await).await.data("/enter");
        let text = |field: &str| entered[field].as_str().unwrap().to_owned();
        (self.company.anonymous().with_token(Some(text("accessToken"))), text("refreshToken"))
    }

    /// What the audit says of a request, the first event first: action, who, and what else.
    async fn audit(&self, id: &str) -> Vec<(String, String, Value)> {
        let query = "query($id: ID!) { auditEvents(subjectId: $id) { nodes { action actorName changes } } }";
        let events = self.owner.ask_with(query, json!({ "id": id })).await.data("/auditEvents/nodes");
        let text = |event: &Value, field: &str| event[field].as_str().unwrap().to_owned();
        let events = events.as_array().unwrap().iter().rev();
        events.map(|event| (text(event, "action"), text(event, "actorName"), event["changes"].clone())).collect()
    }

    /// The names of the events alone.
    async fn actions(&self, id: &str) -> Vec<String> {
        self.audit(id).await.into_iter().map(|(action, ..)| action).collect()
    }
}

/// What an owner answers, or ends.
async fn decide(caller: &Caller, mutation: &str, id: &str) -> Answer {
    let query =
        format!("mutation($id: ID!) {{ {mutation}(id: $id) {{ supportGrant {{ id state decidedBy endedBy expiresAt }} }} }}");
    caller.ask_with(&query, json!({ "id": id })).await
}

async fn enter(caller: &Caller, code: &str) -> Answer {
    let input = json!({ "code": code, "nonce": NONCE });
    caller.mutate("enter", input, "accessToken accessTokenExpiresAt refreshToken viewer { name }").await
}

async fn refresh(caller: &Caller, token: &str) -> Answer {
    let query = "mutation($token: String) { refresh(refreshToken: $token) { accessToken refreshToken accessTokenExpiresAt } }";
    caller.with_token(None).ask_with(query, json!({ "token": token })).await
}

const VIEWER: &str = "{ viewer { name role account { id } employee { id } support { reason consentedBy expiresAt } } }";
