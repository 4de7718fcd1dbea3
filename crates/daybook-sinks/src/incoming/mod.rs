//! Incoming: other services' webhooks, checked and turned into an app's events.
//!
//! An app's `webhooks.yaml` says which services may call and what their calls mean; an operator's settings hold the secrets. A
//! [`Webhook`] puts the two together. It knows neither HTTP server nor log: the server hands it headers and body, and takes the
//! events into admission.
//!
//! Nothing of a call is trusted before [`Webhook::verify`]. After it, nothing is lost: what cannot be turned into a valid event is
//! handed on as it is, for the quarantine to keep.

mod call;
mod evaluate;
pub mod limits;
mod settings;
mod signature;

pub use call::{Call, TooMany};
pub use settings::{Settings, SettingsError};
pub use signature::Refused;

use ::http::HeaderMap;
use daybook_catalog::AppCatalog;
use daybook_catalog::webhooks::{Scheme, Source};
use daybook_event::Timestamp;

/// A service that may call, with what its calls are checked by.
#[derive(Debug, Clone)]
pub struct Webhook {
    app: String,
    source: Source,
    settings: Settings,
    /// What the app's own events say they come from.
    sent_by: Option<&'static str>,
}

impl Webhook {
    /// A source of an app, with an operator's settings for it.
    ///
    /// # Errors
    /// [`SettingsError`], where the settings do not go with the source.
    pub fn new(app: &AppCatalog, source: &Source, settings: Settings) -> Result<Self, SettingsError> {
        settings.check(&source.scheme)?;
        let known = ["webhooks", "webhook"].into_iter().find(|word| app.sources.iter().any(|source| source == word));
        Ok(Self { app: app.app.clone(), source: source.clone(), settings, sent_by: known })
    }

    /// The app whose events its calls become.
    #[must_use]
    pub fn app(&self) -> &str {
        &self.app
    }

    /// Its name within the app.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.source.name
    }

    /// Whether a call with these headers and this body comes from the service, by its signature over the body as it arrived.
    ///
    /// # Errors
    /// [`Refused`].
    pub fn verify(&self, headers: &HeaderMap, body: &[u8], now: Timestamp) -> Result<(), Refused> {
        signature::verify(&self.source.scheme, &self.settings, headers, body, now)
    }

    /// What a service is answered that asks, before its first call, whether this address wants its calls; nothing where it asks with
    /// another token, or where this kind of service does not ask.
    #[must_use]
    pub fn challenge<'q>(&self, query: &'q [(String, String)]) -> Option<&'q str> {
        let get = |name: &str| query.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
        let token = self.settings.verify_token.as_ref().filter(|_| self.source.scheme == Scheme::Whatsapp)?;
        let is_asked = get("hub.mode") == Some("subscribe")
            && signature::same(token.expose().as_bytes(), get("hub.verify_token")?.as_bytes());
        get("hub.challenge").filter(|challenge| is_asked && challenge.len() <= limits::CHALLENGE_BYTES_MAX)
    }

    /// Reads a call that was verified: what it is known by, what it is about, and the events it comes to.
    ///
    /// # Errors
    /// [`TooMany`].
    pub fn read(&self, headers: &HeaderMap, body: &[u8]) -> Result<Call, TooMany> {
        call::read(self, headers, body)
    }
}
