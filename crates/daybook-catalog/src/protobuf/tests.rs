use std::sync::Arc;

use daybook_event::{Event, EventId, Finding, Priority, Timestamp};
use insta::assert_snapshot;
use proptest::prelude::*;
use prost_reflect::prost::Message as _;
use prost_reflect::{DescriptorPool, DynamicMessage};
use serde_json::{Value, json};

use super::*;
use crate::emit::tests::shop;
use crate::emit::{Format, emit};
use crate::migrate::Upcasting;
use crate::{Catalogs, from_texts};

fn event(app: &AppCatalog, name: &str, version: &str, data: &Value) -> Event<'static> {
    Event {
        id: EventId::from_bytes([7; 16]),
        original_id: Some("their own".into()),
        version: version.to_owned().into(),
        received: Timestamp::parse("1969-12-31T23:59:59.75Z").unwrap(),
        position: 4711,
        category: "product".into(),
        priority: Priority::High,
        sample_rate: 0.5,
        source: Some("web".into()),
        environment: Some("production".into()),
        identity: Some("ann".into()),
        actor: Some(daybook_event::Actor { kind: Some("user".into()), id: Some("ann".into()) }),
        tags: vec![("a".into(), "1".into()), ("b".into(), "".into())],
        data: data.to_string().into(),
        metadata: r#"{"x":[1,null,{"y":"z"}],"n":0.5}"#.into(),
        ..Event::new(app.app.clone(), name.to_owned(), Timestamp::parse("2026-01-14T15:00:00.25Z").unwrap())
    }
}

/// The messages as another implementation sees them.
fn pool(app: &AppCatalog) -> DescriptorPool {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("events.proto"), emit(app, Format::Protobuf, None)).unwrap();
    let files = protox::compile(["events.proto"], [directory.path()]).unwrap();
    DescriptorPool::from_file_descriptor_set(files).unwrap()
}

fn read(codec: &Codec, bytes: &[u8]) -> Result<Value, Box<Finding>> {
    let mut out = Vec::new();
    codec.read(bytes, &mut out).map(|()| serde_json::from_slice(&out).unwrap())
}

fn said(codec: &Codec, bytes: &[u8]) -> String {
    match read(codec, bytes) {
        Ok(event) => event.to_string(),
        Err(finding) => format!("{} at {:?}: {}", finding.code, finding.path, finding.message),
    }
}

/// JSON with what Protocol Buffers cannot tell apart made alike.
fn plain(value: &Value) -> Value {
    match value {
        Value::Object(object) => {
            let members =
                object.iter().filter(|(_, value)| !value.is_null() && **value != json!([]) && **value != json!({}));
            Value::Object(members.map(|(name, value)| (name.clone(), plain(value))).collect())
        }
        Value::Array(items) => items.iter().map(plain).collect(),
        Value::Number(number) => json!(number.as_f64().unwrap()),
        Value::String(text) => {
            let time = Timestamp::parse(text).map(|time| time.to_string());
            // A decimal is given as text.
            let decimal = || text.parse::<f64>().map_or_else(|_| value.clone(), |number| json!(number));
            time.map_or_else(|_| decimal(), Value::from)
        }
        other => other.clone(),
    }
}

#[test]
fn every_example_goes_there_and_back_by_another_implementation() {
    let builtin = Catalogs::builtin().catalogs;
    let mut apps: Vec<Arc<AppCatalog>> = builtin.apps().map(Arc::clone).collect();
    apps.push(shop());
    let mut examples = 0;
    for app in apps {
        let (codec, pool) = (Codec::of(&app), pool(&app));
        let batch = pool.get_message_by_name(&codec.batch_type()).unwrap();
        for event_type in &app.events {
            for example in &event_type.examples {
                let event = event(&app, &event_type.name, &event_type.version.to_string(), example);
                let mut bytes = Vec::new();
                codec.write_to_batch(&event, &Upcasting::Current, &mut bytes);
                codec.end_batch(4712, &mut bytes);
                let theirs = DynamicMessage::decode(batch.clone(), bytes.as_slice()).unwrap();
                assert_eq!(theirs.unknown_fields().count(), 0);
                // Written out and read in again by its own JSON, which looks into the Any as well.
                let mut json = Vec::new();
                theirs
                    .serialize_with_options(&mut serde_json::Serializer::new(&mut json), &Default::default())
                    .unwrap();
                assert!(!String::from_utf8_lossy(&json).contains("google.protobuf.Struct"), "{}", event_type.name);
                let theirs =
                    DynamicMessage::deserialize(batch.clone(), &mut serde_json::Deserializer::from_slice(&json));
                let theirs = theirs.unwrap().encode_to_vec();
                let events = codec.split(&theirs).unwrap();
                assert_eq!(events.len(), 1);
                let back = read(&codec, events[0]).unwrap_or_else(|finding| panic!("{}: {finding:?}", event_type.name));
                let mut expected = Vec::new();
                event.write_json(&mut expected);
                let mut expected: Value = serde_json::from_slice(&expected).unwrap();
                for given in ["app", "received", "position"] {
                    expected.as_object_mut().unwrap().remove(given);
                }
                assert_eq!(plain(&back), plain(&expected), "{}", event_type.name);
                examples += 1;
            }
        }
    }
    assert!(examples > 200, "{examples}");
}

