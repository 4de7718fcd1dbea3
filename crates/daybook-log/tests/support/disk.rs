//! A disk in memory that forgets what was not synced, tears writes, and fails on demand.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};

use daybook_log::disk::{Disk, DiskFile, DiskLock, LockError, OpenMode};

use super::mix;

const SECTOR: usize = 512;

/// The disk. Clones are the same disk.
#[derive(Debug, Clone, Default)]
pub struct FaultyDisk {
    state: Arc<Mutex<State>>,
}

/// What of the unsynced writes is there after the power failed.
#[derive(Debug, Clone, Copy)]
pub enum Crash {
    /// Nothing.
    LoseAll,
    /// Everything: only the process died.
    KeepAll,
    /// Some sectors of some writes, in no order; what is lost behind the old end of a file reads as this byte.
    Random { seed: u64, garbage: u8 },
}

#[derive(Debug, Default)]
struct State {
    inodes: Vec<Inode>,
    /// As programs see them.
    names: BTreeMap<PathBuf, usize>,
    /// As they are after a power failure, but for the changes that are pending.
    durable_names: BTreeMap<PathBuf, usize>,
    pending_names: Vec<(PathBuf, Option<usize>)>,
    locked: bool,
    /// Calls on segments after which nothing works any more.
    calls_left: Option<u64>,
    /// Syncs of segments after which one fails.
    syncs_left: Option<u64>,
    /// Syncs of segments wait until this is over.
    syncs_held: bool,
    /// Bytes that segments may still grow.
    room: Option<u64>,
    fail_reads: bool,
    fail_index_writes: bool,
    read_only: bool,
}

#[derive(Debug, Default)]
struct Inode {
    current: Vec<u8>,
    durable: Vec<u8>,
    pending: Vec<Change>,
}

#[derive(Debug)]
enum Change {
    Write(u64, Vec<u8>),
    Truncate(u64),
}

impl FaultyDisk {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// After this many more calls that change segments, nothing works until [`FaultyDisk::crash`].
    pub fn die_after(&self, calls: u64) {
        self.state().calls_left = Some(calls);
    }

    /// Whether it came to that.
    pub fn is_dead(&self) -> bool {
        self.state().calls_left == Some(0)
    }

    /// The sync of a segment after this many more fails, once.
    pub fn fail_sync_after(&self, syncs: u64) {
        self.state().syncs_left = Some(syncs);
    }

    /// Syncs of segments take until this is taken back.
    pub fn hold_syncs(&self, hold: bool) {
        self.state().syncs_held = hold;
    }

    /// Segments may grow by this many bytes, then there is no space.
    pub fn limit_room(&self, room: Option<u64>) {
        self.state().room = room;
    }

    /// Reads of segments fail.
    pub fn fail_reads(&self, fail: bool) {
        self.state().fail_reads = fail;
    }

    /// Nothing of the id index can be written.
    pub fn fail_index_writes(&self, fail: bool) {
        self.state().fail_index_writes = fail;
    }

    /// No file can be made.
    pub fn read_only(&self, read_only: bool) {
        self.state().read_only = read_only;
    }

    /// The machine stops and starts again. Whoever has files open must have been dropped.
    pub fn crash(&self, crash: Crash) {
        let mut state = self.state();
        let state = &mut *state;
        let kept_names = match crash {
            Crash::LoseAll => 0,
            Crash::KeepAll => state.pending_names.len(),
            Crash::Random { seed, .. } => (mix(seed) % (state.pending_names.len() as u64 + 1)) as usize,
        };
        for (path, inode) in state.pending_names.drain(..).take(kept_names) {
            match inode {
                Some(inode) => state.durable_names.insert(path, inode),
                None => state.durable_names.remove(&path),
            };
        }
        state.names = state.durable_names.clone();
        for (number, inode) in state.inodes.iter_mut().enumerate() {
            inode.crash(crash, number as u64);
        }
        (state.calls_left, state.syncs_left, state.room) = (None, None, None);
        (state.fail_reads, state.locked) = (false, false);
    }

    /// The names of the segments, in order.
    pub fn segments(&self) -> Vec<PathBuf> {
        self.named("seg")
    }

    /// The names of the segments that are being put in place.
    pub fn temporary_segments(&self) -> Vec<PathBuf> {
        self.named("seg.tmp")
    }

    fn named(&self, extension: &str) -> Vec<PathBuf> {
        let named = |path: &&PathBuf| path.to_string_lossy().split_once('.').is_some_and(|(_, rest)| rest == extension);
        self.state().names.keys().filter(named).cloned().collect()
    }

