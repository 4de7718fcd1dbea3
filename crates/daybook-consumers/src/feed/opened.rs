//! Events with what was sealed in them put back. Made for those who want them, once, and kept in memory only, until somebody is forgotten.

use std::collections::HashMap;
use std::sync::Arc;

use daybook_event::stored::{self, Stored};
use daybook_event::{Position, SubjectId};
use daybook_log::Log;
use daybook_privacy::{Opener, Vault};
use parking_lot::RwLock;
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use rustc_hash::FxBuildHasher;
use tokio::sync::Mutex;

use super::FeedError;
use super::cache::bounded;
use crate::Item;
use crate::limits::{BLOCK_POSITIONS, ITEM_BYTES};

/// Places where one opens and others wait for it.
const STRIPES: u64 = 16;

/// An opened event.
#[derive(Debug, Clone)]
pub(crate) struct Opened {
    pub item: Arc<Item>,
    /// Whether something in it does not open any more.
    pub unreadable: bool,
}

/// Opened events by their positions.
pub(super) struct OpenedItems {
    items: Cache<Position, Opened, ByBytes, FxBuildHasher>,
    /// How often everything was forgotten: what was opened before is not kept after.
    forgotten: RwLock<u64>,
    stripes: [Mutex<()>; STRIPES as usize],
}

impl OpenedItems {
    pub fn new(bytes: usize) -> Self {
        let items = bounded(bytes, (bytes / ITEM_BYTES).max(16), ByBytes);
        Self { items, forgotten: RwLock::new(0), stripes: Default::default() }
    }

    pub fn forget(&self) {
        let mut forgotten = self.forgotten.write();
        *forgotten += 1;
        self.items.clear();
    }

    /// Opens events of an app.
    pub async fn open(
        &self,
        log: &Log,
        vault: &Vault,
        app: &str,
        items: &[Arc<Item>],
    ) -> Result<Vec<Option<Opened>>, FeedError> {
        let position = |item: &Arc<Item>| item.event.position;
        let kept = |item: &Arc<Item>| self.items.get(&position(item));
        let Some(first) = items.iter().find(|item| kept(item).is_none()) else {
            // All but those that went in between.
            let opened: Vec<_> = items.iter().map(kept).collect();
            if opened.iter().all(Option::is_some) {
                return Ok(opened);
            }
            return self.open_anew(log, vault, app, items).await;
        };
        let stripe = (position(first) / BLOCK_POSITIONS % STRIPES) as usize;
        let _one = self.stripes[stripe].lock().await;
        self.open_anew(log, vault, app, items).await
    }

    async fn open_anew(
        &self,
        log: &Log,
        vault: &Vault,
        app: &str,
        items: &[Arc<Item>],
    ) -> Result<Vec<Option<Opened>>, FeedError> {
        let before = *self.forgotten.read();
        let mut opened: Vec<Option<Opened>> = items.iter().map(|item| self.items.get(&item.event.position)).collect();
        let missing: Vec<Arc<Item>> = items
            .iter()
            .zip(&opened)
            .filter(|(_, opened)| opened.is_none())
            .map(|(item, _)| Arc::clone(item))
            .collect();
        let (log, vault, app) = (log.clone(), vault.clone(), Arc::<str>::from(app));
        let handle = tokio::runtime::Handle::current();
        let work = tokio::task::spawn_blocking(move || open_records(&log, &vault, &app, &missing, &handle));
        let mut new = work.await.map_err(|error| FeedError::Vault(error.to_string()))??.into_iter();
        let forgotten = self.forgotten.read();
        for opened in opened.iter_mut().filter(|opened| opened.is_none()) {
            *opened = new.next().flatten();
            if let Some(opened) = opened
                && *forgotten == before
            {
                self.items.insert(opened.item.event.position, opened.clone());
            }
        }
        Ok(opened)
    }
}

fn open_records(
    log: &Log,
    vault: &Vault,
    app: &str,
    items: &[Arc<Item>],
    handle: &tokio::runtime::Handle,
) -> Result<Vec<Option<Opened>>, FeedError> {
    let read = |item: &Arc<Item>| {
        let position = item.event.position;
        let Some(bytes) = log.record(position).map_err(|error| FeedError::Log(error.to_string()))? else {
            return Ok(None);
        };
        let stored = stored::decode(&bytes, position);
        stored.map(Some).map_err(|error| FeedError::Log(format!("position {position}: {error}")))
    };
    let records = items.iter().map(read).collect::<Result<Vec<Option<Stored>>, FeedError>>()?;
    let mut people: Vec<SubjectId> = records.iter().flatten().flat_map(Stored::people).collect();
    people.sort_unstable();
    people.dedup();
    let people = if people.is_empty() {
        HashMap::new()
    } else {
        handle.block_on(vault.by_id(&people)).map_err(|error| FeedError::Vault(error.to_string()))?
    };
    let opener = Opener::new(vault, app, people);
    let open = |(closed, stored): (&Arc<Item>, Option<Stored>)| {
        let stored = stored?;
        if !stored.is_sealed() {
            return Some(Opened { item: Arc::clone(closed), unreadable: false });
        }
        let opened = opener.open(stored);
        let Item { standing, session, hidden, .. } = **closed;
        let item = Item { event: opened.event, standing, session, hidden };
        Some(Opened { item: Arc::new(item), unreadable: opened.unreadable > 0 })
    };
    Ok(items.iter().zip(records).map(open).collect())
}

#[derive(Debug, Clone)]
struct ByBytes;

impl Weighter<Position, Opened> for ByBytes {
    fn weight(&self, _position: &Position, opened: &Opened) -> u64 {
        let event = &opened.item.event;
        (ITEM_BYTES + event.data.len() + event.metadata.len()) as u64
    }
}
