//! By which tags an app's events can be found, and on which of them a condition can rely.

use std::borrow::Cow;

use daybook_catalog::{Store, likely_personal};
use daybook_event::limits::TAG_BYTES_MAX;
use daybook_event::record::Term;
use daybook_event::{Event, secrets, stored, term};

use crate::compile::{Admission, CompiledType};
use crate::personal::{Mark, Rules};

/// Why events cannot be found by a tag, or not all of those that had it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TagProblem {
    /// It is personal in an event type, and sealed with the person.
    #[error("it is personal, so it is sealed and not indexed")]
    Personal,
    /// It holds what is taken out of events before they are stored.
    #[error("it holds something that is taken out of events before they are stored")]
    Redacted,
    /// No event has one so long.
    #[error("a key or value of a tag has {TAG_BYTES_MAX} bytes at most")]
    TooLong,
}

/// The terms of tags that were met last, by their place among the tags of an event: those of one call's events are mostly the
/// same.
#[derive(Default)]
pub(crate) struct TagTerms(Vec<(String, String, Term)>);

impl TagTerms {
    fn of(&mut self, app: &str, place: usize, (key, value): (&str, &str)) -> Term {
        match self.0.get_mut(place) {
            Some((last_key, last_value, term)) => {
                if (last_key.as_str(), last_value.as_str()) != (key, value) {
                    *term = term::of_tag(app, key, value);
                    key.clone_into(last_key);
                    value.clone_into(last_value);
                }
                *term
            }
            None => {
                let term = term::of_tag(app, key, value);
                self.0.push((key.to_owned(), value.to_owned(), term));
                term
            }
        }
    }
}

impl Admission {
    /// The event types whose events can be found by their terms, each once, in order.
    #[must_use]
    pub fn indexed_types(&self) -> Vec<&str> {
        let mut names: Vec<&str> =
            self.compiled().filter(|(_, versions)| is_indexed(versions)).map(|(name, _)| name).collect();
        names.sort_unstable();
        names
    }

    /// Whether the events of a type can be found by their terms; nothing where the catalog does not know it. One version
    /// that is indexed has all of them indexed: a condition on a name must not miss the events of another version.
    #[must_use]
    pub fn is_type_indexed(&self, name: &str) -> Option<bool> {
        let versions = self.versions(name);
        (!versions.is_empty()).then(|| is_indexed(versions))
    }

    /// Appends the terms of a record of this app: that of its type, and those of its tags that are in clear.
    pub fn terms_of(&self, record: &[u8], terms: &mut Vec<Term>) {
        let Some(name) = stored::peek_name(record) else { return };
        if self.is_type_indexed(name) != Some(true) {
            return;
        }
        terms.push(term::of_type(&self.app.app, name));
        stored::peek_tags(record, |key, value| terms.push(term::of_tag(&self.app.app, key, value)));
    }

    /// Appends what [`Admission::terms_of`] finds in the record that is made of an event, from which everything personal is taken.
    pub(crate) fn terms_of_event(
        &self,
        event: &Event<'_>,
        compiled: Option<&CompiledType>,
        tags: &mut TagTerms,
        terms: &mut Vec<Term>,
    ) {
        let Some(type_term) = compiled.and_then(|compiled| compiled.term) else { return };
        terms.push(type_term);
        let of =
            |(place, (key, value)): (usize, &(Cow<'_, str>, Cow<'_, str>))| tags.of(&self.app.app, place, (key, value));
        terms.extend(event.tags.iter().enumerate().map(of));
    }

    /// Whether every event of these types that came with a tag is found by it.
    ///
    /// # Errors
    /// [`TagProblem`] where some are not: whoever relied on it would take silence for absence.
    pub fn check_tag(&self, types: &[&str], key: &str, value: &str) -> Result<(), TagProblem> {
        if key.len() > TAG_BYTES_MAX || value.len() > TAG_BYTES_MAX {
            return Err(TagProblem::TooLong);
        }
        let redacted = |text: &str| matches!(self.redaction.apply(text), Cow::Owned(changed) if changed != text);
        if secrets::is_secret_key(key) || redacted(value) || redacted(key) {
            return Err(TagProblem::Redacted);
        }
        let mut versions = types.iter().flat_map(|name| self.versions(name));
        if versions.any(|version| is_key_personal(key, &version.rules)) { Err(TagProblem::Personal) } else { Ok(()) }
    }
}

/// Whether a tag of this key is sealed, whatever its value.
pub(crate) fn is_key_personal(key: &str, rules: &Rules) -> bool {
    match rules.field(key) {
        Some(field) => field.mark != Mark::Nothing,
        None => likely_personal(key).is_some(),
    }
}

pub(crate) fn is_indexed(versions: &[CompiledType]) -> bool {
    // Of what is only counted no tags are kept.
    versions.iter().any(|version| version.event_type.indexed && version.event_type.store == Store::Event)
}
