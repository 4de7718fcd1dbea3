//! Who signs, and which keys are theirs.

use daybook_event::Timestamp;

use crate::key::PublicKey;

/// Who stands for an event: the actor where it names one, otherwise the person that it is about.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Signer {
    /// What kind of actor it is, where it is no person: `service`, `ai`, `system`, …
    pub kind: Option<Box<str>>,
    /// What the app calls it.
    pub name: Box<str>,
}

/// Names are not printed.
impl std::fmt::Debug for Signer {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Signer({:?}, …)", self.kind)
    }
}

impl Signer {
    /// A person.
    #[must_use]
    pub fn person(name: &str) -> Self {
        Self { kind: None, name: name.into() }
    }

    /// An actor of a kind; a `user` is a person, and so is one of no kind.
    #[must_use]
    pub fn actor(kind: Option<&str>, name: &str) -> Self {
        Self { kind: kind.filter(|kind| *kind != "user").map(Into::into), name: name.into() }
    }
}

/// A key of an actor's, and when it is good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActorKey {
    /// The key.
    pub public: PublicKey,
    /// Whose it is.
    pub owner: Signer,
    /// Events of before are not signed with it.
    pub not_before: Option<Timestamp>,
    /// Events of this time and later are not signed with it.
    pub not_after: Option<Timestamp>,
    /// Nothing that comes in at this time or later is believed, whatever its own time says: who has a stolen key chooses that.
    pub revoked: Option<Timestamp>,
}

/// Why a key is not good for an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyRefusal {
    /// It is somebody else's.
    NotTheActor,
    /// It was revoked.
    Revoked,
    /// It is not good at the time of the event.
    OutOfTime,
}

impl ActorKey {
    /// Whether the key is good for an event of this signer, that happened at `time` and came in at `received`. An event that names nobody is
    /// signed by whatever sends it, and never by a person: of a person it would say what the event keeps quiet about.
    ///
    /// # Errors
    /// [`KeyRefusal`].
    pub fn admits(&self, signer: Option<&Signer>, time: Timestamp, received: Timestamp) -> Result<(), KeyRefusal> {
        if signer.map_or(self.owner.kind.is_none(), |signer| *signer != self.owner) {
            return Err(KeyRefusal::NotTheActor);
        }
        if self.revoked.is_some_and(|revoked| received >= revoked) {
            return Err(KeyRefusal::Revoked);
        }
        let early = self.not_before.is_some_and(|not_before| time < not_before);
        let late = self.not_after.is_some_and(|not_after| time >= not_after);
        if early || late { Err(KeyRefusal::OutOfTime) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use daybook_event::Secret;

    use super::*;
    use crate::SigningKey;

    #[test]
    fn a_key_is_good_for_its_owner_in_its_time() {
        let at = Timestamp::from_microseconds;
        let public = SigningKey::from_seed(&Secret::from_bytes([1; 32])).public();
        let owner = Signer::person("ada");
        let key = ActorKey { public, owner, not_before: Some(at(10)), not_after: Some(at(20)), revoked: Some(at(100)) };
        let ada = Signer::person("ada");
        let check = |signer: Option<&Signer>, time: i64, received: i64, expected: Result<(), KeyRefusal>| {
            assert_eq!(key.admits(signer, at(time), at(received)), expected, "{time} {received}");
        };
        check(Some(&ada), 10, 99, Ok(()));
        check(Some(&ada), 19, 50, Ok(()));
        check(Some(&ada), 9, 50, Err(KeyRefusal::OutOfTime));
        check(Some(&ada), 20, 50, Err(KeyRefusal::OutOfTime));
        check(Some(&ada), 15, 100, Err(KeyRefusal::Revoked));
        check(Some(&Signer::person("bob")), 15, 50, Err(KeyRefusal::NotTheActor));
        check(Some(&Signer::actor(Some("service"), "ada")), 15, 50, Err(KeyRefusal::NotTheActor));
        check(Some(&Signer::actor(Some("user"), "ada")), 15, 50, Ok(()));
        check(None, 15, 50, Err(KeyRefusal::NotTheActor));
        let agent = ActorKey { owner: Signer::actor(Some("service"), "agent-7"), ..key.clone() };
        assert_eq!(agent.admits(None, at(15), at(50)), Ok(()));
        assert_eq!(agent.admits(Some(&ada), at(15), at(50)), Err(KeyRefusal::NotTheActor));
    }
}
