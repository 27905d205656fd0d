//! What becomes of rows of another program: the rules that verbs keep, for a whole organisation at once.
//!
//! A row is held against the same value types as the input of a verb, and all rows together against what verbs keep by taking the
//! tenant's turn. What was before is not in the audit, which tells of deeds that were done here.

mod employee;
mod field;

use chrono::{DateTime, Utc};
use tenancy::{AdoptedRow, AdoptionRules, RuleForAll, TableRules};

use crate::value::{CountryCode, FromText as _, TimeZoneName, Title};
use field::{complete_times, parse, text};

/// What maps may fill, and what their rows have to keep.
pub const RULES: AdoptionRules = AdoptionRules {
    tables: &[
        TableRules {
            table: "departments",
            columns: &["name", "parent_id", "created_at", "updated_at"],
            completed: &["created_at", "updated_at"],
            check: department,
            together: &[RuleForAll {
                // As with managers: an id is led once.
                broken: "WITH RECURSIVE led (id) AS (SELECT id FROM departments WHERE parent_id IS NULL \
                         UNION SELECT d.id FROM departments d JOIN led ON d.parent_id = led.id) \
                         SELECT id FROM departments EXCEPT SELECT id FROM led",
                column: "parent_id",
                message: "The departments above form a circle, or lead into one.",
            }],
        },
        TableRules {
            table: "positions",
            columns: &["title", "created_at", "updated_at"],
            completed: &["created_at", "updated_at"],
            check: position,
            together: &[],
        },
        TableRules {
            table: "locations",
            columns: &["name", "country_code", "time_zone", "created_at", "updated_at"],
            completed: &["created_at", "updated_at"],
            check: location,
            together: &[RuleForAll {
                broken: "SELECT id FROM locations WHERE time_zone NOT IN (SELECT name FROM pg_timezone_names)",
                column: "time_zone",
                message: "This is not a time zone, such as Europe/Berlin.",
            }],
        },
        employee::RULES,
    ],
    // The next one who is hired gets the number after the greatest.
    finish: &["UPDATE number_sequences SET next_value = 1 + coalesce((SELECT max(employee_number) FROM employees), 0) \
               WHERE name = 'employee'"],
};

fn department(row: &mut AdoptedRow<'_>, now: DateTime<Utc>) {
    text::<Title>(row, "name");
    complete_times(row, now);
}

fn position(row: &mut AdoptedRow<'_>, now: DateTime<Utc>) {
    text::<Title>(row, "title");
    complete_times(row, now);
}

fn location(row: &mut AdoptedRow<'_>, now: DateTime<Utc>) {
    text::<Title>(row, "name");
    parse(row, "country_code", |text| Ok(CountryCode::parse("country_code", text)?.as_str().to_owned()));
    parse(row, "time_zone", |text| Ok(TimeZoneName::from_text("time_zone", text)?.into_text()));
    complete_times(row, now);
}
