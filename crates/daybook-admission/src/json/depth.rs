//! How deep a JSON text nests, told before anything recursive reads it.

/// Whether arrays and objects nest deeper than `limit` in a JSON text.
pub(crate) fn exceeds_depth(bytes: &[u8], limit: usize) -> bool {
    // Counting brackets block by block, those in strings too, overestimates the depth and costs next to nothing; only a
    // text that this does not clear is read byte by byte.
    let mut depth = 0isize;
    let cleared = bytes.chunks(64).all(|block| {
        // A brace is a bracket with one bit more. Sums of bytes over so few bytes are what compilers vectorise.
        let count = |brace: u8| block.iter().map(|byte| u8::from(byte | 0x20 == brace)).sum::<u8>() as isize;
        let highest = depth + count(b'{');
        depth = (highest - count(b'}')).max(0);
        highest <= limit as isize
    });
    !cleared && exact_depth_exceeds(bytes, limit)
}

fn exact_depth_exceeds(bytes: &[u8], limit: usize) -> bool {
    let (mut depth, mut in_string, mut escaped) = (0usize, false, false);
    for byte in bytes {
        match (in_string, byte) {
            (true, _) if escaped => escaped = false,
            (true, b'\\') => escaped = true,
            (_, b'"') => in_string = !in_string,
            (false, b'[' | b'{') => {
                depth += 1;
                if depth > limit {
                    return true;
                }
            }
            (false, b']' | b'}') => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn depth_is_told() {
        let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
        assert!(!exceeds_depth(nested(64).as_bytes(), 64));
        assert!(exceeds_depth(nested(65).as_bytes(), 64));
        assert!(!exceeds_depth(format!("\"{}\"", "[".repeat(1_000)).as_bytes(), 64), "brackets in a string");
        assert!(!exceeds_depth(format!("\"\\\"{}\"", "[".repeat(1_000)).as_bytes(), 64), "an escaped quote");
        assert!(!exceeds_depth(format!("[{}]", vec!["{\"a\":[]}"; 1_000].join(",")).as_bytes(), 64), "wide, not deep");
    }

    proptest! {
        #[test]
        fn the_fast_answer_is_the_exact_one(text in "[\\[\\]{}\"\\\\a]{0,400}", limit in 0usize..20) {
            prop_assert_eq!(exceeds_depth(text.as_bytes(), limit), exact_depth_exceeds(text.as_bytes(), limit));
        }
    }
}
