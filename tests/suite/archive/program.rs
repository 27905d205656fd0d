//! `tenantry tenant backup` and the others, as somebody runs them at a terminal.

use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt as _,
    process::Stdio,
};

use sqlx::{Connection as _, Executor as _, PgConnection};
use tests::{Server, TestDatabase, database_url, make_tenant, until, value, waiters_for};
use tokio::process::Command;

use super::{Shelf, contents, fill, traces};
use crate::command_line::{assert_one_sentence, command, program, run, signal, stdout};

fn tenant(words: &[&str], shelf: &Shelf) -> Command {
    let mut command = command(&["tenant"]);
    command.args(words).env("DATABASE_URL", database_url()).current_dir(shelf.path("."));
    command
}

async fn succeed(words: &[&str], shelf: &Shelf) -> String {
    let output = run(&mut tenant(words, shelf)).await;
    assert!(output.status.success(), "{words:?} {}", String::from_utf8_lossy(&output.stderr));
    stdout(&output)
}

#[tokio::test]
async fn a_tenant_goes_through_every_command() {
    let server = Server::start().await;
    let company = server.company().await;
    let slug = company.tenant.slug.as_str();
    let shelf = Shelf::new();
    fs::write(shelf.path("key"), format!("{}\n", "0f".repeat(32))).unwrap();
    fs::set_permissions(shelf.path("key"), Permissions::from_mode(0o600)).unwrap();
    let said = succeed(&["backup", slug, "--to", "archive", "--key-file", "key"], &shelf).await;
    assert!(said.starts_with(&format!("{slug} is in archive: ")), "{said}");
    let said = succeed(&["verify", "archive", "--key-file", "key"], &shelf).await;
    assert!(said.contains("can be restored") && said.contains("employees"), "{said}");
    let names = ["restored", "cloned", "lines", "table"].map(|name| format!("{name}-{}", &slug[slug.len() - 12..]));
    let [restored, cloned, lines, table] = names.each_ref().map(String::as_str);
    let said = succeed(&["restore", "archive", "--as", restored, "--key-file", "key"], &shelf).await;
    assert!(said.starts_with(&format!("http://{restored}.localhost")) && said.contains("no members"), "{said}");
    succeed(&["clone", slug, cloned, "--name", "A copy"], &shelf).await;
    succeed(&["export", restored, "--to", "lines"], &shelf).await;
    succeed(&["import", "lines", "--as", lines], &shelf).await;
    succeed(&["export", restored, "--to", "table", "--format", "csv"], &shelf).await;
    succeed(&["import", "table", "--as", table], &shelf).await;
    let before = company.contents().await;
    for slug in [restored, cloned, lines, table] {
        let tenant = server.tenants().directory().by_slug(&slug.parse().unwrap()).await.unwrap().unwrap();
        assert_eq!(contents(server.tenants(), &tenant).await, before, "{slug}");
        assert_eq!(tenant.name == "A copy", slug == cloned);
    }

    sea_orm::ConnectionTrait::execute_unprepared(&company.scope(), "UPDATE departments SET name = 'Later'").await.unwrap();
    assert_one_sentence(&run(&mut tenant(&["restore", "archive", "--in-place", "--key-file", "key"], &shelf)).await, "--yes");
    assert_ne!(company.contents().await, before);
    let said = succeed(&["restore", "archive", "--in-place", "--yes", "--key-file", "key"], &shelf).await;
    assert!(said.starts_with(&format!("{slug} has its data of ")), "{said}");
    let tenant = server.tenants().directory().by_id(company.tenant.id).await.unwrap().unwrap();
    assert_eq!(contents(server.tenants(), &tenant).await, before);
}

