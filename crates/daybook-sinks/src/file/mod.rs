//! `file`: events as lines of JSON in compressed files, exactly once.

mod forgetting;
mod frame;
mod options;
mod rewriting;
mod store;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use daybook_catalog::AppCatalog;
use daybook_catalog::consumers::Spec;
use daybook_consumers::{Batch, Failure, FailureKind, Handler, Item, OffsetKeeping, Sight, Undelivered};
use daybook_event::{Month, Position, SubjectId, Timestamp};
use daybook_privacy::view::{ExpiredMonth, ExportPart, Forgotten, Touched, ViewError};
use parking_lot::Mutex;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use self::forgetting::{Months, People};
use self::frame::{Builder, Note};
use self::options::{Options, Settings, is_plain_name};
use self::rewriting::Change;
use self::store::Store;
use crate::form::Form;
use crate::{BuildContext, BuildError, Built};

/// How long a delivery may take: a disk that is slow is waited for, rather than told twice.
const PATIENCE: Duration = Duration::from_secs(300);
/// How often files are looked through for what is past its retention.
const RETENTION_EVERY_US: i64 = 60 * 60 * 1_000_000;

/// What is wrong with the options of a consumer that writes files.
#[must_use]
pub fn check(options: &Map<String, Value>, _: &AppCatalog, spec: &Spec) -> Vec<String> {
    let mut wrong = match crate::options::<Options>(options) {
        Ok(options) => options.wrong(),
        Err(wrong) => vec![wrong],
    };
    if !is_plain_name(&spec.name) && !options.contains_key("folder") {
        wrong.push("options.folder: is needed, since the consumer's name is not fit for one".to_owned());
    }
    wrong
}

/// Makes the handler.
///
/// # Errors
/// [`BuildError`].
pub fn build(context: &BuildContext<'_>) -> Result<Built, BuildError> {
    let options: Options = context.options()?;
    let settings = context.settings::<Settings>(&[])?.unwrap_or_default();
    if settings.directory.as_deref().is_some_and(Path::is_relative) {
        return Err(context.wrong_setting(Some("directory"), "must be an absolute path"));
    }
    let root = settings.directory.unwrap_or_else(|| context.data.join("files"));
    let folder = options.folder.as_ref().unwrap_or(&context.spec.name);
    let directory = root.join(&context.app.app).join(folder);
    let store = Store::new(directory, options.level, options.rotate_bytes, options.rotate_every);
    let form = Form::new(&context.app, options.dialect, options.sight());
    let files = Arc::new(Files { form, store: Mutex::new(store), looked_through: Mutex::default() });
    Ok(Built::Handler(Arc::new(FileHandler { files, sight: options.sight() })))
}

struct FileHandler {
    files: Arc<Files>,
    sight: Sight,
}

/// What works on a thread of its own, where waiting for a disk harms nobody. A call that is given up by who made it
/// goes on to its end there, and the next one waits for it.
struct Files {
    form: Form,
    store: Mutex<Store>,
    looked_through: Mutex<Option<Timestamp>>,
}

impl FileHandler {
    async fn on_disk<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Files) -> io::Result<T> + Send + 'static,
    ) -> Result<T, Failure> {
        let files = Arc::clone(&self.files);
        match tokio::task::spawn_blocking(move || work(&files)).await {
            Ok(done) => done.map_err(|error| failure(&error)),
            Err(_) => Err(Failure::new(FailureKind::Destination, "file.stopped", "writing was stopped")),
        }
    }

    async fn change(&self, change: impl Change + Send + 'static) -> Result<Touched, ViewError> {
        let changed = self.on_disk(move |files| files.store.lock().change(&change)).await;
        let unavailable = |failure: Failure| ViewError::Unavailable { reason: failure.to_string() };
        changed.map(|count| Touched { count }).map_err(unavailable)
    }
}

