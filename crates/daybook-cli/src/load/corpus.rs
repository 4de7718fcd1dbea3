//! Event templates, from the examples of the catalogs.

use std::borrow::Cow;

use daybook_catalog::{AppCatalog, As, Catalogs, EventType, Field, Store, WithoutConsent, name_matches};
use daybook_event::{Actor, Event, EventId, Timestamp};
use serde_json::Value;

/// The templates of several apps.
#[derive(Debug, Clone, Default)]
pub struct Corpus {
    /// One entry an app, in the order of their slugs.
    pub apps: Vec<AppCorpus>,
}

/// The templates of one app.
#[derive(Debug, Clone)]
pub struct AppCorpus {
    /// The app.
    pub app: String,
    /// One for every example that is sent; never empty.
    pub templates: Vec<Template>,
}

/// One event in its app's own form, and what to write anew for each copy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    /// The event type.
    pub name: String,
    /// The event as JSON.
    pub bytes: Vec<u8>,
    /// What to overwrite.
    pub patches: Vec<Patch>,
}

/// A place in a template that every copy fills anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patch {
    /// Where it begins.
    pub offset: usize,
    /// What stands there.
    pub kind: PatchKind,
}

/// What a patch writes; each has a fixed length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PatchKind {
    /// A fresh UUIDv7, 36 characters.
    Uuid,
    /// A fresh ObjectId, 24 characters.
    ObjectId,
    /// The time, 24 characters.
    Time,
    /// Digits that name a person, 10 characters.
    PersonNumber,
    /// An ObjectId that names a person, 24 characters.
    PersonObjectId,
    /// A UUID that names a person, 36 characters.
    PersonUuid,
}

/// Which event types a corpus is made of.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// The apps; all of the catalogs where empty.
    pub apps: Vec<String>,
    /// Names and patterns of event types; all where empty.
    pub names: Vec<String>,
    /// Also types that are sampled, only counted, or refused without consent.
    pub every_type: bool,
}

// What the placeholders say; long and odd enough to occur nowhere else in an event.
const ID: [u8; 16] = [0xd0, 0x0d, 0xfe, 0xed, 0xba, 0xdc, 0x7f, 0xfe, 0x9a, 0xce, 0xc0, 0xff, 0xee, 0xc0, 0xde, 0x01];
const TIME: &str = "2001-02-03T04:05:06.789Z";
const PERSON_NUMBER: &str = "1907054321";
const PERSON_OBJECT_ID: &str = "5eed0badcafe5eed0badcafe";
const PERSON_UUID: &str = "5eed0bad-cafe-4eed-8bad-cafe5eed0bad";
const SESSION_NUMBER: &str = "1807054321";
const SESSION_OBJECT_ID: &str = "6eed0badcafe5eed0badcafe";
const SESSION_UUID: &str = "6eed0bad-cafe-4eed-8bad-cafe5eed0bad";
const WORKFLOW_UUID: &str = "7eed0bad-cafe-4eed-8bad-cafe5eed0bad";

impl Corpus {
    /// The examples of `catalogs` that `selection` names.
    pub fn new(catalogs: &Catalogs, selection: &Selection) -> Self {
        let wanted = |app: &AppCatalog| {
            // The reserved app's events are Daybook's own to write.
            selection.apps.contains(&app.app) || (selection.apps.is_empty() && app.app != "daybook")
        };
        let apps = catalogs.apps().filter(|app| wanted(app)).map(|app| AppCorpus {
            app: app.app.clone(),
            templates: app
                .current_events()
                .filter(|event_type| selection.takes(event_type))
                .flat_map(|event_type| event_type.examples.iter().map(|data| Template::new(app, event_type, data)))
                .collect(),
        });
        Self { apps: apps.filter(|app| !app.templates.is_empty()).collect() }
    }

    /// Templates of all apps together.
    pub fn len(&self) -> usize {
        self.apps.iter().map(|app| app.templates.len()).sum()
    }
}

impl Selection {
    fn takes(&self, event_type: &EventType) -> bool {
        let named = self.names.is_empty() || self.names.iter().any(|pattern| name_matches(pattern, &event_type.name));
        let stored = event_type.store == Store::Event
            && event_type.sampling.rate >= 1.0
            && event_type.consent.as_ref().is_none_or(|consent| consent.without != WithoutConsent::Drop);
        named && event_type.deprecated.is_none() && (self.every_type || stored)
    }
}

