//! Whether schemas are what the migrations make.

use tenancy::{DriftKind, Slug, Tenants};
use tests::{run, value};

use super::{Fleet, Next, migrate, slugs};

/// What is said of each tenant that differs.
async fn told(tenants: &Tenants, only: &[Slug]) -> Vec<(String, Vec<String>)> {
    let mut told = Vec::new();
    let report = tenants
        .find_drift(only, 2, |drift| {
            let lines = match &drift.kind {
                DriftKind::NoSchema => vec!["no schema".to_owned()],
                DriftKind::UnknownVersion => vec!["unknown".to_owned()],
                DriftKind::Differences(differences) => differences.iter().map(ToString::to_string).collect(),
            };
            told.push((drift.tenant.slug.to_string(), lines));
        })
        .await
        .unwrap();
    assert_eq!(report.drifted, told.len());
    told.sort();
    told
}

#[tokio::test]
async fn what_somebody_changed_by_hand_is_told_and_nothing_else() {
    let mut fleet = Fleet::of(4).await;
    let tenants = fleet.server.tenants().clone();
    assert_eq!(told(&tenants, &[]).await, []);
    let (one, two, gone) = (fleet.tenants[0].clone(), fleet.tenants[1].clone(), fleet.tenants[2].clone());
    let changes = format!(
        "SET search_path = {}; ALTER TABLE employees ADD COLUMN nickname text; ALTER TABLE employees ALTER COLUMN phone TYPE varchar(30);
         ALTER TABLE employees ALTER COLUMN version DROP DEFAULT; ALTER TABLE departments ALTER COLUMN name DROP NOT NULL;
         ALTER TABLE employees DROP CONSTRAINT employees_salary_check; DROP INDEX employees_name_idx;
         CREATE INDEX by_phone ON employees (phone); CREATE TABLE notes (id uuid PRIMARY KEY, body text); RESET search_path",
        one.schema
    );
    run(&mut fleet.operator, &changes).await;
    run(&mut fleet.operator, &format!("DROP TABLE {}.number_sequences", two.schema)).await;
    run(&mut fleet.operator, &format!("DROP SCHEMA {} CASCADE", gone.schema)).await;

    let found = told(&tenants, &[]).await;
    assert_eq!(found.len(), 3, "{found:?}");
    assert_eq!(found[0].0, one.slug.to_string());
    assert_eq!(
        found[0].1,
        [
            "column departments.name is text instead of text not null",
            "column employees.nickname is not expected: text",
            "column employees.phone is character varying(30) instead of text",
            "column employees.version is integer not null instead of integer not null default 1",
            "constraint employees.employees_salary_check is missing: CHECK (((salary_amount IS NULL) = (salary_currency IS NULL)))",
            "index employees.by_phone is not expected: CREATE INDEX by_phone ON employees USING btree (phone)",
            "index employees.employees_name_idx is missing: CREATE INDEX employees_name_idx ON employees USING btree \
             (family_name, given_name, id)",
            "table notes is not expected: table",
        ]
    );
    assert_eq!(found[1], (two.slug.to_string(), vec!["table number_sequences is missing: table".to_owned()]));
    assert_eq!(found[2], (gone.slug.to_string(), vec!["no schema".to_owned()]));
    assert_eq!(told(&tenants, &slugs(&fleet.tenants[3..])).await, [], "only those that were asked for");
    let scratch: i64 = value(&mut fleet.operator, "SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'scratch%'").await;
    assert_eq!(scratch, 0, "nothing is left of the schema that was made to compare with");
    fleet.stop().await;
}

/// Half of it is gone, as it should be.
#[tokio::test]
async fn a_tenant_that_is_being_deleted_is_not_drifted() {
    let mut fleet = Fleet::of(1).await;
    let id = fleet.tenants[0].id;
    run(&mut fleet.operator, &format!("UPDATE platform.tenants SET status = 'deleting' WHERE id = '{id}'")).await;
    run(&mut fleet.operator, &format!("DROP TABLE {}.number_sequences", fleet.tenants[0].schema)).await;
    assert_eq!(told(fleet.server.tenants(), &[]).await, []);
    fleet.stop().await;
}

/// A tenant that is behind is compared with what the migrations make up to its own version.
#[tokio::test]
async fn a_tenant_that_is_behind_is_not_drifted() {
    let fleet = Fleet::of(3).await;
    let next = fleet.next::<Next>();
    assert_eq!(told(&next, &[]).await, []);
    assert_eq!(migrate(&next, 2).await.migrated, 3);
    assert_eq!(told(&next, &[]).await, []);
    let unknown = told(fleet.server.tenants(), &[]).await;
    assert_eq!(unknown.len(), 3);
    assert!(unknown.iter().all(|(_, lines)| lines == &["unknown"]), "an older program cannot say: {unknown:?}");
    next.close().await;
    fleet.stop().await;
}

/// Reading is done in batches: more tenants than one holds.
#[tokio::test]
async fn more_tenants_than_a_batch_holds_are_all_looked_at() {
    let fleet = Fleet::of(53).await;
    let report = fleet.server.tenants().find_drift(&[], 2, |drift| panic!("{drift:?}")).await.unwrap();
    assert_eq!((report.checked, report.drifted), (53, 0));
    fleet.stop().await;
}
