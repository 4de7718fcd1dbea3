//! The right edge of a growing tree: all that is needed of it to add leaves, and to say its root.

use crate::hash::{EMPTY_ROOT, Hash, perfect_hash};
use crate::tile::{TILE_WIDTH, Tile, TileName, edge_root, partial_tiles};

/// The partial tiles of a tree. A tree of any size has at most eight, so this takes at most 64 KiB.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Edge {
    size: u64,
    /// The hashes of the partial tile of each level, the lowest first.
    levels: Vec<Vec<Hash>>,
}

impl Edge {
    /// That of a tree without leaves.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// That of a tree of this size, from its partial tiles. Nothing where one is missing or has another width.
    pub fn from_tiles<E>(
        size: u64,
        mut tile: impl FnMut(TileName) -> Result<Option<Tile>, E>,
    ) -> Result<Option<Self>, E> {
        let mut levels = Vec::new();
        for name in partial_tiles(size) {
            let Some(tile) = tile(name)?.filter(|tile| tile.hashes().len() == usize::from(name.width)) else {
                return Ok(None);
            };
            levels.resize_with(usize::from(name.level), Vec::new);
            levels.push(tile.hashes().to_vec());
        }
        Ok(Some(Self { size, levels }))
    }

    /// How many leaves the tree has.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Adds a leaf. Every tile that becomes full is given to `full`, the lowest first.
    pub fn push<E>(&mut self, leaf: Hash, mut full: impl FnMut(TileName, &Tile) -> Result<(), E>) -> Result<(), E> {
        self.size += 1;
        let mut hash = leaf;
        for level in 0.. {
            if self.levels.len() == level {
                self.levels.push(Vec::with_capacity(TILE_WIDTH as usize));
            }
            let hashes = &mut self.levels[level];
            hashes.push(hash);
            if (hashes.len() as u64) < TILE_WIDTH {
                break;
            }
            let tile = Tile::new(std::mem::replace(hashes, Vec::with_capacity(TILE_WIDTH as usize)));
            hash = perfect_hash(tile.hashes());
            let level = level as u8;
            let index = crate::tile::hashes_at(level, self.size) / TILE_WIDTH - 1;
            full(TileName::full(level, index), &tile)?;
        }
        Ok(())
    }

    /// The partial tiles, from the lowest level up.
    pub fn tiles(&self) -> impl Iterator<Item = (TileName, &[Hash])> {
        partial_tiles(self.size)
            .filter_map(|name| self.levels.get(usize::from(name.level)).map(|hashes| (name, hashes.as_slice())))
    }

    /// The root of the tree.
    #[must_use]
    pub fn root(&self) -> Hash {
        edge_root(self.levels.iter().map(Vec::as_slice)).unwrap_or(EMPTY_ROOT)
    }
}
