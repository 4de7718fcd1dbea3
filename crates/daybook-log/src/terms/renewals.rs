//! What a compaction takes out of the term index.

use std::cell::RefCell;

use daybook_event::Position;

use super::Terms;

/// Compacted records that are no farther from each other than this are noted as one stretch.
const STRETCH_POSITIONS: u64 = 64 * 1024;

/// Notes where records with terms were compacted.
pub(crate) struct Renewals<'t> {
    terms: &'t dyn Terms,
    stretches: RefCell<Vec<(Position, Position)>>,
}

impl<'t> Renewals<'t> {
    pub(crate) fn new(terms: &'t dyn Terms) -> Self {
        Self { terms, stretches: RefCell::default() }
    }

    /// Notes a record that is compacted.
    pub(crate) fn note(&self, position: Position, app: u64, record: &[u8]) {
        let mut found = Vec::new();
        self.terms.of(app, record, &mut found);
        if found.is_empty() {
            return;
        }
        let mut stretches = self.stretches.borrow_mut();
        match stretches.last_mut() {
            Some((first, last)) if *first <= position && position <= last.saturating_add(STRETCH_POSITIONS) => {
                *last = position.max(*last);
            }
            _ => stretches.push((position, position)),
        }
    }

    /// The stretches in which there were any.
    pub(crate) fn into_stretches(self) -> Vec<(Position, Position)> {
        self.stretches.into_inner()
    }
}
