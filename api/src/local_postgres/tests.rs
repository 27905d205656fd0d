//! The life of a private Postgres: needs the programs of one, as the server does.

use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use sqlx::{Connection, PgConnection};
use uuid::Uuid;

use super::binaries::Search;
use super::{Error, LocalPostgres, Options, run_with};

/// A directory that is removed at the test's end.
struct Place(PathBuf);

impl Place {
    fn new() -> Self {
        Self(std::env::temp_dir().join(format!("tenantry-test-{}", Uuid::now_v7().simple())))
    }

    fn options(&self) -> Options {
        Options {
            data_directory: self.0.clone(),
            durable: false,
            settings: vec![("shared_buffers".to_owned(), "16MB".to_owned())],
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _missing = fs::remove_dir_all(&self.0);
    }
}

async fn ask(url: &str, sql: &'static str) -> String {
    let mut connection = PgConnection::connect(url).await.expect("connects");
    sqlx::query_scalar(sql).fetch_one(&mut connection).await.expect("answers")
}

async fn tell(url: &str, sql: &'static str) {
    let mut connection = PgConnection::connect(url).await.expect("connects");
    sqlx::raw_sql(sql).execute(&mut connection).await.expect("is done");
}

#[tokio::test]
async fn data_survives_a_stop() {
    let place = Place::new();
    let postgres = LocalPostgres::start(&place.options()).await.expect("starts");
    tell(&postgres.url(), "CREATE SCHEMA kept; CREATE ROLE tenant_role NOLOGIN").await;
    let rights = "SELECT concat_ws(' ', current_user, rolsuper, rolcreaterole, current_setting('server_encoding'), \
                  lower('ÅSA'), current_setting('max_locks_per_transaction')) FROM pg_roles WHERE rolname = current_user";
    assert_eq!(ask(&postgres.url(), rights).await, "tenantry f t UTF8 åsa 256");
    assert_eq!(ask(&postgres.superuser_url(), "SELECT current_user::text").await, "postgres");
    postgres.stop().await.expect("stops");
    assert!(!place.0.join("cluster/postmaster.pid").exists(), "the server is gone");

    let postgres = LocalPostgres::start(&place.options()).await.expect("starts again");
    assert_eq!(ask(&postgres.url(), "SELECT 'kept'::regnamespace::text").await, "kept");
    postgres.stop().await.expect("stops");
}

#[tokio::test]
async fn only_the_owner_reaches_the_socket() {
    let place = Place::new();
    let postgres = LocalPostgres::start(&place.options()).await.expect("starts");
    for private in ["socket", "cluster"] {
        let mode = fs::metadata(place.0.join(private)).expect("is there").permissions().mode();
        assert_eq!(mode & 0o777, 0o700, "{private}");
    }
    assert_eq!(ask(&postgres.url(), "SHOW listen_addresses").await, "");
    postgres.stop().await.expect("stops");
}

#[tokio::test]
async fn one_program_at_a_time() {
    let place = Place::new();
    let postgres = LocalPostgres::start(&place.options()).await.expect("starts");
    let error = LocalPostgres::start(&place.options()).await.expect_err("is refused");
    assert!(matches!(error, Error::InUse { process: Some(_), .. }), "{error}");
    postgres.stop().await.expect("stops");
}

/// What a kill -9 leaves: the server runs, the lock is free.
#[tokio::test]
async fn a_server_left_behind_is_taken_over() {
    let place = Place::new();
    let mut postgres = LocalPostgres::start(&place.options()).await.expect("starts");
    let since = "SELECT pg_postmaster_start_time()::text";
    let started = ask(&postgres.url(), since).await;
    let server = postgres.server.take();
    drop(postgres);

    let postgres = LocalPostgres::start(&place.options()).await.expect("takes it over");
    assert_eq!(ask(&postgres.url(), since).await, started);
    postgres.stop().await.expect("stops");
    assert!(!place.0.join("cluster/postmaster.pid").exists(), "the server is gone");
    drop(server);
}

#[tokio::test]
async fn a_dropped_server_stops_by_itself_and_the_next_start_waits_for_it() {
    let place = Place::new();
    drop(LocalPostgres::start(&place.options()).await.expect("starts"));
    let postgres = LocalPostgres::start(&place.options()).await.expect("starts");
    assert_eq!(ask(&postgres.url(), "SELECT 'up'").await, "up");
    postgres.stop().await.expect("stops");
}

/// After a crash of the machine the number in postmaster.pid may be anybody's: here, this very test's.
#[tokio::test]
async fn a_stale_process_id_is_no_obstacle() {
    let place = Place::new();
    LocalPostgres::start(&place.options()).await.expect("starts").stop().await.expect("stops");
    let cluster = place.0.canonicalize().expect("exists").join("cluster");
    let mut sleeper = std::process::Command::new("sleep").arg("60").spawn().expect("sleeps");
    let stale = format!("{}\n{}\n1\n5432\n/nowhere\n\n 1 1\nready   \n", sleeper.id(), cluster.display());
    fs::write(cluster.join("postmaster.pid"), stale).expect("is written");
    let postgres = LocalPostgres::start(&place.options()).await.expect("starts");
    postgres.stop().await.expect("stops");
    sleeper.kill().expect("was running");
    sleeper.wait().expect("ends");
}

#[tokio::test]
async fn a_path_too_long_for_a_socket_is_no_obstacle() {
    let mut place = Place::new();
    let top = place.0.clone();
    for _ in 0..5 {
        place.0.push("a directory with a long name, a comma and 100% of ünïcödé");
    }
    let postgres = LocalPostgres::start(&place.options()).await.expect("starts");
    assert_eq!(ask(&postgres.url(), "SELECT 'up'").await, "up");
    let socket = postgres.directory.socket();
    assert!(socket.starts_with("/tmp"), "{}", socket.display());
    postgres.stop().await.expect("stops");
    fs::remove_dir_all(socket).expect("is removed");
    place.0 = top;
}

#[tokio::test]
async fn data_of_another_major_version_is_refused() {
    let place = Place::new();
    LocalPostgres::start(&place.options()).await.expect("starts").stop().await.expect("stops");
    let file = place.0.join("cluster/PG_VERSION");
    fs::write(file, "9\n").expect("is written");
    let error = LocalPostgres::start(&place.options()).await.expect_err("is refused");
    assert!(matches!(&error, Error::OtherVersion { found, .. } if found == "9"), "{error}");
}

#[tokio::test]
async fn a_directory_of_another_postgres_is_not_touched() {
    let place = Place::new();
    fs::create_dir_all(&place.0).expect("is made");
    fs::write(place.0.join("PG_VERSION"), "15\n").expect("is written");
    let error = LocalPostgres::start(&place.options()).await.expect_err("is refused");
    assert!(matches!(error, Error::NotOurs { .. }), "{error}");
    assert_eq!(fs::read_dir(&place.0).expect("is there").count(), 1);
}

#[tokio::test]
async fn a_file_in_place_of_the_directory_is_refused() {
    let place = Place::new();
    fs::write(&place.0, "").expect("is written");
    let error = LocalPostgres::start(&place.options()).await.expect_err("is refused");
    fs::remove_file(&place.0).expect("is removed");
    assert!(matches!(error, Error::Unwritable { .. }), "{error}");
}

#[tokio::test]
async fn a_server_that_cannot_start_says_why() {
    let place = Place::new();
    let mut options = place.options();
    options.settings.push(("no_such_setting".to_owned(), "1".to_owned()));
    let error = LocalPostgres::start(&options).await.expect_err("is refused");
    assert!(matches!(&error, Error::DidNotStart { tail, .. } if tail.contains("no_such_setting")), "{error}");
}

/// Programs that only tell a version.
fn fake_programs(place: &Place, version: &str) -> PathBuf {
    let directory = place.0.join(format!("bin-{version}"));
    fs::create_dir_all(&directory).expect("is made");
    for name in ["initdb", "postgres"] {
        let program = directory.join(name);
        fs::write(&program, format!("#!/bin/sh\necho 'postgres (PostgreSQL) {version}'\n")).expect("is written");
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).expect("is a program");
    }
    directory
}

