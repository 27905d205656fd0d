//! What is wrong with a document that cannot be parsed, in one sentence.

use async_graphql::{
    ServerError,
    parser::{Error, parse_query, types::ExecutableDocument},
};

/// Parses a document. The error says where in its locations, and what was expected there in its message.
pub(super) fn parse(text: &str) -> Result<ExecutableDocument, ServerError> {
    parse_query(text).map_err(|failure| {
        let message = format!("The document cannot be parsed: {}.", reason(&failure));
        let mut error = ServerError::from(failure);
        error.message = message;
        error
    })
}

/// The parser draws the place where it stopped; what it has to say stands in the last line, behind a sign of equality.
fn reason(failure: &Error) -> String {
    match failure {
        Error::Syntax { message, .. } => {
            let last = message.lines().last().unwrap_or_default();
            let reason = last.trim_start().strip_prefix("= ").unwrap_or(last);
            // The names of its rules.
            reason.replace("EOI", "the end of the document").replace('_', " ")
        }
        other => other.to_string().trim_end_matches('.').to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("{ a(", "expected name", &[(1, 5)])]
    #[case("query A {\n  a\n  b c: }", "expected name", &[(3, 8)])]
    #[case("{ a } }", "expected the end of the document", &[(1, 7)])]
    #[case("", "expected", &[(1, 1)])]
    #[case("query A { a } query A { b }", "operation A is defined twice", &[(1, 15), (1, 1)])]
    #[case("fragment F on Query { a }", "document does not contain an operation", &[])]
    fn what_is_wrong_stands_in_one_line(#[case] text: &str, #[case] reason: &str, #[case] places: &[(usize, usize)]) {
        let error = parse(text).unwrap_err();
        let expected = format!("The document cannot be parsed: {reason}");
        assert!(error.message.starts_with(&expected) && error.message.ends_with('.'), "{}", error.message);
        assert!(!error.message.contains('\n') && !error.message.contains("-->"), "{}", error.message);
        let found: Vec<_> = error.locations.iter().map(|place| (place.line, place.column)).collect();
        assert_eq!(found, places);
    }
}
