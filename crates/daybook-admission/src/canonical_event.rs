//! The canonical event that is stored, made of what the client sent and what the catalog adds.

use std::borrow::Cow;

use daybook_catalog::Field;
use daybook_event::{Actor, Event, EventId, Kind, Priority, Timestamp};
use sonic_rs::{JsonValueTrait, Value};

use crate::compile::{Admission, CompiledType};
use crate::envelope::Envelope;
use crate::json::{Redaction, View};
use crate::sent::Sent;

impl Admission {
    /// The canonical event. Time, priority, category, rate, data and metadata are the caller's to set.
    pub(crate) fn event<'e, 'b: 'e>(
        &'e self,
        sent: &mut Sent<'b>,
        id: EventId,
        compiled: Option<&'e CompiledType>,
        envelope: &'e Envelope,
        (now, environment): (Timestamp, &'e str),
    ) -> Event<'e> {
        let trace = sent.trace;
        let mut text = |field: Field| sent.take(field).or_else(|| envelope.default(field).map(Cow::Borrowed));
        let (actor_kind, actor_id) = (text(Field::ActorType), text(Field::ActorId));
        let version = compiled.map_or("1.0.0", |compiled| compiled.version.as_str());
        let mut event = Event {
            id,
            kind: Kind::Event,
            app: Cow::Borrowed(&self.app.app),
            name: text(Field::Name).unwrap_or_default(),
            version: text(Field::Version).unwrap_or(Cow::Borrowed(version)),
            time: now,
            received: now,
            position: 0,
            category: Cow::Borrowed(""),
            priority: Priority::Normal,
            sample_rate: 1.0,
            source: text(Field::Source),
            platform: text(Field::Platform),
            environment: text(Field::Environment).or(Some(Cow::Borrowed(environment))),
            identity: text(Field::Identity),
            anonymous_id: text(Field::AnonymousId),
            session: text(Field::Session),
            group: text(Field::Group),
            actor: (actor_kind.is_some() || actor_id.is_some()).then_some(Actor { kind: actor_kind, id: actor_id }),
            correlation: text(Field::Correlation).or_else(|| Some(Cow::Owned(trace?.trace_id().to_owned()))),
            causation: text(Field::Causation),
            request: text(Field::Request).or_else(|| Some(Cow::Owned(trace?.parent_id().to_owned()))),
            original_id: sent.original_id.take(),
            tags: std::mem::take(&mut sent.tags),
            data: Cow::Borrowed(""),
            metadata: Cow::Borrowed(""),
            signature: None,
        };
        let from_data = compiled.map(|compiled| compiled.event_type.tags.as_slice()).unwrap_or_default();
        if let Some(data) = sent.data
            && !from_data.is_empty()
        {
            tag_from_data(&mut event, data, from_data, self.redaction);
        }
        event
    }
}

/// Turns data fields into tags. A tag the client gave itself stays.
fn tag_from_data<'e>(event: &mut Event<'e>, data: &'e Value, fields: &'e [String], redaction: Redaction) {
    for field in fields {
        if event.tags.iter().any(|(key, _)| key == field) {
            continue;
        }
        let value = match data.get(field.as_str()).map(View::of) {
            Some(View::String(text)) => Cow::Owned(redaction.apply(&text).into_owned()),
            Some(View::Number(number)) => Cow::Owned(number.as_str().to_owned()),
            Some(View::Boolean(boolean)) => Cow::Borrowed(if boolean { "true" } else { "false" }),
            _ => continue,
        };
        if value.len() <= daybook_event::limits::TAG_BYTES_MAX {
            event.tags.push((Cow::Borrowed(field.as_str()), value));
        }
    }
    event.tags.sort();
}

/// Reduces an event of a counts-only type to its day, group, person and name. Its id goes too: it can tell the time.
pub(crate) fn reduce_to_count(event: &mut Event<'_>) {
    const DAY_US: i64 = 86_400_000_000;
    let midnight = |time: Timestamp| Timestamp::from_microseconds(time.microseconds().div_euclid(DAY_US) * DAY_US);
    event.id = EventId::from_bytes([0; 16]);
    event.kind = Kind::DailyCount;
    event.time = midnight(event.time);
    event.received = midnight(event.received);
    for text in [
        &mut event.original_id,
        &mut event.source,
        &mut event.platform,
        &mut event.anonymous_id,
        &mut event.session,
        &mut event.correlation,
        &mut event.causation,
        &mut event.request,
    ] {
        *text = None;
    }
    event.actor = None;
    event.tags.clear();
    event.data = Cow::Borrowed("");
    event.metadata = Cow::Borrowed("");
}
