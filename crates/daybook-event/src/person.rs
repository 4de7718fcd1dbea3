//! People, as they pass between admission, which finds them in events, and the vault, which knows who they are.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::{Month, Secret, SubjectId};

/// The class of the month secrets behind the ids of people who did not consent: such an id lasts a month.
pub const PSEUDONYMS: &str = "~pseudonyms";
/// The class of the month secrets under which events in quarantine are sealed.
pub const QUARANTINE: &str = "~quarantine";

/// What kind of name a person is called by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NameKind {
    /// The app's own name of a person.
    Identity,
    /// The client's own `anonymous_id`, of somebody whom it calls by no identity.
    Anonymous,
}

/// A person, as an event names them: who they are within one app.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PersonName<'a> {
    /// What kind of name it is.
    pub kind: NameKind,
    /// The name.
    pub name: Cow<'a, str>,
}

impl<'a> PersonName<'a> {
    /// Somebody the app has a name for.
    #[must_use]
    pub fn identity(name: impl Into<Cow<'a, str>>) -> Self {
        Self { kind: NameKind::Identity, name: name.into() }
    }

    /// Somebody the client has only an anonymous id for.
    #[must_use]
    pub fn anonymous(name: impl Into<Cow<'a, str>>) -> Self {
        Self { kind: NameKind::Anonymous, name: name.into() }
    }

    /// The same name, borrowed from this one.
    #[must_use]
    pub fn borrowed(&self) -> PersonName<'_> {
        PersonName { kind: self.kind, name: Cow::Borrowed(&self.name) }
    }

    /// The same name, owned.
    #[must_use]
    pub fn into_owned(self) -> PersonName<'static> {
        PersonName { kind: self.kind, name: Cow::Owned(self.name.into_owned()) }
    }
}

/// Names are not printed.
impl std::fmt::Debug for PersonName<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "PersonName({:?}, …)", self.kind)
    }
}

/// What somebody said, by purpose: `true` where they agreed.
pub type Consents = Vec<(Box<str>, bool)>;

/// What the vault says of a person, but for the name. Small enough to be copied: with every event there is another one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// The random name that stands for them.
    pub id: SubjectId,
    /// Their part of the keys of everything sealed for them.
    pub secret: Secret,
    /// What they said; most were never asked.
    pub consents: Option<Arc<Consents>>,
    /// They object to anything being kept that points to them.
    pub objected: bool,
}

impl Person {
    /// What they said of a purpose; `None` where they were never asked.
    #[must_use]
    pub fn consent(&self, purpose: &str) -> Option<bool> {
        self.consents.as_deref()?.iter().find(|(name, _)| **name == *purpose).map(|(_, granted)| *granted)
    }
}

/// What sealing the events of a call takes, each person and month once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Needs<'a> {
    /// The people.
    pub people: Vec<PersonName<'a>>,
    /// The months, each of a retention category or of [`PSEUDONYMS`] or [`QUARANTINE`].
    pub months: Vec<(Cow<'a, str>, Month)>,
}

impl Needs<'_> {
    /// Whether nothing is needed.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.people.is_empty() && self.months.is_empty()
    }
}

/// What was needed, in the order of [`Needs`].
#[derive(Debug, Clone, Default)]
pub struct Keys {
    /// The people.
    pub people: Vec<Person>,
    /// The secrets of the months.
    pub months: Vec<Arc<Secret>>,
}

/// The month secrets of one app, by class: a category, [`PSEUDONYMS`] or [`QUARANTINE`].
#[derive(Debug, Clone, Default)]
pub struct Months {
    classes: BTreeMap<Box<str>, BTreeMap<Month, Arc<Secret>>>,
}

impl Months {
    /// The secret of a class's month, where there is one and it was not destroyed.
    #[must_use]
    pub fn get(&self, class: &str, month: Month) -> Option<&Arc<Secret>> {
        self.classes.get(class)?.get(&month)
    }

    /// Puts a secret in; gives back the one that was there.
    pub fn insert(&mut self, class: &str, month: Month, secret: Arc<Secret>) -> Option<Arc<Secret>> {
        if let Some(months) = self.classes.get_mut(class) {
            return months.insert(month, secret);
        }
        self.classes.insert(class.into(), BTreeMap::from([(month, secret)]));
        None
    }

    /// Takes a secret out.
    pub fn remove(&mut self, class: &str, month: Month) -> Option<Arc<Secret>> {
        self.classes.get_mut(class)?.remove(&month)
    }

    /// All of them, by class and month.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Month, &Arc<Secret>)> {
        self.classes
            .iter()
            .flat_map(|(class, months)| months.iter().map(move |(month, secret)| (&**class, *month, secret)))
    }
}

/// What the headers of a request say about being followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Signals {
    /// `Sec-GPC: 1`, Global Privacy Control.
    pub gpc: bool,
    /// `DNT: 1`, Do Not Track.
    pub dnt: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn consent_is_what_was_said() {
        let person = Person {
            id: SubjectId::from_bytes([1; 16]),
            secret: Secret::from_bytes([2; 32]),
            consents: Some(Arc::new(vec![("telemetry".into(), true), ("research".into(), false)])),
            objected: false,
        };
        let said = ["telemetry", "research", "other"].map(|purpose| person.consent(purpose));
        assert_eq!(said, [Some(true), Some(false), None]);
    }

    #[test]
    fn months_are_kept_by_class() {
        let (secret, march) = (|byte| Arc::new(Secret::from_bytes([byte; 32])), Month::from_number(674));
        let mut months = Months::default();
        assert_eq!(months.insert("product", march, secret(1)), None);
        assert_eq!(months.insert(PSEUDONYMS, march, secret(2)), None);
        assert_eq!(months.insert("product", march, secret(3)), Some(secret(1)));
        assert_eq!(months.get("product", march), Some(&secret(3)));
        assert_eq!(months.get("product", Month::from_number(675)), None);
        assert_eq!(months.iter().map(|(class, ..)| class).collect::<Vec<_>>(), ["product", PSEUDONYMS]);
        assert_eq!(months.remove("product", march), Some(secret(3)));
        assert_eq!(months.get("product", march), None);
    }

    #[test]
    fn names_are_not_printed() {
        assert_eq!(format!("{:?}", PersonName::identity("ada")), "PersonName(Identity, …)");
    }
}
