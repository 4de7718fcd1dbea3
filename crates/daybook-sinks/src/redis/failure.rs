//! What went wrong with Redis, in words that are ours: its own may name keys and users.

use daybook_consumers::{Failure, FailureKind};
use redis::{ErrorKind, RedisError};

/// Everything that Redis can refuse concerns all events alike, and may be put right by whoever runs it: the consumer
/// waits.
pub(super) fn failure(error: &RedisError) -> Failure {
    let said = refusal(error);
    let (code, message) = match said.as_deref() {
        Some("WRONGTYPE") => (
            "redis.wrong-type",
            "Under this consumer's prefix is a key of another type; it is somebody else's, or was changed.",
        ),
        Some("NOTANUMBER") => ("redis.wrong-type", "A count in Redis is not a number; somebody changed it."),
        Some("OOM") => ("redis.full", "Redis is at its limit of memory and takes nothing more."),
        Some("READONLY") => ("redis.read-only", "This Redis is a replica and takes no writes."),
        Some("LOADING") => ("redis.loading", "Redis is still reading its data."),
        Some("BUSY") => ("redis.busy", "Redis is busy with somebody's script."),
        Some("MISCONF") => ("redis.disk", "Redis cannot write to its disk, and takes nothing until it can."),
        Some("MASTERDOWN") => ("redis.unreachable", "This Redis is a replica whose master is gone."),
        Some("NOPERM") => (
            "redis.denied",
            "The user may not run a command that is needed: EVAL, HGET, HSET, HLEN, HMGET, PFADD, EXPIREAT, DEL, SCAN, UNLINK.",
        ),
        Some("NOAUTH" | "WRONGPASS") => ("redis.credentials", "Redis does not take the name and password."),
        Some("MOVED" | "ASK" | "CROSSSLOT" | "CLUSTERDOWN") => {
            ("redis.cluster", "This is a cluster; a single Redis is needed.")
        }
        Some(_) => ("redis.refused", "Redis answered with an error."),
        None => match error.kind() {
            ErrorKind::AuthenticationFailed => ("redis.credentials", "Redis does not take the name and password."),
            _ if error.is_timeout() => ("redis.timeout", "Redis did not answer in time."),
            _ if error.is_connection_refusal() => {
                ("redis.refused-connection", "Nothing takes connections where Redis should be.")
            }
            ErrorKind::Io => ("redis.unreachable", "The connection to Redis failed."),
            _ => ("redis.protocol", "What answers is not Redis, or not as it should."),
        },
    };
    let said = said.filter(|code| matches!(code.len(), 2..=16) && code.bytes().all(|byte| byte.is_ascii_uppercase()));
    let said = said.map(|code| format!(" ({code})")).unwrap_or_default();
    Failure::new(FailureKind::Destination, code, format!("{message}{said}"))
}

/// The code of Redis's own error; nothing where it said nothing. Of several commands sent in one go it is the first
/// that failed: the error of all of them has a code only where the client's library knows it.
pub(super) fn refusal(error: &RedisError) -> Option<String> {
    let of_one = || error.clone().into_server_errors()?.first().map(|(_, error)| error.code().to_owned());
    error.code().map(str::to_owned).or_else(of_one)
}

/// The counts are not where they were left: Redis was emptied, or set back.
pub(super) fn lost() -> Failure {
    let message = "The counts in Redis are gone or older than they were. They are counted again from there.";
    Failure::new(FailureKind::Destination, "redis.lost", message)
}
