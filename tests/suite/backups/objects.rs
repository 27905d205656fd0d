//! Archives in a store that speaks S3.

use std::{fs, time::Duration};

use sqlx::{Connection as _, Executor as _, PgConnection};
use tests::{Company, ObjectStore, Server, database_url, make_tenant, run as run_sql, until, value, waiters_for};
use tokio::{process::Command, time::timeout};

use crate::command_line::{assert_one_sentence, command, run, signal, stdout};

fn tenant(store: &ObjectStore, words: &[&str]) -> Command {
    let mut command = command(&["tenant"]);
    store.known_to(command.args(words).env("DATABASE_URL", database_url()));
    command
}

async fn succeed(store: &ObjectStore, words: &[&str]) -> String {
    let output = run(&mut tenant(store, words)).await;
    assert!(output.status.success(), "{words:?} {}", String::from_utf8_lossy(&output.stderr));
    stdout(&output)
}

/// Rows that cannot be compressed, for an archive of some hundred kilobytes.
async fn fill(company: &Company<'_>) {
    let sql = "INSERT INTO audit_events (id, occurred_at, actor_name, action, subject_type, subject_id, changes) \
               SELECT gen_random_uuid(), now(), '', 'x', 'y', gen_random_uuid(), jsonb_build_object('r', md5(random()::text)) \
               FROM generate_series(1, 5000)";
    sea_orm::ConnectionTrait::execute_unprepared(&company.scope(), sql).await.unwrap();
}

#[tokio::test]
async fn an_archive_goes_there_and_back() {
    let (store, server) = (ObjectStore::start().await, Server::start().await);
    let company = server.company().await;
    fill(&company).await;
    let slug = company.tenant.slug.as_str();
    let address = store.address("of acme/first");
    let said = succeed(&store, &["backup", slug, "--to", &address]).await;
    assert!(said.starts_with(&format!("{slug} is in {address}: ")), "{said}");
    assert!(store.keys().contains(&"of acme/first".to_owned()), "{:?}", store.keys());
    assert_one_sentence(&run(&mut tenant(&store, &["backup", slug, "--to", &address])).await, "exists already");
    succeed(&store, &["verify", &address]).await;
    let copy = format!("copy-{}", &slug[slug.len() - 12..]);
    succeed(&store, &["restore", &address, "--as", &copy]).await;
    let restored = server.tenants().directory().by_slug(&copy.parse().unwrap()).await.unwrap().unwrap();
    assert_eq!(tests::contents_of(&server.tenants().read_only(&restored)).await, company.contents().await);
}

#[tokio::test]
async fn what_goes_wrong_there_is_said_and_leaves_no_archive() {
    let (store, server) = (ObjectStore::start().await, Server::start().await);
    let company = server.company().await;
    fill(&company).await;
    let slug = company.tenant.slug.as_str();
    let good = store.address("good");
    succeed(&store, &["backup", slug, "--to", &good]).await;
    let there = store.keys();
    let bad = store.address("bad");

    let mut refused = tenant(&store, &["backup", slug, "--to", &bad]);
    assert_one_sentence(&run(refused.env("AWS_SECRET_ACCESS_KEY", "another")).await, &bad);
    assert_one_sentence(&run(&mut tenant(&store, &["verify", &store.address("missing")])).await, "missing");

    // Connections that break in the midst, again and again.
    store.cut_after(Some(64 * 1024));
    assert_one_sentence(&run(&mut tenant(&store, &["backup", slug, "--to", &bad])).await, &bad);
    assert!(!store.file("bad").exists());
    // What comes in pieces is put together again; where nothing comes, that is said.
    succeed(&store, &["verify", &good]).await;
    store.cut_after(Some(16));
    assert_one_sentence(&run(&mut tenant(&store, &["verify", &good])).await, &good);
    store.cut_after(None);
    assert_eq!(
        store.keys().iter().filter(|key| !there.contains(key) && !key.contains("upload")).count(),
        0,
        "{:?}",
        store.keys()
    );

    let whole = fs::read(store.file("good")).unwrap();
    fs::write(store.file("good"), &whole[..whole.len() - 1000]).unwrap();
    assert_one_sentence(&run(&mut tenant(&store, &["verify", &good])).await, "incomplete");
    let mut altered = whole.clone();
    altered[whole.len() / 2] ^= 1;
    fs::write(store.file("good"), &altered).unwrap();
    assert_one_sentence(&run(&mut tenant(&store, &["verify", &good])).await, "altered");
    fs::write(store.file("good"), &whole).unwrap();
    succeed(&store, &["verify", &good]).await;
}

