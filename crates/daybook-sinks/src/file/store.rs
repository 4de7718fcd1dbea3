//! A consumer's files: one is written at its end, all others stay as they are until somebody or something in them is to be
//! forgotten.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use daybook_event::Position;

use super::frame::{self, Builder, Header};

/// How the files of events are called, after their first position.
const SUFFIX: &str = ".ndjson.zst";
/// What is not finished, and is deleted when the files are opened.
pub(super) const UNFINISHED: &str = ".unfinished";
const LOCK: &str = ".lock";

/// A directory of files, and the one that is written. What goes wrong closes it; it is opened again with the next call, and makes
/// sure then of what it has.
pub(super) struct Store {
    pub(super) directory: PathBuf,
    pub(super) level: i32,
    rotate_bytes: u64,
    rotate_every_us: i64,
    open: Option<Open>,
    /// What was not synced when it should have been: the file, and how long it was before.
    suspect: Option<(PathBuf, u64)>,
    #[cfg(test)]
    pub(super) faults: super::tests::Faults,
}

struct Open {
    /// Held while the files are ours.
    _lock: File,
    current: Option<Current>,
    committed: Position,
}

/// The file that is written.
struct Current {
    file: File,
    path: PathBuf,
    /// All of it durable.
    length: u64,
    /// The stretch of time whose events it has.
    period: i64,
}

impl Store {
    /// Of this directory; nothing is touched yet.
    pub(super) fn new(directory: PathBuf, level: i32, rotate_bytes: u64, rotate_every: Duration) -> Self {
        let rotate_every_us = i64::try_from(rotate_every.as_micros()).unwrap_or(i64::MAX).max(1);
        Self {
            directory,
            level,
            rotate_bytes,
            rotate_every_us,
            open: None,
            suspect: None,
            #[cfg(test)]
            faults: super::tests::Faults::default(),
        }
    }

    /// The last position that is durable.
    pub(super) fn committed(&mut self) -> io::Result<Position> {
        Ok(self.opened()?.committed)
    }

    /// Appends a delivery, durably.
    pub(super) fn append(
        &mut self,
        delivery: Builder,
        after: Position,
        through: Position,
        received: i64,
    ) -> io::Result<()> {
        let frames = delivery.finish(self.level)?;
        self.opened()?;
        let Some(mut open) = self.open.take() else { return Ok(()) };
        let period = received.div_euclid(self.rotate_every_us);
        let path = self.directory.join(format!("{:020}{SUFFIX}", after + 1));
        let is_full = |current: &Current| {
            current.path != path
                && (current.period != period || current.length + frames.len() as u64 > self.rotate_bytes)
        };
        let current = match open.current.take() {
            // What is written of the past, out of the dead letters, begins no file.
            Some(current) if after == through || !is_full(&current) => current,
            _ => Current { file: create_private(&path)?, path, length: 0, period },
        };
        let length = current.length + frames.len() as u64;
        if let Err(error) = self.write(&current, &frames) {
            self.suspect = Some((current.path, current.length));
            return Err(error);
        }
        open.current = Some(Current { length, ..current });
        open.committed = open.committed.max(through);
        self.open = Some(open);
        Ok(())
    }

    /// The files, oldest first.
    pub(super) fn files(&self) -> io::Result<Vec<PathBuf>> {
        let mut files = Vec::new();
        for entry in std::fs::read_dir(&self.directory)? {
            let entry = entry?;
            let name = entry.file_name();
            let stem = name.to_str().and_then(|name| name.strip_suffix(SUFFIX));
            if stem.is_some_and(|stem| stem.len() == 20 && stem.bytes().all(|byte| byte.is_ascii_digit())) {
                files.push(entry.path());
            }
        }
        files.sort();
        Ok(files)
    }

    /// Has it opened again with the next call.
    pub(super) fn close(&mut self) {
        self.open = None;
    }

    /// Makes sure that it is open.
    pub(super) fn make_ready(&mut self) -> io::Result<()> {
        self.opened().map(drop)
    }

    fn opened(&mut self) -> io::Result<&mut Open> {
        let open = match self.open.take() {
            Some(open) => open,
            None => self.recover()?,
        };
        Ok(self.open.insert(open))
    }

