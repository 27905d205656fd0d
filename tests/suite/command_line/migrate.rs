//! `tenantry migrate`, on a database of its own.

use std::{process::ExitStatus, time::Duration};

use migration::tenant::TenantMigrator;
use sea_orm_migration::MigratorTrait;
use serde_json::Value;
use sqlx::{Connection as _, PgConnection};
use tests::{run as sql, until, value, waiters};
use tokio::{process::Command, time::timeout};

use super::{assert_one_sentence, command, run, signal, stdout, tenants::empty_database};

struct Fleet {
    url: String,
    operator: PgConnection,
}

impl Fleet {
    /// Tenants with these slugs, all of them behind by one migration.
    async fn behind(slugs: &[&str]) -> Self {
        let url = empty_database().await;
        for slug in slugs {
            let output = run(command(&["tenant", "create", slug]).env("DATABASE_URL", &url)).await;
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        }
        let operator = PgConnection::connect(&url).await.unwrap();
        let mut fleet = Self { url, operator };
        for slug in slugs {
            fleet.set_back(slug).await;
        }
        fleet
    }

    async fn set_back(&mut self, slug: &str) {
        let schema = self.schema(slug).await;
        let back = format!(
            "ALTER TABLE {schema}.audit_events DROP COLUMN actor_type, DROP COLUMN actor_id, ALTER COLUMN actor_account_id SET NOT NULL;
             DELETE FROM {schema}.seaql_migrations WHERE version <> '{0}';
             UPDATE platform.tenant_migrations SET tries = 0;
             UPDATE platform.tenants SET schema_version = '{0}' WHERE slug = '{slug}'",
            first()
        );
        sql(&mut self.operator, &back).await;
    }

    async fn schema(&mut self, slug: &str) -> String {
        value(&mut self.operator, &format!("SELECT schema_name FROM platform.tenants WHERE slug = '{slug}'")).await
    }

    async fn states(&mut self) -> Vec<String> {
        value(&mut self.operator, "SELECT array_agg(slug || ' ' || state ORDER BY slug) FROM platform.fleet").await
    }

    fn migrate(&self, words: &[&str]) -> Command {
        let mut command = command(&["migrate"]);
        command.args(words).env("DATABASE_URL", &self.url);
        command
    }

    /// Runs it, and gives its exit code and what it said.
    async fn run(&self, words: &[&str]) -> (Option<i32>, String) {
        let output = run(&mut self.migrate(words)).await;
        (output.status.code(), stdout(&output))
    }
}

fn first() -> String {
    TenantMigrator::migrations().first().unwrap().name().to_owned()
}

fn head() -> String {
    TenantMigrator::migrations().last().unwrap().name().to_owned()
}

#[tokio::test]
async fn a_fleet_is_planned_rehearsed_migrated_and_looked_at() {
    let mut fleet = Fleet::behind(&["alpha", "bravo", "charlie"]).await;
    for flag in ["--plan", "--dry-run"] {
        let (code, plan) = fleet.run(&[flag, "--canary", "bravo"]).await;
        assert_eq!(code, Some(0));
        assert!(plan.starts_with(&format!("bravo is at {} (canary)\nalpha is at", first())), "{plan}");
        assert!(plan.contains(&format!("3 tenants behind {}.", head())), "{plan}");
        assert!(plan.contains("ADD COLUMN IF NOT EXISTS actor_type") && !plan.contains("CREATE TABLE"), "{plan}");
    }
    let (code, said) = fleet.run(&["--rehearse"]).await;
    assert_eq!((code, said), (Some(0), format!("3 tenants would be migrated to {}, 0 failed.\n", head())));
    let (code, said) = fleet.run(&["status"]).await;
    assert_eq!(code, Some(0));
    assert!(said.contains("behind     3") && said.contains("current    0"), "{said}");

    // One of them has what the migration adds, of another kind.
    let bravo = fleet.schema("bravo").await;
    sql(&mut fleet.operator, &format!("ALTER TABLE {bravo}.audit_events ADD COLUMN actor_type integer")).await;
    let (code, said) = fleet.run(&["--canary", "bravo"]).await;
    assert_eq!(code, Some(1));
    assert!(
        said.contains("0 tenants migrated") && said.contains("1 failed (bravo), 2 not begun") && said.contains("A canary failed"),
        "{said}"
    );
    let (code, said) = fleet.run(&[]).await;
    assert_eq!((code, said), (Some(1), format!("2 tenants migrated to {}, 1 failed (bravo).\n", head())));
    assert_eq!(fleet.states().await, ["alpha current", "bravo failed", "charlie current"]);

    let (code, said) = fleet.run(&["status", "--json"]).await;
    let status: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(code, Some(1), "something failed");
    assert_eq!((&status["current"], &status["failed"], &status["behind"]), (&2.into(), &1.into(), &0.into()));
    assert_eq!(status["head"], head());
    assert_eq!(status["problems"][0]["tenant"], "bravo");
    assert_eq!(status["problems"][0]["tries"], 2);
    let (_, said) = fleet.run(&["drift"]).await;
    assert!(said.contains("bravo: column audit_events.actor_type is not expected: integer"), "{said}");
    assert!(said.ends_with("3 tenants looked at, 1 not as the migrations make them.\n"), "{said}");

    sql(&mut fleet.operator, &format!("ALTER TABLE {bravo}.audit_events DROP COLUMN actor_type")).await;
    let (code, said) = fleet.run(&["--retry-failed"]).await;
    assert_eq!((code, said), (Some(0), format!("1 tenant migrated to {}, 0 failed.\n", head())));
    let (code, said) = fleet.run(&["drift", "bravo"]).await;
    assert_eq!((code, said.as_str()), (Some(0), "1 tenant looked at, 0 not as the migrations make them.\n"));
    let (code, said) = fleet.run(&["lint"]).await;
    assert_eq!(code, Some(0), "{said}");
}

