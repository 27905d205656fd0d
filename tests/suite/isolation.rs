//! The walls between tenants: no scope mixes with another, and Postgres refuses what a scope may not reach.

mod roles;

use entities::tenant::department;
use futures::{TryStreamExt, future::join_all};
use migration::tenant::TenantMigrator;
use sea_orm::{
    ConnectionTrait, DbBackend, EntityTrait, PaginatorTrait, QueryOrder, Statement, TransactionSession, TransactionTrait,
};
use tenancy::Tenants;
use tests::{
    Caller, Server, TestDatabase, assert_is_tenant, assert_own, assert_reads_own, database_url, marked_tenant, one_connection,
    run, schema_and_role,
};

/// Trap 1.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrent_scopes_of_one_process_do_not_mix() {
    let server = Server::start().await;
    let mut marked = Vec::new();
    for count in 1..=6 {
        marked.push((marked_tenant(server.tenants(), count).await, count));
    }
    let tasks = (0..24).map(|task| {
        let (tenant, count) = marked[task % marked.len()].clone();
        let tenants = server.tenants().clone();
        tokio::spawn(async move {
            for round in 0..25 {
                if (task + round) % 2 == 0 {
                    let transaction = tenants.read_write(&tenant).begin().await.unwrap();
                    assert_reads_own(&transaction, &tenant, count).await;
                    tokio::task::yield_now().await;
                    assert_is_tenant(&tenant, &schema_and_role(&transaction).await);
                    transaction.commit().await.unwrap();
                } else {
                    let snapshot = tenants.read_only(&tenant);
                    assert_reads_own(&snapshot, &tenant, count).await;
                    tokio::task::yield_now().await;
                    assert_reads_own(&snapshot, &tenant, count).await;
                }
            }
        })
    });
    for task in join_all(tasks).await {
        task.unwrap();
    }
}

/// Trap 2.
#[tokio::test]
async fn a_scope_within_a_scope_leaves_the_outer_one_alone() {
    let server = Server::start().await;
    let acme = marked_tenant(server.tenants(), 1).await;
    let globex = marked_tenant(server.tenants(), 2).await;
    let outer = server.tenants().read_write(&acme).begin().await.unwrap();
    assert_reads_own(&outer, &acme, 1).await;
    {
        let inner = server.tenants().read_write(&globex).begin().await.unwrap();
        assert_reads_own(&inner, &globex, 2).await;
        assert_reads_own(&outer, &acme, 1).await;
        {
            let innermost = server.tenants().read_only(&acme);
            assert_reads_own(&innermost, &acme, 1).await;
            assert_reads_own(&inner, &globex, 2).await;
        }
        let savepoint = inner.begin().await.unwrap();
        assert_reads_own(&savepoint, &globex, 2).await;
        savepoint.rollback().await.unwrap();
        assert_is_tenant(&globex, &schema_and_role(&inner).await);
        assert_is_tenant(&acme, &schema_and_role(&outer).await);
        inner.commit().await.unwrap();
    }
    assert_is_tenant(&acme, &schema_and_role(&outer).await);
    assert_reads_own(&outer, &acme, 1).await;
    outer.commit().await.unwrap();
}

/// Trap 3: what was begun for one tenant stays with it, however late its rows are asked for.
#[tokio::test]
async fn a_query_that_runs_late_reads_the_tenant_that_it_was_given() {
    let server = Server::start().await;
    let acme = marked_tenant(server.tenants(), 4).await;
    let globex = marked_tenant(server.tenants(), 3).await;
    let (early, late) = (server.tenants().read_only(&acme), server.tenants().read_only(&globex));
    let select = department::Entity::find().order_by_asc(department::Column::Id);

    let mut pages = select.clone().paginate(&early, 1).into_stream();
    let stream = select.clone().stream(&early).await.unwrap();
    assert_reads_own(&late, &globex, 3).await;
    let streamed: Vec<_> = stream.try_collect().await.unwrap();
    assert_own(&acme, &streamed, 4);
    let mut turned = Vec::new();
    while let Some(page) = pages.try_next().await.unwrap() {
        assert_reads_own(&late, &globex, 3).await;
        turned.extend(page);
    }
    assert_own(&acme, &turned, 4);
    // The query itself belongs to nobody.
    assert_own(&globex, &select.all(&late).await.unwrap(), 3);
}

/// Trap 4: with a table of the same name in `public`, and rows in it.
#[tokio::test]
async fn a_missing_schema_is_an_error_and_never_reads_public() {
    let database = TestDatabase::create().await;
    let server = database.server().await;
    let mut operator = database.connect().await;
    let spare = "CREATE TABLE public.departments (id uuid PRIMARY KEY, name text NOT NULL, parent_id uuid, \
                 created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL); \
                 GRANT ALL ON public.departments TO public; \
                 INSERT INTO public.departments VALUES (gen_random_uuid(), 'public', NULL, now(), now())";
    run(&mut operator, spare).await;
    let acme = server.company().await;
    let tenant = &acme.tenant;
    let schema = &tenant.schema;
    let query = "{ departments { nodes { name } } }";
    assert_eq!(acme.caller(domain::Role::Owner).ask(query).await.text("/departments/nodes/0/name"), "Workshop");

    for damage in [
        format!("ALTER SCHEMA {schema} RENAME TO elsewhere"),
        "DROP SCHEMA elsewhere CASCADE".to_owned(),
        format!("DROP OWNED BY {schema}; DROP ROLE {schema}"),
    ] {
        run(&mut operator, &damage).await;
        for scope in [server.tenants().read_only(tenant), server.tenants().read_write(tenant)] {
            let read = department::Entity::find().all(&scope).await;
            assert!(read.is_err(), "after {damage}: {read:?}");
        }
        let written = server.tenants().read_write(tenant).execute_unprepared("DELETE FROM departments").await;
        assert!(written.is_err(), "after {damage}: {written:?}");
        let answer = acme.caller(domain::Role::Owner).ask(query).await;
        assert_eq!(answer.code(), "INTERNAL", "after {damage}: {}", answer.body);
        assert!(!answer.body.to_string().contains("public"), "{}", answer.body);
    }
    let left: i64 = tests::value(&mut operator, "SELECT count(*) FROM public.departments").await;
    assert_eq!(left, 1);
    server.tenants().close().await;
}

