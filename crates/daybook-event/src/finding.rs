//! What is wrong, or worth a word, with an input.

use std::borrow::Cow;

use serde::Serialize;

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing; nothing has to be done.
    Note,
    /// Accepted, but probably not meant.
    Warning,
    /// Not accepted.
    Error,
}

/// One problem of an input, as a value: lint and admission gather all of them instead of stopping at the first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Stable, dotted, lower-case: `data.required`, `event.time.future`, `catalog.unknown-key`.
    pub code: &'static str,
    /// JSON Pointer (RFC 6901) into the input as it was given; empty for the whole of it.
    pub path: String,
    /// What is wrong, in one sentence, without quoting values that may be personal or secret.
    pub message: Cow<'static, str>,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<Cow<'static, str>>,
}

impl Finding {
    /// A finding at `path`.
    pub fn new(code: &'static str, path: impl Into<String>, message: impl Into<Cow<'static, str>>) -> Self {
        Self { code, path: path.into(), message: message.into(), hint: None }
    }

    /// The same finding with a hint.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<Cow<'static, str>>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// Appends `token` to a JSON Pointer, escaped as RFC 6901 asks.
pub fn push_pointer(pointer: &mut String, token: &str) {
    pointer.push('/');
    if token.contains(['~', '/']) {
        pointer.push_str(&token.replace('~', "~0").replace('/', "~1"));
    } else {
        pointer.push_str(token);
    }
}
