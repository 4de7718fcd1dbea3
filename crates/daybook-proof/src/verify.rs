//! Finding out whether a data directory is as it was written: without a server, without changing anything, and without believing
//! it anything.
//!
//! Every leaf is computed from the bytes of its record, the tree from the leaves, and both are held against the tiles and
//! against every checkpoint. A data directory alone can vouch for itself only as far as nobody can sign: the keys that are to
//! be trusted, and a checkpoint that was kept elsewhere, come from outside ([`VerifyOptions`]). Everything that is wrong is a
//! [`Finding`]; the first names the first event, tile or checkpoint. The server may run meanwhile.

mod judge;
mod replay;
mod snapshot;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use daybook_event::Position;
use daybook_log::disk::{Disk, RealDisk};
use daybook_log::scan::{Scan, ScanError};
use serde::Serialize;

use self::judge::judge;
use self::replay::Replay;
use self::snapshot::Snapshot;
use crate::hash::{Hash, to_base64};
use crate::key::PublicKey;
use crate::limits::FINDINGS_MAX;
use crate::store::{PROOF_DIRECTORY, Store, StoreError};

/// Name of the log's directory in the data directory.
const LOG_DIRECTORY: &str = "log";

/// What is verified, and what is believed.
#[derive(Debug, Clone)]
pub struct VerifyOptions {
    /// The data directory.
    pub data: PathBuf,
    /// The keys that are trusted. Where there are none, those that lie beside the tiles are taken, and that is said.
    pub keys: Vec<PublicKey>,
    /// Checkpoints that were kept elsewhere.
    pub kept_elsewhere: Vec<KeptElsewhere>,
    /// The disk with the log.
    pub disk: Arc<dyn Disk>,
}

impl VerifyOptions {
    /// Of this data directory, and nothing else.
    #[must_use]
    pub fn new(data: PathBuf) -> Self {
        Self { data, keys: Vec::new(), kept_elsewhere: Vec::new(), disk: Arc::new(RealDisk) }
    }
}

/// A checkpoint that was kept elsewhere.
#[derive(Debug, Clone)]
pub struct KeptElsewhere {
    /// Where it comes from, for whoever reads the report.
    pub name: String,
    /// The note.
    pub bytes: Vec<u8>,
}

/// How far a verification is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Bytes of the log that were read.
    pub bytes_done: u64,
    /// Bytes of the log.
    pub bytes_total: u64,
    /// Records that were read.
    pub records: u64,
}

/// What was found out.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// Whether everything is as it was written.
    pub ok: bool,
    /// Records of the log.
    pub records: u64,
    /// Those of which only the hash is left.
    pub compacted: u64,
    /// How many records the newest checkpoint is of.
    pub checkpoint_size: Option<u64>,
    /// The root of the tree of all records, in base64.
    pub root: String,
    /// Tiles that were compared.
    pub tiles: u64,
    /// Checkpoints whose signature and root hold.
    pub checkpoints: u64,
    /// Whether the keys came from elsewhere than the data directory.
    pub keys_trusted: bool,
    /// The keys, as text.
    pub keys: Vec<String>,
    /// What is wrong, the first first.
    pub findings: Vec<Finding>,
    /// How many more there are.
    pub findings_left_out: u64,
    /// What is worth knowing, and not wrong.
    pub notes: Vec<String>,
}

/// Something is not as it was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What kind of thing is wrong.
    pub code: &'static str,
    /// The first position it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub position: Option<Position>,
    /// The last position, where it is about several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_position: Option<Position>,
    /// The file, where it is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<PathBuf>,
    /// Where in the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offset: Option<u64>,
    /// What is wrong, in words.
    pub message: String,
    /// By which findings are in order.
    #[serde(skip)]
    order: (u64, u8),
}

