//! Whose lines lose their names, and whose go.

use std::collections::HashSet;

use daybook_catalog::AppCatalog;
use daybook_event::{Month, Timestamp};
use daybook_privacy::view::{ExpiredMonth, Forgotten};

use super::frame::{Header, Note};
use super::rewriting::{Change, Fate};

/// People whose lines lose their names.
pub(super) struct People(HashSet<String>);

impl People {
    /// Those of this app.
    pub(super) fn of(app: &str, people: &[Forgotten]) -> Self {
        Self(people.iter().filter(|person| person.app == app).map(|person| person.id.to_string()).collect())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Change for People {
    fn concerns(&self, header: &Header) -> bool {
        header.lines > 0
    }

    fn fate(&self, note: &Note<'_>) -> Fate {
        let is_theirs = note.person.as_deref().is_some_and(|person| self.0.contains(person));
        if is_theirs { Fate::Nameless } else { Fate::Stays }
    }
}

/// Months whose lines go.
pub(super) struct Months(HashSet<(String, Month)>);

impl Months {
    /// Those of this app.
    pub(super) fn of(app: &str, months: &[ExpiredMonth]) -> Self {
        let ours = months.iter().filter(|month| month.app == app);
        Self(ours.map(|month| (month.category.clone(), month.month)).collect())
    }

    /// Those of all there are whose retention is over, as the catalog has it.
    pub(super) fn expired(catalog: &AppCatalog, present: Vec<(String, Month)>, now: Timestamp) -> Self {
        let is_over = |(category, month): &(String, Month)| {
            let retain = catalog.category(category).and_then(|category| category.retain);
            retain.is_some_and(|retain| {
                let retain_us = i64::try_from(retain.as_micros()).unwrap_or(i64::MAX);
                month.end().microseconds().saturating_add(retain_us) <= now.microseconds()
            })
        };
        Self(present.into_iter().filter(is_over).collect())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Change for Months {
    fn concerns(&self, header: &Header) -> bool {
        self.0.iter().any(|(category, month)| header.has(category, *month))
    }

    fn fate(&self, note: &Note<'_>) -> Fate {
        let month = (note.category.clone().into_owned(), Month::from_number(note.month));
        if self.0.contains(&month) { Fate::Goes } else { Fate::Stays }
    }
}
