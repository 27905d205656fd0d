//! Sessions: signing in, renewing and signing out; one's own, and those of other processes.

mod cookie;
mod own;
mod processes;
mod refresh;
mod sign_in;

use serde_json::json;
use tests::{Answer, Caller};

/// The one sentence for whoever is not let in.
const WRONG: &str = "The e-mail address or the password is wrong.";

async fn refresh(caller: &Caller, token: &str) -> Answer {
    let query = "mutation($token: String) { refresh(refreshToken: $token) { accessToken refreshToken viewer { role } } }";
    caller.ask_with(query, json!({ "token": token })).await
}
