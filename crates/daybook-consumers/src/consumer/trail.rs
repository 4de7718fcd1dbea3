//! What was tried with an event, and why it failed.

use crate::Failure;
use crate::dead_letters::Attempt;
use crate::limits::{ATTEMPTS_KEPT, MESSAGE_CHARS_MAX};
use crate::now_us;

/// The attempts to deliver one event: of many the first and the last.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Trail {
    /// Attempts that count against the consumer's limit.
    pub tries: u32,
    total: u64,
    kept: Vec<Attempt>,
}

impl Trail {
    /// What was written of a dead letter; it may be tried anew.
    pub fn read(json: &str, total: u64) -> Self {
        Self { tries: 0, total, kept: serde_json::from_str(json).unwrap_or_default() }
    }

    pub fn note(&mut self, failure: &Failure) {
        self.tries = self.tries.saturating_add(1);
        self.push(Attempt { time_us: now_us(), code: failure.code.to_owned(), message: message(failure) });
        self.total += 1;
    }

    pub fn extend(&mut self, later: &Self) {
        self.total += later.total;
        later.kept.iter().cloned().for_each(|attempt| self.push(attempt));
    }

    pub fn total(&self) -> u64 {
        self.total
    }

    pub fn json(&self) -> String {
        serde_json::to_string(&self.kept).unwrap_or_default()
    }

    fn push(&mut self, attempt: Attempt) {
        self.kept.push(attempt);
        if self.kept.len() > ATTEMPTS_KEPT {
            self.kept.remove(ATTEMPTS_KEPT / 2);
        }
    }
}

/// A failure's message, cut where it is too long.
pub(crate) fn message(failure: &Failure) -> String {
    match failure.message.char_indices().nth(MESSAGE_CHARS_MAX) {
        Some((end, _)) => format!("{}…", &failure.message[..end]),
        None => failure.message.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::FailureKind;

    #[test]
    fn the_first_and_the_last_attempts_are_kept() {
        let mut trail = Trail::default();
        for number in 0..50 {
            trail.note(&Failure::new(FailureKind::Retry, "test.failed", format!("{number}")));
        }
        let kept: Vec<Attempt> = serde_json::from_str(&trail.json()).unwrap();
        let messages: Vec<&str> = kept.iter().map(|attempt| attempt.message.as_str()).collect();
        let expected: Vec<String> = (0..10).chain(40..50).map(|number| number.to_string()).collect();
        assert_eq!(messages, expected);
        assert_eq!((trail.total(), trail.tries), (50, 50));
    }

    #[test]
    fn long_messages_are_cut_between_characters() {
        let failure = Failure::new(FailureKind::Retry, "test.failed", "ü".repeat(10_000));
        assert_eq!(message(&failure).chars().count(), MESSAGE_CHARS_MAX + 1);
    }
}
