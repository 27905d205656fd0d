//! `tenantry keys`, on a database of its own.

use tests::TestDatabase;

use super::{assert_one_sentence, command, run, stdout};

#[tokio::test]
async fn keys_are_listed_replaced_and_retired() {
    let database = TestDatabase::create().await;
    let url = database.url();
    let keys = async |words: &[&str]| run(command(&["keys"]).args(words).env("DATABASE_URL", &url)).await;
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
