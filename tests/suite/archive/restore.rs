//! What comes back is what was there.

use std::os::unix::fs::PermissionsExt as _;

use chrono::Utc;
use domain::Role;
use sea_orm::ConnectionTrait as _;
use serde_json::json;
use sqlx::{Connection as _, PgConnection};
use tenancy::{ArchiveError, ArchiveKey, Error, NewTenant};
use tests::{Caller, Server, cancelled_after, database_url, new_tenant, opaque, run, until, value};

use super::{Shelf, archive_error, contents, fill, traces};

#[tokio::test]
async fn a_restored_tenant_has_the_same_rows_and_is_another_tenant() {
    let server = Server::start().await;
    let company = server.company().await;
    fill(&company, 1_500).await;
    let shelf = Shelf::new();
    let key = ArchiveKey::parse(&[7; 32]).unwrap();
    for key in [None, Some(&key)] {
        let file = shelf.path(if key.is_some() { "encrypted" } else { "plain" });
        let made = server.tenants().backup(&company.tenant, &file, key, Utc::now()).await.unwrap();
        assert_eq!(made.manifest.tenant, company.tenant.id);
        assert_eq!(made.manifest.version(), server.tenants().head());
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(server.tenants().check_archive(&file, key).await.unwrap(), made);
        assert_eq!(server.tenants().verify(&file, key).await.unwrap(), made);

        let new = new_tenant();
        let (tenant, restored) = server.tenants().restore(&file, key, &new).await.unwrap();
        assert_eq!(restored.totals, made.totals);
        assert_eq!((tenant.id, tenant.slug.clone(), &tenant.name), (new.id, new.slug, &new.name));
        assert_eq!(contents(server.tenants(), &tenant).await, company.contents().await);
        assert_eq!(traces(tenant.id).await, [1, 1, 1]);
        // The restored one makes the same archive.
        let again = shelf.path(&format!("again {}", key.is_some()));
        assert_eq!(server.tenants().backup(&tenant, &again, key, Utc::now()).await.unwrap().totals, made.totals);
    }
    assert_eq!(shelf.names(), ["again false", "again true", "encrypted", "plain"]);
}

/// The schema of a restored tenant is that of a new one, to the last index; and people can work in it.
#[tokio::test]
async fn a_restored_tenant_is_as_good_as_a_new_one() {
    let server = Server::start().await;
    let company = server.company().await;
    let shelf = Shelf::new();
    let file = shelf.backup(server.tenants(), &company.tenant).await;
    let (tenant, _) = server.tenants().restore(&file, None, &new_tenant()).await.unwrap();
    let mut connection = PgConnection::connect(&database_url()).await.unwrap();
    let mut shapes = Vec::new();
    for schema in [&company.tenant.schema, &tenant.schema] {
        let sql = format!(
            "SELECT string_agg(line, E'\\n' ORDER BY line) FROM (
                SELECT replace(indexdef, '{schema}', '') FROM pg_indexes WHERE schemaname = '{schema}'
                UNION ALL SELECT conrelid::regclass || conname || replace(pg_get_constraintdef(oid), '{schema}.', '') || convalidated
                    FROM pg_constraint WHERE connamespace = '{schema}'::regnamespace
                UNION ALL SELECT table_name || column_name || data_type || is_nullable || coalesce(column_default, '')
                    FROM information_schema.columns WHERE table_schema = '{schema}'
                UNION ALL SELECT c.relname || replace(c.relacl::text, '{schema}', '') FROM pg_class c WHERE c.relnamespace = '{schema}'::regnamespace
            ) lines (line)"
        );
        shapes.push(value::<String>(&mut connection, &sql).await.replace(&format!("{schema}."), ""));
    }
    assert_eq!(shapes[0], shapes[1]);

    let owner = server.signer.member(tenant.id, Role::Owner, None).await;
    let token = server.signer.forgery_of(&owner).sign();
    let caller = Caller::new(server.router.clone(), server.app.hosts.of_slug(&tenant.slug), Some(token));
    let made = caller.mutate("createDepartment", json!({ "name": "Repairs" }), "department { name }").await;
    assert_eq!(made.data("/createDepartment/department/name"), "Repairs");
    assert_eq!(caller.ask("{ employees { totalCount } }").await.data("/employees/totalCount"), 4);
}

