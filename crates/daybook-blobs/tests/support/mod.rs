//! A log and a blob store in a directory of their own.

#![allow(dead_code, clippy::unwrap_used, reason = "a test stops at what it did not expect")]

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use daybook_blobs::{Blobs, CollectError, Collected, References};
use daybook_event::stored::{self, BlobEntry, ContentKind, Rest, Shown};
use daybook_event::{
    Batch, Blob, BlobKeys, Event, EventId, Kind, Month, RecordMeta, Secret, Standing, SubjectId, Timestamp, app_hash,
};
use daybook_log::{Log, LogOptions};
use tempfile::TempDir;

/// The month that everything is of.
pub const MONTH: i32 = 672;

pub struct Place {
    pub directory: TempDir,
    pub log: Log,
    pub blobs: Blobs,
    pub references: References,
    segment_size_bytes: u64,
}

pub struct Sample {
    pub content: String,
    pub size: u64,
    pub keys: BlobKeys,
    pub blob: Blob,
}

pub fn standing(person: u8) -> Standing {
    Standing::Person(SubjectId::from_bytes([person; 16]))
}

/// A blob of somebody; every time with another nonce.
pub fn sample(owner: Standing, content: &str) -> Sample {
    static NONCES: AtomicU64 = AtomicU64::new(0);
    let secret = owner.subject().map(|id| Secret::from_bytes([id.as_bytes()[0]; 32]));
    let keys = BlobKeys::derive(secret.as_ref(), &Secret::from_bytes([9; 32]), owner);
    let address = keys.address(content.as_bytes());
    let mut nonce = [0; 12];
    nonce[..8].copy_from_slice(&NONCES.fetch_add(1, Ordering::Relaxed).to_le_bytes());
    let blob = Blob {
        app: "shop".into(),
        owner,
        class: "product".into(),
        month: Month::from_number(MONTH),
        address,
        bytes: keys.seal(&address, content.as_bytes(), nonce),
    };
    Sample { content: content.to_owned(), size: content.len() as u64, keys, blob }
}

/// Every file below a directory, symbolic links too.
pub fn files(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}

impl Place {
    pub fn open() -> Self {
        Self::of(TempDir::new().unwrap(), LogOptions::default().segment_size_bytes)
    }

    /// One whose log is closed as often as it can be.
    pub fn of_short_stretches() -> Self {
        Self::of(TempDir::new().unwrap(), 4 * 1024)
    }

    /// One whose blobs lie somewhere else.
    pub fn with_blobs(blobs: Blobs) -> Self {
        Self { blobs, ..Self::open() }
    }

    /// The same place as the next process finds it.
    pub async fn reopen(self) -> Self {
        let Self { directory, log, blobs, segment_size_bytes, .. } = self;
        log.close().await;
        drop((log, blobs));
        Self::of(directory, segment_size_bytes)
    }

    fn of(directory: TempDir, segment_size_bytes: u64) -> Self {
        let options = LogOptions { segment_size_bytes, ..LogOptions::default() };
        let log = Log::open(directory.path().join("log"), options).unwrap();
        let blobs = Blobs::open_directory(&directory.path().join("blobs")).unwrap();
        let references = References::open(&directory.path().join("references")).unwrap();
        Self { directory, log, blobs, references, segment_size_bytes }
    }

    pub fn references_directory(&self) -> PathBuf {
        self.directory.path().join("references")
    }

    pub fn blobs_directory(&self) -> PathBuf {
        self.directory.path().join("blobs")
    }

    /// Stores an event that refers to these.
    pub async fn append(&self, samples: &[&Sample]) {
        self.append_at(samples, 1).await;
    }

    /// The same, of an event of some time.
    pub async fn append_at(&self, samples: &[&Sample], time_us: i64) {
        let (log, batch) = (self.log.clone(), self.batch(samples, time_us));
        let blobs = samples.iter().map(|sample| sample.blob.clone()).collect();
        self.blobs.write_then(blobs, async move { log.append(batch).await }).await.unwrap().unwrap();
    }

    pub async fn append_bytes(&self, bytes: &[u8]) {
        self.log.append(batch_of(bytes.to_vec(), 1)).await.unwrap();
    }

    pub fn batch(&self, samples: &[&Sample], time_us: i64) -> Batch {
        let entries: Vec<_> = samples
            .iter()
            .map(|sample| {
                let shown = Shown {
                    place: stored::Place::Data,
                    pointer: "/text".into(),
                    kind: ContentKind::Text,
                    preview: "".into(),
                };
                BlobEntry { address: sample.blob.address, size: sample.size, shown: Some(shown) }
            })
            .collect();
        let mut bytes = Vec::new();
        stored::encode_clear(&event(time_us), &mut bytes);
        let standing = samples.first().map_or(Standing::Nobody, |sample| sample.blob.owner);
        let rest = Rest {
            kind: Kind::Event,
            digest: &[7; 16],
            standing,
            sealed: &[],
            others: &[],
            session: None,
            blobs: &entries,
            signature: None,
        };
        rest.encode(&mut bytes);
        batch_of(bytes, time_us)
    }

    pub async fn collect(&self) -> Collected {
        self.collect_until(|| false).await.unwrap()
    }

    pub async fn collect_until(
        &self,
        stopped: impl Fn() -> bool + Send + Sync + 'static,
    ) -> Result<Collected, CollectError> {
        self.blobs.collect(&self.log, &self.references, stopped).await
    }

    /// What retention does to records before a time; says to how many.
    pub async fn compact_before(&self, time_us: i64) -> u64 {
        self.log.roll_older_than(time_us).await.unwrap();
        let log = self.log.clone();
        let compact = move || {
            log.compact(&|candidate| candidate.time_us < time_us, time_us, &mut |_| {}, &|| false).unwrap().records
        };
        tokio::task::spawn_blocking(compact).await.unwrap()
    }
}

fn batch_of(bytes: Vec<u8>, time_us: i64) -> Batch {
    static KEYS: AtomicU64 = AtomicU64::new(1);
    let mut key = [0; 16];
    key[..8].copy_from_slice(&KEYS.fetch_add(1, Ordering::Relaxed).wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes());
    let end = u32::try_from(bytes.len()).unwrap();
    let record = RecordMeta { end, key, digest: [7; 16], app: app_hash("shop"), time_us, hidden: false };
    Batch { bytes, records: vec![record], ..Batch::default() }
}

fn event(time_us: i64) -> Event<'static> {
    Event {
        id: EventId::from_bytes([1; 16]),
        received: Timestamp::from_microseconds(0),
        category: "product".into(),
        ..Event::new("shop", "note.written", Timestamp::from_microseconds(time_us))
    }
}
