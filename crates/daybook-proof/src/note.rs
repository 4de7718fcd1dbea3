//! Signed notes: a text, and who signed it. C2SP signed-note.

use std::fmt::Write;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use crate::key::{KeyKind, PublicKey, SigningKey, cosignature_time, is_name};
use crate::limits::{NOTE_BYTES_MAX, SIGNATURES_MAX};

/// What a line of a signature begins with.
const SIGNATURE: &str = "\u{2014} ";

/// A text with signatures, which are not verified yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    text: String,
    signatures: Vec<NoteSignature>,
}

/// A signature of a note.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoteSignature {
    /// The name of the key that made it.
    pub name: String,
    /// The number of the key.
    pub id: u32,
    /// What the key made.
    pub bytes: Vec<u8>,
}

/// A signature that holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    /// The key.
    pub key: PublicKey,
    /// When a witness saw the note, in seconds since the Unix epoch.
    pub seen_s: Option<u64>,
}

/// A text is no note.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is not a signed note: {0}")]
pub struct MalformedNote(pub &'static str);

/// A note is not to be believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// No key that is known has signed it.
    #[error("it is signed by none of the keys that are known, but by {}", .0.join(", "))]
    Unknown(Vec<String>),
    /// A key that is known has not signed it, though it says so.
    #[error("the signature of {0} does not hold: the text or the signature was changed")]
    Wrong(String),
}

impl Note {
    /// A note with this text, which ends with a newline, and no signature yet.
    ///
    /// # Errors
    /// [`MalformedNote`].
    pub fn new(text: String) -> Result<Self, MalformedNote> {
        if !text.ends_with('\n') {
            return Err(MalformedNote("its text does not end with a newline"));
        }
        if text.len() > NOTE_BYTES_MAX {
            return Err(MalformedNote("it is too long"));
        }
        if text.bytes().any(|byte| byte < b' ' && byte != b'\n') {
            return Err(MalformedNote("it has control characters"));
        }
        Ok(Self { text, signatures: Vec::new() })
    }

    /// Reads a note.
    ///
    /// # Errors
    /// [`MalformedNote`].
    pub fn parse(bytes: &[u8]) -> Result<Self, MalformedNote> {
        if bytes.len() > NOTE_BYTES_MAX {
            return Err(MalformedNote("it is too long"));
        }
        let note = std::str::from_utf8(bytes).map_err(|_| MalformedNote("it is not UTF-8"))?;
        let (text, signatures) = note.rsplit_once("\n\n").ok_or(MalformedNote("no empty line ends its text"))?;
        let mut note = Self::new(format!("{text}\n"))?;
        let signatures = signatures.strip_suffix('\n').ok_or(MalformedNote("its last line is not ended"))?;
        for line in signatures.split('\n') {
            if note.signatures.len() == SIGNATURES_MAX {
                return Err(MalformedNote("it has too many signatures"));
            }
            note.signatures.push(NoteSignature::parse(line).ok_or(MalformedNote("a line is no signature"))?);
        }
        Ok(note)
    }

    /// The text, with its last newline.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The signatures, verified or not.
    #[must_use]
    pub fn signatures(&self) -> &[NoteSignature] {
        &self.signatures
    }

    /// Adds the signature of a key. `time_s` is when a witness saw the note, in seconds since the Unix epoch.
    pub fn sign(&mut self, key: &SigningKey, time_s: u64) {
        let (name, id) = (key.public().name().to_owned(), key.public().id());
        self.signatures.push(NoteSignature { name, id, bytes: key.sign(&self.text, time_s) });
    }

    /// The signatures of keys that are known, of which there is at least one and all hold. Those of other keys say nothing.
    ///
    /// # Errors
    /// [`VerifyError`].
    pub fn verify(&self, keys: &[PublicKey]) -> Result<Vec<Signed>, VerifyError> {
        let mut signed: Vec<Signed> = Vec::new();
        for signature in &self.signatures {
            let Some(key) = keys.iter().find(|key| key.name() == signature.name && key.id() == signature.id) else {
                continue;
            };
            if !key.verify(&self.text, &signature.bytes) {
                return Err(VerifyError::Wrong(signature.key_label()));
            }
            if signed.iter().all(|one| one.key != *key) {
                let time = cosignature_time(&signature.bytes).filter(|_| key.kind() == KeyKind::Cosignature);
                signed.push(Signed { key: key.clone(), seen_s: time });
            }
        }
        if signed.is_empty() {
            let named = self.signatures.iter().map(NoteSignature::key_label).collect();
            return Err(VerifyError::Unknown(named));
        }
        Ok(signed)
    }
}

/// The note as it is written.
impl std::fmt::Display for Note {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.text)?;
        formatter.write_char('\n')?;
        for NoteSignature { name, id, bytes } in &self.signatures {
            let mut signature = id.to_be_bytes().to_vec();
            signature.extend_from_slice(bytes);
            writeln!(formatter, "{SIGNATURE}{name} {}", BASE64_STANDARD.encode(signature))?;
        }
        Ok(())
    }
}

impl NoteSignature {
    fn parse(line: &str) -> Option<Self> {
        let (name, signature) = line.strip_prefix(SIGNATURE)?.split_once(' ')?;
        let signature = BASE64_STANDARD.decode(signature).ok()?;
        let (id, bytes) = signature.split_first_chunk()?;
        let usable = is_name(name) && !bytes.is_empty();
        usable.then(|| Self { name: name.to_owned(), id: u32::from_be_bytes(*id), bytes: bytes.to_vec() })
    }

    /// Name and number of its key.
    fn key_label(&self) -> String {
        format!("{}+{:08x}", self.name, self.id)
    }
}
