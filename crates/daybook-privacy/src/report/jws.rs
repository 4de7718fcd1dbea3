//! JSON Web Signatures in their compact form (RFC 7515) with Ed25519 (RFC 8037), as far as reports need them.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use daybook_event::Secret;
use ed25519_dalek::{Signature, Signer, VerifyingKey};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::limits;

/// The one algorithm: Ed25519 under the name that RFC 8037 gives it.
const ALGORITHM: &str = "EdDSA";

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

/// The private key. Not printed; overwritten when dropped.
pub struct SigningKey(ed25519_dalek::SigningKey);

impl fmt::Debug for SigningKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SigningKey(…)")
    }
}

impl SigningKey {
    /// The key made of 32 random bytes.
    #[must_use]
    pub fn from_seed(seed: &Secret) -> Self {
        Self(ed25519_dalek::SigningKey::from_bytes(seed.as_bytes()))
    }

    /// The key that verifies what this one signs.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.verifying_key())
    }

    /// Signs `payload` as something of the media type `typ`.
    #[must_use]
    pub fn sign(&self, typ: &str, payload: &[u8]) -> String {
        let header = serde_json::json!({ "alg": ALGORITHM, "typ": typ, "kid": self.public().id() });
        self.sign_with_header(&header.to_string(), payload)
    }

    fn sign_with_header(&self, header: &str, payload: &[u8]) -> String {
        let mut text = URL_SAFE_NO_PAD.encode(header);
        text.push('.');
        URL_SAFE_NO_PAD.encode_string(payload, &mut text);
        let signature = self.0.sign(text.as_bytes()).to_bytes();
        text.push('.');
        URL_SAFE_NO_PAD.encode_string(signature, &mut text);
        text
    }
}

/// The public key; written as base64url of its 32 bytes, the `x` of its JSON Web Key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey(VerifyingKey);

impl fmt::Display for PublicKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&URL_SAFE_NO_PAD.encode(self.0.as_bytes()))
    }
}

impl PublicKey {
    /// Reads what is displayed.
    ///
    /// # Errors
    /// [`VerifyError::Key`].
    pub fn parse(text: &str) -> Result<Self, VerifyError> {
        let bytes = URL_SAFE_NO_PAD.decode(text.trim().trim_end_matches('=')).map_err(|_| VerifyError::Key)?;
        let bytes: [u8; 32] = bytes.try_into().map_err(|_| VerifyError::Key)?;
        VerifyingKey::from_bytes(&bytes).map(Self).map_err(|_| VerifyError::Key)
    }

    /// The name of the key: its JWK thumbprint (RFC 7638, RFC 8037 appendix A.3).
    #[must_use]
    pub fn id(&self) -> String {
        let canonical = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{self}"}}"#);
        URL_SAFE_NO_PAD.encode(Sha256::digest(canonical))
    }

    /// Checks a signature, and that it is one of something of the media type `typ`; gives what was signed.
    ///
    /// # Errors
    /// [`VerifyError`].
    pub fn verify(&self, typ: &'static str, jws: &str) -> Result<Vec<u8>, VerifyError> {
        let (header, payload) = self.open(jws)?;
        if header.typ.as_deref() == Some(typ) { Ok(payload) } else { Err(VerifyError::Type(typ)) }
    }

    fn open(&self, jws: &str) -> Result<(Header, Vec<u8>), VerifyError> {
        if jws.len() > limits::REPORT_BYTES_MAX {
            return Err(VerifyError::TooLong(jws.len()));
        }
        let (signed, signature) = jws.rsplit_once('.').ok_or(VerifyError::Form)?;
        let (header, payload) = signed.split_once('.').ok_or(VerifyError::Form)?;
        let decode = |text: &str| URL_SAFE_NO_PAD.decode(text).map_err(|_| VerifyError::Form);
        let header: Header = serde_json::from_slice(&decode(header)?).map_err(|_| VerifyError::Form)?;
        let payload = decode(payload)?;
        let signature: [u8; 64] = decode(signature)?.try_into().map_err(|_| VerifyError::Form)?;
        // What the header says decides nothing but whether to refuse: there is one algorithm and one key.
        if header.alg != ALGORITHM {
            return Err(VerifyError::Algorithm(header.alg));
        }
        if header.crit.is_some() {
            return Err(VerifyError::Critical);
        }
        self.0
            .verify_strict(signed.as_bytes(), &Signature::from_bytes(&signature))
            .map_err(|_| VerifyError::Signature)?;
        Ok((header, payload))
    }
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    typ: Option<String>,
    crit: Option<serde_json::Value>,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The keys and the signature of RFC 8037, appendix A.
    const SEED: &str = "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A";
    const PUBLIC: &str = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
    const THUMBPRINT: &str = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k";
    const SIGNED: &str = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3A\
                          IbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";

    fn key() -> SigningKey {
        let seed = URL_SAFE_NO_PAD.decode(SEED).unwrap().try_into().unwrap();
        SigningKey::from_seed(&Secret::from_bytes(seed))
    }

    #[test]
    fn the_examples_of_the_rfc_hold() {
        assert_eq!(key().public().to_string(), PUBLIC);
        assert_eq!(key().public().id(), THUMBPRINT);
        assert_eq!(key().sign_with_header(r#"{"alg":"EdDSA"}"#, b"Example of Ed25519 signing"), SIGNED);
        let (header, payload) = PublicKey::parse(PUBLIC).unwrap().open(SIGNED).unwrap();
        assert_eq!((header.typ, payload.as_slice()), (None, &b"Example of Ed25519 signing"[..]));
        assert!(matches!(key().public().verify("a/b", SIGNED), Err(VerifyError::Type("a/b"))));
    }

    #[test]
    fn what_is_signed_verifies() {
        let jws = key().sign("a/b", b"text");
        assert_eq!(key().public().verify("a/b", &jws).unwrap(), b"text");
        let header = URL_SAFE_NO_PAD.decode(jws.split('.').next().unwrap()).unwrap();
        assert_eq!(
            String::from_utf8(header).unwrap(),
            format!(r#"{{"alg":"EdDSA","typ":"a/b","kid":"{THUMBPRINT}"}}"#)
        );
    }

    #[test]
    fn a_change_anywhere_is_found() {
        let jws = key().sign("a/b", b"a text of some length");
        for at in 0..jws.len() {
            let mut changed = jws.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            assert!(key().public().verify("a/b", &changed).is_err(), "{at}");
        }
        assert!(key().public().verify("a/b", &jws[..jws.len() - 1]).is_err());
        assert!(key().public().verify("a/b", &format!("{jws}.")).is_err());
        let other = SigningKey::from_seed(&Secret::from_bytes([1; 32]));
        assert!(matches!(other.public().verify("a/b", &jws), Err(VerifyError::Signature)));
    }

    #[test]
    fn other_ways_to_sign_are_refused() {
        let check = |header: &str, expected: &str| {
            let error = key().public().verify("a/b", &key().sign_with_header(header, b"{}")).unwrap_err();
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
            assert!(key().public().verify("a/b", text).is_err(), "{text}");
        }
        let long = "a".repeat(limits::REPORT_BYTES_MAX + 1);
        assert!(matches!(key().public().verify("a/b", &long), Err(VerifyError::TooLong(_))));
    }

    #[test]
    fn keys_that_are_none() {
        for text in ["", "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHUR", "!", &"A".repeat(44)] {
            assert!(matches!(PublicKey::parse(text), Err(VerifyError::Key)), "{text}");
        }
        assert!(PublicKey::parse(&format!(" {PUBLIC}=\n")).is_ok());
    }
}
