//! Scalars that GraphQL does not have by itself.

use std::str::FromStr;

use async_graphql::{InputValueError, InputValueResult, Scalar, ScalarType, Value};
use chrono::NaiveDate;

/// A calendar date, ISO 8601: `2026-11-21`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Date(pub NaiveDate);

#[Scalar(specified_by_url = "https://datatracker.ietf.org/doc/html/rfc3339#section-5.6")]
/// A calendar date, ISO 8601: `2026-11-21`.
impl ScalarType for Date {
    fn parse(value: Value) -> InputValueResult<Self> {
        let Value::String(text) = &value else {
            return Err(InputValueError::expected_type(value));
        };
        match parse_date(text) {
            Some(date) => Ok(Self(date)),
            None => Err(InputValueError::custom("this is no date of the calendar, written as 2026-11-21")),
        }
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_string())
    }
}

/// Four digits of the year and no more: chrono also reads signs, spaces and single digits.
fn parse_date(text: &str) -> Option<NaiveDate> {
    let date = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?;
    (date.to_string() == text && text.len() == 10).then_some(date)
}

/// An exact decimal number, as a string: `"52000.00"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decimal(pub rust_decimal::Decimal);

#[Scalar]
/// An exact decimal number, as a string: `"52000.00"`. A whole number is also accepted as a number.
impl ScalarType for Decimal {
    fn parse(value: Value) -> InputValueResult<Self> {
        match &value {
            Value::String(text) => match parse_decimal(text) {
                Some(number) => Ok(Self(number)),
                None => Err(InputValueError::custom("this is no decimal number, written as \"52000.00\"")),
            },
            // A number with a fraction has already been through a binary one, and may have changed there.
            Value::Number(number) => match number.as_i64() {
                Some(number) => Ok(Self(number.into())),
                None => Err(InputValueError::custom("write a number with a fraction as a string, \"52000.50\"")),
            },
            _ => Err(InputValueError::expected_type(value)),
        }
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_string())
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
        assert!(Decimal::parse(Value::from(52_000)).is_ok());
        assert!(Decimal::parse(serde_json::json!(52_000.5).try_into().unwrap()).is_err());
    }
}
