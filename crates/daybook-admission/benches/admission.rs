//! What admission costs an event, step by step, for each app's example corpus: the examples of its catalog in its own
//! envelope, a hundred events a body, unique ids. One process, one core; divan prints the time of a body, `items/s` is
//! events per second.

#![allow(clippy::unwrap_used, reason = "a benchmark stops at what it did not expect")]

use std::sync::Arc;

use daybook_admission::{Admission, Body, BodyForm, Facts};
use daybook_catalog::{AppCatalog, Catalogs, DataMissing, Field, Store};
use daybook_event::{EventId, Timestamp};
use divan::counter::{BytesCount, ItemsCount};

const EVENTS: usize = 100;
const APPS: [&str; 4] = ["noema", "tachikoma", "unofficial-communities", "tamma"];

fn main() {
    divan::main();
}

struct Corpus {
    admission: Admission,
    body: Vec<u8>,
}

fn corpus(app: &str) -> Corpus {
    let catalogs = Catalogs::builtin().catalogs;
    let catalog = Arc::clone(catalogs.app(app).unwrap());
    let events: Vec<String> = (0..EVENTS).map(|number| event(&catalog, number).to_string()).collect();
    let body = format!("[{}]", events.join(",")).into_bytes();
    Corpus { admission: Admission::new(catalog).unwrap(), body }
}

/// One event in the app's own envelope.
fn event(catalog: &AppCatalog, number: usize) -> serde_json::Value {
    let sendable =
        |event_type: &&daybook_catalog::EventType| event_type.store == Store::Event && event_type.plugin.is_none();
    let types: Vec<_> = catalog.current_events().filter(sendable).collect();
    let event_type = types[number % types.len()];
    let mut event = serde_json::json!({});
    for spec in &catalog.dialect.fields {
        let value: serde_json::Value = match spec.field {
            Field::Id if spec.kind == daybook_catalog::As::ObjectId => format!("65a3f0c2e4b0a1b2{number:08x}").into(),
            Field::Id => format!("550e8400-e29b-41d4-a716-{number:012x}").into(),
            Field::Name => event_type.name.clone().into(),
            Field::Version => event_type.version.to_string().into(),
            Field::Time => "2026-01-16T15:00:00.123Z".into(),
            Field::Data => event_type.examples[0].clone(),
            Field::Metadata => continue,
            Field::Tags => serde_json::json!({"team": "core"}),
            Field::Category => event_type.category.clone().into(),
            Field::Priority => event_type.priority.as_str().into(),
            _ if !spec.values.is_empty() => spec.values[0].clone().into(),
            _ => match spec.kind {
                daybook_catalog::As::Integer => (number % 100_000).into(),
                daybook_catalog::As::ObjectId => "65a3f0c2e4b0a1b2c3d4e5f6".into(),
                daybook_catalog::As::Uuid => "5c9f2b1e-0d4e-4e39-9a52-6f5d5f0f4c11".into(),
                _ => "a1b2c3d4e5f6".into(),
            },
        };
        let mut place = &mut event;
        for step in &spec.path {
            place = &mut place[step.as_str()];
        }
        *place = value;
    }
    assert!(event_type.data_missing == DataMissing::Warn || !event_type.examples.is_empty());
    event
}

fn admit(corpus: &Corpus, body: &Body) -> daybook_admission::Admitted {
    let mut facts = Facts {
        now: Timestamp::parse("2026-01-16T15:00:00.500Z").unwrap(),
        known: &[],
        environment: "production",
        digest_key: &[7; 32],
        shed: false,
        atomic: true,
        new_id: &mut || EventId::from_bytes([0; 16]),
    };
    corpus.admission.admit(corpus.admission.decode(body), &mut facts)
}

#[divan::bench(args = APPS)]
fn a_parse(bencher: divan::Bencher, app: &str) {
    let corpus = corpus(app);
    bencher
        .counter(ItemsCount::new(EVENTS))
        .counter(BytesCount::new(corpus.body.len()))
        .bench_local(|| Body::parse(&corpus.body, &BodyForm::Json).unwrap());
}

#[divan::bench(args = APPS)]
fn b_decode(bencher: divan::Bencher, app: &str) {
    let corpus = corpus(app);
    let body = Body::parse(&corpus.body, &BodyForm::Json).unwrap();
    bencher.counter(ItemsCount::new(EVENTS)).bench_local(|| divan::black_box(corpus.admission.decode(&body)).len());
}

/// Decode, then validate, sanitise, sample and encode.
#[divan::bench(args = APPS)]
fn c_decode_and_admit(bencher: divan::Bencher, app: &str) {
    let corpus = corpus(app);
    let body = Body::parse(&corpus.body, &BodyForm::Json).unwrap();
    let receipts = admit(&corpus, &body).into_receipts();
    assert_eq!(receipts.stored, EVENTS, "{:?}", receipts.receipts.iter().find(|receipt| !receipt.errors.is_empty()));
    bencher.counter(ItemsCount::new(EVENTS)).bench_local(|| admit(&corpus, &body).batch.bytes.len());
}

/// Everything from the bytes of the request to those of the log and the receipts.
#[divan::bench(args = APPS)]
fn d_whole(bencher: divan::Bencher, app: &str) {
    let corpus = corpus(app);
    bencher.counter(ItemsCount::new(EVENTS)).counter(BytesCount::new(corpus.body.len())).bench_local(|| {
        let body = Body::parse(&corpus.body, &BodyForm::Json).unwrap();
        serde_json::to_vec(&admit(&corpus, &body).into_receipts()).unwrap()
    });
}
