//! Checkpoints: how large a log is, and what its root is, as it signs them. C2SP tlog-checkpoint.

use std::fmt;

use crate::hash::{Hash, from_base64, to_base64};
use crate::key::{KeyKind, PublicKey, SigningKey};
use crate::note::{MalformedNote, Note, Signed, VerifyError};

/// What a log says of its tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// Which log it is.
    pub origin: String,
    /// How many leaves the tree has.
    pub size: u64,
    /// Its root.
    pub root: Hash,
}

/// A checkpoint is not to be believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// It is no signed note.
    #[error(transparent)]
    Note(#[from] MalformedNote),
    /// The note is no checkpoint.
    #[error("this is not a checkpoint: {0}")]
    Malformed(&'static str),
    /// Nobody who is known signed it.
    #[error(transparent)]
    Signature(#[from] VerifyError),
    /// A key signed for another log than its own.
    #[error("the checkpoint is of {origin}, and signed with the key of {key}")]
    Origin {
        /// What the checkpoint says.
        origin: String,
        /// The name of the key.
        key: String,
    },
}

/// A checkpoint with its note, and who signed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedCheckpoint {
    /// What it says.
    pub checkpoint: Checkpoint,
    /// The note.
    pub note: Note,
    /// Whose signatures hold.
    pub signed: Vec<Signed>,
}

impl Checkpoint {
    /// Reads the text of a note.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let lines = text.strip_suffix('\n').ok_or("its last line is not ended")?;
        let mut lines = lines.split('\n');
        let origin = lines.next().filter(|origin| !origin.is_empty()).ok_or("it has no origin")?;
        let size = lines.next().and_then(decimal).ok_or("its second line is not the size of a tree")?;
        let root = lines.next().and_then(from_base64).ok_or("its third line is not the root of a tree")?;
        if lines.any(str::is_empty) {
            return Err("it has empty lines");
        }
        Ok(Self { origin: origin.to_owned(), size, root })
    }

    /// Signs it.
    ///
    /// # Errors
    /// [`MalformedNote`] where the origin is not one line of text.
    pub fn sign(self, key: &SigningKey) -> Result<SignedCheckpoint, MalformedNote> {
        let mut note = Note::new(self.to_string())?;
        note.sign(key, 0);
        Ok(SignedCheckpoint {
            checkpoint: self,
            note,
            signed: vec![Signed { key: key.public().clone(), seen_s: None }],
        })
    }
}

/// The text of its note.
impl fmt::Display for Checkpoint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}\n{}\n{}\n", self.origin, self.size, to_base64(&self.root))
    }
}

impl SignedCheckpoint {
    /// Reads a checkpoint that one of these keys signed: a key of the log itself, which is named as its origin, or that of a
    /// witness.
    ///
    /// # Errors
    /// [`CheckpointError`].
    pub fn parse(bytes: &[u8], keys: &[PublicKey]) -> Result<Self, CheckpointError> {
        let (note, checkpoint) = read(bytes)?;
        let signed = note.verify(keys)?;
        let of_other = |one: &&Signed| one.key.kind() == KeyKind::Ed25519 && one.key.name() != checkpoint.origin;
        if let Some(other) = signed.iter().find(of_other) {
            return Err(CheckpointError::Origin { origin: checkpoint.origin, key: other.key.name().to_owned() });
        }
        Ok(Self { checkpoint, note, signed })
    }
}

/// Reads a checkpoint without believing it.
///
/// # Errors
/// [`CheckpointError::Note`], [`CheckpointError::Malformed`].
pub fn read(bytes: &[u8]) -> Result<(Note, Checkpoint), CheckpointError> {
    let note = Note::parse(bytes)?;
    let checkpoint = Checkpoint::parse(note.text()).map_err(CheckpointError::Malformed)?;
    Ok((note, checkpoint))
}

/// A number without leading zeros.
pub(crate) fn decimal(text: &str) -> Option<u64> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    plain.then(|| text.parse().ok())?
}
