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
    apps: Vec<AppPlaces>,
    bytes: usize,
}

/// The places of an app's events in a block.
#[derive(Debug, Clone)]
struct AppPlaces {
    app: Box<str>,
    all: Vec<u16>,
    by_name: FxHashMap<Box<str>, Vec<u16>>,
}

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
        let app = match self.apps.iter().position(|places| *places.app == *event.app) {
            Some(app) => app,
            None => {
                let app = event.app.as_ref().into();
                self.apps.push(AppPlaces { app, all: Vec::new(), by_name: FxHashMap::default() });
                self.apps.len() - 1
            }
        };
        let places = &mut self.apps[app];
        places.all.push(place);
        match places.by_name.get_mut(event.name.as_ref()) {
            Some(places) => places.push(place),
            None => {
                places.by_name.insert(event.name.as_ref().into(), vec![place]);
            }
        }
        self.bytes += ITEM_BYTES + entry.stored_bytes;
        self.items.push(entry);
    }

    /// The events behind a position that the selection wants, in position order.
    pub fn pick<'b>(&'b self, selection: &mut Selection, after: Position) -> impl Iterator<Item = &'b Entry> {
        let places = self.apps.iter().find(|places| *places.app == *selection.app);
        let places = places.map_or_else(Vec::new, |places| places.of(selection));
        let entries = places.into_iter().filter_map(|place| self.items.get(usize::from(place)));
        entries.filter(move |entry| entry.item.event.position > after)
    }

    /// The event at a position.
    pub fn at(&self, position: Position) -> Option<&Entry> {
        let found = self.items.binary_search_by_key(&position, |entry| entry.item.event.position);
        found.ok().and_then(|place| self.items.get(place))
    }

    /// App and name of the events behind a position, each once.
    pub fn names_behind(&self, after: Position) -> impl Iterator<Item = (&str, &str)> {
        let from = self.items.partition_point(|entry| entry.item.event.position <= after);
        self.apps.iter().flat_map(move |AppPlaces { app, by_name, .. }| {
            let behind = move |places: &Vec<u16>| places.last().is_some_and(|last| usize::from(*last) >= from);
            by_name.iter().filter(move |(_, places)| behind(places)).map(|(name, _)| (&**app, &**name))
        })
    }

    /// What it takes in memory, about.
    pub fn bytes(&self) -> usize {
        self.bytes
    }
}

impl AppPlaces {
    /// The places of the events that the selection wants, in order.
    fn of(&self, selection: &mut Selection) -> Vec<u16> {
        let wanted: Vec<&Vec<u16>> =
            self.by_name.iter().filter(|(name, _)| selection.wants(name)).map(|(_, places)| places).collect();
        if wanted.len() == self.by_name.len() {
            return self.all.clone();
        }
        let mut places: Vec<u16> = wanted.iter().copied().flatten().copied().collect();
        if wanted.len() > 1 {
            places.sort_unstable();
        }
        places
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
