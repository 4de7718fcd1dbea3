//! The real disk, which fails on demand, and knows what a power failure would leave of what was written to it.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};

use crate::disk::{Disk, RealDisk};

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// There is no room: of a file nothing is written, or half of it.
    NoSpace { half: bool },
    /// The disk does not do what it should. As Linux does it, it says so once: what could not be synced counts as synced from
    /// then on.
    Broken,
}

/// What is left of names that were not synced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Names {
    Lost,
    /// All of them are there, and of files that were not synced a half.
    Kept,
}

/// The disk. Clones are the same disk.
#[derive(Debug, Clone)]
pub struct FaultyDisk {
    state: Arc<Mutex<State>>,
}

#[derive(Debug)]
struct State {
    /// Everything is written below this directory, which is durable.
    root: PathBuf,
    /// Calls that still work, and what then happens to all others; or to one only.
    fault: Option<(u64, Fault)>,
    lasting: bool,
    /// The next sync of the whole file system fails.
    fail_file_system: bool,
    /// The number of what is written next.
    next: u64,
    /// Which of what was written has which name.
    numbers: HashMap<PathBuf, u64>,
    /// What is durable of what was written, by its number.
    synced: HashMap<u64, Vec<u8>>,
    /// Files of which something was lost, and that will never be what they should be.
    lost: HashSet<u64>,
    /// The names that are durable: files by their number, and directories.
    names: BTreeMap<PathBuf, Option<u64>>,
}

impl FaultyDisk {
    pub fn new(root: &Path) -> Self {
        let state = State {
            root: root.to_owned(),
            fault: None,
            lasting: false,
            fail_file_system: false,
            next: 0,
            numbers: HashMap::new(),
            synced: HashMap::new(),
            lost: HashSet::new(),
            names: BTreeMap::new(),
        };
        Self { state: Arc::new(Mutex::new(state)) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// The call after this many more fails.
    pub fn fail_once_after(&self, calls: u64, fault: Fault) {
        let mut state = self.state();
        (state.fault, state.lasting) = (Some((calls, fault)), false);
    }

    /// All calls fail.
    pub fn fail(&self, fault: Fault) {
        let mut state = self.state();
        (state.fault, state.lasting) = (Some((0, fault)), true);
    }

    /// Everything works again; says whether something had failed that was to fail once.
    pub fn heal(&self) -> bool {
        let mut state = self.state();
        state.lasting = false;
        state.fault.take().is_none()
    }

    /// The next sync of the whole file system fails, once.
    pub fn fail_file_system_once(&self) {
        self.state().fail_file_system = true;
    }

    /// Puts what a power failure would leave into another directory.
    pub fn survivors(&self, names: Names, into: &Path) {
        let state = self.state();
        let found = match names {
            Names::Lost => state.names.clone(),
            Names::Kept => state.listed(&state.root.clone()),
        };
        // A directory comes before what is in it. What is in one that is gone is gone.
        for (path, file) in &found {
            let target = into.join(path.strip_prefix(&state.root).unwrap());
            if !target.parent().unwrap().is_dir() {
                continue;
            }
            match file {
                None => fs::create_dir(&target).unwrap(),
                Some(number) => {
                    let torn = || fs::read(path).map(|bytes| bytes[..bytes.len() / 2].to_vec()).unwrap_or_default();
                    fs::write(&target, state.synced.get(number).cloned().unwrap_or_else(torn)).unwrap();
                }
            }
        }
    }
}

impl State {
    /// Counts a call; what is to happen to it.
    fn call(&mut self) -> Option<Fault> {
        match &mut self.fault {
            Some((0, fault)) => {
                let fault = *fault;
                if !self.lasting {
                    self.fault = None;
                }
                Some(fault)
            }
            Some((left, _)) => {
                *left -= 1;
                None
            }
            None => None,
        }
    }

    fn sync_file(&mut self, path: &Path, number: u64) {
        if !self.lost.contains(&number) {
            self.synced.insert(number, fs::read(path).unwrap());
        }
    }

    fn sync_names(&mut self, directory: &Path) {
        self.names.retain(|path, _| path.parent() != Some(directory));
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            // What lies beside the proof is no matter of its own.
            if path.starts_with(&self.root) {
                self.names.insert(path.clone(), self.number_of(&path));
            }
        }
    }

    /// Everything below a directory.
    fn listed(&self, directory: &Path) -> BTreeMap<PathBuf, Option<u64>> {
        let mut found = BTreeMap::new();
        for entry in fs::read_dir(directory).into_iter().flatten() {
            let path = entry.unwrap().path();
            let number = self.number_of(&path);
            if number.is_none() {
                found.extend(self.listed(&path));
            }
            found.insert(path, number);
        }
        found
    }

    /// The number of what is in a file; none of a directory.
    fn number_of(&self, path: &Path) -> Option<u64> {
        (!path.is_dir()).then(|| self.numbers.get(path).copied().unwrap_or(u64::MAX))
    }
}

impl Fault {
    fn error(self) -> io::Error {
        match self {
            Self::NoSpace { .. } => io::ErrorKind::StorageFull.into(),
            Self::Broken => io::Error::other("the platter is scratched"),
        }
    }
}

impl Disk for FaultyDisk {
    fn create_directory(&self, path: &Path) -> io::Result<()> {
        match self.state().call() {
            Some(fault) => Err(fault.error()),
            None => RealDisk.create_directory(path),
        }
    }

    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<File> {
        let mut state = self.state();
        let Some(fault) = state.call() else {
            let number = state.next;
            state.next += 1;
            state.numbers.insert(path.to_owned(), number);
            return RealDisk.write(path, bytes);
        };
        if fault == (Fault::NoSpace { half: true }) {
            File::create(path)?.write_all(&bytes[..bytes.len() / 2])?;
        }
        Err(fault.error())
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut state = self.state();
        if let Some(fault) = state.call() {
            return Err(fault.error());
        }
        let number = state.numbers.remove(from).unwrap();
        state.numbers.insert(to.to_owned(), number);
        RealDisk.rename(from, to)
    }

    fn sync(&self, _: &File, path: &Path) -> io::Result<()> {
        let mut state = self.state();
        let (fault, number) = (state.call(), state.number_of(path));
        match (fault, number) {
            (Some(fault), number) => {
                state.lost.extend(number);
                Err(fault.error())
            }
            (None, Some(number)) => {
                state.sync_file(path, number);
                Ok(())
            }
            (None, None) => {
                state.sync_names(path);
                Ok(())
            }
        }
    }

    fn sync_file_system(&self, _: &File) -> io::Result<()> {
        let mut state = self.state();
        let found = state.listed(&state.root.clone());
        let broken = std::mem::take(&mut state.fail_file_system).then_some(Fault::Broken);
        if let Some(fault) = state.call().or(broken) {
            let unsynced = found.values().flatten().filter(|number| !state.synced.contains_key(number));
            let unsynced: Vec<u64> = unsynced.copied().collect();
            state.lost.extend(unsynced);
            return Err(fault.error());
        }
        for (path, number) in &found {
            if let Some(number) = number {
                state.sync_file(path, *number);
            }
        }
        state.names = found;
        Ok(())
    }
}
