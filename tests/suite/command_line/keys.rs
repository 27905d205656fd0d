//! `tenantry keys`, on a database of its own.

use std::os::unix::fs::PermissionsExt as _;

use tests::TestDatabase;

use super::{Home, assert_one_sentence, command, free_port, run, stdout};

#[tokio::test]
async fn keys_are_listed_replaced_and_retired() {
    let database = TestDatabase::create().await;
    let url = database.url();
    // It is warned that keys are stored as they are; here the answers count.
    let keys =
        async |words: &[&str]| run(command(&["keys"]).args(words).env("DATABASE_URL", &url).env("TENANTRY_LOG", "error")).await;
    let states = async || {
        let lines = stdout(&keys(&["list"]).await);
        let rows = lines.lines().map(|line| line.split_whitespace().take(2).map(str::to_owned).collect::<Vec<_>>());
        rows.filter(|row| row.len() == 2 && row[0].len() == 43).map(|row| (row[0].clone(), row[1].clone())).collect::<Vec<_>>()
    };
    drop(database.server().await);
    let [(first, state)] = &states().await[..] else { panic!("there is one key") };
    assert_eq!(state, "signing");
    assert_one_sentence(&keys(&["retire", first]).await, "run `tenantry keys rotate` first");
    let rotated = stdout(&keys(&["rotate"]).await);
    assert!(rotated.contains("is published, and signs from"), "{rotated}");
    assert_one_sentence(&keys(&["rotate"]).await, "is published already");
    let [(second, waiting), (_, signing)] = &states().await[..] else { panic!("there are two keys") };
    assert_eq!((waiting.as_str(), signing.as_str()), ("waiting", "signing"));
    assert_eq!(stdout(&keys(&["retire", second]).await), format!("Key {second} is retired.\n"));
    // At once, for a key that somebody has got hold of.
    assert!(keys(&["rotate", "--key-lead", "0"]).await.status.success());
    assert_one_sentence(&keys(&["retire", first]).await, "--now");
    assert!(keys(&["retire", first, "--now"]).await.status.success());
    let mut states: Vec<String> = states().await.into_iter().map(|(_, state)| state).collect();
    states.sort_unstable();
    assert_eq!(states, ["retired", "retired", "signing"]);
    assert_one_sentence(&keys(&["retire", "unknown"]).await, "There is no signing key unknown");
}

#[tokio::test]
async fn secrets_are_encrypted_with_the_keys_of_a_file() {
    let (database, home) = (TestDatabase::create().await, tempfile::tempdir().unwrap());
    let url = database.url();
    drop(database.server().await);
    let path = home.path().join("keys");
    let path = path.to_str().unwrap();
    let program = async |words: &[&str]| run(command(words).env("DATABASE_URL", &url)).await;
    assert_one_sentence(&program(&["keys", "encrypt"]).await, "--secret-key-file");
    assert_one_sentence(&program(&["keys", "encrypt", "--secret-key-file", path]).await, "cannot be read");
    std::fs::write(path, "not a key").unwrap();
    assert_one_sentence(&program(&["keys", "encrypt", "--secret-key-file", path]).await, "line 1 is not 32 bytes in base64");
    std::fs::write(path, "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n").unwrap();
    let doctor = stdout(&program(&["doctor"]).await);
    assert!(doctor.contains("warning  secrets        1 rows are not encrypted"), "{doctor}");
    let encrypted = stdout(&program(&["keys", "encrypt", "--secret-key-file", path]).await);
    assert!(encrypted.contains("first key: 1."), "{encrypted}");
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o644)).unwrap();
    let doctor = stdout(&program(&["doctor", "--secret-key-file", path]).await);
    let open = "warning  secrets        1 rows, all encrypted with the first key; others than its owner may read";
    assert!(doctor.contains(open) && doctor.contains("chmod 600"), "{doctor}");
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
    let doctor = stdout(&program(&["doctor", "--secret-key-file", path]).await);
    assert!(doctor.contains("ok       secrets        1 rows, all encrypted"), "{doctor}");
    let doctor = stdout(&program(&["doctor"]).await);
    assert!(doctor.contains("failed   secrets"), "{doctor}");
}

/// Where the program brings its Postgres, it brings the key as well.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn beside_a_private_postgres_a_key_is_made() {
    let home = Home::new();
    home.create_tenant("acme").await;
    let serving = home.serve().await;
    serving.sign_in("acme").await;
    let path = home.data().join("secret-key");
    assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let doctor = stdout(&run(command(&["doctor"]).arg("--data-directory").arg(home.data())).await);
    assert!(doctor.contains("rows, all encrypted with the first key"), "{doctor}");
    serving.stop("INT").await;
}

