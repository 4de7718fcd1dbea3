//! Keys of actors, events that they sign, and whether those hold, without and with a server.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use serde_json::{Value, json};

use crate::process::{ServerProcess, json, run, run_with_input, stdout, transcript};

const APPROVAL: &str = r#"{"eventId":"0197b5a0-0000-7000-8000-00000000abcd","timestamp":"TIME","eventType":"APPROVAL.PROVIDED","actorType":"user","actorId":"ada","correlationId":"run-1","schemaVersion":"1.1.0","payload":{"approvalId":"apr_7F3K","approver":"bob","decision":"approved","subjectDigest":"sha256:3e23e8160039594a33894f6564e1b1348bbd7a0088d42c4acb73eeaed59c009d","channel":"web","reason":"reviewed","weight":1.50},"metadata":{"source":"api","version":"2.1.0","environment":"production","stepId":"step-1"}}"#;

fn approval() -> String {
    let time = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("a time");
    let time = daybook_event::Timestamp::from_microseconds(time.as_micros() as i64);
    APPROVAL.replace("TIME", &time.to_string())
}

fn path(path: &Path) -> &str {
    path.to_str().expect("text")
}

#[test]
fn a_signature_goes_all_the_way() {
    let directory = tempfile::tempdir().expect("a directory");
    let file = |name: &str| directory.path().join(name);
    let (private, public, event) = (file("ada.key"), file("ada.jwk"), file("event.json"));
    let made = run(&["actor-key", "new", path(&private)]);
    assert!(made.status.success(), "{}", transcript(&made));
    fs::write(&public, &made.stdout).expect("a file");
    let mode = fs::metadata(&private).expect("a file").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert!(!stdout(&made).contains("\"d\""));
    // One that is there is never overwritten.
    let again = run(&["actor-key", "new", path(&private)]);
    assert_eq!(again.status.code(), Some(2), "{}", transcript(&again));

    let data = directory.path().join("data");
    fs::create_dir(&data).expect("a directory");
    let server = ServerProcess::start(&data);
    let kid = stdout(&server.run(&["actor-key", "add", "tamma", "ada", "--public-key", path(&public)]));
    let signed = run_with_input(&["sign", "--key", path(&private), "--app", "tamma"], &approval());
    assert!(signed.status.success(), "{}", transcript(&signed));
    let signed = stdout(&signed);
    assert!(signed.starts_with(approval().split("\"timestamp\"").next().expect("a beginning")), "{signed}");
    assert!(signed.contains("\"weight\":1.50"), "what is not signed is not written anew: {signed}");
    let receipts = server.send("tamma", &serde_json::from_str(&signed).expect("JSON"));
    assert_eq!(receipts["stored"], 1, "{receipts}");

    let read = server.get("/v1/tamma/events/0197b5a0-0000-7000-8000-00000000abcd");
    fs::write(&event, read.to_string()).expect("a file");
    for key in [&public, &private] {
        let checked = run(&["signature", "check", "--public-key", path(key), path(&event)]);
        assert!(checked.status.success(), "{}", transcript(&checked));
        assert!(
            stdout(&checked).ends_with(
                "holds: actor, app, correlation, data, environment, id, name, request, source, time, version"
            ),
            "{}",
            transcript(&checked)
        );
    }
    let mut changed = read;
    changed["data"]["decision"] = "rejected".into();
    let checked = run_with_input(
        &["signature", "check", "--public-key", path(&public), "--format", "json"],
        &changed.to_string(),
    );
    assert_eq!(checked.status.code(), Some(1), "{}", transcript(&checked));
    let found: Value = serde_json::from_slice(&checked.stdout).expect("JSON");
    assert_eq!((&found[0]["holds"], &found[0]["kid"]), (&json!(false), &json!(kid)));

    let listed = stdout(&server.run(&["actor-key", "list", "tamma", "ada"]));
    assert!(listed.contains(&kid) && listed.contains("good"), "{listed}");
    server.run(&["actor-key", "revoke", "tamma", &kid]);
    let listed = json(&server.run(&["actor-key", "list", "tamma", "ada", "--format", "json"]));
    assert!(listed[0]["revoked"].is_string(), "{listed}");
    server.run(&["actor-key", "remove", "tamma", &kid]);
    assert_eq!(json(&server.run(&["actor-key", "list", "tamma", "ada", "--format", "json"])), json!([]));
}

#[test]
fn what_cannot_be_signed_or_checked_is_said() {
    let directory = tempfile::tempdir().expect("a directory");
    let key = directory.path().join("a.key");
    assert!(run(&["actor-key", "new", path(&key)]).status.success());
    let sign = |event: &str| {
        let output = run_with_input(&["sign", "--key", path(&key)], event);
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    for (event, reason) in [
        (r#"{"name":"a.b"}"#, "an event that is signed has `id`"),
        (r#"{"id":"1","name":"a.b","signature":"x"}"#, "it has a signature"),
        (r#"{"id":"1","name":"a.b","time":"2026-01-14T15:00:00Z","data":{"n":9007199254740993}}"#, "\"/data/n\""),
        ("[]", "an event is a JSON object"),
    ] {
        let (status, said) = sign(event);
        assert!(status == Some(2) && said.contains(reason) && said.contains("line 1"), "{event}: {said}");
    }
    let unsigned = run_with_input(&["signature", "check", "--public-key", path(&key)], r#"{"id":"1","name":"a.b"}"#);
    assert_eq!(unsigned.status.code(), Some(1));
    assert_eq!(
        String::from_utf8_lossy(&unsigned.stdout).trim(),
        "1  does not hold: there is no signature in it to check"
    );
    fs::write(directory.path().join("x"), "no key").expect("a file");
    let none = run(&["sign", "--key", path(&directory.path().join("x"))]);
    assert_eq!(none.status.code(), Some(2), "{}", transcript(&none));
}
