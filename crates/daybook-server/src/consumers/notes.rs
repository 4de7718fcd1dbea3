//! What happens to consumers, as events of the app `daybook`. The runtime may not wait for them to be written, so a task writes them;
//! where it cannot keep up, what is too much is said in the server's log alone.

use std::sync::Arc;

use daybook_consumers::notes::{Change, Note, Notes};
use serde_json::{Map, Value, json};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::collector::Collector;
use crate::limits;

/// Takes notes from the runtime.
pub struct NoteSender(mpsc::Sender<Note>);

/// Writes them.
pub struct NoteWriter(mpsc::Receiver<Note>);

impl NoteSender {
    /// The two ends.
    pub fn new() -> (Self, NoteWriter) {
        let (sender, receiver) = mpsc::channel(limits::CONSUMER_NOTES_WAITING);
        (Self(sender), NoteWriter(receiver))
    }
}

impl Notes for NoteSender {
    fn note(&self, note: Note) {
        let (app, consumer) = (&note.app, &note.consumer);
        tracing::info!(%app, %consumer, change = ?note.change, "consumer");
        if let Err(error) = self.0.try_send(note) {
            tracing::warn!(%error, "what happened to a consumer was not written down");
        }
    }
}

impl NoteWriter {
    /// Writes what comes, until told that nothing more will; then what is left.
    pub async fn run(mut self, collector: Arc<Collector>, finished: CancellationToken) {
        loop {
            let note = tokio::select! {
                note = self.0.recv() => note,
                () = finished.cancelled() => break,
            };
            let Some(note) = note else { return };
            write(&collector, note).await;
        }
        while let Ok(note) = self.0.try_recv() {
            write(&collector, note).await;
        }
    }
}

async fn write(collector: &Arc<Collector>, note: Note) {
    let handler = collector.consumers.runtime().status(&note.app, &note.consumer);
    let (handler, offset) = handler.map(|status| (status.handler, status.offset)).unzip();
    for (name, mut data) in events(&note.change) {
        let mut set = |member: &str, value: Value| drop(data.insert(member.to_owned(), value));
        set("consumer", note.consumer.as_ref().into());
        if !note.app.is_empty() {
            set("app", note.app.as_ref().into());
        }
        if matches!(
            note.change,
            Change::DestinationLost { .. } | Change::DestinationBack { .. } | Change::Stopped { .. }
        ) && let Some(handler) = &handler
        {
            set("handler", handler.as_str().into());
        }
        if matches!(
            note.change,
            Change::DestinationLost { .. } | Change::Stopped { .. } | Change::Paused | Change::Resumed
        ) && let Some(offset) = offset
        {
            set("position", offset.into());
        }
        collector.note(name, note.actor.as_deref(), Value::Object(data)).await;
    }
}

/// What is written of a change: the types of events, each with what is particular to it.
fn events(change: &Change) -> Vec<(&'static str, Map<String, Value>)> {
    let of = |name, data: Value| match data {
        Value::Object(data) => (name, data),
        _ => (name, Map::new()),
    };
    let failed = |code: &str, message: &str| json!({"code": code, "detail": message});
    let milliseconds = |time: std::time::Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    let latency = |promise, p99| json!({"promised_ms": milliseconds(promise), "measured_ms": milliseconds(p99)});
    match change {
        Change::Paused => vec![("consumer.paused", Map::new())],
        Change::Resumed => vec![("consumer.resumed", Map::new())],
        Change::Rewound { from, to } => vec![of("consumer.rewound", json!({"from": from, "to": to}))],
        Change::DestinationLost { code, message } => vec![of("consumer.destination_lost", failed(code, message))],
        Change::DestinationBack { after } => {
            vec![of("consumer.destination_back", json!({"downtime_seconds": after.as_secs()}))]
        }
        Change::Stopped { code, message } => vec![of("consumer.stopped", failed(code, message))],
        Change::GaveUp { dead_letters, dropped, code } => {
            let kinds = [("consumer.dead_lettered", *dead_letters), ("consumer.gave_up", *dropped)];
            let some = kinds.into_iter().filter(|(_, count)| *count > 0);
            some.map(|(name, count)| of(name, json!({"count": count, "codes": {code: count}}))).collect()
        }
        Change::LatencyBroken { promise, p99 } => vec![of("consumer.latency_broken", latency(*promise, *p99))],
        Change::LatencyKept { promise, p99 } => vec![of("consumer.latency_kept", latency(*promise, *p99))],
    }
}
