//! The app `daybook` as the journal of erasures.

use std::sync::Weak;

use async_trait::async_trait;
use daybook_event::Position;
use daybook_privacy::erasure::{Journal, JournalError, JournalEvent};

use crate::collector::Collector;
use crate::own_events::Note;

/// Writes what the eraser has to say into the log, by the way of every event. The collector holds the eraser, so this does not
/// hold the collector.
pub struct OwnJournal(pub Weak<Collector>);

#[async_trait]
impl Journal for OwnJournal {
    async fn note(&self, events: Vec<JournalEvent>) -> Result<Position, JournalError> {
        let collector = self.0.upgrade().ok_or_else(stopping)?;
        let notes: Vec<Note<'_>> = events
            .iter()
            .map(|event| Note {
                id: Some(event.id),
                time: Some(event.time),
                ..Note::new(event.name, event.actor.as_deref(), event.data.clone())
            })
            .collect();
        let written = collector.write_notes(&notes).await;
        written.map_err(|problem| JournalError { reason: problem.code().to_owned() })
    }

    fn head(&self) -> Position {
        self.0.upgrade().map_or(0, |collector| collector.log.head())
    }
}

fn stopping() -> JournalError {
    JournalError { reason: "the server is stopping".to_owned() }
}
