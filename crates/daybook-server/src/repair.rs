//! Quarantined events repaired and tried again.

use std::sync::Arc;

use daybook_admission::{Body, BodyForm, Receipts, Status};
use daybook_event::EventId;
use serde_json::Value;

use crate::body;
use crate::collector::{Account, App, Collector, PostOptions};
use crate::keys::now;
use crate::problem::Problem;
use crate::quarantine::{Change, Entry};

/// What a retry led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The entry is settled.
    Resolved,
    /// The event is still not admitted.
    StillQuarantined,
}

/// Keeps others from changing an entry, until it is dropped.
pub struct Hold<'c> {
    collector: &'c Collector,
    id: i64,
}

impl Drop for Hold<'_> {
    fn drop(&mut self) {
        self.collector.busy_entries.lock().remove(&self.id);
    }
}

impl Collector {
    /// Claims an entry. Two who retried an event without an id at the same time would store it twice.
    ///
    /// # Errors
    /// 409 where somebody has it.
    pub fn hold(&self, id: i64) -> Result<Hold<'_>, Problem> {
        if self.busy_entries.lock().insert(id) {
            Ok(Hold { collector: self, id })
        } else {
            Err(conflict("quarantine.entry-busy", "Somebody else is busy with this entry."))
        }
    }

    /// Puts another event in the place of the one an entry holds, and judges it.
    ///
    /// # Errors
    /// 400 where the text is not one event, 409 where the entry is settled or taken.
    pub async fn repair(&self, app: &Arc<App>, entry: Entry, text: &[u8]) -> Result<Entry, Problem> {
        let _hold = self.hold(entry.id)?;
        let entry = self.still_open(app, entry.id).await?;
        let event: Value = serde_json::from_slice(text)
            .map_err(|error| Problem::bad_request("body.syntax", format!("The body is not JSON: {error}.")))?;
        let not_one = || Problem::bad_request("body.not-an-event", "The body is not one event.");
        if !event.is_object() {
            return Err(not_one());
        }
        let parsed = Body::parse(text, &BodyForm::Json)?;
        if parsed.len() != 1 {
            return Err(not_one());
        }
        // Credentials are taken out before it is written anywhere, as of everything that is kept aside.
        let (event, name) = app.admission.kept_form(&parsed, 0).ok_or_else(not_one)?;
        let (receipts, person) = self.rehearse(app, &event).await?;
        let [receipt] = receipts.receipts.as_slice() else {
            return Err(not_one());
        };
        let errors = if receipt.status == Status::Quarantined { receipt.errors.clone() } else { Vec::new() };
        let event_id = receipt.id.map(|id| id.to_string());
        let sealed = self.seal_aside(app, vec![person], &[&event], now()).await?;
        let Some(event) = sealed.into_iter().next() else { return Err(not_one()) };
        let change = Change::Repaired { event_id, name, event, errors };
        self.change(app, entry.id, change).await?;
        self.still_open(app, entry.id).await
    }

    /// Sends the event of an entry through admission again.
    ///
    /// # Errors
    /// 409 where the entry is settled or taken, and whatever can be wrong with sending an event.
    pub async fn retry(self: &Arc<Self>, app: &Arc<App>, entry: Entry) -> Result<(Receipts, Outcome), Problem> {
        let _hold = self.hold(entry.id)?;
        let entry = self.still_open(app, entry.id).await?;
        let event = self.open_aside(app, std::slice::from_ref(&entry)).await?.pop().flatten();
        let event = event.ok_or_else(|| {
            conflict(
                "quarantine.entry-unreadable",
                "What this entry holds was erased, or is sealed with a key that is lost.",
            )
        })?;
        let body = body::Body::kept(&self.body_memory, event);
        // Made of the entry's number, so that an event without an id is not stored twice when the entry could not be
        // settled the first time.
        let default_id = EventId::from_cloud_event(&app.slug, "daybook:quarantine", &entry.id.to_string());
        let options = PostOptions {
            without_quarantine: true,
            default_ids: Some(Arc::new(move |_| default_id)),
            ..PostOptions::default()
        };
        let receipts = self.post(app, body, BodyForm::Json, Account::Own, options).await?;
        let receipt = receipts.receipts.first();
        let (change, outcome) = match receipt {
            Some(receipt) if receipt.status != Status::Quarantined => {
                let change = Change::Resolved { resolution: receipt.status.as_str(), position: receipt.position };
                (change, Outcome::Resolved)
            }
            Some(receipt) => (Change::StillRefused { errors: receipt.errors.clone() }, Outcome::StillQuarantined),
            None => return Err(Problem::bad_request("body.not-an-event", "The entry holds no event.")),
        };
        self.change(app, entry.id, change).await?;
        Ok((receipts, outcome))
    }

    async fn change(&self, app: &App, id: i64, change: Change) -> Result<(), Problem> {
        if self.quarantine.change(&app.slug, id, change, now()).await? {
            Ok(())
        } else {
            Err(Problem::not_found("quarantine.unknown", "The quarantine of this app has no such entry."))
        }
    }

    /// The entry as it is now that nobody else can change it.
    async fn still_open(&self, app: &App, id: i64) -> Result<Entry, Problem> {
        let entry = self.quarantine.entry(&app.slug, id).await;
        let entry = entry.map_err(|error| Problem::state(&error))?;
        match entry {
            None => Err(Problem::not_found("quarantine.unknown", "The quarantine of this app has no such entry.")),
            Some(entry) if entry.resolution.is_some() => {
                Err(conflict("quarantine.entry-resolved", "This entry is settled already."))
            }
            Some(entry) => Ok(entry),
        }
    }
}

fn conflict(code: &'static str, detail: &'static str) -> Problem {
    Problem::new(http::StatusCode::CONFLICT, code, detail)
}
