use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::seal::NONCE_BYTES;
use crate::{BlobAddress, Keeping, Month, Months, Person, SealKeys, Secret, SessionHash, Signature, Signed, app_hash};

fn any_text() -> impl Strategy<Value = Option<Cow<'static, str>>> {
    proptest::option::of("[a-zA-Zé0-9 \"]{1,12}".prop_map(Cow::Owned))
}

prop_compose! {
    fn any_event()(
        id: [u8; 16],
        texts in proptest::collection::vec(any_text(), 12),
        times in (any::<i32>(), any::<i32>()),
        priority in 0i32..4,
        rate in prop_oneof![Just(1.0), 0.001f64..1.0],
        tags in proptest::collection::btree_map("[a-z]{1,5}", "[a-z0-9]{0,200}", 0..4),
        count: bool,
    ) -> Event<'static> {
        let mut texts = texts.into_iter();
        let mut next = || texts.next().flatten();
        let (kind, actor) = (next(), next());
        Event {
            id: EventId::from_bytes(id),
            original_id: next(),
            kind: if count { Kind::DailyCount } else { Kind::Event },
            app: Cow::Borrowed("app"),
            name: Cow::Borrowed("a.b"),
            version: Cow::Borrowed("1.0.0"),
            time: Timestamp::from_microseconds(times.0.into()),
            received: Timestamp::from_microseconds(times.1.into()),
            position: 7,
            category: Cow::Borrowed("product"),
            priority: Priority::from_number(priority),
            sample_rate: rate,
            source: next(),
            platform: next(),
            environment: next(),
            identity: next(),
            anonymous_id: next(),
            session: next(),
            group: next(),
            actor: (kind.is_some() || actor.is_some()).then_some(Actor { kind, id: actor }),
            correlation: next(),
            causation: next(),
            request: next(),
            tags: tags.into_iter().map(|(key, value)| (Cow::Owned(key), Cow::Owned(value))).collect(),
            data: Cow::Borrowed("{\"a\":1}"),
            metadata: Cow::Borrowed(""),
            signature: None,
        }
    }
}

prop_compose! {
    fn any_personal()(
        texts in proptest::collection::vec(any_text(), 5),
        data in proptest::collection::btree_map("p[a-z]{1,4}", 0..1_000u32, 0..3),
        metadata in proptest::collection::btree_map("p[a-z]{1,4}", "[a-z]{0,9}", 0..2),
        tags in proptest::collection::btree_map("p[a-z]{1,4}", "[a-z]{0,9}", 0..2),
        blobs in proptest::collection::vec((0..3usize, any_shown()), 0..3),
    ) -> Personal<'static> {
        let mut texts = texts.into_iter();
        let mut next = || texts.next().flatten();
        Personal {
            identity: next(),
            anonymous_id: next(),
            session: next(),
            actor_id: next(),
            original_id: next(),
            data: data.iter().map(|(name, value)| (format!("/{name}").into(), format!("{value}.50").into())).collect(),
            metadata:
                metadata.iter().map(|(name, text)| (format!("/{name}").into(), format!("\"{text}\"").into())).collect(),
            tags: tags.into_iter().map(|(key, value)| (key.into(), value.into())).collect(),
            blobs: blobs.into_iter().map(|(index, shown)| SealedBlob { index, shown }).collect(),
        }
    }
}

prop_compose! {
    fn any_shown()(metadata: bool, name in "q[a-z~/é]{0,4}", kind in 0..4i32, preview in ".{0,9}") -> Shown<'static> {
        let pointer = format!("/{}", name.replace('~', "~0").replace('/', "~1"));
        Shown::read(1 + i32::from(metadata), pointer.into(), kind, preview.into()).unwrap()
    }
}

