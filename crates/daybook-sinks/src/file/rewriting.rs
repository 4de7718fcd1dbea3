//! Files without what is to be forgotten: written beside the old ones, synced, and put in their place.
//!
//! What was done twice, or interrupted anywhere, is as if it was done once.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use daybook_event::{Month, Position};

use super::frame::{Builder, Header, Note};
use super::store::{Deliveries, Store, UNFINISHED, create_private, inflate, read_at, sync_directory};

/// What becomes of an event's line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// It stays.
    Stays,
    /// It stays, and names nobody.
    Nameless,
    /// It goes.
    Goes,
}

/// What is to be changed.
pub(super) trait Change {
    /// Whether a delivery may have something that it is about.
    fn concerns(&self, header: &Header) -> bool;
    /// What becomes of an event's line.
    fn fate(&self, note: &Note<'_>) -> Fate;
    /// The last position that stays, where later ones go.
    fn end(&self) -> Option<Position> {
        None
    }
}

impl Store {
    /// Changes every file that has something to change; gives how many lines were.
    pub(super) fn change(&mut self, change: &dyn Change) -> io::Result<u64> {
        self.make_ready()?;
        let changed = self.change_files(change);
        if !matches!(changed, Ok(None)) {
            // The one that is written may be another file now; and what failed has left something unfinished.
            self.close();
        }
        Ok(changed?.unwrap_or_default())
    }

    /// Takes away everything behind a position.
    pub(super) fn cut(&self, to: Position) -> io::Result<()> {
        if to > 0 {
            return self.change_files(&Until(to)).map(drop);
        }
        for path in self.files()? {
            std::fs::remove_file(path)?;
        }
        sync_directory(&self.directory)
    }

    /// Gives how many lines were changed; nothing where all files stay as they are.
    fn change_files(&self, change: &dyn Change) -> io::Result<Option<u64>> {
        let files = self.files()?;
        let newest = files.last().cloned();
        let mut lines = None;
        for path in files {
            if let Some(changed) = self.change_file(&path, change, newest.as_ref() == Some(&path))? {
                lines = Some(lines.unwrap_or_default() + changed);
            }
        }
        Ok(lines)
    }

    /// Every month that there are events of, by category.
    pub(super) fn months(&mut self) -> io::Result<Vec<(String, Month)>> {
        self.make_ready()?;
        let mut months: BTreeMap<String, Vec<i32>> = BTreeMap::new();
        self.each_header(|header| {
            for (category, of_it) in header.months {
                let all = months.entry(category).or_default();
                all.extend(of_it);
                all.sort_unstable();
                all.dedup();
            }
        })?;
        let month = |(category, months): (String, Vec<i32>)| {
            months.into_iter().map(move |month| (category.clone(), Month::from_number(month))).collect::<Vec<_>>()
        };
        Ok(months.into_iter().flat_map(month).collect())
    }

    pub(super) fn last_received(&self) -> io::Result<i64> {
        let mut received = 0;
        self.each_header(|header| received = header.received)?;
        Ok(received)
    }

    fn each_header(&self, mut each: impl FnMut(Header)) -> io::Result<()> {
        for path in self.files()? {
            let file = File::open(&path)?;
            let mut deliveries = Deliveries::all(&file, &path)?;
            while let Some((header, ..)) = deliveries.next()? {
                each(header);
            }
        }
        Ok(())
    }

    /// Gives how many lines were changed; nothing where the file stays as it is.
    fn change_file(&self, path: &Path, change: &dyn Change, is_newest: bool) -> io::Result<Option<u64>> {
        let file = File::open(path)?;
        if !self.has_to_change(&file, path, change)? {
            return Ok(None);
        }
        let unfinished = PathBuf::from(format!("{}{UNFINISHED}", path.display()));
        let mut new = create_private(&unfinished)?;
        let mut deliveries = Deliveries::all(&file, path)?;
        let (mut changed, mut kept) = (0, 0);
        let mut gone = None;
        while let Some((header, start, header_bytes)) = deliveries.next()? {
            let whole = (start, header.total_bytes(header_bytes));
            let (frames, lines) = self.change_delivery(&file, &header, (start, header_bytes), change)?;
            changed += lines;
            gone = None;
            match frames {
                Changed::Not => new.write_all(&read_at(&file, whole.0, whole.1)?)?,
                Changed::To(frames) => new.write_all(&frames)?,
                Changed::Empty => {
                    gone = Some(header);
                    continue;
                }
            }
            kept += 1;
        }
        if let Some(last) = gone.filter(|_| is_newest) {
            // The newest file's end says how far the log was delivered, whatever is in it.
            let through = change.end().map_or(last.through, |end| last.through.min(end));
            new.write_all(&Builder::new(through.min(last.after), through, last.received).finish(self.level)?)?;
            kept += 1;
        }
        if kept == 0 {
            std::fs::remove_file(&unfinished)?;
            std::fs::remove_file(path)?;
        } else {
            new.sync_all()?;
            std::fs::rename(&unfinished, path)?;
        }
        sync_directory(&self.directory)?;
        Ok(Some(changed))
    }

