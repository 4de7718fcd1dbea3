//! A column of texts.

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, StringViewBuilder};

/// Rows that are few.
const FEW: usize = 1_024;

/// A column of texts that grows.
#[derive(Default)]
pub(crate) struct Texts(StringViewBuilder);

impl Texts {
    /// A column of few texts that come again and again: each is kept once.
    pub(crate) fn repeating() -> Self {
        Self(StringViewBuilder::new().with_deduplicate_strings())
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
        let texts = self.0.finish();
        // Blocks are made for many rows. Where few came, most of the last one is empty.
        if texts.len() < FEW { Arc::new(texts.gc()) } else { Arc::new(texts) }
    }
}
