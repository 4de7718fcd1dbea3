//! What the server's errors mean. They are told by their SQLSTATE: their texts may carry values.

use daybook_consumers::{Failure, FailureKind};
use sqlx::postgres::PgDatabaseError;

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
        sqlx::Error::Database(error) => match error.try_downcast_ref::<PgDatabaseError>() {
            Some(error) => of_server(error),
            None => destination("postgres.error", "the server answered with an error".to_owned()),
        },
        sqlx::Error::Io(error) => {
            destination("postgres.unreachable", format!("the connection failed: {}", error.kind()))
        }
        sqlx::Error::Tls(_) => destination("postgres.tls", "TLS could not be agreed upon with the server".to_owned()),
        sqlx::Error::PoolTimedOut => {
            destination("postgres.unreachable", "the server does not take connections in time".to_owned())
        }
        sqlx::Error::Encode(_) | sqlx::Error::InvalidArgument(_) => Meaning::Data(Failure::new(
            FailureKind::GiveUp,
            "postgres.refused",
            "the row cannot be written for the server",
        )),
        _ => destination("postgres.error", "the server answered with something that is not understood".to_owned()),
    }
}

fn of_server(error: &PgDatabaseError) -> Meaning {
    let state = error.code();
    let (kind, code, said) = match state {
        "3D000" | "3F000" => (FailureKind::Destination, "postgres.access", "there is no such database or schema"),
        "42501" => (FailureKind::Destination, "postgres.access", "a privilege is missing"),
        "25006" => (FailureKind::Destination, "postgres.read-only", "the server is read-only"),
        "53100" => (FailureKind::Destination, "postgres.full", "the server's disk is full"),
        "42P01" | "42703" | "42804" | "42P10" | "42809" => {
            (FailureKind::Destination, "postgres.schema", "the table is not as it was")
        }
        "40001" | "40P01" | "55P03" | "57014" | "0A000" => {
            (FailureKind::Retry, "postgres.conflict", "the statement lost against another")
        }
        _ => match state.get(..2).unwrap_or_default() {
            "28" => (FailureKind::Destination, "postgres.access", "access denied"),
            "53" => (FailureKind::Destination, "postgres.busy", "the server has no room left, or too many connections"),
            "08" | "57" => (FailureKind::Destination, "postgres.unreachable", "the server goes away"),
            "58" | "XX" | "F0" => (FailureKind::Destination, "postgres.storage", "the server's storage fails"),
            "22" => (FailureKind::GiveUp, "postgres.refused", "a value does not fit"),
            "23" | "P0" | "44" => (FailureKind::GiveUp, "postgres.refused", "a rule of the table forbids it"),
            "54" => (FailureKind::GiveUp, "postgres.too-large", "larger than the server takes"),
            _ => (FailureKind::Retry, "postgres.error", "the server answered with an error"),
        },
    };
    let column = error.column().map(|column| format!(", column {column}")).unwrap_or_default();
    let failure = Failure::new(kind, code, format!("{said} (SQLSTATE {state}{column})"));
    if kind == FailureKind::GiveUp { Meaning::Data(failure) } else { Meaning::Failure(failure) }
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
    Failure::new(FailureKind::Destination, "postgres.timeout", "the server does not answer in time")
}
