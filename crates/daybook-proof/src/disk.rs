//! What the proof asks of a disk when it writes, so that tests can put one under it that fails. Each method does what the file
//! system does, where it is not said otherwise.

use std::fmt::Debug;
use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

/// A disk to write to.
pub trait Disk: Send + Sync + Debug {
    /// Makes a directory, in one that is there.
    ///
    /// # Errors
    /// What the file system says.
    fn create_directory(&self, path: &Path) -> io::Result<()> {
        std::fs::create_dir(path)
    }

    /// Makes or empties a file, writes it, and has the disk begin with it: synced one after another, files on which it has not
    /// begun would each wait for a commit of the file system's journal.
    ///
    /// # Errors
    /// What the file system says. Any part of the file may be there then.
    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<File> {
        let mut file = File::create(path)?;
        file.write_all(bytes)?;
        // Only a hint: the sync says whether it was written.
        let _ = rustix::fs::fadvise(&file, 0, None, rustix::fs::Advice::DontNeed);
        Ok(file)
    }

    /// Gives a file another name, replacing what had it.
    ///
    /// # Errors
    /// What the file system says.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        std::fs::rename(from, to)
    }

    /// Makes a file durable, or the names in a directory. It has this path now.
    ///
    /// # Errors
    /// What the file system says. What was written is in doubt then, and another sync does not say otherwise.
    fn sync(&self, file: &File, _path: &Path) -> io::Result<()> {
        file.sync_all()
    }

    /// Makes everything durable that is written to the file system of a file that was opened before.
    ///
    /// # Errors
    /// What the file system says.
    fn sync_file_system(&self, file: &File) -> io::Result<()> {
        Ok(rustix::fs::syncfs(file)?)
    }
}

/// The file system.
#[derive(Debug, Clone, Copy, Default)]
pub struct RealDisk;

impl Disk for RealDisk {}
