//! The same questions, answered by going through all events again and again.

use std::collections::{BTreeMap, BTreeSet};

use super::calendar::{DAY, after, before, edges, start_of};
use super::world::{Row, matches};

type People = BTreeSet<i64>;

/// The people of those events.
pub fn people<'r>(rows: impl IntoIterator<Item = &'r &'r Row>) -> People {
    rows.into_iter().filter_map(|row| row.person).collect()
}

fn between<'r>(rows: &[&'r Row], from: i64, to: i64) -> Vec<&'r Row> {
    rows.iter().filter(|row| from <= row.time && row.time < to).copied().collect()
}

/// The values of a column, in order, none last.
pub fn values<'r>(rows: &[&'r Row], of: fn(&Row) -> Option<&'static str>) -> Vec<Option<&'r str>> {
    let mut values: Vec<Option<&str>> = rows.iter().map(|row| of(row)).collect::<BTreeSet<_>>().into_iter().collect();
    values.sort_by_key(|value| (value.is_none(), *value));
    values
}

/// Start of the period, group, active and new people.
pub fn active_users<'r>(
    active: &[&'r Row],
    (from, to): (i64, i64),
    period: &str,
    by: Option<fn(&Row) -> Option<&'static str>>,
) -> Vec<(i64, Option<Option<&'r str>>, usize, usize)> {
    let mut found = Vec::new();
    for pair in edges(period, from, to).windows(2) {
        let start = pair[0].max(from);
        let now = between(active, start, pair[1].min(to));
        let earlier = people(&between(active, i64::MIN, start));
        let groups: Vec<Option<Option<&str>>> = match by {
            None => vec![None],
            Some(of) => values(&between(active, from, to), of).into_iter().map(Some).collect(),
        };
        for group in groups {
            let of_group = now.iter().filter(|row| group.is_none_or(|group| by.unwrap()(row) == group));
            let people: People = of_group.filter_map(|row| row.person).collect();
            let new = people.difference(&earlier).count();
            found.push((pair[0], group, people.len(), new));
        }
    }
    found
}

/// Start of the cohort, its size, the period, and who came back in it.
pub fn retention(
    began: &[&Row],
    back: &[&Row],
    (from, to): (i64, i64),
    period: &str,
    periods: usize,
) -> Vec<(i64, usize, usize, usize)> {
    let mut found = Vec::new();
    for pair in edges(period, from, to).windows(2) {
        let earlier = people(&between(began, i64::MIN, pair[0]));
        let cohort: People = people(&between(began, pair[0], pair[1])).difference(&earlier).copied().collect();
        let mut start = pair[0];
        for number in 0..=periods {
            let end = after(period, start);
            let seen = people(&between(back, start, end));
            found.push((pair[0], cohort.len(), number, cohort.intersection(&seen).count()));
            start = end;
        }
    }
    found
}

/// Start of the period, active people of the one before, and who of them is lost.
pub fn churn(active: &[&Row], (from, to): (i64, i64), period: &str) -> Vec<(i64, usize, usize)> {
    let rows = edges(period, from, to);
    let rows = rows.windows(2).map(|pair| {
        let previous = people(&between(active, before(period, pair[0]), pair[0]));
        let now = people(&between(active, pair[0], pair[1]));
        (pair[0], previous.len(), previous.difference(&now).count())
    });
    rows.collect()
}

/// Start of the period, people a day on average, and people of the month.
pub fn stickiness(active: &[&Row], (from, to): (i64, i64), period: &str) -> Vec<(i64, f64, usize)> {
    let rows = edges(period, from, to);
    let rows = rows.windows(2).map(|pair| {
        let days = (pair[1] - pair[0]) / DAY;
        let daily: usize =
            (0..days).map(|day| people(&between(active, pair[0] + day * DAY, pair[0] + (day + 1) * DAY)).len()).sum();
        let month = if period == "month" { pair[0] } else { pair[1] - 30 * DAY };
        (pair[0], daily as f64 / days as f64, people(&between(active, month, pair[1])).len())
    });
    rows.collect()
}

