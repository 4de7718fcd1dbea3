//! A small desk to admit events at: the catalogs that ship, a fixed clock, and receipts as short lines.

#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::panic,
    reason = "each test file uses its part; a test stops at what it did not expect"
)]

mod vault;

use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use daybook_admission::{ActorKeys, Admission, Body, BodyError, BodyForm, Facts, QuarantineEntry, Receipts};
use daybook_catalog::Catalogs;
use daybook_catalog::protobuf::Codec;
use daybook_event::stored::{Opened, Stored};
use daybook_event::{Appended, Event, EventId, Known, PersonName, Position, Signals, Timestamp, stored};
pub use vault::Vault;

/// The Saturday on which all tests happen: three days after the examples of the Unofficial Communities document.
pub const NOW: &str = "2026-01-17T12:00:00.000Z";

pub struct Desk {
    pub admission: Admission,
    pub catalog: Arc<daybook_catalog::AppCatalog>,
    pub shed: bool,
    pub atomic: bool,
    /// What the log says of every record, where another call was faster.
    pub race: Option<Appended>,
    pub now: Timestamp,
    pub signals: Signals,
    /// The keys of the app's actors.
    pub actor_keys: ActorKeys,
    /// What the call says of the trace that it is part of.
    pub traceparent: Option<&'static str>,
    vault: Mutex<Vault>,
    /// The log: records by position. Each call numbers its own from 1, where the first one stays.
    pub log: Mutex<BTreeMap<Position, Vec<u8>>>,
}

pub struct Outcome {
    pub receipts: Receipts,
    /// The events in the log, opened, in their app's own words.
    pub events: Vec<Event<'static>>,
    /// The same, sealed.
    pub stored: Vec<Stored>,
    pub quarantine: Vec<QuarantineEntry>,
    pub admitted_whole: bool,
    pub digests: Vec<Known>,
    pub batch: daybook_event::Batch,
    pub blobs: Vec<daybook_event::Blob>,
}

pub fn catalogs() -> Catalogs {
    let loaded = Catalogs::builtin();
    assert!(
        loaded.diagnostics.iter().all(|diagnostic| diagnostic.severity < daybook_event::Severity::Warning),
        "{:?}",
        loaded.diagnostics
    );
    loaded.catalogs
}

pub fn desk(app: &str) -> Desk {
    desk_of(Arc::clone(catalogs().app(app).unwrap_or_else(|| panic!("no catalog {app}"))))
}

pub fn desk_of(catalog: Arc<daybook_catalog::AppCatalog>) -> Desk {
    Desk {
        admission: Admission::new(Arc::clone(&catalog)).unwrap(),
        catalog,
        shed: false,
        atomic: false,
        race: None,
        now: Timestamp::parse(NOW).unwrap(),
        signals: Signals::default(),
        actor_keys: ActorKeys::new(),
        traceparent: None,
        vault: Mutex::default(),
        log: Mutex::default(),
    }
}

impl Desk {
    pub fn post(&self, form: &BodyForm, body: &[u8]) -> Result<Outcome, BodyError> {
        self.post_known(form, body, &[])
    }

