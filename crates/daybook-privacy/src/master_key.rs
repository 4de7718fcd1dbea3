//! The master key: under which the vault keys are wrapped, and where it comes from.

use std::fmt;
use std::path::PathBuf;

use daybook_event::Secret;

/// The key that wraps the vault keys. It never lies beside the data.
#[derive(Clone, PartialEq, Eq)]
pub struct MasterKey(Secret);

impl MasterKey {
    /// A key of these bytes, which must be random.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(Secret::from_bytes(bytes))
    }

    /// Its bytes.
    #[must_use]
    pub(crate) const fn secret(&self) -> &Secret {
        &self.0
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("MasterKey(…)")
    }
}

/// Where the master key comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MasterKeySource {
    /// This file.
    File(PathBuf),
    /// This text.
    Text(MasterKeyText),
    /// What this command prints.
    Command(String),
    /// The file of this vault in the user's configuration directory, which is made where it is missing.
    Default,
}

/// The text of one or more master keys, which is not printed.
#[derive(Clone, PartialEq, Eq)]
pub struct MasterKeyText(zeroize::Zeroizing<String>);

impl MasterKeyText {
    /// This text.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(zeroize::Zeroizing::new(text))
    }
}

impl fmt::Debug for MasterKeyText {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("MasterKeyText(…)")
    }
}
