//! An event taken apart: what anybody may see, and what is personal to whom.

use std::borrow::Cow;

use daybook_catalog::{Field, likely_personal};
use daybook_event::Event;
use daybook_event::limits::PEOPLE_PER_EVENT_MAX;
use daybook_event::stored::Personal;

use crate::envelope::Envelope;
use crate::indexed::is_key_personal;
use crate::personal::{Mark, Rules};
use crate::sent::Sent;
use crate::split::{Split, Taken, split};

/// The names that an event calls its own person by.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct OwnNames<'n> {
    identity: Option<&'n str>,
    anonymous_id: Option<&'n str>,
    session: Option<&'n str>,
    /// The actor, where it is a person.
    actor: Option<&'n str>,
}

/// What was taken out of an event's data and metadata.
#[derive(Debug, Default)]
pub(crate) struct Splits {
    pub(crate) data: Split,
    pub(crate) metadata: Split,
}

/// What was taken out of an event, by whose it is.
#[derive(Debug, Default)]
pub(crate) struct Parts<'e> {
    /// That of its own person, or of nobody.
    pub(crate) own: Personal<'e>,
    /// That of others, by the names they have.
    pub(crate) others: Vec<(String, Personal<'e>)>,
}

impl<'n> OwnNames<'n> {
    /// Those of an event as it was sent.
    pub(crate) fn of_sent(sent: &'n Sent<'_>, envelope: &'n Envelope) -> Self {
        let text = |field: Field| sent.text(field).or_else(|| envelope.default(field));
        let actor = text(Field::ActorId).filter(|_| is_person(text(Field::ActorType)));
        Self {
            identity: text(Field::Identity),
            anonymous_id: text(Field::AnonymousId),
            session: text(Field::Session),
            actor,
        }
    }

    fn of_event(event: &'n Event<'_>) -> Self {
        let actor = event.actor.as_ref().filter(|actor| is_person(actor.kind.as_deref()));
        Self {
            identity: event.identity.as_deref(),
            anonymous_id: event.anonymous_id.as_deref(),
            session: event.session.as_deref(),
            actor: actor.and_then(|actor| actor.id.as_deref()),
        }
    }

    /// The person's name, of the kind that names of others are.
    pub(crate) fn person(&self) -> Option<&'n str> {
        self.identity.or(self.actor)
    }

    /// The actor, where it is a person.
    pub(crate) const fn actor(&self) -> Option<&'n str> {
        self.actor
    }

    /// Whether a text is one of them.
    pub(crate) fn contain(&self, text: &str) -> bool {
        [self.identity, self.anonymous_id, self.session, self.actor].contains(&Some(text))
    }

    /// How a tag is personal: as the data field of its name, or else by its name or by naming the event's person.
    pub(crate) fn mark_of_tag(&self, key: &str, value: &str, rules: &Rules) -> Mark {
        match rules.field(key) {
            Some(field) => field.mark,
            None if self.contain(value) || likely_personal(key).is_some() => Mark::Own,
            None => Mark::Nothing,
        }
    }
}

/// Whether an actor of this type is a person.
pub(crate) fn is_person(actor_type: Option<&str>) -> bool {
    matches!(actor_type, None | Some("user"))
}

impl Splits {
    /// What is personal in the data and the metadata of an event. Data that `is_plain` is known to hold nothing.
    pub(crate) fn of(sent: &Sent<'_>, envelope: &Envelope, rules: &Rules, is_plain: bool) -> Self {
        let own = OwnNames::of_sent(sent, envelope);
        let mut splits = Self::default();
        debug_assert!(!is_plain || split(&sent.data_text, Some(rules), own).rest.is_none(), "plain data is plain");
        if !is_plain && !sent.data_text.is_empty() {
            splits.data = split(&sent.data_text, Some(rules), own);
        }
        if !sent.metadata_text.is_empty() {
            splits.metadata = split(&sent.metadata_text, None, own);
        }
        splits
    }
}

impl<'e> Parts<'e> {
    /// Takes what is personal out of an event; what was taken out of its data and its metadata, and the texts it stood in,
    /// are given.
    pub(crate) fn take(event: &mut Event<'e>, values: [(Vec<Taken>, &'e str); 2], rules: &Rules) -> Self {
        let mut parts = Self::default();
        parts.take_tags(event, rules);
        parts.take_actor(event);
        parts.own.identity = event.identity.take();
        parts.own.anonymous_id = event.anonymous_id.take();
        parts.own.session = event.session.take();
        parts.own.original_id = event.original_id.take();
        for (in_data, (taken, text)) in [true, false].into_iter().zip(values) {
            for Taken { pointer, at, other } in taken {
                let part = match other {
                    Some(name) => parts.other(&name),
                    None => &mut parts.own,
                };
                let values = if in_data { &mut part.data } else { &mut part.metadata };
                values.push((Cow::Owned(pointer), Cow::Borrowed(text.get(at).unwrap_or_default())));
            }
        }
        parts
    }

    /// The key of a tag that was taken for its value alone: it names the event's own person.
    pub(crate) fn tag_that_names(&self, rules: &Rules) -> Option<&str> {
        let of_others = self.others.iter().map(|(_, part)| part);
        let mut tags = std::iter::once(&self.own).chain(of_others).flat_map(|part| &part.tags);
        tags.find(|(key, _)| !is_key_personal(key, rules)).map(|(key, _)| &**key)
    }

    /// Whether nothing was taken.
    pub(crate) fn is_empty(&self) -> bool {
        self.own.is_empty() && self.others.is_empty()
    }

    fn take_tags(&mut self, event: &mut Event<'e>, rules: &Rules) {
        let tags = std::mem::take(&mut event.tags);
        if tags.is_empty() {
            return;
        }
        let own = OwnNames::of_event(event);
        let mut kept = Vec::with_capacity(tags.len());
        for tag in tags {
            match own.mark_of_tag(&tag.0, &tag.1, rules) {
                Mark::Nothing => kept.push(tag),
                Mark::Person if own.person() != Some(&*tag.1) => {
                    let name = tag.1.clone();
                    self.other(&name).tags.push(tag);
                }
                Mark::Own | Mark::Person => self.own.tags.push(tag),
            }
        }
        event.tags = kept;
    }

    /// An actor who is a person, but not the event's, is another person.
    fn take_actor(&mut self, event: &mut Event<'e>) {
        let Some(actor) = event.actor.as_mut().filter(|actor| is_person(actor.kind.as_deref())) else { return };
        let id = actor.id.take();
        if actor.kind.is_none() {
            event.actor = None;
        }
        match (&id, &event.identity) {
            (Some(name), Some(identity)) if name != identity => {
                let name = name.clone();
                self.other(&name).actor_id = id;
            }
            _ => self.own.actor_id = id,
        }
    }

    fn other(&mut self, name: &str) -> &mut Personal<'e> {
        let there = self.others.iter().position(|(other, _)| other == name);
        let place = there.unwrap_or_else(|| {
            // One too many is enough to know that the event names too many.
            if self.others.len() <= PEOPLE_PER_EVENT_MAX {
                self.others.push((name.to_owned(), Personal::default()));
            }
            self.others.len() - 1
        });
        &mut self.others[place].1
    }
}
