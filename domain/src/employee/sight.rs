//! Which confidential fields the actor may see.

use std::collections::HashSet;

use entities::{id::EmployeeId, tenant::employee::Model};
use tenancy::TenantScope;

use super::reporting_line;
use crate::{Context, Error, Permission, Reach};

/// What the actor may see of whom. Loaded once a request, and only when a confidential field is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sight {
    private: Reach,
    salary: Reach,
    own: Option<EmployeeId>,
    reports: HashSet<EmployeeId>,
}

impl Sight {
    /// The actor's sight; a query only for those who see the salaries of their reports.
    pub async fn load(scope: &impl TenantScope, context: &Context) -> Result<Self, Error> {
        let actor = context.actor()?;
        let salary = actor.reach(Permission::ReadSalaries);
        let reports = match (salary, actor.employee_id) {
            (Reach::Reports, Some(own)) => reporting_line::reports(scope, own).await?,
            _ => HashSet::new(),
        };
        Ok(Self { private: actor.reach(Permission::ReadPrivateDetails), salary, own: actor.employee_id, reports })
    }

    /// Whether the actor may see birth date, personal e-mail address, phone, postal address and termination reason.
    pub fn private(&self, employee: &Model) -> bool {
        self.covers(self.private, employee)
    }

    /// Whether the actor may see the salary.
    pub fn salary(&self, employee: &Model) -> bool {
        self.covers(self.salary, employee)
    }

    fn covers(&self, reach: Reach, employee: &Model) -> bool {
        let is_own = self.own == Some(employee.id);
        match reach {
            Reach::Everyone => true,
            Reach::Reports => is_own || self.reports.contains(&employee.id),
            Reach::Own => is_own,
            Reach::Nobody => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::employee::example;

    #[test]
    fn a_manager_sees_the_salaries_of_reports_but_only_own_private_details() {
        let [own, report, other] = std::array::from_fn(|_| EmployeeId::generate());
        let sight = Sight { private: Reach::Own, salary: Reach::Reports, own: Some(own), reports: HashSet::from([report]) };
        let seen = [own, report, other].map(|id| (sight.private(&example(id)), sight.salary(&example(id))));
        assert_eq!(seen, [(true, true), (false, true), (false, false)]);
    }

    #[test]
    fn who_has_no_record_owns_none() {
        let sight = Sight { private: Reach::Own, salary: Reach::Own, own: None, reports: HashSet::new() };
        assert!(!sight.private(&example(EmployeeId::generate())));
    }
}
