//! What is compressed, recognised by how it begins.

use std::io::Read;

use flate2::read::{DeflateDecoder, GzDecoder};

/// Largest window a zstd frame may have, as a power of two: the largest there is.
const ZSTD_WINDOW_LOG_MAX: u32 = 31;
/// Length of the fixed part of a zip entry's header.
const ZIP_HEADER_BYTES: usize = 30;
const ZIP_DEFLATED: u16 = 8;

/// Something compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Container {
    /// A gzip member (RFC 1952).
    Gzip,
    /// A zstd frame (RFC 8878).
    Zstd,
    /// An LZ4 frame.
    Lz4,
    /// An entry of a zip archive. Entries that are not compressed lie open anyway.
    ZipEntry,
}

/// How each of them begins.
pub(super) const MAGICS: [(&[u8], Container); 4] = [
    (&[0x1f, 0x8b, 0x08], Container::Gzip),
    (&[0x28, 0xb5, 0x2f, 0xfd], Container::Zstd),
    (&[0x04, 0x22, 0x4d, 0x18], Container::Lz4),
    (b"PK\x03\x04", Container::ZipEntry),
];

/// Reads what is in it; none where it is no such thing after all.
pub(super) fn open<'r>(container: Container, mut reader: impl Read + 'r) -> Option<Box<dyn Read + 'r>> {
    match container {
        Container::Gzip => Some(Box::new(GzDecoder::new(reader))),
        Container::Zstd => {
            let mut decoder = zstd::stream::read::Decoder::new(reader).ok()?.single_frame();
            decoder.window_log_max(ZSTD_WINDOW_LOG_MAX).ok()?;
            Some(Box::new(decoder))
        }
        Container::Lz4 => Some(Box::new(lz4_flex::frame::FrameDecoder::new(reader))),
        Container::ZipEntry => {
            let mut header = [0; ZIP_HEADER_BYTES];
            reader.read_exact(&mut header).ok()?;
            let number = |at: usize| u16::from_le_bytes([header[at], header[at + 1]]);
            if number(8) != ZIP_DEFLATED {
                return None;
            }
            let rest = u64::from(number(26)) + u64::from(number(28));
            std::io::copy(&mut reader.by_ref().take(rest), &mut std::io::sink()).ok()?;
            // Deflate says itself where it ends, so it does not matter whether the header knows.
            Some(Box::new(DeflateDecoder::new(reader)))
        }
    }
}
