//! `daybook retention`, against a server.

use crate::process::{ServerProcess, json, run, stdout, transcript};

#[test]
fn the_retention_is_planned_run_and_told() {
    let directory = tempfile::tempdir().expect("a directory");
    let server = ServerProcess::start(directory.path());
    server.send("shop", &serde_json::json!({"name": "order.cancelled", "identity": "ada"}));
    assert_eq!(stdout(&server.run(&["retention", "plan"])), "Nothing is past its time.");
    let plan = json(&server.run(&["retention", "plan", "--format", "json"]));
    assert!(plan["months"].as_array().is_some_and(Vec::is_empty) && plan["now"].is_string(), "{plan}");
    let status = stdout(&server.run(&["retention", "status"]));
    assert!(status.starts_with("runs every day"), "{status}");

    let done = stdout(&server.run(&["retention", "run"]));
    assert!(done.contains("months     0") && done.contains("records    0"), "{done}");
    let begun = json(&server.run(&["retention", "run", "--no-wait", "--format", "json"]));
    assert!(begun["run"].is_string(), "{begun}");
    let again = server.run(&["retention", "run", "--format", "json"]);
    // It has ended by now, or is under way.
    assert!([Some(0), Some(1)].contains(&again.status.code()), "{}", transcript(&again));
    let status = stdout(&server.run(&["retention", "status"]));
    assert!(status.contains("last run   "), "{status}");
    assert!(json(&server.run(&["retention", "status", "--format", "json"]))["last"]["run"].is_string());

    let stranger = run(&["retention", "run", "--server", &server.url, "--key", "dbk_wrong"]);
    assert_eq!(stranger.status.code(), Some(2), "{}", transcript(&stranger));
}
