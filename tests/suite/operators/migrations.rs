//! Migrations of a tenant that operators try again.

use domain::Role;
use entities::platform::operator::OperatorRole;
use serde_json::json;
use sqlx::{Connection as _, PgConnection};
use tenancy::Tenant;
use tests::{Server, TestDatabase, database_url, events_of, until};

use super::{by_id, tenant_id};

#[tokio::test]
async fn a_migration_that_failed_is_tried_again() {
    let server = Server::start().await;
    let company = server.company().await;
    let operator = server.operator(OperatorRole::Admin).await;
    let (tenant, id) = (&company.tenant, tenant_id(&company.tenant));
    let mut connection = PgConnection::connect(&database_url()).await.unwrap();
    let schema = &tenant.schema;
    set_back(&server, &mut connection, tenant).await;
    tests::run(&mut connection, &format!("ALTER TABLE {schema}.audit_events RENAME TO hidden")).await;
    let failed = by_id(&operator.caller, "retryTenantMigration", &id).await.data("/retryTenantMigration/tenant");
    assert_eq!(failed["isBehind"], true);
    assert!(failed["lastMigrationFailure"]["message"].as_str().unwrap().contains("audit_events"), "{failed}");
    tests::run(&mut connection, &format!("ALTER TABLE {schema}.hidden RENAME TO audit_events")).await;
    let done = by_id(&operator.caller, "retryTenantMigration", &id).await.data("/retryTenantMigration/tenant");
    assert_eq!(done, json!({ "state": "ACTIVE", "isBehind": false, "lastMigrationFailure": null }));
    until("it is served", async || company.caller(Role::Hr).ask("{ tenant { slug } }").await.first_code().is_none()).await;
    assert_eq!(events_of(&operator.caller, &id).await.len(), 2);
}

/// Makes a tenant look as if it had nothing but the first migration.
async fn set_back(server: &Server, connection: &mut PgConnection, tenant: &Tenant) {
    let schema = &tenant.schema;
    let behind = format!(
        "UPDATE platform.tenants SET schema_version = 'm20000101_000000_none' WHERE id = '{0}';
         DELETE FROM platform.tenant_migrations WHERE tenant_id = '{0}';
         DELETE FROM {schema}.seaql_migrations WHERE version <> (SELECT min(version) FROM {schema}.seaql_migrations)",
        tenant.id
    );
    tests::run(connection, &behind).await;
    server.tenants().directory().forget(tenant.id);
}

#[tokio::test]
async fn a_migration_does_not_wait_for_a_backup_without_end() {
    let server = Server::start().await;
    let tenant = server.tenant().await;
    let operator = server.operator(OperatorRole::Admin).await;
    let mut connection = PgConnection::connect(&database_url()).await.unwrap();
    set_back(&server, &mut connection, &tenant).await;
    let mut backup = PgConnection::connect(&database_url()).await.unwrap();
    let lock = format!("SELECT pg_advisory_lock_shared(hashtextextended('tenantry ' || '{}', 0))", tenant.schema);
    tests::run(&mut backup, &lock).await;
    let refused = by_id(&operator.caller, "retryTenantMigration", &tenant_id(&tenant)).await;
    assert_eq!(refused.code(), "CONFLICT", "{}", refused.body);
    assert!(refused.message().contains("A backup, a restore or another migration"), "{}", refused.message());
    // What was not tried is no deed.
    assert!(events_of(&operator.caller, &tenant_id(&tenant)).await.is_empty());
    backup.close().await.unwrap();
    let done = by_id(&operator.caller, "retryTenantMigration", &tenant_id(&tenant)).await;
    assert_eq!(done.data("/retryTenantMigration/tenant/isBehind"), false);
    assert_eq!(events_of(&operator.caller, &tenant_id(&tenant)).await.len(), 1);
}

/// What an operator can mend is not an error of the program.
#[tokio::test]
async fn a_migration_that_was_changed_is_named() {
    let database = TestDatabase::create().await;
    let server = database.server().await;
    let tenant = server.tenant().await;
    let operator = server.operator(OperatorRole::Admin).await;
    let mut connection = database.connect().await;
    set_back(&server, &mut connection, &tenant).await;
    tests::run(&mut connection, "UPDATE platform.frozen_migrations SET checksum = 'other'").await;
    let refused = by_id(&operator.caller, "retryTenantMigration", &tenant_id(&tenant)).await;
    assert_eq!(refused.code(), "CONFLICT", "{}", refused.body);
    assert!(refused.message().contains("was changed after it had been applied"), "{}", refused.message());
    server.tenants().close().await;
}
