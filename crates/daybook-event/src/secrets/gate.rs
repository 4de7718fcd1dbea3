//! Whether any of many words is in a text, in whatever case: the one look that every text is given.

use aho_corasick::packed::{Config, MatchKind, Searcher};
use aho_corasick::{AhoCorasick, AhoCorasickKind};

/// As many words as one [`Searcher`] takes.
const WORDS_PER_SEARCHER: usize = 64;

/// How much of a text is looked at in one go, in bytes.
const PIECE_BYTES: usize = 1024;

/// Finds words in text.
///
/// An automaton follows one byte at a time, and waits for its table at each. Where the processor compares many bytes at
/// once (Teddy, of Hyperscan), that is several times as fast; it knows no case, so text is looked at in lower case.
pub(super) enum Gate {
    /// For words of one byte, and for all others.
    Packed { bytes: Vec<u8>, searchers: Vec<Searcher>, longest: usize },
    /// Where the processor cannot.
    Automaton(AhoCorasick),
    /// Where there is not even that: everything may be in a text.
    Open,
}

impl Gate {
    /// Of these words, which are in lower case.
    pub(super) fn new(words: &[&str]) -> Self {
        let words = shortest(words);
        Self::packed(&words).unwrap_or_else(|| Self::automaton(&words))
    }

    fn packed(words: &[&str]) -> Option<Self> {
        let (single, long): (Vec<&str>, Vec<&str>) = words.iter().copied().partition(|word| word.len() == 1);
        let searcher =
            |words: &[&str]| Config::new().match_kind(MatchKind::LeftmostFirst).builder().extend(words).build();
        Some(Self::Packed {
            bytes: single.iter().flat_map(|word| word.bytes()).collect(),
            searchers: long.chunks(WORDS_PER_SEARCHER).map(searcher).collect::<Option<_>>()?,
            longest: words.iter().map(|word| word.len()).max().unwrap_or_default(),
        })
    }

    fn automaton(words: &[&str]) -> Self {
        let builder = AhoCorasick::builder().ascii_case_insensitive(true).kind(Some(AhoCorasickKind::DFA)).build(words);
        builder.map_or(Self::Open, Self::Automaton)
    }

    /// Whether one of the words is in a text.
    pub(super) fn finds_any(&self, text: &[u8]) -> bool {
        match self {
            Self::Packed { bytes, searchers, longest } => {
                bytes.iter().any(|byte| text.contains(byte)) || any_in_pieces(searchers, *longest, text)
            }
            Self::Automaton(automaton) => automaton.is_match(text),
            Self::Open => true,
        }
    }
}

/// Looks at a text piece by piece; what is at the end of one is at the beginning of the next, so that no word is cut.
fn any_in_pieces(searchers: &[Searcher], longest: usize, text: &[u8]) -> bool {
    let mut lower = [0; PIECE_BYTES];
    let mut rest = text;
    loop {
        let piece = &rest[..rest.len().min(PIECE_BYTES)];
        let lower = &mut lower[..piece.len()];
        lower.copy_from_slice(piece);
        lower.make_ascii_lowercase();
        if searchers.iter().any(|searcher| searcher.find(&*lower).is_some()) {
            return true;
        }
        if piece.len() == rest.len() {
            return false;
        }
        rest = &rest[PIECE_BYTES - longest.saturating_sub(1)..];
    }
}

/// The words in which there is no other, sorted.
fn shortest<'w>(words: &[&'w str]) -> Vec<&'w str> {
    let has_another = |word: &str| words.iter().any(|other| *other != word && word.contains(other));
    let mut shortest: Vec<&str> = words.iter().copied().filter(|word| !has_another(word)).collect();
    shortest.sort_unstable();
    shortest.dedup();
    shortest
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const WORDS: &[&str] = &["@", "sk-", "secret", "client-secret", "token\"", "authorization"];

    #[test]
    fn words_with_another_in_them_are_not_looked_for() {
        assert_eq!(shortest(WORDS), ["@", "authorization", "secret", "sk-", "token\""]);
    }

    #[test]
    fn this_processor_compares_many_bytes_at_once() {
        // On x86-64 with SSSE3 and on AArch64; where it is not so, the automaton is what is tested below.
        let many: Vec<String> = (100..250).map(|number| format!("word{number}")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        if let Some(Gate::Packed { searchers, .. }) = Gate::packed(&many) {
            assert_eq!(searchers.len(), 3);
        }
        let gate = Gate::new(&many);
        assert!(many.iter().all(|word| gate.finds_any(word.as_bytes())));
        assert!(!gate.finds_any(b"word99 word250"));
    }

    #[test]
    fn nothing_is_in_nothing() {
        let gate = Gate::new(WORDS);
        assert!(!gate.finds_any(b""));
        assert!(Gate::Open.finds_any(b""));
        assert!(!Gate::new(&[]).finds_any(b"secret"));
    }

    proptest! {
        /// Also across the end of a piece, and of several.
        #[test]
        fn it_finds_what_an_automaton_finds(
            before in 0..2 * PIECE_BYTES + 40,
            middle in "[a-z@]{0,3}|(?i)secret|sk-|SK_|toKen\"|token|Authorization|ſecret",
            after in 0..PIECE_BYTES,
            filler in prop::sample::select(vec!["x", "s", "se", "t", "å", "\0"]),
        ) {
            let fill = |length: usize| filler.repeat(length / filler.len());
            let text = format!("{}{middle}{}", fill(before), fill(after));
            let Gate::Automaton(automaton) = Gate::automaton(WORDS) else { unreachable!("it is built of few words") };
            prop_assert_eq!(Gate::new(WORDS).finds_any(text.as_bytes()), automaton.is_match(&text));
        }
    }
}
