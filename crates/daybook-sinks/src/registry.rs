//! From what is said of a consumer to its handler.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use daybook_catalog::AppCatalog;
use daybook_catalog::consumers::Spec;
use daybook_consumers::Handler;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::settings::{self, Wrong, nearest};
use crate::{alert, file, mysql, postgres, redis, webhook};

/// What a handler is made of.
#[derive(Clone)]
pub struct BuildContext<'a> {
    /// The app whose consumer it is.
    pub app: Arc<AppCatalog>,
    /// What its catalog says of the consumer.
    pub spec: &'a Spec,
    /// What the operator says of it: the table `[consumers."app/name"]`, where there is one.
    pub settings: Option<&'a Value>,
    /// The data directory, for handlers that write files of their own.
    pub data: &'a Path,
    /// How the consumers of the process are doing.
    pub statuses: Arc<dyn Statuses>,
}

/// What came of it.
#[derive(Clone)]
pub enum Built {
    /// The handler.
    Handler(Arc<dyn Handler>),
    /// The operator has not said where it goes. The consumer keeps its place in the log until then.
    Unconfigured {
        /// The settings that are missing, for people: `url, url-file or url-env`.
        missing: String,
    },
}

/// A handler cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BuildError {
    /// There is no such handler.
    #[error("there is no handler {handler}{}", hint.as_ref().map(|hint| format!("; did you mean {hint}?")).unwrap_or_default())]
    UnknownHandler {
        /// What the catalog names.
        handler: String,
        /// What was meant, perhaps.
        hint: Option<String>,
    },
    /// The catalog's options for it are wrong.
    #[error("{}", .0.join("; "))]
    Options(Vec<String>),
    /// A setting cannot be used.
    #[error("{setting}: {message}")]
    Setting {
        /// The setting, as it is written in the file: `consumers."shop/orders".url`.
        setting: String,
        /// What is wrong with it; never its value.
        message: String,
    },
}

/// How the consumers of the process are doing, for a handler that watches them.
pub trait Statuses: Send + Sync {
    /// The promises that an app's consumers make.
    fn promises(&self, app: &str) -> Vec<Promise>;
}

/// A consumer's promise: how long from an event's receipt to its delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Promise {
    /// The consumer's name.
    pub consumer: String,
    /// What it promises.
    pub promised: Duration,
    /// What it does: the 99th percentile of late; nothing before its first delivery.
    pub measured: Option<Duration>,
    /// Whether it is broken now.
    pub broken: bool,
}

/// A module with a handler.
struct Module {
    name: &'static str,
    check: fn(&Map<String, Value>, &AppCatalog, &Spec) -> Vec<String>,
    build: fn(&BuildContext<'_>) -> Result<Built, BuildError>,
    /// What writes computed aggregates to the same place, for modules that have one for them.
    aggregates: Option<BuildAggregates>,
}

type BuildAggregates = fn(&BuildContext<'_>) -> Result<Option<Arc<dyn Handler>>, BuildError>;

/// Those that there are, each with its module's own two functions. (`counters` are no destination: the server makes them.)
const MODULES: &[Module] = &[
    Module { name: "alert", check: alert::check, build: alert::build, aggregates: None },
    Module { name: "file", check: file::check, build: file::build, aggregates: None },
    Module { name: "mysql", check: mysql::check, build: mysql::build, aggregates: Some(mysql::build_aggregates) },
    Module { name: "postgres", check: postgres::check, build: postgres::build, aggregates: None },
    Module { name: "redis", check: redis::check, build: redis::build, aggregates: None },
    Module { name: "webhook", check: webhook::check, build: webhook::build, aggregates: None },
];

/// What is wrong with a consumer's options, for people; nothing where its handler is not one of this crate.
#[must_use]
pub fn check(spec: &Spec, app: &AppCatalog) -> Vec<String> {
    module(&spec.handler).map(|module| (module.check)(&spec.options, app, spec)).unwrap_or_default()
}

/// Makes a consumer's handler. Nothing is connected to yet: that is [`Handler::prepare`]'s.
///
/// # Errors
/// [`BuildError`].
pub fn build(context: &BuildContext<'_>) -> Result<Built, BuildError> {
    let handler = &context.spec.handler;
    let Some(module) = module(handler) else {
        let hint = nearest(handler, MODULES.iter().map(|module| module.name)).map(str::to_owned);
        return Err(BuildError::UnknownHandler { handler: handler.clone(), hint });
    };
    let wrong = check(context.spec, &context.app);
    if !wrong.is_empty() {
        return Err(BuildError::Options(wrong));
    }
    (module.build)(context)
}

/// Makes the handler that takes events `aggregate.computed` of the app, and writes them to where the consumer's own handler writes the
/// app's events. Nothing where that keeps no aggregates, or the operator has not said where it goes.
///
/// # Errors
/// [`BuildError`].
pub fn build_aggregates(context: &BuildContext<'_>) -> Result<Option<Arc<dyn Handler>>, BuildError> {
    match module(&context.spec.handler).and_then(|module| module.aggregates) {
        Some(build) => build(context),
        None => Ok(None),
    }
}

fn module(handler: &str) -> Option<&'static Module> {
    MODULES.iter().find(|module| module.name == handler)
}

impl BuildContext<'_> {
    /// The consumer's name throughout the server: `shop/orders`.
    #[must_use]
    pub fn consumer(&self) -> String {
        format!("{}/{}", self.app.app, self.spec.name)
    }

    /// The catalog's options. A handler's own type has `#[serde(deny_unknown_fields, rename_all = "kebab-case")]`.
    ///
    /// # Errors
    /// [`BuildError::Options`].
    pub fn options<T: DeserializeOwned>(&self) -> Result<T, BuildError> {
        settings::options(&self.spec.options).map_err(|wrong| BuildError::Options(vec![wrong]))
    }

    /// The operator's settings, nothing where there are none. A handler's own type has
    /// `#[serde(deny_unknown_fields, rename_all = "kebab-case")]`. Each of the settings in `indirect` may also be given as `name-file` or
    /// `name-env`, which the type does not know of: it finds the value under `name`.
    ///
    /// # Errors
    /// [`BuildError::Setting`].
    pub fn settings<T: DeserializeOwned>(&self, indirect: &[&str]) -> Result<Option<T>, BuildError> {
        let Some(settings) = self.settings else { return Ok(None) };
        if settings.as_object().is_some_and(|settings| settings.keys().all(|name| name == "enabled")) {
            return Ok(None);
        }
        let read = settings::settings(settings, indirect);
        read.map(Some).map_err(|Wrong { path, message }| self.wrong_setting(path.as_deref(), message))
    }

    /// The complaint about one of the operator's settings. It shows no value: it may be a password.
    #[must_use]
    pub fn wrong_setting(&self, setting: Option<&str>, message: impl Into<String>) -> BuildError {
        let dotted = setting.map(|setting| format!(".{setting}")).unwrap_or_default();
        let setting = format!("consumers.\"{}\"{dotted}", self.consumer());
        BuildError::Setting { setting, message: message.into() }
    }
}

impl std::fmt::Debug for Built {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Handler(_) => formatter.write_str("Handler"),
            Self::Unconfigured { missing } => formatter.debug_struct("Unconfigured").field("missing", missing).finish(),
        }
    }
}
