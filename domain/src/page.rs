//! Pages of lists, cut by keyset: a cursor holds the order's values of a row, so a page costs the same at any depth
//! and nothing is shown twice when rows come or go in between.

use chrono::{Datelike, NaiveDate};
use entities::tenant::{department, location, position};
use sea_orm::sea_query::Expr;
use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use uuid::Uuid;

use crate::Error;

/// The most rows of a page.
const MOST_ROWS: i32 = 500;

/// Which page, in Relay's terms; the numbers as the request gave them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paging<C> {
    /// At most this many rows, from the start; at most 500.
    pub first: Option<i32>,
    /// Only rows after this one.
    pub after: Option<C>,
    /// At most this many rows, from the end; at most 500. Not with `first`.
    pub last: Option<i32>,
    /// Only rows before this one.
    pub before: Option<C>,
}

// By hand, since the derive would ask for a cursor with a default.
impl<C> Default for Paging<C> {
    fn default() -> Self {
        Self { first: None, after: None, last: None, before: None }
    }
}

/// One page, in the order asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// The rows.
    pub rows: Vec<T>,
    /// Whether rows follow.
    pub has_next_page: bool,
    /// Whether rows precede.
    pub has_previous_page: bool,
}

/// A place in a list by name (a position's title counts as its name).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NameCursor {
    /// The row's name.
    #[serde(deserialize_with = "storable_text")]
    pub name: String,
    /// The row's id, which decides between equal names.
    pub id: Uuid,
}

/// Reads a text of a cursor. Somebody may have written it by hand, with a NUL, which the database cannot hold.
pub(crate) fn storable_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text = String::deserialize(deserializer)?;
    if text.contains('\0') { Err(D::Error::custom("there is a NUL in a text")) } else { Ok(text) }
}

/// Reads a date of a cursor, of the years that dates of this program have; the calendar of the database is shorter than that
/// of the program's library.
pub(crate) fn storable_date<'de, D: Deserializer<'de>>(deserializer: D) -> Result<NaiveDate, D::Error> {
    let date = NaiveDate::deserialize(deserializer)?;
    if (1..=9999).contains(&date.year()) { Ok(date) } else { Err(D::Error::custom("there is no such year")) }
}

impl From<&department::Model> for NameCursor {
    fn from(department: &department::Model) -> Self {
        Self { name: department.name.clone(), id: department.id.uuid() }
    }
}

impl From<&position::Model> for NameCursor {
    fn from(position: &position::Model) -> Self {
        Self { name: position.title.clone(), id: position.id.uuid() }
    }
}

impl From<&location::Model> for NameCursor {
    fn from(location: &location::Model) -> Self {
        Self { name: location.name.clone(), id: location.id.uuid() }
    }
}

/// A paging whose numbers were checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    size: usize,
    backwards: bool,
    after: bool,
    before: bool,
}

impl<C> Paging<C> {
    /// Checks the numbers; `usual` is the size of a page when none is given.
    pub fn window(&self, usual: usize) -> Result<Window, Error> {
        let (size, backwards) = match (self.first, self.last) {
            (Some(_), Some(_)) => return Err(Error::bad_input("last", "Give either first or last, not both.")),
            (Some(first), None) => (size("first", first)?, false),
            (None, Some(last)) => (size("last", last)?, true),
            (None, None) => (usual, false),
        };
        Ok(Window { size, backwards, after: self.after.is_some(), before: self.before.is_some() })
    }
}

fn size(field: &str, given: i32) -> Result<usize, Error> {
    match usize::try_from(given) {
        Ok(size) if given <= MOST_ROWS => Ok(size),
        Ok(_) => Err(Error::bad_input(field, format!("A page has at most {MOST_ROWS} rows."))),
        Err(_) => Err(Error::bad_input(field, "The number of rows cannot be negative.")),
    }
}

impl Window {
    /// How many rows to ask the database for: one more than the page has, which tells whether others follow.
    pub const fn limit(self) -> u64 {
        self.size as u64 + 1
    }

    /// Whether to read the list from its end.
    pub const fn backwards(self) -> bool {
        self.backwards
    }

    /// The page out of the rows as they were read.
    pub fn page<T>(self, mut rows: Vec<T>) -> Page<T> {
        let more = rows.len() > self.size;
        rows.truncate(self.size);
        if self.backwards {
            rows.reverse();
            return Page { rows, has_next_page: self.before, has_previous_page: more };
        }
        Page { rows, has_next_page: more, has_previous_page: self.after }
    }
}

/// The condition that a row comes behind (or, if not `behind`, in front of) the given values, in rising order.
pub(crate) fn beyond(columns: Vec<Expr>, values: Vec<Expr>, behind: bool) -> Expr {
    use sea_orm::sea_query::ExprTrait;

    let (row, mark) = (Expr::tuple(columns), Expr::tuple(values));
    if behind { row.gt(mark) } else { row.lt(mark) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paging(first: Option<i32>, last: Option<i32>) -> Paging<u8> {
        Paging { first, last, ..Paging::default() }
    }

    fn refused_field(paging: &Paging<u8>) -> String {
        match paging.window(50) {
            Err(Error::BadInput { field, .. }) => field,
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn the_numbers_are_checked() {
        assert_eq!(refused_field(&paging(Some(-1), None)), "first");
        assert_eq!(refused_field(&paging(Some(501), None)), "first");
        assert_eq!(refused_field(&paging(None, Some(i32::MIN))), "last");
        assert_eq!(refused_field(&paging(Some(1), Some(1))), "last");
        assert_eq!(paging(None, None).window(50).unwrap().limit(), 51);
        assert_eq!(paging(Some(500), None).window(50).unwrap().limit(), 501);
        assert_eq!(paging(Some(0), None).window(50).unwrap().limit(), 1);
    }

    #[test]
    fn the_row_too_many_tells_that_others_follow() {
        let window = paging(Some(2), None).window(50).unwrap();
        assert_eq!(window.page(vec![1, 2, 3]), Page { rows: vec![1, 2], has_next_page: true, has_previous_page: false });
        assert_eq!(window.page(vec![1, 2]), Page { rows: vec![1, 2], has_next_page: false, has_previous_page: false });
    }

    #[test]
    fn a_page_from_the_end_is_turned_round() {
        let window = Paging { before: Some(0), ..paging(None, Some(2)) }.window(50).unwrap();
        assert_eq!(window.page(vec![9, 8, 7]), Page { rows: vec![8, 9], has_next_page: true, has_previous_page: true });
    }

    #[test]
    fn nothing_asked_for_is_an_empty_page() {
        let window = paging(Some(0), None).window(50).unwrap();
        assert_eq!(window.page(vec![1]), Page { rows: vec![], has_next_page: true, has_previous_page: false });
    }
}
