//! What consumers there should be: those of the catalogs, made with what the configuration says of them. Everything that is wrong is
//! said at once, and nothing is done yet.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use daybook_catalog::AppCatalog;
use daybook_catalog::consumers::Spec;
use daybook_consumers::HandlerState;
use daybook_consumers::counters::{Counters, Limits};
use daybook_lake::LakeOptions;
use daybook_sinks::{BuildContext, BuildError, Built};
use serde_json::json;

use super::lake::{self, LAKE, LakeConsumer};
use super::own::own;
use super::{Consumers, WeakStatuses};
use crate::aggregates::view::{self, AGGREGATES, AggregatesView};
use crate::collector::OWN_APP;
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
    pub lake: Option<Arc<LakeConsumer>>,
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
        let has_own_app = catalogs.iter().any(|app| app.app == OWN_APP);
        for app in catalogs {
            for spec in specs(app) {
                let consumer = format!("{}/{}", app.app, spec.name);
                let planned = self.planned(app, &spec, settings.get(&consumer));
                match planned.and_then(|planned| Ok((planned, self.companion(app, &spec, settings.get(&consumer))?))) {
                    Ok((planned, companion)) => {
                        plan.consumers.insert((Arc::from(app.app.as_str()), spec.name.clone()), planned);
                        if let Some(companion) = companion.filter(|_| has_own_app) {
                            plan.consumers.insert((Arc::from(OWN_APP), companion.spec.name.clone()), companion);
                        }
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
        let planned =
            |handler, counters| Planned { spec: spec.clone(), handler, fingerprint, enabled, counters, lake: None };
        if [COUNTERS, LAKE, AGGREGATES].contains(&spec.handler.as_str()) {
            check_enabled_alone(&format!("{}/{}", app.app, spec.name), settings)?;
        }
        if spec.handler == COUNTERS {
            if !enabled {
                return Ok(planned(off(), None));
            }
            let counters = Arc::new(Counters::new(app, Limits::default(), self.log.head()));
            return Ok(planned(HandlerState::Ready(counters.clone()), Some(counters)));
        }
        if spec.handler == AGGREGATES {
            let handler = AggregatesView::new(self.database.clone());
            return Ok(planned(if enabled { HandlerState::Ready(handler) } else { off() }, None));
        }
        if spec.handler == LAKE {
            if app.consumers.iter().filter(|spec| spec.handler == LAKE).count() > 1 {
                return Err(BuildError::Options(vec!["an app has one lake, and its catalog names several".to_owned()]));
            }
            if !enabled {
                return Ok(planned(off(), None));
            }
            let options = LakeOptions::new(self.data.join(LAKE).join(&app.app));
            let lake = Arc::new(LakeConsumer::new(options, Arc::clone(app)));
            return Ok(Planned { lake: Some(Arc::clone(&lake)), ..planned(HandlerState::Ready(lake), None) });
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

    /// The consumer beside another that writes to the same place what is computed of the app's events: that is in the log of
    /// Daybook's own app. Nothing where the handler keeps no aggregates, or goes nowhere.
    fn companion(
        &self,
        app: &Arc<AppCatalog>,
        spec: &Spec,
        settings: Option<&Settings>,
    ) -> Result<Option<Planned>, BuildError> {
        let enabled = settings.is_none_or(|settings| settings.enabled().unwrap_or(true));
        if !enabled || app.aggregates.is_empty() {
            return Ok(None);
        }
        let built = daybook_sinks::build_aggregates(&BuildContext {
            app: Arc::clone(app),
            spec,
            settings: settings.map(Settings::value),
            data: &self.data,
            statuses: Arc::new(WeakStatuses(self.this.clone())),
        })?;
        Ok(built.map(|handler| Planned {
            spec: aggregates_of(app, spec),
            handler: HandlerState::Ready(handler),
            fingerprint: fingerprint(app, spec, settings),
            enabled,
            counters: None,
            lake: None,
        }))
    }
}

/// The consumers of an app: those of its catalog, and live counters and a lake where it names none; of Daybook's own app also the
/// table of aggregates.
fn specs(app: &AppCatalog) -> impl Iterator<Item = Cow<'_, Spec>> {
    let has = |what: &str| app.consumers.iter().any(|spec| spec.handler == what || spec.name == what);
    let counters = (!has(COUNTERS)).then(|| Cow::Owned(live_counters()));
    let lake = (!has(LAKE)).then(|| Cow::Owned(lake::spec()));
    let aggregates = (app.app == OWN_APP && !has(AGGREGATES)).then(|| Cow::Owned(view::spec()));
    app.consumers.iter().map(Cow::Borrowed).chain(counters).chain(lake).chain(aggregates)
}

/// The consumer of Daybook's own app that writes an app's aggregates to where another consumer writes its events.
fn aggregates_of(app: &AppCatalog, spec: &Spec) -> Spec {
    Spec {
        name: format!("{}-{}-aggregates", app.app, spec.name),
        description: Some(format!("Aggregates of {}, to where its consumer {} writes.", app.app, spec.name)),
        handler: spec.handler.clone(),
        retry: spec.retry,
        dlq: spec.dlq,
        condition: Some(json!({"type": "object", "properties": {"app": {"const": app.app}}, "required": ["app"]})),
        ..view::spec()
    }
}

fn live_counters() -> Spec {
    own(COUNTERS, "Live numbers of all events.", Some(COUNTERS_LATENCY))
}

fn off() -> HandlerState {
    HandlerState::Unconfigured("it is turned off by `enabled = false`".to_owned())
}

/// Of what this process keeps itself nothing can be set but whether it is on.
fn check_enabled_alone(consumer: &str, settings: Option<&Settings>) -> Result<(), BuildError> {
    let members = settings.and_then(|settings| settings.value().as_object());
    match members.into_iter().flatten().find(|(name, _)| *name != "enabled") {
        None => Ok(()),
        Some((unknown, _)) => Err(BuildError::Setting {
            setting: format!("consumers.\"{consumer}\""),
            message: daybook_sinks::unknown_setting(unknown, &["enabled"]),
        }),
    }
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
