//! Records opened with what the vault has.

use std::collections::HashMap;
use std::sync::Arc;

use daybook_event::stored::{Opened, RecordKeys, Stored};
use daybook_event::{Months, Person, SubjectId};
use daybook_privacy::Vault;

/// The secrets that open records of one app.
pub struct Opener {
    months: Arc<Months>,
    /// Of times when another master key was at hand; mostly there are none.
    older: Arc<[Arc<Months>]>,
    people: HashMap<SubjectId, Arc<Person>>,
}

impl Opener {
    /// What the vault has now, for these people.
    pub fn new(vault: &Vault, app: &str, people: HashMap<SubjectId, Arc<Person>>) -> Self {
        Self { months: vault.months(app), older: vault.older_months(app), people }
    }

    /// Puts back what opens.
    pub fn open(&self, stored: Stored) -> Opened {
        let months = self.months_of(&stored);
        stored.open(months, &|id| self.people.get(&id).cloned())
    }

    /// The keys that a record's digest was made under; nothing where they are gone.
    pub fn record_keys(&self, stored: &Stored) -> Option<RecordKeys> {
        stored.record_keys(self.months_of(stored), &|id| self.people.get(&id).cloned())
    }

    /// The secrets that open the most of a record.
    fn months_of(&self, stored: &Stored) -> &Months {
        if self.older.is_empty() {
            return &self.months;
        }
        let all = || std::iter::once(&self.months).chain(self.older.iter());
        let unreadable = |months: &&Arc<Months>| {
            let opened = stored.clone().open(months, &|id| self.people.get(&id).cloned());
            opened.unreadable
        };
        all().min_by_key(unreadable).unwrap_or(&self.months)
    }
}
