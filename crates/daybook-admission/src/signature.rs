//! The signature that an event came with: whether it is right, and what is kept of it.

use std::borrow::Cow;
use std::collections::HashMap;

use daybook_catalog::{Field, Signatures};
use daybook_event::{Finding, Keeping, Signature, Signed};
use daybook_signature::{ActorKey, Content, EventSignature, KeyId, KeyRefusal, Malformed, Member, Mismatch, Signer};

use crate::body::Body;
use crate::compile::{Admission, CompiledType};
use crate::decode::DecodedEvent;
use crate::envelope::Envelope;
use crate::judge::Facts;
use crate::sent::Sent;

/// The keys of an app's actors, by their thumbprints.
pub type ActorKeys = HashMap<KeyId, ActorKey>;

/// A signature as it was sent.
pub(crate) struct SentSignature {
    pub(crate) text: String,
    /// Where it stands in the event.
    pointer: String,
    read: Result<EventSignature, Malformed>,
}

impl SentSignature {
    pub(crate) fn read(text: &str, pointer: String) -> Self {
        Self { text: text.to_owned(), pointer, read: EventSignature::parse(text) }
    }

    /// The key that it says to be made with.
    pub(crate) fn key_id(&self) -> Option<KeyId> {
        self.read.as_ref().ok().map(EventSignature::key_id)
    }

    /// What is kept of it: itself, where the event is kept as it was signed.
    pub(crate) fn kept(self: Box<Self>, as_signed: bool) -> Signature<'static> {
        let signed = self
            .key_id()
            .filter(|_| as_signed)
            .map(|key_id| Signed { key_id: Cow::Owned(key_id.to_string()), jws: Cow::Owned(self.text) });
        Signature { keeping: if signed.is_some() { Keeping::Whole } else { Keeping::Verdict }, signed }
    }

    fn finding(&self, code: &'static str, message: impl Into<Cow<'static, str>>) -> Finding {
        Finding::new(code, self.pointer.clone(), message)
    }
}

/// What is said where nobody will be able to verify a signature again.
pub(crate) fn not_kept() -> Finding {
    let message = "its signature is right, but the event is not kept as it was signed; that it was right is all that is kept of it";
    Finding::new("signature.not-kept", "", message)
}

impl Admission {
    /// Whether an event is signed where it has to be, and by whom it says.
    pub(crate) fn judge_signature(
        &self,
        sent: &mut Sent<'_>,
        envelope: &Envelope,
        compiled: Option<&CompiledType>,
        facts: &Facts<'_>,
        errors: &mut Vec<Finding>,
        warnings: &mut Vec<Finding>,
    ) {
        let Some(signature) = &sent.signature else {
            let asked = compiled.and_then(|compiled| compiled.event_type.signatures).unwrap_or(self.app.signatures);
            if asked == Signatures::Required {
                let message = "an event of this type is signed by whoever acts";
                errors.push(Finding::new("signature.missing", "", message).hint("send a detached JWS as `signature`"));
            }
            return;
        };
        let Some(keys) = facts.actor_keys else {
            let message = "its signature is not verified here, where nobody knows the keys";
            warnings.push(signature.finding("signature.unchecked", message));
            sent.signature = None;
            return;
        };
        errors.extend(self.signature_fault(signature, sent, envelope, keys, facts));
    }

