//! The log from its first record to its last, and the tree over it, beside the tiles.

use std::convert::Infallible;
use std::ops::Range;

use daybook_event::{Kind, Position, stored};
use daybook_log::scan::{Damage, Scan, ScanError, ScannedRecord};

use super::snapshot::Snapshot;
use super::{Finding, Findings, Progress, codes};
use crate::edge::Edge;
use crate::hash::{EMPTY_ROOT, Hash, leaf_hash};
use crate::limits::FINDINGS_MAX;
use crate::store::{Store, TileError};
use crate::tile::{Tile, TileName, hashes_at, width_at};

/// What a pass over the log gave.
#[derive(Debug)]
pub(super) struct Replay<'a> {
    store: &'a Store,
    /// The tiles that are there, in order.
    tiles: &'a [TileName],
    /// Every tile of a tree of this size must be there.
    required: u64,
    /// The sizes at which the root is wanted, in order.
    sizes: Vec<u64>,
    pub(super) edge: Edge,
    /// The roots at those sizes that were reached.
    pub(super) roots: Vec<(u64, Hash)>,
    pub(super) compacted: Option<(u64, Position)>,
    pub(super) compared: u64,
    /// Tiles that are not those of the records.
    pub(super) differing: Vec<Differing>,
    pub(super) differing_left_out: u64,
    pub(super) damage: Option<Damage>,
    pub(super) torn_bytes: u64,
    pub(super) findings: Findings,
}

/// A tile that is not that of the records.
#[derive(Debug, Clone)]
pub(super) struct Differing {
    pub(super) name: TileName,
    /// The places in it that differ, from the first to the last.
    pub(super) places: Range<usize>,
}

impl<'a> Replay<'a> {
    pub(super) fn new(store: &'a Store, snapshot: &Snapshot, tiles: &'a [TileName]) -> Self {
        let mut sizes: Vec<u64> = snapshot.claims.iter().map(|claim| claim.checkpoint.size).collect();
        sizes.dedup();
        let roots = sizes.iter().filter(|size| **size == 0).map(|size| (*size, EMPTY_ROOT)).collect();
        sizes.retain(|size| *size > 0);
        sizes.reverse();
        Self {
            store,
            tiles,
            required: snapshot.newest.unwrap_or(0),
            sizes,
            edge: Edge::new(),
            roots,
            compacted: None,
            compared: 0,
            differing: Vec::new(),
            differing_left_out: 0,
            damage: None,
            torn_bytes: 0,
            findings: Findings::default(),
        }
    }

    /// Reads the log to its end, or to where it is damaged.
    pub(super) fn run(&mut self, scan: &mut Scan, progress: &mut dyn FnMut(Progress)) -> Result<(), ScanError> {
        let mut full = Vec::new();
        loop {
            let frame = match scan.next_frame() {
                Ok(Some(frame)) => frame,
                Ok(None) => break,
                Err(ScanError::Damaged(damage)) => {
                    self.damage = Some(damage);
                    break;
                }
                Err(error) => return Err(error),
            };
            for record in frame.records() {
                self.record(&record, &mut full);
            }
            let (bytes_done, bytes_total) = scan.progress();
            progress(Progress { bytes_done, bytes_total, records: self.edge.size() });
        }
        self.torn_bytes = scan.torn_bytes();
        let edge = self.edge.clone();
        for (name, hashes) in edge.tiles() {
            self.compare(name, hashes);
        }
        self.beyond();
        Ok(())
    }

    fn record(&mut self, record: &ScannedRecord<'_>, full: &mut Vec<(TileName, Tile)>) {
        let leaf = if record.compacted {
            let first = self.compacted.map_or(record.position, |(_, first)| first);
            self.compacted = Some((self.compacted.map_or(0, |(count, _)| count) + 1, first));
            record.bytes.try_into().unwrap_or(EMPTY_ROOT)
        } else {
            self.check_heading(record);
            leaf_hash(record.bytes)
        };
        let Ok(()) = self.edge.push(leaf, |name, tile| {
            full.push((name, tile.clone()));
            Ok::<_, Infallible>(())
        });
        for (name, tile) in full.drain(..) {
            self.compare(name, tile.hashes());
        }
        while self.sizes.last().is_some_and(|size| *size <= self.edge.size()) {
            self.sizes.pop();
            self.roots.push((self.edge.size(), self.edge.root()));
        }
    }