#[tokio::test]
async fn a_long_download_may_break_off_more_often_than_a_request() {
    let (store, server) = (ObjectStore::start().await, Server::start().await);
    let company = server.company().await;
    // Twelve mebibytes that cannot be compressed.
    let sql = "INSERT INTO audit_events (id, occurred_at, actor_name, action, subject_type, subject_id, changes) \
               SELECT gen_random_uuid(), now(), '', 'x', 'y', gen_random_uuid(), jsonb_build_object('r', \
                   (SELECT string_agg(encode(sha512(convert_to(n || ' ' || m, 'UTF8')), 'base64'), '') FROM generate_series(1, 2048) m)) \
               FROM generate_series(1, 96) n";
    sea_orm::ConnectionTrait::execute_unprepared(&company.scope(), sql).await.unwrap();
    let address = store.address("long");
    succeed(&store, &["backup", company.tenant.slug.as_str(), "--to", &address]).await;
    assert!(fs::metadata(store.file("long")).unwrap().len() >= 12 << 20);
    // A request is tried again five times, so it gets no further than ten and a half.
    store.cut_after(Some(7 << 18));
    succeed(&store, &["verify", &address]).await;
}

#[tokio::test]
async fn an_upload_that_is_killed_is_no_object() {
    let (store, server) = (ObjectStore::start().await, Server::start().await);
    let (company, address) = (server.company().await, store.address("killed"));
    let (slug, schema) = (company.tenant.slug.as_str(), &company.tenant.schema);
    let mut operator: PgConnection = PgConnection::connect(&database_url()).await.unwrap();
    let mut holder: PgConnection = PgConnection::connect(&database_url()).await.unwrap();
    holder.execute(sqlx::AssertSqlSafe(format!("BEGIN; LOCK TABLE {schema}.positions"))).await.unwrap();
    let mut child = tenant(&store, &["backup", slug, "--to", &address]).spawn().unwrap();
    until("the backup waits", async || waiters_for(&mut operator, &format!("{schema}.positions")).await == 1).await;
    signal(child.id().unwrap(), "KILL");
    child.wait().await.unwrap();
    run_sql(&mut holder, "ROLLBACK").await;
    assert!(!store.file("killed").exists());
    succeed(&store, &["backup", slug, "--to", &address]).await;
    succeed(&store, &["verify", &address]).await;
}

/// Nothing is waited for without end, and no part is left at the store, which would have to be paid for.
#[tokio::test]
async fn who_waits_for_a_store_can_be_stopped() {
    let (store, server) = (ObjectStore::start().await, Server::start().await);
    let company = server.company().await;
    fill(&company).await;
    let (slug, good, bad) = (company.tenant.slug.as_str(), store.address("good"), store.address("bad"));
    succeed(&store, &["backup", slug, "--to", &good]).await;
    store.stall_after(64 * 1024);
    for (name, words) in [("INT", &["backup", slug, "--to", &bad][..]), ("TERM", &["verify", &good])] {
        let before = store.stalled();
        let child = tenant(&store, words).spawn().unwrap();
        until("the store does not answer", async || store.stalled() > before).await;
        signal(child.id().unwrap(), name);
        let output = timeout(Duration::from_secs(40), child.wait_with_output()).await.expect("it does not stop").unwrap();
        assert_one_sentence(&output, "Stopped");
    }
    assert_eq!(store.uploads(), 0);
    assert!(!store.file("bad").exists());
}

