//! `consumers.yaml`.

use std::time::Duration;

use insta::assert_snapshot;
use serde_json::json;

use super::check;
use crate::consumers::{From, HANDLERS, Order, Rate, Spec};
use crate::{from_texts, render};

const EVENTS: &str = "
events:
  - name: order.placed
    description: x
    category: sales
    pii: {note: free-text, buyer.name: identifier, mail: none}
    data:
      type: object
      properties:
        zone: {$ref: '#/types/zone'}
        kind: {enum: [gift, own]}
        buyer: {type: object, properties: {name: {type: string}, club: {type: boolean}}}
        lines: {type: array, items: {type: object, properties: {sku: {type: string}}}}
        total: {type: number, format: decimal}
        shop_id: {type: integer}
        note: {type: string}
        mail: {type: boolean}
        more: {type: object}
    examples: [{}]
  - {name: order.paid, description: x, category: sales, data: {type: object, properties: {kind: {const: card}, zone: {type: string}}}, examples: [{}]}
  - {name: stock.low, description: x, category: health, examples: [{}]}
  - {name: stock.counted, description: x, category: health, store: daily-counts, data: {type: object, properties: {shelf: {type: integer}}}, examples: [{}]}
";

/// What is found in a `consumers.yaml` whose one consumer is called `a`; `events` and `handler` are added unless it has its own.
fn check_consumer(text: &str) -> String {
    let mut consumer = text.trim_start_matches('\n').trim_end().to_owned();
    for (key, line) in [("events:", "events: ['*']"), ("handler:", "handler: file")] {
        if !consumer.lines().any(|line| line.starts_with(key)) {
            consumer.push('\n');
            consumer.push_str(line);
        }
    }
    let indented: Vec<String> = consumer.lines().map(|line| format!("    {line}")).collect();
    check_file(&format!("consumers:\n  a:\n{}\n", indented.join("\n").trim_start_matches('\n')))
}

fn check_file(text: &str) -> String {
    check(&format!("{EVENTS}#- consumers.yaml\n{text}"))
}

/// The consumers of a file without findings.
fn read(text: &str) -> Vec<Spec> {
    let header = "app: shop\nversion: 1.0.0\ntitle: Shop\ncategories: {sales: {}, health: {}}\ntypes: {zone: {type: string, enum: [north, south]}}\n";
    let loaded = from_texts(&[("catalog.yaml", header), ("events/a.yaml", EVENTS), ("consumers.yaml", text)]);
    assert_eq!(render::text(&loaded.diagnostics), "");
    loaded.catalogs.app("shop").unwrap().consumers.clone()
}

#[test]
fn everything_that_can_be_said_is_read() {
    let found = read(
        "
consumers:
  all: {events: ['*'], handler: insertToMySQL}
  some-2_x:
    description: Gifts, to the warehouse.
    events: [order.*, stock.low]
    exclude: [order.paid]
    handler: webhook
    retry: 100
    dlq: false
    where: {kind: gift}
    batch: {size: 10000, delay: 250ms}
    order: identity
    rate: 30/m
    latency: 5m
    from: now
    options: {format: json, headers: {x-kind: gift}, list: [1, true, ~]}
",
    );
    let all = Spec {
        name: "all".to_owned(),
        description: None,
        events: vec!["*".to_owned()],
        exclude: Vec::new(),
        handler: "mysql".to_owned(),
        retry: 3,
        dlq: true,
        condition: None,
        batch: crate::consumers::BatchSpec::default(),
        order: Order::None,
        rate: None,
        latency: None,
        from: From::Beginning,
        options: serde_json::Map::new(),
    };
    let some = Spec {
        name: "some-2_x".to_owned(),
        description: Some("Gifts, to the warehouse.".to_owned()),
        events: vec!["order.*".to_owned(), "stock.low".to_owned()],
        exclude: vec!["order.paid".to_owned()],
        handler: "webhook".to_owned(),
        retry: 100,
        dlq: false,
        condition: Some(json!({"type": "object", "properties": {"kind": {"const": "gift"}}, "required": ["kind"]})),
        batch: crate::consumers::BatchSpec {
            size: std::num::NonZeroU32::new(10_000),
            delay: Some(Duration::from_millis(250)),
        },
        order: Order::Identity,
        rate: std::num::NonZeroU32::new(30).map(|events| Rate { events, per: Duration::from_secs(60) }),
        latency: Some(Duration::from_secs(300)),
        from: From::Now,
        options: json!({"format": "json", "headers": {"x-kind": "gift"}, "list": [1, true, null]})
            .as_object()
            .cloned()
            .unwrap(),
    };
    assert!(some.wants("order.placed") && some.wants("stock.low") && !some.wants("order.paid") && !some.wants("x"));
    let rate = some.rate.unwrap();
    assert_eq!((rate.to_string().as_str(), rate.interval()), ("30/m", Duration::from_secs(2)));
    assert_eq!(found, [all, some]);
}

