//! What the benches share.
#![allow(dead_code, clippy::unwrap_used, clippy::print_stdout, reason = "a bench prints, and a fault ends it")]

use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::time::Duration;

use daybook_event::{Event, EventId, Timestamp, stored};
use daybook_log::{AppendBatch, RecordKey, RecordMeta};

/// Where the benches write: `DAYBOOK_BENCH_DIR`, or the target directory, which is on a disk rather than in memory.
pub fn directory() -> tempfile::TempDir {
    let parent =
        std::env::var_os("DAYBOOK_BENCH_DIR").map_or_else(|| PathBuf::from(env!("CARGO_TARGET_TMPDIR")), PathBuf::from);
    tempfile::tempdir_in(parent).unwrap()
}

/// A number that looks random.
pub fn mix(number: u64) -> u64 {
    let mut x = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

pub fn key(number: u64) -> RecordKey {
    let mut key = [0; 16];
    key[..8].copy_from_slice(&mix(number).to_be_bytes());
    key[8..].copy_from_slice(&mix(!number).to_be_bytes());
    key
}

/// A batch of events as admission makes them, about 350 bytes each, of 100,000 people.
pub fn events(begin: u64, count: u64) -> AppendBatch {
    let mut batch = AppendBatch::default();
    for number in begin..begin + count {
        let (person, zone) = (mix(number) % 100_000, ["plaza", "library", "harbour", "garden"][(number % 4) as usize]);
        let mut id = [0; 16];
        id[..8].copy_from_slice(&mix(number + 7).to_be_bytes());
        id[8..].copy_from_slice(&mix(number + 8).to_be_bytes());
        let time = Timestamp::from_microseconds(1_768_000_000_000_000 + number as i64 * 137);
        let event = Event {
            id: EventId::from_bytes(id),
            category: Cow::Borrowed("product"),
            source: Some(Cow::Borrowed("server")),
            platform: Some(Cow::Borrowed("web")),
            environment: Some(Cow::Borrowed("production")),
            identity: Some(Cow::Owned(person.to_string())),
            session: Some(Cow::Owned(format!("{:016x}", mix(person ^ (number >> 12))))),
            group: Some(Cow::Owned((person % 50).to_string())),
            request: Some(Cow::Owned(format!("{:016x}", mix(number * 3)))),
            data: Cow::Owned(format!(
                r#"{{"zone_type":"{zone}","zone_id":{},"duration_ms":{},"x":{}.{},"y":{}.{},"via":"portal"}}"#,
                mix(number) % 400,
                mix(number + 1) % 60_000,
                number % 97,
                number % 10,
                number % 89,
                number % 7,
            )),
            metadata: Cow::Borrowed(r#"{"client":"web/4.2.1","locale":"en-GB"}"#),
            ..Event::new("unofficial-communities", "world.zone.entered", time)
        };
        let digest = u128::from(mix(number + 9)).to_le_bytes();
        stored::encode(&event, &digest, &mut batch.bytes);
        batch.records.push(RecordMeta {
            end: batch.bytes.len() as u32,
            key: key(number),
            digest,
            app: 0x1234,
            time_us: event.time.microseconds(),
            hidden: false,
        });
    }
    batch
}

/// Processor time of this process, or of its threads whose name begins so.
pub fn processor_time(thread: Option<&str>) -> Duration {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap().map(|task| task.unwrap().path());
    let wanted = tasks.filter(|task| {
        let name = std::fs::read_to_string(task.join("comm")).unwrap_or_default();
        thread.is_none_or(|thread| name.starts_with(thread))
    });
    wanted.map(|task| on_processor(&task.join("schedstat"))).sum()
}

/// Processor time of the thread that asks.
pub fn own_processor_time() -> Duration {
    on_processor(Path::new("/proc/thread-self/schedstat"))
}

/// Nanoseconds on a processor are the first number of schedstat.
fn on_processor(schedstat: &Path) -> Duration {
    let text = std::fs::read_to_string(schedstat).unwrap_or_default();
    Duration::from_nanos(text.split(' ').next().and_then(|number| number.parse().ok()).unwrap_or(0))
}

/// A line of `/proc/self/status`, in MiB.
pub fn memory_mib(line: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let kib = status.lines().find_map(|text| text.strip_prefix(line)?.split_whitespace().next()?.parse::<u64>().ok());
    kib.unwrap_or(0) / 1024
}
