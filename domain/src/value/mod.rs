//! Value types: input is parsed into them once and trusted from then on.

mod country;
mod currency;
mod date;
mod email;
mod money;
mod text;
mod time_zone;

use crate::{Change, Error};

pub use country::CountryCode;
pub use currency::Currency;
pub use date::{BirthDate, HireDate, TerminationDate};
pub use email::EmailAddress;
pub use money::{Money, Salary};
pub(crate) use text::refuse_control_characters;
pub use text::{Line, Paragraph};
pub use time_zone::TimeZoneName;

/// A part of a person's name.
pub type PersonName = Line<100>;
/// The name of a department or a location, or the title of a position.
pub type Title = Line<100>;
/// A telephone number, as people write it.
pub type Phone = Line<50>;
/// A postal address.
pub type PostalAddress = Paragraph<500>;
/// Why an employment ended.
pub type Reason = Paragraph<500>;

/// A value type that is made of a text.
pub trait FromText: Sized {
    /// The value in the text; the field is the input's, for the error.
    fn from_text(field: &str, text: &str) -> Result<Self, Error>;

    /// The value as it is stored.
    fn into_text(self) -> String;
}

/// The text as the value type would store it.
pub(crate) fn required<T: FromText>(field: &str, text: &str) -> Result<String, Error> {
    T::from_text(field, text).map(T::into_text)
}

/// The same for a field that may be empty: blank text counts as none.
pub(crate) fn optional<T: FromText>(field: &str, text: Option<&str>) -> Result<Option<String>, Error> {
    match text.map(str::trim) {
        None | Some("") => Ok(None),
        Some(text) => required::<T>(field, text).map(Some),
    }
}

/// The same for a change of a field that may be empty.
pub(crate) fn changed<T: FromText>(field: &str, change: Change<String>) -> Result<Change<String>, Error> {
    change.try_map(|text| optional::<T>(field, Some(&text)))
}
