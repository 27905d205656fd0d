//! Rows that say whose they are, so that a foreign one is recognised.

use std::sync::Arc;

use chrono::Utc;
use entities::{id::DepartmentId, tenant::department};
use sea_orm::{ActiveValue::Set, ConnectionTrait, DbBackend, EntityTrait, Statement};
use tenancy::{Tenant, Tenants};

use crate::make_tenant;

/// Makes a tenant whose departments carry its slug in their names.
pub async fn marked_tenant(tenants: &Tenants, departments: usize) -> Arc<Tenant> {
    let tenant = make_tenant(tenants).await;
    mark(tenants, &tenant, departments).await;
    tenant
}

/// Gives a tenant departments that carry its slug in their names.
pub async fn mark(tenants: &Tenants, tenant: &Arc<Tenant>, departments: usize) {
    let rows = (0..departments).map(|number| department_of(tenant, &number.to_string()));
    department::Entity::insert_many(rows).exec(&tenants.read_write(tenant)).await.unwrap();
}

/// A department that carries the tenant's slug in its name, not stored yet.
pub fn department_of(tenant: &Tenant, what: &str) -> department::ActiveModel {
    let now = Utc::now();
    department::ActiveModel {
        id: Set(DepartmentId::generate()),
        name: Set(format!("{} {what}", tenant.slug)),
        parent_id: Set(None),
        created_at: Set(now),
        updated_at: Set(now),
    }
}

/// Asserts that these departments are the tenant's own, and how many they are.
#[track_caller]
pub fn assert_own(tenant: &Tenant, departments: &[department::Model], count: usize) {
    for department in departments {
        assert!(is_own(tenant, department), "{} reads {:?}", tenant.slug, department.name);
    }
    assert_eq!(departments.len(), count, "departments of {}", tenant.slug);
}

/// Whether a department is the tenant's own.
pub fn is_own(tenant: &Tenant, department: &department::Model) -> bool {
    department.name.strip_prefix(tenant.slug.as_str()).is_some_and(|rest| rest.starts_with(' '))
}

/// Reads all departments and asserts that they are the tenant's own.
pub async fn assert_reads_own<C: ConnectionTrait>(scope: &C, tenant: &Tenant, count: usize) {
    let departments = department::Entity::find().all(scope).await.unwrap();
    assert_own(tenant, &departments, count);
}

/// The schema and the role of a connection, as Postgres has them.
pub async fn schema_and_role<C: ConnectionTrait>(scope: &C) -> (Option<String>, String) {
    let sql = "SELECT current_schema()::text, current_user::text";
    let row = scope.query_one_raw(Statement::from_string(DbBackend::Postgres, sql)).await.unwrap().unwrap();
    (row.try_get_by_index(0).unwrap(), row.try_get_by_index(1).unwrap())
}

/// Asserts that statements go to the tenant's schema as the tenant's role.
#[track_caller]
pub fn assert_is_tenant(tenant: &Tenant, place: &(Option<String>, String)) {
    let schema = tenant.schema.as_str();
    assert_eq!((place.0.as_deref(), place.1.as_str()), (Some(schema), schema));
}
