//! New passwords: by mail, and by naming the present one.

mod change;
mod reset;

use serde_json::{Value, json};
use tests::{Answer, Caller};

async fn request(caller: &Caller, email: &str) -> Answer {
    caller.mutate("requestPasswordReset", json!({ "email": email }), "sent").await
}

async fn reset(caller: &Caller, token: &str, new: &str) -> Answer {
    caller.mutate("resetPassword", json!({ "token": token, "newPassword": new }), "reset").await
}

async fn change(caller: &Caller, current: &str, new: &str) -> Answer {
    let input: Value = json!({ "currentPassword": current, "newPassword": new });
    caller.mutate("changePassword", input, "changed").await
}
