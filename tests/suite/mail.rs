//! Mail: what is asked for in a transaction arrives, whatever happens to the server and to the worker in between.

mod failure;
mod letters;
mod workers;

use domain::Role;
use serde_json::json;
use sqlx::PgConnection;
use tests::{Company, PostOffice};

/// Invites an address, as the owner.
async fn invite(office: &PostOffice, company: &Company<'_>, email: &str) {
    let input = json!({ "email": email, "role": "EMPLOYEE" });
    office.caller(company, Role::Owner).mutate("inviteMember", input, "invitation { id }").await.data("");
}

/// What the outbox knows of a message.
#[derive(Debug, PartialEq, Eq)]
struct Kept {
    tries: i32,
    is_sent: bool,
    is_given_up: bool,
    /// Whether the text or the HTML is still there.
    has_body: bool,
    last_error: Option<String>,
}

async fn kept(office: &PostOffice, email: &str) -> Kept {
    let mut connection: PgConnection = office.database.connect().await;
    let sql = "SELECT tries, sent_at IS NOT NULL AS is_sent, failed_at IS NOT NULL AS is_given_up, \
               text_body <> '' OR html_body <> '' AS has_body, last_error FROM platform.outgoing_mail WHERE recipient = $1";
    let (tries, is_sent, is_given_up, has_body, last_error) =
        sqlx::query_as(sql).bind(email).fetch_one(&mut connection).await.unwrap();
    Kept { tries, is_sent, is_given_up, has_body, last_error }
}
