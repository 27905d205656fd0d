//! `tenantry tenant`, on a database of its own.

mod settings;

use sqlx::{Connection as _, PgConnection};
use tests::database_url;
use tokio::process::Command;

use super::{PASSWORD, assert_one_sentence, command, run, stdout};

/// Makes an empty database, and gives its URL.
pub(super) async fn empty_database() -> String {
    let superuser = std::env::var("TENANTRY_TEST_SUPERUSER_URL")
        .expect("TENANTRY_TEST_SUPERUSER_URL names no database; run the tests by `make test`");
    let name = format!("cli_{}", uuid::Uuid::now_v7().simple());
    let mut connection = PgConnection::connect(&superuser).await.unwrap();
    let create = format!("CREATE DATABASE {name} OWNER tenantry");
    sqlx::raw_sql(sqlx::AssertSqlSafe(create)).execute(&mut connection).await.unwrap();
    let url = database_url();
    let (address, options) = url.split_once('?').unwrap_or((&url, ""));
    let (server, _) = address.rsplit_once('/').unwrap();
    format!("{server}/{name}?{options}")
}

fn tenant(url: &str, words: &[&str]) -> Command {
    let mut command = command(&["tenant"]);
    command.args(words).env("DATABASE_URL", url);
    command
}

async fn succeed(url: &str, words: &[&str]) -> String {
    let output = run(&mut tenant(url, words)).await;
    assert!(output.status.success(), "{words:?} {}", String::from_utf8_lossy(&output.stderr));
    stdout(&output)
}

#[tokio::test]
async fn a_tenant_is_made_listed_shown_suspended_resumed_and_deleted() {
    let url = empty_database().await;
    let listed = async |slug: &str| {
        let list = succeed(&url, &["list"]).await;
        list.lines().find(|line| line.contains(slug)).map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
    };
    assert_eq!(listed("acme").await, None);
    let words = ["create", "acme", "--name", "Acme Works", "--host", "hr.acme.example", "--owner-email", "Owner@acme.test"];
    let made = succeed(&url, &[&words[..], &["--owner-password", PASSWORD]].concat()).await;
    assert_eq!(made, "http://acme.localhost:8000\n");
    succeed(&url, &["create", "other"]).await;
    let line = listed("acme").await.unwrap();
    assert!(line.contains("Acme Works") && line.contains("active"), "{line}");

    let shown = succeed(&url, &["show", "acme"]).await;
    for part in [
        "slug      acme",
        "name      Acme Works",
        "state     active",
        "address   http://acme.localhost:8000",
        "host      hr.acme.example",
    ] {
        assert!(shown.contains(part), "{part:?} is not in {shown}");
    }
    assert_eq!(succeed(&url, &["suspend", "acme"]).await, "acme is suspended.\n");
    assert!(listed("acme").await.unwrap().contains("suspended"));
    assert!(listed("other").await.unwrap().contains("active"));
    assert_eq!(succeed(&url, &["resume", "acme"]).await, "acme is served again.\n");
    assert!(listed("acme").await.unwrap().contains("active"));

    // Without a terminal nobody can be asked.
    assert_one_sentence(&run(&mut tenant(&url, &["delete", "acme"])).await, "--yes");
    assert!(listed("acme").await.is_some());
    // Within the grace it is taken back.
    let asked = succeed(&url, &["delete", "acme", "--yes"]).await;
    assert!(asked.contains("tenantry tenant keep acme"), "{asked}");
    assert!(listed("acme").await.unwrap().contains("deleting"));
    assert!(succeed(&url, &["show", "acme"]).await.contains("deletion  20"));
    assert_eq!(succeed(&url, &["keep", "acme"]).await, "acme is kept.\n");
    assert!(listed("acme").await.unwrap().contains("active"));
    assert_one_sentence(&run(&mut tenant(&url, &["keep", "acme"])).await, "is not to be deleted");
    assert!(!run(&mut tenant(&url, &["delete", "acme", "--now"])).await.status.success());

    let deleted = succeed(&url, &["delete", "acme", "--yes", "--now"]).await;
    assert!(deleted.starts_with("acme is deleted.\n") && deleted.contains("\"memberships\": 1"), "{deleted}");
    assert_eq!(listed("acme").await, None);
    assert!(listed("other").await.is_some());
    let mut connection = PgConnection::connect(&url).await.unwrap();
    let schemas: i64 = sqlx::query_scalar("SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'tenant\\_%'")
        .fetch_one(&mut connection)
        .await
        .unwrap();
    assert_eq!(schemas, 1, "the deleted one's schema is gone");
    let memberships: i64 =
        sqlx::query_scalar("SELECT count(*) FROM platform.memberships").fetch_one(&mut connection).await.unwrap();
    assert_eq!(memberships, 0);
}

