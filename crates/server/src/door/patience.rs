//! A body that must keep coming: each pause and the whole have an end.
//!
//! The whole has longer for each byte that came, so that large files over slow lines pass, and a
//! byte every few seconds does not.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use axum::body::{Body, Bytes};
use hyper::body::{Body as HttpBody, Frame, Incoming, SizeHint};
use tokio::time::{Instant, Sleep};

/// Bytes a second that a body must bring, once its time is over.
const SLOWEST: u64 = 16 * 1024;

pub struct Patient {
    body: Incoming,
    pause: Duration,
    ends: Instant,
    timer: Pin<Box<Sleep>>,
}

impl Patient {
    pub fn new(body: Incoming, pause: Duration, in_all: Duration) -> Self {
        let now = Instant::now();
        let timer = Box::pin(tokio::time::sleep_until(now + pause));
        Self { body, pause, ends: now + in_all, timer }
    }

    pub fn into_body(self) -> Body {
        if self.body.is_end_stream() { Body::empty() } else { Body::new(self) }
    }
}

impl HttpBody for Patient {
    type Data = Bytes;
    type Error = Box<dyn std::error::Error + Send + Sync>;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let this = &mut *self;
        if let Poll::Ready(frame) = Pin::new(&mut this.body).poll_frame(cx) {
            let came = match &frame {
                Some(Ok(frame)) => frame.data_ref().map_or(0, Bytes::len) as u64,
                _ => 0,
            };
            this.ends += Duration::from_micros(came * 1_000_000 / SLOWEST);
            let now = Instant::now();
            this.timer.as_mut().reset((now + this.pause).min(this.ends));
            return Poll::Ready(frame.map(|frame| frame.map_err(Into::into)));
        }
        ready!(this.timer.as_mut().poll(cx));
        let late = io::Error::new(io::ErrorKind::TimedOut, "the body came too slowly");
        Poll::Ready(Some(Err(late.into())))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
