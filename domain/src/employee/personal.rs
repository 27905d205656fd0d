//! Private details.

use chrono::NaiveDate;

use crate::{
    Error,
    value::{BirthDate, EmailAddress, Phone, PostalAddress, optional},
};

/// Private details of a new employee.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PersonalDetails {
    /// In the past, from 1900, at least 14 years before the hire.
    pub birth_date: Option<NaiveDate>,
    /// At most 254 characters.
    pub personal_email: Option<String>,
    /// At most 50 characters.
    pub phone: Option<String>,
    /// At most 500 characters, of several lines.
    pub address: Option<String>,
}

impl PersonalDetails {
    /// The same with every field parsed.
    pub(super) fn parse(self, hired_on: NaiveDate, today: NaiveDate) -> Result<Self, Error> {
        let birth = self.birth_date.map(|date| BirthDate::parse("personal.birthDate", date, hired_on, today));
        Ok(Self {
            birth_date: birth.transpose()?.map(BirthDate::date),
            personal_email: optional::<EmailAddress>("personal.personalEmail", self.personal_email.as_deref())?,
            phone: optional::<Phone>("personal.phone", self.phone.as_deref())?,
            address: optional::<PostalAddress>("personal.address", self.address.as_deref())?,
        })
    }
}
