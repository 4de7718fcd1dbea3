//! Keys of signed notes: Ed25519 keys with a name, as text. C2SP signed-note.

use std::fmt;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use ed25519_dalek::{Signature, Signer, VerifyingKey};
use rand::TryRngCore;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::limits::KEY_NAME_BYTES_MAX;

/// What the text of a signing key begins with.
const PRIVATE: &str = "PRIVATE+KEY+";

/// What a key signs, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum KeyKind {
    /// The text of a note, with Ed25519: how a log signs its checkpoints.
    Ed25519,
    /// That a checkpoint was seen at a time, with Ed25519: how a witness signs them (C2SP tlog-cosignature, version 1).
    Cosignature,
}

impl KeyKind {
    const fn byte(self) -> u8 {
        match self {
            Self::Ed25519 => 1,
            Self::Cosignature => 4,
        }
    }
}

/// A text is no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// It does not have the parts of one.
    #[error("a public key is written NAME+ID+KEY, and a private one PRIVATE+KEY+NAME+ID+KEY")]
    Form,
    /// The name is empty, too long, or has spaces or a plus.
    #[error("the name of a key is 1 to {KEY_NAME_BYTES_MAX} bytes without spaces, control characters and `+`")]
    Name,
    /// The key is not one of a kind that is known here.
    #[error("the key is none of Ed25519, for notes or for cosignatures")]
    Key,
    /// The id is not that of the name and the key.
    #[error("the id of the key is not that of its name and its bytes")]
    Id,
    /// The operating system has no randomness to give.
    #[error("the operating system gave no random bytes")]
    Random,
}

/// A public key with its name.
#[derive(Clone, PartialEq, Eq)]
pub struct PublicKey {
    name: String,
    id: u32,
    kind: KeyKind,
    key: VerifyingKey,
}

impl PublicKey {
    fn new(name: &str, kind: KeyKind, key: VerifyingKey) -> Result<Self, KeyError> {
        if !is_name(name) {
            return Err(KeyError::Name);
        }
        Ok(Self { name: name.to_owned(), id: key_id(name, kind, &key), kind, key })
    }

    /// Reads its text, which is called vkey elsewhere: name, id and key with `+` between them.
    ///
    /// # Errors
    /// [`KeyError`].
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let mut parts = text.splitn(3, '+');
        let (Some(name), Some(id), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(KeyError::Form);
        };
        let id = parse_id(id)?;
        let key = BASE64_STANDARD.decode(key).map_err(|_| KeyError::Form)?;
        let (kind, key) = match key.split_first() {
            Some((1, key)) => (KeyKind::Ed25519, key),
            Some((4, key)) => (KeyKind::Cosignature, key),
            _ => return Err(KeyError::Key),
        };
        let key = key.try_into().map_err(|_| KeyError::Key)?;
        let key = Self::new(name, kind, VerifyingKey::from_bytes(key).map_err(|_| KeyError::Key)?)?;
        if key.id == id { Ok(key) } else { Err(KeyError::Id) }
    }

    /// Its name: of a log's key, the origin of its checkpoints.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The number by which signatures name it.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.id
    }

    /// What it signs.
    #[must_use]
    pub fn kind(&self) -> KeyKind {
        self.kind
    }

    /// Whether this is its signature of the text of a note.
    #[must_use]
    pub fn verify(&self, text: &str, signature: &[u8]) -> bool {
        let holds = |message: &[u8], signature: &[u8]| {
            Signature::from_slice(signature).is_ok_and(|signature| self.key.verify_strict(message, &signature).is_ok())
        };
        match self.kind {
            KeyKind::Ed25519 => holds(text.as_bytes(), signature),
            KeyKind::Cosignature => cosignature_time(signature)
                .zip(signature.get(8..))
                .is_some_and(|(time, signature)| holds(cosigned(time, text).as_bytes(), signature)),
        }
    }
}

/// Its text, as [`PublicKey::parse`] reads it.
impl fmt::Display for PublicKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = [self.kind.byte(); 33];
        bytes[1..].copy_from_slice(self.key.as_bytes());
        write!(formatter, "{}+{:08x}+{}", self.name, self.id, BASE64_STANDARD.encode(bytes))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "PublicKey({self})")
    }
}

/// A private key with its name. Not printed; overwritten when dropped.
#[derive(Clone)]
pub struct SigningKey {
    key: ed25519_dalek::SigningKey,
    public: PublicKey,
}

impl SigningKey {
    /// The key of these 32 bytes, which must be random.
    ///
    /// # Errors
    /// [`KeyError::Name`].
    pub fn from_seed(name: &str, seed: &[u8; 32]) -> Result<Self, KeyError> {
        Self::of_kind(name, KeyKind::Ed25519, seed)
    }

