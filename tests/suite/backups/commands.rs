//! `tenantry backup`, as somebody runs it at a terminal.

use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt as _,
};

use tests::{run as run_sql, value};
use tokio::process::Command;

use super::Archives;
use crate::command_line::{assert_one_sentence, command, run, stdout};

impl Archives {
    fn command(&self, words: &[&str]) -> Command {
        let mut command = command(words);
        command.args(&self.flags).env("DATABASE_URL", self.office.database.url());
        command
    }

    async fn succeed(&self, words: &[&str]) -> String {
        let output = run(&mut self.command(words)).await;
        assert!(output.status.success(), "{words:?} {} {}", stdout(&output), String::from_utf8_lossy(&output.stderr));
        stdout(&output)
    }
}

#[tokio::test]
async fn archives_are_made_listed_tried_and_removed() {
    let key = tempfile::NamedTempFile::new().unwrap();
    fs::write(key.path(), "0f".repeat(32)).unwrap();
    let keep = ["--backup-keep", "1 yearly", "--backup-key-file", key.path().to_str().unwrap()];
    let archives = Archives::open(&keep).await;
    let tenants = archives.tenants(2).await;
    assert_one_sentence(&run(&mut archives.command(&["backup", "drill"])).await, "no archive");
    assert_one_sentence(&run(&mut archives.command(&["backup", "run", "nobody"])).await, "There is no tenant nobody");
    let said = archives.succeed(&["backup", "run"]).await;
    assert!(said.contains("2 tenants backed up, 0 failed."), "{said}");
    let said = archives.succeed(&["backup", "list", tenants[0].slug.as_str()]).await;
    assert!(said.contains("done") && !said.contains(tenants[1].slug.as_str()), "{said}");
    let said = archives.succeed(&["backup", "drill"]).await;
    assert!(said.contains("can be restored"), "{said}");
    // A second one replaces the first: what the rules do not keep goes with it.
    archives.succeed(&["backup", "run", tenants[0].slug.as_str()]).await;
    assert_eq!(archives.files(&tenants[0]).len(), 1);
    assert_eq!(archives.done(&tenants[0]).await.len(), 1);

    let mut operator = archives.office.database.connect().await;
    let copy = "INSERT INTO platform.backups SELECT gen_random_uuid(), tenant_id, place || '.old', state, started_at - interval '1 day', \
                finished_at, bytes, row_count, sha256, schema_version FROM platform.backups RETURNING 1";
    value::<i32>(&mut operator, copy).await;
    let said = archives.succeed(&["backup", "rotate", "--dry-run"]).await;
    assert!(said.ends_with("2 archives would be removed.\n"), "{said}");
    assert_eq!(value::<i64>(&mut operator, "SELECT count(*) FROM platform.backups").await, 4);
    let said = archives.succeed(&["backup", "rotate"]).await;
    assert!(said.ends_with("2 archives removed.\n"), "{said}");
    assert_eq!(value::<i64>(&mut operator, "SELECT count(*) FROM platform.backups").await, 2);

    // One that cannot be removed is in nobody's way.
    value::<i32>(&mut operator, copy).await;
    fs::create_dir(format!("{}.old", archives.done(&tenants[0]).await[0].place)).unwrap();
    let rotate = run(&mut archives.command(&["backup", "rotate"])).await;
    assert_eq!(rotate.status.code(), Some(1));
    assert!(stdout(&rotate).ends_with("1 archives removed, 1 could not be; the log says why.\n"), "{}", stdout(&rotate));
    run_sql(&mut operator, "DELETE FROM platform.backups WHERE place LIKE '%.old'").await;

    let doctor = run(&mut archives.command(&["doctor"])).await;
    assert!(stdout(&doctor).contains("ok       backups        2 tenants have an archive"), "{}", stdout(&doctor));
    fs::set_permissions(key.path(), Permissions::from_mode(0o640)).unwrap();
    let doctor = run(&mut archives.command(&["doctor"])).await;
    let open = "warning  backups        2 tenants have an archive";
    assert!(stdout(&doctor).contains(open) && stdout(&doctor).contains("chmod 600"), "{}", stdout(&doctor));
    fs::set_permissions(key.path(), Permissions::from_mode(0o600)).unwrap();
    let unfit =
        "UPDATE platform.backups SET verified_at = now(), unfit_error = 'refused', schema_version = 'm20200101_000001_older'";
    run_sql(&mut operator, unfit).await;
    let doctor = run(&mut archives.command(&["doctor"])).await;
    assert!(stdout(&doctor).contains("refuses the archives of 2 tenants"), "{}", stdout(&doctor));
    assert!(!doctor.status.success());
    let said = archives.succeed(&["backup", "list"]).await;
    assert!(said.contains("unfit") && said.contains("refused") && !said.contains("no good"), "{said}");
    run_sql(&mut operator, "UPDATE platform.backups SET unfit_error = NULL").await;
    value::<i32>(&mut operator, "UPDATE platform.tenants SET created_at = now() - interval '9 days' RETURNING 1").await;
    value::<i32>(&mut operator, "UPDATE platform.backups SET started_at = now() - interval '3 days' RETURNING 1").await;
    let doctor = run(&mut archives.command(&["doctor"])).await;
    assert!(stdout(&doctor).contains("2 tenants have no archive that is recent enough"), "{}", stdout(&doctor));
    assert!(!doctor.status.success());
}

