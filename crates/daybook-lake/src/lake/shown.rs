//! What queries see: the files of each table and what waits to be in them, changed together.

use daybook_event::Position;

use super::{Table, Tables};
use crate::error::LakeError;
use crate::hot::Hot;
use crate::table::{Files, Log};

/// What queries see.
#[derive(Debug)]
pub(super) struct Shown {
    /// Everything up to here is in it.
    pub(super) through: Position,
    /// What is in memory up to here is being committed.
    pub(super) sealed: Position,
    pub(super) shelves: Tables<Shelf>,
    /// The tables are no longer on the disk.
    pub(super) gone: bool,
}

/// One table.
#[derive(Debug, Default)]
pub(super) struct Shelf {
    pub(super) files: Files,
    pub(super) hot: Hot,
    /// Everything up to here is in the files.
    pub(super) committed: Position,
}

impl Shown {
    /// What the tables hold, and nothing beside them.
    pub(super) fn of(logs: &Tables<Log>) -> Result<Self, LakeError> {
        let shelf = |log: &Log| -> Result<Shelf, LakeError> {
            Ok(Shelf { files: log.files()?, hot: Hot::default(), committed: log.through })
        };
        let shelves = Tables { events: shelf(&logs.events)?, daily_counts: shelf(&logs.daily_counts)? };
        let mut shown = Self { through: 0, sealed: 0, shelves, gone: false };
        shown.through = shown.committed();
        Ok(shown)
    }

    /// Everything up to here is in the files of both tables.
    pub(super) fn committed(&self) -> Position {
        Table::ALL.map(|table| self.shelves.get(table).committed).into_iter().min().unwrap_or_default()
    }

    /// Rows and bytes that wait in memory.
    pub(super) fn hot(&self) -> (usize, usize) {
        let Tables { events, daily_counts } = &self.shelves;
        (events.hot.len() + daily_counts.hot.len(), events.hot.bytes() + daily_counts.hot.bytes())
    }

    /// There is nothing any more.
    pub(super) fn lose(&mut self) {
        *self = Self { through: 0, sealed: 0, shelves: Tables::default(), gone: true };
    }
}
