//! Reading JSON text piece by piece, without making a document of it.

use std::borrow::Cow;

/// A place in a JSON text. It is meant for text that was written as JSON once; of other text it says `None` somewhere, or
/// gives pieces that are no values, and never panics.
#[derive(Debug, Clone)]
pub struct Scanner<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Scanner<'t> {
    /// At the beginning of a text.
    #[must_use]
    pub const fn new(text: &'t str) -> Self {
        Self { text, at: 0 }
    }

    /// How far it is, in bytes.
    #[must_use]
    pub const fn at(&self) -> usize {
        self.at
    }

    /// The next byte that is no white space, without passing it.
    pub fn peek(&mut self) -> Option<u8> {
        let bytes = self.text.as_bytes();
        loop {
            match bytes.get(self.at)? {
                b' ' | b'\t' | b'\n' | b'\r' => self.at += 1,
                byte => return Some(*byte),
            }
        }
    }

    /// Passes the next byte, if it is this one.
    pub fn pass(&mut self, byte: u8) -> Option<()> {
        (self.peek()? == byte).then(|| self.at += 1)
    }

    /// Passes a string and gives what stands between its quotes, with its escapes.
    pub fn string(&mut self) -> Option<&'t str> {
        self.pass(b'"')?;
        let (start, bytes) = (self.at, self.text.as_bytes());
        loop {
            match bytes.get(self.at)? {
                b'"' => break,
                b'\\' => self.at += 2,
                _ => self.at += 1,
            }
        }
        let text = self.text.get(start..self.at)?;
        self.at += 1;
        Some(text)
    }

    /// Passes a whole value and gives its text.
    pub fn value(&mut self) -> Option<&'t str> {
        let first = self.peek()?;
        let start = self.at;
        match first {
            b'"' => {
                self.string()?;
            }
            b'{' | b'[' => self.nested()?,
            _ => {
                let rest = self.text.as_bytes().get(start..)?;
                let ends = |byte: &u8| matches!(byte, b',' | b'}' | b']' | b' ' | b'\t' | b'\n' | b'\r');
                self.at += rest.iter().position(ends).unwrap_or(rest.len());
            }
        }
        self.text.get(start..self.at).filter(|text| !text.is_empty())
    }

    fn nested(&mut self) -> Option<()> {
        let bytes = self.text.as_bytes();
        let mut depth = 0usize;
        loop {
            match bytes.get(self.at)? {
                b'"' => {
                    self.string()?;
                    continue;
                }
                b'{' | b'[' => depth += 1,
                b'}' | b']' => depth = depth.checked_sub(1)?,
                _ => {}
            }
            self.at += 1;
            if depth == 0 {
                return Some(());
            }
        }
    }
}

/// What a string says, of what stands between its quotes.
#[must_use]
pub fn unescaped(raw: &str) -> Cow<'_, str> {
    if !raw.as_bytes().contains(&b'\\') {
        return Cow::Borrowed(raw);
    }
    serde_json::from_str(&format!("\"{raw}\"")).map_or(Cow::Borrowed(raw), Cow::Owned)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn values_are_passed_whole() {
        let check = |text: &str, expected: &[&str]| {
            let mut scanner = Scanner::new(text);
            let found: Vec<_> = std::iter::from_fn(|| {
                scanner.pass(b',');
                scanner.value()
            })
            .collect();
            assert_eq!(found, expected, "{text}");
        };
        check(
            r#"{"a":[1,{"b":"}\"]"}]},"c,d",1.50,true,null"#,
            &[r#"{"a":[1,{"b":"}\"]"}]}"#, r#""c,d""#, "1.50", "true", "null"],
        );
        check(r#" [ ] , { } "#, &["[ ]", "{ }"]);
        for broken in ["", "{", "[1", "\"a", "\"a\\", "]", "}"] {
            assert_eq!(Scanner::new(broken).value(), None, "{broken}");
        }
        assert_eq!(unescaped(r"a\u00e9\n"), "aé\n");
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "[\\[\\]{}\"\\\\aé, :1]{0,60}") {
            let mut scanner = Scanner::new(&text);
            while scanner.value().or_else(|| scanner.pass(b',').map(|()| "")).is_some() {}
        }
    }
}
