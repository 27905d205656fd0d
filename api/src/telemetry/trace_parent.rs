//! The trace that a request says it belongs to: `traceparent` and `tracestate`, as W3C Trace Context defines them.

use axum::http::{HeaderMap, HeaderName};
use opentelemetry::{
    Context, SpanId, TraceFlags, TraceId,
    trace::{SpanContext, TraceContextExt as _, TraceState},
};

const PARENT: HeaderName = HeaderName::from_static("traceparent");
const STATE: HeaderName = HeaderName::from_static("tracestate");
/// `00-`, 32 digits of the trace, 16 of the span and 2 of the flags, with `-` between.
const LENGTH: usize = 55;
/// The most characters of `tracestate` that are kept.
const LONGEST_STATE: usize = 512;

/// What a request goes on with. One without these headers, or with one that is not as it should be, begins a trace of its own.
pub(crate) fn parent_of(headers: &HeaderMap) -> Context {
    let mut values = headers.get_all(PARENT).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return Context::new();
    };
    let Some((trace, span, flags)) = value.to_str().ok().and_then(parse) else {
        return Context::new();
    };
    Context::new().with_remote_span_context(SpanContext::new(trace, span, flags, true, state_of(headers)))
}

fn parse(text: &str) -> Option<(TraceId, SpanId, TraceFlags)> {
    let text = text.trim_matches([' ', '\t']);
    let (known, rest) = text.split_at_checked(LENGTH)?;
    let mut parts = known.split('-');
    let (version, trace, span, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    // A later version may append more, behind another `-`; this one may not.
    let ends = rest.is_empty() || (version != "00" && rest.starts_with('-'));
    let lengths = [version.len(), trace.len(), span.len(), flags.len()] == [2, 32, 16, 2];
    let digits = known.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f' | b'-'));
    if !(ends && lengths && digits) || version == "ff" {
        return None;
    }
    let (trace, span) = (TraceId::from_hex(trace).ok()?, SpanId::from_hex(span).ok()?);
    let flags = TraceFlags::new(u8::from_str_radix(flags, 16).ok()?) & TraceFlags::SAMPLED;
    (trace != TraceId::INVALID && span != SpanId::INVALID).then_some((trace, span, flags))
}

fn state_of(headers: &HeaderMap) -> TraceState {
    let values: Option<Vec<&str>> = headers.get_all(STATE).iter().map(|value| value.to_str().ok()).collect();
    let text = values.unwrap_or_default().join(",");
    if text.len() > LONGEST_STATE { TraceState::default() } else { text.parse().unwrap_or_default() }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;
    use rstest::rstest;

    use super::*;

    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
    const SPAN: &str = "00f067aa0ba902b7";

    #[rstest]
    #[case::sampled("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", true)]
    #[case::not_sampled("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00", false)]
    #[case::unknown_flags("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-ff", true)]
    #[case::later_version("01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", true)]
    #[case::more_of_a_later_version("01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more", true)]
    #[case::spaces_around(" 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\t", true)]
    fn is_continued(#[case] text: &str, #[case] sampled: bool) {
        let (trace, span, flags) = parse(text).unwrap();
        assert_eq!((trace.to_string(), span.to_string(), flags.is_sampled()), (TRACE.to_owned(), SPAN.to_owned(), sampled));
    }

    #[rstest]
    #[case::empty("")]
    #[case::nonsense("nonsense")]
    #[case::no_text("é0-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")]
    #[case::upper_case("00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01")]
    #[case::signs("+0-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")]
    #[case::no_trace("00-00000000000000000000000000000000-00f067aa0ba902b7-01")]
    #[case::no_span("00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01")]
    #[case::forbidden_version("ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")]
    #[case::too_much_of_this_version("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more")]
    #[case::flags_too_long("01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-010")]
    #[case::flags_too_short("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-1")]
    #[case::other_places("00-4bf92f3577b34da6a3ce929d0e0e473-600f067aa0ba902b7-01")]
    fn is_ignored(#[case] text: &str) {
        assert_eq!(parse(text), None);
    }

    fn parent(headers: &[(HeaderName, &str)]) -> SpanContext {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(name, HeaderValue::from_str(value).unwrap());
        }
        parent_of(&map).span().span_context().clone()
    }

    const GOOD: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn one_header_counts_and_two_do_not() {
        assert!(parent(&[(PARENT, GOOD)]).is_remote());
        assert!(!parent(&[(PARENT, GOOD), (PARENT, GOOD)]).is_valid());
        assert!(!parent(&[]).is_valid());
    }

    #[test]
    fn the_state_is_kept_as_long_as_it_is_one() {
        let state = |values: &[&str]| {
            let headers: Vec<_> = values.iter().map(|value| (STATE, *value)).chain([(PARENT, GOOD)]).collect();
            parent(&headers).trace_state().header()
        };
        assert_eq!(state(&["a=1", "b=2"]), "a=1,b=2");
        assert_eq!(state(&["nonsense"]), "");
        assert_eq!(state(&[&format!("a={}", "x".repeat(LONGEST_STATE))]), "");
    }
}