    /// The bytes of a file.
    pub fn bytes(&self, path: &Path) -> Vec<u8> {
        let state = self.state();
        state.inodes[state.names[path]].current.clone()
    }

    /// Puts a file there, durable.
    pub fn put(&self, path: &Path, bytes: Vec<u8>) {
        let mut state = self.state();
        let inode = state.inodes.len();
        state.inodes.push(Inode { current: bytes.clone(), durable: bytes, pending: Vec::new() });
        state.names.insert(path.to_owned(), inode);
        state.durable_names.insert(path.to_owned(), inode);
    }

    /// Another disk with the same durable content.
    pub fn copy(&self) -> Self {
        let other = Self::default();
        let state = self.state();
        for (path, inode) in &state.names {
            other.put(path, state.inodes[*inode].current.clone());
        }
        other
    }
}

impl State {
    /// Counts a call that changes a segment.
    fn call(&mut self, path: &Path) -> io::Result<()> {
        let name = path.to_string_lossy();
        if self.fail_index_writes && name.contains(".ids") {
            return Err(io::ErrorKind::StorageFull.into());
        }
        match &mut self.calls_left {
            Some(0) => Err(io::Error::other("the power is off")),
            Some(left) if name.contains(".seg") => {
                *left -= 1;
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn name(&mut self, path: PathBuf, inode: Option<usize>) {
        match inode {
            Some(inode) => self.names.insert(path.clone(), inode),
            None => self.names.remove(&path),
        };
        self.pending_names.push((path, inode));
    }
}

impl Inode {
    fn crash(&mut self, crash: Crash, number: u64) {
        for (at, change) in self.pending.drain(..).enumerate() {
            match (change, crash) {
                (_, Crash::LoseAll) => {}
                (change, Crash::KeepAll) => change.apply(&mut self.durable),
                (Change::Truncate(length), Crash::Random { seed, .. }) => {
                    if mix(seed ^ number ^ (at as u64) << 20).is_multiple_of(2) {
                        Change::Truncate(length).apply(&mut self.durable);
                    }
                }
                (Change::Write(offset, bytes), Crash::Random { seed, garbage }) => {
                    let random = mix(seed ^ number << 40 ^ (at as u64) << 20);
                    let odds = [1, 2, 4, 64][(random % 4) as usize];
                    for (index, (begin, sector)) in sectors(offset, &bytes).enumerate() {
                        if mix(random ^ index as u64).is_multiple_of(odds) {
                            if self.durable.len() < begin {
                                self.durable.resize(begin, garbage);
                            }
                            Change::Write(begin as u64, sector.to_vec()).apply(&mut self.durable);
                        }
                    }
                }
            }
        }
        self.current = self.durable.clone();
    }
}

impl Change {
    fn apply(self, bytes: &mut Vec<u8>) {
        match self {
            Self::Truncate(length) => bytes.resize(length as usize, 0),
            Self::Write(offset, written) => {
                let end = offset as usize + written.len();
                if bytes.len() < end {
                    bytes.resize(end, 0);
                }
                bytes[offset as usize..end].copy_from_slice(&written);
            }
        }
    }
}

/// The parts of a write that a disk writes whole.
fn sectors(offset: u64, bytes: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let (mut begin, mut rest) = (offset as usize, bytes);
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let (sector, others) = rest.split_at((SECTOR - begin % SECTOR).min(rest.len()));
        let at = begin;
        begin += sector.len();
        rest = others;
        Some((at, sector))
    })
}

impl Disk for FaultyDisk {
    fn create_directory(&self, _: &Path) -> io::Result<()> {
        Ok(())
    }

    fn list(&self, directory: &Path) -> io::Result<Vec<String>> {
        let state = self.state();
        let inside = state.names.keys().filter(|path| path.parent() == Some(directory));
        Ok(inside.map(|path| path.file_name().unwrap().to_string_lossy().into_owned()).collect())
    }

    fn open(&self, path: &Path, mode: OpenMode) -> io::Result<Arc<dyn DiskFile>> {
        let mut state = self.state();
        let inode = if mode == OpenMode::Create {
            state.call(path)?;
            if state.read_only {
                return Err(io::ErrorKind::ReadOnlyFilesystem.into());
            }
            let inode = state.inodes.len();
            state.inodes.push(Inode::default());
            state.name(path.to_owned(), Some(inode));
            inode
        } else {
            *state.names.get(path).ok_or(io::ErrorKind::NotFound)?
        };
        Ok(Arc::new(FaultyFile { state: Arc::clone(&self.state), path: path.to_owned(), inode }))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut state = self.state();
        state.call(to)?;
        let inode = *state.names.get(from).ok_or(io::ErrorKind::NotFound)?;
        state.name(to.to_owned(), Some(inode));
        state.name(from.to_owned(), None);
        Ok(())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        let mut state = self.state();
        state.call(path)?;
        state.name(path.to_owned(), None);
        Ok(())
    }

