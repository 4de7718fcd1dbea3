//! Events of a made-up shop, made of little text, and a lake that they go into.

use std::sync::Arc;

use datafusion::datasource::MemTable;
use datafusion::prelude::{SessionConfig, SessionContext};
use daybook_catalog::{AppCatalog, from_texts};
use daybook_consumers::Item;
use daybook_event::stored::Standing;
use daybook_event::{Event, EventId, Keeping, Kind, Position, Signature, SubjectId, Timestamp};
use daybook_lake::columns::Columns;
use daybook_lake::rows::to_batch;

/// An event in short: name, time, person, data. The time may be a day (`2026-03-01`), a minute (`2026-03-01T10:00`), a second
/// or a full RFC 3339 time; without a zone it is UTC. No person and no data are empty texts.
pub type Short<'s> = (&'s str, &'s str, &'s str, &'s str);

const CATALOG: &str = "
app: shop
version: 1.0.0
title: Shop
unknown-types: { keep: '.*', category: product }
categories:
  product: { retain: 90d, pii: logged }
  ledger: { pii: logged }
active: [page.seen, 'order.*']
";

const EVENTS: &str = "
events:
  - name: page.seen
    description: A look.
    category: product
    data: { type: object, properties: { page: { type: string }, ms: { type: integer }, zoom: { type: number } } }
  - name: order.placed
    description: An order.
    category: ledger
    data:
      type: object
      properties:
        total: { type: number, format: decimal }
        items: { type: array, items: { type: string } }
        express: { type: boolean }
        due: { type: string, format: date }
        placed_at: { type: string, format: date-time }
        method: { type: string, enum: [card, cash] }
  - name: order.paid
    description: A payment.
    category: ledger
    data: { type: object, properties: { total: { type: number, format: decimal }, method: { type: string } } }
  - name: door.opened
    description: Somebody came in; only counted.
    category: product
    store: daily-counts
";

/// The shop's catalog.
pub fn shop() -> Arc<AppCatalog> {
    catalog(CATALOG, EVENTS)
}

/// A catalog from the texts of its files.
pub fn catalog(catalog: &str, events: &str) -> Arc<AppCatalog> {
    let loaded = from_texts(&[("catalog.yaml", catalog), ("events/all.yaml", events)]);
    let app = loaded.catalogs.apps().next().cloned();
    app.unwrap_or_else(|| panic!("{:?}", loaded.diagnostics))
}

/// The shop's catalog with event types beside its own, as a later version of it.
pub fn shop_with(more_events: &str) -> Arc<AppCatalog> {
    catalog(&CATALOG.replace("1.0.0", "1.1.0"), &format!("{EVENTS}{more_events}"))
}

/// An event.
pub fn item(position: Position, (name, time, person, data): Short<'_>) -> Item {
    let time = time_of(time);
    let standing = if person.is_empty() { Standing::Nobody } else { Standing::Person(subject(person)) };
    let mut id = [0; 16];
    id[..8].copy_from_slice(&position.to_be_bytes());
    let event = Event {
        id: EventId::from_bytes(id),
        received: Timestamp::from_microseconds(time.microseconds() + 1_000_000),
        position,
        category: if name.starts_with("order.") { "ledger" } else { "product" }.into(),
        anonymous_id: standing.subject().map(|id| id.to_string().into()),
        data: data.to_owned().into(),
        ..Event::new("shop", name.to_owned(), time)
    };
    Item { event, standing, session: None, hidden: false }
}

/// Events at the positions after this one.
pub fn items_after(after: Position, events: &[Short<'_>]) -> Vec<Arc<Item>> {
    (after + 1..).zip(events).map(|(position, event)| Arc::new(item(position, *event))).collect()
}

/// Counted only.
pub fn counted(mut item: Item) -> Item {
    item.event.kind = Kind::DailyCount;
    item.hidden = true;
    item
}

/// Signed, and as much of it kept.
pub fn signed(mut item: Item, keeping: Keeping) -> Item {
    item.event.signature = Some(Signature { keeping, signed: None });
    item
}

/// The id of a person of this name.
pub fn subject(name: &str) -> SubjectId {
    // FNV-1a: a name always has the same id, and it can be told from others.
    let hash =
        |seed: u64| name.bytes().fold(seed, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    let mut id = [0; 16];
    id[..8].copy_from_slice(&hash(0xcbf2_9ce4_8422_2325).to_be_bytes());
    id[8..].copy_from_slice(&hash(0x9e37_79b9_7f4a_7c15).to_be_bytes());
    SubjectId::from_random(id)
}

/// A time, of as much of its text as there is.
pub fn time_of(text: &str) -> Timestamp {
    let full = match text.len() {
        10 => format!("{text}T00:00:00Z"),
        16 => format!("{text}:00Z"),
        19 => format!("{text}Z"),
        _ => text.to_owned(),
    };
    Timestamp::parse(&full).unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// A session in which `events` is a table in memory with these rows.
pub fn session(app: &AppCatalog, items: &[Arc<Item>]) -> SessionContext {
    let mut config = SessionConfig::new().with_target_partitions(2);
    config.options_mut().sql_parser.enable_ident_normalization = false;
    let context = SessionContext::new_with_config(config);
    let columns = Columns::of(app);
    let batch = to_batch(&columns, items).unwrap();
    let table = MemTable::try_new(Arc::clone(columns.schema()), vec![vec![batch]]).unwrap();
    context.register_table("events", Arc::new(table)).unwrap();
    context
}

/// What a query answers, as one line of text a row, values separated by a space; null is `-`.
pub async fn ask(context: &SessionContext, sql: &str) -> Vec<String> {
    use datafusion::arrow::util::display::{ArrayFormatter, FormatOptions};
    let batches = context.sql(sql).await.unwrap().collect().await.unwrap();
    let options = FormatOptions::default().with_null("-");
    let mut lines = Vec::new();
    for batch in &batches {
        let columns: Vec<_> =
            batch.columns().iter().map(|column| ArrayFormatter::try_new(column, &options).unwrap()).collect();
        for row in 0..batch.num_rows() {
            lines.push(columns.iter().map(|column| column.value(row).to_string()).collect::<Vec<_>>().join(" "));
        }
    }
    lines
}
