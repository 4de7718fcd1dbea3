//! What the server's errors mean. They are told by their numbers: their texts may carry values.

use daybook_consumers::{Failure, FailureKind};
use sqlx::mysql::MySqlDatabaseError;

use super::schema::Columns;

/// What an error means for the rows of a statement.
#[derive(Debug)]
pub(super) enum Meaning {
    /// One of the rows is refused, whoever sends it and whenever.
    Data(Failure),
    /// Anything else.
    Failure(Failure),
}

/// What an error means.
pub(super) fn meaning(error: &sqlx::Error) -> Meaning {
    let destination = |code, message: String| Meaning::Failure(Failure::new(FailureKind::Destination, code, message));
    match error {
        sqlx::Error::Database(error) => match error.try_downcast_ref::<MySqlDatabaseError>() {
            Some(error) => of_server(error),
            None => destination("mysql.error", "the server answered with an error".to_owned()),
        },
        sqlx::Error::Io(error) => destination("mysql.unreachable", format!("the connection failed: {}", error.kind())),
        sqlx::Error::Tls(_) => destination("mysql.tls", "TLS could not be agreed upon with the server".to_owned()),
        sqlx::Error::PoolTimedOut => {
            destination("mysql.unreachable", "the server does not take connections in time".to_owned())
        }
        sqlx::Error::Encode(_) | sqlx::Error::InvalidArgument(_) => Meaning::Data(Failure::new(
            FailureKind::GiveUp,
            "mysql.refused",
            "the row cannot be written for the server",
        )),
        _ => destination("mysql.error", "the server answered with something that is not understood".to_owned()),
    }
}

fn of_server(error: &MySqlDatabaseError) -> Meaning {
    let number = error.number();
    let (kind, code, said) = match number {
        1044 | 1045 | 1698 => (FailureKind::Destination, "mysql.access", "access denied"),
        1142 | 1143 | 1227 | 1370 => (FailureKind::Destination, "mysql.access", "a privilege is missing"),
        1049 => (FailureKind::Destination, "mysql.access", "there is no such database"),
        1129 | 1130 => (FailureKind::Destination, "mysql.access", "the server does not talk to this host"),
        1040 | 1203 | 1226 => (FailureKind::Destination, "mysql.busy", "too many connections"),
        1053 | 1079 | 3168 | 3169 | 1152 | 1158..=1161 => {
            (FailureKind::Destination, "mysql.unreachable", "the server goes away")
        }
        1290 | 1792 | 1836 | 3100 => (FailureKind::Destination, "mysql.read-only", "the server is read-only"),
        3 | 28 | 1021 | 1026 | 1114 => (FailureKind::Destination, "mysql.full", "the server's disk or table is full"),
        1054 | 1136 | 1146 | 1110 | 1505 => {
            (FailureKind::Destination, "mysql.schema", "the tables are not as they were")
        }
        1205 | 1213 | 1412 | 1615 | 1317 | 1969 | 3024 => {
            (FailureKind::Retry, "mysql.conflict", "the statement lost against another")
        }
        1048 | 1264 | 1265 | 1292 | 1300 | 1364 | 1366 | 1406 | 1411 | 1425 | 1690 | 4078 => {
            (FailureKind::GiveUp, "mysql.refused", "a value does not fit")
        }
        3140..=3159 | 4037 | 4038 | 4040 => (FailureKind::GiveUp, "mysql.refused", "the server cannot read the JSON"),
        1062 => (FailureKind::GiveUp, "mysql.refused", "another unique key of the table forbids it"),
        1452 | 3819 | 4025 | 1644 | 1526 | 1748 => {
            (FailureKind::GiveUp, "mysql.refused", "a rule of the table forbids it")
        }
        1153 => (FailureKind::GiveUp, "mysql.too-large", "larger than the server's max_allowed_packet"),
        // Errors of storage engines and of the system below them.
        1004..=1037 | 1041 | 1135 | 1194 | 1195 | 1297 | 1712 => {
            (FailureKind::Destination, "mysql.storage", "the server's storage fails")
        }
        _ => (FailureKind::Retry, "mysql.error", "the server answered with an error"),
    };
    let column = column(error.message()).map(|column| format!(", column {column}")).unwrap_or_default();
    let state = error.code().map(|state| format!(", state {state}")).unwrap_or_default();
    let failure = Failure::new(kind, code, format!("{said} (error {number}{state}{column})"));
    if kind == FailureKind::GiveUp { Meaning::Data(failure) } else { Meaning::Failure(failure) }
}

/// The column that a message names, where it is one of the table's: only then is it no value.
fn column(message: &str) -> Option<&str> {
    let mut quoted = message.split(['\'', '`', '.']);
    quoted.find(|name| Columns::is_taken(name))
}

/// What an error means where no row is to blame.
pub(super) fn failure(error: &sqlx::Error) -> Failure {
    match meaning(error) {
        Meaning::Failure(failure) => failure,
        Meaning::Data(failure) => Failure { kind: FailureKind::Retry, ..failure },
    }
}

/// A delivery that took too long.
pub(super) fn timed_out() -> Failure {
    Failure::new(FailureKind::Destination, "mysql.timeout", "the server does not answer in time")
}
