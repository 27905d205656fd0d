//! A tenant with a few people, one for each role.

use std::sync::Arc;

use chrono::{NaiveDate, Utc};
use domain::{
    Actor, Context, Role,
    employee::{self, Hire, PersonalDetails, Salary},
};
use entities::{
    id::{AccountId, DepartmentId, EmployeeId, PositionId},
    tenant::{department, employee as employee_entity, employee::EmploymentType, position},
};
use sea_orm::prelude::Decimal;
use tenancy::{Tenant, TenantConnection};

use crate::{Caller, Member, Server};

/// A tenant: a chief, a manager below, an employee below that one, and another employee beside.
pub struct Company<'a> {
    /// The program that serves it.
    pub server: &'a Server,
    /// The tenant.
    pub tenant: Arc<Tenant>,
    /// The department of all.
    pub department: department::Model,
    /// The position of all.
    pub position: position::Model,
    /// Reports to nobody. The owner's record.
    pub chief: employee_entity::Model,
    /// Reports to the chief. The record of whoever has the role of a manager.
    pub manager: employee_entity::Model,
    /// Reports to the manager. The record of whoever has the role of an employee.
    pub member: employee_entity::Model,
    /// Reports to the chief.
    pub colleague: employee_entity::Model,
    /// A member for each role, in the order of [`Role::ALL`].
    pub members: Vec<Member>,
}

impl<'a> Company<'a> {
    pub(crate) async fn make(server: &'a Server, tenant: Arc<Tenant>) -> Self {
        let scope = server.tenants().read_write(&tenant);
        let context = owner();
        let create = domain::department::CreateDepartment { name: "Workshop".to_owned(), parent_id: None };
        let department = domain::department::create(&scope, &context, create).await.unwrap();
        let position = domain::position::create(&scope, &context, "Mechanic".to_owned()).await.unwrap();
        let hire = async |given: &str, manager: Option<EmployeeId>| {
            let input = hire(given, department.id, position.id, manager);
            employee::hire(&scope, &context, input).await.unwrap()
        };
        let chief = hire("Chris", None).await;
        let manager = hire("Max", Some(chief.id)).await;
        let member = hire("Mia", Some(manager.id)).await;
        let colleague = hire("Cleo", Some(chief.id)).await;
        let mut company = Self { server, tenant, department, position, chief, manager, member, colleague, members: Vec::new() };
        let roles = Role::ALL.map(|role| (role, company.record_of(role)));
        company.members = server.signer.members(company.tenant.id, &roles).await;
        company
    }

    /// The host of the tenant.
    pub fn host(&self) -> String {
        self.server.app.hosts.of_slug(&self.tenant.slug)
    }

    /// The employee record of whoever has this role here.
    pub fn record_of(&self, role: Role) -> Option<EmployeeId> {
        match role {
            Role::Owner => Some(self.chief.id),
            Role::Manager => Some(self.manager.id),
            Role::Employee => Some(self.member.id),
            Role::Admin | Role::Hr => None,
        }
    }

    /// A token of this tenant.
    pub fn token(&self, role: Role) -> String {
        self.server.signer.forgery_of(self.member_with(role)).sign()
    }

    /// The member with this role.
    pub fn member_with(&self, role: Role) -> &Member {
        self.members.iter().find(|member| member.role == role).unwrap()
    }

    /// Someone with this role, at the tenant's host.
    pub fn caller(&self, role: Role) -> Caller {
        Caller::new(self.server.router.clone(), self.host(), Some(self.token(role)))
    }

    /// Someone who is not signed in, at the tenant's host.
    pub fn anonymous(&self) -> Caller {
        Caller::new(self.server.router.clone(), self.host(), None)
    }

    /// The way to the tenant's data, past the API.
    pub fn scope(&self) -> TenantConnection {
        self.server.tenants().read_write(&self.tenant)
    }
}

/// The context of an owner without a record, for calling the domain.
pub fn owner() -> Context {
    let actor = Actor::person(AccountId::generate(), "The owner", Role::Owner, None);
    Context { actor: Some(actor), now: Utc::now() }
}

fn hire(given_name: &str, department_id: DepartmentId, position_id: PositionId, manager_id: Option<EmployeeId>) -> Hire {
    Hire {
        given_name: given_name.to_owned(),
        family_name: "Example".to_owned(),
        preferred_name: None,
        work_email: format!("{}@example.test", given_name.to_lowercase()),
        department_id,
        position_id,
        location_id: None,
        manager_id,
        employment_type: EmploymentType::FullTime,
        hired_on: NaiveDate::from_ymd_opt(2020, 2, 29).unwrap(),
        personal: PersonalDetails {
            birth_date: NaiveDate::from_ymd_opt(1990, 1, 31),
            personal_email: Some(format!("{}@home.test", given_name.to_lowercase())),
            phone: Some("+49 30 5550100".to_owned()),
            address: Some("1 Example Street".to_owned()),
        },
        salary: Some(Salary { amount: Decimal::new(52_000, 0), currency: "EUR".to_owned() }),
    }
}
