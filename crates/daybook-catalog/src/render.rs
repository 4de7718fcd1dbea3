//! Diagnostics as terminal text, JSON and annotations for continuous integration.

use std::borrow::Cow;
use std::fmt::Write as _;

use daybook_event::Severity;
use serde::Serialize;

use crate::Diagnostic;

/// Lines for a terminal, readable without colour: each finding with its place, its hint below it, and at the end how
/// many there are. Nothing when there are none.
#[must_use]
pub fn text(diagnostics: &[Diagnostic]) -> String {
    let mut out = String::new();
    for Diagnostic { file, line, column, severity, code, message, hint } in diagnostics {
        // Writing to a String cannot fail.
        let (file, message) = (visible(file), visible(message));
        let _ = writeln!(out, "{file}:{line}:{column}: {}[{code}]: {message}", name(*severity));
        if let Some(hint) = hint {
            let _ = writeln!(out, "  hint: {}", visible(hint));
        }
    }
    if !diagnostics.is_empty() {
        let counts = Counts::of(diagnostics);
        let parts: Vec<String> = [("error", counts.errors), ("warning", counts.warnings), ("note", counts.notes)]
            .into_iter()
            .filter(|(_, count)| *count > 0)
            .map(|(name, count)| format!("{count} {name}{}", if count == 1 { "" } else { "s" }))
            .collect();
        let _ = writeln!(out, "{}", parts.join(", "));
    }
    out
}

/// One JSON object: `findings`, each with `file`, `line`, `column`, `severity`, `code`, `message` and perhaps `hint`, and
/// the counts `errors`, `warnings` and `notes`.
#[must_use]
pub fn json(diagnostics: &[Diagnostic]) -> String {
    #[derive(Serialize)]
    struct Report<'d> {
        findings: &'d [Diagnostic],
        #[serde(flatten)]
        counts: Counts,
    }
    // Text and numbers always serialise.
    serde_json::to_string(&Report { findings: diagnostics, counts: Counts::of(diagnostics) }).unwrap_or_default()
}

/// Workflow commands as GitHub Actions reads them (`::error file=…,line=…,col=…::…`).
#[must_use]
pub fn github(diagnostics: &[Diagnostic]) -> String {
    let mut out = String::new();
    for Diagnostic { file, line, column, severity, code, message, hint } in diagnostics {
        let command = match severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "notice",
        };
        let text = hint.as_ref().map_or_else(|| message.to_string(), |hint| format!("{message}\nhint: {hint}"));
        let _ = writeln!(
            out,
            "::{command} file={},line={line},col={column},title={code}::{}",
            escape_property(file),
            escape_data(&text)
        );
    }
    out
}

#[derive(Default, Serialize)]
struct Counts {
    errors: usize,
    warnings: usize,
    notes: usize,
}

impl Counts {
    fn of(diagnostics: &[Diagnostic]) -> Self {
        diagnostics.iter().fold(Self::default(), |mut counts, diagnostic| {
            match diagnostic.severity {
                Severity::Error => counts.errors += 1,
                Severity::Warning => counts.warnings += 1,
                Severity::Note => counts.notes += 1,
            }
            counts
        })
    }
}

const fn name(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    }
}

/// Text from a file as it can be shown: what would move the cursor or change the colour is escaped.
fn visible(text: &str) -> Cow<'_, str> {
    if !text.contains(char::is_control) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    for char in text.chars() {
        if char.is_control() {
            out.extend(char.escape_debug());
        } else {
            out.push(char);
        }
    }
    Cow::Owned(out)
}

fn escape_data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn escape_property(text: &str) -> String {
    escape_data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;

    fn findings() -> Vec<Diagnostic> {
        let finding = |line, severity, code, message: &'static str, hint: Option<&'static str>| Diagnostic {
            file: "shop/events/a,b.yaml".to_owned(),
            line,
            column: 5,
            severity,
            code,
            message: message.into(),
            hint: hint.map(Into::into),
        };
        vec![
            finding(
                12,
                Severity::Error,
                "catalog.unknown-key",
                "`nmae` is not known here",
                Some("did you mean `name`?"),
            ),
            finding(20, Severity::Error, "schema.invalid", "100% wrong", None),
            finding(30, Severity::Note, "catalog.pattern-unmatched", "`x.*` matches no event type", None),
        ]
    }

    #[test]
    fn findings_are_written_for_people_and_machines() {
        assert_snapshot!(text(&findings()), @"
        shop/events/a,b.yaml:12:5: error[catalog.unknown-key]: `nmae` is not known here
          hint: did you mean `name`?
        shop/events/a,b.yaml:20:5: error[schema.invalid]: 100% wrong
        shop/events/a,b.yaml:30:5: note[catalog.pattern-unmatched]: `x.*` matches no event type
        2 errors, 1 note
        ");
        assert_snapshot!(json(&findings()), @r#"{"findings":[{"file":"shop/events/a,b.yaml","line":12,"column":5,"severity":"error","code":"catalog.unknown-key","message":"`nmae` is not known here","hint":"did you mean `name`?"},{"file":"shop/events/a,b.yaml","line":20,"column":5,"severity":"error","code":"schema.invalid","message":"100% wrong"},{"file":"shop/events/a,b.yaml","line":30,"column":5,"severity":"note","code":"catalog.pattern-unmatched","message":"`x.*` matches no event type"}],"errors":2,"warnings":0,"notes":1}"#);
        assert_snapshot!(github(&findings()), @"
        ::error file=shop/events/a%2Cb.yaml,line=12,col=5,title=catalog.unknown-key::`nmae` is not known here%0Ahint: did you mean `name`?
        ::error file=shop/events/a%2Cb.yaml,line=20,col=5,title=schema.invalid::100%25 wrong
        ::notice file=shop/events/a%2Cb.yaml,line=30,col=5,title=catalog.pattern-unmatched::`x.*` matches no event type
        ");
        let mut hostile = findings();
        hostile.truncate(1);
        hostile[0].message = "`\u{1b}[31mred\u{7}\r\n::error::x`".into();
        hostile[0].hint = None;
        assert_snapshot!(text(&hostile), @r#"
        shop/events/a,b.yaml:12:5: error[catalog.unknown-key]: `\u{1b}[31mred\u{7}\r\n::error::x`
        1 error
        "#);
        assert_snapshot!(github(&hostile).escape_debug(), @r#"::error file=shop/events/a%2Cb.yaml,line=12,col=5,title=catalog.unknown-key::`\u{1b}[31mred\u{7}%0D%0A::error::x`\n"#);
        assert_eq!(text(&[]), "");
        assert_eq!(github(&[]), "");
        assert_eq!(json(&[]), r#"{"findings":[],"errors":0,"warnings":0,"notes":0}"#);
    }
}
