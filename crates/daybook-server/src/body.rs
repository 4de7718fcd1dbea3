//! Reading request bodies: bounded in size, in memory taken together, in time, and in what decompression makes of them.

use std::io::Read;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH};
use http_body_util::BodyExt;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use crate::limits;
use crate::problem::Problem;

/// The memory that all bodies being read share.
#[derive(Debug, Clone)]
pub struct BodyMemory {
    blocks: Arc<Semaphore>,
}

/// Memory is accounted in blocks of this size.
const BLOCK_BYTES: usize = 64 * 1024;

/// A body that was read, and its share of the memory, given back when it is dropped.
#[derive(Debug)]
pub struct Body {
    /// The body as it arrived.
    pub bytes: Bytes,
    /// How it is compressed.
    pub encoding: Encoding,
    share: Share,
}

/// How a body is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// Not at all.
    Identity,
    /// RFC 1952.
    Gzip,
    /// RFC 1950, or, as some clients understand it, RFC 1951.
    Deflate,
    /// RFC 8878.
    Zstd,
}

/// A body cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum BodyReadError {
    /// It is longer than it may be.
    #[error("the body is longer than {limit} bytes")]
    TooLarge {
        /// What it may be.
        limit: usize,
    },
    /// It is longer than it may be after decompression.
    #[error("the body is longer than {limit} bytes after decompression")]
    InflatedTooLarge {
        /// What it may be.
        limit: usize,
    },
    /// It arrives too slowly.
    #[error("the body arrived too slowly")]
    TooSlow,
    /// The client went away in the middle of it.
    #[error("the body ended too early")]
    CutOff,
    /// Bodies being read take all the memory they may.
    #[error("too much is being read already")]
    NoMemory,
    /// It is compressed in a way that is not understood.
    #[error("this content encoding is not understood")]
    UnknownEncoding,
    /// It is not compressed the way it says.
    #[error("the body is not what its content encoding says")]
    Damaged,
}

impl BodyMemory {
    /// So many bytes to share.
    pub fn new(bytes: usize) -> Self {
        Self { blocks: Arc::new(Semaphore::new(bytes.div_ceil(BLOCK_BYTES).min(Semaphore::MAX_PERMITS))) }
    }

    /// Reads a body of at most `limit` bytes.
    ///
    /// # Errors
    /// [`BodyReadError`].
    pub async fn read<B>(&self, headers: &HeaderMap, body: B, limit: usize) -> Result<Body, BodyReadError>
    where
        B: http_body::Body<Data = Bytes> + Unpin,
    {
        let encoding = Encoding::of(headers)?;
        let announced = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
        if announced.is_some_and(|length| length > limit) {
            return Err(BodyReadError::TooLarge { limit });
        }
        let mut share = Share::of(self);
        // What is announced is reserved up to a block; more only once it comes.
        let expected = announced.unwrap_or(0).min(BLOCK_BYTES);
        share.grow_to(expected.max(1))?;
        let bytes = receive(body, limit, expected, &mut share).await?;
        Ok(Body { bytes, encoding, share })
    }
}

impl Encoding {
    fn of(headers: &HeaderMap) -> Result<Self, BodyReadError> {
        let Some(encoding) = headers.get(CONTENT_ENCODING) else { return Ok(Self::Identity) };
        let encoding = encoding.to_str().map_err(|_| BodyReadError::UnknownEncoding)?.trim();
        let is = |name: &str| encoding.eq_ignore_ascii_case(name);
        if encoding.is_empty() || is("identity") {
            Ok(Self::Identity)
        } else if is("gzip") || is("x-gzip") {
            Ok(Self::Gzip)
        } else if is("deflate") {
            Ok(Self::Deflate)
        } else if is("zstd") {
            Ok(Self::Zstd)
        } else {
            Err(BodyReadError::UnknownEncoding)
        }
    }
}

impl Body {
    /// A body that is in memory already and was accounted for when it came.
    pub fn kept(memory: &BodyMemory, bytes: impl Into<Bytes>) -> Self {
        Self { bytes: bytes.into(), encoding: Encoding::Identity, share: Share::of(memory) }
    }

