//! Events, batches and handlers for the tests of the handlers that write rows.

use std::borrow::Cow;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use daybook_catalog::consumers::{BatchSpec, From, Order, Spec};
use daybook_catalog::{AppCatalog, Catalogs};
use daybook_consumers::{Batch, Failure, Handler, Item, Undelivered};
use daybook_event::{Event, EventId, Standing, SubjectId, Timestamp};
use daybook_sinks::{BuildContext, BuildError, Built, Promise, Statuses};
use serde_json::{Value, json};

/// Longest wait for something that happens by itself.
pub const PATIENCE: Duration = Duration::from_secs(180);
pub const DAY_US: i64 = 86_400_000_000;

struct Nobody;

impl Statuses for Nobody {
    fn promises(&self, _app: &str) -> Vec<Promise> {
        Vec::new()
    }
}

pub fn app(name: &str) -> Arc<AppCatalog> {
    Catalogs::builtin().catalogs.app(name).unwrap().clone()
}

/// A handler's own way of being made.
pub type Build = fn(&BuildContext<'_>) -> Result<Built, BuildError>;

pub fn try_build(build: Build, app_name: &str, options: Value, settings: Option<Value>) -> Result<Built, BuildError> {
    let spec = Spec {
        name: "analytics".to_owned(),
        description: None,
        events: vec!["*".to_owned()],
        exclude: Vec::new(),
        handler: "rows".to_owned(),
        retry: 3,
        dlq: true,
        condition: None,
        batch: BatchSpec::default(),
        order: Order::None,
        rate: None,
        latency: None,
        from: From::Beginning,
        options: options.as_object().unwrap().clone(),
    };
    let (data, statuses) = (Path::new("/nonexistent"), Arc::new(Nobody));
    build(&BuildContext { app: app(app_name), spec: &spec, settings: settings.as_ref(), data, statuses })
}

pub fn handler(build: Build, app_name: &str, options: Value, url: &str) -> Arc<dyn Handler> {
    let settings = json!({"url": url, "timeout": "60s", "connect-timeout": "20s"});
    match try_build(build, app_name, options, Some(settings)).unwrap() {
        Built::Handler(handler) => handler,
        Built::Unconfigured { missing } => panic!("unconfigured: {missing}"),
    }
}

pub fn now() -> Timestamp {
    Timestamp::parse("2026-06-15T12:00:00Z").unwrap()
}

pub fn time(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

/// So many days before [`now`].
pub fn days_ago(days: i64) -> Timestamp {
    Timestamp::from_microseconds(now().microseconds() - days * DAY_US)
}

/// A person for a number.
pub fn person(number: u8) -> SubjectId {
    SubjectId::from_random([number; 16])
}

/// An event of nobody.
pub fn event(number: u64, name: &'static str, category: &'static str, at: Timestamp) -> Event<'static> {
    Event {
        id: EventId::from_text("test", &number.to_string()),
        position: number,
        category: Cow::Borrowed(category),
        source: Some(Cow::Borrowed("server")),
        environment: Some(Cow::Borrowed("production")),
        group: Some(Cow::Borrowed("7")),
        data: Cow::Borrowed(r#"{"zone_type":"workshop","from_zone":"central_hub"}"#),
        ..Event::new("unofficial-communities", name, at)
    }
}

/// Somebody enters a zone.
pub fn zone(number: u64, at: Timestamp) -> Event<'static> {
    event(number, "world.zone.entered", "product", at)
}

/// An event of a person, with everything put back that was sealed.
pub fn of(who: SubjectId, identity: &str, event: Event<'static>) -> Arc<Item> {
    let event = Event {
        identity: Some(Cow::Owned(identity.to_owned())),
        anonymous_id: Some(Cow::Owned(who.to_string())),
        session: Some(Cow::Owned(format!("session-of-{identity}"))),
        ..event
    };
    Arc::new(Item { event, standing: Standing::Person(who), session: None, hidden: false })
}

/// The same as the log shows it once the person is erased.
pub fn erased(item: &Item) -> Arc<Item> {
    let event = Event { identity: None, session: None, ..item.event.clone() };
    Arc::new(Item { event, standing: item.standing, session: None, hidden: false })
}

pub fn plain(event: Event<'static>) -> Arc<Item> {
    Arc::new(Item { event, standing: Standing::Nobody, session: None, hidden: false })
}

pub fn with_data(mut event: Event<'static>, data: impl Into<String>) -> Event<'static> {
    event.data = Cow::Owned(data.into());
    event
}

pub fn batch(items: Vec<Arc<Item>>) -> Batch {
    let through = items.iter().map(|item| item.event.position).max().unwrap_or(0);
    Batch { items, after: 0, through, replay: false }
}

/// What became of the events that were not delivered: index and code.
#[track_caller]
pub fn refused(result: Result<(), Undelivered>) -> Vec<(usize, &'static str)> {
    match result {
        Ok(()) => Vec::new(),
        Err(Undelivered::Some(some)) => some.iter().map(|(index, failure)| (*index, failure.code)).collect(),
        Err(Undelivered::All(failure)) => panic!("nothing was delivered: {failure}"),
    }
}

#[track_caller]
pub fn all_failed(result: Result<(), Undelivered>) -> Failure {
    match result {
        Err(Undelivered::All(failure)) => failure,
        other => panic!("{other:?}"),
    }
}

/// Delivers until it succeeds, as the runtime does after failures of the destination.
pub async fn deliver_in_the_end(handler: &dyn Handler, batch: &Batch) {
    let begun = std::time::Instant::now();
    while let Err(undelivered) = handler.deliver(batch).await {
        assert!(begun.elapsed() < PATIENCE, "{undelivered:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
        let _ = handler.prepare().await;
    }
}
