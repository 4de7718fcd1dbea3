//! What is wrong: the records, the tiles, or the checkpoints.
//!
//! Where the records and a tile differ, one of them was changed, and the signatures say which. A checkpoint whose root is that
//! of the records vouches for all of them up to its size. Where none does, a tile that leads to a signed root is right, and the
//! records are not; and where no tile leads there either, all that can be said is between which checkpoints it happened.

use super::replay::{Differing, Replay, first_of, tile_finding};
use super::snapshot::{Claim, Place, Snapshot};
use super::{Finding, Findings, Report, codes, shown};
use crate::edge::Edge;
use crate::hash::Hash;
use crate::store::Store;
use crate::tile::{TILE_HEIGHT, TileName, hashes_at, width_at};

/// Makes the report.
pub(super) fn judge(store: &Store, snapshot: Snapshot, replay: Replay<'_>) -> Report {
    let (records, root) = (replay.edge.size(), shown(&replay.edge.root()));
    let mut judging = Judging { store, records, vouched: 0, broken: None, findings: snapshot.findings, checkpoints: 0 };
    judging.findings.list.extend(replay.findings.list);
    judging.findings.left_out += replay.findings.left_out + replay.differing_left_out;
    let mut notes = snapshot.notes;
    if let Some(damage) = &replay.damage {
        let message = format!("the log cannot be read from record {} on: {}", damage.position, damage.what);
        let mut finding =
            Finding::new(codes::LOG_DAMAGED, damage.position, message).at(damage.position).file(&damage.file);
        finding.offset = Some(damage.offset);
        judging.findings.push(finding);
        notes.push(format!("nothing was verified behind record {records}"));
    }
    judging.claims(&snapshot.claims, &replay.roots, replay.damage.is_some());
    judging.newest(snapshot.newest, &snapshot.claims);
    judging.tiles(&replay.differing);
    judging.unexplained();
    if replay.torn_bytes > 0 && replay.damage.is_none() {
        let bytes = replay.torn_bytes;
        notes.push(format!(
            "{bytes} bytes at the end of the log are no whole record: a write that nobody was told of, or one under way"
        ));
    }
    if let Some((count, first)) = replay.compacted {
        notes.push(format!(
            "of {count} records only the hash is left, the first at position {first}: they were past their time"
        ));
    }
    let checkpoints = judging.checkpoints;
    let (findings, findings_left_out) = judging.findings.finish();
    Report {
        ok: findings.is_empty(),
        records,
        compacted: replay.compacted.map_or(0, |(count, _)| count),
        checkpoint_size: snapshot.newest,
        root,
        tiles: replay.compared,
        checkpoints,
        keys_trusted: snapshot.keys_trusted,
        keys: snapshot.keys.iter().map(ToString::to_string).collect(),
        findings,
        findings_left_out,
        notes,
    }
}

struct Judging<'a> {
    store: &'a Store,
    records: u64,
    /// The records up to this one are those that were signed.
    vouched: u64,
    /// The smallest tree that was signed and is not that of the records, and the largest.
    broken: Option<(Broken, Broken)>,
    findings: Findings,
    checkpoints: u64,
}

/// A tree that was signed and is not that of the records.
#[derive(Debug, Clone)]
struct Broken {
    size: u64,
    root: Hash,
    found: Hash,
    place: Place,
    /// The edge of that tree in the tiles, when they lead to the root that was signed.
    edge: Option<Edge>,
}

