//! What is looked for, in every way it may be written.

use aho_corasick::{AhoCorasick, MatchKind};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use sha2::{Digest, Sha256};

/// Shorter values are in everything.
const VALUE_BYTES_MIN: usize = 4;
/// Shorter pieces of base64 are in everything.
const BASE64_BYTES_MIN: usize = 5;
/// Identities of fewer digits are not looked for as integers.
const INTEGER_DIGITS_MIN: usize = 6;

/// How something is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Encoding {
    /// As it is, in UTF-8, in its own, in small or in large letters.
    Text,
    /// UTF-16, little-endian.
    Utf16Le,
    /// UTF-16, big-endian.
    Utf16Be,
    /// Two hexadecimal digits a byte.
    Hex,
    /// Base64 in either alphabet, wherever in a longer text it begins.
    Base64,
    /// As a JSON string is escaped.
    Json,
    /// As a URL or a form is escaped.
    Url,
    /// A number in 4 or 8 bytes of either order, also with its digits reversed.
    Integer,
    /// The 16 bytes of a UUID.
    Uuid,
    /// SHA-256 or BLAKE3 without a key: whoever guesses the value can check it.
    Digest,
}

/// What must not be found.
#[derive(Debug, Default)]
pub struct Needles {
    labels: Vec<String>,
    patterns: Vec<Pattern>,
}

/// One way of writing one needle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pattern {
    /// Index of the needle.
    pub needle: usize,
    pub encoding: Encoding,
    pub bytes: Vec<u8>,
}

impl Needles {
    /// Nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A person's identity. Where it is a number, the number is looked for too.
    ///
    /// # Panics
    /// When it is too short to be found with any certainty.
    #[must_use]
    pub fn identity(mut self, label: &str, identity: &str) -> Self {
        let needle = self.value_of(label, identity);
        if identity.len() >= INTEGER_DIGITS_MIN && identity.bytes().all(|byte| byte.is_ascii_digit()) {
            let reversed: String = identity.chars().rev().collect();
            self.push(needle, Encoding::Integer, reversed.as_bytes().to_vec());
            for number in [identity, &reversed].into_iter().filter_map(|digits| digits.parse::<u64>().ok()) {
                self.push(needle, Encoding::Integer, number.to_le_bytes().to_vec());
                self.push(needle, Encoding::Integer, number.to_be_bytes().to_vec());
                // Of less than three bytes there is one everywhere.
                if let Some(number) = u32::try_from(number).ok().filter(|number| *number > 0xffff) {
                    self.push(needle, Encoding::Integer, number.to_le_bytes().to_vec());
                    self.push(needle, Encoding::Integer, number.to_be_bytes().to_vec());
                }
            }
        }
        self
    }

    /// Another value of theirs.
    ///
    /// # Panics
    /// When it is too short to be found with any certainty.
    #[must_use]
    pub fn value(mut self, label: &str, value: &str) -> Self {
        self.value_of(label, value);
        self
    }

    fn value_of(&mut self, label: &str, value: &str) -> usize {
        assert!(value.len() >= VALUE_BYTES_MIN, "{label} is too short to be looked for");
        let needle = self.labels.len();
        self.labels.push(label.to_owned());
        let bytes = value.as_bytes();
        for text in [value.to_owned(), value.to_lowercase(), value.to_uppercase()] {
            let units: Vec<u16> = text.encode_utf16().collect();
            self.push(needle, Encoding::Utf16Le, units.iter().flat_map(|unit| unit.to_le_bytes()).collect());
            self.push(needle, Encoding::Utf16Be, units.iter().flat_map(|unit| unit.to_be_bytes()).collect());
            self.push(needle, Encoding::Text, text.into_bytes());
        }
        self.raw(needle, Encoding::Hex, Encoding::Base64, bytes);
        for escaped in json(value) {
            self.push(needle, Encoding::Json, escaped.into_bytes());
        }
        for escaped in url(value) {
            self.push(needle, Encoding::Url, escaped.into_bytes());
        }
        if let Some(uuid) = uuid(value) {
            self.push(needle, Encoding::Uuid, uuid.to_vec());
            self.raw(needle, Encoding::Uuid, Encoding::Uuid, &uuid);
        }
        for digest in [<[u8; 32]>::from(Sha256::digest(bytes)), *blake3::hash(bytes).as_bytes()] {
            self.push(needle, Encoding::Digest, digest.to_vec());
            self.raw(needle, Encoding::Digest, Encoding::Digest, &digest);
        }
        needle
    }

