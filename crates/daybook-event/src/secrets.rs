//! Secrets in text: what they look like, and how they are taken out.
//!
//! One table, [`SECRETS`], serves everything that sanitises: the collector before an event is written, and clients
//! before an event is sent. [`redact`] costs one scan for the table's literal words; only a pattern one of whose words
//! occurs runs its regular expression. The expressions are of the kind that runs in linear time on any input, and
//! redacting twice gives the same text as redacting once.
//!
//! Personal data that only some apps want removed is apart: [`redact_emails`], [`redact_card_numbers`].

use std::borrow::Cow;
use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind};
use regex::Regex;

mod gate;
mod patterns;
mod personal;

use gate::Gate;

pub use patterns::SECRETS;
pub use personal::{redact_card_numbers, redact_emails};

/// What takes the place of a value whose kind needs no name.
pub const REDACTED: &str = "[REDACTED]";

/// One kind of secret: how it is found in text and what takes its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SecretPattern {
    /// Name of the kind, for reports and tests.
    pub name: &'static str,
    /// The regular expression that finds it.
    pub regex: &'static str,
    /// Words one of which is in every match, in any case. They may be looked for in JSON text too, as long as it has no
    /// `\u` escapes: a word with a character that JSON escapes has a twin with a backslash in its place.
    pub literals: &'static [&'static str],
    /// What a match is replaced by; `${1}` is its first group.
    pub replacement: &'static str,
}

/// The text without the secrets that [`SECRETS`] knows; borrowed when there are none.
#[must_use]
pub fn redact(text: &str) -> Cow<'_, str> {
    let candidates = MATCHER.candidates(text);
    if candidates == 0 {
        return Cow::Borrowed(text);
    }
    let mut redacted: Option<String> = None;
    for (index, pattern) in SECRETS.iter().enumerate() {
        if candidates & (1 << index) == 0 {
            continue;
        }
        let current = redacted.as_deref().unwrap_or(text);
        let replaced = match MATCHER.expressions.get(index).and_then(Option::as_ref) {
            Some(expression) => expression.replace_all(current, pattern.replacement),
            // A pattern that cannot run cannot vouch for the text.
            None => Cow::Borrowed(REDACTED),
        };
        if replaced != current {
            redacted = Some(replaced.into_owned());
        }
    }
    redacted.map_or(Cow::Borrowed(text), Cow::Owned)
}

/// Whether [`redact`] could change the text, or [`is_secret_key`] be true of a name in it, found in one fast scan: never
/// false for a text that holds a secret of the table, sometimes true for one that does not.
///
/// Names are recognised by the quote behind them, so it may be asked of a whole JSON document before any of its strings is
/// looked at, if the document has no `\u` escapes.
#[must_use]
pub fn may_contain_secret(text: &[u8]) -> bool {
    MATCHER.gate.finds_any(text)
}

/// Whether a field of this name holds a secret whatever its value looks like: `password`, `apiKey`, `ACCESS_TOKEN`,
/// `client-secret` and their like. The whole name has to agree; case, and `-` and `_` between words, do not matter.
#[must_use]
pub fn is_secret_key(name: &str) -> bool {
    let mut normal = [0; SECRET_KEY_BYTES_MAX];
    let mut length = 0;
    for byte in name.bytes().filter(|byte| !matches!(byte, b'_' | b'-')) {
        let Some(place) = normal.get_mut(length) else { return false };
        *place = byte.to_ascii_lowercase();
        length += 1;
    }
    let normal = normal.get(..length).unwrap_or_default();
    // What the gate does not see is none either, so that nothing depends on whether it was asked.
    SECRET_KEYS.binary_search_by(|key| key.as_bytes().cmp(normal)).is_ok()
        && may_contain_secret(format!("{name}\"").as_bytes())
}

/// Field names that hold secrets, normalised and sorted.
const SECRET_KEYS: &[&str] = &[
    "accesskey",
    "accesstoken",
    "apikey",
    "apisecret",
    "apitoken",
    "authorization",
    "authtoken",
    "awssecretaccesskey",
    "bearertoken",
    "bottoken",
    "clientsecret",
    "cookie",
    "currentpassword",
    "dbpassword",
    "encryptionkey",
    "idtoken",
    "jwt",
    "mnemonic",
    "newpassword",
    "oldpassword",
    "passphrase",
    "passwd",
    "password",
    "passwordconfirmation",
    "privatekey",
    "proxyauthorization",
    "refreshtoken",
    "secret",
    "secretaccesskey",
    "secretkey",
    "seedphrase",
    "sessiontoken",
    "setcookie",
    "signingkey",
    "signingsecret",
    "token",
    "userpassword",
    "webhooksecret",
    "xapikey",
    "xauthtoken",
];

