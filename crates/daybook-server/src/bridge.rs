//! Between admission's records and the log's.

use daybook_event::record::{self, Appended};
use daybook_event::{Known, RecordKey};
use daybook_log::{AppendBatch, AppendError, Log, ReadError};

/// Appends what admission made.
pub async fn append(log: &Log, batch: record::Batch) -> Result<Vec<Appended>, AppendError> {
    let records = batch.records.into_iter().map(|meta| daybook_log::RecordMeta {
        end: meta.end,
        key: meta.key,
        digest: meta.digest,
        app: meta.app,
        time_us: meta.time_us,
        hidden: meta.hidden,
        urgent: false,
    });
    let batch = AppendBatch { bytes: batch.bytes, records: records.collect(), atomic: batch.atomic };
    let appended = log.append(batch).await?;
    Ok(appended
        .into_iter()
        .map(|appended| match appended {
            daybook_log::Appended::Stored(position) => Appended::Stored(position),
            daybook_log::Appended::Duplicate(position) => Appended::Duplicate(position),
            daybook_log::Appended::Conflict(position) => Appended::Conflict(position),
        })
        .collect())
}

/// What the log knows of each key.
pub fn lookup(log: &Log, keys: &[RecordKey]) -> Result<Vec<Option<Known>>, ReadError> {
    let known = log.lookup(keys)?;
    Ok(known
        .into_iter()
        .map(|known| known.map(|known| Known { position: known.position, digest: known.digest }))
        .collect())
}
