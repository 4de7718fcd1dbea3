//! Keys, notes, checkpoints and proofs as text: the examples of the documents, what must be refused, and another
//! implementation.

#![allow(clippy::unwrap_used, clippy::panic, reason = "in tests a panic is a finding")]

mod support;

use daybook_proof::checkpoint::{Checkpoint, CheckpointError, SignedCheckpoint};
use daybook_proof::hash::{EMPTY_ROOT, leaf_hash};
use daybook_proof::inclusion::{InclusionError, InclusionProof};
use daybook_proof::key::{KeyError, KeyKind, PublicKey, SigningKey, cosignature_time};
use daybook_proof::note::{Note, VerifyError};
use daybook_proof::tree::{inclusion_proof, root};
use proptest::prelude::*;
use support::tiles_of;

// From the examples and tests of Go's golang.org/x/mod/sumdb/note, where the format comes from.
const PETER_PRIVATE: &str = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
const PETER: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
const ENOCH: &str = "EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop";
const TEXT: &str =
    "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
const BY_PETER: &str =
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";
const BY_ENOCH: &str =
    "— EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ=\n";
// From the document signed-note of C2SP.
const FOO: &str = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
const BY_FOO: &str = "This is an example message.\n\n— example.com/foo \
                      Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n";

fn public(text: &str) -> PublicKey {
    let key = PublicKey::parse(text).unwrap();
    assert_eq!(key.to_string(), text);
    key
}

fn key(name: &str, seed: u8) -> SigningKey {
    SigningKey::from_seed(name, &[seed; 32]).unwrap()
}

#[test]
fn the_examples_of_the_documents_hold() {
    let peter = SigningKey::parse(PETER_PRIVATE).unwrap();
    assert_eq!((peter.text().as_str(), peter.public()), (PETER_PRIVATE, &public(PETER)));
    assert!(!format!("{peter:?}").contains("AYEKFALVFGyN"));
    let mut note = Note::new(TEXT.to_owned()).unwrap();
    note.sign(&peter, 0);
    assert_eq!(note.to_string(), format!("{TEXT}\n{BY_PETER}"));

    let both = Note::parse(format!("{TEXT}\n{BY_PETER}{BY_ENOCH}").as_bytes()).unwrap();
    assert_eq!(both.text(), TEXT);
    assert_eq!(both.verify(&[public(PETER)]).unwrap().len(), 1);
    assert_eq!(both.verify(&[public(ENOCH), public(PETER)]).unwrap().len(), 2);
    let unknown = VerifyError::Unknown(vec!["PeterNeumann+c74f20a3".into(), "EnochRoot+af0cfe78".into()]);
    assert_eq!(both.verify(&[public(FOO)]), Err(unknown.clone()));
    assert_eq!(both.verify(&[]), Err(unknown));

    let foo = Note::parse(BY_FOO.as_bytes()).unwrap();
    assert_eq!(foo.text(), "This is an example message.\n");
    assert_eq!(foo.verify(&[public(FOO)]).unwrap()[0].key, public(FOO));
    // A known key that did not sign spoils the note, whoever else did.
    let wrong = both.to_string().replace("you don't", "you do");
    assert_eq!(
        Note::parse(wrong.as_bytes()).unwrap().verify(&[public(PETER)]),
        Err(VerifyError::Wrong("PeterNeumann+c74f20a3".into()))
    );
}