/// Trap 9: a clone has the same ids, and nothing else in common.
#[tokio::test]
async fn a_clone_is_another_tenant() {
    let server = Server::start().await;
    let company = server.company().await;
    let (tenant, _) = server.tenants().clone_tenant(&company.tenant, &new_tenant()).await.unwrap();
    let before = contents(server.tenants(), &tenant).await;
    assert_eq!(before, company.contents().await);

    let host = server.app.hosts.of_slug(&tenant.slug);
    for role in Role::ALL {
        let answer = company.caller(role).at(&host).ask("{ employees { totalCount } }").await;
        assert_eq!(answer.code(), "TENANT_MISMATCH");
    }
    let anonymous = company.anonymous().at(&host).ask("{ employees { totalCount } }").await;
    assert_eq!(anonymous.code(), "UNAUTHENTICATED");
    // Nobody's membership was copied.
    let mut connection = PgConnection::connect(&database_url()).await.unwrap();
    let members = format!("SELECT count(*) FROM platform.memberships WHERE tenant_id = '{}'", tenant.id);
    assert_eq!(value::<i64>(&mut connection, &members).await, 0);

    // The same id, and two rows.
    let id = opaque(company.department.id);
    let owner = server.signer.member(tenant.id, Role::Owner, None).await;
    let there = Caller::new(server.router.clone(), host, Some(server.signer.forgery_of(&owner).sign()));
    let renamed = there.mutate("renameDepartment", json!({ "id": id, "name": "Elsewhere" }), "department { id name }").await;
    assert_eq!(renamed.data("/renameDepartment/department/id"), id);
    assert_eq!(company.contents().await, before);
    assert_ne!(contents(server.tenants(), &tenant).await, before);
}

/// Pairs of rows are written together all the time: an archive has both or neither.
#[tokio::test]
async fn an_archive_is_one_moment_of_a_tenant_that_is_used() {
    let server = Server::start().await;
    let company = server.company().await;
    let shelf = Shelf::new();
    let scope = company.scope();
    let mut written = 0;
    let write = async {
        loop {
            let pair = "WITH one AS (INSERT INTO positions (id, title, created_at, updated_at)
                    SELECT gen_random_uuid(), gen_random_uuid()::text, now(), now())
                INSERT INTO departments (id, name, created_at, updated_at) SELECT gen_random_uuid(), gen_random_uuid()::text, now(), now()";
            scope.execute_unprepared(pair).await.unwrap();
            written += 1;
        }
    };
    let mut sizes = Vec::new();
    let back_up = async {
        for number in 0..8 {
            let file = shelf.path(&number.to_string());
            let made = server.tenants().backup(&company.tenant, &file, None, Utc::now()).await.unwrap();
            let rows = |name: &str| made.tables().find(|(table, _)| table.name == name).unwrap().1.rows;
            assert_eq!(rows("departments"), rows("positions"));
            assert_eq!(server.tenants().verify(&file, None).await.unwrap(), made);
            sizes.push(rows("departments"));
        }
    };
    tokio::select! {
        () = write => {}
        () = back_up => {}
    }
    assert!(sizes.is_sorted() && sizes[0] < sizes[7] && written > 0, "{sizes:?}");
}

#[tokio::test]
async fn what_is_there_already_is_not_overwritten() {
    let server = Server::start().await;
    let company = server.company().await;
    let shelf = Shelf::new();
    let file = shelf.backup(server.tenants(), &company.tenant).await;
    let before = std::fs::read(&file).unwrap();
    let again = server.tenants().backup(&company.tenant, &file, None, Utc::now()).await;
    assert!(matches!(archive_error(again), ArchiveError::Exists(_)));
    assert_eq!(std::fs::read(&file).unwrap(), before);
    let nowhere = shelf.path("no/such/directory");
    let refused = archive_error(server.tenants().backup(&company.tenant, &nowhere, None, Utc::now()).await);
    assert!(refused.to_string().contains("no/such/directory"), "{refused}");

    let taken = NewTenant { slug: company.tenant.slug.clone(), ..new_tenant() };
    let restored = server.tenants().restore(&file, None, &taken).await.unwrap_err();
    assert!(matches!(restored, Error::SlugTaken(_)), "{restored}");
    let cloned = server.tenants().clone_tenant(&company.tenant, &taken).await.unwrap_err();
    assert!(matches!(cloned, Error::SlugTaken(_)), "{cloned}");
    assert_eq!(traces(taken.id).await, [0, 0, 0]);
    assert_eq!(shelf.names().len(), 1);
}

