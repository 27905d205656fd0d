//! People who can sign in by a password.

use api::{
    auth::{NewAccount, join},
    operators::Doer,
};
use chrono::Utc;
use domain::Role;
use entities::id::AccountId;
use sea_orm::EntityTrait as _;

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

    /// Ends somebody's membership, as the command line does.
    pub async fn part_with(&self, email: &str) {
        let (operators, doer) = (&self.server.app.operators, Doer::command_line());
        assert!(operators.leave(&doer, &self.tenant, email, Utc::now()).await.unwrap(), "{email} is no member");
    }
}

impl Account {
    /// Makes the account a member of another tenant too.
    pub async fn join(&self, company: &Company<'_>, role: Role) {
        let new = NewAccount::parse(&self.email, None, None).unwrap();
        let platform = company.server.tenants().platform();
        join(&platform, &new, company.tenant.id, role, None, Utc::now()).await.unwrap();
    }

    /// The account, signed in at the caller's host: a tenant's, or the apex.
    pub async fn signed_in(&self, anonymous: &Caller) -> Caller {
        let input = serde_json::json!({ "email": self.email, "password": self.password });
        let token = anonymous.mutate("signIn", input, "accessToken").await.text("/signIn/accessToken");
        anonymous.with_token(Some(token))
    }

    /// Forgets the failures of the account, as if they were long ago.
    pub async fn forgive(&self, company: &Company<'_>) {
        let platform = company.server.tenants().platform();
        let key = [b"account\0", self.email.as_bytes()].concat();
        let key = sha2::Digest::finalize(sha2::Digest::chain_update(<sha2::Sha256 as sha2::Digest>::new(), key)).to_vec();
        entities::platform::sign_in_attempt::Entity::delete_by_id(key).exec(&platform).await.unwrap();
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
