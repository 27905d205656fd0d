//! People who can sign in by a password.

use api::auth::{NewAccount, join};
use chrono::Utc;
use domain::Role;
use entities::id::AccountId;

use crate::{Answer, Caller, Company};

/// Somebody who can sign in.
#[derive(Debug, Clone)]
pub struct Account {
    /// The account.
    pub id: AccountId,
    /// The e-mail address, in lower case.
    pub email: String,
    /// The password.
    pub password: String,
}

impl Company<'_> {
    /// Makes a member of the tenant with a role, and with the record that the role has here.
    pub async fn account(&self, role: Role) -> Account {
        let email = format!("{role}@{}.test", self.tenant.slug);
        let password = format!("the password of {email}");
        let new = NewAccount::parse(&email, None, Some(&password)).unwrap();
        let platform = self.server.tenants().platform();
        let id = join(&platform, &new, self.tenant.id, role, self.record_of(role), Utc::now()).await.unwrap();
        Account { id, email, password }
    }
}

impl Caller {
    /// Signs in, and keeps the refresh token in the answer.
    pub async fn sign_in(&self, email: &str, password: &str) -> Answer {
        let input = serde_json::json!({ "email": email, "password": password });
        let selection = "accessToken accessTokenExpiresAt refreshToken viewer { role account { email } employee { id } }";
        self.mutate("signIn", input, selection).await
    }
}
