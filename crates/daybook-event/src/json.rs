//! The canonical JSON of an event.

mod members;
mod scanner;

use std::borrow::Cow;

use crate::{Event, Keeping, Priority, Signature};

pub use members::put_members;
pub use scanner::{Scanner, unescaped};

/// Appends `text` as a JSON string (RFC 8259), quotes included.
pub fn write_string(out: &mut Vec<u8>, text: &str) {
    if text.bytes().all(|byte| byte >= 0x20 && byte != b'"' && byte != b'\\') {
        out.push(b'"');
        out.extend_from_slice(text.as_bytes());
        out.push(b'"');
    } else {
        // Writing to a Vec cannot fail.
        let _ = serde_json::to_writer(out, text);
    }
}

/// Appends a number as JSON; what JSON cannot write (NaN, infinities) becomes null.
pub fn write_number(out: &mut Vec<u8>, number: f64) {
    let _ = serde_json::to_writer(out, &number);
}

impl Event<'_> {
    /// Appends the event in its canonical JSON form. Fields without a value are left out.
    pub fn write_json(&self, out: &mut Vec<u8>) {
        let mut object = ObjectWriter::open(out);
        object.field("id");
        object.out.push(b'"');
        let mut text = [0; 36];
        object.out.extend_from_slice(self.id.as_uuid().hyphenated().encode_lower(&mut text).as_bytes());
        object.out.push(b'"');
        object.optional("original_id", self.original_id.as_ref());
        object.string("app", &self.app);
        object.string("name", &self.name);
        object.string("version", &self.version);
        for (name, time) in [("time", self.time), ("received", self.received)] {
            object.field(name);
            object.out.push(b'"');
            time.write(object.out);
            object.out.push(b'"');
        }
        if self.position != 0 {
            object.raw("position", &self.position.to_string());
        }
        object.string("category", &self.category);
        object.string("priority", Priority::as_str(self.priority));
        object.field("sample_rate");
        write_number(object.out, self.sample_rate);
        object.optional("source", self.source.as_ref());
        object.optional("platform", self.platform.as_ref());
        object.optional("environment", self.environment.as_ref());
        object.optional("identity", self.identity.as_ref());
        object.optional("anonymous_id", self.anonymous_id.as_ref());
        object.optional("session", self.session.as_ref());
        object.optional("group", self.group.as_ref());
        if let Some(actor) = &self.actor {
            object.field("actor");
            let mut inner = ObjectWriter::open(object.out);
            inner.optional("type", actor.kind.as_ref());
            inner.optional("id", actor.id.as_ref());
            inner.close();
        }
        object.optional("correlation", self.correlation.as_ref());
        object.optional("causation", self.causation.as_ref());
        object.optional("request", self.request.as_ref());
        if !self.tags.is_empty() {
            object.field("tags");
            let mut inner = ObjectWriter::open(object.out);
            for (key, value) in &self.tags {
                inner.string(key, value);
            }
            inner.close();
        }
        if !self.data.is_empty() {
            object.raw("data", &self.data);
        }
        if !self.metadata.is_empty() {
            object.raw("metadata", &self.metadata);
        }
        if let Some(signature) = &self.signature {
            object.field("signature");
            signature.write_json(object.out);
        }
        object.close();
    }
}

impl Signature<'_> {
    /// Appends what is known of it: that it was verified, and where it may be shown the key and the signature.
    fn write_json(&self, out: &mut Vec<u8>) {
        let mut object = ObjectWriter::open(out);
        object.raw("verified", "true");
        if self.keeping == Keeping::Verdict {
            object.raw("kept", "false");
        }
        if let Some(signed) = &self.signed {
            object.string("kid", &signed.key_id);
            object.string("jws", &signed.jws);
        }
        object.close();
    }
}

/// Writes one JSON object, member by member.
pub struct ObjectWriter<'o> {
    /// Where the text goes; a member's value is pushed here after [`ObjectWriter::field`].
    pub out: &'o mut Vec<u8>,
    first: bool,
}

impl<'o> ObjectWriter<'o> {
    /// Opens an object.
    pub fn open(out: &'o mut Vec<u8>) -> Self {
        out.push(b'{');
        Self { out, first: true }
    }

    /// Opens the object that ends `out` again, for more members; nothing where none does.
    pub fn reopen(out: &'o mut Vec<u8>) -> Option<Self> {
        out.pop_if(|last| *last == b'}')?;
        let first = out.last() == Some(&b'{');
        Some(Self { out, first })
    }

    /// Writes a member's name; the caller writes its value next.
    pub fn field(&mut self, name: &str) {
        if !self.first {
            self.out.push(b',');
        }
        self.first = false;
        write_string(self.out, name);
        self.out.push(b':');
    }

    /// Writes a member that is a string.
    pub fn string(&mut self, name: &str, value: &str) {
        self.field(name);
        write_string(self.out, value);
    }

    /// Writes a member that is JSON text already.
    pub fn raw(&mut self, name: &str, json: &str) {
        self.field(name);
        self.out.extend_from_slice(json.as_bytes());
    }

    /// Writes a member that is a string, if there is one.
    pub fn optional(&mut self, name: &str, value: Option<&Cow<'_, str>>) {
        if let Some(value) = value {
            self.string(name, value);
        }
    }

    /// Closes the object.
    pub fn close(self) {
        self.out.push(b'}');
    }
}
