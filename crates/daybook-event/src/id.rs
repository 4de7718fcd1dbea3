//! The identifier of an event, and how the identifiers of other systems map to it.

use std::fmt;

use serde::{Serialize, Serializer};
use uuid::Uuid;

/// The canonical id of an event: a UUID (RFC 9562).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventId(Uuid);

/// Namespace of the UUIDv5 ids made from an app's own string ids.
const STRING_ID_NAMESPACE: Uuid = Uuid::from_u128(0x6f3d_7f0c_3c0e_5b5a_9a43_6461_7962_6f6b);

impl EventId {
    /// The id with these bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(Uuid::from_bytes(bytes))
    }

    /// The id's 16 bytes, most significant first.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        self.0.as_bytes()
    }

    /// The id as a UUID.
    #[must_use]
    pub const fn as_uuid(&self) -> &Uuid {
        &self.0
    }

    /// Reads a UUID in any of its usual spellings.
    #[must_use]
    pub fn parse_uuid(text: &str) -> Option<Self> {
        Uuid::try_parse(text).ok().map(Self)
    }

    /// A UUIDv7 for `milliseconds` since the Unix epoch, its other bits taken from `random`.
    #[must_use]
    pub fn v7(milliseconds: u64, random: &[u8; 10]) -> Self {
        Self(uuid::Builder::from_unix_timestamp_millis(milliseconds, random).into_uuid())
    }

    /// The UUIDv8 that carries the 96 bits of a MongoDB ObjectId: bytes 0 to 5, version nibble and zeros, variant and
    /// zeros, then the other 6 bytes. [`EventId::to_object_id`] is the way back.
    #[must_use]
    pub fn from_object_id(object_id: [u8; 12]) -> Self {
        let [a, b, c, d, e, f, rest @ ..] = object_id;
        let [g, h, i, j, k, l] = rest;
        Self(Uuid::from_bytes([a, b, c, d, e, f, 0x80, 0x0b, 0x80, 0x0b, g, h, i, j, k, l]))
    }

    /// The ObjectId this id was made from, if it was.
    #[must_use]
    pub fn to_object_id(&self) -> Option<[u8; 12]> {
        let [a, b, c, d, e, f, 0x80, 0x0b, 0x80, 0x0b, g, h, i, j, k, l] = *self.0.as_bytes() else { return None };
        Some([a, b, c, d, e, f, g, h, i, j, k, l])
    }

    /// The UUIDv5 of an app's own string id. The caller keeps the string.
    #[must_use]
    pub fn from_text(app: &str, text: &str) -> Self {
        Self::from_parts(&[app, text])
    }

    /// The UUIDv5 of a CloudEvent's identity: its source and id within an app.
    #[must_use]
    pub fn from_cloud_event(app: &str, source: &str, id: &str) -> Self {
        Self::from_parts(&[app, source, id])
    }

    /// Reads an id as an app may write it: a UUID, a MongoDB ObjectId, or any other string.
    #[must_use]
    pub fn from_any(app: &str, text: &str) -> Self {
        Self::parse_uuid(text)
            .or_else(|| parse_object_id(text).map(Self::from_object_id))
            .unwrap_or_else(|| Self::from_text(app, text))
    }

    fn from_parts(parts: &[&str]) -> Self {
        // Parts are joined by a byte that cannot occur in UTF-8 text, so ("a", "bc") and ("ab", "c") differ.
        Self(Uuid::new_v5(
            &STRING_ID_NAMESPACE,
            &parts.iter().map(|part| part.as_bytes()).collect::<Vec<_>>().join(&0xff),
        ))
    }
}

impl fmt::Display for EventId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(formatter)
    }
}

impl fmt::Debug for EventId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl Serialize for EventId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.hyphenated().encode_lower(&mut Uuid::encode_buffer()))
    }
}

/// The 12 bytes of a MongoDB ObjectId written as 24 hexadecimal digits.
#[must_use]
pub fn parse_object_id(text: &str) -> Option<[u8; 12]> {
    let digits: &[u8; 24] = text.as_bytes().try_into().ok()?;
    let mut bytes = [0; 12];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = (hex_digit(pair[0])? << 4) | hex_digit(pair[1])?;
    }
    Some(bytes)
}

/// An ObjectId as 24 lower-case hexadecimal digits.
#[must_use]
pub fn object_id_text(bytes: &[u8; 12]) -> String {
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .map(|digit| char::from(b"0123456789abcdef"[usize::from(digit)]))
        .collect()
}

const fn hex_digit(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn an_object_id_survives(bytes: [u8; 12]) {
            let text = object_id_text(&bytes);
            prop_assert_eq!(parse_object_id(&text), Some(bytes));
            prop_assert_eq!(parse_object_id(&text.to_uppercase()), Some(bytes));
            let id = EventId::from_object_id(bytes);
            prop_assert_eq!(id.to_object_id(), Some(bytes));
            prop_assert_eq!(id.as_uuid().get_version_num(), 8);
            prop_assert_eq!(id.as_uuid().get_variant(), uuid::Variant::RFC4122);
        }

        #[test]
        fn other_uuids_are_no_object_ids(random: u128) {
            prop_assert_eq!(EventId(uuid::Builder::from_random_bytes(random.to_be_bytes()).into_uuid()).to_object_id(), None);
        }

        #[test]
        fn no_text_panics(text in ".*") {
            let _ = EventId::from_any("app", &text);
        }
    }

    #[test]
    fn string_ids_are_per_app_and_unambiguous() {
        assert_ne!(EventId::from_text("a", "bc"), EventId::from_text("ab", "c"));
        assert_ne!(EventId::from_text("a", "x"), EventId::from_text("b", "x"));
        assert_eq!(EventId::from_any("a", "order-17"), EventId::from_text("a", "order-17"));
        assert_eq!(
            EventId::from_any("a", "507f1f77bcf86cd799439011").to_object_id().map(|id| object_id_text(&id)).as_deref(),
            Some("507f1f77bcf86cd799439011")
        );
        assert_ne!(EventId::from_cloud_event("a", "s", "1"), EventId::from_cloud_event("a", "t", "1"));
    }
}
