//! The services that may call: those that the catalogs name, with what the configuration says of them.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use daybook_catalog::AppCatalog;
use daybook_event::EventId;
use daybook_sinks::incoming::{Settings, Webhook};
use parking_lot::Mutex;
use prometheus::{IntCounterVec, Opts, Registry};

use crate::config::{ConfigError, Tables, nearest};
use crate::limits;

/// What can become of a call.
pub const RESULTS: [&str; 5] = ["taken", "ignored", "quarantined", "refused", "failed"];

/// The services that may call.
pub struct Webhooks {
    known: HashMap<(String, String), Arc<Webhook>>,
    calls: IntCounterVec,
    /// Calls that could not be taken, nor that they could not be written down: how often, by what they are known by.
    unwritten: Mutex<BTreeMap<EventId, u32>>,
}

/// They cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum WebhooksError {
    /// What the configuration says of one cannot be used.
    #[error(transparent)]
    Setting(#[from] ConfigError),
    /// They cannot be measured.
    #[error("the metrics cannot be registered")]
    Metrics(#[from] prometheus::Error),
}

impl Webhooks {
    /// The services that the catalogs name and the configuration has secrets for.
    ///
    /// # Errors
    /// [`WebhooksError`].
    pub fn plan<'a>(
        tables: &Tables,
        catalogs: impl Iterator<Item = &'a Arc<AppCatalog>>,
        registry: &Registry,
    ) -> Result<Self, WebhooksError> {
        let calls = IntCounterVec::new(
            Opts::new("daybook_webhooks_total", "Calls of other services by what became of them."),
            &["app", "source", "result"],
        )?;
        registry.register(Box::new(calls.clone()))?;
        let mut declared = BTreeMap::new();
        for catalog in catalogs {
            for source in &catalog.webhooks {
                declared.insert(format!("{}/{}", catalog.app, source.name), (Arc::clone(catalog), source.clone()));
            }
        }
        let mut known = HashMap::new();
        for (name, table) in tables {
            let wrong = |setting: Option<&str>, message: String| {
                let setting = setting.map(|setting| format!(".{setting}")).unwrap_or_default();
                ConfigError::Setting { setting: format!("webhooks.\"{name}\"{setting}").into(), message }
            };
            let Some((catalog, source)) = declared.get(name) else {
                let meant = nearest(name, declared.keys().map(String::as_str));
                let meant = meant.map(|meant| format!("; did you mean {meant}?")).unwrap_or_default();
                return Err(wrong(None, format!("no catalog has this source of webhooks{meant}")).into());
            };
            if table.enabled() == Ok(false) {
                continue;
            }
            let settings = Settings::read(table.value());
            let webhook = settings.and_then(|settings| Webhook::new(catalog, source, settings));
            let webhook = webhook.map_err(|error| wrong(error.setting.as_deref(), error.message.clone()))?;
            for result in RESULTS {
                calls.with_label_values(&[catalog.app.as_str(), source.name.as_str(), result]);
            }
            known.insert((catalog.app.clone(), source.name.clone()), Arc::new(webhook));
        }
        for name in declared.keys().filter(|name| !tables.contains_key(*name)) {
            tracing::debug!(source = name, "a source of webhooks without a secret is not served");
        }
        Ok(Self { known, calls, unwritten: Mutex::default() })
    }

    /// A service, by its app and name.
    pub fn find(&self, app: &str, source: &str) -> Option<Arc<Webhook>> {
        self.known.get(&(app.to_owned(), source.to_owned())).map(Arc::clone)
    }

    /// Counts a call.
    pub fn count(&self, webhook: &Webhook, result: &'static str) {
        self.calls.with_label_values(&[webhook.app(), webhook.name(), result]).inc();
    }

    /// How often a call failed without a trace in the log.
    pub fn unwritten(&self, call: &EventId) -> u32 {
        self.unwritten.lock().get(call).copied().unwrap_or_default()
    }

    /// Keeps in mind that a call failed, and that this could not be written down.
    pub fn remember(&self, call: EventId) {
        let mut unwritten = self.unwritten.lock();
        if unwritten.len() >= limits::WEBHOOK_FAILURES_REMEMBERED && !unwritten.contains_key(&call) {
            unwritten.pop_first();
        }
        *unwritten.entry(call).or_default() += 1;
    }

    /// A call was taken in the end.
    pub fn forget(&self, call: &EventId) {
        self.unwritten.lock().remove(call);
    }
}
