//! The words of a statement, as far as they can be judged without a database: placeholders, identifiers, and the names of event
//! types that it compares with.

use std::collections::BTreeSet;

/// What the columns of data fields begin with.
pub(super) const DATA_PREFIX: &str = "data_";

/// What a statement names.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Words<'s> {
    /// Identifiers and keywords, as they stand there.
    pub(super) words: BTreeSet<&'s str>,
    /// Placeholders, with their `$`.
    pub(super) placeholders: BTreeSet<&'s str>,
    /// What the column `name` is compared with, as names and patterns of catalogs.
    pub(super) event_names: BTreeSet<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Token<'s> {
    Word(&'s str),
    Placeholder(&'s str),
    Text(&'s str),
    Sign(char),
}

impl<'s> Words<'s> {
    pub(super) fn of(sql: &'s str) -> Self {
        let tokens = tokens(sql);
        let mut found = Self::default();
        for (at, token) in tokens.iter().enumerate() {
            match token {
                Token::Word("name") => found.compared(tokens.get(at + 1..).unwrap_or_default()),
                Token::Placeholder(name) => drop(found.placeholders.insert(name)),
                _ => {}
            }
            if let Token::Word(word) = token {
                found.words.insert(word);
            }
        }
        found
    }

    /// What stands after the column `name`.
    fn compared(&mut self, rest: &[Token<'s>]) {
        let is = |token: &Token<'_>, word: &str| matches!(token, Token::Word(is) if is.eq_ignore_ascii_case(word));
        let rest = match rest {
            [first, rest @ ..] if is(first, "not") => rest,
            rest => rest,
        };
        match rest {
            [Token::Sign('='), Token::Text(text), ..]
            | [Token::Sign('<' | '!'), Token::Sign('>' | '='), Token::Text(text), ..] => {
                self.event_names.insert((*text).to_owned());
            }
            [like, Token::Text(text), ..] if is(like, "like") => {
                self.event_names.insert(text.replace('%', "*"));
            }
            [within, Token::Sign('('), rest @ ..] if is(within, "in") => {
                let listed = rest.iter().take_while(|token| matches!(token, Token::Text(_) | Token::Sign(',')));
                self.event_names.extend(listed.filter_map(|token| match token {
                    Token::Text(text) => Some((*text).to_owned()),
                    _ => None,
                }));
            }
            _ => {}
        }
    }
}

fn tokens(sql: &str) -> Vec<Token<'_>> {
    let mut found = Vec::new();
    let mut rest = sql;
    while let Some(first) = rest.chars().next() {
        let after = &rest[first.len_utf8()..];
        let length = match first {
            '-' if after.starts_with('-') => rest.find('\n').unwrap_or(rest.len()),
            '/' if after.starts_with('*') => rest.find("*/").map_or(rest.len(), |end| end + 2),
            '\'' | '"' => {
                let end = after.find(first).unwrap_or(after.len());
                let text = &after[..end];
                found.push(if first == '"' { Token::Word(text) } else { Token::Text(text) });
                (end + 2).min(rest.len())
            }
            '$' => {
                let length = 1 + word_length(after);
                found.push(Token::Placeholder(&rest[..length]));
                length
            }
            letter if letter.is_alphabetic() || letter == '_' => {
                let length = word_length(rest);
                found.push(Token::Word(&rest[..length]));
                length
            }
            // A number is not the beginning of a word.
            digit if digit.is_ascii_digit() => word_length(rest),
            space if space.is_whitespace() => space.len_utf8(),
            sign => {
                found.push(Token::Sign(sign));
                sign.len_utf8()
            }
        };
        rest = &rest[length..];
    }
    found
}

fn word_length(text: &str) -> usize {
    text.find(|letter: char| !letter.is_alphanumeric() && letter != '_').unwrap_or(text.len())
}
