//! The generations of the vault key that are open, and everything derived from them.

use daybook_event::seal::{NONCE_BYTES, OVERHEAD_BYTES, open, seal};
use daybook_event::{Month, NameKind, PersonName, Secret, SubjectId};
use daybook_signature::KeyId;
use hkdf::Hkdf;
use rand::TryRngCore;
use sha2::Sha256;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::error::NotOpened;
use crate::MasterKey;

const MASTER_LABEL: &[u8] = b"daybook/master/wrap/1";
const MASTER_ID_LABEL: &[u8] = b"daybook/master/id/1";
const LOOKUP_LABEL: &[u8] = b"daybook/vault/lookup/1";
const PEOPLE_LABEL: &[u8] = b"daybook/vault/people/1";
const MONTHS_LABEL: &[u8] = b"daybook/vault/months/1";
const OTHER_LABEL: &[u8] = b"daybook/vault/other/1";

/// Version of what is wrapped for a person, its first byte.
const PERSON_VERSION: u8 = 1;
/// Length up to which app and name are put together without allocating.
const SHORT_NAME_BYTES: usize = 128;
/// Length of what precedes the name there: version, kind, secret.
const PERSON_HEAD_BYTES: usize = 2 + 32;

/// The operating system has no randomness to give.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NoRandomness;

pub(super) fn fill_random(bytes: &mut [u8]) -> Result<(), NoRandomness> {
    rand::rngs::OsRng.try_fill_bytes(bytes).map_err(|_| NoRandomness)
}

pub(super) fn random_secret() -> Result<Secret, NoRandomness> {
    let mut bytes = Zeroizing::new([0; 32]);
    fill_random(&mut *bytes)?;
    Ok(Secret::from_bytes(*bytes))
}

fn random_nonce() -> Result<[u8; NONCE_BYTES], NoRandomness> {
    let mut nonce = [0; NONCE_BYTES];
    fill_random(&mut nonce)?;
    Ok(nonce)
}

/// HKDF-Expand (RFC 5869) of random bits, which need no extraction.
fn derive(secret: &Secret, label: &[u8], out: &mut [u8]) {
    // Neither can fail: the secret is as long as the hash, the output no longer.
    let expanded = Hkdf::<Sha256>::from_prk(secret.as_bytes()).map(|hkdf| hkdf.expand(label, out));
    assert!(matches!(expanded, Ok(Ok(()))), "HKDF gives {} bytes", out.len());
}

fn derive_key(secret: &Secret, label: &[u8]) -> [u8; 32] {
    let mut key = [0; 32];
    derive(secret, label, &mut key);
    key
}

impl MasterKey {
    /// By which what it wraps is known to be its own. Says nothing about the key.
    #[must_use]
    pub fn id(&self) -> [u8; 16] {
        let mut id = [0; 16];
        derive(self.secret(), MASTER_ID_LABEL, &mut id);
        id
    }

    pub(super) fn wrap(&self, generation: i32, vault_key: &Secret) -> Result<Vec<u8>, NoRandomness> {
        let key = Zeroizing::new(derive_key(self.secret(), MASTER_LABEL));
        let mut wrapped = Vec::new();
        seal(&key, random_nonce()?, &vault_key_context(generation), vault_key.as_bytes(), &mut wrapped);
        Ok(wrapped)
    }

    pub(super) fn unwrap(&self, generation: i32, wrapped: &[u8]) -> Result<Secret, NotOpened> {
        let key = Zeroizing::new(derive_key(self.secret(), MASTER_LABEL));
        secret_of(open(&key, &vault_key_context(generation), wrapped))
    }
}

fn vault_key_context(generation: i32) -> Vec<u8> {
    [MASTER_LABEL, &generation.to_be_bytes()].concat()
}

fn secret_of<E>(opened: Result<Vec<u8>, E>) -> Result<Secret, NotOpened> {
    let plain = Zeroizing::new(opened.map_err(|_| NotOpened)?);
    plain.as_slice().try_into().map(Secret::from_bytes).map_err(|_| NotOpened)
}

/// One generation of the vault key: what is derived from it.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub(super) struct Generation {
    #[zeroize(skip)]
    pub number: i32,
    lookup: [u8; 32],
    people: [u8; 32],
    months: [u8; 32],
    other: [u8; 32],
}

/// What is wrapped for a person.
pub(super) struct Opened {
    pub name: PersonName<'static>,
    pub secret: Secret,
}

impl Generation {
    pub fn derive(number: i32, vault_key: &Secret) -> Self {
        Self {
            number,
            lookup: derive_key(vault_key, LOOKUP_LABEL),
            people: derive_key(vault_key, PEOPLE_LABEL),
            months: derive_key(vault_key, MONTHS_LABEL),
            other: derive_key(vault_key, OTHER_LABEL),
        }
    }

