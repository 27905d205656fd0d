//! The fields of a row, parsed into value types.

use chrono::{DateTime, Datelike as _, NaiveDate, NaiveDateTime, SecondsFormat, Utc};
use tenancy::AdoptedRow;

use crate::{
    Error,
    value::{FromText, optional, required},
};

/// No record was made before, as nobody was hired.
const EARLIEST_YEAR: i32 = 1900;

/// Puts a value into its form, or objects to it. One that is missing is left to the table, which may need it.
pub(super) fn parse(row: &mut AdoptedRow<'_>, column: &str, parse: impl FnOnce(&str) -> Result<String, Error>) {
    let Some(text) = row.get(column) else { return };
    match parse(text) {
        Ok(value) => row.set(column, Some(value)),
        Err(error) => row.object(column, error.to_string()),
    }
}

/// A text that has to be there.
pub(super) fn text<T: FromText>(row: &mut AdoptedRow<'_>, column: &str) {
    parse(row, column, |text| required::<T>(column, text));
}

/// A text that may be missing; blank counts as missing.
pub(super) fn optional_text<T: FromText>(row: &mut AdoptedRow<'_>, column: &str) {
    match optional::<T>(column, row.get(column)) {
        Ok(value) => row.set(column, value),
        Err(error) => row.object(column, error.to_string()),
    }
}

/// A date, none where it is missing or was objected to.
pub(super) fn date(
    row: &mut AdoptedRow<'_>,
    column: &str,
    check: impl FnOnce(NaiveDate) -> Result<NaiveDate, Error>,
) -> Option<NaiveDate> {
    let text = row.get(column).map(str::trim).filter(|text| !text.is_empty());
    let Some(text) = text else {
        row.set(column, None);
        return None;
    };
    let read = text.parse().map_err(|_| Error::bad_input(column, "This is not a date, such as 2020-02-29."));
    match read.and_then(check) {
        Ok(date) => {
            row.set(column, Some(date.to_string()));
            Some(date)
        }
        Err(error) => {
            row.object(column, error.to_string());
            None
        }
    }
}

/// When the record was made and last changed: now, unless the map says it.
pub(super) fn complete_times(row: &mut AdoptedRow<'_>, now: DateTime<Utc>) {
    for column in ["created_at", "updated_at"] {
        if !row.is_given(column) {
            row.set(column, Some(written(now)));
        }
        parse(row, column, |text| {
            let moment = moment(text.trim()).ok_or_else(|| Error::bad_input(column, "This is not a date and time."))?;
            if moment > now {
                return Err(Error::bad_input(column, "This is in the future."));
            }
            // What stands for no date elsewhere, such as the year 0, is none for Postgres: it would refuse the table, and name no row.
            if moment.year() < EARLIEST_YEAR {
                return Err(Error::bad_input(column, format!("This date is before the year {EARLIEST_YEAR}.")));
            }
            Ok(written(moment))
        });
    }
}

fn written(moment: DateTime<Utc>) -> String {
    moment.to_rfc3339_opts(SecondsFormat::Micros, true)
}

/// A moment as Postgres or RFC 3339 writes it; without a zone it is that of UTC.
fn moment(text: &str) -> Option<DateTime<Utc>> {
    let with_zone = DateTime::parse_from_rfc3339(text).or_else(|_| DateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.f%#z"));
    let without = || NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.f").map(|moment| moment.and_utc());
    let day = || text.parse::<NaiveDate>().ok()?.and_hms_opt(0, 0, 0).map(|moment| moment.and_utc());
    with_zone.map(|moment| moment.with_timezone(&Utc)).or_else(|_| without()).ok().or_else(day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_read_as_postgres_and_others_write_it() {
        for text in [
            "2020-02-29 13:14:15+00",
            "2020-02-29 13:14:15.000+00",
            "2020-02-29 14:14:15+01",
            "2020-02-29T13:14:15Z",
            "2020-02-29 13:14:15",
        ] {
            assert_eq!(moment(text).map(written).as_deref(), Some("2020-02-29T13:14:15.000000Z"), "{text}");
        }
        assert_eq!(moment("2020-02-29").map(written).as_deref(), Some("2020-02-29T00:00:00.000000Z"));
        for text in ["", "now", "infinity", "2020-02-30", "0044-03-15 00:00:00+00 BC"] {
            assert_eq!(moment(text), None, "{text}");
        }
    }
}
