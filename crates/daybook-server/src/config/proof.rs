//! How the log is signed.

use std::path::PathBuf;

use serde::Deserialize;

/// The proof of the log (`docs/proof.md`).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Proof {
    /// The name of the log in its checkpoints, best the address under which it can be reached, without the scheme:
    /// `events.example.com/log`. Default: `daybook/` and the random name of the vault. It is taken when the signing key is made.
    pub origin: Option<String>,
    /// The file of the signing key, made on the first start. Default: a file in the user's configuration directory.
    pub key_file: Option<PathBuf>,
    /// Whether anybody may read checkpoints and tiles, which are hashes and tell nothing. Otherwise it takes a key with the scope
    /// `read`. Default true.
    pub public: bool,
}

impl Default for Proof {
    fn default() -> Self {
        Self { origin: None, key_file: None, public: true }
    }
}