#[tokio::test]
async fn the_schedule_puts_archives_there_and_removes_them() {
    let store = ObjectStore::start().await;
    let database = tests::TestDatabase::create().await;
    let server = database.server().await;
    let one = make_tenant(server.tenants()).await;
    let prefix = store.address("fleet");
    for expected in [1, 1] {
        let mut command = command(&["backup", "run", "--backup-to", &prefix, "--backup-keep", "1 yearly"]);
        let output = run(store.known_to(command.env("DATABASE_URL", database.url()))).await;
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let home = format!("fleet/{}/", one.id);
        let archives = store.keys().into_iter().filter(|key| key.starts_with(&home)).count();
        assert_eq!(archives, expected, "{:?}", store.keys());
    }

    // A store that does not answer says nothing of what is in it.
    let drill = async || run(store.known_to(command(&["backup", "drill"]).env("DATABASE_URL", database.url()))).await;
    store.cut_after(Some(16));
    assert_one_sentence(&drill().await, "could not be tried");
    store.cut_after(None);
    let bad = "SELECT count(*) FROM platform.backups WHERE verify_error IS NOT NULL";
    assert_eq!(value::<i64>(&mut database.connect().await, bad).await, 0);
    let output = drill().await;
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[tokio::test]
async fn all_tenants_go_there_and_the_latest_archives_are_kept() {
    let store = ObjectStore::start().await;
    let database = tests::TestDatabase::create().await;
    let server = database.server().await;
    let (one, other) = (make_tenant(server.tenants()).await, make_tenant(server.tenants()).await);
    let prefix = store.address("all/of-them");
    let home = |tenant: &tenancy::Tenant| format!("all/of-them/{}/", tenant.id);
    let archives = |tenant: &tenancy::Tenant| -> Vec<String> {
        let home = home(tenant);
        store.keys().into_iter().filter(|key| key.starts_with(&home)).collect()
    };
    let back_up = || {
        let mut command = command(&["tenant", "backup-all", "--to", &prefix, "--keep", "2"]);
        store.known_to(command.env("DATABASE_URL", database.url()));
        command
    };
    for (kept, removed) in [(1, 0), (2, 0), (2, 2)] {
        let output = run(&mut back_up()).await;
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let said = stdout(&output);
        let end = format!(" rows are in {prefix}; {removed} old archives removed, 0 failed.\n");
        assert!(said.starts_with("2 tenants with ") && said.ends_with(&end), "{said}");
        assert_eq!([&one, &other].map(|tenant| archives(tenant).len()), [kept, kept], "{:?}", store.keys());
    }
    let latest = archives(&one).pop().unwrap();
    assert!(latest.starts_with(&format!("{}{}.all-", home(&one), one.slug)), "{latest}");
    let mut verify = command(&["tenant", "verify", &store.address(&latest)]);
    let output = run(store.known_to(verify.env("DATABASE_URL", database.url()))).await;
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));

    // What has another name is somebody else's, and so is what has such a name elsewhere.
    let scheduled = format!("{}-20200101T000000000Z.tenantry", one.slug);
    let deeper = format!("deeper/{}.all-20200101T000000000Z.tenantry", one.slug);
    let foreign = ["notes.txt", &scheduled, &deeper].map(|name| store.file(&format!("{}{name}", home(&one))));
    fs::create_dir(foreign[2].parent().unwrap()).unwrap();
    for path in &foreign {
        fs::write(path, "mine").unwrap();
    }
    let output = run(&mut back_up()).await;
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(foreign.iter().all(|path| path.exists()));
    assert_eq!(archives(&one).len(), 2 + foreign.len(), "{:?}", store.keys());

    // A store that refuses takes nothing away.
    let before = store.keys();
    let output = run(back_up().env("AWS_SECRET_ACCESS_KEY", "another")).await;
    assert!(!output.status.success());
    let said = stdout(&output);
    assert!(said.starts_with("0 tenants with 0 rows") && said.ends_with("0 old archives removed, 2 failed.\n"), "{said}");
    assert_eq!(store.keys(), before);
}
