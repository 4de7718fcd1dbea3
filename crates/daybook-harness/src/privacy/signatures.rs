//! What people sign, and with which keys.

use serde_json::{Value, json};

use super::person::Fate;

/// Signs an event in Daybook's own form with the key that is made of these bytes. Whoever asks for the trial says how:
/// this crate uses no other of Daybook's.
pub type Sign = fn(seed: [u8; 32], event: &Value) -> Signed;

/// What comes of signing.
#[derive(Debug, Clone)]
pub struct Signed {
    /// The signature: a detached JWS.
    pub jws: String,
    /// The public key: a JSON Web Key with its thumbprint as `kid`.
    pub jwk: Value,
}

/// Everything that is signed.
#[derive(Debug, Clone, Default)]
pub struct Signatures {
    /// The keys, each with its app, as the server is told of them.
    pub keys: Vec<(&'static str, Value)>,
    /// The events that are stored.
    pub events: Vec<SignedEvent>,
}

/// An event that was signed, and stored.
#[derive(Debug, Clone)]
pub struct SignedEvent {
    /// Its id.
    pub id: String,
    /// How it was signed.
    pub signed: Signed,
    /// What becomes of the signature: it goes with whoever is erased, and is not kept of who is unwilling.
    pub fate: Fate,
}

impl Signed {
    /// The part of the signature that nobody else could have made.
    pub(super) fn proof(&self) -> String {
        self.jws.rsplit('.').next().unwrap_or_default().to_owned()
    }
}

impl Signatures {
    /// Notes whose a key is.
    pub(super) fn add_key(&mut self, app: &'static str, identity: &str, signed: &Signed) {
        self.keys.push((app, json!({"identity": identity, "jwk": signed.jwk})));
    }

    /// Notes an event that was signed.
    pub(super) fn note_event(&mut self, event: &Value, signed: Signed, fate: Fate) {
        let id = event["id"].as_str().unwrap().to_owned();
        self.events.push(SignedEvent { id, signed, fate });
    }
}

impl SignedEvent {
    /// What is told of the signature to somebody for whom it opens, or does not.
    pub(super) fn told(&self, opens: bool) -> Value {
        match self.fate {
            Fate::Unwilling => json!({"verified": true, "kept": false}),
            _ if opens => json!({"verified": true, "kid": self.signed.jwk["kid"], "jws": self.signed.jws}),
            _ => json!({"verified": true}),
        }
    }
}
