//! What an app's `webhooks.yaml` says: which services may call, and what their calls mean in the app's own events.

mod path;
mod read;
#[cfg(test)]
mod tests;

use serde_json::{Map, Value};

pub use path::{Path, PathError, Root};
pub(crate) use read::read;

use crate::Field;

/// A service that may call.
#[derive(Debug, Clone)]
pub struct Source {
    /// Its name, the last part of the address that it calls.
    pub name: String,
    /// What it is.
    pub description: Option<String>,
    /// How it signs its calls.
    pub scheme: Scheme,
    /// What tells one call from another, and is the same when a call is repeated; the scheme's own where left out.
    pub id: Option<Expression>,
    /// What a call is about, in the service's own word; the scheme's own where left out.
    pub event_type: Option<Expression>,
    /// What its calls mean. Each rule that fits makes events.
    pub rules: Vec<Rule>,
}

/// How calls are signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scheme {
    /// GitHub: HMAC-SHA256 of the body in `X-Hub-Signature-256`.
    Github,
    /// Stripe: HMAC-SHA256 of time and body in `Stripe-Signature`.
    Stripe,
    /// WhatsApp and Meta's other services: as GitHub, under the app secret, with a challenge before the first call.
    Whatsapp,
    /// Standard Webhooks: HMAC-SHA256 of id, time and body in `webhook-signature`.
    Standard,
    /// HMAC-SHA256 of the body in a header.
    Hmac {
        /// The header's name.
        header: String,
        /// What stands before the signature.
        prefix: String,
        /// How the signature is written.
        encoding: Encoding,
    },
}

/// How a signature is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Encoding {
    /// Hexadecimal digits.
    #[default]
    Hex,
    /// Base64 (RFC 4648, section 4).
    Base64,
}

/// How events are made of a call.
#[derive(Debug, Clone)]
pub struct Rule {
    /// The type of the events.
    pub event: String,
    /// What must hold of the call.
    pub when: Vec<Condition>,
    /// One event for each of these: a path, then paths within what it names. Empty for one event a call.
    pub each: Vec<Path>,
    /// What tells one event from all others of the source, where the service has something better than its place in the call.
    pub id: Option<Expression>,
    /// The fields of the envelope.
    pub envelope: Vec<(Field, Expression)>,
    /// The tags.
    pub tags: Vec<(String, Expression)>,
    /// The data: dotted paths and what they become.
    pub data: Vec<(String, Expression)>,
}

/// Something that must hold.
#[derive(Debug, Clone)]
pub struct Condition {
    /// What is looked at.
    pub of: Expression,
    /// What it must be one of; null for nothing, or null.
    pub is: Vec<Value>,
}

/// A value taken from a call, or made of one.
#[derive(Debug, Clone)]
pub enum Expression {
    /// Always this.
    Constant(Value),
    /// What a path names: one value of a path that names one, a list of any other.
    Path(Path),
    /// The text of a header.
    Header(String),
    /// The service's own word for what the call is about.
    EventType,
    /// The first item of a list.
    First(Box<Self>),
    /// Written in another way; as it is where that cannot be.
    Convert(Conversion, Box<Self>),
    /// Another word for each of some; as it is where it is none of them.
    Words {
        /// The words, and what stands for them.
        words: Map<String, Value>,
        /// What is looked up.
        of: Box<Self>,
    },
    /// An entry of a table that the operator keeps.
    Table {
        /// The table's name.
        table: String,
        /// What is looked up.
        of: Box<Self>,
        /// What where it is not in the table; nothing where left out.
        otherwise: Option<Otherwise>,
    },
}

/// What where a table has no entry.
#[derive(Debug, Clone)]
pub enum Otherwise {
    /// No event is made.
    Skip,
    /// This.
    Value(Box<Expression>),
}

/// Another way to write a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Conversion {
    /// A whole number.
    Integer,
    /// A string.
    Text,
    /// The day (UTC) of a time.
    Date,
    /// A time as RFC 3339 writes it. A number is seconds since 1970, or milliseconds where it is too large for that.
    Time,
}