    /// The key of a witness.
    ///
    /// # Errors
    /// [`KeyError::Name`].
    pub fn witness_from_seed(name: &str, seed: &[u8; 32]) -> Result<Self, KeyError> {
        Self::of_kind(name, KeyKind::Cosignature, seed)
    }

    fn of_kind(name: &str, kind: KeyKind, seed: &[u8; 32]) -> Result<Self, KeyError> {
        let key = ed25519_dalek::SigningKey::from_bytes(seed);
        Ok(Self { public: PublicKey::new(name, kind, key.verifying_key())?, key })
    }

    /// A new key.
    ///
    /// # Errors
    /// [`KeyError::Name`], [`KeyError::Random`].
    pub fn random(name: &str) -> Result<Self, KeyError> {
        let mut seed = Zeroizing::new([0; 32]);
        rand::rngs::OsRng.try_fill_bytes(&mut *seed).map_err(|_| KeyError::Random)?;
        Self::from_seed(name, &seed)
    }

    /// Its text, which is called skey elsewhere.
    #[must_use]
    pub fn text(&self) -> Zeroizing<String> {
        let mut bytes = Zeroizing::new([self.public.kind.byte(); 33]);
        bytes[1..].copy_from_slice(self.key.as_bytes());
        let mut text = Zeroizing::new(String::with_capacity(PRIVATE.len() + self.public.name.len() + 64));
        text.push_str(PRIVATE);
        text.push_str(&self.public.name);
        text.push_str(&format!("+{:08x}+", self.public.id));
        BASE64_STANDARD.encode_string(bytes, &mut text);
        text
    }

    /// Reads its text.
    ///
    /// # Errors
    /// [`KeyError`].
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let mut parts = text.strip_prefix(PRIVATE).ok_or(KeyError::Form)?.splitn(3, '+');
        let (Some(name), Some(id), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(KeyError::Form);
        };
        let id = parse_id(id)?;
        let mut bytes = Zeroizing::new([0; 36]);
        let length = BASE64_STANDARD.decode_slice(key, &mut *bytes).map_err(|_| KeyError::Form)?;
        let kind = match bytes[0] {
            1 => KeyKind::Ed25519,
            4 => KeyKind::Cosignature,
            _ => return Err(KeyError::Key),
        };
        let mut seed = Zeroizing::new([0; 32]);
        seed.copy_from_slice(bytes.get(1..length).filter(|seed| seed.len() == 32).ok_or(KeyError::Key)?);
        let key = Self::of_kind(name, kind, &seed)?;
        if key.public.id == id { Ok(key) } else { Err(KeyError::Id) }
    }

    /// Whether a text is meant as a signing key.
    #[must_use]
    pub fn is_meant(text: &str) -> bool {
        text.starts_with(PRIVATE)
    }

    /// The key that verifies what this one signs.
    #[must_use]
    pub fn public(&self) -> &PublicKey {
        &self.public
    }

    /// Signs the text of a note. `time_s`, in seconds since the Unix epoch, is when a witness saw it; other keys say no time.
    #[must_use]
    pub fn sign(&self, text: &str, time_s: u64) -> Vec<u8> {
        match self.public.kind {
            KeyKind::Ed25519 => self.key.sign(text.as_bytes()).to_bytes().to_vec(),
            KeyKind::Cosignature => {
                let mut signature = time_s.to_be_bytes().to_vec();
                signature.extend_from_slice(&self.key.sign(cosigned(time_s, text).as_bytes()).to_bytes());
                signature
            }
        }
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "SigningKey(… of {})", self.public)
    }
}

/// When a witness says it saw a checkpoint, in seconds since the Unix epoch.
#[must_use]
pub fn cosignature_time(signature: &[u8]) -> Option<u64> {
    (signature.len() == 8 + 64).then(|| signature.first_chunk().copied().map(u64::from_be_bytes))?
}

/// Whether this can be the name of a key.
#[must_use]
pub fn is_name(name: &str) -> bool {
    let fits = !name.is_empty() && name.len() <= KEY_NAME_BYTES_MAX;
    fits && !name.contains(|character: char| character.is_whitespace() || character.is_control() || character == '+')
}

/// What a witness signs.
fn cosigned(time_s: u64, text: &str) -> String {
    format!("cosignature/v1\ntime {time_s}\n{text}")
}

fn key_id(name: &str, kind: KeyKind, key: &VerifyingKey) -> u32 {
    let hash =
        Sha256::new().chain_update(name).chain_update([b'\n', kind.byte()]).chain_update(key.as_bytes()).finalize();
    u32::from_be_bytes([hash[0], hash[1], hash[2], hash[3]])
}

/// Eight hex digits.
fn parse_id(text: &str) -> Result<u32, KeyError> {
    let plain = text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
    if plain { u32::from_str_radix(text, 16).map_err(|_| KeyError::Form) } else { Err(KeyError::Form) }
}
