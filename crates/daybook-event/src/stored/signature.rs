//! The signature of an event in its record.
//!
//! What is signed may be personal, and a signature of it is a way to test guesses of what it was. So it is sealed for everybody whom the
//! event names, one layer over the other: when one of them goes nobody can open it any more.

use std::borrow::Cow;

use prost::encoding::{WireType, encode_key, encode_varint};

use super::seal_context;
use crate::seal::{NONCE_BYTES, OVERHEAD_BYTES};
use crate::{EventId, Keeping, SealKeys, Signature, Signed, SubjectId, Timestamp};

const SEALED: u32 = 35;
const VERIFIED: u32 = 36;

/// What stands behind the context of a sealed part, so that neither opens in the place of the other.
const LABEL: &[u8; 16] = b"signature/1     ";

/// The part of a record that says of its signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SignaturePart<'r> {
    /// What is kept of it.
    pub keeping: Keeping,
    /// It, sealed; empty where it is not kept.
    pub sealed: &'r [u8],
}

impl SignaturePart<'_> {
    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        super::bytes(out, SEALED, self.sealed);
        encode_key(VERIFIED, WireType::Varint, out);
        encode_varint(self.keeping as u64, out);
    }

    /// How many bytes a record takes for a signature whose plain text is this long, in an event that names so many others.
    #[must_use]
    pub fn length(plain: usize, others: usize) -> usize {
        let sealed = if plain == 0 { 0 } else { plain + OVERHEAD_BYTES * (1 + others) };
        super::bytes_length(SEALED, sealed) + prost::encoding::key_len(VERIFIED) + 1
    }
}

/// Appends the text that is sealed: the key's thumbprint, a space, and the signature.
pub fn signature_plain(signed: &Signed<'_>, out: &mut Vec<u8>) {
    for text in [&*signed.key_id, " ", &*signed.jws] {
        out.extend_from_slice(text.as_bytes());
    }
}

/// Seals the text of a signature for everybody whom its record names: the innermost layer is that of its own person, or of nobody; those of the
/// others follow in their order. Each layer comes with its keys, whose it is, and a nonce of its own.
#[must_use]
pub fn seal_signature(
    plain: &[u8],
    (app, id, time): (u64, &EventId, Timestamp),
    layers: impl Iterator<Item = (SealKeys, Option<SubjectId>, [u8; NONCE_BYTES])>,
) -> Vec<u8> {
    layers.fold(plain.to_vec(), |inner, (keys, person, nonce)| {
        let mut sealed = Vec::with_capacity(inner.len() + OVERHEAD_BYTES);
        keys.seal(nonce, &context(app, id, time, person), &inner, &mut sealed);
        sealed
    })
}

/// Opens what [`seal_signature`] sealed. The layers come in the same order; nothing where one of them does not open.
pub(super) fn open(
    sealed: &[u8],
    (app, id, time): (u64, &EventId, Timestamp),
    layers: impl DoubleEndedIterator<Item = (Option<SealKeys>, Option<SubjectId>)>,
) -> Option<Signed<'static>> {
    let plain = layers
        .rev()
        .try_fold(sealed.to_vec(), |outer, (keys, person)| keys?.open(&context(app, id, time, person), &outer).ok())?;
    let text = String::from_utf8(plain).ok()?;
    let (key_id, jws) = text.split_once(' ')?;
    Some(Signed { key_id: Cow::Owned(key_id.to_owned()), jws: Cow::Owned(jws.to_owned()) })
}

/// What everybody may know of a signature.
pub(super) fn of_number(number: i32) -> Option<Signature<'static>> {
    Keeping::from_number(number).map(|keeping| Signature { keeping, signed: None })
}

fn context(app: u64, id: &EventId, time: Timestamp, person: Option<SubjectId>) -> [u8; 64] {
    let mut context = [0; 64];
    context[..48].copy_from_slice(&seal_context(app, id, time, person));
    context[48..].copy_from_slice(LABEL);
    context
}