#[test]
fn every_handler_is_known_by_all_its_names() {
    for handler in HANDLERS {
        for name in [Some(handler.name), handler.alias].into_iter().flatten() {
            let found = read(&format!("consumers: {{a: {{events: ['*'], handler: {name}}}}}\n"));
            assert_eq!(found[0].handler, handler.name);
        }
    }
    assert_snapshot!(check_consumer("handler: insertToMySql"), @"
    consumers.yaml:3:14: error[consumer.handler]: there is no handler `insertToMySql`
      hint: did you mean `insertToMySQL`?
    1 error
    ");
    assert_snapshot!(check_consumer("handler: carrier-pigeon"), @"
    consumers.yaml:3:14: error[consumer.handler]: there is no handler `carrier-pigeon`
      hint: known here: alert, counters, file, lake, mysql, postgres, redis, webhook, sendAlert, insertToMySQL, updateRedisCounters
    1 error
    ");
    assert_snapshot!(check_consumer("handler: [file]"), @"
    consumers.yaml:3:14: error[catalog.type]: `handler` must be a string, not a list
    1 error
    ");
}

#[test]
fn conditions_become_one_schema() {
    let condition = |text: &str| {
        let mut found = read(&format!("consumers: {{a: {{events: [order.*], handler: file, where: {text}}}}}\n"));
        found.remove(0).condition.unwrap().to_string()
    };
    assert_snapshot!(condition("{kind: gift}"), @r#"{"type":"object","properties":{"kind":{"const":"gift"}},"required":["kind"]}"#);
    assert_snapshot!(condition("{kind: [gift, card]}"), @r#"{"type":"object","properties":{"kind":{"enum":["gift","card"]}},"required":["kind"]}"#);
    assert_snapshot!(condition("{buyer.club: true, kind: own, more.of.it: ~, more.of.that: {}}"), @r#"{"type":"object","properties":{"buyer":{"type":"object","properties":{"club":{"const":true}},"required":["club"]},"kind":{"const":"own"},"more":{"type":"object","properties":{"of":{"type":"object","properties":{"it":{"const":null},"that":{}},"required":["it","that"]}},"required":["of"]}},"required":["buyer","kind","more"]}"#);
    // What is written stays what was written, with the types it names beside it, and numbers may be text.
    assert_snapshot!(condition("{zone: {$ref: '#/types/zone'}, total: {type: number, format: decimal, minimum: 10}}"), @r##"{"type":"object","properties":{"zone":{"$ref":"#/$defs/zone"},"total":{"type":["number","string"],"format":"decimal","minimum":10,"allOf":[{"pattern":"^[^-]"}]}},"required":["zone","total"],"$defs":{"zone":{"type":"string","enum":["north","south"]}}}"##);
}

#[test]
fn conditions_are_judged() {
    let wrong = |text: &str| check_consumer(&format!("events: [order.*]\nwhere: {text}\n"));
    assert_snapshot!(wrong("{}"), @"
    consumers.yaml:4:12: error[consumer.where]: `where` names no field
      hint: leave it out
    1 error
    ");
    assert_snapshot!(wrong("[kind]"), @"
    consumers.yaml:4:12: error[catalog.type]: `where` must be a mapping, not a list
    1 error
    ");
    assert_snapshot!(wrong("{kind: []}"), @"
    consumers.yaml:4:19: error[consumer.where]: no value is one of none
      hint: name values, or leave the field out
    1 error
    ");
    assert_snapshot!(wrong("{kind.: 1, '': 2, a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q: 3}"), @"
    consumers.yaml:4:13: error[consumer.where]: `kind.` is no path to a field
      hint: at most 16 names between points, such as place.depot
    consumers.yaml:4:23: error[consumer.where]: `` is no path to a field
      hint: at most 16 names between points, such as place.depot
    consumers.yaml:4:30: error[consumer.where]: `a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q` is no path to a field
      hint: at most 16 names between points, such as place.depot
    3 errors
    ");
    assert_snapshot!(wrong("{buyer: {type: object}, buyer.club: true, buyers: 1}"), @"
    consumers.yaml:4:13: error[consumer.where-sealed]: `buyer` is personal in `order.placed`, so it is sealed
      hint: conditions see nothing that is sealed; ask for something else, or exclude the type
    consumers.yaml:4:36: error[consumer.where]: `buyer.club` and `buyer` lie in one another
      hint: say all of it in the schema of the outer one
    consumers.yaml:4:54: warning[consumer.where-field]: no event type that it gets has `buyers` in its data
      hint: did you mean `buyer`?
    2 errors, 1 warning
    ");
    assert_snapshot!(wrong("{total: {type: nmber}, kind: {patern: x}, zone: {$ref: '#/types/zon'}, more.x: {pattern: '(?=a)'}}"), @"
    consumers.yaml:4:21: error[schema.invalid]: `nmber` is no type of JSON Schema
      hint: did you mean `number`?
    consumers.yaml:4:42: warning[schema.unknown-keyword]: JSON Schema has no keyword `patern`
      hint: did you mean `pattern`?
    consumers.yaml:4:61: error[schema.ref]: `#/types/zon` does not exist
      hint: did you mean `zone`?
    consumers.yaml:4:92: error[schema.pattern]: `(?=a)` is not a regular expression, or one with look-around or back-references
    3 errors, 1 warning
    ");
    assert_snapshot!(wrong("{kind: [gift, Own], zone: west}"), @r#"
    consumers.yaml:4:26: warning[consumer.where-value]: `kind` is never "Own"
      hint: did you mean `own`?
    1 warning
    "#);
    assert_snapshot!(wrong("{knd: gift, buyer.clubs: true, lines.sku: x, phone_number: 1}"), @"
    consumers.yaml:4:13: warning[consumer.where-field]: no event type that it gets has `knd` in its data
      hint: did you mean `kind`?
    consumers.yaml:4:24: warning[consumer.where-field]: no event type that it gets has `buyer.clubs` in its data
      hint: known here: buyer, kind, lines, mail, more, note, shop_id, total, zone
    consumers.yaml:4:43: warning[consumer.where-field]: no event type that it gets has `lines.sku` in its data
      hint: known here: buyer, kind, lines, mail, more, note, shop_id, total, zone
    consumers.yaml:4:57: warning[consumer.where-field]: no event type that it gets has `phone_number` in its data, and it would be sealed, as it looks personal
      hint: known here: buyer, kind, lines, mail, more, note, shop_id, total, zone
    4 warnings
    ");
    assert_snapshot!(wrong("{note: x, buyer.name.first: y, buyer: {minProperties: 1}}"), @"
    consumers.yaml:4:13: error[consumer.where-sealed]: `note` is personal in `order.placed`, so it is sealed
      hint: conditions see nothing that is sealed; ask for something else, or exclude the type
    consumers.yaml:4:22: error[consumer.where-sealed]: `buyer.name.first` is personal in `order.placed`, so it is sealed
      hint: conditions see nothing that is sealed; ask for something else, or exclude the type
    consumers.yaml:4:43: error[consumer.where]: `buyer` and `buyer.name.first` lie in one another
      hint: say all of it in the schema of the outer one
    3 errors
    ");
    assert_snapshot!(wrong("{shop_id: 1}"), @"
    consumers.yaml:4:13: warning[consumer.where-field]: `shop_id` may stand in the envelope's `group` instead, where no condition looks
    1 warning
    ");
    assert_eq!(wrong("{mail: true, buyer.club: true, more.x: 1}"), "");
    // Some type that it gets has no schema, so anything may be there.
    assert_eq!(check_consumer("events: ['*']\nwhere: {knd: gift}"), "");
    assert_snapshot!(check_consumer("events: [stock.counted]\nwhere: {shelf: 1}"), @"
    consumers.yaml:4:13: warning[consumer.where-field]: no event type that it gets has `shelf` in its data
    1 warning
    ");
    let of_envelope = "
app: shop
version: 1.0.0
title: Shop
dialect: {name: {path: type}, identity: {path: who, also: data.member}, data: {path: data}}
#- events/a.yaml
events: [{name: a, description: x, data: {type: object, properties: {member: {type: string}}}, examples: [{}]}]
#- consumers.yaml
consumers: {a: {events: [a], handler: file, where: {member: m-1}}}
";
    assert_snapshot!(check(&format!("#- catalog.yaml{of_envelope}")), @"
    consumers.yaml:1:53: error[consumer.where-sealed]: `member` is personal in `a`, so it is sealed
      hint: conditions see nothing that is sealed; ask for something else, or exclude the type
    1 error
    ");
    // Sealed where it is left out is no matter.
    assert_eq!(check_consumer("events: ['*']\nexclude: [order.placed]\nwhere: {note: x}"), "");
}

#[test]
fn keys_and_values_are_checked() {
    assert_snapshot!(check_file("consumer: {}\n"), @"
    consumers.yaml:1:1: error[catalog.required]: a file of consumers needs `consumers`
    consumers.yaml:1:1: error[catalog.unknown-key]: `consumer` is not a key of a file of consumers
      hint: did you mean `consumers`?
    2 errors
    ");
    assert_snapshot!(check_file("- a\n"), @"
    consumers.yaml:1:1: error[catalog.type]: a file of consumers must be a mapping, not a list
    1 error
    ");
    assert_snapshot!(check_file("consumers: [a]\n"), @"
    consumers.yaml:1:12: error[catalog.type]: `consumers` must be a mapping, not a list
    1 error
    ");
    assert_snapshot!(check_file("consumers:\n  a: file\n  b: {}\n  c: {events: [order.paid], handler: file, evnts: 1}\n"), @"
    consumers.yaml:2:6: error[catalog.type]: a consumer must be a mapping, not a string
    consumers.yaml:3:6: error[catalog.required]: a consumer needs `events`
    consumers.yaml:3:6: error[catalog.required]: a consumer needs `handler`
    consumers.yaml:4:44: error[catalog.unknown-key]: `evnts` is not a key of a consumer
      hint: did you mean `events`?
    4 errors
    ");
    assert_snapshot!(check_file("consumers:\n  a: {events: ['*'], handler: file}\n  a: {events: ['*'], handler: file}\n"), @"
    consumers.yaml:3:3: error[catalog.duplicate-key]: `a` is given twice
    1 error
    ");
    assert_snapshot!(check_file("consumers: {A: {events: ['*'], handler: file}, 1a: {events: ['*'], handler: file}, a/b: {events: ['*'], handler: file}, '': {events: ['*'], handler: file}}\n"), @"
    consumers.yaml:1:13: error[consumer.name]: `A` cannot be the name of a consumer
      hint: lower-case letters, digits, hyphens and underscores, beginning with a letter, at most 63 characters
    consumers.yaml:1:48: error[consumer.name]: `1a` cannot be the name of a consumer
      hint: lower-case letters, digits, hyphens and underscores, beginning with a letter, at most 63 characters
    consumers.yaml:1:84: error[consumer.name]: `a/b` cannot be the name of a consumer
      hint: lower-case letters, digits, hyphens and underscores, beginning with a letter, at most 63 characters
    consumers.yaml:1:121: error[consumer.name]: `` cannot be the name of a consumer
      hint: lower-case letters, digits, hyphens and underscores, beginning with a letter, at most 63 characters
    4 errors
    ");
    assert_eq!(check_file("consumers: {}\n"), "");
    assert_snapshot!(check_consumer("events: []"), @r#"
    consumers.yaml:3:13: error[consumer.events]: `events` names none, so the consumer would get nothing
      hint: for all of them write ["*"]
    1 error
    "#);
    assert_snapshot!(check_consumer("events: '*'"), @"
    consumers.yaml:3:13: error[catalog.type]: `events` must be a list, not a string
    1 error
    ");
    assert_snapshot!(check_consumer("events: [order.paid, order.paid, 'order paid', 5]\nexclude: [order.x]"), @"
    consumers.yaml:3:26: warning[catalog.repeated]: `events` names `order.paid` twice
    consumers.yaml:3:38: note[catalog.pattern-unmatched]: `order paid` matches no event type
      hint: did you mean `order.paid`?
    consumers.yaml:3:38: error[consumer.events]: `order paid` cannot be the name of an event
      hint: at most 128 bytes, without spaces and control characters; `*` is anything
    consumers.yaml:3:52: error[catalog.type]: an item of `events` must be a string, not a number
      hint: put it in quotes
    consumers.yaml:4:15: note[catalog.pattern-unmatched]: `order.x` matches no event type
      hint: known here: order.placed, order.paid, stock.low, stock.counted
    2 errors, 1 warning, 2 notes
    ");
    assert_snapshot!(check_consumer("retry: 101\ndlq: maybe\ndescription: ''"), @"
    consumers.yaml:3:12: error[catalog.value]: `retry` must be a whole number from 0 to 100
    consumers.yaml:4:10: error[catalog.type]: `dlq` must be true or false, not a string
    consumers.yaml:5:18: error[catalog.value]: the description must not be empty
    3 errors
    ");
    assert_snapshot!(check_consumer("retry: -1"), @"
    consumers.yaml:3:12: error[catalog.value]: `retry` must be a whole number from 0 to 100
    1 error
    ");
    assert_snapshot!(check_consumer("batch: {size: 0, delay: 2h, sice: 1}"), @"
    consumers.yaml:3:19: error[catalog.value]: `size` must be a whole number from 1 to 10000
    consumers.yaml:3:29: error[catalog.duration]: `delay` must be longer than nothing, and at most 1h
    consumers.yaml:3:33: error[catalog.unknown-key]: `sice` is not a key of `batch`
      hint: did you mean `size`?
    3 errors
    ");
    assert_snapshot!(check_consumer("batch: 100"), @"
    consumers.yaml:3:12: error[catalog.type]: `batch` must be a mapping, not a number
    1 error
    ");
    assert_snapshot!(check_consumer("batch: {size: 10001, delay: 0s}"), @"
    consumers.yaml:3:19: error[catalog.value]: `size` must be a whole number from 1 to 10000
    consumers.yaml:3:33: error[catalog.duration]: `delay` must be longer than nothing, and at most 1h
    2 errors
    ");
    assert_snapshot!(check_consumer("order: person\nfrom: begining"), @"
    consumers.yaml:3:12: error[catalog.value]: `order` must be one of none, identity, group, not `person`
    consumers.yaml:4:11: error[catalog.value]: `from` must be one of beginning, now, not `begining`
      hint: did you mean `beginning`?
    2 errors
    ");
    assert_snapshot!(check_consumer("latency: 8d"), @"
    consumers.yaml:3:14: error[catalog.duration]: `latency` must be longer than nothing, and at most 7d
    1 error
    ");
    assert_snapshot!(check_consumer("latency: 30"), @"
    consumers.yaml:3:14: error[catalog.duration]: `latency` is not a duration
      hint: a duration is a whole number and one of ms, s, m, h, d, w, y, such as 30d; at most 200y
    1 error
    ");
    assert_snapshot!(check_consumer("latency: 30s\nbatch: {delay: 1m}"), @"
    consumers.yaml:4:13: warning[consumer.latency]: waiting 1m for a batch breaks the promise of 30s
    1 warning
    ");
    assert_snapshot!(check_consumer("options: [1]"), @"
    consumers.yaml:3:14: error[catalog.type]: `options` must be a mapping, not a list
    1 error
    ");
    for rate in ["100", "'100'", "0/s", "100/d", "/s", "+1/s", "1.5/s", "4294967296/s", "100 / s", "100/s/s", "'100/'"]
    {
        let found = check_consumer(&format!("rate: {rate}"));
        assert!(
            found.contains("consumers.yaml:3:11: error[catalog.rate]: `rate` is not a rate\n  hint: so many"),
            "{rate} {found}"
        );
    }
    assert_snapshot!(check_consumer("rate: true"), @"
    consumers.yaml:3:11: error[catalog.type]: `rate` must be a rate such as 100/s, not a boolean
    1 error
    ");
}

#[test]
fn a_consumer_gets_something() {
    assert_snapshot!(check_consumer("events: [order.*]\nexclude: ['*.placed', order.paid]"), @"
    consumers.yaml:4:5: warning[consumer.nothing]: `exclude` takes out every event type that `events` names
    1 warning
    ");
    assert_snapshot!(check_consumer("events: [basket.*]\nexclude: ['*']"), @"
    consumers.yaml:3:14: note[catalog.pattern-unmatched]: `basket.*` matches no event type
    1 note
    ");
}

#[test]
fn credentials_belong_elsewhere() {
    let found = check_consumer(
        "
options:
  password: geheim
  headers: {Authorization: Bearer geheim-geheim-geheim}
  addresses: ['https://example.com/x', 'postgres://me:geheim@db/x']
  api-key: ~
  token: true
",
    );
    assert!(!found.contains("geheim"), "{found}");
    assert_snapshot!(found, @r#"
    consumers.yaml:4:7: error[consumer.credentials]: `password` is a credential by its name, and a catalog is no place for that
      hint: it goes into the server's configuration, under [consumers."shop/a"]
    consumers.yaml:5:17: error[consumer.credentials]: `Authorization` is a credential by its name, and a catalog is no place for that
      hint: it goes into the server's configuration, under [consumers."shop/a"]
    consumers.yaml:6:44: error[consumer.credentials]: this looks like a credential, or an address with one in it, and a catalog is no place for that
      hint: it goes into the server's configuration, under [consumers."shop/a"]
    3 errors
    "#);
}

#[test]
fn a_consumer_does_not_react_to_what_it_causes() {
    let check = |consumer: &str| {
        let catalog = "app: daybook\nversion: 1.0.0\ntitle: x\n";
        let events = "events: [{name: consumer.paused, description: x, examples: [{}]}, {name: system.started, description: x, examples: [{}]}]\n";
        let consumers = format!("consumers:\n  a: {consumer}\n");
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("events")).unwrap();
        for (path, text) in [("catalog.yaml", catalog), ("events/a.yaml", events), ("consumers.yaml", &consumers)] {
            std::fs::write(dir.path().join(path), text).unwrap();
        }
        render::text(&crate::check(dir.path()).diagnostics).replace(&dir.path().display().to_string(), "daybook")
    };
    assert_snapshot!(check("{events: ['*'], handler: webhook}"), @"
    daybook/consumers.yaml:2:7: error[consumer.loop]: the consumer reacts to what it causes: it gets `consumer.paused`
      hint: exclude [consumer.*, webhook.*], or use one of alert, counters, file, lake
    1 error
    ");
    for handler in ["mysql", "postgres", "redis", "webhook"] {
        assert!(check(&format!("{{events: [consumer.paused], handler: {handler}}}")).contains("error[consumer.loop]"));
        assert_eq!(check(&format!("{{events: ['*'], exclude: [consumer.*], handler: {handler}}}")), "");
    }
    for handler in ["alert", "counters", "file", "sendAlert"] {
        assert_eq!(check(&format!("{{events: ['*'], handler: {handler}}}")), "");
    }
}

#[test]
fn handlers_are_asked_about_options() {
    let dir = tempfile::tempdir().unwrap();
    let consumers = "consumers:\n  a:\n    events: ['*']\n    handler: alert\n    options:\n      rules: [{name: x}, {nme: y}]\n  b: {events: ['*'], handler: file}\n";
    std::fs::write(dir.path().join("catalog.yaml"), "app: shop\nversion: 1.0.0\ntitle: x\n").unwrap();
    std::fs::write(dir.path().join("consumers.yaml"), consumers).unwrap();
    let loaded = crate::check_all_with(&[dir.path()], &|spec, app| match spec.name.as_str() {
        "a" => vec!["options.rules[1].nme: is not known".to_owned(), "options.repeat: is missing".to_owned()],
        _ => vec![format!("of {} something: is wrong", app.app)],
    });
    assert!(loaded.catalogs.app("shop").is_none());
    let found = render::text(&loaded.diagnostics).replace(&dir.path().display().to_string(), "shop");
    let found: Vec<&str> = found.lines().filter(|line| !line.contains("unmatched")).collect();
    assert_snapshot!(found.join("\n"), @"
    shop/consumers.yaml:5:5: error[consumer.options]: options.repeat: is missing
    shop/consumers.yaml:6:27: error[consumer.options]: options.rules[1].nme: is not known
    shop/consumers.yaml:7:6: error[consumer.options]: of shop something: is wrong
    3 errors, 2 notes
    ");
}

#[test]
fn there_are_limits() {
    let list = |count: usize, item: fn(usize) -> String| (0..count).map(item).collect::<Vec<_>>().join(", ");
    let consumers =
        |count| format!("consumers: {{{}}}\n", list(count, |n| format!("c{n}: {{events: ['*'], handler: file}}")));
    assert_eq!(check_file(&consumers(1_000)), "");
    assert!(check_file(&consumers(1_001)).contains("error[catalog.limit]: an app has at most 1000 consumers"));
    let events = |count| check_consumer(&format!("events: [{}]\n", list(count, |n| format!("'*{n}'"))));
    assert!(!events(1_000).contains("error"));
    assert!(events(1_001).contains("error[catalog.limit]: `events` has at most 1000 names and patterns"));
    let fields = |count| check_consumer(&format!("where: {{{}}}\n", list(count, |n| format!("f{n}: 1"))));
    assert_eq!(fields(32), "");
    assert!(fields(33).contains("error[catalog.limit]: `where` names at most 32 fields"));
    let values = |count| check_consumer(&format!("where: {{f: [{}]}}\n", list(count, |n| n.to_string())));
    assert_eq!(values(1_000), "");
    assert!(values(1_001).contains("error[catalog.limit]: a field is one of at most 1000 values"));
    let long = "x".repeat(64);
    assert!(
        check_file(&format!("consumers: {{{long}: {{events: ['*'], handler: file}}}}\n")).contains("consumer.name")
    );
}

#[test]
fn without_a_catalog_the_consumers_are_read_all_the_same() {
    assert_snapshot!(check("#- catalog.yaml\n- 1\n#- consumers.yaml\nconsumers: {a: {events: ['*'], handler: fil, where: {a: 1}}}\n"), @"
    catalog.yaml:1:1: error[catalog.type]: a catalog must be a mapping, not a list
    consumers.yaml:1:41: error[consumer.handler]: there is no handler `fil`
      hint: did you mean `file`?
    2 errors
    ");
}
