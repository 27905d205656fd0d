//! What fails or is broken off: a prepared schema is taken whole or not at all, and what is left over is healed.

use chrono::Utc;
use sea_orm::ConnectionTrait as _;
use tenancy::{Error, NewTenant};
use tests::{assert_reads_own, cancelled_after, make_tenant, mark, new_tenant, run, until, value};

use super::Pool;

#[tokio::test]
async fn what_fails_gives_the_schema_back() {
    let mut pool = Pool::of(2).await;
    let first = make_tenant(pool.tenants()).await;
    let prepared = pool.first().await;
    let same_slug = NewTenant { slug: first.slug.clone(), ..new_tenant() };
    let refused = pool.tenants().provision(&same_slug).await.unwrap_err();
    assert!(matches!(refused, Error::SlugTaken(_)), "{refused}");
    assert_eq!((pool.first().await, pool.ready().await), (prepared, 1));
    pool.stop().await;
}

/// Of two programs, the first loses its connection between the schema and the registry row.
#[tokio::test]
async fn a_crash_before_the_commit_leaves_neither_row_nor_schema() {
    let mut pool = Pool::of(1).await;
    for ready in [1, 0] {
        let before = pool.schemas().await;
        let new = new_tenant();
        let mut provisioning = pool.tenants().begin_provisioning().await.unwrap();
        provisioning.make(&new).await.unwrap();
        let process = provisioning
            .connection()
            .query_one_raw(sea_orm::Statement::from_string(sea_orm::DbBackend::Postgres, "SELECT pg_backend_pid() AS process"));
        let process: i32 = process.await.unwrap().unwrap().try_get("", "process").unwrap();
        assert!(value::<bool>(&mut pool.operator, &format!("SELECT pg_terminate_backend({process}, 10000)")).await);
        assert!(provisioning.commit().await.is_err());
        assert_eq!(pool.ready().await, ready);
        assert_eq!(pool.schemas().await, before);
        let rows: i64 = value(&mut pool.operator, "SELECT count(*) FROM platform.tenants").await;
        assert_eq!(rows, i64::from(ready == 0));
        // The second one finds nothing in its way: from the prepared schema at first, then without.
        let made = pool.tenants().provision(&new).await.unwrap();
        assert_eq!(made.slug, new.slug);
    }
    pool.stop().await;
}

#[tokio::test]
async fn a_provisioning_that_is_broken_off_takes_a_schema_whole_or_not_at_all() {
    let mut pool = Pool::of(9).await;
    for polls in [1, 2, 3, 5, 8, 13, 21] {
        cancelled_after(polls, pool.tenants().provision(&new_tenant())).await;
    }
    until("the transactions have ended", async || {
        let open = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state LIKE '%transaction%'";
        value::<i64>(&mut pool.operator, open).await == 0
    })
    .await;
    let tenants: i64 = value(&mut pool.operator, "SELECT count(*) FROM platform.tenants").await;
    assert_eq!(i64::try_from(pool.ready().await).unwrap() + tenants, 9);
    assert_eq!(pool.schemas().await, (9, 9));
    pool.stop().await;
}

#[tokio::test]
async fn a_failure_is_tried_again() {
    let mut pool = Pool::of(0).await;
    run(&mut pool.operator, "BEGIN; LOCK TABLE platform.standby_schemas IN ACCESS EXCLUSIVE MODE").await;
    let tenants = pool.tenants().clone();
    let keeping = tokio::spawn(async move { tenants.keep_standby(1, Utc::now).await });
    let waiting = "FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    let mut other = pool.database.connect().await;
    until("the first try waits", async || value::<i64>(&mut other, &format!("SELECT count(*) {waiting}")).await == 1).await;
    assert!(value::<bool>(&mut other, &format!("SELECT pg_cancel_backend(pid) {waiting}")).await);
    run(&mut pool.operator, "COMMIT").await;
    until("a schema is prepared", async || pool.ready().await == 1).await;
    keeping.abort();
    assert!(keeping.await.unwrap_err().is_cancelled());
    pool.stop().await;
}

#[tokio::test]
async fn a_schema_without_its_row_and_a_row_without_its_schema_are_healed() {
    let mut pool = Pool::of(5).await;
    let lost = make_tenant(pool.tenants()).await;
    mark(pool.tenants(), &lost, 2).await;
    let names: Vec<String> = sqlx::query_scalar("SELECT schema_name FROM platform.standby_schemas ORDER BY made_at, id")
        .fetch_all(&mut pool.operator)
        .await
        .unwrap();
    let [no_row, no_schema, no_role, whole] = <[String; 4]>::try_from(names).unwrap();
    run(&mut pool.operator, &format!("DELETE FROM platform.standby_schemas WHERE schema_name = '{no_row}'")).await;
    run(&mut pool.operator, &format!("DELETE FROM platform.tenants WHERE id = '{}'", lost.id)).await;
    run(&mut pool.operator, &format!("DROP SCHEMA {no_schema} CASCADE")).await;
    run(&mut pool.operator, &format!("DROP OWNED BY {no_role}; DROP ROLE {no_role}")).await;
    let status = pool.status().await;
    assert_eq!((status.ready, status.broken), (1, 2));
    assert_eq!(status.forgotten.iter().map(ToString::to_string).collect::<Vec<_>>(), [no_row.as_str()]);
    // Nobody gets a broken one.
    assert_eq!(make_tenant(pool.tenants()).await.schema.as_str(), whole);
    let cold = make_tenant(pool.tenants()).await;
    assert!(![&no_row, &no_schema, &no_role].contains(&&cold.schema.to_string()));

    assert_eq!(pool.tenants().tidy_standby().await.unwrap(), 3);
    for name in [&no_row, &no_schema, &no_role] {
        assert!(!pool.schema_exists(name).await && !pool.role_exists(name).await, "{name}");
    }
    // What a tenant has had is for a person to look at.
    let kept: i64 = value(&mut pool.operator, &format!("SELECT count(*) FROM {}.departments", lost.schema)).await;
    assert_eq!(kept, 2);
    let status = pool.status().await;
    assert_eq!((status.ready, status.broken, status.forgotten.len()), (0, 0, 0));
    pool.stop().await;
}

#[tokio::test]
async fn a_row_that_names_a_tenant_s_schema_costs_the_tenant_nothing() {
    let mut pool = Pool::of(0).await;
    let tenant = make_tenant(pool.tenants()).await;
    mark(pool.tenants(), &tenant, 2).await;
    let insert = format!("INSERT INTO platform.standby_schemas VALUES ('{}', '{}', '0', now())", tenant.id, tenant.schema);
    run(&mut pool.operator, &insert).await;
    assert_eq!(pool.tenants().tidy_standby().await.unwrap(), 1);
    assert_reads_own(&pool.tenants().read_only(&tenant), &tenant, 2).await;
    pool.stop().await;
}
