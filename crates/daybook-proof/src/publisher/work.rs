//! What the publisher does between two waits; all of it may block.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use daybook_event::Position;
use daybook_log::{Log, ReadError};

use super::key_watch::Watched;
use super::{Refusal, SignedWhere};
use crate::checkpoint::{Checkpoint, CheckpointError, SignedCheckpoint};
use crate::edge::Edge;
use crate::files::{read_at_most, write_private};
use crate::hash::Hash;
use crate::key::PublicKey;
use crate::key_file::LogKeys;
use crate::limits::{CATCH_UP_PUBLISH_EVERY, LEAVES_AT_ONCE, NOTE_BYTES_MAX, TAIL_CHECKED_LEAVES, WITNESS_EVERY};
use crate::note::MalformedNote;
use crate::store::{Kept, Store, StoreError, StoreWriter, TileError};
use crate::tile::{TILE_WIDTH, TileName, width_at};
use crate::tree;

/// Why a step did not come to its end.
#[derive(Debug)]
pub(super) enum PublishError {
    /// The log is not what was signed. Nothing more is signed.
    Refused(Refusal),
    /// Something did not work, and may work later.
    Failed(String),
}

/// What a step did.
#[derive(Debug)]
pub(super) enum Outcome {
    /// There is a new checkpoint, or the one of before was found.
    Published(Arc<SignedCheckpoint>),
    /// There is nothing new to be signed, or not enough yet.
    Nothing,
}

/// The publisher's state.
#[derive(Debug)]
pub(super) struct Work {
    log: Log,
    store: Store,
    keys: LogKeys,
    key_file: Watched,
    /// Of what was written and is durable.
    edge: Edge,
    /// The partial tiles that are there.
    partial: Vec<TileName>,
    /// What was signed, and has to be found again before anything else is signed: the smallest last.
    anchors: Vec<Anchor>,
    begun: bool,
    /// Whether something may have been written that is not durable.
    doubtful: bool,
    signed: Option<Arc<SignedCheckpoint>>,
    /// The size of the last tree of the history.
    kept: u64,
    /// When a checkpoint was last copied beside the key, and its size.
    witnessed: Option<(Instant, u64)>,
}

/// A tree that was signed.
#[derive(Debug, Clone, Copy)]
struct Anchor {
    size: u64,
    root: Hash,
    signed: SignedWhere,
}

impl Work {
    pub(super) fn new(log: Log, store: Store, keys: LogKeys) -> Self {
        Self {
            log,
            store,
            key_file: Watched::new(&keys.path),
            keys,
            edge: Edge::new(),
            partial: Vec::new(),
            anchors: Vec::new(),
            begun: false,
            doubtful: true,
            signed: None,
            kept: 0,
            witnessed: None,
        }
    }

    pub(super) fn log(&self) -> &Log {
        &self.log
    }

    /// Whether there are records that are not signed.
    pub(super) fn is_behind(&self) -> bool {
        !self.begun || self.edge.size() < self.log.head()
    }

    /// The public keys, the one that signs first.
    pub(super) fn public(&self) -> Vec<PublicKey> {
        self.keys.public()
    }

    /// Begins, or publishes what came since. Of a step that fails nothing is kept: the next one writes the same once more.
    pub(super) fn step(&mut self) -> Result<Outcome, PublishError> {
        let outcome = self.begin_or_publish();
        self.doubtful |= outcome.is_err();
        outcome
    }

    fn begin_or_publish(&mut self) -> Result<Outcome, PublishError> {
        if self.begun {
            self.look_at_keys()?;
            return self.publish();
        }
        self.begin()?;
        self.begun = true;
        Ok(self.signed.clone().map_or(Outcome::Nothing, Outcome::Published))
    }

    /// The last copy of the checkpoint beside the key; says what went wrong.
    pub(super) fn finish(mut self) -> Option<String> {
        self.witness(true).err()
    }