async fn refusal(place: &Place, search: Search) -> Error {
    let options = Options { data_directory: place.0.join("data"), ..place.options() };
    LocalPostgres::start_with(&options, &search).await.expect_err("is refused")
}

#[tokio::test]
async fn missing_and_old_programs_are_refused() {
    let place = Place::new();
    let error = refusal(&place, Search::default()).await;
    assert!(matches!(error, Error::NoBinaries { .. }), "{error}");

    let only = Some(place.0.join("nothing"));
    let error = refusal(&place, Search { only, ..Search::default() }).await;
    assert!(matches!(error, Error::WrongBinDir { .. }), "{error}");

    let places = vec![fake_programs(&place, "13.22")];
    let error = refusal(&place, Search { places, ..Search::default() }).await;
    assert!(matches!(&error, Error::TooOld { version, .. } if version.major == 13), "{error}");
}

#[test]
fn programs_of_the_clusters_version_are_preferred() {
    let place = Place::new();
    let search = Search {
        places: ["17.4", "16devel", "15.18"].map(|version| fake_programs(&place, version)).to_vec(),
        ..Search::default()
    };
    let cluster = place.0.join("cluster");
    let account = super::account::Account::Own { uid: 1000 };
    let chosen = |cluster: &Path| search.run(&account, cluster).expect("is found").version.to_string();
    assert_eq!(chosen(&cluster), "17.4");
    fs::create_dir_all(&cluster).expect("is made");
    fs::write(cluster.join("PG_VERSION"), "16\n").expect("is written");
    assert_eq!(chosen(&cluster), "16devel");
}

#[tokio::test]
async fn a_command_gets_a_postgres_of_its_own() {
    let place = Place::new();
    let words = |script: &str| ["sh", "-c", script].map(OsString::from);
    let there = "test -n \"$DATABASE_URL\" && test -n \"$TENANTRY_TEST_SUPERUSER_URL\" && exit 7";
    let status = run_with(&place.options(), &words(there)).await.expect("runs");
    assert_eq!(status.code(), Some(7));
    let error = run_with(&place.options(), &["/no/such/program".into()]).await.expect_err("is refused");
    assert!(matches!(error, Error::Command { .. }), "{error}");
    assert_eq!(fs::read_dir(&place.0).expect("is there").count(), 0, "nothing is left");
}
