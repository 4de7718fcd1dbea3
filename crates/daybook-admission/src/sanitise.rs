//! Taking credentials, and what else the catalog asks, out of an event's text.

use std::borrow::Cow;

use daybook_event::secrets;

use crate::compile::Admission;
use crate::json::{Canonical, REDACTED, Redaction, Trail};
use crate::sent::Sent;

impl Redaction {
    /// Whether anything in these bytes, which hold all of an event's text, could need it: one pass that nearly every
    /// event ends with.
    pub(crate) fn may_apply(self, written: &[u8]) -> bool {
        self.secrets && secrets::may_contain_secret(written)
            || self.emails && written.contains(&b'@')
            || self.card_numbers && has_long_number(written)
    }
}

impl Admission {
    /// Takes out of every text of an event what must not be kept; tells whether there was any. Credentials that the
    /// metadata names as such go with their names, everything else keeps its place.
    pub(crate) fn sanitise(&self, sent: &mut Sent<'_>) -> bool {
        let redaction = self.redaction;
        let mut changed = false;
        for text in sent.texts_mut() {
            if let Cow::Owned(redacted) = redaction.apply(text)
                && redacted != **text
            {
                *text = Cow::Owned(redacted);
                changed = true;
            }
        }
        for (key, value) in &mut sent.tags {
            if secrets::is_secret_key(key) && *value != REDACTED {
                *value = Cow::Borrowed(REDACTED);
                changed = true;
            }
        }
        let mut bytes = Vec::with_capacity(sent.data_text.len());
        if let Some(data) = sent.data {
            Canonical::default().write(data, redaction, Trail::at(""), &mut bytes);
            changed |= replace(&mut sent.data_text, &bytes);
        }
        if !sent.metadata.is_empty() {
            bytes.clear();
            let members = sent.metadata.iter().copied().filter(|(name, _)| !secrets::is_secret_key(name));
            Canonical::default().write_members(members, redaction, Trail::at(""), &mut bytes);
            changed |= replace(&mut sent.metadata_text, &bytes);
        }
        changed
    }
}

/// Whether there is a number of as many digits as the shortest card number has, grouped by single spaces or hyphens.
fn has_long_number(bytes: &[u8]) -> bool {
    const CARD_DIGITS_MIN: u32 = 12;
    let (mut digits, mut separated) = (0, false);
    bytes.iter().any(|byte| {
        match byte {
            b'0'..=b'9' => (digits, separated) = (digits + 1, false),
            b' ' | b'-' if !separated => separated = true,
            _ => (digits, separated) = (0, false),
        }
        digits >= CARD_DIGITS_MIN
    })
}

fn replace(text: &mut String, bytes: &[u8]) -> bool {
    if text.as_bytes() == bytes {
        return false;
    }
    *text = String::from_utf8_lossy(bytes).into_owned();
    true
}