impl Judging<'_> {
    /// Holds every checkpoint against the records.
    fn claims(&mut self, claims: &[Claim], roots: &[(u64, Hash)], damaged: bool) {
        for Claim { checkpoint, place, signed } in claims {
            let size = checkpoint.size;
            let Some((_, found)) = roots.iter().find(|(at, _)| *at == size) else {
                if !damaged {
                    self.cut(size, place);
                }
                continue;
            };
            // What was kept elsewhere is believed because it was, whoever signed it.
            let believed = *signed || place.is_elsewhere();
            if *found == checkpoint.root {
                self.checkpoints += u64::from(*signed);
                self.vouched = self.vouched.max(if believed { size } else { 0 });
            } else if believed {
                let (root, found, place) = (checkpoint.root, *found, place.clone());
                let edge = Edge::from_tiles(size, |name| self.store.tile(name).map(Some)).ok().flatten();
                let edge = edge.filter(|edge| edge.root() == root);
                let broken = Broken { size, root, found, place, edge };
                // Claims come in the order of their sizes.
                match &mut self.broken {
                    Some((_, largest)) => *largest = broken,
                    None => self.broken = Some((broken.clone(), broken)),
                }
            } else {
                let message = format!("the root of the checkpoint of {size} records is not theirs");
                self.findings.push(Finding::new(codes::CHECKPOINT_ROOT, size, message).file(&place.path()));
            }
        }
    }

    /// There are fewer records than a checkpoint speaks of.
    fn cut(&mut self, size: u64, place: &Place) {
        let records = self.records;
        let (code, message) = if place.is_elsewhere() {
            let said = format!(
                "the log has {records} records, and had {size} when this checkpoint was signed: it was rolled back"
            );
            (codes::LOG_ROLLED_BACK, said)
        } else {
            let said = format!(
                "the log ends with record {records}, and the records {} to {size}, which were signed, are missing",
                records + 1
            );
            (codes::LOG_CUT, said)
        };
        let finding = Finding::new(code, records + 1, message).at(records + 1).to(size);
        self.findings.push(finding.file(&place.path()));
    }

    /// The newest checkpoint: that it is there, and no older than what was kept elsewhere.
    fn newest(&mut self, newest: Option<u64>, claims: &[Claim]) {
        let path = self.store.directory().join(crate::store::CHECKPOINT_FILE);
        let Some(newest) = newest else {
            let there = path.exists();
            if self.records > 0 && !there {
                let message = format!("there is no checkpoint of the {} records", self.records);
                self.findings.push(Finding::new(codes::CHECKPOINT_MISSING, u64::MAX, message).file(&path));
            }
            return;
        };
        let elsewhere =
            claims.iter().filter(|claim| claim.place.is_elsewhere() && claim.checkpoint.size <= self.records);
        for claim in elsewhere.filter(|claim| claim.checkpoint.size > newest) {
            let size = claim.checkpoint.size;
            let message = format!(
                "the newest checkpoint is of {newest} records, and one of {size} was signed before: it was rolled back"
            );
            self.findings.push(Finding::new(codes::LOG_ROLLED_BACK, newest + 1, message).file(&path));
        }
    }

    /// Says of every tile that differs from the records which of them is wrong.
    fn tiles(&mut self, differing: &[Differing]) {
        // Leaves first: what is wrong with them explains what differs above.
        let mut changed: Vec<(u64, u64)> = Vec::new();
        let mut differing: Vec<&Differing> = differing.iter().collect();
        differing.sort_by_key(|differing| differing.name);
        for Differing { name, places } in differing {
            let first = first_of(*name, places.start);
            let last = first_of(*name, places.end) - 1;
            let explained = changed.iter().any(|(from, to)| *from <= last && first <= *to);
            if last > self.vouched && self.is_signed(*name) {
                if !explained {
                    changed.push((first, last));
                    let message = match name.level {
                        0 if first == last => format!("record {first} is not the one that was signed"),
                        0 => format!("records from {first} to {last} are not those that were signed"),
                        _ => format!(
                            "one of the records {first} to {last} is not the one that was signed, nor is its hash in the tiles"
                        ),
                    };
                    let finding = Finding::new(codes::EVENT_CHANGED, first, message).at(first).to(last);
                    self.findings.push(finding.file(&self.store.tile_path(*name)));
                }
                continue;
            }
            let message = format!("{name} is not that of the records, from hash {} on", places.start);
            self.findings.push(tile_finding(self.store, codes::TILE_CHANGED, *name, message));
        }
    }

    /// Whether a tile, as it is on the disk, leads to a root that was signed and that the records do not lead to.
    fn is_signed(&self, name: TileName) -> bool {
        self.broken.as_ref().is_some_and(|(smallest, largest)| {
            [smallest, largest].into_iter().any(|broken| self.leads_to(name, broken).unwrap_or(false))
        })
    }

    /// Whether a tile leads to the root of a tree; nothing where tiles are missing on the way.
    fn leads_to(&self, name: TileName, broken: &Broken) -> Option<bool> {
        let (size, edge) = (broken.size, broken.edge.as_ref()?);
        let at = |level, index| {
            let name = TileName { level, index, width: width_at(level, index, size) };
            Some((name, self.store.tile(name).ok().filter(|_| name.width > 0)?))
        };
        let (mut name, mut tile) = at(name.level, name.index)?;
        while name.is_full() {
            let (level, index, place) = name.parent();
            let hash = tile.full_hash();
            (name, tile) = at(level, index)?;
            if tile.hashes().get(place) != Some(&hash) {
                return Some(false);
            }
        }
        Some(edge.tiles().any(|(there, hashes)| there == name && hashes == tile.hashes()))
    }

    /// Where the records are not those that were signed, and nothing said so yet.
    fn unexplained(&mut self) {
        let Some((Broken { size, root, found, place, .. }, _)) = &self.broken else { return };
        let is_event = |finding: &&Finding| matches!(finding.code, codes::EVENT_CHANGED | codes::EVENT_UNREADABLE);
        if self.findings.list.iter().find(is_event).is_some_and(|finding| finding.position <= Some(*size)) {
            return;
        }
        let first = self.vouched + 1;
        let message = format!(
            "the first {size} records have the root {}, and {} was signed: records between {first} and {size} are not those \
             that were signed, and the tiles do not say which",
            shown(found),
            shown(root)
        );
        let finding = Finding::new(codes::CHECKPOINT_ROOT, first, message).at(first).to(*size);
        self.findings.push(finding.file(&place.path()));
    }
}

const _: () = assert!(TILE_HEIGHT == 8 && hashes_at(1, 256) == 1);
