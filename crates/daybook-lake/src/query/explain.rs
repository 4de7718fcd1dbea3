//! What DataFusion says went wrong, in our words, with a place and a code.

use std::error::Error;

use datafusion::arrow::error::ArrowError;
use datafusion::common::{Column, DataFusionError, SchemaError};
use datafusion::object_store;
use datafusion::parquet::errors::ParquetError;
use datafusion::sql::sqlparser::parser::ParserError;

use super::error::{Fault, Place, QueryError};
use super::hide::Hide;
use super::text::Text;
use crate::LakeError;
use crate::people::{IDENTITY, OPENED};

/// Names that are suggested are at least so similar, from 0 to 1.
const SIMILAR: f64 = 0.75;
/// How far a cause is looked for.
const CAUSES_MAX: usize = 16;

/// What the parser found.
pub fn parser(error: &DataFusionError, text: &Text) -> QueryError {
    error_of(error, Some(text), 0)
}

/// What the planner or an operator found. Without a text nothing is looked for in it.
pub fn explain(error: &DataFusionError, text: Option<&Text>, hide: &Hide) -> QueryError {
    let mut explained = error_of(error, text, 0);
    explained.message = match explained.fault {
        Fault::Damaged | Fault::Failed | Fault::Memory => hide.all(&explained.message),
        _ => hide.known(&explained.message),
    };
    explained
}

fn error_of(error: &DataFusionError, text: Option<&Text>, depth: usize) -> QueryError {
    if depth > CAUSES_MAX {
        return QueryError::new(Fault::Failed, "The query failed.");
    }
    let inner = |error: &DataFusionError| error_of(error, text, depth + 1);
    match error {
        DataFusionError::Diagnostic(diagnostic, error) => {
            let explained = inner(error);
            let place = diagnostic.span.map(|span| Place { line: span.start.line, column: span.start.column });
            let place = explained.place.or(place.filter(|place| place.line > 0));
            explained.at(place)
        }
        DataFusionError::Collection(errors) => {
            errors.first().map_or_else(|| QueryError::new(Fault::Failed, "The query failed."), inner)
        }
        DataFusionError::Shared(error) => inner(error),
        DataFusionError::Context(said, error) => {
            let mut explained = inner(error);
            // Which file it was is said by whoever tried to open it.
            if explained.fault == Fault::Damaged && said.contains(".parquet") {
                explained.message = format!("{} {}", explained.message, sentence(said));
            }
            explained
        }
        DataFusionError::SQL(error, _) => syntax(error, text),
        DataFusionError::SchemaError(error, _) => schema(error, text),
        DataFusionError::Plan(said) => plan(said, text),
        DataFusionError::Configuration(said) => QueryError::new(Fault::Invalid, sentence(said)),
        DataFusionError::NotImplemented(said) => QueryError::new(Fault::Unsupported, sentence(said)),
        DataFusionError::Execution(said) => QueryError::new(Fault::Value, sentence(said)),
        DataFusionError::ResourcesExhausted(said) => memory(said),
        DataFusionError::ArrowError(error, _) => arrow(error, &inner),
        DataFusionError::ParquetError(error) => parquet(error),
        DataFusionError::ObjectStore(error) => store(error),
        DataFusionError::IoError(error) => io(error),
        DataFusionError::External(error) => external(error.as_ref(), &inner),
        DataFusionError::ExecutionJoin(_) => QueryError::new(Fault::Failed, "A part of the query broke down."),
        DataFusionError::Internal(said) => {
            // What follows the first line asks the reader to report it to DataFusion.
            QueryError::new(Fault::Failed, sentence(said.lines().next().unwrap_or_default()))
        }
        DataFusionError::Substrait(said) | DataFusionError::Ffi(said) => QueryError::new(Fault::Failed, sentence(said)),
        // With other features there are more.
        #[allow(unreachable_patterns)]
        other => QueryError::new(Fault::Failed, sentence(&other.to_string())),
    }
}

fn syntax(error: &ParserError, text: Option<&Text>) -> QueryError {
    let said = match error {
        ParserError::RecursionLimitExceeded => {
            return QueryError::new(Fault::TooLarge, "The query is nested too deeply.");
        }
        ParserError::ParserError(said) | ParserError::TokenizerError(said) => said,
    };
    let (said, place) = match said.rfind(" at Line: ") {
        Some(at) => (&said[..at], parsed_place(&said[at..])),
        None => (said.as_str(), text.and_then(Text::end)),
    };
    QueryError::new(Fault::Syntax, sentence(said)).at(place)
}

