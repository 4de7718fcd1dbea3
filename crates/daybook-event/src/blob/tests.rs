use proptest::prelude::*;

use super::*;
use crate::SubjectId;

fn keys(person: u8, month: u8) -> BlobKeys {
    let owner = Standing::Person(SubjectId::from_bytes([person; 16]));
    BlobKeys::derive(Some(&Secret::from_bytes([person; 32])), &Secret::from_bytes([month; 32]), owner)
}

#[test]
fn addresses_are_sixty_four_small_digits() {
    let address = BlobAddress::from_bytes(std::array::from_fn(|at| at as u8 * 7));
    assert_eq!(BlobAddress::parse(&address.to_string()), Some(address));
    let text = address.to_string();
    for other in [
        "",
        "..",
        "../../../etc/passwd",
        &text[1..],
        &format!("{text}0"),
        &text.to_uppercase(),
        &text.replace('0', "/"),
        &text.replace("07", ".."),
        &format!("{}\0", &text[1..]),
        &format!("{}é", &text[2..]),
    ] {
        assert_eq!(BlobAddress::parse(other), None, "{other}");
    }
}

/// Keys must never change for blobs that exist.
#[test]
fn keys_are_derived_as_the_page_says() {
    let (person, month) = (Secret::from_bytes([1; 32]), Secret::from_bytes([2; 32]));
    let hash = |key: &Secret, parts: [&[u8]; 2]| *blake3::keyed_hash(key.as_bytes(), &parts.concat()).as_bytes();
    let id = SubjectId::from_bytes([9; 16]);
    let own = BlobKeys::derive(Some(&person), &month, Standing::Person(id));
    assert_eq!(own.seal, hash(&person, [b"daybook/blob/person/seal/1      ", month.as_bytes()]));
    assert_eq!(own.address, hash(&person, [b"daybook/blob/person/address/1   ", month.as_bytes()]));
    let address = *blake3::keyed_hash(&own.address, &[&[9; 16], b"content".as_slice()].concat()).as_bytes();
    assert_eq!(own.address(b"content"), BlobAddress::from_bytes(address));
    let nobodys = BlobKeys::derive(None, &month, Standing::Nobody);
    assert_eq!(nobodys.seal, hash(&month, [b"daybook/blob/nobody/seal/1      ", b""]));
    assert_eq!(nobodys.address, hash(&month, [b"daybook/blob/nobody/address/1   ", b""]));
}

#[test]
fn equal_content_has_one_address_for_one_owner_and_month_only() {
    let month = Secret::from_bytes([2; 32]);
    let pseudonym = |id| BlobKeys::derive(None, &month, Standing::Pseudonym(SubjectId::from_bytes([id; 16])));
    let address = |keys: BlobKeys| keys.address(b"the same");
    let addresses = [
        address(keys(1, 2)),
        address(keys(3, 2)),
        address(keys(1, 4)),
        address(pseudonym(1)),
        address(pseudonym(2)),
        address(BlobKeys::derive(None, &month, Standing::Nobody)),
    ];
    let different: std::collections::BTreeSet<_> = addresses.iter().collect();
    assert_eq!(different.len(), addresses.len());
    assert_eq!(address(keys(1, 2)), addresses[0]);
}

#[test]
fn nothing_of_it_is_printed() {
    let address = BlobAddress::from_bytes([0xab; 32]);
    let blob = Blob {
        app: "shop".into(),
        owner: Standing::Nobody,
        class: "product".into(),
        month: Month::from_number(672),
        address,
        bytes: vec![1, 2, 3],
    };
    assert_eq!(format!("{:?} {blob:?}", keys(1, 2)), format!("BlobKeys(…) Blob({}, 3 bytes)", "ab".repeat(32)));
}

#[cfg(feature = "blobs")]
mod sealing {
    use super::*;
    use crate::limits::BODY_INFLATED_BYTES_MAX;
    use crate::seal::NONCE_BYTES;

