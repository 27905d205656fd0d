//! Employees.

pub mod change;
pub mod input;
pub mod list;
pub mod mutation;

use async_graphql::{Context, Enum, ID, Object, Result, SimpleObject};
use chrono::{DateTime, Utc};
use domain::{Permission, employee::EmployeeRow};
use entities::tenant::employee::Model;

pub use list::{EmployeeList, EmployeeQuery};
pub use mutation::EmployeeMutation;

use super::{
    connection::{Arguments, Connection},
    context::ResolverContext,
    department::Department,
    error::Fault,
    id, loaders,
    location::Location,
    position::Position,
    resolved::Resolved,
    scalar::{Date, Decimal},
    selected::selects_more_than_id,
};
use crate::telemetry::traces;

/// Someone who works or worked for the organisation, with those of the related rows that the same statement brought.
pub struct Employee {
    row: Model,
    department: Option<Department>,
    position: Option<Position>,
    location: Option<Location>,
    manager: Option<Box<Employee>>,
}

impl From<Model> for Employee {
    fn from(row: Model) -> Self {
        Self { row, department: None, position: None, location: None, manager: None }
    }
}

impl From<EmployeeRow> for Employee {
    fn from(row: EmployeeRow) -> Self {
        Self {
            row: row.employee,
            department: row.department.map(Department),
            position: row.position.map(Position),
            location: row.location.map(Location),
            manager: row.manager.map(|manager| Box::new(Self::from(manager))),
        }
    }
}

/// Someone who works or worked for the organisation.
#[Object]
impl Employee {
    /// The employee's opaque id.
    pub async fn id(&self) -> ID {
        id::encode(self.row.id)
    }

    /// Unique within the organisation, given in order of hiring.
    async fn employee_number(&self) -> i64 {
        self.row.employee_number
    }

    /// The given name.
    async fn given_name(&self) -> &str {
        &self.row.given_name
    }

    /// The family name.
    async fn family_name(&self) -> &str {
        &self.row.family_name
    }

    /// The name that the person goes by, if not the given name.
    async fn preferred_name(&self) -> Option<&str> {
        self.row.preferred_name.as_deref()
    }

    /// Preferred (else given) name and family name.
    async fn name(&self) -> String {
        let first = self.row.preferred_name.as_ref().unwrap_or(&self.row.given_name);
        [first, " ", &self.row.family_name].concat()
    }

    /// The work e-mail address, unique within the organisation.
    async fn work_email(&self) -> &str {
        &self.row.work_email
    }

