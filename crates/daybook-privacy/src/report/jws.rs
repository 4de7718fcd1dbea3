//! Signed reports: JSON Web Signatures in their compact form, of something of a media type.

use daybook_signature::jws::{self, ALGORITHM, Compact};
use daybook_signature::{PublicKey, SigningKey};
use serde::Deserialize;

use crate::limits;

/// A signature that does not hold.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// The public key is no key.
    #[error("the public key is not an Ed25519 key in base64url")]
    Key,
    /// The text is no signed report.
    #[error("this is not a JWS in its compact form")]
    Form,
    /// It is longer than a report may be.
    #[error("{0} bytes are more than a report may have")]
    TooLong(usize),
    /// It is signed in another way than reports are.
    #[error("it is signed with `{0}`, where reports are signed with {ALGORITHM}")]
    Algorithm(String),
    /// It asks for something that is not understood here (`crit`, RFC 7515 section 4.1.11).
    #[error("its header has critical members that are not understood")]
    Critical,
    /// It is something else than a report.
    #[error("it is not of type `{0}`")]
    Type(&'static str),
    /// Another key, or another text.
    #[error("the signature does not hold: the report was changed, or signed with another key")]
    Signature,
    /// What is signed cannot be read.
    #[error("what is signed is not a report")]
    Payload(#[source] serde_json::Error),
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    typ: Option<String>,
    crit: Option<serde_json::Value>,
}

/// Signs `payload` as something of the media type `typ`.
pub(crate) fn sign(key: &SigningKey, typ: &str, payload: &[u8]) -> String {
    let header = serde_json::json!({ "alg": ALGORITHM, "typ": typ, "kid": key.public().id().to_string() });
    jws::sign(key, &header.to_string(), payload)
}

/// Checks a signature, and that it is one of something of the media type `typ`; gives what was signed.
///
/// # Errors
/// [`VerifyError`].
pub(crate) fn verify(key: &PublicKey, typ: &'static str, jws: &str) -> Result<Vec<u8>, VerifyError> {
    if jws.len() > limits::REPORT_BYTES_MAX {
        return Err(VerifyError::TooLong(jws.len()));
    }
    let compact = Compact::parse(jws).map_err(|_| VerifyError::Form)?;
    let header: Header = serde_json::from_slice(&compact.header).map_err(|_| VerifyError::Form)?;
    // What the header says decides nothing but whether to refuse: there is one algorithm and one key.
    if header.alg != ALGORITHM {
        return Err(VerifyError::Algorithm(header.alg));
    }
    if header.crit.is_some() {
        return Err(VerifyError::Critical);
    }
    if !compact.holds(key) {
        return Err(VerifyError::Signature);
    }
    if header.typ.as_deref() == Some(typ) { Ok(compact.payload) } else { Err(VerifyError::Type(typ)) }
}

#[cfg(test)]
mod tests {
    use daybook_event::Secret;

    use super::*;

    fn key() -> SigningKey {
        SigningKey::from_seed(&Secret::from_bytes([3; 32]))
    }

    fn verified(jws: &str) -> Result<Vec<u8>, VerifyError> {
        verify(&key().public(), "a/b", jws)
    }

    #[test]
    fn what_is_signed_verifies() {
        let jws = sign(&key(), "a/b", b"text");
        assert_eq!(verified(&jws).unwrap(), b"text");
        let header = String::from_utf8(Compact::parse(&jws).unwrap().header).unwrap();
        assert_eq!(header, format!(r#"{{"alg":"EdDSA","typ":"a/b","kid":"{}"}}"#, key().public().id()));
    }

    #[test]
    fn a_change_anywhere_is_found() {
        let jws = sign(&key(), "a/b", b"a text of some length");
        for at in 0..jws.len() {
            let mut changed = jws.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            assert!(verified(&changed).is_err(), "{at}");
        }
        assert!(verified(&jws[..jws.len() - 1]).is_err());
        assert!(verified(&format!("{jws}.")).is_err());
        let other = SigningKey::from_seed(&Secret::from_bytes([1; 32])).public();
        assert!(matches!(verify(&other, "a/b", &jws), Err(VerifyError::Signature)));
    }

    #[test]
    fn other_ways_to_sign_are_refused() {
        let check = |header: &str, expected: &str| {
            let error = verified(&jws::sign(&key(), header, b"{}")).unwrap_err();
            assert_eq!(error.to_string(), expected, "{header}");
        };
        check(r#"{"alg":"none","typ":"a/b"}"#, "it is signed with `none`, where reports are signed with EdDSA");
        check(r#"{"alg":"HS256","typ":"a/b"}"#, "it is signed with `HS256`, where reports are signed with EdDSA");
        check(
            r#"{"alg":"EdDSA","typ":"a/b","crit":["exp"]}"#,
            "its header has critical members that are not understood",
        );
        check(r#"{"alg":"EdDSA","typ":"JWT"}"#, "it is not of type `a/b`");
        check(r#"{"typ":"a/b"}"#, "this is not a JWS in its compact form");
        check("{", "this is not a JWS in its compact form");
        for text in ["", ".", "..", "a.b", "a.b.c", "é.é.é", "....", "e30.e30."] {
            assert!(verified(text).is_err(), "{text}");
        }
        let long = "a".repeat(limits::REPORT_BYTES_MAX + 1);
        assert!(matches!(verified(&long), Err(VerifyError::TooLong(_))));
    }
}
