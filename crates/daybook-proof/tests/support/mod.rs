//! What the tests of the proof share.
#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::panic,
    reason = "not every test uses all of it; in tests a panic is a finding"
)]

pub mod place;
pub mod segments;

use std::collections::BTreeMap;
use std::convert::Infallible;

use daybook_proof::edge::Edge;
use daybook_proof::hash::{Hash, leaf_hash};
use daybook_proof::tile::{Tile, TileName};
use daybook_proof::tree::Tiles;

/// The leaf with this index.
pub fn leaf(index: u64) -> Hash {
    leaf_hash(format!("entry {index}").as_bytes())
}

/// So many leaves.
pub fn leaves(count: u64) -> Vec<Hash> {
    (0..count).map(leaf).collect()
}

/// Tiles in memory. One that is asked for and is not there is an error of the test.
#[derive(Debug, Clone, Default)]
pub struct MemoryTiles(BTreeMap<TileName, Tile>);

impl MemoryTiles {
    pub fn put(&mut self, name: TileName, tile: Tile) {
        self.0.insert(name, tile);
    }

    pub fn get(&self, name: TileName) -> Option<Tile> {
        self.0.get(&name).cloned()
    }

    pub fn full_at(&self, level: u8) -> usize {
        self.0.keys().filter(|name| name.level == level && name.is_full()).count()
    }
}

impl Tiles for MemoryTiles {
    type Error = Infallible;

    fn tile(&mut self, name: TileName) -> Result<Tile, Infallible> {
        Ok(self.0.get(&name).unwrap_or_else(|| panic!("there is no {name}")).clone())
    }
}

/// The tiles of the tree of the first `size` of these leaves, and no others.
pub fn tiles_of(leaves: &[Hash], size: u64) -> MemoryTiles {
    let (mut edge, mut tiles) = (Edge::new(), MemoryTiles::default());
    for leaf in &leaves[..size as usize] {
        let full = |name, tile: &Tile| {
            tiles.put(name, tile.clone());
            Ok::<_, Infallible>(())
        };
        edge.push(*leaf, full).unwrap();
    }
    for (name, hashes) in edge.tiles() {
        tiles.put(name, Tile::new(hashes.to_vec()));
    }
    tiles
}