/// The message of an event, with what is said after each field's number: bytes, or a number.
fn fields(entries: &[(u32, &[u8])]) -> Vec<u8> {
    let mut out = Vec::new();
    entries.iter().for_each(|(number, bytes)| wire::put_bytes(*number, bytes, &mut out));
    out
}

/// An event of the odd shop with data in one of its messages.
fn with_data(message: &str, data: &[u8]) -> Vec<u8> {
    let any = fields(&[(1, format!("type.googleapis.com/daybook.odd_shop.v2.{message}").as_bytes()), (2, data)]);
    fields(&[(2, b"order.placed"), (20, &any)])
}

#[test]
fn what_is_wrong_is_said() {
    let codec = Codec::of(&shop());
    let check = |bytes: &[u8]| said(&codec, bytes);
    assert_snapshot!(check(&[0x0a, 0x05, b'x']), @r#"protobuf.malformed at "": a field that ends too early"#);
    assert_snapshot!(check(&[0xff; 11]), @r#"protobuf.malformed at "": a field without a readable key"#);
    assert_snapshot!(check(&[0x0b]), @r#"protobuf.malformed at "": a group, which proto3 does not have"#);
    assert_snapshot!(check(&[0x10, 0x01]), @r#"protobuf.wire-type at "": field 2 should be bytes of a length, and is something else"#);
    assert_snapshot!(check(&fields(&[(2, b"\xff")])), @r#"protobuf.encoding at "": the text of field 2 is not UTF-8"#);
    assert_snapshot!(check(&fields(&[(99, b"x")])), @r#"protobuf.unknown-field at "": the message has no field 99"#);
    let mut time = Vec::new();
    wire::put_varint(2, 1_000_000_000, &mut time);
    assert_snapshot!(check(&fields(&[(4, &time)])), @r#"protobuf.time at "/time": no time between the years 1 and 9999"#);
    assert_snapshot!(check(&fields(&[(20, &fields(&[(1, b"type.googleapis.com/daybook.tamma.v1.Resource")]))])), @r#"protobuf.data-type at "/data": the data is in none of the app's messages"#);
    assert_snapshot!(check(&with_data("OrderTreeData", b"")), @r#"protobuf.data-type at "/data": the data is in the message of another event type"#);
    assert_snapshot!(check(&fields(&[(21, &fields(&[(1, &fields(&[(1, b"x"), (2, b"")]))]))])), @r#"protobuf.no-value at "/metadata/x": a google.protobuf.Value without one"#);
    let mut nan = Vec::new();
    wire::put_double(23, f64::NAN, &mut nan);
    assert_snapshot!(check(&nan), @r#"protobuf.number at "": a number that is none, or infinite"#);
    let colour = codec.messages.iter().find(|compiled| compiled.message.name == "OrderPlacedData").unwrap();
    let colour = colour.message.fields.iter().find(|field| field.json == "colour").unwrap().number;
    let mut unknown = Vec::new();
    wire::put_varint(colour, 77, &mut unknown);
    assert_snapshot!(check(&with_data("OrderPlacedData", &unknown)), @r#"protobuf.unknown-value at "/data/colour": no value has the number 77"#);
    let mut deep = Vec::new();
    for _ in 0..150 {
        let mut outer = Vec::new();
        // A list in a list.
        wire::put_message(6, &mut outer, |out| wire::put_bytes(1, &deep, out));
        deep = outer;
    }
    let metadata = fields(&[(1, &fields(&[(1, b"x"), (2, &deep)]))]);
    assert!(check(&fields(&[(21, &metadata)])).starts_with("protobuf.too-deep at "));
    let many = fields(&[(6, &fields(&vec![(1, &[0x08_u8, 0][..]); crate::limits::PROTOBUF_VALUES_MAX]))]);
    let metadata = fields(&[(1, &fields(&[(1, b"x"), (2, &many)]))]);
    assert!(check(&fields(&[(21, &metadata)])).starts_with("protobuf.too-large at \"/metadata/x/"));
}

#[test]
fn fields_are_merged_as_proto3_says() {
    let app = shop();
    let codec = Codec::of(&app);
    let compiled = codec.messages.iter().find(|compiled| compiled.message.name == "OrderPlacedData").unwrap();
    let number = |json: &str| compiled.message.fields.iter().find(|field| field.json == json).unwrap().number;
    let mut data = Vec::new();
    // The last of several counts; messages are merged; a value of an enumeration that is none is nothing.
    wire::put_varint(number("count"), 1, &mut data);
    wire::put_varint(number("count"), 2, &mut data);
    wire::put_bytes(number("tree"), &fields(&[(1, b"a")]), &mut data);
    wire::put_bytes(number("tree"), &fields(&[(2, &fields(&[(1, b"b")]))]), &mut data);
    wire::put_varint(number("colour"), 0, &mut data);
    let further =
        fields(&[(1, &fields(&[(1, b"count"), (2, &[0x20, 1])])), (1, &fields(&[(1, b"more"), (2, &[0x20, 1])]))]);
    wire::put_bytes(schema::Message::FURTHER, &further, &mut data);
    let event = read(&codec, &with_data("OrderPlacedData", &data)).unwrap();
    assert_eq!(
        event["data"],
        json!({"count": 2, "tree": {"label": "a", "left": {"label": "b"}}, "more": true, "odd-name ": null, "lines": []})
    );
    assert_eq!(event.get("version"), None);
    // Who packs an older message need not name the type, nor the version.
    let any = fields(&[(1, b"daybook.odd_shop.v1.OrderPlacedV100Data"), (2, &[0x10, 5])]);
    let event = read(&codec, &fields(&[(20, &any)])).unwrap();
    assert_eq!(event, json!({"name": "order.placed", "version": "1.0.0", "data": {"count": 5}}));
}

#[test]
fn packed_and_unpacked_lists_are_the_same() {
    let events = "events:\n  - {name: a.b, data: {type: object, properties: {n: {type: array, items: {type: integer}}, \
                  d: {type: array, items: {type: number}}, e: {type: array, items: {enum: [x, y]}}}}}\n";
    let loaded = from_texts(&[("catalog.yaml", "app: shop\nversion: 1.0.0\ntitle: x\n"), ("events/a.yaml", events)]);
    let app = Arc::clone(loaded.catalogs.app("shop").unwrap());
    let codec = Codec::of(&app);
    let event_of = |data: &[u8]| {
        let any = fields(&[(1, b"x/daybook.shop.v1.ABData"), (2, data)]);
        said(&codec, &fields(&[(20, &any)]))
    };
    let mut doubles = 0.5_f64.to_le_bytes().to_vec();
    doubles.extend(2.0_f64.to_le_bytes());
    let packed =
        fields(&[(1, &[1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1]), (2, &doubles), (3, &[2, 1, 0])]);
    let expected = r#"{"name":"a.b","data":{"n":[1,-1],"d":[0.5,2],"e":["y","x"]}}"#;
    assert_eq!(event_of(&packed), expected);
    let mut unpacked = Vec::new();
    wire::put_varint(1, 1, &mut unpacked);
    wire::put_varint(1, u64::MAX, &mut unpacked);
    wire::put_double(2, 0.5, &mut unpacked);
    wire::put_double(2, 2.0, &mut unpacked);
    for value in [2, 1, 0] {
        wire::put_varint(3, value, &mut unpacked);
    }
    assert_eq!(event_of(&unpacked), expected);
    assert_eq!(
        event_of(&fields(&[(2, &[0; 7])])),
        r#"protobuf.malformed at "/data/d": a packed list that ends too early"#
    );
}

#[test]
fn what_has_no_place_in_a_message_is_not_lost() {
    let app = shop();
    let codec = Codec::of(&app);
    let check = |name: &str, version: &str, data: Value, url: &str| {
        let mut bytes = Vec::new();
        codec.write(&event(&app, name, version, &data), &Upcasting::From("1.0.0".to_owned()), &mut bytes);
        assert!(String::from_utf8_lossy(&bytes).contains(url), "{data}");
        assert_eq!(read(&codec, &bytes).unwrap()["data"], data);
    };
    check("order.placed", "1.0.0", json!({"count": 1, "gone": "x"}), "daybook.odd_shop.v2.OrderPlacedV100Data");
    check("order.placed", "1.0.0", json!({"count": 1, "new": "x"}), "google.protobuf.Struct");
    check("order.placed", "1.0.0", json!({"count": 1.5}), "google.protobuf.Struct");
    check("order.placed", "1.0.0", json!({"count": null}), "google.protobuf.Struct");
    check("order.placed", "7.0.0", json!({"a": [{"b": null}, true]}), "google.protobuf.Struct");
    check("order.unknown", "1.0.0", json!(["text", 1]), "google.protobuf.Value");
    check("order.counted", "1.0.0", json!({"any": {"thing": 1}}), "daybook.odd_shop.v2.OrderCountedData");
    check(
        "order.tree",
        "1.0.0",
        json!({"label": "a", "leaves": [{"label": "b"}]}),
        "daybook.odd_shop.v2.OrderTreeData",
    );
}

#[test]
fn numbers_stay_when_the_catalog_grows() {
    const HEADER: &str = "app: shop\nversion: 1.0.0\ntitle: x\ntypes:\n  colour: {type: string, enum: [red, blue]}\n";
    let catalog = |header: &str, events: &str, numbers: Option<&str>| {
        let mut files = vec![("catalog.yaml", header), ("events/a.yaml", events)];
        files.extend(numbers.map(|numbers| ("protobuf.yaml", numbers)));
        let loaded = from_texts(&files);
        assert!(loaded.diagnostics.iter().all(|found| found.severity < daybook_event::Severity::Error), "{loaded:?}");
        Arc::clone(loaded.catalogs.app("shop").unwrap())
    };
    let events = "events:\n  - name: a.b\n    data: {type: object, properties: {one: {type: string}, two: {$ref: '#/types/colour'}, \
                  in: {type: object, properties: {x: {type: string}}}}}\n";
    let before = catalog(HEADER, events, None);
    let numbers = emit(&before, Format::ProtobufNumbers, None);
    assert_snapshot!(numbers, @r##"
    # The numbers of the fields and values in `events.proto`: the place in its list is the number of each.
    # Written by `daybook emit protobuf-numbers --app shop`. Only ever add to the ends: what is gone stays.

    messages:
      "a.b":
        - string one
        - Colour two
        - message in
      "a.b/in":
        - string x

    enumerations:
      "#/types/colour":
        - red
        - blue
    "##);
    // Everything new comes first, `one` is a number now, and what was inside has another neighbour.
    let header = HEADER.replace("[red,", "[green, red,");
    let events = "events:\n  - name: a.b\n    data: {type: object, properties: {zero: {type: string}, one: {type: integer}, \
                  two: {$ref: '#/types/colour'}, in: {type: object, properties: {w: {type: string}, x: {type: string}}}}}\n";
    let after = catalog(&header, events, Some(&numbers));
    let proto = emit(&after, Format::Protobuf, None);
    let declared = proto.split("timestamp.proto\";\n").nth(1).unwrap().split("\n// An event.").next().unwrap();
    assert_snapshot!(declared, @r#"
    enum Colour {
      COLOUR_UNSPECIFIED = 0;
      // "green"
      COLOUR_GREEN = 3;
      // "red"
      COLOUR_RED = 1;
      // "blue"
      COLOUR_BLUE = 2;
    }

    // Data of `a.b` 1.0.0.
    message ABData {
      // Of other versions, or of other types.
      reserved 1;
      // May be missing.
      optional string zero = 4;
      // A whole number, may be missing.
      optional int64 one = 5;
      // May be missing.
      optional Colour two = 2;
      message In {
        // May be missing.
        optional string w = 2;
        // May be missing.
        optional string x = 1;
      }
      // May be missing.
      optional In in = 3;
    }
    "#);
    let grown = emit(&after, Format::ProtobufNumbers, None);
    let again = catalog(&header, events, Some(&grown));
    assert_eq!(emit(&again, Format::Protobuf, None), emit(&after, Format::Protobuf, None));
    assert_eq!(emit(&again, Format::ProtobufNumbers, None), grown);
}

proptest! {
    #[test]
    fn no_bytes_are_too_odd(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let codec = Codec::of(&shop());
        let _ = read(&codec, &bytes);
        let _ = codec.split(&bytes);
        let _ = read(&codec, &with_data("OrderPlacedData", &bytes));
        let _ = read(&codec, &fields(&[(21, &bytes)]));
    }

    #[test]
    fn a_damaged_event_is_read_or_refused(change in any::<u8>(), at in any::<prop::sample::Index>(), end in any::<prop::sample::Index>()) {
        let app = shop();
        let codec = Codec::of(&app);
        let event_type = app.event("order.placed").unwrap();
        let mut bytes = Vec::new();
        codec.write(&event(&app, "order.placed", "2.0.0", &event_type.examples[0]), &Upcasting::Current, &mut bytes);
        let end = end.index(bytes.len());
        prop_assert!(end == 0 || read(&codec, &bytes).is_ok());
        let at = at.index(bytes.len());
        bytes[at] = change;
        let _ = read(&codec, &bytes);
        bytes.truncate(end);
        let _ = read(&codec, &bytes);
    }
}
