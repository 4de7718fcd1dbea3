//! Why a query was not answered.

use std::fmt;

/// Why a query was not answered. Its texts hold no path of the machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueryError {
    /// The kind.
    pub fault: Fault,
    /// What is wrong, in a sentence.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
    /// Where in the query, as far as it is known.
    pub place: Option<Place>,
}

impl QueryError {
    /// An error that says only what it is.
    pub fn new(fault: Fault, message: impl Into<String>) -> Self {
        Self { fault, message: message.into(), hint: None, place: None }
    }

    /// The same with what to do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The same with where it is.
    #[must_use]
    pub fn at(mut self, place: Option<Place>) -> Self {
        self.place = place;
        self
    }

    /// The stable code.
    pub const fn code(&self) -> &'static str {
        self.fault.code()
    }
}

impl fmt::Display for QueryError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)?;
        if let Some(place) = self.place {
            write!(formatter, " (line {}, column {})", place.line, place.column)?;
        }
        Ok(())
    }
}

impl std::error::Error for QueryError {}

/// A place in the text of a query; both count from 1, columns in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The line.
    pub line: u64,
    /// The column.
    pub column: u64,
}

/// What may be wrong with a query, or with the answering of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It is not SQL.
    Syntax,
    /// It is more than a question: it writes, sets, or reaches for files.
    ReadOnly,
    /// A column that is not there, or could be several.
    UnknownColumn,
    /// A table that is not there, or not to be seen.
    UnknownTable,
    /// A function that is not there.
    UnknownFunction,
    /// SQL, but its parts do not fit: types, grouping, a number of arguments.
    Invalid,
    /// SQL that is not understood here.
    Unsupported,
    /// It failed on a value: a division by zero, a text that is no number.
    Value,
    /// It took too long.
    Timeout,
    /// It wanted more memory, or more room for what does not fit in it, than there is.
    Memory,
    /// The query or its answer is too large.
    TooLarge,
    /// Too many others are asking.
    Busy,
    /// A file of the lake is missing or damaged.
    Damaged,
    /// A fault of this program.
    Failed,
}

impl Fault {
    /// Every kind, for documentation.
    pub const ALL: [Self; 14] = [
        Self::Syntax,
        Self::ReadOnly,
        Self::UnknownColumn,
        Self::UnknownTable,
        Self::UnknownFunction,
        Self::Invalid,
        Self::Unsupported,
        Self::Value,
        Self::Timeout,
        Self::Memory,
        Self::TooLarge,
        Self::Busy,
        Self::Damaged,
        Self::Failed,
    ];

    /// The stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Syntax => "sql.syntax",
            Self::ReadOnly => "sql.read-only",
            Self::UnknownColumn => "sql.unknown-column",
            Self::UnknownTable => "sql.unknown-table",
            Self::UnknownFunction => "sql.unknown-function",
            Self::Invalid => "sql.invalid",
            Self::Unsupported => "sql.unsupported",
            Self::Value => "sql.value",
            Self::Timeout => "sql.timeout",
            Self::Memory => "sql.memory",
            Self::TooLarge => "sql.too-large",
            Self::Busy => "sql.busy",
            Self::Damaged => "sql.damaged",
            Self::Failed => "sql.failed",
        }
    }
}
