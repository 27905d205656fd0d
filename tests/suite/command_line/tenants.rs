//! `tenantry tenant`, on a database of its own.

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
        "slug     acme",
        "name     Acme Works",
        "state    active",
        "address  http://acme.localhost:8000",
        "host     hr.acme.example",
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
    assert!(succeed(&url, &["show", "acme-works"]).await.contains("name     Acme Works"));
    assert!(!run(&mut tenant(&url, &["rename", "other"])).await.status.success(), "nothing to do is no command");

    let terms = succeed(&url, &["terms", "acme-works"]).await;
    assert_eq!(terms, "state    active\n");
    let terms = succeed(&url, &["terms", "acme-works", "--trial-until", "2999-12-31"]).await;
    assert!(terms.contains("state    trial") && terms.contains("trial    3000-01-01T00:00:00+00:00"), "{terms}");
    let paid =
        ["terms", "acme-works", "--trial-until", "none", "--paid-until", "2001-01-01", "--own-suspend-after-days", "20000"];
    let terms = succeed(&url, &paid).await;
    assert!(terms.contains("state    past due"), "no more than ten years: {terms}");
    let list = succeed(&url, &["list"]).await;
    assert!(list.lines().any(|line| line.contains("acme-works") && line.contains("past due")), "{list}");
    succeed(&url, &["terms", "acme-works", "--paid-until", "none", "--own-suspend-after-days", "default"]).await;

    let words = ["maintenance", "acme-works", "--on", "--message", "Back at noon."];
    assert_eq!(succeed(&url, &words).await, "acme-works is under maintenance.\n");
    let shown = succeed(&url, &["show", "acme-works"]).await;
    assert!(shown.contains("state    maintenance") && shown.contains("message  Back at noon."), "{shown}");
    assert_eq!(succeed(&url, &["maintenance", "acme-works", "--off"]).await, "acme-works is served again.\n");
    assert!(succeed(&url, &["show", "acme-works"]).await.contains("state    active"));
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
        (&["create", "without", "--owner-email", "a@b.test"], "a password is needed"),
        (&["join", "nobody", "--email", "a@b.test", "--role", "hr", "--password", PASSWORD], "There is no tenant nobody"),
        (&["join", "acme", "--email", "a@b.test", "--role", "hr"], "a password is needed"),
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
async fn members_and_hosts_are_added() {
    let url = empty_database().await;
    succeed(&url, &["create", "acme"]).await;
    let join = ["join", "acme", "--email", "Hanna@acme.test", "--role"];
    succeed(&url, &[&join[..], &["hr", "--password", PASSWORD]].concat()).await;
    // Again, for another role, and without a password: the account is there.
    succeed(&url, &[&join[..], &["admin"]].concat()).await;
    let mut connection = PgConnection::connect(&url).await.unwrap();
    let members: Vec<(String, String)> = sqlx::query_as(
        "SELECT account.email, membership.role FROM platform.memberships membership
         JOIN platform.accounts account ON account.id = membership.account_id",
    )
    .fetch_all(&mut connection)
    .await
    .unwrap();
    assert_eq!(members, [("hanna@acme.test".to_owned(), "admin".to_owned())]);

    succeed(&url, &["domains", "acme", "add", "HR.acme.example", "--trusted"]).await;
    succeed(&url, &["domains", "acme", "add", "people.acme.example", "--trusted", "--primary"]).await;
    let shown = succeed(&url, &["show", "acme"]).await;
    let hosts: Vec<&str> = shown.lines().filter_map(|line| line.strip_prefix("host     ")).collect();
    assert_eq!(hosts, ["people.acme.example", "hr.acme.example"], "the primary one first");
    succeed(&url, &["create", "globex"]).await;
    for (slug, reason) in [("acme", "is in the list already"), ("globex", "Another organisation is served at this address")] {
        let again = ["domains", slug, "add", "hr.acme.example", "--trusted"];
        assert_one_sentence(&run(&mut tenant(&url, &again)).await, reason);
    }
    // There is something left to do.
    succeed(&url, &["domains", "acme", "add", "hr.acme.example", "--trusted", "--primary"]).await;
    let shown = succeed(&url, &["show", "acme"]).await;
    assert_eq!(shown.lines().find_map(|line| line.strip_prefix("host     ")), Some("hr.acme.example"));
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

#[tokio::test]
async fn the_limits_of_a_tenant_are_changed_and_shown() {
    let url = empty_database().await;
    succeed(&url, &["create", "acme"]).await;
    let line = |shown: &str, name: &str| {
        let line = shown.lines().find(|line| line.split(' ').next() == Some(name)).unwrap_or_else(|| panic!("{name} in {shown}"));
        line.split_whitespace().skip(1).collect::<Vec<_>>().join(" ")
    };
    let shown = succeed(&url, &["limits", "acme"]).await;
    assert_eq!(line(&shown, "cost"), "5000 the program's");
    assert_eq!(line(&shown, "statement-timeout-ms"), "15000 the program's");
    let changes = ["--cost", "700", "--statement-timeout-ms", "900", "--requests-per-second", "0", "--depth", "9"];
    let shown = succeed(&url, &[&["limits", "acme"][..], &changes].concat()).await;
    assert_eq!(line(&shown, "cost"), "700 its own");
    assert_eq!(line(&shown, "statement-timeout-ms"), "900 its own");
    assert_eq!(line(&shown, "requests-per-second"), "any number its own");
    let shown = succeed(&url, &["limits", "acme", "--cost", "default", "--statement-timeout-ms", "default"]).await;
    assert_eq!(line(&shown, "cost"), "5000 the program's");
    assert_eq!(line(&shown, "depth"), "9 its own");
    assert_eq!(line(&shown, "tenant-introspection"), "on the program's");
    let shown = succeed(&url, &["limits", "acme", "--tenant-introspection", "members"]).await;
    assert_eq!(line(&shown, "tenant-introspection"), "members its own");
    let shown = succeed(&url, &["limits", "acme", "--tenant-introspection", "default"]).await;
    assert_eq!(line(&shown, "tenant-introspection"), "on the program's");
    assert_eq!(line(&shown, "statement-timeout-ms"), "15000 the program's");
    for words in [
        &["limits", "acme", "--cost", "much"][..],
        &["limits", "acme", "--depth", "41"],
        &["limits", "acme", "--root-fields", "0"],
        &["limits", "acme", "--tenant-introspection", "some"],
        &["limits", "nobody"],
    ] {
        assert!(!run(&mut tenant(&url, words)).await.status.success(), "{words:?}");
    }
}

#[tokio::test]
async fn the_origins_of_a_tenant_are_changed_and_shown() {
    let url = empty_database().await;
    succeed(&url, &["create", "acme"]).await;
    assert_eq!(succeed(&url, &["origins", "acme"]).await, "Only its own pages call its API.\n");
    let words = ["origins", "acme", "--allow", "https://one.example", "--allow", "https://two.example/"];
    assert_eq!(succeed(&url, &words).await, "https://one.example\nhttps://two.example\n");
    assert_eq!(succeed(&url, &["origins", "acme", "--forbid", "https://one.example"]).await, "https://two.example\n");
    for origin in ["*", "null", "two.example", "https://two.example/page"] {
        assert!(!run(&mut tenant(&url, &["origins", "acme", "--allow", origin])).await.status.success(), "{origin}");
    }
}

#[tokio::test]
async fn what_is_changed_at_the_command_line_is_written_down() {
    let url = empty_database().await;
    let join = ["join", "acme", "--email", "hr@acme.test", "--password", PASSWORD, "--role"];
    let words: [&[&str]; 13] = [
        &["create", "acme", "--owner-email", "owner@acme.test", "--owner-password", PASSWORD],
        &[&join[..], &["employee"]].concat(),
        &[&join[..], &["hr"]].concat(),
        // What changes nothing is no event.
        &[&join[..], &["hr"]].concat(),
        &["leave", "acme", "--email", "hr@acme.test"],
        &["origins", "acme", "--allow", "https://intranet.acme.test"],
        &["origins", "acme", "--allow", "https://intranet.acme.test"],
        &["domains", "acme", "add", "hr.acme.test", "--trusted"],
        &["domains", "acme", "redirect", "off"],
        &["domains", "acme", "primary", "hr.acme.test"],
        &["domains", "acme", "remove", "hr.acme.test"],
        &["plan", "acme", "--seats", "5"],
        &["clone", "acme", "copy"],
    ];
    for words in words {
        succeed(&url, words).await;
    }
    let mut connection = PgConnection::connect(&url).await.unwrap();
    let sql = "SELECT concat_ws(' ', subject_slug, replace(action, 'tenant.', ''), operator_name) \
               FROM platform.operator_events ORDER BY id";
    let events: Vec<String> = sqlx::query_scalar(sql).fetch_all(&mut connection).await.unwrap();
    let expected = [
        "acme created",
        "acme member_joined",
        "acme member_joined",
        "acme member_joined",
        "acme member_removed",
        "acme origins_set",
        "acme domain_trusted",
        "acme domain_redirect_set",
        "acme domain_made_primary",
        "acme domain_removed",
        "acme plan_set",
        "copy cloned",
    ];
    assert_eq!(events, expected.map(|event| format!("{event} command line")));
    let sql = "SELECT details -> 'role' FROM platform.operator_events WHERE action = 'tenant.member_joined' ORDER BY id";
    let roles: Vec<serde_json::Value> = sqlx::query_scalar(sql).fetch_all(&mut connection).await.unwrap();
    let role = |from: Option<&str>, to: &str| serde_json::json!({ "from": from, "to": to });
    assert_eq!(roles, [role(None, "owner"), role(None, "employee"), role(Some("employee"), "hr")]);
}
