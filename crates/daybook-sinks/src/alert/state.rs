//! What is known of alerts between events: bounded, and durable together with how far the log was read.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use daybook_event::Position;
use serde::{Deserialize, Serialize};

/// The version of the file.
const VERSION: u8 = 1;
/// Most groups of a rule; further ones are one.
pub(super) const GROUPS_MAX: usize = 1_000;
/// Pieces that a window is counted in.
pub(super) const WINDOW_PIECES: i64 = 60;

/// Labels, by name: what an alert is known by.
pub(super) type Labels = BTreeMap<String, String>;

/// Everything. Times are in microseconds since 1970.
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq)]
pub(super) struct State {
    version: u8,
    /// How far the log was read.
    pub(super) offset: Position,
    /// By rule and group.
    pub(super) rules: BTreeMap<String, BTreeMap<String, Group>>,
}

/// What is known of one group of a rule.
#[derive(Debug, Clone, Default, Serialize, Deserialize, PartialEq)]
pub(super) struct Group {
    pub(super) labels: Labels,
    pub(super) summary: String,
    /// When it was last heard of.
    pub(super) heard: i64,
    /// `rate`: events by the beginning of the piece of time they came in, whatever the window was then.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) counts: BTreeMap<i64, f64>,
    /// `threshold`: since when the value is beyond it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) beyond_since: Option<i64>,
    /// `threshold`: the value that was beyond it last.
    #[serde(default)]
    pub(super) measured: f64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) alert: Option<Alert>,
}

/// An alert that lasts, or whose end was not told yet.
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq)]
pub(super) struct Alert {
    pub(super) starts: i64,
    /// When it was last so.
    pub(super) last: i64,
    /// When it was over.
    pub(super) ends: Option<i64>,
    /// When it was last told of.
    pub(super) told: Option<i64>,
    /// How often it was so.
    pub(super) count: u64,
    /// What was counted or measured last.
    pub(super) value: f64,
}

impl Default for State {
    fn default() -> Self {
        Self { version: VERSION, offset: 0, rules: BTreeMap::new() }
    }
}

impl State {
    /// Reads a state; the first where there is none. One that cannot be read is nothing to go on with: it is computed
    /// from the log again.
    pub(super) fn read(path: &Path) -> io::Result<Self> {
        let text = match std::fs::read(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            text => text?,
        };
        let state: Option<Self> = serde_json::from_slice(&text).ok();
        Ok(state.filter(|state| state.version == VERSION).unwrap_or_else(|| {
            tracing::warn!(file = %path.display(), "the state of alerts cannot be read; it is computed again");
            Self::default()
        }))
    }

    /// Writes it: the old state or the new one is there, whatever happens.
    pub(super) fn write(&self, path: &Path) -> io::Result<()> {
        let Some(directory) = path.parent() else { return Err(io::ErrorKind::InvalidInput.into()) };
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
        let new = path.with_extension("json.unfinished");
        let mut file = File::options().write(true).create(true).truncate(true).mode(0o600).open(&new)?;
        file.write_all(&serde_json::to_vec(self)?)?;
        file.sync_all()?;
        std::fs::rename(&new, path)?;
        File::open(directory)?.sync_all()
    }

    /// The clock was set back, or was ahead when this was written: what seems to be later was at the latest now.
    /// Otherwise nothing would be over, or silent, or counted, until that time comes.
    pub(super) fn set_back(&mut self, now: i64) {
        self.rules.values_mut().flat_map(BTreeMap::values_mut).for_each(|group| group.set_back(now));
    }

    /// The group that these labels make; where there are too many, the one of all others.
    pub(super) fn group(&mut self, rule: &str, labels: impl FnOnce() -> Labels, key: String) -> &mut Group {
        let groups = self.rules.entry(rule.to_owned()).or_default();
        if groups.contains_key(&key) || make_room(groups) {
            return groups.entry(key).or_insert_with(|| Group { labels: labels(), ..Group::default() });
        }
        groups.entry("other".to_owned()).or_insert_with(|| {
            let others = labels().into_keys().map(|name| (name, "other".to_owned()));
            Group { labels: others.collect(), ..Group::default() }
        })
    }
}

/// Makes sure of room for one more: whoever was not heard of for longest goes, if nothing is to be told of them.
fn make_room(groups: &mut BTreeMap<String, Group>) -> bool {
    if groups.len() < GROUPS_MAX {
        return true;
    }
    let quiet = groups.iter().filter(|(_, group)| group.alert.is_none());
    let oldest = quiet.min_by_key(|(_, group)| group.heard).map(|(key, _)| key.clone());
    oldest.is_some_and(|key| groups.remove(&key).is_some())
}

impl Group {
    /// It is so at this time.
    pub(super) fn touch(&mut self, at: i64, starts: i64, value: f64) {
        let alert = self.alert.get_or_insert(Alert { starts, last: at, ends: None, told: None, count: 0, value });
        // What comes back before its end was told of has not ended.
        alert.ends = None;
        alert.last = alert.last.max(at);
        alert.starts = alert.starts.min(starts);
        alert.count = alert.count.saturating_add(1);
        alert.value = value;
    }

    /// It is over at this time.
    pub(super) fn end(&mut self, at: i64) {
        if let Some(alert) = &mut self.alert
            && alert.ends.is_none()
        {
            alert.ends = Some(at.max(alert.starts));
        }
    }

    /// Counts an event; gives how many there were in the window that ends with it.
    pub(super) fn count(&mut self, at: i64, window: i64, weight: f64) -> f64 {
        let piece = (window / WINDOW_PIECES).max(1);
        let end = at - at.rem_euclid(piece);
        *self.counts.entry(end).or_default() += weight;
        let before = piece.saturating_mul(WINDOW_PIECES - 1);
        let newest = self.counts.last_key_value().map_or(end, |(piece, _)| *piece);
        self.counts = self.counts.split_off(&newest.saturating_sub(before));
        self.counts.range(end.saturating_sub(before)..=end).map(|(_, count)| count).sum()
    }

    fn set_back(&mut self, now: i64) {
        let later: f64 = self.counts.split_off(&now.saturating_add(1)).into_values().sum();
        if later > 0.0 {
            *self.counts.entry(now).or_default() += later;
        }
        self.heard = self.heard.min(now);
        self.beyond_since = self.beyond_since.map(|since| since.min(now));
        if let Some(alert) = &mut self.alert {
            alert.starts = alert.starts.min(now);
            alert.last = alert.last.min(now);
            alert.ends = alert.ends.map(|ends| ends.min(now));
            alert.told = alert.told.map(|told| told.min(now));
        }
    }
}