#[tokio::test]
async fn what_cannot_be_done_is_said_in_one_sentence() {
    let server = Server::start().await;
    let company = server.company().await;
    let slug = company.tenant.slug.as_str();
    let shelf = Shelf::new();
    let archive = shelf.backup(server.tenants(), &company.tenant).await;
    let archive = archive.to_str().unwrap();
    for (name, bytes) in [("key", "0f".repeat(32)), ("bad key", "secret".to_owned()), ("text", "hello".to_owned())] {
        fs::write(shelf.path(name), bytes).unwrap();
    }
    fs::set_permissions(shelf.path("key"), Permissions::from_mode(0o600)).unwrap();
    assert!(Command::new("mkfifo").arg(shelf.path("pipe")).status().await.unwrap().success());
    fs::write(shelf.path("cut"), &fs::read(archive).unwrap()[..200]).unwrap();
    for (words, part) in [
        (&["backup", "nobody", "--to", "x"][..], "There is no tenant nobody"),
        (&["backup", slug, "--to", archive], "exists already"),
        (&["backup", slug, "--to", "no/where"], "no/where"),
        (&["backup", slug, "--to", "x", "--key-file", "missing"], "missing"),
        (&["backup", slug, "--to", "x", "--key-file", "bad key"], "64 hexadecimal digits"),
        (&["backup", slug, "--to", "x", "--key-file", "/dev/zero"], "/dev/zero is longer than 1024 bytes"),
        (&["verify", archive, "--key-file", "pipe"], "pipe is a pipe that nothing was written into"),
        (&["restore", "missing"], "missing"),
        (&["restore", "text"], "no archive of a tenant"),
        (&["restore", "cut", "--as", "cut-off"], "incomplete"),
        (&["restore", archive], "is taken"),
        (&["restore", archive, "--key-file", "key", "--as", "with-key"], "not encrypted"),
        (&["verify", "cut"], "incomplete"),
        (&["clone", "nobody", "somebody"], "There is no tenant nobody"),
        (&["clone", slug, slug], "is taken"),
        (&["export", slug, "--to", "key"], "exists already"),
        (&["import", ".", "--as", "somebody"], "manifest.json"),
    ] {
        assert_one_sentence(&run(&mut tenant(words, &shelf)).await, part);
    }
    fs::set_permissions(shelf.path("key"), Permissions::from_mode(0o644)).unwrap();
    let warned = run(&mut tenant(&["verify", archive, "--key-file", "key"], &shelf)).await.stderr;
    let warned = String::from_utf8_lossy(&warned);
    assert!(warned.contains("others than its owner may read the file of the key of archives"), "{warned}");
    let said = run(&mut tenant(&["verify", "missing"], &shelf)).await.stderr;
    assert_eq!(String::from_utf8_lossy(&said), "tenantry: missing: No such file or directory (os error 2)\n");
    for words in [
        &["backup", slug][..],
        &["restore", archive, "--yes"],
        &["restore", archive, "--as", "x", "--in-place"],
        &["backup-all", "--to", "x", "--keep", "0"],
    ] {
        assert_eq!(run(&mut tenant(words, &shelf)).await.status.code(), Some(2), "{words:?}");
    }
    assert!(!shelf.names().iter().any(|name| name == "x" || name.ends_with(".partial")), "{:?}", shelf.names());
}

/// A limit on the size of files stands for a disk that is full: the system refuses to write more.
#[tokio::test]
async fn a_disk_that_fills_up_leaves_no_file_and_says_so() {
    let server = Server::start().await;
    let company = server.company().await;
    fill(&company, 3_000).await;
    let slug = company.tenant.slug.as_str();
    let shelf = Shelf::new();
    for words in [
        &["backup", slug, "--to", "full"][..],
        &["export", slug, "--to", "full"],
        &["export", slug, "--to", "full", "--format", "csv"],
    ] {
        let mut limited = Command::new("sh");
        let script = "trap '' XFSZ; ulimit -f 64; exec \"$0\" tenant \"$@\"";
        limited.args(["-c", script]).arg(program()).args(words);
        limited.env("DATABASE_URL", database_url()).current_dir(shelf.path(".")).stdin(Stdio::null());
        let output = run(limited.stdout(Stdio::piped()).stderr(Stdio::piped())).await;
        assert_one_sentence(&output, "full");
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(text.contains("File too large"), "{text}");
        assert_eq!(shelf.names(), [""; 0], "{words:?}");
    }
    // With room again it is done.
    succeed(&["backup", slug, "--to", "full"], &shelf).await;
}

