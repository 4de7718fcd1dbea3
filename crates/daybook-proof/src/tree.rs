//! Roots and proofs of trees whose tiles are at hand, and what verifies them without any.
//!
//! A proof is made of a tree of any size up to that of the tiles: RFC 6962, sections 2.1.1 and 2.1.2. It is verified by the
//! algorithms of RFC 9162, sections 2.1.3.2 and 2.1.4.2, which need no recursion.

use std::ops::Range;

use crate::hash::{EMPTY_ROOT, Hash, node_hash};
use crate::limits::PROOF_HASHES_MAX;
use crate::tile::{TILE_HEIGHT, TILE_WIDTH, Tile, TileName, width_at};

/// Where tiles come from.
pub trait Tiles {
    /// Why a tile cannot be had.
    type Error;

    /// The hashes of a tile, as many as its name says.
    ///
    /// # Errors
    /// Where it cannot be had.
    fn tile(&mut self, name: TileName) -> Result<Tile, Self::Error>;
}

/// Why there is no root, or no proof.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TreeError<E> {
    /// A tile cannot be had.
    #[error(transparent)]
    Tile(#[from] E),
    /// There is no such leaf, or no such smaller tree.
    #[error("a tree of {size} leaves has no {asked}")]
    Range {
        /// The size of the tree.
        size: u64,
        /// The index of the leaf, or the size of the smaller tree.
        asked: u64,
    },
}

/// A proof does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// There is no such leaf in a tree of this size, or the smaller tree is not smaller.
    #[error("the proof is of a leaf or a tree beyond the tree")]
    Range,
    /// It has more hashes than the sizes need, or fewer.
    #[error("the proof has another length than it must have")]
    Length,
    /// The hashes do not lead to the root.
    #[error("the proof does not lead to the root")]
    Root,
}

/// The root of the tree of the first `size` leaves.
///
/// # Errors
/// Where a tile cannot be had.
pub fn root<T: Tiles>(tiles: &mut T, size: u64) -> Result<Hash, T::Error> {
    if size == 0 { Ok(EMPTY_ROOT) } else { range_hash(tiles, 0..size, size) }
}

/// The hashes that prove that the leaf with this index is in the tree of the first `size` leaves.
///
/// # Errors
/// [`TreeError`].
pub fn inclusion_proof<T: Tiles>(tiles: &mut T, index: u64, size: u64) -> Result<Vec<Hash>, TreeError<T::Error>> {
    if index >= size {
        return Err(TreeError::Range { size, asked: index });
    }
    let mut proof = Vec::new();
    let mut range = 0..size;
    // From the root down; a proof is written from the leaf up.
    while range.end - range.start > 1 {
        let middle = range.start + split(range.end - range.start);
        let (here, there) = if index < middle {
            (range.start..middle, middle..range.end)
        } else {
            (middle..range.end, range.start..middle)
        };
        proof.push(range_hash(tiles, there, size)?);
        range = here;
    }
    proof.reverse();
    Ok(proof)
}

/// The hashes that prove that the tree of the first `size` leaves begins with that of the first `smaller`.
///
/// # Errors
/// [`TreeError`].
pub fn consistency_proof<T: Tiles>(tiles: &mut T, smaller: u64, size: u64) -> Result<Vec<Hash>, TreeError<T::Error>> {
    if smaller > size {
        return Err(TreeError::Range { size, asked: smaller });
    }
    let mut proof = Vec::new();
    if smaller == 0 || smaller == size {
        return Ok(proof);
    }
    let mut range = 0..size;
    let mut whole = true;
    while smaller < range.end {
        let middle = range.start + split(range.end - range.start);
        if smaller <= middle {
            proof.push(range_hash(tiles, middle..range.end, size)?);
            range = range.start..middle;
        } else {
            proof.push(range_hash(tiles, range.start..middle, size)?);
            range = middle..range.end;
            whole = false;
        }
    }
    if !whole {
        proof.push(range_hash(tiles, range, size)?);
    }
    proof.reverse();
    Ok(proof)
}

