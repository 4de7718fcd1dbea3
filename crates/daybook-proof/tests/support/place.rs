//! A data directory with a log, its proof, and the key elsewhere.
#![allow(dead_code, clippy::unwrap_used, reason = "not every test uses all of it; in tests a panic is a finding")]

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use daybook_event::record::{Batch, RecordMeta, app_hash, record_key};
use daybook_event::{EventId, stored::StoredEvent};
use daybook_log::{Log, LogOptions};
use daybook_proof::key::PublicKey;
use daybook_proof::key_file::LogKeys;
use daybook_proof::publisher::{Publisher, PublisherHandle, PublisherOptions, PublisherState};
use daybook_proof::verify::{KeptElsewhere, Report, VerifyOptions, verify};
use prost::Message;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

pub const ORIGIN: &str = "example.com/log";

/// The record at a position.
pub fn event(position: u64) -> StoredEvent {
    StoredEvent {
        id: u128::from(position).to_be_bytes().to_vec(),
        app: ["shop", "game", "news"][(position % 3) as usize].to_owned(),
        name: "thing.done".to_owned(),
        version: "1.0.0".to_owned(),
        time_us: 1_700_000_000_000_000 + position as i64 * 1_000,
        received_us: 1_700_000_000_000_000 + position as i64 * 1_001,
        category: "product".to_owned(),
        data: format!("{{\"number\":{position},\"amount\":\"{}\"}}", position * 17 % 1_000),
        digest: vec![(position % 251) as u8; 16],
        kind: i32::from(position % 10 == 9),
        ..StoredEvent::default()
    }
}

/// What the log keeps beside a record.
pub fn meta(event: &StoredEvent, end: usize) -> RecordMeta {
    let app = app_hash(&event.app);
    RecordMeta {
        end: end as u32,
        key: record_key(app, &EventId::from_bytes(event.id.as_slice().try_into().unwrap())),
        digest: event.digest.as_slice().try_into().unwrap(),
        app,
        time_us: event.time_us,
        hidden: event.kind == 1,
    }
}

/// Records for these positions.
pub fn batch(positions: impl IntoIterator<Item = u64>) -> Batch {
    let mut batch = Batch::default();
    for position in positions {
        let event = event(position);
        event.encode(&mut batch.bytes).unwrap();
        batch.records.push(meta(&event, batch.bytes.len()));
    }
    batch
}

/// The place.
#[derive(Debug)]
pub struct Place {
    directory: TempDir,
}

/// A log and its publisher, at work.
pub struct Running {
    pub log: Log,
    pub proof: PublisherHandle,
    task: tokio::task::JoinHandle<()>,
}

impl Place {
    pub fn new() -> Self {
        Self { directory: TempDir::new().unwrap() }
    }

    pub fn data(&self) -> PathBuf {
        self.directory.path().join("data")
    }

    pub fn log(&self) -> PathBuf {
        self.data().join("log")
    }

    pub fn proof(&self) -> PathBuf {
        self.data().join("proof")
    }

    pub fn key_file(&self) -> PathBuf {
        self.directory.path().join("config/the.log-signing.key")
    }

    pub fn keys(&self) -> LogKeys {
        LogKeys::load_or_make(&self.key_file(), ORIGIN).unwrap()
    }

    pub fn checkpoint(&self) -> Vec<u8> {
        fs::read(self.proof().join("checkpoint")).unwrap()
    }

    pub fn open_log(&self) -> Log {
        Log::open(self.log(), LogOptions { segment_size_bytes: 16 * 1024, ..LogOptions::default() }).unwrap()
    }

    /// Opens the log and begins to publish.
    pub fn start(&self) -> Running {
        let log = self.open_log();
        let options =
            PublisherOptions { every: Duration::from_millis(1), ..PublisherOptions::new(self.proof(), self.keys()) };
        let (publisher, proof) = Publisher::new(log.clone(), options);
        Running { log, proof, task: tokio::spawn(publisher.run(CancellationToken::new())) }
    }

    /// A log of so many records, published in steps, and closed.
    pub async fn filled(count: u64) -> Self {
        let place = Self::new();
        let running = place.start();
        let mut next = 1;
        for step in 1.. {
            if next > count {
                break;
            }
            let end = (next + 1 + step * 37 % 230).min(count + 1);
            running.append(next..end).await;
            if step % 3 == 0 {
                running.caught_up().await;
            }
            next = end;
        }
        running.stop().await;
        place
    }

    /// What a verification says that trusts the key that is elsewhere.
    pub fn verify(&self) -> Report {
        self.verify_with(self.keys().public(), &[])
    }

    pub fn verify_with(&self, keys: Vec<PublicKey>, kept: &[Vec<u8>]) -> Report {
        let kept_elsewhere =
            kept.iter().map(|bytes| KeptElsewhere { name: "kept".to_owned(), bytes: bytes.clone() }).collect();
        verify(&VerifyOptions { keys, kept_elsewhere, ..VerifyOptions::new(self.data()) }, &mut |_| {}).unwrap()
    }

    /// A copy of the data directory as it is now, and where the key is.
    pub fn copy(&self) -> Self {
        let place = Self::new();
        copy(self.directory.path(), place.directory.path());
        place
    }

    /// Puts the data directory of another place in the place of this one's. The key stays.
    pub fn replace_data(&self, other: &Self) {
        fs::remove_dir_all(self.data()).unwrap();
        copy(&other.data(), &self.data());
    }
}

impl Running {
    pub async fn append(&self, positions: std::ops::Range<u64>) {
        let count = positions.clone().count();
        assert_eq!(self.log.append(batch(positions)).await.unwrap().len(), count);
    }

    /// Waits until everything that is in the log is signed.
    pub async fn caught_up(&self) {
        let head = self.log.head();
        let signed = tokio::time::timeout(Duration::from_secs(60), self.proof.covering(head)).await.unwrap();
        assert!(signed.is_some(), "{:?}", self.proof.state());
    }

    /// Closes the log, and waits for the last checkpoint.
    pub async fn stop(self) -> PublisherState {
        self.log.close().await;
        self.task.await.unwrap();
        self.proof.state()
    }

    /// Leaves everything as a process that was killed, but that the disk has what it was given.
    pub async fn kill(self) {
        self.task.abort();
        let _ = self.task.await;
        drop(self.log);
    }
}

pub fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// All files below a directory.
pub fn files(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}
