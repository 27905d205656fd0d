//! Believable tenants: two to try the program with, and as many as a load test wants.
//!
//! The same seed always makes the same people.

mod names;
mod organisation;
mod people;

use anyhow::Context as _;
use chrono::Utc;
use domain::Role;
use entities::{
    id::EmployeeId,
    tenant::{department, employee, location, number_sequence, position},
};
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel, Iterable, Set, TransactionSession, TransactionTrait};
use tenancy::{NewTenant, Slug, Tenant, TenantId, Tenants};
use uuid::Uuid;

use crate::auth::{self, NewAccount};
use people::Workforce;

/// A demo tenant.
#[derive(Debug, Clone, Copy)]
pub struct DemoTenant {
    /// Its slug.
    pub slug: &'static str,
    /// The organisation's name.
    pub name: &'static str,
    /// What its people are made from.
    pub seed: u64,
    /// How many they are.
    pub employees: u32,
}

/// The two tenants of `make run`.
pub const DEMO_TENANTS: [DemoTenant; 2] = [
    DemoTenant { slug: "acme", name: "Acme", seed: 1, employees: 240 },
    DemoTenant { slug: "globex", name: "Globex", seed: 2, employees: 265 },
];

/// The password of every demo account. The demo is for machines that only its user reaches.
pub const DEMO_PASSWORD: &str = "tenantry-demo";

/// Rows that one INSERT carries: an employee has 25 values, and Postgres takes 65,535.
const ROWS_A_STATEMENT: usize = 1_000;

/// Makes the two demo tenants with their people and accounts. What is there already stays as it is.
pub async fn ensure_demo_tenants(tenants: &Tenants) -> anyhow::Result<()> {
    for demo in &DEMO_TENANTS {
        let slug = Slug::parse(demo.slug)?;
        ensure_tenant(tenants, &slug, demo.name, demo.seed, demo.employees).await?;
    }
    Ok(())
}

/// Makes a tenant with `employees` people and four accounts, unless it is there with its people. Says whether it did.
///
/// A run that was interrupted is completed: the people come in one transaction, the accounts one by one.
pub async fn ensure_tenant(tenants: &Tenants, slug: &Slug, name: &str, seed: u64, employees: u32) -> anyhow::Result<bool> {
    let now = Utc::now();
    let found = tenants.directory().by_slug(slug).await?;
    let is_new = found.is_none();
    let tenant = match found {
        Some(tenant) => tenant,
        None => {
            let new =
                NewTenant { id: TenantId(Uuid::now_v7()), slug: slug.clone(), name: name.to_owned(), hostnames: Vec::new(), now };
            tenants.provision(&new).await?
        }
    };
    let scope = tenants.read_write(&tenant);
    if !is_new && employee::Entity::find().one(&scope).await?.is_some() && is_joined(tenants, &tenant).await? {
        return Ok(false);
    }
    let workforce = people::make(slug, seed, employees, now);
    let transaction = scope.begin().await?;
    if employee::Entity::find().one(&transaction).await?.is_none() {
        insert(&transaction, &workforce).await.context("The demo's people could not be stored")?;
    }
    transaction.commit().await?;
    join(tenants, &tenant, &workforce).await?;
    Ok(is_new)
}

async fn is_joined(tenants: &Tenants, tenant: &Tenant) -> anyhow::Result<bool> {
    use entities::platform::membership;
    use sea_orm::{ColumnTrait, PaginatorTrait, QueryFilter};
    let members =
        membership::Entity::find().filter(membership::Column::TenantId.eq(tenant.id.0)).count(&tenants.platform()).await?;
    Ok(members >= 4)
}

async fn insert(transaction: &tenancy::TenantTransaction, workforce: &Workforce) -> Result<(), sea_orm::DbErr> {
    insert_all::<location::Entity, _>(transaction, &workforce.locations).await?;
    insert_all::<department::Entity, _>(transaction, &workforce.departments).await?;
    insert_all::<position::Entity, _>(transaction, &workforce.positions).await?;
    insert_all::<employee::Entity, _>(transaction, &workforce.employees).await?;
    let next = i64::try_from(workforce.employees.len()).unwrap_or(i64::MAX).saturating_add(1);
    number_sequence::ActiveModel { name: Set("employee".to_owned()), next_value: Set(next) }.update(transaction).await?;
    Ok(())
}

async fn insert_all<E, M>(transaction: &tenancy::TenantTransaction, rows: &[M]) -> Result<(), sea_orm::DbErr>
where
    E: EntityTrait<Model = M>,
    M: Clone + IntoActiveModel<E::ActiveModel>,
{
    for chunk in rows.chunks(ROWS_A_STATEMENT) {
        let rows = chunk.iter().cloned().map(|row| {
            let mut row = row.into_active_model();
            for column in E::Column::iter() {
                row.reset(column);
            }
            row
        });
        E::insert_many(rows).exec_without_returning(transaction).await?;
    }
    Ok(())
}

/// One account for each kind of member, so that each kind of view can be tried.
async fn join(tenants: &Tenants, tenant: &Tenant, workforce: &Workforce) -> anyhow::Result<()> {
    let platform = tenants.platform();
    let members: [(&str, Role, EmployeeId); 4] = [
        ("owner", Role::Owner, workforce.chief),
        ("hr", Role::Hr, workforce.head_of_people),
        ("manager", Role::Manager, workforce.manager),
        ("employee", Role::Employee, workforce.member),
    ];
    for (part, role, employee_id) in members {
        let name = workforce.employees.iter().find(|employee| employee.id == employee_id).map(people::full_name);
        let account = NewAccount::parse(&format!("{part}@{}.test", tenant.slug), name.as_deref(), Some(DEMO_PASSWORD))?;
        auth::join(&platform, &account, tenant.id, role, Some(employee_id), Utc::now()).await?;
    }
    Ok(())
}
