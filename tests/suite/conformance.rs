//! GraphQL over HTTP: the audits of the npm package `graphql-http`, against the router on a real port.

use std::{net::SocketAddr, path::Path};

use tests::Server;
use tokio::{net::TcpListener, process::Command};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_audit_of_graphql_http_passes() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("conformance");
    assert!(
        directory.join("node_modules/graphql-http").exists(),
        "the audits are not installed; run `make test`, or `npm ci` in tests/conformance"
    );
    let server = Server::start().await;
    let company = server.company().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let service = server.router.clone().into_make_service_with_connect_info::<SocketAddr>();
    let serving = tokio::spawn(async move { axum::serve(listener, service).await });

    let output = Command::new("node")
        .arg("audit.mjs")
        .current_dir(&directory)
        .env("AUDIT_URL", format!("http://{address}/graphql"))
        .env("AUDIT_HOST", company.host())
        .kill_on_drop(true)
        .output()
        .await
        .expect("node cannot be run; install Node.js 20.19 or newer");
    serving.abort();
    let text = String::from_utf8_lossy(&output.stdout);
    let failed: Vec<&str> = text.lines().filter(|line| !line.starts_with("ok ")).collect();
    assert!(output.status.success(), "{}\n{}", failed.join("\n"), String::from_utf8_lossy(&output.stderr));
    assert!(text.contains("61 of 61 audits passed"), "{text}");
}
