//! A person's export, written while it is sent: the log is read from its beginning, and nothing is put down on the way.

use std::io::{self, Write};
use std::sync::Arc;

use bytes::Bytes;
use daybook_event::{Position, SubjectId, stored};
use daybook_log::{Filter, ReadLimit};
use daybook_privacy::export::{About, Consent, ExportError, ExportWriter};
use daybook_privacy::view::ExportPart;
use daybook_privacy::{ConsentRow, KnownKey, Owner, SubjectInfo};
use futures_util::Stream;
use serde::Serialize;
use serde_json::value::RawValue;
use tokio::runtime::Handle;
use tokio::sync::mpsc;

use super::Asked;
use crate::blobs::Fetcher;
use crate::collector::{App, Collector};
use crate::keys::now;
use crate::limits;
use crate::routes::actor_keys::ActorKeyBody;
use daybook_privacy::Opener;

/// The zip, piece by piece. Where it cannot be finished the last piece is an error, and what was sent is no archive.
pub fn export_of(
    collector: &Arc<Collector>,
    asked: Asked,
    known: SubjectInfo,
) -> impl Stream<Item = io::Result<Bytes>> + Send + 'static + use<> {
    let (pieces, received) = mpsc::channel(limits::EXPORT_PIECES_WAITING);
    let collector = Arc::clone(collector);
    let runtime = Handle::current();
    tokio::task::spawn_blocking(move || {
        let sender = pieces.clone();
        let out = Pieces { pieces, buffer: Vec::with_capacity(limits::EXPORT_PIECE_BYTES) };
        if let Err(error) = write(&collector, &runtime, &asked, &known, out) {
            tracing::warn!(app = &*asked.app.slug, %error, "an export was not finished");
            // The reader may be gone, which is mostly why.
            let _ = sender.blocking_send(Err(error));
        }
    });
    futures_util::stream::unfold(received, |mut received| async move {
        received.recv().await.map(|piece| (piece, received))
    })
}

fn write(collector: &Collector, runtime: &Handle, asked: &Asked, known: &SubjectInfo, out: Pieces) -> io::Result<()> {
    let app = &asked.app;
    let ids: Vec<SubjectId> = std::iter::once(known.id).chain(known.also.iter().copied()).collect();
    let status = runtime.block_on(collector.vault.status()).map_err(io::Error::other)?;
    let about = About {
        app: app.slug.to_string(),
        title: app.catalog.title.clone(),
        name: asked.name.name.to_string(),
        ids: ids.clone(),
        created: known.created,
        objected: known.objected,
        consents: consents(app, &known.consents),
        made: now(),
        degraded: status.is_degraded(),
    };
    let mut writer = ExportWriter::new(out, about).map_err(failed)?;
    events(collector, runtime, app, &ids, &mut writer)?;
    for id in &ids {
        quarantined(collector, runtime, app, *id, &mut writer)?;
    }
    if let Some(keys) = actor_keys(collector, runtime, asked)? {
        writer.part("vault", &keys).map_err(failed)?;
    }
    for view in collector.views().iter() {
        for id in &ids {
            match runtime.block_on(view.export(&app.slug, *id)) {
                Ok(parts) => {
                    for part in parts {
                        writer.part(view.name(), &part).map_err(failed)?;
                    }
                }
                Err(error) => {
                    tracing::warn!(view = view.name(), %error, "a view is missing from an export");
                    writer.missing_view(view.name());
                }
            }
        }
    }
    writer.finish().map_err(failed)?.flush()
}