    /// The body without its compression. Takes time in proportion to what it grows to, at most `limit` bytes.
    ///
    /// # Errors
    /// [`BodyReadError`].
    pub fn inflate(mut self, limit: usize) -> Result<Self, BodyReadError> {
        let compressed = &*self.bytes;
        let bytes = match self.encoding {
            Encoding::Identity => return Ok(self),
            Encoding::Gzip => drain(flate2::read::MultiGzDecoder::new(compressed), limit, &mut self.share)?,
            // The two kinds of deflate are told apart by the header that RFC 1950 puts in front.
            Encoding::Deflate if is_zlib(compressed) => {
                drain(flate2::read::ZlibDecoder::new(compressed), limit, &mut self.share)?
            }
            Encoding::Deflate => drain(flate2::read::DeflateDecoder::new(compressed), limit, &mut self.share)?,
            Encoding::Zstd => {
                let mut decoder = zstd::stream::read::Decoder::new(compressed).map_err(|_| BodyReadError::Damaged)?;
                decoder.window_log_max(limits::ZSTD_WINDOW_LOG_MAX).map_err(|_| BodyReadError::Damaged)?;
                drain(decoder, limit, &mut self.share)?
            }
        };
        Ok(Self { bytes: Bytes::from(bytes), encoding: Encoding::Identity, share: self.share })
    }
}

/// What one body holds of the shared memory.
#[derive(Debug)]
struct Share {
    blocks: Arc<Semaphore>,
    held: Option<OwnedSemaphorePermit>,
}

impl Share {
    fn of(memory: &BodyMemory) -> Self {
        Self { blocks: Arc::clone(&memory.blocks), held: None }
    }

    fn add(&mut self, bytes: usize) -> Result<(), BodyReadError> {
        let blocks = u32::try_from(bytes.div_ceil(BLOCK_BYTES)).map_err(|_| BodyReadError::NoMemory)?;
        let more = Arc::clone(&self.blocks).try_acquire_many_owned(blocks).map_err(|_| BodyReadError::NoMemory)?;
        match &mut self.held {
            Some(held) => held.merge(more),
            None => self.held = Some(more),
        }
        Ok(())
    }

    fn grow_to(&mut self, bytes: usize) -> Result<(), BodyReadError> {
        let held = self.held.as_ref().map_or(0, OwnedSemaphorePermit::num_permits) * BLOCK_BYTES;
        if bytes > held { self.add(bytes - held) } else { Ok(()) }
    }
}

async fn receive<B>(mut body: B, limit: usize, expected: usize, share: &mut Share) -> Result<Bytes, BodyReadError>
where
    B: http_body::Body<Data = Bytes> + Unpin,
{
    let started = Instant::now();
    let mut first: Option<Bytes> = None;
    let mut collected = Vec::new();
    let mut received = 0usize;
    loop {
        let frame = match tokio::time::timeout(limits::IDLE_TIMEOUT, body.frame()).await {
            Err(_) => return Err(BodyReadError::TooSlow),
            Ok(None) => break,
            Ok(Some(Err(_))) => return Err(BodyReadError::CutOff),
            Ok(Some(Ok(frame))) => frame,
        };
        let Ok(data) = frame.into_data() else { continue };
        received = received.saturating_add(data.len());
        if received > limit {
            return Err(BodyReadError::TooLarge { limit });
        }
        if is_too_slow(started.elapsed(), received) {
            return Err(BodyReadError::TooSlow);
        }
        share.grow_to(received)?;
        // A body that comes in one piece, as most do, is not copied.
        match &first {
            None => first = Some(data),
            Some(piece) => {
                if collected.is_empty() {
                    collected.reserve(expected.max(received));
                    collected.extend_from_slice(piece);
                }
                collected.extend_from_slice(&data);
            }
        }
    }
    Ok(if collected.is_empty() { first.unwrap_or_default() } else { Bytes::from(collected) })
}