    /// Takes possession, and makes sure of the newest file's end.
    fn recover(&mut self) -> io::Result<Open> {
        DirBuilder::new().recursive(true).mode(0o700).create(&self.directory)?;
        let lock =
            OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(self.directory.join(LOCK))?;
        lock.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => {
                io::Error::new(io::ErrorKind::ResourceBusy, "another process writes these files")
            }
            TryLockError::Error(error) => error,
        })?;
        if let Some((path, length)) = &self.suspect {
            match OpenOptions::new().write(true).open(path) {
                Ok(file) => file.set_len(*length).and_then(|()| file.sync_all())?,
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        self.suspect = None;
        for entry in std::fs::read_dir(&self.directory)? {
            let path = entry?.path();
            if path.to_str().is_some_and(|path| path.ends_with(UNFINISHED)) {
                std::fs::remove_file(path)?;
            }
        }
        let mut open = Open { _lock: lock, current: None, committed: 0 };
        let mut files = self.files()?;
        while let Some(path) = files.pop() {
            let file = OpenOptions::new().read(true).write(true).open(&path)?;
            if let Some((length, first, last)) = sound(&file)? {
                open.committed = last.through;
                open.current =
                    Some(Current { file, path, length, period: first.received.div_euclid(self.rotate_every_us) });
                break;
            }
            std::fs::remove_file(&path)?;
            sync_directory(&self.directory)?;
        }
        Ok(open)
    }

    fn write(&mut self, current: &Current, frames: &[u8]) -> io::Result<()> {
        #[cfg(test)]
        if let Some(error) = self.faults.strike(&current.file, current.length, frames) {
            return Err(error);
        }
        current.file.write_all_at(frames, current.length)?;
        current.file.sync_data()?;
        if current.length == 0 {
            sync_directory(&self.directory)?;
        }
        Ok(())
    }
}

/// A new file that only its owner reads.
pub(super) fn create_private(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(path)
}

/// Makes what was created, renamed and deleted in a directory durable.
pub(super) fn sync_directory(directory: &Path) -> io::Result<()> {
    File::open(directory)?.sync_all()
}

/// The deliveries of a file: their headers, where each begins and how long its first frame is. It ends where they do.
pub(super) struct Deliveries<'f> {
    file: BufReader<&'f File>,
    at: u64,
    end: u64,
}

impl<'f> Deliveries<'f> {
    pub(super) fn of(file: &'f File) -> io::Result<Self> {
        let end = file.metadata()?.len();
        let mut file = BufReader::with_capacity(4096, file);
        file.seek(SeekFrom::Start(0))?;
        Ok(Self { file, at: 0, end })
    }

    /// The next header, where it begins, and how long its frame is.
    pub(super) fn next(&mut self) -> io::Result<Option<(Header, u64, u64)>> {
        let Some((header, header_bytes)) = frame::read_header(&mut self.file)? else { return Ok(None) };
        let (start, total) = (self.at, header.total_bytes(header_bytes));
        let Some(end) = start.checked_add(total).filter(|end| *end <= self.end) else { return Ok(None) };
        self.file.seek_relative(i64::try_from(total - header_bytes).map_err(|_| io::ErrorKind::InvalidData)?)?;
        self.at = end;
        Ok(Some((header, start, header_bytes)))
    }
}

/// Reads a piece of a file.
pub(super) fn read_at(file: &File, start: u64, length: u64) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; usize::try_from(length).map_err(|_| io::ErrorKind::FileTooLarge)?];
    file.read_exact_at(&mut bytes, start)?;
    Ok(bytes)
}

/// Cuts off what a crash left half written; gives the length of the rest, and its first and last header. Nothing where nothing is left.
fn sound(file: &File) -> io::Result<Option<(u64, Header, Header)>> {
    let mut deliveries = Deliveries::of(file)?;
    let mut found: Vec<(Header, u64, u64)> = Vec::new();
    while let Some(next) = deliveries.next()? {
        // Only the first and the last two are looked at again.
        if found.len() > 2 {
            found.remove(1);
        }
        found.push(next);
    }
    while let Some((last, start, header_bytes)) = found.pop() {
        let length = last.total_bytes(header_bytes);
        let frames = read_at(file, start, length)?;
        if !frame::is_whole(&last, header_bytes, &frames) {
            continue;
        }
        if file.metadata()?.len() > start + length {
            file.set_len(start + length)?;
        }
        // It may have been read from memory alone, after a sync that failed: written again, it is synced.
        file.write_all_at(&frames, start)?;
        file.sync_all()?;
        let first = found.first().map_or_else(|| last.clone(), |(first, ..)| first.clone());
        return Ok(Some((start + length, first, last)));
    }
    Ok(None)
}

/// The text of a piece of a file that is compressed.
pub(super) fn inflate(file: &File, (start, length): (u64, u64)) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    zstd::Decoder::with_buffer(&*read_at(file, start, length)?)?.read_to_end(&mut text)?;
    Ok(text)
}
