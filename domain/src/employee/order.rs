//! The orders of the employee list, and places in it.

use chrono::NaiveDate;
use entities::{
    id::EmployeeId,
    tenant::employee::{Column, Entity, Model},
};
use sea_orm::sea_query::Expr;
use serde::{Deserialize, Serialize};

use crate::page::{storable_date, storable_text};

/// What the employee list is ordered by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EmployeeOrder {
    /// By family name, then given name.
    #[default]
    Name,
    /// By date of hire.
    HiredOn,
    /// By employee number.
    EmployeeNumber,
}

/// Which way round.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Direction {
    /// Rising.
    #[default]
    Ascending,
    /// Falling.
    Descending,
}

/// An employee's place in the list: what the order compares.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EmployeeCursor {
    /// The values of the order's columns.
    pub key: OrderKey,
    /// The employee's id, which decides between equal values.
    pub id: EmployeeId,
}

/// The values of an order's columns.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderKey {
    /// Of the order by name.
    Name {
        /// Family name.
        #[serde(deserialize_with = "storable_text")]
        family_name: String,
        /// Given name.
        #[serde(deserialize_with = "storable_text")]
        given_name: String,
    },
    /// Of the order by date of hire.
    HiredOn(#[serde(deserialize_with = "storable_date")] NaiveDate),
    /// Of the order by employee number.
    EmployeeNumber(i64),
}

impl EmployeeCursor {
    /// The employee's place in the list of that order.
    pub fn of(employee: &Model, order: EmployeeOrder) -> Self {
        let key = match order {
            EmployeeOrder::Name => {
                OrderKey::Name { family_name: employee.family_name.clone(), given_name: employee.given_name.clone() }
            }
            EmployeeOrder::HiredOn => OrderKey::HiredOn(employee.hired_on),
            EmployeeOrder::EmployeeNumber => OrderKey::EmployeeNumber(employee.employee_number),
        };
        Self { key, id: employee.id }
    }

    /// The values to compare with [`EmployeeOrder::columns`]; none if the cursor is of another order.
    pub(super) fn values(&self, order: EmployeeOrder) -> Option<Vec<Expr>> {
        match (&self.key, order) {
            (OrderKey::Name { family_name, given_name }, EmployeeOrder::Name) => {
                Some(vec![Expr::val(family_name.as_str()), Expr::val(given_name.as_str()), Expr::val(self.id)])
            }
            (OrderKey::HiredOn(date), EmployeeOrder::HiredOn) => Some(vec![Expr::val(*date), Expr::val(self.id)]),
            (OrderKey::EmployeeNumber(number), EmployeeOrder::EmployeeNumber) => Some(vec![Expr::val(*number)]),
            _ => None,
        }
    }
}

impl EmployeeOrder {
    /// The columns that the order compares, in turn; together they are unique, and an index has them.
    pub(super) const fn columns(self) -> &'static [Column] {
        match self {
            Self::Name => &[Column::FamilyName, Column::GivenName, Column::Id],
            Self::HiredOn => &[Column::HiredOn, Column::Id],
            Self::EmployeeNumber => &[Column::EmployeeNumber],
        }
    }

    /// The same as expressions.
    pub(super) fn expressions(self) -> Vec<Expr> {
        self.columns().iter().map(|column| Expr::col((Entity, *column))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::employee::example;

    const ORDERS: [EmployeeOrder; 3] = [EmployeeOrder::Name, EmployeeOrder::HiredOn, EmployeeOrder::EmployeeNumber];

    #[test]
    fn a_cursor_fits_its_own_order_only() {
        let employee = example(EmployeeId::generate());
        for order in ORDERS {
            let cursor = EmployeeCursor::of(&employee, order);
            for other in ORDERS {
                let values = cursor.values(other).map(|values| values.len());
                assert_eq!(values, (order == other).then(|| order.columns().len()), "{order:?} in {other:?}");
            }
        }
    }

    #[test]
    fn a_cursor_reads_back_from_json() {
        for order in ORDERS {
            let cursor = EmployeeCursor::of(&example(EmployeeId::generate()), order);
            let text = serde_json::to_string(&cursor).unwrap();
            assert_eq!(serde_json::from_str::<EmployeeCursor>(&text).unwrap(), cursor);
        }
    }
}