fn is_too_slow(elapsed: Duration, received: usize) -> bool {
    let Some(judged) = elapsed.checked_sub(limits::BODY_GRACE) else { return false };
    (received as u64) < judged.as_secs().saturating_mul(limits::BODY_BYTES_PER_SECOND_MIN)
}

/// Reads all of it, at most `limit` bytes, asking for memory before taking it.
fn drain(mut reader: impl Read, limit: usize, share: &mut Share) -> Result<Vec<u8>, BodyReadError> {
    let mut out = Vec::new();
    let mut piece = vec![0; BLOCK_BYTES];
    loop {
        match reader.read(&mut piece) {
            Ok(0) => return Ok(out),
            Ok(length) => {
                if out.len() + length > limit {
                    return Err(BodyReadError::InflatedTooLarge { limit });
                }
                if out.len() + length > out.capacity() {
                    let before = out.capacity();
                    out.reserve(length.max(out.len()));
                    share.add(out.capacity() - before)?;
                }
                out.extend_from_slice(piece.get(..length).unwrap_or_default());
            }
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(_) => return Err(BodyReadError::Damaged),
        }
    }
}

fn is_zlib(bytes: &[u8]) -> bool {
    matches!(bytes, [first, second, ..]
        if first & 0x0f == 8 && (u16::from(*first) << 8 | u16::from(*second)).is_multiple_of(31))
}