    fn begin(&mut self) -> Result<(), PublishError> {
        let public = self.keys.public();
        if self.store.keys().ok().as_ref() != Some(&public) {
            self.store.write(self.doubtful).keys(&public)?;
        }
        self.anchors.clear();
        let witness = self.read_witness()?;
        let written = self.read_checkpoint(witness.is_none())?;
        let anchors = witness.iter().map(|(anchor, _)| anchor).chain(written.iter().map(|(anchor, _)| anchor));
        for anchor in anchors {
            self.check_length(anchor)?;
        }
        let edge = match &written {
            Some((anchor, _)) => self.find_edge(anchor, witness.as_ref().map(|(anchor, _)| anchor))?,
            None => None,
        };
        let found = edge.is_some();
        let edge = edge.unwrap_or_default();
        // Without tiles that lead to what was signed they are made again, and have to lead there.
        self.anchors.extend(written.as_ref().filter(|_| !found).map(|(anchor, _)| *anchor));
        if let Some((anchor, signed)) = witness {
            self.anchors.extend(Some(anchor).filter(|anchor| anchor.size > edge.size()));
            self.witnessed = Some((Instant::now(), signed.checkpoint.size));
        }
        self.anchors.sort_unstable_by_key(|anchor| std::cmp::Reverse(anchor.size));
        self.partial = edge.tiles().map(|(name, _)| name).collect();
        if self.anchors.is_empty() {
            self.signed = written.and_then(|(_, signed)| signed).map(Arc::new);
        } else {
            tracing::warn!("the tiles of the proof are computed from the log again");
        }
        self.edge = edge;
        Ok(())
    }

    /// What is kept beside the key.
    fn read_witness(&self) -> Result<Option<(Anchor, SignedCheckpoint)>, PublishError> {
        let path = self.keys.witness_path();
        let bytes = read_at_most(&path, NOTE_BYTES_MAX as u64).map_err(StoreError::at(&path))?;
        let Some(bytes) = bytes else { return Ok(None) };
        match SignedCheckpoint::parse(&bytes, &self.keys.public()) {
            Ok(signed) => Ok(Some((Anchor::new(&signed.checkpoint, SignedWhere::Key), signed))),
            Err(error) => Err(unbelievable(SignedWhere::Key, &error)),
        }
    }

    /// What is beside the tiles. Where the key is new, that may be of another that is lost: then it is not believed, but has
    /// to be found again all the same.
    fn read_checkpoint(&self, no_witness: bool) -> Result<Option<(Anchor, Option<SignedCheckpoint>)>, PublishError> {
        let Some(bytes) = self.store.checkpoint()? else { return Ok(None) };
        let error = match SignedCheckpoint::parse(&bytes, &self.keys.public()) {
            Ok(signed) => return Ok(Some((Anchor::new(&signed.checkpoint, SignedWhere::Data), Some(signed)))),
            Err(error) => error,
        };
        match crate::checkpoint::read(&bytes) {
            Ok((_, checkpoint)) if self.keys.made && no_witness => {
                tracing::warn!(%error, "the key that signed before is not at hand; a new one goes on from where it was");
                Ok(Some((Anchor::new(&checkpoint, SignedWhere::Data), None)))
            }
            _ => Err(unbelievable(SignedWhere::Data, &error)),
        }
    }

    fn check_length(&self, anchor: &Anchor) -> Result<(), PublishError> {
        let head = self.log.head();
        if head < anchor.size {
            let Anchor { size, signed, .. } = *anchor;
            return Err(PublishError::Refused(Refusal::RolledBack { head, size, signed }));
        }
        Ok(())
    }

    /// The edge of the tree that was signed, from the tiles; nothing where they do not lead there, or some are missing. Then
    /// the tree that was signed before is the beginning of it, and its last leaves are those of the log.
    fn find_edge(&self, anchor: &Anchor, before: Option<&Anchor>) -> Result<Option<Edge>, PublishError> {
        let tile = |name| match self.store.tile(name) {
            Err(TileError::Missing(_) | TileError::Malformed(_)) => Ok(None),
            found => found.map(Some),
        };
        let edge = Edge::from_tiles(anchor.size, tile)?;
        let Some(edge) = edge.filter(|edge| edge.root() == anchor.root) else { return Ok(None) };
        if let Some(before) = before.filter(|before| before.size <= anchor.size) {
            match tree::root(&mut &self.store, before.size) {
                Ok(found) => check_root(before, found)?,
                Err(TileError::Missing(_) | TileError::Malformed(_)) => return Ok(None),
                Err(error) => return Err(error.into()),
            }
        }
        Ok(self.check_tail(anchor.size)?.then_some(edge))
    }

