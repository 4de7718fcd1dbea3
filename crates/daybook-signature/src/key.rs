//! Keys: the private one, the public one as a JSON Web Key (RFC 7517, RFC 8037), and the thumbprint that names it (RFC 7638).

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use daybook_event::Secret;
use ed25519_dalek::{Signature, Signer, VerifyingKey};
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::jws::ALGORITHM;
use crate::limits;

/// What is given is no key that can be used here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotAKey {
    /// It is longer than a key is.
    #[error("{0} bytes are more than a key has")]
    TooLong(usize),
    /// It is no JSON Web Key.
    #[error("this is no JSON Web Key (RFC 7517): {0}")]
    Jwk(String),
    /// It is a key of another kind.
    #[error("the key is not of kty `OKP` and crv `Ed25519` (RFC 8037)")]
    Kind,
    /// It is meant for something else than signing.
    #[error("the key's `use` or `alg` says that it is not for signatures with {ALGORITHM}")]
    Use,
    /// Its `x` is no public key of Ed25519.
    #[error("the key's `x` is no public key of Ed25519 in base64url")]
    Point,
    /// Signatures under it prove nothing: its point has a small order.
    #[error("this key is weak: anybody can make signatures that hold under it")]
    Weak,
    /// It is the private key, which goes to nobody.
    #[error("this is the private key: it has a `d`, which is for whoever signs alone")]
    Private,
    /// There is no private key in it.
    #[error("there is no private key in it")]
    Public,
    /// `d` and `x` do not belong together.
    #[error("its `x` is not the public key of its `d`")]
    Mismatch,
    /// It is no key in PEM.
    #[error("this is no Ed25519 key in PEM, as `openssl genpkey -algorithm ed25519` writes it")]
    Pem,
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

    /// The key in a private JSON Web Key: one with a `d`.
    ///
    /// # Errors
    /// [`NotAKey`].
    pub fn from_jwk(text: &str) -> Result<Self, NotAKey> {
        let jwk = Jwk::read(text)?;
        let seed = Zeroizing::new(jwk.d.as_deref().ok_or(NotAKey::Public)?.to_owned());
        let seed = Zeroizing::new(URL_SAFE_NO_PAD.decode(&*seed).map_err(|_| NotAKey::Mismatch)?);
        let seed: [u8; 32] = seed.as_slice().try_into().map_err(|_| NotAKey::Mismatch)?;
        let key = Self::from_seed(&Secret::from_bytes(seed));
        if key.public() == jwk.public()? { Ok(key) } else { Err(NotAKey::Mismatch) }
    }

    /// The key as a private JSON Web Key, in one line.
    #[must_use]
    pub fn to_jwk(&self) -> Zeroizing<String> {
        let seed = Zeroizing::new(URL_SAFE_NO_PAD.encode(self.0.as_bytes()));
        let (public, id) = (self.public(), self.public().id());
        Zeroizing::new(format!(r#"{{"kty":"OKP","crv":"Ed25519","x":"{public}","d":"{}","kid":"{id}"}}"#, &*seed))
    }

    /// The key that verifies what this one signs.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.verifying_key())
    }

    /// Signs these bytes.
    #[must_use]
    pub fn sign_bytes(&self, bytes: &[u8]) -> [u8; 64] {
        self.0.sign(bytes).to_bytes()
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
    /// [`NotAKey::Point`].
    pub fn parse(text: &str) -> Result<Self, NotAKey> {
        let bytes = URL_SAFE_NO_PAD.decode(text.trim().trim_end_matches('=')).map_err(|_| NotAKey::Point)?;
        Self::from_bytes(&bytes)
    }

    /// The key of these 32 bytes.
    ///
    /// # Errors
    /// [`NotAKey::Point`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, NotAKey> {
        let bytes: [u8; 32] = bytes.try_into().map_err(|_| NotAKey::Point)?;
        VerifyingKey::from_bytes(&bytes).map(Self).map_err(|_| NotAKey::Point)
    }

    /// The key in a JSON Web Key that holds no private one, and under which a signature proves something.
    ///
    /// # Errors
    /// [`NotAKey`].
    pub fn from_jwk(text: &str) -> Result<Self, NotAKey> {
        let jwk = Jwk::read(text)?;
        if jwk.d.is_some() {
            return Err(NotAKey::Private);
        }
        let key = jwk.public()?;
        if key.0.is_weak() { Err(NotAKey::Weak) } else { Ok(key) }
    }

    /// The key as a JSON Web Key, named by its thumbprint.
    #[must_use]
    pub fn to_jwk(&self) -> Value {
        json!({
            "kty": "OKP", "crv": "Ed25519", "x": self.to_string(), "kid": self.id().to_string(), "alg": ALGORITHM, "use": "sig",
        })
    }

    /// Its 32 bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }

    /// The name of the key: its JWK thumbprint (RFC 7638, RFC 8037 appendix A.3).
    #[must_use]
    pub fn id(&self) -> KeyId {
        let canonical = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{self}"}}"#);
        KeyId(Sha256::digest(canonical).into())
    }

    /// Whether a signature holds. Strictly, so that a signature has one form and a weak key none.
    #[must_use]
    pub fn verifies(&self, bytes: &[u8], signature: &[u8; 64]) -> bool {
        self.0.verify_strict(bytes, &Signature::from_bytes(signature)).is_ok()
    }
}

