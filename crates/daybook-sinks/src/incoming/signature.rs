//! Signatures of webhooks, over the body as it arrived, compared in constant time.

use ::http::HeaderMap;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use daybook_catalog::webhooks::{Encoding, Scheme};
use daybook_event::Timestamp;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::limits::SIGNATURES_MAX;
use super::settings::Settings;

/// A call is not taken for what it says it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// It carries no signature that could be read.
    #[error("the call is not signed")]
    Unsigned,
    /// Its signature is that of another body or another secret.
    #[error("the call's signature is wrong")]
    Wrong,
    /// It was signed too long ago, or is not signed yet.
    #[error("the call was signed at another time")]
    Stale,
}

/// Checks a call.
pub(super) fn verify(
    scheme: &Scheme,
    settings: &Settings,
    headers: &HeaderMap,
    body: &[u8],
    now: Timestamp,
) -> Result<(), Refused> {
    match scheme {
        Scheme::Github | Scheme::Whatsapp => {
            let given = text(headers, "x-hub-signature-256")?.strip_prefix("sha256=").and_then(from_hex);
            matches(&plain_keys(settings), &[body], given.into_iter())
        }
        Scheme::Hmac { header, prefix, encoding } => {
            let given = text(headers, header)?.strip_prefix(prefix.as_str()).map(str::trim);
            let given = given.and_then(|given| match encoding {
                Encoding::Hex => from_hex(given),
                Encoding::Base64 => STANDARD.decode(given).ok(),
            });
            matches(&plain_keys(settings), &[body], given.into_iter())
        }
        Scheme::Stripe => {
            let parts: Vec<(&str, &str)> =
                text(headers, "stripe-signature")?.split(',').filter_map(|part| part.trim().split_once('=')).collect();
            let time = parts.iter().find(|(name, _)| *name == "t").map(|(_, time)| *time).ok_or(Refused::Unsigned)?;
            let given = parts.iter().filter(|(name, _)| *name == "v1").filter_map(|(_, given)| from_hex(given));
            matches(&plain_keys(settings), &[time.as_bytes(), b".", body], given)?;
            is_fresh(time, settings, now)
        }
        Scheme::Standard => {
            let (id, time) = (text(headers, "webhook-id")?, text(headers, "webhook-timestamp")?);
            let given = text(headers, "webhook-signature")?.split(' ').filter_map(|part| part.strip_prefix("v1,"));
            let given = given.filter_map(|given| STANDARD.decode(given).ok());
            let signed = [id.as_bytes(), b".", time.as_bytes(), b".", body];
            matches(&standard_keys(settings), &signed, given)?;
            is_fresh(time, settings, now)
        }
    }
}

/// Whether two secrets are the same, in a time that does not tell how far they are.
pub(super) fn same(one: &[u8], other: &[u8]) -> bool {
    // Under a key of their own, so that neither their bytes nor their lengths are compared directly.
    let tag = |bytes: &[u8]| keyed(b"daybook", &[bytes]).map(Mac::finalize);
    matches!((tag(one), tag(other)), (Some(one), Some(other)) if one == other)
}

fn matches(keys: &[Vec<u8>], signed: &[&[u8]], given: impl Iterator<Item = Vec<u8>>) -> Result<(), Refused> {
    let given: Vec<Vec<u8>> = given.take(SIGNATURES_MAX).collect();
    if given.is_empty() {
        return Err(Refused::Unsigned);
    }
    let is_right = |key: &Vec<u8>| {
        let Some(mac) = keyed(key, signed) else { return false };
        given.iter().any(|given| mac.clone().verify_slice(given).is_ok())
    };
    if keys.iter().any(is_right) { Ok(()) } else { Err(Refused::Wrong) }
}

fn keyed(key: &[u8], signed: &[&[u8]]) -> Option<Hmac<Sha256>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).ok()?;
    signed.iter().for_each(|part| mac.update(part));
    Some(mac)
}

fn plain_keys(settings: &Settings) -> Vec<Vec<u8>> {
    settings.secrets.iter().map(|secret| secret.expose().as_bytes().to_vec()).collect()
}

fn standard_keys(settings: &Settings) -> Vec<Vec<u8>> {
    let keys = settings.secrets.iter().map(|secret| STANDARD.decode(secret.expose().trim_start_matches("whsec_")));
    keys.flatten().collect()
}

fn is_fresh(time: &str, settings: &Settings, now: Timestamp) -> Result<(), Refused> {
    let time: i64 = time.parse().map_err(|_| Refused::Unsigned)?;
    let now = now.microseconds().div_euclid(1_000_000);
    if now.abs_diff(time) > settings.tolerance.as_secs() { Err(Refused::Stale) } else { Ok(()) }
}

