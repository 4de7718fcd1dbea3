//! The log as consumers see it: read, decoded and opened once for all of them.

mod block;
mod cache;
mod opened;

use std::num::NonZero;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arc_swap::ArcSwap;
use daybook_event::{Kind, Position, stored};
use daybook_log::{Filter, Log, ReadLimit};
use daybook_privacy::Vault;
use tokio::sync::{Mutex, Semaphore};

use crate::Item;
use crate::limits::{BLOCK_POSITIONS, OPENED_SHARE};
use cache::Blocks;
use opened::OpenedItems;

pub(crate) use block::{Block, Entry, Selection};
pub(crate) use opened::Opened;

/// The log cannot be read, or what is sealed not be looked up.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum FeedError {
    #[error("the log cannot be read: {0}")]
    Log(String),
    #[error("the vault does not answer: {0}")]
    Vault(String),
}

/// Reads for all consumers.
pub(crate) struct Feed {
    log: Log,
    vault: Vault,
    blocks: Blocks,
    /// The newest block, which is not full yet; replaced by a longer one.
    tail: ArcSwap<Block>,
    extending: Mutex<()>,
    opened: OpenedItems,
    /// What may read and decode at the same time.
    readers: Semaphore,
    /// The last block that was read before anybody asked.
    ahead: AtomicU64,
}

impl Feed {
    pub fn new(log: Log, vault: Vault, cache_bytes: usize) -> Self {
        let opened_bytes = cache_bytes / OPENED_SHARE;
        let readers = std::thread::available_parallelism().map_or(2, NonZero::get).max(2);
        Self {
            log,
            vault,
            blocks: Blocks::new(cache_bytes - opened_bytes),
            tail: ArcSwap::from_pointee(Block::empty(0)),
            extending: Mutex::default(),
            opened: OpenedItems::new(opened_bytes),
            readers: Semaphore::new(readers),
            ahead: AtomicU64::new(0),
        }
    }

    pub fn log(&self) -> &Log {
        &self.log
    }

    /// The block in which the position behind `after` is, at least as far as `head`, which is behind `after` and durable.
    pub async fn block(self: &Arc<Self>, after: Position, head: Position) -> Result<Arc<Block>, FeedError> {
        let number = after / BLOCK_POSITIONS;
        let end = (number + 1) * BLOCK_POSITIONS;
        if head < end {
            return self.tail(number * BLOCK_POSITIONS, head).await;
        }
        if end + BLOCK_POSITIONS <= head {
            self.read_ahead(number + 1);
        }
        self.full(number).await
    }

    /// The event at a position, as everybody may see it; nothing where there is none any more.
    pub async fn item(self: &Arc<Self>, position: Position, head: Position) -> Result<Option<Entry>, FeedError> {
        let Some(after) = position.checked_sub(1).filter(|_| position <= head) else { return Ok(None) };
        Ok(self.block(after, head).await?.at(position).cloned())
    }

    /// Events with what is sealed in them put back, as far as it opens; nothing for those that are gone meanwhile.
    pub async fn open(&self, app: &str, items: &[Arc<Item>]) -> Result<Vec<Option<Opened>>, FeedError> {
        self.opened.open(&self.log, &self.vault, app, items).await
    }

    /// Lets go of what lies before a position that everybody has passed: nobody is likely to ask for it, and its room is taken again
    /// while it is at hand.
    pub fn passed(&self, position: Position) {
        let passed = self.blocks.take_before(position / BLOCK_POSITIONS);
        if !passed.is_empty() {
            // A block has thousands of texts to be freed.
            tokio::task::spawn_blocking(move || drop(passed));
        }
    }

    /// Lets go of everything that was opened. What is being opened now is not kept.
    pub fn forget_opened(&self) {
        self.opened.forget();
    }

    /// Lets go of everything.
    pub fn forget_all(&self) {
        self.forget_opened();
        self.blocks.clear();
        self.tail.store(Arc::new(Block::empty(0)));
    }

    async fn full(&self, number: u64) -> Result<Arc<Block>, FeedError> {
        let start = number * BLOCK_POSITIONS;
        let load = async {
            let tail = self.tail.load_full();
            let begun = if tail.after == start { (*tail).clone() } else { Block::empty(start) };
            self.read(begun, start + BLOCK_POSITIONS).await.map(Arc::new)
        };
        self.blocks.get(number, load).await
    }

    async fn tail(&self, start: Position, head: Position) -> Result<Arc<Block>, FeedError> {
        let fits = |tail: &Arc<Block>| tail.after == start && tail.through >= head;
        let tail = self.tail.load_full();
        if fits(&tail) {
            return Ok(tail);
        }
        let _one = self.extending.lock().await;
        let tail = self.tail.load_full();
        if fits(&tail) {
            return Ok(tail);
        }
        let begun = if tail.after == start { (*tail).clone() } else { Block::empty(start) };
        let longer = Arc::new(self.read(begun, head).await?);
        // Somebody whose head is older must not take away what is newer.
        if longer.through > tail.through {
            self.tail.store(Arc::clone(&longer));
        }
        Ok(longer)
    }

    /// Reads a block before it is asked for; consumers that catch up need not wait for it then.
    fn read_ahead(self: &Arc<Self>, number: u64) {
        if self.ahead.swap(number, Ordering::Relaxed) == number || self.blocks.has(number) {
            return;
        }
        let feed = Arc::clone(self);
        tokio::spawn(async move {
            // Whoever needs it is told.
            let _ = feed.full(number).await;
        });
    }

    /// Reads a block on to a position.
    async fn read(&self, block: Block, through: Position) -> Result<Block, FeedError> {
        let stopped = |error: &dyn std::fmt::Display| FeedError::Log(error.to_string());
        let _permit = self.readers.acquire().await.map_err(|error| stopped(&error))?;
        let log = self.log.clone();
        let read = tokio::task::spawn_blocking(move || read_on(&log, block, through));
        read.await.map_err(|error| stopped(&error))?
    }
}

fn read_on(log: &Log, mut block: Block, through: Position) -> Result<Block, FeedError> {
    let filter = Filter { hidden: true, ..Filter::default() };
    while block.through < through {
        let wanted = usize::try_from(through - block.through).unwrap_or(usize::MAX);
        let limit = ReadLimit { records: wanted, ..ReadLimit::default() };
        let page = log.read(block.through, limit, &filter).map_err(|error| FeedError::Log(error.to_string()))?;
        if page.next <= block.through {
            return Err(FeedError::Log(format!("it ends before position {through}")));
        }
        for record in page.records.iter().take_while(|record| record.position <= through) {
            let stored::Closed { event, standing, session } = stored::decode_closed(&record.bytes, record.position)
                .map_err(|error| FeedError::Log(format!("position {}: {error}", record.position)))?;
            let hidden = event.kind == Kind::DailyCount;
            block.push(Entry {
                item: Arc::new(Item { event, standing, session, hidden }),
                stored_bytes: record.bytes.len(),
            });
        }
        block.through = page.next.min(through);
    }
    Ok(block)
}
