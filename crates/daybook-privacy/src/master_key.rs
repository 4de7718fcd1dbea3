//! The master key: under which the vault keys are wrapped, and where it comes from.

mod file;
#[cfg(test)]
mod tests;

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use daybook_event::Secret;
use rand::TryRngCore;
use tokio::io::AsyncReadExt;
use zeroize::Zeroizing;

pub use file::replace_file;

use crate::limits;
use crate::vault::VaultId;

/// What the text of a master key begins with.
pub const PREFIX: &str = "dbm_";

/// The key that wraps the vault keys. It never lies beside the data.
#[derive(Clone, PartialEq, Eq)]
pub struct MasterKey(Secret);

impl MasterKey {
    /// A key of these bytes, which must be random.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(Secret::from_bytes(bytes))
    }

    /// A new key.
    ///
    /// # Errors
    /// Where the operating system has no randomness to give.
    pub fn random() -> Result<Self, MasterKeyError> {
        let mut bytes = Zeroizing::new([0; 32]);
        rand::rngs::OsRng.try_fill_bytes(&mut *bytes).map_err(|_| MasterKeyError::Random)?;
        Ok(Self::from_bytes(*bytes))
    }

    /// Its text: `dbm_` and the base64url of its bytes (RFC 4648, without padding).
    #[must_use]
    pub fn text(&self) -> Zeroizing<String> {
        let mut text = String::with_capacity(PREFIX.len() + 43);
        text.push_str(PREFIX);
        BASE64_URL_SAFE_NO_PAD.encode_string(self.0.as_bytes(), &mut text);
        Zeroizing::new(text)
    }

    /// Reads what [`MasterKey::text`] writes.
    ///
    /// # Errors
    /// [`KeyProblem`].
    pub fn parse(text: &str) -> Result<Self, KeyProblem> {
        let encoded = text.strip_prefix(PREFIX).ok_or(KeyProblem::Prefix)?;
        let mut bytes = Zeroizing::new([0; 32]);
        if encoded.len() != 43 {
            return Err(KeyProblem::Length(encoded.len()));
        }
        match BASE64_URL_SAFE_NO_PAD.decode_slice(encoded, &mut *bytes) {
            Ok(32) => Ok(Self::from_bytes(*bytes)),
            _ => Err(KeyProblem::Encoding),
        }
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

/// What is wrong with the text of a key. The text itself is not quoted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyProblem {
    /// Something else stands there.
    #[error("a master key begins with {PREFIX}")]
    Prefix,
    /// Too few characters, or too many.
    #[error("a master key has 43 characters after {PREFIX}, this one has {0}")]
    Length(usize),
    /// A character that base64url does not know.
    #[error("a master key is written in base64url: A to Z, a to z, 0 to 9, - and _")]
    Encoding,
}

/// Where the master key comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MasterKeySource {
    /// This file.
    File(PathBuf),
    /// This text.
    Text(MasterKeyText),
    /// What this command, run by `sh`, prints.
    Command(String),
    /// The file of this vault in the user's configuration directory, which is made where it is missing.
    Default,
}

/// The text of one or more master keys, which is not printed.
#[derive(Clone, PartialEq, Eq)]
pub struct MasterKeyText(Zeroizing<String>);

impl MasterKeyText {
    /// This text.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }
}

impl fmt::Debug for MasterKeyText {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("MasterKeyText(…)")
    }
}

/// The master keys that were found. The first is current; the others open what was wrapped under them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MasterKeys {
    /// The keys; at least one.
    pub keys: Vec<MasterKey>,
    /// The file they are in, where it is one.
    pub path: Option<PathBuf>,
    /// Whether that file was made just now: whoever runs this should be told to back it up.
    pub made: bool,
    /// What is not as it should be.
    pub warnings: Vec<KeyWarning>,
}

/// What is not as it should be about a master key, though it can be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyWarning {
    /// Others may read the file.
    #[error("the master key file {path} can be read by others (mode {mode:04o}); make it 0600")]
    Permissions {
        /// The file.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// The key cannot be had, and another stands in for it.
    #[error("{problem}; meanwhile the key in {path} is used, which opens nothing that was sealed under the other")]
    StandIn {
        /// Why.
        problem: String,
        /// The file of the other key. It is needed for as long as anything is sealed under it.
        path: PathBuf,
    },
    /// A key that once stood in cannot be had; the usual one can.
    #[error("{problem}; what was sealed under that key cannot be opened")]
    Unused {
        /// Why.
        problem: String,
    },
}

