//! By what events are found: the terms of their type and of their tags.
//!
//! Terms are hashes, so that an index of them holds no text. They are stored, and never change: BLAKE3, the first 128
//! bits, over a kind and the parts with their lengths before them.

use crate::record::Term;

/// What the hash of every term begins with.
const DOMAIN: &[u8] = b"daybook term 1";

/// The term that all events of a type have.
#[must_use]
pub fn of_type(app: &str, name: &str) -> Term {
    hash(b't', &[app, name])
}

/// The term that all events of an app with a tag of this key and value have.
#[must_use]
pub fn of_tag(app: &str, key: &str, value: &str) -> Term {
    hash(b'g', &[app, key, value])
}

fn hash(kind: u8, parts: &[&str]) -> Term {
    let mut hasher = blake3::Hasher::new();
    hasher.update(DOMAIN).update(&[kind]);
    for part in parts {
        // Nothing that has terms is longer.
        let length = u32::try_from(part.len()).unwrap_or(u32::MAX);
        hasher.update(&length.to_le_bytes()).update(part.as_bytes());
    }
    let mut term = [0; 16];
    term.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
    term
}

#[cfg(test)]
mod tests {
    use super::*;

    /// They are in files: another value here means that every index is made anew, and that its fingerprint must say so.
    #[test]
    fn terms_are_what_they_were() {
        let hex = |term: Term| term.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        assert_eq!(hex(of_type("shop", "order.placed")), TYPE);
        assert_eq!(hex(of_tag("shop", "order", "17")), TAG);
    }

    const TYPE: &str = "b50fe101006b790a4862365157ed57f0";
    const TAG: &str = "8c01dca82e023b9a645b931fe5d95c2f";

    #[test]
    fn what_is_not_the_same_has_another_term() {
        let terms = [
            of_type("shop", "order.placed"),
            of_type("shoporder", ".placed"),
            of_tag("shop", "order", "17"),
            of_tag("shop", "order1", "7"),
            of_tag("shoporder", "", "17"),
            of_tag("shop", "order.placed", ""),
        ];
        for (at, term) in terms.iter().enumerate() {
            assert!(!terms[..at].contains(term), "{at}");
        }
    }
}
