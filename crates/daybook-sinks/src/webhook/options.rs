//! What a catalog says of a webhook.

use daybook_consumers::Sight;
use serde::Deserialize;

use crate::form::Dialect;

/// Most calls under way at once.
pub(super) const CONCURRENCY_MAX: usize = 64;

/// The `options` of a consumer with the handler `webhook`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(super) struct Options {
    /// What a call carries.
    pub(super) body: Body,
    /// How events are written.
    pub(super) dialect: Dialect,
    /// How many calls may be under way at once, where a call carries one event.
    pub(super) concurrency: usize,
    /// Whether people are named.
    pub(super) identity: bool,
    /// Whether the receiver is told whom to forget; one to whom people were ever named is, unless told otherwise here.
    pub(super) erasure_notice: Option<bool>,
}

/// What a call carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Body {
    /// One event.
    #[default]
    Event,
    /// An array of events.
    Batch,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            body: Body::default(),
            dialect: Dialect::default(),
            concurrency: 8,
            identity: false,
            erasure_notice: None,
        }
    }
}

impl Options {
    /// What is wrong with them beyond their types.
    pub(super) fn wrong(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        if !(1..=CONCURRENCY_MAX).contains(&self.concurrency) {
            wrong.push(format!("options.concurrency: must be from 1 to {CONCURRENCY_MAX}"));
        }
        if self.erasure_notice == Some(true) && !self.identity {
            wrong.push("options.erasure-notice: nobody is named to the receiver without identity: true".to_owned());
        }
        wrong
    }

    /// How much of an event the receiver sees.
    pub(super) const fn sight(&self) -> Sight {
        if self.identity { Sight::Open } else { Sight::Closed }
    }

    /// Whether the receiver is told whom to forget, where the consumer is asked: it is once it named anybody, whatever it does now.
    pub(super) fn tells_whom_to_forget(&self) -> bool {
        self.erasure_notice.unwrap_or(true)
    }
}
