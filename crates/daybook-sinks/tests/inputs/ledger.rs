//! Admission as inputs see it: it remembers what it was handed, and does as it is told.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use async_trait::async_trait;
use daybook_sinks::inputs::{Admit, Admitted, Message, Note, Outcome};
use parking_lot::Mutex;

/// A message that can neither be taken nor quarantined.
pub const POISON: &str = "poison";

/// How it is disposed.
#[derive(Debug, Clone, Copy, Default)]
pub enum Mood {
    /// It takes everything.
    #[default]
    Open,
    /// It takes nothing.
    Full,
    /// It takes everything, and is gone before it answers.
    Hang,
}

#[derive(Default)]
pub struct Ledger {
    taken: Mutex<BTreeMap<Vec<u8>, BTreeSet<String>>>,
    mood: Mutex<Mood>,
    calls: Mutex<usize>,
    notes: Mutex<Vec<String>>,
}

impl Ledger {
    pub fn set(&self, mood: Mood) {
        *self.mood.lock() = mood;
    }

    /// Messages that came, each counted once.
    pub fn bodies(&self) -> usize {
        self.taken.lock().len()
    }

    pub fn calls(&self) -> usize {
        *self.calls.lock()
    }

    pub fn notes(&self) -> Vec<String> {
        self.notes.lock().clone()
    }

    pub fn each_came_under_one_key(&self) {
        for (body, keys) in &*self.taken.lock() {
            assert_eq!(keys.len(), 1, "{}: {keys:?}", String::from_utf8_lossy(body));
        }
    }
}

#[async_trait]
impl Admit for Ledger {
    async fn admit(&self, app: &str, messages: &[Message]) -> Vec<Outcome> {
        assert_eq!(app, "shop");
        let mood = *self.mood.lock();
        *self.calls.lock() += 1;
        let outcome = |message: &Message| {
            if &*message.body == POISON.as_bytes() {
                return Outcome::Unreadable("body.too-large");
            }
            if let Mood::Full = mood {
                return Outcome::Later { code: "log.busy", after: Some(Duration::from_millis(10)) };
            }
            let is_new = self.taken.lock().entry(message.body.to_vec()).or_default().insert(message.key.clone());
            let (stored, duplicate) = (u64::from(is_new), u64::from(!is_new));
            Outcome::Done(Admitted { stored, duplicate, ..Admitted::default() })
        };
        let outcomes = messages.iter().map(outcome).collect();
        if let Mood::Hang = mood {
            std::future::pending::<()>().await;
        }
        outcomes
    }

    async fn note(&self, note: Note<'_>) {
        let said = match note {
            Note::Lost { input, app, .. } => format!("lost {input} {app}"),
            Note::Recovered { input, app, .. } => format!("recovered {input} {app}"),
            Note::Unreadable { input, app, count, code } => format!("unreadable {input} {app} {count} {code}"),
        };
        self.notes.lock().push(said);
    }
}
