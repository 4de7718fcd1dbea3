//! Rows parted into statements.

/// Pieces of at most so many rows, and of so many bytes unless one row alone has more. There is at least one row.
pub(crate) fn chunks<R>(rows: &[R], rows_max: usize, bytes_max: usize, bytes: impl Fn(&R) -> usize) -> Vec<&[R]> {
    let (mut chunks, mut start, mut size) = (Vec::new(), 0, 0);
    for (end, row) in rows.iter().enumerate() {
        let own = bytes(row);
        if end > start && (end - start >= rows_max || size + own > bytes_max) {
            chunks.push(rows.get(start..end).unwrap_or_default());
            (start, size) = (end, 0);
        }
        size += own;
    }
    chunks.push(rows.get(start..).unwrap_or_default());
    chunks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_piece_is_too_large_and_none_is_lost() {
        let check = |rows: &[usize], expected: &[usize]| {
            let chunks = chunks(rows, 3, 10, |row| *row);
            assert_eq!(chunks.iter().map(|chunk| chunk.len()).collect::<Vec<_>>(), expected, "{rows:?}");
            assert_eq!(chunks.concat(), rows);
        };
        check(&[1], &[1]);
        check(&[1, 1, 1, 1], &[3, 1]);
        check(&[5, 5, 1], &[2, 1]);
        check(&[50, 1, 50], &[1, 1, 1]);
    }
}
