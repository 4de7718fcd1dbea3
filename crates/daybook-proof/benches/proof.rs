//! What the proof costs: publishing a log, beside hashing its records and nothing else; verifying it; one proof.
#![allow(clippy::unwrap_used, reason = "a fault ends a bench")]

use std::sync::OnceLock;

use daybook_event::record::{Batch, RecordMeta, app_hash, record_key};
use daybook_event::{EventId, stored::StoredEvent};
use daybook_log::{Log, LogOptions};
use daybook_proof::hash::leaf_hash;
use daybook_proof::key_file::LogKeys;
use daybook_proof::publisher::{Publisher, PublisherHandle, PublisherOptions};
use daybook_proof::verify::{VerifyOptions, verify};
use divan::Bencher;
use divan::counter::{BytesCount, ItemsCount};
use prost::Message;
use tokio_util::sync::CancellationToken;

const EVENTS: u64 = 200_000;

static PLACE: OnceLock<Place> = OnceLock::new();

struct Place {
    directory: tempfile::TempDir,
    log: Log,
    handle: PublisherHandle,
    runtime: tokio::runtime::Runtime,
    bytes: Vec<Vec<u8>>,
}

fn main() {
    divan::main();
    if let Some(place) = PLACE.get() {
        std::fs::remove_dir_all(place.directory.path()).unwrap();
    }
}

fn event(number: u64) -> StoredEvent {
    StoredEvent {
        id: u128::from(number + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835).to_be_bytes().to_vec(),
        app: "shop".to_owned(),
        name: "order.line.added".to_owned(),
        version: "1.0.0".to_owned(),
        time_us: 1_700_000_000_000_000 + number as i64,
        category: "product".to_owned(),
        data: format!(
            "{{\"order\":{number},\"sku\":\"{}\",\"amount\":\"12.50\",\"note\":\"{}\"}}",
            number * 7,
            "x".repeat(120)
        ),
        digest: vec![1; 16],
        ..StoredEvent::default()
    }
}

/// The log, filled and published once.
fn place() -> &'static Place {
    PLACE.get_or_init(|| {
        let directory = tempfile::Builder::new().prefix("proof").tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_time().build().unwrap();
        let log = Log::open(directory.path().join("log"), LogOptions::default()).unwrap();
        let mut all = Vec::new();
        for begin in (0..EVENTS).step_by(2_000) {
            let mut batch = Batch::default();
            for number in begin..begin + 2_000 {
                let event = event(number);
                let app = app_hash(&event.app);
                all.push(event.encode_to_vec());
                event.encode(&mut batch.bytes).unwrap();
                batch.records.push(RecordMeta {
                    end: batch.bytes.len() as u32,
                    key: record_key(app, &EventId::from_bytes(event.id.as_slice().try_into().unwrap())),
                    digest: [1; 16],
                    app,
                    time_us: event.time_us,
                    hidden: false,
                });
            }
            runtime.block_on(log.append(batch)).unwrap();
        }
        let handle = publish(&log, directory.path(), "proof", &runtime);
        Place { directory, log, handle, runtime, bytes: all }
    })
}

fn publish(log: &Log, data: &std::path::Path, name: &str, runtime: &tokio::runtime::Runtime) -> PublisherHandle {
    let keys = LogKeys::load_or_make(&data.join(format!("{name}.key")), "example.com/log").unwrap();
    let (publisher, handle) = Publisher::new(log.clone(), PublisherOptions::new(data.join(name), keys));
    let stop = CancellationToken::new();
    runtime.block_on(async {
        let running = tokio::spawn(publisher.run(stop.clone()));
        handle.covering(log.head()).await.unwrap();
        stop.cancel();
        running.await.unwrap();
    });
    handle
}

/// SHA-256 of the same bytes, which nothing can be faster than on one core.
#[divan::bench(sample_count = 10)]
fn hashes_alone(bencher: Bencher<'_, '_>) {
    let place = place();
    let bytes: usize = place.bytes.iter().map(Vec::len).sum();
    bencher
        .counter(ItemsCount::new(EVENTS))
        .counter(BytesCount::new(bytes))
        .bench_local(|| place.bytes.iter().map(|bytes| leaf_hash(bytes)).fold(0_u8, |sum, hash| sum ^ hash[0]));
}

/// The whole log published from nothing: read, hashed, tiles written and synced, signed.
#[divan::bench(sample_count = 5)]
fn publish_all(bencher: Bencher<'_, '_>) {
    let place = place();
    let mut turn = 0;
    bencher.counter(ItemsCount::new(EVENTS)).bench_local(|| {
        turn += 1;
        publish(&place.log, place.directory.path(), &format!("again-{turn}"), &place.runtime)
    });
}

/// The whole data directory verified.
#[divan::bench(sample_count = 5)]
fn verify_all(bencher: Bencher<'_, '_>) {
    let options = VerifyOptions::new(place().directory.path().to_owned());
    bencher.counter(ItemsCount::new(EVENTS)).bench_local(|| {
        let report = verify(&options, &mut |_| {}).unwrap();
        assert!(report.ok, "{report:?}");
        report
    });
}

/// One proof made and written.
#[divan::bench]
fn prove(bencher: Bencher<'_, '_>) {
    let place = place();
    let signed = place.handle.state().checkpoint.unwrap();
    let mut turn = 0_u64;
    bencher.bench_local(|| {
        turn = turn.wrapping_add(0x9e37_79b9_7f4a_7c15);
        place.handle.store().prove(turn % EVENTS + 1, &signed).unwrap().to_string()
    });
}