    /// Holds what stands beside a record against what the record says: no hash covers the former.
    fn check_heading(&mut self, record: &ScannedRecord<'_>) {
        let position = record.position;
        let Some(heading) = stored::heading(record.bytes) else {
            let message = format!("the bytes of record {position} are no event");
            self.findings.push(Finding::new(codes::EVENT_UNREADABLE, position, message).at(position));
            return;
        };
        let wrong = [
            ("its key in the log", heading.key != record.key),
            ("its digest", heading.digest.is_some_and(|digest| digest != record.digest)),
            ("the app", heading.app != record.app),
            ("its time", heading.time_us != record.time_us),
            ("whether it is in feeds", (heading.kind == Kind::DailyCount) != record.hidden),
        ];
        let wrong: Vec<&str> = wrong.into_iter().filter_map(|(what, wrong)| wrong.then_some(what)).collect();
        if !wrong.is_empty() {
            let message = format!("what stands beside record {position} is not what it says: {}", wrong.join(", "));
            self.findings.push(Finding::new(codes::EVENT_HEADING, position, message).at(position));
        }
    }

    /// Compares a tile of the records, or the beginning of one, with the files.
    fn compare(&mut self, name: TileName, hashes: &[Hash]) {
        let width = width_at(name.level, name.index, self.required);
        let key = |tile: &TileName| (tile.level, tile.index);
        let from = self.tiles.partition_point(|tile| key(tile) < (name.level, name.index));
        let files = self.tiles[from..].iter().take_while(|tile| key(tile) == (name.level, name.index));
        let mut there = false;
        for file in files.copied().collect::<Vec<_>>() {
            there |= file.width == width || file.is_full();
            if usize::from(file.width) > hashes.len() {
                self.stray(file);
                continue;
            }
            let tile = match self.store.tile(file) {
                Ok(tile) => tile,
                // A partial tile goes when the full one is there.
                Err(TileError::Missing(_)) if !file.is_full() => continue,
                Err(error) => {
                    self.tile(codes::TILE_CHANGED, file, error.to_string());
                    continue;
                }
            };
            self.compared += 1;
            let mut differ = (0..tile.hashes().len()).filter(|at| tile.hashes()[*at] != hashes[*at]);
            if let Some(first) = differ.next() {
                let end = differ.next_back().unwrap_or(first) + 1;
                if self.differing.len() < 10 * FINDINGS_MAX {
                    self.differing.push(Differing { name: file, places: first..end });
                } else {
                    self.differing_left_out += 1;
                }
            }
        }
        // What was not there when the list was made may be there now.
        if width > 0 && !there && self.store.tile(TileName { width, ..name }).is_err() {
            let missing = TileName { width, ..name };
            self.tile(codes::TILE_MISSING, missing, format!("{missing} is missing"));
        }
    }

    /// Tiles of records that the log does not have.
    fn beyond(&mut self) {
        if self.damage.is_some() {
            return;
        }
        let size = self.edge.size();
        let tiles = self.tiles;
        for tile in tiles.iter().filter(|tile| hashes_at(tile.level, size) <= tile.index.saturating_mul(256)) {
            self.stray(*tile);
        }
    }

    fn stray(&mut self, tile: TileName) {
        if self.damage.is_none() {
            let message = format!("{tile} has hashes of records that the log does not have");
            let finding = Finding::new(codes::TILE_STRAY, self.edge.size() + 1, message);
            self.findings.push(finding.file(&self.store.tile_path(tile)));
        }
    }

    fn tile(&mut self, code: &'static str, tile: TileName, message: String) {
        self.findings.push(tile_finding(self.store, code, tile, message));
    }
}

/// A finding about a tile, in the order of the records it is of.
pub(super) fn tile_finding(store: &Store, code: &'static str, tile: TileName, message: String) -> Finding {
    let first = first_of(tile, 0);
    Finding::new(code, first, message).file(&store.tile_path(tile))
}

/// The position of the first record that a hash of a tile is of.
pub(super) fn first_of(tile: TileName, place: usize) -> Position {
    let at = u128::from(tile.index) * 256 + place as u128;
    u64::try_from((at << (u32::from(tile.level) * 8)) + 1).unwrap_or(u64::MAX)
}
