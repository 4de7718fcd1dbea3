//! An event that was read from Daybook, and is sent again as it was read.
//!
//! What Daybook gives of an event says more than its sender did: what was left out has the value that the catalog or the
//! server gave it. So it has another digest, though it is no other event. Whoever knows what Daybook gives of it in that form
//! can tell: read as a body, that says the same.

use daybook_event::Appended;

use crate::body::Body;
use crate::compile::Admission;
use crate::envelope::Form;
use crate::judge::Judged;
use crate::receipt::Status;

impl Judged<'_> {
    /// The form that an event was sent in, if it is one of [`Judged::conflicts`] and still counts as another event than the one
    /// in the log.
    #[must_use]
    pub fn form_of_conflict(&self, index: usize) -> Option<Form> {
        self.conflict(index)?;
        let outcome = self.outcomes.get(index)?;
        (outcome.receipt.status != Status::Duplicate).then_some(outcome.form)
    }

    /// Compares one of [`Judged::conflicts`] with what Daybook gives of the event in the log, which is the only event of `given`.
    /// Whether it is the same; then it counts as that from here on.
    pub fn recognise(&mut self, index: usize, admission: &Admission, given: &Body) -> bool {
        let Some(conflict) = self.conflict(index) else { return false };
        let position = conflict.known.position;
        let decoded = admission.decode(given);
        let [event] = decoded.events.as_slice() else { return false };
        let mut said = Vec::with_capacity(conflict.whole.len());
        event.sent.write_all(&mut said);
        let is_the_same = said == conflict.whole;
        if is_the_same && let Some(outcome) = self.outcomes.get_mut(index) {
            outcome.receipt.errors.clear();
            outcome.receipt.place(Appended::Duplicate(position), "");
        }
        is_the_same
    }
}