/// The name of a key: the thumbprint of its JSON Web Key, written as 43 characters of base64url.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId([u8; 32]);

impl KeyId {
    /// Reads what is displayed, and nothing else: no padding, no other spelling of the same bytes.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok().map(Self)
    }

    /// Its 32 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&URL_SAFE_NO_PAD.encode(self.0))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "KeyId({self})")
    }
}

/// What is read of a JSON Web Key. Other members say nothing here (RFC 7517, section 4).
#[derive(Deserialize)]
struct Jwk {
    kty: String,
    crv: Option<String>,
    x: Option<String>,
    d: Option<String>,
    alg: Option<String>,
    #[serde(rename = "use")]
    purpose: Option<String>,
}

impl Jwk {
    fn read(text: &str) -> Result<Self, NotAKey> {
        if text.len() > limits::JWK_BYTES_MAX {
            return Err(NotAKey::TooLong(text.len()));
        }
        // What serde says of a key could quote it.
        let describe = |error: serde_json::Error| match error.classify() {
            serde_json::error::Category::Data => "a member is missing, twice there, or no text".to_owned(),
            _ => "it is no JSON".to_owned(),
        };
        let jwk: Self = serde_json::from_str(text).map_err(|error| NotAKey::Jwk(describe(error)))?;
        if jwk.kty != "OKP" || jwk.crv.as_deref() != Some("Ed25519") {
            return Err(NotAKey::Kind);
        }
        // RFC 9864 gives the algorithm a second name, that of the curve.
        let is_ours = |alg: &String| alg == ALGORITHM || alg == "Ed25519";
        if !jwk.alg.as_ref().is_none_or(is_ours) || jwk.purpose.as_ref().is_some_and(|purpose| purpose != "sig") {
            return Err(NotAKey::Use);
        }
        Ok(jwk)
    }