/// By interval and group, what `measure` makes of the events.
pub fn trend<'r>(
    events: &[&'r Row],
    (from, to): (i64, i64),
    interval: &str,
    by: Option<fn(&Row) -> Option<&'static str>>,
    measure: impl Fn(&[&'r Row]) -> Option<f64>,
) -> Vec<(i64, Option<Option<&'r str>>, Option<f64>)> {
    let inside = between(events, from, to);
    let mut found = Vec::new();
    for pair in edges(interval, from, to).windows(2) {
        let now = between(&inside, pair[0], pair[1]);
        match by {
            None => found.push((pair[0], None, measure(&now))),
            Some(of) => {
                for group in values(&inside, of) {
                    let rows: Vec<&Row> = now.iter().filter(|row| of(row) == group).copied().collect();
                    found.push((pair[0], Some(group), measure(&rows)));
                }
            }
        }
    }
    found
}

/// A step of a funnel: names, and what else must be.
#[derive(Debug)]
pub struct Step {
    pub names: Vec<&'static str>,
    pub also: fn(&Row) -> bool,
}

impl Step {
    fn takes(&self, row: &Row) -> bool {
        matches(row.name, &self.names) && (self.also)(row)
    }
}

/// For each group, the count and the median of seconds of each step.
pub fn funnel<'r>(
    rows: &'r [Row],
    (from, to): (i64, i64),
    steps: &[Step],
    within: i64,
    by: Option<fn(&Row) -> Option<&'static str>>,
    whose: fn(&Row) -> Option<i64>,
) -> Vec<(Option<Option<&'r str>>, Vec<(usize, Option<f64>)>)> {
    let rows: Vec<&Row> = rows.iter().collect();
    let mut inside = between(&rows, from, to);
    inside.retain(|row| whose(row).is_some());
    inside.sort_by_key(|row| (row.time, row.position));
    let starts: Vec<&Row> = inside.iter().filter(|row| steps[0].takes(row)).copied().collect();
    let groups: Vec<Option<Option<&str>>> = match by {
        None => vec![None],
        Some(of) => values(&starts, of).into_iter().map(Some).collect(),
    };
    let mut found = Vec::new();
    for group in groups {
        let mut times: BTreeMap<usize, Vec<i64>> = BTreeMap::new();
        let mut counts = vec![0; steps.len()];
        for person in inside.iter().filter_map(|row| whose(row)).collect::<BTreeSet<_>>() {
            let of_person: Vec<&Row> = inside.iter().filter(|row| whose(row) == Some(person)).copied().collect();
            // Every run: how far it got, when it got there (sooner is better), where it began (later is better).
            let mut runs: Vec<(usize, i64, usize, Vec<i64>)> = Vec::new();
            for (start, first) in of_person.iter().enumerate() {
                if !steps[0].takes(first) || group.is_some_and(|group| by.unwrap()(first) != group) {
                    continue;
                }
                let mut taken = vec![first.time];
                let mut last = start;
                for step in &steps[1..] {
                    let next = of_person.iter().enumerate().skip(last + 1).find(|(_, row)| step.takes(row));
                    let Some((at, row)) = next.filter(|(_, row)| row.time - first.time <= within) else { break };
                    taken.push(row.time);
                    last = at;
                }
                runs.push((taken.len(), -(last as i64), start, taken));
            }
            let Some((level, _, _, taken)) = runs.into_iter().max() else { continue };
            counts[..level].iter_mut().for_each(|count| *count += 1);
            for (step, pair) in taken.windows(2).enumerate() {
                times.entry(step + 1).or_default().push(pair[1] - pair[0]);
            }
        }
        let steps = counts.iter().enumerate().map(|(step, count)| {
            let median = times.get(&step).map(|times| {
                let mut times = times.clone();
                times.sort_unstable();
                let (lower, upper) = (times[(times.len() - 1) / 2], times[times.len() / 2]);
                (lower + upper) as f64 / 2e6
            });
            (*count, median)
        });
        found.push((group, steps.collect()));
    }
    found
}

/// How many sessions there are, and how long they take, on average and in the middle.
pub type Lengths = (f64, Option<f64>, Option<f64>);

/// By period and group, the sessions that begin in it.
pub fn sessions<'r>(
    events: &[&'r Row],
    (from, to): (i64, i64),
    period: &str,
    by: Option<fn(&Row) -> Option<&'static str>>,
) -> Vec<(i64, Option<Option<&'r str>>, Lengths)> {
    let mut inside = between(events, from, to);
    inside.retain(|row| row.session.is_some());
    inside.sort_by_key(|row| (row.time, row.position));
    let ids: BTreeSet<i64> = inside.iter().filter_map(|row| row.session).collect();
    // Of each the first event, how long it takes, and how many it stands for.
    let all = ids.into_iter().filter_map(|id| {
        let of_it: Vec<&Row> = inside.iter().filter(|row| row.session == Some(id)).copied().collect();
        let (first, last) = (*of_it.first()?, *of_it.last()?);
        let surest = of_it.iter().map(|row| row.sample_rate).max_by(f64::total_cmp)?;
        Some((first, (last.time - first.time) as f64 / 1e6, surest))
    });
    let all: Vec<(&Row, f64, f64)> = all.collect();
    let groups: Vec<Option<Option<&str>>> = match by {
        None => vec![None],
        Some(of) => {
            values(&all.iter().map(|(first, ..)| *first).collect::<Vec<_>>(), of).into_iter().map(Some).collect()
        }
    };
    let mut found = Vec::new();
    for pair in edges(period, from, to).windows(2) {
        for group in &groups {
            let begun = |first: &Row| {
                (pair[0]..pair[1]).contains(&first.time) && group.is_none_or(|group| by.unwrap()(first) == group)
            };
            let here: Vec<(f64, f64)> =
                all.iter().filter(|(first, ..)| begun(first)).map(|(_, length, rate)| (*length, *rate)).collect();
            let count: f64 = here.iter().map(|(_, rate)| 1.0 / rate).sum();
            let average = here.iter().map(|(length, rate)| length / rate).sum::<f64>() / count;
            let median = percentile(here.iter().copied(), 50);
            found.push((pair[0], *group, (count, (count > 0.0).then_some(average), median)));
        }
    }
    found
}

/// The value that so many hundredths of the values do not exceed, each repeated as often as its event stands for.
pub fn percentile(values: impl Iterator<Item = (f64, f64)>, hundredths: usize) -> Option<f64> {
    let mut all: Vec<f64> = values.flat_map(|(value, rate)| vec![value; (1.0 / rate).round() as usize]).collect();
    all.sort_by(f64::total_cmp);
    let rank = (all.len() * hundredths).div_ceil(100);
    all.get(rank.checked_sub(1)?).copied()
}

#[test]
fn calendars_agree() {
    let day = |text: &str| {
        let date: jiff::civil::Date = text.parse().unwrap();
        date.to_datetime(jiff::civil::Time::midnight())
            .to_zoned(jiff::tz::TimeZone::UTC)
            .unwrap()
            .timestamp()
            .as_microsecond()
    };
    assert_eq!(start_of("week", day("2026-03-01")), day("2026-02-23"));
    assert_eq!(start_of("week", day("2026-03-02")), day("2026-03-02"));
    assert_eq!(start_of("month", day("2024-02-29") + DAY - 1), day("2024-02-01"));
    assert_eq!(after("month", day("2024-02-01")), day("2024-03-01"));
    assert_eq!(before("month", day("1970-01-01")), day("1969-12-01"));
    assert_eq!(
        edges("day", day("2026-12-31"), day("2027-01-01") + 1),
        [day("2026-12-31"), day("2027-01-01"), day("2027-01-02")]
    );
}
