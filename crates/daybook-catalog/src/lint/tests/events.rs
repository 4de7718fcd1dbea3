//! Files of event types and plugins.

use insta::assert_snapshot;

use super::{check, check_event};

#[test]
fn a_whole_event_type_is_fine() {
    assert_eq!(
        check_event(
            "
name: order.placed
version: 1.1.0
description: Somebody bought something.
category: sales
sources: [web]
priority: high
sampling: {rate: 1.0, min-per-window: 5, window: 1h}
consent: {purpose: stats, without: drop}
store: event
indexed: true
tags: [id, zone]
pii: {note: free-text, buyer.name: identifier, lines.note: personal, anything.at.all: personal}
deprecated: {since: 1.0.0}
data-missing: warn
optional-envelope: [session]
data:
  type: object
  properties:
    id: {type: [string, integer]}
    zone: {$ref: '#/types/zone'}
    note: {type: string}
    buyer: {type: object, properties: {name: {type: string}}}
    lines: {type: array, items: {type: object, properties: {note: {type: string}}}}
    anything: {type: object}
    shop_id: {type: integer}
  required: [id, shop_id]
examples:
  - {id: a-1, zone: north}
migrations:
  - from: 1.0.0
    steps:
      - rename: {number: id}
      - set: {zone: north}
      - drop: [old]
      - move: {name: buyer.name}
      - convert: {id: string}
"
        ),
        ""
    );
}

