//! Scalars that GraphQL does not have by itself.

use std::str::FromStr;

use async_graphql::{InputValueError, InputValueResult, Scalar, ScalarType, Value};
use chrono::NaiveDate;
use domain::Error;

/// A calendar date, ISO 8601: `2026-11-21`.
///
/// A text that is no date is kept as none, so that the resolver can name the field that it was given for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Date(Option<NaiveDate>);

impl Date {
    /// The date that was given for `field`.
    pub fn given_for(self, field: &str) -> Result<NaiveDate, Error> {
        self.0.ok_or_else(|| Error::bad_input(field, "This is no date of the calendar, written as 2026-11-21."))
    }
}

impl From<NaiveDate> for Date {
    fn from(date: NaiveDate) -> Self {
        Self(Some(date))
    }
}

#[Scalar(specified_by_url = "https://datatracker.ietf.org/doc/html/rfc3339#section-5.6")]
/// A calendar date, ISO 8601: `2026-11-21`.
impl ScalarType for Date {
    fn parse(value: Value) -> InputValueResult<Self> {
        match &value {
            Value::String(text) => Ok(Self(parse_date(text))),
            _ => Err(InputValueError::expected_type(value)),
        }
    }

    fn to_value(&self) -> Value {
        self.0.map_or(Value::Null, |date| Value::String(date.to_string()))
    }
}

/// Four digits of the year and no more: chrono also reads signs, spaces and single digits.
fn parse_date(text: &str) -> Option<NaiveDate> {
    let date = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?;
    (date.to_string() == text && text.len() == 10).then_some(date)
}

/// An exact decimal number, as a string: `"52000.00"`.
///
/// What is no such number is kept as none, so that the resolver can name the field that it was given for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decimal(Option<rust_decimal::Decimal>);

impl Decimal {
    /// The number that was given for `field`.
    pub fn given_for(self, field: &str) -> Result<rust_decimal::Decimal, Error> {
        self.0.ok_or_else(|| Error::bad_input(field, "This is no decimal number, written as the string \"52000.00\"."))
    }
}

impl From<rust_decimal::Decimal> for Decimal {
    fn from(number: rust_decimal::Decimal) -> Self {
        Self(Some(number))
    }
}

#[Scalar]
/// An exact decimal number, as a string: `"52000.00"`. A whole number is also accepted as a number.
impl ScalarType for Decimal {
    fn parse(value: Value) -> InputValueResult<Self> {
        match &value {
            Value::String(text) => Ok(Self(parse_decimal(text))),
            // A number with a fraction has already been through a binary one, and may have changed there.
            Value::Number(number) => Ok(Self(number.as_i64().map(Into::into))),
            _ => Err(InputValueError::expected_type(value)),
        }
    }

    fn to_value(&self) -> Value {
        self.0.map_or(Value::Null, |number| Value::String(number.to_string()))
    }
}

/// Digits with an optional sign and an optional fraction, and no more digits than can be kept.
fn parse_decimal(text: &str) -> Option<rust_decimal::Decimal> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number(whole) || !is_number(fraction) {
        return None;
    }
    rust_decimal::Decimal::from_str(text).ok().filter(|number| number.scale() as usize == fraction_digits(text))
}

fn fraction_digits(text: &str) -> usize {
    text.split_once('.').map_or(0, |(_, fraction)| fraction.len())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("2026-11-21", true)]
    #[case("2024-02-29", true)]
    #[case("2026-02-29", false)]
    #[case("2026-1-2", false)]
    #[case("+2026-11-21", false)]
    #[case(" 2026-11-21", false)]
    #[case("12026-11-21", false)]
    #[case("21.11.2026", false)]
    #[case("", false)]
    fn dates(#[case] text: &str, #[case] valid: bool) {
        assert_eq!(parse_date(text).is_some(), valid);
    }

    #[rstest]
    #[case("52000.00", true)]
    #[case("-1", true)]
    #[case("0.1", true)]
    #[case("1e5", false)]
    #[case(".5", false)]
    #[case("5.", false)]
    #[case("1_000", false)]
    #[case("+1", false)]
    #[case("", false)]
    #[case("-", false)]
    #[case("99999999999999999999999999999999", false)]
    #[case("0.12345678901234567890123456789012", false)]
    fn decimals(#[case] text: &str, #[case] valid: bool) {
        assert_eq!(parse_decimal(text).is_some(), valid);
    }

    #[test]
    fn a_decimal_keeps_its_digits() {
        let parsed = Decimal::parse(Value::String("52000.50".to_owned())).ok();
        assert_eq!(parsed.map(|decimal| decimal.to_value()), Some(Value::String("52000.50".to_owned())));
        assert!(Decimal::parse(Value::from(52_000)).ok().unwrap().given_for("amount").is_ok());
    }

    #[test]
    fn what_cannot_be_read_names_its_field() {
        let fraction = Decimal::parse(Value::Number(async_graphql::Number::from_f64(0.5).unwrap())).ok().unwrap();
        assert!(matches!(fraction.given_for("salary.amount"), Err(Error::BadInput { field, .. }) if field == "salary.amount"));
        let date = Date::parse(Value::String("2026-02-30".to_owned())).ok().unwrap();
        assert!(matches!(date.given_for("hiredOn"), Err(Error::BadInput { field, .. }) if field == "hiredOn"));
    }
}
