//! `tenantry tenant run` and `psql`: work by hand that stays within its tenant.

use std::sync::Arc;

use chrono::Utc;
use serde_json::Value;
use sqlx::{ConnectOptions as _, Connection as _, PgConnection};
use tenancy::{GuestOptions, Tenant};
use tests::{Server, TestDatabase, assert_reads_own, make_tenant, mark, run as run_sql, until, value};
use tokio::process::Command;

use crate::command_line::{assert_one_sentence, command, run, signal, stdout};

/// A database of a test's own with two tenants, who have two and three departments of their own.
struct Fleet {
    database: TestDatabase,
    server: Server,
    one: Arc<Tenant>,
    other: Arc<Tenant>,
}

impl Fleet {
    async fn open() -> Self {
        let database = TestDatabase::create().await;
        let server = database.server().await;
        let (one, other) = (make_tenant(server.tenants()).await, make_tenant(server.tenants()).await);
        mark(server.tenants(), &one, 2).await;
        mark(server.tenants(), &other, 3).await;
        Self { database, server, one, other }
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = command(&["tenant"]);
        command.args(words).env("DATABASE_URL", self.database.url());
        command
    }

    /// Runs SQL for one tenant, and gives what is said in JSON.
    async fn sql(&self, sql: &str, flags: &[&str]) -> Value {
        let words = [&["run", "--tenant", self.one.slug.as_str(), "--json", "--command", sql], flags].concat();
        let output = run(&mut self.command(&words)).await;
        let report: Value = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|_| panic!("{sql} {}", String::from_utf8_lossy(&output.stderr)));
        assert_eq!(output.status.success(), report["failed"] == 0, "{report}");
        report["tenants"][0].clone()
    }

    /// Roles of guests that are there.
    async fn guests(&self) -> i64 {
        let sql = "SELECT count(*) FROM pg_roles WHERE rolname LIKE 'tenantry_guest_' || \
                   (SELECT oid FROM pg_database WHERE datname = current_database()) || '_%'";
        value(&mut self.database.connect().await, sql).await
    }
}

#[tokio::test]
async fn each_tenant_is_worked_on_by_itself() {
    let fleet = Fleet::open().await;
    let count = "SELECT count(*) AS departments FROM departments";
    let output = run(&mut fleet.command(&["run", "--all", "--json", "--command", count])).await;
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&report["done"], &report["failed"]), (&2.into(), &0.into()), "{report}");
    for outcome in report["tenants"].as_array().unwrap() {
        let expected = if outcome["slug"] == fleet.one.slug.as_str() { "2" } else { "3" };
        assert_eq!((&outcome["columns"][0], &outcome["result"][0][0]), (&"departments".into(), &expected.into()), "{report}");
    }
    // In words, by a pattern and from a file.
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), format!("-- how many;\n{count};")).unwrap();
    let pattern = format!("*{}", &fleet.other.slug.as_str()[10..]);
    let output = run(&mut fleet.command(&["run", "--matching", &pattern, "--sql", file.path().to_str().unwrap()])).await;
    let said = stdout(&output);
    assert!(said.contains(&format!("{}  ok  1 rows", fleet.other.slug)) && said.ends_with("1 done, 0 failed.\n"), "{said}");

    // One fails, the other does not; what fails leaves nothing.
    let schema = &fleet.other.schema;
    run_sql(&mut fleet.database.connect().await, &format!("REVOKE UPDATE ON {schema}.locations FROM {schema}")).await;
    let change = "UPDATE departments SET name = name || '!'; UPDATE locations SET name = name";
    let words = ["run", "--all", "--transaction", "read-write", "--command", change];
    assert_one_sentence(&run(&mut fleet.command(&words)).await, "--yes");
    let output = run(&mut fleet.command(&[&words[..], &["--yes"]].concat())).await;
    let said = stdout(&output);
    assert!(!output.status.success() && said.ends_with("1 done, 1 failed.\n") && said.contains("locations"), "{said}");
    let mut operator = fleet.database.connect().await;
    for (tenant, expected) in [(&fleet.one, 2), (&fleet.other, 0)] {
        let changed = format!("SELECT count(*) FROM {}.departments WHERE name LIKE '%!'", tenant.schema);
        assert_eq!(value::<i64>(&mut operator, &changed).await, expected);
    }
    assert_eq!(fleet.guests().await, 0);
    fleet.server.tenants().close().await;
}