#[test]
fn keys_are_known_and_typed() {
    assert_snapshot!(check_event("nme: x\ncatgory: sales\n"), @"
    events/a.yaml:3:5: error[catalog.unknown-key]: `nme` is not a key of an event type
      hint: did you mean `name`?
    events/a.yaml:4:5: error[catalog.unknown-key]: `catgory` is not a key of an event type
      hint: did you mean `category`?
    2 errors
    ");
    assert_snapshot!(check("events:\n  - {}\n  - text\n  - {name: order.placed}\n"), @"
    events/a.yaml:2:5: error[catalog.required]: an event type needs `category`
    events/a.yaml:2:5: error[catalog.required]: an event type needs `name`
    events/a.yaml:3:5: error[catalog.type]: an event type must be a mapping, not a string
    events/a.yaml:4:5: error[catalog.required]: an event type needs `category`
    events/a.yaml:4:6: note[event-type.no-description]: `order.placed` has no description
    events/a.yaml:4:6: warning[event-type.no-example]: `order.placed` has no example
      hint: one example of its data under `examples` is enough
    4 errors, 1 warning, 1 note
    ");
    assert_snapshot!(check("event: []\n"), @"
    events/a.yaml:1:1: error[catalog.required]: a file of event types needs `events`
    events/a.yaml:1:1: error[catalog.unknown-key]: `event` is not a key of a file of event types
      hint: did you mean `events`?
    2 errors
    ");
    assert_snapshot!(check("events: {name: order.placed}\n"), @"
    events/a.yaml:1:9: error[catalog.type]: `events` must be a list, not a mapping
    1 error
    ");
    assert_snapshot!(check_event("priority: urgent\nstore: counts\nindexed: 1\ndata-missing: error\nversion: 2\n"), @"
    events/a.yaml:3:15: error[catalog.value]: `priority` must be one of low, normal, high, critical, not `urgent`
    events/a.yaml:4:12: error[catalog.value]: `store` must be one of event, daily-counts, not `counts`
    events/a.yaml:5:14: error[catalog.type]: `indexed` must be true or false, not a number
    events/a.yaml:6:19: error[catalog.value]: `data-missing` must be one of quarantine, warn, not `error`
    events/a.yaml:7:14: error[catalog.version]: the version is not a semantic version
      hint: three numbers between points, such as 1.0.0
    5 errors
    ");
    assert_snapshot!(check_event("examples: {}\nsources: web\ntags: id\npii: [note]\n"), @"
    events/a.yaml:3:15: error[catalog.type]: `examples` must be a list, not a mapping
    events/a.yaml:4:14: error[catalog.type]: `sources` must be a list, not a string
    events/a.yaml:5:5: error[event-type.tag]: `tags` names fields, but the type declares no data
    events/a.yaml:5:11: error[catalog.type]: `tags` must be a list, not a string
    events/a.yaml:6:5: error[event-type.pii]: `pii` names fields, but the type declares no data
    events/a.yaml:6:10: error[catalog.type]: `pii` must be a mapping, not a list
    events/a.yaml:7:5: warning[event-type.no-example]: `order.placed` has no example
      hint: one example of its data under `examples` is enough
    6 errors, 1 warning
    ");
    assert_snapshot!(check_event("sampling: {rate: high, window: 60}\n"), @"
    events/a.yaml:3:22: error[catalog.type]: the sampling rate must be a number, not a string
    events/a.yaml:3:36: error[catalog.duration]: `window` is not a duration
      hint: a duration is a whole number and one of ms, s, m, h, d, w, y, such as 30d; at most 200y
    2 errors
    ");
    assert_snapshot!(check_event("consent: {purpose: stats}\n"), @"
    events/a.yaml:3:14: error[catalog.required]: `consent` needs `without`
    1 error
    ");
    assert_snapshot!(check_event("examples: []\n"), @"
    events/a.yaml:4:5: warning[event-type.no-example]: `order.placed` has no example
      hint: one example of its data under `examples` is enough
    1 warning
    ");
    assert_snapshot!(check("events:\n  - {name: order.placed, category: sales, examples: [{}]}\n"), @"
    events/a.yaml:2:6: note[event-type.no-description]: `order.placed` has no description
    1 note
    ");
}

#[test]
fn names_follow_the_rule_and_are_unique() {
    assert_snapshot!(check_event("name: Order-Placed\n"), @r#"
    events/a.yaml:3:5: error[event-type.name]: `Order-Placed` does not follow the naming pattern
      hint: names match ^[a-z]+(\.[a-z]+)+$, such as order.placed
    1 error
    "#);
    assert_snapshot!(check_event("name: \"order placed\"\n"), @"
    events/a.yaml:3:11: error[event-type.name]: `order placed` cannot be the name of an event
      hint: at most 128 bytes, without spaces, control characters and `*`
    1 error
    ");
    assert_snapshot!(check_event("name: \"order.*\"\n"), @"
    events/a.yaml:3:11: error[event-type.name]: `order.*` cannot be the name of an event
      hint: at most 128 bytes, without spaces, control characters and `*`
    1 error
    ");
    assert_snapshot!(check_event(&format!("name: {}\n", "a".repeat(129))), @"
    events/a.yaml:3:11: error[event-type.name]: `aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa` cannot be the name of an event
      hint: at most 128 bytes, without spaces, control characters and `*`
    1 error
    ");
    let event = "{name: order.placed, description: x, category: sales, examples: [{}]}";
    assert_snapshot!(check(&format!("events:\n  - {event}\n  - {event}\n#- events/b.yaml\nevents:\n  - {event}\n")), @"
    events/a.yaml:3:6: error[event-type.duplicate]: `order.placed` 1.0.0 is declared twice
      hint: first at events/a.yaml:2
    events/b.yaml:2:6: error[event-type.duplicate]: `order.placed` 1.0.0 is declared twice
      hint: first at events/a.yaml:2
    2 errors
    ");
    let newer = event.replace("x,", "x, version: 1.1.0,");
    assert_eq!(check(&format!("events:\n  - {event}\n  - {newer}\n")), "");
}

#[test]
fn references_lead_somewhere() {
    assert_snapshot!(check_event("category: sale\nsources: [wbe, server, moon]\nconsent: {purpose: telemetry, without: drop}\n"), @"
    events/a.yaml:3:5: error[event-type.category]: `sale` is no category of this app
      hint: did you mean `sales`?
    events/a.yaml:4:15: error[event-type.source]: `wbe` is no source of this app
      hint: did you mean `web`?
    events/a.yaml:4:28: error[event-type.source]: `moon` is no source of this app
      hint: known here: web, server
    events/a.yaml:5:15: error[event-type.purpose]: `telemetry` is no consent purpose of this app
      hint: known here: stats
    4 errors
    ");
    assert_snapshot!(check_event("optional-envelope: [group, sesion, session]\n"), @"
    events/a.yaml:3:25: warning[event-type.optional-envelope]: the dialect does not require `group`
      hint: leave it out
    events/a.yaml:3:32: error[event-type.optional-envelope]: the envelope has no field `sesion`
      hint: did you mean `session`?
    1 error, 1 warning
    ");
    assert_snapshot!(check_event("deprecated: {since: 2.0.0, use: order.placd}\n"), @"
    events/a.yaml:3:18: warning[event-type.deprecated]: deprecated since 2.0.0, but the catalog is at 1.1.0
    events/a.yaml:3:32: error[event-type.deprecated]: `order.placd` is no event type
      hint: did you mean `order.placed`?
    1 error, 1 warning
    ");
    assert_snapshot!(check_event("deprecated: {use: order.placed}\n"), @"
    events/a.yaml:3:18: error[event-type.deprecated]: the type to use instead is this one
    1 error
    ");
    assert_snapshot!(check("events:\n  - {name: order.placed, description: x, category: sales, examples: [{}], deprecated: {use: order.placd}}\n  - {name: order.put, description: x, category: sales, examples: [{}], deprecated: {use: order.placed}}\n"), @"
    events/a.yaml:2:88: error[event-type.deprecated]: `order.placd` is no event type
      hint: did you mean `order.placed`?
    1 error
    ");
}

#[test]
fn policies_do_not_contradict_each_other() {
    assert_snapshot!(check_event("priority: critical\nsampling: {rate: 0.5}\n"), @"
    events/a.yaml:4:5: warning[event-type.sampling-ignored]: events of priority critical are never sampled
    1 warning
    ");
    assert_snapshot!(check_event("category: health\npii: {note: personal}\ndata: {type: object, properties: {note: {type: string}}}\n"), @"
    events/a.yaml:4:5: warning[event-type.pii-category]: the category `health` says nothing of people, but this type does
      hint: choose a category whose `pii` is logged or anonymise
    1 warning
    ");
}

#[test]
fn tags_and_pii_name_fields_of_the_data() {
    assert_snapshot!(check_event("tags: [id]\npii: {note: personal}\n"), @"
    events/a.yaml:3:5: error[event-type.tag]: `tags` names fields, but the type declares no data
    events/a.yaml:4:5: error[event-type.pii]: `pii` names fields, but the type declares no data
    2 errors
    ");
    assert_snapshot!(check_event("
tags: [ide, lines, order]
pii: {order.ide: personal, order.id: personal, id.x: personal, zone.x: personal, note: secret}
data: {type: object, properties: {id: {type: string}, lines: {type: array}, order: {$ref: '#/types/order'}, zone: {$ref: '#/types/zone'}}}
"), @"
    events/a.yaml:3:12: error[event-type.tag]: the data declares no property `ide`
      hint: did you mean `id`?
    events/a.yaml:3:17: error[event-type.tag]: `lines` is not a single value, so it cannot be a tag
    events/a.yaml:4:11: error[event-type.pii]: the data declares no property `order.ide`
      hint: known here: id, lines, order, zone
    events/a.yaml:4:52: error[event-type.pii]: the data declares no property `id.x`
      hint: known here: id, lines, order, zone
    events/a.yaml:4:92: error[catalog.value]: the kind of `pii` must be one of identifier, personal, free-text, person, none, not `secret`
    5 errors
    ");
}

#[test]
fn migrations_lead_from_what_was_to_what_is() {
    assert_snapshot!(check_event("migrations: [{from: 1.0.0, steps: [{rename: {a: b}}]}, {steps: [{}]}, {from: 0.1.0}]\n"), @"
    events/a.yaml:3:19: error[event-type.migration]: a migration leads from an older version, not from 1.0.0 to 1.0.0
    events/a.yaml:3:60: error[catalog.required]: a migration needs `from`
    events/a.yaml:3:69: error[event-type.migration]: a migration step has one of rename, set, drop, move, convert
    events/a.yaml:3:75: error[catalog.required]: a migration needs `steps`
    4 errors
    ");
    assert_snapshot!(check_event("
version: 2.0.0
data: {type: object, properties: {id: {type: string}, order: {$ref: '#/types/order'}}}
migrations:
  - from: 1.0.0
    steps:
      - {rename: {number: idd}}
      - {set: {zone: 1}}
      - {move: {a: order.id}, drop: [b]}
      - {convert: {id: text}}
      - {rename: {a: order.id}}
      - {rname: {a: b}}
  - {from: 1.0.0, steps: []}
"), @"
    events/a.yaml:7:9: error[event-type.migration]: version 2.0.0 has no field `idd`
    events/a.yaml:7:9: error[event-type.migration]: version 2.0.0 has no field `zone`
    events/a.yaml:10:13: error[event-type.migration]: a migration step has one of rename, set, drop, move, convert
    events/a.yaml:11:28: error[catalog.value]: `convert` must be one of string, integer, number, boolean, not `text`
    events/a.yaml:12:13: error[event-type.migration]: `rename` leaves `order.id` in another object than `a`
      hint: give the whole path of both, or use `move`
    events/a.yaml:13:14: error[catalog.unknown-key]: `rname` is not a key of a migration step
      hint: did you mean `rename`?
    events/a.yaml:14:10: error[event-type.migration]: a second migration from 1.0.0
    7 errors
    ");
    assert_snapshot!(check("
events:
  - name: order.placed
    description: x
    category: sales
    data: {type: object, properties: {number: {type: string}}}
    examples: [{}]
  - name: order.placed
    version: 2.0.0
    description: x
    category: sales
    data: {type: object, properties: {id: {type: string}}}
    examples: [{}]
    migrations: [{from: 1.0.0, steps: [{rename: {number: id}}, {convert: {id: string}}, {drop: [nmber]}]}]
"), @"
    events/a.yaml:13:32: error[event-type.migration]: version 1.0.0 has no field `nmber`
    1 error
    ");
}

#[test]
fn plugins_keep_to_their_names() {
    let event = |name: &str| format!("  - {{name: {name}, description: x, category: sales, examples: [{{}}]}}\n");
    let plugin = |head: &str, name: &str| format!("events: []\n#- plugins/p.yaml\n{head}events:\n{}", event(name));
    assert_eq!(check(&plugin("plugin: rank\nversion: 1.0.0\ntitle: Rank\n", "rank.up")), "");
    // The app's naming rule may hold for the whole name or for what follows the plugin's.
    assert_eq!(check(&plugin("plugin: rank-2\nversion: 1.0.0\n", "rank-2.level.up")), "");
    assert_snapshot!(check(&plugin("plugin: rank\nversion: 1.0.0\n", "order.placed")), @"
    plugins/p.yaml:4:12: error[event-type.plugin-prefix]: `order.placed` does not begin with the plugin's name
      hint: call it `rank.order.placed`
    1 error
    ");
    assert_snapshot!(check(&plugin("plugin: rank\nversion: 1.0.0\n", "rank.")), @r#"
    plugins/p.yaml:4:6: error[event-type.name]: `rank.` does not follow the naming pattern
      hint: names match ^[a-z]+(\.[a-z]+)+$, such as order.placed
    plugins/p.yaml:4:12: error[event-type.plugin-prefix]: `rank.` does not begin with the plugin's name
      hint: call it `rank.rank.`
    2 errors
    "#);
    assert_snapshot!(check(&plugin("plugin: 'my rank'\n", "rank.up")), @"
    plugins/p.yaml:1:1: error[catalog.required]: a plugin's file needs `version`
    plugins/p.yaml:1:9: error[catalog.value]: `my rank` cannot be the name of a plugin
      hint: letters, digits, hyphens and underscores
    plugins/p.yaml:3:12: error[event-type.plugin-prefix]: `rank.up` does not begin with the plugin's name
      hint: call it `my rank.rank.up`
    3 errors
    ");
    assert_snapshot!(check(&plugin("", "rank.up")), @"
    plugins/p.yaml:1:1: error[catalog.required]: a plugin's file needs `plugin`
    plugins/p.yaml:1:1: error[catalog.required]: a plugin's file needs `version`
    2 errors
    ");
}

#[test]
fn dimensions_are_single_values_that_name_nobody() {
    let data = "data: {type: object, properties: {zone: {$ref: '#/types/zone'}, kind: {type: [string, 'null']}, one: {const: 1}, note: {type: string}, buyer: {type: object, properties: {name: {type: string}}}, list: {type: array}, any: {description: x}, either: {oneOf: [{type: string}, {$ref: '#/types/order'}]}, flag: {type: boolean}}}\n";
    let with = |dimensions: &str| {
        check_event(&format!("pii: {{note: free-text, buyer.name: personal}}\n{data}dimensions: {dimensions}\n"))
    };
    assert_eq!(with("[zone, kind, one, flag]"), "");
    assert_snapshot!(with("[zone, knd, note]"), @"
    events/a.yaml:5:24: error[event-type.dimension]: the data declares no property `knd`
      hint: did you mean `kind`?
    events/a.yaml:5:29: error[event-type.dimension]: `note` is personal, so nothing is counted by it
    2 errors
    ");
    assert_snapshot!(with("[buyer, list, any, either]"), @"
    events/a.yaml:5:18: error[event-type.dimension]: `buyer` is personal, so nothing is counted by it
    events/a.yaml:5:25: error[event-type.dimension]: `list` is not a single value, so nothing is counted by it
      hint: its schema says by `type` or `enum` that it is no list and no object
    events/a.yaml:5:31: error[event-type.dimension]: `any` is not a single value, so nothing is counted by it
      hint: its schema says by `type` or `enum` that it is no list and no object
    events/a.yaml:5:36: error[event-type.dimension]: `either` is not a single value, so nothing is counted by it
      hint: its schema says by `type` or `enum` that it is no list and no object
    4 errors
    ");
    assert_snapshot!(with("[zone, kind, one, flag, zoned]"), @"
    events/a.yaml:5:41: error[event-type.dimension]: a type is counted by at most 4 dimensions
    events/a.yaml:5:41: error[event-type.dimension]: the data declares no property `zoned`
      hint: did you mean `zone`?
    2 errors
    ");
    assert_snapshot!(with("zone"), @"
    events/a.yaml:5:17: error[catalog.type]: `dimensions` must be a list, not a string
    1 error
    ");
    assert_snapshot!(check_event("dimensions: [zone]\n"), @"
    events/a.yaml:3:5: error[event-type.dimension]: `dimensions` names fields, but the type declares no data
    1 error
    ");
    assert_snapshot!(check_event("data: {type: object, properties: {kind: {enum: [a]}}}\nstore: daily-counts\ndimensions: [kind]\n"), @"
    events/a.yaml:5:5: error[event-type.dimension]: of this type only counts are kept, and nothing in its data
      hint: leave `dimensions` out
    1 error
    ");
}
