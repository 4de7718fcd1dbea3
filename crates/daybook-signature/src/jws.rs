//! JSON Web Signatures in their compact form (RFC 7515) with Ed25519 (RFC 8037): whole, and detached as its appendix F says.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::key::{PublicKey, SigningKey};

/// The one algorithm: Ed25519 under the name that RFC 8037 gives it.
pub const ALGORITHM: &str = "EdDSA";

/// A text is no JWS in its compact form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is not a JWS in its compact form")]
pub struct NotCompact;

/// A JWS in its compact form, taken apart. Nothing in it is believed yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compact {
    /// What is signed of it, as it stands: the header in base64url, and the payload where it is there.
    signed: String,
    /// The header's JSON.
    pub header: Vec<u8>,
    /// The payload; empty where it is detached.
    pub payload: Vec<u8>,
    signature: [u8; 64],
}

impl Compact {
    /// Takes a text apart.
    ///
    /// # Errors
    /// [`NotCompact`].
    pub fn parse(text: &str) -> Result<Self, NotCompact> {
        let (signed, signature) = text.rsplit_once('.').ok_or(NotCompact)?;
        let (header, payload) = signed.split_once('.').ok_or(NotCompact)?;
        let decode = |text: &str| URL_SAFE_NO_PAD.decode(text).map_err(|_| NotCompact);
        Ok(Self {
            signed: signed.to_owned(),
            header: decode(header)?,
            payload: decode(payload)?,
            signature: decode(signature)?.try_into().map_err(|_| NotCompact)?,
        })
    }

    /// Whether the signature holds for the payload that is in it.
    #[must_use]
    pub fn holds(&self, key: &PublicKey) -> bool {
        key.verifies(self.signed.as_bytes(), &self.signature)
    }

    /// Whether the signature holds for a payload that was detached from it.
    #[must_use]
    pub fn holds_for(&self, key: &PublicKey, payload: &[u8]) -> bool {
        let mut signed = self.signed.clone();
        URL_SAFE_NO_PAD.encode_string(payload, &mut signed);
        self.payload.is_empty() && key.verifies(signed.as_bytes(), &self.signature)
    }
}

/// Signs `payload` under a header, which is JSON.
#[must_use]
pub fn sign(key: &SigningKey, header: &str, payload: &[u8]) -> String {
    let mut text = URL_SAFE_NO_PAD.encode(header);
    text.push('.');
    URL_SAFE_NO_PAD.encode_string(payload, &mut text);
    let signature = key.sign_bytes(text.as_bytes());
    text.push('.');
    URL_SAFE_NO_PAD.encode_string(signature, &mut text);
    text
}

/// Signs `payload` under a header, and leaves it out.
#[must_use]
pub fn sign_detached(key: &SigningKey, header: &str, payload: &[u8]) -> String {
    let whole = sign(key, header, payload);
    let mut pieces = whole.split('.');
    let (header, _, signature) = (pieces.next(), pieces.next(), pieces.next());
    format!("{}..{}", header.unwrap_or_default(), signature.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The key and the signature of RFC 8037, appendix A.4.
    const PRIVATE: &str = r#"{"kty":"OKP","crv":"Ed25519","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
    const SIGNED: &str = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3A\
                          IbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
    const TEXT: &[u8] = b"Example of Ed25519 signing";

    #[test]
    fn the_example_of_the_rfc_holds_whole_and_detached() {
        let key = SigningKey::from_jwk(PRIVATE).unwrap();
        assert_eq!(sign(&key, r#"{"alg":"EdDSA"}"#, TEXT), SIGNED);
        let compact = Compact::parse(SIGNED).unwrap();
        assert_eq!((compact.header.as_slice(), compact.payload.as_slice()), (&br#"{"alg":"EdDSA"}"#[..], TEXT));
        assert!(compact.holds(&key.public()));
        assert!(!compact.holds_for(&key.public(), TEXT), "its payload is not detached");

        let detached = sign_detached(&key, r#"{"alg":"EdDSA"}"#, TEXT);
        let [header, payload, signature] = SIGNED.split('.').collect::<Vec<_>>().try_into().unwrap();
        assert_eq!(detached, format!("{header}..{signature}"));
        let compact = Compact::parse(&detached).unwrap();
        assert!(compact.holds_for(&key.public(), TEXT));
        assert!(!compact.holds_for(&key.public(), b"another text") && !compact.holds(&key.public()));
        assert_eq!(payload, URL_SAFE_NO_PAD.encode(TEXT));
    }

    #[test]
    fn what_is_not_one() {
        for text in ["", ".", "..", "a.b", "a.b.c", "é.é.é", "....", "e30.e30."] {
            assert_eq!(Compact::parse(text), Err(NotCompact), "{text}");
        }
        // A last character with bits that belong to no byte: another spelling of the same signature.
        assert_eq!(Compact::parse(&SIGNED.replace("KAg", "KAh")), Err(NotCompact));
        assert_eq!(Compact::parse(&format!("{SIGNED}=")), Err(NotCompact));
        assert_eq!(Compact::parse(&SIGNED.replace('_', "/")), Err(NotCompact));
    }
}
