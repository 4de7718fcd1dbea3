//! The counters against a plain reference: maps and exact sets.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use daybook_event::stored::Standing;
use daybook_event::{Event, Kind, Position, SubjectId, Timestamp};
use proptest::prelude::*;

use super::*;
use crate::handler::Item;

const MINUTE_US: i64 = 60_000_000;
/// 2026-01-14T15:00:00Z
const NOW_US: i64 = 1_768_402_800_000_000;

const CATALOG: &str = "
app: shop
version: 1.0.0
title: Shop
unknown-types: { keep: '.*', category: default }
categories: { default: { retain: 90d } }
";
const EVENTS: &str = "
events:
  - name: order.placed
    description: An order.
    category: default
    dimensions: [method, express]
    data: { type: object, properties: { method: { type: string, enum: [card, cash] }, express: { type: boolean } } }
  - name: order.paid
    description: A payment.
    category: default
    dimensions: [method]
    data: { type: object, properties: { method: { type: string, enum: [card, cash] } } }
  - name: page.seen
    description: A look.
    category: default
";

fn app() -> AppCatalog {
    let loaded = daybook_catalog::from_texts(&[("catalog.yaml", CATALOG), ("events/all.yaml", EVENTS)]);
    AppCatalog::clone(loaded.catalogs.app("shop").unwrap_or_else(|| panic!("{:?}", loaded.diagnostics)))
}

/// What a generated event says.
#[derive(Debug, Clone)]
struct Sketch {
    event: u8,
    group: Option<u8>,
    method: Option<u8>,
    express: Option<bool>,
    person: Option<u8>,
    minutes_ago: i64,
    rate: u8,
    daily: bool,
}

fn sketch() -> impl Strategy<Value = Sketch> {
    let ago = prop_oneof![4 => 0i64..5, 2 => 0i64..3_000, 1 => 0i64..700_000];
    (
        0u8..4,
        prop::option::of(0u8..4),
        prop::option::of(0u8..5),
        any::<Option<bool>>(),
        prop::option::of(0u8..9),
        ago,
        0u8..4,
        prop::bool::weighted(0.1),
    )
        .prop_map(|(event, group, method, express, person, minutes_ago, rate, daily)| Sketch {
            event,
            group,
            method,
            express,
            person,
            minutes_ago,
            rate,
            daily,
        })
}

impl Sketch {
    fn name(&self) -> &'static str {
        ["order.placed", "order.paid", "page.seen", "not.declared"][usize::from(self.event)]
    }

    fn weight(&self) -> f64 {
        [1.0, 2.0, 10.0, 1.25][usize::from(self.rate)]
    }

    fn item(&self, position: Position) -> Arc<Item> {
        let received = Timestamp::from_microseconds(NOW_US + position as i64 * 1_000);
        let time = Timestamp::from_microseconds(received.microseconds() - self.minutes_ago * MINUTE_US);
        let mut data = serde_json::Map::new();
        if let Some(method) = self.method {
            data.insert("method".to_owned(), format!("method {method}").into());
        }
        if let Some(express) = self.express {
            data.insert("express".to_owned(), express.into());
        }
        let mut event = event(self.name(), position, time, received);
        event.group = self.group.map(|group| Cow::Owned(format!("group {group}")));
        event.sample_rate = 1.0 / self.weight();
        event.data = Cow::Owned(serde_json::Value::Object(data).to_string());
        if self.daily {
            event.kind = Kind::DailyCount;
            event.data = Cow::Borrowed("");
        }
        let standing =
            self.person.map_or(Standing::Nobody, |person| Standing::Person(SubjectId::from_bytes([person; 16])));
        Arc::new(Item { event, standing, session: None, hidden: self.daily })
    }
}

fn event(name: &str, position: Position, time: Timestamp, received: Timestamp) -> Event<'static> {
    Event { received, position, ..Event::new("shop", name.to_owned(), time) }
}

fn batch(items: Vec<Arc<Item>>, after: Position) -> Batch {
    let through = items.last().map_or(after, |item| item.event.position);
    Batch { items, after, through, replay: false }
}

