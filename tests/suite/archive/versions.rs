//! Archives of older programs are migrated on the way; those of newer ones are refused.

use chrono::Utc;
use migration::tenant::TenantMigrator;
use sea_orm_migration::{MigrationTrait, MigratorTrait};
use tenancy::ArchiveError;
use tests::{Step, TestDatabase, assert_reads_own, make_tenant, mark, new_tenant, value};

use super::{Shelf, archive_error, contents};

/// The program before its last migration.
struct Former;

impl MigratorTrait for Former {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        let mut migrations = TenantMigrator::migrations();
        migrations.pop();
        migrations
    }
}

/// The next program: a migration that puts rows, one that needs the rows that are there, and a circle of references.
struct Next;

impl MigratorTrait for Next {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        let mut migrations = TenantMigrator::migrations();
        let circle = "CREATE TABLE alpha (id int CONSTRAINT alpha_pkey PRIMARY KEY, other int);
            CREATE TABLE beta (id int CONSTRAINT beta_pkey PRIMARY KEY, other int,
                twice int GENERATED ALWAYS AS (id * 2) STORED, CONSTRAINT beta_fkey FOREIGN KEY (other) REFERENCES alpha (id));
            ALTER TABLE alpha ADD CONSTRAINT alpha_fkey FOREIGN KEY (other) REFERENCES beta (id);
            INSERT INTO alpha VALUES (1, NULL); INSERT INTO beta VALUES (1, 1); UPDATE alpha SET other = 1";
        migrations.push(Step::boxed("m20990101_000001_circle", circle));
        let upper = "ALTER TABLE departments ADD COLUMN shouted text; UPDATE departments SET shouted = upper(name)";
        migrations.push(Step::boxed("m20990101_000002_shouted", upper));
        migrations
    }
}

/// A program whose last migration but one is another.
struct Foreign;

impl MigratorTrait for Foreign {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        let mut migrations = Former::migrations();
        migrations.push(Step::boxed("m20261121_000002_z", "SELECT 1"));
        migrations.extend(TenantMigrator::migrations().pop());
        migrations
    }
}

#[tokio::test]
async fn an_archive_of_an_older_program_is_migrated() {
    let database = TestDatabase::create().await;
    let server = database.server().await;
    let (former, next) = (database.tenants::<Former>(), database.tenants::<Next>());
    let shelf = Shelf::new();
    let old = make_tenant(&former).await;
    mark(&former, &old, 5).await;
    let file = shelf.backup(&former, &old).await;

    let (tenant, _) = next.restore(&file, None, &new_tenant()).await.unwrap();
    assert_eq!(tenant.schema_version.as_deref(), Some(next.head()));
    assert_eq!(contents(&next, &tenant).await["departments"].as_array().unwrap().len(), 5);
    let mut operator = database.connect().await;
    let shouted = format!("SELECT count(*) FROM {}.departments WHERE shouted = upper(name)", tenant.schema);
    assert_eq!(value::<i64>(&mut operator, &shouted).await, 5);
    let applied = format!("SELECT array_agg(version ORDER BY version) FROM {}.seaql_migrations", tenant.schema);
    let names: Vec<String> = Next::migrations().iter().map(|migration| migration.name().to_owned()).collect();
    assert_eq!(value::<Vec<String>>(&mut operator, &applied).await, names);
    // Nothing is left for a run over the tenants, other than the old one.
    let behind: Vec<_> = next.tenants_behind().await.unwrap().into_iter().map(|tenant| tenant.id).collect();
    assert_eq!(behind, [old.id]);

    // In place too: the tenant is at the head with it.
    assert_eq!(next.verify(&file, None).await.unwrap().manifest.tenant, old.id);
    let (tenant, _) = next.restore_in_place(&file, None, Utc::now()).await.unwrap();
    assert_eq!((tenant.id, tenant.schema_version.as_deref()), (old.id, Some(next.head())));
    assert_reads_own(&next.read_only(&tenant), &old, 5).await;
    assert!(next.tenants_behind().await.unwrap().is_empty());

    // References in a circle, rows that a migration puts, and columns that Postgres computes, come back.
    let file = shelf.backup(&next, &tenant).await;
    let before = contents(&next, &tenant).await;
    assert_eq!(before["beta"][0]["twice"], 2);
    let (again, _) = next.restore(&file, None, &new_tenant()).await.unwrap();
    assert_eq!(contents(&next, &again).await, before);
    next.verify(&file, None).await.unwrap();
    for tenants in [&former, &next, server.tenants()] {
        tenants.close().await;
    }
}

#[tokio::test]
async fn an_archive_of_a_newer_program_is_refused_and_changes_nothing() {
    let database = TestDatabase::create().await;
    let server = database.server().await;
    let (next, foreign) = (database.tenants::<Next>(), database.tenants::<Foreign>());
    let shelf = Shelf::new();
    let newer = make_tenant(&next).await;
    mark(&next, &newer, 2).await;
    let file = shelf.backup(&next, &newer).await;
    let before = contents(&next, &newer).await;
    let tenants = server.tenants();
    for refused in [
        archive_error(tenants.restore(&file, None, &new_tenant()).await),
        archive_error(tenants.restore_in_place(&file, None, Utc::now()).await),
        archive_error(tenants.verify(&file, None).await),
        archive_error(tenants.clone_tenant(&newer, &new_tenant()).await),
    ] {
        assert!(matches!(&refused, ArchiveError::Newer(name) if name.contains("circle")), "{refused}");
        assert!(refused.to_string().contains("newer program"), "{refused}");
    }
    let own = make_tenant(tenants).await;
    let file = shelf.backup(tenants, &own).await;
    let refused = archive_error(foreign.restore(&file, None, &new_tenant()).await);
    assert!(matches!(&refused, ArchiveError::Foreign(_)), "{refused}");
    assert_eq!(contents(&next, &newer).await, before);
    let mut operator = database.connect().await;
    assert_eq!(value::<i64>(&mut operator, "SELECT count(*) FROM platform.tenants").await, 2);
    assert_eq!(value::<i64>(&mut operator, "SELECT count(*) FROM pg_namespace WHERE nspname ~ '^(tenant|scratch)_'").await, 2);
    for tenants in [&next, &foreign, tenants] {
        tenants.close().await;
    }
}
