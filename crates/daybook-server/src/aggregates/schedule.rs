//! What is to be computed, and when: arithmetic alone.

use std::collections::BTreeMap;
use std::time::Duration;

use daybook_catalog::AppCatalog;
use daybook_catalog::aggregates::Spec;
use daybook_event::Timestamp;
use daybook_lake::aggregates::{Span, date_of, microseconds_of};
use jiff::ToSpan;
use jiff::civil::Date;

use super::days;
use crate::state::aggregate_periods::Model;

/// Letters of a definition's digest.
const DEFINITION_LETTERS: usize = 32;

/// What an aggregate is computed by, as a digest: when it is another, its numbers are others.
pub fn definition_of(app: &AppCatalog, spec: &Spec) -> String {
    let mut hasher = blake3::Hasher::new();
    hasher.update(format!("{:?}\n{:?}\n{}\n", spec.period, spec.dimensions, spec.sql).as_bytes());
    if spec.sql.contains("$active") {
        hasher.update(format!("{:?}", app.active).as_bytes());
    }
    hasher.finalize().to_hex().chars().take(DEFINITION_LETTERS).collect()
}

/// When an aggregate is looked at.
#[derive(Debug, Clone, Copy)]
pub struct Moment {
    /// Now, in microseconds since the Unix epoch.
    now_us: i64,
    /// Time of the day from which on it is computed, in microseconds.
    at_us: i64,
    /// The day of which everything before is to be computed.
    day: Date,
}

impl Moment {
    /// Of an aggregate, at a time.
    pub fn of(spec: &Spec, now: Timestamp) -> Self {
        let now_us = now.microseconds();
        let at_us = microseconds(spec.at);
        Self { now_us, at_us, day: date_of(now_us.saturating_sub(at_us)) }
    }

    /// When the next day's work is due.
    pub fn next(self) -> i64 {
        microseconds_of(self.day.saturating_add(1.day())).saturating_add(self.at_us)
    }

    /// When the work of a day is due.
    fn due_of(self, day: Date) -> i64 {
        microseconds_of(day).saturating_add(self.at_us)
    }
}

/// The first day on which a period may begin: of earlier ones events may be gone, and what was computed of them stays as it is.
pub fn horizon(app: &AppCatalog, spec: &Spec, now: Timestamp) -> Option<Date> {
    let retain = app.category(&spec.category)?.retain?;
    Some(date_of(now.microseconds().saturating_sub(microseconds(retain))).saturating_add(1.day()))
}

/// The last day on which a period of a category's aggregates must have ended to be kept.
pub fn kept_from(retain: Duration, now: Timestamp) -> Date {
    date_of(now.microseconds().saturating_sub(microseconds(retain)))
}

/// What is to be computed of one aggregate.
pub struct Due<'k> {
    /// The aggregate.
    pub spec: &'k Spec,
    /// When it is looked at.
    pub moment: Moment,
    /// The first day on which anything happened.
    pub first_day: Date,
    /// The first day on which a period may begin.
    pub horizon: Option<Date>,
    /// By which it is computed now.
    pub definition: &'k str,
    /// How long a period that was computed is left alone where events of it come late.
    pub late_after: Duration,
    /// What was computed already, by the first day.
    pub known: &'k BTreeMap<&'k str, &'k Model>,
}

