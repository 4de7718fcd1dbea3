//! JSON as clients send it: parsed once by sonic-rs with its numbers as they were written, seen through a [`View`] that
//! reads MongoDB's Extended JSON as plain values, validated without a copy, and written back in one canonical form.

mod canonical;
mod depth;
mod node;
mod view;

pub(crate) use canonical::{Canonical, REDACTED, Redaction};
pub(crate) use depth::exceeds_depth;
pub(crate) use node::{Node, SonicJson};
pub(crate) use view::View;

use serde::Deserialize;
use sonic_rs::{Deserializer, Value};

/// Parses one JSON text. The caller has checked its depth, which the parser does not bound.
pub(crate) fn parse(text: &str) -> Result<Value, sonic_rs::Error> {
    let mut deserializer = Deserializer::from_str(text).use_rawnumber();
    let value = Value::deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(value)
}

/// Writes a JSON Pointer on the stack as a document is walked; text is made only where something is found.
#[derive(Clone, Copy)]
pub(crate) struct Trail<'t> {
    above: Option<&'t Trail<'t>>,
    step: Step<'t>,
}

#[derive(Clone, Copy)]
enum Step<'t> {
    Prefix(&'t str),
    Name(&'t str),
    Index(usize),
}

impl<'t> Trail<'t> {
    /// Begins at a place whose pointer is known.
    pub(crate) const fn at(pointer: &'t str) -> Self {
        Self { above: None, step: Step::Prefix(pointer) }
    }

    /// Whether it stands at the outside.
    pub(crate) const fn is_root(&self) -> bool {
        self.above.is_none() && matches!(self.step, Step::Prefix(prefix) if prefix.is_empty())
    }

    /// One member further in.
    pub(crate) const fn name(&'t self, name: &'t str) -> Trail<'t> {
        Trail { above: Some(self), step: Step::Name(name) }
    }

    /// One element further in.
    pub(crate) const fn index(&'t self, index: usize) -> Trail<'t> {
        Trail { above: Some(self), step: Step::Index(index) }
    }

    /// The JSON Pointer.
    pub(crate) fn pointer(&self) -> String {
        let mut pointer = self.above.map(Trail::pointer).unwrap_or_default();
        match self.step {
            Step::Prefix(prefix) => pointer.push_str(prefix),
            Step::Name(name) => daybook_event::finding::push_pointer(&mut pointer, name),
            Step::Index(index) => daybook_event::finding::push_pointer(&mut pointer, &index.to_string()),
        }
        pointer
    }
}