#[tokio::test]
async fn sql_cannot_leave_its_tenant() {
    let fleet = Fleet::open().await;
    let (own, other) = (&fleet.one.schema, &fleet.other.schema);
    let write = ["--transaction", "read-write"];
    for (sql, flags, part) in [
        (format!("SELECT * FROM {other}.departments"), &[][..], "permission denied"),
        ("SELECT * FROM platform.tenants".to_owned(), &[], "permission denied"),
        (format!("DO $$ BEGIN EXECUTE 'RESET ROLE'; END $$; SELECT * FROM {other}.departments"), &[], "permission denied"),
        (format!("SELECT set_config('role', 'none', true); SELECT * FROM {other}.departments"), &[], "permission denied"),
        (format!("SELECT set_config('role', '{other}', true)"), &[], "permission denied"),
        (format!("SELECT set_config('search_path', '{other}', true); SELECT * FROM departments"), &[], "does not exist"),
        ("UPDATE departments SET name = 'x'".to_owned(), &[], "read-only"),
        (
            "SELECT set_config('transaction_read_only', 'off', true); UPDATE departments SET name = 'x'".to_owned(),
            &[],
            "read-write mode",
        ),
        ("CREATE TABLE mine (id int)".to_owned(), &write, "permission denied"),
        (format!("DROP TABLE {own}.departments"), &write, "must be owner"),
        ("SELECT * FROM seaql_migrations".to_owned(), &[], "permission denied"),
        ("DO $$ BEGIN COMMIT; END $$".to_owned(), &write, "invalid transaction termination"),
        ("SELECT pg_sleep(60)".to_owned(), &["--timeout", "1"], "statement timeout"),
        ("SELECT 1/0".to_owned(), &[], "division by zero"),
    ] {
        let outcome = fleet.sql(&sql, flags).await;
        assert!(outcome["error"].as_str().is_some_and(|error| error.contains(part)), "{sql} {outcome}");
        // That would be one of Postgres' own source.
        assert!(!outcome["error"].as_str().unwrap().contains("at line"), "{outcome}");
    }
    for sql in ["COMMIT", "UPDATE departments SET name = 'x'; COMMIT; SELECT 1", "SET ROLE postgres", "RESET ALL", ""] {
        let words = ["run", "--tenant", fleet.one.slug.as_str(), "--transaction", "read-write", "--command", sql];
        assert_one_sentence(&run(&mut fleet.command(&words)).await, "refused");
    }
    let outcome = fleet.sql("SELECT count(*) FROM departments WHERE name = 'x'", &[]).await;
    assert_eq!(outcome["result"][0][0], "0", "{outcome}");
    assert_eq!(fleet.guests().await, 0);
    fleet.server.tenants().close().await;
}

#[tokio::test]
async fn a_program_has_the_rights_of_its_tenant() {
    let fleet = Fleet::open().await;
    let script = "echo $TENANTRY_TENANT_ID $TENANTRY_TENANT_SLUG $TENANTRY_TENANT_SCHEMA $PGUSER [$TENANTRY_OWNER_PASSWORD]; \
                  case $DATABASE_URL in *statement-cache*) exit 4;; postgres*$PGUSER*) ;; *) exit 3;; esac";
    let mut command = fleet.command(&["run", "--all", "--", "sh", "-c", script]);
    let said = stdout(&run(command.env("TENANTRY_OWNER_PASSWORD", "mine")).await);
    for tenant in [&fleet.one, &fleet.other] {
        let (slug, id, schema) = (&tenant.slug, tenant.id, &tenant.schema);
        assert!(said.contains(&format!("{slug} | {id} {slug} {schema} tenantry_guest_")), "{said}");
    }
    assert!(said.ends_with("2 done, 0 failed.\n") && said.contains(" []\n"), "{said}");
    let fails = format!("[ $TENANTRY_TENANT_SLUG = {} ]", fleet.one.slug);
    let output = run(&mut fleet.command(&["run", "--all", "--", "sh", "-c", &fails])).await;
    assert!(!output.status.success() && stdout(&output).ends_with("1 done, 1 failed.\n"), "{}", stdout(&output));
    let output = run(&mut fleet.command(&["run", "--all", "--", "/no/such/program"])).await;
    assert!(stdout(&output).contains("/no/such/program cannot be started"), "{}", stdout(&output));
    assert_eq!(fleet.guests().await, 0);

    // What a killed program has left, the next one drops.
    let mut child = fleet.command(&["run", "--tenant", fleet.one.slug.as_str(), "--", "sleep", "60"]).spawn().unwrap();
    until("the program runs", async || fleet.guests().await == 1).await;
    signal(child.id().unwrap(), "KILL");
    child.wait().await.unwrap();
    until("its connection is gone", async || {
        fleet.sql("SELECT 1", &[]).await;
        fleet.guests().await == 0
    })
    .await;
    fleet.server.tenants().close().await;
}

