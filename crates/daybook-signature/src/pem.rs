//! Keys as OpenSSL writes them: PKCS #8 and SubjectPublicKeyInfo (RFC 8410) in PEM (RFC 7468).
//!
//! A key of Ed25519 has one such form, so its DER is a fixed beginning and the key.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use daybook_event::Secret;
use zeroize::Zeroizing;

use crate::key::{NotAKey, PublicKey, SigningKey};

const PRIVATE_LABEL: &str = "PRIVATE KEY";
const PUBLIC_LABEL: &str = "PUBLIC KEY";
/// PKCS #8 version 1 of an Ed25519 key, up to the key.
const PRIVATE_HEAD: [u8; 16] =
    [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];
/// SubjectPublicKeyInfo of an Ed25519 key, up to the key.
const PUBLIC_HEAD: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

impl SigningKey {
    /// The private key in a text: a JSON Web Key with a `d`, or PEM.
    ///
    /// # Errors
    /// [`NotAKey`].
    pub fn from_text(text: &str) -> Result<Self, NotAKey> {
        if text.trim_start().starts_with('{') {
            return Self::from_jwk(text.trim());
        }
        if body(text, PUBLIC_LABEL).is_some() {
            return Err(NotAKey::Public);
        }
        let der = body(text, PRIVATE_LABEL).ok_or(NotAKey::Pem)?;
        let seed = der.strip_prefix(&PRIVATE_HEAD).ok_or(NotAKey::Pem)?;
        Ok(Self::from_seed(&Secret::from_bytes(seed.try_into().map_err(|_| NotAKey::Pem)?)))
    }
}

impl PublicKey {
    /// The public key in a text: a JSON Web Key, or PEM.
    ///
    /// # Errors
    /// [`NotAKey`].
    pub fn from_text(text: &str) -> Result<Self, NotAKey> {
        if text.trim_start().starts_with('{') {
            return Self::from_jwk(text.trim());
        }
        if body(text, PRIVATE_LABEL).is_some() {
            return Err(NotAKey::Private);
        }
        let der = body(text, PUBLIC_LABEL).ok_or(NotAKey::Pem)?;
        let key = Self::from_bytes(der.strip_prefix(&PUBLIC_HEAD).ok_or(NotAKey::Pem)?)?;
        Self::from_jwk(&key.to_jwk().to_string())
    }
}

/// What stands between the lines of a label.
fn body(text: &str, label: &str) -> Option<Zeroizing<Vec<u8>>> {
    let (_, rest) = text.split_once(&format!("-----BEGIN {label}-----"))?;
    let (body, _) = rest.split_once(&format!("-----END {label}-----"))?;
    let body: Zeroizing<String> = Zeroizing::new(body.split_ascii_whitespace().collect());
    STANDARD.decode(body.as_bytes()).ok().map(Zeroizing::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The keys of RFC 8410, sections 10.1 and 10.3.
    const PUBLIC: &str = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC KEY-----\n";
    const PRIVATE: &str = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n-----END PRIVATE KEY-----\n";

    #[test]
    fn the_keys_of_the_rfc_are_read() {
        let (private, public) = (SigningKey::from_text(PRIVATE).unwrap(), PublicKey::from_text(PUBLIC).unwrap());
        assert_eq!(private.public(), public);
        assert_eq!(PublicKey::from_text(&format!(" {}\n", public.to_jwk())), Ok(public));
        assert_eq!(SigningKey::from_text(&format!("{}\n", *private.to_jwk())).unwrap().public(), private.public());
    }

    #[test]
    fn other_texts_are_no_keys() {
        assert_eq!(PublicKey::from_text(PRIVATE), Err(NotAKey::Private));
        assert!(matches!(SigningKey::from_text(PUBLIC), Err(NotAKey::Public)));
        let rsa = "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSj\n-----END PRIVATE KEY-----\n";
        for text in ["", "x", rsa, &PRIVATE.replace("MC4C", "MC5C")] {
            assert!(matches!(SigningKey::from_text(text), Err(NotAKey::Pem)), "{text}");
        }
        assert_eq!(PublicKey::from_text(&PUBLIC.replace("ZuE=", "ZuE")), Err(NotAKey::Pem));
    }
}