    /// The keyed hash by which a person is found.
    pub fn lookup(&self, app: &str, name: &PersonName<'_>) -> [u8; 32] {
        // In one piece, without the large state that hashing piece by piece needs: this is asked of every event.
        let (app, kind, name) = (app.as_bytes(), [0, kind_number(name.kind)], name.name.as_bytes());
        let mut short = [0; SHORT_NAME_BYTES];
        let length = app.len() + kind.len() + name.len();
        let hash = match short.get_mut(..length) {
            Some(text) => {
                let (first, rest) = text.split_at_mut(app.len());
                let (second, third) = rest.split_at_mut(kind.len());
                first.copy_from_slice(app);
                second.copy_from_slice(&kind);
                third.copy_from_slice(name);
                blake3::keyed_hash(&self.lookup, text)
            }
            None => blake3::keyed_hash(&self.lookup, &Zeroizing::new([app, &kind, name].concat())),
        };
        hash.into()
    }

    /// The keyed hash by which a key of an actor is found, or the keys of an actor who is no person: of app, kind and what it is called.
    fn lookup_of(&self, app: &str, kind: u8, parts: &[&[u8]]) -> [u8; 32] {
        let mut text = Zeroizing::new([app.as_bytes(), &[0, kind]].concat());
        for part in parts {
            text.extend_from_slice(&(part.len() as u64).to_be_bytes());
            text.extend_from_slice(part);
        }
        blake3::keyed_hash(&self.lookup, &text).into()
    }

    /// The keyed hash by which a key of an actor is found.
    pub fn lookup_key(&self, app: &str, id: &KeyId) -> [u8; 32] {
        self.lookup_of(app, ACTOR_KEY, &[id.as_bytes()])
    }

    /// The keyed hash by which the keys of an actor are found who is no person.
    pub fn lookup_actor(&self, app: &str, kind: &str, name: &str) -> [u8; 32] {
        self.lookup_of(app, ACTOR, &[kind.as_bytes(), name.as_bytes()])
    }

    pub fn wrap_person(
        &self,
        app: &str,
        id: SubjectId,
        name: &PersonName<'_>,
        secret: &Secret,
        nonce: [u8; NONCE_BYTES],
    ) -> Vec<u8> {
        let mut plain = Zeroizing::new(Vec::with_capacity(PERSON_HEAD_BYTES + name.name.len()));
        plain.extend_from_slice(&[PERSON_VERSION, kind_number(name.kind)]);
        plain.extend_from_slice(secret.as_bytes());
        plain.extend_from_slice(name.name.as_bytes());
        let mut wrapped = Vec::with_capacity(plain.len() + OVERHEAD_BYTES);
        seal(&self.people, nonce, &person_context(app, id), &plain, &mut wrapped);
        wrapped
    }

    pub fn unwrap_person(&self, app: &str, id: SubjectId, wrapped: &[u8]) -> Result<Opened, NotOpened> {
        let plain = open(&self.people, &person_context(app, id), wrapped).map_err(|_| NotOpened)?;
        let plain = Zeroizing::new(plain);
        let (head, name) = plain.split_at_checked(PERSON_HEAD_BYTES).ok_or(NotOpened)?;
        let kind = match head {
            [PERSON_VERSION, 1, ..] => NameKind::Identity,
            [PERSON_VERSION, 2, ..] => NameKind::Anonymous,
            _ => return Err(NotOpened),
        };
        let name = std::str::from_utf8(name).map_err(|_| NotOpened)?.to_owned().into();
        let secret = head[2..].try_into().map(Secret::from_bytes).map_err(|_| NotOpened)?;
        Ok(Opened { name: PersonName { kind, name }, secret })
    }

    pub fn wrap_month(&self, place: &MonthPlace<'_>, secret: &Secret) -> Result<Vec<u8>, NoRandomness> {
        let mut wrapped = Vec::new();
        seal(&self.months, random_nonce()?, &place.context(), secret.as_bytes(), &mut wrapped);
        Ok(wrapped)
    }

    pub fn unwrap_month(&self, place: &MonthPlace<'_>, wrapped: &[u8]) -> Result<Secret, NotOpened> {
        secret_of(open(&self.months, &place.context(), wrapped))
    }

    /// Seals under the key for everything else; the number of the generation stands in front.
    pub fn wrap_other(&self, purpose: &str, plain: &[u8]) -> Result<Vec<u8>, NoRandomness> {
        let mut wrapped = self.number.to_be_bytes().to_vec();
        seal(&self.other, random_nonce()?, purpose.as_bytes(), plain, &mut wrapped);
        Ok(wrapped)
    }
}

