//! Full blocks, those that were used last, within a bound of bytes.

use std::sync::Arc;

use parking_lot::Mutex;
use quick_cache::sync::{Cache, DefaultLifecycle};
use quick_cache::{OptionsBuilder, Weighter};
use rustc_hash::FxBuildHasher;

use super::{Block, FeedError};
use crate::limits::{BLOCK_POSITIONS, ITEM_BYTES};

/// Blocks by their number.
pub(super) struct Blocks(Cache<u64, Arc<Block>, ByBytes, FxBuildHasher>);

impl Blocks {
    pub fn new(bytes: usize) -> Self {
        let expected = (bytes / (ITEM_BYTES * BLOCK_POSITIONS as usize)).max(16);
        Self(bounded(bytes, expected, ByBytes))
    }

    pub fn has(&self, number: u64) -> bool {
        self.0.contains_key(&number)
    }

    /// A block; where it is missing, one of those who ask loads it, and the others wait.
    pub async fn get(
        &self,
        number: u64,
        load: impl Future<Output = Result<Arc<Block>, FeedError>>,
    ) -> Result<Arc<Block>, FeedError> {
        self.0.get_or_insert_async(&number, load).await
    }

    /// Takes out the blocks before this one.
    pub fn take_before(&self, number: u64) -> Vec<Arc<Block>> {
        let taken = Mutex::new(Vec::new());
        self.0.retain(|known, block| {
            let stays = *known >= number;
            if !stays {
                taken.lock().push(Arc::clone(block));
            }
            stays
        });
        taken.into_inner()
    }

    pub fn clear(&self) {
        self.0.clear();
    }
}

#[derive(Debug, Clone)]
struct ByBytes;

impl Weighter<u64, Arc<Block>> for ByBytes {
    fn weight(&self, _number: &u64, block: &Arc<Block>) -> u64 {
        block.bytes() as u64
    }
}

/// A cache within a bound of bytes. In one piece, since each piece would have a share of the bound, and single values may be large.
pub(super) fn bounded<V: Clone, W: Weighter<u64, V> + Clone>(
    bytes: usize,
    expected: usize,
    weighter: W,
) -> Cache<u64, V, W, FxBuildHasher> {
    let options =
        OptionsBuilder::new().shards(1).estimated_items_capacity(expected).weight_capacity(bytes as u64).build();
    match options {
        Ok(options) => Cache::with_options(options, weighter, FxBuildHasher, DefaultLifecycle::default()),
        Err(_) => Cache::with(expected, bytes as u64, weighter, FxBuildHasher, DefaultLifecycle::default()),
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    #[test]
    fn blocks_that_were_passed_go() {
        let blocks = Blocks::new(1 << 20);
        for number in 0..5 {
            let load = async { Ok(Arc::new(Block::empty(number * BLOCK_POSITIONS))) };
            blocks.get(number, load).now_or_never().unwrap().unwrap();
        }
        assert_eq!(blocks.take_before(3).len(), 3);
        assert_eq!((0..5).map(|number| blocks.has(number)).collect::<Vec<_>>(), [false, false, false, true, true]);
        assert_eq!(blocks.take_before(0).len(), 0);
    }
}
