//! Where the state is kept: a SQLite file in the data directory, or a PostgreSQL database.

use std::convert::Infallible;
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use sea_orm::sqlx::postgres::PgConnectOptions;
use serde::Deserialize;
use tracing::subscriber::NoSubscriber;

use crate::config::nearest;

/// Where the state is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StatePlace {
    /// In a file of this data directory.
    Directory(PathBuf),
    /// In a PostgreSQL database.
    Postgres(StateUrl),
}

impl StatePlace {
    /// In the database of this URL where there is one, else in the data directory.
    #[must_use]
    pub fn of(data: &Path, url: Option<&StateUrl>) -> Self {
        url.map_or_else(|| Self::Directory(data.to_owned()), |url| Self::Postgres(url.clone()))
    }
}

/// The URL of a PostgreSQL database: `postgres://user:password@host:port/database?sslmode=verify-full`.
///
/// It may hold a password, so it is taken whole, right or wrong, and shows itself to nobody: what is printed of it names the
/// host and the database only, and an error about it quotes nothing.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct StateUrl(String);

/// A URL of no use. None of these quotes it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StateUrlError {
    /// It is no URL of PostgreSQL.
    #[error("begins with postgres://; left out, the state is a SQLite file in the data directory")]
    Scheme,
    /// It is no URL.
    #[error(
        "is written postgres://user:password@host:port/database, with whatever is neither a letter nor a digit in the \
         password percent-encoded: %40 for @, %2F for /"
    )]
    Malformed,
    /// It names no database.
    #[error("names no database: postgres://host/database")]
    NoDatabase,
    /// It has a parameter that means nothing.
    #[error("has an unknown parameter {name}{}", hint.map(|hint| format!("; did you mean {hint}?")).unwrap_or_default())]
    Parameter {
        /// Its name.
        name: String,
        /// The parameter that was meant, perhaps.
        hint: Option<&'static str>,
    },
    /// A parameter has a value that means nothing.
    #[error(
        "has a parameter with a value that it cannot have; sslmode is disable, prefer, require, verify-ca or verify-full"
    )]
    Value,
}

/// What may stand behind the question mark.
const PARAMETERS: &[&str] = &[
    "application_name",
    "dbname",
    "host",
    "hostaddr",
    "options",
    "password",
    "port",
    "sslcert",
    "sslkey",
    "sslmode",
    "sslrootcert",
    "statement-cache-capacity",
    "user",
];

impl StateUrl {
    /// What the database driver makes of it.
    ///
    /// # Errors
    /// [`StateUrlError`].
    pub fn options(&self) -> Result<PgConnectOptions, StateUrlError> {
        let (scheme, rest) = self.0.split_once("://").ok_or(StateUrlError::Scheme)?;
        if !matches!(scheme, "postgres" | "postgresql") {
            return Err(StateUrlError::Scheme);
        }
        // A slash, a question mark or a hash of a password would end the host, and the rest of it be taken for something else.
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (_, tail) = rest.split_at(end);
        if tail.contains(['@', '#']) {
            return Err(StateUrlError::Malformed);
        }
        let query = tail.split_once('?').map_or("", |(_, query)| query);
        for (name, _) in form_urlencoded::parse(query.as_bytes()) {
            if !PARAMETERS.contains(&&*name) {
                let hint = nearest(&name, PARAMETERS.iter().copied());
                let hint = PARAMETERS.iter().copied().find(|known| Some(*known) == hint);
                return Err(StateUrlError::Parameter { name: name.into_owned(), hint });
            }
        }
        // What it does not know it logs, values included.
        let parsed = tracing::subscriber::with_default(NoSubscriber::default(), || PgConnectOptions::from_str(&self.0));
        let wrong = if query.is_empty() { StateUrlError::Malformed } else { StateUrlError::Value };
        let options = parsed.map_err(|_| wrong)?;
        if options.get_database().is_none_or(str::is_empty) {
            return Err(StateUrlError::NoDatabase);
        }
        Ok(options)
    }
}

impl From<String> for StateUrl {
    fn from(url: String) -> Self {
        Self(url)
    }
}

impl FromStr for StateUrl {
    type Err = Infallible;

    fn from_str(url: &str) -> Result<Self, Infallible> {
        Ok(Self(url.to_owned()))
    }
}

/// Host, port and database.
impl fmt::Display for StateUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.options() {
            Ok(options) => {
                let (host, port) = (options.get_host(), options.get_port());
                write!(formatter, "postgres://{host}:{port}/{}", options.get_database().unwrap_or_default())
            }
            Err(_) => formatter.write_str("postgres://…"),
        }
    }
}

impl fmt::Debug for StateUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> StateUrl {
        StateUrl(text.to_owned())
    }

    #[test]
    fn urls_that_are_understood_show_no_password() {
        let check = |text: &str, shown: &str| {
            url(text).options().unwrap();
            assert_eq!(format!("{}", url(text)), shown);
            assert_eq!(format!("{:?}", url(text)), shown);
        };
        check("postgres://me:geheim@db.example:5433/daybook", "postgres://db.example:5433/daybook");
        check("postgresql://me@db.example/daybook?sslmode=verify-full", "postgres://db.example:5432/daybook");
        check("postgres://me:a%2Fb%40c@127.0.0.1/d?application_name=x&password=geheim", "postgres://127.0.0.1:5432/d");
        check("postgres://me:geheim@[::1]:5433/daybook", "postgres://[::1]:5433/daybook");
    }

    #[test]
    fn urls_that_are_not_understood_are_not_quoted() {
        let check = |text: &str, expected: StateUrlError| {
            let error = url(text).options().unwrap_err();
            assert!(!format!("{error} {error:?} {}", url(text)).contains("geheim"));
            assert_eq!(error, expected, "{text}");
        };
        check("sqlite://geheim", StateUrlError::Scheme);
        check("geheim", StateUrlError::Scheme);
        check("postgres://me:geheim/x@host/database", StateUrlError::Malformed);
        check("postgres://me:1234/geheim@host/database", StateUrlError::Malformed);
        check("postgres://me:1234?geheim@host/database", StateUrlError::Malformed);
        check("postgres://me:1234#geheim@host/database", StateUrlError::Malformed);
        check("postgres://me:geheim@host", StateUrlError::NoDatabase);
        check("postgres://me:geheim@host:port/database", StateUrlError::Malformed);
        check("postgres://me:geheim@host/database?sslmode=geheim", StateUrlError::Value);
        let (name, hint) = ("sslmod".to_owned(), Some("sslmode"));
        check("postgres://me:geheim@host/database?sslmod=require", StateUrlError::Parameter { name, hint });
    }
}
