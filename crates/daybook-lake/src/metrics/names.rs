//! Which events a question is about.

use datafusion::logical_expr::{Expr, ident, lit};
use serde::{Deserialize, Serialize};

use super::error::Findings;
use super::limits::{NAMES_MAX, TEXT_BYTES_MAX};

/// Names of event types, or patterns of names as catalogs write them: `*` stands for any run of characters. Written as a list,
/// or one alone as a text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "OneOrMany")]
pub struct Names(pub Vec<String>);

#[derive(Deserialize)]
#[serde(untagged, expecting = "names or patterns of event types: a text, or a list of texts")]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

impl From<OneOrMany> for Names {
    fn from(names: OneOrMany) -> Self {
        Self(match names {
            OneOrMany::One(name) => vec![name],
            OneOrMany::Many(names) => names,
        })
    }
}

impl Names {
    /// Whether it is this one word.
    pub(super) fn is(&self, word: &str) -> bool {
        matches!(self.0.as_slice(), [only] if only == word)
    }

    /// Finds what is wrong with the names that a parameter gives.
    pub(super) fn check(&self, parameter: &str, findings: &mut Findings) {
        if self.0.is_empty() {
            findings.add(parameter, "names no event: name at least one, or leave the parameter out");
        }
        if self.0.len() > NAMES_MAX {
            findings.add(parameter, format!("names {} events, and may name {NAMES_MAX}", self.0.len()));
        }
        if self.0.iter().any(String::is_empty) {
            findings.add(parameter, "an empty text is no event's name");
        }
        if self.0.iter().any(|name| name.len() > TEXT_BYTES_MAX) {
            findings.add(parameter, format!("a name has at most {TEXT_BYTES_MAX} bytes"));
        }
    }

    /// Events with one of these names; none if that is any.
    pub(super) fn filter(&self) -> Option<Expr> {
        if self.0.iter().any(|pattern| !pattern.is_empty() && pattern.bytes().all(|byte| byte == b'*')) {
            return None;
        }
        let (patterns, names): (Vec<&String>, Vec<&String>) = self.0.iter().partition(|name| name.contains('*'));
        let names = match names.as_slice() {
            [] => None,
            [name] => Some(ident("name").eq(lit(*name))),
            names => Some(ident("name").in_list(names.iter().map(|name| lit(*name)).collect(), false)),
        };
        let any = names.into_iter().chain(patterns.into_iter().map(|pattern| like(pattern))).reduce(Expr::or);
        Some(any.unwrap_or_else(|| lit(false)))
    }
}

/// Names that match a pattern.
fn like(pattern: &str) -> Expr {
    // Files are sorted by name: of a range their statistics tell whether it is in them, of other patterns they do not.
    if let Some(prefix) = pattern.strip_suffix('*').filter(|prefix| !prefix.contains('*'))
        && let Some(end) = after(prefix)
    {
        return ident("name").gt_eq(lit(prefix)).and(ident("name").lt(lit(end)));
    }
    let mut text = String::with_capacity(pattern.len() + 4);
    for letter in pattern.chars() {
        match letter {
            '*' => text.push('%'),
            '%' | '_' | '\\' => text.extend(['\\', letter]),
            _ => text.push(letter),
        }
    }
    ident("name").like(lit(text))
}

/// The first text after all that begin with this one.
fn after(prefix: &str) -> Option<String> {
    let (start, last) = prefix.char_indices().next_back()?;
    let next = char::from_u32(u32::from(last) + 1)?;
    Some(format!("{}{next}", prefix.get(..start)?))
}
