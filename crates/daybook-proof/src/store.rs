//! The files of the proof: tiles, the checkpoint, those of before, and the public keys.
//!
//! ```text
//! proof/checkpoint                        the newest checkpoint
//! proof/tile/<L>/<N>[.p/<W>]              tiles
//! proof/checkpoints/<size>-<before>       the first checkpoint of each period; its size and that of the one before it here,
//!                                         20 digits each
//! proof/keys                              public keys, a line each, the current one first
//! ```
//!
//! All of it may be copied to where static files are served from. Nothing in it is secret, and nothing in it is to be
//! believed without the log and a key that comes from elsewhere.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use daybook_event::Position;

use crate::checkpoint::SignedCheckpoint;
use crate::disk::{Disk, RealDisk};
use crate::files::{Unsynced, parent, read_at_most};
use crate::hash::Hash;
use crate::inclusion::InclusionProof;
use crate::key::PublicKey;
use crate::limits::{HISTORY_MAX, KEY_FILE_BYTES_MAX, KEYS_MAX, NOTE_BYTES_MAX};
use crate::tile::{TILE_BYTES, Tile, TileName};
use crate::tree::{Tiles, TreeError, inclusion_proof};

/// Name of the directory of the proof in the data directory.
pub const PROOF_DIRECTORY: &str = "proof";
/// Name of the file with the newest checkpoint.
pub const CHECKPOINT_FILE: &str = "checkpoint";
/// Name of the directory with those of before.
pub const HISTORY_DIRECTORY: &str = "checkpoints";
/// Name of the file with the public keys.
pub const KEYS_FILE: &str = "keys";

/// A checkpoint of the history. Each names the one before it, so that none can go without being missed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Kept {
    /// The size of its tree.
    pub size: u64,
    /// The size of the tree of the one before it; 0 of the first.
    pub before: u64,
}

impl Kept {
    /// The period of trees of this size: a checkpoint is kept when it is the first of its period. Periods end where the size
    /// doubles, and from 65,536 on at every multiple of that.
    #[must_use]
    pub const fn period(size: u64) -> u64 {
        const WIDE: u64 = 1 << 16;
        match size {
            0 => 0,
            1..WIDE => 1 + size.ilog2() as u64,
            _ => 16 + size / WIDE,
        }
    }

    fn parse(name: &str) -> Option<Self> {
        let number = |text: &str| {
            let plain = text.len() == 20 && text.bytes().all(|byte| byte.is_ascii_digit());
            plain.then(|| text.parse().ok())?
        };
        let (size, before) = name.split_once('-')?;
        Some(Self { size: number(size)?, before: number(before)? })
    }
}

impl std::fmt::Display for Kept {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{:020}-{:020}", self.size, self.before)
    }
}

/// Something of the proof cannot be read or written.
#[derive(Debug, thiserror::Error)]
#[error("{}: {source}", path.display())]
pub struct StoreError {
    /// The file.
    pub path: PathBuf,
    /// Why.
    pub source: io::Error,
}

impl StoreError {
    /// For `map_err`.
    pub(crate) fn at(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self { path, source }
    }
}

/// A tile that a tree needs cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum TileError {
    /// It is not there.
    #[error("there is no {0}")]
    Missing(TileName),
    /// It is not a tile of this width.
    #[error("{0} is not as long as a tile of its width")]
    Malformed(TileName),
    /// It cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The directory of the proof.
#[derive(Debug, Clone)]
pub struct Store {
    directory: PathBuf,
    disk: Arc<dyn Disk>,
}

impl Store {
    /// In this directory, which need not be there.
    #[must_use]
    pub fn new(directory: PathBuf) -> Self {
        Self::on(Arc::new(RealDisk), directory)
    }

    /// In this directory, written to by way of `disk`.
    pub(crate) fn on(disk: Arc<dyn Disk>, directory: PathBuf) -> Self {
        Self { directory, disk }
    }

