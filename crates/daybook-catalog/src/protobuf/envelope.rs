//! The message of an event: the same numbers in every app, for ever.

use crate::Field;

/// The number of a field of the envelope. A new field gets one that is new.
pub(crate) const fn number(field: Field) -> u32 {
    match field {
        Field::Id => 1,
        Field::Name => 2,
        Field::Version => 3,
        Field::Time => 4,
        Field::Category => 5,
        Field::Priority => 6,
        Field::Source => 7,
        Field::Platform => 8,
        Field::Environment => 9,
        Field::Identity => 10,
        Field::AnonymousId => 11,
        Field::Session => 12,
        Field::Group => 13,
        Field::ActorType => 14,
        Field::ActorId => 15,
        Field::Correlation => 16,
        Field::Causation => 17,
        Field::Request => 18,
        Field::Tags => 19,
        Field::Data => 20,
        Field::Metadata => 21,
    }
}

/// The field of the envelope that has a number.
pub(crate) fn field(found: u32) -> Option<Field> {
    Field::ALL.into_iter().find(|field| number(*field) == found)
}

/// A field of events that catalogs do not know as one.
pub(crate) struct Given {
    pub(crate) name: &'static str,
    pub(crate) ty: &'static str,
    pub(crate) number: u32,
    pub(crate) about: &'static str,
}

pub(crate) const ORIGINAL_ID: u32 = 22;
pub(crate) const SAMPLE_RATE: u32 = 23;
pub(crate) const APP: u32 = 24;
pub(crate) const RECEIVED: u32 = 25;
pub(crate) const POSITION: u32 = 26;
pub(crate) const UPCAST_FROM: u32 = 27;
pub(crate) const UPCAST_ERROR: u32 = 28;
pub(crate) const SIGNATURE: u32 = 29;

/// The fields of events that catalogs do not know as such.
pub(crate) const GIVEN: [Given; 8] = [
    Given {
        name: "original_id",
        ty: "string",
        number: ORIGINAL_ID,
        about: "The id as the app wrote it, where it is neither a UUID nor an ObjectId.",
    },
    Given {
        name: "sample_rate",
        ty: "double",
        number: SAMPLE_RATE,
        about: "The share of such events that was kept: one stands for 1 / sample_rate.",
    },
    Given { name: "app", ty: "string", number: APP, about: "The app. Daybook gives it; so it does all that follow." },
    Given { name: "received", ty: "google.protobuf.Timestamp", number: RECEIVED, about: "When Daybook received it." },
    Given { name: "position", ty: "uint64", number: POSITION, about: "Its place in the log." },
    Given {
        name: "upcast_from",
        ty: "string",
        number: UPCAST_FROM,
        about: "The version it was sent in, where it is given in a newer one.",
    },
    Given {
        name: "upcast_error",
        ty: "string",
        number: UPCAST_ERROR,
        about: "Why it is not given in the current version, though that was asked for.",
    },
    Given {
        name: "signature",
        ty: "string",
        number: SIGNATURE,
        about: "The signature of whoever acts: a detached JWS over the event in Daybook's JSON form. A client may give it.",
    },
];

/// The number of a batch's events.
pub(crate) const BATCH_EVENTS: u32 = 1;
/// The number of a batch's next position.
pub(crate) const BATCH_NEXT: u32 = 2;

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_number_is_given_once() {
        let own = Field::ALL.into_iter().map(number);
        let numbers: Vec<u32> = own.chain(GIVEN.iter().map(|given| given.number)).collect();
        assert_eq!(numbers.iter().collect::<BTreeSet<_>>().len(), numbers.len(), "{numbers:?}");
        assert!(Field::ALL.into_iter().all(|known| field(number(known)) == Some(known)));
        assert_eq!(field(ORIGINAL_ID), None);
    }
}
