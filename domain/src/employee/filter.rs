//! Which employees a list holds.

use entities::{
    id::{DepartmentId, EmployeeId, LocationId, PositionId},
    tenant::{
        employee::{Column, EmploymentStatus, EmploymentType, Entity},
        position,
    },
};
use sea_orm::{
    Condition, ExprTrait,
    sea_query::{Expr, Value, extension::postgres::PgExpr},
};
use tenancy::TenantScope;

use crate::{Context, Error, Permission, Reach, department, location, position as positions, value::refuse_control_characters};

/// The most characters of a search.
const MOST_CHARACTERS: usize = 200;
/// The most words of a search: each is compared with five columns of every row.
const MOST_WORDS: usize = 10;

/// Conditions that must all hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmployeeFilter {
    /// Works in this department ...
    pub department_id: Option<DepartmentId>,
    /// ... or in one below it.
    pub include_subdepartments: bool,
    /// Holds this position.
    pub position_id: Option<PositionId>,
    /// Works at this location.
    pub location_id: Option<LocationId>,
    /// Reports directly to this employee.
    pub manager_id: Option<EmployeeId>,
    /// Has this status; if none is given, works here.
    pub status: Option<EmploymentStatus>,
    /// Has a contract of this kind.
    pub employment_type: Option<EmploymentType>,
}

impl Default for EmployeeFilter {
    fn default() -> Self {
        Self {
            department_id: None,
            include_subdepartments: true,
            position_id: None,
            location_id: None,
            manager_id: None,
            status: None,
            employment_type: None,
        }
    }
}

impl EmployeeFilter {
    /// The filter as SQL, narrowed to whom the actor may see.
    pub(super) fn condition(&self, context: &Context) -> Result<Condition, Error> {
        let equals = |column, value: Value| Expr::col((Entity, column)).eq(Expr::val(value));
        let mut condition = self.visible(context)?;
        if let Some(id) = self.department_id {
            condition = condition.add(if self.include_subdepartments {
                let subtree = format!("\"employees\".\"department_id\" IN ({})", department::SUBTREE);
                Expr::cust_with_values(subtree, [id])
            } else {
                equals(Column::DepartmentId, id.into())
            });
        }
        let equalities = [
            (Column::PositionId, self.position_id.map(Value::from)),
            (Column::LocationId, self.location_id.map(Value::from)),
            (Column::ManagerId, self.manager_id.map(Value::from)),
            (Column::EmploymentType, self.employment_type.map(Value::from)),
        ];
        for (column, value) in equalities {
            condition = condition.add_option(value.map(|value| equals(column, value)));
        }
        Ok(condition)
    }

    /// The condition on the status.
    fn visible(&self, context: &Context) -> Result<Condition, Error> {
        let actor = context.actor()?;
        let status = self.status.unwrap_or(EmploymentStatus::Active);
        let of_status = Condition::all().add(Expr::col((Entity, Column::Status)).eq(Expr::val(status)));
        if status == EmploymentStatus::Active {
            return Ok(of_status);
        }
        Ok(match (actor.reach(Permission::ReadTerminatedEmployees), actor.employee_id) {
            (Reach::Everyone, _) => of_status,
            (Reach::Own, Some(own)) => of_status.add(Expr::col((Entity, Column::Id)).eq(Expr::val(own))),
            (Reach::Own | Reach::Reports | Reach::Nobody, _) => of_status.add(Expr::val(false)),
        })
    }

    /// Tells a filter by something that does not exist from one that nobody meets.
    ///
    /// Only for an empty page: something that does not exist always makes one, so no other list pays for it.
    pub(super) async fn refuse_unknown(&self, scope: &impl TenantScope, context: &Context) -> Result<(), Error> {
        if let Some(id) = self.department_id {
            department::by_id(scope, context, id).await?;
        }
        if let Some(id) = self.position_id {
            positions::by_id(scope, context, id).await?;
        }
        if let Some(id) = self.location_id {
            location::by_id(scope, context, id).await?;
        }
        if let Some(id) = self.manager_id {
            super::by_id(scope, context, id).await?;
        }
        Ok(())
    }
}

/// The words of a search.
pub(super) fn words(search: Option<&str>) -> Result<Vec<&str>, Error> {
    let search = search.unwrap_or_default().trim();
    refuse_control_characters("search", search, |_| false)?;
    if search.chars().nth(MOST_CHARACTERS).is_some() {
        return Err(Error::bad_input("search", format!("A search has at most {MOST_CHARACTERS} characters.")));
    }
    let words: Vec<_> = search.split_whitespace().collect();
    if words.len() > MOST_WORDS {
        return Err(Error::bad_input("search", format!("A search has at most {MOST_WORDS} words.")));
    }
    Ok(words)
}

/// The condition that a word is part of a name, of the work e-mail address or of the position's title.
pub(super) fn contains(word: &str, positions: &'static str) -> Condition {
    let pattern = format!("%{}%", escaped(word));
    [Column::GivenName, Column::PreferredName, Column::FamilyName, Column::WorkEmail]
        .into_iter()
        .map(|column| Expr::col((Entity, column)))
        .chain([Expr::col((positions, position::Column::Title))])
        .fold(Condition::any(), |any, column| any.add(column.ilike(pattern.as_str())))
}

/// The word without a special meaning for LIKE.
fn escaped(word: &str) -> String {
    word.chars()
        .flat_map(|character| matches!(character, '%' | '_' | '\\').then_some('\\').into_iter().chain([character]))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_is_a_few_words() {
        assert_eq!(words(None).unwrap(), Vec::<&str>::new());
        assert_eq!(words(Some("  ann \u{3000} lee ")).unwrap(), ["ann", "lee"]);
        assert!(words(Some("a\0b")).is_err());
        assert!(words(Some(&"a".repeat(201))).is_err());
        assert!(words(Some(&"a ".repeat(11))).is_err());
    }

    #[test]
    fn wildcards_are_ordinary_characters() {
        assert_eq!(escaped(r"50%_a\b"), r"50\%\_a\\b");
    }
}
