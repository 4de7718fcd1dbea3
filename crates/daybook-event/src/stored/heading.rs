//! What the log keeps beside a record, as the record itself says it.

use super::peek::{Value, fields};
use crate::record::{Digest, RecordKey, app_hash, record_key};
use crate::{EventId, Kind};

/// What stands beside a record in the log, made from its bytes alone: whoever trusts the bytes need not trust what stands
/// beside them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Heading {
    /// Its name in the log.
    pub key: RecordKey,
    /// Digest of the event as the client sent it; none in a record that carries none.
    pub digest: Option<Digest>,
    /// The hash of its app.
    pub app: u64,
    /// When it happened, in microseconds since the Unix epoch.
    pub time_us: i64,
    /// What it is.
    pub kind: Kind,
}

/// Reads what the log keeps beside a record from the record; nothing where the bytes are none.
#[must_use]
pub fn heading(stored: &[u8]) -> Option<Heading> {
    let (mut id, mut app, mut time_us, mut digest, mut kind) = (None, app_hash(""), 0, None, Kind::Event);
    fields(stored, |number, value| {
        match (number, value) {
            (1, Value::Bytes(bytes)) => id = Some(EventId::from_bytes(bytes.try_into().ok()?)),
            (2, Value::Bytes(bytes)) => app = app_hash(std::str::from_utf8(bytes).ok()?),
            (5, Value::Number(number)) => time_us = unzigzag(number),
            (26, Value::Bytes([])) => digest = None,
            (26, Value::Bytes(bytes)) => digest = Some(bytes.try_into().ok()?),
            (27, Value::Number(number)) => kind = if number == 1 { Kind::DailyCount } else { Kind::Event },
            _ => {}
        }
        Some(())
    })?;
    Some(Heading { key: record_key(app, &id?), digest, app, time_us, kind })
}

/// A `sint64` of Protobuf.
const fn unzigzag(number: u64) -> i64 {
    (number >> 1).cast_signed() ^ -((number & 1).cast_signed())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use prost::Message;

    use super::*;
    use crate::stored::StoredEvent;

    proptest! {
        #[test]
        fn a_record_says_what_stands_beside_it(id: [u8; 16], time_us: i64, count: bool, digest: Option<[u8; 16]>) {
            let stored = StoredEvent {
                id: id.to_vec(),
                app: "shop".into(),
                name: "a.b".into(),
                time_us,
                digest: digest.map_or(Vec::new(), |digest| digest.to_vec()),
                kind: i32::from(count),
                ..StoredEvent::default()
            };
            let kind = if count { Kind::DailyCount } else { Kind::Event };
            let key = record_key(app_hash("shop"), &EventId::from_bytes(id));
            let expected = Heading { key, digest, app: app_hash("shop"), time_us, kind };
            prop_assert_eq!(heading(&stored.encode_to_vec()), Some(expected));
        }

        #[test]
        fn rubbish_has_none_or_some_and_never_harms(bytes: Vec<u8>) {
            let _ = heading(&bytes);
        }
    }

    #[test]
    fn a_record_without_an_id_has_none() {
        assert_eq!(heading(&[]), None);
        assert_eq!(heading(&StoredEvent { id: vec![1; 15], ..StoredEvent::default() }.encode_to_vec()), None);
    }
}