    /// The directory.
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// The bytes of the newest checkpoint.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn checkpoint(&self) -> Result<Option<Vec<u8>>, StoreError> {
        read_note(&self.directory.join(CHECKPOINT_FILE))
    }

    /// The bytes of a checkpoint of the history.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn kept_checkpoint(&self, kept: Kept) -> Result<Option<Vec<u8>>, StoreError> {
        read_note(&self.kept_path(kept))
    }

    /// The checkpoints of the history, in order; and the names there that are none.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn kept(&self) -> Result<(Vec<Kept>, Vec<String>), StoreError> {
        let directory = self.directory.join(HISTORY_DIRECTORY);
        let (mut history, mut others) = (Vec::new(), Vec::new());
        let entries = match std::fs::read_dir(&directory) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok((history, others)),
            entries => entries.map_err(StoreError::at(&directory))?,
        };
        for entry in entries.take(HISTORY_MAX) {
            let name = entry.map_err(StoreError::at(&directory))?.file_name().to_string_lossy().into_owned();
            match Kept::parse(&name) {
                Some(kept) => history.push(kept),
                None => others.push(name),
            }
        }
        history.sort_unstable();
        Ok((history, others))
    }

    /// Where a checkpoint of the history is.
    #[must_use]
    pub fn kept_path(&self, kept: Kept) -> PathBuf {
        self.directory.join(HISTORY_DIRECTORY).join(kept.to_string())
    }

    /// The public keys that lie beside the tiles. Whoever can change the tiles can change these.
    ///
    /// # Errors
    /// [`StoreError`]; also where a line is no key.
    pub fn keys(&self) -> Result<Vec<PublicKey>, StoreError> {
        let path = self.directory.join(KEYS_FILE);
        let bytes = read_at_most(&path, KEY_FILE_BYTES_MAX).map_err(StoreError::at(&path))?.unwrap_or_default();
        let wrong = |what: String| StoreError { path: path.clone(), source: io::Error::other(what) };
        let text = String::from_utf8(bytes).map_err(|_| wrong("it is not text".to_owned()))?;
        let keys: Result<Vec<_>, _> = text.lines().take(KEYS_MAX).map(PublicKey::parse).collect();
        let keys = keys.map_err(|error| wrong(error.to_string()))?;
        let written: String = keys.iter().map(|key| format!("{key}\n")).collect();
        if written == text { Ok(keys) } else { Err(wrong("it is not as it was written".to_owned())) }
    }

    /// Where a tile is.
    #[must_use]
    pub fn tile_path(&self, name: TileName) -> PathBuf {
        self.directory.join(name.to_string())
    }

    /// A tile's bytes; a partial one is also taken from the full one, since it may be gone when that is there.
    ///
    /// # Errors
    /// [`TileError`].
    pub fn tile(&self, name: TileName) -> Result<Tile, TileError> {
        for found in [name, name.filled()] {
            let path = self.tile_path(found);
            let bytes = read_at_most(&path, TILE_BYTES as u64).map_err(StoreError::at(&path))?;
            if let Some(bytes) = bytes {
                let whole = bytes.len() == Tile::bytes_of(found.width);
                return Tile::read(&bytes, name.width).filter(|_| whole).ok_or(TileError::Malformed(found));
            }
        }
        Err(TileError::Missing(name))
    }

    /// A proof that a record is in the tree that was signed.
    ///
    /// # Errors
    /// [`TreeError`]; also where the tree has no such leaf.
    pub fn prove(&self, position: Position, signed: &SignedCheckpoint) -> Result<InclusionProof, TreeError<TileError>> {
        let (size, index) = (signed.checkpoint.size, position.wrapping_sub(1));
        let hashes = inclusion_proof(&mut &*self, index, size)?;
        Ok(InclusionProof { extra: None, index, hashes, checkpoint: signed.note.to_string() })
    }

    /// What is written and not durable yet. It is `doubtful` whether directories that are there are durable where the last one
    /// who wrote did not come to the end.
    pub(crate) fn write(&self, doubtful: bool) -> StoreWriter<'_> {
        StoreWriter { store: self, unsynced: Unsynced::new(self.disk.as_ref(), &self.directory, doubtful) }
    }

    /// Removes the partial tiles of a tile that is full and durable. What cannot be removed does no harm.
    pub(crate) fn remove_partial(&self, full: TileName) {
        let first = self.tile_path(TileName { width: 1, ..full });
        let _ = std::fs::remove_dir_all(parent(&first));
    }
}

impl Tiles for &Store {
    type Error = TileError;

    fn tile(&mut self, name: TileName) -> Result<Tile, TileError> {
        Store::tile(self, name)
    }
}

impl Tile {
    /// Bytes of a tile of this width.
    #[must_use]
    pub(crate) const fn bytes_of(width: u16) -> usize {
        width as usize * crate::hash::HASH_BYTES
    }
}

/// Writes files of the proof. After an error it is of no use any more.
pub(crate) struct StoreWriter<'a> {
    store: &'a Store,
    unsynced: Unsynced<'a>,
}

impl StoreWriter<'_> {
    /// Puts a tile in place.
    pub(crate) fn tile(&mut self, name: TileName, hashes: &[Hash]) -> Result<(), StoreError> {
        let path = self.store.tile_path(name);
        self.unsynced.put(&path, hashes.as_flattened()).map_err(StoreError::at(&path))
    }

    /// Puts the public keys in place, durably.
    pub(crate) fn keys(&mut self, keys: &[PublicKey]) -> Result<(), StoreError> {
        let path = self.store.directory.join(KEYS_FILE);
        let lines: String = keys.iter().map(|key| format!("{key}\n")).collect();
        self.unsynced.replace(&path, lines.as_bytes()).map_err(StoreError::at(&path))?;
        self.sync()
    }

    /// Makes everything that was written durable.
    pub(crate) fn sync(&mut self) -> Result<(), StoreError> {
        self.unsynced.sync().map_err(StoreError::at(&self.store.directory))
    }

    /// Puts the checkpoint in place, durably, and into the history where it is to be kept. Everything that it speaks of is
    /// durable before.
    pub(crate) fn checkpoint(mut self, signed: &SignedCheckpoint, keep: Option<Kept>) -> Result<(), StoreError> {
        self.sync()?;
        let note = signed.note.to_string();
        let kept = keep.map(|kept| self.store.kept_path(kept));
        for path in kept.into_iter().chain([self.store.directory.join(CHECKPOINT_FILE)]) {
            self.unsynced.replace(&path, note.as_bytes()).map_err(StoreError::at(&path))?;
        }
        self.sync()
    }
}

fn read_note(path: &Path) -> Result<Option<Vec<u8>>, StoreError> {
    read_at_most(path, NOTE_BYTES_MAX as u64).map_err(StoreError::at(path))
}
