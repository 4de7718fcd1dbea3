//! The handler `file`, through its crashes and its forgetting.

#![allow(clippy::unwrap_used, clippy::panic, reason = "in tests a panic is a finding")]
#![allow(clippy::needless_pass_by_value, reason = "JSON is written where it is used")]

mod delivery;
mod forgetting;
#[path = "../webhook/support.rs"]
mod support;

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use daybook_consumers::Handler;
use serde_json::{Value, json};

use crate::support::{ready, spec, try_build};

/// A handler on this directory.
fn files(directory: &Path, options: Value) -> Arc<dyn Handler> {
    let settings = json!({"directory": directory});
    ready(try_build(&spec("file", options), Some(&settings), Path::new("/nonexistent")).unwrap())
}

/// The files of a directory, oldest first.
fn list(directory: &Path) -> Vec<PathBuf> {
    let folder = directory.join("shop/calls");
    let entries = std::fs::read_dir(folder).map(|entries| entries.map(|entry| entry.unwrap().path()).collect());
    let mut files: Vec<PathBuf> = entries.unwrap_or_default();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "zst"));
    files.sort();
    for file in &files {
        assert_eq!(std::fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600);
    }
    files
}

/// What any reader of zstd finds in a file.
fn read(path: &Path) -> String {
    String::from_utf8(zstd::decode_all(std::fs::File::open(path).unwrap()).unwrap()).unwrap()
}

/// All lines, of all files.
fn text(directory: &Path) -> String {
    list(directory).iter().map(|path| read(path)).collect()
}

/// The positions of all lines.
fn positions(directory: &Path) -> Vec<u64> {
    let line = |line: &str| serde_json::from_str::<Value>(line).unwrap()["position"].as_u64().unwrap();
    text(directory).lines().map(line).collect()
}