/// A field with its key.
fn any_field() -> impl Strategy<Value = Vec<u8>> {
    let inner = prop_oneof![
        "[a-zé]{0,9}".prop_map(String::into_bytes),
        any::<[u8; 16]>().prop_map(|id| id.to_vec()),
        proptest::collection::vec(any::<u8>(), 0..9),
        // A message in it, as of a tag or of another person.
        (1u32..4, "[a-z]{0,9}").prop_map(|(field, value)| {
            let mut out = Vec::new();
            text(&mut out, field, &value);
            out
        }),
    ];
    let delimited = (1u32..36, inner).prop_map(|(field, value)| {
        let mut out = Vec::new();
        encode_key(field, WireType::LengthDelimited, &mut out);
        encode_varint(value.len() as u64, &mut out);
        out.extend_from_slice(&value);
        out
    });
    let number = (1u32..36, prop_oneof![0u64..3, any::<u64>()]).prop_map(|(field, number)| {
        let mut out = Vec::new();
        encode_key(field, WireType::Varint, &mut out);
        encode_varint(number, &mut out);
        out
    });
    let fixed = (1u32..36, any::<[u8; 8]>(), any::<bool>()).prop_map(|(field, bytes, long)| {
        let mut out = Vec::new();
        encode_key(field, if long { WireType::SixtyFourBit } else { WireType::ThirtyTwoBit }, &mut out);
        out.extend_from_slice(if long { &bytes } else { &bytes[..4] });
        out
    });
    prop_oneof![4 => delimited, 2 => number, 1 => fixed]
}

/// What is read without the message is what prost reads, and so are the errors.
fn assert_read_alike(stored: &[u8]) {
    // As text, since a rate may be no number.
    let expected = opening::decode_message(stored, 7);
    assert_eq!(format!("{:?}", decode(stored, 7)), format!("{expected:?}"));
    let closed = expected.map(Closed::from);
    assert_eq!(format!("{:?}", decode_closed(stored, 7)), format!("{closed:?}"));
}

fn person(byte: u8) -> Person {
    Person {
        id: SubjectId::from_bytes([byte; 16]),
        secret: Secret::from_bytes([byte; 32]),
        consents: None,
        objected: false,
    }
}

/// Every other one has a session.
fn session_of(event: &Event<'_>) -> Option<SessionHash> {
    let time = event.time.microseconds().unsigned_abs();
    SessionHash::from_number(if time.is_multiple_of(2) { 0 } else { time << 32 })
}

/// A record of `event`, which has nothing personal, with `own` sealed for its person and `other` for another.
fn sealed(
    event: &Event<'_>,
    standing: Standing,
    secret: &Secret,
    own: &Personal<'_>,
    other: Option<(&Person, &Personal<'_>)>,
) -> Vec<u8> {
    let seal = |person: Option<SubjectId>, secret_of: Option<&Secret>, personal: &Personal<'_>| {
        let (mut plain, mut sealed) = (Vec::new(), Vec::new());
        personal.encode(&mut plain);
        let context = seal_context(app_hash(&event.app), &event.id, event.time, person);
        SealKeys::derive(secret_of, secret).seal([3; NONCE_BYTES], &context, &plain, &mut sealed);
        sealed
    };
    let own = seal(standing.person(), standing.person().map(|_| person(1)).as_ref().map(|person| &person.secret), own);
    let other = other.map(|(person, personal)| (person.id, seal(Some(person.id), Some(&person.secret), personal)));
    let others: Vec<_> = other.iter().map(|(id, sealed)| (*id, sealed.as_slice())).collect();
    let mut out = Vec::new();
    encode_clear(event, &mut out);
    let clear = out.len();
    let session = session_of(event);
    let rest = Rest {
        kind: event.kind,
        digest: &[9; 16],
        standing,
        sealed: &own,
        others: &others,
        session,
        blobs: &[],
        signature: None,
    };
    rest.encode(&mut out);
    let lengths = others.iter().map(|(_, sealed)| sealed.len());
    let most = Rest::length(event.kind, standing.subject().is_some(), own.len(), lengths, session.is_some());
    assert!((most - 3..=most).contains(&(out.len() - clear)), "{most}");
    out
}

