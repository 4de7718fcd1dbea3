//! Judged and sealed events: records for the log, and a receipt for each.

use daybook_event::{Appended, Batch, Blob, Position};
use rustc_hash::FxHashSet;

use crate::body::Body;
use crate::compile::Admission;
use crate::envelope::Form;
use crate::quarantine::QuarantineEntry;
use crate::receipt::{BatchInfo, Receipt, Receipts, Status};

/// Judged events: records for the log, and a receipt for each.
#[derive(Debug)]
pub struct Admitted {
    /// What to append. The caller takes it, appends it, and tells what became of it with [`Admitted::settle`].
    pub batch: Batch,
    /// The blobs that the records refer to, each once. They have to be durable before the records are appended.
    pub blobs: Vec<Blob>,
    pub(crate) outcomes: Vec<Outcome>,
    /// Where events of each form keep their id.
    pub(crate) id_pointers: [String; 3],
    pub(crate) batch_info: Option<BatchInfo>,
}

/// What became of one event.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) receipt: Receipt,
    /// Its record is in the batch.
    pub(crate) has_record: bool,
    pub(crate) form: Form,
}

impl Admitted {
    /// Whether every event is stored or a duplicate, as an atomic call asks.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.outcomes.iter().all(|outcome| matches!(outcome.receipt.status, Status::Stored | Status::Duplicate))
    }

    /// How many of the events are in the log already, as far as is known.
    #[must_use]
    pub fn duplicates(&self) -> usize {
        self.outcomes.iter().filter(|outcome| outcome.receipt.status == Status::Duplicate).count()
    }

    /// The positions of those that are.
    #[must_use]
    pub fn positions(&self) -> Vec<Position> {
        let known = self.outcomes.iter().filter(|outcome| outcome.receipt.status == Status::Duplicate);
        known.filter_map(|outcome| outcome.receipt.position).collect()
    }

    /// Adds the events that came behind these in their call.
    pub fn join(&mut self, later: Self) {
        let Self { batch, blobs, outcomes, .. } = later;
        self.batch.join(&batch);
        let known: FxHashSet<_> = self.blobs.iter().map(|blob| blob.address).collect();
        self.blobs.extend(blobs.into_iter().filter(|blob| !known.contains(&blob.address)));
        let before = self.outcomes.len();
        self.outcomes.extend(outcomes.into_iter().map(|mut outcome| {
            outcome.receipt.index += before;
            outcome
        }));
    }

    /// Notes what became of the records of [`Admitted::batch`], in its order.
    pub fn settle(&mut self, appended: &[Appended]) {
        let waiting = self.outcomes.iter_mut().filter(|outcome| outcome.has_record);
        for (outcome, appended) in waiting.zip(appended) {
            let position_is_told = outcome.receipt.status == Status::Stored;
            outcome.receipt.place(*appended, &self.id_pointers[outcome.form as usize]);
            // A count is in no feed: its place would lead nowhere.
            if !position_is_told && outcome.receipt.status == Status::Counted {
                outcome.receipt.position = None;
            }
        }
    }

    /// What is to be kept aside, from the body it came in. Credentials are taken out of it.
    #[must_use]
    pub fn quarantine(&self, admission: &Admission, body: &Body) -> Vec<QuarantineEntry> {
        let quarantined = self.outcomes.iter().filter(|outcome| outcome.receipt.status == Status::Quarantined);
        quarantined.filter_map(|outcome| QuarantineEntry::of(&outcome.receipt, admission, body)).collect()
    }

    /// The receipts.
    #[must_use]
    pub fn into_receipts(self) -> Receipts {
        Receipts::of(self.outcomes.into_iter().map(|outcome| outcome.receipt).collect(), self.batch_info)
    }
}
