use insta::assert_snapshot;
use proptest::prelude::*;

use super::*;
use crate::render;

/// The tree as JSON, then what was found.
fn check(text: impl AsRef<[u8]>) -> String {
    let file = SourceFile::parse("f.yaml".to_owned(), "f.yaml".to_owned(), text.as_ref());
    let json = file.root.as_ref().map_or_else(|| "nothing".to_owned(), |node| node.to_json().to_string());
    format!("{json}\n{}", render::text(&file.into_diagnostics()))
}

#[test]
fn scalars_follow_the_core_schema() {
    let check = |text: &str, expected: Value| {
        let file = SourceFile::parse("f".to_owned(), "f".to_owned(), text.as_bytes());
        assert_eq!(file.root.map(|node| node.to_json()), Some(expected), "{text}");
    };
    let number = |text: &str| serde_json::from_str(text).unwrap();
    check("5", number("5"));
    check("+5", number("5"));
    check("-5", number("-5"));
    check("007", number("7"));
    check("0o17", number("15"));
    check("0xfF", number("255"));
    check("9223372036854775807", number("9223372036854775807"));
    check("18446744073709551615", number("18446744073709551615"));
    check("-9223372036854775808", number("-9223372036854775808"));
    check("1.5", number("1.5"));
    check("1.", number("1.0"));
    check(".5", number("0.5"));
    check("-1e3", number("-1000.0"));
    check("1.0", number("1.0"));
    check("true", Value::Bool(true));
    check("False", Value::Bool(false));
    check("~", Value::Null);
    check("null", Value::Null);
    for text in ["yes", "no", "on", "1.0.0", "30d", "1_000", "0b1", "1e", "e3", "..5", "+", "tRUE", "2026-01-14"] {
        check(text, Value::String(text.to_owned()));
    }
    for (text, expected) in [("'5'", "5"), ("\"true\"", "true"), ("''", ""), ("\"\\u00e9\"", "é"), ("!!str 5", "5")] {
        check(text, Value::String(expected.to_owned()));
    }
    check(
        "a: {b: [1, 'x', ~]}\nc: |\n  two\n  lines\n",
        serde_json::json!({"a": {"b": [1, "x", null]}, "c": "two\nlines\n"}),
    );
    check("\u{feff}a: 1", serde_json::json!({"a": 1}));
}

