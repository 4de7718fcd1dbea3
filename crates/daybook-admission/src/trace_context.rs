//! W3C Trace Context: where a call or an event comes from.
//!
//! Source: Trace Context, W3C Recommendation of 23 November 2021, section 3.2 (`traceparent`), and the extension of
//! CloudEvents for distributed tracing.

use std::fmt;

/// The member of an event, and the header of a call, that carries it.
pub const TRACEPARENT: &str = "traceparent";
/// What goes beside it, of which nothing is read.
pub const TRACESTATE: &str = "tracestate";

/// Bytes of a `traceparent` of version 00; later versions may only add to it.
const TEXT_BYTES: usize = 55;

/// The trace that something is part of, and the operation in it that did it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct TraceContext {
    text: [u8; TEXT_BYTES],
}

/// A `traceparent` that is none. It is to be ignored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("traceparent is written 00-<32 hexadecimal digits>-<16 of them>-<2 of them>, in lower case, and not all zeros")]
pub struct MalformedTraceparent;

impl TraceContext {
    /// Reads a `traceparent`.
    ///
    /// # Errors
    /// [`MalformedTraceparent`].
    pub fn parse(text: &str) -> Result<Self, MalformedTraceparent> {
        let text = text.trim_matches([' ', '\t']);
        let (known, rest) = text.as_bytes().split_at_checked(TEXT_BYTES).ok_or(MalformedTraceparent)?;
        let known: [u8; TEXT_BYTES] = known.try_into().map_err(|_| MalformedTraceparent)?;
        let hexadecimal = |at: usize| matches!(known[at], b'0'..=b'9' | b'a'..=b'f');
        let well_formed =
            (0..TEXT_BYTES).all(|at| if matches!(at, 2 | 35 | 52) { known[at] == b'-' } else { hexadecimal(at) });
        let version = &known[..2];
        let ends = rest.is_empty() || (version != b"00" && rest.starts_with(b"-"));
        let somebody = |part: &[u8]| part.iter().any(|digit| *digit != b'0');
        let context = Self { text: known };
        if well_formed && version != b"ff" && ends && somebody(&known[3..35]) && somebody(&known[36..52]) {
            return Ok(context);
        }
        Err(MalformedTraceparent)
    }

    /// The trace: 32 hexadecimal digits.
    #[must_use]
    pub fn trace_id(&self) -> &str {
        self.part(3, 35)
    }

    /// The operation in it: 16 hexadecimal digits.
    #[must_use]
    pub fn parent_id(&self) -> &str {
        self.part(36, 52)
    }

    fn part(&self, start: usize, end: usize) -> &str {
        self.text.get(start..end).and_then(|part| std::str::from_utf8(part).ok()).unwrap_or_default()
    }
}

impl fmt::Debug for TraceContext {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "TraceContext({}-{})", self.trace_id(), self.parent_id())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
    const PARENT: &str = "00f067aa0ba902b7";

    #[test]
    fn what_the_recommendation_allows_is_read() {
        let check = |text: &str, expected: Option<(&str, &str)>| {
            let found = TraceContext::parse(text).ok();
            assert_eq!(found.as_ref().map(|found| (found.trace_id(), found.parent_id())), expected, "{text}");
        };
        let good = Some((TRACE, PARENT));
        check(&format!("00-{TRACE}-{PARENT}-01"), good);
        check(&format!(" 00-{TRACE}-{PARENT}-00\t"), good);
        // A later version is read as far as this one goes.
        check(&format!("cc-{TRACE}-{PARENT}-01"), good);
        check(&format!("cc-{TRACE}-{PARENT}-01-what-the-future-will-be-like"), good);
        check(&format!("cc-{TRACE}-{PARENT}-01.what"), None);
        check(&format!("00-{TRACE}-{PARENT}-01-more"), None);
        check(&format!("ff-{TRACE}-{PARENT}-01"), None);
        check(&format!("00-{}-{PARENT}-01", "0".repeat(32)), None);
        check(&format!("00-{TRACE}-{}-01", "0".repeat(16)), None);
        check(&format!("00-{}-{PARENT}-01", TRACE.to_uppercase()), None);
        check(&format!("00_{TRACE}_{PARENT}_01"), None);
        check(&format!("00-{TRACE}-{PARENT}-0"), None);
        check(&format!("00-{TRACE}-{PARENT}-0é"), None);
        check("", None);
        check("é".repeat(40).as_str(), None);
    }
}
