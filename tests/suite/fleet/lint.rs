//! The program's own migrations expand first and contract later.

use chrono::Utc;
use migration::tenant::{BIG_TABLES, TenantMigrator};
use sea_orm_migration::{MigrationTrait, MigratorTrait, prelude::*};
use tenancy::{Error, FleetOptions, Linter, Rule};
use tests::{Server, Step, TestDatabase};

use super::{Fleet, migrate_with, options, slugs};

#[tokio::test]
async fn no_migration_of_the_program_breaks_the_rules() {
    let server = Server::start().await;
    let migrations = server.tenants().recorded_migrations().await.unwrap();
    let versions: Vec<_> = migrations.iter().map(|migration| migration.version.clone()).collect();
    let all: Vec<_> = TenantMigrator::migrations().iter().map(|migration| migration.name().to_owned()).collect();
    assert_eq!(versions, all);
    assert!(migrations.iter().all(|migration| !migration.statements.is_empty()));
    let findings = Linter::new(BIG_TABLES).lint(migrations);
    let told: Vec<_> = findings.iter().map(ToString::to_string).collect();
    assert!(findings.is_empty(), "{}", told.join("\n"));
}

/// Looks before it acts, and builds its statements instead of writing them.
struct Built;

impl MigrationName for Built {
    fn name(&self) -> &'static str {
        "m20990101_000002_built"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Built {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        if manager.has_column("employees", "phone").await? && !manager.has_table("nothing").await? {
            let drop = Table::alter().table("employees").drop_column("phone").to_owned();
            manager.alter_table(drop).await?;
        }
        Ok(())
    }
}

struct Careless;

impl MigratorTrait for Careless {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        let mut migrations = TenantMigrator::migrations();
        migrations.push(Step::boxed("m20990101_000001_rename", "ALTER TABLE positions RENAME TO jobs"));
        migrations.push(Box::new(Built));
        migrations
    }
}

/// What is linted is what is issued, however it came about.
#[tokio::test]
async fn what_a_migration_issues_is_what_is_judged() {
    let database = TestDatabase::create().await;
    let tenants = database.tenants::<Careless>();
    let findings = Linter::default().lint(tenants.recorded_migrations().await.unwrap());
    let told: Vec<_> = findings.iter().map(|finding| (finding.version.as_str(), finding.rule)).collect();
    assert_eq!(told, [("m20990101_000001_rename", Rule::RenameTable), ("m20990101_000002_built", Rule::DropColumn)]);
    tenants.close().await;
}

/// Drops a column that no program reads any more, and says so.
struct Contracting;

impl MigratorTrait for Contracting {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        let mut migrations = TenantMigrator::migrations();
        let drop = "-- allow drop-column: no program reads it since the last release\nALTER TABLE employees DROP COLUMN phone";
        migrations.push(Step::boxed("m20990101_000001_contract", drop));
        migrations
    }
}

#[tokio::test]
async fn a_run_refuses_what_the_linter_refuses_before_any_tenant_is_touched() {
    let fleet = Fleet::of(2).await;
    let next = fleet.next::<Careless>();
    let strict = FleetOptions { linter: Some(Linter::default()), ..options() };
    // All of it is told beforehand, of which a run names the first.
    let told = async || {
        let findings = next.new_findings(&Linter::default()).await.unwrap();
        findings.iter().map(|finding| finding.rule).collect::<Vec<_>>()
    };
    assert_eq!(told().await, [Rule::RenameTable, Rule::DropColumn]);
    let refused = next.migrate_fleet(&strict, |_| panic!("a tenant was touched")).await.unwrap_err();
    match &refused {
        Error::BreaksRules(finding) => {
            assert_eq!((finding.version.as_str(), finding.rule), ("m20990101_000001_rename", Rule::RenameTable));
        }
        other => panic!("{other:?}"),
    }
    let said = refused.to_string();
    assert!(said.contains("m20990101_000001_rename: rename-table: alter table positions rename to jobs"), "{said}");

    // Who has decided otherwise for one tenant has decided for all.
    let only = FleetOptions { only: slugs(&fleet.tenants[..1]), ..options() };
    assert_eq!(migrate_with(&next, &only).await.migrated, 1);
    assert_eq!(told().await, []);
    assert_eq!(migrate_with(&next, &strict).await.migrated, 1);
    next.close().await;
    fleet.stop().await;
}

/// A program that serves with `--skip-migrations` before the run prepares schemas, which nobody has decided about.
#[tokio::test]
async fn a_prepared_schema_decides_nothing() {
    let fleet = Fleet::of(1).await;
    let next = fleet.next::<Careless>();
    assert_eq!(next.refill_standby(1, Utc::now()).await.unwrap(), 1);
    let strict = FleetOptions { linter: Some(Linter::default()), ..options() };
    let refused = next.migrate_fleet(&strict, |_| panic!("a tenant was touched")).await.unwrap_err();
    assert!(matches!(refused, Error::BreaksRules(_)), "{refused:?}");
    next.close().await;
    fleet.stop().await;
}

#[tokio::test]
async fn a_run_lets_pass_what_is_allowed_with_a_reason() {
    let fleet = Fleet::of(1).await;
    let next = fleet.next::<Contracting>();
    let strict = FleetOptions { linter: Some(Linter::default()), ..options() };
    assert_eq!(migrate_with(&next, &strict).await.migrated, 1);
    next.close().await;
    fleet.stop().await;
}
