//! What consumers there should be: those of the catalogs, made with what the configuration says of them. Everything that is wrong is
//! said at once, and nothing is done yet.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use daybook_catalog::AppCatalog;
use daybook_catalog::consumers::{BatchSpec, From, Order, Spec};
use daybook_consumers::HandlerState;
use daybook_consumers::counters::{Counters, Limits};
use daybook_sinks::{BuildContext, BuildError, Built};
use serde_json::Map;

use super::{Consumers, WeakStatuses};
use crate::config::{ConfigError, Settings, Tables, nearest};

/// The handler that this process keeps itself, and the name of the consumer with it that every app has.
const COUNTERS: &str = "counters";
/// From an event's receipt to whoever reads the counts.
const COUNTERS_LATENCY: Duration = Duration::from_secs(1);

/// An app's slug and a consumer's name.
pub type Key = (Arc<str>, String);

/// The consumers there should be.
#[derive(Default)]
pub struct Plan {
    pub(super) consumers: BTreeMap<Key, Planned>,
}

/// A consumer there should be.
pub(super) struct Planned {
    pub spec: Spec,
    pub handler: HandlerState,
    /// Of everything that it was made of.
    pub fingerprint: blake3::Hash,
    pub enabled: bool,
    pub counters: Option<Arc<Counters>>,
}

/// A consumer cannot be as it should.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// The configuration cannot be used.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// Its handler cannot be made.
    #[error("consumer {consumer}: {source}")]
    Build {
        /// Which one, as `app/name`.
        consumer: String,
        /// Why.
        source: BuildError,
    },
}

impl Consumers {
    /// What there should be with these catalogs and settings.
    ///
    /// # Errors
    /// Everything that is wrong.
    pub fn plan(&self, catalogs: &[Arc<AppCatalog>], settings: &Tables) -> Result<Plan, Vec<PlanError>> {
        let mut errors: Vec<PlanError> =
            settings.keys().filter_map(|name| unknown(name, catalogs)).map(PlanError::from).collect();
        let mut plan = Plan::default();
        for app in catalogs {
            for spec in specs(app) {
                let consumer = format!("{}/{}", app.app, spec.name);
                match self.planned(app, &spec, settings.get(&consumer)) {
                    Ok(planned) => {
                        plan.consumers.insert((Arc::from(app.app.as_str()), spec.name.clone()), planned);
                    }
                    Err(BuildError::Setting { setting, message }) => {
                        errors.push(ConfigError::Setting { setting: setting.into(), message }.into());
                    }
                    Err(source) => errors.push(PlanError::Build { consumer, source }),
                }
            }
        }
        if errors.is_empty() { Ok(plan) } else { Err(errors) }
    }

    fn planned(&self, app: &Arc<AppCatalog>, spec: &Spec, settings: Option<&Settings>) -> Result<Planned, BuildError> {
        let fingerprint = fingerprint(app, spec, settings);
        let enabled = settings.is_none_or(|settings| settings.enabled().unwrap_or(true));
        let planned = |handler, counters| Planned { spec: spec.clone(), handler, fingerprint, enabled, counters };
        if spec.handler == COUNTERS {
            if !enabled {
                return Ok(planned(off(), None));
            }
            let counters = Arc::new(Counters::new(app, Limits::default(), self.log.head()));
            return Ok(planned(HandlerState::Ready(counters.clone()), Some(counters)));
        }
        // Made even where it is turned off, so that what is wrong with it is said.
        let built = daybook_sinks::build(&BuildContext {
            app: Arc::clone(app),
            spec,
            settings: settings.map(Settings::value),
            data: &self.data,
            statuses: Arc::new(WeakStatuses(self.this.clone())),
        })?;
        let handler = match built {
            _ if !enabled => off(),
            Built::Handler(handler) => HandlerState::Ready(handler),
            Built::Unconfigured { missing } => HandlerState::Unconfigured(missing),
        };
        Ok(planned(handler, None))
    }
}

/// The consumers of an app: those of its catalog, and live counters where it names none.
fn specs(app: &AppCatalog) -> impl Iterator<Item = Cow<'_, Spec>> {
    let has_counters = app.consumers.iter().any(|spec| spec.handler == COUNTERS || spec.name == COUNTERS);
    let own = (!has_counters).then(|| Cow::Owned(live_counters()));
    app.consumers.iter().map(Cow::Borrowed).chain(own)
}

fn live_counters() -> Spec {
    Spec {
        name: COUNTERS.to_owned(),
        description: Some("Live numbers of all events.".to_owned()),
        events: vec!["*".to_owned()],
        exclude: Vec::new(),
        handler: COUNTERS.to_owned(),
        retry: 0,
        dlq: false,
        condition: None,
        batch: BatchSpec::default(),
        order: Order::None,
        rate: None,
        latency: Some(COUNTERS_LATENCY),
        from: From::Beginning,
        options: Map::new(),
    }
}

fn off() -> HandlerState {
    HandlerState::Unconfigured("it is turned off by `enabled = false`".to_owned())
}

/// The complaint about settings of a consumer that there is not.
fn unknown(name: &str, catalogs: &[Arc<AppCatalog>]) -> Option<ConfigError> {
    let wrong = |message: String| ConfigError::Setting { setting: format!("consumers.\"{name}\"").into(), message };
    let meant = |hint: Option<&str>| hint.map(|hint| format!("; did you mean {hint}?")).unwrap_or_default();
    let Some((app, consumer)) = name.split_once('/') else {
        return Some(wrong("is no consumer: one is named by its app and its name, as in \"my-app/orders\"".to_owned()));
    };
    let Some(catalog) = catalogs.iter().find(|catalog| catalog.app == app) else {
        let hint = nearest(app, catalogs.iter().map(|catalog| catalog.app.as_str()));
        return Some(wrong(format!("there is no app {app}{}", meant(hint))));
    };
    let names: Vec<String> = specs(catalog).map(|spec| spec.name.clone()).collect();
    if names.iter().any(|known| known == consumer) {
        return None;
    }
    let hint = nearest(consumer, names.iter().map(String::as_str));
    Some(wrong(format!("the catalog of {app} has no consumer {consumer}{}", meant(hint))))
}

/// Of everything that a consumer is made of: when it is another, the consumer is to be made again.
fn fingerprint(app: &AppCatalog, spec: &Spec, settings: Option<&Settings>) -> blake3::Hash {
    let mut hasher = blake3::Hasher::new();
    hasher.update(format!("{}\n{spec:?}\n", app.app).as_bytes());
    if let Some(settings) = settings {
        hasher.update(settings.value().to_string().as_bytes());
        for file in settings.files() {
            // One that cannot be read is said by the handler.
            hasher.update(&std::fs::read(file).unwrap_or_default());
        }
    }
    hasher.finalize()
}
