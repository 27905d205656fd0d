//! Countries.

use std::fmt;

use serde::{Serialize, Serializer};

use crate::Error;

/// The countries of ISO 3166-1, alpha-2.
const CODES: &str = "\
    AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY \
    BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK \
    FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR \
    IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK \
    ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM \
    PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF \
    TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW";

/// A country, by its ISO 3166-1 alpha-2 code: `DE`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CountryCode(&'static str);

impl CountryCode {
    /// The country of this code, in whatever case.
    pub fn parse(field: &str, text: &str) -> Result<Self, Error> {
        let code = text.trim();
        CODES
            .split_ascii_whitespace()
            .find(|known| known.eq_ignore_ascii_case(code))
            .map(Self)
            .ok_or_else(|| Error::bad_input(field, "This is not the code of a country (ISO 3166 alpha-2), such as DE."))
    }

    /// The code, in upper case.
    pub const fn as_str(self) -> &'static str {
        self.0
    }
}

impl fmt::Display for CountryCode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.0)
    }
}

impl Serialize for CountryCode {
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
        assert_eq!(codes.len(), 249);
        assert!(codes.iter().all(|code| code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_uppercase())));
    }

    #[test]
    fn only_codes_of_the_list_are_known() {
        assert_eq!(CountryCode::parse("field", " de ").ok().map(CountryCode::as_str), Some("DE"));
        for text in ["", "D", "DEU", "ZZ", "UK", "D\0"] {
            assert!(CountryCode::parse("field", text).is_err(), "{text:?}");
        }
    }
}
