//! Operators, with the apps that show their codes.

use api::{
    auth::{NewOperator, create_operator},
    operators::{Deed, Doer, Expected, PlanChange, TenantPlanChange},
    plan::{Plan, exceptions::Exceptions},
};
use chrono::{DateTime, TimeDelta, Utc};
use domain::{
    Change,
    plan::{Feature, Quota},
};
use entities::platform::operator::OperatorRole;
use serde_json::{Value, json};
use tenancy::{Tenant, TenantId};
use uuid::Uuid;

use crate::{Answer, Caller, CodeApp, Server, TestClock, config};

/// The password of every operator here.
pub const OPERATOR_PASSWORD: &str = "the operator's password";

/// An operator whose account is set up.
pub struct Operator {
    /// The e-mail address.
    pub email: String,
    /// The app that shows the codes.
    pub app: CodeApp,
    /// At the console, signed in.
    pub caller: Caller,
    /// The session's refresh token.
    pub refresh_token: String,
}

impl Server {
    /// Somebody at the API of operators who is not signed in.
    pub fn console(&self) -> Caller {
        self.apex().at_path("/operator/graphql")
    }

    /// Does something to a tenant, as the command line does.
    pub async fn act(&self, tenant: &Tenant, deed: Deed, now: DateTime<Utc>) -> Result<(), domain::Error> {
        self.app.operators.act(&Doer::command_line(), tenant, deed, now).await
    }

    /// Makes a plan, or changes it to this one.
    pub async fn set_plan(&self, plan: &Plan) {
        let change = PlanChange {
            name: Some(plan.name.clone()),
            limits: Quota::ALL.map(|quota| (quota, plan.limit(quota))).to_vec(),
            features: Feature::ALL.map(|feature| (feature, plan.features.contains(feature.as_str()))).to_vec(),
            for_new_tenants: None,
        };
        let (operators, doer, now) = (&self.app.operators, Doer::command_line(), (self.app.clock)());
        operators.set_plan(&doer, &plan.id, &change, Expected::Either, now).await.unwrap();
    }

    /// Gives a tenant a plan, or none.
    pub async fn give_plan(&self, tenant: TenantId, plan: Option<&str>) {
        let plan = plan.map_or(Change::Clear, |id| Change::Set(id.to_owned()));
        let change = TenantPlanChange { plan, ..TenantPlanChange::default() };
        self.change_plan_of(tenant, change).await;
    }

    /// Gives a tenant something other than its plan has.
    pub async fn except(&self, tenant: TenantId, exceptions: Exceptions) {
        self.change_plan_of(tenant, TenantPlanChange { plan: Change::Keep, exceptions }).await;
    }

    async fn change_plan_of(&self, tenant: TenantId, change: TenantPlanChange) {
        let tenant = self.tenants().directory().by_id(tenant).await.unwrap().unwrap();
        self.act(&tenant, Deed::SetPlan(change), (self.app.clock)()).await.unwrap();
    }

    /// Makes an operator who waits to be set up: the address, and the token of the link.
    pub async fn invited_operator(&self, role: OperatorRole) -> (String, String) {
        let email = format!("{}@operators.test", Uuid::now_v7().simple());
        let new = NewOperator::parse(&email, Some("Olga Operator"), role).unwrap();
        let (platform, keys) = (self.tenants().platform(), config(&[]).secret_keys().unwrap());
        let link = create_operator(&platform, &keys, &new, (self.app.clock)()).await.unwrap();
        (email, link.token)
    }

    /// Makes an operator who is signed in.
    pub async fn operator(&self, role: OperatorRole) -> Operator {
        let (email, token) = self.invited_operator(role).await;
        let app = setup_app(&self.console(), &token).await;
        let set_up = complete_setup(&self.console(), &token, &app.code((self.app.clock)())).await;
        let access = set_up.text("/completeOperatorSetup/accessToken");
        let refresh_token = set_up.text("/completeOperatorSetup/refreshToken");
        Operator { email, app, caller: self.console().with_token(Some(access)), refresh_token }
    }
}

impl Operator {
    /// Signs in with a code that was not used, some time later.
    pub async fn sign_in(&self, clock: &TestClock) -> Answer {
        clock.advance(TimeDelta::minutes(1));
        sign_in_operator(&self.caller.with_token(None), &self.email, OPERATOR_PASSWORD, &self.app.code(clock.now())).await
    }
}

/// The app that a link sets up.
pub async fn setup_app(console: &Caller, token: &str) -> CodeApp {
    let query = "query($token: String!) { operatorSetup(token: $token) { name email authenticator { uri secret } } }";
    CodeApp::of(&console.ask_with(query, json!({ "token": token })).await.text("/operatorSetup/authenticator/uri"))
}

/// Sets an account up.
pub async fn complete_setup(console: &Caller, token: &str, code: &str) -> Answer {
    let input = json!({ "token": token, "password": OPERATOR_PASSWORD, "code": code });
    let selection = "accessToken refreshToken expiresAt viewer { email role }";
    console.mutate("completeOperatorSetup", input, selection).await
}

/// Signs an operator in.
pub async fn sign_in_operator(console: &Caller, email: &str, password: &str, code: &str) -> Answer {
    let input = json!({ "email": email, "password": password, "code": code });
    let query = "mutation($input: OperatorSignInInput!) { signIn(input: $input) { accessToken refreshToken expiresAt } }";
    console.ask_with(query, json!({ "input": input })).await
}

/// Renews an operator's session.
pub async fn refresh_operator(console: &Caller, token: &str) -> Answer {
    let query = "mutation($token: String) { refresh(refreshToken: $token) { accessToken refreshToken expiresAt } }";
    console.ask_with(query, json!({ "token": token })).await
}

/// What was done to a tenant, as the events say, the last one first: action, who did it, and the details.
pub async fn events_of(console: &Caller, tenant: &str) -> Vec<(String, String, Value)> {
    let query = "query($id: ID) { operatorEvents(tenantId: $id) { nodes { action operatorName tenantId details } } }";
    let answer = console.ask_with(query, json!({ "id": tenant })).await.data("/operatorEvents/nodes");
    let text = |event: &Value, field: &str| event[field].as_str().unwrap().to_owned();
    let events = answer.as_array().unwrap().iter();
    events.map(|event| (text(event, "action"), text(event, "operatorName"), event["details"].clone())).collect()
}
