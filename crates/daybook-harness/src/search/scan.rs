//! Bytes go by and are compared.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Cursor, Read, Seek, SeekFrom};
use std::path::Path;

use aho_corasick::AhoCorasick;

use super::inside::{self, Container};
use super::needles::{Encoding, Needles};
use super::{DECODED_BYTES_MAX, DEPTH_MAX, Finding, MEMORY_BYTES_MAX, Searched};

/// Bytes compared at once.
const CHUNK_BYTES: usize = 1 << 20;

/// A search under way.
pub(super) struct Search<'n> {
    needles: &'n Needles,
    automaton: AhoCorasick,
    /// The longest pattern, less one: so much of a chunk is looked at again with the next.
    overlap: usize,
    found: BTreeMap<(String, usize, Encoding), (u64, u64)>,
    searched: Searched,
}

/// Something that can be read from any place.
trait Source {
    fn open_at(&self, offset: u64) -> io::Result<Box<dyn Read + '_>>;
}

impl Source for &[u8] {
    fn open_at(&self, offset: u64) -> io::Result<Box<dyn Read + '_>> {
        let start = usize::try_from(offset).unwrap_or(usize::MAX).min(self.len());
        Ok(Box::new(&self[start..]))
    }
}

impl Source for &Path {
    fn open_at(&self, offset: u64) -> io::Result<Box<dyn Read + '_>> {
        let mut file = File::open(self)?;
        file.seek(SeekFrom::Start(offset))?;
        Ok(Box::new(file))
    }
}

impl<'n> Search<'n> {
    pub(super) fn new(needles: &'n Needles) -> Self {
        let automaton = needles.automaton(&inside::MAGICS.map(|(magic, _)| magic));
        let overlap = automaton.max_pattern_len().saturating_sub(1);
        let searched = Searched { labels: needles.labels().to_vec(), ..Searched::default() };
        Self { needles, automaton, overlap, found: BTreeMap::new(), searched }
    }

    pub(super) fn finish(mut self) -> Searched {
        for ((place, needle, encoding), (offset, count)) in self.found {
            let needle = self.needles.labels()[needle].clone();
            self.searched.findings.push(Finding { place, offset, count, needle, encoding });
        }
        self.searched
    }

    /// Searches a file.
    pub(super) fn file(&mut self, name: &str, path: &Path) {
        self.source(name, &path, 0);
    }

    /// Searches bytes.
    pub(super) fn piece(&mut self, name: &str, bytes: &[u8], depth: usize) {
        self.source(name, &bytes, depth);
    }

    /// Searches what a reader gives.
    pub(super) fn stream(&mut self, name: &str, reader: impl Read, depth: usize) {
        let mut reader = reader.take(DECODED_BYTES_MAX);
        let mut head = Vec::new();
        let read = reader.by_ref().take(MEMORY_BYTES_MAX as u64 + 1).read_to_end(&mut head);
        if let Err(error) = read {
            self.cannot(name, &error);
        }
        if head.len() <= MEMORY_BYTES_MAX {
            self.piece(name, &head, depth);
            return;
        }
        let inner = self.compare(name, &mut Cursor::new(&head).chain(reader.by_ref()));
        if !inner.is_empty() && depth < DEPTH_MAX {
            self.searched.unsearched.push(format!("{name}: compressed pieces in what is too long for memory"));
        }
        if reader.limit() == 0 {
            self.searched.unsearched.push(format!("{name}: more than {DECODED_BYTES_MAX} bytes"));
        }
    }

    /// Notes that something could not be read.
    pub(super) fn cannot(&mut self, name: &str, error: &io::Error) {
        self.searched.unsearched.push(format!("{name}: {error}"));
    }

    /// Searches a source, and whatever compressed begins anywhere in it.
    fn source(&mut self, name: &str, source: &impl Source, depth: usize) {
        let inner = match source.open_at(0) {
            Ok(mut reader) => self.compare(name, &mut *reader),
            // It went while the directory was read.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return,
            Err(error) => return self.cannot(name, &error),
        };
        if depth >= DEPTH_MAX {
            if !inner.is_empty() {
                self.searched.unsearched.push(format!("{name}: compressed more than {DEPTH_MAX} times"));
            }
            return;
        }
        for (offset, container) in inner {
            match source.open_at(offset) {
                Ok(reader) => {
                    let name = format!("{name}, {container:?} at {offset}");
                    self.container(&name, container, reader, depth + 1);
                }
                Err(error) => self.cannot(name, &error),
            }
        }
    }

    /// Searches what is in something compressed. Bytes that only look like its beginning are no failure.
    fn container(&mut self, name: &str, container: Container, reader: impl Read, depth: usize) {
        let Some(mut decoder) = inside::open(container, reader) else { return };
        let mut first = [0];
        loop {
            match decoder.read(&mut first) {
                Ok(0) => return,
                Ok(_) => break,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => return,
            }
        }
        // What ends in the middle is searched up to there: half of a file gives half of a name away.
        let rest = Lenient(decoder);
        self.stream(name, Cursor::new(first).chain(rest), depth);
    }

    /// Compares what a reader gives with every pattern; gives where something compressed seems to begin.
    fn compare(&mut self, name: &str, reader: &mut dyn Read) -> Vec<(u64, Container)> {
        self.searched.places += 1;
        let patterns = self.needles.patterns();
        let (mut inner, mut buffer, mut start) = (Vec::new(), Vec::with_capacity(CHUNK_BYTES + self.overlap), 0u64);
        loop {
            let seen = buffer.len();
            if let Err(error) = Read::take(&mut *reader, CHUNK_BYTES as u64).read_to_end(&mut buffer) {
                self.cannot(name, &error);
            }
            if buffer.len() == seen {
                return inner;
            }
            self.searched.bytes += (buffer.len() - seen) as u64;
            for found in self.automaton.find_overlapping_iter(&buffer) {
                if found.end() <= seen {
                    continue;
                }
                let (index, offset) = (found.pattern().as_usize(), start + found.start() as u64);
                match patterns.get(index) {
                    Some(pattern) => {
                        let key = (name.to_owned(), pattern.needle, pattern.encoding);
                        self.found.entry(key).or_insert((offset, 0)).1 += 1;
                    }
                    None => inner.push((offset, inside::MAGICS[index - patterns.len()].1)),
                }
            }
            let done = buffer.len().saturating_sub(self.overlap);
            buffer.drain(..done);
            start += done as u64;
        }
    }
}

/// Ends where its reader fails.
struct Lenient<R>(R);

impl<R: Read> Read for Lenient<R> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        match self.0.read(bytes) {
            Err(error) if error.kind() != io::ErrorKind::Interrupted => Ok(0),
            other => other,
        }
    }
}