#[test]
fn what_json_cannot_say_is_refused() {
    assert_snapshot!(check("a: .inf\nb: .nan\nc: 99999999999999999999999\nd: 1\n"), @r#"
    {"a":null,"b":null,"c":null,"d":1}
    f.yaml:1:4: error[catalog.number]: `.inf` is a number that JSON cannot hold
      hint: put it in quotes if it is meant as text
    f.yaml:2:4: error[catalog.number]: `.nan` is a number that JSON cannot hold
      hint: put it in quotes if it is meant as text
    f.yaml:3:4: error[catalog.number]: `99999999999999999999999` is a number that JSON cannot hold
      hint: put it in quotes if it is meant as text
    3 errors
    "#);
    assert_snapshot!(check("a: &x {b: 1}\nc: *x\nd: [*x, 2]\n"), @r#"
    {"a":{"b":1},"c":null,"d":[null,2]}
    f.yaml:2:4: error[catalog.alias]: aliases are not accepted
      hint: write it out, or name a schema under `types` and refer to it with `$ref`
    f.yaml:3:5: error[catalog.alias]: aliases are not accepted
      hint: write it out, or name a schema under `types` and refer to it with `$ref`
    2 errors
    "#);
    assert_snapshot!(check("a: !ruby/object {b: 1}\nc: !!binary aGk=\n"), @r#"
    {"a":{"b":1},"c":null}
    f.yaml:1:4: error[catalog.tag]: the tag `!ruby/object` is not accepted
      hint: put text in quotes; everything else needs no tag
    f.yaml:2:4: error[catalog.tag]: the tag `tag:yaml.org,2002:!binary` is not accepted
      hint: put text in quotes; everything else needs no tag
    2 errors
    "#);
    assert_snapshot!(check("a: 1\nb: 2\na: 3\n"), @r#"
    {"a":3,"b":2}
    f.yaml:3:1: error[catalog.duplicate-key]: `a` is given twice
    1 error
    "#);
    assert_snapshot!(check("? [a, b]\n: 1\n"), @"
    nothing
    f.yaml:1:3: error[catalog.key]: a key must be a plain word, not a list or a mapping
    1 error
    ");
    assert_snapshot!(check("a: 1\n---\nb: 2\n"), @"
    nothing
    f.yaml:2:1: error[catalog.documents]: a file holds one YAML document, a second begins here
    1 error
    ");
}

#[test]
fn files_that_are_no_yaml_are_said_to_be_none() {
    assert_snapshot!(check(""), @"
    nothing
    f.yaml:1:1: error[catalog.empty]: the file is empty
    1 error
    ");
    assert_snapshot!(check("# only a comment\n"), @"
    nothing
    f.yaml:1:1: error[catalog.empty]: the file is empty
    1 error
    ");
    assert_snapshot!(check("a: [1, 2\n"), @"
    nothing
    f.yaml:2:1: error[catalog.syntax]: not YAML: while parsing a flow sequence, expected ',' or ']'
    1 error
    ");
    assert_snapshot!(check("a: 1\n\tb: 2\n"), @"
    nothing
    f.yaml:1:4: error[catalog.syntax]: not YAML: while scanning a plain scalar, found a tab
    1 error
    ");
    assert_snapshot!(check(b"a: 1\nb: \xff\n"), @"
    nothing
    f.yaml:2:1: error[catalog.encoding]: the file is not UTF-8
    1 error
    ");
    assert_snapshot!(check("*x : 1\n"), @"
    nothing
    f.yaml:1:1: error[catalog.syntax]: not YAML: while parsing node, found unknown anchor
    1 error
    ");
}

#[test]
fn size_and_depth_are_bounded() {
    assert_snapshot!(check(vec![b'#'; FILE_BYTES_MAX + 1]), @"
    nothing
    f.yaml:1:1: error[catalog.too-large]: the file has more than 1048576 bytes
      hint: spread the event types over several files
    1 error
    ");
    assert_snapshot!(check("[".repeat(100)), @"
    nothing
    f.yaml:1:65: error[catalog.depth]: nested more than 64 deep
    1 error
    ");
    assert_snapshot!(check("[".repeat(100_000)), @"
    nothing
    f.yaml:1:256: error[catalog.syntax]: not YAML: recursion limit exceeded
    1 error
    ");
    assert_snapshot!(check("- ".repeat(100_000)), @"
    nothing
    f.yaml:1:129: error[catalog.depth]: nested more than 64 deep
    1 error
    ");
    let block: String = (0..1_000).map(|depth| format!("{}a:\n", " ".repeat(depth))).collect();
    assert_snapshot!(check(block), @"
    nothing
    f.yaml:65:65: error[catalog.depth]: nested more than 64 deep
    1 error
    ");
    let bomb: String = std::iter::once("a0: &a0 [x]\n".to_owned())
        .chain((1..30).map(|n| format!("a{n}: &a{n} [*a{0}, *a{0}, *a{0}]\n", n - 1)))
        .collect();
    assert!(check(bomb).len() < 20_000);
}

#[test]
fn places_are_found() {
    let file = SourceFile::parse("f".into(), "f".into(), b"a:\n  b:\n    - x\n    - y: 1\n");
    let root = file.root.unwrap();
    let check = |pointer: &str, line: usize, column: usize| {
        assert_eq!(root.locate(pointer), Place { line, column }, "{pointer}");
    };
    check("", 1, 1);
    check("/a", 1, 1);
    check("/a/b", 2, 3);
    check("/a/b/0", 3, 7);
    check("/a/b/1/y", 4, 7);
    check("/a/b/1/z", 4, 7);
    check("/a/b/9", 2, 3);
}

proptest! {
    #[test]
    fn no_text_panics(text in "\\PC*") {
        check(text);
    }

    #[test]
    fn no_yaml_like_text_panics(text in "([-?:,\\[\\]{}#&*!|>'\"%@` \n\ta-c0-9~.]|: |- |\n  ){0,80}") {
        check(text);
    }

    #[test]
    fn no_bytes_panic(bytes: Vec<u8>) {
        check(bytes);
    }

    #[test]
    fn json_is_yaml(value in any_json()) {
        let text = serde_json::to_string_pretty(&value).unwrap();
        let file = SourceFile::parse("f".into(), "f".into(), text.as_bytes());
        prop_assert_eq!(file.root.map(|node| node.to_json()), Some(value), "{}", text);
    }
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        (-1e9..1e9f64).prop_map(Value::from),
        "[a-z0-9 :#'\"\\\\é~.-]{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 5, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            proptest::collection::btree_map("[a-z0-9 .:]{0,6}", inner, 0..5)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}
