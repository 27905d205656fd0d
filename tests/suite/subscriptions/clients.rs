//! The clients that people use, the npm packages `graphql-ws` and `graphql-sse`, against two processes.

use std::path::Path;

use domain::Role;
use tests::Server;
use tokio::process::Command;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_usual_clients_are_served() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("conformance");
    assert!(
        directory.join("node_modules/graphql-ws").exists() && directory.join("node_modules/graphql-sse").exists(),
        "the clients are not installed; run `make test`, or `npm ci` in tests/conformance"
    );
    let (server, other_process) = (Server::start().await, Server::start().await);
    let company = server.company().await;
    let (here, there) = (server.listen().await, other_process.listen().await);
    let output = Command::new("node")
        .arg("subscriptions.mjs")
        .current_dir(&directory)
        .env("WRITE_URL", here.url())
        .env("WATCH_URL", there.url())
        .env("TENANT_HOST", company.host())
        .env("TOKEN", company.token(Role::Hr))
        .env("EMPLOYEE", tests::opaque(company.chief.id))
        .kill_on_drop(true)
        .output()
        .await
        .expect("node cannot be run; install Node.js 20.19 or newer");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}\n{}", String::from_utf8_lossy(&output.stderr));
    assert!(text.contains("10 of 10 passed"), "{text}");
}
