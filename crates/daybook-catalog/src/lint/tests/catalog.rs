//! `catalog.yaml` and what stands around it.

use insta::assert_snapshot;

use super::{check, check_catalog};

#[test]
fn signatures_are_verified_or_required() {
    assert_eq!(check_catalog("signatures: required\n"), "");
    assert_eq!(check_catalog("signatures: verified\n"), "");
    let found = check_catalog("signatures: optional\n");
    assert!(found.contains("error[catalog.value]") && found.contains("required"), "{found}");
    let counted = "#- events/a.yaml\nevents:\n  - {name: a.b, description: x, store: daily-counts, signatures: required, examples: [{}]}\n";
    let found = check(&format!("#- catalog.yaml\napp: shop\nversion: 1.0.0\ntitle: x\n{counted}"));
    assert!(found.contains("warning[event-type.signatures]"), "{found}");
}

#[test]
fn the_least_catalog_is_fine() {
    assert_eq!(check_catalog(""), "");
}

#[test]
fn keys_are_known_and_typed() {
    assert_snapshot!(check_catalog("titel: x\ndescriptoin: y\n"), @"
    catalog.yaml:1:1: error[catalog.unknown-key]: `titel` is not a key of a catalog
      hint: did you mean `title`?
    catalog.yaml:2:1: error[catalog.unknown-key]: `descriptoin` is not a key of a catalog
      hint: did you mean `description`?
    2 errors
    ");
    assert_snapshot!(check("#- catalog.yaml\ndescription: nothing else\n"), @"
    catalog.yaml:1:1: error[catalog.required]: a catalog needs `app`
    catalog.yaml:1:1: error[catalog.required]: a catalog needs `title`
    catalog.yaml:1:1: error[catalog.required]: a catalog needs `version`
    3 errors
    ");
    assert_snapshot!(check("#- catalog.yaml\n- a\n- b\n"), @"
    catalog.yaml:1:1: error[catalog.type]: a catalog must be a mapping, not a list
    1 error
    ");
    assert_snapshot!(check("#- events/a.yaml\nevents: []\n#- catalog.yaml\nonly text\n"), @"
    catalog.yaml:1:1: error[catalog.type]: a catalog must be a mapping, not a string
    1 error
    ");
    assert_snapshot!(check_catalog("title: 5\nversion: 1.0\ndescription: ''\n"), @"
    catalog.yaml:1:8: error[catalog.type]: the title must be a string, not a number
      hint: put it in quotes
    catalog.yaml:2:10: error[catalog.version]: the catalog's version is not a semantic version
      hint: three numbers between points, such as 1.0.0
    catalog.yaml:3:14: error[catalog.value]: the description must not be empty
    3 errors
    ");
    assert_snapshot!(check_catalog("version: one\nmax-clock-skew: 5\nwarn-older-than: 3 weeks\n"), @"
    catalog.yaml:1:10: error[catalog.version]: the catalog's version is not a semantic version
      hint: three numbers between points, such as 1.0.0
    catalog.yaml:2:17: error[catalog.duration]: `max-clock-skew` is not a duration
      hint: a duration is a whole number and one of ms, s, m, h, d, w, y, such as 30d; at most 200y
    catalog.yaml:3:18: error[catalog.duration]: `warn-older-than` is not a duration
      hint: a duration is a whole number and one of ms, s, m, h, d, w, y, such as 30d; at most 200y
    3 errors
    ");
    assert_snapshot!(check_catalog("unknown-fields: deny\nunknown-types: ignore\nsanitise: {email: true, card-numbers: 1}\n"), @"
    catalog.yaml:1:17: error[catalog.value]: `unknown-fields` must be one of allow, warn, quarantine, not `deny`
    catalog.yaml:2:16: error[catalog.value]: `unknown-types` must be one of quarantine, keep, not `ignore`
    catalog.yaml:3:12: error[catalog.unknown-key]: `email` is not a key of `sanitise`
      hint: did you mean `emails`?
    catalog.yaml:3:39: error[catalog.type]: card-numbers must be true or false, not a number
    4 errors
    ");
    assert_snapshot!(check_catalog("sources: web\nactive: [a, 5, a, a]\ntypes: []\ncategories: {}\nconsent: yes\n"), @"
    catalog.yaml:1:10: error[catalog.type]: `sources` must be a list, not a string
    catalog.yaml:2:10: note[catalog.pattern-unmatched]: `a` matches no event type
      hint: known here: order.placed
    catalog.yaml:2:13: error[catalog.type]: an item of `active` must be a string, not a number
      hint: put it in quotes
    catalog.yaml:2:16: note[catalog.pattern-unmatched]: `a` matches no event type
      hint: known here: order.placed
    catalog.yaml:2:16: warning[catalog.repeated]: `active` names `a` twice
    catalog.yaml:2:19: note[catalog.pattern-unmatched]: `a` matches no event type
      hint: known here: order.placed
    catalog.yaml:2:19: warning[catalog.repeated]: `active` names `a` twice
    catalog.yaml:3:8: error[catalog.type]: `types` must be a mapping, not a list
    catalog.yaml:4:13: error[catalog.value]: `categories` names none
      hint: leave it out
    catalog.yaml:5:10: error[catalog.type]: `consent` must be a mapping, not a string
    5 errors, 2 warnings, 3 notes
    ");
}

#[test]
fn slugs_are_words_of_a_path() {
    assert_snapshot!(check_catalog("app: My Shop\n"), @"
    catalog.yaml:1:6: error[catalog.slug]: `My Shop` cannot be the name of an app
      hint: lower-case letters, digits and hyphens, beginning with a letter, at most 63 characters
    1 error
    ");
    assert_snapshot!(check_catalog("app: ../etc\n"), @"
    catalog.yaml:1:6: error[catalog.slug]: `../etc` cannot be the name of an app
      hint: lower-case letters, digits and hyphens, beginning with a letter, at most 63 characters
    1 error
    ");
    assert_snapshot!(check_catalog("app: shop-\n"), @"
    catalog.yaml:1:6: error[catalog.slug]: `shop-` cannot be the name of an app
      hint: lower-case letters, digits and hyphens, beginning with a letter, at most 63 characters
    1 error
    ");
    assert_snapshot!(check_catalog("app: metrics\n"), @"
    catalog.yaml:1:6: error[catalog.reserved]: `metrics` is reserved
      hint: choose another name
    1 error
    ");
    assert_snapshot!(check_catalog("app: daybook\n"), @"
    catalog.yaml:1:6: error[catalog.reserved]: `daybook` is reserved
      hint: choose another name
    1 error
    ");
    assert_snapshot!(check_catalog("app: log\n"), @"
    catalog.yaml:1:6: error[catalog.reserved]: `log` is reserved
      hint: choose another name
    1 error
    ");
}

#[test]
fn naming_rules_are_patterns_that_their_examples_follow() {
    assert_snapshot!(check_catalog("naming: {pattern: '(['}\n"), @"
    catalog.yaml:1:19: error[catalog.pattern]: the naming pattern is not a regular expression: unclosed character class
    1 error
    ");
    assert_snapshot!(check_catalog("naming: {pattern: '^[a-z.]+$', examples: [order.placed, Order]}\n"), @"
    catalog.yaml:1:57: error[catalog.naming-example]: `Order` does not follow the naming pattern
    1 error
    ");
    assert_snapshot!(check_catalog("naming: {patern: x}\n"), @"
    catalog.yaml:1:9: error[catalog.required]: `naming` needs `pattern`
    catalog.yaml:1:10: error[catalog.unknown-key]: `patern` is not a key of `naming`
      hint: did you mean `pattern`?
    2 errors
    ");
    assert_snapshot!(check_catalog("naming: {pattern: '(?=x)'}\n"), @"
    catalog.yaml:1:19: error[catalog.pattern]: the naming pattern is not a regular expression: look-around, including look-ahead and look-behind, is not supported
    1 error
    ");
}

#[test]
fn categories_and_sampling_make_sense() {
    assert_snapshot!(check_catalog("categories: {default: {retain: 90d, aggregate-retain: 30d}}\n"), @"
    catalog.yaml:1:37: error[catalog.retention]: aggregates of `default` are kept for 30d, shorter than its events (90d)
      hint: what is computed from events outlives them, or need not be kept by itself
    1 error
    ");
    assert_snapshot!(check_catalog("warn-older-than: 1y\nmax-clock-skew: 2d\ncategories: {default: {retain: 90d}}\n"), @"
    catalog.yaml:1:1: warning[catalog.retention]: events of default are refused by their age before `warn-older-than` is reached
      hint: make it shorter than the shortest retention
    catalog.yaml:2:1: warning[catalog.clock-skew]: a clock that runs ahead by more than a day is broken, not skewed
    2 warnings
    ");
    assert_snapshot!(check_catalog("categories: {default: {sampling: {rate: 1.5}}, b: {sampling: {rate: -0.1}}}\n"), @"
    catalog.yaml:1:41: error[catalog.rate]: the sampling rate must be a number from 0 to 1
    catalog.yaml:1:69: error[catalog.rate]: the sampling rate must be a number from 0 to 1
    2 errors
    ");
    assert_snapshot!(check_catalog("categories: {default: {sampling: {rate: 0.1, min-per-window: -1, window: 0s}}}\n"), @"
    catalog.yaml:1:62: error[catalog.value]: `min-per-window` must be a whole number from 0 to 4294967295
    catalog.yaml:1:74: error[catalog.window]: a sampling window is from 1s to 1d long, in whole seconds
    2 errors
    ");
    assert_snapshot!(check_catalog("categories: {default: {sampling: {rate: 0, min-per-window: 0, window: 2d}}}\n"), @"
    catalog.yaml:1:71: error[catalog.window]: a sampling window is from 1s to 1d long, in whole seconds
    1 error
    ");
    assert_snapshot!(check_catalog("categories: {default: {sampling: {rate: 0, min-per-window: 0}}}\n"), @"
    catalog.yaml:1:34: warning[catalog.sampling-nothing]: nothing is kept: the rate and the minimum are both 0
    1 warning
    ");
    assert_snapshot!(check_catalog("categories: {default: {sampling: {min-per-window: 10}, pii: secret, retian: 3d}}\n"), @"
    catalog.yaml:1:34: error[catalog.required]: `sampling` needs `rate`
    catalog.yaml:1:61: error[catalog.value]: `pii` must be one of none, logged, anonymise, not `secret`
    catalog.yaml:1:69: error[catalog.unknown-key]: `retian` is not a key of a category
      hint: did you mean `retain`?
    3 errors
    ");
    assert_snapshot!(check_catalog("categories: {default: {retain: forever}}\n"), @"
    catalog.yaml:1:32: error[catalog.duration]: `retain` is not a duration
      hint: a duration is a whole number and one of ms, s, m, h, d, w, y, such as 30d; at most 200y
    1 error
    ");
}

#[test]
fn unknown_types_are_kept_in_a_category() {
    assert_eq!(check_catalog("unknown-types: {keep: '*'}\n"), "");
    assert_eq!(check_catalog("unknown-types: {keep: '^x', category: default}\n"), "");
    assert_snapshot!(check_catalog("unknown-types: keep\n"), @r#"
    catalog.yaml:1:16: error[catalog.value]: `unknown-types: keep` does not say what to keep, and as what
      hint: write {keep: "a pattern, or *", category: a-category}
    1 error
    "#);
    assert_snapshot!(check_catalog("unknown-types: {keep: '*', category: defualt}\n"), @"
    catalog.yaml:1:28: error[catalog.category]: `unknown-types` keeps events in `defualt`, which is no category
      hint: did you mean `default`?
    1 error
    ");
    assert_snapshot!(check_catalog("unknown-types: {keep: '['}\n"), @"
    catalog.yaml:1:23: error[catalog.pattern]: `keep` is not a regular expression: unclosed character class
    1 error
    ");
    assert_snapshot!(check_catalog("unknown-types: {category: default}\n"), @"
    catalog.yaml:1:16: error[catalog.required]: `unknown-types` needs `keep`
    1 error
    ");
}

#[test]
fn consent_says_what_happens_without() {
    assert_snapshot!(check_catalog("consent: {stats: {default: maybe, without: forget}, more: {}, other: 1}\n"), @"
    catalog.yaml:1:28: error[catalog.type]: `default` must be true or false, not a string
    catalog.yaml:1:44: error[catalog.value]: `without` must be one of anonymise, drop, not `forget`
    catalog.yaml:1:59: error[catalog.required]: a consent purpose needs `default`
    catalog.yaml:1:59: error[catalog.required]: a consent purpose needs `without`
    catalog.yaml:1:70: error[catalog.type]: a consent purpose must be a mapping, not a number
    5 errors
    ");
}

#[test]
fn dialects_have_one_place_for_each_field() {
    assert_snapshot!(check_catalog("dialect: {nmae: {path: a}, data: {path: d}}\n"), @"
    catalog.yaml:1:10: error[dialect.missing-name]: the dialect does not say where an event's name is
      hint: add name: {path: …}
    catalog.yaml:1:11: error[dialect.unknown-field]: the envelope has no field `nmae`
      hint: did you mean `name`?
    2 errors
    ");
    assert_snapshot!(check_catalog("dialect: {name: {path: a}, actor: {path: b}}\n"), @"
    catalog.yaml:1:28: error[dialect.unknown-field]: the envelope has no field `actor`
      hint: did you mean `actor.id`?
    1 error
    ");
    assert_snapshot!(check_catalog("dialect: {name: {path: a}, session: {path: a}, group: {path: b}}\n"), @"
    catalog.yaml:1:38: error[dialect.duplicate-path]: `name` and `session` have the same path
    1 error
    ");
    assert_snapshot!(check_catalog("dialect: {name: {path: a}, session: {path: a.b}}\n"), @"
    catalog.yaml:1:38: error[dialect.path-prefix]: the path of `session` lies inside that of `name`
      hint: only `metadata` may contain other fields; a copy inside the data is named with `also`
    1 error
    ");
    assert_snapshot!(check_catalog("dialect: {name: {path: a}, session: {path: d.s}, data: {path: d}}\n"), @"
    catalog.yaml:1:57: error[dialect.path-prefix]: the path of `session` lies inside that of `data`
      hint: only `metadata` may contain other fields; a copy inside the data is named with `also`
    1 error
    ");
    assert_eq!(
        check_catalog("dialect: {name: {path: a}, session: {path: m.s}, tags: {path: m.t.u}, metadata: {path: m}}\n"),
        ""
    );
    assert_eq!(check_catalog("dialect: {name: {path: a.b}, session: {path: a.c}}\n"), "");
    assert_snapshot!(check_catalog("dialect: {name: {path: a..b}, session: {path: ''}, group: {}}\n"), @"
    catalog.yaml:1:24: error[dialect.path]: `a..b` is not a path
      hint: names with points between them, such as metadata.source
    catalog.yaml:1:47: error[catalog.value]: the path must not be empty
    catalog.yaml:1:59: error[catalog.required]: a dialect field needs `path`
    3 errors
    ");
    assert_snapshot!(check_catalog("dialect: {name: {path: a, as: integer}, time: {path: t, as: uuid}, id: {path: i, as: integer}, session: {path: s, as: number}}\n"), @"
    catalog.yaml:1:31: error[dialect.as]: the type of `name` cannot be chosen
    catalog.yaml:1:61: error[dialect.as]: the type of `time` cannot be chosen
    catalog.yaml:1:86: error[dialect.as]: an event's id is a string, a uuid or an object-id
    catalog.yaml:1:119: error[catalog.value]: `as` must be one of string, integer, uuid, object-id, not `number`
    4 errors
    ");
    assert_snapshot!(check_catalog("dialect: {name: {path: a, default: x}, data: {path: d, default: y}, session: {path: s, open-variant: z}}\n"), @"
    catalog.yaml:1:36: error[dialect.option]: `name` cannot have `default`
    catalog.yaml:1:65: error[dialect.option]: `data` cannot have `default`
    catalog.yaml:1:102: error[dialect.open-variant]: only `name` has an open variant
    3 errors
    ");
    assert_snapshot!(check_catalog("dialect: {name: {path: a}, platform: {path: p, enum: [web, app], default: tv}}\n"), @"
    catalog.yaml:1:75: error[dialect.default]: the default `tv` is not one of the values of `enum`
    1 error
    ");
    assert_snapshot!(check_catalog("dialect: {name: {path: a}, group: {path: g, also: g2}, session: {path: s, also: d.a.b}, data: {path: d}}\n"), @"
    catalog.yaml:1:45: error[dialect.also]: `g2` is not a property of the data
      hint: the path of `data`, a point, and a property
    catalog.yaml:1:75: error[dialect.also]: `d.a.b` is not a property of the data
      hint: the path of `data`, a point, and a property
    2 errors
    ");
    assert_snapshot!(check_catalog("dialect: {name: {path: a}, priority: {path: p, enum: [low, urgent]}, category: {path: c, enum: [default, sales]}}\n"), @"
    catalog.yaml:1:60: error[dialect.value]: `urgent` is no priority of this app
      hint: known here: low, normal, high, critical
    catalog.yaml:1:106: error[dialect.value]: `sales` is no category of this app
      hint: known here: default
    2 errors
    ");
    assert_snapshot!(check_catalog("sources: [web]\ndialect: {name: {path: a}, source: {path: s, enum: [web, wbe], default: web}}\n"), @"
    catalog.yaml:2:58: error[dialect.value]: `wbe` is no source of this app
      hint: did you mean `web`?
    1 error
    ");
    assert_snapshot!(check_catalog("dialect: {name: {path: a, pathh: b}}\n"), @"
    catalog.yaml:1:27: error[catalog.unknown-key]: `pathh` is not a key of a dialect field
      hint: did you mean `path`?
    1 error
    ");
    assert_snapshot!(check_catalog("dialect: [name]\n"), @"
    catalog.yaml:1:10: error[catalog.type]: `dialect` must be a mapping, not a list
    1 error
    ");
}

#[test]
fn patterns_match_something() {
    assert_snapshot!(check_catalog("active: [order.placed, 'order.*', order.placd, 'basket.*']\n"), @"
    catalog.yaml:1:35: note[catalog.pattern-unmatched]: `order.placd` matches no event type
      hint: did you mean `order.placed`?
    catalog.yaml:1:48: note[catalog.pattern-unmatched]: `basket.*` matches no event type
    2 notes
    ");
    assert_snapshot!(check("events:\n  - {name: order.placed, description: x, category: sales, examples: [{}]}\n#- consumers.yaml\nconsumers:\n  all: {events: ['*'], exclude: [system.*], handler: file}\n  some: {events: [order.placed, order.gone], handler: file}\n"), @"
    consumers.yaml:2:34: note[catalog.pattern-unmatched]: `system.*` matches no event type
    consumers.yaml:3:33: note[catalog.pattern-unmatched]: `order.gone` matches no event type
      hint: known here: order.placed
    2 notes
    ");
    assert_snapshot!(check("events: []\n#- consumers.yaml\n- a\n#- aggregates.yaml\ntext\n#- dashboards.yaml\na: 1\n"), @"
    consumers.yaml:1:1: error[catalog.type]: a file of consumers must be a mapping, not a list
    aggregates.yaml:1:1: error[catalog.type]: the file must be a mapping, not a string
    2 errors
    ");
}
