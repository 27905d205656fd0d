//! Metrics by tenant, with a bound on their number.
//!
//! A recorder keeps each series for ever, and a series by tenant has no bound. So these are written here, from the book.

use std::fmt::{Display, Write as _};

use super::book::{Book, Series};

/// A line of a family: what its name ends with, and its value.
type Line<'a> = (&'a str, &'a dyn Fn(&Series) -> Box<dyn Display>);

/// The label of the tenants that have no series of their own. No slug has an underscore, so it is nobody's.
const OTHERS: &str = "_other";

/// A count goes to the series that its tenant has at the moment, its own or that of the others, and stays there. So the rates of all
/// series add up to that of all requests, and no series ever falls. One whose tenant is not among the top any more is not written.
pub(super) fn render(book: &Book) -> String {
    let (top, others) = book.series();
    let all = || top.iter().map(|(slug, series)| (slug.as_str(), series)).chain([(OTHERS, &others)]);
    let mut text = String::new();
    let mut family = |name: &str, kind: &str, help: &str, rows: &[Line]| {
        // Writing to a text cannot fail.
        let _written = writeln!(text, "\n# HELP {name} {help}\n# TYPE {name} {kind}");
        for (slug, series) in all() {
            for (suffix, value) in rows {
                let _written = writeln!(text, "{name}{suffix}{{tenant=\"{slug}\"}} {}", value(series));
            }
        }
    };
    family("tenant_requests_total", "counter", "Requests to the API by tenant.", &[("", &|series| Box::new(series.requests))]);
    family("tenant_errors_total", "counter", "Answers with an error by tenant.", &[("", &|series| Box::new(series.errors))]);
    family(
        "tenant_request_duration_seconds",
        "summary",
        "Time to answer requests to the API by tenant.",
        &[("_sum", &|series| Box::new(series.seconds)), ("_count", &|series| Box::new(series.requests))],
    );
    text
}