    /// Where in the organisation.
    async fn department(&self, ctx: &Context<'_>) -> Result<Resolved<'_, Department>> {
        if let Some(department) = &self.department {
            return Ok(Resolved::Here(department));
        }
        if !selects_more_than_id(ctx) {
            return Ok(Resolved::Id(id::encode(self.row.department_id)));
        }
        let department = loaders::department(ctx.request()?, self.row.department_id).await?;
        Ok(Resolved::Shared(department.ok_or(Fault::new("an employee's department is missing"))?))
    }

    /// As what.
    async fn position(&self, ctx: &Context<'_>) -> Result<Resolved<'_, Position>> {
        if let Some(position) = &self.position {
            return Ok(Resolved::Here(position));
        }
        if !selects_more_than_id(ctx) {
            return Ok(Resolved::Id(id::encode(self.row.position_id)));
        }
        let position = loaders::position(ctx.request()?, self.row.position_id).await?;
        Ok(Resolved::Shared(position.ok_or(Fault::new("an employee's position is missing"))?))
    }

    /// Where on the map; null when not recorded.
    async fn location(&self, ctx: &Context<'_>) -> Result<Option<Resolved<'_, Location>>> {
        match (self.row.location_id, &self.location) {
            (None, _) => Ok(None),
            (Some(_), Some(location)) => Ok(Some(Resolved::Here(location))),
            (Some(id), None) if !selects_more_than_id(ctx) => Ok(Some(Resolved::Id(id::encode(id)))),
            (Some(id), None) => Ok(loaders::location(ctx.request()?, id).await?.map(Resolved::Shared)),
        }
    }

    /// Whom the employee reports to; null at the top.
    async fn manager(&self, ctx: &Context<'_>) -> Result<Option<Resolved<'_, Employee>>> {
        match (self.row.manager_id, &self.manager) {
            (None, _) => Ok(None),
            (Some(_), Some(manager)) => Ok(Some(Resolved::Here(manager))),
            (Some(id), None) if !selects_more_than_id(ctx) => Ok(Some(Resolved::Id(id::encode(id)))),
            (Some(id), None) => Ok(loaders::employee(ctx.request()?, id).await?.map(Resolved::Shared)),
        }
    }

    /// The active employees who report directly to this one, by name; at most 100 a page (default 50).
    async fn direct_reports(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "At most this many, 1 to 100.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
    ) -> Result<Resolved<'_, Connection<Employee>>> {
        let arguments = Arguments::forward(first, after);
        // Boxed, because the answer of every employee has room for it, and few need it.
        let page = EmployeeList::reports_of(self.row.id).page(ctx, &arguments);
        Box::pin(traces::field("Employee", "directReports", page)).await
    }

    /// The kind of contract.
    async fn employment_type(&self) -> EmploymentType {
        self.row.employment_type.into()
    }

    /// Whether the employee works here.
    async fn status(&self) -> EmploymentStatus {
        self.row.status.into()
    }

    /// The first day of the present, else the last, employment.
    async fn hired_on(&self) -> Date {
        self.row.hired_on.into()
    }

    /// The last day of employment; null for an active employee.
    async fn terminated_on(&self) -> Option<Date> {
        self.row.terminated_on.map(Date::from)
    }

    /// Private details. Null when the viewer may not see it.
    async fn personal(&self, ctx: &Context<'_>) -> Result<Option<PersonalDetails<'_>>> {
        let sight = ctx.request()?.sight().await?;
        Ok(sight.private(&self.row).then(|| PersonalDetails {
            birth_date: self.row.birth_date.map(Date::from),
            personal_email: self.row.personal_email.as_deref(),
            phone: self.row.phone.as_deref(),
            address: self.row.address.as_deref(),
            termination_reason: self.row.termination_reason.as_deref(),
        }))
    }

    /// Yearly gross salary; null when not recorded or when the viewer may not see it.
    async fn salary(&self, ctx: &Context<'_>) -> Result<Option<Money<'_>>> {
        let (Some(amount), Some(currency)) = (self.row.salary_amount, &self.row.salary_currency) else {
            return Ok(None);
        };
        let sight = ctx.request()?.sight().await?;
        Ok(sight.salary(&self.row).then(|| Money { amount: amount.into(), currency }))
    }

    /// Grows with every change; pass it as `expectedVersion` to refuse a lost update.
    async fn version(&self) -> i32 {
        self.row.version
    }

    /// What the viewer may do with this employee, and see of it.
    async fn permissions(&self, ctx: &Context<'_>) -> Result<EmployeePermissions> {
        let request = ctx.request()?;
        let (viewer, sight) = (request.domain(), request.sight().await?);
        Ok(EmployeePermissions {
            update: viewer.may(Permission::UpdateEmployees),
            update_own_contact: viewer.owns(self.row.id),
            see_private: sight.private(&self.row),
            see_salary: sight.salary(&self.row),
        })
    }

    /// When the record was created.
    async fn created_at(&self) -> DateTime<Utc> {
        self.row.created_at
    }

    /// When the record was last changed.
    async fn updated_at(&self) -> DateTime<Utc> {
        self.row.updated_at
    }
}

/// What the viewer may do with an employee, and see of it.
#[derive(Debug, SimpleObject)]
#[expect(clippy::struct_excessive_bools, reason = "each is a field of the schema")]
pub struct EmployeePermissions {
    /// Change every field.
    update: bool,
    /// Change preferred name, phone, personal e-mail address and postal address: it is the viewer's own record.
    update_own_contact: bool,
    /// See `personal`.
    see_private: bool,
    /// See `salary`.
    see_salary: bool,
}

/// What only the employee and those who manage people may see.
#[derive(Debug, SimpleObject)]
pub struct PersonalDetails<'a> {
    /// The date of birth.
    birth_date: Option<Date>,
    /// The private e-mail address.
    personal_email: Option<&'a str>,
    /// The private phone number.
    phone: Option<&'a str>,
    /// The postal address, its lines separated by line feeds.
    address: Option<&'a str>,
    /// Why the employment ended.
    termination_reason: Option<&'a str>,
}

/// An amount of money.
#[derive(Debug, SimpleObject)]
pub struct Money<'a> {
    /// The amount, in units of the currency: `"52000.00"`.
    amount: Decimal,
    /// The currency, ISO 4217: `EUR`.
    currency: &'a str,
}

/// The kind of contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "entities::tenant::employee::EmploymentType")]
pub enum EmploymentType {
    /// The usual full week.
    FullTime,
    /// Fewer hours.
    PartTime,
    /// For a time or a piece of work.
    Contract,
    /// To learn.
    Intern,
}

/// Whether someone works here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "entities::tenant::employee::EmploymentStatus")]
pub enum EmploymentStatus {
    /// Works here, or is hired to begin soon.
    Active,
    /// Has left, or is known to leave.
    Terminated,
}
