//! `daybook load`.

use serde_json::Value;

use crate::process::{ServerProcess, run, transcript};

#[test]
fn a_server_takes_what_load_makes() {
    let directory = tempfile::tempdir().expect("a directory");
    let server = ServerProcess::start(directory.path());
    let report = |more: &[&str]| -> Value {
        let mut arguments = vec!["load", "--server", &server.url, "--key", &server.key, "--format", "json"];
        arguments.extend(more);
        let output = run(&arguments);
        assert!(output.status.success(), "{}", transcript(&output));
        serde_json::from_slice(&output.stdout).expect("JSON")
    };
    for (batch, body, events) in [("1", "json", 200_u64), ("50", "ndjson", 2_010), ("100", "json", 2_000)] {
        let events_text = events.to_string();
        let report = report(&["--batch", batch, "--body", body, "--events", &events_text, "--connections", "3"]);
        assert_eq!(report["events"], events);
        assert_eq!(report["outcomes"]["stored"], events, "{report:#}");
        assert!(report["events_per_second"].as_f64().is_some_and(|rate| rate > 0.0));
        assert!(report["latency_ms"]["p99"].as_f64() >= report["latency_ms"]["p50"].as_f64());
    }
    let paced = report(&["--batch", "10", "--events", "300", "--rate", "300"]);
    // Not faster than it was told; how much slower is the machine's affair.
    assert!(paced["seconds"].as_f64().is_some_and(|seconds| seconds >= 0.9), "{paced:#}");
    assert_eq!(paced["outcomes"]["stored"], 300, "{paced:#}");

    let table = run(&["load", "--server", &server.url, "--key", &server.key, "--events", "100"]);
    assert!(String::from_utf8_lossy(&table.stdout).contains("events: 100 stored"), "{}", transcript(&table));
    let stranger = run(&["load", "--server", &server.url, "--key", "dbk_wrong", "--events", "1"]);
    assert_eq!(stranger.status.code(), Some(2), "{}", transcript(&stranger));
}
