//! The handler `alert`, with a clock of its own and a receiver shaped like Alertmanager.

#![allow(clippy::unwrap_used, clippy::panic, reason = "in tests a panic is a finding")]
#![allow(clippy::needless_pass_by_value, reason = "JSON is written where it is used")]

mod durable;
mod options;
mod rules;
#[path = "../webhook/support.rs"]
mod support;
mod told;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use daybook_consumers::{Handler, Item, Undelivered};
use daybook_event::Timestamp;
use daybook_sinks::{BuildContext, alert};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{Call, Promises, Receiver, batch, plain, ready, shop, spec};

/// When the tests begin.
const NOON_US: i64 = 1_781_524_800_000_000;

/// A consumer that alerts, its receiver, and the time.
struct Site {
    handler: Option<Arc<dyn Handler>>,
    receiver: Receiver,
    directory: TempDir,
    now: Arc<AtomicI64>,
    promises: Arc<Promises>,
    options: Value,
    position: u64,
}

impl Site {
    async fn new(options: Value) -> Self {
        let mut site = Self {
            handler: None,
            receiver: Receiver::start().await,
            directory: TempDir::new().unwrap(),
            now: Arc::new(AtomicI64::new(NOON_US)),
            promises: Arc::default(),
            options,
            position: 0,
        };
        site.start().await;
        site
    }

    /// Starts it, or starts it again as after a crash.
    async fn start(&mut self) {
        self.build();
        self.handler().prepare().await.unwrap();
    }

    /// Makes it, or makes it again.
    fn build(&mut self) {
        self.handler = None;
        let spec = spec("alert", self.options.clone());
        let wrong = daybook_sinks::check(&spec, &shop());
        assert!(wrong.is_empty(), "{wrong:?}");
        let settings =
            json!({"url": format!("http://{}/am/", self.receiver.address), "allow-private": true, "timeout": "60s"});
        let context = BuildContext {
            app: shop(),
            spec: &spec,
            settings: Some(&settings),
            data: self.directory.path(),
            statuses: Arc::clone(&self.promises) as _,
        };
        let now = Arc::clone(&self.now);
        let clock: alert::Clock = Arc::new(move || Timestamp::from_microseconds(now.load(Ordering::SeqCst)));
        self.handler = Some(ready(alert::build_at(&context, clock, None).unwrap()));
    }

    fn handler(&self) -> &dyn Handler {
        &**self.handler.as_ref().unwrap()
    }

    fn now(&self) -> Timestamp {
        Timestamp::from_microseconds(self.now.load(Ordering::SeqCst))
    }

    /// Time passes, a minute at a time as the runtime looks at it, or what is left of one.
    async fn pass(&self, seconds: u64) {
        let mut left = seconds;
        while left > 0 {
            let step = left.min(60);
            self.now.fetch_add(i64::try_from(Duration::from_secs(step).as_micros()).unwrap(), Ordering::SeqCst);
            self.handler().tend(self.now()).await.unwrap();
            left -= step;
        }
    }

    /// An event of now.
    fn event(&mut self, name: &'static str, data: Value) -> Arc<Item> {
        self.position += 1;
        let mut item = plain(self.position, 1, &self.now().to_string()).remove(0).as_ref().clone();
        item.event.name = name.into();
        item.event.data = data.to_string().into();
        Arc::new(item)
    }

    async fn deliver(&self, items: &[Arc<Item>]) -> Result<(), Undelivered> {
        self.handler().deliver(&batch(items)).await
    }

    /// An event happens, and is delivered.
    async fn happens(&mut self, name: &'static str, data: Value) {
        let item = self.event(name, data);
        self.deliver(&[item]).await.unwrap();
    }

    /// What was told since the last time: the labels that matter, and whether it is over.
    fn told(&self) -> Vec<String> {
        self.receiver.take().iter().flat_map(|call| said(call, self.now())).collect()
    }

    fn state(&self) -> std::path::PathBuf {
        self.directory.path().join("alerts/shop.calls.json")
    }
}

/// Alerts of a call of Alertmanager's: `name{label}` and `resolved`.
fn said(call: &Call, now: Timestamp) -> Vec<String> {
    assert_eq!((call.path.as_str(), call.header("content-type")), ("/am/api/v2/alerts", "application/json"));
    let alerts = call.json();
    let alert = |alert: &Value| {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let labels = alert["labels"].as_object().unwrap();
        assert_eq!((&labels["app"], &labels["consumer"]), (&json!("shop"), &json!("calls")));
        let shown =
            labels.iter().filter(|(name, _)| !["app", "consumer", "severity", "alertname"].contains(&name.as_str()));
        let shown: Vec<String> = shown.map(|(_, value)| text(value)).collect();
        let ends = Timestamp::parse(&text(&alert["endsAt"])).unwrap();
        assert!(Timestamp::parse(&text(&alert["startsAt"])).unwrap() <= ends);
        let state = if ends <= now { " resolved" } else { "" };
        format!("{}{{{}}}{state}", text(&labels["alertname"]), shown.join(","))
    };
    alerts.as_array().unwrap().iter().map(alert).collect()
}

/// A path that is nowhere.
fn nowhere() -> &'static Path {
    Path::new("/nonexistent")
}
