//! How what is personal in a record is sealed: secrets, the keys derived from them, and the AEAD.
//!
//! A record's keys come from two secrets that the vault holds: the person's, and that of its category's month. Whoever
//! destroys either destroys every record sealed under both. Here are only the algorithms; secrets and nonces come from
//! outside.

use std::fmt;

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use serde::{Serialize, Serializer};
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::Timestamp;

/// Length of a nonce, in bytes.
pub const NONCE_BYTES: usize = 12;
/// What sealing adds to the length of a text, in bytes: the nonce in front and the tag behind.
pub const OVERHEAD_BYTES: usize = NONCE_BYTES + TAG_BYTES;
const TAG_BYTES: usize = 16;

/// What a key is for, as long as a secret: a label and a month's secret fill one block of BLAKE3.
pub(crate) type Label = [u8; 32];
const PERSON_SEAL: &Label = b"daybook/record/person/seal/2    ";
const PERSON_DIGEST: &Label = b"daybook/record/person/digest/2  ";
const NOBODY_SEAL: &Label = b"daybook/record/nobody/seal/2    ";
const NOBODY_DIGEST: &Label = b"daybook/record/nobody/digest/2  ";

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

    /// What its `Display` writes, without the detour.
    #[must_use]
    pub fn text(&self) -> String {
        uuid::Uuid::from_bytes(self.0).hyphenated().encode_lower(&mut uuid::Uuid::encode_buffer()).to_owned()
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
    /// Derives the keys: BLAKE3's keyed hash (a pseudorandom function, section 2.1 of its paper) under the person's secret, of
    /// what the key is for and of the month's secret. Without a person the month's secret stands alone. Both secrets are
    /// 256 random bits, so nothing has to be extracted from them first.
    #[must_use]
    pub fn derive(person: Option<&Secret>, month: &Secret) -> Self {
        let [seal, digest] = match person {
            Some(_) => [PERSON_SEAL, PERSON_DIGEST],
            None => [NOBODY_SEAL, NOBODY_DIGEST],
        };
        Self { seal: derive(person, month, seal), digest: derive(person, month, digest) }
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

/// One key: see [`SealKeys::derive`].
pub(crate) fn derive(person: Option<&Secret>, month: &Secret, label: &Label) -> [u8; 32] {
    let Some(person) = person else { return *blake3::keyed_hash(month.as_bytes(), label).as_bytes() };
    let mut hashed = [0; 64];
    hashed[..32].copy_from_slice(label);
    hashed[32..].copy_from_slice(month.as_bytes());
    let key = *blake3::keyed_hash(person.as_bytes(), &hashed).as_bytes();
    hashed.zeroize();
    key
}

/// Appends `plain` sealed under `key`, as [`SealKeys::seal`] does.
pub fn seal(key: &[u8; 32], nonce: [u8; NONCE_BYTES], context: &[u8], plain: &[u8], out: &mut Vec<u8>) {
    out.reserve(plain.len() + OVERHEAD_BYTES);
    out.extend_from_slice(&nonce);
    let start = out.len();
    out.extend_from_slice(plain);
    let nonce = Nonce::assume_unique_for_key(nonce);
    let tag = cipher(key).and_then(|cipher| {
        cipher.seal_in_place_separate_tag(nonce, Aad::from(context), &mut out[start..]).map_err(|_| DoesNotOpen)
    });
    // It fails beyond 64 GiB, which no record comes near.
    assert!(tag.is_ok(), "a text of {} bytes can be sealed", plain.len());
    if let Ok(tag) = tag {
        out.extend_from_slice(tag.as_ref());
    }
}

/// Opens what [`seal`] wrote under the same key and context.
///
/// # Errors
/// [`DoesNotOpen`].
pub fn open(key: &[u8; 32], context: &[u8], sealed: &[u8]) -> Result<Vec<u8>, DoesNotOpen> {
    let (nonce, rest) = sealed.split_first_chunk::<NONCE_BYTES>().ok_or(DoesNotOpen)?;
    let mut opened = rest.to_vec();
    let nonce = Nonce::assume_unique_for_key(*nonce);
    let length = cipher(key)?.open_in_place(nonce, Aad::from(context), &mut opened).map_err(|_| DoesNotOpen)?.len();
    opened.truncate(length);
    Ok(opened)
}

/// AES-256-GCM under a key. Every key of 32 bytes is one, so this does not fail.
fn cipher(key: &[u8; 32]) -> Result<LessSafeKey, DoesNotOpen> {
    UnboundKey::new(&AES_256_GCM, key).map(LessSafeKey::new).map_err(|_| DoesNotOpen)
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

    /// The same as another implementation of the standard makes, so that anybody can open it.
    #[test]
    fn what_is_sealed_is_plain_aes_gcm() {
        use aes_gcm::aead::{Aead, KeyInit, Payload};

        let keys = SealKeys::derive(Some(&Secret::from_bytes([1; 32])), &Secret::from_bytes([2; 32]));
        let mut sealed = Vec::new();
        keys.seal([3; NONCE_BYTES], b"context", b"who", &mut sealed);
        let payload = Payload { msg: &sealed[NONCE_BYTES..], aad: b"context" };
        let cipher = aes_gcm::Aes256Gcm::new(&keys.seal.into());
        assert_eq!(cipher.decrypt(&[3; NONCE_BYTES].into(), payload).unwrap(), b"who");
    }

    /// Keys must never change for records that exist.
    #[test]
    fn keys_are_derived_as_the_log_format_says() {
        let (person, month) = (Secret::from_bytes([1; 32]), Secret::from_bytes([2; 32]));
        let hash = |key: &Secret, parts: [&[u8]; 2]| *blake3::keyed_hash(key.as_bytes(), &parts.concat()).as_bytes();
        let keys = SealKeys::derive(Some(&person), &month);
        assert_eq!(keys.seal, hash(&person, [b"daybook/record/person/seal/2    ", month.as_bytes()]));
        assert_eq!(keys.digest, hash(&person, [b"daybook/record/person/digest/2  ", month.as_bytes()]));
        let keys = SealKeys::derive(None, &month);
        assert_eq!(keys.seal, hash(&month, [b"daybook/record/nobody/seal/2    ", b""]));
        assert_eq!(keys.digest, hash(&month, [b"daybook/record/nobody/digest/2  ", b""]));
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
