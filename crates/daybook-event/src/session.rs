//! The number that stands for a session wherever its id must not.

use std::num::NonZeroU64;

use crate::Secret;

/// What a hash is for, as long as a secret.
type Label = [u8; 32];
const PERSON: &Label = b"daybook/record/person/session/1 ";
const NOBODY: &Label = b"daybook/record/nobody/session/1 ";

/// A keyed hash of a session's id: the same for all events of a session, and of no use to find out which session it is, or
/// whose, without the secret that it was made under. 64 bits, so that it is counted fast.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionHash(NonZeroU64);

impl SessionHash {
    /// Of a session of a person, under their secret. Once that is destroyed nobody can make it again.
    #[must_use]
    pub fn of_person(secret: &Secret, session: &str) -> Self {
        Self::of(secret, PERSON, session)
    }

    /// Of a session of nobody who is named, under the secret of the pseudonyms of the month. A session that goes on past the
    /// end of a month is another one from then on.
    #[must_use]
    pub fn of_nobody(month: &Secret, session: &str) -> Self {
        Self::of(month, NOBODY, session)
    }

    /// The one with this number; 0 is none.
    #[must_use]
    pub fn from_number(number: u64) -> Option<Self> {
        NonZeroU64::new(number).map(Self)
    }

    /// Its number, which is never 0.
    #[must_use]
    pub const fn number(self) -> u64 {
        self.0.get()
    }

    /// The first eight bytes of BLAKE3's keyed hash of what it is for and of the id, the highest first.
    fn of(key: &Secret, label: &Label, session: &str) -> Self {
        let mut hasher = blake3::Hasher::new_keyed(key.as_bytes());
        hasher.update(label).update(session.as_bytes());
        let [a, b, c, d, e, f, g, h, ..] = *hasher.finalize().as_bytes();
        Self(NonZeroU64::new(u64::from_be_bytes([a, b, c, d, e, f, g, h])).unwrap_or(NonZeroU64::MIN))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// It must never change for records that exist.
    #[test]
    fn sessions_are_hashed_as_the_log_format_says() {
        let secret = Secret::from_bytes([1; 32]);
        let hash = |label: &[u8], session: &str| {
            let hash = blake3::keyed_hash(secret.as_bytes(), &[label, session.as_bytes()].concat());
            u64::from_be_bytes(*hash.as_bytes().first_chunk().unwrap())
        };
        for session in ["", "s-1", "0197a4e0-5b1c-7d2e-8f3a-9b4c5d6e7f80", &"long ".repeat(500)] {
            let person = hash(b"daybook/record/person/session/1 ", session);
            let nobody = hash(b"daybook/record/nobody/session/1 ", session);
            assert_eq!(SessionHash::of_person(&secret, session).number(), person);
            assert_eq!(SessionHash::of_nobody(&secret, session).number(), nobody);
            assert_ne!(person, nobody);
        }
        let other = Secret::from_bytes([2; 32]);
        assert_ne!(SessionHash::of_person(&secret, "s-1"), SessionHash::of_person(&other, "s-1"));
        assert_ne!(SessionHash::of_person(&secret, "s-1"), SessionHash::of_person(&secret, "s-2"));
        assert_eq!(SessionHash::from_number(0), None);
    }
}