/// The verification did not come to its end.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// There is no data directory.
    #[error("{} is not a data directory: it has no `{LOG_DIRECTORY}`", .0.display())]
    NoData(PathBuf),
    /// The log cannot be read.
    #[error(transparent)]
    Log(#[from] ScanError),
    /// The proof cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Codes of findings. They stay the same.
pub mod codes {
    /// The log cannot be read here.
    pub const LOG_DAMAGED: &str = "log.damaged";
    /// Records that were signed are missing at the end of the log.
    pub const LOG_CUT: &str = "log.cut";
    /// The data directory is older than a checkpoint that was kept elsewhere.
    pub const LOG_ROLLED_BACK: &str = "log.rolled-back";
    /// A record is not the one that was signed.
    pub const EVENT_CHANGED: &str = "event.changed";
    /// What stands beside a record is not what the record says.
    pub const EVENT_HEADING: &str = "event.heading";
    /// The bytes of a record are no event.
    pub const EVENT_UNREADABLE: &str = "event.unreadable";
    /// A tile is not that of the records.
    pub const TILE_CHANGED: &str = "tile.changed";
    /// A tile is missing.
    pub const TILE_MISSING: &str = "tile.missing";
    /// A file among the tiles does not belong there.
    pub const TILE_STRAY: &str = "tile.stray";
    /// There is no checkpoint.
    pub const CHECKPOINT_MISSING: &str = "checkpoint.missing";
    /// A checkpoint is none, or not the one that its name says.
    pub const CHECKPOINT_MALFORMED: &str = "checkpoint.malformed";
    /// A signature does not hold.
    pub const CHECKPOINT_SIGNATURE: &str = "checkpoint.signature";
    /// Nobody who is known has signed a checkpoint.
    pub const CHECKPOINT_KEY: &str = "checkpoint.key";
    /// The root of a checkpoint is not that of the records.
    pub const CHECKPOINT_ROOT: &str = "checkpoint.root";
    /// A file among the checkpoints does not belong there.
    pub const CHECKPOINT_STRAY: &str = "checkpoint.stray";
    /// The public keys cannot be read.
    pub const KEYS: &str = "keys.unreadable";
}

/// Verifies a data directory. `progress` hears how far it is.
///
/// # Errors
/// [`VerifyError`] when it cannot be found out; that something is wrong is no error, but in the report.
pub fn verify(options: &VerifyOptions, progress: &mut dyn FnMut(Progress)) -> Result<Report, VerifyError> {
    let log = options.data.join(LOG_DIRECTORY);
    if !log.is_dir() {
        return Err(VerifyError::NoData(options.data.clone()));
    }
    let store = Store::new(options.data.join(PROOF_DIRECTORY));
    // Before the log, which has whatever the proof speaks of, and goes on growing.
    let mut snapshot = Snapshot::take(&store, options)?;
    let tiles = std::mem::take(&mut snapshot.tiles);
    let mut scan = Scan::open(&log, Arc::clone(&options.disk))?;
    let mut replay = Replay::new(&store, &snapshot, &tiles);
    replay.run(&mut scan, progress)?;
    Ok(judge(&store, snapshot, replay))
}

/// What is wrong, as it is gathered.
#[derive(Debug, Default)]
struct Findings {
    list: Vec<Finding>,
    left_out: u64,
}

impl Findings {
    fn push(&mut self, finding: Finding) {
        // More are taken than are shown, so that the first are among them.
        if self.list.len() < 10 * FINDINGS_MAX { self.list.push(finding) } else { self.left_out += 1 }
    }

    fn finish(mut self) -> (Vec<Finding>, u64) {
        self.list.sort_by_key(|finding| finding.order);
        let more = self.list.len().saturating_sub(FINDINGS_MAX);
        self.list.truncate(FINDINGS_MAX);
        (self.list, self.left_out + more as u64)
    }
}

impl Finding {
    fn new(code: &'static str, order: u64, message: String) -> Self {
        // Of what is wrong at the same place, what is nearer to the events comes first.
        let kind = match code.split('.').next() {
            Some("log") => 0,
            Some("event") => 1,
            Some("tile") => 2,
            _ => 3,
        };
        let order = (order, kind);
        Self { code, position: None, last_position: None, file: None, offset: None, message, order }
    }

    fn at(mut self, position: Position) -> Self {
        self.position = Some(position);
        self
    }

    fn to(mut self, last: Position) -> Self {
        self.last_position = Some(last).filter(|last| Some(*last) != self.position);
        self
    }

    fn file(mut self, file: &Path) -> Self {
        self.file = Some(file.to_owned());
        self
    }
}

/// A root for whoever reads.
fn shown(root: &Hash) -> String {
    to_base64(root)
}
