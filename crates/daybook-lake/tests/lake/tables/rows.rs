//! Events as rows, and back.

use std::sync::Arc;

use datafusion::arrow::array::{Array, RecordBatch};
use datafusion::arrow::util::display::array_value_to_string;
use daybook_catalog::{Catalogs, Store};
use daybook_consumers::Item;
use daybook_event::stored::Standing;
use daybook_event::{Keeping, SessionHash, Signature, Signed, Timestamp};
use daybook_lake::columns::{Columns, ValueKind};
use daybook_lake::rows::{person_number, to_batch};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use crate::support::{ask, item, session, shop, signed, subject};

#[test]
fn every_example_of_every_catalog_comes_back() {
    let mut count = 0;
    for app in Catalogs::builtin().catalogs.apps() {
        let columns = Columns::of(app);
        for event_type in app.events.iter().filter(|event_type| event_type.store == Store::Event) {
            for example in &event_type.examples {
                let mut data = example.clone();
                if let Value::Object(fields) = &mut data {
                    fields.retain(|field, _| !event_type.pii.contains_key(field));
                }
                comes_back(&columns, &event_type.name, &data);
                count += 1;
            }
        }
    }
    assert!(count > 100, "{count}");
}

#[test]
fn declared_fields_have_columns_of_their_type() {
    let columns = Columns::of(&shop());
    let found: Vec<_> = columns.fields().iter().map(|field| (&*field.column, field.kind)).collect();
    assert_eq!(
        found,
        [
            ("data_due", ValueKind::Date),
            ("data_express", ValueKind::Boolean),
            ("data_items", ValueKind::Json),
            ("data_method", ValueKind::Text),
            ("data_ms", ValueKind::Integer),
            ("data_page", ValueKind::Text),
            ("data_placed_at", ValueKind::Time),
            ("data_total", ValueKind::Decimal),
            ("data_zoom", ValueKind::Number),
        ]
    );
    let names: Vec<_> = columns.schema().fields().iter().map(|field| field.name().as_str()).collect();
    assert_eq!(names.first(), Some(&"position"));
    assert_eq!(names[names.len() - 4..], ["extra", "metadata", "category", "date"]);
}

#[test]
fn no_personal_field_has_a_column() {
    for app in Catalogs::builtin().catalogs.apps() {
        let columns = Columns::of(app);
        for field in columns.fields() {
            let declares = |event_type: &&daybook_catalog::EventType| {
                let properties = event_type.data.as_ref().and_then(|data| data.pointer("/properties"));
                properties.is_some_and(|properties| properties.get(&field.field).is_some())
            };
            let declaring: Vec<_> = app.current_events().filter(declares).collect();
            let open = declaring.iter().any(|event_type| !event_type.pii.contains_key(&field.field));
            assert!(open || declaring.is_empty(), "{} {}", app.app, field.field);
        }
    }
}

