//! Dead letters, delivered again in the background.

use std::collections::BTreeMap;
use std::sync::Arc;

use daybook_consumers::dead_letters::{Letters, Replayed};
use daybook_consumers::error::ReplayError;
use daybook_event::Timestamp;
use http::StatusCode;
use parking_lot::Mutex;
use serde::Serialize;
use serde_json::json;
use tokio::sync::oneshot;
use utoipa::ToSchema;

use super::plan::Key;
use crate::collector::Collector;
use crate::keys::now;
use crate::limits;
use crate::problem::Problem;

/// The last delivery of dead letters of each consumer.
#[derive(Debug, Default)]
pub struct Replays(Mutex<BTreeMap<Key, Replay>>);

/// How a delivery of dead letters is going, or went.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Replay {
    /// `running`, `done` or `failed`.
    pub state: &'static str,
    /// When it began.
    #[schema(value_type = String, format = DateTime)]
    pub started: Timestamp,
    /// When it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub ended: Option<Timestamp>,
    /// Dead letters there were to begin with.
    pub total: u64,
    /// Delivered, and no dead letters any more.
    pub delivered: u64,
    /// Of these, so many without what was personal in them, which opens no more.
    pub unopened: u64,
    /// Failed again, and kept.
    pub failed: u64,
    /// Can never be delivered, as the event is past its retention; kept until they are dropped.
    pub compacted: u64,
    /// Why it ended early.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

impl Replays {
    /// The last one of a consumer.
    pub fn of(&self, app: &str, name: &str) -> Option<Replay> {
        self.0.lock().get(&(Arc::from(app), name.to_owned())).cloned()
    }

    /// Begins one, where none is under way.
    fn begin(&self, key: &Key) -> Result<(), Problem> {
        let mut replays = self.0.lock();
        if replays.get(key).is_some_and(|replay| replay.ended.is_none()) {
            let detail = "Dead letters of this consumer are being delivered already.";
            return Err(Problem::new(StatusCode::CONFLICT, "consumer.replaying", detail));
        }
        let replay = Replay {
            state: "running",
            started: now(),
            ended: None,
            total: 0,
            delivered: 0,
            unopened: 0,
            failed: 0,
            compacted: 0,
            error: None,
        };
        replays.insert(key.clone(), replay);
        Ok(())
    }

    fn update(&self, key: &Key, change: impl FnOnce(&mut Replay)) {
        if let Some(replay) = self.0.lock().get_mut(key) {
            change(replay);
        }
    }
}

impl Replay {
    fn count(&mut self, replayed: &Replayed) {
        self.total = replayed.total;
        self.delivered = replayed.delivered;
        self.unopened = replayed.unopened;
        self.failed = replayed.failed;
        self.compacted = replayed.compacted;
    }

    fn end(&mut self, outcome: &Result<Replayed, ReplayError>) {
        match outcome {
            Ok(replayed) => {
                self.count(replayed);
                self.state = "done";
            }
            Err(error) => {
                self.state = "failed";
                self.error = Some(error.to_string());
            }
        }
        self.ended = Some(now());
    }
}

/// Ends what was begun, whatever becomes of the task.
struct Turn {
    collector: Arc<Collector>,
    key: Key,
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.collector.consumers.replays().update(&self.key, |replay| {
            if replay.ended.is_none() {
                replay.state = "failed";
                replay.error = Some("the server stopped it".to_owned());
                replay.ended = Some(now());
            }
        });
    }
}

impl Collector {
    /// Delivers dead letters again, and says how it went, or after a while how it is going: it goes on by itself then.
    ///
    /// # Errors
    /// 409 where one is under way; what [`ReplayError`] becomes, where that is known in time.
    pub async fn replay(
        self: &Arc<Self>,
        app: &Arc<str>,
        name: &str,
        letters: Letters,
        actor: String,
    ) -> Result<Replay, Problem> {
        let key = (Arc::clone(app), name.to_owned());
        self.consumers.replays().begin(&key)?;
        let turn = Turn { collector: Arc::clone(self), key: key.clone() };
        let (sender, ended) = oneshot::channel();
        tokio::spawn(async move {
            let Turn { collector, key } = &turn;
            let replays = collector.consumers.replays();
            let mut progress = |replayed: &Replayed| replays.update(key, |replay| replay.count(replayed));
            let work = collector.consumers.runtime().replay(&key.0, &key.1, letters, &mut progress);
            let outcome = tokio::select! {
                outcome = work => outcome,
                () = collector.stopping.cancelled() => return,
            };
            replays.update(key, |replay| replay.end(&outcome));
            let count = replays.of(&key.0, &key.1).map_or(0, |replay| replay.delivered + replay.failed);
            if count > 0 {
                let data = json!({
                    "app": &*key.0, "consumer": key.1, "count": count, "all": letters == Letters::All,
                });
                collector.note("consumer.replayed", Some(&actor), data).await;
            }
            let _ = sender.send(outcome);
        });
        if let Ok(Ok(Err(error))) = tokio::time::timeout(limits::REPLAY_PATIENCE, ended).await {
            return Err(error.into());
        }
        // It was begun above, and is forgotten by nobody.
        self.consumers.replays().of(app, name).ok_or_else(|| {
            Problem::unavailable("server.stopping", "The server is stopping.", std::time::Duration::from_secs(5))
        })
    }
}
