//! Bodies that a handler has not read to their end.
//!
//! Many clients read nothing before they have sent everything: a connection that is closed on them while they send gives
//! them a broken pipe in place of the response (RFC 9112, section 9.6). So what is left of a body is read, and dropped,
//! within bounds.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::BoxError;
use axum::body::{Body, Bytes};
use axum::extract::Request;
use http_body_util::BodyExt as _;
use hyper::body::{Body as HttpBody, Frame, SizeHint};
use tokio::runtime::Handle;

/// As much of a body is dropped: that of any request but a large import.
const DROPPED_BYTES: usize = 64 * 1024 * 1024;
/// For so long.
const DROPPED_WITHIN: Duration = Duration::from_secs(10);

/// The same request, of whose body the rest is read when its handler is done with it.
pub(super) async fn reading_the_rest(request: Request) -> Request {
    // Whoever asks whether to send its body is told by the response, and must not be told to go on.
    if request.headers().contains_key(http::header::EXPECT) {
        return request;
    }
    request.map(|body| Body::new(ReadToEnd { body, ended: false }))
}

/// A body that is read to its end even if nobody does.
struct ReadToEnd {
    body: Body,
    ended: bool,
}

impl HttpBody for ReadToEnd {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        self.ended |= matches!(polled, Poll::Ready(None | Some(Err(_))));
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for ReadToEnd {
    fn drop(&mut self) {
        if self.ended || self.body.is_end_stream() {
            return;
        }
        // Without a runtime everything ends.
        if let Ok(runtime) = Handle::try_current() {
            let body = std::mem::take(&mut self.body);
            runtime.spawn(tokio::time::timeout(DROPPED_WITHIN, read(body)));
        }
    }
}

async fn read(mut body: Body) -> Result<(), BoxError> {
    let mut dropped = 0;
    while let Some(frame) = body.frame().await {
        dropped += frame?.data_ref().map_or(0, Bytes::len);
        if dropped > DROPPED_BYTES {
            break;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use tokio::sync::mpsc;

    use super::*;
    use crate::api::sending::ChannelStream;

    const PIECE: Bytes = Bytes::from_static(&[0; 1024 * 1024]);

    /// Sends at most `most` pieces of a body that its handler drops unread; how many somebody takes.
    async fn taken_of(most: usize, header: Option<http::HeaderName>) -> usize {
        let (pieces, body) = mpsc::channel::<Result<Bytes, Infallible>>(1);
        let mut request = Request::new(Body::from_stream(ChannelStream(body)));
        request.headers_mut().extend(header.map(|name| (name, http::HeaderValue::from_static("100-continue"))));
        drop(reading_the_rest(request).await);
        for taken in 0..most {
            if pieces.send(Ok(PIECE)).await.is_err() {
                return taken;
            }
        }
        most
    }

    #[tokio::test]
    async fn what_a_handler_leaves_is_read_within_a_bound() {
        assert_eq!(taken_of(10, None).await, 10);
        let taken = taken_of(1000, None).await;
        assert!((64..=67).contains(&taken), "{taken}");
        assert_eq!(taken_of(10, Some(http::header::EXPECT)).await, 0, "nobody has sent it yet");
    }
}
