//! Days, as questions about the past name them. All are those of UTC.

use daybook_event::Timestamp;

/// Microseconds of a day.
const DAY_US: i64 = 86_400_000_000;
/// Day 0 of the Unix epoch was a Thursday; this many days before it was a Monday.
const FROM_MONDAY: i64 = 3;

/// The date so many days after that of a time, in microseconds since the Unix epoch: `2026-01-14`.
pub fn date(time_us: i64, later: i64) -> String {
    let start = (time_us.div_euclid(DAY_US) + later) * DAY_US;
    let text = Timestamp::from_microseconds(start).to_string();
    text.split('T').next().unwrap_or_default().to_owned()
}

/// The date of the Monday of the week of a time, or of one so many weeks earlier.
pub fn monday(time_us: i64, weeks: i64) -> String {
    let day = time_us.div_euclid(DAY_US);
    date(time_us, -(day + FROM_MONDAY).rem_euclid(7) - 7 * weeks)
}

/// So many days before a date, or a date and time; nothing where the text is neither.
pub fn before(text: &str, days: u32) -> Option<String> {
    let time = Timestamp::parse(text).or_else(|_| Timestamp::parse(&format!("{text}T00:00:00Z"))).ok()?;
    let is_date = !text.contains(['T', 't', ' ']);
    let earlier = Timestamp::from_microseconds(time.microseconds() - i64::from(days) * DAY_US);
    Some(if is_date { date(earlier.microseconds(), 0) } else { earlier.to_string() })
}

/// The number of a date's day since the Unix epoch; nothing where the text is no date.
pub fn number(text: &str) -> Option<i64> {
    if text.len() != 10 {
        return None;
    }
    let time = Timestamp::parse(&format!("{text}T00:00:00Z")).ok()?;
    Some(time.microseconds().div_euclid(DAY_US))
}

/// The date of a day by its number.
pub fn of_number(number: i64) -> String {
    date(number.saturating_mul(DAY_US), 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_those_of_the_calendar() {
        // A Wednesday.
        let now = Timestamp::parse("2026-01-14T15:00:00Z").expect("a time").microseconds();
        assert_eq!(date(now, 1), "2026-01-15");
        assert_eq!(date(now, -14), "2025-12-31");
        assert_eq!(monday(now, 0), "2026-01-12");
        assert_eq!(monday(now, 3), "2025-12-22");
        assert_eq!(before("2026-03-01", 30).as_deref(), Some("2026-01-30"));
        assert_eq!(before("2026-03-01T12:00:00Z", 1).as_deref(), Some("2026-02-28T12:00:00.000Z"));
        assert_eq!(before("today", 1), None);
        assert_eq!(number("2026-01-14").map(of_number).as_deref(), Some("2026-01-14"));
        assert_eq!((number("2026-02-30"), number("2026-01-14T00")), (None, None));
    }
}
