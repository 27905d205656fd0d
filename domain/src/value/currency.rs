//! Currencies.

use std::fmt;

use serde::{Serialize, Serializer};

use crate::Error;

/// The currencies in use by ISO 4217, without funds, metals and test codes.
const CODES: &str = "\
    AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF \
    CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL \
    HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD \
    MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG \
    QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD \
    TWD TZS UAH UGX USD UYU UZS VED VES VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG";

/// A currency that people are paid in, by its ISO 4217 code: `EUR`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency(&'static str);

impl Currency {
    /// The currency of this code, in whatever case.
    pub fn parse(field: &str, text: &str) -> Result<Self, Error> {
        let code = text.trim();
        CODES
            .split_ascii_whitespace()
            .find(|known| known.eq_ignore_ascii_case(code))
            .map(Self)
            .ok_or_else(|| Error::bad_input(field, "This is not the code of a currency (ISO 4217), such as EUR."))
    }

    /// The code, in upper case.
    pub const fn as_str(self) -> &'static str {
        self.0
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.0)
    }
}

impl Serialize for Currency {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_sorted_and_of_one_length() {
        let codes: Vec<_> = CODES.split_ascii_whitespace().collect();
        assert!(codes.is_sorted());
        assert_eq!(codes.len(), 155);
        assert!(codes.iter().all(|code| code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_uppercase())));
    }

    #[test]
    fn only_codes_of_the_list_are_known() {
        assert_eq!(Currency::parse("field", " eur ").ok().map(Currency::as_str), Some("EUR"));
        for text in ["", "EU", "EURO", "XXZ", "A D", "EUR USD"] {
            assert!(Currency::parse("field", text).is_err(), "{text:?}");
        }
    }
}
