//! Large responses in pieces: a client that takes none of them for a while loses its connection.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use futures_core::Stream;
use tokio::sync::mpsc;

use super::readers::ReaderPlace;

/// Bytes handed to the connection at a time.
const PIECE: usize = 256 * 1024;
/// How long a client may take for a piece.
pub(super) const PIECE_PATIENCE: Duration = Duration::from_secs(60);

/// What comes through a channel, as a stream.
pub(super) struct ChannelStream<T>(pub(super) mpsc::Receiver<T>);

impl<T> Stream for ChannelStream<T> {
    type Item = T;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<T>> {
        self.0.poll_recv(context)
    }
}

/// Bytes as a response of this type, with the place that is taken until they are sent.
pub(super) fn in_pieces(bytes: impl Into<Bytes>, place: ReaderPlace, kind: &'static str) -> Response {
    let mut rest: Bytes = bytes.into();
    // With its length, so that what is cut off does not look whole.
    let headers = [(header::CONTENT_TYPE, HeaderValue::from_static(kind)), (header::CONTENT_LENGTH, rest.len().into())];
    if rest.len() <= PIECE {
        return (headers, rest).into_response();
    }
    let (pieces, incoming) = mpsc::channel(1);
    tokio::spawn(async move {
        while !rest.is_empty() {
            let Ok(Ok(free)) = tokio::time::timeout(PIECE_PATIENCE, pieces.reserve()).await else { break };
            free.send(Ok::<_, Infallible>(rest.split_to(PIECE.min(rest.len()))));
        }
        drop(place);
    });
    (headers, Body::from_stream(ChannelStream(incoming))).into_response()
}