impl Files {
    fn deliver(&self, batch: &Batch) -> io::Result<()> {
        let mut store = self.store.lock();
        let committed = store.committed()?;
        let (after, through) = if batch.replay {
            (committed, committed)
        } else if batch.through <= committed {
            return Ok(());
        } else {
            (batch.after.max(committed), batch.through)
        };
        let is_new = |item: &&Arc<Item>| !item.hidden && (batch.replay || item.event.position > committed);
        let new = batch.items.iter().filter(is_new);
        let received = batch.items.iter().map(|item| item.event.received.microseconds()).max().unwrap_or_default();
        let mut delivery = Builder::new(after, through, received);
        for item in new {
            self.add(item, &mut delivery)?;
        }
        store.append(delivery, after, through, received)
    }

    fn add(&self, item: &Item, delivery: &mut Builder) -> io::Result<()> {
        let event = &item.event;
        let mut note = Note {
            position: event.position,
            category: Cow::Borrowed(&*event.category),
            month: Month::of(event.time).number(),
            person: None,
            forgotten: None,
        };
        let named = item.standing.person().filter(|_| event.identity.is_some() && self.form.names_people());
        let Some(person) = named else { return delivery.push(&note, |out| self.form.write(item, out)) };
        let mut forgotten = Vec::new();
        self.form.write_forgotten(item, &mut forgotten);
        let forgotten: Box<RawValue> = serde_json::from_slice(&forgotten)?;
        note.person = Some(Cow::Owned(person.to_string()));
        note.forgotten = Some(&forgotten);
        delivery.push(&note, |out| self.form.write(item, out))
    }

    fn forget_what_is_over(&self, now: Timestamp) -> io::Result<()> {
        let since = self.looked_through.lock().map(|last| now.microseconds() - last.microseconds());
        // A clock that was set back says nothing of how long ago that was.
        if since.is_some_and(|since| (0..RETENTION_EVERY_US).contains(&since)) {
            return Ok(());
        }
        let mut store = self.store.lock();
        let months = Months::expired(self.form.app(), store.months()?, now);
        if !months.is_empty() {
            store.change(&months)?;
        }
        *self.looked_through.lock() = Some(now);
        Ok(())
    }
}

#[async_trait]
impl Handler for FileHandler {
    fn sight(&self) -> Sight {
        self.sight
    }

    fn offset_keeping(&self) -> OffsetKeeping {
        OffsetKeeping::Handler
    }

    fn patience(&self) -> Duration {
        PATIENCE
    }

    async fn prepare(&self) -> Result<(), Failure> {
        self.on_disk(|files| files.store.lock().make_ready()).await
    }

    async fn committed(&self) -> Result<Position, Failure> {
        self.on_disk(|files| files.store.lock().committed()).await
    }

    async fn deliver(&self, batch: &Batch) -> Result<(), Undelivered> {
        let batch = batch.clone();
        Ok(self.on_disk(move |files| files.deliver(&batch)).await?)
    }

    async fn rewind(&self, to: Position) -> Result<(), Failure> {
        self.on_disk(move |files| files.store.lock().rewind(to)).await
    }

    async fn tend(&self, now: Timestamp) -> Result<(), Failure> {
        self.on_disk(move |files| files.forget_what_is_over(now)).await
    }

    async fn forget_people(&self, people: &[Forgotten]) -> Result<Touched, ViewError> {
        let people = People::of(&self.files.form.app().app, people);
        // Whether it names people now says nothing of the lines there are.
        if people.is_empty() {
            return Ok(Touched::default());
        }
        self.change(people).await
    }

    async fn forget_months(&self, months: &[ExpiredMonth]) -> Result<Touched, ViewError> {
        let months = Months::of(&self.files.form.app().app, months);
        if months.is_empty() {
            return Ok(Touched::default());
        }
        self.change(months).await
    }

    /// The files have nothing that is not in the log.
    async fn export(&self, _: &str, _: SubjectId) -> Result<Vec<ExportPart>, ViewError> {
        Ok(Vec::new())
    }
}

/// A disk that does not take what is written is to blame itself, and no event.
fn failure(error: &io::Error) -> Failure {
    let code = match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "file.full",
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => "file.permission",
        io::ErrorKind::ResourceBusy => "file.busy",
        _ => "file.failed",
    };
    Failure::new(FailureKind::Destination, code, format!("the files cannot be written: {error}"))
}
