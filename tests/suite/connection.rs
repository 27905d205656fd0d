//! SeaORM on a tenant's connection: whatever a program calls on a database works, and stays within the tenant.

mod cancelled;
mod failure;
mod nested;
mod savepoint;
mod snapshot;

use entities::{
    id::{AuditEventId, DepartmentId},
    tenant::{department, employee},
};
use futures::TryStreamExt;
use sea_orm::{
    AccessMode, ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel,
    IsolationLevel, LoaderTrait, ModelTrait, PaginatorTrait, QueryFilter, QueryOrder, TransactionError, TransactionSession,
    TransactionTrait,
};
use tenancy::{Tenant, TenantScope};
use tests::{Company, Server, assert_own, assert_reads_own, department_of, marked_tenant};

/// Reads in every way that SeaORM has.
async fn reads_only_own(scope: &impl TenantScope, tenant: &Tenant, count: usize) {
    let all = department::Entity::find().order_by_asc(department::Column::Id).all(scope).await.unwrap();
    assert_own(tenant, &all, count);
    for expected in &all {
        let found = department::Entity::find_by_id(expected.id).one(scope).await.unwrap();
        assert_eq!(found.as_ref(), Some(expected));
    }
    assert_eq!(department::Entity::find().count(scope).await.unwrap(), count as u64);

    let streamed: Vec<_> = department::Entity::find().stream(scope).await.unwrap().try_collect().await.unwrap();
    assert_own(tenant, &streamed, count);

    let pages = department::Entity::find().order_by_asc(department::Column::Id).paginate(scope, 2);
    assert_eq!(pages.num_items().await.unwrap(), count as u64);
    let mut turned = Vec::new();
    for page in 0..pages.num_pages().await.unwrap() {
        turned.extend(pages.fetch_page(page).await.unwrap());
    }
    assert_eq!(turned, all);

    let mut cursor = department::Entity::find().cursor_by(department::Column::Id);
    assert_eq!(cursor.after(all[0].id).first(100).all(scope).await.unwrap(), all[1..]);
}

/// Traps 1 and 6: connections, transactions and savepoints of two tenants, open at once, each read their own rows.
#[tokio::test]
async fn every_way_to_read_returns_the_tenants_own_rows() {
    let server = Server::start().await;
    let acme = marked_tenant(server.tenants(), 3).await;
    let globex = marked_tenant(server.tenants(), 5).await;
    let snapshots = [server.tenants().read_only(&acme), server.tenants().read_only(&globex)];
    reads_only_own(&snapshots[0], &acme, 3).await;
    reads_only_own(&snapshots[1], &globex, 5).await;
    reads_only_own(&snapshots[0], &acme, 3).await;
    for (tenant, count) in [(&acme, 3), (&globex, 5)] {
        let scope = server.tenants().read_write(tenant);
        reads_only_own(&scope, tenant, count).await;
        let transaction = scope.begin().await.unwrap();
        reads_only_own(&transaction, tenant, count).await;
        let savepoint = transaction.begin().await.unwrap();
        reads_only_own(&savepoint, tenant, count).await;
        savepoint.commit().await.unwrap();
        reads_only_own(&transaction, tenant, count).await;
    }
}

/// Trap 1: rows that belong to others in two tenants with people of the same names.
#[tokio::test]
async fn loaders_and_joins_find_the_tenants_own_rows() {
    let server = Server::start().await;
    let companies = [server.company().await, server.company().await];
    for Company { tenant, department, position, .. } in &companies {
        let scope = server.tenants().read_only(tenant);
        let people = employee::Entity::find().all(&scope).await.unwrap();
        assert_eq!(people.len(), 4);
        let departments = people.load_one(department::Entity, &scope).await.unwrap();
        assert!(departments.iter().all(|found| found.as_ref() == Some(department)));

        let loaded = vec![department.clone()].load_many(employee::Entity, &scope).await.unwrap();
        assert_eq!(loaded[0].len(), 4);

        let joined = employee::Entity::find().find_also_related(entities::tenant::position::Entity).all(&scope).await.unwrap();
        assert!(joined.iter().all(|(_, found)| found.as_ref() == Some(position)));
        let related = department.find_related(employee::Entity).all(&scope).await.unwrap();
        assert_eq!(related.len(), 4);
    }
}

/// Trap 8: writes reach the tenant's own rows, those that name no row included.
#[tokio::test]
async fn every_way_to_write_changes_the_tenants_own_rows() {
    let server = Server::start().await;
    let acme = marked_tenant(server.tenants(), 3).await;
    let globex = marked_tenant(server.tenants(), 5).await;
    let scope = server.tenants().read_write(&acme);

    let rows = [department_of(&acme, "first"), department_of(&acme, "second")];
    let inserted = department::Entity::insert_many(rows).exec_with_returning(&scope).await.unwrap();
    assert_own(&acme, &inserted, 2);
    assert_reads_own(&scope, &acme, 5).await;

    let mut renamed = inserted[0].clone().into_active_model();
    renamed.name = Set(format!("{} renamed", acme.slug));
    let renamed = renamed.update(&scope).await.unwrap();
    let found = department::Entity::find_by_id(renamed.id).one(&scope).await.unwrap();
    assert_eq!(found, Some(renamed.clone()));
    assert_eq!(renamed.delete(&scope).await.unwrap().rows_affected, 1);

    let other = department::Entity::find().one(&server.tenants().read_only(&globex)).await.unwrap().unwrap();
    assert_eq!(department::Entity::delete_by_id(other.id).exec(&scope).await.unwrap().rows_affected, 0);
    let new_parent = Some(inserted[1].id);
    let moved = department::Entity::update_many()
        .set(department::ActiveModel { parent_id: Set(new_parent), ..Default::default() })
        .filter(department::Column::Id.ne(inserted[1].id))
        .exec(&scope)
        .await
        .unwrap();
    assert_eq!(moved.rows_affected, 3);
    let deleted = department::Entity::delete_many().exec(&scope).await.unwrap();
    assert_eq!(deleted.rows_affected, 4);
    assert_reads_own(&scope, &acme, 0).await;
    assert_reads_own(&server.tenants().read_only(&globex), &globex, 5).await;
}

