//! Which media type the response has, and whether the request's is one that is read.

use axum::http::{HeaderMap, HeaderValue, header};

/// A media type that responses are written in. They differ in the status of a refused document: 400, or 200.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MediaType {
    /// `application/graphql-response+json`: the status says whether the document was executed.
    GraphqlResponse,
    /// `application/json`: what clients ask for that do not know the other.
    Json,
}

impl MediaType {
    /// The value of the content-type header.
    pub fn header(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::GraphqlResponse => "application/graphql-response+json; charset=utf-8",
            Self::Json => "application/json; charset=utf-8",
        })
    }

    fn subtype(self) -> &'static str {
        match self {
            Self::GraphqlResponse => "graphql-response+json",
            Self::Json => "json",
        }
    }
}

/// The type that the client prefers; none when it accepts neither.
///
/// The newer type is used only where the client names it: a wildcard, or no header at all, means JSON.
pub fn negotiate(headers: &HeaderMap) -> Option<MediaType> {
    let mut values = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok()).peekable();
    if values.peek().is_none() {
        return Some(MediaType::Json);
    }
    let ranges: Vec<Range> = values.flat_map(|value| value.split(',')).filter_map(Range::parse).collect();
    let graphql = preference(&ranges, MediaType::GraphqlResponse);
    let json = preference(&ranges, MediaType::Json);
    match (graphql, json) {
        (Some(graphql), Some(json)) if graphql.quality > json.quality => Some(MediaType::GraphqlResponse),
        (Some(graphql), Some(json)) if graphql.quality < json.quality => Some(MediaType::Json),
        (Some(graphql), Some(_)) if graphql.exact => Some(MediaType::GraphqlResponse),
        (_, Some(_)) => Some(MediaType::Json),
        (Some(_), None) => Some(MediaType::GraphqlResponse),
        (None, None) => None,
    }
}

/// Whether the client names event streams among what it accepts. A wildcard does not: nobody means a stream by it.
pub fn names_events(headers: &HeaderMap) -> bool {
    let values = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).filter_map(Range::parse).any(|range| {
        range.kind.eq_ignore_ascii_case("text") && range.subtype.eq_ignore_ascii_case("event-stream") && range.quality > 0
    })
}

/// Whether a request body is JSON in UTF-8.
pub fn is_json(headers: &HeaderMap) -> bool {
    let Some(Ok(value)) = headers.get(header::CONTENT_TYPE).map(HeaderValue::to_str) else {
        return false;
    };
    let mut parts = value.split(';');
    let essence = parts.next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/json") && parts.all(is_utf8_or_other)
}

/// Whether a parameter of a media type leaves the character set at UTF-8.
fn is_utf8_or_other(parameter: &str) -> bool {
    let Some((name, value)) = parameter.split_once('=') else {
        return true;
    };
    !name.trim().eq_ignore_ascii_case("charset") || value.trim().trim_matches('"').eq_ignore_ascii_case("utf-8")
}

/// One element of an Accept header.
struct Range<'a> {
    kind: &'a str,
    subtype: &'a str,
    /// In thousandths, so that it can be compared.
    quality: u16,
}

impl<'a> Range<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let mut parts = text.split(';');
        let (kind, subtype) = parts.next()?.trim().split_once('/')?;
        let mut quality = 1_000;
        for parameter in parts {
            if !is_utf8_or_other(parameter) {
                return None;
            }
            if let Some((name, value)) = parameter.split_once('=')
                && name.trim().eq_ignore_ascii_case("q")
            {
                quality = parse_quality(value.trim())?;
            }
        }
        Some(Self { kind, subtype, quality })
    }

    /// How closely the range names a type: 2 by name, 1 by its kind, 0 as anything; none when it does not.
    fn precision(&self, media_type: MediaType) -> Option<u8> {
        if self.kind == "*" {
            return (self.subtype == "*").then_some(0);
        }
        if !self.kind.eq_ignore_ascii_case("application") {
            return None;
        }
        if self.subtype == "*" {
            return Some(1);
        }
        self.subtype.eq_ignore_ascii_case(media_type.subtype()).then_some(2)
    }
}

struct Preference {
    quality: u16,
    exact: bool,
}

/// What the most precise range says of a type; none when it is not acceptable.
fn preference(ranges: &[Range], media_type: MediaType) -> Option<Preference> {
    let precise = ranges.iter().filter_map(|range| Some((range.precision(media_type)?, range.quality))).max()?;
    let (precision, quality) = precise;
    (quality > 0).then_some(Preference { quality, exact: precision == 2 })
}

/// `0`, `1`, or either with up to three digits after the point.
fn parse_quality(text: &str) -> Option<u16> {
    let quality: f32 = text.parse().ok()?;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 1000")]
    (0.0..=1.0).contains(&quality).then_some((quality * 1_000.0).round() as u16)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    const GRAPHQL: Option<MediaType> = Some(MediaType::GraphqlResponse);
    const JSON: Option<MediaType> = Some(MediaType::Json);

    #[rstest]
    #[case::none(&[], JSON)]
    #[case(&["application/json"], JSON)]
    #[case(&["application/graphql-response+json"], GRAPHQL)]
    #[case(&["APPLICATION/GraphQL-Response+JSON"], GRAPHQL)]
    #[case(&["application/graphql-response+json; charset=utf-8"], GRAPHQL)]
    #[case::both(&["application/graphql-response+json, application/json"], GRAPHQL)]
    #[case::both_the_other_way(&["application/json, application/graphql-response+json"], GRAPHQL)]
    #[case::two_headers(&["application/json", "application/graphql-response+json"], GRAPHQL)]
    #[case::by_quality(&["application/json, application/graphql-response+json;q=0.9"], JSON)]
    #[case::apollo(&["application/graphql-response+json,application/json;q=0.9"], GRAPHQL)]
    #[case::anything(&["*/*"], JSON)]
    #[case::any_application(&["application/*"], JSON)]
    #[case::named_or_anything(&["application/graphql-response+json, */*"], GRAPHQL)]
    #[case::named_or_less(&["application/graphql-response+json;q=0.5, */*"], JSON)]
    #[case::browser(&["text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"], JSON)]
    #[case::refused(&["application/json;q=0"], None)]
    #[case::anything_but_json(&["*/*, application/json;q=0"], GRAPHQL)]
    #[case::other(&["text/html"], None)]
    #[case::other_charset(&["application/json; charset=iso-8859-1"], None)]
    #[case::bad_quality(&["application/json; q=high"], None)]
    #[case::empty(&[""], None)]
    fn accepted(#[case] accept: &[&'static str], #[case] expected: Option<MediaType>) {
        let mut headers = HeaderMap::new();
        for value in accept {
            headers.append(header::ACCEPT, HeaderValue::from_static(value));
        }
        assert_eq!(negotiate(&headers), expected);
    }

    #[rstest]
    #[case(Some("application/json"), true)]
    #[case(Some("application/json; charset=utf-8"), true)]
    #[case(Some("application/json;charset=\"UTF-8\""), true)]
    #[case(Some("Application/JSON"), true)]
    #[case(Some("application/json; charset=iso-8859-1"), false)]
    #[case(Some("text/plain"), false)]
    #[case(Some("application/x-www-form-urlencoded"), false)]
    #[case(Some("multipart/form-data"), false)]
    #[case(Some("application/graphql"), false)]
    #[case(None, false)]
    fn bodies(#[case] content_type: Option<&'static str>, #[case] expected: bool) {
        let mut headers = HeaderMap::new();
        if let Some(content_type) = content_type {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
        }
        assert_eq!(is_json(&headers), expected);
    }
}