/// Killed while it writes: the name is not taken, and the next try makes a whole archive.
#[tokio::test]
async fn a_backup_that_is_killed_or_stopped_leaves_no_archive() {
    let server = Server::start().await;
    let company = server.company().await;
    let slug = company.tenant.slug.as_str();
    let shelf = Shelf::new();
    for (name, left) in [("KILL", &["archive.partial"][..]), ("TERM", &[]), ("INT", &[])] {
        let mut holder = PgConnection::connect(&database_url()).await.unwrap();
        let lock = format!("BEGIN; LOCK TABLE {}.positions", company.tenant.schema);
        holder.execute(sqlx::AssertSqlSafe(lock)).await.unwrap();
        let mut child = tenant(&["backup", slug, "--to", "archive"], &shelf).spawn().unwrap();
        let mut operator = PgConnection::connect(&database_url()).await.unwrap();
        let held = format!("{}.positions", company.tenant.schema);
        until("the backup waits", async || waiters_for(&mut operator, &held).await == 1).await;
        assert_eq!(shelf.names(), ["archive.partial"]);
        signal(child.id().unwrap(), name);
        let status = child.wait().await.unwrap();
        assert!(!status.success());
        assert_eq!(shelf.names(), left, "{name}");
        holder.close().await.unwrap();
    }
    succeed(&["backup", slug, "--to", "archive"], &shelf).await;
    assert_eq!(shelf.names(), ["archive"]);
    succeed(&["verify", "archive"], &shelf).await;
}

/// Killed with everything loaded and nothing changed over yet.
#[tokio::test]
async fn a_restore_in_place_that_is_killed_changes_nothing() {
    let server = Server::start().await;
    let company = server.company().await;
    let shelf = Shelf::new();
    let archive = shelf.backup(server.tenants(), &company.tenant).await;
    let archive = archive.to_str().unwrap();
    let archived = company.contents().await;
    sea_orm::ConnectionTrait::execute_unprepared(&company.scope(), "UPDATE departments SET name = 'Later'").await.unwrap();
    let before = company.contents().await;

    let mut holder = PgConnection::connect(&database_url()).await.unwrap();
    let schema = &company.tenant.schema;
    let write = format!("BEGIN; UPDATE {schema}.departments SET name = name");
    holder.execute(sqlx::AssertSqlSafe(write)).await.unwrap();
    let mut child = tenant(&["restore", archive, "--in-place", "--yes"], &shelf).spawn().unwrap();
    let mut operator = PgConnection::connect(&database_url()).await.unwrap();
    let waiting = format!(
        "SELECT count(*) FROM pg_locks WHERE NOT granted AND mode = 'ExclusiveLock' AND relation = '{schema}.departments'::regclass"
    );
    until("the restore waits for the write", async || value::<i64>(&mut operator, &waiting).await == 1).await;
    child.kill().await.unwrap();
    holder.close().await.unwrap();
    until("Postgres has noticed", async || traces(company.tenant.id).await == [1, 1, 1]).await;
    assert_eq!(company.contents().await, before);
    succeed(&["restore", archive, "--in-place", "--yes"], &shelf).await;
    let tenant = server.tenants().directory().by_id(company.tenant.id).await.unwrap().unwrap();
    assert_eq!(contents(server.tenants(), &tenant).await, archived);
    assert_eq!(traces(company.tenant.id).await, [1, 1, 1]);
}

/// As a restore in place leaves it that is killed after the change.
#[tokio::test]
async fn the_doctor_names_a_schema_that_no_tenant_uses() {
    let database = TestDatabase::create().await;
    let tenant = make_tenant(database.server().await.tenants()).await;
    let program = async |words: &[&str]| stdout(&run(command(words).env("DATABASE_URL", database.url())).await);
    let mut operator = database.connect().await;
    program(&["tenant", "standby", "1"]).await;
    assert_eq!(value::<i64>(&mut operator, "SELECT count(*) FROM platform.standby_schemas").await, 1);
    let doctor = program(&["doctor"]).await;
    assert!(doctor.contains("ok       left over      each schema is a tenant's, or prepared for one"), "{doctor}");
    let left = format!("{}_7", tenant.schema);
    tests::run(&mut operator, &format!("CREATE SCHEMA {left}")).await;
    let doctor = program(&["doctor"]).await;
    assert!(doctor.contains(&format!("warning  left over      1 schema that no tenant uses ({left}): ")), "{doctor}");
}
