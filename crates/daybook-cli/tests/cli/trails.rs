//! `daybook trace` and `daybook audit`, against a server.

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::process::{ServerProcess, json as read, stdout, transcript};

fn id(number: u64) -> String {
    format!("0197c1de-7b00-7000-8000-{number:012}")
}

fn event(number: u64, name: &str, cause: Option<u64>, actor: (&str, &str), data: &Value) -> Value {
    let mut event = json!({
        "id": id(number), "name": name, "time": format!("2026-01-16T10:00:{number:02}Z"), "correlation": "wf-1",
        "actor": {"type": actor.0, "id": actor.1}, "data": data
    });
    if let Some(cause) = cause {
        event["causation"] = id(cause).into();
    }
    event
}

/// A workflow of Tamma's.
fn workflow() -> Value {
    let bot = ("system", "orchestrator-1");
    let digest = |digit: &str| format!("sha256:{}", digit.repeat(64));
    let request = |attempt: u64| {
        json!({
            "requestId": "req_1", "provider": "anthropic", "model": "large", "purpose": "code-generation",
            "promptDigest": digest("a"), "attempt": attempt,
            "resourcesAccessed": [{"kind": "file", "id": "src/basket.ts"}]
        })
    };
    let issue = json!({"repository": "acme/shop", "issueNumber": 7, "reason": "oldest first"});
    let failed = json!({
        "requestId": "req_1", "provider": "anthropic", "errorCode": "overloaded", "message": "come again", "retryable": true
    });
    let answered = json!({
        "requestId": "req_1", "provider": "anthropic", "model": "large", "responseDigest": digest("b"), "inputTokens": 10,
        "outputTokens": 20, "durationMs": 1500, "finishReason": "stop"
    });
    let written = json!({
        "repository": "acme/shop", "branch": "main", "path": "src/basket.ts", "digestBefore": digest("c"),
        "digestAfter": digest("d"), "reason": "it was rounded twice"
    });
    let asked =
        json!({"approvalId": "apr_1", "subject": "merge", "subjectDigest": digest("e"), "reason": "it is the rule"});
    let agreed =
        json!({"approvalId": "apr_1", "approver": "mkowalska", "decision": "approved", "subjectDigest": digest("e")});
    json!([
        event(1, "ISSUE.SELECTED.SUCCESS", None, bot, &issue),
        event(2, "AI.REQUEST.STARTED", Some(1), bot, &request(1)),
        event(4, "AI.ERROR.OCCURRED", Some(2), ("ai", "anthropic"), &failed),
        event(5, "AI.REQUEST.STARTED", Some(1), bot, &request(2)),
        event(7, "AI.RESPONSE.RECEIVED", Some(5), ("ai", "anthropic"), &answered),
        event(8, "CODE.FILE.UPDATED", Some(7), bot, &written),
        event(9, "APPROVAL.REQUESTED", Some(8), bot, &asked),
        event(30, "APPROVAL.PROVIDED", Some(9), ("user", "mkowalska"), &agreed),
    ])
}

