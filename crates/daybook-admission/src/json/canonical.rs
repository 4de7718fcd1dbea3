//! One way to write a JSON value: members sorted by name, no white space, numbers as they came.

use daybook_event::Finding;
use daybook_event::json::write_string;
use daybook_event::limits::JSON_DEPTH_MAX;
use daybook_event::secrets;
use sonic_rs::Value;

use super::{Trail, View};

/// Writes values and gathers what is wrong with their form.
#[derive(Default)]
pub(crate) struct Canonical<'a> {
    members: Vec<(&'a str, &'a Value)>,
    /// Names that one object has twice, and places nested too deep.
    pub(crate) findings: Vec<Finding>,
}

/// What is taken out of text on the way.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Redaction {
    /// Credentials, also by the name of the member that holds them.
    pub(crate) secrets: bool,
    /// E-mail addresses.
    pub(crate) emails: bool,
    /// Payment card numbers.
    pub(crate) card_numbers: bool,
}

/// What stands where a member's name says that its value is a secret.
pub(crate) const REDACTED: &str = "[REDACTED]";

impl<'a> Canonical<'a> {
    /// Appends `value`. A duplicate name keeps its first value and is a finding, as parsers disagree on which counts.
    pub(crate) fn write(&mut self, value: &'a Value, redaction: Redaction, trail: Trail<'_>, out: &mut Vec<u8>) {
        self.value(value, redaction, trail, 1, out);
    }

    /// Appends an object made of these members.
    pub(crate) fn write_members(
        &mut self,
        members: impl Iterator<Item = (&'a str, &'a Value)>,
        redaction: Redaction,
        trail: Trail<'_>,
        out: &mut Vec<u8>,
    ) {
        self.object(members, redaction, trail, 1, out);
    }

    fn value(&mut self, value: &'a Value, redaction: Redaction, trail: Trail<'_>, depth: usize, out: &mut Vec<u8>) {
        match View::of(value) {
            View::Null => out.extend_from_slice(b"null"),
            View::Boolean(true) => out.extend_from_slice(b"true"),
            View::Boolean(false) => out.extend_from_slice(b"false"),
            View::Number(number) => out.extend_from_slice(number.as_str().as_bytes()),
            View::String(text) => write_string(out, &redaction.apply(&text)),
            View::Array(_) | View::Object(_) if depth > JSON_DEPTH_MAX => {
                self.findings.push(Finding::new(
                    "event.too-deep",
                    trail.pointer(),
                    format!("nested deeper than {JSON_DEPTH_MAX} levels"),
                ));
                out.extend_from_slice(b"null");
            }
            View::Array(array) => {
                out.push(b'[');
                for (index, element) in array.as_slice().iter().enumerate() {
                    if index > 0 {
                        out.push(b',');
                    }
                    self.value(element, redaction, trail.index(index), depth + 1, out);
                }
                out.push(b']');
            }
            View::Object(object) => self.object(object.iter(), redaction, trail, depth, out),
        }
    }

    fn object(
        &mut self,
        members: impl Iterator<Item = (&'a str, &'a Value)>,
        redaction: Redaction,
        trail: Trail<'_>,
        depth: usize,
        out: &mut Vec<u8>,
    ) {
        // One list serves all levels: an object's members lie above those of the objects around it.
        let start = self.members.len();
        self.members.extend(members);
        if let Some(own) = self.members.get_mut(start..)
            && !own.is_sorted_by(|one, other| one.0 < other.0)
        {
            own.sort_by_key(|member| member.0);
        }
        out.push(b'{');
        let mut previous: Option<&str> = None;
        let mut index = start;
        while let Some(&(name, value)) = self.members.get(index) {
            index += 1;
            if previous == Some(name) {
                self.findings.push(
                    Finding::new(
                        "event.duplicate-name",
                        trail.name(name).pointer(),
                        "this name occurs twice in one object",
                    )
                    .hint("JSON parsers disagree on which of the two counts; send it once"),
                );
                continue;
            }
            if previous.is_some() {
                out.push(b',');
            }
            previous = Some(name);
            write_string(out, &redaction.apply(name));
            out.push(b':');
            if redaction.secrets
                && secrets::is_secret_key(name)
                && !matches!(View::of(value), View::Null | View::Boolean(_))
            {
                write_string(out, REDACTED);
            } else {
                self.value(value, redaction, trail.name(name), depth + 1, out);
            }
        }
        out.push(b'}');
        self.members.truncate(start);
    }
}

impl Redaction {
    /// Takes out what it covers.
    pub(crate) fn apply<'t>(&self, text: &'t str) -> std::borrow::Cow<'t, str> {
        use std::borrow::Cow;
        let mut text = if self.secrets { secrets::redact(text) } else { Cow::Borrowed(text) };
        if self.emails
            && let Cow::Owned(redacted) = secrets::redact_emails(&text)
        {
            text = Cow::Owned(redacted);
        }
        if self.card_numbers
            && let Cow::Owned(redacted) = secrets::redact_card_numbers(&text)
        {
            text = Cow::Owned(redacted);
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::parse;

    fn check(json: &str, expected: &str, codes: &[&str]) {
        let value = parse(json).unwrap();
        let (mut out, mut canonical) = (Vec::new(), Canonical::default());
        canonical.write(&value, Redaction::default(), Trail::at("/data"), &mut out);
        assert_eq!(String::from_utf8(out).unwrap(), expected);
        assert_eq!(
            canonical.findings.iter().map(|finding| format!("{} {}", finding.code, finding.path)).collect::<Vec<_>>(),
            codes
        );
    }

    #[test]
    fn values_have_one_form() {
        check(r#" { "b" : 1.50, "a" : [ true , null, "\u0041\n" ] } "#, r#"{"a":[true,null,"A\n"],"b":1.50}"#, &[]);
        check("12345678901234567890123", "12345678901234567890123", &[]);
        check(r#"{"c":{"z":1,"y":{}},"b":[]}"#, r#"{"b":[],"c":{"y":{},"z":1}}"#, &[]);
    }

    #[test]
    fn extended_json_reads_as_plain() {
        check(r#"{"$oid":"507f1f77bcf86cd799439011"}"#, r#""507f1f77bcf86cd799439011""#, &[]);
        check(r#"{"$date":"2026-01-14T15:00:00Z"}"#, r#""2026-01-14T15:00:00Z""#, &[]);
        check(r#"{"$date":{"$numberLong":"1768402800000"}}"#, r#""2026-01-14T15:00:00.000Z""#, &[]);
        check(r#"[{"$numberLong":"9007199254740993"},{"$numberDecimal":"1.10"}]"#, "[9007199254740993,1.10]", &[]);
        // Not well-formed: just objects.
        for json in
            [r#"{"$oid":"xyz"}"#, r#"{"$numberLong":"1.5"}"#, r#"{"$numberDecimal":"NaN"}"#, r#"{"$date":true}"#]
        {
            check(json, json, &[]);
        }
    }

    #[test]
    fn what_is_wrong_is_found() {
        check(
            r#"{"a":1,"b":{"x":1,"x":2},"a":3}"#,
            r#"{"a":1,"b":{"x":1}}"#,
            &["event.duplicate-name /data/a", "event.duplicate-name /data/b/x"],
        );
        let deep = "[".repeat(70) + &"]".repeat(70);
        let value = parse(&deep).unwrap();
        let mut canonical = Canonical::default();
        canonical.write(&value, Redaction::default(), Trail::at(""), &mut Vec::new());
        assert_eq!(canonical.findings.len(), 1);
    }
}
