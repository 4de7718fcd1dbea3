//! One catalog file: its tree, and what was found in it.

use std::borrow::Cow;
use std::cell::RefCell;

use daybook_event::Severity;

use crate::Diagnostic;
use crate::limits::DIAGNOSTICS_MAX;
use crate::yaml::Node;

/// Longest message or hint, in characters.
const MESSAGE_CHARS_MAX: usize = 400;
/// Words that a misspelt one is compared with.
const SUGGESTIONS_MAX: usize = 2_000;

/// A place in a file: line and column, both from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    pub(crate) line: usize,
    pub(crate) column: usize,
}

impl Place {
    /// Where a file begins.
    pub(crate) const START: Self = Self { line: 1, column: 1 };
}

/// A file of an app, named as a person would find it.
#[derive(Debug)]
pub(crate) struct SourceFile {
    /// The name shown in diagnostics.
    pub(crate) name: String,
    /// The path within the app's directory: `events/orders.yaml`.
    pub(crate) path: String,
    /// What the file says; `None` where it cannot be read at all.
    pub(crate) root: Option<Node>,
    findings: RefCell<Findings>,
}

#[derive(Debug, Default)]
struct Findings {
    listed: Vec<Diagnostic>,
    unlisted: usize,
    worst_unlisted: Option<Severity>,
}

impl SourceFile {
    /// Reads `text` as the file `path`, shown as `name`.
    pub(crate) fn parse(name: String, path: String, text: &[u8]) -> Self {
        let mut file = Self::unread(name, path);
        file.root = crate::yaml::parse(text, &file);
        file
    }

    /// The file without its content, for what is found before or instead of reading it.
    pub(crate) fn unread(name: String, path: String) -> Self {
        Self { name, path, root: None, findings: RefCell::default() }
    }

    /// Everything found in the file so far, in the order of its lines.
    pub(crate) fn into_diagnostics(self) -> Vec<Diagnostic> {
        let Findings { mut listed, unlisted, worst_unlisted } = self.findings.into_inner();
        listed.sort();
        listed.dedup();
        if let Some(severity) = worst_unlisted {
            listed.push(Diagnostic {
                file: self.name,
                line: Place::START.line,
                column: Place::START.column,
                severity,
                code: "catalog.limit",
                message: Cow::Owned(format!("{unlisted} further findings in this file are not listed")),
                hint: None,
            });
        }
        listed
    }
}

/// Something found, before it has a place.
#[must_use]
pub(crate) struct Problem {
    severity: Severity,
    code: &'static str,
    message: Cow<'static, str>,
    hint: Option<Cow<'static, str>>,
}

impl Problem {
    /// The catalog cannot be used like this.
    pub(crate) fn error(code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self { severity: Severity::Error, code, message: message.into(), hint: None }
    }

    /// It can be used, but was probably meant otherwise.
    pub(crate) fn warning(code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, message) }
    }

    /// Worth knowing.
    pub(crate) fn note(code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self { severity: Severity::Note, ..Self::error(code, message) }
    }

    /// With what to do about it.
    pub(crate) fn hint(mut self, hint: impl Into<Cow<'static, str>>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// With what to do about it, where there is something to say.
    pub(crate) fn maybe_hint(mut self, hint: Option<String>) -> Self {
        self.hint = hint.map(Cow::Owned);
        self
    }

    /// Notes it down at a place in a file.
    pub(crate) fn at(self, file: &SourceFile, place: Place) {
        let mut findings = file.findings.borrow_mut();
        if findings.listed.len() >= DIAGNOSTICS_MAX {
            findings.unlisted += 1;
            findings.worst_unlisted = findings.worst_unlisted.max(Some(self.severity));
            return;
        }
        findings.listed.push(Diagnostic {
            file: file.name.clone(),
            line: place.line,
            column: place.column,
            severity: self.severity,
            code: self.code,
            message: short(self.message),
            hint: self.hint.map(short),
        });
    }
}

/// Text that may quote a file, cut to what a line can hold.
fn short(text: Cow<'static, str>) -> Cow<'static, str> {
    match text.char_indices().nth(MESSAGE_CHARS_MAX) {
        Some((end, _)) => Cow::Owned(format!("{}…", text.get(..end).unwrap_or_default())),
        None => text,
    }
}

/// "did you mean" for a word that is not one of `known`, or the list of them where it is short.
pub(crate) fn suggestion<'k>(word: &str, known: impl IntoIterator<Item = &'k str>) -> Option<String> {
    const LISTED_MAX: usize = 12;
    let known: Vec<&str> = known.into_iter().take(SUGGESTIONS_MAX).collect();
    let best = known
        .iter()
        .map(|candidate| (strsim::damerau_levenshtein(word, candidate), *candidate))
        .min_by_key(|(distance, _)| *distance)
        .filter(|(distance, candidate)| *distance <= 1 + candidate.len() / 4);
    match best {
        Some((_, candidate)) => Some(format!("did you mean `{candidate}`?")),
        None if known.is_empty() || known.len() > LISTED_MAX => None,
        None => Some(format!("known here: {}", known.join(", "))),
    }
}