impl From<BodyReadError> for Problem {
    fn from(error: BodyReadError) -> Self {
        let detail = error.to_string();
        match error {
            BodyReadError::TooLarge { .. } => Self::new(http::StatusCode::PAYLOAD_TOO_LARGE, "body.too-large", detail)
                .hint("Send the events in several calls."),
            BodyReadError::InflatedTooLarge { .. } => {
                Self::new(http::StatusCode::PAYLOAD_TOO_LARGE, "body.inflated-too-large", detail)
                    .hint("Send the events in several calls.")
            }
            BodyReadError::TooSlow => Self::new(http::StatusCode::REQUEST_TIMEOUT, "body.too-slow", detail),
            BodyReadError::CutOff => Self::bad_request("body.cut-off", detail),
            BodyReadError::NoMemory => Self::unavailable("server.busy", detail, Duration::from_secs(1)),
            BodyReadError::UnknownEncoding => {
                Self::new(http::StatusCode::UNSUPPORTED_MEDIA_TYPE, "body.encoding-unknown", detail)
                    .hint("Send identity, gzip, deflate or zstd, one of them only.")
            }
            BodyReadError::Damaged => Self::bad_request("body.encoding-damaged", detail),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn body(memory: &BodyMemory, encoding: Encoding, bytes: Vec<u8>) -> Body {
        Body { bytes: Bytes::from(bytes), encoding, share: Share::of(memory) }
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn every_encoding_is_undone() {
        let text = b"all that happened today ".repeat(100);
        let memory = BodyMemory::new(10 << 20);
        let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
        zlib.write_all(&text).unwrap();
        let mut raw = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::default());
        raw.write_all(&text).unwrap();
        for (encoding, bytes) in [
            (Encoding::Identity, text.clone()),
            (Encoding::Gzip, gzip(&text)),
            (Encoding::Deflate, zlib.finish().unwrap()),
            (Encoding::Deflate, raw.finish().unwrap()),
            (Encoding::Zstd, zstd::encode_all(&*text, 3).unwrap()),
        ] {
            let inflated = body(&memory, encoding, bytes.clone()).inflate(text.len()).unwrap();
            assert_eq!(inflated.bytes, text, "{encoding:?}");
            if encoding != Encoding::Identity {
                let cut = bytes[..bytes.len() / 2].to_vec();
                let inflated = body(&memory, encoding, cut).inflate(text.len());
                assert!(inflated.is_err_and(|error| matches!(error, BodyReadError::Damaged)), "{encoding:?} cut");
                let inflated = body(&memory, encoding, bytes).inflate(text.len() - 1);
                assert!(inflated.is_err_and(|error| matches!(error, BodyReadError::InflatedTooLarge { .. })));
            }
        }
    }

    #[test]
    fn a_bomb_takes_no_more_than_its_limit_and_no_more_than_there_is() {
        let bomb = gzip(&vec![0; 64 << 20]);
        assert!(bomb.len() < 100_000);
        let memory = BodyMemory::new(1 << 20);
        let inflated = body(&memory, Encoding::Gzip, bomb.clone()).inflate(64 << 20);
        assert!(matches!(inflated, Err(BodyReadError::NoMemory)));
        let inflated = body(&memory, Encoding::Gzip, bomb).inflate(300_000);
        assert!(matches!(inflated, Err(BodyReadError::InflatedTooLarge { limit: 300_000 })));
        assert_eq!(memory.blocks.available_permits(), 16, "all memory is given back");
    }

    #[test]
    fn a_zstd_frame_cannot_ask_for_a_large_window() {
        let mut encoder = zstd::stream::write::Encoder::new(Vec::new(), 1).unwrap();
        encoder.window_log(27).unwrap();
        encoder.write_all(&[7; 1000]).unwrap();
        let bytes = encoder.finish().unwrap();
        let inflated = body(&BodyMemory::new(1 << 20), Encoding::Zstd, bytes).inflate(10_000);
        assert!(matches!(inflated, Err(BodyReadError::Damaged)));
    }

    #[tokio::test]
    async fn bodies_are_held_to_their_limit_as_they_come() {
        let memory = BodyMemory::new(1 << 20);
        let pieces = |count: usize| {
            let frames =
                (0..count).map(|_| Ok::<_, std::io::Error>(http_body::Frame::data(Bytes::from_static(&[1; 1000]))));
            http_body_util::StreamBody::new(futures_util::stream::iter(frames))
        };
        let read = memory.read(&HeaderMap::new(), pieces(10), 10_000).await.unwrap();
        assert_eq!(read.bytes, vec![1; 10_000]);
        let read = memory.read(&HeaderMap::new(), pieces(11), 10_000).await;
        assert!(matches!(read, Err(BodyReadError::TooLarge { limit: 10_000 })));
        let announced = HeaderMap::from_iter([(CONTENT_LENGTH, http::HeaderValue::from(10_001))]);
        let read = memory.read(&announced, pieces(1), 10_000).await;
        assert!(matches!(read, Err(BodyReadError::TooLarge { .. })));
        let read = memory.read(&HeaderMap::new(), pieces(2_000), 10_000_000).await;
        assert!(matches!(read, Err(BodyReadError::NoMemory)));
    }

    #[tokio::test(start_paused = true)]
    async fn slow_bodies_are_cut() {
        let memory = BodyMemory::new(1 << 20);
        let every = |pause: Duration, bytes: usize| {
            let frames = futures_util::stream::unfold(0, move |count| async move {
                tokio::time::sleep(pause).await;
                let frame = Ok::<_, std::io::Error>(http_body::Frame::data(Bytes::from(vec![1; bytes])));
                (count < 20).then_some((frame, count + 1))
            });
            http_body_util::StreamBody::new(Box::pin(frames))
        };
        let read = memory.read(&HeaderMap::new(), every(Duration::from_secs(2), 10), 10_000).await;
        assert!(matches!(read, Err(BodyReadError::TooSlow)), "a drop at a time");
        let read = memory.read(&HeaderMap::new(), every(Duration::from_secs(31), 10_000), 1_000_000).await;
        assert!(matches!(read, Err(BodyReadError::TooSlow)), "nothing for long");
        let read = memory.read(&HeaderMap::new(), every(Duration::from_secs(1), 10_000), 1_000_000).await;
        assert_eq!(read.unwrap().bytes.len(), 200_000, "a slow line");
        assert_eq!(memory.blocks.available_permits(), 16);
    }

    #[test]
    fn slowness_is_judged_after_a_grace() {
        assert!(!is_too_slow(Duration::from_secs(9), 0));
        assert!(!is_too_slow(Duration::from_secs(20), 50_000));
        assert!(is_too_slow(Duration::from_secs(20), 10_000));
    }
}
