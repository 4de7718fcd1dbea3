//! How long rows are kept, and for how long they may name somebody.
//!
//! A category's events are kept for its `retain`. Categories that are `anonymise` lose their names at that age, row by row, and their
//! rows go when the whole month has reached it, with the month's partition; rows of the others go at that age.

use daybook_catalog::{AppCatalog, CategoryPii};
use daybook_consumers::Item;
use daybook_event::{Kind, Month, Timestamp};

/// Rows that one statement of upkeep changes.
pub(crate) const CHUNK_ROWS: u64 = 5_000;
/// Statements of one round of upkeep; what is left is done in the next, so that no delivery waits for long.
pub(crate) const CHUNKS_MAX: usize = 40;
/// How often retention looks, in microseconds, when it has nothing left to do.
const PAUSE_US: i64 = 3_600_000_000;

/// The rounds in which a table is held to its retention.
#[derive(Debug, Default)]
pub(crate) struct Rounds {
    /// When one was last through with everything.
    done: Option<Timestamp>,
}

impl Rounds {
    /// Whether there is one to do.
    pub(crate) fn begin(&mut self, now: Timestamp) -> bool {
        let is_due = |done: Timestamp| (now.microseconds() - done.microseconds()).abs() >= PAUSE_US;
        if !self.done.is_none_or(is_due) {
            return false;
        }
        self.done = None;
        true
    }

    /// It is through with everything.
    pub(crate) fn end(&mut self, now: Timestamp) {
        self.done = Some(now);
    }
}

/// The retention of an app's categories.
#[derive(Debug, Clone)]
pub(crate) struct Retention {
    rules: Vec<Rule>,
    /// Some category has no limit.
    has_endless: bool,
}

/// The retention of one category; one without a limit has none.
#[derive(Debug, Clone)]
pub(crate) struct Rule {
    /// The category.
    pub(crate) category: String,
    retain_us: i64,
    anonymise: bool,
}

/// What is left of an event at its age.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Age {
    /// All of it.
    Kept,
    /// All but who it was.
    Nameless,
    /// Nothing.
    Gone,
}

impl Retention {
    /// As the app's catalog has it.
    pub(crate) fn of(app: &AppCatalog) -> Self {
        let rule = |category: &daybook_catalog::Category| {
            Some(Rule {
                category: category.name.clone(),
                retain_us: i64::try_from(category.retain?.as_micros()).unwrap_or(i64::MAX),
                anonymise: category.pii == CategoryPii::Anonymise,
            })
        };
        let has_endless = app.categories.iter().any(|category| category.retain.is_none());
        Self { rules: app.categories.iter().filter_map(rule).collect(), has_endless }
    }

    /// The categories with a limit.
    pub(crate) fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// What is left of an event of this category and time.
    pub(crate) fn age(&self, category: &str, time: Timestamp, now: Timestamp) -> Age {
        match self.rule(category) {
            Some(rule) if time < rule.rows_before(now) => Age::Gone,
            Some(rule) if rule.names_before(now).is_some_and(|before| time < before) => Age::Nameless,
            _ => Age::Kept,
        }
    }

    /// What of an event goes into a table; nothing where it does not. `now_us` is the time in microseconds, or 0 while nobody has said it.
    pub(crate) fn left(&self, item: &Item, now_us: i64) -> Option<Age> {
        if item.hidden || item.event.kind == Kind::DailyCount {
            return None;
        }
        if now_us == 0 {
            return Some(Age::Kept);
        }
        let age = self.age(&item.event.category, item.event.time, Timestamp::from_microseconds(now_us));
        (age != Age::Gone).then_some(age)
    }

    /// Whether nothing of a month that ends at `end` is kept, which has events of these categories, or none yet.
    pub(crate) fn is_over(&self, categories: &[String], end: Timestamp, now: Timestamp) -> bool {
        if categories.is_empty() {
            return !self.has_endless && self.rules.iter().all(|rule| end <= rule.cut_off(now));
        }
        categories.iter().all(|category| self.rule(category).is_some_and(|rule| end <= rule.cut_off(now)))
    }

    /// The latest time before which anything at all may be over.
    pub(crate) fn latest_cut_off(&self, now: Timestamp) -> Option<Timestamp> {
        self.rules.iter().map(|rule| rule.cut_off(now)).max()
    }

    fn rule(&self, category: &str) -> Option<&Rule> {
        self.rules.iter().find(|rule| rule.category == category)
    }
}

impl Rule {
    /// Before which time rows name nobody.
    pub(crate) fn names_before(&self, now: Timestamp) -> Option<Timestamp> {
        self.anonymise.then(|| self.cut_off(now))
    }

    /// Before which time there are no rows.
    pub(crate) fn rows_before(&self, now: Timestamp) -> Timestamp {
        let cut_off = self.cut_off(now);
        if self.anonymise { self.months_before(now) } else { cut_off }
    }

    /// Before which time no month has any time left: its rows all go at once, or the last of them do.
    pub(crate) fn months_before(&self, now: Timestamp) -> Timestamp {
        Month::of(self.cut_off(now)).start()
    }

    fn cut_off(&self, now: Timestamp) -> Timestamp {
        Timestamp::from_microseconds(now.microseconds().saturating_sub(self.retain_us))
    }
}

#[cfg(test)]
mod tests {
    use daybook_catalog::Catalogs;

    use super::*;

    #[test]
    fn names_go_before_rows() {
        let catalogs = Catalogs::builtin().catalogs;
        let app = catalogs.app("unofficial-communities").unwrap();
        let retention = Retention::of(app);
        let check = |category: &str, time: &str, expected: Age| {
            let now = Timestamp::parse("2026-06-15T00:00:00Z").unwrap();
            assert_eq!(retention.age(category, Timestamp::parse(time).unwrap(), now), expected, "{category} {time}");
        };
        // 90 days before are 17 March.
        check("business", "2026-03-17T00:00:00Z", Age::Kept);
        check("business", "2026-03-16T23:59:59Z", Age::Nameless);
        check("business", "2026-03-01T00:00:00Z", Age::Nameless);
        check("business", "2026-02-28T23:59:59Z", Age::Gone);
        check("security", "2024-06-16T00:00:00Z", Age::Kept);
        check("security", "2024-06-14T00:00:00Z", Age::Gone);
        check("nobody-knows", "1999-01-01T00:00:00Z", Age::Kept);
    }

    #[test]
    fn a_month_is_over_when_all_in_it_is() {
        let catalogs = Catalogs::builtin().catalogs;
        let retention = Retention::of(catalogs.app("unofficial-communities").unwrap());
        let time = |text| Timestamp::parse(text).unwrap();
        let (end, now) = (time("2026-02-01T00:00:00Z"), time("2026-06-15T00:00:00Z"));
        let is_over = |categories: &[&str], end| {
            let categories: Vec<String> = categories.iter().map(|category| (*category).to_owned()).collect();
            retention.is_over(&categories, end, now)
        };
        assert!(is_over(&["business", "product", "system"], end));
        assert!(!is_over(&["business", "security"], end));
        assert!(!is_over(&["nobody-knows"], end));
        assert!(!is_over(&["business"], time("2026-04-01T00:00:00Z")));
        // An empty month waits for late events of every category.
        assert!(!is_over(&[], end));
        assert!(is_over(&[], time("2024-06-01T00:00:00Z")));
    }
}