impl Template {
    fn new(app: &AppCatalog, event_type: &EventType, data: &Value) -> Self {
        let kind = |field| app.dialect.field(field).map(|spec| spec.kind);
        let id = match kind(Field::Id) {
            Some(As::ObjectId) => EventId::from_object_id([
                ID[0], ID[1], ID[2], ID[3], ID[4], ID[5], ID[6], ID[7], ID[8], ID[9], ID[10], ID[11],
            ]),
            _ => EventId::from_bytes(ID),
        };
        let data = data.to_string();
        let value = |field| value_of(app, field).map(Cow::Borrowed);
        let event = Event {
            id,
            version: Cow::Owned(event_type.version.to_string()),
            received: Timestamp::default(),
            category: Cow::Borrowed(&event_type.category),
            priority: event_type.priority,
            source: event_type
                .sources
                .first()
                .map(|source| Cow::Borrowed(source.as_str()))
                .or_else(|| value(Field::Source)),
            platform: value(Field::Platform),
            environment: value(Field::Environment),
            identity: value(Field::Identity),
            session: value(Field::Session),
            actor: app
                .dialect
                .field(Field::ActorId)
                .filter(|spec| spec.required)
                .map(|_| Actor { kind: value(Field::ActorType), id: value(Field::ActorId) }),
            correlation: value(Field::Correlation),
            data: Cow::Borrowed(&data),
            ..Event::new(&app.app, &event_type.name, Timestamp::parse(TIME).unwrap_or_default())
        };
        let mut bytes = Vec::new();
        daybook_catalog::render(&event, &app.dialect, app, &mut bytes);
        let patches = patches(&bytes, kind(Field::Id) == Some(As::ObjectId), &id);
        Self { name: event_type.name.clone(), bytes, patches }
    }
}

/// What a template has in a field of its envelope; `None` where the app has no such field.
fn value_of(app: &AppCatalog, field: Field) -> Option<&str> {
    let spec = app.dialect.field(field)?;
    if let Some(value) = spec.values.first().or(spec.default.as_ref()) {
        return Some(value);
    }
    let by_kind = |number, object_id, uuid| match spec.kind {
        As::Integer => number,
        As::ObjectId => object_id,
        _ => uuid,
    };
    Some(match field {
        Field::Identity | Field::ActorId => by_kind(PERSON_NUMBER, PERSON_OBJECT_ID, PERSON_UUID),
        Field::Session => by_kind(SESSION_NUMBER, SESSION_OBJECT_ID, SESSION_UUID),
        Field::Correlation => WORKFLOW_UUID,
        Field::Environment => "production",
        _ if spec.required => "load",
        _ => return None,
    })
}

/// Finds the placeholders in a rendered template.
fn patches(bytes: &[u8], object_id: bool, id: &EventId) -> Vec<Patch> {
    let id_text = id
        .to_object_id()
        .filter(|_| object_id)
        .map_or_else(|| id.to_string(), |object_id| daybook_event::id::object_id_text(&object_id));
    let placeholders = [
        (id_text.as_str(), if object_id { PatchKind::ObjectId } else { PatchKind::Uuid }),
        (TIME, PatchKind::Time),
        (PERSON_NUMBER, PatchKind::PersonNumber),
        (PERSON_OBJECT_ID, PatchKind::PersonObjectId),
        (PERSON_UUID, PatchKind::PersonUuid),
        (SESSION_NUMBER, PatchKind::PersonNumber),
        (SESSION_OBJECT_ID, PatchKind::PersonObjectId),
        (SESSION_UUID, PatchKind::PersonUuid),
        (WORKFLOW_UUID, PatchKind::Uuid),
    ];
    let mut patches = Vec::new();
    for (text, kind) in placeholders {
        let text = text.as_bytes();
        let places = bytes.windows(text.len()).enumerate().filter(|(_, window)| *window == text);
        patches.extend(places.map(|(offset, _)| Patch { offset, kind }));
    }
    patches.sort_by_key(|patch| patch.offset);
    patches
}

#[cfg(test)]
mod tests {
    use daybook_admission::Status;

    use super::super::stamp::Stamp;
    use super::*;
    use crate::judged::judged;

    /// A copy of every template is stored, without a word of warning: a load test measures what it means to measure.
    #[test]
    fn copies_are_admitted() {
        let catalogs = Catalogs::builtin().catalogs;
        let corpus = Corpus::new(&catalogs, &Selection::default());
        assert!(corpus.apps.len() >= 4 && corpus.len() > 100, "{}", corpus.len());
        let mut stamp = Stamp::new(5, 1_000);
        for app in &corpus.apps {
            let copies: Vec<String> = app
                .templates
                .iter()
                .map(|template| {
                    let mut copy = Vec::new();
                    stamp.copy(template, &mut copy);
                    String::from_utf8(copy).expect("text")
                })
                .collect();
            let bodies: Vec<&str> = copies.iter().map(String::as_str).collect();
            let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
            let receipts = judged(catalogs.app(&app.app).expect("a catalog"), &bodies, now.as_micros() as i64);
            for (body, receipt) in bodies.iter().zip(receipts) {
                assert!(receipt.status == Status::Stored && receipt.warnings.is_empty(), "{body}\n{receipt:#?}");
            }
        }
    }
}
