//! Events with the signature of whatever sends them.

use daybook_signature::{Content, Member, SignError, SigningKey, event};
use serde::Serialize;
use serde_json::Value;

use crate::AnalyticsEvent;

/// An event with a signature, by which everybody who has the public key can tell that it is as it was sent. It is written as the event is, with
/// one member more.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SignedEvent {
    #[serde(flatten)]
    event: AnalyticsEvent,
    signature: String,
}

impl AnalyticsEvent {
    /// Signs the event, its id, type, time, session and data. Whoever signs does so last: what is sanitised afterwards is another event.
    ///
    /// # Errors
    /// [`SignError`] where its data holds a number beyond ±(2^53 − 1), which other parsers read differently.
    pub fn sign(self, key: &SigningKey) -> Result<SignedEvent, SignError> {
        let signature = event::sign(key, &self.content())?;
        Ok(SignedEvent { event: self, signature })
    }

    /// What the event says, as the server gives it back.
    fn content(&self) -> Content {
        let mut content = Content::default();
        let text = |value: Value| match value {
            Value::String(text) => text,
            // One of the open set of types.
            Value::Object(members) => {
                members.into_iter().find_map(|(_, name)| name.as_str().map(str::to_owned)).unwrap_or_default()
            }
            _ => String::new(),
        };
        // Neither fails: types and data are written as JSON all the time.
        content.set(Member::Name, text(serde_json::to_value(&self.event_type).unwrap_or_default()).into());
        content.set(Member::Id, self.id.to_string().into());
        let time = daybook_event::Timestamp::from_microseconds(self.timestamp.timestamp_micros());
        content.set(Member::Time, time.to_string().into());
        if let Some(session) = self.session_id {
            content.set(Member::Session, session.to_string().into());
        }
        match serde_json::to_value(&self.data).unwrap_or_default() {
            Value::Null => {}
            data => content.set(Member::Data, data),
        }
        content
    }
}

impl SignedEvent {
    /// The event.
    #[must_use]
    pub const fn event(&self) -> &AnalyticsEvent {
        &self.event
    }

    /// Its signature, a detached JWS.
    #[must_use]
    pub fn signature(&self) -> &str {
        &self.signature
    }
}

#[cfg(test)]
mod tests {
    use daybook_event::Secret;
    use daybook_signature::EventSignature;
    use serde_json::json;

    use super::*;
    use crate::{EventBuilder, EventType};

    #[test]
    fn what_is_sent_is_what_is_signed() {
        let key = SigningKey::from_seed(&Secret::from_bytes([5; 32]));
        for event_type in [EventType::MissionCreated, EventType::Custom("linter.run_completed".to_owned())] {
            let event = EventBuilder::new(event_type).data(json!({"files": 12, "share": 0.1}).into()).build();
            let signed = event.clone().sign(&key).unwrap();
            let written = serde_json::to_value(&signed).unwrap();
            assert_eq!(written["signature"], signed.signature());
            assert_eq!(written["id"], event.id.to_string());
            // As the server reads it.
            let name = written["event_type"].as_str().or_else(|| written["event_type"]["custom"].as_str()).unwrap();
            let read =
                json!({"id": written["id"], "name": name, "time": written["timestamp"], "data": written["data"]});
            let content = Content::of_event(&read).unwrap();
            let signature = EventSignature::parse(signed.signature()).unwrap();
            assert_eq!(signature.verify(&key.public(), &content), Ok(()), "{written}");
        }
    }
}