/// A new one in its place would read nothing of before, and would be in the way of the one that is found again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_that_is_lost_is_not_replaced_by_another() {
    let home = Home::new();
    home.create_tenant("acme").await;
    let serving = home.serve().await;
    serving.sign_in("acme").await;
    serving.stop("INT").await;
    let (path, away) = (home.data().join("secret-key"), home.data().with_file_name("away"));
    std::fs::rename(&path, &away).unwrap();
    let address = format!("127.0.0.1:{}", free_port());
    let refused = run(&mut home.command(&["serve", "--listen", &address])).await;
    let said = String::from_utf8_lossy(&refused.stderr);
    assert_eq!(refused.status.code(), Some(1), "{said}");
    assert!(said.contains("Put back the file that this installation had"), "{said}");
    assert!(!path.exists());
    std::fs::rename(&away, &path).unwrap();
    let serving = home.serve().await;
    serving.sign_in("acme").await;
    serving.stop("INT").await;
    // It is lost for good: what it has encrypted is forgotten, and another is made.
    std::fs::remove_file(&path).unwrap();
    let forgotten = stdout(&run(&mut home.command(&["keys", "forget", "--yes"])).await);
    assert!(forgotten.starts_with("Forgotten:\nplatform.signing_keys 1\nplatform.sessions "), "{forgotten}");
    assert!(!path.exists());
    let serving = home.serve().await;
    serving.sign_in("acme").await;
    serving.stop("INT").await;
    assert!(path.exists());
}

#[tokio::test]
async fn secrets_are_forgotten_with_the_file_of_those_that_are_not_and_after_a_question() {
    let (database, home) = (TestDatabase::create().await, tempfile::tempdir().unwrap());
    let url = database.url();
    drop(database.server().await);
    let file = |name: &str, key: &str| {
        let path = home.path().join(name);
        std::fs::write(&path, key).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let lost = file("lost", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n");
    let new = file("new", "Hx4dHBsaGRgXFhUUExIREA8ODQwLCgkIBwYFBAMCAQA=\n");
    let program = async |words: &[&str]| run(command(words).env("DATABASE_URL", &url)).await;
    let with = async |path: &str, words: &[&str]| program(&[words, &["--secret-key-file", path]].concat()).await;
    assert!(with(&lost, &["operator", "create", "olga@operators.test"]).await.status.success());
    assert!(with(&lost, &["keys", "encrypt"]).await.status.success());
    // Not to be lost by not thinking of it.
    assert_one_sentence(&program(&["keys", "forget", "--yes"]).await, "--secret-key-file");
    assert_eq!(stdout(&with(&lost, &["keys", "forget"]).await), "There is no secret that is encrypted with another key.\n");
    assert_one_sentence(&with(&new, &["keys", "forget"]).await, "--yes");
    assert_one_sentence(&with(&new, &["operator", "reset", "olga@operators.test"]).await, "tenantry keys forget");
    let forgotten = stdout(&with(&new, &["keys", "forget", "--yes"]).await);
    assert_eq!(forgotten, "Forgotten:\nplatform.signing_keys 1\nplatform.operators 1\n");
    assert!(with(&new, &["operator", "reset", "olga@operators.test"]).await.status.success());
    let doctor = stdout(&with(&new, &["doctor"]).await);
    assert!(doctor.contains("ok       secrets        1 rows, all encrypted"), "{doctor}");
}

#[tokio::test]
async fn a_file_of_keys_that_has_no_end_is_refused_and_one_that_others_read_is_warned_of() {
    let (database, home) = (TestDatabase::create().await, tempfile::tempdir().unwrap());
    let url = database.url();
    drop(database.server().await);
    let encrypt =
        async |path: &str| run(command(&["keys", "encrypt", "--secret-key-file", path]).env("DATABASE_URL", &url)).await;
    assert_one_sentence(&encrypt("/dev/zero").await, "/dev/zero is longer than");
    let path = home.path().join("keys");
    std::fs::write(&path, "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n").unwrap();
    for (mode, is_warned) in [(0o644, true), (0o600, false)] {
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        let done = encrypt(path.to_str().unwrap()).await;
        let said = String::from_utf8_lossy(&done.stderr);
        assert!(done.status.success(), "{said}");
        assert_eq!(said.contains("others than its owner may read"), is_warned, "{said}");
    }
}
