//! The claim that the classes stand for: documents of the old schema are valid under the new one exactly when no change
//! between the two is said to refuse any.

use jsonschema::json::SerdeJson;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::*;
use crate::schema::validation_options;

/// Every single value that the schemas below can tell from another: one for each place between two bounds, each length
/// with and without the pattern, each listed word, and each kind of value.
fn singles() -> Vec<Value> {
    let mut values: Vec<Value> = (-4..=15).map(|number| json!(number)).collect();
    values.extend((-4..=15).map(|number| json!(f64::from(number) + 0.5)));
    values.extend(["", "a", "ab", "abc", "abcd", "abcde", "aaaaaa", "aaaaaaa"].map(Value::from));
    values.extend(["b", "bb", "bcd", "bcde", "bcdef", "bbbbbb", "bbbbbbb", "1", "1.5"].map(Value::from));
    values.extend([json!(null), json!(true), json!(false)]);
    values
}

/// Candidates for a property of this schema. Fields of objects are those that it declares, and one that nobody does.
fn universe(schema: &Value) -> Vec<Value> {
    let anything = json!({});
    let valid = |schema: &Value| {
        let validator = validation_options::<SerdeJson>().build(&accepting(schema)).unwrap();
        singles().into_iter().filter(|value| validator.is_valid(value)).collect::<Vec<_>>()
    };
    let mut values = singles();
    let items = valid(schema.get("items").unwrap_or(&anything));
    values.extend((0..=6).map(|length| items.iter().take(length).cloned().collect::<Value>()));
    for item in &items {
        values.push(json!([item, item]));
        for before in 0..2 {
            values.push(items.iter().take(before).chain([item]).cloned().collect());
        }
    }
    values.extend([json!({}), json!({"other": 1})]);
    for inner in schema.pointer("/properties/in").map(valid).unwrap_or_default() {
        values.extend([json!({"in": inner}), json!({"in": inner, "other": 1})]);
    }
    values
}

/// A range of lengths or numbers that has something in it.
fn range(most: i64) -> impl Strategy<Value = (Option<i64>, Option<i64>)> {
    (prop::option::of(0..=most), prop::option::of(0..=most))
        .prop_map(|(least, length)| (least, length.map(|length| least.unwrap_or(0) + length)))
}

fn number() -> BoxedStrategy<Value> {
    (prop::bool::ANY, range(4), any::<bool>(), prop::option::weighted(0.3, 2..=4))
        .prop_map(|(whole, (least, most), exclusive, divisor)| {
            let mut schema = json!({"type": if whole { "integer" } else { "number" }});
            if let Some(least) = least {
                schema[if exclusive { "exclusiveMinimum" } else { "minimum" }] = json!(least - 1);
            }
            // Room for a list of numbers that are all different.
            if let Some(most) = most {
                schema["maximum"] = json!(most + 5);
            }
            // Alone: a range may have no multiple in it, and then nothing that is asked of it matters.
            if let (Some(divisor), None, None) = (divisor, least, most) {
                schema["multipleOf"] = json!(divisor);
            }
            schema
        })
        .boxed()
}

fn text() -> BoxedStrategy<Value> {
    (range(3), prop::bool::weighted(0.2))
        .prop_map(|((least, most), pattern)| {
            let mut schema = json!({"type": "string"});
            if let Some(least) = least {
                schema["minLength"] = json!(least);
            }
            // Long enough for a text that begins with an "a", and for one that does not.
            if let Some(most) = most {
                schema["maxLength"] = json!(most.max(1));
            }
            // Of every length: a pattern that allows some only would do what the bounds are said to do.
            if pattern {
                schema["pattern"] = json!("^(a|$)");
            }
            schema
        })
        .boxed()
}

fn simple() -> BoxedStrategy<Value> {
    let words = prop::sample::subsequence(vec![json!("a"), json!("b"), json!("abc"), json!(1), json!(null)], 1..=4);
    prop_oneof![
        4 => number(),
        4 => text(),
        2 => words.prop_map(|words| json!({"enum": words})),
        1 => Just(json!({"type": "boolean"})),
        1 => Just(json!({"const": true})),
        1 => Just(json!({"type": ["string", "null"]})),
        1 => Just(json!({"type": ["integer", "null"], "minimum": 1})),
        1 => Just(json!({"type": "integer", "minimum": 1, "maximum": 3})),
        1 => Just(json!({"type": "number", "format": "decimal"})),
        1 => Just(json!({})),
    ]
    .boxed()
}