#[test]
fn a_workflow_is_followed_and_answered_for() {
    let directory = tempfile::tempdir().expect("a directory");
    let server = ServerProcess::start(directory.path());
    let receipts = server.send("tamma", &workflow());
    assert_eq!(receipts["stored"], 8, "{receipts}");
    server.fills_lake("tamma");
    let positions: Vec<u64> = receipts["receipts"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|receipt| receipt["position"].as_u64())
        .collect();
    let (first, last) = (positions[0].to_string(), positions[7].to_string());

    let trace = stdout(&server.run(&["trace", "wf-1", "--app", "tamma", "--as-of", &last]));
    assert_snapshot!(trace, @r"
    trace wf-1: 8 events, 1 failure, 1 further attempt
    2026-01-16T10:00:01.000Z to 2026-01-16T10:00:30.000Z, 29 s

    ISSUE.SELECTED.SUCCESS  2026-01-16T10:00:01.000Z  by system orchestrator-1
    ├─ AI.REQUEST.STARTED  +1 s  by system orchestrator-1
    │  ↓ AI.ERROR.OCCURRED  +2 s  took 2 s  by ai anthropic  FAILED
    └─ AI.REQUEST.STARTED  +4 s  by system orchestrator-1  attempt 2
       ↓ AI.RESPONSE.RECEIVED  +2 s  took 1.5 s  by ai anthropic
       ↓ CODE.FILE.UPDATED  +1 s  by system orchestrator-1
       ↓ APPROVAL.REQUESTED  +1 s  by system orchestrator-1
       ↓ APPROVAL.PROVIDED  +21 s  took 21 s  by user mkowalska
    ");
    let before = stdout(&server.run(&["trace", "wf-1", "--app", "tamma", "--as-of", &first]));
    assert!(before.starts_with("trace wf-1: 1 event\n"), "{before}");
    let two = stdout(&server.run(&["trace", "wf-1", "--app", "tamma", "--as-of", &last, "--limit", "2"]));
    assert_eq!(two.lines().count(), 5, "{two}");
    let whole = read(&server.run(&["trace", "wf-1", "--app", "tamma", "--as-of", &last, "--format", "json"]));
    assert_eq!((whole["nodes"].as_array().map(Vec::len), whole.get("next")), (Some(8), None));

    let audit = |more: &[&str]| {
        let arguments = [&["audit", "--app", "tamma", "--correlation", "wf-1", "--as-of", &last], more].concat();
        server.run(&arguments)
    };
    let without_positions = |text: &str| {
        positions.iter().zip("ABCDEFGH".chars()).fold(text.to_owned(), |text, (position, letter)| {
            text.lines()
                .map(|line| match line.strip_prefix(&format!("{position:>8}")) {
                    Some(rest) => format!("{letter:>8}{rest}\n"),
                    None => format!("{line}\n"),
                })
                .collect()
        })
    };
    assert_snapshot!(without_positions(&stdout(&audit(&["--question", "changed", "--question", "read"]))), @r#"
    position                      time  name                read                                                      changed
           B  2026-01-16T10:00:02.000Z  AI.REQUEST.STARTED  resourcesAccessed=[{"id":"src/basket.ts","kind":"file"}]
           D  2026-01-16T10:00:05.000Z  AI.REQUEST.STARTED  resourcesAccessed=[{"id":"src/basket.ts","kind":"file"}]
           F  2026-01-16T10:00:08.000Z  CODE.FILE.UPDATED                                                             path=src/basket.ts; digestBefore=sha256:cccccccccccccccccccc…
    "#);
    let csv = stdout(&audit(&["--format", "csv", "--question", "who"]));
    assert_eq!(csv.lines().next(), Some("position,time,name,who"));
    assert!(csv.contains(",APPROVAL.PROVIDED,user mkowalska; approver=mkowalska"), "{csv}");
    let report = stdout(&audit(&["--format", "markdown", "--question", "why"]));
    assert!(report.contains("- **why**:\n  - because of AI.RESPONSE.RECEIVED at "), "{report}");
    assert!(report.contains("  - reason=it was rounded twice\n"), "{report}");
    let whole = read(&audit(&["--format", "json"]));
    assert_eq!(whole["events"].as_array().map(Vec::len), Some(8));
    let few = audit(&["--limit", "3", "--format", "json"]);
    assert_eq!(read(&few)["events"].as_array().map(Vec::len), Some(3));
    assert!(String::from_utf8_lossy(&few.stderr).contains("there are more events"), "{}", transcript(&few));
    let person =
        stdout(&server.run(&["audit", "--app", "tamma", "--actor", "mkowalska", "--as-of", &last, "--format", "csv"]));
    assert_eq!(person.lines().count(), 2, "{person}");
    server.stop();
}

#[test]
fn what_cannot_be_asked_is_said() {
    let directory = tempfile::tempdir().expect("a directory");
    let server = ServerProcess::start(directory.path());
    assert_snapshot!(transcript(&server.run(&["audit", "--app", "tamma"])), @"
    exit status: 2
    --- stdout

    --- stderr
    error: the server answered 400 (audit.of-what): An audit is of a trace, of an actor, or of a period.
      hint: Give correlation, actor, or from and to.
    ");
    assert_snapshot!(transcript(&server.run(&["trace", "nobody", "--app", "tamma", "--as-of", "soon"])), @"
    exit status: 2
    --- stdout

    --- stderr
    error: the server answered 400 (query.value): as_of is a position, or an RFC 3339 date and time such as 2026-01-14T15:00:00Z.
    ");
    assert_snapshot!(transcript(&server.run(&["trace", "nobody", "--app", "tamma"])), @"
    exit status: 2
    --- stdout

    --- stderr
    error: the server answered 404 (trace.unknown): No event has this correlation.
      hint: What was received a moment ago is found within a second.
    ");
    server.stop();
}
