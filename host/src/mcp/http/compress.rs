//! Answers compressed with gzip (RFC 1952), for clients that ask for it. Each piece is compressed alone and goes out at once, so a stream of events
//! is held up by nothing, and one that stands open keeps no memory for a compressor.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::Request;
use axum::http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, VARY};
use axum::http::{HeaderMap, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use futures_util::StreamExt;
use futures_util::stream::iter;
use http_body::Frame;
use miniz_oxide::DataFormat;
use miniz_oxide::deflate::core::{CompressorOxide, TDEFLFlush, TDEFLStatus, compress_to_output};

/// Bytes of a piece, and of an answer, from which on it is worth it.
const WORTH: usize = 1024;
/// Bytes that one block can hold as they are.
const PLAIN: usize = 65_535;
/// How hard the compressor tries, of 10: as usual.
const LEVEL: u8 = 6;
/// The head of a gzip file without a name or time.
const HEAD: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
/// Types of content that are text, and of streams of it that stand open.
const TEXTS: [&[u8]; 3] = [b"application/json", b"text/plain", b"application/openmetrics-text"];
const STREAM: &[u8] = b"text/event-stream";

/// Compresses an answer that is text and not short, when its client asks for it.
pub(super) async fn compress(request: Request, next: Next) -> Response {
    let is_wanted = takes_gzip(request.headers());
    let mut answer = next.run(request).await;
    let kind = answer.headers().get(CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default();
    let (is_text, is_stream) = (TEXTS.iter().any(|text| kind.starts_with(text)), kind.starts_with(STREAM));
    if !is_text && !is_stream {
        return answer;
    }
    answer.headers_mut().append(VARY, HeaderValue::from_static("accept-encoding"));
    if !is_wanted {
        return answer;
    }
    let (mut parts, mut body) = answer.into_parts();
    if is_text {
        body = match begin(body).await {
            Begun::Whole(short) => return Response::from_parts(parts, Body::from(short)),
            Begun::Long(body) => body,
        };
    }
    parts.headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    parts.headers.remove(CONTENT_LENGTH);
    Response::from_parts(parts, Body::new(Gzip::new(body)))
}

/// What stands at the beginning of a body.
enum Begun {
    /// All of it: too short to be compressed.
    Whole(Vec<u8>),
    /// More than that; this is the body still.
    Long(Body),
}

async fn begin(body: Body) -> Begun {
    let mut pieces = body.into_data_stream();
    let mut first = Vec::new();
    while first.len() < WORTH {
        match pieces.next().await {
            Some(Ok(piece)) => first.extend_from_slice(&piece),
            Some(Err(error)) => return Begun::Long(Body::from_stream(iter([Ok(Bytes::from(first)), Err(error)]))),
            None => return Begun::Whole(first),
        }
    }
    Begun::Long(Body::from_stream(iter([Ok(Bytes::from(first))]).chain(pieces)))
}

/// Whether `Accept-Encoding` names gzip, or all that is not named, and does not refuse it (RFC 9110 section 12.5.3).
fn takes_gzip(headers: &HeaderMap) -> bool {
    let named = headers.get_all(ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    let mut others = false;
    for one in named.flat_map(|value| value.split(',')) {
        let (coding, quality) = one.split_once(';').unwrap_or((one, ""));
        let quality = quality.trim().strip_prefix("q=").or_else(|| quality.trim().strip_prefix("Q="));
        let is_taken = quality.is_none_or(|quality| quality.trim().parse::<f32>().is_ok_and(|quality| quality > 0.0));
        match coding.trim() {
            coding if coding.eq_ignore_ascii_case("gzip") || coding.eq_ignore_ascii_case("x-gzip") => return is_taken,
            "*" => others = is_taken,
            _ => {}
        }
    }
    others
}

struct Gzip {
    body: Body,
    sum: Sum,
    begun: bool,
    ended: bool,
}

impl HttpBody for Gzip {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        loop {
            if self.ended {
                return Poll::Ready(None);
            }
            let mut out = Vec::new();
            match ready!(Pin::new(&mut self.body).poll_frame(context)) {
                Some(Ok(frame)) => {
                    // Trailers are not used here.
                    let Ok(data) = frame.into_data() else { continue };
                    if data.is_empty() {
                        continue;
                    }
                    self.begin(&mut out);
                    self.sum.add(&data);
                    piece(&data, &mut out);
                }
                // Without its end, so that the client sees that something is missing.
                Some(Err(error)) => {
                    self.ended = true;
                    return Poll::Ready(Some(Err(error)));
                }
                None => {
                    self.ended = true;
                    self.begin(&mut out);
                    self.sum.end(&mut out);
                }
            }
            return Poll::Ready(Some(Ok(Frame::data(out.into()))));
        }
    }

    fn is_end_stream(&self) -> bool {
        self.ended
    }
}

impl Gzip {
    fn new(body: Body) -> Self {
        Self { body, sum: Sum::default(), begun: false, ended: false }
    }

    fn begin(&mut self, out: &mut Vec<u8>) {
        if !std::mem::replace(&mut self.begun, true) {
            out.extend(HEAD);
        }
    }
}

/// Deflates a piece so that it ends at a byte: a short one as it is, a longer one compressed.
fn piece(data: &[u8], out: &mut Vec<u8>) {
    let before = out.len();
    if data.len() >= WORTH && deflated(data, out) {
        return;
    }
    out.truncate(before);
    for part in data.chunks(PLAIN) {
        let length = u16::try_from(part.len()).unwrap_or_default();
        out.push(0);
        out.extend(length.to_le_bytes());
        out.extend((!length).to_le_bytes());
        out.extend(part);
    }
}

fn deflated(data: &[u8], out: &mut Vec<u8>) -> bool {
    let mut compressor = Box::new(CompressorOxide::default());
    compressor.set_format_and_level(DataFormat::Raw, LEVEL);
    let (status, read) = compress_to_output(&mut compressor, data, TDEFLFlush::Sync, |bytes| {
        out.extend(bytes);
        true
    });
    status == TDEFLStatus::Okay && read == data.len()
}

/// The check sum (CRC-32) and the length of what was compressed.
#[derive(Default)]
struct Sum {
    check: crc32fast::Hasher,
    length: u32,
}

impl Sum {
    fn add(&mut self, data: &[u8]) {
        self.check.update(data);
        // Modulo 2^32, as the format has it.
        self.length = self.length.wrapping_add(data.len() as u32);
    }

    /// The last block, which is empty, and the end of the file.
    fn end(&self, out: &mut Vec<u8>) {
        out.extend([1, 0, 0, 0xff, 0xff]);
        out.extend(self.check.clone().finalize().to_le_bytes());
        out.extend(self.length.to_le_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_say_what_they_take() {
        let takes = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT_ENCODING, value.parse().unwrap());
            takes_gzip(&headers)
        };
        for yes in ["gzip", "GZIP", "br, gzip;q=0.5", "deflate,  x-gzip", "*", "br, *;q=0.1"] {
            assert!(takes(yes), "{yes}");
        }
        for no in ["", "br", "gzip;q=0", "identity", "*;q=0", "*, gzip;q=0", "gzip;q=x"] {
            assert!(!takes(no), "{no}");
        }
        assert!(!takes_gzip(&HeaderMap::new()));
    }

    /// Without head and end, by the library's own other half.
    fn inflated(gzip: &[u8]) -> Vec<u8> {
        assert_eq!(gzip[..10], HEAD);
        miniz_oxide::inflate::decompress_to_vec(&gzip[10..gzip.len() - 8]).unwrap()
    }

    #[tokio::test]
    async fn pieces_of_any_size_come_out_as_they_went_in() {
        let text = |length: usize| (0..length).map(|n| b"frames and bytes "[n % 17]).collect::<Vec<u8>>();
        let noise = |length: u32| (0..length).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect::<Vec<u8>>();
        for pieces in [
            vec![],
            vec![text(1)],
            vec![text(3), text(24_000), text(5), Vec::new(), text(1023), text(1024)],
            vec![noise(200_000), text(200_000)],
        ] {
            let whole = pieces.concat();
            let stream = iter(pieces.into_iter().map(Ok::<_, std::io::Error>));
            let body = Body::from_stream(stream);
            let gzip = Body::new(Gzip::new(body));
            let out = axum::body::to_bytes(gzip, usize::MAX).await.unwrap();
            assert_eq!(inflated(&out), whole);
            let end = &out[out.len() - 8..];
            assert_eq!(end[..4], crc32fast::hash(&whole).to_le_bytes());
            assert_eq!(end[4..], (whole.len() as u32).to_le_bytes());
        }
    }

    #[test]
    fn what_is_long_becomes_short() {
        let mut out = Vec::new();
        piece("{\"frames\":[1,2,3]}".repeat(2000).as_bytes(), &mut out);
        assert!(out.len() < 2000, "{}", out.len());
    }
}
