//! Dates of an employment.

use chrono::{Days, Months, NaiveDate};

use crate::Error;

/// The first day of an employment: from 1900, at most a year ahead.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HireDate(NaiveDate);

/// The last day of an employment: not before the first, at most a year ahead.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TerminationDate(NaiveDate);

/// A date of birth: from 1900, in the past, at least 14 years before the hire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BirthDate(NaiveDate);

/// The youngest age at which one is hired, in months.
const YOUNGEST: Months = Months::new(14 * 12);

impl HireDate {
    /// The hire date in an input.
    pub fn parse(field: &str, date: NaiveDate, today: NaiveDate) -> Result<Self, Error> {
        refuse_before_1900(field, date)?;
        refuse_more_than_a_year_ahead(field, date, today)?;
        Ok(Self(date))
    }

    /// The date.
    pub const fn date(self) -> NaiveDate {
        self.0
    }
}

impl TerminationDate {
    /// The termination date in an input, of an employment that began on `hired_on`.
    pub fn parse(field: &str, date: NaiveDate, hired_on: NaiveDate, today: NaiveDate) -> Result<Self, Error> {
        if date < hired_on {
            return Err(Error::bad_input(field, format!("The employment began on {hired_on}; it cannot end before.")));
        }
        refuse_more_than_a_year_ahead(field, date, today)?;
        Ok(Self(date))
    }

    /// The date.
    pub const fn date(self) -> NaiveDate {
        self.0
    }
}

impl BirthDate {
    /// The date of birth in an input, of someone hired on `hired_on`.
    pub fn parse(field: &str, date: NaiveDate, hired_on: NaiveDate, today: NaiveDate) -> Result<Self, Error> {
        refuse_before_1900(field, date)?;
        if date >= today {
            return Err(Error::bad_input(field, "A date of birth is in the past."));
        }
        if date.checked_add_months(YOUNGEST).is_none_or(|youngest| youngest > hired_on) {
            return Err(Error::bad_input(field, "An employee is at least 14 years old when hired."));
        }
        Ok(Self(date))
    }

    /// The date.
    pub const fn date(self) -> NaiveDate {
        self.0
    }
}

fn refuse_before_1900(field: &str, date: NaiveDate) -> Result<(), Error> {
    use chrono::Datelike;

    if date.year() < 1900 {
        return Err(Error::bad_input(field, "This date is before the year 1900."));
    }
    Ok(())
}

fn refuse_more_than_a_year_ahead(field: &str, date: NaiveDate, today: NaiveDate) -> Result<(), Error> {
    let latest = today.checked_add_months(Months::new(12)).or_else(|| today.checked_add_days(Days::new(365)));
    if latest.is_none_or(|latest| date > latest) {
        return Err(Error::bad_input(field, "This date is more than a year ahead."));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    const TODAY: &str = "2026-11-21";

    #[test]
    fn a_hire_is_from_1900_to_a_year_ahead() {
        let good = |date| HireDate::parse("hiredOn", day(date), day(TODAY)).is_ok();
        assert!(good("1900-01-01") && good(TODAY) && good("2027-11-21"));
        assert!(!good("1899-12-31") && !good("2027-11-22") && !good("9999-12-31") && !good("-4712-01-01"));
    }

    #[test]
    fn a_termination_is_from_the_hire_to_a_year_ahead() {
        let good = |date| TerminationDate::parse("terminatedOn", day(date), day("2020-02-29"), day(TODAY)).is_ok();
        assert!(good("2020-02-29") && good("2027-11-21"));
        assert!(!good("2020-02-28") && !good("2027-11-22"));
    }

    #[test]
    fn a_birth_is_from_1900_to_14_years_before_the_hire() {
        let good = |date, hired| BirthDate::parse("birthDate", day(date), day(hired), day(TODAY)).is_ok();
        assert!(good("1900-01-01", TODAY) && good("2012-11-21", TODAY));
        assert!(!good("1899-12-31", TODAY) && !good("2012-11-22", TODAY) && !good("2027-01-01", TODAY));
        assert!(!good(TODAY, "2045-01-01"));
    }
}
