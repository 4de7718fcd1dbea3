//! A consumer's files: one is written at its end, all others stay as they are until somebody or something in them is to
//! be forgotten.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, BufReader, Read, Seek, SeekFrom, Write};
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
/// Holds the position that the files are being taken back to, from before the first of them is changed until all are.
const REWINDING: &str = ".rewinding";

/// A directory of files, and the one that is written. What goes wrong closes it; it is opened again with the next call,
/// and makes sure then of what it has.
pub(super) struct Store {
    pub(super) directory: PathBuf,
    pub(super) level: i32,
    rotate_bytes: u64,
    rotate_every_us: i64,
    open: Option<Open>,
    /// What was not synced when it should have been: the file, and how long it was before.
    suspect: Option<(PathBuf, u64)>,
    /// How far it was the last time: whoever relies on that must hear of it where it is less.
    reached: Position,
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
            reached: 0,
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
        // The newest file has the highest number, also where its first lines were taken back.
        let number = open.current.as_ref().map_or(after + 1, |current| (number(&current.path) + 1).max(after + 1));
        let path = self.directory.join(format!("{number:020}{SUFFIX}"));
        let is_full =
            |current: &Current| current.period != period || current.length + frames.len() as u64 > self.rotate_bytes;
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
        self.reached = open.committed;
        self.open = Some(open);
        Ok(())
    }

    /// Goes back to a position, or ahead to it. From when this is written down it happens, whatever happens in between.
    pub(super) fn rewind(&mut self, to: Position) -> io::Result<()> {
        self.make_ready()?;
        let noted = self.note_rewind(to);
        self.close();
        noted?;
        self.make_ready()
    }

    fn note_rewind(&self, to: Position) -> io::Result<()> {
        let unfinished = self.directory.join(format!("{REWINDING}{UNFINISHED}"));
        let mut file = create_private(&unfinished)?;
        file.write_all(to.to_string().as_bytes())?;
        file.sync_all()?;
        std::fs::rename(&unfinished, self.directory.join(REWINDING))?;
        sync_directory(&self.directory)
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
        if self.open.is_none() {
            let (open, rewinding) = self.recover()?;
            let committed = open.committed;
            self.open = Some(open);
            if let Some(to) = rewinding {
                self.end_rewind(committed, to).inspect_err(|_| self.open = None)?;
            }
        }
        self.open.as_mut().ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    /// Nothing behind the position is left: says how far that is, and that it is done.
    fn end_rewind(&mut self, committed: Position, to: Position) -> io::Result<()> {
        if committed < to {
            let received = self.last_received()?;
            self.append(Builder::new(committed, to, received), committed, to, received)?;
        }
        std::fs::remove_file(self.directory.join(REWINDING))?;
        sync_directory(&self.directory)
    }

    /// The position that the files were being taken back to, where that was not done to its end.
    fn rewinding(&self) -> io::Result<Option<Position>> {
        match std::fs::read_to_string(self.directory.join(REWINDING)) {
            Ok(text) => text.parse().map(Some).map_err(|_| io::ErrorKind::InvalidData.into()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Takes possession, and makes sure of the newest file's end.
    fn recover(&mut self) -> io::Result<(Open, Option<Position>)> {
        DirBuilder::new().recursive(true).mode(0o700).create(&self.directory)?;
        let lock =
            OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(self.directory.join(LOCK))?;
        lock.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => {
                io::Error::new(io::ErrorKind::ResourceBusy, "another process or consumer writes these files")
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
        let rewinding = self.rewinding()?;
        if let Some(to) = rewinding {
            self.cut(to)?;
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
        let is_less = open.committed < self.reached && rewinding.is_none();
        self.reached = open.committed;
        if is_less {
            // Who delivers goes on from what it was told before, and would leave a gap.
            return Err(io::Error::new(io::ErrorKind::InvalidData, "what was written is gone; it is written again"));
        }
        Ok((open, rewinding))
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

/// The number that a file is called by.
fn number(path: &Path) -> Position {
    let name = path.file_name().and_then(|name| name.to_str());
    name.and_then(|name| name.strip_suffix(SUFFIX)).and_then(|number| number.parse().ok()).unwrap_or_default()
}

/// A new file that only its owner reads.
pub(super) fn create_private(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(path)
}

/// Makes what was created, renamed and deleted in a directory durable.
pub(super) fn sync_directory(directory: &Path) -> io::Result<()> {
    File::open(directory)?.sync_all()
}

/// The deliveries of a file: their headers, where each begins and how long its first frame is.
pub(super) struct Deliveries<'f> {
    file: BufReader<&'f File>,
    at: u64,
    end: u64,
    /// The file's name, where there must be nothing behind the last of them.
    whole: Option<String>,
}

impl<'f> Deliveries<'f> {
    /// As far as they can be read: a crash may have left half of one.
    pub(super) fn of(file: &'f File) -> io::Result<Self> {
        let end = file.metadata()?.len();
        let mut file = BufReader::with_capacity(4096, file);
        file.seek(SeekFrom::Start(0))?;
        Ok(Self { file, at: 0, end, whole: None })
    }

    /// All of them: where one cannot be read, those behind it would be passed over, with whoever is named there.
    pub(super) fn all(file: &'f File, path: &Path) -> io::Result<Self> {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Ok(Self { whole: Some(name), ..Self::of(file)? })
    }

    /// The next header, where it begins, and how long its frame is.
    pub(super) fn next(&mut self) -> io::Result<Option<(Header, u64, u64)>> {
        let found = self.find()?;
        match &self.whole {
            Some(name) if found.is_none() && self.at != self.end => {
                let damaged = format!("{name} is damaged at byte {}", self.at);
                Err(io::Error::new(io::ErrorKind::InvalidData, damaged))
            }
            _ => Ok(found),
        }
    }

    fn find(&mut self) -> io::Result<Option<(Header, u64, u64)>> {
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

/// Cuts off what a crash left half written; gives the length of the rest, and its first and last header. Nothing where
/// nothing is left.
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
