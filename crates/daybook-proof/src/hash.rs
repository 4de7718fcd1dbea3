//! The hashes of RFC 6962, section 2.1, with SHA-256.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use sha2::{Digest, Sha256};

/// Bytes of a hash.
pub const HASH_BYTES: usize = 32;

/// The hash of a leaf, of a node, or of a whole tree.
pub type Hash = [u8; HASH_BYTES];

/// The hash of the tree without leaves: SHA-256 of nothing.
pub const EMPTY_ROOT: Hash = [
    0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24, 0x27, 0xae, 0x41,
    0xe4, 0x64, 0x9b, 0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55,
];

/// The hash of a leaf: of a zero byte and the entry.
#[must_use]
pub fn leaf_hash(entry: &[u8]) -> Hash {
    Sha256::new().chain_update([0]).chain_update(entry).finalize().into()
}

/// The hash of a node: of a one byte and the hashes of its children.
#[must_use]
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    let mut bytes = [1; 1 + 2 * HASH_BYTES];
    bytes[1..=HASH_BYTES].copy_from_slice(left);
    bytes[1 + HASH_BYTES..].copy_from_slice(right);
    Sha256::digest(bytes).into()
}

/// The hash of a perfect tree over these nodes, of which there are a power of two.
#[must_use]
pub fn perfect_hash(nodes: &[Hash]) -> Hash {
    debug_assert!(nodes.len().is_power_of_two());
    let mut level = nodes.to_vec();
    while level.len() > 1 {
        for at in 0..level.len() / 2 {
            level[at] = node_hash(&level[2 * at], &level[2 * at + 1]);
        }
        level.truncate(level.len() / 2);
    }
    level.first().copied().unwrap_or(EMPTY_ROOT)
}

/// Base64 as the documents of C2SP write it.
#[must_use]
pub fn to_base64(hash: &Hash) -> String {
    BASE64_STANDARD.encode(hash)
}

/// Reads what [`to_base64`] writes.
#[must_use]
pub fn from_base64(text: &str) -> Option<Hash> {
    if text.len() != 44 {
        return None;
    }
    let mut hash = Hash::default();
    let mut bytes = [0; HASH_BYTES + 1];
    let length = BASE64_STANDARD.decode_slice(text, &mut bytes).ok()?;
    hash.copy_from_slice(bytes.get(..HASH_BYTES).filter(|_| length == HASH_BYTES)?);
    Some(hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_hashed_is_what_the_rfc_says() {
        assert_eq!(EMPTY_ROOT, <Hash>::from(Sha256::digest([])));
        // The leaf of the empty entry, as Certificate Transparency's own tests have it.
        assert_eq!(to_base64(&leaf_hash(b"")), "bjQLnP+zepicpUTmu3gKLHiQHT+zNzh2hRGjBhevoB0=");
        let (one, other) = (leaf_hash(b"one"), leaf_hash(b"other"));
        let by_hand: Hash = Sha256::new().chain_update([1]).chain_update(one).chain_update(other).finalize().into();
        assert_eq!(node_hash(&one, &other), by_hand);
        assert_eq!(perfect_hash(&[one]), one);
        assert_eq!(perfect_hash(&[one, other, one, other]), node_hash(&by_hand, &by_hand));
    }

    #[test]
    fn base64_is_strict() {
        let text = to_base64(&EMPTY_ROOT);
        assert_eq!(from_base64(&text), Some(EMPTY_ROOT));
        for wrong in ["", "AAAA", &text[..43], &format!("{text}="), &text.replace('=', "A")] {
            assert_eq!(from_base64(wrong), None, "{wrong}");
        }
    }
}