/// Trap 7: one connection serves someone who is signed in, then someone who is not, at this host and at another.
#[tokio::test]
async fn an_anonymous_request_after_a_signed_in_one_is_anonymous() {
    let tenants = Tenants::connect::<TenantMigrator>(&one_connection(&database_url())).unwrap();
    let server = Server::start_on(tenants, &[], api::app::system_clock()).await;
    let (acme, globex) = (server.company().await, server.company().await);
    for _ in 0..5 {
        for company in [&acme, &globex] {
            let viewer = company.caller(domain::Role::Owner).ask("{ viewer { role } departments { nodes { id } } }").await;
            assert_eq!(viewer.text("/viewer/role"), "OWNER");
            let id = tests::opaque(company.department.id);
            assert_eq!(viewer.text("/departments/nodes/0/id"), id);
            for anonymous in [acme.anonymous(), globex.anonymous()] {
                assert_eq!(anonymous.ask("{ departments { nodes { id } } }").await.code(), "UNAUTHENTICATED");
            }
            let place = globex.anonymous().ask("{ tenant { slug } }").await;
            assert_eq!(place.text("/tenant/slug"), globex.tenant.slug.as_str());
        }
    }
}

/// Trap 8: the control plane's connection has no tenant, and a statement after the end of a scope has none either.
#[tokio::test]
async fn a_statement_without_a_tenant_fails_and_changes_nobodys_rows() {
    let server = Server::start().await;
    let acme = marked_tenant(server.tenants(), 2).await;
    let globex = marked_tenant(server.tenants(), 3).await;
    let write = "UPDATE departments SET name = 'overwritten'";
    assert!(server.tenants().platform().execute_unprepared(write).await.is_err());
    assert!(department::Entity::find().all(&server.tenants().platform()).await.is_err());
    // The text ends the transaction itself, and with it the scope: what follows has the bare connection of the pool.
    let bare = [server.tenants().platform().begin().await.unwrap()];
    let result = bare[0].execute_unprepared(&format!("COMMIT; {write}")).await.unwrap_err();
    assert!(result.to_string().contains("does not exist"), "{result}");
    let transaction = server.tenants().read_write(&acme).begin().await.unwrap();
    let result = transaction.execute_unprepared(&format!("COMMIT; {write}")).await.unwrap_err();
    assert!(result.to_string().contains("does not exist"), "{result}");
    drop((bare, transaction));
    assert_reads_own(&server.tenants().read_only(&acme), &acme, 2).await;
    assert_reads_own(&server.tenants().read_only(&globex), &globex, 3).await;
}

/// Trap 15: types of a schema's own would have other numbers in each schema, in statements that are kept.
#[tokio::test]
async fn a_tenants_schema_has_no_types_of_its_own() {
    let server = Server::start().await;
    let tenant = server.tenant().await;
    let own = format!(
        "SELECT t.typname::text FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace \
         WHERE n.nspname = '{}' AND t.typtype <> 'c' AND t.typcategory <> 'A'",
        tenant.schema
    );
    let rows = server.tenants().platform().query_all_raw(Statement::from_string(DbBackend::Postgres, own)).await.unwrap();
    assert!(rows.is_empty(), "{rows:?}");
}

/// Trap 15: one connection, one statement, many schemas, more statements than are kept.
#[tokio::test]
async fn statements_that_are_kept_never_answer_for_another_schema() {
    let server = Server::start().await;
    let options = tenancy::PoolOptions { statement_cache: 5, ..one_connection(&database_url()) };
    let tenants = Tenants::connect::<TenantMigrator>(&options).unwrap();
    let mut marked = Vec::new();
    for count in 1..=8 {
        marked.push((marked_tenant(server.tenants(), count).await, count));
    }
    for _ in 0..10 {
        for (tenant, count) in &marked {
            assert_reads_own(&tenants.read_only(tenant), tenant, *count).await;
        }
    }
    tenants.close().await;
}

/// Trap 10.
#[tokio::test]
async fn no_query_of_the_api_lists_tenants() {
    let server = Server::start().await;
    let acme = server.company().await;
    server.company().await;
    let owner: Caller = acme.caller(domain::Role::Owner);
    for query in ["{ tenants { slug } }", "{ tenant(id: 1) { slug } }", "{ organisations { name } }", "{ accounts { email } }"] {
        let answer = owner.ask(query).await;
        assert_eq!(answer.body.get("data"), None, "{query}: {}", answer.body);
        assert!(answer.status.is_client_error(), "{query}: {}", answer.status);
    }
    let sdl = api::graphql::sdl();
    assert!(!sdl.contains("[Tenant"), "a field of the schema lists tenants");
    assert!(!sdl.contains("TenantConnection"), "a field of the schema lists tenants");
}