proptest! {
    #[test]
    fn what_is_stored_is_read_back(event in any_event()) {
        let mut stored = Vec::new();
        encode(&event, &[9; 16], &mut stored);
        let decoded = decode(&stored, 7).unwrap();
        // As records were written before there was sealing: nothing is sealed, and everything there.
        prop_assert!(!decoded.is_sealed());
        prop_assert_eq!(decoded.standing, Standing::Nobody);
        assert_read_alike(&stored);
        let opened = decoded.open(&Months::default(), &|_| None);
        prop_assert_eq!((opened.event, opened.unreadable), (event, 0));
        // The same bytes that prost itself would write.
        prop_assert_eq!(StoredEvent::decode(stored.as_slice()).unwrap().encode_to_vec(), stored);
    }

    #[test]
    fn what_is_sealed_is_given_back(
        event in any_event(), own in any_personal(), other in any_personal(), who in 0..3u8, two: bool,
    ) {
        let mut event = Event { identity: None, anonymous_id: None, session: None, original_id: None, actor: None, ..event };
        // Data with numbers as they were written, metadata whose names stand around what is taken out.
        event.data = Cow::Borrowed("{\"a\":1.50,\"z\":[]}");
        event.metadata = Cow::Borrowed("{}");
        let standing = match who {
            0 => Standing::Nobody,
            1 => Standing::Person(person(1).id),
            _ => Standing::Pseudonym(SubjectId::from_bytes([5; 16])),
        };
        let own = Personal { data: own.data.into_iter().map(|(at, json)| (format!("{at}_").into(), json)).collect(), ..own };
        let month = Secret::from_bytes([8; 32]);
        let second = person(2);
        let stored = sealed(&event, standing, &month, &own, two.then_some((&second, &other)));
        prop_assert_eq!(StoredEvent::decode(stored.as_slice()).unwrap().encode_to_vec(), &stored[..]);

        prop_assert!(parts::Parts::of(&stored).is_some());
        assert_read_alike(&stored);

        // What a scan sees.
        let peeked = peek(&stored).unwrap();
        prop_assert_eq!((peeked.app, peeked.category, peeked.standing), ("app", "product", standing));
        prop_assert_eq!(peeked.is_about(second.id), two);

        // Without secrets there is nothing but the event in the clear.
        let decoded = decode(&stored, 7).unwrap();
        let expected = Event {
            anonymous_id: standing.subject().map(|id| id.to_string().into()), ..event.clone()
        };
        prop_assert_eq!(&decoded.event, &expected);
        prop_assert_eq!(decoded.standing, standing);
        prop_assert_eq!(decoded.session, session_of(&event));
        prop_assert_eq!(decoded.month(), ("product", Month::of(event.time)));
        let mut months = Months::default();
        months.insert("product", Month::of(event.time), Arc::new(month));
        let everyone = |id: SubjectId| [person(1), person(2)].into_iter().find(|person| person.id == id);
        let nobody = |_: SubjectId| None;
        let parts = 1 + usize::from(two);
        let closed = decoded.clone().open(&Months::default(), &everyone);
        prop_assert_eq!((&closed.event, closed.unreadable), (&expected, parts));
        let mut other_month = Months::default();
        other_month.insert("product", Month::of(event.time), Arc::new(Secret::from_bytes([7; 32])));
        let closed = decoded.clone().open(&other_month, &everyone);
        prop_assert_eq!((&closed.event, closed.unreadable), (&expected, parts));
        if standing.person().is_some() {
            let closed = decoded.clone().open(&months, &nobody);
            prop_assert_eq!((&closed.event, closed.unreadable), (&expected, parts));
        }

        // With them, everything.
        let opened = decoded.open(&months, &everyone);
        prop_assert_eq!(opened.unreadable, 0);
        let got = opened.event;
        if !two {
            prop_assert_eq!((&got.identity, &got.session, &got.original_id), (&own.identity, &own.session, &own.original_id));
            prop_assert_eq!(got.actor.and_then(|actor| actor.id), own.actor_id);
            prop_assert_eq!(opened.own_anonymous_id, own.anonymous_id);
        }
        let data: serde_json::Value = serde_json::from_str(&got.data).unwrap();
        let mut members = own.data.len();
        prop_assert!(got.data.contains("\"a\":1.50"));
        if two {
            members += other.data.len();
        }
        prop_assert_eq!(data.as_object().unwrap().len(), members + 2);
        for (pointer, json) in own.data.iter().chain(other.data.iter().filter(|_| two)) {
            let name = format!("\"{}\":{json}", &pointer[1..]);
            prop_assert!(got.data.contains(&name), "{} in {}", name, got.data);
        }
        let names: Vec<_> = data.as_object().unwrap().keys().collect();
        prop_assert!(names.is_sorted(), "{:?}", names);
        for tag in &own.tags {
            prop_assert!(got.tags.contains(tag));
        }
        prop_assert!(got.tags.is_sorted());
    }

    /// Fields of every number, kind and order, as other writers may put them.
    #[test]
    fn whatever_prost_reads_is_read_alike(id: [u8; 16], fields in proptest::collection::vec(any_field(), 0..12)) {
        let mut stored = Vec::new();
        bytes(&mut stored, 1, &id);
        fields.iter().for_each(|field| stored.extend_from_slice(field));
        assert_read_alike(&stored);
    }

    #[test]
    fn what_lies_in_blobs_is_referred_to_and_put_back(
        event in any_event(), entries in proptest::collection::vec((any::<[u8; 32]>(), any::<u64>(), proptest::option::of(any_shown())), 0..4),
    ) {
        let entries: Vec<_> = entries.into_iter().enumerate().map(|(at, (mut address, size, shown))| {
            address[0] = at as u8;
            BlobEntry { address: BlobAddress::from_bytes(address), size, shown }
        }).collect();
        let mut stored = Vec::new();
        encode_clear(&event, &mut stored);
        let clear = stored.len();
        let rest = Rest {
            kind: event.kind, digest: &[9; 16], standing: Standing::Nobody, sealed: &[], others: &[], session: None, blobs: &entries, signature: None,
        };
        rest.encode(&mut stored);
        let length = Rest::length(event.kind, false, 0, std::iter::empty(), false)
            + entries.iter().map(|entry| BlobEntry::stored_length(entry.size, entry.shown.as_ref())).sum::<usize>();
        prop_assert_eq!(stored.len() - clear, length);
        prop_assert_eq!(StoredEvent::decode(stored.as_slice()).unwrap().encode_to_vec(), &stored[..]);
        prop_assert!(parts::Parts::of(&stored).is_some());
        assert_read_alike(&stored);
        let mut addresses = Vec::new();
        prop_assert_eq!(blob_addresses(&stored, |address| addresses.push(address)), Some(()));
        prop_assert_eq!(addresses, entries.iter().map(|entry| entry.address).collect::<Vec<_>>());

        let mut decoded = decode(&stored, 7).unwrap();
        let moved = decoded.moved();
        prop_assert_eq!(moved.len(), entries.iter().filter(|entry| entry.shown.is_some()).count());
        let metadata = event.metadata.clone();
        for moved in &moved {
            // Metadata that is empty has no members; admission leaves an object where it takes some out.
            let is_there = decoded.event.data.contains(&moved.address.to_string()) || metadata.is_empty();
            let others = moved_elsewhere(&decoded, moved);
            prop_assert!(is_there || others);
            decoded.put(moved, "\"the value\"");
            prop_assert!(!decoded.event.data.contains(&moved.address.to_string()));
        }
        prop_assert!(decoded.moved().is_empty());
        if moved.iter().any(|moved| moved.shown.place == Place::Data) {
            prop_assert!(decoded.event.data.contains("\"the value\""));
        }
    }

    #[test]
    fn canonical_json_is_json(event in any_event()) {
        let mut out = Vec::new();
        event.write_json(&mut out);
        let value: serde_json::Value = serde_json::from_slice(&out).unwrap();
        prop_assert_eq!(value["id"].as_str().map(str::to_owned), Some(event.id.to_string()));
        prop_assert_eq!(value["identity"].as_str(), event.identity.as_deref());
        prop_assert_eq!(&value["data"]["a"], 1);
    }

    #[test]
    fn damaged_bytes_do_not_panic(bytes: Vec<u8>, event in any_event(), own in any_personal(), at: usize, byte: u8) {
        let look = |bytes: &[u8]| {
            let _ = peek(bytes);
            assert_read_alike(bytes);
            if let Ok(stored) = decode(bytes, 1) {
                let mut months = Months::default();
                let (class, month) = stored.month();
                months.insert(class, month, Arc::new(Secret::from_bytes([8; 32])));
                let _ = stored.open(&months, &|_| Some(person(1)));
            }
        };
        look(&bytes);
        let standing = Standing::Person(person(1).id);
        let mut stored = sealed(&event, standing, &Secret::from_bytes([8; 32]), &own, Some((&person(2), &own)));
        let at = at % stored.len();
        stored[at] = byte;
        look(&stored);
        look(&stored[..at]);
    }
}

