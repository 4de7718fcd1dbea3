//! What is measured of the indexes of the log: that of ids, and that of terms.

use daybook_log::LogStatus;
use parking_lot::Mutex;
use prometheus::{IntCounterVec, IntGaugeVec, Opts};

use super::{Maker, whole};

/// What an index takes, at the moment of asking, and what it did so far.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IndexGauge {
    /// Which one.
    pub index: &'static str,
    entries: u64,
    waiting: u64,
    bytes: u64,
    memory_bytes: u64,
    runs: u64,
    missing: u64,
    merges: u64,
    lookups: u64,
}

impl IndexGauge {
    /// Those of a log.
    pub fn of(status: &LogStatus) -> Vec<Self> {
        let ids = &status.index;
        let of_ids = Self {
            index: "ids",
            entries: ids.run_ids + ids.table_ids as u64,
            waiting: ids.table_ids as u64,
            bytes: ids.run_bytes,
            memory_bytes: ids.filter_bytes as u64,
            runs: ids.runs as u64,
            // What is missing of it is made before it answers.
            missing: 0,
            merges: ids.merges,
            lookups: ids.lookups,
        };
        let of_terms = status.terms.as_ref().map(|terms| Self {
            index: "terms",
            entries: terms.run_postings + terms.table_postings as u64,
            waiting: terms.table_postings as u64,
            bytes: terms.run_bytes,
            memory_bytes: terms.memory_bytes as u64,
            runs: terms.runs as u64,
            missing: terms.missing,
            merges: terms.merges,
            lookups: terms.lookups,
        });
        std::iter::once(of_ids).chain(of_terms).collect()
    }
}

/// A series of each index: its name, what it is, and where it is read.
type Family = (&'static str, &'static str, fn(&IndexGauge) -> u64);

const GAUGES: [Family; 6] = [
    ("daybook_log_index_entries", "Ids, or terms of records, in the index.", |index| index.entries),
    ("daybook_log_index_waiting", "Those of them that are in tables in memory, and in no run yet.", |index| {
        index.waiting
    }),
    ("daybook_log_index_bytes", "Bytes of the index's runs on the disk.", |index| index.bytes),
    ("daybook_log_index_memory_bytes", "Bytes of filters and directories in memory.", |index| index.memory_bytes),
    ("daybook_log_index_runs", "Runs of the index.", |index| index.runs),
    ("daybook_log_index_missing", "Positions that are still to be indexed.", |index| index.missing),
];

const COUNTERS: [Family; 2] = [
    ("daybook_log_index_merges_total", "Merges of runs.", |index| index.merges),
    ("daybook_log_index_lookups_total", "Ids that were looked up; questions put to the terms.", |index| index.lookups),
];

/// The series of both indexes.
#[derive(Debug)]
pub(super) struct IndexGauges {
    gauges: Vec<IntGaugeVec>,
    /// Of several that ask at once, one brings them up to what is so.
    counters: Mutex<Vec<IntCounterVec>>,
}

impl IndexGauges {
    pub(super) fn new(made: &Maker<'_>) -> prometheus::Result<Self> {
        let gauge = |(name, help, _): Family| made.registered(IntGaugeVec::new(Opts::new(name, help), &["index"])?);
        let counter = |(name, help, _): Family| made.counters(name, help, &["index"]);
        let gauges = GAUGES.into_iter().map(gauge).collect::<prometheus::Result<_>>()?;
        let counters = COUNTERS.into_iter().map(counter).collect::<prometheus::Result<_>>()?;
        Ok(Self { gauges, counters: Mutex::new(counters) })
    }

    /// Sets them to what is so now.
    pub(super) fn set(&self, indexes: &[IndexGauge]) {
        for ((_, _, read), vector) in GAUGES.iter().zip(&self.gauges) {
            for index in indexes {
                vector.with_label_values(&[index.index]).set(whole(read(index)));
            }
        }
        for ((_, _, read), vector) in COUNTERS.iter().zip(&*self.counters.lock()) {
            for index in indexes {
                let counter = vector.with_label_values(&[index.index]);
                counter.inc_by(read(index).saturating_sub(counter.get()));
            }
        }
    }
}
