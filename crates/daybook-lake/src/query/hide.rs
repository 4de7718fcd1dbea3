//! Where on this machine the lake lies is nobody's business who asks it.

use std::path::Path;

/// Takes paths of the machine out of texts.
#[derive(Debug, Clone, Default)]
pub struct Hide {
    prefixes: Vec<String>,
}

impl Hide {
    /// Hides these directories; what lies in them is shown as if they were the root.
    pub fn new<'p>(directories: impl IntoIterator<Item = &'p Path>) -> Self {
        let mut prefixes = Vec::new();
        for directory in directories {
            let absolute = std::path::absolute(directory).ok();
            let real = directory.canonicalize().ok();
            for path in [absolute, real].into_iter().flatten() {
                let path = path.to_string_lossy().trim_end_matches('/').to_owned();
                let bare = path.trim_start_matches('/').to_owned();
                if bare.is_empty() {
                    continue;
                }
                prefixes.extend([format!("file://{path}/"), format!("{path}/")]);
                // Object stores write paths without the first slash. One name alone may be anything.
                if bare.contains('/') {
                    prefixes.push(format!("{bare}/"));
                }
                prefixes.push(path);
            }
        }
        // The longest first: what begins with another is gone before that is looked for.
        prefixes.sort_by_key(|prefix| std::cmp::Reverse(prefix.len()));
        prefixes.dedup();
        Self { prefixes }
    }

    /// The text without the directories.
    pub fn known(&self, text: &str) -> String {
        let mut shown = text.to_owned();
        for prefix in &self.prefixes {
            if shown.contains(prefix.as_str()) {
                shown = shown.replace(prefix.as_str(), "");
            }
        }
        shown
    }

    /// The text without the directories, and of every other absolute path only the last name. For texts that hold nothing that
    /// whoever asks wrote.
    pub fn all(&self, text: &str) -> String {
        let known = self.known(text).replace("file://", "");
        let mut shown = String::with_capacity(known.len());
        let mut rest = known.as_str();
        while let Some(at) = rest.find('/') {
            let begins = rest[..at].chars().next_back().is_none_or(|before| !before.is_alphanumeric() && before != '.');
            let length = rest[at..].find(|c: char| c.is_whitespace() || "'\"`,;:()[]{}<>".contains(c));
            let path = &rest[at..length.map_or(rest.len(), |length| at + length)];
            shown.push_str(&rest[..at]);
            if begins && path.len() > 1 {
                shown.push_str(path.rsplit('/').find(|name| !name.is_empty()).unwrap_or_default());
            } else {
                shown.push_str(path);
            }
            rest = &rest[at + path.len()..];
        }
        shown.push_str(rest);
        shown
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_cut_to_what_lies_in_the_lake() {
        let hide = Hide::new([Path::new("/srv/daybook/lake")]);
        assert_eq!(hide.known("[[srv/daybook/lake/noema/events/part-0.parquet]]"), "[[noema/events/part-0.parquet]]");
        assert_eq!(hide.known("at file:///srv/daybook/lake/noema"), "at noema");
        assert_eq!(hide.known("SELECT '/etc/passwd'"), "SELECT '/etc/passwd'");
        assert_eq!(hide.all("open /root/.cargo/x/src/lib.rs:12: No such file"), "open lib.rs:12: No such file");
        assert_eq!(hide.all("1/2 of a/b, \"/tmp/a b\""), "1/2 of a/b, \"a b\"");
    }
}
