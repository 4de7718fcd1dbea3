//! Events, a small runtime, and the counters in the process to compare with.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use daybook_catalog::AppCatalog;
use daybook_catalog::consumers::{BatchSpec, From, Order, Spec};
use daybook_consumers::counters::{Ask, By, Counters, EventFilter, Interval, Limits, Row, Selection};
use daybook_consumers::{Batch, Failure, FailureKind, Handler, Item, Undelivered};
use daybook_event::stored::Standing;
use daybook_event::{Event, Kind, Position, SubjectId, Timestamp};
use daybook_harness::Redis;
use daybook_sinks::{BuildContext, BuildError, Built, Promise, Statuses};
use serde_json::{Value, json};

/// Longest wait for something that happens by itself.
pub const PATIENCE: Duration = Duration::from_secs(120);

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
    dimensions: [method]
    data: { type: object, properties: { method: { type: string, enum: [card, cash] } } }
  - name: page.seen
    description: A look.
    category: default
";

struct Nobody;

impl Statuses for Nobody {
    fn promises(&self, _app: &str) -> Vec<Promise> {
        Vec::new()
    }
}

pub fn app() -> Arc<AppCatalog> {
    let loaded = daybook_catalog::from_texts(&[("catalog.yaml", CATALOG), ("events/all.yaml", EVENTS)]);
    Arc::clone(loaded.catalogs.app("shop").unwrap_or_else(|| panic!("{:?}", loaded.diagnostics)))
}

pub fn spec(options: &Value) -> Spec {
    Spec {
        name: "numbers".to_owned(),
        description: None,
        events: vec!["*".to_owned()],
        exclude: Vec::new(),
        handler: "redis".to_owned(),
        retry: 1,
        dlq: false,
        condition: None,
        batch: BatchSpec::default(),
        order: Order::None,
        rate: None,
        latency: None,
        from: From::Beginning,
        options: options.as_object().unwrap().clone(),
    }
}

pub fn try_build(options: &Value, settings: Option<&Value>) -> Result<Built, BuildError> {
    let (data, statuses) = (Path::new("/nonexistent"), Arc::new(Nobody));
    daybook_sinks::build(&BuildContext { app: app(), spec: &spec(options), settings, data, statuses })
}

pub fn handler_with(url: &str, options: &Value) -> Arc<dyn Handler> {
    handler_within("60s", url, options)
}

/// One that waits no longer than this for its Redis.
pub fn handler_within(timeout: &str, url: &str, options: &Value) -> Arc<dyn Handler> {
    let settings = json!({"url": url, "timeout": timeout, "connect-timeout": timeout});
    match try_build(options, Some(&settings)).unwrap() {
        Built::Handler(handler) => handler,
        Built::Unconfigured { missing } => panic!("unconfigured: {missing}"),
    }
}

pub fn handler(redis: &Redis) -> Arc<dyn Handler> {
    handler_with(&redis.url(), &json!({}))
}

/// So many events of all kinds, the same for the same number.
pub fn items(count: u64) -> Vec<Arc<Item>> {
    let now = jiff::Timestamp::now().as_microsecond();
    (1..=count).map(|position| Arc::new(item(position, now))).collect()
}

