//! `tenantry tenant adopt`, as somebody runs it at a terminal.

use std::fs;

use sqlx::{ConnectOptions as _, Connection as _, Executor as _, postgres::PgConnectOptions};
use tempfile::TempDir;
use tests::{Server, TestDatabase, database_url, new_tenant, until, value};
use tokio::process::Command;

use super::{MAP, Source, traces};
use crate::command_line::{assert_one_sentence, command, run, signal, stdout};

/// A directory with the map.
fn desk() -> TempDir {
    let directory = TempDir::with_prefix("tenantry-adoption-").unwrap();
    fs::write(directory.path().join("map.toml"), MAP).unwrap();
    directory
}

/// The command, with the address of the source in the environment.
fn adopt(desk: &TempDir, address: &str, slug: &str, words: &[&str]) -> Command {
    let mut command = command(&["tenant", "adopt", slug]);
    if !words.contains(&"--map") {
        command.args(["--map", "map.toml"]);
    }
    command.args(words).env("DATABASE_URL", database_url()).env("TENANTRY_ADOPT_FROM", address).current_dir(desk.path());
    command
}

#[tokio::test]
async fn what_cannot_be_done_is_said_in_one_sentence_without_the_password() {
    let server = Server::start().await;
    let company = server.company().await;
    let (desk, source) = (desk(), Source::and("").await);
    let (url, new) = (source.0.url(), new_tenant());
    let (slug, taken) = (new.slug.as_str(), company.tenant.slug.as_str());
    let secret = "pass-word-of-the-source";
    let options: PgConnectOptions = url.parse().unwrap();
    let wrong_role = options.username("no_such_role").password(secret).to_url_lossy().to_string();
    fs::write(desk.path().join("bad.toml"), MAP.replacen("from", "form", 1)).unwrap();
    fs::write(desk.path().join("unfit.toml"), MAP.replacen("title", "titel", 1)).unwrap();
    for (address, slug, words, part) in [
        (url.as_str(), taken, &[][..], "is taken"),
        (&url, slug, &["--map", "missing.toml"], "missing.toml cannot be read"),
        (&url, slug, &["--from-schema", "nowhere"], "has no schema nowhere"),
        (&url, slug, &["--owner", "nobody"], "e-mail address"),
        (&url, slug, &["--name", "  "], "empty"),
        (
            &url,
            slug,
            &["--map", "unfit.toml"],
            "unfit.toml: The map cannot be used: line 5: The source of departments has no column titel",
        ),
        (&format!("postgres://user:{secret}@127.0.0.1:1/old"), slug, &[], "cannot be reached"),
        (&format!("postgres://user:{secret}@no-such-host.invalid/old"), slug, &[], "cannot be reached"),
        (&format!("mysql://user:{secret}@localhost/old"), slug, &[], "address of the source cannot be read"),
        (&format!("postgres://user:{secret}@[bad/old"), slug, &[], "address of the source cannot be read"),
        (&format!("postgres://user:{secret}@localhost:port/old"), slug, &[], "address of the source cannot be read"),
        (&wrong_role, slug, &[], "cannot be reached"),
    ] {
        let output = run(adopt(&desk, address, slug, words).args(["--dry-run"])).await;
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!told.contains(secret), "{told}");
        assert_one_sentence(&output, part);
    }
    // Several faults have a line each.
    let output = run(&mut adopt(&desk, &url, slug, &["--map", "bad.toml"])).await;
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        told.contains("bad.toml: The map cannot be used:\n  line 1: ") && told.contains("\n  line 2: form is unknown"),
        "{told}"
    );
    // On the command line everybody could read it.
    let words = ["--from", &format!("postgres://user:{secret}@localhost/old")];
    let output = run(&mut adopt(&desk, &url, slug, &words)).await;
    assert_one_sentence(&output, "TENANTRY_ADOPT_FROM");
    assert!(!String::from_utf8_lossy(&output.stderr).contains(secret));
    for (slug, words) in [("api", &[][..]), ("A_B", &[]), (slug, &["--from-table", "x"])] {
        assert_eq!(run(&mut adopt(&desk, &url, slug, words)).await.status.code(), Some(2), "{slug} {words:?}");
    }
    let help =
        run(command(&["tenant", "adopt", "--help"]).env("TENANTRY_ADOPT_FROM", format!("postgres://user:{secret}@x/y"))).await;
    assert!(!stdout(&help).contains(secret));
    assert_eq!(traces(&new).await, [0, 0, 0]);
}

