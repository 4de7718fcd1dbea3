//! Events on their way out: in which form they are written, and what of people goes with them.
//!
//! A handler that sees people names an event's own person: identity, session, and the actor who is the same. Its
//! `anonymous_id` stands beside, so that everything of theirs is found again. What else is personal stays out, as it
//! stays out of rows: names of others, of whom no id stands there, and values that only the catalog could find. So does
//! a signature, which goes with everybody whom the event names, and holds for what is left out here.

use std::borrow::Cow;
use std::sync::Arc;

use daybook_catalog::AppCatalog;
use daybook_consumers::{Item, Sight};
use daybook_event::{Actor, Event};
use serde::Deserialize;

use crate::tables::personal::Personal;

/// The form that an event is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Dialect {
    /// Daybook's own.
    #[default]
    Canonical,
    /// The app's.
    App,
    /// Structured CloudEvents.
    CloudEvents,
}

/// Writes the events of an app in one form.
pub(crate) struct Form {
    app: Arc<AppCatalog>,
    dialect: Dialect,
    /// What is left out where people are named; where they are not, what is personal is sealed.
    personal: Option<Personal>,
}

impl Form {
    /// Of the app's events, as this sight shows them.
    pub(crate) fn new(app: &Arc<AppCatalog>, dialect: Dialect, sight: Sight) -> Self {
        let personal = (sight == Sight::Open).then(|| Personal::of(Arc::clone(app)));
        Self { app: Arc::clone(app), dialect, personal }
    }

    /// The app whose events they are.
    pub(crate) fn app(&self) -> &AppCatalog {
        &self.app
    }

    /// Whether people are named.
    pub(crate) const fn names_people(&self) -> bool {
        self.personal.is_some()
    }

    /// Appends an event.
    pub(crate) fn write(&self, item: &Item, out: &mut Vec<u8>) {
        match &self.personal {
            None => self.render(&item.event, out),
            // Of somebody whose name is gone, nothing else may tell either.
            Some(personal) if item.event.identity.is_none() => self.render(&forgotten(&item.event, personal), out),
            Some(personal) => self.render(&named(&item.event, personal), out),
        }
    }

    /// Appends an event as it is once its person is forgotten.
    pub(crate) fn write_forgotten(&self, item: &Item, out: &mut Vec<u8>) {
        match &self.personal {
            None => self.render(&item.event, out),
            Some(personal) => self.render(&forgotten(&item.event, personal), out),
        }
    }

    fn render(&self, event: &Event<'_>, out: &mut Vec<u8>) {
        match self.dialect {
            Dialect::Canonical => event.write_json(out),
            Dialect::App => daybook_catalog::render(event, &self.app.dialect, &self.app, out),
            Dialect::CloudEvents => daybook_admission::cloud_events::render(event, out),
        }
    }
}

/// The event with its own person and nothing else that is personal.
fn named<'e>(event: &'e Event<'_>, personal: &Personal) -> Event<'e> {
    let mut named: Event<'e> = event.clone();
    named.data = personal.data(event);
    named.metadata = Personal::metadata(event);
    let tags = personal.tags(event).into_iter();
    named.tags = tags.map(|(key, value)| (Cow::Borrowed(key), Cow::Borrowed(value))).collect();
    named.original_id = None;
    if let Some(signature) = &mut named.signature {
        signature.signed = None;
    }
    named.actor = match named.actor {
        Some(Actor { kind, id }) if is_person(kind.as_deref()) => {
            let id = id.filter(|id| event.identity.as_ref() == Some(id));
            (kind.is_some() || id.is_some()).then_some(Actor { kind, id })
        }
        actor => actor,
    };
    named
}

/// The event with nothing personal: the same, whether it is made of the event as it was or of what the log has left of it.
fn forgotten<'e>(event: &'e Event<'_>, personal: &Personal) -> Event<'e> {
    let mut forgotten = named(event, personal);
    (forgotten.identity, forgotten.session) = (None, None);
    forgotten.actor = match forgotten.actor {
        Some(Actor { kind, .. }) if is_person(kind.as_deref()) => kind.map(|kind| Actor { kind: Some(kind), id: None }),
        actor => actor,
    };
    forgotten
}

/// Whether an actor of this kind is a person, as admission has it.
fn is_person(kind: Option<&str>) -> bool {
    matches!(kind, None | Some("user"))
}