#[tokio::test]
async fn what_is_being_deleted_is_not_waited_for() {
    let archives = Archives::open(&[]).await;
    let tenants = archives.tenants(2).await;
    let (kept, gone) = (&tenants[0].slug, &tenants[1].slug);
    let begin = format!("UPDATE platform.tenants SET status = 'deleting' WHERE slug = '{gone}'");
    run_sql(&mut archives.office.database.connect().await, &begin).await;
    let said = archives.succeed(&["backup", "run"]).await;
    assert!(said.contains(kept.as_str()) && said.ends_with("1 tenant backed up, 0 failed.\n"), "{said}");
    assert_one_sentence(&run(&mut archives.command(&["backup", "run", gone.as_str()])).await, "is being deleted");
}

/// Before it, Postgres notes that the control plane is there already; who asks whether that is to be logged costs no line.
#[tokio::test]
async fn why_backups_fail_is_said_and_is_in_the_log() {
    let archives = Archives::open(&[]).await;
    let tenants = archives.tenants(3).await;
    let file = tempfile::NamedTempFile::new().unwrap();
    let place = file.path().to_str().unwrap();
    let mut command = command(&["backup", "run", "--backup-to", place]);
    let output = run(command.env("DATABASE_URL", archives.office.database.url())).await;
    let log = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && stdout(&output).contains("3 failed"), "{}", stdout(&output));
    for tenant in &tenants {
        let told = |line: &str| line.contains("ERROR") && line.contains(tenant.slug.as_str()) && line.contains(place);
        assert_eq!(log.lines().filter(|line| told(line)).count(), 1, "{log}");
        let said = stdout(&output);
        let begin = format!("{} was not backed up: ", tenant.slug);
        let told = |line: &str| line.starts_with(&begin) && line.contains(place) && line.ends_with('.') && !line.ends_with("..");
        assert_eq!(said.lines().filter(|line| told(line)).count(), 1, "{said}");
    }
}

#[tokio::test]
async fn what_is_given_wrongly_is_said_before_anything_is_done() {
    let archives = Archives::open(&[]).await;
    for words in [
        &["backup", "run", "--backup-every", "daily"][..],
        &["backup", "run", "--backup-keep", "seven"],
        &["serve", "--backup-to", "https://somewhere.test/x"],
        &["serve", "--backup-to", "s3://"],
    ] {
        let output = run(command(words).env("DATABASE_URL", archives.office.database.url())).await;
        assert_eq!(output.status.code(), Some(2), "{words:?}");
    }
    let mut nowhere = command(&["backup", "run"]);
    assert_one_sentence(&run(nowhere.env("DATABASE_URL", archives.office.database.url())).await, "--backup-to");
    let words = ["backup", "run", "--backup-key-file", "/nowhere"];
    assert_one_sentence(&run(&mut archives.command(&words)).await, "--backup-key-file");
}