fn item(position: Position, now_us: i64) -> Item {
    // Spread without a pattern that the parts of an event would share.
    let random = |salt: u64, of: u64| {
        let mixed = (position ^ (salt << 32)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        ((mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 33) % of
    };
    let minutes_ago = [0, 0, 1, 2, 70, 3_000][random(1, 6) as usize];
    let name = ["order.placed", "order.placed", "page.seen", "odd:name*"][random(2, 4) as usize];
    let daily = random(3, 20) == 0;
    let event = Event {
        kind: if daily { Kind::DailyCount } else { Kind::Event },
        received: Timestamp::from_microseconds(now_us),
        position,
        sample_rate: [1.0, 1.0, 0.5, 0.1][random(4, 4) as usize],
        group: (random(5, 4) > 0).then(|| Cow::Owned(format!("group {}:{}", random(6, 5), random(7, 2)))),
        data: Cow::Borrowed(
            ["", "{}", r#"{"method":"card"}"#, r#"{"method":"cash","other":[1]}"#][random(8, 4) as usize],
        ),
        ..Event::new("shop", name, Timestamp::from_microseconds(now_us - minutes_ago * 60_000_000))
    };
    let standing = match random(9, 3) {
        0 => Standing::Nobody,
        1 => Standing::Pseudonym(person(200 + random(10, 9) as u8)),
        _ => Standing::Person(person(random(11, 40) as u8)),
    };
    Item { event, standing, session: None, hidden: daily }
}

pub fn person(number: u8) -> SubjectId {
    SubjectId::from_random([number; 16])
}

pub fn batch(items: &[Arc<Item>], after: Position) -> Batch {
    let first = items.partition_point(|item| item.event.position <= after);
    let through = items.last().map_or(after, |item| item.event.position);
    Batch { items: items[first..].to_vec(), after, through, replay: false }
}

/// The failure of a whole delivery.
pub fn whole(undelivered: Undelivered) -> Failure {
    match undelivered {
        Undelivered::All(failure) => failure,
        Undelivered::Some(some) => panic!("only some: {some:?}"),
    }
}

/// Does what the runtime does, until everything is delivered; the codes of the failures on the way.
pub async fn run(handler: &dyn Handler, items: &[Arc<Item>], batch_size: usize) -> Vec<&'static str> {
    let begun = Instant::now();
    let mut codes = Vec::new();
    while let Err(failure) = attempt(handler, items, batch_size).await {
        assert_eq!(failure.kind, FailureKind::Destination, "{failure}");
        assert!(begun.elapsed() < PATIENCE, "{failure}");
        codes.push(failure.code);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    codes
}

async fn attempt(handler: &dyn Handler, items: &[Arc<Item>], batch_size: usize) -> Result<(), Failure> {
    handler.prepare().await?;
    let mut after = handler.committed().await?;
    while after < items.len() as Position {
        let until = items.len().min(after as usize + batch_size);
        handler.deliver(&batch(&items[..until], after)).await.map_err(whole)?;
        after = until as Position;
    }
    Ok(())
}

/// Everything in Redis is what the counters in the process count.
pub fn assert_equal(redis: &Redis, items: &[Arc<Item>]) {
    let counters = Counters::new(&app(), Limits::default(), 0);
    futures_util::FutureExt::now_or_never(counters.deliver(&batch(items, 0))).unwrap().unwrap();
    let (mut expected, mut people) = (BTreeMap::new(), BTreeMap::new());
    for interval in Interval::ALL {
        let all: EventFilter = Arc::new(|_| true);
        for (events, by) in [
            (None, By::Nothing),
            (Some(Arc::clone(&all)), By::Nothing),
            (None, By::Group),
            (Some(all), By::Group),
            (None, By::Dimension(0)),
        ] {
            let (from, to) = (Timestamp::from_microseconds(0), Timestamp::from_microseconds(i64::MAX));
            let selection = Selection { events, group: None, by };
            let answer = counters.read(&Ask { selection, interval, from, to, series: 1_000 }).unwrap();
            for row in &answer.rows {
                let (hash, field, sketch) = place(interval, row);
                expected.insert((hash, field), row.count);
                if row.people > 0 {
                    people.insert(sketch, row.people);
                }
            }
        }
    }
    let mut connection = redis::Client::open(redis.url()).unwrap().get_connection().unwrap();
    let keys: Vec<String> = redis::cmd("KEYS").arg("*").query(&mut connection).unwrap();
    let (mut found, mut seen) = (BTreeMap::new(), BTreeMap::new());
    for key in keys.into_iter().filter(|key| key != "daybook:shop:numbers:state") {
        let ttl: i64 = redis::cmd("TTL").arg(&key).query(&mut connection).unwrap();
        assert!(ttl > 0, "{key}");
        if key.contains(":people:") {
            let count: u64 = redis::cmd("PFCOUNT").arg(&key).query(&mut connection).unwrap();
            seen.insert(key, count);
        } else {
            let fields: BTreeMap<String, f64> = redis::cmd("HGETALL").arg(&key).query(&mut connection).unwrap();
            found.extend(fields.into_iter().map(|(field, count)| ((key.clone(), field), count)));
        }
    }
    assert!(expected.keys().eq(found.keys()), "{expected:#?}\n{found:#?}");
    for (place, count) in &expected {
        assert!((found[place] - count).abs() < 1e-6, "{place:?}: {count} {}", found[place]);
    }
    assert!(people.keys().eq(seen.keys()), "{people:#?}\n{seen:#?}");
    for (key, count) in &people {
        // Redis' own sketch is off by up to a few of so few.
        assert!(seen[key].abs_diff(*count) <= 2, "{key}: {count} {}", seen[key]);
    }
}

/// Where a row is in Redis, as `docs/counters.md` says.
fn place(interval: Interval, row: &Row) -> (String, String, String) {
    let start = row.start.to_string().replace(['-', ':'], "");
    let start = match interval {
        Interval::Minute => format!("{}Z", &start[..13]),
        Interval::Hour => format!("{}Z", &start[..11]),
        Interval::Day => start[..8].to_owned(),
    };
    let bucket = format!("daybook:shop:numbers:{}:{start}", interval.as_str());
    let event = row.event.as_ref().map_or("*".to_owned(), |event| event.replace(':', "%3A").replace('*', "%2A"));
    match (&row.group, &row.dimension) {
        (Some(group), _) => {
            (format!("{bucket}:groups:{event}"), group.to_string(), format!("{bucket}:people:{event}:group:{group}"))
        }
        (_, Some(value)) => (
            format!("{bucket}:by:{event}:method"),
            value.to_string(),
            format!("{bucket}:people:{event}:by:method:{value}"),
        ),
        _ => (format!("{bucket}:events"), event.clone(), format!("{bucket}:people:{event}")),
    }
}
