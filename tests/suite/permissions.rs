//! Who may do what: every role with every field and every mutation, each cell of the matrix by a real request.
//!
//! The fields and mutations come from the schema itself, so a new one without an entry here fails. A difference to the
//! snapshot is a change of who may do what: read it, then accept it by `cargo insta accept`, or by running the test with
//! `INSTA_UPDATE=always`.

mod arranged;
mod mutations;
mod plant;
mod queries;
mod scene;
mod table;

use domain::Role;
use tests::{Answer, Caller, Company, Server};

use table::Table;

/// The roles of members.
const ROLES: [Role; 5] = [Role::Employee, Role::Manager, Role::Hr, Role::Admin, Role::Owner];
/// Nobody, each role, and an operator whom an owner has let in.
const COLUMNS: [&str; 7] = ["nobody", "employee", "manager", "hr", "admin", "owner", "operator"];

/// One for each of [`COLUMNS`]. Members all have the same record, the manager's, so that their columns differ by role alone.
async fn callers(company: &Company<'_>) -> Vec<Caller> {
    let members = ROLES.into_iter().map(|role| (role, Some(company.manager.id))).collect::<Vec<_>>();
    let signer = &company.server.signer;
    let members = signer.members(company.tenant.id, &members).await;
    let tokens = members.iter().map(|member| Some(signer.forgery_of(member).sign()));
    let members = std::iter::once(None).chain(tokens).map(|token| company.anonymous().with_token(token));
    members.chain([company.visitor().await]).collect()
}

/// What a cell says of an answer: the code of an error, or what was shown.
fn outcome(answer: &Answer, pointer: &str) -> String {
    if let Some(code) = answer.first_code() {
        return code.to_owned();
    }
    match answer.data(pointer) {
        serde_json::Value::Null => "-".to_owned(),
        serde_json::Value::Bool(value) => value.to_string(),
        _ => "yes".to_owned(),
    }
}

#[tokio::test]
async fn the_matrix_is_as_it_was_read_last() {
    let server = Server::start_with(&["--allow-local-identity-providers"], api::app::system_clock()).await;
    let company = server.company().await;
    let schema = company.anonymous().introspect().await;
    let mut text = "Each cell is what a request was answered with: yes, true or false; - for null; or the code of the error.\n\
                    Members all have the same employee record, so that their columns differ by role alone; an operator is there by an owner's leave.\n"
        .to_owned();
    for table in queries::tables(&company, &schema).await {
        text.push_str(&table.to_string());
    }
    text.push_str(&mutations::table(&company, &schema).await.to_string());
    insta::with_settings!({ prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!("permissions", text);
    });
}
