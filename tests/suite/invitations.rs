//! Invitations: who may send them, and how somebody becomes a member by one.

mod accept;
mod send;

use domain::Role;
use serde_json::{Value, json};
use tests::{Answer, Caller, Company, PostOffice};

const INVITATION: &str = "invitation { id email role invitedBy createdAt expiresAt employee { id } }";

/// Invites an address, as the owner, and tells the invitation's id.
async fn invite(company: &Company<'_>, email: &str, role: &str) -> String {
    let input = json!({ "email": email, "role": role });
    let answer = company.caller(Role::Owner).mutate("inviteMember", input, INVITATION).await;
    answer.text("/inviteMember/invitation/id")
}

/// Invites an address, and takes the token out of the mail.
pub(crate) async fn token_of(office: &PostOffice, company: &Company<'_>, email: &str, role: &str) -> String {
    invite(company, email, role).await;
    office.last_mail_to(email).await.token()
}

pub(crate) async fn accept(caller: &Caller, input: Value) -> Answer {
    caller.mutate("acceptInvitation", input, "session { accessToken refreshToken viewer { role account { email name } } }").await
}

async fn preview(caller: &Caller, token: &str) -> Value {
    let query = "query($token: String!) { invitation(token: $token) { email role invitedBy hasAccount expiresAt } }";
    caller.ask_with(query, json!({ "token": token })).await.data("/invitation")
}

pub(crate) async fn resend(caller: &Caller, id: &str) -> Answer {
    let query = format!("mutation($id: ID!) {{ resendInvitation(id: $id) {{ {INVITATION} }} }}");
    caller.ask_with(&query, json!({ "id": id })).await
}

/// The addresses of the members, by a question as the owner.
pub(crate) async fn members(company: &Company<'_>) -> Vec<String> {
    let answer = company.caller(Role::Owner).ask("{ members { nodes { account { email } } } }").await;
    let nodes = answer.data("/members/nodes");
    nodes.as_array().unwrap().iter().map(|node| node["account"]["email"].as_str().unwrap().to_owned()).collect()
}