/// Checks that a leaf is in a tree.
///
/// # Errors
/// [`ProofError`].
pub fn verify_inclusion(leaf: &Hash, index: u64, size: u64, root: &Hash, proof: &[Hash]) -> Result<(), ProofError> {
    if index >= size {
        return Err(ProofError::Range);
    }
    let (mut at, mut last) = (index, size - 1);
    let mut hash = *leaf;
    for sibling in proof {
        if last == 0 {
            return Err(ProofError::Length);
        }
        if at & 1 == 1 || at == last {
            hash = node_hash(sibling, &hash);
            while at & 1 == 0 && at != 0 {
                at >>= 1;
                last >>= 1;
            }
        } else {
            hash = node_hash(&hash, sibling);
        }
        at >>= 1;
        last >>= 1;
    }
    match (last, hash == *root) {
        (0, true) => Ok(()),
        (0, false) => Err(ProofError::Root),
        _ => Err(ProofError::Length),
    }
}

/// Checks that a tree begins with a smaller one. Every tree begins with the empty one, and with itself.
///
/// # Errors
/// [`ProofError`].
pub fn verify_consistency(
    smaller: u64,
    smaller_root: &Hash,
    size: u64,
    root: &Hash,
    proof: &[Hash],
) -> Result<(), ProofError> {
    if smaller > size {
        return Err(ProofError::Range);
    }
    if smaller == size || smaller == 0 {
        let expected = if smaller == 0 { &EMPTY_ROOT } else { root };
        return match (proof.is_empty(), smaller_root == expected) {
            (false, _) => Err(ProofError::Length),
            (true, false) => Err(ProofError::Root),
            (true, true) => Ok(()),
        };
    }
    // A smaller tree that is perfect is a node of the larger, and its root is not written.
    let mut rest = proof.iter();
    let first = if smaller.is_power_of_two() { smaller_root } else { rest.next().ok_or(ProofError::Length)? };
    let (mut at, mut last) = (smaller - 1, size - 1);
    while at & 1 == 1 {
        at >>= 1;
        last >>= 1;
    }
    let (mut of_smaller, mut of_larger) = (*first, *first);
    for hash in rest {
        if last == 0 {
            return Err(ProofError::Length);
        }
        if at & 1 == 1 || at == last {
            of_smaller = node_hash(hash, &of_smaller);
            of_larger = node_hash(hash, &of_larger);
            while at & 1 == 0 && at != 0 {
                at >>= 1;
                last >>= 1;
            }
        } else {
            of_larger = node_hash(&of_larger, hash);
        }
        at >>= 1;
        last >>= 1;
    }
    match (last, of_smaller == *smaller_root && of_larger == *root) {
        (0, true) => Ok(()),
        (0, false) => Err(ProofError::Root),
        _ => Err(ProofError::Length),
    }
}

/// Where a tree of this many leaves, more than one, is divided: the largest power of two below.
const fn split(leaves: u64) -> u64 {
    1 << (leaves - 1).ilog2()
}

/// The hash over a range of leaves that the tree of `size` leaves has as a node.
fn range_hash<T: Tiles>(tiles: &mut T, range: Range<u64>, size: u64) -> Result<Hash, T::Error> {
    let leaves = range.end - range.start;
    if leaves.is_power_of_two() {
        return node(tiles, range.start, leaves.ilog2(), size);
    }
    let middle = range.start + split(leaves);
    let left = range_hash(tiles, range.start..middle, size)?;
    let right = range_hash(tiles, middle..range.end, size)?;
    Ok(node_hash(&left, &right))
}

/// The hash of the perfect tree over 2^height leaves from `begin` on.
fn node<T: Tiles>(tiles: &mut T, begin: u64, height: u32, size: u64) -> Result<Hash, T::Error> {
    let level = (height / TILE_HEIGHT) as u8;
    let place = begin >> (u32::from(level) * TILE_HEIGHT);
    let (index, at) = (place / TILE_WIDTH, (place % TILE_WIDTH) as usize);
    let width = width_at(level, index, size);
    let tile = tiles.tile(TileName { level, index, width })?;
    let found = tile.node(at, 1 << (height % TILE_HEIGHT));
    debug_assert!(found.is_some(), "a tile is as wide as the size says");
    // Whoever gives a tile that is too narrow gets a root that nobody signed.
    Ok(found.unwrap_or(EMPTY_ROOT))
}

const _: () = assert!(PROOF_HASHES_MAX > u64::BITS as usize);