    fn public(&self) -> Result<PublicKey, NotAKey> {
        let bytes = URL_SAFE_NO_PAD.decode(self.x.as_deref().ok_or(NotAKey::Point)?).map_err(|_| NotAKey::Point)?;
        PublicKey::from_bytes(&bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The key of RFC 8037, appendix A.1 to A.3.
    const PRIVATE: &str = r#"{"kty":"OKP","crv":"Ed25519","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
    const PUBLIC: &str = r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
    const THUMBPRINT: &str = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k";

    #[test]
    fn the_keys_of_the_rfc_are_read_and_named() {
        let (private, public) = (SigningKey::from_jwk(PRIVATE).unwrap(), PublicKey::from_jwk(PUBLIC).unwrap());
        assert_eq!((private.public(), public.id().to_string().as_str()), (public.clone(), THUMBPRINT));
        assert_eq!(KeyId::parse(THUMBPRINT), Some(public.id()));
        assert_eq!(PublicKey::from_jwk(&public.to_jwk().to_string()), Ok(public));
        assert_eq!(SigningKey::from_jwk(&private.to_jwk()).unwrap().public(), private.public());
        assert_eq!(format!("{private:?}"), "SigningKey(…)");
    }

    #[test]
    fn keys_that_are_none() {
        let check = |text: &str, expected: NotAKey| assert_eq!(PublicKey::from_jwk(text), Err(expected), "{text}");
        check(PRIVATE, NotAKey::Private);
        check(&PUBLIC.replace("OKP", "EC"), NotAKey::Kind);
        check(&PUBLIC.replace("Ed25519", "X25519"), NotAKey::Kind);
        check(&PUBLIC.replace("Ro\"", "R\""), NotAKey::Point);
        check(&PUBLIC.replace("Ro\"", "Ro=\""), NotAKey::Point);
        check(&PUBLIC.replace('}', r#","use":"enc"}"#), NotAKey::Use);
        check(&PUBLIC.replace('}', r#","alg":"ES256"}"#), NotAKey::Use);
        check(&" ".repeat(limits::JWK_BYTES_MAX + 1), NotAKey::TooLong(limits::JWK_BYTES_MAX + 1));
        let twice = PUBLIC.replace('}', r#","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#);
        check(&twice, NotAKey::Jwk("a member is missing, twice there, or no text".to_owned()));
        check("[", NotAKey::Jwk("it is no JSON".to_owned()));
        assert!(matches!(SigningKey::from_jwk(PUBLIC), Err(NotAKey::Public)));
        let other = PRIVATE.replace("nWGx", "nWGy");
        assert!(matches!(SigningKey::from_jwk(&other), Err(NotAKey::Mismatch)));
    }

    /// The points of small order, with which one signature holds for many texts (RFC 8032, section 8.9; "Taming the many EdDSAs").
    #[test]
    fn weak_keys_are_refused_and_verify_nothing() {
        for x in [
            "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
            "7P_______________________________________38",
            "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
            "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAIA",
            "JuiVj8KyJ7BFw_SJ8u-Y8NXfrAXTxjM5sTgCiG1T_AU",
            "JuiVj8KyJ7BFw_SJ8u-Y8NXfrAXTxjM5sTgCiG1T_IU",
            "xxdqcD1N2E-6PAt2DRBnDyogU_osOczGTsf9d5KsA3o",
            "xxdqcD1N2E-6PAt2DRBnDyogU_osOczGTsf9d5KsA_o",
        ] {
            let jwk = format!(r#"{{"kty":"OKP","crv":"Ed25519","x":"{x}"}}"#);
            assert_eq!(PublicKey::from_jwk(&jwk), Err(NotAKey::Weak), "{x}");
            // R the neutral element, s zero: holds for many texts where it is not looked at strictly.
            let mut signature = [0; 64];
            signature[0] = 1;
            let key = PublicKey::parse(x).unwrap();
            assert!((0..64u8).all(|text| !key.verifies(&[text], &signature)), "{x}");
        }
    }

    #[test]
    fn names_of_keys_have_one_spelling() {
        assert_eq!(KeyId::parse(THUMBPRINT).map(|id| id.to_string()).as_deref(), Some(THUMBPRINT));
        // The last character carries four bits: another one of the same four is another spelling.
        for other in [&THUMBPRINT[..42], "../../../../../../../../../../../etc/passwd", "", &format!("{THUMBPRINT}=")] {
            assert_eq!(KeyId::parse(other), None, "{other}");
        }
        assert_eq!(KeyId::parse(&THUMBPRINT.replace("S4k", "S4l")), None);
    }
}