/// Reads ` at Line: 3, Column: 14`.
fn parsed_place(text: &str) -> Option<Place> {
    let (line, column) = text.strip_prefix(" at Line: ")?.split_once(", Column: ")?;
    let digits = column.find(|c: char| !c.is_ascii_digit()).unwrap_or(column.len());
    Some(Place { line: line.parse().ok()?, column: column[..digits].parse().ok()? })
}

fn schema(error: &SchemaError, text: Option<&Text>) -> QueryError {
    let place = |name: &str| text.and_then(|text| text.place_of(name));
    match error {
        SchemaError::FieldNotFound { field, valid_fields } => {
            let explained = QueryError::new(Fault::UnknownColumn, format!("There is no column {}.", field.flat_name()))
                .at(place(field.name()));
            if field.name() == IDENTITY {
                return explained.hint(
                    "Who people are is a column of events and daily_counts for keys with the scope `privacy`; for others they are \
                     anonymous_id, and person.",
                );
            }
            match similar(field.name(), valid_fields) {
                Some(name) => explained.hint(format!("Did you mean {name}?")),
                None => explained.hint("SHOW COLUMNS FROM events tells which there are."),
            }
        }
        SchemaError::AmbiguousReference { field } => {
            let message = format!("The column {} may be that of more than one table.", field.name());
            QueryError::new(Fault::Invalid, message).at(place(field.name())).hint("Write its table before it.")
        }
        SchemaError::DuplicateQualifiedField { name, .. } | SchemaError::DuplicateUnqualifiedField { name } => {
            QueryError::new(Fault::Invalid, format!("There are two columns {name}."))
                .hint("Name one otherwise, with AS.")
        }
    }
}

/// The column whose name is most like a name, quoted where SQL wants that.
fn similar(name: &str, columns: &[Column]) -> Option<String> {
    let likeness = |column: &Column| {
        let (name, column) = (name.to_lowercase(), column.name().to_lowercase());
        // A field of the event, without what its column begins with.
        let bare = column.strip_prefix("data_").map_or(0.0, |bare| strsim::jaro_winkler(&name, bare));
        strsim::jaro_winkler(&name, &column).max(bare)
    };
    let scored = columns.iter().map(|column| (likeness(column), column));
    let (likeness, column) = scored.max_by(|(a, _), (b, _)| a.total_cmp(b))?;
    (likeness >= SIMILAR).then(|| column.quoted_flat_name())
}

fn plan(said: &str, text: Option<&Text>) -> QueryError {
    let quoted = |start: &str| Some(said.strip_prefix(start)?.split_once('\'')?.0);
    let place = |name: &str| text.and_then(|text| text.place_of(name));
    if let Some(name) = quoted("Invalid function '") {
        let explained =
            QueryError::new(Fault::UnknownFunction, format!("There is no function {name}.")).at(place(name));
        if name.eq_ignore_ascii_case(OPENED) {
            return explained.hint("What is sealed in events is opened for keys with the scope `privacy`.");
        }
        let meant = said.rsplit_once("Did you mean '").map(|(_, meant)| meant.trim_end_matches(['?', '\'']));
        return match meant {
            Some(meant) => explained.hint(format!("Did you mean {meant}?")),
            None => explained,
        };
    }
    if let Some(name) = quoted("table function '") {
        return QueryError::new(Fault::UnknownFunction, format!("There is no table function {name}.")).at(place(name));
    }
    if let Some(name) = quoted("table '").filter(|_| said.ends_with("not found")) {
        let name = name.rsplit('.').next().unwrap_or(name);
        let explained = QueryError::new(Fault::UnknownTable, format!("There is no table {name}.")).at(place(name));
        return explained.hint("SHOW TABLES tells which there are: events and daily_counts.");
    }
    if said.contains("not supported: ")
        && (said.starts_with("DDL") || said.starts_with("DML") || said.starts_with("Statement"))
    {
        return QueryError::new(Fault::ReadOnly, "Only questions are answered here.");
    }
    QueryError::new(Fault::Invalid, sentence(said.lines().next().unwrap_or_default()))
}