/// What stands in the place of a kind of names where a key of an actor is looked for.
const ACTOR_KEY: u8 = 3;
/// And where an actor is who is no person.
const ACTOR: u8 = 4;

const fn kind_number(kind: NameKind) -> u8 {
    match kind {
        NameKind::Identity => 1,
        NameKind::Anonymous => 2,
    }
}

fn person_context(app: &str, id: SubjectId) -> Vec<u8> {
    [PEOPLE_LABEL, id.as_bytes(), app.as_bytes()].concat()
}

/// Where a month's secret stands.
pub(super) struct MonthPlace<'a> {
    pub app: &'a str,
    pub class: &'a str,
    pub month: Month,
    pub ordinal: i32,
}

impl MonthPlace<'_> {
    fn context(&self) -> Vec<u8> {
        let (month, ordinal) = (self.month.number().to_be_bytes(), self.ordinal.to_be_bytes());
        [MONTHS_LABEL, &month, &ordinal, self.app.as_bytes(), &[0], self.class.as_bytes()].concat()
    }
}

/// The generations that are open, the oldest first; there is always one.
pub(super) struct Ring(Vec<Generation>);

impl Ring {
    /// None where there is none.
    pub fn new(mut open: Vec<Generation>) -> Option<Self> {
        open.sort_by_key(|generation| generation.number);
        (!open.is_empty()).then_some(Self(open))
    }

    /// The one under which new people and months are wrapped.
    pub fn current(&self) -> &Generation {
        &self.0[self.0.len() - 1]
    }

    pub fn all(&self) -> &[Generation] {
        &self.0
    }

    pub fn get(&self, number: i32) -> Option<&Generation> {
        self.0.iter().find(|generation| generation.number == number)
    }

    pub fn unwrap_other(&self, purpose: &str, wrapped: &[u8]) -> Result<Zeroizing<Vec<u8>>, NotOpened> {
        let (number, sealed) = wrapped.split_first_chunk().ok_or(NotOpened)?;
        let generation = self.get(i32::from_be_bytes(*number)).ok_or(NotOpened)?;
        open(&generation.other, purpose.as_bytes(), sealed).map(Zeroizing::new).map_err(|_| NotOpened)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn generation(byte: u8) -> Generation {
        Generation::derive(1, &Secret::from_bytes([byte; 32]))
    }

    #[test]
    fn a_person_opens_in_their_place_only() {
        let (name, secret) = (PersonName::identity("ada"), Secret::from_bytes([9; 32]));
        let (id, other) = (SubjectId::from_bytes([1; 16]), SubjectId::from_bytes([2; 16]));
        let wrapped = generation(1).wrap_person("app", id, &name, &secret, [0; NONCE_BYTES]);
        let opened = generation(1).unwrap_person("app", id, &wrapped).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!((opened.name, opened.secret), (name, secret));
        assert!(generation(1).unwrap_person("app", other, &wrapped).is_err());
        assert!(generation(1).unwrap_person("other", id, &wrapped).is_err());
        assert!(generation(2).unwrap_person("app", id, &wrapped).is_err());
        assert!(generation(1).unwrap_person("app", id, &[]).is_err());
    }

    #[test]
    fn names_of_different_people_have_different_hashes() {
        let lookup = |app: &str, name: PersonName<'_>| generation(1).lookup(app, &name);
        let mut hashes = vec![
            lookup("app", PersonName::identity("ada")),
            lookup("app", PersonName::anonymous("ada")),
            lookup("ap", PersonName::identity("pada")),
            lookup("app2", PersonName::identity("ada")),
            lookup("app", PersonName::identity("")),
            lookup("app", PersonName::identity("x".repeat(123))),
            lookup("app", PersonName::identity("x".repeat(124))),
            generation(2).lookup("app", &PersonName::identity("ada")),
        ];
        hashes.sort_unstable();
        hashes.dedup();
        assert_eq!(hashes.len(), 8);
    }

    /// Stored bytes depend on these: they never change.
    #[test]
    fn derivations_are_as_documented() {
        let key = Secret::from_bytes([7; 32]);
        let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        let master = MasterKey::from_bytes([7; 32]);
        let lookup = Generation::derive(1, &key).lookup("app", &PersonName::identity("ada"));
        assert_eq!(hex(&master.id()), "47d651352f86b5fd2bca584be9361ef9");
        assert_eq!(hex(&lookup), "ce0c74fdf7fbedf35a6f1c90dea385423421bf20ff4a303905cdbf776f66305c");
        let sealed = master.wrap(3, &key).unwrap_or_default();
        assert_eq!(master.unwrap(3, &sealed), Ok(key));
        assert_eq!(master.unwrap(4, &sealed), Err(NotOpened));
    }
}
