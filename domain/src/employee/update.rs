//! Changing an employee's fields.

use chrono::NaiveDate;
use entities::{
    id::EmployeeId,
    tenant::employee::{EmploymentType, Model},
};
use sea_orm::TransactionSession;
use tenancy::TenantScope;

use super::{Salary, save};
use crate::{
    Change, Context, Error, Permission, Reach,
    value::{BirthDate, EmailAddress, Money, PersonName, Phone, PostalAddress, changed, required},
};

/// What to change of an employee; a blank text clears its field where that is allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Update {
    /// Whom.
    pub id: EmployeeId,
    /// The version that the change was made for; another one is a conflict.
    pub expected_version: Option<i32>,
    /// At most 100 characters.
    pub given_name: Option<String>,
    /// At most 100 characters.
    pub family_name: Option<String>,
    /// At most 100 characters. A contact detail: everyone may change their own.
    pub preferred_name: Change<String>,
    /// At most 254 characters; unique, whatever the case.
    pub work_email: Option<String>,
    /// The kind of contract.
    pub employment_type: Option<EmploymentType>,
    /// In the past, from 1900, at least 14 years before the hire.
    pub birth_date: Change<NaiveDate>,
    /// At most 254 characters. A contact detail.
    pub personal_email: Change<String>,
    /// At most 50 characters. A contact detail.
    pub phone: Change<String>,
    /// At most 500 characters, of several lines. A contact detail.
    pub address: Change<String>,
    /// Yearly gross.
    pub salary: Change<Salary>,
}

impl Update {
    /// An update that changes nothing yet.
    pub const fn of(id: EmployeeId) -> Self {
        Self {
            id,
            expected_version: None,
            given_name: None,
            family_name: None,
            preferred_name: Change::Keep,
            work_email: None,
            employment_type: None,
            birth_date: Change::Keep,
            personal_email: Change::Keep,
            phone: Change::Keep,
            address: Change::Keep,
            salary: Change::Keep,
        }
    }

    /// Whether it changes contact details and nothing else.
    fn is_contact_only(&self) -> bool {
        self.given_name.is_none()
            && self.family_name.is_none()
            && self.work_email.is_none()
            && self.employment_type.is_none()
            && self.birth_date.keeps()
            && self.salary.keeps()
    }

    /// The employee after the update.
    fn apply(self, context: &Context, before: &Model) -> Result<Model, Error> {
        let mut after = before.clone();
        if let Some(text) = self.given_name {
            after.given_name = required::<PersonName>("givenName", &text)?;
        }
        if let Some(text) = self.family_name {
            after.family_name = required::<PersonName>("familyName", &text)?;
        }
        if let Some(text) = self.work_email {
            after.work_email = required::<EmailAddress>("workEmail", &text)?;
        }
        after.employment_type = self.employment_type.unwrap_or(after.employment_type);
        changed::<PersonName>("preferredName", self.preferred_name)?.apply(&mut after.preferred_name);
        changed::<EmailAddress>("personalEmail", self.personal_email)?.apply(&mut after.personal_email);
        changed::<Phone>("phone", self.phone)?.apply(&mut after.phone);
        changed::<PostalAddress>("address", self.address)?.apply(&mut after.address);
        let birth = |date| BirthDate::parse("birthDate", date, before.hired_on, context.today());
        self.birth_date.try_map(|date| birth(date).map(|date| Some(date.date())))?.apply(&mut after.birth_date);
        match self.salary {
            Change::Keep => {}
            Change::Clear => (after.salary_amount, after.salary_currency) = (None, None),
            Change::Set(salary) => {
                let money = Money::parse("salary", &salary)?;
                after.salary_amount = Some(money.amount());
                after.salary_currency = Some(money.currency().to_string());
            }
        }
        Ok(after)
    }
}

/// Changes an employee's fields. Everyone may change their own contact details.
pub async fn update(scope: &impl TenantScope, context: &Context, input: Update) -> Result<Model, Error> {
    require_permission(context, &input)?;
    let transaction = scope.begin().await?;
    let before = save::lock(&transaction, input.id).await?;
    if input.expected_version.is_some_and(|version| version != before.version) {
        return Err(Error::conflict("expectedVersion", "Someone else has changed this employee in the meantime."));
    }
    let after = input.apply(context, &before)?;
    let employee = save::update(&transaction, context, "employee.updated", &before, after).await?;
    transaction.commit().await?;
    Ok(employee)
}

fn require_permission(context: &Context, input: &Update) -> Result<(), Error> {
    let actor = context.actor()?;
    let may_contact = match actor.reach(Permission::UpdateContactDetails) {
        Reach::Everyone => true,
        Reach::Own => context.owns(input.id),
        Reach::Reports | Reach::Nobody => false,
    };
    if may_contact && input.is_contact_only() {
        return Ok(());
    }
    context.require(Permission::UpdateEmployees).map(|_| ())
}

#[cfg(test)]
mod tests {
    use entities::{id::AccountId, platform::membership::Role};

    use super::*;
    use crate::{Actor, employee::example};

    fn context(role: Role, employee_id: Option<EmployeeId>) -> Context {
        let actor = Actor::person(AccountId::generate(), "Ann", role, employee_id);
        Context { actor: Some(actor), now: "2026-11-21T12:00:00Z".parse().unwrap() }
    }

    #[test]
    fn one_may_change_own_contact_details_and_nothing_else() {
        let id = EmployeeId::generate();
        let contact = Update { phone: Change::Set("1".to_owned()), ..Update::of(id) };
        let name = Update { given_name: Some("Ann".to_owned()), ..contact.clone() };
        let salary = Update { salary: Change::Clear, ..contact.clone() };
        for role in [Role::Manager, Role::Employee] {
            assert!(require_permission(&context(role, Some(id)), &contact).is_ok());
            for input in [&name, &salary] {
                let answer = require_permission(&context(role, Some(id)), input);
                assert!(matches!(answer, Err(Error::Forbidden(_))));
            }
            let answer = require_permission(&context(role, Some(EmployeeId::generate())), &contact);
            assert!(matches!(answer, Err(Error::Forbidden(_))));
            let answer = require_permission(&context(role, None), &contact);
            assert!(matches!(answer, Err(Error::Forbidden(_))));
        }
        assert!(require_permission(&context(Role::Hr, None), &salary).is_ok());
        let anonymous = Context { actor: None, ..context(Role::Owner, None) };
        assert!(matches!(require_permission(&anonymous, &contact), Err(Error::Unauthenticated)));
    }

    #[test]
    fn what_is_left_out_stays_and_blank_clears() {
        let before = Model { phone: Some("1".to_owned()), ..example(EmployeeId::generate()) };
        let context = context(Role::Hr, None);
        assert_eq!(Update::of(before.id).apply(&context, &before).unwrap(), before);
        let cleared = Update { phone: Change::Set("  ".to_owned()), ..Update::of(before.id) };
        assert_eq!(cleared.apply(&context, &before).unwrap().phone, None);
        let blank = Update { given_name: Some("  ".to_owned()), ..Update::of(before.id) };
        assert!(matches!(blank.apply(&context, &before), Err(Error::BadInput { field, .. }) if field == "givenName"));
    }
}
