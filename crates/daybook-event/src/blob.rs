//! Blobs: values too large for a record, compressed, sealed, and named by a keyed digest of what they say.
//!
//! Both keys of a blob, the one it is sealed under and the one its address is made with, come from the secrets that seal
//! the record. So equal values of two people have different addresses, nobody without the secrets can tell which value
//! an address stands for, and a blob goes with its person and its month whatever becomes of the file. The bytes are
//! described in `docs/blobs.md`.

use std::fmt;

use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::seal::Label;
use crate::{Month, Secret, Standing};

const PERSON_SEAL: &Label = b"daybook/blob/person/seal/1      ";
const PERSON_ADDRESS: &Label = b"daybook/blob/person/address/1   ";
const NOBODY_SEAL: &Label = b"daybook/blob/nobody/seal/1      ";
const NOBODY_ADDRESS: &Label = b"daybook/blob/nobody/address/1   ";

/// Length of an address, in bytes.
pub const ADDRESS_BYTES: usize = 32;

/// The name of a blob: the keyed digest of what is in it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BlobAddress([u8; ADDRESS_BYTES]);

/// Where a blob lies. Whose it is and of which month stand in it, so that what has to go is found without looking into it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct BlobPath<'a> {
    /// The app.
    pub app: &'a str,
    /// Whose it is.
    pub owner: Standing,
    /// The category whose month's secret it is sealed under.
    pub class: &'a str,
    /// The month.
    pub month: Month,
    /// Its name.
    pub address: BlobAddress,
}

/// A sealed blob on its way to the store.
#[derive(Clone, PartialEq, Eq)]
pub struct Blob {
    /// The app.
    pub app: Box<str>,
    /// Whose it is.
    pub owner: Standing,
    /// The category whose month's secret it is sealed under.
    pub class: Box<str>,
    /// The month.
    pub month: Month,
    /// Its name.
    pub address: BlobAddress,
    /// What is to be written.
    pub bytes: Vec<u8>,
}

/// The keys of the blobs of one person in one category's month.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct BlobKeys {
    #[cfg_attr(not(feature = "blobs"), allow(dead_code))]
    seal: [u8; 32],
    address: [u8; 32],
    /// The owner's id, zero for nobody: pseudonyms share a secret with nobody, but nothing else.
    owner: [u8; 16],
}

impl fmt::Debug for BlobKeys {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("BlobKeys(…)")
    }
}

impl BlobAddress {
    /// The address of these bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; ADDRESS_BYTES]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; ADDRESS_BYTES] {
        &self.0
    }

    /// Reads what [`fmt::Display`] writes, and nothing else: 64 hexadecimal digits in lower case.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let digit = |byte: u8| match byte {
            b'0'..=b'9' => Some(byte - b'0'),
            b'a'..=b'f' => Some(byte - b'a' + 10),
            _ => None,
        };
        let text: &[u8; 2 * ADDRESS_BYTES] = text.as_bytes().try_into().ok()?;
        let mut bytes = [0; ADDRESS_BYTES];
        for (byte, pair) in bytes.iter_mut().zip(text.chunks_exact(2)) {
            *byte = digit(pair[0])? << 4 | digit(pair[1])?;
        }
        Some(Self(bytes))
    }
}

impl fmt::Display for BlobAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(formatter, "{byte:02x}"))
    }
}

impl fmt::Debug for BlobAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "BlobAddress({self})")
    }
}

impl Blob {
    /// Where it goes.
    #[must_use]
    pub fn path(&self) -> BlobPath<'_> {
        let Self { app, owner, class, month, address, bytes: _ } = self;
        BlobPath { app, owner: *owner, class, month: *month, address: *address }
    }
}

/// What is in it is somebody's, if only sealed.
impl fmt::Debug for Blob {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Blob({}, {} bytes)", self.address, self.bytes.len())
    }
}

impl BlobKeys {
    /// Derives the keys as [`crate::SealKeys::derive`] does, with labels of their own. `person` is the secret of `owner`,
    /// where that is a person.
    #[must_use]
    pub fn derive(person: Option<&Secret>, month: &Secret, owner: Standing) -> Self {
        let [seal, address] = match person {
            Some(_) => [PERSON_SEAL, PERSON_ADDRESS],
            None => [NOBODY_SEAL, NOBODY_ADDRESS],
        }
        .map(|label| crate::seal::derive(person, month, label));
        Self { seal, address, owner: owner.subject().map_or([0; 16], |subject| *subject.as_bytes()) }
    }

