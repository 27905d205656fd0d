//! Violated constraints as answers.
//!
//! Rules such as "a work e-mail address is unique" are kept by the database, since two requests at the same moment
//! could both find an address free. A distributed engine appends `_<digits>` to the names, so that is stripped.

use sea_orm::{DbErr, RuntimeErr};

use crate::Error;

/// What Postgres says to whoever would write in a transaction that may not.
const READ_ONLY: &str = "25006";

/// The answer for a violated constraint, or for a write where none is allowed; none for another failure or an unknown constraint.
pub(crate) fn answer(error: &DbErr) -> Option<Error> {
    let error = match error {
        DbErr::Exec(RuntimeErr::SqlxError(error)) | DbErr::Query(RuntimeErr::SqlxError(error)) => error.as_database_error()?,
        _ => return None,
    };
    if error.code().is_some_and(|code| code == READ_ONLY) {
        return Some(Error::ReadOnly);
    }
    answer_for(error.constraint()?)
}

fn answer_for(name: &str) -> Option<Error> {
    let error = match without_shard(name) {
        "employees_work_email_key" => Error::conflict("workEmail", "Another employee has this work e-mail address."),
        "departments_sibling_name_key" => Error::conflict("name", "There is a department of this name in the same place."),
        "positions_title_key" => Error::conflict("title", "There is a position with this title."),
        "locations_name_key" => Error::conflict("name", "There is a location with this name."),
        "employees_department_fkey" | "departments_parent_fkey" => Error::NotFound("department"),
        "employees_position_fkey" => Error::NotFound("position"),
        "employees_location_fkey" => Error::NotFound("location"),
        "employees_manager_fkey" => Error::NotFound("manager"),
        _ => return None,
    };
    Some(error)
}

/// The name without the number of a shard.
fn without_shard(name: &str) -> &str {
    match name.rsplit_once('_') {
        Some((base, digits)) if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) => base,
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_a_shard_is_stripped() {
        assert_eq!(without_shard("employees_work_email_key_102008"), "employees_work_email_key");
        assert_eq!(without_shard("employees_work_email_key"), "employees_work_email_key");
        assert_eq!(without_shard("employees_work_email_"), "employees_work_email_");
        assert_eq!(without_shard(""), "");
    }

    #[test]
    fn a_known_constraint_has_an_answer() {
        assert!(matches!(
            answer_for("employees_work_email_key_102008"),
            Some(Error::Conflict { field: Some(field), .. }) if field == "workEmail"
        ));
        assert!(matches!(answer_for("employees_position_fkey"), Some(Error::NotFound("position"))));
        assert!(answer_for("employees_number_key").is_none());
    }

    #[test]
    fn other_failures_stay_failures() {
        assert!(matches!(Error::from(DbErr::Custom("broken".to_owned())), Error::Database(_)));
    }
}
