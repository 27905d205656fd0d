//! What mutations of employees take.

use async_graphql::{ID, InputObject, MaybeUndefined};
use domain::{Error, employee};

use super::{
    super::{
        id,
        input::{change, replace, replace_id},
        scalar::{Date, Decimal},
    },
    EmploymentType,
};

/// An amount of money.
#[derive(Debug, InputObject)]
pub struct MoneyInput {
    /// The amount, in units of the currency: `"52000.00"`.
    amount: Decimal,
    /// The currency, ISO 4217: `EUR`.
    currency: String,
}

impl TryFrom<MoneyInput> for employee::Salary {
    type Error = Error;

    fn try_from(input: MoneyInput) -> Result<Self, Error> {
        Ok(Self { amount: input.amount.given_for("salary.amount")?, currency: input.currency })
    }
}

/// What only the employee and those who manage people may see.
#[derive(Debug, Default, InputObject)]
pub struct PersonalDetailsInput {
    /// The date of birth.
    birth_date: Option<Date>,
    /// The private e-mail address.
    personal_email: Option<String>,
    /// The private phone number.
    phone: Option<String>,
    /// The postal address, its lines separated by line feeds.
    address: Option<String>,
}

impl TryFrom<PersonalDetailsInput> for employee::PersonalDetails {
    type Error = Error;

    fn try_from(input: PersonalDetailsInput) -> Result<Self, Error> {
        Ok(Self {
            birth_date: input.birth_date.map(|date| date.given_for("personal.birthDate")).transpose()?,
            personal_email: input.personal_email,
            phone: input.phone,
            address: input.address,
        })
    }
}

/// A new employee.
#[derive(Debug, InputObject)]
pub struct HireEmployeeInput {
    /// The given name, at most 100 characters.
    given_name: String,
    /// The family name, at most 100 characters.
    family_name: String,
    /// The name that the person goes by, if not the given name.
    preferred_name: Option<String>,
    /// The work e-mail address, unique within the organisation.
    work_email: String,
    /// Where in the organisation.
    department_id: ID,
    /// As what.
    position_id: ID,
    /// Where on the map.
    location_id: Option<ID>,
    /// Whom the employee reports to; left out or null: nobody.
    manager_id: Option<ID>,
    /// The kind of contract.
    #[graphql(default_with = "EmploymentType::FullTime")]
    employment_type: EmploymentType,
    /// The first day; at most one year ahead.
    hired_on: Date,
    /// Private details.
    personal: Option<PersonalDetailsInput>,
    /// Yearly gross salary.
    salary: Option<MoneyInput>,
}

impl TryFrom<HireEmployeeInput> for employee::Hire {
    type Error = Error;

    fn try_from(input: HireEmployeeInput) -> Result<Self, Error> {
        Ok(Self {
            given_name: input.given_name,
            family_name: input.family_name,
            preferred_name: input.preferred_name,
            work_email: input.work_email,
            department_id: id::decode(&input.department_id)?,
            position_id: id::decode(&input.position_id)?,
            location_id: id::decode_optional(input.location_id.as_ref())?,
            manager_id: id::decode_optional(input.manager_id.as_ref())?,
            employment_type: input.employment_type.into(),
            hired_on: input.hired_on.given_for("hiredOn")?,
            personal: input.personal.unwrap_or_default().try_into()?,
            salary: input.salary.map(TryInto::try_into).transpose()?,
        })
    }
}

/// A field left out stays as it is; an explicit null clears it where that is allowed.
#[derive(Debug, InputObject)]
pub struct UpdateEmployeeInput {
    /// The employee's opaque id.
    id: ID,
    /// The version that the change is based on; another one is a CONFLICT.
    expected_version: Option<i32>,
    /// The given name, at most 100 characters; cannot be cleared.
    given_name: MaybeUndefined<String>,
    /// The family name, at most 100 characters; cannot be cleared.
    family_name: MaybeUndefined<String>,
    /// The name that the person goes by, if not the given name.
    preferred_name: MaybeUndefined<String>,
    /// The work e-mail address, unique within the organisation; cannot be cleared.
    work_email: MaybeUndefined<String>,
    /// The kind of contract; cannot be cleared.
    employment_type: MaybeUndefined<EmploymentType>,
    /// The date of birth.
    birth_date: MaybeUndefined<Date>,
    /// The private e-mail address.
    personal_email: MaybeUndefined<String>,
    /// The private phone number.
    phone: MaybeUndefined<String>,
    /// The postal address, its lines separated by line feeds.
    address: MaybeUndefined<String>,
    /// Yearly gross salary.
    salary: MaybeUndefined<MoneyInput>,
}

