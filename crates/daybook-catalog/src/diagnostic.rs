//! What is wrong with a catalog file, and where.

use std::borrow::Cow;

use daybook_event::Severity;
use serde::Serialize;

/// One finding in a catalog file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Diagnostic {
    /// The file, as it was named or found.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// How bad it is.
    pub severity: Severity,
    /// Stable, dotted, lower-case: `catalog.unknown-key`.
    pub code: &'static str,
    /// What is wrong, in one sentence.
    pub message: Cow<'static, str>,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<Cow<'static, str>>,
}