fn deliver(counters: &Counters, batch: &Batch) {
    let delivery = counters.deliver(batch);
    futures_util::FutureExt::now_or_never(delivery).expect("nothing is waited for").unwrap();
}

/// Start, event type, group, value.
type Place = (Timestamp, Option<String>, Option<String>, Option<String>);

/// What one question should be answered with: weights and people by place.
fn reference(sketches: &[Sketch], interval: Interval, by: &By, each_event: bool) -> BTreeMap<Place, (f64, u64)> {
    let mut expected: BTreeMap<Place, (f64, HashSet<u8>)> = BTreeMap::new();
    let newest = Timestamp::from_microseconds(NOW_US + sketches.len() as i64 * 1_000);
    for (index, sketch) in sketches.iter().enumerate() {
        if sketch.daily && interval != Interval::Day {
            continue;
        }
        let time = sketch.item(index as Position + 1).event.time;
        let bucket = interval.bucket(time);
        if bucket < interval.oldest(newest) {
            continue;
        }
        let group = sketch.group.map(|group| format!("group {group}"));
        let data = !sketch.daily;
        let value = |number: &usize| match (*number, sketch.event) {
            (0, 0 | 1) if data => sketch.method.map(|method| format!("method {method}")),
            (1, 0) if data => sketch.express.map(|express| express.to_string()),
            _ => None,
        };
        let (group, value) = match by {
            By::Nothing | By::Event => (None, None),
            By::Group if group.is_none() => continue,
            By::Group => (group, None),
            By::Dimension(number) => match value(number) {
                Some(value) => (None, Some(value)),
                None => continue,
            },
        };
        let event = each_event.then(|| sketch.name().to_owned());
        let cell = expected.entry((interval.start(bucket), event, group, value)).or_default();
        cell.0 += sketch.weight();
        cell.1.extend(sketch.person);
    }
    expected.into_iter().map(|(place, (count, people))| (place, (count, people.len() as u64))).collect()
}

fn ask(selection: Selection, interval: Interval) -> Ask {
    let (from, to) = (Timestamp::from_microseconds(0), Timestamp::from_microseconds(i64::MAX));
    Ask { selection, interval, from, to, series: limits::SERIES_MAX }
}

fn by_place(rows: &[Row]) -> BTreeMap<Place, (f64, u64)> {
    let text = |text: &Option<Arc<str>>| text.as_deref().map(str::to_owned);
    let place = |row: &Row| (row.start, text(&row.event), text(&row.group), text(&row.dimension));
    rows.iter().map(|row| (place(row), (row.count, row.people))).collect()
}

/// Every kind of question there is: what it selects, what it tells apart, and whether each event type is counted for itself.
fn questions() -> Vec<(Selection, By, bool)> {
    let all: EventFilter = Arc::new(|_| true);
    let of = |events: Option<&EventFilter>, by: By| Selection { events: events.cloned(), group: None, by };
    vec![
        (of(None, By::Nothing), By::Nothing, false),
        (of(Some(&all), By::Nothing), By::Nothing, true),
        (of(None, By::Event), By::Event, true),
        (of(None, By::Group), By::Group, false),
        (of(Some(&all), By::Group), By::Group, true),
        (of(None, By::Dimension(0)), By::Dimension(0), true),
        (of(None, By::Dimension(1)), By::Dimension(1), true),
        (of(None, By::Dimension(7)), By::Dimension(7), true),
    ]
}

