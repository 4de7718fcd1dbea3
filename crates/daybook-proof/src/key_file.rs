//! The file of the key that signs checkpoints, and of those that did before.
//!
//! The key does not lie beside the data: whoever can write the data directory could otherwise write another history and sign
//! that too. One line of the file is the signing key; each other is the public key of one that signed before and is no more.
//! Empty lines, and those that begin with `#`, say nothing.

use std::fmt::Write;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use crate::files::{read_at_most, write_private};
use crate::key::{KeyError, PublicKey, SigningKey};
use crate::limits::{KEY_FILE_BYTES_MAX, KEYS_MAX};

/// The keys of a log.
#[derive(Debug, Clone)]
pub struct LogKeys {
    /// The one that signs.
    pub signing: SigningKey,
    /// Those that signed before, the newest first.
    pub former: Vec<PublicKey>,
    /// The file they are in.
    pub path: PathBuf,
    /// Whether the file was made just now: whoever runs this should be told to back it up.
    pub made: bool,
}

/// The keys cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
    /// There is no such file.
    #[error("there is no key file {}", path.display())]
    Missing {
        /// Where it should be.
        path: PathBuf,
    },
    /// It cannot be read or written.
    #[error("the key file {}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A line is no key.
    #[error("the key file {}, line {line}: {source}", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// Number of the line, from 1.
        line: usize,
        /// What is wrong with it.
        source: KeyError,
    },
    /// There is not exactly one key that signs, or there are too many.
    #[error("the key file {} must hold one signing key and at most {KEYS_MAX} keys, and holds {signing} of {keys}", path.display())]
    Number {
        /// The file.
        path: PathBuf,
        /// Its signing keys.
        signing: usize,
        /// Its keys.
        keys: usize,
    },
    /// No key can be made.
    #[error(transparent)]
    Key(#[from] KeyError),
}

impl LogKeys {
    /// Reads a file of keys.
    ///
    /// # Errors
    /// [`KeyFileError`].
    pub fn load(path: &Path) -> Result<Self, KeyFileError> {
        let failed = |source| KeyFileError::Io { path: path.to_owned(), source };
        let bytes = read_at_most(path, KEY_FILE_BYTES_MAX).map_err(failed)?;
        let bytes = Zeroizing::new(bytes.ok_or_else(|| KeyFileError::Missing { path: path.to_owned() })?);
        let text = std::str::from_utf8(&bytes).map_err(|_| failed(io::Error::other("it is not text")))?;
        let (mut signing, mut former) = (Vec::new(), Vec::new());
        for (index, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let wrong = |source| KeyFileError::Line { path: path.to_owned(), line: index + 1, source };
            if SigningKey::is_meant(line) {
                signing.push(SigningKey::parse(line).map_err(wrong)?);
            } else {
                former.push(PublicKey::parse(line).map_err(wrong)?);
            }
        }
        let (count, keys) = (signing.len(), signing.len() + former.len());
        match signing.pop().filter(|_| count == 1 && keys <= KEYS_MAX) {
            Some(signing) => Ok(Self { signing, former, path: path.to_owned(), made: false }),
            None => Err(KeyFileError::Number { path: path.to_owned(), signing: count, keys }),
        }
    }

    /// Reads a file of keys, or makes it with a new key of this name. Of several processes that try at once one makes it and
    /// all read it.
    ///
    /// # Errors
    /// [`KeyFileError`].
    pub fn load_or_make(path: &Path, name: &str) -> Result<Self, KeyFileError> {
        match Self::load(path) {
            Err(KeyFileError::Missing { .. }) => {}
            outcome => return outcome,
        }
        let keys = Self { signing: SigningKey::random(name)?, former: Vec::new(), path: path.to_owned(), made: true };
        let made = keys.write(false)?;
        Ok(Self { made, ..Self::load(path)? })
    }

    /// Puts a new key in the place of the one that signs, which is listed with the former ones from now on: its private part is
    /// gone. `name` is that of the new key, the old one's where none is given.
    ///
    /// # Errors
    /// [`KeyFileError`]; the file is as it was then.
    pub fn rotate(&self, name: Option<&str>) -> Result<Self, KeyFileError> {
        let signing = SigningKey::random(name.unwrap_or(self.signing.public().name()))?;
        let mut former = vec![self.signing.public().clone()];
        former.extend(self.former.iter().cloned());
        if former.len() >= KEYS_MAX {
            return Err(KeyFileError::Number { path: self.path.clone(), signing: 1, keys: former.len() + 1 });
        }
        let keys = Self { signing, former, path: self.path.clone(), made: false };
        keys.write(true)?;
        Ok(keys)
    }

    /// The public keys, the current one first.
    #[must_use]
    pub fn public(&self) -> Vec<PublicKey> {
        std::iter::once(self.signing.public()).chain(&self.former).cloned().collect()
    }

    /// Where the newest checkpoint is kept beside the key: what it was when somebody last looked cannot be changed by who
    /// only has the data directory.
    #[must_use]
    pub fn witness_path(&self) -> PathBuf {
        self.path.with_extension("checkpoint")
    }

    /// What is not as it should be about the file.
    #[must_use]
    pub fn warning(&self) -> Option<String> {
        let mode = std::fs::metadata(&self.path).ok()?.permissions().mode() & 0o7777;
        (mode & 0o077 != 0).then(|| {
            let path = self.path.display();
            format!("the log's key file {path} can be read by others (mode {mode:04o}); make it 0600")
        })
    }

    fn write(&self, replace: bool) -> Result<bool, KeyFileError> {
        let failed = |source| KeyFileError::Io { path: self.path.clone(), source };
        let mut text = Zeroizing::new(String::with_capacity(4_096));
        text.push_str(
            "# The key that signs the checkpoints of a Daybook log. Whoever has it can sign another history. Keep a copy, and\n\
             # not beside the copies of the data.\n",
        );
        text.push_str(&self.signing.text());
        text.push('\n');
        if !self.former.is_empty() {
            text.push_str("# Keys that signed before, the newest first.\n");
        }
        for key in &self.former {
            // Writing to a text does not fail.
            let _ = writeln!(text, "{key}");
        }
        // Where the name is a link, its target is replaced, not the link.
        let path = if replace { self.path.canonicalize().map_err(failed)? } else { self.path.clone() };
        write_private(&path, text.as_bytes(), replace).map_err(failed)
    }
}
