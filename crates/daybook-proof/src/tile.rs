//! Tiles: which there are, how they are called, and where in them a hash of the tree stands. C2SP tlog-tiles.

use std::fmt;

use crate::hash::{HASH_BYTES, Hash, node_hash, perfect_hash};

/// Hashes of a full tile.
pub const TILE_WIDTH: u64 = 256;
/// Levels of the tree that one level of tiles stands for.
pub const TILE_HEIGHT: u32 = 8;
/// Bytes of a full tile.
pub const TILE_BYTES: usize = TILE_WIDTH as usize * HASH_BYTES;
/// Levels of tiles that a tree of up to 2⁶⁴ leaves has.
pub const TILE_LEVELS: u8 = 8;

/// The name of a tile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TileName {
    /// Its level; leaves are at 0.
    pub level: u8,
    /// Its place in the level.
    pub index: u64,
    /// How many hashes it has, 1 to 256.
    pub width: u16,
}

impl TileName {
    /// A full tile.
    #[must_use]
    pub const fn full(level: u8, index: u64) -> Self {
        Self { level, index, width: TILE_WIDTH as u16 }
    }

    /// Whether it has all its hashes, and so never changes.
    #[must_use]
    pub const fn is_full(&self) -> bool {
        self.width as u64 == TILE_WIDTH
    }

    /// The same tile when it has all its hashes.
    #[must_use]
    pub const fn filled(&self) -> Self {
        Self::full(self.level, self.index)
    }

    /// The tile that has the hash of this one in it, when this one is full, and where.
    #[must_use]
    pub const fn parent(&self) -> (u8, u64, usize) {
        (self.level + 1, self.index / TILE_WIDTH, (self.index % TILE_WIDTH) as usize)
    }

    /// Reads the path of a tile: `tile/<L>/<N>[.p/<W>]`. Nothing where it is not written exactly so.
    #[must_use]
    pub fn parse(path: &str) -> Option<Self> {
        let (level, rest) = path.strip_prefix("tile/")?.split_once('/')?;
        let (path, width) = match rest.split_once(".p/") {
            Some((path, width)) => (path, number(width, 3).filter(|width| (1..TILE_WIDTH).contains(width))? as u16),
            None => (rest, TILE_WIDTH as u16),
        };
        let level = number(level, 2).filter(|level| *level < 64)? as u8;
        let mut index = 0_u64;
        let mut elements = path.split('/').peekable();
        let mut first = true;
        while let Some(element) = elements.next() {
            let digits = match elements.peek() {
                Some(_) => element.strip_prefix('x')?,
                None => element,
            };
            if digits.len() != 3 || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
                return None;
            }
            // No group of nothing but zeros stands in front.
            if first && elements.peek().is_some() && digits == "000" {
                return None;
            }
            first = false;
            index = index.checked_mul(1_000)?.checked_add(digits.parse().ok()?)?;
        }
        Some(Self { level, index, width })
    }
}

/// The path of the tile below the prefix of the log.
impl fmt::Display for TileName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "tile/{}/", self.level)?;
        write_index(formatter, self.index)?;
        if self.is_full() { Ok(()) } else { write!(formatter, ".p/{}", self.width) }
    }
}

fn write_index(formatter: &mut fmt::Formatter<'_>, index: u64) -> fmt::Result {
    let mut power = 1_000_u64;
    while index / power >= 1_000 {
        power *= 1_000;
    }
    while index >= 1_000 && power >= 1_000 {
        write!(formatter, "x{:03}/", index / power % 1_000)?;
        power /= 1_000;
    }
    write!(formatter, "{:03}", index % 1_000)
}

/// A decimal number without leading zeros.
fn number(text: &str, digits_max: usize) -> Option<u64> {
    let plain = !text.is_empty() && text.len() <= digits_max && text.bytes().all(|byte| byte.is_ascii_digit());
    (plain && (text == "0" || !text.starts_with('0'))).then(|| text.parse().ok())?
}

/// How many hashes the tiles of a level have together in a tree of this size.
#[must_use]
pub const fn hashes_at(level: u8, size: u64) -> u64 {
    let shift = level as u32 * TILE_HEIGHT;
    if shift >= u64::BITS { 0 } else { size >> shift }
}

/// The width that a tile has in a tree of this size; 0 where there is none.
#[must_use]
pub const fn width_at(level: u8, index: u64, size: u64) -> u16 {
    let left = hashes_at(level, size).saturating_sub(index.saturating_mul(TILE_WIDTH));
    if left > TILE_WIDTH { TILE_WIDTH as u16 } else { left as u16 }
}

/// The partial tiles of a tree of this size, from the lowest level up.
pub fn partial_tiles(size: u64) -> impl Iterator<Item = TileName> {
    (0..TILE_LEVELS).filter_map(move |level| {
        let hashes = hashes_at(level, size);
        let width = (hashes % TILE_WIDTH) as u16;
        (width > 0).then_some(TileName { level, index: hashes / TILE_WIDTH, width })
    })
}

/// The hashes of a tile.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tile(Vec<Hash>);

impl Tile {
    /// Of these hashes, 1 to 256.
    #[must_use]
    pub fn new(hashes: Vec<Hash>) -> Self {
        debug_assert!(hashes.len() as u64 <= TILE_WIDTH);
        Self(hashes)
    }