/// A connection stays in the tenant's role, which lives on; so it is ended with the guest.
#[tokio::test]
async fn nobody_stays_connected_after_the_work() {
    let fleet = Fleet::open().await;
    let options = GuestOptions { reads_only: false, statement_timeout: None };
    let guest = fleet.server.tenants().guest(&fleet.one, options, Utc::now()).await.unwrap();
    let mut left_behind = PgConnection::connect_with(guest.options()).await.unwrap();
    assert_eq!(value::<i64>(&mut left_behind, "SELECT count(*) FROM departments").await, 2);
    // Whoever may look at what connections do does not read a password there.
    let password = guest.options().to_url_lossy().password().unwrap().to_owned();
    let told = format!("SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%' || '{}' || '%'", &password[1..]);
    let mut operator = fleet.database.connect().await;
    assert_eq!(value::<i64>(&mut operator, &told.replace("WHERE", "WHERE pid <> pg_backend_pid() AND")).await, 0);

    guest.end().await.unwrap();
    until("the connection has ended", async || sqlx::query("SELECT 1").execute(&mut left_behind).await.is_err()).await;
    assert_eq!(fleet.guests().await, 0);
    fleet.server.tenants().close().await;
}

/// A large object is in no schema: it is its role's.
#[tokio::test]
async fn what_was_made_by_hand_does_not_outlive_the_tenant() {
    let fleet = Fleet::open().await;
    let outcome = fleet.sql("SELECT lo_from_bytea(0, 'x')", &["--transaction", "read-write", "--yes"]).await;
    assert!(outcome["error"].is_null(), "{outcome}");
    let sql = "ALTER DEFAULT PRIVILEGES GRANT EXECUTE ON FUNCTIONS TO PUBLIC";
    let outcome = fleet.sql(sql, &["--transaction", "read-write", "--yes"]).await;
    assert!(outcome["error"].is_null(), "{outcome}");
    let certificate = fleet.server.tenants().delete(&fleet.one, Utc::now()).await.unwrap();
    assert_eq!(certificate.removed["roles"], 1);
    let mut operator = fleet.database.connect().await;
    let left = "SELECT count(*) FROM pg_largeobject_metadata";
    assert_eq!(value::<i64>(&mut operator, left).await, 0);
    assert_reads_own(&fleet.server.tenants().read_only(&fleet.other), &fleet.other, 3).await;
    fleet.server.tenants().close().await;
}

#[tokio::test]
async fn psql_is_opened_as_the_tenant_or_said_to_be_missing() {
    let fleet = Fleet::open().await;
    let slug = fleet.one.slug.as_str();
    let mut missing = fleet.command(&["psql", slug]);
    assert_one_sentence(&run(missing.env("PATH", "/nowhere")).await, "psql is not installed");
    assert_one_sentence(&run(&mut fleet.command(&["psql", "nobody"])).await, "There is no tenant nobody");
    assert!(stdout(&run(&mut fleet.command(&["psql", "--help"])).await).contains("the private Postgres trusts"));
    let is_installed = std::process::Command::new("psql").arg("--version").output().is_ok();
    if is_installed {
        let sql = "SELECT current_user, count(*) FROM departments";
        let output = run(&mut fleet.command(&["psql", slug, "--", "-XAt", "-c", sql])).await;
        assert_eq!(stdout(&output), format!("{}|2\n", fleet.one.schema), "{}", String::from_utf8_lossy(&output.stderr));
        // What a program finds leads there, too.
        let script = "psql -XAt \"$DATABASE_URL\" -c 'SELECT count(*) FROM departments'";
        let output = run(&mut fleet.command(&["run", "--tenant", slug, "--", "sh", "-c", script])).await;
        assert!(stdout(&output).starts_with(&format!("{slug} | 2\n")), "{}", String::from_utf8_lossy(&output.stderr));
        let output = run(&mut fleet.command(&["psql", slug, "--", "-Xc", "SELECT * FROM platform.tenants"])).await;
        assert_eq!(output.status.code(), Some(1));
    }
    assert_eq!(fleet.guests().await, 0);
    fleet.server.tenants().close().await;
}
