//! People, and what is personal to them.

use rand::Rng;
use rand::seq::IndexedRandom;
use serde_json::Value;

use super::signatures::Signed;
use crate::search::Needles;

/// What becomes of a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fate {
    /// They are erased.
    Erased,
    /// Nothing happens to them.
    Stays,
    /// They said no before they ever sent anything.
    Unwilling,
    /// No person in particular: what belongs to a session alone, and to the book of the house.
    Nobody,
}

/// How the app names somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// By an identity.
    Identity,
    /// Only by the anonymous id that the client made.
    Anonymous,
}

/// A value that is personal.
#[derive(Debug, Clone)]
pub struct Personal {
    /// What it is, for messages.
    pub label: String,
    /// The value.
    pub value: String,
    /// It is a name, or a key, which leads to them as well.
    pub is_name: bool,
    /// It is only in events of the month that passes.
    pub passes: bool,
    /// It is shown to who may see people, before anything happens.
    pub shown: bool,
}

/// Somebody.
#[derive(Debug, Clone)]
pub struct Person {
    /// Whose person.
    pub app: &'static str,
    /// What the app calls them.
    pub name: String,
    /// How.
    pub kind: Kind,
    /// What becomes of them.
    pub fate: Fate,
    /// Everything that is personal to them, the name first.
    pub values: Vec<Personal>,
}

impl Person {
    pub(super) fn new(app: &'static str, name: String, kind: Kind, fate: Fate) -> Self {
        let label = format!("{app}, {fate:?}, {kind:?}, name");
        let shown = fate != Fate::Unwilling && fate != Fate::Nobody;
        let value = Personal { label, value: name.clone(), is_name: true, passes: false, shown };
        Self { app, name, kind, fate, values: vec![value] }
    }

    /// Notes a value of theirs and gives it back.
    pub(super) fn note(&mut self, label: &str, value: String) -> String {
        let shown = self.fate != Fate::Unwilling;
        self.push(label, &value, shown, false);
        value
    }

    /// Notes a value that is in an event of the month that passes.
    pub(super) fn note_past(&mut self, label: &str, value: String) -> String {
        let shown = self.fate != Fate::Unwilling;
        self.push(label, &value, shown, true);
        value
    }

    /// Notes a key that they sign with, which goes with them.
    pub(super) fn note_key(&mut self, signed: &Signed) {
        let shown = self.fate != Fate::Unwilling;
        for member in ["kid", "x"] {
            self.push(&format!("{member} of a key"), member_of(&signed.jwk, member), shown, false);
            if let Some(value) = self.values.last_mut() {
                value.is_name = true;
            }
        }
    }

    /// Notes a key that they sign with and of which nobody has to be shown anything.
    pub(super) fn note_key_unseen(&mut self, signed: &Signed) {
        for member in ["kid", "x"] {
            self.push(&format!("{member} of another key"), member_of(&signed.jwk, member), false, false);
        }
    }

    /// Notes a value that nobody is shown.
    pub(super) fn note_unseen(&mut self, label: &str, value: String) -> String {
        self.push(label, &value, false, false);
        value
    }

    /// A word of theirs.
    pub(super) fn word(&mut self, label: &str) -> String {
        self.note(label, word())
    }

    fn push(&mut self, label: &str, value: &str, shown: bool, passes: bool) {
        let label = format!("{}, {:?}, {:?}, {label}", self.app, self.fate, self.kind);
        self.values.push(Personal { label, value: value.to_owned(), is_name: false, passes, shown });
    }

    /// The way to what the server tells of them: what follows `/v1`.
    #[must_use]
    pub fn path(&self, rest: &str) -> String {
        let kind = match self.kind {
            Kind::Identity => "",
            Kind::Anonymous => "?kind=anonymous",
        };
        // Names are made of letters, digits and hyphens.
        format!("/v1/{}/subjects/{}{rest}{kind}", self.app, self.name)
    }
}

fn member_of<'k>(jwk: &'k Value, member: &str) -> &'k str {
    jwk[member].as_str().unwrap()
}

/// What to look for: the values for which `which` holds.
pub(super) fn needles<'p>(
    people: impl IntoIterator<Item = &'p Person>,
    which: impl Fn(&Person, &Personal) -> bool,
) -> Needles {
    let mut needles = Needles::new();
    for person in people {
        for value in person.values.iter().filter(|value| which(person, value)) {
            needles = if value.value.bytes().all(|byte| byte.is_ascii_digit()) {
                needles.identity(&value.label, &value.value)
            } else {
                needles.value(&value.label, &value.value)
            };
        }
    }
    needles
}

/// A word that nobody has ever said: 12 syllables.
pub(super) fn word() -> String {
    let mut random = rand::rng();
    let mut letter = |letters: &[u8]| char::from(*letters.choose(&mut random).unwrap());
    (0..12).flat_map(|_| [letter(b"bdfgklmnprstvz"), letter(b"aeiou")]).collect()
}

/// A number of 15 digits that is no number of a card.
pub(super) fn number() -> u64 {
    loop {
        let number = rand::rng().random_range(100_000_000_000_000..999_999_999_999_999_u64);
        if !is_luhn(number) {
            return number;
        }
    }
}

/// So many hexadecimal digits.
pub(super) fn hex(digits: usize) -> String {
    let mut random = rand::rng();
    (0..digits).map(|_| char::from_digit(random.random_range(0..16), 16).unwrap()).collect()
}

/// A random UUID. It begins with a letter: one of digits alone may be the number of a card.
pub(super) fn uuid() -> String {
    let digits = hex(32);
    format!("a{}-{}-4{}-a{}-{}", &digits[1..8], &digits[8..12], &digits[13..16], &digits[17..20], &digits[20..])
}

fn is_luhn(number: u64) -> bool {
    let digits = number.to_string();
    let sum: u32 = digits
        .bytes()
        .rev()
        .enumerate()
        .map(|(index, digit)| {
            let digit = u32::from(digit - b'0') * (1 + (index as u32) % 2);
            digit / 10 + digit % 10
        })
        .sum();
    sum.is_multiple_of(10)
}
