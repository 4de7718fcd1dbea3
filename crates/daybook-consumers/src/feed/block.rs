//! A stretch of the log, decoded, with its events by name.

use std::sync::Arc;

use daybook_catalog::consumers::Spec;
use daybook_event::Position;
use rustc_hash::FxHashMap;

use crate::Item;
use crate::limits::{ITEM_BYTES, NAMES_REMEMBERED};

/// Decoded events of positions that follow each other, as far as there still are events at them.
#[derive(Debug, Clone)]
pub(crate) struct Block {
    /// Positions up to here are before it.
    pub after: Position,
    /// The last position it covers.
    pub through: Position,
    items: Vec<Entry>,
    /// The places of each app's events in `items`, by their names.
    apps: Vec<(Box<str>, Names)>,
    bytes: usize,
}

/// The places of events, by their names.
type Names = FxHashMap<Box<str>, Vec<u16>>;

/// One event of a block.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub item: Arc<Item>,
    /// How long its record is.
    pub stored_bytes: usize,
}

/// Which events a consumer wants, by name.
#[derive(Debug)]
pub(crate) struct Selection {
    app: Arc<str>,
    spec: Arc<Spec>,
    known: FxHashMap<Box<str>, bool>,
}

impl Block {
    pub fn empty(after: Position) -> Self {
        Self { after, through: after, items: Vec::new(), apps: Vec::new(), bytes: size_of::<Self>() }
    }

    pub fn push(&mut self, entry: Entry) {
        let (event, place) = (&entry.item.event, self.items.len() as u16);
        let app = match self.apps.iter().position(|(app, _)| **app == *event.app) {
            Some(app) => app,
            None => {
                self.apps.push((event.app.as_ref().into(), Names::default()));
                self.apps.len() - 1
            }
        };
        let names = &mut self.apps[app].1;
        match names.get_mut(event.name.as_ref()) {
            Some(places) => places.push(place),
            None => {
                names.insert(event.name.as_ref().into(), vec![place]);
            }
        }
        self.bytes += ITEM_BYTES + entry.stored_bytes;
        self.items.push(entry);
    }

    /// The events behind a position that the selection wants, in position order.
    pub fn pick<'b>(&'b self, selection: &mut Selection, after: Position) -> impl Iterator<Item = &'b Entry> {
        let names = self.apps.iter().find(|(app, _)| **app == *selection.app).map(|(_, names)| names);
        let mut places: Vec<u16> = Vec::new();
        let mut lists = 0;
        for (_, more) in names.into_iter().flatten().filter(|(name, _)| selection.wants(name)) {
            places.extend_from_slice(more);
            lists += 1;
        }
        if lists > 1 {
            places.sort_unstable();
        }
        let entries = places.into_iter().filter_map(|place| self.items.get(usize::from(place)));
        entries.filter(move |entry| entry.item.event.position > after)
    }

    /// The event at a position.
    pub fn at(&self, position: Position) -> Option<&Entry> {
        let found = self.items.binary_search_by_key(&position, |entry| entry.item.event.position);
        found.ok().and_then(|place| self.items.get(place))
    }

    /// App and name of the events behind a position; each once, or more often.
    pub fn names_behind(&self, after: Position) -> impl Iterator<Item = (&str, &str)> {
        let from = self.items.partition_point(|entry| entry.item.event.position <= after);
        let events = self.items[from..].iter().map(|entry| &entry.item.event);
        events.map(|event| (event.app.as_ref(), event.name.as_ref()))
    }

    /// What it takes in memory, about.
    pub fn bytes(&self) -> usize {
        self.bytes
    }
}

impl Selection {
    pub fn new(app: Arc<str>, spec: Arc<Spec>) -> Self {
        Self { app, spec, known: FxHashMap::default() }
    }

    fn wants(&mut self, name: &str) -> bool {
        if let Some(wanted) = self.known.get(name) {
            return *wanted;
        }
        // Catalogs that keep undeclared types let clients make up names.
        if self.known.len() >= NAMES_REMEMBERED {
            self.known.clear();
        }
        let wanted = self.spec.wants(name);
        self.known.insert(name.into(), wanted);
        wanted
    }
}