    /// Compares the last leaves of the tiles with those of the log; false where tiles are missing.
    fn check_tail(&self, size: u64) -> Result<bool, PublishError> {
        let mut at = size.saturating_sub(TAIL_CHECKED_LEAVES) / TILE_WIDTH * TILE_WIDTH;
        while at < size {
            let index = at / TILE_WIDTH;
            let tile = match self.store.tile(TileName { level: 0, index, width: width_at(0, index, size) }) {
                Err(TileError::Missing(_) | TileError::Malformed(_)) => return Ok(false),
                tile => tile?,
            };
            let leaves = self.log.leaves(at, tile.hashes().len())?;
            for (signed, found) in tile.hashes().iter().zip(&leaves) {
                at += 1;
                if signed != found {
                    return Err(PublishError::Refused(Refusal::Record { position: at as Position }));
                }
            }
            if leaves.is_empty() {
                return Err(no_records());
            }
        }
        Ok(true)
    }

    /// Takes another key that was put in the place of the one that signs. Where what is there now does not go on from that one,
    /// nobody would believe what was signed with it: the key at hand is used, and that is said.
    fn look_at_keys(&mut self) -> Result<(), PublishError> {
        if !self.key_file.has_changed() {
            return Ok(());
        }
        let signing = self.keys.signing.public();
        let keys = match LogKeys::load(&self.keys.path) {
            Ok(keys) if keys.public() == self.keys.public() => return Ok(()),
            Ok(keys) if keys.public().contains(signing) => keys,
            Ok(_) => {
                let file = self.keys.path.display();
                tracing::warn!(%file, "the key file does not list the key that signs; it is not taken");
                return Ok(());
            }
            Err(error) => {
                tracing::warn!(%error, "the key file cannot be used; the key at hand goes on to sign");
                return Ok(());
            }
        };
        // Whoever sees a checkpoint of the new key finds the key.
        self.store.write(self.doubtful).keys(&keys.public()).inspect_err(|_| self.key_file.forget())?;
        tracing::info!(key = %keys.signing.public(), "another key signs the log from now on");
        self.keys = keys;
        Ok(())
    }

    /// Adds what came to the tree, and signs it.
    fn publish(&mut self) -> Result<Outcome, PublishError> {
        let begun = Instant::now();
        let head = self.log.head();
        // After a rotation the new key signs what the old one had, too.
        let current =
            self.signed.as_ref().is_some_and(|at| at.signed.iter().any(|one| one.key == *self.keys.signing.public()));
        if self.edge.size() == head && (current || head == 0) {
            return Ok(Outcome::Nothing);
        }
        if self.doubtful {
            // One that is there must be named by the next, whether or not what was signed with it was published.
            self.kept = self.store.kept()?.0.last().map_or(0, |kept| kept.size);
        }
        let mut edge = self.edge.clone();
        let mut anchors = self.anchors.clone();
        let store = self.store.clone();
        let mut writer = store.write(self.doubtful);
        while edge.size() < head && begun.elapsed() < CATCH_UP_PUBLISH_EVERY {
            let wanted = usize::try_from(head - edge.size()).unwrap_or(usize::MAX).min(LEAVES_AT_ONCE);
            let leaves = self.log.leaves(edge.size(), wanted)?;
            if leaves.is_empty() {
                return Err(no_records());
            }
            self.add(&leaves, &mut edge, &mut anchors, &mut writer)?;
        }
        if !anchors.is_empty() {
            // Not there yet. What was written stays, and is made durable with what follows.
            writer.sync()?;
            (self.edge, self.anchors, self.doubtful) = (edge, anchors, false);
            return Ok(Outcome::Nothing);
        }
        let partial: Vec<TileName> = edge.tiles().map(|(name, _)| name).collect();
        for (name, hashes) in edge.tiles().filter(|(name, _)| !self.partial.contains(name)) {
            writer.tile(name, hashes)?;
        }
        let origin = self.keys.signing.public().name().to_owned();
        let signed = Checkpoint { origin, size: edge.size(), root: edge.root() }.sign(&self.keys.signing)?;
        let keep = Kept::period(edge.size()) > Kept::period(self.kept);
        writer.checkpoint(&signed, keep.then_some(Kept { size: edge.size(), before: self.kept }))?;
        self.doubtful = false;
        if keep {
            self.kept = edge.size();
        }
        for name in &self.partial {
            if width_at(name.level, name.index, edge.size()) == name.filled().width {
                store.remove_partial(name.filled());
            }
        }
        (self.edge, self.anchors, self.partial) = (edge, anchors, partial);
        let signed = Arc::new(signed);
        self.signed = Some(Arc::clone(&signed));
        if let Err(problem) = self.witness(false) {
            tracing::warn!(%problem, "the checkpoint was not copied beside the key");
        }
        Ok(Outcome::Published(signed))
    }

