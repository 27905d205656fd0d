//! Employees of another program.

use chrono::{DateTime, Utc};
use entities::tenant::employee::{EmploymentStatus, EmploymentType};
use rust_decimal::Decimal;
use sea_orm::{ActiveEnum, Iterable};
use tenancy::{AdoptedRow, RuleForAll, TableRules};

use super::field::{complete_times, date, optional_text, parse, text};
use crate::{
    Error,
    value::{BirthDate, EmailAddress, HireDate, Money, PersonName, Phone, PostalAddress, Reason, Salary, TerminationDate},
};

pub(super) const RULES: TableRules = TableRules {
    table: "employees",
    columns: &[
        "employee_number",
        "given_name",
        "family_name",
        "preferred_name",
        "work_email",
        "department_id",
        "position_id",
        "location_id",
        "manager_id",
        "employment_type",
        "status",
        "hired_on",
        "terminated_on",
        "termination_reason",
        "birth_date",
        "personal_email",
        "phone",
        "address",
        "salary_amount",
        "salary_currency",
        "created_at",
        "updated_at",
    ],
    completed: &["employee_number", "status", "created_at", "updated_at"],
    check,
    together: &[
        RuleForAll {
            // An id is led once (UNION): where several rows have it, which is told elsewhere, this ends all the same.
            broken: "WITH RECURSIVE led (id) AS (SELECT id FROM employees WHERE manager_id IS NULL \
                     UNION SELECT e.id FROM employees e JOIN led ON e.manager_id = led.id) \
                     SELECT id FROM employees EXCEPT SELECT id FROM led",
            column: "manager_id",
            message: "The managers above form a circle, or lead into one.",
        },
        RuleForAll {
            broken: "SELECT e.id FROM employees e JOIN employees m ON m.id = e.manager_id WHERE m.status = 'terminated'",
            column: "manager_id",
            message: "This manager no longer works here.",
        },
    ],
};

fn check(row: &mut AdoptedRow<'_>, now: DateTime<Utc>) {
    number(row);
    text::<PersonName>(row, "given_name");
    text::<PersonName>(row, "family_name");
    optional_text::<PersonName>(row, "preferred_name");
    text::<EmailAddress>(row, "work_email");
    choice::<EmploymentType>(row, "employment_type");
    employment(row, now);
    optional_text::<EmailAddress>(row, "personal_email");
    optional_text::<Phone>(row, "phone");
    optional_text::<PostalAddress>(row, "address");
    salary(row);
    complete_times(row, now);
}

/// The employee number: one's place in the order of reading, unless the map says it.
fn number(row: &mut AdoptedRow<'_>) {
    const COLUMN: &str = "employee_number";
    if !row.is_given(COLUMN) {
        row.set(COLUMN, Some(row.number().to_string()));
    }
    parse(row, COLUMN, |text| match text.trim().parse::<i64>() {
        // There are numbers left for those who are hired later.
        Ok(number) if (1..=i64::from(u32::MAX)).contains(&number) => Ok(number.to_string()),
        _ => Err(Error::bad_input(COLUMN, "This is not a whole number from 1 to 4294967295.")),
    });
}

/// First and last day, and what follows from them.
fn employment(row: &mut AdoptedRow<'_>, now: DateTime<Utc>) {
    let today = now.date_naive();
    let hired_on = date(row, "hired_on", |date| Ok(HireDate::parse("hired_on", date, today)?.date()));
    date(row, "terminated_on", |date| {
        // Without a first day, which is told, the last one may be any.
        let hired_on = hired_on.unwrap_or(date);
        Ok(TerminationDate::parse("terminated_on", date, hired_on, today)?.date())
    });
    if row.is_given("status") {
        choice::<EmploymentStatus>(row, "status");
    } else {
        // Also one that was objected to is a last day.
        let status = if row.get("terminated_on").is_some() { EmploymentStatus::Terminated } else { EmploymentStatus::Active };
        row.set("status", Some(status.to_value()));
    }
    match (row.get("status"), row.get("terminated_on")) {
        (Some("terminated"), None) => row.object("terminated_on", "Of somebody who has left, the last day is needed."),
        (Some("active"), Some(_)) => row.object("status", "Somebody who has a last day is terminated."),
        _ => {}
    }
    optional_text::<Reason>(row, "termination_reason");
    // No verb makes it, and on the page nobody could take it away.
    if row.get("status") == Some("active") && row.get("termination_reason").is_some() {
        row.object("termination_reason", "Of somebody who works here there is none.");
    }
    date(row, "birth_date", |date| {
        let hired_on = hired_on.unwrap_or(today);
        Ok(BirthDate::parse("birth_date", date, hired_on, today)?.date())
    });
}

/// Amount and currency: both or neither.
fn salary(row: &mut AdoptedRow<'_>) {
    let given = |column| row.get(column).map(str::trim).filter(|text| !text.is_empty()).map(ToOwned::to_owned);
    let (amount, currency) = match (given("salary_amount"), given("salary_currency")) {
        (Some(amount), Some(currency)) => (amount, currency),
        // A currency that holds for all says nothing of those whose salary is not known.
        (None, _) => {
            row.set("salary_amount", None);
            row.set("salary_currency", None);
            return;
        }
        (Some(_), None) => return row.object("salary_currency", "An amount needs a currency."),
    };
    let Ok(amount) = amount.parse::<Decimal>() else {
        return row.object("salary_amount", "This is not an amount, such as 52000.00.");
    };
    match Money::parse("salary", &Salary { amount, currency }) {
        Ok(money) => {
            row.set("salary_amount", Some(money.amount().to_string()));
            row.set("salary_currency", Some(money.currency().to_string()));
        }
        Err(Error::BadInput { field, message }) if field.ends_with("currency") => row.object("salary_currency", message),
        Err(error) => row.object("salary_amount", error.to_string()),
    }
}

/// One of few values.
fn choice<T: ActiveEnum<Value = String> + Iterable>(row: &mut AdoptedRow<'_>, column: &str) {
    parse(row, column, |text| {
        let known = T::iter().map(|value| value.to_value()).collect::<Vec<_>>();
        if known.iter().any(|known| known == text) {
            return Ok(text.to_owned());
        }
        Err(Error::bad_input(column, format!("This is none of {}.", known.join(", "))))
    });
}
