//! What admission costs an event, step by step, for each app's example corpus: the examples of its catalog in its own
//! envelope, a hundred events a body, unique ids. One process, one core; divan prints the time of a body, `items/s` is
//! events per second.

#![allow(clippy::unwrap_used, reason = "a benchmark stops at what it did not expect")]

use std::sync::Arc;

use daybook_admission::{Admission, Admitted, Body, BodyForm, Facts, Judged};
use daybook_catalog::{AppCatalog, Catalogs, DataMissing, Field, Store};
use daybook_event::{EventId, Keys, Months, Person, Secret, Signals, SubjectId, Timestamp};
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

/// Everybody and every month that the corpus needs, as a vault has them in memory.
struct Secrets {
    people: Vec<Option<Person>>,
    months: Months,
}

impl Secrets {
    fn of(corpus: &Corpus, body: &Body) -> Self {
        let mut number = 0u64;
        let mut next = || {
            number += 1;
            let mut bytes = [0; 32];
            bytes[..8].copy_from_slice(&number.to_le_bytes());
            bytes
        };
        let decoded = corpus.admission.decode(body);
        let people = decoded.people().iter().map(|name| {
            name.as_ref().map(|_| {
                let bytes = next();
                let (id, secret) = (SubjectId::from_random(*bytes.first_chunk().unwrap()), Secret::from_bytes(bytes));
                Person { id, secret, consents: None, objected: false }
            })
        });
        let mut secrets = Self { people: people.collect(), months: Months::default() };
        let needs = judge(corpus, body, &secrets).needs();
        for (class, month) in &needs.months {
            secrets.months.insert(class, *month, Arc::new(Secret::from_bytes(next())));
        }
        secrets
    }
}

fn judge<'b>(corpus: &'b Corpus, body: &'b Body, secrets: &Secrets) -> Judged<'b> {
    let mut facts = Facts {
        now: Timestamp::parse("2026-01-16T15:00:00.500Z").unwrap(),
        known: &[],
        people: &secrets.people,
        months: &secrets.months,
        environment: "production",
        actor_keys: None,
        signals: Signals::default(),
        shed: false,
        atomic: true,
        new_id: &mut || EventId::from_bytes([0; 16]),
    };
    corpus.admission.judge(corpus.admission.decode(body), &mut facts)
}

/// Judged and sealed. Others whom events name are asked of the vault, which is played by one person.
fn admit(corpus: &Corpus, body: &Body, secrets: &Secrets) -> Admitted {
    let judged = judge(corpus, body, secrets);
    let needs = judged.needs();
    assert!(needs.months.is_empty());
    let somebody = corpus.admission.consenting_person();
    let keys = Keys { people: needs.people.iter().map(|_| somebody.clone()).collect(), months: Vec::new() };
    // Stands for a generator that costs next to nothing for a call.
    let mut random = |bytes: &mut [u8]| bytes.fill(7);
    judged.seal(&corpus.admission, &keys, &mut random)
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

/// Decode, then validate, sanitise, sample, take apart; nothing is sealed.
#[divan::bench(args = APPS)]
fn c_decode_and_judge(bencher: divan::Bencher, app: &str) {
    let corpus = corpus(app);
    let body = Body::parse(&corpus.body, &BodyForm::Json).unwrap();
    let secrets = Secrets::of(&corpus, &body);
    bencher
        .counter(ItemsCount::new(EVENTS))
        .bench_local(|| divan::black_box(judge(&corpus, &body, &secrets)).needs().people.len());
}

/// The same, and then the digests, the sealing and the records.
#[divan::bench(args = APPS)]
fn d_decode_judge_and_seal(bencher: divan::Bencher, app: &str) {
    let corpus = corpus(app);
    let body = Body::parse(&corpus.body, &BodyForm::Json).unwrap();
    let secrets = Secrets::of(&corpus, &body);
    let receipts = admit(&corpus, &body, &secrets).into_receipts();
    assert_eq!(receipts.stored, EVENTS, "{:?}", receipts.receipts.iter().find(|receipt| !receipt.errors.is_empty()));
    bencher.counter(ItemsCount::new(EVENTS)).bench_local(|| admit(&corpus, &body, &secrets).batch.bytes.len());
}

/// Everything from the bytes of the request to those of the log and the receipts.
#[divan::bench(args = APPS)]
fn e_whole(bencher: divan::Bencher, app: &str) {
    let corpus = corpus(app);
    let secrets = Secrets::of(&corpus, &Body::parse(&corpus.body, &BodyForm::Json).unwrap());
    bencher.counter(ItemsCount::new(EVENTS)).counter(BytesCount::new(corpus.body.len())).bench_local(|| {
        let body = Body::parse(&corpus.body, &BodyForm::Json).unwrap();
        serde_json::to_vec(&admit(&corpus, &body, &secrets).into_receipts()).unwrap()
    });
}
