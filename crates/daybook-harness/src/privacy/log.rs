//! The log, as it is on the disk.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use sha2::{Digest, Sha256};

/// A log that was read from its beginning to its end.
#[derive(Debug, Clone, Default)]
pub struct LogCopy {
    /// The last position.
    pub head: u64,
    /// The leaf hash of every position, from the first on; nothing where the log could not say.
    pub leaves: Vec<Option<[u8; 32]>>,
    /// The records that are there, hidden ones too, by position.
    pub records: BTreeMap<u64, Vec<u8>>,
}

impl LogCopy {
    /// # Panics
    /// Where a position has no leaf hash, or a record another than its own.
    #[track_caller]
    pub(super) fn assert_whole(&self) {
        assert!(self.head > 0 && self.leaves.len() as u64 == self.head, "{} of {}", self.leaves.len(), self.head);
        assert!(self.leaves.iter().all(Option::is_some), "a position without its leaf hash");
        for (position, record) in &self.records {
            let hash = Sha256::new().chain_update([0]).chain_update(record).finalize();
            let leaf = self.leaves[usize::try_from(position - 1).unwrap()];
            assert_eq!(leaf, Some(hash.into()), "the leaf hash of record {position} is not its own");
        }
    }

    /// # Panics
    /// Where a record that was in the log before is another one now.
    #[track_caller]
    pub(super) fn assert_continues(&self, before: &Self) {
        self.assert_whole();
        assert!(self.head >= before.head, "the log has become shorter");
        let same = self.leaves.iter().zip(&before.leaves).all(|(now, then)| now == then);
        assert!(same, "a leaf hash has changed");
        for (position, record) in &self.records {
            if *position <= before.head {
                assert_eq!(Some(record), before.records.get(position), "record {position} is another one");
            }
        }
    }
}

/// Copies a directory with everything in it.
///
/// # Panics
/// When that fails.
pub fn copy_directory(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let (source, target) = (entry.as_ref().unwrap().path(), to.join(entry.unwrap().file_name()));
        if source.is_dir() {
            copy_directory(&source, &target);
        } else {
            fs::copy(&source, &target).unwrap();
        }
    }
}