/// The time of the cosignature that the Go packages of transparency.dev test with.
#[test]
fn witnesses_sign_with_a_time() {
    use base64::Engine;
    let signature =
        "ZGhGuQAAAABm/qTPeyKXD+R2rzyQsxPiP8mXum7qq/iF0u4vanlqJyocWODBt97w9uL+8qT7S5gxEHWWOworDcFiEBYJXORmnFBOBA==";
    let bytes = base64::prelude::BASE64_STANDARD.decode(signature).unwrap();
    assert_eq!(cosignature_time(&bytes[4..]), Some(1_727_964_367));
    assert_eq!(cosignature_time(&bytes[..64]), None);

    let log = key("example.com/log", 1);
    let witness = SigningKey::witness_from_seed("witness.example", &[2; 32]).unwrap();
    assert_eq!(witness.public().kind(), KeyKind::Cosignature);
    assert_eq!(SigningKey::parse(&witness.text()).unwrap().public(), witness.public());
    let mut note = checkpoint(7).sign(&log).unwrap().note;
    note.sign(&witness, 1_234);
    let note = note.to_string();
    let known = [log.public().clone(), public(&witness.public().to_string())];
    let signed = SignedCheckpoint::parse(note.as_bytes(), &known).unwrap();
    assert_eq!(signed.signed.iter().map(|signed| signed.seen_s).collect::<Vec<_>>(), [None, Some(1_234)]);
    // That of the witness alone is enough for who trusts it, whatever its name.
    assert_eq!(SignedCheckpoint::parse(note.as_bytes(), &known[1..]).unwrap().signed.len(), 1);
}

#[test]
fn keys_are_read_strictly() {
    let refused = |text: &str, error| assert_eq!(PublicKey::parse(text), Err(error), "{text}");
    refused("", KeyError::Form);
    refused("PeterNeumann", KeyError::Form);
    refused(&PETER.replace("c74f20a3", "c74f20a4"), KeyError::Id);
    refused(&PETER.replace("c74f20a3", "C74F20A3"), KeyError::Form);
    refused(&PETER.replace("c74f20a3", "74f20a3"), KeyError::Form);
    refused(&PETER.replace("PeterNeumann", "PeterNeuman"), KeyError::Id);
    refused(&PETER.replace("PeterNeumann", "Peter Neumann"), KeyError::Name);
    refused(&PETER.replace("PeterNeumann", ""), KeyError::Name);
    refused(&PETER.replace("+ARpc", "+ZRpc"), KeyError::Key);
    // Go's own: a key that is too long, with the id of that.
    refused("PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY==", KeyError::Form);
    for at in 0..PETER_PRIVATE.len() {
        let mut changed = PETER_PRIVATE.as_bytes().to_vec();
        changed[at] += 1;
        if let Ok(changed) = std::str::from_utf8(&changed) {
            assert!(SigningKey::parse(changed).is_err(), "{changed}");
        }
        assert!(SigningKey::parse(&PETER_PRIVATE[..at]).is_err());
    }
    assert!(matches!(SigningKey::from_seed("a b", &[1; 32]), Err(KeyError::Name)));
    assert!(matches!(SigningKey::from_seed(&"a".repeat(256), &[1; 32]), Err(KeyError::Name)));
    let one = SigningKey::random("example.com/log").unwrap();
    assert_ne!(one.public(), SigningKey::random("example.com/log").unwrap().public());
    assert_eq!(SigningKey::parse(&one.text()).unwrap().public(), one.public());
}

#[test]
fn what_is_no_note_is_refused() {
    let good = format!("{TEXT}\n{BY_PETER}");
    let refused = |note: &str| assert!(Note::parse(note.as_bytes()).is_err(), "{note:?}");
    refused("");
    refused(TEXT);
    refused(&good[..good.len() - 1]);
    refused(&format!("{TEXT}\n"));
    refused(&format!("{TEXT}{BY_PETER}"));
    refused(&good.replace("If you", "If\tyou"));
    refused(&good.replace('—', "-"));
    refused(&good.replace("— ", "—"));
    refused(&good.replace("PeterNeumann ", " "));
    refused(&good.replace("PeterNeumann", "Peter+Neumann"));
    refused(&good.replace("x08go", "!!!!!"));
    refused(&format!("{TEXT}\n— a AAAAAA==\n"));
    refused(&format!("{TEXT}\n{}", BY_PETER.repeat(65)));
    refused(&"a".repeat(200_000));
    assert!(Note::parse(b"\xff\n\n\xe2\x80\x94 a AAAAAAAA\n").is_err());
    // An empty line in the text is part of it.
    let poem = "one\n\ntwo\n\n\n";
    let mut note = Note::new(poem.to_owned()).unwrap();
    note.sign(&key("poet", 3), 0);
    let read = Note::parse(note.to_string().as_bytes()).unwrap();
    assert_eq!((read.text(), read.verify(&[key("poet", 3).public().clone()]).is_ok()), (poem, true));
}