    /// Bytes as hexadecimal digits and in base64.
    fn raw(&mut self, needle: usize, hex: Encoding, base64: Encoding, bytes: &[u8]) {
        let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        self.push(needle, hex, digits.to_uppercase().into_bytes());
        self.push(needle, hex, digits.into_bytes());
        for piece in base64_pieces(bytes) {
            self.push(needle, base64, piece);
        }
    }

    /// Adds a pattern, unless the needle has it already.
    fn push(&mut self, needle: usize, encoding: Encoding, bytes: Vec<u8>) {
        if !self.patterns.iter().any(|pattern| pattern.needle == needle && pattern.bytes == bytes) {
            self.patterns.push(Pattern { needle, encoding, bytes });
        }
    }

    pub(super) fn labels(&self) -> &[String] {
        &self.labels
    }

    pub(super) fn patterns(&self) -> &[Pattern] {
        &self.patterns
    }

    /// Finds the patterns, by their indexes, and after them `others`.
    pub(super) fn automaton(&self, others: &[&[u8]]) -> AhoCorasick {
        let patterns = self.patterns.iter().map(|pattern| pattern.bytes.as_slice()).chain(others.iter().copied());
        AhoCorasick::builder().match_kind(MatchKind::Standard).build(patterns).unwrap()
    }
}

/// What base64 makes of the bytes where they begin at the first, second or third byte of a group of three; without the
/// characters that also depend on what stands around them.
fn base64_pieces(bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut pieces = Vec::new();
    for before in 0..3 {
        let mut text = vec![0; before];
        text.extend_from_slice(bytes);
        let (from, to) = ((before * 8).div_ceil(6), text.len() * 8 / 6);
        for engine in [STANDARD, URL_SAFE] {
            let encoded = engine.encode(&text);
            let piece = encoded.as_bytes().get(from..to).unwrap_or_default();
            if piece.len() >= BASE64_BYTES_MIN {
                pieces.push(piece.to_vec());
            }
        }
    }
    pieces
}

/// The ways to write it between the quotes of a JSON string: as little escaped as may be; everything beyond ASCII escaped;
/// the slash escaped too; everything escaped.
fn json(value: &str) -> Vec<String> {
    let quoted = serde_json::to_string(value).unwrap();
    let shortest = quoted.trim_start_matches('"').trim_end_matches('"').to_owned();
    let shortest = if value.starts_with('"') || value.ends_with('"') {
        quoted.get(1..quoted.len() - 1).unwrap_or_default().to_owned()
    } else {
        shortest
    };
    let escape = |text: &str, all: bool, upper: bool| {
        let mut escaped = String::new();
        for letter in text.chars() {
            if letter.is_ascii() && !all {
                escaped.push(letter);
                continue;
            }
            for unit in letter.encode_utf16(&mut [0; 2]) {
                escaped += &if upper { format!("\\u{unit:04X}") } else { format!("\\u{unit:04x}") };
            }
        }
        escaped
    };
    let mut all = vec![shortest.clone(), shortest.replace('/', "\\/")];
    for upper in [false, true] {
        all.push(escape(&shortest, false, upper));
        all.push(escape(&shortest.replace('/', "\\/"), false, upper));
        all.push(escape(value, true, upper));
    }
    all
}

/// The ways to write it in a URL: everything but letters and digits escaped; what RFC 3986 leaves alone left alone; what
/// browsers leave alone in a component, or in a path, left alone; as forms do it.
fn url(value: &str) -> Vec<String> {
    let escape = |kept: &str, upper: bool| -> String {
        let mut escaped = String::new();
        for byte in value.bytes() {
            if byte.is_ascii_alphanumeric() || kept.as_bytes().contains(&byte) {
                escaped.push(char::from(byte));
            } else {
                escaped += &if upper { format!("%{byte:02X}") } else { format!("%{byte:02x}") };
            }
        }
        escaped
    };
    let mut all = Vec::new();
    for upper in [true, false] {
        for kept in ["", "-._~", "-._~!*'()", "-._~!*'()@:$&,;=+/", "-._*"] {
            let escaped = escape(kept, upper);
            all.push(escaped.replace("%20", "+"));
            all.push(escaped);
        }
    }
    all
}

fn uuid(value: &str) -> Option<[u8; 16]> {
    let digits: String = value.chars().filter(|letter| *letter != '-').collect();
    let number = u128::from_str_radix(&digits, 16).ok().filter(|_| digits.len() == 32)?;
    Some(number.to_be_bytes())
}
