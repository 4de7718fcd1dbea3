//! Paths into a call: JSONPath (RFC 9535), from the body's root (`$`) or from the item that an event is made of (`@`).

use serde_json::Value;
use serde_json_path::JsonPath;

/// A path.
#[derive(Debug, Clone)]
pub struct Path {
    /// Where it begins.
    pub root: Root,
    /// Whether it can name one value at most, as RFC 9535 defines singular queries.
    pub singular: bool,
    query: JsonPath,
}

/// Where a path begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Root {
    /// The body: `$`.
    Body,
    /// The item: 0 for the item itself (`@`), 1 for the one around it (`@@`), and so on.
    Item(usize),
}

/// A text is no path.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct PathError(String);

impl Path {
    /// Reads a path.
    ///
    /// # Errors
    /// [`PathError`], with what RFC 9535 has against it.
    pub fn parse(text: &str) -> Result<Self, PathError> {
        let around = text.bytes().take_while(|byte| *byte == b'@').count();
        let (root, query) = match around {
            0 => (Root::Body, text.to_owned()),
            _ => (Root::Item(around - 1), format!("${}", text.get(around..).unwrap_or_default())),
        };
        let singular = is_singular(&query);
        let query = JsonPath::parse(&query).map_err(|error| PathError(error.to_string()))?;
        Ok(Self { root, singular, query })
    }

    /// Whether a text is meant as a path.
    #[must_use]
    pub fn is_meant(text: &str) -> bool {
        text == "$" || text == "@" || ["$.", "$[", "@.", "@[", "@@"].iter().any(|start| text.starts_with(start))
    }

    /// What it names within `root`, in the order of the document.
    #[must_use]
    pub fn select<'v>(&self, root: &'v Value) -> Vec<&'v Value> {
        self.query.query(root).all()
    }
}

/// Whether only names and indexes are selected: then there is nothing outside quotes that could stand for several values.
fn is_singular(query: &str) -> bool {
    let mut quote = None;
    let mut escaped = false;
    let mut before = ' ';
    for character in query.chars() {
        match quote {
            Some(_) if escaped => escaped = false,
            Some(_) if character == '\\' => escaped = true,
            Some(open) if character == open => quote = None,
            Some(_) => {}
            None if matches!(character, '*' | '?' | ',' | ':') || (character == '.' && before == '.') => return false,
            None if matches!(character, '\'' | '"') => quote = Some(character),
            None => {}
        }
        before = character;
    }
    true
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn paths_that_name_one_value_are_known() {
        let check = |text: &str, singular: bool| assert_eq!(Path::parse(text).unwrap().singular, singular, "{text}");
        check("$", true);
        check("$.a.b[0]['c:d*,?..']", true);
        check(r"$['it\'s*']", true);
        check("$.a[*]", false);
        check("$..a", false);
        check("$.a[0:2]", false);
        check("$.a['b','c']", false);
        check("$.a[?@.b == 1]", false);
    }

    #[test]
    fn an_item_is_a_root_of_its_own() {
        let path = Path::parse("@.name").unwrap();
        assert_eq!(path.root, Root::Item(0));
        assert_eq!(path.select(&json!({"name": 5})), [&json!(5)]);
        assert_eq!(Path::parse("@@.name").unwrap().root, Root::Item(1));
        assert_eq!(Path::parse("@").unwrap().select(&json!(7)), [&json!(7)]);
    }

    #[test]
    fn what_is_no_path_is_refused() {
        for text in ["$.", "$[", "@@", "$.a[?]", "a.b", "$.a[?match(@.b)]"] {
            let found = Path::parse(text);
            assert_eq!(found.is_err(), text != "@@", "{text}: {found:?}");
        }
        assert!(!Path::is_meant("a.b") && !Path::is_meant("$5") && !Path::is_meant("@home") && Path::is_meant("@@.x"));
    }
}