fn checkpoint(size: u64) -> Checkpoint {
    Checkpoint { origin: "example.com/log".into(), size, root: leaf_hash(&size.to_be_bytes()) }
}

#[test]
fn checkpoints_are_read_strictly() {
    let example = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
    let read = Checkpoint::parse(example).unwrap();
    assert_eq!(
        (read.origin.as_str(), read.size, read.to_string().as_str()),
        ("example.com/behind-the-sofa", 20_852_163, example)
    );
    assert_eq!(Checkpoint::parse(&format!("{example}more\n")).unwrap(), read);
    assert_eq!(Checkpoint { size: 0, root: EMPTY_ROOT, ..read }.to_string().lines().nth(1), Some("0"));
    for wrong in [
        "",
        "\n",
        "a\n1\n",
        "a\n01\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
        "a\n\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
        "a\n-1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
        "a\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I\n",
        "\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
        "a\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=",
        "a\n99999999999999999999\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
        "a\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\nmore\n",
    ] {
        assert!(Checkpoint::parse(wrong).is_err(), "{wrong:?}");
    }
}

#[test]
fn a_key_signs_for_its_own_log_only() {
    let (mine, other) = (key("example.com/log", 1), key("example.com/other", 2));
    let keys = [mine.public().clone(), other.public().clone()];
    let signed = checkpoint(5).sign(&mine).unwrap();
    assert_eq!(SignedCheckpoint::parse(signed.note.to_string().as_bytes(), &keys).unwrap(), signed);
    let forged = checkpoint(5).sign(&other).unwrap().note.to_string();
    assert!(matches!(
        SignedCheckpoint::parse(forged.as_bytes(), &keys),
        Err(CheckpointError::Origin { origin, key }) if origin == "example.com/log" && key == "example.com/other"
    ));
    assert!(matches!(
        SignedCheckpoint::parse(forged.as_bytes(), &keys[..1]),
        Err(CheckpointError::Signature(VerifyError::Unknown(_)))
    ));
    assert!(
        Checkpoint { origin: "two\nlines".into(), ..checkpoint(5) }
            .sign(&mine)
            .is_ok_and(|signed| { SignedCheckpoint::parse(signed.note.to_string().as_bytes(), &keys).is_err() })
    );
}

#[test]
fn a_proof_is_a_text_that_holds_by_itself() {
    let records: Vec<Vec<u8>> = (0..300).map(|number| format!("record {number}").into_bytes()).collect();
    let leaves: Vec<_> = records.iter().map(|record| leaf_hash(record)).collect();
    let log = key("example.com/log", 1);
    let keys = [log.public().clone()];
    let mut tiles = tiles_of(&leaves, 300);
    let tree = Checkpoint { origin: "example.com/log".into(), size: 300, root: root(&mut tiles, 300).unwrap() };
    let signed = tree.sign(&log).unwrap();
    for index in [0, 255, 256, 299] {
        let hashes = inclusion_proof(&mut tiles, index, 300).unwrap();
        for extra in [None, Some(b"anything".to_vec()), Some(Vec::new())] {
            let proof = InclusionProof { extra, index, hashes: hashes.clone(), checkpoint: signed.note.to_string() };
            let text = proof.to_string();
            assert!(text.starts_with("c2sp.org/tlog-proof@v1\n") && text.contains(&format!("\nindex {index}\n")));
            let read = InclusionProof::parse(text.as_bytes()).unwrap();
            assert_eq!(read, proof);
            assert_eq!(read.verify(&records[index as usize], &keys).unwrap(), signed);
            assert!(matches!(read.verify(b"another", &keys), Err(InclusionError::Proof { .. })));
            assert!(matches!(read.verify(&records[index as usize], &[]), Err(InclusionError::Checkpoint(_))));
            // No byte of it can change, but for what is extra, which nothing vouches for, and says so.
            if read.extra.is_none() {
                for at in 0..text.len() {
                    let mut changed = text.clone().into_bytes();
                    changed[at] ^= 1;
                    let holds = InclusionProof::parse(&changed)
                        .and_then(|changed| changed.verify(&records[index as usize], &keys));
                    assert!(holds.is_err(), "byte {at} of\n{text}");
                }
            }
        }
    }
}