const SECRET_KEY_BYTES_MAX: usize = 24;

/// Words one of which ends every one of [`SECRET_KEYS`], with the quote that follows a name in JSON.
const SECRET_KEY_WORDS: &[&str] = &[
    "authorization\"",
    "cookie\"",
    "jwt\"",
    "accesskey\"",
    "access_key\"",
    "access-key\"",
    "apikey\"",
    "api_key\"",
    "api-key\"",
    "encryptionkey\"",
    "encryption_key\"",
    "encryption-key\"",
    "privatekey\"",
    "private_key\"",
    "private-key\"",
    "secretkey\"",
    "secret_key\"",
    "secret-key\"",
    "signingkey\"",
    "signing_key\"",
    "signing-key\"",
    "mnemonic\"",
    "passphrase\"",
    "passwd\"",
    "password\"",
    "passwordconfirmation\"",
    "password_confirmation\"",
    "password-confirmation\"",
    "pass_phrase\"",
    "pass-phrase\"",
    "pass_word\"",
    "pass-word\"",
    "secret\"",
    "seedphrase\"",
    "seed_phrase\"",
    "seed-phrase\"",
    "token\"",
];

/// The table, compiled.
struct Matcher {
    /// All literals and all words of secret names: what nearly no text has any of.
    gate: Gate,
    /// All literals of all patterns.
    words: Option<AhoCorasick>,
    /// For each of those words, the index of its pattern.
    owners: Vec<u8>,
    /// The patterns' expressions, in the table's order.
    expressions: Vec<Option<Regex>>,
}

static MATCHER: LazyLock<Matcher> = LazyLock::new(|| {
    let (words, owners): (Vec<&str>, Vec<u8>) = SECRETS
        .iter()
        .zip(0u8..)
        .flat_map(|(pattern, index)| pattern.literals.iter().map(move |literal| (*literal, index)))
        .unzip();
    let automaton = |words: &[&str]| {
        AhoCorasick::builder().ascii_case_insensitive(true).kind(Some(AhoCorasickKind::DFA)).build(words).ok()
    };
    Matcher {
        gate: Gate::new(&[words.as_slice(), SECRET_KEY_WORDS].concat()),
        words: automaton(&words),
        owners,
        expressions: SECRETS.iter().map(|pattern| Regex::new(pattern.regex).ok()).collect(),
    }
});

impl Matcher {
    /// The patterns one of whose words is in the text, as a set of bits.
    fn candidates(&self, text: &str) -> u32 {
        let Some(words) = &self.words else { return u32::MAX };
        words.find_overlapping_iter(text).fold(0, |set, found| {
            set | self.owners.get(found.pattern().as_usize()).map_or(u32::MAX, |index| 1 << index)
        })
    }
}

const _: () = assert!(SECRETS.len() <= u32::BITS as usize);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_compiles() {
        assert!(MATCHER.words.is_some());
        for (pattern, expression) in SECRETS.iter().zip(&MATCHER.expressions) {
            assert!(expression.is_some(), "{}: {:?}", pattern.name, Regex::new(pattern.regex).err());
            assert!(!pattern.literals.is_empty(), "{}", pattern.name);
            for literal in pattern.literals {
                let plain = |byte: u8| (b' '..0x7f).contains(&byte) && !b"\"\\/".contains(&byte);
                let (last, before) = literal.as_bytes().split_last().unwrap();
                assert!(before.iter().all(|byte| plain(*byte)), "{}: {literal} could be escaped in JSON", pattern.name);
                let twin = format!("{}\\", String::from_utf8_lossy(before));
                assert!(plain(*last) || pattern.literals.contains(&twin.as_str()), "{}: {literal}", pattern.name);
            }
        }
    }

    #[test]
    fn secret_keys_are_found_in_every_spelling() {
        assert!(SECRET_KEYS.is_sorted());
        assert!(SECRET_KEYS.iter().all(|key| may_contain_secret(format!("{key}\"").as_bytes())));
        assert!(SECRET_KEYS.iter().all(|key| key.len() <= SECRET_KEY_BYTES_MAX && is_secret_key(key)));
        for name in [
            "api_key",
            "apiKey",
            "API-KEY",
            "X-Api-Key",
            "token",
            "access_token",
            "refreshToken",
            "password",
            "passwd",
            "secret",
            "client_secret",
            "Authorization",
            "private_key",
            "AWS_SECRET_ACCESS_KEY",
            "Set-Cookie",
            "pass_word",
        ] {
            assert!(is_secret_key(name), "{name}");
        }
        for name in
            ["", "_", "tokens", "token_id", "total_tokens", "key", "pass", "passwords", "secrets", "tökén", "author"]
        {
            assert!(!is_secret_key(name), "{name}");
        }
    }
}
