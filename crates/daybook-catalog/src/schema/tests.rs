use insta::assert_snapshot;
use jsonschema::json::SerdeJson;
use proptest::prelude::*;

use super::*;
use crate::{Field, from_texts};

fn shop(dialect: &str, types: &str, data: &str) -> Arc<AppCatalog> {
    let header = format!("app: shop\nversion: 1.0.0\ntitle: x\ndialect: {dialect}\ntypes: {types}\n");
    let events = format!("events:\n  - {{name: order.placed, description: x, data: {data}, examples: []}}\n");
    let loaded = from_texts(&[("catalog.yaml", &header), ("events/a.yaml", &events)]);
    let errors = loaded.worst() >= Some(daybook_event::Severity::Error);
    assert!(!errors, "{}", crate::render::text(&loaded.diagnostics));
    Arc::clone(loaded.catalogs.app("shop").unwrap())
}

const DIALECT: &str = "{name: {path: n}, group: {path: g, also: d.shop_id}, data: {path: d}}";

fn check(types: &str, data: &str) -> String {
    let app = shop(DIALECT, types, data);
    app.validation_schema(app.event("order.placed").unwrap()).to_string()
}

#[test]
fn schemas_stand_on_their_own() {
    assert_snapshot!(check("{}", "{type: object}"), @r#"{"type":"object"}"#);
    assert_snapshot!(check(
        "{a: {type: array, items: {$ref: '#/types/b'}}, b: {type: number, format: decimal}, c: {type: 'null'}, t: {type: object, properties: {t: {$ref: '#/types/t'}}}}",
        "{$schema: 'https://json-schema.org/draft/2020-12/schema', type: object, properties: {a: {$ref: '#/types/a'}, t: {$ref: '#/types/t'}}}"
    ), @r##"{"type":"object","properties":{"a":{"$ref":"#/$defs/a"},"t":{"$ref":"#/$defs/t"}},"$defs":{"a":{"type":"array","items":{"$ref":"#/$defs/b"}},"b":{"type":["number","string"],"format":"decimal"},"t":{"type":"object","properties":{"t":{"$ref":"#/$defs/t"}}}}}"##);
    assert_snapshot!(check("{o: {type: object, properties: {id: {type: string}}}}", "{$ref: '#/types/o', required: [id]}"), @r##"{"$ref":"#/$defs/o","required":["id"],"$defs":{"o":{"type":"object","properties":{"id":{"type":"string"}}}}}"##);
}

#[test]
fn numbers_may_be_text() {
    let check = |schema: &str| {
        let schema = check("{}", &format!("{{type: object, properties: {{a: {schema}}}}}"));
        serde_json::from_str::<Value>(&schema).unwrap()["properties"]["a"].to_string()
    };
    assert_snapshot!(check("{type: number, format: decimal}"), @r#"{"type":["number","string"],"format":"decimal"}"#);
    assert_snapshot!(check("{type: [integer, 'null'], format: decimal, minimum: -1}"), @r#"{"type":["integer","null","string"],"format":"decimal","minimum":-1}"#);
    assert_snapshot!(check("{type: number, format: decimal, exclusiveMinimum: 0, allOf: [{maximum: 5}]}"), @r#"{"type":["number","string"],"format":"decimal","exclusiveMinimum":0,"allOf":[{"maximum":5},{"pattern":"^[^-]"}]}"#);
    assert_snapshot!(check("{type: integer, format: int64}"), @r#"{"type":["integer","string"],"format":"int64","minimum":-9223372036854775808,"maximum":9223372036854775807}"#);
    assert_snapshot!(check("{type: integer, format: int64, minimum: 0, exclusiveMaximum: 10}"), @r#"{"type":["integer","string"],"format":"int64","minimum":0,"exclusiveMaximum":10,"allOf":[{"pattern":"^[^-]"}]}"#);
    // Left as they are.
    assert_snapshot!(check("{type: string, format: decimal}"), @r#"{"type":"string","format":"decimal"}"#);
    assert_snapshot!(check("{type: [number, string], format: decimal}"), @r#"{"type":["number","string"],"format":"decimal"}"#);
    assert_snapshot!(check("{type: string, format: object-id}"), @r#"{"type":"string","format":"object-id"}"#);
    assert_snapshot!(check("{format: int64}"), @r#"{"format":"int64"}"#);
    assert_snapshot!(check("{type: object, properties: {format: {type: string}}, default: {type: number, format: decimal}}"), @r#"{"type":"object","properties":{"format":{"type":"string"}},"default":{"type":"number","format":"decimal"}}"#);
    assert_snapshot!(check("{enum: [{type: integer, format: int64}]}"), @r#"{"enum":[{"type":"integer","format":"int64"}]}"#);
}

#[test]
fn what_the_envelope_may_hold_is_not_required() {
    let data = "{type: object, properties: {shop_id: {type: integer}, id: {type: string}}, required: [id, shop_id]}";
    let app = shop(DIALECT, "{}", data);
    let event_type = app.event("order.placed").unwrap();
    assert_eq!(app.envelope_required(event_type), [("shop_id".to_owned(), Field::Group)]);
    assert_eq!(app.validation_schema(event_type)["required"], json!(["id"]));
    let app = shop("{name: {path: n}, data: {path: d}}", "{}", data);
    assert_eq!(app.envelope_required(app.event("order.placed").unwrap()), []);
    let app = shop(DIALECT, "{}", &data.replace(", shop_id]", "]"));
    assert_eq!(app.envelope_required(app.event("order.placed").unwrap()), []);
}

#[test]
fn deprecated_fields_are_found_wherever_they_are() {
    let types = "{old: {type: string, deprecated: true}, tree: {type: object, properties: {gone: {$ref: '#/types/old'}, \
                 inner: {$ref: '#/types/tree'}, list: {type: array, items: {$ref: '#/types/tree'}}}}}";
    let data = "{type: object, properties: {a: {type: string, deprecated: true}, b: {type: string}, \
                l: {type: array, items: {type: object, properties: {c: {deprecated: true}}}}, t: {$ref: '#/types/tree'}}}";
    let app = shop(DIALECT, types, data);
    let found = app.deprecated_fields(app.event("order.placed").unwrap());
    let found: Vec<String> = found.iter().map(|path| path.join(".")).collect();
    assert_eq!(found, ["a", "l.c", "t.gone"]);
}

proptest! {
    /// A number and the same number as text are judged alike, as far as the sign goes.
    #[test]
    fn text_is_judged_like_its_number(number in -100i64..100, minimum in 0i64..3) {
        let app = shop(DIALECT, "{}", &format!("{{type: object, properties: {{a: {{type: integer, format: int64, minimum: {minimum}}}}}}}"));
        let schema = app.validation_schema(app.event("order.placed").unwrap());
        let validator = validation_options::<SerdeJson>().build(&schema).unwrap();
        prop_assert_eq!(validator.is_valid(&json!({"a": number})), number >= minimum);
        prop_assert_eq!(validator.is_valid(&json!({"a": number.to_string()})), number >= 0);
    }

    #[test]
    fn decimals_are_decimals(number in -1e12f64..1e12, text in "[-+0-9.eE_ ]{0,12}") {
        let written = format!("{number:.6}");
        prop_assert!(formats::is_decimal(&written), "{}", written);
        if formats::is_decimal(&text) {
            prop_assert!(text.parse::<f64>().is_ok(), "{}", text);
        }
    }
}