impl Due<'_> {
    /// The periods that are to be computed now, the latest first.
    pub fn spans(&self) -> Vec<Span> {
        let last = Span::of(self.spec.period, self.moment.day).previous();
        let from = self.horizon.map_or(self.first_day, |horizon| horizon.max(self.first_day));
        Span::between(self.spec.period, from, last.end)
            .filter(|span| self.horizon.is_none_or(|horizon| span.start >= horizon))
            .filter(|span| {
                self.known.get(span.start.to_string().as_str()).is_none_or(|known| self.is_old(*span, known))
            })
            .collect()
    }

    /// When the first period that waits because it was computed just now has waited enough.
    pub fn wakes(&self) -> Option<i64> {
        let waiting = self.known.values().filter(|known| known.late.is_some());
        waiting.map(|known| known.computed_us.saturating_add(microseconds(self.late_after))).min()
    }

    /// Whether what was computed is to be computed again.
    fn is_old(&self, span: Span, known: &Model) -> bool {
        let waited = self.moment.now_us.saturating_sub(known.computed_us) >= microseconds(self.late_after);
        // Once a day, until the day after the last that it looks at.
        let final_day = final_day(self.spec, span);
        known.definition != self.definition
            || (known.late.is_some() && waited)
            || known.computed_us < self.moment.due_of(self.moment.day.min(final_day))
    }
}

/// The day on which a period is computed for the last time, unless something comes late.
fn final_day(spec: &Spec, span: Span) -> Date {
    span.end.saturating_add(days(spec.recompute_for)).saturating_add(1.day())
}

/// Whether an event of this day that comes now comes late for a period that was computed. What lies after the end of the period
/// does not while the period is computed every day anyway.
pub fn is_late(spec: &Spec, span: Span, day: Date, today: Date) -> bool {
    let first = span.start.saturating_sub(days(spec.looks_back));
    let last = span.end.saturating_add(days(spec.recompute_for));
    first <= day && (day <= span.end || (day <= last && today > final_day(spec, span)))
}