/// The master key cannot be had. No variant quotes it.
#[derive(Debug, thiserror::Error)]
pub enum MasterKeyError {
    /// There is no such file.
    #[error("there is no master key file {path}")]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// The file cannot be read.
    #[error("cannot read the master key file {path}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file cannot be made.
    #[error("cannot write the master key file {path}")]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The user has no directory for configuration.
    #[error("the user has no configuration directory to keep a master key in; say where it is")]
    NoDirectory,
    /// What was read is not text, or far too long for keys.
    #[error("{origin} is not a text of master keys")]
    NotText {
        /// What was read.
        origin: Origin,
    },
    /// No key is in it.
    #[error("{origin} holds no master key")]
    Empty {
        /// What was read.
        origin: Origin,
    },
    /// More keys than anyone has.
    #[error("{origin} holds more than {} master keys", limits::MASTER_KEYS_MAX)]
    TooMany {
        /// What was read.
        origin: Origin,
    },
    /// A line is no key.
    #[error("{origin}, line {line}: {problem}")]
    Line {
        /// What was read.
        origin: Origin,
        /// Number of the line, from 1.
        line: usize,
        /// What is wrong with it.
        problem: KeyProblem,
    },
    /// The command cannot be run.
    #[error("cannot run the command for the master key")]
    Command(#[source] std::io::Error),
    /// The command failed.
    #[error("the command for the master key failed ({0})")]
    CommandFailed(ExitStatus),
    /// The command does not come to its end.
    #[error("the command for the master key took longer than {} s", .0.as_secs())]
    CommandTimeout(Duration),
    /// The operating system has no randomness to give.
    #[error("the operating system gave no random bytes")]
    Random,
}

/// What keys were read from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// This file.
    File(PathBuf),
    /// The configuration or the environment.
    Text,
    /// The output of the command.
    Command,
}

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(formatter, "the master key file {}", path.display()),
            Self::Text => formatter.write_str("the text of the master key"),
            Self::Command => formatter.write_str("the output of the command for the master key"),
        }
    }
}

impl MasterKeySource {
    /// The keys of this vault. `directory` is where the files are that no configuration names, [`default_directory`] but in
    /// tests. A key that once stood in for a missing one is added behind the others.
    ///
    /// # Errors
    /// [`MasterKeyError`].
    pub async fn load(&self, vault: &VaultId, directory: Option<&Path>) -> Result<MasterKeys, MasterKeyError> {
        let mut found = match self {
            Self::File(path) => file::read(path)?,
            Self::Text(text) => MasterKeys::of(parse_keys(&text.0, &Origin::Text)?),
            Self::Command(command) => {
                let printed = run(command, limits::COMMAND_PATIENCE).await?;
                MasterKeys::of(parse_bytes(&printed, &Origin::Command)?)
            }
            Self::Default => {
                let path = default_path(vault, directory)?;
                file::read_or_make(&path, vault)?
            }
        };
        if let Some(path) = stand_in_path(vault, directory).ok().filter(|path| path.exists()) {
            match file::read(&path) {
                Ok(more) => {
                    let more_keys = more.keys.into_iter().filter(|key| !found.keys.contains(key)).collect::<Vec<_>>();
                    found.keys.extend(more_keys);
                    found.warnings.extend(more.warnings);
                }
                Err(problem) => found.warnings.push(KeyWarning::Unused { problem: with_causes(&problem) }),
            }
        }
        Ok(found)
    }

    /// The same; where the key cannot be had, another stands in for it, so that new events can be taken at least. It is
    /// made once, in a file of its own, and found by [`MasterKeySource::load`] ever after.
    ///
    /// # Errors
    /// [`MasterKeyError`], where no other key can be made either.
    pub async fn load_or_stand_in(
        &self,
        vault: &VaultId,
        directory: Option<&Path>,
    ) -> Result<MasterKeys, MasterKeyError> {
        let problem = match self.load(vault, directory).await {
            Ok(keys) => return Ok(keys),
            Err(MasterKeyError::Random) => return Err(MasterKeyError::Random),
            Err(problem) => with_causes(&problem),
        };
        let path = stand_in_path(vault, directory)?;
        let mut found = file::read_or_make(&path, vault)?;
        found.warnings.push(KeyWarning::StandIn { problem, path });
        Ok(found)
    }

