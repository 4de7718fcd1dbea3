//! Records with terms, and a naive store that knows what the log has to say of them.
#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::panic,
    reason = "not every test uses all of it; in tests a panic is a finding"
)]

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use daybook_log::{
    AppendBatch, AppendError, Appended, CheckError, Condition, Log, LogOptions, RecordMeta, SelectError, Selected,
    Selection, Term, TermItem, TermQuery, Terms,
};

use crate::support::{self, digest, key, mix};

/// What a test calls a term.
pub type Tag = u8;

/// A record: its number, and its tags.
pub type Tagged = (u64, BTreeSet<Tag>);

/// Says which terms such records have. Tests can have it wait.
#[derive(Debug, Default)]
pub struct TagTerms {
    pub fingerprint: u8,
    pub closed: AtomicBool,
}

impl Terms for TagTerms {
    fn fingerprint(&self) -> [u8; 16] {
        [self.fingerprint; 16]
    }

    fn of(&self, _: u64, record: &[u8], terms: &mut Vec<Term>) {
        while self.closed.load(Ordering::Acquire) && std::thread::current().name() == Some("daybook-terms-keep") {
            std::thread::sleep(Duration::from_millis(5));
        }
        let count = usize::from(record[8]);
        terms.extend(record[9..9 + count].iter().map(|tag| term(*tag)));
    }
}

pub fn term(tag: Tag) -> Term {
    key(u64::from(tag) + 1_000_000)
}

pub fn tags(tags: impl IntoIterator<Item = Tag>) -> BTreeSet<Tag> {
    tags.into_iter().collect()
}

/// The options of a log with tables so small that they become runs all the time.
pub fn options() -> LogOptions {
    LogOptions { terms: Some(Arc::new(TagTerms::default())), terms_table_postings: 64, ..support::small() }
}

pub fn batch(records: &[Tagged]) -> AppendBatch {
    let mut batch = AppendBatch::default();
    for (number, tags) in records {
        batch.bytes.extend(number.to_le_bytes());
        batch.bytes.push(tags.len() as u8);
        batch.bytes.extend(tags);
        batch.bytes.extend((0..mix(*number) % 50).map(|at| at as u8));
        batch.records.push(RecordMeta {
            end: batch.bytes.len() as u32,
            key: key(*number),
            digest: digest(*number),
            app: 1,
            time_us: *number as i64,
            hidden: false,
        });
    }
    batch
}

/// What a query asks for, by tags: items of any and all.
pub type Items = Vec<(Vec<Tag>, Vec<Tag>)>;

pub fn query(items: &Items) -> TermQuery {
    let terms = |tags: &[Tag]| tags.iter().map(|tag| term(*tag)).collect();
    TermQuery { items: items.iter().map(|(any, all)| TermItem { any: terms(any), all: terms(all) }).collect() }
}

pub fn describes(items: &Items, tags: &BTreeSet<Tag>) -> bool {
    items.iter().any(|(any, all)| {
        (any.is_empty() || any.iter().any(|tag| tags.contains(tag))) && all.iter().all(|tag| tags.contains(tag))
    })
}

/// The store that is obviously right.
#[derive(Debug, Default, Clone)]
pub struct Naive {
    pub records: Vec<Tagged>,
}

/// What became of an append.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    Appended(Vec<u64>),
    Duplicate(Vec<u64>),
    Partly,
    Conflict(u64),
}

impl Naive {
    pub fn head(&self) -> u64 {
        self.records.len() as u64
    }

    fn position(&self, number: u64) -> Option<u64> {
        self.records.iter().position(|(other, _)| *other == number).map(|at| at as u64 + 1)
    }

    /// Positions of what a query describes.
    pub fn matches(&self, items: &Items, after: u64, until: u64) -> Vec<u64> {
        let records = self.records.iter().zip(1_u64..);
        let matching =
            records.filter(|((_, tags), position)| (after + 1..=until).contains(position) && describes(items, tags));
        matching.map(|(_, position)| position).collect()
    }

    pub fn append_if(&mut self, records: &[Tagged], condition: Option<(&Items, u64)>) -> Outcome {
        let known: Vec<u64> = records.iter().filter_map(|(number, _)| self.position(*number)).collect();
        if known.len() == records.len() {
            return Outcome::Duplicate(known);
        }
        if !known.is_empty() {
            return Outcome::Partly;
        }
        if let Some((items, after)) = condition
            && let Some(position) = self.matches(items, after, self.head()).first()
        {
            return Outcome::Conflict(*position);
        }
        let begin = self.head() + 1;
        self.records.extend_from_slice(records);
        Outcome::Appended((begin..=self.head()).collect())
    }
}

/// Appends on condition, waiting for an index that is being made. Every other time memory is asked first.
pub async fn append_if(log: &Log, records: &[Tagged], items: &Items, after: u64) -> Result<Outcome, AppendError> {
    loop {
        let batch = batch(records);
        let condition = Condition { fail_if_match: query(items), after };
        let memory_first = records.first().is_some_and(|(number, _)| number % 2 == 0);
        let at_hand = memory_first.then(|| log.check_in_memory(&condition)).flatten();
        let checked = match at_hand.map_or_else(|| log.check(condition, &batch), Ok) {
            Ok(checked) => checked,
            Err(CheckError::Condition { position }) => return Ok(Outcome::Conflict(position)),
            Err(CheckError::Select(SelectError::Incomplete)) => {
                tokio::time::sleep(Duration::from_millis(2)).await;
                continue;
            }
            Err(error) => panic!("{error}"),
        };
        return match log.append_if(batch, checked).await {
            Ok(outcomes) if outcomes.iter().all(|outcome| matches!(outcome, Appended::Stored(_))) => {
                Ok(Outcome::Appended(positions(&outcomes)))
            }
            Ok(outcomes) => {
                assert!(outcomes.iter().all(|outcome| matches!(outcome, Appended::Duplicate(_))), "{outcomes:?}");
                Ok(Outcome::Duplicate(positions(&outcomes)))
            }
            Err(AppendError::Condition { position }) => Ok(Outcome::Conflict(position)),
            Err(AppendError::Partly(_)) => Ok(Outcome::Partly),
            Err(AppendError::Incomplete) => continue,
            Err(error) => Err(error),
        };
    }
}

fn positions(outcomes: &[Appended]) -> Vec<u64> {
    let position = |outcome: &Appended| match *outcome {
        Appended::Stored(position) | Appended::Duplicate(position) | Appended::Conflict(position) => position,
    };
    outcomes.iter().map(position).collect()
}

/// Selects, waiting for an index that is being made.
pub fn select(log: &Log, items: &Items, selection: Selection) -> Selected {
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        match log.select(&query(items), selection) {
            Err(SelectError::Incomplete) => std::thread::sleep(Duration::from_millis(2)),
            selected => return selected.unwrap(),
        }
        assert!(Instant::now() < deadline, "the index is not made");
    }
}

/// Everything that a query describes, in order.
pub fn select_all(log: &Log, items: &Items) -> Vec<u64> {
    let selection = Selection { after: 0, until: u64::MAX, limit: usize::MAX, backwards: false };
    let selected = select(log, items, selection);
    assert_eq!(selected.next, log.head(), "it looked at everything");
    selected.positions
}
