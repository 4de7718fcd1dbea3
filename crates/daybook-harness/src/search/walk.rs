//! Every file of a directory.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use super::scan::Search;

/// Searches everything below a directory.
pub(super) fn directory(search: &mut Search<'_>, root: &Path) {
    let mut seen = BTreeSet::new();
    let mut waiting = vec![root.to_owned()];
    while let Some(path) = waiting.pop() {
        let name = path.display().to_string();
        if path != *root {
            // The name itself may give somebody away.
            let below = path.strip_prefix(root).unwrap_or(&path);
            search.piece(&format!("the name of {name}"), below.as_os_str().as_bytes(), 0);
        }
        if let Ok(target) = fs::read_link(&path) {
            search.piece(&format!("where {name} points"), target.as_os_str().as_bytes(), 0);
        }
        let metadata = match fs::metadata(&path) {
            Ok(metadata) => metadata,
            // A link to nowhere, or gone meanwhile; the root has to be there.
            Err(error) if error.kind() == io::ErrorKind::NotFound && path != *root => continue,
            Err(error) => {
                search.cannot(&name, &error);
                continue;
            }
        };
        if metadata.is_dir() {
            if !seen.insert((metadata.dev(), metadata.ino())) {
                continue;
            }
            match fs::read_dir(&path) {
                Ok(entries) => {
                    let mut entries: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
                    entries.sort_unstable_by(|one, other| other.cmp(one));
                    waiting.extend(entries);
                }
                Err(error) => search.cannot(&name, &error),
            }
        } else if metadata.is_file() {
            search.file(&name, &path);
        }
    }
}
