//! How keys are named. `docs/counters.md` describes it for those who read them.

use std::borrow::Cow;

use daybook_consumers::counters::Interval;

/// The version of the layout. Where another is found, everything is counted anew.
pub(super) const LAYOUT: &str = "1";
/// The field, and the end of the key, of what there is no room for.
pub(super) const OTHER: &str = "~other";
/// What stands for all event types together.
pub(super) const ALL: &str = "*";

/// What is counted in one hash of a bucket.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Breakdown<'a> {
    /// Event types, and all together.
    Events,
    /// Groups, of one event type or of all.
    Groups(Option<&'a str>),
    /// Values of a dimension of an event type.
    Values(&'a str, usize),
}

/// The names of a consumer's keys.
#[derive(Debug, Clone)]
pub(super) struct Keys {
    base: String,
}

impl Keys {
    pub(super) fn new(prefix: &str, app: &str, consumer: &str) -> Self {
        Self { base: format!("{prefix}:{app}:{consumer}") }
    }

    /// The hash that says how far the counts are, and what they count.
    pub(super) fn state(&self) -> String {
        format!("{}:state", self.base)
    }

    /// What all of them match, as `SCAN` understands it.
    pub(super) fn pattern(&self) -> String {
        let mut pattern = String::with_capacity(self.base.len() + 8);
        for c in self.base.chars() {
            if matches!(c, '*' | '?' | '[' | ']' | '\\' | '^') {
                pattern.push('\\');
            }
            pattern.push(c);
        }
        pattern + ":*"
    }

    /// The hash of a breakdown's counts in a bucket, and what the keys of its sketches begin with.
    pub(super) fn counts(
        &self,
        interval: Interval,
        bucket: i64,
        breakdown: &Breakdown<'_>,
        dimensions: &[String],
    ) -> (String, String) {
        let bucket = format!("{}:{}:{}", self.base, interval.as_str(), moment(interval, bucket));
        match breakdown {
            Breakdown::Events => (format!("{bucket}:events"), format!("{bucket}:people:")),
            Breakdown::Groups(event) => {
                let event = event.map_or(Cow::Borrowed(ALL), escaped);
                (format!("{bucket}:groups:{event}"), format!("{bucket}:people:{event}:group:"))
            }
            Breakdown::Values(event, dimension) => {
                let event = escaped(event);
                let dimension = dimensions.get(*dimension).map_or(Cow::Borrowed(""), |name| escaped(name));
                (format!("{bucket}:by:{event}:{dimension}"), format!("{bucket}:people:{event}:by:{dimension}:"))
            }
        }
    }
}

/// The name of an event type or a dimension, so that it cannot be taken for something else: `%`, `:` and `*` are written as in URLs.
pub(super) fn escaped(name: &str) -> Cow<'_, str> {
    if !name.contains(['%', ':', '*']) {
        return Cow::Borrowed(name);
    }
    Cow::Owned(name.replace('%', "%25").replace(':', "%3A").replace('*', "%2A"))
}

/// When a bucket begins, as in ISO 8601's basic format: `20260114T1504Z`, `20260114T15Z`, `20260114`.
fn moment(interval: Interval, bucket: i64) -> String {
    let format = match interval {
        Interval::Minute => "%Y%m%dT%H%MZ",
        Interval::Hour => "%Y%m%dT%HZ",
        Interval::Day => "%Y%m%d",
    };
    let start = interval.start(bucket).microseconds();
    jiff::Timestamp::from_microsecond(start).unwrap_or_default().strftime(format).to_string()
}

#[cfg(test)]
mod tests {
    use daybook_event::Timestamp;

    use super::*;

    #[test]
    fn keys_are_named() {
        let keys = Keys::new("daybook", "shop", "numbers");
        let time = Timestamp::parse("2026-01-14T15:04:05Z").unwrap();
        let check = |interval: Interval, breakdown: Breakdown<'_>, expected: (&str, &str)| {
            let found = keys.counts(interval, interval.bucket(time), &breakdown, &["method".to_owned()]);
            assert_eq!((found.0.as_str(), found.1.as_str()), expected);
        };
        check(
            Interval::Minute,
            Breakdown::Events,
            ("daybook:shop:numbers:minute:20260114T1504Z:events", "daybook:shop:numbers:minute:20260114T1504Z:people:"),
        );
        check(
            Interval::Hour,
            Breakdown::Groups(None),
            (
                "daybook:shop:numbers:hour:20260114T15Z:groups:*",
                "daybook:shop:numbers:hour:20260114T15Z:people:*:group:",
            ),
        );
        check(
            Interval::Day,
            Breakdown::Groups(Some("order.placed")),
            (
                "daybook:shop:numbers:day:20260114:groups:order.placed",
                "daybook:shop:numbers:day:20260114:people:order.placed:group:",
            ),
        );
        check(
            Interval::Day,
            Breakdown::Values("a:b*", 0),
            (
                "daybook:shop:numbers:day:20260114:by:a%3Ab%2A:method",
                "daybook:shop:numbers:day:20260114:people:a%3Ab%2A:by:method:",
            ),
        );
        assert_eq!(Keys::new("a", "b", "c*").pattern(), "a:b:c\\*:*");
    }
}