fn property() -> BoxedStrategy<Value> {
    let list = (range(2), any::<bool>(), prop::option::of(number())).prop_map(|((least, most), unique, items)| {
        let mut schema = json!({"type": "array"});
        if let Some(least) = least {
            schema["minItems"] = json!(least);
        }
        if let Some(most) = most {
            schema["maxItems"] = json!(most.max(2));
        }
        if unique {
            schema["uniqueItems"] = json!(true);
        }
        if let Some(items) = items {
            schema["items"] = items;
        }
        schema
    });
    let object = (prop::option::of(simple()), any::<bool>(), any::<bool>()).prop_map(|(inner, required, closed)| {
        let mut schema = json!({"type": "object"});
        if let Some(inner) = inner {
            schema["properties"] = json!({"in": inner});
            if required {
                schema["required"] = json!(["in"]);
            }
        }
        if closed {
            schema["additionalProperties"] = json!(false);
        }
        schema
    });
    prop_oneof![6 => simple(), 2 => list, 2 => object].boxed()
}

/// An object with up to three properties out of `a`, `b` and `c`.
fn data() -> BoxedStrategy<Value> {
    let field = || prop::option::weighted(0.8, (property(), any::<bool>()));
    (field(), field(), field(), prop::option::weighted(0.3, any::<bool>()))
        .prop_map(|(a, b, c, others)| {
            let mut properties = Map::new();
            let mut required = Vec::new();
            for (name, field) in [("a", a), ("b", b), ("c", c)] {
                let Some((schema, must)) = field else { continue };
                properties.insert(name.to_owned(), schema);
                required.extend(must.then_some(name));
            }
            let mut schema = json!({"type": "object", "properties": properties, "required": required});
            if let Some(open) = others {
                schema["additionalProperties"] = json!(open);
            }
            schema
        })
        .boxed()
}

/// Two schemas, often with parts in common.
fn pair() -> BoxedStrategy<(Value, Value)> {
    (data(), data(), prop::collection::vec(any::<bool>(), 3))
        .prop_map(|(old, mut new, kept)| {
            for (name, kept) in ["a", "b", "c"].iter().zip(kept) {
                if kept
                    && let (Some(schema), true) = (old["properties"].get(name), new["properties"].get(name).is_some())
                {
                    new["properties"][name] = schema.clone();
                }
            }
            (old, new)
        })
        .boxed()
}

/// Documents that are valid under `schema`: one that is, with each property taken away or given each value, and with a
/// field that no schema declares.
fn documents(schema: &Value) -> Vec<Value> {
    let validator = validation_options::<SerdeJson>().build(&accepting(schema)).unwrap();
    let properties = schema["properties"].as_object().unwrap();
    let mut whole = Map::new();
    for (name, property) in properties {
        let validator = validation_options::<SerdeJson>().build(&accepting(property)).unwrap();
        whole.extend(
            universe(property).into_iter().find(|value| validator.is_valid(value)).map(|value| (name.clone(), value)),
        );
    }
    let mut found = vec![Value::Object(whole.clone())];
    for name in properties.keys() {
        let mut document = whole.clone();
        document.remove(name);
        found.push(Value::Object(document));
    }
    // Where the schema says that there may be others, those that the new one declares are among them.
    let open = schema.get("additionalProperties") == Some(&json!(true));
    let anything = json!({});
    for name in ["a", "b", "c"] {
        let Some(property) = properties.get(name).or(open.then_some(&anything)) else { continue };
        for value in universe(property) {
            let mut document = whole.clone();
            document.insert(name.to_owned(), value);
            found.push(Value::Object(document));
        }
    }
    let mut document = whole;
    document.insert("undeclared".to_owned(), json!(1));
    found.push(Value::Object(document));
    found.retain(|document| validator.is_valid(document));
    found
}

fn accepting(schema: &Value) -> Value {
    let mut schema = schema.clone();
    crate::schema::accept_text(&mut schema);
    schema
}

/// What is said to change, and a document of the old schema that the new one refuses.
fn refused(old: &Value, new: &Value) -> (Vec<Change>, Option<Value>) {
    let mut changes = Changes::default();
    schema::compare(old, new, "", false, &mut changes);
    let validator = validation_options::<SerdeJson>().build(&accepting(new)).unwrap();
    let witness = documents(old).into_iter().find(|document| !validator.is_valid(document));
    (changes.0, witness)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_500, ..ProptestConfig::default() })]

    #[test]
    fn old_documents_are_valid_exactly_when_the_diff_says_so((old, new) in pair()) {
        let (changes, witness) = refused(&old, &new);
        let refusing: Vec<&Change> = changes.iter().filter(|change| change.refuses).collect();
        prop_assert_eq!(
            refusing.is_empty(), witness.is_none(),
            "\nold {}\nnew {}\nchanges {:#?}\nrefused {:?}", old, new, refusing, witness
        );
    }

    /// Nothing is new between a schema and itself; and what one way is an addition is refused the other way.
    #[test]
    fn there_and_back((old, new) in pair()) {
        let (changes, _) = refused(&old, &old);
        prop_assert!(changes.is_empty(), "{:#?}", changes);
        let (there, _) = refused(&old, &new);
        let (back, _) = refused(&new, &old);
        let is_patch = |changes: &[Change]| changes.iter().all(|change| change.class == Class::Patch);
        prop_assert_eq!(is_patch(&there), is_patch(&back), "\n{:#?}\n{:#?}", there, back);
    }
}
