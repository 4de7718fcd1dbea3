//! Opening the term index: which runs are good, and what is quick to make of the rest.

use std::sync::Arc;

use parking_lot::{Condvar, Mutex, RwLock};

use super::build::Place;
use super::run::Run;
use super::scan::scan;
use super::table::Table;
use super::{Shared, Signal, State, TermIndexOptions};
use crate::error::OpenError;
use crate::limits::TERMS_OPEN_POSITIONS_MAX;
use crate::runs;
use crate::store::Store;

/// Name of the index's directory in that of the log.
const DIRECTORY: &str = "terms";

/// Opens the runs. The newest positions come into the table, where they are few; what else is missing is left to the
/// background.
pub(super) fn open(store: &Arc<Store>, options: TermIndexOptions) -> Result<Shared, OpenError> {
    let directory = store.directory.join(DIRECTORY);
    store.disk.create_directory(&directory).map_err(OpenError::io(&directory))?;
    let place = Place {
        disk: Arc::clone(&store.disk),
        directory,
        log_id: store.log_id,
        fingerprint: options.terms.fingerprint(),
        filter_bytes_max: options.filter_bytes_max,
    };
    let head = store.head();
    let runs = runs::good(place.disk.as_ref(), &place.directory, head, |path| Run::open(&place, path))?;
    runs::keep_filters(&runs, options.filter_bytes_max);
    let last = runs.last().map_or(0, |run| run.header.last);
    let covered = if head - last <= TERMS_OPEN_POSITIONS_MAX { last } else { head };
    let mut active = Table::new(covered + 1);
    if covered < head {
        let stretch = (covered + 1, head);
        scan(store, options.terms.as_ref(), stretch, &mut |term, at| active.push(term, at), &mut |_| true)?;
    }
    let state = State { active, covered, frozen: Vec::new(), runs: Arc::new(runs) };
    let missing: u64 = state.missing().map(|(first, last)| last - first + 1).sum();
    if missing > 0 {
        tracing::info!(missing, "the term index is made from the log in the background");
    }
    Ok(Shared {
        place,
        store: Arc::clone(store),
        options,
        state: RwLock::new(state),
        signal: Mutex::new(Signal::default()),
        changed: Condvar::new(),
        closing: false.into(),
        merges: 0.into(),
        lookups: 0.into(),
    })
}
