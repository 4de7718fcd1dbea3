//! Schemas and examples.

use insta::assert_snapshot;

use super::{check_catalog, check_event};

#[test]
fn schemas_are_json_schema() {
    assert_snapshot!(check_event("data: {type: objekt}\n"), @"
    events/a.yaml:3:12: error[schema.invalid]: `objekt` is no type of JSON Schema
      hint: did you mean `object`?
    1 error
    ");
    assert_snapshot!(check_event("
data:
  type: object
  properties:
    a: {type: string, minLength: -1}
    b: {type: string, enum: x}
    c: [1]
    d: {required: a}
  required: [a, 5]
"), @r#"
    events/a.yaml:6:27: error[schema.invalid]: not JSON Schema 2020-12: -1 is less than the minimum of 0
    events/a.yaml:7:27: error[schema.invalid]: not JSON Schema 2020-12: "x" is not of type "array"
    events/a.yaml:8:9: error[schema.invalid]: not JSON Schema 2020-12: [1] is not of types "boolean", "object"
    events/a.yaml:9:13: error[schema.invalid]: not JSON Schema 2020-12: "a" is not of type "array"
    events/a.yaml:10:21: error[schema.invalid]: not JSON Schema 2020-12: 5 is not of type "string"
    5 errors
    "#);
    assert_snapshot!(check_event("data: text\n"), @"
    events/a.yaml:3:11: error[schema.invalid]: a schema is a mapping, not a string
    1 error
    ");
    assert_snapshot!(check_event("data: true\n"), @"
    events/a.yaml:3:11: error[schema.invalid]: a schema is a mapping, not a boolean
    1 error
    ");
    assert_snapshot!(check_event("data: [1]\n"), @"
    events/a.yaml:3:11: error[schema.invalid]: a schema is a mapping, not a list
    1 error
    ");
    assert_snapshot!(check_event("data:\n"), @"
    events/a.yaml:3:9: error[schema.invalid]: a schema is a mapping, not nothing
    1 error
    ");
    assert_snapshot!(check_event("data: {$schema: 'http://json-schema.org/draft-07/schema#', type: object}\n"), @"
    events/a.yaml:3:12: error[schema.dialect]: schemas are written in JSON Schema 2020-12
      hint: leave `$schema` out
    1 error
    ");
    assert_eq!(check_event("data: {$schema: 'https://json-schema.org/draft/2020-12/schema', type: object}\n"), "");
}

#[test]
fn data_is_an_object() {
    assert_snapshot!(check_event("data: {type: string}\nexamples: [x]\n"), @"
    events/a.yaml:3:11: error[schema.not-object]: the schema of an event's data must describe an object
      hint: add `type: object`
    1 error
    ");
    assert_snapshot!(check_event("data: {properties: {a: {type: string}}}\n"), @"
    events/a.yaml:3:11: error[schema.not-object]: the schema of an event's data must describe an object
      hint: add `type: object`
    1 error
    ");
    assert_snapshot!(check_event("data: {$ref: '#/types/zone'}\nexamples: [north]\n"), @"
    events/a.yaml:3:11: error[schema.not-object]: the schema of an event's data must describe an object
      hint: add `type: object`
    1 error
    ");
    assert_eq!(check_event("data: {$ref: '#/types/order'}\n"), "");
    assert_eq!(check_event("data: {type: [object, 'null']}\nexamples: [~, {}]\n"), "");
    assert_eq!(check_event("data: {oneOf: [{$ref: '#/types/order'}]}\n"), "");
}

#[test]
fn keywords_and_formats_are_known() {
    assert_snapshot!(check_event("data: {type: object, properties: {a: {type: string, maxLenght: 3, nullable: true, x-unit: ms}}, propertes: {}}\n"), @"
    events/a.yaml:3:57: warning[schema.unknown-keyword]: JSON Schema has no keyword `maxLenght`
      hint: did you mean `maxLength`?
    events/a.yaml:3:71: warning[schema.unknown-keyword]: JSON Schema has no keyword `nullable`
      hint: keywords of your own begin with x-
    events/a.yaml:3:101: warning[schema.unknown-keyword]: JSON Schema has no keyword `propertes`
      hint: did you mean `properties`?
    3 warnings
    ");
    assert_snapshot!(check_event("data: {type: object, properties: {a: {type: string, format: datetime}, b: {type: number, format: double}}}\n"), @"
    events/a.yaml:3:57: warning[schema.unknown-format]: `datetime` is no known format
      hint: did you mean `date-time`?
    events/a.yaml:3:94: warning[schema.unknown-format]: `double` is no known format
      hint: known: date, date-time, decimal, duration, email, hostname, int64, ipv4, ipv6, iri, iri-reference, json-pointer, object-id, regex, relative-json-pointer, time, uri, uri-reference, uri-template, uuid
    2 warnings
    ");
    assert_snapshot!(check_event("data: {$id: 'https://x/y', type: object, properties: {a: {$anchor: b}, c: {$dynamicRef: '#d'}}, $defs: {e: {}}}\n"), @r##"
    events/a.yaml:3:12: error[schema.unsupported]: `$id` is not accepted in catalogs
      hint: name the schema under `types` and refer to it with `$ref: "#/types/name"`
    events/a.yaml:3:63: error[schema.unsupported]: `$anchor` is not accepted in catalogs
      hint: name the schema under `types` and refer to it with `$ref: "#/types/name"`
    events/a.yaml:3:80: error[schema.unsupported]: `$dynamicRef` is not accepted in catalogs
      hint: name the schema under `types` and refer to it with `$ref: "#/types/name"`
    events/a.yaml:3:101: error[schema.unsupported]: `$defs` is not accepted in catalogs
      hint: name the schema under `types` and refer to it with `$ref: "#/types/name"`
    4 errors
    "##);
    assert_snapshot!(check_event("data: {type: object, properties: {a: {pattern: '['}, b: {pattern: '(?=x)y'}, c: {pattern: '^(a+)+$'}}, patternProperties: {'(': {}}}\n"), @"
    events/a.yaml:3:43: error[schema.pattern]: `[` is not a regular expression, or one with look-around or back-references
    events/a.yaml:3:62: error[schema.pattern]: `(?=x)y` is not a regular expression, or one with look-around or back-references
    events/a.yaml:3:128: error[schema.pattern]: `(` is not a regular expression, or one with look-around or back-references
    3 errors
    ");
}

#[test]
fn references_resolve() {
    assert_snapshot!(check_event("data: {type: object, properties: {a: {$ref: '#/types/zoen'}, b: {$ref: '#/$defs/x'}, c: {$ref: 'https://example.com/x.json'}, d: {$ref: '#/types/order/properties/id'}, e: {$ref: 'file:///etc/passwd'}}}\n"), @"
    events/a.yaml:3:43: error[schema.ref]: `#/types/zoen` does not exist
      hint: did you mean `zone`?
    events/a.yaml:3:70: error[schema.ref]: `#/$defs/x` is no named type
      hint: name the schema under `types` and refer to it as `#/types/name`
    events/a.yaml:3:94: error[schema.ref]: `https://example.com/x.json` is no named type
      hint: name the schema under `types` and refer to it as `#/types/name`
    events/a.yaml:3:135: error[schema.ref]: `#/types/order/properties/id` does not exist
      hint: a reference names a whole type, such as `#/types/order`
    events/a.yaml:3:177: error[schema.ref]: `file:///etc/passwd` is no named type
      hint: name the schema under `types` and refer to it as `#/types/name`
    5 errors
    ");
    assert_snapshot!(check_catalog("types: {a: {$ref: '#/types/b'}, b: {anyOf: [{$ref: '#/types/a'}, {type: string}]}, c: {$ref: '#/types/c'}, 'd e': {}, f: 5}\n"), @"
    catalog.yaml:1:9: error[schema.ref-cycle]: the type `a` is defined by itself
      hint: a type may contain itself only inside `properties` or `items`
    catalog.yaml:1:33: error[schema.ref-cycle]: the type `b` is defined by itself
      hint: a type may contain itself only inside `properties` or `items`
    catalog.yaml:1:84: error[schema.ref-cycle]: the type `c` is defined by itself
      hint: a type may contain itself only inside `properties` or `items`
    catalog.yaml:1:108: error[schema.type-name]: `d e` cannot be the name of a type
      hint: letters, digits, hyphens and underscores
    catalog.yaml:1:122: error[schema.invalid]: a schema is a mapping, not a number
    5 errors
    ");
    assert_eq!(
        check_catalog(
            "types: {tree: {type: object, properties: {left: {$ref: '#/types/tree'}, all: {type: array, items: {$ref: '#/types/tree'}}}}}\n"
        ),
        ""
    );
}

#[test]
fn required_fields_are_declared() {
    assert_snapshot!(check_event("data: {type: object, properties: {id: {type: string}}, required: [id, idd]}\nexamples: [{id: a, idd: b}]\n"), @"
    events/a.yaml:3:75: error[schema.required]: `idd` is required, but not declared in `properties`
      hint: did you mean `id`?
    events/a.yaml:4:24: warning[example.unknown-field]: the schema declares no property `idd`
      hint: did you mean `id`?
    1 error, 1 warning
    ");
    assert_snapshot!(check_event("data: {type: object, required: [a]}\nexamples: [{a: 1}]\n"), @"
    events/a.yaml:3:37: error[schema.required]: `a` is required, but not declared in `properties`
    events/a.yaml:4:17: warning[example.unknown-field]: the schema declares no property `a`
    1 error, 1 warning
    ");
    assert_snapshot!(check_event("data: {type: object, properties: {a: {type: object, properties: {b: {}}, required: [b, c]}}}\n"), @"
    events/a.yaml:3:92: error[schema.required]: `c` is required, but not declared in `properties`
      hint: did you mean `b`?
    1 error
    ");
    assert_eq!(
        check_event(
            "data: {type: object, properties: {a: {}, b: {}}, anyOf: [{required: [a]}, {required: [b]}]}\nexamples: [{a: 1}]\n"
        ),
        ""
    );
    assert_eq!(check_event("data: {$ref: '#/types/order', required: [id]}\nexamples: [{id: a}]\n"), "");
    assert_eq!(
        check_event("data: {type: object, patternProperties: {'^x': {}}, required: [xa]}\nexamples: [{xa: 1}]\n"),
        ""
    );
}

#[test]
fn examples_are_valid_and_their_errors_have_places() {
    assert_snapshot!(check_event("
data:
  type: object
  properties:
    id: {type: string}
    zone: {$ref: '#/types/zone'}
    lines: {type: array, items: {type: object, properties: {price: {type: number, minimum: 0}}, required: [price]}}
    at: {type: string, format: date-time}
  required: [id]
examples:
  - {zone: north}
  - id: 5
    zone: west
    lines:
      - price: 1
      - price: -1
      - {}
    at: yesterday
  - {id: a, zoen: north}
  - text
"), @r#"
    events/a.yaml:12:9: error[example.invalid]: "id" is a required property
    events/a.yaml:13:9: error[example.invalid]: 5 is not of type "string"
    events/a.yaml:14:9: error[example.invalid]: "west" is not one of "north" or "south"
    events/a.yaml:17:13: error[example.invalid]: -1 is less than the minimum of 0
    events/a.yaml:18:13: error[example.invalid]: "price" is a required property
    events/a.yaml:19:9: error[example.invalid]: "yesterday" is not a "date-time"
    events/a.yaml:20:17: warning[example.unknown-field]: the schema declares no property `zoen`
      hint: did you mean `zone`?
    events/a.yaml:21:9: error[example.invalid]: "text" is not of type "object"
    7 errors, 1 warning
    "#);
}

#[test]
fn formats_also_accept_text() {
    let check = |schema: &str, example: &str| {
        check_event(&format!("data: {{type: object, properties: {{a: {schema}}}}}\nexamples: [{{a: {example}}}]\n"))
    };
    for (schema, example) in [
        ("{type: number, format: decimal}", "1.5"),
        ("{type: number, format: decimal}", "'1.5'"),
        ("{type: [number, 'null'], format: decimal}", "'-1.5e3'"),
        ("{type: number, format: decimal, minimum: 0}", "'0.10'"),
        ("{type: integer, format: int64}", "5"),
        ("{type: integer, format: int64}", "'9223372036854775807'"),
        ("{type: string, format: object-id}", "507f1f77bcf86cd799439011"),
        ("{type: string, format: decimal}", "'1.5'"),
        ("{type: string, format: date-time}", "'2026-01-14T15:00:00.000Z'"),
        ("{type: string, format: uuid}", "550e8400-e29b-41d4-a716-446655440000"),
    ] {
        assert_eq!(check(schema, example), "", "{schema} {example}");
    }
    for (schema, example) in [
        ("{type: number, format: decimal}", "'one'"),
        ("{type: number, format: decimal}", "''"),
        ("{type: number, format: decimal}", "'NaN'"),
        ("{type: number, format: decimal}", "true"),
        ("{type: number, format: decimal, minimum: 0}", "-1"),
        ("{type: number, format: decimal, minimum: 0}", "'-1'"),
        ("{type: number, format: decimal, maximum: 10}", "11"),
        ("{type: number}", "'1.5'"),
        ("{type: integer, format: int64}", "1.5"),
        ("{type: integer, format: int64}", "'1.5'"),
        ("{type: integer, format: int64}", "9223372036854775808"),
        ("{type: integer, format: int64}", "'9223372036854775808'"),
        ("{type: integer, format: int64, exclusiveMinimum: 0}", "0"),
        ("{type: string, format: object-id}", "507f1f77bcf86cd79943901"),
        ("{type: string, format: decimal}", "1.5"),
        ("{type: string, format: date-time}", "'2026-01-14'"),
    ] {
        assert!(check(schema, example).contains("example.invalid"), "{schema} {example}");
    }
}

#[test]
fn a_property_may_stand_in_the_envelope() {
    // The dialect takes `group` from `data.shop_id` too, so an example need not have it.
    let data =
        "data: {type: object, properties: {shop_id: {type: integer}, id: {type: string}}, required: [shop_id, id]}\n";
    assert_eq!(check_event(&format!("{data}examples: [{{id: a}}, {{id: a, shop_id: 1}}]\n")), "");
    assert!(check_event(&format!("{data}examples: [{{shop_id: 1}}]\n")).contains("example.invalid"));
}
