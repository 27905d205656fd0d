//! Amounts of money.

use rust_decimal::Decimal;
use serde::Serialize;

use super::Currency;
use crate::Error;

/// The most that the database stores: twelve digits before the point and two behind.
const MOST: Decimal = Decimal::from_parts(276_447_231, 23_283, 0, false, 2);

/// A yearly gross salary as the input gives it, not parsed yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Salary {
    /// The amount, in whole units of the currency: `52000.00`.
    pub amount: Decimal,
    /// ISO 4217: `EUR`.
    pub currency: String,
}

/// An amount of a currency: not negative, at most 999,999,999,999.99, two digits behind the point.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Money {
    amount: Decimal,
    currency: Currency,
}

impl Money {
    /// The money in an input; its fields are called `field.amount` and `field.currency`.
    pub fn parse(field: &str, salary: &Salary) -> Result<Self, Error> {
        let of_amount = |message: &str| Error::bad_input(format!("{field}.amount"), message);
        let mut amount = salary.amount.normalize();
        if amount < Decimal::ZERO {
            return Err(of_amount("An amount cannot be negative."));
        }
        if amount > MOST {
            return Err(of_amount("This amount is too large."));
        }
        if amount.scale() > 2 {
            return Err(of_amount("An amount has at most two digits behind the point."));
        }
        amount.rescale(2);
        let currency = Currency::parse(&format!("{field}.currency"), &salary.currency)?;
        Ok(Self { amount, currency })
    }

    /// The amount, with two digits behind the point.
    pub const fn amount(self) -> Decimal {
        self.amount
    }

    /// The currency.
    pub const fn currency(self) -> Currency {
        self.currency
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(amount: &str, currency: &str) -> Result<String, String> {
        match Money::parse("salary", &Salary { amount: amount.parse().unwrap(), currency: currency.to_owned() }) {
            Ok(money) => Ok(format!("{} {}", money.amount(), money.currency())),
            Err(Error::BadInput { field, .. }) => Err(field),
            Err(other) => Err(other.to_string()),
        }
    }

    #[test]
    fn money_has_two_digits_and_a_currency() {
        assert_eq!(parse("52000", "EUR"), Ok("52000.00 EUR".to_owned()));
        assert_eq!(parse("52000.5000", " usd "), Ok("52000.50 USD".to_owned()));
        assert_eq!(parse("0", "EUR"), Ok("0.00 EUR".to_owned()));
        assert_eq!(parse("999999999999.99", "EUR"), Ok("999999999999.99 EUR".to_owned()));
    }

    #[test]
    fn other_amounts_are_refused() {
        for amount in ["-0.01", "0.001", "1000000000000", "79228162514264337593543950335"] {
            assert_eq!(parse(amount, "EUR"), Err("salary.amount".to_owned()), "{amount}");
        }
        for currency in ["", "EURO", "XXZ", "€", "E\0R"] {
            assert_eq!(parse("1", currency), Err("salary.currency".to_owned()), "{currency}");
        }
    }
}
