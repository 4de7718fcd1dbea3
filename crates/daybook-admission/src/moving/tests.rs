use daybook_event::limits::BLOB_PREVIEW_CHARACTERS;

use super::*;

#[test]
fn previews_are_for_people_to_read() {
    let check = |json: &str, expected: &str| assert_eq!(preview(json), expected, "{json:.40}");
    check(r#""Dear \"Ada\"\nhow é""#, "Dear \"Ada\"\nhow é");
    check(r#"{"a":"x"}"#, r#"{"a":"x"}"#);
    check("[1,2]", "[1,2]");
    check("\"\"", "");
    let long = |piece: &str| format!("\"{}\"", piece.repeat(5_000));
    for (piece, character) in
        [("é", 'é'), (r"\n", '\n'), (r"\u0007", '\u{7}'), (r"\ud83d\ude00", '😀'), ("😀", '😀'), (r#"\""#, '"')]
    {
        let preview = preview(&long(piece));
        assert_eq!(preview, character.to_string().repeat(BLOB_PREVIEW_CHARACTERS), "{piece}");
    }
    // Cut in the middle of an escape wherever that is.
    for ahead in 0..13 {
        for piece in [r"\ud83d\ude00", r"\u00e9", r"\\", "x\u{1F600}\\n"] {
            let text = preview(&long(&format!("{}{piece}", "x".repeat(ahead))));
            assert_eq!(text.chars().count(), BLOB_PREVIEW_CHARACTERS, "{ahead} {piece}");
            assert!(!text.contains('\u{fffd}') && !text.contains("\\u"), "{text}");
        }
    }
}

#[test]
fn members_go_without_a_trace() {
    let check = |text: &str, gone: &[&str], expected: &str| assert_eq!(without(text, gone), expected);
    check(r#"{"a":1,"b":[2],"c":{"d":3}}"#, &["/b"], r#"{"a":1,"c":{"d":3}}"#);
    check(r#"{"a":1,"b":2,"c":3}"#, &["/a", "/c"], r#"{"b":2}"#);
    check(r#"{"a/b":1,"~":2}"#, &["/a~1b", "/~0"], "{}");
    check(r#"{"a":{"a":1},"\"":2}"#, &["/\""], r#"{"a":{"a":1}}"#);
    check("[1,2]", &[""], "{}");
}

fn candidate(bytes: usize) -> Candidate {
    Candidate { place: Place::Data, source: Source::Clear, pointer: "/a".to_owned(), bytes }
}

#[test]
fn the_largest_go_and_no_more_than_it_takes() {
    let chosen = |sizes: &[usize], excess| {
        let chosen = choose(sizes.iter().map(|bytes| candidate(*bytes)).collect(), excess)?;
        Some(chosen.iter().map(|candidate| candidate.bytes).collect::<Vec<_>>())
    };
    assert_eq!(chosen(&[2_000, 90_000, 30_000], 10), Some(vec![90_000]));
    assert_eq!(chosen(&[2_000, 90_000, 30_000], 89_500), Some(vec![90_000, 30_000]));
    assert_eq!(chosen(&[2_000], 1_999), None);
    assert_eq!(chosen(&[], 1), None);
    // So many references and no more.
    assert_eq!(chosen(&[5_000; 100], 60_000).map(|chosen| chosen.len()), Some(15));
    assert_eq!(chosen(&[5_000; 100], 100_000), None);
}
