//! Signatures with Ed25519, in the forms that others know: compact JSON Web Signatures ([`jws`], RFC 7515 and RFC 8037), JSON Web Keys
//! and their thumbprints ([`key`], RFC 7517 and RFC 7638), keys as OpenSSL writes them ([`pem`]), and JSON in its one form to be signed
//! ([`jcs`], RFC 8785).
//!
//! On top of these stands what an actor signs of an event: which [`Member`]s ([`member`]), what they say ([`content`]), and the detached
//! signature itself ([`event`]). Whoever signs, whoever admits and whoever verifies years later goes through the same code; `docs/signatures.md`
//! describes it for those who write their own.
//!
//! No I/O, no clock, no randomness.

pub mod actor;
pub mod content;
pub mod event;
pub mod jcs;
pub mod jws;
pub mod key;
pub mod limits;
pub mod member;
pub mod pem;

pub use actor::{ActorKey, KeyRefusal, Signer};
pub use content::{Content, NotAnEvent};
pub use event::{EventSignature, Malformed, Mismatch, SignError};
pub use key::{KeyId, NotAKey, PublicKey, SigningKey};
pub use member::Member;
