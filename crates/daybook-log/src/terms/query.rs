//! What is asked of the term index.

use daybook_event::Position;
pub use daybook_event::record::Term;

/// Records that have one of some terms, and all of others.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TermItem {
    /// One of these, whichever; where there are none, this asks for nothing.
    pub any: Vec<Term>,
    /// All of these.
    pub all: Vec<Term>,
}

/// Records that one of several items describes. An item without terms describes every record; a query without items
/// none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TermQuery {
    /// The items.
    pub items: Vec<TermItem>,
}

/// What must not be in the log for a batch to be appended.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Condition {
    /// No record like these,
    pub fail_if_match: TermQuery,
    /// behind this position; 0 is the whole log.
    pub after: Position,
}

/// A condition that nothing durable stood against when it was looked at. The writer looks at what came since.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    pub(crate) query: TermQuery,
    /// Nothing up to here matches, or is meant.
    pub(crate) after: Position,
}

impl TermQuery {
    /// Terms in it.
    #[must_use]
    pub fn terms(&self) -> usize {
        self.items.iter().map(|item| item.any.len() + item.all.len()).sum()
    }
}

impl Checked {
    /// What it takes.
    pub(crate) fn bytes(&self) -> usize {
        self.query.terms() * size_of::<Term>() + self.query.items.len() * size_of::<TermItem>()
    }
}

/// What to select.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Selection {
    /// Behind this position,
    pub after: Position,
    /// and not behind this one.
    pub until: Position,
    /// So many at most.
    pub limit: usize,
    /// The newest first.
    pub backwards: bool,
}

/// Positions of records.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selected {
    /// In order, or from the newest on.
    pub positions: Vec<Position>,
    /// How far was looked: everything up to here, or backwards everything from here on.
    pub next: Position,
}