    fn signature_fault(
        &self,
        signature: &SentSignature,
        sent: &Sent<'_>,
        envelope: &Envelope,
        keys: &ActorKeys,
        facts: &Facts<'_>,
    ) -> Option<Finding> {
        let read = match &signature.read {
            Ok(read) => read,
            Err(malformed) => return Some(signature.finding("signature.malformed", malformed.to_string())),
        };
        let Some(key) = keys.get(&read.key_id()) else {
            let finding =
                signature.finding("signature.unknown-key", "the key that it names is no key of an actor of this app");
            return Some(finding.hint("register the public key, and retry the event from the quarantine"));
        };
        let content = self.content(sent, envelope);
        let refusal = key.admits(signer(sent, envelope).as_ref(), sent.time.unwrap_or(facts.now), facts.now).err();
        let (code, message): (_, Cow<'static, str>) = match (refusal, read.verify(&key.public, &content)) {
            (Some(KeyRefusal::NotTheActor), _) => (
                "signature.not-the-actor",
                "the key is not that of the event's actor, nor of its person where it names no actor".into(),
            ),
            (Some(KeyRefusal::Revoked), _) => {
                ("signature.revoked-key", "the key was revoked before the event came in".into())
            }
            (Some(KeyRefusal::OutOfTime), _) => {
                ("signature.expired-key", "the key is not good at the time of the event".into())
            }
            (None, Ok(())) => return None,
            (None, Err(mismatch @ (Mismatch::Absent(_) | Mismatch::Uncovered(_)))) => {
                ("signature.members-missing", mismatch.to_string().into())
            }
            (None, Err(mismatch @ (Mismatch::NotCanonical(_) | Mismatch::Wrong))) => {
                ("signature.invalid", mismatch.to_string().into())
            }
        };
        Some(signature.finding(code, message))
    }

    /// What of each event of a body can be signed, as it is given back once it is admitted: for those who sign.
    #[must_use]
    pub fn signable(&self, body: &Body) -> Vec<Content> {
        let decoded = self.decode(body);
        let content = |event: &DecodedEvent<'_>| self.content(&event.sent, self.envelope(event.form));
        decoded.events.iter().map(content).collect()
    }

    /// What is signed of an event, where it is and can be.
    pub(crate) fn payload_signed(&self, sent: &Sent<'_>, envelope: &Envelope) -> Option<Vec<u8>> {
        let read = sent.signature.as_ref()?.read.as_ref().ok()?;
        read.payload(&self.content(sent, envelope)).ok()
    }

    /// What an event says of all that can be signed, as it will be given back.
    pub(crate) fn content(&self, sent: &Sent<'_>, envelope: &Envelope) -> Content {
        let mut content = Content::default();
        for (member, field) in TEXTS {
            if let Some(text) = text(sent, envelope, field) {
                content.set(member, text.into());
            }
        }
        content.set(Member::App, self.app.app.as_str().into());
        content.set_actor(text(sent, envelope, Field::ActorType), text(sent, envelope, Field::ActorId));
        if let Some(time) = sent.time {
            content.set(Member::Time, time.to_string().into());
        }
        if let Some(id) = sent.id {
            let own =
                || id.to_object_id().map_or_else(|| id.to_string(), |bytes| daybook_event::id::object_id_text(&bytes));
            content.set(Member::Id, sent.original_id.as_deref().map_or_else(own, str::to_owned).into());
        }
        // Canonical JSON is JSON.
        if let Ok(data) = serde_json::from_str(&sent.data_text) {
            content.set(Member::Data, data);
        }
        content
    }
}

/// The members that are plain text.
const TEXTS: [(Member, Field); 11] = [
    (Member::Name, Field::Name),
    (Member::Version, Field::Version),
    (Member::Source, Field::Source),
    (Member::Platform, Field::Platform),
    (Member::Environment, Field::Environment),
    (Member::Identity, Field::Identity),
    (Member::Session, Field::Session),
    (Member::Group, Field::Group),
    (Member::Correlation, Field::Correlation),
    (Member::Causation, Field::Causation),
    (Member::Request, Field::Request),
];

/// Who stands for an event.
fn signer(sent: &Sent<'_>, envelope: &Envelope) -> Option<Signer> {
    match text(sent, envelope, Field::ActorId) {
        Some(id) => Some(Signer::actor(text(sent, envelope, Field::ActorType), id)),
        None => text(sent, envelope, Field::Identity).map(Signer::person),
    }
}

fn text<'s>(sent: &'s Sent<'_>, envelope: &'s Envelope, field: Field) -> Option<&'s str> {
    sent.text(field).or_else(|| envelope.default(field))
}
