//! Input made to do harm.

use proptest::prelude::*;

use super::{check, check_catalog, check_event};
use crate::from_texts;

#[test]
fn references_that_multiply_are_measured_before_they_are_followed() {
    let types: Vec<String> = (0..60)
        .map(|n| {
            format!(
                "t{n}: {{type: object, properties: {{a: {{$ref: '#/types/t{0}'}}, b: {{$ref: '#/types/t{0}'}}}}}}",
                n + 1
            )
        })
        .collect();
    let found = check_catalog(&format!("types: {{{}, t60: {{type: string}}}}\n", types.join(", ")));
    assert!(found.contains("error[schema.too-large]"), "{found}");

    let types: Vec<String> = (0..60)
        .map(|n| format!("t{n}: {{allOf: [{{$ref: '#/types/t{0}'}}, {{$ref: '#/types/t{0}'}}]}}", n + 1))
        .collect();
    let text = format!(
        "#- catalog.yaml\napp: shop\nversion: 1.0.0\ntitle: x\ntypes: {{{}, t60: {{type: object}}}}\n#- events/a.yaml\nevents: [{{name: a, description: x, data: {{$ref: '#/types/t0'}}, examples: [{{}}]}}]\n",
        types.join(", ")
    );
    assert!(check(&text).contains("error[schema.too-large]"));
}

#[test]
fn chains_of_references_are_as_short_as_a_stack_needs() {
    let chain = |count: usize, backwards: bool| {
        let mut types: Vec<String> = (0..count).map(|n| format!("t{n}: {{$ref: '#/types/t{}'}}", n + 1)).collect();
        types.push(format!("t{count}: {{type: object}}"));
        if backwards {
            types.reverse();
        }
        let text = format!(
            "#- catalog.yaml\napp: shop\nversion: 1.0.0\ntitle: x\ntypes: {{{}}}\n#- events/a.yaml\nevents: [{{name: a, description: x, data: {{$ref: '#/types/t0'}}, examples: [{{}}]}}]\n",
            types.join(", ")
        );
        check(&text)
    };
    for backwards in [false, true] {
        assert_eq!(chain(100, backwards), "");
        assert!(chain(999, backwards).contains("schema.too-large"));
        assert!(chain(20_000, backwards).contains("catalog.limit"));
    }
    let nested = "{type: object, properties: {a: ".repeat(25);
    let types: Vec<String> =
        (0..20).map(|n| format!("t{n}: {nested}{{$ref: '#/types/t{}'}}{}", n + 1, "}}".repeat(25))).collect();
    assert!(check_catalog(&format!("types: {{{}, t20: {{}}}}\n", types.join(", "))).contains("schema.too-large"));
}

#[test]
fn what_would_run_for_ever_does_not() {
    let found = check_event(
        "data: {type: object, properties: {a: {type: string, pattern: '^(a+)+$'}}}\nexamples: [{a: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab}]\n",
    );
    assert!(found.contains("example.invalid"), "{found}");
    let found = check_catalog("types: {a: {not: {$ref: '#/types/a'}}}\n");
    assert!(found.contains("schema.ref-cycle"), "{found}");
    let found =
        check_event("data: {type: object, properties: {a: {type: string, pattern: '((a{0,999}){0,999}){0,999}'}}}\n");
    assert!(found.contains("schema.pattern"), "{found}");
    assert!(check_catalog("naming: {pattern: '((a{0,999}){0,999}){0,999}'}\n").contains("catalog.pattern"));
}

#[test]
fn findings_are_bounded() {
    let keys: String = (0..5_000).map(|n| format!("key{n}: 1\n")).collect();
    let found = check_catalog(&keys);
    assert!(found.contains("further findings in this file are not listed"));
    assert!(found.lines().count() < 2_100);
}

#[test]
fn deep_and_wide_schemas_do_no_harm() {
    let deep = format!("data: {}{{type: string}}{}\n", "{type: object, properties: {a: ".repeat(29), "}}".repeat(29));
    assert_eq!(check_event(&deep), "");
    let wide: Vec<String> = (0..5_000).map(|n| format!("p{n}: {{type: string}}")).collect();
    assert_eq!(check_event(&format!("data: {{type: object, properties: {{{}}}}}\n", wide.join(", "))), "");
}

