use std::sync::Arc;

use insta::assert_snapshot;

use super::*;
use crate::from_texts;

/// A catalog in which everything that emitters tell apart is there once, under names that are hard to write down.
const HEADER: &str = r##"
app: odd-shop
version: 2.1.0
title: Odd Shop
description: "A shop */ with <odd> words."
unknown-fields: quarantine
unknown-types: {keep: "^x", category: other}
categories: {sales: {retain: 2y, pii: anonymise}, other: {}}
consent: {stats: {default: true, without: anonymise, description: "Count | me."}}
dialect:
  id: {path: eventId, as: object-id, required: true}
  name: {path: type, required: true, open-variant: custom}
  version: {path: meta.version}
  time: {path: at, required: true}
  source: {path: meta.source, enum: [web, job], default: web}
  group: {path: shop_id, as: integer, also: body.shop_id}
  tags: {path: meta.tags}
  data: {path: body, required: true}
  metadata: {path: meta}
types:
  colour: {type: string, enum: [red, dark-blue, "1st", type], description: A colour.}
  tree: {type: object, description: A tree., properties: {label: {type: string}, left: {$ref: "#/types/tree"}, leaves: {type: array, items: {$ref: "#/types/tree"}}}}
  amount: {type: number, format: decimal, minimum: 0}
"##;
const EVENTS: &str = r##"
events:
  - name: order.placed
    version: 1.0.0
    category: sales
    data: {type: object, properties: {gone: {type: string}, count: {type: integer}}, required: [count]}
    examples: [{count: 1}]
  - name: order.placed
    version: 2.0.0
    description: "Somebody ordered: with a | and */ in it."
    category: sales
    priority: high
    tags: [colour]
    pii: {buyer: identifier, "lines.note": free-text}
    data:
      type: object
      properties:
        count: {type: integer, minimum: 1, maximum: 9}
        colour: {$ref: "#/types/colour", description: What colour.}
        total: {$ref: "#/types/amount"}
        size: {type: integer, format: int64}
        buyer: {type: string, minLength: 2, pattern: "^[a-z]"}
        "odd-name ": {type: [string, "null"], deprecated: true}
        self: {type: boolean}
        mode: {enum: [fast, 5, null]}
        at: {type: string, format: date-time}
        ref: {type: string, format: object-id}
        either: {anyOf: [{type: string}, {type: integer}]}
        any: {}
        map: {type: object, additionalProperties: {type: integer}}
        closed: {type: object, properties: {a: {type: number, exclusiveMinimum: 0}}, additionalProperties: false}
        lines: {type: array, minItems: 1, items: {type: object, properties: {note: {type: string}, state: {enum: [open, closed]}}, required: [note]}}
        grid: {type: array, items: {type: array, items: {type: integer}}}
        tree: {$ref: "#/types/tree"}
        shop_id: {type: integer}
      required: [count, colour, shop_id, "odd-name ", lines]
      additionalProperties: true
    migrations: [{from: 1.0.0, steps: [{drop: [gone]}]}]
    examples:
      - {count: 1, colour: red, shop_id: 7, "odd-name ": null, lines: [{note: x, state: open}], total: "1.50", size: 5, tree: {label: a, leaves: [{label: b}]}}
  - name: order.counted
    category: sales
    store: daily-counts
    deprecated: {since: 2.0.0, use: order.placed}
  - name: order.tree
    category: other
    data-missing: warn
    data: {$ref: "#/types/tree"}
    examples: [{label: a, left: {label: b}}]
"##;
const PLUGIN: &str = "plugin: gift\nversion: 1.0.0\nevents:\n  - {name: gift.wrapped, category: other, data: {type: object, properties: {paper: {$ref: '#/types/colour'}}}, examples: [{paper: type}]}\n";
const DEMO: &str = "flows:
  - flow: an order
    when: session
    steps:
      - {event: order.placed}
      - chance: 0.25
        repeat: 2
        steps: [{event: order.counted}]
      - set: {a: 1}
        either:
          - {weight: 3, steps: [{event: order.tree}]}
          - {weight: 1, steps: [{event: order.placed, end: true}]}
      - {event: gift.wrapped}
  - flow: alone
    steps: [{event: order.tree}]
";

pub(crate) fn shop() -> Arc<AppCatalog> {
    let loaded = from_texts(&[("catalog.yaml", HEADER), ("events/a.yaml", EVENTS), ("plugins/gift.yaml", PLUGIN)]);
    let errors = loaded.worst() >= Some(daybook_event::Severity::Error);
    assert!(!errors, "{}", crate::render::text(&loaded.diagnostics));
    Arc::clone(loaded.catalogs.app("odd-shop").unwrap())
}

#[test]
fn every_format_is_known_by_its_name() {
    for format in Format::ALL {
        assert_eq!(format.as_str().parse(), Ok(format));
    }
    assert_eq!("avro".parse::<Format>(), Err(UnknownFormat));
}

#[test]
fn everything_is_written_in_every_format() {
    let shop = shop();
    for format in Format::ALL {
        let text = emit(&shop, format, Some(DEMO));
        assert!(text.ends_with('\n') && !text.ends_with("\n\n"), "{format}");
        assert!(text.lines().all(|line| line.trim_end() == line), "{format}: a space at the end of a line");
        assert_snapshot!(format!("odd-shop-{format}"), text);
    }
}

/// The tests of what was emitted for the catalogs that ship are in `tests/emitted.rs`; here stands the odd shop's Rust,
/// where the compiler sees it.
#[allow(dead_code, clippy::all, reason = "what is written is for others to use")]
mod odd {
    include!("tests/odd_shop.rs");
}

#[test]
fn the_odd_shop_reads_its_own_examples() {
    let shop = shop();
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/emit/tests/odd_shop.rs");
    let text = emit(&shop, Format::Rust, None);
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    assert!(std::fs::read_to_string(&path).unwrap() == text, "run the tests with UPDATE_DOCS=1");
    for event_type in &shop.events {
        let version = event_type.version.to_string();
        for example in &event_type.examples {
            let read = odd::Data::read(&event_type.name, Some(&version), example.clone()).unwrap().unwrap();
            assert_eq!(read.of(), (event_type.name.as_str(), version.as_str()));
            assert_eq!(serde_json::to_value(&read).unwrap(), *example);
        }
    }
    assert!(odd::Data::read("order.placed", Some("9.0.0"), serde_json::json!({})).is_none());
    assert!(odd::Data::read("order.placed", None, serde_json::json!({"count": "many"})).unwrap().is_err());
}

#[test]
fn the_odd_shops_messages_compile() {
    compiles(&emit(&shop(), Format::Protobuf, None));
}

fn compiles(proto: &str) {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("events.proto"), proto).unwrap();
    let compiled = protox::compile(["events.proto"], [directory.path()]);
    assert!(compiled.is_ok(), "{:?}", compiled.err());
}