    #[test]
    fn what_repeats_is_compressed_and_what_does_not_is_not() {
        let check = |content: &[u8], flag: u8| {
            let (keys, size) = (keys(1, 2), content.len() as u64);
            let address = keys.address(content);
            let sealed = keys.seal(&address, content, [3; NONCE_BYTES]);
            assert_eq!((&sealed[..8], sealed[8], sealed[9]), (b"DAYBKBLB".as_slice(), 1, flag));
            assert!(sealed.len() <= content.len() + 44, "{}", sealed.len());
            assert_eq!(keys.open(&address, size, &sealed).unwrap().as_bytes(), content);
        };
        check(&b"again ".repeat(20_000), 1);
        check(b"", 0);
        check(b"\"x\"", 0);
    }

    /// With the secrets and `docs/blobs.md` alone a blob can be opened.
    #[test]
    fn the_bytes_are_as_the_page_says() {
        use aes_gcm::aead::{Aead, KeyInit, Payload};

        let (keys, content) = (keys(1, 2), b"\"again and again and again and again and again\"");
        let address = keys.address(content);
        let sealed = keys.seal(&address, content, [3; NONCE_BYTES]);
        assert_eq!(
            (&sealed[..8], &sealed[8..16], &sealed[16..28]),
            (b"DAYBKBLB".as_slice(), &[1, 1, 0, 0, 0, 0, 0, 0][..], &[3; 12][..])
        );
        let context = [&sealed[..16], address.as_bytes(), &[1; 16]].concat();
        let cipher = aes_gcm::Aes256Gcm::new(&keys.seal.into());
        let plain = cipher.decrypt(&[3; NONCE_BYTES].into(), Payload { msg: &sealed[28..], aad: &context }).unwrap();
        assert_eq!(zstd::decode_all(plain.as_slice()).unwrap(), content);
    }

    /// Whoever could write into the store still could not make a reader take more memory than the record says.
    #[test]
    fn what_is_read_is_as_large_as_the_record_says() {
        let content = vec![b' '; 1_000_000];
        let keys = keys(1, 2);
        let address = keys.address(&content);
        let sealed = keys.seal(&address, &content, [3; NONCE_BYTES]);
        assert!(sealed.len() < 1_000);
        for size in [0, 999_999, 1_000_001, BODY_INFLATED_BYTES_MAX as u64 + 1, u64::MAX] {
            assert_eq!(keys.open(&address, size, &sealed), Err(BlobError::Damaged), "{size}");
        }
    }

    #[test]
    fn other_formats_are_refused() {
        let keys = keys(1, 2);
        let address = keys.address(b"content");
        let sealed = keys.seal(&address, b"content", [3; NONCE_BYTES]);
        for (at, byte) in [(0, b'X'), (8, 2), (9, 2)] {
            let mut other = sealed.clone();
            other[at] = byte;
            assert_eq!(keys.open(&address, 7, &other), Err(BlobError::Format));
        }
        assert_eq!(keys.open(&address, 7, b""), Err(BlobError::Format));
        assert_eq!(keys.open(&address, 7, &sealed[..16]), Err(BlobError::Damaged));
    }

    proptest! {
        #[test]
        fn only_the_same_keys_and_bytes_open(content in ".{0,300}", at: usize, bit in 0u8..8, nonce: [u8; NONCE_BYTES]) {
            let (one, size) = (keys(1, 2), content.len() as u64);
            let address = one.address(content.as_bytes());
            let sealed = one.seal(&address, content.as_bytes(), nonce);
            prop_assert_eq!(one.open(&address, size, &sealed), Ok(content));
            for other in [keys(3, 2), keys(1, 4)] {
                prop_assert_eq!(other.open(&address, size, &sealed), Err(BlobError::Damaged));
            }
            // Under another name, as if files were exchanged.
            let exchanged = one.address(b"something else");
            prop_assert_eq!(one.open(&exchanged, size, &sealed), Err(BlobError::Damaged));
            let at = at % sealed.len();
            let mut flipped = sealed.clone();
            flipped[at] ^= 1 << bit;
            prop_assert!(one.open(&address, size, &flipped).is_err());
            prop_assert!(one.open(&address, size, &sealed[..at]).is_err());
        }
    }
}