    pub fn post_known(&self, form: &BodyForm, body: &[u8], known: &[Option<Known>]) -> Result<Outcome, BodyError> {
        let body = match form {
            BodyForm::Protobuf { single } => Body::protobuf(body, *single, &Codec::of(&self.catalog))?,
            form => Body::parse(body, form)?,
        };
        let body = body.in_trace(self.traceparent);
        let next = Cell::new(1u8);
        let mut new_id = || {
            next.set(next.get() + 1);
            EventId::v7(1_768_651_200_000, &[next.get(); 10])
        };
        let decoded = self.admission.decode(&body);
        assert_eq!(decoded.len(), decoded.keys().len());
        let people = self.vault().find(decoded.people());
        assert_eq!(decoded.len(), people.len());
        let months = self.vault().months.clone();
        let mut facts = Facts {
            now: self.now,
            known,
            people: &people,
            months: &months,
            environment: "staging",
            actor_keys: Some(&self.actor_keys),
            signals: self.signals,
            shed: self.shed,
            atomic: self.atomic,
            new_id: &mut new_id,
        };
        let mut judged = self.admission.judge(decoded, &mut facts);
        for (index, position) in judged.conflicts() {
            let stored = self.log.lock().unwrap().get(&position).map(|bytes| stored::decode(bytes, position).unwrap());
            let vault = self.vault();
            judged
                .reconsider(index, stored.and_then(|stored| stored.record_keys(&vault.months, &|id| vault.by_id(id))));
        }
        let keys = self.vault().ensure(&judged.needs());
        let nonce = Cell::new(0u8);
        let mut random = |bytes: &mut [u8]| {
            for byte in bytes {
                nonce.set(nonce.get().wrapping_add(1));
                *byte = nonce.get();
            }
        };
        let mut admitted = judged.seal(&self.admission, &keys, &mut random);
        let batch = std::mem::take(&mut admitted.batch);
        let blobs = std::mem::take(&mut admitted.blobs);
        let mut start = 0;
        let stored: Vec<_> = batch
            .records
            .iter()
            .zip(1..)
            .map(|(meta, position)| {
                let bytes = &batch.bytes[start..meta.end as usize];
                start = meta.end as usize;
                self.log.lock().unwrap().entry(position).or_insert_with(|| bytes.to_vec());
                stored::decode(bytes, position).unwrap()
            })
            .collect();
        let events: Vec<_> = stored.iter().map(|stored| self.open(stored).in_own_words()).collect();
        let appended: Vec<_> = match self.race {
            Some(outcome) => events.iter().map(|_| outcome).collect(),
            None => (1..=events.len() as u64).map(Appended::Stored).collect(),
        };
        let digests =
            batch.records.iter().zip(1..).map(|(meta, position)| Known { position, digest: meta.digest }).collect();
        admitted.settle(&appended);
        let admitted_whole = admitted.is_whole();
        let quarantine = admitted.quarantine(&self.admission, &body);
        let receipts = admitted.into_receipts();
        Ok(Outcome { receipts, events, stored, quarantine, admitted_whole, digests, batch, blobs })
    }

    pub fn vault(&self) -> MutexGuard<'_, Vault> {
        self.vault.lock().unwrap()
    }

    /// A record with everything that opens.
    pub fn open(&self, stored: &Stored) -> Opened {
        let vault = self.vault();
        stored.clone().open(&vault.months, &|id| vault.by_id(id))
    }

    /// Lets a person consent to a purpose.
    pub fn consented(self, identity: &str, purpose: &str) -> Self {
        self.vault().decide(&PersonName::identity(identity.to_owned()), purpose, true);
        self
    }

    pub fn json(&self, body: &str) -> Outcome {
        self.post(&BodyForm::Json, body.as_bytes()).unwrap_or_else(|problem| panic!("{problem}: {body}"))
    }

    /// The receipts of a body as lines: index, status, reason, then each finding.
    pub fn lines(&self, body: &str) -> String {
        lines(&self.json(body).receipts)
    }
}

pub fn lines(receipts: &Receipts) -> String {
    let mut lines = Vec::new();
    for receipt in &receipts.receipts {
        let mut line = receipt.status.as_str().to_owned();
        if let Some(position) = receipt.position {
            line += &format!(" @{position}");
        }
        if let Some(reason) = receipt.reason {
            line += &format!(" ({reason})");
        }
        for (mark, findings) in [("!", &receipt.errors), ("?", &receipt.warnings)] {
            for finding in findings {
                line += &format!("\n  {mark} {} {}: {}", finding.code, finding.path, finding.message);
            }
        }
        lines.push(line);
    }
    lines.join("\n")
}

/// Asserts that admitting `body` gives these lines.
#[track_caller]
pub fn check(app: &str, body: &str, expected: &str) {
    let got = desk(app).lines(body);
    let trim = |text: &str| text.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n");
    assert_eq!(trim(&got), trim(expected), "{body}");
}