impl TryFrom<UpdateEmployeeInput> for employee::Update {
    type Error = Error;

    fn try_from(input: UpdateEmployeeInput) -> Result<Self, Error> {
        Ok(Self {
            id: id::decode(&input.id)?,
            expected_version: input.expected_version,
            given_name: replace("givenName", input.given_name)?,
            family_name: replace("familyName", input.family_name)?,
            preferred_name: change(input.preferred_name, Ok)?,
            work_email: replace("workEmail", input.work_email)?,
            employment_type: replace("employmentType", input.employment_type)?.map(Into::into),
            birth_date: change(input.birth_date, |date| date.given_for("birthDate"))?,
            personal_email: change(input.personal_email, Ok)?,
            phone: change(input.phone, Ok)?,
            address: change(input.address, Ok)?,
            salary: change(input.salary, TryInto::try_into)?,
        })
    }
}

/// A field left out stays as it is.
#[derive(Debug, InputObject)]
pub struct TransferEmployeeInput {
    /// The employee's opaque id.
    id: ID,
    /// The new department; cannot be cleared.
    department_id: MaybeUndefined<ID>,
    /// The new position; cannot be cleared.
    position_id: MaybeUndefined<ID>,
    /// The new location; null: not recorded.
    location_id: MaybeUndefined<ID>,
    /// Whom the employee reports to from now on; null: nobody.
    manager_id: MaybeUndefined<ID>,
}

impl TryFrom<TransferEmployeeInput> for employee::Transfer {
    type Error = Error;

    fn try_from(input: TransferEmployeeInput) -> Result<Self, Error> {
        Ok(Self {
            id: id::decode(&input.id)?,
            department_id: replace_id("departmentId", input.department_id)?,
            position_id: replace_id("positionId", input.position_id)?,
            location_id: change(input.location_id, |id| id::decode(&id))?,
            manager_id: change(input.manager_id, |id| id::decode(&id))?,
        })
    }
}

/// An employee's new manager.
#[derive(Debug, InputObject)]
pub struct ChangeManagerInput {
    /// The employee's opaque id.
    id: ID,
    /// Whom the employee reports to from now on. Null: reports to nobody.
    manager_id: Option<ID>,
}

impl TryFrom<ChangeManagerInput> for employee::ChangeManager {
    type Error = Error;

    fn try_from(input: ChangeManagerInput) -> Result<Self, Error> {
        Ok(Self { id: id::decode(&input.id)?, manager_id: id::decode_optional(input.manager_id.as_ref())? })
    }
}

/// The end of an employment.
#[derive(Debug, InputObject)]
pub struct TerminateEmployeeInput {
    /// The employee's opaque id.
    id: ID,
    /// The last day; not before the first, and at most one year ahead.
    terminated_on: Date,
    /// Why the employment ends. Private.
    reason: Option<String>,
    /// Who takes over the direct reports; else the manager of the one who leaves.
    new_manager_id: Option<ID>,
}

impl TryFrom<TerminateEmployeeInput> for employee::Terminate {
    type Error = Error;

    fn try_from(input: TerminateEmployeeInput) -> Result<Self, Error> {
        Ok(Self {
            id: id::decode(&input.id)?,
            terminated_on: input.terminated_on.given_for("terminatedOn")?,
            reason: input.reason,
            new_manager_id: id::decode_optional(input.new_manager_id.as_ref())?,
        })
    }
}

/// A new employment of someone who had left. A field left out is as it was.
#[derive(Debug, InputObject)]
pub struct RehireEmployeeInput {
    /// The employee's opaque id.
    id: ID,
    /// The first day of the new employment; not before the last of the old one.
    hired_on: Date,
    /// The department; cannot be cleared.
    department_id: MaybeUndefined<ID>,
    /// The position; cannot be cleared.
    position_id: MaybeUndefined<ID>,
    /// The location; null: not recorded.
    location_id: MaybeUndefined<ID>,
    /// Whom the employee reports to; null: nobody.
    manager_id: MaybeUndefined<ID>,
}

impl TryFrom<RehireEmployeeInput> for employee::Rehire {
    type Error = Error;

    fn try_from(input: RehireEmployeeInput) -> Result<Self, Error> {
        Ok(Self {
            id: id::decode(&input.id)?,
            hired_on: input.hired_on.given_for("hiredOn")?,
            department_id: replace_id("departmentId", input.department_id)?,
            position_id: replace_id("positionId", input.position_id)?,
            location_id: change(input.location_id, |id| id::decode(&id))?,
            manager_id: change(input.manager_id, |id| id::decode(&id))?,
        })
    }
}