#[tokio::test]
async fn what_cannot_be_migrated_is_said_in_one_sentence() {
    let mut fleet = Fleet::behind(&["alpha"]).await;
    assert_one_sentence(&run(&mut fleet.migrate(&["--only", "nobody"])).await, "There is no tenant nobody");
    assert_one_sentence(&run(&mut fleet.migrate(&["drift", "nobody"])).await, "nobody");
    assert_one_sentence(&run(&mut fleet.migrate(&["accept", "m2000_nothing"])).await, "There is no migration m2000_nothing.");
    sql(&mut fleet.operator, &format!("UPDATE platform.frozen_migrations SET checksum = 'other' WHERE version = '{}'", first()))
        .await;
    assert_one_sentence(&run(&mut fleet.migrate(&[])).await, "was changed after it had been applied");
    assert_eq!(fleet.states().await, ["alpha behind"]);
    assert_eq!(fleet.run(&["accept", &first()]).await.0, Some(0));
    assert_eq!(fleet.run(&[]).await.0, Some(0));
    for words in [
        &["--parallel", "0"][..],
        &["--canary"],
        &["--canary", "alpha", "--canary-count", "1"],
        &["--plan", "--rehearse"],
        &["--yes"],
        &["--back-to"],
        &["--back-to", "m2000_nothing", "--retry-failed"],
    ] {
        assert_eq!(fleet.run(words).await.0, Some(2), "{words:?}");
    }
}

/// The last migration of the program has a way back: whose operators have not acted loses nothing by it.
#[tokio::test]
async fn tenants_are_taken_back_where_nothing_is_lost() {
    let mut fleet = Fleet::behind(&["alpha", "bravo"]).await;
    assert_eq!(fleet.run(&[]).await.0, Some(0));
    assert!(head().ends_with("_operators"), "what is said and lost below is this migration's: show the way back from {}", head());
    let back = TenantMigrator::migrations().iter().rev().nth(1).unwrap().name().to_owned();
    let (code, plan) = fleet.run(&["--back-to", &back, "--plan"]).await;
    assert_eq!(code, Some(0));
    assert!(plan.starts_with(&format!("alpha is at {0}\nbravo is at {0}\n2 tenants past {back}.\n", head())), "{plan}");
    assert!(plan.contains("DROP CONSTRAINT") && !plan.contains("DROP COLUMN"), "{plan}");
    let (code, said) = fleet.run(&["--back-to", &back, "--rehearse"]).await;
    assert_eq!((code, said), (Some(0), format!("2 tenants would be taken back to {back}, 0 failed.\n")));
    let refused = run(&mut fleet.migrate(&["--back-to", &back])).await;
    assert_one_sentence(&refused, "Taking 2 tenants back asks for a confirmation; without a terminal give --yes");
    let unknown = run(&mut fleet.migrate(&["--back-to", "m2000_nothing"])).await;
    let newest_first = format!("There is no migration m2000_nothing. There are: {}, {back}, ", head());
    assert_one_sentence(&unknown, &newest_first);
    assert_one_sentence(
        &run(&mut fleet.migrate(&["--back-to", &first(), "--yes"])).await,
        "cannot be taken back: which program did what would be lost.",
    );
    assert_eq!(fleet.states().await, ["alpha current", "bravo current"]);

    let bravo = fleet.schema("bravo").await;
    let acted = format!(
        "INSERT INTO {bravo}.audit_events (id, occurred_at, actor_type, actor_id, actor_name, action, subject_type, subject_id, changes)
         SELECT id, now(), 'operator', id, 'Olga', 'support.entered', 'tenant', id, '{{}}'::jsonb FROM (SELECT gen_random_uuid() AS id) ids"
    );
    sql(&mut fleet.operator, &acted).await;
    let output = run(&mut fleet.migrate(&["--back-to", &back, "--yes"])).await;
    assert_eq!((output.status.code(), stdout(&output)), (Some(1), format!("1 tenant taken back to {back}, 1 failed (bravo).\n")));
    let log = String::from_utf8_lossy(&output.stderr);
    assert!(log.contains("taking tenants back") && !log.contains("migrating tenants"), "{log}");
    let why = format!("could not be taken back to {back}: check constraint");
    assert!(log.contains(&why) && log.contains("has something that the older version cannot hold"), "{log}");
    let versions = "SELECT array_agg(slug || ' ' || schema_version ORDER BY slug) FROM platform.tenants";
    let versions: Vec<String> = value(&mut fleet.operator, versions).await;
    assert_eq!(versions, [format!("alpha {back}"), format!("bravo {}", head())]);
    let (code, said) = fleet.run(&["drift"]).await;
    assert_eq!((code, said.as_str()), (Some(0), "2 tenants looked at, 0 not as the migrations make them.\n"));
    let (code, said) = fleet.run(&[]).await;
    assert_eq!((code, said), (Some(0), format!("1 tenant migrated to {}, 0 failed.\n", head())));
}

