//! What Daybook says of itself, as events of the app `daybook`, through the same admission as everything else.

use std::sync::Arc;

use daybook_admission::BodyForm;
use daybook_event::{EventId, Finding, Position, Timestamp};
use serde_json::{Value, json};

use crate::body;
use crate::collector::{Account, Collector, OWN_APP, PostError, PostOptions};
use crate::problem::Problem;

/// An event of Daybook's own.
#[derive(Debug, Clone)]
pub struct Note<'a> {
    /// Its type.
    pub name: &'a str,
    /// The key on whose account it happened.
    pub actor: Option<&'a str>,
    /// Its data.
    pub data: Value,
    /// Its id; a new one where left out.
    pub id: Option<EventId>,
    /// When it happened; now where left out.
    pub time: Option<Timestamp>,
}

impl<'a> Note<'a> {
    /// An event that happens now.
    pub const fn new(name: &'a str, actor: Option<&'a str>, data: Value) -> Self {
        Self { name, actor, data, id: None, time: None }
    }

    fn event(&self) -> Value {
        let of_jobs = ["job.", "aggregate."].iter().any(|start| self.name.starts_with(start));
        let source = if of_jobs { "job" } else { "server" };
        let mut event = json!({"name": self.name, "source": source, "data": self.data});
        if let Some(members) = event.as_object_mut() {
            members.extend(self.actor.map(|key| ("actor".to_owned(), json!({"type": "key", "id": key}))));
            members.extend(self.id.map(|id| ("id".to_owned(), id.to_string().into())));
            members.extend(self.time.map(|time| ("time".to_owned(), time.to_string().into())));
        }
        event
    }
}

impl Collector {
    /// Writes an event of Daybook's own. A failure is said in the server's log and harms nothing else.
    pub async fn note(self: &Arc<Self>, name: &'static str, actor: Option<&str>, data: Value) {
        // What went wrong has been said.
        let _ = self.write_notes(&[Note::new(name, actor, data)]).await;
    }

    /// Writes events of Daybook's own, all or none, and gives the position of the last. Those whose id is in the log already
    /// are not written again. Where the app `daybook` is not served nothing is written.
    ///
    /// # Errors
    /// When they cannot be written; the server's log says why.
    pub async fn write_notes(self: &Arc<Self>, notes: &[Note<'_>]) -> Result<Position, Problem> {
        let Some(app) = self.app(OWN_APP).map(Arc::clone) else { return Ok(self.log.head()) };
        let events: Vec<Value> = notes.iter().map(Note::event).collect();
        let body = body::Body::kept(&self.body_memory, Value::from(events).to_string());
        let options = PostOptions { without_quarantine: true, atomic: true, ..PostOptions::default() };
        // Boxed: this is reached by way of the very call that it makes.
        match Box::pin(self.post(&app, body, BodyForm::Json, Account::Own, options)).await {
            Ok(receipts) => Ok(receipts.receipts.iter().filter_map(|receipt| receipt.position).max().unwrap_or(0)),
            Err(error) => {
                let names: Vec<&str> = notes.iter().map(|note| note.name).collect();
                let codes: Vec<&str> = match &error {
                    PostError::Refused(receipts) => {
                        let findings = receipts.receipts.iter().flat_map(|receipt| &receipt.errors);
                        findings.map(|finding: &Finding| finding.code).collect()
                    }
                    _ => Vec::new(),
                };
                let problem = Problem::from(error);
                tracing::warn!(?names, code = problem.code(), ?codes, "events of Daybook's own were not written");
                Err(problem)
            }
        }
    }
}
