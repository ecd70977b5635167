//! What goes to clients.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use axum::body::{Body, Bytes};
use axum::http::{HeaderValue, Response, header};
use futures_util::StreamExt;
use tokio::io::AsyncWrite;

use super::filter::Filter;

/// A writer of JSON messages, such as standard output, whose texts hold no hidden characters.
#[derive(Debug)]
pub struct Harmless<W> {
    inner: W,
    filter: Filter,
    /// What was filtered and not written yet, and how much of it was.
    pending: Vec<u8>,
    written: usize,
}

impl<W> Harmless<W> {
    /// Around another writer.
    pub fn new(inner: W) -> Self {
        Self { inner, filter: Filter::default(), pending: Vec::new(), written: 0 }
    }
}

impl<W: AsyncWrite + Unpin> Harmless<W> {
    fn empty(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while let Some(left) = self.pending.get(self.written..).filter(|left| !left.is_empty()) {
            let written = ready!(Pin::new(&mut self.inner).poll_write(context, left))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.written = self.written.saturating_add(written);
        }
        self.pending.clear();
        self.written = 0;
        Poll::Ready(Ok(()))
    }
}

impl<W: AsyncWrite + Unpin> AsyncWrite for Harmless<W> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        ready!(self.empty(context))?;
        let Self { filter, pending, .. } = &mut *self;
        filter.push(bytes, pending);
        // It is taken; what the other writer does not take now, it takes with the next bytes or when it is flushed.
        if let Poll::Ready(Err(error)) = self.empty(context) {
            return Poll::Ready(Err(error));
        }
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.empty(context))?;
        Pin::new(&mut self.inner).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.empty(context))?;
        Pin::new(&mut self.inner).poll_shutdown(context)
    }
}

/// The same for an HTTP answer, of one message or a stream of them.
pub async fn harmless(response: Response<Body>) -> Response<Body> {
    let kind = response.headers().get(header::CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default();
    if !kind.starts_with(b"application/json") && !kind.starts_with(b"text/") {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    // It may become longer.
    parts.headers.remove(header::CONTENT_LENGTH);
    let begun = Some((body.into_data_stream(), Filter::default()));
    let pieces = futures_util::stream::unfold(begun, async |state| {
        let (mut body, mut filter) = state?;
        let mut out = Vec::new();
        match body.next().await {
            Some(Ok(piece)) => filter.push(&piece, &mut out),
            Some(Err(error)) => return Some((Err(error), None)),
            None => {
                filter.finish(&mut out);
                return Some((Ok(Bytes::from(out)), None));
            }
        }
        Some((Ok(Bytes::from(out)), Some((body, filter))))
    });
    Response::from_parts(parts, Body::from_stream(pieces))
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncWriteExt;

    use super::*;

    /// Takes a byte at a time, and only every other time.
    #[derive(Default)]
    struct Slow(Vec<u8>, bool);

    impl AsyncWrite for Slow {
        fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
            self.1 = !self.1;
            if self.1 {
                context.waker().wake_by_ref();
                return Poll::Pending;
            }
            self.0.extend(bytes.first());
            Poll::Ready(Ok(1))
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    #[tokio::test]
    async fn nothing_is_lost_where_the_other_side_is_slow() {
        let mut out = Harmless::new(Slow::default());
        let message = "{\"a\":\"\u{202e}x\"}\n".repeat(100);
        out.write_all(message.as_bytes()).await.unwrap();
        out.flush().await.unwrap();
        assert_eq!(String::from_utf8(out.inner.0).unwrap(), "{\"a\":\"\\\\u{202e}x\"}\n".repeat(100));
    }

    #[tokio::test]
    async fn an_answer_over_http_is_filtered_and_loses_its_length() {
        let response = Response::builder()
            .header("content-type", "application/json")
            .header("content-length", "9")
            .body(Body::from("\"\u{202e}\""))
            .unwrap();
        let response = harmless(response).await;
        assert!(response.headers().get("content-length").is_none());
        let body = axum::body::to_bytes(response.into_body(), 100).await.unwrap();
        assert_eq!(body, "\"\\\\u{202e}\"");
    }
}
