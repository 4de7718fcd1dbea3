//! What a catalog and an operator say of files.

use std::path::PathBuf;
use std::time::Duration;

use daybook_consumers::Sight;
use serde::Deserialize;

use crate::form::Dialect;
use crate::http::duration;

/// Smallest and largest size at which a file is full, in bytes.
const ROTATE_BYTES: std::ops::RangeInclusive<u64> = 4 * 1024..=16 * 1024 * 1024 * 1024;
/// Shortest time for which a file is written.
const ROTATE_EVERY_MIN: Duration = Duration::from_secs(60);
/// Levels of zstd.
const LEVELS: std::ops::RangeInclusive<i32> = 1..=19;

/// The `options` of a consumer with the handler `file`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(super) struct Options {
    /// How events are written.
    pub(super) dialect: Dialect,
    /// Whether people are named.
    pub(super) identity: bool,
    /// A folder for the consumer's files, instead of one of its own name.
    pub(super) folder: Option<String>,
    /// How well they are compressed: a level of zstd.
    pub(super) level: i32,
    /// The size at which a new file is begun, in bytes.
    pub(super) rotate_bytes: u64,
    /// The time after which a new file is begun, by when events were received.
    #[serde(deserialize_with = "duration")]
    pub(super) rotate_every: Duration,
}

/// `[consumers."app/name"]` of a consumer that writes files.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Settings {
    /// Where the apps' folders are, instead of `files` in the data directory.
    #[serde(default)]
    pub(super) directory: Option<PathBuf>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            dialect: Dialect::default(),
            identity: false,
            folder: None,
            level: 3,
            rotate_bytes: 128 * 1024 * 1024,
            rotate_every: Duration::from_secs(24 * 60 * 60),
        }
    }
}

impl Options {
    /// What is wrong with them beyond their types.
    pub(super) fn wrong(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        if self.folder.as_deref().is_some_and(|folder| !is_plain_name(folder)) {
            wrong.push(
                "options.folder: must be one name of letters, digits, -, _ and ., and not begin with .".to_owned(),
            );
        }
        if !LEVELS.contains(&self.level) {
            wrong.push(format!("options.level: must be from {} to {}", LEVELS.start(), LEVELS.end()));
        }
        if !ROTATE_BYTES.contains(&self.rotate_bytes) {
            let (least, most) = (ROTATE_BYTES.start(), ROTATE_BYTES.end());
            wrong.push(format!("options.rotate-bytes: must be from {least} to {most}"));
        }
        if self.rotate_every < ROTATE_EVERY_MIN {
            wrong.push("options.rotate-every: must be at least 1m".to_owned());
        }
        wrong
    }

    /// How much of an event the files show.
    pub(super) const fn sight(&self) -> Sight {
        if self.identity { Sight::Open } else { Sight::Closed }
    }
}

/// Whether a name stays where it is put: no way out of a directory, nothing hidden, nothing that shells trip over.
pub(super) fn is_plain_name(name: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    !name.is_empty() && name.len() <= 128 && !name.starts_with('.') && name.bytes().all(is_plain)
}
