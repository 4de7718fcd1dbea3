//! Every look at what is personal is written down, before it is shown.

use std::sync::Arc;

use daybook_event::SubjectId;
use serde_json::json;

use crate::collector::Collector;
use crate::keyring::Key;
use crate::own_events::Note;
use crate::problem::Problem;

/// A look at something personal.
#[derive(Debug, Clone, Copy)]
pub struct Access<'a> {
    /// The app.
    pub app: &'a str,
    /// By which door.
    pub kind: &'static str,
    /// The person it was about, where it was one.
    pub subject: Option<SubjectId>,
    /// Why, as far as the caller said.
    pub purpose: Option<&'a str>,
    /// How many events or entries showed something; unknown where left out.
    pub rows: Option<u64>,
    /// By which a query is known, where it was one: its text may hold a name.
    pub query_digest: Option<&'a str>,
}

impl<'a> Access<'a> {
    /// A look at something of an app, by one of the doors that the catalog of `daybook` names.
    pub const fn to(app: &'a str, kind: &'static str) -> Self {
        Self { app, kind, subject: None, purpose: None, rows: None, query_digest: None }
    }
}

impl Collector {
    /// Writes down that a key is about to see something personal; nothing where it turned out that it does not.
    ///
    /// # Errors
    /// When it cannot be written: then it may not be shown.
    pub async fn note_access(self: &Arc<Self>, key: &Key, access: Access<'_>) -> Result<(), Problem> {
        if access.rows == Some(0) {
            return Ok(());
        }
        let mut data = json!({"app": access.app, "kind": access.kind, "key": key.info.name});
        if let Some(members) = data.as_object_mut() {
            let mut set = |name: &str, value: Option<serde_json::Value>| {
                members.extend(value.map(|value| (name.to_owned(), value)));
            };
            set("subject", access.subject.map(|subject| subject.to_string().into()));
            set("purpose", access.purpose.map(Into::into));
            set("rows", access.rows.map(Into::into));
            set("query_digest", access.query_digest.map(Into::into));
        }
        self.write_notes(&[Note::new("privacy.data.accessed", Some(&key.info.id), data)]).await.map(drop)
    }
}
