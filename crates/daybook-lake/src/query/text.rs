//! The text of a query, in words.

use datafusion::sql::parser::{DFParserBuilder, Statement};
use datafusion::sql::sqlparser::dialect::PostgreSqlDialect;
use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::tokenizer::{Location, Token, TokenWithSpan, Tokenizer};

use super::error::{Fault, Place, QueryError};
use super::{explain, limits};

/// In which `tags->>'zone' = 'arena'` compares what the arrow gives.
const DIALECT: PostgreSqlDialect = PostgreSqlDialect {};

/// A query's words and where they stand.
pub struct Text {
    tokens: Vec<TokenWithSpan>,
}

impl Text {
    /// Splits a query into words.
    ///
    /// # Errors
    /// When it is too long, has too many words, or cannot be split: a text without an end.
    pub fn read(sql: &str) -> Result<Self, QueryError> {
        if sql.len() > limits::SQL_BYTES_MAX {
            let message = format!("The query has more than {} bytes.", limits::SQL_BYTES_MAX);
            return Err(QueryError::new(Fault::TooLarge, message));
        }
        let mut tokens = Tokenizer::new(&DIALECT, sql).tokenize_with_location().map_err(|error| {
            let message = format!("{}.", error.message.trim_end_matches('.'));
            QueryError::new(Fault::Syntax, message).at(place(error.location))
        })?;
        tokens.retain(|token| !matches!(token.token, Token::Whitespace(_) | Token::EOF));
        if tokens.len() > limits::SQL_TOKENS_MAX {
            let message = format!("The query has more than {} words and signs.", limits::SQL_TOKENS_MAX);
            return Err(QueryError::new(Fault::TooLarge, message));
        }
        Ok(Self { tokens })
    }

    /// The one statement that the query is.
    ///
    /// # Errors
    /// When it is none, or several, or not SQL.
    pub fn statement(&self) -> Result<Statement, QueryError> {
        if !self.tokens.iter().any(|token| token.token != Token::SemiColon) {
            return Err(QueryError::new(Fault::Syntax, "There is no query.")
                .hint("Write one, such as: SELECT name, count(*) FROM events GROUP BY name"));
        }
        let mut ended = self.tokens.iter().skip_while(|token| token.token == Token::SemiColon);
        let mut ended = ended.by_ref().skip_while(|token| token.token != Token::SemiColon);
        if let Some(second) = ended.find(|token| token.token != Token::SemiColon) {
            return Err(QueryError::new(Fault::Syntax, "There is a second statement; one at a time is answered.")
                .at(place(second.span.start)));
        }
        let parsed = DFParserBuilder::new(self.tokens.clone())
            .with_dialect(&DIALECT)
            .with_recursion_limit(limits::SQL_NESTING_MAX)
            .build()
            .and_then(|mut parser| parser.parse_statements());
        let mut statements = parsed.map_err(|error| explain::parser(&error, self))?;
        statements.pop_front().ok_or_else(|| QueryError::new(Fault::Syntax, "There is no query."))
    }

    /// The first word, its keyword and where it stands.
    pub fn first_word(&self) -> Option<(&str, Keyword, Option<Place>)> {
        self.tokens.iter().find_map(|token| match &token.token {
            Token::SemiColon | Token::LParen => None,
            Token::Word(word) => Some(Some((word.value.as_str(), word.keyword, place(token.span.start)))),
            _ => Some(None),
        })?
    }

    /// Where a name stands first.
    pub fn place_of(&self, name: &str) -> Option<Place> {
        let named = self.tokens.iter().find(|token| match &token.token {
            Token::Word(word) => word.value.eq_ignore_ascii_case(name),
            Token::SingleQuotedString(text) => text == name,
            _ => false,
        })?;
        place(named.span.start)
    }

    /// Where the query ends.
    pub fn end(&self) -> Option<Place> {
        self.tokens.last().and_then(|token| place(token.span.end))
    }
}

fn place(location: Location) -> Option<Place> {
    (location.line > 0).then_some(Place { line: location.line, column: location.column })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(sql: &str) -> String {
        let error = Text::read(sql).and_then(|text| text.statement()).unwrap_err();
        format!("{} {error}", error.code())
    }

    #[test]
    fn what_is_no_statement_is_told_with_its_place() {
        assert_eq!(error(""), "sql.syntax There is no query.");
        assert_eq!(error(" ; -- nothing\n"), "sql.syntax There is no query.");
        assert_eq!(
            error("SELECT 1;\n SELECT 2"),
            "sql.syntax There is a second statement; one at a time is answered. (line 2, column 2)"
        );
        assert_eq!(error("SELECT 'open"), "sql.syntax Unterminated string literal. (line 1, column 8)");
        assert_eq!(
            error("SELECT 1 +\n  ) FROM events"),
            "sql.syntax Expected: an expression, found: ). (line 2, column 3)"
        );
        assert_eq!(error("SELECT (1"), "sql.syntax Expected: ), found: EOF. (line 1, column 10)");
        assert_eq!(error("SELCT 1"), "sql.syntax Expected: an SQL statement, found: SELCT. (line 1, column 1)");
        assert!(error(&format!("SELECT {}1{}", "(".repeat(300), ")".repeat(300))).starts_with("sql.too-large "));
        assert!(error(&"SELECT 1 ".repeat(10_000)).starts_with("sql.too-large "));
        assert!(error(&"1+".repeat(10_000)).starts_with("sql.too-large "));
    }

    #[test]
    fn a_semicolon_may_end_it() {
        assert!(Text::read("; SELECT 1 ; ;").unwrap().statement().is_ok());
    }
}