    /// The name of a value.
    #[must_use]
    pub fn address(&self, content: &[u8]) -> BlobAddress {
        let mut hasher = blake3::Hasher::new_keyed(&self.address);
        hasher.update(&self.owner).update(content);
        BlobAddress(*hasher.finalize().as_bytes())
    }
}

#[cfg(feature = "blobs")]
pub use sealed::BlobError;

#[cfg(feature = "blobs")]
mod sealed {
    use super::{ADDRESS_BYTES, BlobAddress, BlobKeys};
    use crate::limits::BODY_INFLATED_BYTES_MAX;
    use crate::seal::{self, NONCE_BYTES, OVERHEAD_BYTES};

    const MAGIC: &[u8; 8] = b"DAYBKBLB";
    const VERSION: u8 = 1;
    const HEADER_BYTES: usize = 16;
    const FLAG_ZSTD: u8 = 1;
    /// Fast, and JSON still shrinks to a fifth.
    const ZSTD_LEVEL: i32 = 3;

    /// What lies in the store is not the blob that was asked for.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
    pub enum BlobError {
        /// It is no blob, or not one that this program knows how to read.
        #[error("not a blob of a version that is known")]
        Format,
        /// It was changed, or belongs elsewhere.
        #[error("the blob is damaged")]
        Damaged,
    }

    impl BlobKeys {
        /// The bytes of the blob of a value whose [`BlobKeys::address`] is given. A nonce is random and used once.
        #[must_use]
        pub fn seal(&self, address: &BlobAddress, content: &[u8], nonce: [u8; NONCE_BYTES]) -> Vec<u8> {
            let compressed = zstd::bulk::compress(content, ZSTD_LEVEL).ok();
            let compressed = compressed.filter(|compressed| compressed.len() < content.len());
            let mut header = [0; HEADER_BYTES];
            header[..8].copy_from_slice(MAGIC);
            header[8] = VERSION;
            header[9] = if compressed.is_some() { FLAG_ZSTD } else { 0 };
            let plain = compressed.as_deref().unwrap_or(content);
            let mut out = Vec::with_capacity(HEADER_BYTES + plain.len() + OVERHEAD_BYTES);
            out.extend_from_slice(&header);
            seal::seal(&self.seal, nonce, &self.context(&header, address), plain, &mut out);
            out
        }

        /// What is in a blob; `size` is how much that is, as the record says. No more than that is made of it.
        ///
        /// # Errors
        /// [`BlobError`].
        pub fn open(&self, address: &BlobAddress, size: u64, bytes: &[u8]) -> Result<String, BlobError> {
            let (header, sealed) = bytes.split_first_chunk::<HEADER_BYTES>().ok_or(BlobError::Format)?;
            if header[..8] != *MAGIC || header[8] != VERSION || header[9] > FLAG_ZSTD {
                return Err(BlobError::Format);
            }
            let size = usize::try_from(size).ok().filter(|size| *size <= BODY_INFLATED_BYTES_MAX);
            let size = size.ok_or(BlobError::Damaged)?;
            let plain =
                seal::open(&self.seal, &self.context(header, address), sealed).map_err(|_| BlobError::Damaged)?;
            let content = match header[9] {
                FLAG_ZSTD => zstd::bulk::decompress(&plain, size).map_err(|_| BlobError::Damaged)?,
                _ => plain,
            };
            if content.len() != size || self.address(&content) != *address {
                return Err(BlobError::Damaged);
            }
            String::from_utf8(content).map_err(|_| BlobError::Damaged)
        }

        /// What a blob is bound to.
        fn context(
            &self,
            header: &[u8; HEADER_BYTES],
            address: &BlobAddress,
        ) -> [u8; HEADER_BYTES + ADDRESS_BYTES + 16] {
            let mut context = [0; HEADER_BYTES + ADDRESS_BYTES + 16];
            context[..HEADER_BYTES].copy_from_slice(header);
            context[HEADER_BYTES..HEADER_BYTES + ADDRESS_BYTES].copy_from_slice(address.as_bytes());
            context[HEADER_BYTES + ADDRESS_BYTES..].copy_from_slice(&self.owner);
            context
        }
    }
}

#[cfg(test)]
mod tests;