fn memory(said: &str) -> QueryError {
    let explained = if said.contains("disk") || said.contains("temp") {
        QueryError::new(
            Fault::Memory,
            "The query needs more room on disk, for what does not fit in memory, than queries have.",
        )
    } else {
        QueryError::new(Fault::Memory, "The query needs more memory than queries have.")
    };
    explained.hint("Ask for a shorter time, fewer columns or fewer groups.")
}

fn arrow(error: &ArrowError, inner: &dyn Fn(&DataFusionError) -> QueryError) -> QueryError {
    match error {
        ArrowError::ExternalError(error) => external(error.as_ref(), inner),
        ArrowError::IoError(_, error) => io(error),
        ArrowError::ParquetError(said) => QueryError::new(Fault::Damaged, sentence(said)),
        ArrowError::MemoryError(_) | ArrowError::OffsetOverflowError(_) => memory(""),
        ArrowError::DivideByZero => {
            QueryError::new(Fault::Value, "Something is divided by zero.").hint("nullif(x, 0) makes a null of a zero.")
        }
        other => {
            let said = other.to_string();
            let said = said.split_once(" error: ").map_or(said.as_str(), |(_, said)| said);
            QueryError::new(Fault::Value, sentence(said))
        }
    }
}

fn parquet(error: &ParquetError) -> QueryError {
    match error {
        ParquetError::External(error) => external(error.as_ref(), &|error| error_of(error, None, 1)),
        other => {
            QueryError::new(Fault::Damaged, format!("A file of the lake is damaged: {}", sentence(&other.to_string())))
        }
    }
}

fn store(error: &object_store::Error) -> QueryError {
    match error {
        object_store::Error::NotFound { path, .. } => {
            QueryError::new(Fault::Damaged, format!("A file of the lake is missing: /{}", path.trim_start_matches('/')))
        }
        other => QueryError::new(
            Fault::Damaged,
            format!("A file of the lake cannot be read: {}", sentence(&other.to_string())),
        ),
    }
}

fn io(error: &std::io::Error) -> QueryError {
    match error.kind() {
        std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => memory("disk"),
        // As DataFusion says that all queries together spill more than they may.
        std::io::ErrorKind::Other if error.to_string().contains("max_temp_directory_size") => memory("disk"),
        _ => QueryError::new(Fault::Damaged, format!("A file cannot be read: {}", sentence(&error.to_string()))),
    }
}

fn external(error: &(dyn Error + 'static), inner: &dyn Fn(&DataFusionError) -> QueryError) -> QueryError {
    let mut cause = Some(error);
    for _ in 0..CAUSES_MAX {
        let Some(error) = cause else { break };
        if let Some(error) = error.downcast_ref::<QueryError>() {
            return error.clone();
        }
        if let Some(error) = error.downcast_ref::<LakeError>() {
            return QueryError::new(Fault::Damaged, sentence(&error.to_string()));
        }
        if let Some(error) = error.downcast_ref::<DataFusionError>() {
            return inner(error);
        }
        if let Some(error) = error.downcast_ref::<object_store::Error>() {
            return store(error);
        }
        if let Some(error) = error.downcast_ref::<ParquetError>() {
            return parquet(error);
        }
        if let Some(error) = error.downcast_ref::<std::io::Error>() {
            return io(error);
        }
        cause = error.source();
    }
    QueryError::new(Fault::Failed, sentence(&error.to_string()))
}

/// A text as a sentence that ends.
fn sentence(said: &str) -> String {
    let said = said.trim();
    let mut letters = said.chars();
    let first = letters.next().map(|first| first.to_uppercase().collect::<String>()).unwrap_or_default();
    let end = if said.ends_with(['.', '!', '?']) { "" } else { "." };
    format!("{first}{}{end}", letters.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suggestions_are_alike() {
        let columns = ["position", "name", "data_zoneType", "data_xp", "environment"].map(Column::from_name);
        assert_eq!(similar("nmae", &columns).as_deref(), Some("name"));
        assert_eq!(similar("zonetype", &columns).as_deref(), Some("\"data_zoneType\""));
        assert_eq!(similar("enviroment", &columns).as_deref(), Some("environment"));
        assert_eq!(similar("q", &columns), None);
    }
}
