//! Organisations that sign up by themselves.

mod asked;
mod bounds;
mod confirmed;
mod slugs;

use serde_json::{Value, json};
use tests::{Answer, Caller, PostOffice};

/// What somebody types to sign an organisation up.
#[derive(Clone)]
pub(crate) struct Wish {
    slug: String,
    email: String,
    key: String,
}

const PASSWORD: &str = "correct horse battery";

impl Wish {
    /// For this address, by somebody with a mailbox of their own.
    pub(crate) fn of(slug: &str) -> Self {
        Self::by(slug, &format!("ada@{slug}.example.test"))
    }

    /// For this address, by somebody with this mailbox.
    pub(crate) fn by(slug: &str, email: &str) -> Self {
        Self { slug: slug.to_owned(), email: email.to_owned(), key: uuid::Uuid::now_v7().to_string() }
    }

    fn input(&self) -> Value {
        json!({ "organisation": format!("The {}", self.slug), "slug": self.slug, "ownerName": "Ada Lovelace",
                "email": self.email, "password": PASSWORD, "idempotencyKey": self.key })
    }

    async fn ask(&self, caller: &Caller) -> Answer {
        caller.mutate("signUp", self.input(), "email expiresAt").await
    }

    /// Signs up, and reads the token in the mail.
    async fn token(&self, office: &PostOffice) -> String {
        self.ask(&office.server.apex()).await.data("");
        office.last_mail_to(&self.email).await.token()
    }
}

/// An installation where anybody may sign up.
async fn open() -> PostOffice {
    PostOffice::open_with(&["--sign-up", "open"]).await
}

/// Confirms in the browser that asked.
async fn confirm(caller: &Caller, token: &str, wish: &Wish) -> Answer {
    confirm_with(caller, json!({ "token": token, "idempotencyKey": wish.key })).await
}

async fn confirm_with(caller: &Caller, input: Value) -> Answer {
    let selection = "name slug url session { accessToken refreshToken account { email name } }";
    caller.mutate("confirmSignUp", input, selection).await
}

async fn status(caller: &Caller, key: &str) -> Value {
    let query = "query($key: String!) { signUpStatus(idempotencyKey: $key) { confirmed url expiresAt } }";
    caller.ask_with(query, json!({ "key": key })).await.data("/signUpStatus")
}

async fn opened(caller: &Caller, token: &str) -> Value {
    let query = "query($token: String!) { openSignUp(token: $token) { organisation slug email hasAccount url } }";
    caller.ask_with(query, json!({ "token": token })).await.data("/openSignUp")
}

/// How many there are in a table of the control plane.
async fn count(office: &PostOffice, table: &str) -> i64 {
    let mut connection = office.database.connect().await;
    tests::value(&mut connection, &format!("SELECT count(*) FROM platform.{table}")).await
}