/// Also of a tenant that was renamed away from it.
#[tokio::test]
async fn a_slug_that_is_kept_is_refused() {
    let server = Server::start().await;
    let (company, desk, source) = (server.company().await, desk(), Source::and("").await);
    let (slug, renamed) = (company.tenant.slug.as_str(), new_tenant());
    let mut rename = command(&["tenant", "rename", slug, "--slug", renamed.slug.as_str()]);
    assert!(run(rename.env("DATABASE_URL", database_url())).await.status.success());
    assert_one_sentence(&run(&mut adopt(&desk, &source.0.url(), slug, &[])).await, "is taken");
}

/// Killed while it reads, with tenant, schema and many rows made: nothing of it is there, and the same command does it.
#[tokio::test]
async fn an_adoption_that_is_killed_or_stopped_leaves_nothing() {
    let server = Server::start().await;
    let (desk, source, new) = (desk(), Source::and("").await, new_tenant());
    let slug = new.slug.as_str();
    let waiting = "SELECT person.* FROM person, (SELECT pg_advisory_xact_lock_shared(1)) held";
    let map = MAP.replace("from = \"person\"", &format!("query = \"{waiting}\""));
    assert_ne!(map, MAP);
    fs::write(desk.path().join("map.toml"), map).unwrap();
    for name in ["KILL", "TERM", "INT"] {
        let mut holder = source.0.connect().await;
        holder.execute("SELECT pg_advisory_lock(1)").await.unwrap();
        let mut child = adopt(&desk, &source.0.url(), slug, &[]).spawn().unwrap();
        let waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'advisory' AND database = \
                       (SELECT oid FROM pg_database WHERE datname = current_database())";
        let mut watcher = source.0.connect().await;
        until("it waits for the people", async || value::<i64>(&mut watcher, waiting).await == 1).await;
        signal(child.id().unwrap(), name);
        assert!(!child.wait().await.unwrap().success());
        assert_eq!(traces(&new).await, [0, 0, 0], "{name}");
        holder.close().await.unwrap();
    }
    let output = run(&mut adopt(&desk, &source.0.url(), slug, &[])).await;
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(stdout(&output).contains("It has no members yet"), "{}", stdout(&output));
    let tenant = server.tenants().directory().by_slug(&new.slug).await.unwrap().unwrap();
    // It is served.
    let company = server.company_of(tenant).await;
    let answer = company.caller(domain::Role::Hr).ask("{ employees { totalCount } }").await;
    assert_eq!(answer.data("/employees/totalCount"), 6, "two of the source, four of the test");
}

/// It is a customer like any other.
#[tokio::test]
async fn an_adopted_tenant_has_a_plan() {
    let target = TestDatabase::create().await;
    // Its control plane is made.
    let _server = target.server().await;
    let (desk, source) = (desk(), Source::and("").await);
    let url = source.0.url();
    let tenantry = async |words: &[&str]| {
        let output = run(command(words).env("DATABASE_URL", target.url())).await;
        assert!(output.status.success(), "{words:?} {}", String::from_utf8_lossy(&output.stderr));
    };
    tenantry(&["plan", "set", "free", "--seats", "2", "--for-new-tenants", "on"]).await;
    tenantry(&["plan", "set", "team", "--seats", "9"]).await;
    let mut connection = target.connect().await;
    for (slug, words, plan) in
        [("new", &[][..], Some("free")), ("named", &["--plan", "team"], Some("team")), ("alone", &["--plan", "none"], None)]
    {
        let output = run(adopt(&desk, &url, slug, words).env("DATABASE_URL", target.url())).await;
        assert!(output.status.success(), "{slug} {}", String::from_utf8_lossy(&output.stderr));
        let given = format!("SELECT settings -> 'plan' ->> 'id' FROM platform.tenants WHERE slug = '{slug}'");
        assert_eq!(value::<Option<String>>(&mut connection, &given).await.as_deref(), plan, "{slug}");
        let told = format!("SELECT details ->> 'plan' FROM platform.operator_events WHERE subject_slug = '{slug}'");
        assert_eq!(value::<Option<String>>(&mut connection, &told).await.as_deref(), plan, "{slug}");
    }
    // Also by a dry run, before a row is read.
    let lost = run(adopt(&desk, &url, "lost", &["--plan", "nothing", "--dry-run"]).env("DATABASE_URL", target.url())).await;
    assert_one_sentence(&lost, "There is no such plan");
}