fn microseconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use daybook_catalog::from_texts;

    use super::*;

    fn spec(text: &str) -> (std::sync::Arc<AppCatalog>, Spec) {
        let catalog = "app: shop\nversion: 1.0.0\ntitle: Shop\ncategories: {sales: {retain: 30d}}\n";
        let sql = "sql: SELECT 1 AS n FROM events WHERE date BETWEEN $period_start AND $period_end";
        let file = format!("aggregates:\n  a: {{category: sales, {text}, {sql}}}\n");
        let loaded = from_texts(&[("catalog.yaml", catalog), ("aggregates.yaml", &file)]);
        let app = loaded.catalogs.app("shop").unwrap_or_else(|| panic!("{:?}", loaded.diagnostics)).clone();
        let spec = app.aggregates[0].clone();
        (app, spec)
    }

    fn time(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    fn day(text: &str) -> Date {
        text.parse().unwrap()
    }

    fn known(start: &str, computed: &str, late: Option<i64>) -> Model {
        Model {
            app: "shop".to_owned(),
            aggregate_type: "a".to_owned(),
            period_start: start.to_owned(),
            period_end: String::new(),
            definition: "d".to_owned(),
            through: 0,
            computed_us: time(computed).microseconds(),
            rows: 0,
            late,
        }
    }

    /// The first days of what is due.
    fn due(text: &str, now: &str, first_day: &str, computed: &[Model]) -> Vec<String> {
        let (app, spec) = spec(text);
        let known = computed.iter().map(|model| (model.period_start.as_str(), model)).collect();
        let due = Due {
            spec: &spec,
            moment: Moment::of(&spec, time(now)),
            first_day: day(first_day),
            horizon: horizon(&app, &spec, time(now)),
            definition: "d",
            late_after: Duration::from_secs(600),
            known: &known,
        };
        due.spans().iter().map(|span| span.start.to_string()).collect()
    }

    #[test]
    fn a_period_is_due_when_it_is_over_and_its_hour_has_come() {
        let none: &[String] = &[];
        assert_eq!(due("period: daily", "2026-03-04T00:59:59Z", "2026-03-03", &[]), none);
        assert_eq!(due("period: daily", "2026-03-04T01:00:00Z", "2026-03-03", &[]), ["2026-03-03"]);
        assert_eq!(due("period: daily, at: '00:00'", "2026-03-04T00:00:00Z", "2026-03-03", &[]), ["2026-03-03"]);
        // 2026-03-02 is a Monday.
        assert_eq!(due("period: weekly", "2026-03-02T00:59:59Z", "2026-02-25", &[]), none);
        assert_eq!(due("period: weekly", "2026-03-02T01:00:00Z", "2026-02-25", &[]), ["2026-02-23"]);
        assert_eq!(due("period: monthly", "2026-03-01T01:00:00Z", "2026-02-01", &[]), ["2026-02-01"]);
    }

    #[test]
    fn what_was_missed_is_caught_up_with_as_far_as_events_are_kept() {
        let computed = [known("2026-03-02", "2026-03-03T01:00:00Z", None)];
        assert_eq!(
            due("period: daily", "2026-03-06T07:00:00Z", "2026-03-01", &computed),
            ["2026-03-05", "2026-03-04", "2026-03-03", "2026-03-01"]
        );
        // Kept for 30 days: of the 4th a part is gone already.
        let all = due("period: daily", "2026-03-06T07:00:00Z", "2025-01-01", &[]);
        assert_eq!((all.len(), all.last().map(String::as_str)), (29, Some("2026-02-05")));
        assert_eq!(due("period: weekly", "2026-02-20T07:00:00Z", "2025-01-01", &[]).last().unwrap(), "2026-01-26");
    }

    #[test]
    fn a_period_is_computed_again_when_it_is_another_or_late_or_young() {
        let check = |text: &str, now: &str, model: Model, expected: bool| {
            let found = due(text, now, "2026-03-02", &[model]).contains(&"2026-03-02".to_owned());
            assert_eq!(found, expected, "{text} {now}");
        };
        let done = || known("2026-03-02", "2026-03-03T01:00:05Z", None);
        check("period: daily", "2026-03-04T02:00:00Z", done(), false);
        check("period: daily", "2026-03-04T02:00:00Z", Model { definition: "e".to_owned(), ..done() }, true);
        let late = || known("2026-03-02", "2026-03-04T01:59:00Z", Some(7));
        check("period: daily", "2026-03-04T02:00:00Z", late(), false);
        check("period: daily", "2026-03-04T02:09:00Z", late(), true);
        // Two days are looked at after it, so it is final on the fifth.
        let again = "period: daily, recompute-for: 2d";
        check(again, "2026-03-04T00:30:00Z", done(), false);
        check(again, "2026-03-04T01:00:00Z", done(), true);
        check(again, "2026-03-05T01:00:00Z", known("2026-03-02", "2026-03-04T01:00:01Z", None), true);
        check(again, "2026-03-09T01:00:00Z", known("2026-03-02", "2026-03-05T01:00:01Z", None), false);
        // The server was down on that day.
        check(again, "2026-03-09T01:00:00Z", known("2026-03-02", "2026-03-04T01:00:01Z", None), true);
    }

    #[test]
    fn an_event_is_late_for_the_periods_that_look_at_its_day() {
        let check = |text: &str, event: &str, today: &str, expected: bool| {
            let (_, spec) = spec(text);
            let span = Span::of(spec.period, day("2026-03-02"));
            assert_eq!(is_late(&spec, span, day(event), day(today)), expected, "{text} {event} {today}");
        };
        check("period: daily", "2026-03-02", "2026-03-03", true);
        check("period: daily", "2026-03-01", "2026-03-03", false);
        check("period: daily", "2026-03-03", "2026-03-03", false);
        check("period: weekly", "2026-03-08", "2026-03-10", true);
        check("period: daily, looks-back: 1d", "2026-03-01", "2026-03-03", true);
        check("period: daily, looks-back: 1d", "2026-02-28", "2026-03-03", false);
        let again = "period: daily, recompute-for: 2d";
        check(again, "2026-03-04", "2026-03-05", false);
        check(again, "2026-03-04", "2026-03-06", true);
        check(again, "2026-03-05", "2026-03-06", false);
    }
}
