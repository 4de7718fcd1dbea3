//! The signature of an event: a detached JWS whose header says which members it signs.

use serde::Deserialize;
use serde_json::json;

use crate::content::Content;
use crate::jcs::NotCanonical;
use crate::jws::{self, ALGORITHM, Compact, NotCompact};
use crate::key::{KeyId, PublicKey, SigningKey};
use crate::limits;
use crate::member::Member;

/// The header's own member, which says what is signed; whoever does not know it must not believe the signature (`crit`, RFC 7515
/// section 4.1.11).
const MEMBERS: &str = "members";

/// The signature of an event, read but not verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventSignature {
    compact: Compact,
    key_id: KeyId,
    members: Vec<Member>,
}

/// A text is no signature of an event.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// It is longer than one is.
    #[error("{0} bytes are more than a signature has")]
    TooLong(usize),
    /// It is no JWS in its compact form.
    #[error(transparent)]
    NotCompact(#[from] NotCompact),
    /// Its payload is in it, where that of an event is detached.
    #[error("its payload is in it; that of an event is detached (RFC 7515, appendix F)")]
    Attached,
    /// Its header is none.
    #[error("its header is not one: `alg`, `kid`, `crit` and `members` once each")]
    Header,
    /// It is made in another way.
    #[error("its `alg` is not {ALGORITHM}")]
    Algorithm,
    /// Its key is not named by its thumbprint.
    #[error("its `kid` is not the thumbprint of a key (RFC 7638)")]
    KeyId,
    /// It asks for something that is not understood here.
    #[error("its `crit` is not [\"{MEMBERS}\"]")]
    Critical,
    /// It says that something is signed that cannot be, or says it twice.
    #[error("its `members` name {0:?}, which cannot be signed, or stands there twice")]
    Members(String),
    /// It signs nothing.
    #[error("its `members` name nothing")]
    Nothing,
}

/// A signature is not one of this event.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Mismatch {
    /// It signs members that the event does not have.
    #[error("it signs what the event does not have: {}", list(.0))]
    Absent(Vec<Member>),
    /// It leaves out members that a signature covers.
    #[error("it does not sign {}, which the event has", list(.0))]
    Uncovered(Vec<Member>),
    /// What is signed has no form in which it could be.
    #[error(transparent)]
    NotCanonical(#[from] NotCanonical),
    /// Another key, or another event.
    #[error("the event is not the one that was signed, or another key signed it")]
    Wrong,
}

/// An event cannot be signed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignError {
    /// It lacks what a signature covers in any case.
    #[error("an event that is signed has `{0}`")]
    Missing(Member),
    /// What is to be signed has no form in which it could be.
    #[error(transparent)]
    NotCanonical(#[from] NotCanonical),
}

/// What is read of a header. Members that are not known say nothing, unless `crit` names them.
#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: String,
    crit: Vec<String>,
    members: Vec<String>,
}

/// Signs all that an event says and that can be signed.
///
/// # Errors
/// [`SignError`].
pub fn sign(key: &SigningKey, content: &Content) -> Result<String, SignError> {
    if let Some(missing) = [Member::Id, Member::Name, Member::Time].into_iter().find(|member| !content.has(*member)) {
        return Err(SignError::Missing(missing));
    }
    let members: Vec<Member> = content.members().collect();
    sign_members(key, content, &members)
}

/// Signs these members of an event, as they are given.
fn sign_members(key: &SigningKey, content: &Content, members: &[Member]) -> Result<String, SignError> {
    let names: Vec<&str> = members.iter().map(|member| member.as_str()).collect();
    let header = json!({
        "alg": ALGORITHM, "kid": key.public().id().to_string(), "crit": [MEMBERS], (MEMBERS): names,
    });
    Ok(jws::sign_detached(key, &header.to_string(), &content.payload(members)?))
}

impl EventSignature {
    /// Reads a signature. Nothing is verified yet.
    ///
    /// # Errors
    /// [`Malformed`].
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        if text.len() > limits::SIGNATURE_BYTES_MAX {
            return Err(Malformed::TooLong(text.len()));
        }
        let compact = Compact::parse(text)?;
        if !compact.payload.is_empty() {
            return Err(Malformed::Attached);
        }
        let header: Header = serde_json::from_slice(&compact.header).map_err(|_| Malformed::Header)?;
        if header.alg != ALGORITHM {
            return Err(Malformed::Algorithm);
        }
        if header.crit != [MEMBERS] {
            return Err(Malformed::Critical);
        }
        let key_id = KeyId::parse(&header.kid).ok_or(Malformed::KeyId)?;
        let mut members: Vec<Member> = Vec::with_capacity(header.members.len().min(Member::ALL.len()));
        for name in header.members {
            match Member::parse(&name) {
                Some(member) if !members.contains(&member) => members.push(member),
                _ => return Err(Malformed::Members(name)),
            }
        }
        if members.is_empty() {
            return Err(Malformed::Nothing);
        }
        Ok(Self { compact, key_id, members })
    }

    /// The key that it says to be made with.
    #[must_use]
    pub const fn key_id(&self) -> KeyId {
        self.key_id
    }

    /// The members that it signs.
    #[must_use]
    pub fn members(&self) -> &[Member] {
        &self.members
    }

    /// What is signed of an event, where it has all that this signature names and this signature covers all that it must.
    ///
    /// # Errors
    /// [`Mismatch`], but for [`Mismatch::Wrong`].
    pub fn payload(&self, content: &Content) -> Result<Vec<u8>, Mismatch> {
        let absent: Vec<Member> = self.members.iter().copied().filter(|member| !content.has(*member)).collect();
        if !absent.is_empty() {
            return Err(Mismatch::Absent(absent));
        }
        // These an event is always read with, also where it came without: Daybook's own would be signed by nobody.
        let must = |member: &Member| content.has(*member) || matches!(member, Member::Id | Member::Name | Member::Time);
        let uncovered = Member::REQUIRED.into_iter().filter(|member| must(member) && !self.members.contains(member));
        let uncovered: Vec<Member> = uncovered.collect();
        if !uncovered.is_empty() {
            return Err(Mismatch::Uncovered(uncovered));
        }
        Ok(content.payload(&self.members)?)
    }

    /// Whether it holds for an event under a key: its own, as the caller knows by its name.
    ///
    /// # Errors
    /// [`Mismatch`].
    pub fn verify(&self, key: &PublicKey, content: &Content) -> Result<(), Mismatch> {
        let payload = self.payload(content)?;
        if self.compact.holds_for(key, &payload) { Ok(()) } else { Err(Mismatch::Wrong) }
    }
}

fn list(members: &[Member]) -> String {
    members.iter().map(|member| format!("`{member}`")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests;
