//! Why a command could not do what it was asked: exit status 2.

use std::fmt::Display;
use std::path::{Path, PathBuf};

use crate::traffic::PlanError;

/// A failed command, as a person is told of it.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// Standard output does not take what is written.
    #[error("cannot write the output: {0}")]
    Output(std::io::Error),
    /// A file cannot be read.
    #[error("cannot read {}: {source}", .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file cannot be written.
    #[error("cannot write {}: {source}", .path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A directory cannot be made.
    #[error("cannot make the directory {}: {source}", .path.display())]
    MakeDirectory {
        /// The directory.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The command line asks for something that cannot be.
    #[error("{message}")]
    Usage {
        /// What is wrong.
        message: String,
        /// What to do about it.
        hint: String,
    },
    /// A catalog that is needed has errors.
    #[error("the catalogs have errors:\n{0}")]
    Catalogs(String),
    /// A demo.yaml cannot be played.
    #[error("{file}: {source}")]
    Plan {
        /// The file.
        file: String,
        /// Why.
        source: PlanError,
    },
    /// The server cannot be reached.
    #[error("cannot reach {url}: {reason}")]
    Unreachable {
        /// The URL that was called.
        url: String,
        /// Why.
        reason: String,
    },
    /// The server's answer ended before its end.
    #[error("the answer broke off after {bytes} bytes: {reason}")]
    BrokenOff {
        /// What had come.
        bytes: u64,
        /// Why.
        reason: String,
    },
    /// The server answered, and the answer is an error.
    #[error("the server answered {status} ({code}): {detail}")]
    Refused {
        /// HTTP status.
        status: u16,
        /// Stable code of the problem.
        code: String,
        /// What it says.
        detail: String,
        /// What to do about it, as the server says.
        hint: Option<String>,
    },
    /// A component of the server failed; the text holds the whole chain of causes.
    #[error("{0}")]
    Server(String),
    /// The runtime cannot be started.
    #[error("cannot start: {0}")]
    Runtime(std::io::Error),
}

impl Failure {
    /// A use of the command line that cannot be, and what to do about it.
    pub fn usage(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::Usage { message: message.into(), hint: hint.into() }
    }

    /// A file that cannot be read.
    pub fn read(path: &Path, source: std::io::Error) -> Self {
        Self::Read { path: path.to_owned(), source }
    }

    /// A file that cannot be written.
    pub fn write(path: &Path, source: std::io::Error) -> Self {
        Self::Write { path: path.to_owned(), source }
    }

    /// An error of a component below, with its causes.
    pub fn server(error: &dyn std::error::Error) -> Self {
        let mut text = error.to_string();
        let mut cause = error.source();
        while let Some(error) = cause {
            let said = error.to_string();
            // Some errors repeat their cause in their own words.
            if !text.contains(&said) {
                text.push_str(": ");
                text.push_str(&said);
            }
            cause = error.source();
        }
        Self::Server(text)
    }

    /// What is written to standard error: the error, and what to do next.
    pub fn report(&self) -> String {
        let hint = match self {
            Self::Usage { hint, .. } => Some(hint.clone()),
            Self::Catalogs(_) => Some("`daybook check DIR` says everything that is wrong with a catalog".into()),
            Self::Unreachable { .. } => {
                Some("is the server running? `daybook serve` starts one; `--server` says where it is".into())
            }
            Self::Refused { hint: Some(hint), .. } => Some(hint.clone()),
            Self::Refused { status: 401 | 403, .. } => Some(
                "give a key with `--key`, with DAYBOOK_KEY, or with `--data DIR` to use the data directory's admin key"
                    .into(),
            ),
            _ => None,
        };
        let error = format!("error: {self}");
        hint.map_or(error.clone(), |hint| format!("{error}\n  hint: {hint}"))
    }
}

/// Names the file in a plan's error.
pub fn in_plan(file: impl Display) -> impl FnOnce(PlanError) -> Failure {
    move |source| Failure::Plan { file: file.to_string(), source }
}
