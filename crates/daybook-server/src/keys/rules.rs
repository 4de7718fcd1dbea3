//! What a key may be.

use daybook_event::Timestamp;

use super::{CreateKeyError, NewKey, Scope};
use crate::limits;

/// Whether a key may be made like this, and when it expires.
pub(super) fn check(new: &NewKey, now: Timestamp) -> Result<Option<Timestamp>, CreateKeyError> {
    let invalid = |message| Err(CreateKeyError::Invalid(message));
    if new.name.trim().is_empty() || new.name.len() > limits::KEY_NAME_BYTES_MAX {
        return invalid("a key's name is 1 to 128 bytes long");
    }
    if new.name.contains('\0') {
        return invalid("a key's name holds no zero byte");
    }
    if new.scopes.is_empty() {
        return invalid("a key needs at least one of the scopes write, read, privacy, admin");
    }
    if new.public && new.scopes.iter().any(|scope| *scope != Scope::Write) {
        return invalid("a public key can have the scope write only");
    }
    if !new.origins.is_empty() && !new.public {
        return invalid("only a public key has origins: browsers show a key to whoever looks");
    }
    if new.origins.len() > limits::KEY_LIST_MAX || !new.origins.iter().all(|origin| is_origin(origin)) {
        return invalid("an origin is `*` or a scheme and host such as https://example.org, and a key has at most 100");
    }
    let slug = |app: &String| {
        !app.is_empty()
            && app.len() <= daybook_event::limits::NAME_BYTES_MAX
            && app.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
    };
    if let Some(apps) = &new.apps
        && (apps.is_empty() || apps.len() > limits::KEY_LIST_MAX || !apps.iter().all(slug))
    {
        return invalid("apps lists 1 to 100 apps by their slug; leave it out for all apps");
    }
    match new.expires.as_deref().map(Timestamp::parse) {
        None => Ok(None),
        Some(Ok(expires)) if expires > now => Ok(Some(expires)),
        Some(Ok(_)) => invalid("expires lies in the past"),
        Some(Err(_)) => invalid("expires is an RFC 3339 date and time such as 2027-01-31T00:00:00Z"),
    }
}

/// Whether the text is an origin (RFC 6454) as browsers send it, or `*`.
fn is_origin(text: &str) -> bool {
    if text == "*" {
        return true;
    }
    let Some((scheme, host)) = text.split_once("://") else { return false };
    scheme.starts_with(|first: char| first.is_ascii_lowercase())
        && scheme.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"+-.".contains(&byte))
        && !host.is_empty()
        && host.len() <= 256
        && host.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-.:[]_".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::super::tests::new_key;
    use super::*;

    #[test]
    fn keys_that_make_no_sense_are_refused() {
        let now = Timestamp::parse("2026-01-01T00:00:00Z").unwrap();
        let refused = |change: fn(&mut NewKey)| {
            let mut key = new_key(&[Scope::Write]);
            change(&mut key);
            assert!(matches!(check(&key, now), Err(CreateKeyError::Invalid(_))), "{key:?}");
        };
        refused(|key| key.name = " ".to_owned());
        refused(|key| key.scopes.clear());
        refused(|key| (key.public, key.scopes) = (true, vec![Scope::Write, Scope::Read]));
        refused(|key| key.origins = vec!["https://a.example".to_owned()]);
        refused(|key| (key.public, key.origins) = (true, vec!["a.example".to_owned()]));
        refused(|key| (key.public, key.origins) = (true, vec!["https://a.example/".to_owned()]));
        refused(|key| key.apps = Some(Vec::new()));
        refused(|key| key.apps = Some(vec!["No App".to_owned()]));
        refused(|key| key.expires = Some("2020-01-01T00:00:00Z".to_owned()));
        refused(|key| key.expires = Some("soon".to_owned()));
        let mut key = new_key(&[Scope::Write]);
        (key.public, key.origins) = (true, vec!["https://a.example:8443".to_owned(), "*".to_owned()]);
        assert!(check(&key, now).is_ok());
    }
}
