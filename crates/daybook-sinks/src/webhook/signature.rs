//! Signatures as Standard Webhooks 1.0 has them.

use daybook_event::EventId;
use http::{HeaderMap, HeaderName, HeaderValue};
use sha2::{Digest, Sha256};
use standardwebhooks::{HEADER_WEBHOOK_ID, HEADER_WEBHOOK_SIGNATURE, HEADER_WEBHOOK_TIMESTAMP, Webhook};

use crate::http::Secrets;

/// Most secrets that sign at once, while they are changed.
const SECRETS_MAX: usize = 5;
/// Shortest secret, as the specification has it, in bytes.
const SECRET_BYTES_MIN: usize = 24;
/// Longest secret, as the specification has it, in bytes.
const SECRET_BYTES_MAX: usize = 64;

/// Signs calls, with every secret there is: the receiver takes a call that one it knows has signed.
pub(super) struct Signer(Vec<Webhook>);

impl Signer {
    /// Of these secrets: base64, perhaps with `whsec_` before it.
    ///
    /// # Errors
    /// What is wrong with them.
    pub(super) fn new(secrets: &Secrets) -> Result<Self, String> {
        let key = |secret: &str| {
            let text = secret.strip_prefix("whsec_").unwrap_or(secret);
            let bytes = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, text);
            let bytes = bytes.map_err(|_| "must be base64, as in whsec_…".to_owned())?;
            if !(SECRET_BYTES_MIN..=SECRET_BYTES_MAX).contains(&bytes.len()) {
                return Err(format!("must be {SECRET_BYTES_MIN} to {SECRET_BYTES_MAX} bytes in base64"));
            }
            Webhook::from_bytes(bytes).map_err(|_| "cannot be used".to_owned())
        };
        let keys = secrets.iter().map(key).collect::<Result<Vec<_>, _>>()?;
        if keys.is_empty() || keys.len() > SECRETS_MAX {
            return Err(format!("must be one secret, or up to {SECRETS_MAX} while they are changed"));
        }
        Ok(Self(keys))
    }

    /// The headers of a call: its id, the time, and the signatures of both and the body.
    pub(super) fn sign(&self, id: &str, seconds: i64, body: &[u8]) -> HeaderMap {
        let signatures: Vec<_> = self.0.iter().filter_map(|key| key.sign(id, seconds, body).ok()).collect();
        assert_eq!(signatures.len(), self.0.len(), "a body of JSON is text, and text can be signed");
        let mut headers = HeaderMap::new();
        for (name, value) in [
            (HEADER_WEBHOOK_ID, id.to_owned()),
            (HEADER_WEBHOOK_TIMESTAMP, seconds.to_string()),
            (HEADER_WEBHOOK_SIGNATURE, signatures.join(" ")),
        ] {
            // Ids, numbers and base64 are all fit for a header.
            if let Ok(value) = HeaderValue::try_from(value) {
                headers.insert(HeaderName::from_static(name), value);
            }
        }
        headers
    }
}

/// The id of a call with several events: the same for the same events.
pub(super) fn batch_id<'e>(ids: impl Iterator<Item = &'e EventId>) -> String {
    let mut hasher = Sha256::new();
    for id in ids {
        hasher.update(id.as_bytes());
    }
    let digest = hasher.finalize();
    let hex: String = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    format!("batch_{hex}")
}
