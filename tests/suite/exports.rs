//! Exports that owners ask for: made beside the requests, got by a click, gone after some days.

mod apex;
mod asked;
mod downloaded;
mod failing;
mod made;
mod program;
mod removed;

use std::{
    fs,
    io::{Cursor, Read as _},
    path::PathBuf,
};

use axum::{
    body::Body,
    http::{HeaderMap, Request, StatusCode, header},
};
use domain::Role;
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tempfile::TempDir;
use tests::{Account, Answer, Caller, Company, PostOffice, Server, names_in};
use tower::ServiceExt as _;
use zip::ZipArchive;

const LIST: &str = "{ exports { daysKept nodes { id format state bytes sha256 expiresAt finishedAt problem } } }";

/// An installation, and a company whose owner reads mail and can sign in.
struct Outlet {
    office: PostOffice,
}

/// What came back for a file.
struct File {
    status: StatusCode,
    headers: HeaderMap,
    bytes: Vec<u8>,
}

impl Outlet {
    async fn open(flags: &[&str]) -> Self {
        Self { office: PostOffice::open_with(flags).await }
    }

    fn server(&self) -> &Server {
        &self.office.server
    }

    /// An owner of a company, signed in there.
    async fn owner<'a>(&'a self, company: &Company<'a>) -> (Account, Caller) {
        let owner = company.account(Role::Owner).await;
        let caller = owner.signed_in(&company.anonymous()).await;
        (owner, caller)
    }

    /// Makes what is due.
    async fn make(&self) {
        self.server().app.exports.do_due(&self.office.clock.clock()).await;
    }

    /// The directory of a company's files.
    fn home(&self, company: &Company<'_>) -> PathBuf {
        self.office.folder().parent().unwrap().join("exports").join(company.tenant.id.to_string())
    }

    /// The files of a company.
    fn files(&self, company: &Company<'_>) -> Vec<String> {
        names_in(&self.home(company))
    }
}

/// Asks for an export.
async fn ask(caller: &Caller, format: &str) -> Answer {
    caller.mutate("requestExport", json!({ "format": format }), "export { id state format }").await
}

/// Asks for an export, and gives its id.
async fn asked(caller: &Caller) -> String {
    ask(caller, "CSV").await.text("/requestExport/export/id")
}

/// The exports, the newest first.
async fn list(caller: &Caller) -> Vec<Value> {
    caller.ask(LIST).await.data("/exports/nodes").as_array().unwrap().clone()
}

/// The states of the exports, the newest first.
async fn states(caller: &Caller) -> Vec<String> {
    list(caller).await.iter().map(|export| export["state"].as_str().unwrap().to_owned()).collect()
}

/// Asks for leave to download an export.
async fn permit(caller: &Caller, id: &str) -> Answer {
    caller.ask_with("mutation($id: ID!) { downloadExport(id: $id) { url } }", json!({ "id": id })).await
}

/// The cookie that an answer sets, as a browser sends it.
fn cookie(answer: &Answer) -> String {
    let cookie = answer.headers[header::SET_COOKIE].to_str().unwrap();
    cookie.split(';').next().unwrap().to_owned()
}

/// Goes to the address of an export with a cookie.
async fn get(server: &Server, host: &str, id: &str, cookie: &str, accept: &str) -> File {
    let request = Request::get(format!("/exports/{id}"))
        .header(header::HOST, host)
        .header(header::COOKIE, cookie)
        .header(header::ACCEPT, accept)
        // As a browser does.
        .header(header::ACCEPT_ENCODING, if accept.contains("html") { "gzip, br" } else { "identity" });
    let response = server.router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    let (parts, body) = response.into_parts();
    let bytes = body.collect().await.unwrap().to_bytes().to_vec();
    File { status: parts.status, headers: parts.headers, bytes }
}

/// Downloads an export, as the page does.
async fn download(company: &Company<'_>, caller: &Caller, id: &str) -> File {
    let leave = permit(caller, id).await;
    assert_eq!(leave.text("/downloadExport/url"), format!("http://{}:8000/exports/{id}", company.host()));
    let file = get(company.server, &company.host(), id, &cookie(&leave), "text/html").await;
    assert_eq!(file.status, StatusCode::OK);
    file
}

/// Unpacks a file, as a program of somebody else's would.
fn unpack(bytes: &[u8]) -> TempDir {
    let directory = TempDir::with_prefix("tenantry-export-").unwrap();
    let mut archive = ZipArchive::new(Cursor::new(bytes)).unwrap();
    for number in 0..archive.len() {
        let mut file = archive.by_index(number).unwrap();
        let name = file.name().unwrap().into_owned();
        let mut content = Vec::new();
        file.read_to_end(&mut content).unwrap();
        fs::write(directory.path().join(name), content).unwrap();
    }
    directory
}

/// Runs a statement on the control plane.
async fn change(outlet: &Outlet, sql: &str) {
    tests::run(&mut outlet.office.database.connect().await, sql).await;
}
