mod algebra;
mod catalogs;

use std::sync::Arc;

use insta::assert_snapshot;

use super::*;
use crate::from_texts;

/// A catalog of one event type whose data is `data`; `types` are the app's named types.
fn shop(version: &str, types: &str, data: &str) -> Arc<AppCatalog> {
    let header = format!("app: shop\nversion: 1.0.0\ntitle: x\ntypes: {types}\n");
    let events = format!("events:\n  - {{name: order.placed, version: {version}, description: x, data: {data}}}\n");
    load(&[("catalog.yaml", &header), ("events/a.yaml", &events)])
}

fn load(files: &[(&str, &str)]) -> Arc<AppCatalog> {
    let loaded = from_texts(files);
    let errors = loaded.worst() >= Some(daybook_event::Severity::Error);
    assert!(!errors, "{}", crate::render::text(&loaded.diagnostics));
    Arc::clone(loaded.catalogs.app("shop").unwrap())
}

/// A line for each change, with `!` where old data may be refused.
fn lines(changes: &[Change]) -> String {
    let line = |change: &Change| {
        let Change { path, code, class, refuses, message } = change;
        format!("{class}{} {path} {code}: {message}", if *refuses { "!" } else { "" })
    };
    changes.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn changes(old: &AppCatalog, new: &AppCatalog) -> Vec<Change> {
    let event = |app: &AppCatalog| app.event("order.placed").cloned().unwrap();
    compare((old, &event(old)), (new, &event(new))).changes
}

/// What changes where one property `a` goes from one schema to another; paths below it.
fn check(old: &str, new: &str) -> String {
    let of = |schema: &str| shop("1.0.0", "{}", &format!("{{type: object, properties: {{a: {schema}}}}}"));
    lines(&changes(&of(old), &of(new))).replace("/data/properties/a", "")
}

/// The same for the whole data.
fn check_data(old: &str, new: &str) -> String {
    lines(&changes(&shop("1.0.0", "{}", old), &shop("1.0.0", "{}", new))).replace("/data", "")
}

#[test]
fn nothing_changes_where_nothing_changed() {
    assert_snapshot!(check("{type: integer, minimum: 0}", "{type: integer, minimum: 0}"), @"");
    assert_snapshot!(check("{type: [string, 'null']}", "{type: ['null', string]}"), @"patch /data schema.rewritten: is written differently, and admits the same");
    assert_snapshot!(check("{type: integer, exclusiveMinimum: 0}", "{type: integer, minimum: 1}"), @"patch /data schema.rewritten: is written differently, and admits the same");
    assert_snapshot!(check("{type: integer, minimum: 1, maximum: 3}", "{enum: [1, 2, 3]}"), @"patch /data schema.rewritten: is written differently, and admits the same");
    assert_snapshot!(check("{type: boolean}", "{enum: [true, false]}"), @"patch /data schema.rewritten: is written differently, and admits the same");
    // A bound says nothing of text.
    assert_snapshot!(check("{type: string}", "{type: string, minimum: 3}"), @"patch /data schema.rewritten: is written differently, and admits the same");
}

#[test]
fn types() {
    assert_snapshot!(check("{type: integer}", "{type: number}"), @"minor /type schema.type-widened: accepted too: numbers with a fraction");
    assert_snapshot!(check("{type: number}", "{type: integer}"), @"major! /type schema.type-narrowed: not accepted any more: numbers with a fraction");
    assert_snapshot!(check("{type: string}", "{type: [string, 'null']}"), @"minor /type schema.type-widened: accepted too: null");
    assert_snapshot!(check("{type: string}", "{type: integer}"), @"
    major! /type schema.type-narrowed: not accepted any more: text
    minor /type schema.type-widened: accepted too: whole numbers
    ");
    assert_snapshot!(check("{}", "{type: string}"), @"major! /type schema.type-narrowed: not accepted any more: null, true and false, whole numbers, numbers with a fraction, lists, objects");
    assert_snapshot!(check("{type: string}", "{}"), @"minor /type schema.type-widened: accepted too: null, true and false, whole numbers, numbers with a fraction, lists, objects");
    // Numbers that may be written as text.
    assert_snapshot!(check("{type: number}", "{type: number, format: decimal}"), @"minor /type schema.type-widened: accepted too: text");
    assert_snapshot!(check("{type: number, format: decimal}", "{type: number}"), @"major! /type schema.type-narrowed: not accepted any more: text");
    assert_snapshot!(check("{type: integer, minimum: 0, maximum: 9}", "{type: integer, format: int64, minimum: 0, maximum: 99}"), @"
    minor /maximum schema.bound-loosened: is at most 99, and was at most 9
    minor /type schema.type-widened: accepted too: text
    ");
    assert_snapshot!(check("{type: integer}", "{type: integer, format: int64}"), @"
    major! /maximum schema.bound-tightened: is at most 9223372036854775807, and was unlimited
    major! /minimum schema.bound-tightened: is at least -9223372036854775808, and was unlimited
    minor /type schema.type-widened: accepted too: text
    ");
}

#[test]
fn values() {
    assert_snapshot!(check("{enum: [a, b]}", "{enum: [b, c]}"), @"
    minor /enum schema.values-added: `c`: accepted too
    major! /enum schema.values-removed: `a`: not accepted any more
    ");
    assert_snapshot!(check("{enum: [a, b]}", "{enum: [b, a, c]}"), @"minor /enum schema.values-added: `c`: accepted too");
    assert_snapshot!(check("{enum: [a, b]}", "{type: string}"), @"minor /enum schema.values-freed: is not one of a few values any more");
    assert_snapshot!(check("{type: string}", "{enum: [a, b]}"), @"major! /enum schema.values-restricted: is now one of `a` and `b`, and was any value");
    assert_snapshot!(check("{const: a}", "{enum: [a, b]}"), @"minor /enum schema.values-added: `b`: accepted too");
    // What is listed and not admitted does not count.
    assert_snapshot!(check("{type: string, enum: [a, 1]}", "{enum: [a]}"), @"patch /data schema.rewritten: is written differently, and admits the same");
    assert_snapshot!(check("{enum: [abc, a]}", "{type: string, minLength: 2}"), @"
    minor /enum schema.values-freed: is not one of a few values any more
    major! /enum schema.values-removed: `a`: not accepted any more
    ");
    assert_snapshot!(check("{type: boolean}", "{const: true}"), @"major! /enum schema.values-removed: `false`: not accepted any more");
}

#[test]
fn numbers() {
    assert_snapshot!(check("{type: integer}", "{type: integer, minimum: 0}"), @"major! /minimum schema.bound-tightened: is at least 0, and was unlimited");
    assert_snapshot!(check("{type: number, minimum: 0}", "{type: number, exclusiveMinimum: 0}"), @"major! /minimum schema.bound-tightened: is more than 0, and was at least 0");
    assert_snapshot!(check("{type: number, maximum: 10}", "{type: number, maximum: 10.5, minimum: -1}"), @"
    minor /maximum schema.bound-loosened: is at most 10.5, and was at most 10
    major! /minimum schema.bound-tightened: is at least -1, and was unlimited
    ");
    assert_snapshot!(check("{type: integer, multipleOf: 4}", "{type: integer, multipleOf: 2}"), @"minor /multipleOf schema.multiple-loosened: fewer numbers are refused");
    assert_snapshot!(check("{type: integer, multipleOf: 2}", "{type: integer, multipleOf: 3}"), @"major! /multipleOf schema.multiple-tightened: more numbers are refused");
}

#[test]
fn text() {
    assert_snapshot!(check("{type: string}", "{type: string, minLength: 1, maxLength: 9}"), @"
    major! /maxLength schema.length-tightened: `maxLength` is 9, and was unlimited
    major! /minLength schema.length-tightened: `minLength` is 1, and was unlimited
    ");
    assert_snapshot!(check("{type: string, maxLength: 9}", "{type: string, maxLength: 10}"), @"minor /maxLength schema.length-loosened: `maxLength` is 10, and was 9");
    assert_snapshot!(check("{type: string}", "{type: string, pattern: '^a'}"), @"major! /pattern schema.text-restricted: text must be of the pattern `^a`");
    assert_snapshot!(check("{type: string, pattern: '^a'}", "{type: string}"), @"minor /pattern schema.text-freed: text need not be of the pattern `^a` any more");
    assert_snapshot!(check("{type: string, format: uuid}", "{type: string, format: date}"), @"major! /format schema.text-restricted: text must be of the format `date`");
}

#[test]
fn lists() {
    assert_snapshot!(check("{type: array}", "{type: array, items: {type: string}}"), @"major! /items/type schema.type-narrowed: not accepted any more: null, true and false, whole numbers, numbers with a fraction, lists, objects");
    assert_snapshot!(check("{type: array, items: {type: number}}", "{type: array, items: {type: integer}}"), @"major! /items/type schema.type-narrowed: not accepted any more: numbers with a fraction");
    assert_snapshot!(check("{type: array, maxItems: 3}", "{type: array, maxItems: 2, minItems: 1, uniqueItems: true}"), @"
    major! /maxItems schema.length-tightened: `maxItems` is 2, and was 3
    major! /minItems schema.length-tightened: `minItems` is 1, and was unlimited
    major! /uniqueItems schema.unique-required: no item may be there twice
    ");
    assert_snapshot!(check("{type: array, uniqueItems: true}", "{type: array}"), @"minor /uniqueItems schema.unique-dropped: items may be there twice");
}

#[test]
fn objects() {
    assert_snapshot!(check_data("{type: object, properties: {a: {}}}", "{type: object, properties: {a: {}, b: {}}}"), @"minor /properties/b schema.property-added: is new");
    assert_snapshot!(check_data("{type: object, properties: {a: {}, b: {}}}", "{type: object, properties: {a: {}}}"), @"major /properties/b schema.property-removed: is gone: whoever reads it misses it");
    assert_snapshot!(check_data("{type: object, properties: {a: {}}}", "{type: object, properties: {a: {}, b: {}}, required: [a, b]}"), @"
    minor /properties/b schema.property-added: is new
    major! /required schema.required-added: `a` must be there
    major! /required schema.required-added: `b` must be there
    ");
    assert_snapshot!(check_data("{type: object, properties: {a: {}}, required: [a]}", "{type: object, properties: {a: {}}}"), @"minor /required schema.required-removed: `a` may be missing");
    assert_snapshot!(check_data("{type: object, properties: {a: {}}}", "{type: object, additionalProperties: false}"), @"
    major! /additionalProperties schema.closed: fields that are not declared are refused
    major! /properties/a schema.property-removed: is gone, and no other field may be there
    ");
    assert_snapshot!(check_data("{type: object, additionalProperties: false}", "{type: object}"), @"minor /additionalProperties schema.opened: may have further fields");
    assert_snapshot!(check_data("{type: object, additionalProperties: {type: string}}", "{type: object, properties: {b: {type: integer}}, additionalProperties: {type: string}}"), @"
    minor /properties/b schema.property-added: is new
    major! /properties/b/type schema.type-narrowed: not accepted any more: text
    minor /properties/b/type schema.type-widened: accepted too: whole numbers
    ");
    assert_snapshot!(check_data("{type: object, properties: {b: {type: integer}}}", "{type: object, additionalProperties: {type: string}}"), @"
    major! /additionalProperties/type schema.type-narrowed: not accepted any more: null, true and false, whole numbers, numbers with a fraction, lists, objects
    major /properties/b schema.property-removed: is gone: whoever reads it misses it
    major! /properties/b/type schema.type-narrowed: not accepted any more: whole numbers
    minor /properties/b/type schema.type-widened: accepted too: text
    ");
}

#[test]
fn words() {
    assert_snapshot!(check("{type: string, description: x}", "{type: string, description: y, title: z}"), @"
    patch /description schema.described: `description` says something else
    patch /title schema.described: `title` says something else
    ");
    assert_snapshot!(check("{type: string}", "{type: string, deprecated: true}"), @"minor /deprecated schema.deprecated: should not be sent any more");
}

#[test]
fn what_is_put_together() {
    assert_snapshot!(check("{anyOf: [{type: string}, {type: integer}]}", "{anyOf: [{type: integer}, {type: string, maxLength: 3}]}"), @"major! /anyOf/1/maxLength schema.length-tightened: `maxLength` is 3, and was unlimited");
    assert_snapshot!(check("{anyOf: [{type: string}]}", "{anyOf: [{type: string}, {type: integer}]}"), @"minor /anyOf schema.alternative-added: there is one more alternative");
    assert_snapshot!(check("{anyOf: [{type: string}, {type: integer}]}", "{anyOf: [{type: string}]}"), @"major! /anyOf schema.alternative-removed: one of the alternatives is gone");
    assert_snapshot!(check("{oneOf: [{type: string}]}", "{oneOf: [{type: integer}]}"), @"major! /oneOf schema.condition-changed: `oneOf` is not what it was, which is taken to be breaking");
    assert_snapshot!(check("{type: string, not: {const: a}}", "{type: string}"), @"minor /not schema.condition-dropped: `not` is gone");
    assert_snapshot!(check("{type: integer, allOf: [{minimum: 3}]}", "{type: integer, minimum: 3}"), @"patch /data schema.rewritten: is written differently, and admits the same");
}

#[test]
fn named_types_are_followed() {
    let types = "{place: {type: object, properties: {shelf: {type: integer, MORE}, inside: {$ref: '#/types/place'}}}}";
    let data = "{type: object, properties: {place: {$ref: '#/types/place'}}}";
    let of = |more: &str| shop("1.0.0", &types.replace(", MORE", more), data);
    assert_snapshot!(lines(&changes(&of(""), &of(", minimum: 1"))), @"major! /data/properties/place/properties/shelf/minimum schema.bound-tightened: is at least 1, and was unlimited");
    let inline = "{type: object, properties: {place: {type: object, properties: {shelf: {type: integer}}}}}";
    assert_snapshot!(lines(&changes(&shop("1.0.0", "{}", inline), &of(""))), @"minor /data/properties/place/properties/inside schema.property-added: is new");
}

#[test]
fn a_field_that_the_envelope_may_hold_need_not_be_there() {
    let of = |required: &str, also: &str| {
        let header = format!(
            "app: shop\nversion: 1.0.0\ntitle: x\ndialect: {{name: {{path: n}}, group: {{path: g{also}}}, data: {{path: d}}}}\n"
        );
        let events = format!(
            "events:\n  - {{name: order.placed, data: {{type: object, properties: {{shop: {{}}}}, required: [{required}]}}}}\n"
        );
        load(&[("catalog.yaml", &header), ("events/a.yaml", &events)])
    };
    assert_snapshot!(lines(&changes(&of("", ", also: d.shop"), &of("shop", ", also: d.shop"))), @"");
    assert_snapshot!(lines(&changes(&of("", ""), &of("shop", ""))), @"major! /data/required schema.required-added: `shop` must be there");
}
