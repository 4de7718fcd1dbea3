//! What the tests of the log share.
#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::panic,
    reason = "not every test uses all of it; in tests a panic is a finding"
)]

pub mod disk;

use daybook_log::{AppendBatch, Digest, Filter, Log, LogOptions, ReadLimit, Record, RecordKey, RecordMeta};
use sha2::{Digest as _, Sha256};

/// Everything, hidden or not.
pub const ALL: Filter = Filter { app: None, since_us: None, hidden: true };

/// A key that is as evenly distributed as the hash it stands for.
pub fn key(number: u64) -> RecordKey {
    let mut key = [0; 16];
    key[..8].copy_from_slice(&mix(number).to_be_bytes());
    key[8..].copy_from_slice(&mix(number ^ 0xdead_beef_0000_0000).to_be_bytes());
    key
}

pub fn digest(number: u64) -> Digest {
    u128::from(mix(number.wrapping_add(77))).to_le_bytes()
}

/// The bytes that the tests store under a number.
pub fn payload(number: u64) -> Vec<u8> {
    let mut bytes = format!("record {number} ").into_bytes();
    let length = mix(number) % 40;
    bytes.extend((0..length).map(|at| (mix(number.wrapping_mul(31) + at) % 251) as u8));
    bytes
}

/// A batch of one record for each number.
pub fn batch(numbers: impl IntoIterator<Item = u64>) -> AppendBatch {
    let mut batch = AppendBatch::default();
    for number in numbers {
        batch.bytes.extend(payload(number));
        batch.records.push(RecordMeta {
            end: batch.bytes.len() as u32,
            key: key(number),
            digest: digest(number),
            app: number % 4,
            time_us: number as i64 * 1_000,
            hidden: number % 10 == 9,
        });
    }
    batch
}

/// Everything in the log that is not compacted, in order.
pub fn read_kept(log: &Log) -> Vec<Record> {
    let mut records: Vec<Record> = Vec::new();
    let mut after = 0;
    while after < log.head() {
        let page = log.read(after, ReadLimit { records: 1_000, ..ReadLimit::default() }, &ALL).unwrap();
        assert!(page.next > after, "a page that gets nowhere");
        after = page.next;
        records.extend(page.records);
        assert!(records.last().is_none_or(|record| record.position <= after));
    }
    assert!(records.is_sorted_by(|one, other| one.position < other.position), "out of order");
    records
}

/// Everything in the log, in order, nothing compacted.
pub fn read_all(log: &Log) -> Vec<Record> {
    let records = read_kept(log);
    for (record, position) in records.iter().zip(1..) {
        assert_eq!(record.position, position, "a gap");
    }
    assert_eq!(records.len() as u64, log.head());
    records
}

/// The leaf hash of a record.
pub fn leaf(bytes: &[u8]) -> [u8; 32] {
    Sha256::new().chain_update([0]).chain_update(bytes).finalize().into()
}

/// Small segments, so that tests cross their borders.
pub fn small() -> LogOptions {
    LogOptions { segment_size_bytes: 8 * 1024, ..LogOptions::default() }
}

/// A number that looks random.
pub fn mix(number: u64) -> u64 {
    let mut x = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}
