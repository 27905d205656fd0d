//! Hiring.

use chrono::NaiveDate;
use entities::{
    id::{DepartmentId, EmployeeId, LocationId, PositionId},
    tenant::employee::{EmploymentStatus, EmploymentType, Model},
};
use sea_orm::TransactionSession;
use tenancy::TenantScope;

use super::{PersonalDetails, Salary, reporting_line, save};
use crate::{
    Context, Error, Permission, sequence,
    value::{EmailAddress, HireDate, Money, PersonName, optional, required},
};

/// Whom to hire, as what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hire {
    /// At most 100 characters.
    pub given_name: String,
    /// At most 100 characters.
    pub family_name: String,
    /// At most 100 characters.
    pub preferred_name: Option<String>,
    /// At most 254 characters; unique, whatever the case.
    pub work_email: String,
    /// Where in the organisation.
    pub department_id: DepartmentId,
    /// As what.
    pub position_id: PositionId,
    /// Where on the map.
    pub location_id: Option<LocationId>,
    /// Who leads; works here.
    pub manager_id: Option<EmployeeId>,
    /// The kind of contract.
    pub employment_type: EmploymentType,
    /// First day: from 1900, at most a year ahead.
    pub hired_on: NaiveDate,
    /// Private details.
    pub personal: PersonalDetails,
    /// Yearly gross.
    pub salary: Option<Salary>,
}

/// Hires someone, who gets the next employee number.
pub async fn hire(scope: &impl TenantScope, context: &Context, input: Hire) -> Result<Model, Error> {
    context.require(Permission::HireEmployees)?;
    let new = parse(context, input)?;
    let transaction = scope.begin().await?;
    let employee_number = sequence::next_employee_number(&transaction).await?;
    if let Some(manager) = new.manager_id {
        reporting_line::require_active(&transaction, manager, "managerId").await?;
    }
    // Whether department, position and location exist, their foreign keys tell.
    let employee = save::insert(&transaction, context, Model { employee_number, ..new }).await?;
    transaction.commit().await?;
    Ok(employee)
}

/// The employee, yet without a number.
fn parse(context: &Context, input: Hire) -> Result<Model, Error> {
    let hired_on = HireDate::parse("hiredOn", input.hired_on, context.today())?.date();
    let personal = input.personal.parse(hired_on, context.today())?;
    let salary = input.salary.map(|salary| Money::parse("salary", &salary)).transpose()?;
    Ok(Model {
        id: EmployeeId::generate(),
        employee_number: 0,
        given_name: required::<PersonName>("givenName", &input.given_name)?,
        family_name: required::<PersonName>("familyName", &input.family_name)?,
        preferred_name: optional::<PersonName>("preferredName", input.preferred_name.as_deref())?,
        work_email: required::<EmailAddress>("workEmail", &input.work_email)?,
        department_id: input.department_id,
        position_id: input.position_id,
        location_id: input.location_id,
        manager_id: input.manager_id,
        employment_type: input.employment_type,
        status: EmploymentStatus::Active,
        hired_on,
        terminated_on: None,
        termination_reason: None,
        birth_date: personal.birth_date,
        personal_email: personal.personal_email,
        phone: personal.phone,
        address: personal.address,
        salary_amount: salary.map(Money::amount),
        salary_currency: salary.map(|money| money.currency().to_string()),
        version: 1,
        created_at: context.now,
        updated_at: context.now,
    })
}
