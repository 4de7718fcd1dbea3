//! Who calls, and what they may do.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::header::{AUTHORIZATION, ORIGIN};
use http::request::Parts;

use crate::collector::{App, Collector, OWN_APP};
use crate::keyring::Key;
use crate::keys::{Scope, now};
use crate::problem::Problem;

impl Collector {
    /// The key of a request, if it is good for all of these scopes.
    ///
    /// # Errors
    /// 401 without a key that is good, 403 where it does not go so far, 429 where its rate is used up.
    pub async fn authorise(&self, parts: &Parts, scopes: &[Scope]) -> Result<Arc<Key>, Problem> {
        let key = self.authenticate(parts).await?;
        for scope in scopes {
            if !key.has(*scope) {
                let scope = scope.as_str();
                return Err(Problem::forbidden("key.scope", format!("This key does not have the scope {scope}.")));
            }
        }
        let origin = parts.headers.get(ORIGIN).and_then(|origin| origin.to_str().ok());
        if let Some(origin) = origin
            && key.info.public
            && !key.allows_origin(origin)
        {
            return Err(Problem::forbidden("key.origin", "This key is not for pages of this origin."));
        }
        key.requests.take(1).map_err(|wait| {
            Problem::too_many("rate.requests", "More requests a second than this key may make.", wait)
        })?;
        key.touch(now());
        Ok(key)
    }

    /// The key of a request and the app it is for.
    ///
    /// # Errors
    /// As [`Collector::authorise`]; 403 where the key is not for this app, 404 where there is no such app.
    pub async fn enter(&self, parts: &Parts, slug: &str, scopes: &[Scope]) -> Result<(Arc<Key>, Arc<App>), Problem> {
        let key = self.authorise(parts, scopes).await?;
        // Said first, so that a key for one app cannot find out which others there are.
        if !key.covers(slug) {
            return Err(Problem::forbidden("key.app", "This key is not for this app."));
        }
        let app = self.app(slug).ok_or_else(|| unknown_app(self))?;
        if scopes.contains(&Scope::Write) && slug == OWN_APP {
            return Err(Problem::forbidden("app.reserved", "Daybook writes the events of this app itself."));
        }
        Ok((key, Arc::clone(app)))
    }

    async fn authenticate(&self, parts: &Parts) -> Result<Arc<Key>, Problem> {
        let (text, in_url) = match parts.headers.get(AUTHORIZATION) {
            Some(header) => (from_header(header.to_str().unwrap_or_default()), false),
            None => (from_query(parts.uri.query()), true),
        };
        let Some(text) = text else {
            return Err(Problem::unauthorized("key.missing", "This needs a key.")
                .hint("Send the header `Authorization: Bearer dbk_…`."));
        };
        let unknown = || Problem::unauthorized("key.unknown", "This key is not known here.");
        let key = self.keys.find(&text).await.map_err(|error| Problem::state(&error))?;
        let key = key.ok_or_else(unknown)?;
        if in_url && !key.info.public {
            // URLs end up in the logs of every proxy on the way.
            return Err(Problem::unauthorized("key.in-url", "Only a public key may stand in a URL.")
                .hint("Send the header `Authorization: Bearer dbk_…`, and make a new key in place of this one."));
        }
        if key.info.revoked.is_some() {
            return Err(Problem::unauthorized("key.revoked", "This key was taken back."));
        }
        if key.info.expires.is_some_and(|expires| expires <= now()) {
            return Err(Problem::unauthorized("key.expired", "This key has expired."));
        }
        Ok(key)
    }
}

/// The answer where there is no such app. Which ones there are is told: whoever gets here has a key for all of them.
fn unknown_app(collector: &Collector) -> Problem {
    let mut apps: Vec<&str> = collector.apps.keys().map(|slug| &**slug).collect();
    apps.sort_unstable();
    Problem::not_found("app.unknown", "There is no app of this name.")
        .hint(format!("There are {}. Catalogs of others are loaded when the server starts.", apps.join(", ")))
}

/// `Bearer` and the key, or `Basic` with the key as the user's name or as the password, as `curl -u` sends it.
fn from_header(header: &str) -> Option<String> {
    let (scheme, rest) = header.split_once(' ')?;
    let rest = rest.trim();
    if scheme.eq_ignore_ascii_case("bearer") {
        return (!rest.is_empty()).then(|| rest.to_owned());
    }
    if scheme.eq_ignore_ascii_case("basic") {
        let pair = String::from_utf8(STANDARD.decode(rest).ok()?).ok()?;
        let (user, password) = pair.split_once(':').unwrap_or((&pair, ""));
        let key = if user.is_empty() { password } else { user };
        return (!key.is_empty()).then(|| key.to_owned());
    }
    None
}

/// `?key=…`: beacons can send no header.
fn from_query(query: Option<&str>) -> Option<String> {
    let query = query.filter(|query| query.contains("key="))?;
    form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "key").map(|(_, key)| key.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_found_where_clients_put_them() {
        let check =
            |header: &str, expected: Option<&str>| assert_eq!(from_header(header).as_deref(), expected, "{header}");
        check("Bearer dbk_x", Some("dbk_x"));
        check("bearer  dbk_x ", Some("dbk_x"));
        check("Basic ZGJrX3g6", Some("dbk_x"));
        check("Basic OmRia194", Some("dbk_x"));
        check("Basic ???", None);
        check("Bearer", None);
        check("Bearer ", None);
        check("Digest x", None);
        assert_eq!(from_query(Some("atomic=true&key=dbk_x")).as_deref(), Some("dbk_x"));
        assert_eq!(from_query(Some("atomic=true")), None);
    }
}
