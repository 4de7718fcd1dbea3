//! Calls by HTTP, for every handler that makes them: to public addresses only unless an operator allows others, in bounded time,
//! with bounded memory for the answer, and with failures that name the host and nothing else of the URL.

mod addresses;
mod answers;
mod settings;

use std::error::Error;
use std::io;
use std::sync::Once;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use daybook_consumers::{Failure, FailureKind};
use reqwest::header::HeaderMap;
use reqwest::redirect::{Attempt, Policy};
use reqwest::{Certificate, Client, StatusCode, Url};

use self::addresses::{NotPublic, PublicOnly, is_public};
use self::settings::literal;
use crate::{BuildContext, BuildError};

pub(crate) use self::settings::{CallSettings, Secrets, Target, duration};

/// So much of an answer is read, to keep the connection; nothing is done with it. With more to come the connection goes.
const ANSWER_BYTES_MAX: usize = 16 * 1024;
/// Connections that are kept while nothing is called.
const IDLE_CONNECTIONS_MAX: usize = 32;

/// Calls one destination.
pub(crate) struct Caller {
    client: Client,
    url: Url,
    headers: HeaderMap,
    host: String,
    timeout: Duration,
}

impl Caller {
    /// A caller of the target.
    pub(crate) fn new(target: Target, context: &BuildContext<'_>) -> Result<Self, BuildError> {
        install_crypto();
        let Target { url, headers, settings } = target;
        let name = url.host_str().unwrap_or_default().to_owned();
        let resolver = PublicOnly { trusted: settings.allow_private.then(|| name.clone()) };
        let mut builder = Client::builder()
            .user_agent(concat!("daybook/", env!("CARGO_PKG_VERSION")))
            // A proxy from the environment would connect where we must not.
            .no_proxy()
            .dns_resolver(resolver)
            .redirect(redirects(settings.redirects))
            .connect_timeout(settings.connect_timeout)
            .timeout(settings.timeout)
            .pool_max_idle_per_host(IDLE_CONNECTIONS_MAX);
        if let Some(file) = &settings.ca_file {
            let wrong = |message: String| context.wrong_setting(Some("ca-file"), message);
            let pem = std::fs::read(file).map_err(|error| wrong(format!("cannot read {}: {error}", file.display())))?;
            let certificates = Certificate::from_pem_bundle(&pem).map_err(|_| wrong("is no PEM".to_owned()))?;
            if certificates.is_empty() {
                return Err(wrong("has no certificate in it".to_owned()));
            }
            builder = builder.tls_certs_merge(certificates);
        }
        let client = builder
            .build()
            .map_err(|_| context.wrong_setting(None, "no client for TLS can be made with the system's certificates"))?;
        let host = url.port().map_or_else(|| name.clone(), |port| format!("{name}:{port}"));
        Ok(Self { client, url, headers, host, timeout: settings.timeout })
    }

    /// How long a call may take.
    pub(crate) const fn timeout(&self) -> Duration {
        self.timeout
    }

    /// Posts a body.
    ///
    /// # Errors
    /// [`Failure`], with what to do.
    pub(crate) async fn post(&self, headers: HeaderMap, body: Bytes) -> Result<(), Failure> {
        let request = self.client.post(self.url.clone()).headers(self.headers.clone()).headers(headers).body(body);
        let mut answer = request.send().await.map_err(|error| self.failure(&error))?;
        let judged = answers::judge(answer.status(), answer.headers(), &self.host, SystemTime::now());
        let mut read = 0;
        // What the answer is, is known; a body that breaks off, or does not end, changes nothing.
        while read <= ANSWER_BYTES_MAX && answer.status() != StatusCode::NO_CONTENT {
            match answer.chunk().await {
                Ok(Some(chunk)) => read += chunk.len(),
                Ok(None) | Err(_) => break,
            }
        }
        judged
    }

    /// What a call that got no answer means. Nothing of the error itself is said: it may have the URL in it.
    fn failure(&self, error: &reqwest::Error) -> Failure {
        let (code, said) = if caused_by::<NotPublic>(error) {
            ("http.private-address", "is not a public address; allow-private = true in its settings would allow it")
        } else if caused_by::<rustls::Error>(error) {
            ("http.tls", "cannot be spoken to in TLS: its certificate, or its version, is not accepted")
        } else if error.is_timeout() {
            ("http.timeout", "did not answer in time")
        } else if error.is_connect() {
            ("http.connect", "cannot be reached")
        } else if error.is_redirect() {
            ("http.redirect", "redirects more often, or elsewhere, than its settings allow")
        } else {
            ("http.connection", "broke the connection off")
        };
        Failure::new(FailureKind::Destination, code, format!("{} {said}", self.host))
    }
}

/// Has TLS use ring in the whole process, once.
pub fn install_crypto() {
    static PROVIDER: Once = Once::new();
    // It fails where somebody installed one already, which will do.
    PROVIDER.call_once(|| drop(rustls::crypto::ring::default_provider().install_default()));
}

/// Follows so many redirects, as long as they repeat the call and lead to the public internet.
fn redirects(max: u8) -> Policy {
    if max == 0 {
        return Policy::none();
    }
    Policy::custom(move |attempt: Attempt<'_>| {
        // All others turn a call into a question, and what was to be said is lost.
        let repeats = matches!(attempt.status(), StatusCode::TEMPORARY_REDIRECT | StatusCode::PERMANENT_REDIRECT);
        let from = attempt.previous().last();
        let weaker = from.is_some_and(|from| from.scheme() == "https") && attempt.url().scheme() != "https";
        if !repeats || weaker || attempt.previous().len() > usize::from(max) {
            return attempt.stop();
        }
        // Names are judged when they are resolved; even a host that may be private must be named for it by the operator.
        match literal(attempt.url()) {
            Some(address) if !is_public(address) => attempt.error(NotPublic),
            _ => attempt.follow(),
        }
    })
}

/// Whether an error of this kind is at the bottom of another.
fn caused_by<E: Error + 'static>(error: &(dyn Error + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(error) = next {
        let inside = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        if error.is::<E>() || inside.is_some_and(|inside| caused_by::<E>(inside)) {
            return true;
        }
        next = error.source();
    }
    false
}