#[tokio::test]
async fn a_tenant_is_renamed_put_on_terms_and_into_maintenance() {
    let url = empty_database().await;
    succeed(&url, &["create", "acme", "--name", "Acme"]).await;
    succeed(&url, &["create", "other"]).await;
    let renamed = succeed(&url, &["rename", "acme", "--slug", "acme-works", "--name", "Acme Works"]).await;
    assert_eq!(renamed, "http://acme-works.localhost:8000\n");
    assert_one_sentence(&run(&mut tenant(&url, &["show", "acme"])).await, "There is no tenant acme");
    assert_one_sentence(&run(&mut tenant(&url, &["create", "acme"])).await, "taken");
    assert_one_sentence(&run(&mut tenant(&url, &["rename", "other", "--slug", "acme"])).await, "taken");
    assert!(succeed(&url, &["show", "acme-works"]).await.contains("name      Acme Works"));
    assert!(!run(&mut tenant(&url, &["rename", "other"])).await.status.success(), "nothing to do is no command");

    let terms = succeed(&url, &["terms", "acme-works"]).await;
    assert_eq!(terms, "state     active\n");
    let terms = succeed(&url, &["terms", "acme-works", "--trial-until", "2999-12-31"]).await;
    assert!(terms.contains("state     trial") && terms.contains("trial     3000-01-01T00:00:00+00:00"), "{terms}");
    let paid =
        ["terms", "acme-works", "--trial-until", "none", "--paid-until", "2001-01-01", "--own-suspend-after-days", "20000"];
    let terms = succeed(&url, &paid).await;
    assert!(terms.contains("state     past due"), "no more than ten years: {terms}");
    // Each date by what begins then.
    assert!(terms.contains("warned    2000-12-") && terms.contains("read only 2001-01-0"), "{terms}");
    assert!(terms.lines().any(|line| line.starts_with("past due  20")), "{terms}");
    let list = succeed(&url, &["list"]).await;
    assert!(list.lines().any(|line| line.contains("acme-works") && line.contains("past due")), "{list}");
    succeed(&url, &["terms", "acme-works", "--paid-until", "none", "--own-suspend-after-days", "default"]).await;

    let words = ["maintenance", "acme-works", "--on", "--message", "Back at noon."];
    assert_eq!(succeed(&url, &words).await, "acme-works is under maintenance.\n");
    let shown = succeed(&url, &["show", "acme-works"]).await;
    assert!(shown.contains("state     maintenance") && shown.contains("message   Back at noon."), "{shown}");
    assert_eq!(succeed(&url, &["maintenance", "acme-works", "--off"]).await, "acme-works is served again.\n");
    assert!(succeed(&url, &["show", "acme-works"]).await.contains("state     active"));
    for words in [&["maintenance", "acme-works"][..], &["terms", "acme-works", "--paid-until", "soon"]] {
        assert_eq!(run(&mut tenant(&url, words)).await.status.code(), Some(2), "{words:?}");
    }
}

#[tokio::test]
async fn what_cannot_be_done_is_said_in_one_sentence() {
    let url = empty_database().await;
    succeed(&url, &["create", "acme"]).await;
    for (words, part) in [
        (&["create", "acme"][..], "acme"),
        (&["show", "nobody"], "There is no tenant nobody"),
        (&["suspend", "nobody"], "There is no tenant nobody"),
        (&["resume", "nobody"], "There is no tenant nobody"),
        (&["delete", "nobody", "--yes"], "There is no tenant nobody"),
        (&["create", "short", "--owner-email", "a@b.test", "--owner-password", "short"], "at least 10 characters"),
        (&["create", "bad", "--owner-email", "nonsense", "--owner-password", PASSWORD], "e-mail address"),
        (&["create", "blank", "--name", "  "], "empty"),
        (&["create", "without", "--owner-email", "a@b.test"], "TENANTRY_OWNER_PASSWORD"),
        (&["join", "nobody", "--email", "a@b.test", "--role", "hr", "--password", PASSWORD], "There is no tenant nobody"),
        (&["join", "acme", "--email", "a@b.test", "--role", "hr"], "TENANTRY_PASSWORD"),
        (&["domains", "nobody", "add", "hr.nobody.example", "--trusted"], "There is no tenant nobody"),
    ] {
        assert_one_sentence(&run(&mut tenant(&url, words)).await, part);
    }
    for words in [
        &["create", "ACME"][..],
        &["create", "api"],
        &["create", "a_b"],
        &["join", "acme", "--email", "a@b.test", "--role", "king"],
        &["domains", "acme", "add", "not a host"],
        &["domains", "acme", "redirect", "perhaps"],
    ] {
        let output = run(&mut tenant(&url, words)).await;
        assert_eq!(output.status.code(), Some(2), "{words:?} {}", String::from_utf8_lossy(&output.stderr));
    }
    let list = succeed(&url, &["list"]).await;
    for slug in ["short", "bad", "blank", "without"] {
        assert!(!list.contains(slug), "{slug} was made after all: {list}");
    }
}

#[tokio::test]
async fn the_list_is_read_in_parts() {
    let url = empty_database().await;
    for slug in ["alpha", "bravo", "charlie"] {
        succeed(&url, &["create", slug]).await;
    }
    let first = succeed(&url, &["list", "--limit", "2"]).await;
    assert!(first.contains("alpha") && first.contains("bravo") && !first.contains("charlie"), "{first}");
    let rest = succeed(&url, &["list", "--after", "bravo"]).await;
    assert!(!rest.contains("bravo") && rest.contains("charlie"), "{rest}");
}
