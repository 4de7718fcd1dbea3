//! How what is personal in a record is sealed: secrets, the keys derived from them, and the AEAD.
//!
//! A record's keys come from two secrets that the vault holds: the person's, and that of its category's month. Whoever
//! destroys either destroys every record sealed under both. Here are only the algorithms; secrets and nonces come from
//! outside.

use std::fmt;

use aes_gcm::Aes256Gcm;
use aes_gcm::aead::{AeadInOut, KeyInit};
use hkdf::Hkdf;
use serde::{Serialize, Serializer};
use sha2::Sha256;
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::Timestamp;

/// Length of a nonce, in bytes.
pub const NONCE_BYTES: usize = 12;
/// What sealing adds to the length of a text, in bytes: the nonce in front and the tag behind.
pub const OVERHEAD_BYTES: usize = NONCE_BYTES + TAG_BYTES;
const TAG_BYTES: usize = 16;

const PERSON_LABEL: &[u8] = b"daybook/record/person/1";
const NOBODY_LABEL: &[u8] = b"daybook/record/nobody/1";

/// 256 random bits that nobody may see. Overwritten when dropped.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct Secret([u8; 32]);

impl Secret {
    /// A secret of these bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret(…)")
    }
}

/// The random name that stands for a person wherever their own must not: the `anonymous_id` of every view.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SubjectId([u8; 16]);

impl SubjectId {
    /// Of 16 random bytes, as a version 4 UUID (RFC 9562): six of the bits are given.
    #[must_use]
    pub const fn from_random(bytes: [u8; 16]) -> Self {
        Self(uuid::Builder::from_random_bytes(bytes).into_uuid().into_bytes())
    }

    /// Of the bytes of one that exists.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// Reads what its `Display` writes.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        uuid::Uuid::try_parse(text).ok().map(|uuid| Self(uuid.into_bytes()))
    }
}

impl fmt::Display for SubjectId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        uuid::Uuid::from_bytes(self.0).hyphenated().fmt(formatter)
    }
}

impl fmt::Debug for SubjectId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "SubjectId({self})")
    }
}

impl Serialize for SubjectId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A calendar month in UTC, counted from January 1970: the piece of time that secrets are made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month(i32);

impl Month {
    /// The month of a point in time.
    #[must_use]
    pub fn of(time: Timestamp) -> Self {
        // In whole seconds, which jiff takes up to the very end of time.
        let time = jiff::Timestamp::from_second(time.microseconds().div_euclid(1_000_000)).unwrap_or_default();
        let date = jiff::tz::Offset::UTC.to_datetime(time);
        Self((i32::from(date.year()) - 1970) * 12 + i32::from(date.month()) - 1)
    }

    /// The month with this number.
    #[must_use]
    pub const fn from_number(number: i32) -> Self {
        Self(number)
    }

    /// Months since January 1970.
    #[must_use]
    pub const fn number(self) -> i32 {
        self.0
    }

    /// When it begins.
    #[must_use]
    pub fn start(self) -> Timestamp {
        let (year, month) = (self.0.div_euclid(12) + 1970, self.0.rem_euclid(12) + 1);
        let date = i16::try_from(year).ok().zip(i8::try_from(month).ok()).and_then(|(year, month)| {
            let date = jiff::civil::Date::new(year, month, 1).ok()?;
            jiff::tz::Offset::UTC.to_timestamp(date.to_datetime(jiff::civil::Time::midnight())).ok()
        });
        let end_of_time = if self.0 < 0 { jiff::Timestamp::MIN } else { jiff::Timestamp::MAX };
        Timestamp::from_microseconds(date.unwrap_or(end_of_time).as_microsecond())
    }

    /// When the next one begins.
    #[must_use]
    pub fn end(self) -> Timestamp {
        Self(self.0.saturating_add(1)).start()
    }
}

impl fmt::Display for Month {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:04}-{:02}", self.0.div_euclid(12) + 1970, self.0.rem_euclid(12) + 1)
    }
}

/// What is sealed cannot be opened: another key, another record, or damage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("what is sealed does not open with this key")]
pub struct DoesNotOpen;

/// The keys of the records of one person in one category's month.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct SealKeys {
    seal: [u8; 32],
    digest: [u8; 32],
}

impl fmt::Debug for SealKeys {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SealKeys(…)")
    }
}

impl SealKeys {
    /// Derives the keys with HKDF-Expand (RFC 5869; the secrets are random already, so section 3.3 lets the extraction
    /// go). Without a person the month's secret stands alone.
    #[must_use]
    pub fn derive(person: Option<&Secret>, month: &Secret) -> Self {
        let mut keys = [0; 64];
        let (secret, info): (_, [&[u8]; 2]) = match person {
            Some(person) => (person, [PERSON_LABEL, month.as_bytes()]),
            None => (month, [NOBODY_LABEL, &[]]),
        };
        // Neither can fail: the secret is as long as the hash, the output two hashes long.
        if let Ok(hkdf) = Hkdf::<Sha256>::from_prk(secret.as_bytes()) {
            let expanded = hkdf.expand_multi_info(&info, &mut keys);
            assert!(expanded.is_ok(), "HKDF gives 64 bytes");
        }
        let (mut seal, mut digest) = ([0; 32], [0; 32]);
        seal.copy_from_slice(&keys[..32]);
        digest.copy_from_slice(&keys[32..]);
        keys.zeroize();
        assert_ne!(seal, digest, "two blocks of HKDF are never the same");
        Self { seal, digest }
    }

