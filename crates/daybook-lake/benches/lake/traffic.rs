//! Made-up traffic of a shop: 90 days, some event types far more frequent than others, most people seldom there.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use daybook_catalog::{AppCatalog, from_texts};
use daybook_consumers::{Batch, Item};
use daybook_event::stored::Standing;
use daybook_event::{Event, EventId, SubjectId, Timestamp};

const CATALOG: &str = "
app: shop
version: 1.0.0
title: Shop
categories:
  product: { pii: logged }
  ledger: { pii: logged }
";
const TYPES: &str = "
events:
  - name: page.seen
    description: A look.
    category: product
    data: { type: object, properties: { page: { type: string }, ms: { type: integer }, plan: { type: string } } }
  - name: basket.filled
    description: Something was put in.
    category: product
    data: { type: object, properties: { items: { type: integer }, plan: { type: string } } }
  - name: order.placed
    description: An order.
    category: ledger
    data: { type: object, properties: { total: { type: number, format: decimal }, method: { type: string }, plan: { type: string } } }
  - name: order.paid
    description: A payment.
    category: ledger
    data: { type: object, properties: { total: { type: number, format: decimal }, method: { type: string }, plan: { type: string } } }
";
/// 2026-01-01T00:00:00Z, in microseconds.
const BEGIN_US: i64 = 1_767_225_600_000_000;
const DAY_US: i64 = 86_400_000_000;
const DAYS: i64 = 90;
/// Of so many people, the first ones come far more often.
const PEOPLE: f64 = 200_000.0;
/// So many events that follow each other are of one piece of work.
const EVENTS_OF_WORK: u64 = 8;
const PLANS: [&str; 3] = ["free", "plus", "team"];
const METHODS: [&str; 4] = ["card", "cash", "transfer", "voucher"];

pub fn catalog() -> Arc<AppCatalog> {
    let loaded = from_texts(&[("catalog.yaml", CATALOG), ("events/all.yaml", TYPES)]);
    loaded.catalogs.apps().next().cloned().expect("the shop's catalog")
}

/// When the traffic ends.
pub fn end() -> Timestamp {
    Timestamp::from_microseconds(BEGIN_US + DAYS * DAY_US)
}

/// The events at these positions, of so many in all.
pub fn batch(first: u64, last: u64, events: u64) -> Batch {
    let items = (first..=last).map(|position| Arc::new(item(position, events))).collect();
    Batch { items, after: first - 1, through: last, replay: false }
}

/// SplitMix64 (Steele, Lea and Flood 2014): always the same traffic.
fn random(seed: u64) -> u64 {
    let mut mixed = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

fn item(position: u64, events: u64) -> Item {
    let dice = random(position);
    let share = (dice >> 11) as f64 / (1u64 << 53) as f64;
    let person = (PEOPLE * share * share * share) as u64;
    let more = random(dice);
    let plan = PLANS[(random(person) % 3) as usize];
    let (name, category, data) = match more % 100 {
        0..70 => {
            let (page, ms) = (more >> 8 & 0x3ff, more >> 20 & 0xfff);
            ("page.seen", "product", format!(r#"{{"page":"/item/{page}","ms":{ms},"plan":"{plan}"}}"#))
        }
        70..88 => ("basket.filled", "product", format!(r#"{{"items":{},"plan":"{plan}"}}"#, more >> 8 & 7)),
        kind => {
            let (units, cents, method) = (more >> 8 & 0xff, more >> 16 & 63, METHODS[(more >> 24 & 3) as usize]);
            let name = if kind < 95 { "order.placed" } else { "order.paid" };
            (name, "ledger", format!(r#"{{"total":"{units}.{cents:02}","method":"{method}","plan":"{plan}"}}"#))
        }
    };
    // Evenly over the days, no two at one moment.
    let time = BEGIN_US + (i128::from(position - 1) * i128::from(DAYS * DAY_US) / i128::from(events)) as i64;
    let mut id = [0; 16];
    id[..8].copy_from_slice(&random(more).to_be_bytes());
    id[8..].copy_from_slice(&position.to_be_bytes());
    let mut subject = [0; 16];
    subject[..8].copy_from_slice(&random(person ^ 0x5eed).to_be_bytes());
    let standing = Standing::Person(SubjectId::from_random(subject));
    let event = Event {
        id: EventId::from_bytes(id),
        received: Timestamp::from_microseconds(time + 120_000),
        position,
        category: category.into(),
        source: Some("server".into()),
        platform: Some(if more >> 40 & 3 == 0 { "ios" } else { "web" }.into()),
        environment: Some("production".into()),
        anonymous_id: standing.subject().map(|id| id.to_string().into()),
        group: Some((person % 50).to_string().into()),
        correlation: Some(correlation((position - 1) / EVENTS_OF_WORK).into()),
        data: data.into(),
        ..Event::new("shop", name, Timestamp::from_microseconds(time))
    };
    Item { event, standing, session: None, hidden: false }
}

/// The trace id of a piece of work: random, as they are.
fn correlation(work: u64) -> String {
    format!("{:016x}{:016x}", random(work), random(!work))
}

/// The Parquet files below a directory.
pub fn files(directory: &Path) -> Vec<PathBuf> {
    let (mut found, mut pending) = (Vec::new(), vec![directory.to_owned()]);
    while let Some(directory) = pending.pop() {
        for entry in std::fs::read_dir(directory).expect("the lake's directory") {
            let path = entry.expect("the lake's directory").path();
            match path.extension() {
                _ if path.is_dir() && !path.ends_with("_delta_log") => pending.push(path),
                Some(extension) if extension == "parquet" => found.push(path),
                _ => {}
            }
        }
    }
    found
}
