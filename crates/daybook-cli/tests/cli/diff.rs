//! `daybook diff`.

use std::fs;
use std::path::Path;

use insta::assert_snapshot;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::process::{ServerProcess, json as report_of, run, shop_catalog, transcript};

const OLD: &str = "events:
  - name: order.placed
    description: Somebody ordered.
    data: {type: object, properties: {total: {type: string}, buyer: {type: string}}, required: [total]}
    pii: {buyer: identifier}
    examples: [{total: '5'}]
";
const NEXT: &str = "  - name: order.placed
    version: VERSION
    description: Somebody ordered.
    data: {type: object, properties: {sum: {type: integer, minimum: 1}, buyer: {type: string}}, required: [sum]}
    pii: {buyer: identifier}
    examples: [{sum: 5}]
    migrations: [{from: 1.0.0, steps: [{rename: {total: sum}}, {convert: {sum: integer}}]}]
";

/// A catalog in a directory of its own.
fn shop(version: &str, events: &str) -> TempDir {
    let directory = tempfile::tempdir().expect("a directory");
    fs::create_dir(directory.path().join("events")).expect("a directory");
    let header = format!("app: shop\nversion: {version}\ntitle: Shop\n");
    fs::write(directory.path().join("catalog.yaml"), header).expect("a file");
    fs::write(directory.path().join("events/orders.yaml"), events).expect("a file");
    directory
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a path of text")
}

#[test]
fn a_catalog_is_no_different_from_itself() {
    let output = run(&["diff", "../../catalogs", "../../catalogs"]);
    assert_snapshot!(transcript(&output), @r"
    exit status: 0
    --- stdout

    --- stderr
    nothing changed
    ");
}

#[test]
fn a_version_that_does_not_say_what_changed_is_told() {
    let old = shop("1.0.0", OLD);
    let new = shop("1.1.0", &format!("{OLD}{}", NEXT.replace("VERSION", "1.1.0")));
    assert_snapshot!(transcript(&run(&["diff", text(old.path()), text(new.path())])));
    let right = shop("2.0.0", &format!("{OLD}{}", NEXT.replace("VERSION", "2.0.0")));
    let output = run(&["diff", text(old.path()), text(right.path()), "--format", "json"]);
    let report = report_of(&output);
    assert_eq!(report.pointer("/apps/0/parts/1/needs").and_then(|needs| needs.as_str()), Some("major"));
    assert!(report.pointer("/apps/0/parts/1/wanted").is_some_and(Value::is_null), "{report}");
}

#[test]
fn recorded_events_are_held_against_the_new_catalog() {
    let old = shop("1.0.0", OLD);
    let new = shop("2.0.0", &format!("events:\n{}", NEXT.replace("VERSION", "2.0.0")));
    let recorded = old.path().join("recorded.ndjson");
    let event = |position: u64, data: &str| {
        format!(
            "{{\"position\": {position}, \"app\": \"shop\", \"name\": \"order.placed\", \"version\": \"1.0.0\", \"data\": {data}}}\n"
        )
    };
    let lines = [event(1, r#"{"total": "5"}"#), event(2, r#"{"total": "many"}"#), event(3, r#"{"total": "0"}"#)];
    fs::write(&recorded, lines.concat()).expect("a file");
    let output = run(&["diff", text(old.path()), text(new.path()), "--app", "shop", "--events", text(&recorded)]);
    assert_snapshot!(transcript(&output));
}

#[test]
fn a_log_is_held_against_the_new_catalog() {
    let data = tempfile::tempdir().expect("a directory");
    let server = ServerProcess::start(data.path());
    let events = json!([
        {"name": "order.placed", "data": {"total": 0.5}},
        {"name": "order.placed", "data": {"total": 5}},
        {"name": "order.cancelled"},
    ]);
    assert_eq!(server.send("shop", &events)["stored"], 3);
    let old = shop_catalog();
    let new = tempfile::tempdir().expect("a directory");
    fs::create_dir(new.path().join("events")).expect("a directory");
    fs::copy(old.join("catalog.yaml"), new.path().join("catalog.yaml")).expect("a file");
    let orders = fs::read_to_string(old.join("events/orders.yaml")).expect("a file");
    let stricter = orders.replace("minimum: 0", "minimum: 1");
    assert_ne!(orders, stricter);
    fs::write(new.path().join("events/orders.yaml"), stricter).expect("a file");
    let output =
        server.run(&["diff", text(&old), text(new.path()), "--app", "shop", "--against-log", "--format", "json"]);
    assert_eq!(output.status.code(), Some(1), "{}", transcript(&output));
    let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let found = |name: &str| {
        let recorded = report.pointer("/recorded/0/events").and_then(Value::as_array).expect("a list");
        recorded.iter().find(|seen| seen["name"] == name).cloned().expect("what was seen of it")
    };
    assert_eq!(
        (&found("order.placed")["events"], &found("order.placed")["invalid"]),
        (&json!(2), &json!(1)),
        "{report}"
    );
    assert_eq!(found("order.placed")["examples"].as_array().map(Vec::len), Some(1));
    assert_eq!(found("order.cancelled")["invalid"], 0, "{report}");
}

#[test]
fn what_cannot_be_compared_is_said() {
    let old = shop("1.0.0", OLD);
    let broken = shop("1.0.0", "events:\n  - {name: order.placed, version: one}\n");
    let output = run(&["diff", text(old.path()), text(broken.path())]);
    assert_eq!(output.status.code(), Some(2), "{}", transcript(&output));
    let output = run(&["diff", text(old.path()), text(old.path()), "--app", "other"]);
    assert_eq!(output.status.code(), Some(2), "{}", transcript(&output));
}
