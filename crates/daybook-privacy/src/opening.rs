//! What is sealed, opened with what the vault has.

use std::collections::HashMap;
use std::sync::Arc;

use crate::Vault;
use daybook_event::stored::{Opened, RecordKeys, Stored};
use daybook_event::{BlobKeys, Month, Months, Person, SealKeys, Standing, SubjectId};

/// The secrets that open what is sealed of one app.
pub struct Opener {
    months: Arc<Months>,
    /// Of times when another master key was at hand; mostly there are none.
    older: Arc<[Arc<Months>]>,
    people: HashMap<SubjectId, Person>,
}

impl Opener {
    /// What the vault has now, for these people.
    #[must_use]
    pub fn new(vault: &Vault, app: &str, people: HashMap<SubjectId, Person>) -> Self {
        Self { months: vault.months(app), older: vault.older_months(app), people }
    }

    /// Puts back what opens.
    #[must_use]
    pub fn open(&self, stored: Stored) -> Opened {
        let months = self.months_of(&stored);
        stored.open(months, &|id| self.people.get(&id).cloned())
    }

    /// The keys that a record's digest was made under; nothing where they are gone.
    #[must_use]
    pub fn record_keys(&self, stored: &Stored) -> Option<RecordKeys> {
        stored.record_keys(self.months_of(stored), &|id| self.people.get(&id).cloned())
    }

    /// The keys that may open what was sealed for a person, or for nobody, in a class's month: the usual ones first. None where
    /// the person or the month is gone.
    #[must_use]
    pub fn keys(&self, class: &str, month: Month, person: Option<SubjectId>) -> Vec<SealKeys> {
        let person = match person {
            None => None,
            Some(id) => match self.people.get(&id) {
                Some(person) => Some(&person.secret),
                None => return Vec::new(),
            },
        };
        let secrets = self.all_months().filter_map(|months| months.get(class, month));
        secrets.map(|secret| SealKeys::derive(person, secret)).collect()
    }

    /// The keys that may open the blobs of somebody, or of nobody, of a class's month: the usual ones first. None where the person
    /// or the month is gone.
    #[must_use]
    pub fn blob_keys(&self, class: &str, month: Month, owner: Standing) -> Vec<BlobKeys> {
        let person = match owner.person() {
            None => None,
            Some(id) => match self.people.get(&id) {
                Some(person) => Some(&person.secret),
                None => return Vec::new(),
            },
        };
        let secrets = self.all_months().filter_map(|months| months.get(class, month));
        secrets.map(|secret| BlobKeys::derive(person, secret, owner)).collect()
    }

    /// The secrets that open the most of a record.
    fn months_of(&self, stored: &Stored) -> &Months {
        if self.older.is_empty() {
            return &self.months;
        }
        let unreadable = |months: &&Arc<Months>| {
            let opened = stored.clone().open(months, &|id| self.people.get(&id).cloned());
            opened.unreadable
        };
        self.all_months().min_by_key(unreadable).unwrap_or(&self.months)
    }

    fn all_months(&self) -> impl Iterator<Item = &Arc<Months>> {
        std::iter::once(&self.months).chain(self.older.iter())
    }
}
