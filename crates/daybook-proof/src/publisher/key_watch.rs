//! Whether the file of keys is another than when it was last looked at.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// A file that is put in place as a whole, as keys are.
#[derive(Debug)]
pub(super) struct Watched {
    path: PathBuf,
    seen: Option<Stamp>,
}

/// What is different about a file that was put in the place of another.
#[derive(Debug, PartialEq, Eq)]
struct Stamp {
    device: u64,
    inode: u64,
    length: u64,
    changed: (i64, i64),
}

impl Watched {
    pub(super) fn new(path: &Path) -> Self {
        Self { path: path.to_owned(), seen: None }
    }

    /// Whether there is another one since this was asked last. None at all is no other one; the first one is.
    pub(super) fn has_changed(&mut self) -> bool {
        let now = Stamp::of(&self.path);
        let changed = now.is_some() && now != self.seen;
        if changed {
            self.seen = now;
        }
        changed
    }

    /// Asked next, it has changed.
    pub(super) fn forget(&mut self) {
        self.seen = None;
    }
}

impl Stamp {
    fn of(path: &Path) -> Option<Self> {
        let file = std::fs::metadata(path).ok()?;
        let changed = (file.ctime(), file.ctime_nsec());
        Some(Self { device: file.dev(), inode: file.ino(), length: file.len(), changed })
    }
}
