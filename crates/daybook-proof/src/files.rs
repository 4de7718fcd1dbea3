//! Files that are put in place at once, and made durable.

use std::collections::BTreeSet;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use crate::disk::Disk;
use crate::limits::SYNC_SINGLY_MAX;

/// Files that were written and are not durable yet. After an error it is of no use any more: whoever wrote to it writes all of
/// it again, to another one.
#[derive(Debug)]
pub(crate) struct Unsynced<'d> {
    disk: &'d dyn Disk,
    /// Everything is written below this directory.
    root: &'d Path,
    /// Whether directories may be there and not be durable: after an attempt that failed, or that a crash ended.
    doubtful: bool,
    /// Opened before anything is written. The disk tells whoever has a file open what became of it, and nobody else.
    file_system: Option<File>,
    /// Kept open for the same reason; none any more when there are too many to be synced one by one.
    files: Vec<(PathBuf, File)>,
    many: bool,
    directories: BTreeSet<PathBuf>,
    /// Directories that are known to be there.
    known: BTreeSet<PathBuf>,
}

impl<'d> Unsynced<'d> {
    pub(crate) fn new(disk: &'d dyn Disk, root: &'d Path, doubtful: bool) -> Self {
        let (directories, known) = (BTreeSet::new(), BTreeSet::new());
        Self { disk, root, doubtful, file_system: None, files: Vec::new(), many: false, directories, known }
    }

    /// Puts a file in place: whoever reads it sees the old one or the new one. A crash may leave any part of it, until it is
    /// synced.
    pub(crate) fn put(&mut self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let file = self.place(path, bytes, false)?;
        self.many |= self.files.len() >= SYNC_SINGLY_MAX;
        if self.many {
            self.files.clear();
        } else {
            self.files.push((path.to_owned(), file));
        }
        Ok(())
    }

    /// The same for a file of which never a part may be seen, whatever happens.
    pub(crate) fn replace(&mut self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        self.place(path, bytes, true).map(drop)
    }

    /// Makes everything that was written durable.
    pub(crate) fn sync(&mut self) -> io::Result<()> {
        match &self.file_system {
            // Thousands of small files are synced faster together, with whatever else waits to be written, than one by one.
            Some(file_system) if self.many => self.disk.sync_file_system(file_system)?,
            _ => {
                for (path, file) in &self.files {
                    self.disk.sync(file, path)?;
                }
                for path in &self.directories {
                    self.disk.sync(&File::open(path)?, path)?;
                }
            }
        }
        self.files.clear();
        self.directories.clear();
        self.many = false;
        Ok(())
    }

    fn place(&mut self, path: &Path, bytes: &[u8], durable: bool) -> io::Result<File> {
        let directory = parent(path);
        self.directory(directory)?;
        if self.file_system.is_none() {
            self.file_system = Some(File::open(self.root)?);
        }
        let draft = draft_of(path);
        let put = || {
            let file = self.disk.write(&draft, bytes)?;
            if durable {
                self.disk.sync(&file, &draft)?;
            }
            self.disk.rename(&draft, path)?;
            Ok(file)
        };
        // What is left of it, if anything, is overwritten by the next attempt at the latest.
        let file = put().inspect_err(|_: &io::Error| drop(std::fs::remove_file(&draft)))?;
        self.directories.insert(directory.to_owned());
        Ok(file)
    }

    /// Makes a directory and those above it.
    fn directory(&mut self, path: &Path) -> io::Result<()> {
        if self.known.contains(path) {
            return Ok(());
        }
        let missing = !path.is_dir();
        if missing || (self.doubtful && path.starts_with(self.root)) {
            self.directory(parent(path))?;
            if missing {
                match self.disk.create_directory(path) {
                    Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error),
                    _ => {}
                }
            }
            self.directories.insert(parent(path).to_owned());
        }
        self.known.insert(path.to_owned());
        Ok(())
    }
}

/// Where a file is written before it has its name. A tile's path never ends so.
fn draft_of(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".tmp");
    path.with_file_name(name)
}

/// Puts a file that only its owner may read in place, durably. Without `replace` one that is there is left, and that is said.
pub(crate) fn write_private(path: &Path, bytes: &[u8], replace: bool) -> io::Result<bool> {
    let directory = parent(path);
    DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
    let mut draft = path.file_name().unwrap_or_default().to_owned();
    draft.push(format!(".{}.tmp", std::process::id()));
    let draft = path.with_file_name(draft);
    match std::fs::remove_file(&draft) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let put = || {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        if replace {
            std::fs::rename(&draft, path)?;
            return Ok(true);
        }
        // A link is made only where nothing is.
        let linked = std::fs::hard_link(&draft, path);
        std::fs::remove_file(&draft)?;
        match linked {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(false),
            Err(error) => Err(error),
        }
    };
    let made = put().inspect_err(|_: &io::Error| drop(std::fs::remove_file(&draft)))?;
    File::open(directory)?.sync_all()?;
    Ok(made)
}

/// A file's bytes, if it is there; an error where it has more than `bytes_max`.
pub(crate) fn read_at_most(path: &Path, bytes_max: u64) -> io::Result<Option<Vec<u8>>> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut bytes = Vec::new();
    file.take(bytes_max + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > bytes_max {
        return Err(io::Error::new(ErrorKind::InvalidData, format!("it has more than {bytes_max} bytes")));
    }
    Ok(Some(bytes))
}

/// The directory that a file is in.
pub(crate) fn parent(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}
