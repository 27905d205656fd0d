//! The way of an answer to the client.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use axum::body::{Body, Bytes};
use hyper::body::{Body as HttpBody, Frame, SizeHint};

use super::activity::UnderWay;

/// What is handed over at once, in bytes. What the client has not asked for yet waits here, and it shows that it waits.
const PIECE: usize = 16 * 1024;

/// The body of an answer, in pieces. Its request is under way for as long as this lives.
pub(super) struct Delivery {
    body: Body,
    rest: Bytes,
    under_way: UnderWay,
}

impl Delivery {
    pub(super) fn new(body: Body, under_way: UnderWay) -> Self {
        Self { body, rest: Bytes::new(), under_way }
    }

    fn hand_over(&mut self, mut bytes: Bytes) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        self.rest = bytes.split_off(bytes.len().min(PIECE));
        self.under_way.hand_over();
        Poll::Ready(Some(Ok(Frame::data(bytes))))
    }
}

impl HttpBody for Delivery {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        self.under_way.go_on();
        if !self.rest.is_empty() {
            let rest = std::mem::take(&mut self.rest);
            return self.hand_over(rest);
        }
        match ready!(Pin::new(&mut self.body).poll_frame(context)) {
            Some(Ok(frame)) => match frame.into_data() {
                Ok(bytes) => self.hand_over(bytes),
                Err(trailers) => Poll::Ready(Some(Ok(trailers))),
            },
            end => Poll::Ready(end),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let (of_body, rest) = (self.body.size_hint(), self.rest.len() as u64);
        let mut hint = SizeHint::new();
        hint.set_lower(of_body.lower().saturating_add(rest));
        if let Some(upper) = of_body.upper() {
            hint.set_upper(upper.saturating_add(rest));
        }
        hint
    }
}
