//! Blobs on the disk of this machine, written so that they are there after the power fails.
//!
//! The file system of `object_store` syncs nothing: a file that was renamed into its place may be empty after a crash,
//! also one that had been good before. So writing is done here: beside, synced, renamed, and then the directories.

use std::collections::BTreeSet;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// Where files are written before they have their names; emptied at start. No app has such a name.
const WRITING: &str = ".writing";

/// A directory for blobs.
#[derive(Debug)]
pub(crate) struct LocalPlace {
    root: PathBuf,
    next: AtomicU64,
}

impl LocalPlace {
    /// Makes the directory where there is none, and removes what an earlier process has not finished.
    pub(crate) fn open(directory: &Path) -> io::Result<Self> {
        make_directory(directory)?;
        let root = directory.canonicalize()?;
        let writing = root.join(WRITING);
        make_directory(&writing)?;
        for entry in fs::read_dir(&writing)? {
            fs::remove_file(entry?.path())?;
        }
        Ok(Self { root, next: AtomicU64::new(0) })
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Writes files, whole and durable when this returns. One that is there already is replaced; it is whole all the
    /// time.
    pub(crate) fn write(&self, files: &[(PathBuf, Vec<u8>)]) -> io::Result<()> {
        let mut directories = BTreeSet::new();
        for (path, bytes) in files {
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            let beside = self.root.join(WRITING).join(number.to_string());
            let placed = write_beside(&beside, bytes).and_then(|()| {
                let parent = path.parent().unwrap_or(&self.root);
                make_directory(parent)?;
                fs::rename(&beside, path)?;
                directories
                    .extend(parent.ancestors().take_while(|above| above.starts_with(&self.root)).map(Path::to_owned));
                Ok(())
            });
            if let Err(error) = placed {
                // What is left is removed at the next start.
                let _ = fs::remove_file(&beside);
                return Err(error);
            }
        }
        directories.iter().try_for_each(|directory| File::open(directory)?.sync_all())
    }
}

fn write_beside(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

fn make_directory(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}
