//! What the directory of the proof holds, when a verification begins.

use std::fs::DirEntry;
use std::io;
use std::path::{Path, PathBuf};

use super::{Finding, Findings, VerifyError, VerifyOptions, codes};
use crate::checkpoint::{Checkpoint, CheckpointError, SignedCheckpoint, read};
use crate::key::PublicKey;
use crate::limits::TILE_FILES_MAX;
use crate::note::VerifyError as SignatureError;
use crate::store::{CHECKPOINT_FILE, KEYS_FILE, Kept, Store, StoreError};
use crate::tile::TileName;

/// What is there, and what of it is wrong by itself.
#[derive(Debug)]
pub(super) struct Snapshot {
    pub(super) keys: Vec<PublicKey>,
    pub(super) keys_trusted: bool,
    /// Checkpoints that can be read, by the size of their trees.
    pub(super) claims: Vec<Claim>,
    /// The size of the tree of the newest checkpoint.
    pub(super) newest: Option<u64>,
    /// The tiles that are there, in order.
    pub(super) tiles: Vec<TileName>,
    pub(super) findings: Findings,
    pub(super) notes: Vec<String>,
}

/// What a checkpoint says.
#[derive(Debug)]
pub(super) struct Claim {
    pub(super) checkpoint: Checkpoint,
    pub(super) place: Place,
    /// Whether somebody who is known signed it.
    pub(super) signed: bool,
}

/// Where a checkpoint comes from.
#[derive(Debug, Clone)]
pub(super) enum Place {
    /// The newest of the data directory.
    Newest(PathBuf),
    /// The history of the data directory.
    History(PathBuf),
    /// From outside.
    Elsewhere(String),
}

impl Place {
    pub(super) fn path(&self) -> PathBuf {
        match self {
            Self::Newest(path) | Self::History(path) => path.clone(),
            Self::Elsewhere(name) => name.into(),
        }
    }

    pub(super) fn is_elsewhere(&self) -> bool {
        matches!(self, Self::Elsewhere(_))
    }
}

impl Snapshot {
    pub(super) fn take(store: &Store, options: &VerifyOptions) -> Result<Self, VerifyError> {
        let mut snapshot = Self {
            keys: options.keys.clone(),
            keys_trusted: !options.keys.is_empty(),
            claims: Vec::new(),
            newest: None,
            tiles: Vec::new(),
            findings: Findings::default(),
            notes: Vec::new(),
        };
        snapshot.keys(store);
        snapshot.newest(store)?;
        snapshot.history(store)?;
        for kept in &options.kept_elsewhere {
            snapshot.claim(&kept.bytes, Place::Elsewhere(kept.name.clone()), None);
        }
        snapshot.claims.sort_by_key(|claim| claim.checkpoint.size);
        let tiles = store.directory().join("tile");
        snapshot.walk(&tiles, "tile")?;
        snapshot.tiles.sort_unstable();
        Ok(snapshot)
    }

    fn keys(&mut self, store: &Store) {
        match store.keys() {
            Ok(beside) if self.keys_trusted => {
                let strange = beside.iter().filter(|key| !self.keys.contains(key));
                self.notes
                    .extend(strange.map(|key| format!("the data directory lists the key {key}, which is not trusted")));
            }
            Ok(beside) => {
                self.keys = beside;
                let note = "the keys are those of the data directory: whoever could change everything in it could have signed \
                            it anew. A key or a checkpoint that was kept elsewhere tells";
                self.notes.push(note.to_owned());
            }
            Err(error) => {
                let finding = Finding::new(codes::KEYS, u64::MAX, error.source.to_string());
                self.findings.push(finding.file(&store.directory().join(KEYS_FILE)));
            }
        }
    }

    fn newest(&mut self, store: &Store) -> Result<(), StoreError> {
        let path = store.directory().join(CHECKPOINT_FILE);
        if let Some(bytes) = store.checkpoint()? {
            self.newest = self.claim(&bytes, Place::Newest(path), None);
        }
        Ok(())
    }

