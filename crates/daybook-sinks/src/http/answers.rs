//! What an answer to a call means for the consumer.

use std::time::{Duration, SystemTime};

use daybook_consumers::{Failure, FailureKind};
use reqwest::StatusCode;
use reqwest::header::{HeaderMap, RETRY_AFTER};

/// Longest time that a destination may ask to be left alone.
pub(crate) const RETRY_AFTER_MAX: Duration = Duration::from_secs(24 * 60 * 60);

/// Whether a call was taken, by its answer's status and headers. `host` is who answered.
///
/// # Errors
/// [`Failure`], with what to do.
pub(crate) fn judge(status: StatusCode, headers: &HeaderMap, host: &str, now: SystemTime) -> Result<(), Failure> {
    let (kind, code, said) = match status.as_u16() {
        200..=299 => return Ok(()),
        300..=399 => (FailureKind::Destination, "http.redirect", "a redirect that is not followed"),
        401 | 403 | 407 => (FailureKind::Destination, "http.credentials", "that the credentials are wrong"),
        408 | 425 | 429 | 502 | 503 | 504 => (FailureKind::Destination, "http.busy", "that it cannot take calls now"),
        410 => (FailureKind::GiveUp, "http.gone", "that it wants no more of these calls: take it out of the settings"),
        400..=499 => (FailureKind::GiveUp, "http.refused", "that it does not take this call"),
        _ => (FailureKind::Retry, "http.failed", "that it failed"),
    };
    let mut failure = Failure::new(kind, code, format!("{host} answered {said} (status {})", status.as_u16()));
    failure.retry_after = retry_after(headers, now);
    Err(failure)
}

/// How long a destination asks to be left alone: in seconds, or until a date (RFC 9110, section 10.2.3).
fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let wait = match text.parse::<u64>() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => httpdate::parse_http_date(text).ok()?.duration_since(now).unwrap_or_default(),
    };
    Some(wait.min(RETRY_AFTER_MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_told_apart() {
        let check = |status: u16, expected: Option<FailureKind>| {
            let status = StatusCode::from_u16(status).unwrap();
            let judged = judge(status, &HeaderMap::new(), "host", SystemTime::UNIX_EPOCH);
            assert_eq!(judged.err().map(|failure| failure.kind), expected, "{status}");
        };
        for status in [200, 201, 202, 204, 299] {
            check(status, None);
        }
        for status in [301, 302, 307, 308, 401, 403, 407, 408, 425, 429, 502, 503, 504] {
            check(status, Some(FailureKind::Destination));
        }
        for status in [400, 404, 405, 409, 410, 413, 415, 422] {
            check(status, Some(FailureKind::GiveUp));
        }
        for status in [500, 501, 505, 507, 520, 599] {
            check(status, Some(FailureKind::Retry));
        }
    }

    #[test]
    fn being_told_to_wait() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_770);
        let check = |text: &str, expected: Option<u64>| {
            let headers = HeaderMap::from_iter([(RETRY_AFTER, text.parse().unwrap())]);
            assert_eq!(retry_after(&headers, now), expected.map(Duration::from_secs), "{text}");
        };
        check("120", Some(120));
        check("0", Some(0));
        check(" 7 ", Some(7));
        check("99999999", Some(86_400));
        check("Sun, 06 Nov 1994 08:49:37 GMT", Some(7));
        check("Sunday, 06-Nov-94 08:49:37 GMT", Some(7));
        check("Sun Nov  6 08:49:37 1994", Some(7));
        check("Sun, 06 Nov 1994 08:00:00 GMT", Some(0));
        for nonsense in ["", "soon", "-5", "1.5", "99999999999999999999999"] {
            check(nonsense, None);
        }
    }
}
