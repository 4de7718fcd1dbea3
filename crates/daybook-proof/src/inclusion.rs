//! Proofs that an event is in the log, as a text that verifies offline. C2SP tlog-proof.

use std::fmt;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use crate::checkpoint::{CheckpointError, SignedCheckpoint, decimal};
use crate::hash::{Hash, from_base64, leaf_hash, to_base64};
use crate::key::PublicKey;
use crate::limits::{PROOF_BYTES_MAX, PROOF_HASHES_MAX};
use crate::note::MalformedNote;
use crate::tree::{ProofError, verify_inclusion};

/// The first line of a proof.
const FIRST_LINE: &str = "c2sp.org/tlog-proof@v1";

/// A proof, not verified yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InclusionProof {
    /// Whatever whoever made it wanted to say beside; nothing vouches for it.
    pub extra: Option<Vec<u8>>,
    /// The index of the leaf: the position of the record less one.
    pub index: u64,
    /// The hashes from the leaf up.
    pub hashes: Vec<Hash>,
    /// The checkpoint, as it is written.
    pub checkpoint: String,
}

/// A proof is not to be believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InclusionError {
    /// The text is no proof.
    #[error("this is not a proof: {0}")]
    Malformed(&'static str),
    /// The checkpoint is not to be believed.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The hashes do not lead from the leaf to the root of the checkpoint.
    #[error("the record is not what stands in the log at position {}: {source}", index + 1)]
    Proof {
        /// The index of the leaf.
        index: u64,
        /// Why.
        source: ProofError,
    },
}

impl InclusionProof {
    /// Reads a proof.
    ///
    /// # Errors
    /// [`InclusionError::Malformed`].
    pub fn parse(bytes: &[u8]) -> Result<Self, InclusionError> {
        let wrong = InclusionError::Malformed;
        if bytes.len() > PROOF_BYTES_MAX {
            return Err(wrong("it is too long"));
        }
        let text = std::str::from_utf8(bytes).map_err(|_| wrong("it is not UTF-8"))?;
        let (head, checkpoint) = text.split_once("\n\n").ok_or(wrong("it has no checkpoint"))?;
        let mut lines = head.split('\n').peekable();
        if lines.next() != Some(FIRST_LINE) {
            return Err(wrong("its first line is not `c2sp.org/tlog-proof@v1`"));
        }
        let extra = match lines.peek().and_then(|line| line.strip_prefix("extra ")) {
            Some(extra) => {
                lines.next();
                Some(BASE64_STANDARD.decode(extra).map_err(|_| wrong("`extra` is not base64"))?)
            }
            None => None,
        };
        let index = lines.next().and_then(|line| line.strip_prefix("index ")).and_then(decimal);
        let index = index.ok_or(wrong("it does not say the index of the leaf"))?;
        let mut hashes = Vec::new();
        for line in lines {
            if hashes.len() == PROOF_HASHES_MAX {
                return Err(wrong("it has too many hashes"));
            }
            hashes.push(from_base64(line).ok_or(wrong("a line is not a hash"))?);
        }
        Ok(Self { extra, index, hashes, checkpoint: checkpoint.to_owned() })
    }

    /// Checks that a record is in the log, whose checkpoint one of these keys signed; gives the checkpoint.
    ///
    /// # Errors
    /// [`InclusionError`].
    pub fn verify(&self, record: &[u8], keys: &[PublicKey]) -> Result<SignedCheckpoint, InclusionError> {
        self.verify_leaf(&leaf_hash(record), keys)
    }

    /// The same of a record of which only the leaf hash is known.
    ///
    /// # Errors
    /// [`InclusionError`].
    pub fn verify_leaf(&self, leaf: &Hash, keys: &[PublicKey]) -> Result<SignedCheckpoint, InclusionError> {
        let signed = SignedCheckpoint::parse(self.checkpoint.as_bytes(), keys)?;
        let (index, tree) = (self.index, &signed.checkpoint);
        verify_inclusion(leaf, index, tree.size, &tree.root, &self.hashes)
            .map_err(|source| InclusionError::Proof { index, source })?;
        Ok(signed)
    }
}

/// The text of the proof.
impl fmt::Display for InclusionProof {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "{FIRST_LINE}")?;
        if let Some(extra) = &self.extra {
            writeln!(formatter, "extra {}", BASE64_STANDARD.encode(extra))?;
        }
        writeln!(formatter, "index {}", self.index)?;
        for hash in &self.hashes {
            writeln!(formatter, "{}", to_base64(hash))?;
        }
        write!(formatter, "\n{}", self.checkpoint)
    }
}

impl From<MalformedNote> for InclusionError {
    fn from(error: MalformedNote) -> Self {
        Self::Checkpoint(error.into())
    }
}
