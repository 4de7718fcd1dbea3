//! A column of texts.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, StringViewBuilder};

/// Bytes of texts that are kept together in memory.
const BLOCK_BYTES: u32 = 256 * 1024;

/// A column of texts that grows.
pub(crate) struct Texts(StringViewBuilder);

impl Default for Texts {
    fn default() -> Self {
        Self(StringViewBuilder::new().with_fixed_block_size(BLOCK_BYTES))
    }
}

impl Texts {
    /// A column of few texts that come again and again: each is kept once.
    pub(crate) fn repeating() -> Self {
        Self(StringViewBuilder::new().with_fixed_block_size(BLOCK_BYTES).with_deduplicate_strings())
    }

    pub(crate) fn push(&mut self, text: Option<&str>) {
        match text {
            // Fails where a text is longer than 4 GiB, which no event is.
            Some(text) if self.0.try_append_value(text).is_ok() => {}
            _ => self.0.append_null(),
        }
    }

    /// Adds so many nulls.
    pub(crate) fn skip(&mut self, count: usize) {
        for _ in 0..count {
            self.0.append_null();
        }
    }

    pub(crate) fn finish(mut self) -> ArrayRef {
        Arc::new(self.0.finish())
    }
}
