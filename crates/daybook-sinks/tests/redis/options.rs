//! What is said of the handler, and what is wrong with it.

use daybook_sinks::{BuildError, Built};
use serde_json::{Value, json};

use crate::support::{app, spec, try_build};

#[test]
fn options_are_checked() {
    let check = |options: Value, expected: &[&str]| {
        let wrong = daybook_sinks::check(&spec(&options), &app());
        assert_eq!(wrong.len(), expected.len(), "{options}: {wrong:?}");
        for (wrong, expected) in wrong.iter().zip(expected) {
            assert!(wrong.contains(expected), "{options}: {wrong}");
        }
    };
    check(json!({}), &[]);
    check(
        json!({"prefix": "a:b", "intervals": ["day", "hour"], "dimensions": ["method"], "ttl": {"minute": "2h", "day": "1000d"}}),
        &[],
    );
    check(json!({"prefix": ""}), &["options.prefix"]);
    check(json!({"prefix": "a*"}), &["options.prefix"]);
    check(json!({"intervals": []}), &["options.intervals"]);
    check(json!({"intervals": ["week"]}), &["options.intervals"]);
    check(json!({"ttl": {"minute": "0s"}}), &["options.ttl.minute"]);
    check(json!({"ttl": {"minute": 5}}), &["options.ttl.minute"]);
    check(json!({"dimensions": ["colour"], "prefix": "ü"}), &["options.prefix", "`colour`"]);
    check(json!({"prefx": "a"}), &["did you mean `prefix`?"]);
}

#[test]
fn settings_are_checked_and_not_shown() {
    let check = |settings: Value, expected: &str| {
        let wrong = try_build(&json!({}), Some(&settings)).unwrap_err();
        let said = wrong.to_string();
        assert!(matches!(wrong, BuildError::Setting { .. }) && said.contains(expected), "{said}");
        assert!(!said.contains("secret"), "{said}");
    };
    check(json!({"url": "http://u:secret@h"}), "consumers.\"shop/numbers\".url");
    check(json!({"url": "secret"}), "redis://");
    check(json!({"url": "redis://:secret@h", "ca-file": "/nonexistent"}), "ca-file");
    check(json!({"url": "redis://:secret@h", "timeout": "0s"}), "timeout");
    check(json!({"url": "redis://:secret@h", "timeout": "1h"}), "timeout");
    check(json!({"url": "redis://:secret@h", "timout": "1s"}), "did you mean `timeout`?");
    for settings in [None, Some(json!({"enabled": true})), Some(json!({"timeout": "5s"}))] {
        let built = try_build(&json!({}), settings.as_ref()).unwrap();
        assert!(matches!(&built, Built::Unconfigured { missing } if missing.contains("url-file")), "{built:?}");
    }
    // Nothing is connected to yet.
    assert!(matches!(try_build(&json!({}), Some(&json!({"url": "rediss://h:1/2"}))), Ok(Built::Handler(_))));
}
