//! Personal data with a form of its own, taken out of text where an app asks for it.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::Regex;

use super::REDACTED;

/// What takes the place of an e-mail address.
const EMAIL: &str = "[REDACTED_EMAIL]";
/// What takes the place of a card number.
const CARD_NUMBER: &str = "[REDACTED_CARD_NUMBER]";
/// Digits of the shortest and the longest card number (ISO/IEC 7812).
const CARD_DIGITS: std::ops::RangeInclusive<usize> = 13..=19;

static ADDRESS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"[\p{L}\p{N}._%+'-]+@(?:[\p{L}\p{N}](?:[\p{L}\p{N}-]*[\p{L}\p{N}])?\.)+\p{L}[\p{L}\p{N}-]*[\p{L}\p{N}]")
        .ok()
});

/// The text without e-mail addresses; borrowed when there are none.
#[must_use]
pub fn redact_emails(text: &str) -> Cow<'_, str> {
    if !text.contains('@') {
        return Cow::Borrowed(text);
    }
    match ADDRESS.as_ref() {
        Some(address) => address.replace_all(text, EMAIL),
        None => Cow::Borrowed(REDACTED),
    }
}

/// The text without payment card numbers: 13 to 19 digits, in groups or not, that a card network issues and whose check
/// digit is right. Borrowed when there are none.
///
/// Digits that touch a letter, a sign or a decimal point are part of something else.
#[must_use]
pub fn redact_card_numbers(text: &str) -> Cow<'_, str> {
    let bytes = text.as_bytes();
    let mut redacted = String::new();
    let mut kept = 0;
    let mut position = 0;
    while position < bytes.len() {
        if !bytes[position].is_ascii_digit() {
            position += 1;
            continue;
        }
        let run = Run::at(bytes, position);
        position = run.end;
        for (start, end) in run.card_numbers(bytes) {
            redacted.push_str(text.get(kept..start).unwrap_or_default());
            redacted.push_str(CARD_NUMBER);
            kept = end;
        }
    }
    if kept == 0 {
        return Cow::Borrowed(text);
    }
    redacted.push_str(text.get(kept..).unwrap_or_default());
    Cow::Owned(redacted)
}

/// Groups of digits with one space or hyphen between them.
struct Run {
    groups: Vec<(usize, usize)>,
    end: usize,
}

impl Run {
    /// The longest run from the digit at `start`.
    fn at(bytes: &[u8], start: usize) -> Self {
        let digit = |place: usize| bytes.get(place).is_some_and(u8::is_ascii_digit);
        let mut groups = Vec::new();
        let mut from = start;
        loop {
            let mut end = from;
            while digit(end) {
                end += 1;
            }
            groups.push((from, end));
            if !(matches!(bytes.get(end), Some(b' ' | b'-')) && digit(end + 1)) {
                return Self { groups, end };
            }
            from = end + 1;
        }
    }

    /// Where card numbers begin and end: whole groups, the longest first, left to right.
    fn card_numbers(&self, bytes: &[u8]) -> Vec<(usize, usize)> {
        let mut found = Vec::new();
        let mut first = 0;
        while let Some((start, _)) = self.groups.get(first) {
            let mut total = 0;
            let mut last = None;
            for (offset, group) in self.groups[first..].iter().enumerate() {
                total += group.1 - group.0;
                if total > *CARD_DIGITS.end() {
                    break;
                }
                if total >= *CARD_DIGITS.start()
                    && stands_alone(bytes, *start, group.1)
                    && is_card(&bytes[*start..group.1])
                {
                    last = Some((first + offset, group.1));
                }
            }
            match last {
                Some((group, end)) => {
                    found.push((*start, end));
                    first = group + 1;
                }
                None => first += 1,
            }
        }
        found
    }
}

fn stands_alone(bytes: &[u8], start: usize, end: usize) -> bool {
    let part_of_word = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | 0x80..);
    let before = start.checked_sub(1).and_then(|place| bytes.get(place));
    let after = bytes.get(end);
    let decimals = after == Some(&b'.') && bytes.get(end + 1).is_some_and(u8::is_ascii_digit);
    !before.is_some_and(|byte| part_of_word(byte) || matches!(byte, b'.' | b'+'))
        && !after.is_some_and(part_of_word)
        && !decimals
}

