//! How long the parts of a request took, for the developer tools of browsers.

use std::{fmt::Write as _, time::Instant};

use axum::http::{HeaderName, HeaderValue};

pub(super) const SERVER_TIMING: HeaderName = HeaderName::from_static("server-timing");

/// How long the parts of a request took.
#[derive(Debug)]
pub(super) struct Times {
    since: Instant,
    text: String,
}

impl Times {
    pub(super) fn begin() -> Self {
        Self { since: Instant::now(), text: String::with_capacity(80) }
    }

    /// Ends a part, and begins the next.
    pub(super) fn end(&mut self, part: &str) {
        let now = Instant::now();
        let milliseconds = (now - self.since).as_secs_f64() * 1000.0;
        let separator = if self.text.is_empty() { "" } else { ", " };
        // Writing to a text cannot fail.
        let _written = write!(self.text, "{separator}{part};dur={milliseconds:.1}");
        self.since = now;
    }

    pub(super) fn header(&self) -> HeaderValue {
        HeaderValue::from_str(&self.text).unwrap_or(HeaderValue::from_static(""))
    }
}