    /// The file the key is in, where it is one.
    ///
    /// # Errors
    /// [`MasterKeyError::NoDirectory`].
    pub fn path(&self, vault: &VaultId, directory: Option<&Path>) -> Result<Option<PathBuf>, MasterKeyError> {
        match self {
            Self::File(path) => Ok(Some(path.clone())),
            Self::Default => default_path(vault, directory).map(Some),
            Self::Text(_) | Self::Command(_) => Ok(None),
        }
    }
}

impl MasterKeys {
    const fn of(keys: Vec<MasterKey>) -> Self {
        Self { keys, path: None, made: false, warnings: Vec::new() }
    }
}

fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

/// Where the files of keys are that no configuration names: in the user's configuration directory.
#[must_use]
pub fn default_directory() -> Option<PathBuf> {
    dirs::config_dir().map(|path| path.join("daybook"))
}

fn default_path(vault: &VaultId, directory: Option<&Path>) -> Result<PathBuf, MasterKeyError> {
    directory.map(|path| path.join(format!("{vault}.key"))).ok_or(MasterKeyError::NoDirectory)
}

fn stand_in_path(vault: &VaultId, directory: Option<&Path>) -> Result<PathBuf, MasterKeyError> {
    directory.map(|path| path.join(format!("{vault}.stand-in.key"))).ok_or(MasterKeyError::NoDirectory)
}

/// One key a line; empty lines and those that begin with `#` say nothing.
fn parse_keys(text: &str, origin: &Origin) -> Result<Vec<MasterKey>, MasterKeyError> {
    let mut keys: Vec<MasterKey> = Vec::new();
    for (index, line) in text.strip_prefix('\u{feff}').unwrap_or(text).lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let key = MasterKey::parse(line).map_err(|problem| MasterKeyError::Line {
            origin: origin.clone(),
            line: index + 1,
            problem,
        })?;
        if !keys.contains(&key) {
            keys.push(key);
        }
        if keys.len() > limits::MASTER_KEYS_MAX {
            return Err(MasterKeyError::TooMany { origin: origin.clone() });
        }
    }
    if keys.is_empty() {
        return Err(MasterKeyError::Empty { origin: origin.clone() });
    }
    Ok(keys)
}

fn parse_bytes(bytes: &[u8], origin: &Origin) -> Result<Vec<MasterKey>, MasterKeyError> {
    let text = std::str::from_utf8(bytes).ok().filter(|_| bytes.len() as u64 <= limits::KEY_FILE_BYTES_MAX);
    parse_keys(text.ok_or_else(|| MasterKeyError::NotText { origin: origin.clone() })?, origin)
}

/// What a command prints. What it says on its standard error is for whoever started this.
async fn run(command: &str, patience: Duration) -> Result<Zeroizing<Vec<u8>>, MasterKeyError> {
    let mut child = tokio::process::Command::new("sh");
    child.arg("-c").arg(command).stdin(Stdio::null()).stdout(Stdio::piped()).kill_on_drop(true);
    #[cfg(unix)]
    child.process_group(0);
    let mut child = child.spawn().map_err(MasterKeyError::Command)?;
    let id = child.id();
    let running = async {
        let mut printed = Zeroizing::new(Vec::with_capacity(4096));
        if let Some(output) = child.stdout.take() {
            output.take(limits::KEY_FILE_BYTES_MAX + 1).read_to_end(&mut printed).await?;
        }
        Ok((child.wait().await?, printed))
    };
    match tokio::time::timeout(patience, running).await {
        Ok(Ok((status, printed))) if status.success() => Ok(printed),
        Ok(Ok((status, _))) => Err(MasterKeyError::CommandFailed(status)),
        Ok(Err(error)) => Err(MasterKeyError::Command(error)),
        Err(_) => {
            kill_group(id);
            Err(MasterKeyError::CommandTimeout(patience))
        }
    }
}

/// Ends a command with everything it started.
fn kill_group(id: Option<u32>) {
    #[cfg(unix)]
    if let Some(group) = id.and_then(|id| rustix::process::Pid::from_raw(i32::try_from(id).ok()?)) {
        // It may have ended by itself meanwhile.
        let _ended = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
    }
}

/// Whether a file may be read by others than its owner; then its permissions.
fn open_to_others(metadata: &std::fs::Metadata) -> Option<u32> {
    #[cfg(unix)]
    {
        let mode = std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o7777;
        (metadata.is_file() && mode & 0o077 != 0).then_some(mode)
    }
    #[cfg(not(unix))]
    {
        let _ = metadata;
        None
    }
}

/// The directory a file is in.
fn parent(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}
