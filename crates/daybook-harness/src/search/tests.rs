use std::fs;
use std::io::{Cursor, Write};

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};

use super::*;

const ADA: &str = "Ada/Løvelace@example.org";

fn needles() -> Needles {
    Needles::new().identity("ada", ADA)
}

type Compress = fn(&[u8]) -> Vec<u8>;

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zstd_frame(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 3).unwrap()
}

fn lz4(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = lz4_flex::frame::FrameEncoder::new(Vec::new());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zip_streamed(bytes: &[u8]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new_stream(Vec::new());
    let options = zip::write::SimpleFileOptions::default().large_file(true);
    for name in ["first.txt", "second.txt"] {
        writer.start_file(name, options).unwrap();
        writer.write_all(if name == "second.txt" { bytes } else { b"nothing" }).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// The identity in the middle of something; its halves come before, so that what compresses need not repeat them.
fn text() -> Vec<u8> {
    let (one, other) = ADA.split_at(ADA.len() / 2);
    format!("{}{one}--{other}--{one}--{other}--{ADA}{}", "before ".repeat(100), "after ".repeat(100)).into_bytes()
}

#[track_caller]
fn check(bytes: &[u8], expected: &[Encoding]) {
    let searched = Haystack::new().bytes("x", bytes).search(&needles());
    let found: Vec<Encoding> = searched.findings.iter().map(|finding| finding.encoding).collect();
    assert_eq!(found, expected, "{}", String::from_utf8_lossy(bytes));
    assert!(searched.unsearched.is_empty(), "{:?}", searched.unsearched);
}

#[test]
fn each_encoding_is_found() {
    let surround = |bytes: &[u8]| [b"\x00\xffbefore ", bytes, b" after\n"].concat();
    check(&surround(ADA.as_bytes()), &[Encoding::Text]);
    check(&surround(ADA.to_lowercase().as_bytes()), &[Encoding::Text]);
    check(&surround(ADA.to_uppercase().as_bytes()), &[Encoding::Text]);
    let utf16 = |order: fn(u16) -> [u8; 2]| -> Vec<u8> { ADA.encode_utf16().flat_map(order).collect() };
    check(&surround(&utf16(u16::to_le_bytes)), &[Encoding::Utf16Le]);
    check(&surround(&utf16(u16::to_be_bytes)), &[Encoding::Utf16Be]);
    let hex: String = ADA.bytes().map(|byte| format!("{byte:02x}")).collect();
    check(&surround(hex.as_bytes()), &[Encoding::Hex]);
    check(&surround(hex.to_uppercase().as_bytes()), &[Encoding::Hex]);
    for before in ["", "x", "xy", "xyz", "wxyz"] {
        let text = format!("{before}{ADA} and more");
        check(&surround(STANDARD.encode(&text).as_bytes()), &[Encoding::Base64]);
        check(&surround(URL_SAFE_NO_PAD.encode(&text).as_bytes()), &[Encoding::Base64]);
    }
    check(br#"{"id":"Ada\/L\u00f8velace@example.org"}"#, &[Encoding::Json]);
    check(br#"{"id":"Ada/L\u00F8velace@example.org"}"#, &[Encoding::Json]);
    let all: String = ADA.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect();
    check(all.as_bytes(), &[Encoding::Json]);
    check(b"GET /v1/shop/subjects/Ada%2FL%C3%B8velace%40example.org HTTP/1.1", &[Encoding::Url]);
    check(b"GET /v1/shop/subjects/Ada%2fL%c3%b8velace@example.org HTTP/1.1", &[]);
    check(b"GET /v1/shop/subjects/Ada/L%C3%B8velace@example.org HTTP/1.1", &[Encoding::Url]);
    check(&surround(&Sha256::digest(ADA)), &[Encoding::Digest]);
    check(blake3::hash(ADA.as_bytes()).to_hex().as_bytes(), &[Encoding::Digest]);
    check(STANDARD.encode(Sha256::digest(ADA)).as_bytes(), &[Encoding::Digest]);
    check(b"Ada/L\xc3\xb8velace@example.com, ada, lovelace", &[]);
}

#[test]
fn escapes_of_other_texts() {
    let search = |value: &str, bytes: &str| Haystack::new().bytes("x", bytes).search(&Needles::new().value("v", value));
    assert!(search("say \"hi\"\n", r#"say \"hi\"\n"#).found("v"));
    assert!(search("\"quoted\"", r#"\"quoted\""#).found("v"));
    assert!(search("two words", "q=two+words&x").found("v"));
    assert!(search("two words", "q=two%20words&x").found("v"));
    assert!(search("+49 30 1234", "%2B49+30+1234").found("v"));
}

#[test]
fn numbers_are_found_in_bytes() {
    let check = |identity: &str, bytes: &[u8], expected: bool| {
        let needles = Needles::new().identity("id", identity);
        let searched = Haystack::new().bytes("x", &[b"\x07", bytes, b"\x07"].concat()).search(&needles);
        assert_eq!(searched.found("id"), expected, "{identity} {bytes:?}");
    };
    check("123456", &123_456u32.to_le_bytes(), true);
    check("123456", &123_456u32.to_be_bytes(), true);
    check("123456", &123_456u64.to_le_bytes(), true);
    check("123456", &123_456u64.to_be_bytes(), true);
    check("123456", &654_321u32.to_le_bytes(), true);
    check("123456", &654_321u64.to_be_bytes(), true);
    check("123456", b"654321", true);
    check("123456", &123_457u32.to_le_bytes(), false);
    check("12345", &12_345u32.to_le_bytes(), false);
    check("98765432109876", &98_765_432_109_876u64.to_be_bytes(), true);
    check("98765432109876", &98_765_432_109_876u64.to_le_bytes(), true);
    check("999999999999999999999999", b"999999999999999999999999", true);
    // Another value of theirs is not taken for a number.
    let value = Needles::new().value("v", "123456");
    assert!(!Haystack::new().bytes("x", &123_456u32.to_le_bytes()).search(&value).found("v"));
}

#[test]
fn uuids_are_found_in_bytes() {
    let needles = Needles::new().value("id", "0199a8b2-5d7c-7e2b-9f00-1234567890ab");
    let bytes = 0x0199_a8b2_5d7c_7e2b_9f00_1234_5678_90ab_u128.to_be_bytes();
    assert!(Haystack::new().bytes("x", &bytes).search(&needles).found("id"));
    assert!(Haystack::new().bytes("x", "0199A8B25D7C7E2B9F001234567890AB").search(&needles).found("id"));
}

#[test]
fn what_is_compressed_is_looked_into() {
    let wrap: [(&str, Compress); 4] = [("Gzip", gzip), ("Zstd", zstd_frame), ("Lz4", lz4), ("ZipEntry", zip_streamed)];
    for (name, compress) in wrap {
        let compressed = compress(&text());
        assert!(!compressed.windows(ADA.len()).any(|window| window == ADA.as_bytes()), "{name} compresses");
        // At the beginning, in the middle of something, and in a file that was cut.
        let embedded = [b"frame \x00\x01".to_vec(), compressed.clone(), b" and so on".to_vec()].concat();
        let cut = [&compressed[..compressed.len() - 4], b""].concat();
        for bytes in [&compressed, &embedded, &cut] {
            if matches!(name, "Lz4" | "Zstd") && *bytes == cut {
                // Their one block is whole or nothing.
                continue;
            }
            let searched = Haystack::new().bytes("x", bytes).search(&needles());
            let places: Vec<_> = searched.findings.iter().map(|finding| finding.place.as_str()).collect();
            assert_eq!(places.len(), 1, "{name} {searched:?}");
            assert!(places[0].starts_with(&format!("x, {name} at ")), "{places:?}");
        }
        // One in the other.
        for (other, again) in wrap {
            let twice = again(&compress(&text()));
            let searched = Haystack::new().bytes("x", &twice).search(&needles());
            assert!(searched.found("ada"), "{name} in {other}");
            assert!(searched.unsearched.is_empty(), "{name} in {other}: {:?}", searched.unsearched);
        }
    }
    // Too deep to be looked into is said.
    let deep = (0..6).fold(text(), |bytes, _| gzip(&bytes));
    let searched = Haystack::new().bytes("x", &deep).search(&needles());
    assert!(!searched.unsearched.is_empty(), "{searched:?}");
}

#[test]
fn what_only_looks_compressed_is_no_trouble() {
    let mut bytes = Vec::new();
    for (magic, _) in inside::MAGICS {
        for rest in [&b""[..], b"\x00", b"xyz and more of it that is nothing", &[0xff; 100], &[0; 100]] {
            bytes.extend_from_slice(magic);
            bytes.extend_from_slice(rest);
        }
    }
    bytes.extend_from_slice(ADA.as_bytes());
    check(&bytes, &[Encoding::Text]);
}

#[test]
fn directories_are_walked() {
    let directory = tempfile::tempdir().unwrap();
    let (root, elsewhere) = (directory.path().join("data"), directory.path().join("elsewhere"));
    for path in ["log", "lake/deep/er", "lake/empty"] {
        fs::create_dir_all(root.join(path)).unwrap();
    }
    fs::create_dir(&elsewhere).unwrap();
    fs::write(root.join("log/one.seg"), "nothing").unwrap();
    fs::write(root.join("lake/deep/er/part.zst"), zstd_frame(&text())).unwrap();
    fs::write(root.join("lake/empty/nothing"), "").unwrap();
    fs::write(elsewhere.join("moved"), ADA).unwrap();
    std::os::unix::fs::symlink(&root, root.join("lake/loop")).unwrap();
    std::os::unix::fs::symlink("../lake", root.join("lake/again")).unwrap();
    std::os::unix::fs::symlink(&elsewhere, root.join("other")).unwrap();
    std::os::unix::fs::symlink("/nowhere/ada.lovelace", root.join("dangling")).unwrap();
    rustix::fs::mknodat(
        rustix::fs::CWD,
        root.join("pipe"),
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR,
        0,
    )
    .unwrap();
    let needles = needles().value("surname", "ada.lovelace");
    let searched = Haystack::new().directory(&root).search(&needles);
    let places: Vec<_> =
        searched.findings.iter().map(|finding| finding.place.replace(root.to_str().unwrap(), "data")).collect();
    assert_eq!(places, ["data/lake/deep/er/part.zst, Zstd at 0", "data/other/moved", "where data/dangling points"]);
    assert!(searched.unsearched.is_empty(), "{:?}", searched.unsearched);
    // A name of a file gives somebody away too.
    fs::write(root.join("log/ada.lovelace.csv"), "").unwrap();
    let searched = Haystack::new().directory(&root).search(&needles);
    assert!(searched.findings.iter().any(|finding| finding.place.starts_with("the name of ")), "{searched:?}");
    // What is not there cannot be searched.
    let searched = Haystack::new().directory(root.join("gone")).search(&needles);
    assert_eq!((searched.findings.len(), searched.unsearched.len()), (0, 1));
}

#[test]
fn big_files_are_searched_across_chunks() {
    let directory = tempfile::tempdir().unwrap();
    // At every place around the end of a chunk.
    for shift in 0..=ADA.len() {
        let mut bytes = vec![b'.'; (1 << 20) - shift];
        bytes.extend_from_slice(ADA.as_bytes());
        bytes.resize(bytes.len() + 100, b'.');
        fs::write(directory.path().join("big"), &bytes).unwrap();
        let searched = Haystack::new().directory(directory.path()).search(&needles());
        let found: Vec<_> = searched.findings.iter().map(|finding| (finding.offset, finding.count)).collect();
        assert_eq!(found, [((1 << 20) - shift as u64, 1)], "{shift}");
    }
    // Longer than what is kept in memory, in a reader and compressed.
    let long = || std::io::repeat(b'.').take(MEMORY_BYTES_MAX as u64 + 17).chain(Cursor::new(ADA));
    let searched = Haystack::new().reader("rows", long()).search(&needles());
    assert_eq!(searched.by_place().into_iter().collect::<Vec<_>>(), [(("rows", "ada"), 1)]);
    let mut encoder = zstd::stream::read::Encoder::new(long(), 1).unwrap();
    let mut compressed = Vec::new();
    encoder.read_to_end(&mut compressed).unwrap();
    fs::write(directory.path().join("big"), &compressed).unwrap();
    let searched = Haystack::new().directory(directory.path()).search(&needles());
    assert!(searched.found("ada") && searched.unsearched.is_empty(), "{searched:?}");
    assert!(searched.bytes > MEMORY_BYTES_MAX as u64);
}

/// Fails after a while.
struct Broken(usize);

impl Read for Broken {
    fn read(&mut self, bytes: &mut [u8]) -> std::io::Result<usize> {
        if self.0 == 0 {
            return Err(std::io::Error::other("it broke"));
        }
        self.0 -= 1;
        bytes[..4].copy_from_slice(b"data");
        Ok(4)
    }
}

#[test]
fn a_reader_that_fails_is_said() {
    let searched = Haystack::new().reader("rows", Broken(3)).search(&needles());
    assert_eq!((searched.unsearched.as_slice(), searched.bytes), (&["rows: it broke".to_owned()][..], 12));
}

#[test]
fn a_leak_fails_the_test_and_a_control_without_one_does_too() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("state.db"), b"SQLite format 3\0 sealed").unwrap();
    let search = || Haystack::new().directory(directory.path()).search(&needles().value("phone", "+49 30 901820"));
    search().assert_clean();
    let control = std::panic::catch_unwind(|| search().assert_finds_all());
    assert!(control.unwrap_err().downcast_ref::<String>().unwrap().contains("does not find [\"ada\", \"phone\"]"));
    fs::write(directory.path().join("debug.log"), format!("GET /v1/shop/subjects/{ADA} from +49 30 901820")).unwrap();
    search().assert_finds_all();
    let clean = std::panic::catch_unwind(|| search().assert_clean());
    assert!(clean.unwrap_err().downcast_ref::<String>().unwrap().contains("debug.log, byte 22, 1 times"));
    // Nothing to search is no success.
    let nothing = std::panic::catch_unwind(|| Haystack::new().search(&needles()).assert_clean());
    assert!(nothing.is_err());
}

#[test]
#[should_panic(expected = "initials is too short to be looked for")]
fn what_is_everywhere_is_not_looked_for() {
    let _ = Needles::new().value("initials", "AL");
}