fn is_card(text: &[u8]) -> bool {
    let digits: Vec<u32> =
        text.iter().filter(|byte| byte.is_ascii_digit()).map(|byte| u32::from(byte - b'0')).collect();
    is_issued(&digits) && luhn(&digits)
}

/// Whether a network issues numbers that begin like this, of this length. It keeps numbers of other kinds (times in
/// microseconds, ids of chat services), a tenth of which have a valid check digit by chance, out of it.
fn is_issued(digits: &[u32]) -> bool {
    let prefix = digits.iter().take(4).fold(0, |sum, digit| sum * 10 + digit);
    match digits.len() {
        13 => prefix / 1000 == 4,
        14 => matches!(prefix / 100, 36 | 38 | 39) || matches!(prefix / 10, 300..=305),
        15 => matches!(prefix / 100, 34 | 37),
        16 => matches!(prefix / 100, 40..=49 | 50..=65 | 67) || matches!(prefix, 2221..=2720 | 3528..=3589),
        17..=19 => {
            matches!(prefix / 100, 62 | 65)
                || matches!(prefix, 6011 | 3528..=3589)
                || (digits.len() == 19 && prefix / 1000 == 4)
        }
        _ => false,
    }
}

/// Luhn's check (ISO/IEC 7812-1, annex B).
fn luhn(digits: &[u32]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(place, digit)| match (place % 2, digit * 2) {
            (0, _) => *digit,
            (_, doubled) if doubled > 9 => doubled - 9,
            (_, doubled) => doubled,
        })
        .sum();
    sum.is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn emails(input: &str, expected: &str) {
        assert_eq!(redact_emails(input), expected, "{input}");
        assert_eq!(redact_emails(expected), expected, "{input}");
    }

    fn cards(input: &str, expected: &str) {
        assert_eq!(redact_card_numbers(input), expected, "{input}");
        assert_eq!(redact_card_numbers(expected), expected, "{input}");
    }

    #[test]
    fn addresses_go() {
        emails("mail ada@example.org, please", "mail [REDACTED_EMAIL], please");
        emails("<ada.lovelace+x@mail.example.co.uk>", "<[REDACTED_EMAIL]>");
        emails("äda@exämple.de", "[REDACTED_EMAIL]");
        emails("a@b.co@c.de", "[REDACTED_EMAIL]@c.de");
        emails("@everyone meet @noon, a@b", "@everyone meet @noon, a@b");
    }

    #[test]
    fn cards_go() {
        cards("4111111111111111", "[REDACTED_CARD_NUMBER]");
        cards("paid with 4111 1111 1111 1111 12 27 123", "paid with [REDACTED_CARD_NUMBER] 12 27 123");
        cards("no. 17 5500-0000-0000-0004.", "no. 17 [REDACTED_CARD_NUMBER].");
        cards("378282246310005, 30569309025904, 6011111111111117, 2223003122003222", &[CARD_NUMBER; 4].join(", "));
    }

    #[test]
    fn other_numbers_stay() {
        for text in [
            "4111111111111112",
            "1767225600000000",
            "0.4111111111111111",
            "4111111111111111.5",
            "id-4111111111111111abc",
            "x4111111111111111",
            "+4111111111111111",
            "41111111111111114111111111111111",
            "812345678901234567",
            "0000000000000000",
            "",
        ] {
            cards(text, text);
        }
    }

    proptest! {
        #[test]
        fn redacting_twice_is_redacting_once(text in "([0-9]{1,4}[ -]?|4111111111111111|[a-z@.é]){0,24}") {
            let once = redact_card_numbers(&text).into_owned();
            prop_assert_eq!(redact_card_numbers(&once), once.as_str());
            let once = redact_emails(&text).into_owned();
            prop_assert_eq!(redact_emails(&once), once.as_str());
        }

        #[test]
        fn no_text_panics(text in ".*") {
            let _ = (redact_card_numbers(&text), redact_emails(&text));
        }
    }
}
