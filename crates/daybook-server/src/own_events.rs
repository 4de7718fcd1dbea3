//! What Daybook says of itself, as events of the app `daybook`, through the same admission as everything else.

use std::sync::Arc;

use daybook_admission::{BodyForm, Status};
use serde_json::{Value, json};

use crate::body;
use crate::collector::{Account, Collector, OWN_APP, PostOptions};
use crate::problem::Chain;

impl Collector {
    /// Writes an event of Daybook's own. `actor` is the key on whose account it happened. A failure is said in the server's
    /// log and harms nothing else; where the app `daybook` is not served, nothing is written.
    pub async fn note(self: &Arc<Self>, name: &'static str, actor: Option<&str>, data: Value) {
        let Some(app) = self.app(OWN_APP).map(Arc::clone) else { return };
        let mut event = json!({"name": name, "source": "server", "data": data});
        if let (Some(key), Some(members)) = (actor, event.as_object_mut()) {
            members.insert("actor".to_owned(), json!({"type": "key", "id": key}));
        }
        let body = body::Body::kept(&self.body_memory, event.to_string());
        let options = PostOptions { without_quarantine: true, ..PostOptions::default() };
        match self.post(&app, body, BodyForm::Json, Account::Own, options).await {
            Ok(receipts) if receipts.receipts.iter().all(|receipt| receipt.status == Status::Stored) => {}
            Ok(receipts) => {
                let codes: Vec<_> = receipts
                    .receipts
                    .iter()
                    .flat_map(|receipt| receipt.errors.iter().map(|finding| finding.code))
                    .collect();
                tracing::warn!(name, ?codes, "the catalog of daybook does not admit an event of Daybook's own");
            }
            Err(error) => tracing::warn!(name, error = %Chain(&error), "an event of Daybook's own was not written"),
        }
    }
}
