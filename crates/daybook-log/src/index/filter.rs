//! The filter of a run: which keys are certainly not in it, for one look at one cache line. Layout in
//! `docs/log-format.md`. A blocked Bloom filter after Putze, Sanders and Singler, "Cache-, Hash- and Space-Efficient
//! Bloom Filters" (2007); the block follows from a key's place in the order, so a run and its filter are written in
//! one pass.

use daybook_event::record::RecordKey;

use super::table::{high, low};
use crate::frame::u64_at;
use crate::limits::INDEX_FILTER_BITS_PER_ID;

/// Length of a block.
pub(crate) const BLOCK_BYTES: usize = 64;
const BLOCK_WORDS: usize = BLOCK_BYTES / 8;
const BITS_PER_KEY: u32 = 7;
const BIT_NUMBER_BITS: u32 = 9;

const _: () = assert!(1 << BIT_NUMBER_BITS == BLOCK_BYTES * 8 && BITS_PER_KEY * BIT_NUMBER_BITS <= 64);

/// Part of a filter.
pub(crate) type Block = [u64; BLOCK_WORDS];

/// How many blocks the filter of so many keys has.
pub(crate) fn blocks(keys: u64) -> u64 {
    (keys * INDEX_FILTER_BITS_PER_ID).div_ceil(BLOCK_BYTES as u64 * 8).max(1)
}

/// The block that a key belongs to.
pub(crate) fn block_of(key: &RecordKey, blocks: u64) -> u64 {
    scale(high(key), blocks)
}

/// Enters a key into its block.
pub(crate) fn insert(block: &mut Block, key: &RecordKey) {
    for (word, bits) in block.iter_mut().zip(mask(key)) {
        *word |= bits;
    }
}

/// A key that many filters are asked about.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Probe {
    high: u64,
    mask: Block,
}

impl Probe {
    pub(crate) fn new(key: &RecordKey) -> Self {
        Self { high: high(key), mask: mask(key) }
    }

    /// The number of its block among so many.
    pub(crate) fn block(&self, blocks: u64) -> u64 {
        scale(self.high, blocks)
    }

    /// Whether the key may have been entered into this, its block.
    pub(crate) fn may_be_in(&self, block: &Block) -> bool {
        // Without branches: the compiler makes a few wide instructions of it.
        self.mask.iter().zip(block).fold(0, |missing, (mask, word)| missing | (mask & !word)) == 0
    }
}

/// A block from its bytes.
pub(crate) fn decode(bytes: &[u8]) -> Block {
    std::array::from_fn(|word| u64_at(bytes, word * 8))
}

/// Appends the bytes of a block.
pub(crate) fn encode(block: &Block, out: &mut Vec<u8>) {
    for word in block {
        out.extend_from_slice(&word.to_le_bytes());
    }
}

/// Where `number` lies when all of its range is divided into `parts`.
pub(crate) fn scale(number: u64, parts: u64) -> u64 {
    ((u128::from(number) * u128::from(parts)) >> 64) as u64
}

/// The bits of a key in its block.
fn mask(key: &RecordKey) -> Block {
    let (low, mut mask) = (low(key), Block::default());
    for probe in 0..BITS_PER_KEY {
        let bit = (low >> (probe * BIT_NUMBER_BITS)) & (BLOCK_BYTES as u64 * 8 - 1);
        mask[(bit / 64) as usize] |= 1 << (bit % 64);
    }
    mask
}
