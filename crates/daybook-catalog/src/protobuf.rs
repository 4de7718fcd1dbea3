//! Events as Protocol Buffers: which messages an app declares, and events read from them and written in them.
//!
//! What the messages are is decided in one place (`schema`), by the numbers that the app records (`numbers`).
//! [`crate::emit`] writes it down as `events.proto`; [`Codec`] reads and writes events by it, without generated code. The
//! way in is through the canonical JSON: what was sent is judged there as everything else is.

pub(crate) mod envelope;
pub(crate) mod schema;

mod codec;
mod decode;
mod encode;
mod numbers;
mod well_known;
mod wire;

pub use codec::Codec;
pub use numbers::Numbering;

pub(crate) use numbers::{PROTOBUF_FILE, read};

use crate::AppCatalog;
use crate::emit::Model;
use crate::source::SourceFile;

/// Notes what the catalog has and its file of numbers does not.
pub(crate) fn lint(file: &SourceFile, app: &AppCatalog) {
    numbers::lint(file, &app.protobuf, &schema::Schema::of(&Model::of(app)).numbering);
}

#[cfg(test)]
mod tests;