const WORDS: [&str; 60] = [
    "app",
    "shop",
    "version",
    "1.0.0",
    "title",
    "dialect",
    "name",
    "path",
    "data",
    "also",
    "as",
    "categories",
    "retain",
    "30d",
    "sampling",
    "rate",
    "0.5",
    "types",
    "$ref",
    "#/types/a",
    "a",
    "properties",
    "required",
    "type",
    "object",
    "events",
    "examples",
    "pii",
    "tags",
    "migrations",
    "from",
    "steps",
    "rename",
    "set",
    "consent",
    "default",
    "without",
    "drop",
    "naming",
    "pattern",
    "^a",
    "active",
    "unknown-types",
    "keep",
    "consumers",
    "exclude",
    "handler",
    "file",
    "alert",
    "*",
    "where",
    "batch",
    "size",
    "order",
    "100/s",
    "latency",
    "options",
    "token",
    "dimensions",
    "a.a",
];

fn any_tree() -> impl Strategy<Value = serde_json::Value> {
    let word = || proptest::sample::select(&WORDS[..]).prop_map(str::to_owned);
    let leaf = prop_oneof![
        4 => word().prop_map(serde_json::Value::from),
        1 => any::<bool>().prop_map(serde_json::Value::from),
        1 => any::<i32>().prop_map(serde_json::Value::from),
        1 => Just(serde_json::Value::Null),
    ];
    leaf.prop_recursive(5, 60, 6, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(serde_json::Value::from),
            proptest::collection::btree_map(word(), inner, 0..7)
                .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn no_text_panics(catalog in "\\PC{0,200}", events in "\\PC{0,200}") {
        let _ = from_texts(&[("catalog.yaml", &catalog), ("events/a.yaml", &events), ("plugins/p.yaml", &events), ("consumers.yaml", &catalog)]);
    }

    #[test]
    fn no_tree_of_the_right_words_panics(catalog in any_tree(), events in any_tree(), event in any_tree()) {
        let header = "app: shop\nversion: 1.0.0\ntitle: x\ntypes: {a: {type: object, properties: {a: {$ref: '#/types/a'}}}}\n";
        let events_file = serde_json::json!({"events": [event, events]}).to_string();
        let _ = from_texts(&[("catalog.yaml", &catalog.to_string()), ("events/a.yaml", &events_file)]);
        let _ = from_texts(&[("catalog.yaml", header), ("events/a.yaml", &events_file)]);
    }

    #[test]
    fn no_consumer_of_the_right_words_panics(consumer in any_tree(), condition in any_tree(), options in any_tree()) {
        let header = "app: shop\nversion: 1.0.0\ntitle: x\ntypes: {a: {type: object, properties: {a: {$ref: '#/types/a'}}}}\n";
        let events = "events: [{name: a, data: {$ref: '#/types/a'}, pii: {a.a.a: personal}, examples: [{}]}]";
        let file = serde_json::json!({"consumers": {
            "a": consumer,
            "b": {"events": ["*"], "handler": "file", "where": {"a": condition}, "options": options},
        }});
        let files = |file: &serde_json::Value| from_texts(&[
            ("catalog.yaml", header), ("events/a.yaml", events), ("consumers.yaml", &file.to_string()),
        ]);
        let _ = files(&consumer);
        // What lint lets through, the runtime can compile.
        for app in files(&file).catalogs.apps() {
            for condition in app.consumers.iter().filter_map(|spec| spec.condition.as_ref()) {
                prop_assert!(crate::validation_options::<jsonschema::json::SerdeJson>().build(condition).is_ok());
            }
            let _ = app.summary_json();
        }
    }

    #[test]
    fn no_schema_of_the_right_words_panics(schema in any_tree(), example in any_tree()) {
        let header = "app: shop\nversion: 1.0.0\ntitle: x\ntypes: {a: {type: object, properties: {a: {$ref: '#/types/a'}}}}\n";
        let event = serde_json::json!({"events": [{"name": "a", "data": schema, "examples": [example]}]}).to_string();
        let loaded = from_texts(&[("catalog.yaml", header), ("events/a.yaml", &event)]);
        // What lint lets through, admission can compile.
        for app in loaded.catalogs.apps() {
            for event_type in &app.events {
                let schema = app.validation_schema(event_type);
                prop_assert!(crate::validation_options::<jsonschema::json::SerdeJson>().build(&schema).is_ok());
                let _ = app.event_json(event_type);
            }
            let _ = app.summary_json();
        }
    }
}
