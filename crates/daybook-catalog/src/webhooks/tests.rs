use serde_json::{Value, json};

use super::*;
use crate::{Loaded, from_texts};

const CATALOG: &str = "\
app: shop
version: 1.0.0
title: Shop
dialect:
  name: {path: kind}
  identity: {path: customer, also: payload.customer}
  data: {path: payload}
categories: {sales: {description: What is sold.}}
";
const EVENTS: &str = "\
events:
  - name: order.paid
    description: An order was paid.
    category: sales
    data:
      type: object
      properties: {order: {type: string}, total: {type: integer}, customer: {type: string}, at: {type: object}}
      required: [order, customer]
    examples: [{order: a, customer: b}]
";

fn load(webhooks: &str) -> Loaded {
    from_texts(&[("catalog.yaml", CATALOG), ("events/shop.yaml", EVENTS), ("webhooks.yaml", webhooks)])
}

fn sources(webhooks: &str) -> Vec<Source> {
    let loaded = load(webhooks);
    assert!(loaded.diagnostics.iter().all(|found| found.file != "webhooks.yaml"), "{:?}", loaded.diagnostics);
    loaded.catalogs.app("shop").unwrap().webhooks.clone()
}

#[test]
fn a_source_is_read() {
    let sources = sources(
        "\
sources:
  payments:
    description: The payment service.
    scheme: stripe
    id: $.id
    event-type: {header: X-Kind}
    events:
      - event: order.paid
        when: {type: [paid, settled], $.live: true, $.test: null}
        each: [\"$.orders[?@.paid]\", \"@.lines[*]\"]
        id: \"@@.id\"
        time: {time: $.created}
        identity: {table: people, of: \"@@.who\", otherwise: skip}
        actor.type: user
        tags: {region: $.region}
        data:
          order: {text: \"@@.id\"}
          total: {integer: {first: \"@.amounts[*]\"}}
          at.shop: {words: {a: Alpha}, of: $.shop}
  own: {scheme: {hmac: {header: X-Signature, prefix: sha256=, encoding: base64}}, events: []}
",
    );
    let [own, payments] = [&sources[1], &sources[0]];
    assert_eq!(
        own.scheme,
        Scheme::Hmac { header: "x-signature".into(), prefix: "sha256=".into(), encoding: Encoding::Base64 }
    );
    assert_eq!((payments.name.as_str(), &payments.scheme), ("payments", &Scheme::Stripe));
    assert!(matches!(&payments.event_type, Some(Expression::Header(name)) if name == "x-kind"));
    let rule = &payments.rules[0];
    assert_eq!(rule.each.len(), 2);
    assert_eq!(rule.when[0].is, [json!("paid"), json!("settled")]);
    assert_eq!(rule.when[2].is, [Value::Null]);
    assert!(matches!(rule.when[0].of, Expression::EventType));
    assert!(matches!(&rule.envelope[1].1, Expression::Table { otherwise: Some(Otherwise::Skip), .. }));
    assert_eq!(rule.data.len(), 3);
}

#[test]
fn what_is_wrong_is_said_with_its_place() {
    let check = |webhooks: &str, expected: &[(&str, &str)]| {
        let loaded = load(webhooks);
        let found: Vec<(String, &str)> = loaded
            .diagnostics
            .iter()
            .map(|found| (format!("{}:{}", found.line, found.code), &*found.message))
            .collect();
        assert_eq!(found.len(), expected.len(), "{found:?}");
        for ((place, message), (expected_place, words)) in found.iter().zip(expected) {
            assert_eq!(place, expected_place, "{message}");
            assert!(message.contains(words), "{message}");
        }
    };
    let rule =
        |rest: &str| format!("sources:\n  a:\n    scheme: github\n    events:\n      - event: order.paid\n{rest}");
    check("sources: {}\nsuorces: {}", &[("2:catalog.unknown-key", "suorces")]);
    check("sources:\n  a:\n    scheme: githup\n    events: []", &[("3:catalog.value", "githup")]);
    check("sources:\n  'A b': {scheme: github, events: []}", &[("2:webhooks.name", "A b")]);
    check("sources:\n  a: {scheme: {hmac: {prefix: x}}, events: []}", &[("2:catalog.required", "header")]);
    check(
        "sources:\n  a:\n    scheme: github\n    events:\n      - {event: order.payed}",
        &[("5:webhooks.unknown-type", "order.payed")],
    );
    check(&rule("        data: {order: 1, customer: 2, totl: 3}\n"), &[("6:webhooks.unknown-field", "totl")]);
    check(&rule("        data: {order: $.x}\n"), &[("6:webhooks.required", "customer")]);
    // The envelope may hold it instead.
    check(&rule("        identity: $.y\n        data: {order: $.x}\n"), &[]);
    let full = |order: &str| rule(&format!("        identity: $.y\n        data:\n          order: {order}\n"));
    check(&full("$.a["), &[("8:webhooks.path", "no JSONPath")]);
    check(&full("\"@.a\""), &[("8:webhooks.path", "begin with")]);
    check(&full("[1]"), &[("8:catalog.type", "value")]);
    check(&full("{integer: $.a, text: $.b}"), &[("8:webhooks.expression", "one of")]);
    check(&full("{table: x}"), &[("8:catalog.required", "of")]);
    check(&full("{words: {a: b}}"), &[("8:catalog.required", "of")]);
    check(&full("{header: 'a b'}"), &[("8:catalog.value", "name of a header")]);
    check(&full("{value: [1]}"), &[]);
    check(
        &rule("        identity: $.y\n        data: {order: 1}\n        when: {a.b: 1}\n"),
        &[("8:webhooks.path", "a.b")],
    );
    let deep = (0..40).fold("$.a".to_owned(), |inner, _| format!("{{first: {inner}}}"));
    check(&full(&deep), &[("8:catalog.limit", "within each other")]);
}