fn assert_same(expected: &BTreeMap<Place, (f64, u64)>, found: &BTreeMap<Place, (f64, u64)>) {
    assert!(expected.keys().eq(found.keys()), "{expected:#?}\n{found:#?}");
    for (place, (count, people)) in expected {
        let (found_count, found_people) = found[place];
        assert!((count - found_count).abs() < 1e-6, "{place:?}: {count} {found_count}");
        assert_eq!(*people, found_people, "{place:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// Whatever is sent in whatever pieces, with pieces sent again, is counted once, in its place.
    #[test]
    fn counts_are_what_a_plain_count_gives(
        sketches in prop::collection::vec(sketch(), 1..120),
        cuts in prop::collection::vec((0usize..120, 0usize..20), 0..8),
    ) {
        let counters = Counters::new(&app(), Limits::default(), 0);
        let items: Vec<_> = sketches.iter().zip(1..).map(|(sketch, position)| sketch.item(position)).collect();
        for (cut, back) in cuts {
            // A batch of the runtime begins where the counters are, or, when it comes again, before.
            let from = (counters.health().as_of as usize).saturating_sub(back);
            let until = cut.clamp(from, items.len());
            deliver(&counters, &batch(items[from..until].to_vec(), from as Position));
        }
        deliver(&counters, &batch(items, 0));
        for interval in Interval::ALL {
            for (selection, by, each_event) in questions() {
                let answer = counters.read(&ask(selection.clone(), interval)).unwrap();
                prop_assert!(!answer.truncated);
                let expected = reference(&sketches, interval, &by, each_event);
                assert_same(&expected, &by_place(&answer.rows));
                // Who follows from the beginning, in small pieces, has the same in the end.
                let mut followed = BTreeMap::new();
                let mut after = 0;
                loop {
                    let changes = counters.book.read().changes(&selection, interval, Timestamp::default(), after, 7).unwrap();
                    followed.extend(by_place(&changes.rows));
                    if changes.next <= after || changes.next == changes.as_of {
                        break;
                    }
                    after = changes.next;
                }
                assert_same(&expected, &followed);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// Events that count in the same places are added up first. It makes no difference, also where there is no room for all.
    #[test]
    fn events_that_are_added_up_count_as_one_by_one(
        sketches in prop::collection::vec(sketch(), 1..200),
        pause_seconds in 0i64..40,
        (events, groups, values) in (1usize..5, 0usize..5, 0usize..5),
    ) {
        let limits = Limits { events, groups, values, ..Limits::default() };
        let mut items: Vec<_> = sketches.iter().zip(1..).map(|(sketch, position)| sketch.item(position)).collect();
        for item in &mut items {
            let event = &mut Arc::make_mut(item).event;
            let later = |time: Timestamp| {
                Timestamp::from_microseconds(time.microseconds() + event.position as i64 * pause_seconds * 1_000_000)
            };
            (event.time, event.received) = (later(event.time), later(event.received));
        }
        let one_by_one = Counters::new(&app(), limits, 0);
        for item in &items {
            deliver(&one_by_one, &batch(vec![Arc::clone(item)], item.event.position - 1));
        }
        let at_once = Counters::new(&app(), limits, 0);
        let half = items.len() as Position / 2;
        deliver(&at_once, &batch(items, 0));
        let (expected, found) = (one_by_one.health(), at_once.health());
        prop_assert_eq!((expected.as_of, expected.strays), (found.as_of, found.strays));
        for interval in Interval::ALL {
            for (selection, ..) in questions() {
                for after in [0, half] {
                    let changes = |counters: &Counters| {
                        counters.book.read().changes(&selection, interval, Timestamp::default(), after, usize::MAX)
                    };
                    prop_assert_eq!(changes(&one_by_one).unwrap(), changes(&at_once).unwrap());
                }
            }
        }
    }
}

/// So many events like one, each with what `change` makes of it.
fn many(count: u64, change: impl Fn(u64, &mut Event<'static>)) -> Vec<Arc<Item>> {
    let like = |position: u64| {
        let now = Timestamp::from_microseconds(NOW_US);
        let mut event = event("page.seen", position, now, now);
        change(position, &mut event);
        Arc::new(Item { event, standing: Standing::Nobody, session: None, hidden: false })
    };
    (1..=count).map(like).collect()
}

fn rows(counters: &Counters, by: By, series: usize) -> (Vec<(String, bool, f64)>, bool) {
    let selection = Selection { by, ..Selection::default() };
    let answer = counters.read(&Ask { series, ..ask(selection, Interval::Day) }).unwrap();
    let member = |row: &Row| row.group.as_ref().or(row.event.as_ref()).map(|text| text.to_string()).unwrap_or_default();
    (answer.rows.iter().map(|row| (member(row), row.other, row.count)).collect(), answer.truncated)
}

#[test]
fn what_there_is_no_room_for_is_counted_as_other() {
    let limits = Limits { groups: 2, events: 2, ..Limits::default() };
    let counters = Counters::new(&app(), limits, 0);
    let items = many(12, |position, event| {
        event.group = Some(Cow::Owned(format!("g{}", position % 4)));
        event.name = Cow::Owned(format!("e{}", position % 3));
    });
    deliver(&counters, &batch(items, 0));
    let other = (String::new(), true, 6.0);
    assert_eq!(rows(&counters, By::Group, 9).0, [other, ("g1".to_owned(), false, 3.0), ("g2".to_owned(), false, 3.0)]);
    let other = (String::new(), true, 4.0);
    assert_eq!(rows(&counters, By::Event, 9).0, [other, ("e1".to_owned(), false, 4.0), ("e2".to_owned(), false, 4.0)]);
    assert_eq!(rows(&counters, By::Nothing, 9).0, [(String::new(), false, 12.0)]);
    assert_eq!(counters.health().strays, Strays { other: 9, too_old: 0, cut: 0 });

    // A name that is too long, too.
    let counters = Counters::new(&app(), Limits::default(), 0);
    deliver(&counters, &batch(many(1, |_, event| event.group = Some("x".repeat(300).into())), 0));
    assert_eq!(rows(&counters, By::Group, 9).0, [(String::new(), true, 1.0)]);
}

#[test]
fn the_series_with_the_highest_counts_are_given() {
    let counters = Counters::new(&app(), Limits::default(), 0);
    let items = many(10, |position, event| event.group = Some(Cow::Owned(format!("g{}", position.ilog2()))));
    deliver(&counters, &batch(items, 0));
    let (found, truncated) = rows(&counters, By::Group, 2);
    // g0 once, g1 twice, g2 four times, g3 three times.
    assert_eq!((found, truncated), (vec![("g2".to_owned(), false, 4.0), ("g3".to_owned(), false, 3.0)], true));
    assert!(!rows(&counters, By::Group, 4).1);

    let group = Selection { group: Some("g1".to_owned()), by: By::Event, ..Selection::default() };
    let answer = counters.read(&ask(group.clone(), Interval::Day)).unwrap();
    let found: Vec<_> = answer.rows.iter().map(|row| (row.event.as_deref(), row.group.as_deref(), row.count)).collect();
    assert_eq!(found, [(Some("page.seen"), Some("g1"), 2.0)]);
    let unknown = Selection { group: Some("nobody".to_owned()), ..Selection::default() };
    assert_eq!(counters.read(&ask(unknown, Interval::Day)).unwrap().rows, []);
    let values = Selection { by: By::Dimension(0), ..group };
    assert_eq!(counters.read(&ask(values, Interval::Day)), Err(AskError::ValuesOfGroup));
}

#[test]
fn memory_is_bounded_whoever_sends_what() {
    let limits = Limits { memory_bytes: 1 << 20, names: 9_000, ..Limits::default() };
    let counters = Counters::new(&app(), limits, 0);
    // A group of its own for each, over many minutes, and a person of its own.
    let mut position = 0;
    for minute in 0..200 {
        let mut items = many(500, |position, event| {
            let time = Timestamp::from_microseconds(NOW_US + minute * MINUTE_US);
            (event.time, event.received) = (time, time);
            event.group = Some(Cow::Owned(format!("{minute} {position}")));
        });
        for item in &mut items {
            position += 1;
            let item = Arc::make_mut(item);
            item.event.position = position;
            item.standing = Standing::Person(SubjectId::from_bytes((u128::from(position) * 7).to_le_bytes()));
        }
        deliver(&counters, &batch(items, position - 500));
        // One event more than the limit may be there when it is noticed.
        assert!(counters.health().memory_bytes < (1 << 20) + 100_000, "{:?}", counters.health());
    }
    let health = counters.health();
    assert!(health.strays.cut > 10 && health.strays.other > 0, "{health:?}");
    assert!(counters.book.read().names.known() <= 9_000);
    // Everything of the newest minute is in its total.
    let ask = Ask {
        from: Timestamp::from_microseconds(NOW_US + 199 * MINUTE_US),
        ..ask(Selection::default(), Interval::Minute)
    };
    let answer = counters.read(&ask).unwrap();
    assert_eq!(answer.rows.iter().map(|row| row.count).sum::<f64>(), 500.0);
}

#[test]
fn what_is_past_its_time_goes_and_does_not_come_back() {
    let counters = Counters::new(&app(), Limits::default(), 0);
    deliver(&counters, &batch(many(3, |_, _| ()), 0));
    let everything = || {
        let rows = |interval| counters.read(&ask(Selection::default(), interval)).unwrap().rows.len();
        Interval::ALL.map(rows)
    };
    assert_eq!(everything(), [1, 1, 1]);
    let day_us = 24 * 60 * MINUTE_US;
    let tend = |days: i64| {
        let now = Timestamp::from_microseconds(NOW_US + days * day_us + MINUTE_US);
        futures_util::FutureExt::now_or_never(counters.tend(now)).unwrap().unwrap();
    };
    tend(1);
    assert_eq!(everything(), [0, 1, 1]);
    // A late event counts where there is still a place for it.
    let mut late = many(4, |_, _| ());
    deliver(&counters, &batch(late.split_off(3), 3));
    assert_eq!(everything(), [0, 1, 1]);
    tend(36);
    assert_eq!(everything(), [0, 0, 1]);
    tend(401);
    assert_eq!(everything(), [0, 0, 0]);
    let more = many(5, |_, _| ()).split_off(4);
    deliver(&counters, &batch(more, 4));
    assert_eq!((everything(), counters.health().strays.too_old), ([0, 0, 0], 1));
    assert_eq!(counters.health().memory_bytes, 0);
}

#[test]
fn counters_are_rewound_to_the_beginning_or_not_at_all() {
    let counters = Counters::new(&app(), Limits::default(), 2);
    let rewind = |to| futures_util::FutureExt::now_or_never(counters.rewind(to)).unwrap();
    let items = many(3, |_, _| ());
    let first = batch(items[..2].to_vec(), 0);
    deliver(&counters, &first);
    let mut news = counters.subscribe();
    assert_eq!(*news.borrow_and_update(), 2);
    assert_eq!(rewind(1).unwrap_err().kind, FailureKind::GiveUp);
    let generation = counters.book.read().generation;
    rewind(0).unwrap();
    assert!(news.has_changed().unwrap());
    let health = counters.health();
    assert_eq!((health.as_of, health.complete_at, health.memory_bytes), (0, 2, 0));
    assert_ne!(counters.book.read().generation, generation);
    deliver(&counters, &first);
    deliver(&counters, &Batch { replay: true, ..first });
    assert_eq!(rows(&counters, By::Nothing, 1).0, [(String::new(), false, 2.0)]);
    rewind(7).unwrap();
    assert_eq!(counters.health().as_of, 7);
}

#[test]
fn too_many_rows_are_refused() {
    let counters = Counters::new(&app(), Limits::default(), 0);
    let items = many(60_000, |position, event| {
        event.time = Timestamp::from_microseconds(NOW_US - (position as i64 % 1_000) * MINUTE_US);
        event.group = Some(Cow::Owned(format!("g{}", position / 1_000)));
    });
    deliver(&counters, &batch(items, 0));
    let selection = Selection { by: By::Group, ..Selection::default() };
    let asked = |series, interval| counters.read(&Ask { series, ..ask(selection.clone(), interval) });
    assert_eq!(asked(limits::SERIES_MAX, Interval::Minute), Err(AskError::TooManyRows));
    assert_eq!(asked(10, Interval::Minute).unwrap().rows.len(), 10_000);
    assert_eq!(asked(limits::SERIES_MAX, Interval::Day).unwrap().rows.len(), 121);
}
