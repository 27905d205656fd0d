//! A migration that was applied does not change any more.

use chrono::Utc;
use migration::tenant::TenantMigrator;
use sea_orm::{ConnectionTrait as _, DbBackend, DbErr, Statement};
use sea_orm_migration::{MigrationName, MigrationTrait, MigratorTrait, SchemaManager};
use tenancy::Error;
use tests::{Step, make_tenant};

use super::{Fleet, Next, SECOND, migrate, options};

/// The next version as somebody edited it after it was released, and one more.
struct Edited;

impl MigratorTrait for Edited {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        let mut migrations = TenantMigrator::migrations();
        migrations.push(Step::boxed("m20990101_000001_table", "CREATE TABLE added (id uuid PRIMARY KEY)"));
        migrations.push(Step::boxed(SECOND, "ALTER TABLE employees ADD COLUMN nickname varchar(20)"));
        migrations.push(Step::boxed("m20990101_000003_more", "ALTER TABLE employees ADD COLUMN more text"));
        migrations
    }
}

/// The same, but for white space, comments and letter case.
struct Reformatted;

impl MigratorTrait for Reformatted {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        let mut migrations = TenantMigrator::migrations();
        migrations.push(Step::boxed("m20990101_000001_table", "CREATE TABLE added (\n    id uuid PRIMARY KEY\n);"));
        migrations.push(Step::boxed(SECOND, "-- What colleagues say.\nalter table employees add column nickname text;"));
        migrations.push(Step::boxed("m20990101_000003_more", "ALTER TABLE employees ADD COLUMN more text"));
        migrations
    }
}

#[tokio::test]
async fn a_changed_migration_is_refused_before_any_tenant_is_touched() {
    let mut fleet = Fleet::of(2).await;
    let next = fleet.next::<Next>();
    assert_eq!(migrate(&next, 2).await.migrated, 2);
    let edited = fleet.next::<Edited>();
    let refused = edited.migrate_fleet(&options(), |_| panic!("a tenant was touched")).await.unwrap_err();
    assert!(matches!(&refused, Error::MigrationChanged(version) if version == SECOND), "{refused:?}");
    assert_eq!(
        refused.to_string(),
        format!("The migration {SECOND} was changed after it had been applied. Put it back as it was and add a new one.")
    );
    fleet.all_are_migrated().await;

    let reformatted = fleet.next::<Reformatted>();
    assert_eq!(migrate(&reformatted, 2).await.migrated, 2, "what it says is the same");
    reformatted.close().await;
    edited.close().await;
    next.close().await;
    fleet.stop().await;
}

/// A migration that gives a value apart from its statement.
struct Bound<const VALUE: i32>;

struct Noted(i32);

impl MigrationName for Noted {
    fn name(&self) -> &'static str {
        "m20990101_000001_noted"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Noted {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let connection = manager.get_connection();
        connection.execute_unprepared("CREATE TABLE noted (number int)").await?;
        let insert = "INSERT INTO noted (number) VALUES ($1)";
        let insert = Statement::from_sql_and_values(DbBackend::Postgres, insert, [self.0.into()]);
        connection.execute_raw(insert).await.map(drop)
    }
}

impl<const VALUE: i32> MigratorTrait for Bound<VALUE> {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        let mut migrations = TenantMigrator::migrations();
        migrations.push(Box::new(Noted(VALUE)));
        migrations
    }
}

#[tokio::test]
async fn a_value_that_a_migration_binds_does_not_change_either() {
    let fleet = Fleet::of(1).await;
    let (one, same, other) = (fleet.next::<Bound<1>>(), fleet.next::<Bound<1>>(), fleet.next::<Bound<2>>());
    assert_eq!(migrate(&one, 1).await.migrated, 1);
    same.refuse_changed().await.unwrap();
    assert!(matches!(other.refuse_changed().await, Err(Error::MigrationChanged(_))));
    for tenants in [one, same, other] {
        tenants.close().await;
    }
    fleet.stop().await;
}

#[tokio::test]
async fn a_changed_migration_can_be_accepted() {
    let fleet = Fleet::of(1).await;
    let next = fleet.next::<Next>();
    assert_eq!(migrate(&next, 2).await.migrated, 1);
    let edited = fleet.next::<Edited>();
    assert!(matches!(edited.accept_changed("m2000_nothing", Utc::now()).await, Err(Error::UnknownMigration { .. })));
    edited.accept_changed(SECOND, Utc::now()).await.unwrap();
    assert_eq!(migrate(&edited, 2).await.migrated, 1);
    // From now on it is the former one that was changed.
    assert!(matches!(next.refuse_changed().await, Err(Error::MigrationChanged(_))));
    edited.close().await;
    next.close().await;
    fleet.stop().await;
}

/// A migration that no tenant has got may still be mended.
#[tokio::test]
async fn a_migration_is_frozen_once_a_tenant_has_it() {
    let mut fleet = Fleet::of(2).await;
    let frozen = async |fleet: &Fleet| -> Vec<String> {
        fleet.server.tenants().frozen().await.unwrap().into_iter().map(|frozen| frozen.version).collect()
    };
    let own: Vec<String> = TenantMigrator::migrations().iter().map(|migration| migration.name().to_owned()).collect();
    assert_eq!(frozen(&fleet).await, own, "provisioning freezes what it applies");
    for tenant in fleet.tenants.clone() {
        tests::run(&mut fleet.operator, &format!("ALTER TABLE {}.employees ADD COLUMN nickname text", tenant.schema)).await;
    }
    let next = fleet.next::<Next>();
    assert_eq!(migrate(&next, 2).await.failed.len(), 2);
    assert_eq!(frozen(&fleet).await, own, "it failed everywhere");
    make_tenant(&next).await;
    assert_eq!(frozen(&fleet).await.len(), own.len() + 2);
    next.close().await;
    fleet.stop().await;
}