#[tokio::test]
async fn a_backup_is_waited_for_as_long_as_is_said() {
    let mut fleet = Fleet::behind(&["alpha", "bravo"]).await;
    let mut backup = PgConnection::connect(&fleet.url).await.unwrap();
    let bravo = fleet.schema("bravo").await;
    sql(&mut backup, &format!("SELECT pg_advisory_lock_shared(hashtextextended('tenantry ' || '{bravo}', 0))")).await;
    let (code, said) = fleet.run(&["--patience", "0"]).await;
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("1 tenant migrated") && said.contains("0 failed, 1 not begun"), "{said}");
    assert!(said.ends_with("Other programs are at the rest. Run it again to go on.\n"), "{said}");
    backup.close().await.unwrap();
    assert_eq!(fleet.run(&["--patience", "60"]).await.0, Some(0));
    assert_eq!(fleet.states().await, ["alpha current", "bravo current"]);
}

/// Holds up the migration of `bravo` once `alpha` is done, and ends the program by a signal.
async fn end_by(name: &str) -> (Fleet, ExitStatus, String) {
    let mut fleet = Fleet::behind(&["alpha", "bravo", "charlie"]).await;
    let bravo = fleet.schema("bravo").await;
    let mut holder = PgConnection::connect(&fleet.url).await.unwrap();
    sql(&mut holder, &format!("BEGIN; LOCK TABLE {bravo}.audit_events IN ACCESS SHARE MODE")).await;
    let child = fleet.migrate(&["--parallel", "1", "--lock-timeout", "60"]).spawn().unwrap();
    let process = child.id().unwrap();
    until("bravo is under way", async || fleet.states().await.get(1).is_some_and(|state| state == "bravo under way")).await;
    until("bravo is held up", async || waiters(&mut fleet.operator).await == 1).await;
    signal(process, name);
    let output = tokio::spawn(child.wait_with_output());
    if name == "KILL" {
        // A connection whose client was killed notices when it has something to say.
        until("nobody migrates", async || {
            let ended = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity \
                         WHERE datname = current_database() AND wait_event_type = 'Lock'";
            value::<i64>(&mut fleet.operator, ended).await == 0
        })
        .await;
        until("bravo is left", async || fleet.states().await.get(1).is_some_and(|state| state == "bravo behind")).await;
    }
    if name == "INT" {
        assert_eq!(waiters(&mut fleet.operator).await, 1, "bravo was broken off");
    }
    sql(&mut holder, "ROLLBACK").await;
    let output = timeout(Duration::from_secs(30), output).await.expect("the program does not end").unwrap().unwrap();
    let said = stdout(&output);
    (fleet, output.status, said)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ctrl_c_ends_it_after_the_tenants_under_way_and_a_second_run_goes_on() {
    let (mut fleet, status, said) = end_by("INT").await;
    assert_eq!(status.code(), Some(130), "{said}");
    assert!(said.contains("2 tenants migrated") && said.contains("1 not begun") && said.contains("Run it again"), "{said}");
    assert_eq!(fleet.states().await, ["alpha current", "bravo current", "charlie behind"]);
    let (code, said) = fleet.run(&[]).await;
    assert_eq!((code, said), (Some(0), format!("1 tenant migrated to {}, 0 failed.\n", head())));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kill_leaves_nothing_half_done() {
    let (mut fleet, status, _) = end_by("KILL").await;
    assert_eq!(status.code(), None);
    assert_eq!(fleet.states().await, ["alpha current", "bravo behind", "charlie behind"]);
    let (code, said) = fleet.run(&[]).await;
    assert_eq!((code, said), (Some(0), format!("2 tenants migrated to {}, 0 failed.\n", head())));
    let (code, said) = fleet.run(&["drift"]).await;
    assert_eq!(code, Some(0), "{said}");
}