#[test]
fn what_does_not_fit_is_in_extra() {
    let columns = Columns::of(&shop());
    let check = |name: &str, data: &str, expected: &str| {
        let batch = to_batch(&columns, &[Arc::new(item(1, (name, "2026-03-01", "", data)))]).unwrap();
        assert_eq!(text(&batch, "extra").unwrap_or_default(), expected, "{data}");
        comes_back(&columns, name, &serde_json::from_str(data).unwrap());
    };
    check("page.seen", r#"{"page":"/","ms":3,"zoom":1.5}"#, "");
    check("page.seen", r#"{"page":7,"ms":"3","zoom":true}"#, r#"{"page":7,"ms":"3","zoom":true}"#);
    check("page.seen", r#"{"ms":1.5,"page":{"a":[1]}}"#, r#"{"ms":1.5,"page":{"a":[1]}}"#);
    check("page.seen", r#"{"ms":9223372036854775808}"#, r#"{"ms":9223372036854775808}"#);
    check("order.placed", r#"{"total":"12.50","items":["a"]}"#, "");
    check("order.placed", r#"{"total":"0.0000000001","due":"soon"}"#, r#"{"total":"0.0000000001","due":"soon"}"#);
    check(
        "order.placed",
        r#"{"placed_at":"2026-03-01T10:00:00.1234567Z"}"#,
        r#"{"placed_at":"2026-03-01T10:00:00.1234567Z"}"#,
    );
    // A field of another event type has a column, whoever sends it.
    check("door.opened", r#"{"page":"/","other":null,"more":[]}"#, r#"{"more":[]}"#);
    // No object, no fields.
    let batch = to_batch(&columns, &[Arc::new(item(1, ("x", "2026-03-01", "", "[1,2]")))]).unwrap();
    assert_eq!(text(&batch, "extra").as_deref(), Some("[1,2]"));
}

#[test]
fn names_that_fall_together_share_no_column() {
    let app = crate::support::shop_with(
        "  - name: odd.named
    description: Oddly named fields.
    category: product
    data:
      type: object
      properties: { 'a b': { type: string }, 'a-b': { type: string }, 'A b': { type: string }, 'ä': { type: string } }
",
    );
    let columns = Columns::of(&app);
    let odd = columns.fields().iter().filter(|field| ["a b", "a-b", "A b", "ä"].contains(&&*field.field));
    let odd: Vec<_> = odd.map(|field| (&*field.field, &*field.column)).collect();
    assert_eq!(odd, [("A b", "data_A_b"), ("ä", "data_ä")]);
    comes_back(&columns, "odd.named", &json!({"a b": "1", "a-b": "2", "A b": "3", "ä": "4"}));
}

#[tokio::test]
async fn the_envelope_has_its_columns() {
    let mut full = item(7, ("page.seen", "2026-03-01T23:59:59.999999Z", "ada", ""));
    full.event.source = Some("web".into());
    full.event.group = Some("g1".into());
    full.event.sample_rate = 0.25;
    full.event.actor = Some(daybook_event::Actor { kind: Some("ai".into()), id: Some("bot-1".into()) });
    full.event.tags = vec![("a".into(), "1".into()), ("b\"".into(), "2".into())];
    full.event.metadata = r#"{"k":1}"#.into();
    full.event.session = Some("secret".into());
    full.session = SessionHash::from_number(u64::MAX - 4);
    let mut month = item(8, ("page.seen", "2026-03-02T00:00:00Z", "bob", ""));
    month.standing = Standing::Pseudonym(subject("bob"));
    let mut user = item(9, ("page.seen", "1969-12-31T23:00:00Z", "", ""));
    user.event.actor = Some(daybook_event::Actor { kind: Some("user".into()), id: Some("somebody".into()) });
    let context = session(&shop(), &[Arc::new(full), Arc::new(month), Arc::new(user)]);
    let sql = "SELECT position, date, person, pseudonym, session, anonymous_id, source, group_id, sample_rate, actor_type, actor_id, \
               tags, metadata FROM events ORDER BY position";
    let (ada, bob) = (subject("ada"), subject("bob"));
    assert_eq!(
        ask(&context, sql).await,
        [
            format!(
                r#"7 2026-03-01 {} false -5 {ada} web g1 0.25 ai bot-1 {{"a":"1","b\"":"2"}} {{"k":1}}"#,
                person_number(ada)
            ),
            format!("8 2026-03-02 {} true - {bob} - - 1.0 - - - -", person_number(bob)),
            "9 1969-12-31 - - - - - - 1.0 user - - -".to_owned(),
        ]
    );
}

#[tokio::test]
async fn a_row_says_whether_its_event_was_signed_and_not_by_whom() {
    let seen = |position| item(position, ("page.seen", "2026-03-01", "ada", ""));
    let mut opened = seen(1);
    let sealed = Signed { key_id: "thumbprint-of-ada".into(), jws: "header..signature-of-ada".into() };
    opened.event.signature = Some(Signature { keeping: Keeping::Whole, signed: Some(sealed) });
    let items = [opened, signed(seen(2), Keeping::Verdict), seen(3)].map(Arc::new);
    let context = session(&shop(), &items);
    let sql = "SELECT position, signature_verified, signature_kept FROM events ORDER BY position";
    assert_eq!(ask(&context, sql).await, ["1 true true", "2 true false", "3 false -"]);
    let all = ask(&context, "SELECT * FROM events").await.join("\n");
    assert!(all.contains("page.seen") && !all.contains("of-ada"), "{all}");
}

/// Anything that somebody may send.
fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        (-1e9f64..1e9).prop_map(Value::from),
        any::<f64>().prop_filter("JSON has no such", |number| number.is_finite()).prop_map(Value::from),
        ".{0,8}".prop_map(Value::from),
        "-?[0-9]{1,12}(\\.[0-9]{1,10})?".prop_map(Value::from),
        Just(json!("2026-03-01")),
        Just(json!("2026-03-01T10:00:00.25+02:00")),
    ];
    leaf.prop_recursive(2, 6, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::btree_map("[a-z\"]{1,3}", inner, 0..3)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn whatever_is_sent_comes_back(members in prop::collection::btree_map(
        prop::sample::select(vec![
            "page", "ms", "zoom", "total", "items", "express", "due", "placed_at", "method", "other", "o\"ther", "",
        ]),
        value(),
        0..8,
    )) {
        let data: Map<String, Value> = members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        comes_back(&Columns::of(&shop()), "order.placed", &Value::Object(data));
    }
}

/// Makes a row of data and holds what is in it against the data.
fn comes_back(columns: &Columns, name: &str, data: &Value) {
    let json = serde_json::to_string(data).unwrap();
    // A row of nothing before and behind, since columns are filled in where a row has something.
    let items: Vec<Arc<Item>> = [("", 1), (&*json, 2), ("", 3)]
        .into_iter()
        .map(|(data, position)| Arc::new(item(position, (name, "2026-03-01", "", data))))
        .collect();
    let batch = to_batch(columns, &items).unwrap().slice(1, 1);
    let mut rest = text(&batch, "extra")
        .map_or_else(Map::new, |extra| serde_json::from_str::<Map<String, Value>>(&extra).unwrap());
    let mut data = data.as_object().cloned().unwrap_or_default();
    data.retain(|_, value| !value.is_null());
    for field in columns.fields() {
        let Some(found) = text(&batch, &field.column) else { continue };
        let sent = data.shift_remove(&field.field).unwrap_or_else(|| panic!("{} was not sent: {found}", field.field));
        assert!(is_same(field.kind, &sent, &found), "{}: {sent} became {found}", field.field);
    }
    for (field, value) in std::mem::take(&mut rest) {
        assert_eq!(data.shift_remove(&field), Some(value), "{field}");
    }
    assert!(data.is_empty(), "lost: {data:?}");
}

fn is_same(kind: ValueKind, sent: &Value, found: &str) -> bool {
    let number = |text: &str| text.parse::<f64>().unwrap();
    let sent_text = sent.as_str().map_or_else(|| sent.to_string(), str::to_owned);
    match kind {
        ValueKind::Text | ValueKind::Date => sent.is_string() && sent_text == found,
        ValueKind::Time => Timestamp::parse(&sent_text).unwrap() == Timestamp::parse(found).unwrap(),
        ValueKind::Integer => sent.is_number() && number(&sent_text) == number(found),
        ValueKind::Number => sent.is_number() && number(&sent_text) == number(found),
        ValueKind::IntegerOrText | ValueKind::Decimal => number(&sent_text) == number(found),
        ValueKind::Boolean => sent.is_boolean() && sent_text == found,
        ValueKind::Json => serde_json::from_str::<Value>(found).unwrap() == *sent,
    }
}

/// The text of the first row of a column.
fn text(batch: &RecordBatch, column: &str) -> Option<String> {
    let column = batch.column_by_name(column).unwrap();
    column.is_valid(0).then(|| array_value_to_string(column, 0).unwrap())
}

#[test]
fn a_later_catalog_keeps_the_columns_there_are() {
    let later = crate::support::shop_with(
        "  - name: later.one
    description: Has a field by another type, and one that is new.
    category: product
    data: { type: object, properties: { ms: { type: string }, fresh: { type: string } } }
",
    );
    let first = Columns::of(&shop());
    let then = Columns::with(&later, first.fields());
    let kind = |columns: &Columns, name: &str| {
        columns.fields().iter().find(|field| field.field == name).map(|field| field.kind)
    };
    assert_eq!(kind(&Columns::of(&later), "ms"), Some(ValueKind::Json));
    assert_eq!(kind(&then, "ms"), Some(ValueKind::Integer));
    assert_eq!(kind(&then, "fresh"), Some(ValueKind::Text));
    assert_eq!(then.fields().len(), first.fields().len() + 1);
    comes_back(&then, "later.one", &json!({"ms": "slow", "fresh": "yes"}));
    // And one that is no longer declared.
    let back = Columns::with(&shop(), then.fields());
    assert_eq!(back.schema(), then.schema());
}
