//! Schemas that a program that serves keeps prepared.

use std::time::Duration;

use sqlx::{Connection as _, PgConnection};
use tests::{value, within};

use super::{Home, Serving, free_port, run, stdout};

const PREPARED: &str = "SELECT count(*) FROM platform.standby_schemas";
/// Schemas without a row and rows without a schema.
const HALF_DONE: &str = "SELECT (SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'tenant\\_%' AND nspname NOT IN \
                         (SELECT schema_name FROM platform.standby_schemas UNION SELECT schema_name FROM platform.tenants)) \
                         + (SELECT count(*) FROM platform.standby_schemas WHERE to_regnamespace(schema_name) IS NULL)";

impl Home {
    async fn serve_with(&self, flags: &[&str]) -> (Serving, PgConnection) {
        let port = free_port();
        let listen = format!("127.0.0.1:{port}");
        let mut command = self.command(&[&["serve", "--listen", &listen], flags].concat());
        let serving = Serving::start(&mut command, port).await;
        let url = api::local_postgres::url_of_running(&self.data()).await.expect("the private Postgres is not found");
        (serving, PgConnection::connect(&url).await.unwrap())
    }
}

/// Waits until there are so many.
async fn prepared(connection: &mut PgConnection, count: i64) {
    within(Duration::from_secs(40), "schemas are prepared", async || value::<i64>(connection, PREPARED).await >= count).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kill_while_schemas_are_prepared_leaves_nothing_half_done() {
    let home = Home::new();
    let (serving, mut connection) = home.serve_with(&["--standby-tenants", "1000"]).await;
    for count in [1, 4] {
        prepared(&mut connection, count).await;
        assert_eq!(value::<i64>(&mut connection, HALF_DONE).await, 0);
    }
    serving.kill().await;

    let (serving, mut connection) = home.serve_with(&[]).await;
    prepared(&mut connection, 5).await;
    assert_eq!(value::<i64>(&mut connection, HALF_DONE).await, 0);
    let before: i64 = value(&mut connection, PREPARED).await;
    home.create_tenant("acme").await;
    serving.sign_in("acme").await;
    // The tenant has one of them.
    let taken: i64 = value(&mut connection, PREPARED).await;
    assert!(taken < before || before == 5, "{taken} of {before}");
    let doctor = run(&mut home.command(&["doctor"])).await;
    assert!(stdout(&doctor).contains("schemas are prepared for tenants to come"), "{}", stdout(&doctor));
    let log = serving.stop("INT").await;
    assert!(!log.contains("ERROR"), "{log}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operator_prepares_schemas_and_drops_them() {
    let home = Home::new();
    let (serving, mut connection) = home.serve_with(&["--standby-tenants", "0"]).await;
    for (count, said) in [
        ("3", "3 schemas prepared, 0 dropped; 3 are ready."),
        ("1", "0 schemas prepared, 2 dropped; 1 are ready."),
        ("0", "0 schemas prepared, 1 dropped; 0 are ready."),
    ] {
        let output = run(&mut home.command(&["tenant", "standby", count])).await;
        assert_eq!(stdout(&output).trim_end(), said, "{}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(value::<i64>(&mut connection, PREPARED).await.to_string(), count);
    }
    let left = "SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'tenant\\_%'";
    assert_eq!(value::<i64>(&mut connection, left).await, 0);
    let roles: i64 = value(&mut connection, "SELECT count(*) FROM pg_roles WHERE rolname LIKE 'tenant\\_%'").await;
    assert_eq!(roles, 0);

    let invited = run(&mut home.command(&["tenant", "invite", "--days", "3"])).await;
    assert!(stdout(&invited).starts_with("http://localhost:8000/sign-up#"), "{}", stdout(&invited));
    serving.stop("INT").await;
}
