//! `alert`: rules over events and the clock, told to Alertmanager or Slack.

mod fields;
mod messages;
mod options;
mod rules;
mod state;
mod watching;

use std::sync::atomic::AtomicI64;
use std::sync::{Arc, Weak};
use std::time::Duration;

use async_trait::async_trait;
use daybook_catalog::AppCatalog;
use daybook_catalog::consumers::Spec;
use daybook_consumers::{Batch, Failure, Handler, OffsetKeeping, Undelivered};
use daybook_event::{Position, SubjectId, Timestamp};
use daybook_privacy::view::{ExpiredMonth, ExportPart, Forgotten, Touched, ViewError};
use parking_lot::Mutex;
use serde_json::{Map, Value};
use tokio::task::JoinHandle;

use self::options::{Format, Options};
use self::rules::Rules;
use self::watching::Alerts;
use crate::http::{CallSettings, Caller};
use crate::{BuildContext, BuildError, Built};

pub use self::watching::Clock;

/// Where alerts are posted to below an Alertmanager's own address.
const ALERTMANAGER_PATH: &str = "/api/v2/alerts";
/// How often time is looked at: often enough to tell within the half minute that alerts are promised in.
const TICK: Duration = Duration::from_secs(5);
/// How long a delivery may take: a call and its state on disk, with room.
const PATIENCE: Duration = Duration::from_secs(120);

/// What is wrong with the options of a consumer that alerts.
#[must_use]
pub fn check(options: &Map<String, Value>, app: &AppCatalog, spec: &Spec) -> Vec<String> {
    match crate::options::<Options>(options) {
        Ok(options) => options.wrong(app, spec),
        Err(wrong) => vec![wrong],
    }
}

/// Makes the handler.
///
/// # Errors
/// [`BuildError`].
pub fn build(context: &BuildContext<'_>) -> Result<Built, BuildError> {
    let clock: Clock = Arc::new(|| Timestamp::from_microseconds(jiff::Timestamp::now().as_microsecond()));
    build_at(context, clock, Some(TICK))
}

/// Makes the handler, with a clock of one's own. Without `tick` time passes only when the handler is tended.
///
/// # Errors
/// [`BuildError`].
pub fn build_at(context: &BuildContext<'_>, clock: Clock, tick: Option<Duration>) -> Result<Built, BuildError> {
    let options: Options = context.options()?;
    let Some(mut target) = CallSettings::read(context)? else {
        return Ok(Built::Unconfigured { missing: "url, url-file or url-env".to_owned() });
    };
    if target.settings.secret.is_some() {
        return Err(context.wrong_setting(Some("secret"), "alerts are not signed"));
    }
    if options.format == Format::Alertmanager && !target.url.path().ends_with(ALERTMANAGER_PATH) {
        let path = format!("{}{ALERTMANAGER_PATH}", target.url.path().trim_end_matches('/'));
        target.url.set_path(&path);
    }
    let name = format!("{}.{}.json", context.app.app, context.spec.name);
    if !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.')) {
        return Err(BuildError::Options(vec!["the consumer's name is not fit for a file's".to_owned()]));
    }
    let alerts = Alerts {
        app: context.app.app.clone(),
        consumer: context.spec.name.clone(),
        rules: Rules::of(&options),
        format: options.format,
        repeat_every: i64::try_from(options.repeat_every.as_micros()).unwrap_or(i64::MAX),
        caller: Caller::new(target, context)?,
        statuses: Arc::clone(&context.statuses),
        clock,
        path: context.data.join("alerts").join(name),
        known: tokio::sync::Mutex::new(None),
        asked: AtomicI64::new(0),
    };
    Ok(Built::Handler(Arc::new(AlertHandler { alerts: Arc::new(alerts), tick, ticking: Mutex::new(None) })))
}

struct AlertHandler {
    alerts: Arc<Alerts>,
    tick: Option<Duration>,
    ticking: Mutex<Option<JoinHandle<()>>>,
}

impl AlertHandler {
    fn keep_ticking(&self) {
        let Some(every) = self.tick else { return };
        let mut ticking = self.ticking.lock();
        if ticking.as_ref().is_none_or(JoinHandle::is_finished) {
            *ticking = Some(tokio::spawn(tick(Arc::downgrade(&self.alerts), every)));
        }
    }
}

/// Lets time pass for as long as there is somebody to let it pass for.
async fn tick(alerts: Weak<Alerts>, every: Duration) {
    loop {
        tokio::time::sleep(every).await;
        let Some(alerts) = alerts.upgrade() else { return };
        if let Err(failure) = alerts.tick(false).await {
            let consumer = format!("{}/{}", alerts.app, alerts.consumer);
            tracing::warn!(consumer, %failure, "alerts could not be told");
        }
    }
}

impl Drop for AlertHandler {
    fn drop(&mut self) {
        if let Some(ticking) = self.ticking.lock().take() {
            ticking.abort();
        }
    }
}

#[async_trait]
impl Handler for AlertHandler {
    fn offset_keeping(&self) -> OffsetKeeping {
        OffsetKeeping::Handler
    }

    /// What is told is over when the alert is, and names nobody.
    fn holds_events(&self) -> bool {
        false
    }

    fn patience(&self) -> Duration {
        PATIENCE
    }

    async fn prepare(&self) -> Result<(), Failure> {
        self.alerts.prepare().await?;
        self.keep_ticking();
        Ok(())
    }

    async fn committed(&self) -> Result<Position, Failure> {
        self.alerts.prepare().await
    }

    async fn deliver(&self, batch: &Batch) -> Result<(), Undelivered> {
        Ok(self.alerts.see(batch).await?)
    }

    async fn rewind(&self, to: Position) -> Result<(), Failure> {
        self.alerts.rewind(to).await
    }

    async fn tend(&self, _: Timestamp) -> Result<(), Failure> {
        self.alerts.tick(true).await
    }

    /// Alerts name nobody: they are made of what is not personal.
    async fn forget_people(&self, _: &[Forgotten]) -> Result<Touched, ViewError> {
        Ok(Touched::default())
    }

    async fn forget_months(&self, _: &[ExpiredMonth]) -> Result<Touched, ViewError> {
        Ok(Touched::default())
    }

    async fn export(&self, _: &str, _: SubjectId) -> Result<Vec<ExportPart>, ViewError> {
        Ok(Vec::new())
    }
}