    fn has_to_change(&self, file: &File, path: &Path, change: &dyn Change) -> io::Result<bool> {
        let mut deliveries = Deliveries::all(file, path)?;
        while let Some((header, start, header_bytes)) = deliveries.next()? {
            if change.end().is_some_and(|end| header.through > end) {
                return Ok(true);
            }
            if change.concerns(&header) {
                let notes = notes(file, &header, start, header_bytes)?;
                for note in Lines(&notes) {
                    if change.fate(&read_note(note)?) != Fate::Stays {
                        return Ok(true);
                    }
                }
            }
        }
        Ok(false)
    }

    fn change_delivery(
        &self,
        file: &File,
        header: &Header,
        (start, header_bytes): (u64, u64),
        change: &dyn Change,
    ) -> io::Result<(Changed, u64)> {
        let is_cut = change.end().is_some_and(|end| header.through > end);
        if !is_cut && !change.concerns(header) {
            return Ok((Changed::Not, 0));
        }
        let notes = notes(file, header, start, header_bytes)?;
        let fates = Lines(&notes).map(|note| read_note(note).map(|note| change.fate(&note)));
        let fates = fates.collect::<io::Result<Vec<_>>>()?;
        let lines = fates.iter().filter(|fate| **fate != Fate::Stays).count() as u64;
        if lines == 0 && !is_cut {
            return Ok((Changed::Not, 0));
        }
        let (data_start, data_bytes) = header.data_range(header_bytes);
        let data = inflate(file, (start + data_start, data_bytes))?;
        let end = change.end().unwrap_or(Position::MAX);
        let mut builder = Builder::new(header.after.min(end), header.through.min(end), header.received);
        for ((note, line), fate) in Lines(&notes).zip(Lines(&data)).zip(fates) {
            let mut note = read_note(note)?;
            match (fate, note.forgotten.take()) {
                (Fate::Goes, _) => {}
                (Fate::Nameless, Some(forgotten)) => {
                    note.person = None;
                    builder.push(&note, |out| out.extend_from_slice(forgotten.get().as_bytes()))?;
                }
                (_, forgotten) => {
                    note.forgotten = forgotten;
                    builder.push(&note, |out| out.extend_from_slice(line))?;
                }
            }
        }
        if builder.is_empty() {
            return Ok((Changed::Empty, lines));
        }
        Ok((Changed::To(builder.finish(self.level)?), lines))
    }
}

/// What became of a delivery.
enum Changed {
    Not,
    To(Vec<u8>),
    Empty,
}

/// Everything after a position goes.
struct Until(Position);

impl Change for Until {
    fn concerns(&self, header: &Header) -> bool {
        header.through > self.0
    }

    fn fate(&self, note: &Note<'_>) -> Fate {
        if note.position > self.0 { Fate::Goes } else { Fate::Stays }
    }

    fn end(&self) -> Option<Position> {
        Some(self.0)
    }
}

/// The lines of a text that ends with one.
struct Lines<'t>(&'t [u8]);

impl<'t> Iterator for Lines<'t> {
    type Item = &'t [u8];

    fn next(&mut self) -> Option<&'t [u8]> {
        let end = self.0.iter().position(|byte| *byte == b'\n')?;
        let (line, rest) = self.0.split_at(end);
        self.0 = rest.get(1..).unwrap_or_default();
        Some(line)
    }
}

fn notes(file: &File, header: &Header, start: u64, header_bytes: u64) -> io::Result<Vec<u8>> {
    let (notes_start, notes_bytes) = header.notes_range(header_bytes);
    inflate(file, (start + notes_start, notes_bytes))
}

fn read_note(line: &[u8]) -> io::Result<Note<'_>> {
    Ok(serde_json::from_slice(line)?)
}
