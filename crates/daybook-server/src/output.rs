//! Events on their way out: the one place that decides what of an event a key may see.

use daybook_catalog::migrate::Upcasting;
use daybook_catalog::{AppCatalog, EventType};
use daybook_event::Event;
use daybook_event::json::ObjectWriter;
use serde_json::Value;

/// In which form an event is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Daybook's own.
    Canonical,
    /// The app's.
    Dialect,
    /// A structured CloudEvent.
    CloudEvent,
}

/// How events are given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Manner {
    /// In this form.
    pub form: Form,
    /// With what names people.
    pub privacy: bool,
    /// Those of older versions as the current version of their type has them.
    pub upcast: bool,
}

/// Appends an event in the form that is wanted; without `privacy` it tells nobody's name.
pub fn write(event: Event<'_>, app: &AppCatalog, form: Form, privacy: bool, out: &mut Vec<u8>) {
    write_in(Manner { form, privacy, upcast: false }, event, app, out);
}

/// Appends an event in the manner that is wanted. Of an event that was to be upcast and was of an older version it also
/// says from which version it comes, or why it is as it was.
pub fn write_in(manner: Manner, event: Event<'_>, app: &AppCatalog, out: &mut Vec<u8>) {
    let (event, upcasting) = prepare(manner, event, app);
    render(&event, app, manner.form, out);
    note(&upcasting, manner.form, out);
}

/// An event with as much in it as may be seen, in the version that is wanted, and what was done about its version.
pub fn prepare<'e>(manner: Manner, event: Event<'e>, app: &AppCatalog) -> (Event<'e>, Upcasting) {
    // What is personal goes by the version that the event was sent in; what the current one calls personal goes too.
    let event = shown(event, app, manner.privacy);
    if !manner.upcast {
        return (event, Upcasting::Current);
    }
    let (event, upcasting) = app.upcast_event(event);
    let again = !manner.privacy && matches!(upcasting, Upcasting::From(_));
    (if again { without_person(event, app) } else { event }, upcasting)
}

/// Puts what was done about an event's version into the object that ends `out`: `upcast` with `from`, or with `code` and
/// `message`. A CloudEvent has attributes for it instead.
fn note(upcasting: &Upcasting, form: Form, out: &mut Vec<u8>) {
    if *upcasting == Upcasting::Current {
        return;
    }
    let Some(mut object) = ObjectWriter::reopen(out) else { return };
    match (upcasting, form) {
        (Upcasting::Current, _) => {}
        (Upcasting::From(from), Form::CloudEvent) => object.string("upcastfrom", from),
        (Upcasting::Failed(error), Form::CloudEvent) => object.string("upcasterror", error.code()),
        (Upcasting::From(from), Form::Canonical | Form::Dialect) => {
            object.field("upcast");
            let mut inner = ObjectWriter::open(object.out);
            inner.string("from", from);
            inner.close();
        }
        (Upcasting::Failed(error), Form::Canonical | Form::Dialect) => {
            object.field("upcast");
            let mut inner = ObjectWriter::open(object.out);
            inner.string("code", error.code());
            inner.string("message", &error.to_string());
            inner.close();
        }
    }
    object.close();
}

fn render(event: &Event<'_>, app: &AppCatalog, form: Form, out: &mut Vec<u8>) {
    match form {
        Form::Canonical => event.write_json(out),
        Form::Dialect => daybook_catalog::render(event, &app.dialect, app, out),
        Form::CloudEvent => daybook_admission::cloud_events::render(event, out),
    }
}

/// What of an event a key may see; without `privacy` it tells nobody's name.
pub fn shown<'e>(event: Event<'e>, app: &AppCatalog, privacy: bool) -> Event<'e> {
    if privacy { event } else { without_person(event, app) }
}

/// The event without what names a person: the identity, the session, an actor who is one, and the fields of the data that
/// the catalog calls personal. `anonymous_id` stays: it names nobody.
fn without_person<'e>(mut event: Event<'e>, app: &AppCatalog) -> Event<'e> {
    let is_person = event.actor.as_ref().is_some_and(|actor| {
        actor.kind.as_deref().is_none_or(|kind| kind.eq_ignore_ascii_case("user"))
            || (actor.id.is_some() && actor.id == event.identity)
    });
    if is_person {
        event.actor = None;
    }
    event.identity = None;
    event.session = None;
    let Some(event_type) = event_type(app, &event) else { return event };
    if event_type.pii.is_empty() {
        return event;
    }
    event.tags.retain(|(key, _)| !event_type.pii.contains_key(&**key));
    if !event.data.is_empty() {
        let data = serde_json::from_str(&event.data).map(|mut data: Value| {
            for path in event_type.pii.keys() {
                remove(&mut data, path.split('.'));
            }
            data.to_string()
        });
        // What cannot be looked into cannot be shown.
        event.data = data.unwrap_or_default().into();
    }
    event
}

/// The type of an event in the version it has, or in the current one where that version is gone.
pub fn event_type<'a>(app: &'a AppCatalog, event: &Event<'_>) -> Option<&'a EventType> {
    let version = event.version.parse().ok();
    version.and_then(|version| app.event_version(&event.name, &version)).or_else(|| app.event(&event.name))
}

/// Takes the field at `path` out, in every element where the way leads through an array.
fn remove<'p>(value: &mut Value, mut path: impl Iterator<Item = &'p str> + Clone) {
    match value {
        Value::Array(elements) => elements.iter_mut().for_each(|element| remove(element, path.clone())),
        Value::Object(members) => {
            let Some(step) = path.next() else { return };
            if path.clone().next().is_none() {
                members.shift_remove(step);
            } else if let Some(inner) = members.get_mut(step) {
                remove(inner, path);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn fields_are_taken_out_wherever_they_are() {
        let check = |path: &str, expected: Value| {
            let mut value = json!({"a": {"b": 1, "c": 2}, "d": [{"b": 1, "e": 2}, {"b": 3}], "f": 5});
            remove(&mut value, path.split('.'));
            assert_eq!(value, expected, "{path}");
        };
        check("f", json!({"a": {"b": 1, "c": 2}, "d": [{"b": 1, "e": 2}, {"b": 3}]}));
        check("a.b", json!({"a": {"c": 2}, "d": [{"b": 1, "e": 2}, {"b": 3}], "f": 5}));
        check("d.b", json!({"a": {"b": 1, "c": 2}, "d": [{"e": 2}, {}], "f": 5}));
        check("f.g", json!({"a": {"b": 1, "c": 2}, "d": [{"b": 1, "e": 2}, {"b": 3}], "f": 5}));
        check("x.y", json!({"a": {"b": 1, "c": 2}, "d": [{"b": 1, "e": 2}, {"b": 3}], "f": 5}));
    }
}