    fn history(&mut self, store: &Store) -> Result<(), StoreError> {
        let (history, others) = store.kept()?;
        let mut before = 0;
        for kept in &history {
            let path = store.kept_path(*kept);
            if kept.before != before {
                let missing = if kept.before > before { kept.before } else { before };
                let message =
                    format!("the checkpoint of {missing} records, which was kept before this one, is missing");
                self.findings.push(Finding::new(codes::CHECKPOINT_MISSING, missing, message).file(&path));
            }
            before = kept.size;
            if let Some(bytes) = store.kept_checkpoint(*kept)? {
                self.claim(&bytes, Place::History(path), Some(kept.size));
            }
        }
        // The newest checkpoint is of the period of the last one that was kept, or that was just written before it.
        if let Some(newest) = self.newest.filter(|newest| Kept::period(*newest) > Kept::period(before)) {
            let message = format!(
                "the last checkpoint that was kept is missing: there is none between {before} and {newest} records"
            );
            let directory = store.kept_path(Kept { size: newest, before });
            let directory = directory.parent().unwrap_or(Path::new("")).to_owned();
            self.findings.push(Finding::new(codes::CHECKPOINT_MISSING, newest, message).file(&directory));
        }
        for name in others {
            let path = store.kept_path(Kept { size: 0, before: 0 }).with_file_name(&name);
            self.stray(codes::CHECKPOINT_STRAY, &path);
        }
        Ok(())
    }

    /// Takes a checkpoint; gives the size of its tree, when it can be read.
    fn claim(&mut self, bytes: &[u8], place: Place, named: Option<u64>) -> Option<u64> {
        let path = place.path();
        let order = |size: Option<u64>| size.or(named).unwrap_or(u64::MAX);
        let checkpoint = match read(bytes) {
            Ok((_, checkpoint)) => checkpoint,
            Err(error) => {
                let finding = Finding::new(codes::CHECKPOINT_MALFORMED, order(None), error.to_string());
                self.findings.push(finding.file(&path));
                return None;
            }
        };
        let size = checkpoint.size;
        if named.is_some_and(|named| named != size) {
            let message = format!("the checkpoint is of {size} records, which is not what its name says");
            self.findings.push(Finding::new(codes::CHECKPOINT_MALFORMED, order(None), message).file(&path));
            return None;
        }
        let verified = SignedCheckpoint::parse(bytes, &self.keys);
        if let Err(error) = &verified {
            let code = match error {
                CheckpointError::Signature(SignatureError::Unknown(_)) => codes::CHECKPOINT_KEY,
                _ => codes::CHECKPOINT_SIGNATURE,
            };
            let message = format!("the checkpoint of {size} records is not to be believed: {error}");
            self.findings.push(Finding::new(code, size, message).file(&path));
        }
        self.claims.push(Claim { checkpoint, place, signed: verified.is_ok() });
        Some(size)
    }

    /// Lists the tiles below a directory.
    fn walk(&mut self, directory: &Path, below: &str) -> Result<(), StoreError> {
        let entries = match std::fs::read_dir(directory) {
            // A directory of partial tiles is removed when the full tile is there.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            entries => entries.map_err(StoreError::at(directory))?,
        };
        for entry in entries {
            let entry: DirEntry = entry.map_err(StoreError::at(directory))?;
            let name = format!("{below}/{}", entry.file_name().to_string_lossy());
            let path = entry.path();
            if path.is_dir() {
                self.walk(&path, &name)?;
                continue;
            }
            match TileName::parse(&name) {
                Some(tile) if self.tiles.len() < TILE_FILES_MAX => self.tiles.push(tile),
                _ => self.stray(codes::TILE_STRAY, &path),
            }
        }
        Ok(())
    }

    /// A file that is none of those that are written here; the remains of a write are no harm.
    fn stray(&mut self, code: &'static str, path: &Path) {
        if path.extension().is_some_and(|extension| extension == "tmp") {
            self.notes.push(format!("{} is left of a write that did not come to its end", path.display()));
        } else {
            let message = "nobody wrote this file".to_owned();
            self.findings.push(Finding::new(code, u64::MAX, message).file(path));
        }
    }
}