#[tokio::test]
async fn a_transaction_closure_commits_what_succeeds_and_rolls_back_what_fails() {
    let server = Server::start().await;
    let tenant = marked_tenant(server.tenants(), 1).await;
    let scope = server.tenants().read_write(&tenant);
    let kept = department_of(&tenant, "kept");
    scope.transaction::<_, _, DbErr>(|transaction| Box::pin(async move { kept.insert(transaction).await })).await.unwrap();
    let lost = department_of(&tenant, "lost");
    let result = scope
        .transaction::<_, (), DbErr>(|transaction| {
            Box::pin(async move {
                lost.insert(transaction).await?;
                Err(DbErr::Custom("no".to_owned()))
            })
        })
        .await;
    assert!(matches!(result, Err(TransactionError::Transaction(DbErr::Custom(_)))), "{result:?}");
    assert_reads_own(&scope, &tenant, 2).await;
}

#[tokio::test]
async fn a_transaction_that_is_dropped_leaves_nothing() {
    let server = Server::start().await;
    let tenant = marked_tenant(server.tenants(), 1).await;
    let scope = server.tenants().read_write(&tenant);
    let transaction = scope.begin().await.unwrap();
    department_of(&tenant, "dropped").insert(&transaction).await.unwrap();
    drop(transaction);
    let transaction = scope.begin().await.unwrap();
    department_of(&tenant, "rolled back").insert(&transaction).await.unwrap();
    transaction.rollback().await.unwrap();
    assert_reads_own(&scope, &tenant, 1).await;
}

#[tokio::test]
async fn a_wish_for_another_isolation_level_is_refused_rather_than_ignored() {
    let server = Server::start().await;
    let tenant = marked_tenant(server.tenants(), 1).await;
    let scope = server.tenants().read_write(&tenant);
    assert!(scope.begin_with_config(Some(IsolationLevel::Serializable), None).await.is_err());
    assert!(scope.begin_with_config(None, Some(AccessMode::ReadOnly)).await.is_err());
    assert!(scope.begin_with_config(None, None).await.is_ok());
}

#[tokio::test]
async fn text_from_a_client_is_a_value_and_never_sql() {
    let server = Server::start().await;
    let tenant = marked_tenant(server.tenants(), 1).await;
    let scope = server.tenants().read_write(&tenant);
    let hostile = format!("{} '; RESET ROLE; DROP TABLE departments; -- */ $1", tenant.slug);
    let row = department::ActiveModel { name: Set(hostile.clone()), ..department_of(&tenant, "") };
    let stored = row.insert(&scope).await.unwrap();
    let found = department::Entity::find().filter(department::Column::Name.eq(&hostile)).one(&scope).await.unwrap();
    assert_eq!(found, Some(stored));
}

/// Two streams of one transaction take turns instead of mixing their rows.
#[tokio::test]
async fn a_stream_that_is_not_read_to_its_end_leaves_the_transaction_usable() {
    let server = Server::start().await;
    let tenant = marked_tenant(server.tenants(), 50).await;
    let transaction = server.tenants().read_write(&tenant).begin().await.unwrap();
    for _ in 0..3 {
        let mut stream = department::Entity::find().stream(&transaction).await.unwrap();
        assert!(stream.try_next().await.unwrap().is_some());
        drop(stream);
        assert_reads_own(&transaction, &tenant, 50).await;
    }
    let unknown = department::Entity::find_by_id(DepartmentId::generate()).one(&transaction).await.unwrap();
    assert_eq!(unknown, None);
    transaction.commit().await.unwrap();
}

/// An id of one tenant means nothing in another, also where the program forgot to ask whose it is.
#[tokio::test]
async fn an_id_of_another_tenant_is_not_found() {
    let server = Server::start().await;
    let companies = [server.company().await, server.company().await];
    let scope = companies[0].scope();
    let foreign = &companies[1].member;
    assert_eq!(employee::Entity::find_by_id(foreign.id).one(&scope).await.unwrap(), None);
    let event = entities::tenant::audit_event::Entity::find_by_id(AuditEventId::generate()).one(&scope).await.unwrap();
    assert!(event.is_none());
    let mut stolen = companies[0].member.clone().into_active_model();
    stolen.department_id = Set(companies[1].department.id);
    let result = stolen.update(&scope).await;
    assert!(result.is_err(), "a foreign key reached another tenant: {result:?}");
    scope.execute_unprepared("SELECT 1").await.unwrap();
}
