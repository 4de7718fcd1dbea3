//! What an event says, member by member, as it is signed: the event as Daybook gives it back.

use std::collections::BTreeMap;

use daybook_event::{EventId, Timestamp, id};
use serde_json::{Map, Value};

use crate::jcs::{self, NotCanonical};
use crate::member::Member;

/// The members of an event that can be signed and that it has.
#[derive(Clone, Default, PartialEq)]
pub struct Content(BTreeMap<Member, Value>);

/// What an event says is not printed.
impl std::fmt::Debug for Content {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_set().entries(self.0.keys()).finish()
    }
}

/// A value is no event in Daybook's own form.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotAnEvent {
    /// It is no object.
    #[error("an event is a JSON object")]
    NotAnObject,
    /// One of its members is not what it should be.
    #[error("`{member}` is not {expected}")]
    Member {
        /// Which.
        member: Member,
        /// What it should be.
        expected: &'static str,
    },
    /// Its data is that of another version than was sent.
    #[error("this event was given out in a newer version than it was sent in; read it without `upcast`")]
    Upcast,
}

impl Content {
    /// What an event in Daybook's own form says: one that is about to be sent, or one as it was read. Its id, its time and the texts that
    /// may be written as numbers are brought into the form that Daybook gives them back in.
    ///
    /// # Errors
    /// [`NotAnEvent`].
    pub fn of_event(event: &Value) -> Result<Self, NotAnEvent> {
        let event = event.as_object().ok_or(NotAnEvent::NotAnObject)?;
        if event.contains_key("upcast") {
            return Err(NotAnEvent::Upcast);
        }
        let mut content = Self::default();
        for member in Member::ALL {
            let Some(value) = event.get(member.as_str()).filter(|value| !value.is_null()) else { continue };
            let wrong = |expected| NotAnEvent::Member { member, expected };
            match member {
                Member::Data => content.set(member, value.clone()),
                Member::Time => {
                    let time = value.as_str().and_then(|text| Timestamp::parse(text).ok());
                    content.set(member, time.ok_or_else(|| wrong("a date and time of RFC 3339"))?.to_string().into());
                }
                Member::Id => {
                    // Where the app's own is kept it stands there as it was written.
                    let id = match event.get("original_id").filter(|own| !own.is_null()) {
                        Some(own) => text(own),
                        None => text(value).map(|id| app_id(&id)),
                    };
                    content.set(member, id.ok_or_else(|| wrong("a text"))?.into());
                }
                Member::Actor => {
                    let actor = value.as_object().ok_or_else(|| wrong("an object"))?;
                    let part = |name: &str| match actor.get(name).filter(|part| !part.is_null()) {
                        None => Ok(None),
                        Some(part) => text(part).map(Some).ok_or_else(|| wrong("an object with texts `type` and `id`")),
                    };
                    content.set_actor(part("type")?.as_deref(), part("id")?.as_deref());
                }
                _ => content.set(member, text(value).ok_or_else(|| wrong("a text"))?.into()),
            }
        }
        Ok(content)
    }

    /// Says what a member is.
    pub fn set(&mut self, member: Member, value: Value) {
        self.0.insert(member, value);
    }

    /// Says who acted, by type and id, of which it takes one at least.
    pub fn set_actor(&mut self, kind: Option<&str>, id: Option<&str>) {
        let parts = [("type", kind), ("id", id)].into_iter();
        let parts: Map<String, Value> =
            parts.filter_map(|(name, part)| Some((name.to_owned(), part?.into()))).collect();
        if !parts.is_empty() {
            self.set(Member::Actor, Value::Object(parts));
        }
    }

    /// Whether it has a member.
    #[must_use]
    pub fn has(&self, member: Member) -> bool {
        self.0.contains_key(&member)
    }

    /// The members it has.
    pub fn members(&self) -> impl Iterator<Item = Member> {
        self.0.keys().copied()
    }

    /// What is signed of it: the object of these members in the form of RFC 8785. Those that it lacks are left out, which is for the caller
    /// to look at.
    ///
    /// # Errors
    /// [`NotCanonical`].
    pub fn payload(&self, members: &[Member]) -> Result<Vec<u8>, NotCanonical> {
        let chosen =
            members.iter().filter_map(|member| Some((member.as_str().to_owned(), self.0.get(member)?.clone())));
        jcs::canonical(&Value::Object(chosen.collect()))
    }
}

/// The id as the app that made it knows it, and as Daybook gives it back: UUIDs in lower case, ObjectIds as 24 digits, anything else as it is.
fn app_id(written: &str) -> String {
    let object_id = match EventId::parse_uuid(written) {
        Some(id) => match id.to_object_id() {
            Some(object_id) => object_id,
            None => return id.to_string(),
        },
        None => match id::parse_object_id(written) {
            Some(object_id) => object_id,
            None => return written.to_owned(),
        },
    };
    id::object_id_text(&object_id)
}

/// What a text says, which may be a whole number.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) if number.is_i64() => Some(number.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(event: &Value, expected: &str) {
        let content = Content::of_event(event).unwrap();
        let members: Vec<Member> = content.members().collect();
        assert_eq!(String::from_utf8(content.payload(&members).unwrap()).unwrap(), expected);
    }

    #[test]
    fn members_have_one_form() {
        check(
            &json!({"id": "0197B5A0-0000-7000-8000-00000000ABCD", "name": "a.b", "time": "2026-01-14T16:00:00+01:00", "tags": {"k": "v"},
                   "data": {"b": 1.50, "a": []}, "identity": 12345, "actor": {"id": 7, "type": "user"}, "group": null}),
            r#"{"actor":{"id":"7","type":"user"},"data":{"a":[],"b":1.5},"id":"0197b5a0-0000-7000-8000-00000000abcd","identity":"12345","name":"a.b","time":"2026-01-14T15:00:00.000Z"}"#,
        );
    }

    #[test]
    fn ids_are_those_of_the_app_before_and_after() {
        let check = |event: Value, expected: &str| check(&event, &format!(r#"{{"id":"{expected}"}}"#));
        check(json!({"id": "507F1F77BCF86CD799439011"}), "507f1f77bcf86cd799439011");
        check(json!({"id": "507f1f77-bcf8-800b-800b-6cd799439011"}), "507f1f77bcf86cd799439011");
        check(json!({"id": "order 7"}), "order 7");
        check(json!({"id": "0197b5a0-0000-5000-8000-00000000abcd", "original_id": "order 7"}), "order 7");
        // Of a CloudEvent, which is another event than one with this UUID.
        let upper = "0197B5A0-0000-7000-8000-00000000ABCD";
        check(json!({"id": "0197b5a0-0000-5000-8000-00000000abcd", "original_id": upper}), upper);
    }

    #[test]
    fn what_is_no_event() {
        let check = |event: Value, expected: &str| {
            assert_eq!(Content::of_event(&event).unwrap_err().to_string(), expected);
        };
        check(json!([]), "an event is a JSON object");
        check(json!({"time": "yesterday"}), "`time` is not a date and time of RFC 3339");
        check(json!({"actor": "me"}), "`actor` is not an object");
        check(json!({"identity": 1.5}), "`identity` is not a text");
        check(
            json!({"upcast": {"from": "1.0.0"}}),
            "this event was given out in a newer version than it was sent in; read it without `upcast`",
        );
    }
}
