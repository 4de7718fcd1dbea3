//! Text as emitters write it.

use serde_json::Value;

/// Longest line of running text, in characters.
const WIDTH: usize = 100;

/// `text` in lines of at most [`WIDTH`] characters, each behind `prefix`. Control characters, which could end a comment
/// early, become spaces.
pub(super) fn comment(prefix: &str, text: &str) -> String {
    let mut out = String::new();
    for paragraph in text.lines() {
        let mut line = String::new();
        for word in
            paragraph.split(|char: char| char.is_whitespace() || char.is_control()).filter(|word| !word.is_empty())
        {
            if !line.is_empty() && prefix.len() + line.chars().count() + word.chars().count() >= WIDTH {
                push(&mut out, prefix, &line);
                line.clear();
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
        push(&mut out, prefix, &line);
    }
    out
}

fn push(out: &mut String, prefix: &str, line: &str) {
    out.push_str(format!("{prefix}{line}").trim_end());
    out.push('\n');
}

/// Indented JSON with a line's end.
pub(super) fn json(value: &Value) -> String {
    // A value that is text and numbers always serialises.
    format!("{}\n", serde_json::to_string_pretty(value).unwrap_or_default())
}

/// A JSON string, which is one of JavaScript, TypeScript and Rust too where it has no control characters.
pub(crate) fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

/// Sentences in one: the description, then what else there is to say.
pub(super) fn sentences<'t>(description: Option<&str>, more: impl IntoIterator<Item = &'t str>) -> String {
    let mut out = description.unwrap_or_default().trim().to_owned();
    for sentence in more {
        if !out.is_empty() {
            out.push(if out.ends_with(['.', '!', '?', ':']) { ' ' } else { ';' });
            if out.ends_with(';') {
                out.push(' ');
            }
        }
        out.push_str(sentence);
    }
    out
}

/// `one, two; three` with its first letter in upper case and a point.
pub(super) fn limits(limits: &[String]) -> Option<String> {
    let joined = limits.join(", ");
    let mut chars = joined.chars();
    let first = chars.next()?;
    Some(format!("{}{}.", first.to_uppercase(), chars.as_str()))
}
