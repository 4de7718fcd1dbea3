//! Events whose id is in the log, and that are not what was sent under it: other events, or the same one after all.

use daybook_admission::{Body, BodyForm, Form, Judged};
use daybook_catalog::migrate::Upcasting;
use daybook_event::stored::{self, Stored};
use daybook_event::{Event, Position, SubjectId};
use daybook_privacy::Opener;

use crate::blobs::Fetcher;
use crate::collector::{App, Collector, PostError};
use crate::output;

impl Collector {
    /// Compares events that seem to clash with one in the log once more: by that one's keys, and with what is given to who
    /// reads it. `messages` says that they came as Protocol Buffers.
    ///
    /// # Errors
    /// When the log or the vault does not answer.
    pub(crate) async fn reconsider(&self, app: &App, judged: &mut Judged<'_>, messages: bool) -> Result<(), PostError> {
        for (index, position) in judged.conflicts() {
            let Some((stored, opener)) = self.recall(app, position).await? else {
                judged.reconsider(index, None);
                continue;
            };
            judged.reconsider(index, opener.record_keys(&stored));
            let Some(form) = judged.form_of_conflict(index) else { continue };
            for (event, privacy) in self.given(stored, opener, form).await? {
                let body = body(app, &event, (form, messages), privacy);
                if body.is_some_and(|body| judged.recognise(index, &app.admission, &body)) {
                    break;
                }
            }
        }
        Ok(())
    }

    /// The record at a position, and what opens it; nothing where it is past its time.
    async fn recall(&self, app: &App, position: Position) -> Result<Option<(Stored, Opener)>, PostError> {
        let Some(record) = self.log.record(position)? else { return Ok(None) };
        let Ok(stored) = stored::decode(&record, position) else { return Ok(None) };
        let people: Vec<SubjectId> = stored.people().collect();
        let people = self.vault.by_id(&people).await?;
        Ok(Some((stored, Opener::new(&self.vault, &app.slug, people))))
    }

    /// What is given of an event, to who may see people and to who may not; with what lies in blobs, which may be waited for.
    async fn given(
        &self,
        stored: Stored,
        opener: Opener,
        form: Form,
    ) -> Result<[(Event<'static>, bool); 2], PostError> {
        let (blobs, runtime) = (self.blobs.clone(), tokio::runtime::Handle::current());
        let fetching = tokio::task::spawn_blocking(move || {
            let fetcher = Fetcher { blobs: &blobs, runtime, opener: &opener };
            let opened = fetcher.open(stored.clone());
            let opened = if form == Form::Dialect { opened.in_own_words() } else { opened.event };
            [(opened, true), (fetcher.closed(stored), false)]
        });
        fetching.await.map_err(|_| PostError::Failed)
    }
}

/// An event as it is given in a form, as a body that somebody sends.
fn body(app: &App, event: &Event<'static>, (form, messages): (Form, bool), privacy: bool) -> Option<Body> {
    let mut bytes = Vec::with_capacity(1024);
    if messages {
        let event = output::shown(event.clone(), &app.catalog, privacy);
        app.protobuf().write_to_batch(&event, &Upcasting::Current, &mut bytes);
        return Body::protobuf(&bytes, false, app.protobuf()).ok();
    }
    let (form, body_form) = match form {
        Form::Dialect => (output::Form::Dialect, BodyForm::Json),
        Form::Canonical => (output::Form::Canonical, BodyForm::Json),
        Form::CloudEvent => (output::Form::CloudEvent, BodyForm::CloudEvent),
    };
    output::write(event.clone(), &app.catalog, form, privacy, &mut bytes);
    Body::parse(&bytes, &body_form).ok()
}
