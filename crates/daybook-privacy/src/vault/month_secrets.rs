//! The secrets of months, all of them in memory.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use daybook_event::{Month, Months, Secret};
use parking_lot::RwLock;

use super::ring::{MonthPlace, Ring};
use crate::tables::months;

/// The secrets of one app's months.
#[derive(Clone, Default)]
struct AppMonths {
    /// Those that seal.
    current: Arc<Months>,
    /// Those that only open: of each class and month the second newest, then the third, and so on.
    older: Arc<[Arc<Months>]>,
}

/// The secrets of all months that can be read, by app.
#[derive(Default)]
pub(super) struct MonthSecrets {
    apps: RwLock<HashMap<Box<str>, AppMonths>>,
}

/// What the rows of some months hold: by app, class and month the secrets that open, the newest first.
pub(super) type Opened = BTreeMap<(String, String, Month), Vec<Arc<Secret>>>;

/// Opens rows. Those that do not open though their generation does are damaged; their numbers are given back.
pub(super) fn open(ring: &Ring, mut rows: Vec<months::Model>) -> (Opened, Vec<i64>) {
    let (mut opened, mut damaged) = (Opened::new(), Vec::new());
    rows.sort_by_key(|row| std::cmp::Reverse(row.ordinal));
    for row in rows {
        let month = Month::from_number(row.month);
        let Some(generation) = ring.get(row.generation) else { continue };
        let place = MonthPlace { app: &row.app, class: &row.class, month, ordinal: row.ordinal };
        match generation.unwrap_month(&place, &row.wrapped) {
            Ok(secret) => opened.entry((row.app, row.class, month)).or_default().push(Arc::new(secret)),
            Err(_) => damaged.push(row.id),
        }
    }
    (opened, damaged)
}

impl MonthSecrets {
    /// The secrets of an app's months as they are now.
    pub fn current(&self, app: &str) -> Arc<Months> {
        self.apps.read().get(app).map(|months| Arc::clone(&months.current)).unwrap_or_default()
    }

    /// See [`super::Vault::older_months`].
    pub fn older(&self, app: &str) -> Arc<[Arc<Months>]> {
        self.apps.read().get(app).map(|months| Arc::clone(&months.older)).unwrap_or_default()
    }

    /// Takes in what is known of some months now.
    pub fn put(&self, opened: &Opened) {
        let mut apps = self.apps.write();
        for ((app, class, month), secrets) in opened {
            if !apps.contains_key(app.as_str()) {
                apps.insert(app.as_str().into(), AppMonths::default());
            }
            let Some(months) = apps.get_mut(app.as_str()) else { continue };
            let Some((newest, older)) = secrets.split_first() else { continue };
            Arc::make_mut(&mut months.current).insert(class, *month, Arc::clone(newest));
            if !older.is_empty() {
                let mut all = months.older.to_vec();
                all.resize_with(all.len().max(older.len()), Arc::default);
                for (months, secret) in all.iter_mut().zip(older) {
                    Arc::make_mut(months).insert(class, *month, Arc::clone(secret));
                }
                months.older = all.into();
            }
        }
    }

    /// Forgets months.
    pub fn forget(&self, app: &str, class: &str, gone: &[Month]) {
        let mut apps = self.apps.write();
        let Some(months) = apps.get_mut(app) else { return };
        for month in gone {
            Arc::make_mut(&mut months.current).remove(class, *month);
        }
        if !months.older.is_empty() {
            let mut all = months.older.to_vec();
            for months in &mut all {
                for month in gone {
                    Arc::make_mut(months).remove(class, *month);
                }
            }
            months.older = all.into();
        }
    }
}