proptest! {
    #[test]
    fn rubbish_is_refused_and_harms_nobody(bytes: Vec<u8>, text in "\\PC{0,200}") {
        let _ = PublicKey::parse(&text);
        let _ = SigningKey::parse(&text);
        prop_assert!(Note::parse(&bytes).is_err());
        prop_assert!(InclusionProof::parse(&bytes).is_err());
        let begun = format!("c2sp.org/tlog-proof@v1\n{text}");
        prop_assert!(InclusionProof::parse(begun.as_bytes()).is_err());
        prop_assert!(Checkpoint::parse(&text).is_err());
    }

    #[test]
    fn keys_and_notes_are_read_back(seed: [u8; 32], name in "[a-z./-]{1,40}", text in "[ -~\n]{0,80}") {
        let key = SigningKey::from_seed(&name, &seed).unwrap();
        let read = SigningKey::parse(&key.text()).unwrap();
        prop_assert_eq!(read.public(), key.public());
        prop_assert_eq!(&PublicKey::parse(&key.public().to_string()).unwrap(), key.public());
        let mut note = Note::new(format!("{text}\n")).unwrap();
        note.sign(&key, 0);
        let read = Note::parse(note.to_string().as_bytes()).unwrap();
        prop_assert_eq!(&read, &note);
        prop_assert!(read.verify(&[key.public().clone()]).is_ok());
    }
}

/// Cloudflare's `signed_note` and `tlog_tiles` verify what we sign, and we what they do.
mod another_implementation {
    use signed_note::{Note as Other, StandardSigner, StandardVerifier, VerifierList};
    use tlog_tiles::Checkpoint as OtherCheckpoint;

    use super::*;

    #[test]
    fn agrees_about_checkpoints() {
        let log = key("example.com/log", 9);
        let ours = checkpoint(1_234).sign(&log).unwrap().note.to_string();
        let verifier = StandardVerifier::new(&log.public().to_string()).unwrap();
        let note = Other::from_bytes(ours.as_bytes()).unwrap();
        let (verified, unverified) = note.verify(&VerifierList::new(vec![Box::new(verifier)])).unwrap();
        assert_eq!((verified.len(), unverified.len()), (1, 0));
        let read = OtherCheckpoint::from_bytes(note.text()).unwrap();
        assert_eq!((read.origin(), read.size(), read.hash().0), ("example.com/log", 1_234, checkpoint(1_234).root));

        let signer = StandardSigner::new(&log.text()).unwrap();
        let mut note = Other::new(checkpoint(77).to_string().as_bytes(), &[]).unwrap();
        note.add_sigs(&[&signer]).unwrap();
        let theirs = SignedCheckpoint::parse(&note.to_bytes(), &[log.public().clone()]).unwrap();
        assert_eq!(theirs.checkpoint, checkpoint(77));
        assert_eq!(note.to_bytes(), checkpoint(77).sign(&log).unwrap().note.to_string().into_bytes());
    }
}
