//! What cannot be taken back, since something could be lost by it.

use migration::tenant::TenantMigrator;
use sea_orm_migration::{MigrationTrait, MigratorTrait};
use tenancy::{Ended, Error};
use tests::{Step, run, value};

use super::{
    super::{Fleet, SECOND, migrate, options},
    ADD, FIRST, Reversible, take_back,
};

/// The next version as it would be with what cannot be taken back: how it is made, what it says, and why not.
const REFUSED: [(&str, &str, &str); 6] = [
    (
        "ALTER TABLE employees ADD COLUMN nickname text",
        "UPDATE employees SET nickname = NULL; ALTER TABLE employees DROP COLUMN nickname",
        "something could be lost by `update employees set nickname = null`",
    ),
    (
        "ALTER TABLE employees ADD COLUMN nickname text",
        "ALTER TABLE employees DROP COLUMN nickname CASCADE",
        "something could be lost by `alter table employees drop column nickname cascade`",
    ),
    (
        "ALTER TABLE employees ADD COLUMN nickname text",
        "ALTER TABLE employees ALTER COLUMN nickname SET DEFAULT 'none'",
        "it would leave another schema than there was before it: column employees.nickname is not expected",
    ),
    (
        "CREATE TABLE added (id integer PRIMARY KEY); INSERT INTO added VALUES (1)",
        "DROP TABLE added",
        "the table added has rows, which would be lost",
    ),
    ("CREATE TABLE added (id integer PRIMARY KEY)", "DROP TABLE nothing", "table \"nothing\" does not exist"),
    ("CREATE TYPE mood AS ENUM ('good')", "DROP TYPE mood", "something could be lost by `drop type mood`"),
];

struct Refused<const CASE: usize>;

impl<const CASE: usize> MigratorTrait for Refused<CASE> {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        let mut migrations = TenantMigrator::migrations();
        let (sql, back, _) = REFUSED[CASE];
        migrations.push(Step::with_way_back(SECOND, sql, back));
        migrations
    }
}

#[tokio::test]
async fn what_could_lose_something_is_refused_with_its_reason() {
    let fleet = Fleet::of(0).await;
    let before = fleet.version();
    let programs = [
        fleet.next::<Refused<0>>(),
        fleet.next::<Refused<1>>(),
        fleet.next::<Refused<2>>(),
        fleet.next::<Refused<3>>(),
        fleet.next::<Refused<4>>(),
        fleet.next::<Refused<5>>(),
    ];
    for (next, (_, back, why)) in programs.iter().zip(REFUSED) {
        match next.recorded_way_back(&before).await {
            Err(Error::NoWayBack { version, reason }) => {
                assert_eq!(version, SECOND);
                assert!(reason.starts_with(why), "{back}: {reason}");
            }
            other => panic!("{back}: {other:?}"),
        }
        // What is not taken back may be as it is.
        assert_eq!(next.recorded_way_back(SECOND).await.unwrap(), []);
        assert!(matches!(next.recorded_way_back("m2000_nothing").await, Err(Error::UnknownMigration { .. })));
        next.close().await;
    }
    fleet.stop().await;
}

/// The next version, of which the latter half can be taken back.
struct Half;

impl MigratorTrait for Half {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        let mut migrations = Reversible::migrations();
        let at = migrations.len() - 2;
        migrations[at] = Step::boxed(FIRST, ADD);
        migrations
    }
}

#[tokio::test]
async fn a_migration_without_a_way_back_is_refused_before_any_tenant_is_touched() {
    let mut fleet = Fleet::of(2).await;
    let (before, next) = (fleet.version(), fleet.next::<Half>());
    assert_eq!(migrate(&next, 2).await.migrated, 2);
    let refused = next.take_fleet_back(&before, &options(), |_| panic!("a tenant was touched")).await.unwrap_err();
    assert_eq!(refused.to_string(), format!("The migration {FIRST} cannot be taken back: it has no way back."));
    fleet.all_are_migrated().await;
    // As far as there is a way, it can be gone.
    assert_eq!(take_back(&next, FIRST, &options()).await.migrated, 2);
    let at: Vec<String> = value(&mut fleet.operator, "SELECT array_agg(DISTINCT schema_version) FROM platform.tenants").await;
    assert_eq!(at, [FIRST]);
    assert_eq!(migrate(&next, 2).await.migrated, 2);
    fleet.all_are_migrated().await;
    next.close().await;
    fleet.stop().await;
}

#[tokio::test]
async fn a_tenant_that_would_lose_something_is_set_aside_and_the_others_go_back() {
    let mut fleet = Fleet::of(4).await;
    let (before, next) = (fleet.version(), fleet.next::<Reversible>());
    assert_eq!(migrate(&next, 4).await.migrated, 4);
    let (with_value, with_row) = (fleet.tenants[0].clone(), fleet.tenants[2].clone());
    run(&mut fleet.operator, &format!("UPDATE {}.departments SET colour = 'red'", with_value.schema)).await;
    run(&mut fleet.operator, &format!("INSERT INTO {}.added VALUES (gen_random_uuid())", with_row.schema)).await;

    let report = take_back(&next, &before, &options()).await;
    assert_eq!((report.behind, report.migrated, report.failed.len(), report.ended), (4, 2, 2, Ended::Complete));
    for (tenant, why) in [
        (&with_value, "the column departments.colour has values, which would be lost"),
        (&with_row, "the table added has rows, which would be lost"),
    ] {
        let failure = report.failed.iter().find(|failure| failure.tenant.id == tenant.id).unwrap();
        let said = failure.error.to_string();
        assert!(said.ends_with(&format!("{FIRST} cannot be taken back: {why}")), "{said}");
        assert_eq!(failure.tries, 1, "it does not pass by itself");
        assert!(fleet.is_migrated(tenant).await, "also what could be taken back is as it was");
    }
    assert_eq!(fleet.migrated().await, 2);
    assert!(fleet.failures().await.is_empty(), "they are what they were");
    let colour: String =
        value(&mut fleet.operator, &format!("SELECT DISTINCT colour FROM {}.departments", with_value.schema)).await;
    assert_eq!(colour, "red");

    run(&mut fleet.operator, &format!("UPDATE {}.departments SET colour = NULL", with_value.schema)).await;
    run(&mut fleet.operator, &format!("DELETE FROM {}.added", with_row.schema)).await;
    let report = take_back(&next, &before, &options()).await;
    assert_eq!((report.behind, report.migrated), (2, 2));
    assert_eq!(fleet.migrated().await, 0);
    next.close().await;
    fleet.stop().await;
}
