//! Starting, stopping, and being killed.

use std::time::Duration;

use serde_json::json;
use sqlx::{Connection as _, PgConnection};
use tokio::time::{sleep, timeout};

use super::{Home, assert_one_sentence, free_port, is_alive, run, signal};

const CREATE: &str = "mutation($title: String!) { createPosition(input: { title: $title }) { position { title } } }";
const POSITIONS: &str = "{ positions { nodes { title } } }";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_start_keeps_the_data_and_is_fast() {
    let home = Home::new();
    let first = home.serve().await;
    // Beside the program that serves.
    home.create_tenant("acme").await;
    let token = first.sign_in("acme").await;
    first.ask("acme", Some(&token), CREATE, json!({ "title": "Kept" })).await;

    let listen = format!("127.0.0.1:{}", free_port());
    let output = run(&mut home.command(&["serve", "--listen", &listen])).await;
    assert_one_sentence(&output, "already uses the data directory");

    let postgres = home.postgres().unwrap();
    let first_took = first.took;
    let log = first.stop("INT").await;
    assert!(!log.contains("ERROR"), "{log}");
    assert!(!is_alive(postgres) && home.postgres().is_none(), "its Postgres goes on");

    let second = home.serve().await;
    println!("ready after {first_took:?} at the first start and after {:?} at the second", second.took);
    assert!(second.took < Duration::from_secs(10), "{:?}", second.took);
    // The token too: the keys are kept.
    let positions = second.ask("acme", Some(&token), POSITIONS, json!({})).await;
    assert_eq!(positions["positions"]["nodes"], json!([{ "title": "Kept" }]));
    second.stop("TERM").await;
    assert!(home.postgres().is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_under_way_is_finished_before_the_end() {
    let home = Home::new();
    home.create_tenant("acme").await;
    let serving = home.serve().await;
    let token = serving.sign_in("acme").await;
    serving.ask("acme", Some(&token), CREATE, json!({ "title": "Before" })).await;

    let url = api::local_postgres::url_of_running(&home.data()).await.expect("the private Postgres is not found");
    let mut connection = PgConnection::connect(&url).await.unwrap();
    let schema: String = sqlx::query_scalar("SELECT schema_name FROM platform.tenants").fetch_one(&mut connection).await.unwrap();
    let mut blocker = connection.begin().await.unwrap();
    let lock = format!("LOCK TABLE {schema}.positions IN ACCESS EXCLUSIVE MODE");
    sqlx::raw_sql(sqlx::AssertSqlSafe(lock)).execute(&mut *blocker).await.unwrap();

    let process = serving.process();
    let port = serving.port;
    let under_way = serving.ask("acme", Some(&token), CREATE, json!({ "title": "Under way" }));
    let meanwhile = async {
        let waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'";
        let waits = async {
            while sqlx::query_scalar::<_, i64>(waiting).fetch_one(&mut *blocker).await.unwrap() == 0 {
                sleep(Duration::from_millis(10)).await;
            }
        };
        timeout(Duration::from_secs(10), waits).await.expect("the request does not wait");
        signal(process, "INT");
        let refused = async {
            while tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_ok() {
                sleep(Duration::from_millis(10)).await;
            }
        };
        timeout(Duration::from_secs(10), refused).await.expect("new connections are still taken");
        sleep(Duration::from_millis(200)).await;
        assert!(is_alive(process), "it did not wait for the request");
        blocker.rollback().await.unwrap();
    };
    let (answer, ()) = tokio::join!(under_way, meanwhile);
    assert_eq!(answer["createPosition"]["position"]["title"], "Under way");
    connection.close().await.unwrap();
    serving.stop("INT").await;
    assert!(home.postgres().is_none(), "its Postgres goes on");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_kill_the_next_start_recovers_by_itself() {
    let home = Home::new();
    home.create_tenant("acme").await;
    let serving = home.serve().await;
    let token = serving.sign_in("acme").await;
    serving.ask("acme", Some(&token), CREATE, json!({ "title": "One" })).await;
    let postgres = home.postgres().unwrap();
    serving.kill().await;
    assert!(is_alive(postgres), "Postgres is not tied to the program");

    // It takes over the Postgres that was left.
    let serving = home.serve().await;
    assert_eq!(home.postgres(), Some(postgres));
    serving.ask("acme", Some(&token), CREATE, json!({ "title": "Two" })).await;

    // Both at once, as when the machine loses power.
    let process = serving.process();
    signal(process, "KILL");
    signal(postgres, "KILL");
    serving.kill().await;
    let gone = async {
        while is_alive(postgres) {
            sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(Duration::from_secs(10), gone).await.unwrap();

    let serving = home.serve().await;
    println!("ready after {:?} behind a crash of everything", serving.took);
    let positions = serving.ask("acme", Some(&token), POSITIONS, json!({})).await;
    assert_eq!(positions["positions"]["nodes"], json!([{ "title": "One" }, { "title": "Two" }]));
    serving.ask("acme", Some(&token), CREATE, json!({ "title": "Three" })).await;
    serving.stop("INT").await;
    assert!(home.postgres().is_none());
}