/// A header's text. One that comes twice says nothing.
fn text<'h>(headers: &'h HeaderMap, name: &str) -> Result<&'h str, Refused> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => value.to_str().map_err(|_| Refused::Unsigned),
        _ => Err(Refused::Unsigned),
    }
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes();
    if digits.is_empty() || !digits.len().is_multiple_of(2) {
        return None;
    }
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    digits.chunks_exact(2).map(|pair| Some(digit(pair[0])? << 4 | digit(pair[1])?)).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const TIME_US: i64 = 1_614_265_330_000_000;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, value.parse().unwrap());
        }
        headers
    }

    fn verify_with(
        scheme: &Scheme,
        secret: &[&str],
        pairs: &[(&'static str, &str)],
        body: &str,
    ) -> Result<(), Refused> {
        let settings = Settings::read(&json!({"secret": secret})).unwrap();
        verify(scheme, &settings, &headers(pairs), body.as_bytes(), Timestamp::from_microseconds(TIME_US))
    }

    /// The values that GitHub's documentation gives for testing a receiver.
    #[test]
    fn github() {
        const GIVEN: &str = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
        let check = |secret: &[&str], given: &str, body: &str, expected| {
            let found = verify_with(&Scheme::Github, secret, &[("x-hub-signature-256", given)], body);
            assert_eq!(found, expected, "{given} {body}");
        };
        let secret = "It's a Secret to Everybody";
        check(&[secret], GIVEN, "Hello, World!", Ok(()));
        check(&["another", secret], GIVEN, "Hello, World!", Ok(()));
        check(&[secret], &GIVEN.to_uppercase().replace("SHA", "sha"), "Hello, World!", Ok(()));
        check(&["It's a secret to everybody"], GIVEN, "Hello, World!", Err(Refused::Wrong));
        check(&[secret], GIVEN, "Hello, World", Err(Refused::Wrong));
        check(&[secret], &GIVEN[..GIVEN.len() - 2], "Hello, World!", Err(Refused::Wrong));
        check(&[secret], "sha256=", "Hello, World!", Err(Refused::Unsigned));
        check(&[secret], "sha256=zz", "Hello, World!", Err(Refused::Unsigned));
        check(&[secret], "sha1=7571", "Hello, World!", Err(Refused::Unsigned));
        assert_eq!(verify_with(&Scheme::Github, &[secret], &[], "x"), Err(Refused::Unsigned));
        // Twice is once too often: nobody can tell which of them a proxy looked at.
        let twice = [("x-hub-signature-256", GIVEN), ("x-hub-signature-256", GIVEN)];
        assert_eq!(verify_with(&Scheme::Github, &[secret], &twice, "Hello, World!"), Err(Refused::Unsigned));
    }

    /// The values of the Standard Webhooks specification's reference implementations.
    #[test]
    fn standard() {
        const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
        const GIVEN: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
        let check = |secret: &str, time: &str, given: &str, body: &str, expected| {
            let pairs = [
                ("webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek"),
                ("webhook-timestamp", time),
                ("webhook-signature", given),
            ];
            assert_eq!(verify_with(&Scheme::Standard, &[secret], &pairs, body), expected, "{time} {given} {body}");
        };
        let (time, body) = ("1614265330", r#"{"test": 2432232314}"#);
        check(SECRET, time, GIVEN, body, Ok(()));
        check(SECRET.trim_start_matches("whsec_"), time, GIVEN, body, Ok(()));
        check(SECRET, time, &format!("v1,AAAA v2,x {GIVEN}"), body, Ok(()));
        check(SECRET, "1614265331", GIVEN, body, Err(Refused::Wrong));
        check(SECRET, time, GIVEN, r#"{"test": 2432232315}"#, Err(Refused::Wrong));
        check(SECRET, time, "v1a,AAAA", body, Err(Refused::Unsigned));
        check(SECRET, "soon", GIVEN, body, Err(Refused::Wrong));
    }

    fn stripe(time: i64, body: &str, secret: &str) -> String {
        let mac = keyed(secret.as_bytes(), &[time.to_string().as_bytes(), b".", body.as_bytes()]).unwrap();
        mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    #[test]
    fn stripe_has_a_time_and_several_signatures() {
        const AT: i64 = 1_614_265_330;
        let body = r#"{"id": "evt_1"}"#;
        let good = stripe(AT, body, "whsec_test");
        let check = |given: &str, expected| {
            let pairs = [("stripe-signature", given)];
            assert_eq!(verify_with(&Scheme::Stripe, &["whsec_test"], &pairs, body), expected, "{given}");
        };
        check(&format!("t={AT},v1={good}"), Ok(()));
        check(
            &format!("t={AT},v1=00ff,v1={good},v0=6ffbb59b2300aae63f272406069a9788598b792a944a07aba816edb039989a39"),
            Ok(()),
        );
        // An older scheme alone is no signature.
        check(&format!("t={AT},v0={good}"), Err(Refused::Unsigned));
        check(&format!("v1={good}"), Err(Refused::Unsigned));
        check(&format!("t={},v1={good}", AT + 1), Err(Refused::Wrong));
        for (seconds, expected) in
            [(-300, Ok(())), (-301, Err(Refused::Stale)), (300, Ok(())), (301, Err(Refused::Stale))]
        {
            let time = AT + seconds;
            check(&format!("t={time},v1={}", stripe(time, body, "whsec_test")), expected);
        }
        check("", Err(Refused::Unsigned));
        check(&format!("t={AT},{}", "v1=00,".repeat(1_000)), Err(Refused::Wrong));
    }

    #[test]
    fn a_header_of_ones_own() {
        let scheme = |encoding, prefix: &str| Scheme::Hmac { header: "x-sign".into(), prefix: prefix.into(), encoding };
        let mac = keyed(b"s", &[b"body"]).unwrap().finalize().into_bytes();
        let hex: String = mac.iter().map(|byte| format!("{byte:02x}")).collect();
        let base64 = STANDARD.encode(mac);
        let check = |scheme: &Scheme, given: &str, expected| {
            assert_eq!(verify_with(scheme, &["s"], &[("x-sign", given)], "body"), expected, "{given}");
        };
        check(&scheme(Encoding::Hex, ""), &hex, Ok(()));
        check(&scheme(Encoding::Base64, "HMAC "), &format!("HMAC {base64}"), Ok(()));
        check(&scheme(Encoding::Base64, "HMAC "), &base64, Err(Refused::Unsigned));
        check(&scheme(Encoding::Hex, ""), &base64, Err(Refused::Unsigned));
    }

    #[test]
    fn tokens_are_compared_whole() {
        assert!(same(b"token", b"token"));
        assert!(!same(b"token", b"toke") && !same(b"token", b"token ") && !same(b"", b"token"));
    }
}