/// As by a program that is killed at any moment.
#[tokio::test]
async fn a_restore_that_is_broken_off_leaves_a_whole_tenant_or_none() {
    let server = Server::start().await;
    let company = server.company().await;
    let shelf = Shelf::new();
    let file = shelf.backup(server.tenants(), &company.tenant).await;
    for polls in [1, 4, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192] {
        let new = new_tenant();
        let done = cancelled_after(polls, server.tenants().restore(&file, None, &new)).await.is_some();
        let cloned = new_tenant();
        let clone = cancelled_after(polls, server.tenants().clone_tenant(&company.tenant, &cloned)).await.is_some();
        for (id, done) in [(new.id, done), (cloned.id, clone)] {
            until("nothing half-made is left", async || {
                let traces = traces(id).await;
                traces == [1, 1, 1] || (traces == [0, 0, 0] && !done)
            })
            .await;
        }
    }
}

/// Data that the schema's rules refuse, as after somebody worked around them.
#[tokio::test]
async fn rows_that_break_a_rule_are_refused_and_leave_nothing() {
    let server = Server::start().await;
    let company = server.company().await;
    let shelf = Shelf::new();
    let mut operator = PgConnection::connect(&database_url()).await.unwrap();
    let schema = &company.tenant.schema;
    let damage = format!(
        "ALTER TABLE {schema}.employees DROP CONSTRAINT employees_department_fkey;
         UPDATE {schema}.employees SET department_id = gen_random_uuid()"
    );
    run(&mut operator, &damage).await;
    let file = shelf.backup(server.tenants(), &company.tenant).await;
    let new = new_tenant();
    let refused = archive_error(server.tenants().restore(&file, None, &new).await);
    assert!(matches!(&refused, ArchiveError::Refused { table, .. } if table == "employees"), "{refused}");
    assert!(matches!(archive_error(server.tenants().verify(&file, None).await), ArchiveError::Refused { .. }));
    assert_eq!(traces(new.id).await, [0, 0, 0]);

    // A column that no migration has made.
    run(&mut operator, &format!("ALTER TABLE {schema}.positions ADD COLUMN extra text")).await;
    let file = shelf.backup(server.tenants(), &company.tenant).await;
    let refused = archive_error(server.tenants().restore(&file, None, &new).await);
    assert!(matches!(&refused, ArchiveError::Shape(what) if what.contains("positions.extra")), "{refused}");
    run(&mut operator, &format!("ALTER TABLE {schema}.positions DROP COLUMN extra, DROP COLUMN title")).await;
    let file = shelf.backup(server.tenants(), &company.tenant).await;
    let refused = archive_error(server.tenants().restore(&file, None, &new).await);
    assert!(matches!(&refused, ArchiveError::Shape(what) if what.contains("positions.title")), "{refused}");
    assert_eq!(traces(new.id).await, [0, 0, 0]);
}

/// Nothing of the control plane is in an archive: no account, key, session, membership or invitation.
#[tokio::test]
async fn an_archive_holds_the_tenants_tables_and_no_others() {
    let server = Server::start().await;
    let company = server.company().await;
    let shelf = Shelf::new();
    let made = server.tenants().backup(&company.tenant, &shelf.path("a"), None, Utc::now()).await.unwrap();
    let tables: Vec<_> = made.manifest.tables.iter().map(|table| table.name.as_str()).collect();
    let sql = "SELECT tablename::text FROM pg_tables WHERE schemaname = current_schema() AND tablename <> 'seaql_migrations' ORDER BY 1";
    assert_eq!(company.texts(sql).await, tables);
    assert!(tables.contains(&"employees"));
}
