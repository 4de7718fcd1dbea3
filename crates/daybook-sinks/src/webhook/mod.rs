//! `webhook`: events as signed calls to a receiver of the user's own.

mod delivery;
mod forgetting;
mod options;
mod signature;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use daybook_catalog::AppCatalog;
use daybook_catalog::consumers::{Order, Spec};
use daybook_consumers::{Batch, Batching, Handler, Sight, Undelivered};
use daybook_event::SubjectId;
use daybook_privacy::view::{ExpiredMonth, ExportPart, Forgotten, Touched, ViewError};
use serde_json::{Map, Value};

use self::options::{Body, Options};
use self::signature::Signer;
use crate::form::Form;
use crate::http::{CallSettings, Caller};
use crate::{BuildContext, BuildError, Built};

/// Longest time for a batch. Every call in it has its own limit; this one is for what nobody thought of.
const PATIENCE_MAX: Duration = Duration::from_secs(30 * 60);

/// Events in a call that carries several, where the consumer's specification does not say.
const BATCH_EVENTS: usize = 100;

/// What is wrong with the options of a webhook.
#[must_use]
pub fn check(options: &Map<String, Value>, _: &AppCatalog, _: &Spec) -> Vec<String> {
    match crate::options::<Options>(options) {
        Ok(options) => options.wrong(),
        Err(wrong) => vec![wrong],
    }
}

/// Makes the handler.
///
/// # Errors
/// [`BuildError`].
pub fn build(context: &BuildContext<'_>) -> Result<Built, BuildError> {
    let options: Options = context.options()?;
    let missing = |what: &str| Ok(Built::Unconfigured { missing: format!("{what}, {what}-file or {what}-env") });
    let Some(target) = CallSettings::read(context)? else { return missing("url") };
    let Some(secrets) = &target.settings.secret else { return missing("secret") };
    let signer = Signer::new(secrets).map_err(|wrong| context.wrong_setting(Some("secret"), wrong))?;
    let form = Form::new(&context.app, options.dialect, options.sight());
    let caller = Caller::new(target, context)?;
    Ok(Built::Handler(Arc::new(Webhook { options, order: context.spec.order, form, signer, caller })))
}

/// A receiver.
struct Webhook {
    options: Options,
    order: Order,
    form: Form,
    signer: Signer,
    caller: Caller,
}

#[async_trait]
impl Handler for Webhook {
    fn sight(&self) -> Sight {
        self.options.sight()
    }

    /// What it does with events that name nobody is the receiver's own affair.
    fn holds_events(&self) -> bool {
        false
    }

    fn patience(&self) -> Duration {
        match self.options.body {
            Body::Event => PATIENCE_MAX,
            Body::Batch => self.caller.timeout() * 2,
        }
    }

    /// A call for each event is made for few at a time, so that whoever waits for the end of a batch does not wait for long.
    fn batching(&self) -> Batching {
        let size = match self.options.body {
            Body::Event => self.options.concurrency * 8,
            Body::Batch => BATCH_EVENTS,
        };
        Batching { size, ..Batching::default() }
    }

    async fn deliver(&self, batch: &Batch) -> Result<(), Undelivered> {
        match self.options.body {
            Body::Event => self.deliver_each(batch).await,
            Body::Batch => self.deliver_together(batch).await,
        }
    }

    async fn forget_people(&self, people: &[Forgotten]) -> Result<Touched, ViewError> {
        self.tell_of_people(people).await
    }

    async fn forget_months(&self, months: &[ExpiredMonth]) -> Result<Touched, ViewError> {
        self.tell_of_months(months).await
    }

    /// The receiver has nothing that is not in the log.
    async fn export(&self, _: &str, _: SubjectId) -> Result<Vec<ExportPart>, ViewError> {
        Ok(Vec::new())
    }
}