    /// Reads a tile's bytes, which must be this many hashes. A wider tile may be given: then it is cut.
    #[must_use]
    pub fn read(bytes: &[u8], width: u16) -> Option<Self> {
        let (hashes, rest) = bytes.as_chunks::<HASH_BYTES>();
        if !rest.is_empty() || hashes.len() as u64 > TILE_WIDTH {
            return None;
        }
        hashes.get(..width.into()).filter(|hashes| !hashes.is_empty()).map(|hashes| Self(hashes.to_vec()))
    }

    /// Its bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        self.0.as_flattened()
    }

    /// Its hashes.
    #[must_use]
    pub fn hashes(&self) -> &[Hash] {
        &self.0
    }

    /// The hash of the tree over it, which must be full.
    #[must_use]
    pub fn full_hash(&self) -> Hash {
        debug_assert_eq!(self.0.len() as u64, TILE_WIDTH);
        perfect_hash(&self.0)
    }

    /// The hash of the perfect tree over the hashes from `begin` on, `count` of them, a power of two.
    #[must_use]
    pub fn node(&self, begin: usize, count: usize) -> Option<Hash> {
        self.0.get(begin..begin.checked_add(count)?).map(perfect_hash)
    }
}

/// The root of a tree from its partial tiles: those of [`partial_tiles`], from the lowest level up.
#[must_use]
pub fn edge_root<'a>(partial: impl Iterator<Item = &'a [Hash]>) -> Option<Hash> {
    let mut root: Option<Hash> = None;
    for hashes in partial {
        // The perfect trees that a number of leaves falls into, the smallest last.
        let mut end = hashes.len();
        while end > 0 {
            let count = 1 << end.trailing_zeros();
            let node = perfect_hash(&hashes[end - count..end]);
            root = Some(root.map_or(node, |right| node_hash(&node, &right)));
            end -= count;
        }
    }
    root
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn paths_are_those_of_the_document() {
        let check = |level, index, width, path: &str| {
            let name = TileName { level, index, width };
            assert_eq!(name.to_string(), path);
            assert_eq!(TileName::parse(path), Some(name));
        };
        check(0, 0, 256, "tile/0/000");
        check(0, 1_234_067, 256, "tile/0/x001/x234/067");
        check(0, 273, 112, "tile/0/273.p/112");
        check(1, 1, 17, "tile/1/001.p/17");
        check(2, 0, 1, "tile/2/000.p/1");
        check(7, 1_000, 256, "tile/7/x001/000");
        check(63, u64::MAX, 255, "tile/63/x018/x446/x744/x073/x709/x551/615.p/255");
        for wrong in [
            "tile/0/0",
            "tile/0/00",
            "tile/0/0000",
            "tile/00/000",
            "tile/64/000",
            "tile/0/x000/001",
            "tile/0/001/001",
            "tile/0/x001",
            "tile/0/000.p/0",
            "tile/0/000.p/256",
            "tile/0/000.p/01",
            "tile/0/000.p/",
            "tile/0/000.p",
            "tile/0/",
            "tile/0",
            "tile//000",
            "/tile/0/000",
            "tile/0/000/",
            "tile/0/-01",
            "tile/+1/000",
            "tile/0/x018/x446/x744/x073/x709/x551/616",
            "tile/0/x1/x000/000",
            "tile/entries/000",
        ] {
            assert_eq!(TileName::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_tree_of_seventy_thousand_has_the_tiles_of_the_document() {
        let partial: Vec<_> = partial_tiles(70_000).map(|tile| tile.to_string()).collect();
        assert_eq!(partial, ["tile/0/273.p/112", "tile/1/001.p/17", "tile/2/000.p/1"]);
        assert_eq!((hashes_at(0, 70_000) / 256, hashes_at(1, 70_000) / 256, hashes_at(2, 70_000) / 256), (273, 1, 0));
        let partial: Vec<_> = partial_tiles(256).map(|tile| tile.to_string()).collect();
        assert_eq!(partial, ["tile/1/000.p/1"]);
        assert_eq!((width_at(0, 0, 256), width_at(0, 1, 256), width_at(0, 0, 3), width_at(9, 0, 1)), (256, 0, 3, 0));
        assert_eq!(partial_tiles(0).count(), 0);
        assert_eq!(TileName::full(0, 258).parent(), (1, 1, 2));
    }

    proptest! {
        #[test]
        fn every_name_is_read_back(level in 0_u8..64, index: u64, width in 1_u16..=256) {
            let name = TileName { level, index, width };
            prop_assert_eq!(TileName::parse(&name.to_string()), Some(name));
        }

        #[test]
        fn no_path_harms(path in "tile/[0-9]{1,3}/[x0-9/.p]{0,40}") {
            if let Some(name) = TileName::parse(&path) {
                prop_assert_eq!(name.to_string(), path);
            }
        }
    }

    #[test]
    fn tiles_are_cut_and_never_stretched() {
        let bytes: Vec<u8> = (0..96).collect();
        assert_eq!(Tile::read(&bytes, 3).unwrap().bytes(), bytes);
        assert_eq!(Tile::read(&bytes, 2).unwrap().bytes(), &bytes[..64]);
        assert!(
            Tile::read(&bytes, 4).is_none() && Tile::read(&bytes[..95], 2).is_none() && Tile::read(&[], 0).is_none()
        );
        assert!(Tile::read(&vec![0; TILE_BYTES + 32], 256).is_none());
    }
}