/// Whether another value has the same place.
fn moved_elsewhere(stored: &Stored, moved: &Moved) -> bool {
    stored.moved().iter().filter(|other| other.shown.pointer == moved.shown.pointer).count() > 1
}

/// What is sealed belongs into an object that lies in a blob, what that begins with is sealed, and so is a whole value.
#[test]
fn sealed_values_and_blobs_go_together() {
    let secret = Secret::from_bytes([8; 32]);
    let one = person(1);
    let shown = |pointer: &str, kind, preview: &str| Shown {
        place: Place::Data,
        pointer: Cow::Owned(pointer.to_owned()),
        kind,
        preview: Cow::Owned(preview.to_owned()),
    };
    let entry = |byte, shown| BlobEntry { address: BlobAddress::from_bytes([byte; 32]), size: 70_000, shown };
    let entries = [entry(1, Some(shown("/big", ContentKind::Object, ""))), entry(2, None)];
    let own = Personal {
        data: vec![("/big/email".into(), "\"ada@x\"".into())],
        blobs: vec![
            SealedBlob { index: 0, shown: shown("/big", ContentKind::Object, "{\"te") },
            SealedBlob { index: 1, shown: shown("/note", ContentKind::Text, "Dear") },
            SealedBlob { index: 7, shown: shown("/nowhere", ContentKind::Text, "") },
        ],
        ..Personal::default()
    };
    let event = Event { data: "{\"a\":1}".into(), ..plain_event() };
    let (mut plain, mut sealed, mut stored) = (Vec::new(), Vec::new(), Vec::new());
    own.encode(&mut plain);
    assert!(Personal::decode(&plain).unwrap() == own);
    let context = seal_context(app_hash("app"), &event.id, event.time, Some(one.id));
    SealKeys::derive(Some(&one.secret), &secret).seal([3; NONCE_BYTES], &context, &plain, &mut sealed);
    encode_clear(&event, &mut stored);
    let standing = Standing::Person(one.id);
    Rest {
        kind: Kind::Event,
        digest: &[9; 16],
        standing,
        sealed: &sealed,
        others: &[],
        session: None,
        blobs: &entries,
        signature: None,
    }
    .encode(&mut stored);
    let mut months = Months::default();
    months.insert("product", Month::of(event.time), Arc::new(secret));
    let everyone = |_: SubjectId| Some(person(1));
    let (big, note) = ("01".repeat(32), "02".repeat(32));

    let closed = decode_closed(&stored, 1).unwrap().event.data;
    assert_eq!(closed, format!(r#"{{"a":1,"big":{{"$blob":{{"digest":"{big}","size":70000,"kind":"object"}}}}}}"#));

    // Not fetched: references, with what was sealed of them, and what is sealed beside them.
    let opened = decode(&stored, 1).unwrap().open(&months, &everyone);
    assert_eq!(
        opened.event.data,
        format!(
            r#"{{"a":1,"big":{{"$blob":{{"digest":"{big}","size":70000,"kind":"object","preview":"{{\"te"}},"email":"ada@x"}},"note":{{"$blob":{{"digest":"{note}","size":70000,"kind":"text","preview":"Dear"}}}}}}"#
        )
    );
    assert_eq!((opened.moved.len(), opened.moved[0].part), (1, MovedPart::Own));

    // Fetched.
    let mut decoded = decode(&stored, 1).unwrap();
    let moved = decoded.moved();
    assert_eq!(moved.len(), 1);
    assert_eq!(moved[0].part.owner(standing), standing);
    decoded.put(&moved[0], r#"{"text":"long"}"#);
    let mut opened = decoded.open(&months, &everyone);
    for moved in std::mem::take(&mut opened.moved) {
        let mut without = opened.event.clone();
        moved.mark(&mut without, "missing");
        assert!(without.data.contains(r#","error":"missing","size":70000"#), "{}", without.data);
        moved.put(&mut opened.event, "\"Dear Ada\"");
    }
    assert_eq!(opened.event.data, r#"{"a":1,"big":{"email":"ada@x","text":"long"},"note":"Dear Ada"}"#);
}

#[test]
fn a_sealed_part_opens_only_in_its_record() {
    let event = |id: u8, time: i64| Event {
        id: EventId::from_bytes([id; 16]),
        time: Timestamp::from_microseconds(time),
        ..plain_event()
    };
    let secret = Secret::from_bytes([8; 32]);
    let own = Personal { identity: Some("ada".into()), ..Personal::default() };
    let standing = Standing::Person(person(1).id);
    let mut months = Months::default();
    months.insert("product", Month::of(Timestamp::from_microseconds(0)), Arc::new(secret.clone()));
    let whole = |id, time| decode(&sealed(&event(id, time), standing, &secret, &own, None), 1).unwrap();
    let everyone = |_: SubjectId| Some(person(1));
    assert_eq!(whole(1, 1).open(&months, &everyone).event.identity.as_deref(), Some("ada"));
    for other in [whole(2, 1), whole(1, 2)] {
        let swapped = Stored { sealed: other.sealed, ..whole(1, 1) };
        let opened = swapped.open(&months, &everyone);
        assert_eq!((opened.event.identity, opened.unreadable), (None, 1));
    }
}

#[test]
fn the_keys_of_a_record_are_those_of_its_standing() {
    let secret = Secret::from_bytes([8; 32]);
    let mut months = Months::default();
    months.insert("product", Month::of(Timestamp::from_microseconds(0)), Arc::new(secret.clone()));
    let keys = |standing, people: &dyn Fn(SubjectId) -> Option<Person>| {
        let stored = sealed(&plain_event(), standing, &secret, &Personal::default(), None);
        let keys = decode(&stored, 1).unwrap().record_keys(&months, people)?;
        Some((*keys.keys.digest_key(), keys.with_person))
    };
    let of = |person: Option<&Secret>| *SealKeys::derive(person, &secret).digest_key();
    let one = person(1);
    assert_eq!(keys(Standing::Nobody, &|_| None), Some((of(None), true)));
    assert_eq!(keys(Standing::Pseudonym(one.id), &|_| None), Some((of(None), false)));
    assert_eq!(keys(Standing::Person(one.id), &|_| Some(person(1))), Some((of(Some(&one.secret)), true)));
    assert_eq!(keys(Standing::Person(one.id), &|_| None), None);
}

fn plain_event() -> Event<'static> {
    Event {
        id: EventId::from_bytes([1; 16]),
        original_id: None,
        kind: Kind::Event,
        app: Cow::Borrowed("app"),
        name: Cow::Borrowed("a.b"),
        version: Cow::Borrowed("1.0.0"),
        time: Timestamp::from_microseconds(0),
        received: Timestamp::from_microseconds(0),
        position: 0,
        category: Cow::Borrowed("product"),
        priority: Priority::Normal,
        sample_rate: 1.0,
        source: None,
        platform: None,
        environment: None,
        identity: None,
        anonymous_id: None,
        session: None,
        group: None,
        actor: None,
        correlation: None,
        causation: None,
        request: None,
        tags: Vec::new(),
        data: Cow::Borrowed(""),
        metadata: Cow::Borrowed(""),
        signature: None,
    }
}

/// A signature of an event about somebody that names two others: everybody's key is needed.
#[test]
fn a_signature_opens_only_with_everybody_it_is_sealed_for() {
    let secret = Secret::from_bytes([8; 32]);
    let event = plain_event();
    let signed = Signed { key_id: "the-key".into(), jws: "header..signature".into() };
    let mut plain = Vec::new();
    signature_plain(&signed, &mut plain);
    let keys = |person: &Person| SealKeys::derive(Some(&person.secret), &secret);
    let people = [person(1), person(2), person(3)];
    let bound = (app_hash(&event.app), &event.id, event.time);
    let layers =
        people.iter().zip(1u8..).map(|(person, number)| (keys(person), Some(person.id), [number; NONCE_BYTES]));
    let sealed = seal_signature(&plain, bound, layers);
    assert_eq!(SignaturePart::length(plain.len(), 2), {
        let mut out = Vec::new();
        SignaturePart { keeping: Keeping::Whole, sealed: &sealed }.encode(&mut out);
        out.len()
    });
    let mut own = Vec::new();
    let context = seal_context(app_hash(&event.app), &event.id, event.time, Some(people[0].id));
    keys(&people[0]).seal([9; NONCE_BYTES], &context, b"", &mut own);
    let record = |sealed: &[u8], part: &[u8]| {
        let mut out = Vec::new();
        encode_clear(&event, &mut out);
        let rest = Rest {
            kind: event.kind,
            digest: &[9; 16],
            standing: Standing::Person(people[0].id),
            sealed: part,
            others: &[(people[1].id, b"x".as_slice()), (people[2].id, b"x")],
            session: None,
            blobs: &[],
            signature: Some(SignaturePart { keeping: Keeping::Whole, sealed }),
        };
        rest.encode(&mut out);
        assert_read_alike(&out);
        decode(&out, 1).unwrap()
    };
    let mut months = Months::default();
    let stored = record(&sealed, &own);
    assert_eq!(stored.event.signature, Some(Signature { keeping: Keeping::Whole, signed: None }));
    let (class, month) = stored.month();
    months.insert(class, month, Arc::new(secret.clone()));
    let opened = |stored: Stored, without: Option<SubjectId>| {
        let known = |id: SubjectId| people.iter().find(|person| person.id == id && Some(id) != without).cloned();
        stored.open(&months, &known).event.signature.unwrap().signed
    };
    assert_eq!(opened(stored.clone(), None), Some(signed));
    for gone in &people {
        assert_eq!(opened(stored.clone(), Some(gone.id)), None, "{:?}", gone.id);
    }
    assert_eq!(
        stored
            .open(&Months::default(), &|id| people.iter().find(|person| person.id == id).cloned())
            .event
            .signature
            .unwrap()
            .signed,
        None
    );
    // Neither opens in the place of the other.
    assert_eq!(opened(record(&own, &sealed), None), None);
}