/// Every record that something of the person is sealed in, counts included.
fn events(
    collector: &Collector,
    runtime: &Handle,
    app: &App,
    ids: &[SubjectId],
    writer: &mut ExportWriter<Pieces>,
) -> io::Result<()> {
    let filter = Filter { app: Some(app.hash), since_us: None, hidden: true };
    let limit = ReadLimit { records: limits::EXPORT_PAGE_RECORDS, ..ReadLimit::default() };
    // What comes while it is written is for the next export.
    let head: Position = collector.log.head();
    let mut after = 0;
    while after < head {
        let page = collector.log.read(after, limit, &filter).map_err(io::Error::other)?;
        // Asked for each page, so that who is erased meanwhile is not read on. Others whom an event names stay sealed: their
        // names are theirs.
        let people = runtime.block_on(collector.vault.by_id(ids)).map_err(io::Error::other)?;
        if people.is_empty() {
            return Err(io::Error::other("the person was erased while the export was written"));
        }
        let opener = Opener::new(&collector.vault, &app.slug, people);
        let fetcher = Fetcher { blobs: &collector.blobs, runtime: runtime.clone(), opener: &opener };
        for record in page.records.iter().filter(|record| record.position <= head) {
            let about = stored::peek(&record.bytes).is_some_and(|peek| ids.iter().any(|id| peek.is_about(*id)));
            if !about {
                continue;
            }
            let stored = stored::decode(&record.bytes, record.position).map_err(io::Error::other)?;
            let opened = fetcher.open(stored);
            let unreadable = opened.unreadable;
            writer.event(&opened.in_own_words(), unreadable).map_err(failed)?;
        }
        if page.next <= after {
            break;
        }
        after = page.next;
    }
    Ok(())
}

/// The keys that the person signs with, where there are any.
fn actor_keys(collector: &Collector, runtime: &Handle, asked: &Asked) -> io::Result<Option<ExportPart>> {
    let owner = Owner::Person(asked.name.clone());
    let mut all = Vec::new();
    loop {
        let after = all.last().map_or(0, |known: &KnownKey| known.number);
        let page = collector.vault.keys_of_actor(&asked.app.slug, &owner, after, limits::ACTOR_KEYS_PAGE_MAX as u64);
        let page = runtime.block_on(page).map_err(io::Error::other)?;
        if page.is_empty() {
            break;
        }
        all.extend(page);
    }
    if all.is_empty() {
        return Ok(None);
    }
    let keys: Vec<ActorKeyBody> = all.iter().map(ActorKeyBody::of).collect();
    let bytes = serde_json::to_vec_pretty(&keys).map_err(io::Error::other)?;
    Ok(Some(ExportPart { file_name: "actor-keys.json".to_owned(), bytes }))
}

/// An event in quarantine, as an export says it.
#[derive(Serialize)]
struct Quarantined {
    received: daybook_event::Timestamp,
    name: Option<String>,
    errors: Box<RawValue>,
    event: Box<RawValue>,
}

fn quarantined(
    collector: &Collector,
    runtime: &Handle,
    app: &App,
    id: SubjectId,
    writer: &mut ExportWriter<Pieces>,
) -> io::Result<()> {
    let entries = runtime.block_on(collector.quarantine.about(&app.slug, id)).map_err(io::Error::other)?;
    let events = runtime.block_on(collector.open_aside(app, &entries)).map_err(io::Error::other)?;
    for (entry, event) in entries.into_iter().zip(events) {
        let Some(event) = event else {
            writer.unreadable_in_quarantine();
            continue;
        };
        let entry = Quarantined {
            received: daybook_event::Timestamp::from_microseconds(entry.received_us),
            name: entry.name,
            errors: RawValue::from_string(entry.errors)?,
            event: RawValue::from_string(event)?,
        };
        writer.quarantined(&entry).map_err(failed)?;
    }
    Ok(())
}

fn consents(app: &App, rows: &[ConsentRow]) -> Vec<Consent> {
    let of = |purpose: &daybook_catalog::ConsentPurpose| {
        let row = rows.iter().find(|row| row.purpose == purpose.purpose);
        Consent {
            purpose: purpose.purpose.clone(),
            granted: row.map_or(purpose.default, |row| row.granted),
            decided: row.is_some(),
            time: row.map(|row| row.time),
            source: row.and_then(|row| row.source.clone()),
            version: row.and_then(|row| row.version.clone()),
        }
    };
    app.catalog.consent.iter().map(of).collect()
}

fn failed(error: ExportError) -> io::Error {
    match error {
        ExportError::Write(error) => error,
        error => io::Error::other(error),
    }
}

/// Writes into a channel, a piece at a time.
struct Pieces {
    pieces: mpsc::Sender<io::Result<Bytes>>,
    buffer: Vec<u8>,
}

impl Write for Pieces {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.buffer.extend_from_slice(bytes);
        if self.buffer.len() >= limits::EXPORT_PIECE_BYTES {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        let piece = std::mem::replace(&mut self.buffer, Vec::with_capacity(limits::EXPORT_PIECE_BYTES));
        self.pieces.blocking_send(Ok(Bytes::from(piece))).map_err(|_| io::ErrorKind::BrokenPipe.into())
    }
}