    /// Adds leaves, and holds the tree against what was signed.
    fn add(
        &self,
        leaves: &[Hash],
        edge: &mut Edge,
        anchors: &mut Vec<Anchor>,
        writer: &mut StoreWriter<'_>,
    ) -> Result<(), PublishError> {
        for leaf in leaves {
            edge.push(*leaf, |name, tile| writer.tile(name, tile.hashes()))?;
            while let Some(anchor) = anchors.last().filter(|anchor| anchor.size <= edge.size()) {
                check_root(anchor, edge.root())?;
                anchors.pop();
            }
        }
        Ok(())
    }

    /// Copies the checkpoint beside the key, now and then.
    fn witness(&mut self, now: bool) -> Result<(), String> {
        let Some(signed) = &self.signed else { return Ok(()) };
        let size = signed.checkpoint.size;
        let due = self.witnessed.is_none_or(|(when, seen)| seen != size && (now || when.elapsed() >= WITNESS_EVERY));
        if !due {
            return Ok(());
        }
        self.witnessed = Some((Instant::now(), size));
        write_witness(&self.keys.witness_path(), signed).map_err(|error| error.to_string())
    }
}

fn no_records() -> PublishError {
    PublishError::Failed("the log gives no records where it has some".to_owned())
}

fn write_witness(path: &Path, signed: &SignedCheckpoint) -> Result<(), StoreError> {
    write_private(path, signed.note.to_string().as_bytes(), true).map(drop).map_err(StoreError::at(path))
}

impl Anchor {
    fn new(checkpoint: &Checkpoint, signed: SignedWhere) -> Self {
        Self { size: checkpoint.size, root: checkpoint.root, signed }
    }
}

fn check_root(anchor: &Anchor, found: Hash) -> Result<(), PublishError> {
    let Anchor { size, root, signed } = *anchor;
    if root == found { Ok(()) } else { Err(PublishError::Refused(Refusal::Root { size, root, found, signed })) }
}

fn unbelievable(signed: SignedWhere, error: &CheckpointError) -> PublishError {
    PublishError::Refused(Refusal::Checkpoint { signed, problem: error.to_string() })
}

impl From<StoreError> for PublishError {
    fn from(error: StoreError) -> Self {
        Self::Failed(error.to_string())
    }
}

impl From<TileError> for PublishError {
    fn from(error: TileError) -> Self {
        Self::Failed(error.to_string())
    }
}

impl From<ReadError> for PublishError {
    fn from(error: ReadError) -> Self {
        Self::Failed(error.to_string())
    }
}

impl From<MalformedNote> for PublishError {
    fn from(error: MalformedNote) -> Self {
        Self::Failed(error.to_string())
    }
}
