//! Whether a person can be found in what was left behind: the search that every view's privacy test ends with.
//!
//! [`Needles`] are what must not be found, each in the many ways in which it may have been written. A [`Haystack`] is
//! where to look: directories, with everything in them; pieces of memory; readers, for what only its owner can decode,
//! such as the records of a log or the rows of a database that compresses. Compressed files are looked into, wherever in
//! a file they begin.
//!
//! A search that finds nothing proves nothing by itself. A test searches twice: before, when each needle must be found
//! ([`Searched::assert_finds_all`]), and after, when none may be ([`Searched::assert_clean`]).

mod inside;
mod needles;
mod scan;
mod walk;

use std::collections::BTreeMap;
use std::fmt;
use std::io::Read;
use std::path::{Path, PathBuf};

pub use needles::{Encoding, Needles};

/// Compressed within compressed, so deep is looked.
const DEPTH_MAX: usize = 4;
/// Decompressed bytes, or bytes of a reader, that are kept in memory to look for compressed pieces in them. What is longer
/// is searched all the same, but not for further layers.
const MEMORY_BYTES_MAX: usize = 64 << 20;
/// Decompressed bytes of one piece that are searched.
const DECODED_BYTES_MAX: u64 = 4 << 30;
/// Lines that a failed assertion prints.
const LINES_MAX: usize = 50;

/// Where to look.
#[derive(Default)]
pub struct Haystack<'h> {
    directories: Vec<PathBuf>,
    pieces: Vec<(String, &'h [u8])>,
    readers: Vec<(String, Box<dyn Read + 'h>)>,
}

impl<'h> Haystack<'h> {
    /// Nowhere yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Everything below a directory: the names of files, what is in them, where links point. Links are followed, each
    /// directory once.
    #[must_use]
    pub fn directory(mut self, path: impl AsRef<Path>) -> Self {
        self.directories.push(path.as_ref().to_owned());
        self
    }

    /// Bytes, such as a process's output or the body of a response.
    #[must_use]
    pub fn bytes(mut self, name: impl Into<String>, bytes: &'h (impl AsRef<[u8]> + ?Sized)) -> Self {
        self.pieces.push((name.into(), bytes.as_ref()));
        self
    }

    /// What a reader gives.
    #[must_use]
    pub fn reader(mut self, name: impl Into<String>, reader: impl Read + 'h) -> Self {
        self.readers.push((name.into(), Box::new(reader)));
        self
    }

    /// Looks everywhere.
    #[must_use]
    pub fn search(self, needles: &Needles) -> Searched {
        let mut search = scan::Search::new(needles);
        for directory in &self.directories {
            walk::directory(&mut search, directory);
        }
        for (name, bytes) in &self.pieces {
            search.piece(name, bytes, 0);
        }
        for (name, reader) in self.readers {
            search.stream(&name, reader, 0);
        }
        search.finish()
    }
}

/// Something that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Where: a path or a name, and for what is in something compressed also what it is in.
    pub place: String,
    /// At which byte of it first.
    pub offset: u64,
    /// How often in this place.
    pub count: u64,
    /// Which needle, by its label.
    pub needle: String,
    /// How it was written.
    pub encoding: Encoding,
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { place, offset, count, needle, encoding } = self;
        write!(formatter, "{needle} ({encoding:?}) in {place}, byte {offset}, {count} times")
    }
}

/// What a search found.
#[derive(Debug, Clone, Default)]
pub struct Searched {
    /// The findings, by place.
    pub findings: Vec<Finding>,
    /// What could not be searched, or not to its end, and why.
    pub unsearched: Vec<String>,
    /// Places that were searched: files, pieces, readers, and what was in them.
    pub places: u64,
    /// Bytes that were searched, decompressed ones included.
    pub bytes: u64,
    labels: Vec<String>,
}

impl Searched {
    /// Whether a needle was found anywhere, in any writing.
    #[must_use]
    pub fn found(&self, needle: &str) -> bool {
        self.findings.iter().any(|finding| finding.needle == needle)
    }

    /// # Panics
    /// When something was found, or something could not be searched, or there was nothing to search.
    #[track_caller]
    pub fn assert_clean(&self) {
        assert!(self.findings.is_empty(), "found what must not be there:\n{}", lines(&self.findings));
        assert!(self.unsearched.is_empty(), "not searched:\n{}", lines(&self.unsearched));
        assert!(self.bytes > 0, "there was nothing to search");
    }

    /// The control: every needle is there.
    ///
    /// # Panics
    /// When one is not.
    #[track_caller]
    pub fn assert_finds_all(&self) {
        let missed: Vec<&String> = self.labels.iter().filter(|label| !self.found(label)).collect();
        assert!(missed.is_empty(), "the control does not find {missed:?} in {} bytes", self.bytes);
    }

    /// The findings' counts by place and needle, for a test that says exactly where something may be.
    #[must_use]
    pub fn by_place(&self) -> BTreeMap<(&str, &str), u64> {
        let mut counts = BTreeMap::new();
        for finding in &self.findings {
            *counts.entry((finding.place.as_str(), finding.needle.as_str())).or_default() += finding.count;
        }
        counts
    }
}

fn lines<T: fmt::Display>(all: &[T]) -> String {
    let mut lines: Vec<String> = all.iter().take(LINES_MAX).map(|one| format!("  {one}")).collect();
    if all.len() > LINES_MAX {
        lines.push(format!("  and {} more", all.len() - LINES_MAX));
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests;