    /// The key under which the digest of what a client sent is made.
    #[must_use]
    pub const fn digest_key(&self) -> &[u8; 32] {
        &self.digest
    }

    /// Appends `plain`, sealed with AES-256-GCM (NIST SP 800-38D): nonce, ciphertext, tag. `context` must be given again to
    /// open it. A nonce is random and used once.
    pub fn seal(&self, nonce: [u8; NONCE_BYTES], context: &[u8], plain: &[u8], out: &mut Vec<u8>) {
        seal(&self.seal, nonce, context, plain, out);
    }

    /// Opens what [`SealKeys::seal`] wrote.
    ///
    /// # Errors
    /// [`DoesNotOpen`].
    pub fn open(&self, context: &[u8], sealed: &[u8]) -> Result<Vec<u8>, DoesNotOpen> {
        open(&self.seal, context, sealed)
    }
}

/// Appends `plain` sealed under `key`, as [`SealKeys::seal`] does.
pub fn seal(key: &[u8; 32], nonce: [u8; NONCE_BYTES], context: &[u8], plain: &[u8], out: &mut Vec<u8>) {
    out.reserve(plain.len() + OVERHEAD_BYTES);
    out.extend_from_slice(&nonce);
    let start = out.len();
    out.extend_from_slice(plain);
    let cipher = Aes256Gcm::new(key.into());
    let tag = cipher.encrypt_inout_detached(&nonce.into(), context, (&mut out[start..]).into());
    // It fails beyond 64 GiB, which no record comes near.
    assert!(tag.is_ok(), "a text of {} bytes can be sealed", plain.len());
    if let Ok(tag) = tag {
        out.extend_from_slice(&tag);
    }
}

/// Opens what [`seal`] wrote under the same key and context.
///
/// # Errors
/// [`DoesNotOpen`].
pub fn open(key: &[u8; 32], context: &[u8], sealed: &[u8]) -> Result<Vec<u8>, DoesNotOpen> {
    let (nonce, rest) = sealed.split_first_chunk::<NONCE_BYTES>().ok_or(DoesNotOpen)?;
    let (text, tag) = rest.split_last_chunk::<TAG_BYTES>().ok_or(DoesNotOpen)?;
    let mut plain = text.to_vec();
    let cipher = Aes256Gcm::new(key.into());
    cipher
        .decrypt_inout_detached(nonce.into(), context, plain.as_mut_slice().into(), tag.into())
        .map_err(|_| DoesNotOpen)?;
    Ok(plain)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn months_begin_and_end() {
        let check = |time: &str, month: &str, start: &str, end: &str| {
            let of = Month::of(Timestamp::parse(time).unwrap());
            assert_eq!((of.to_string(), of.start().to_string(), of.end().to_string()), {
                (month.to_owned(), start.to_owned(), end.to_owned())
            });
            assert_eq!(Month::from_number(of.number()), of);
        };
        check("2026-01-14T15:00:00Z", "2026-01", "2026-01-01T00:00:00.000Z", "2026-02-01T00:00:00.000Z");
        check("2024-12-31T23:59:59.999999Z", "2024-12", "2024-12-01T00:00:00.000Z", "2025-01-01T00:00:00.000Z");
        check("1969-12-31T23:59:59Z", "1969-12", "1969-12-01T00:00:00.000Z", "1970-01-01T00:00:00.000Z");
        let last = Timestamp::from_microseconds(i64::MAX);
        assert_eq!((Month::of(last).to_string(), Month::of(last).end()), ("9999-12".to_owned(), last));
    }

    #[test]
    fn secrets_are_not_printed() {
        let secret = Secret::from_bytes([0xab; 32]);
        assert_eq!(format!("{secret:?} {:?}", SealKeys::derive(None, &secret)), "Secret(…) SealKeys(…)");
    }

    proptest! {
        #[test]
        fn only_the_same_secrets_and_context_open(
            person: [u8; 32], month: [u8; 32], nonce: [u8; NONCE_BYTES], plain: Vec<u8>, context: Vec<u8>, at: usize,
        ) {
            let (person, month) = (Secret::from_bytes(person), Secret::from_bytes(month));
            prop_assume!(person != month);
            let keys = SealKeys::derive(Some(&person), &month);
            let mut sealed = vec![7];
            keys.seal(nonce, &context, &plain, &mut sealed);
            let sealed = &sealed[1..];
            prop_assert_eq!(sealed.len(), plain.len() + OVERHEAD_BYTES);
            prop_assert_eq!(keys.open(&context, sealed), Ok(plain));
            for other in [
                SealKeys::derive(Some(&month), &person), SealKeys::derive(None, &month), SealKeys::derive(None, &person),
            ] {
                prop_assert_eq!(other.open(&context, sealed), Err(DoesNotOpen));
            }
            prop_assert_eq!(keys.open(&[&context[..], b"x"].concat(), sealed), Err(DoesNotOpen));
            let mut damaged = sealed.to_vec();
            let at = at % damaged.len();
            damaged[at] ^= 1;
            prop_assert_eq!(keys.open(&context, &damaged), Err(DoesNotOpen));
            prop_assert_eq!(keys.open(&context, &sealed[..at]), Err(DoesNotOpen));
        }
    }
}