    fn sync_directory(&self, directory: &Path) -> io::Result<()> {
        let mut state = self.state();
        state.call(directory)?;
        let (synced, left): (Vec<_>, Vec<_>) = std::mem::take(&mut state.pending_names)
            .into_iter()
            .partition(|(path, _)| path.parent() == Some(directory));
        state.pending_names = left;
        for (path, inode) in synced {
            match inode {
                Some(inode) => state.durable_names.insert(path, inode),
                None => state.durable_names.remove(&path),
            };
        }
        Ok(())
    }

    fn lock(&self, _: &Path) -> Result<Box<dyn DiskLock>, LockError> {
        let mut state = self.state();
        if std::mem::replace(&mut state.locked, true) {
            return Err(LockError::Held { pid: None });
        }
        Ok(Box::new(Lock(Arc::clone(&self.state))))
    }
}

#[derive(Debug)]
struct Lock(Arc<Mutex<State>>);

impl DiskLock for Lock {}

impl Drop for Lock {
    fn drop(&mut self) {
        self.0.lock().unwrap().locked = false;
    }
}

#[derive(Debug)]
struct FaultyFile {
    state: Arc<Mutex<State>>,
    path: PathBuf,
    inode: usize,
}

impl FaultyFile {
    fn is_segment(&self) -> bool {
        self.path.to_string_lossy().contains(".seg")
    }
}

impl DiskFile for FaultyFile {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let state = self.state.lock().unwrap();
        if state.fail_reads && self.is_segment() {
            return Err(io::Error::other("cannot read"));
        }
        let bytes = state.inodes[self.inode].current.get(offset as usize..).unwrap_or_default();
        let length = bytes.len().min(buffer.len());
        buffer[..length].copy_from_slice(&bytes[..length]);
        Ok(length)
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        let mut state = self.state.lock().unwrap();
        state.call(&self.path)?;
        let length = state.inodes[self.inode].current.len() as u64;
        let growth = (offset + bytes.len() as u64).saturating_sub(length);
        let mut written = bytes.len();
        if self.is_segment()
            && let Some(room) = &mut state.room
        {
            if growth > *room {
                written -= (growth - *room) as usize;
                *room = 0;
            } else {
                *room -= growth;
            }
        }
        let inode = &mut state.inodes[self.inode];
        Change::Write(offset, bytes[..written].to_vec()).apply(&mut inode.current);
        inode.pending.push(Change::Write(offset, bytes[..written].to_vec()));
        if written < bytes.len() { Err(io::ErrorKind::StorageFull.into()) } else { Ok(()) }
    }

    fn sync(&self) -> io::Result<()> {
        let mut state = self.state.lock().unwrap();
        while state.syncs_held && self.is_segment() {
            drop(state);
            std::thread::sleep(std::time::Duration::from_millis(1));
            state = self.state.lock().unwrap();
        }
        state.call(&self.path)?;
        if self.is_segment() {
            match &mut state.syncs_left {
                Some(0) => {
                    state.syncs_left = None;
                    // As Linux does it: what could not be written counts as written from now on.
                    state.inodes[self.inode].pending.clear();
                    return Err(io::Error::other("cannot sync"));
                }
                Some(left) => *left -= 1,
                None => {}
            }
        }
        let inode = &mut state.inodes[self.inode];
        for change in inode.pending.drain(..) {
            change.apply(&mut inode.durable);
        }
        Ok(())
    }

    fn length(&self) -> io::Result<u64> {
        Ok(self.state.lock().unwrap().inodes[self.inode].current.len() as u64)
    }

    fn truncate(&self, length: u64) -> io::Result<()> {
        let mut state = self.state.lock().unwrap();
        state.call(&self.path)?;
        let room = state.inodes[self.inode].current.len() as u64;
        if self.is_segment()
            && let Some(left) = &mut state.room
        {
            *left += room.saturating_sub(length);
        }
        let inode = &mut state.inodes[self.inode];
        Change::Truncate(length).apply(&mut inode.current);
        inode.pending.push(Change::Truncate(length));
        Ok(())
    }

    fn allocate(&self, _: u64) -> io::Result<()> {
        Ok(())
    }
}
