//! `daybook keys`, `tail` and `quarantine`, against a server.

use serde_json::{Value, json};

use crate::process::{ServerProcess, run, run_with_input, stdout, transcript};

fn send(server: &ServerProcess, key: &str, events: &Value) -> Result<Value, u16> {
    let answer = ureq::post(format!("{}/v1/shop/events", server.url))
        .header("authorization", format!("Bearer {key}"))
        .send_json(events);
    match answer {
        Ok(mut answer) => Ok(answer.body_mut().read_json().expect("JSON")),
        Err(ureq::Error::StatusCode(status)) => Err(status),
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn keys_are_made_used_and_revoked() {
    let directory = tempfile::tempdir().expect("a directory");
    let data = directory.path().display().to_string();
    let server = ServerProcess::start(directory.path());
    let key = stdout(&run(&["keys", "create", "--data", &data, "--name", "backend", "--app", "shop"]));
    assert!(key.starts_with("dbk_"), "{key}");
    let event = json!({"name": "order.cancelled"});
    server.hears_of_key(&key, true);
    assert_eq!(send(&server, &key, &event).expect("an answer")["stored"], 1);

    let list = stdout(&run(&["keys", "list", "--data", &data]));
    assert!(list.contains("backend") && list.contains("admin") && !list.contains(&key), "{list}");
    let keys: Value =
        serde_json::from_str(&stdout(&run(&["keys", "list", "--data", &data, "--format", "json"]))).expect("JSON");
    let id = keys.as_array().expect("keys").iter().find(|key| key["name"] == "backend").expect("the key")["id"].clone();
    let id = id.as_str().expect("an id");
    assert!(run(&["keys", "revoke", "--data", &data, id]).status.success());
    server.hears_of_key(&key, false);
    assert_eq!(send(&server, &key, &event), Err(401));
    assert_eq!(run(&["keys", "revoke", "--data", &data, "nobody"]).status.code(), Some(2));
}

#[test]
fn events_are_tailed_and_the_quarantine_is_worked_off() {
    let directory = tempfile::tempdir().expect("a directory");
    let data = directory.path().display().to_string();
    let server = ServerProcess::start(directory.path());
    let with_server = |arguments: &[&str]| -> Vec<String> {
        arguments.iter().copied().chain(["--server", &server.url, "--data", &data]).map(str::to_owned).collect()
    };
    let call = |arguments: &[&str]| {
        let arguments = with_server(arguments);
        run(&arguments.iter().map(String::as_str).collect::<Vec<_>>())
    };
    let answer = send(
        &server,
        &server.key,
        &json!([
            {"name": "order.placed", "identity": "7", "data": {"total": "1.50"}},
            {"name": "order.placed", "data": {"total": "a lot"}},
            {"name": "order.lost", "data": {}},
            {"name": "order.cancelled"},
        ]),
    );
    assert_eq!(answer.expect("an answer")["quarantined"], 2);

    let tail = stdout(&call(&["tail", "shop", "--after", "0", "--limit", "2"]));
    let lines: Vec<&str> = tail.lines().collect();
    assert!(lines.len() == 2 && lines[0].contains("order.placed  {\"total\":\"1.50\"}"), "{tail}");
    let json =
        stdout(&call(&["tail", "shop", "--after", "0", "--limit", "1", "--name", "order.c*", "--format", "json"]));
    assert_eq!(serde_json::from_str::<Value>(&json).expect("JSON")["name"], "order.cancelled");

    let list = stdout(&call(&["quarantine", "list", "shop"]));
    assert!(list.contains("order.lost") && list.contains("event.unknown-type"), "{list}");
    let entries: Value =
        serde_json::from_str(&stdout(&call(&["quarantine", "list", "shop", "--format", "json"]))).expect("JSON");
    let id_of = |name: &str| {
        let found = entries.as_array().into_iter().flatten().find(|entry| entry["name"] == name);
        found.and_then(|entry| entry["id"].as_u64()).expect("an entry").to_string()
    };
    let (wrong, lost) = (id_of("order.placed"), id_of("order.lost"));
    let shown: Value = serde_json::from_str(&stdout(&call(&["quarantine", "show", "shop", &wrong]))).expect("JSON");
    assert_eq!(shown["event"]["data"]["total"], "a lot");

    let again = call(&["quarantine", "retry", "shop", &lost]);
    assert_eq!(again.status.code(), Some(1), "{}", transcript(&again));
    let mut repaired = shown["event"].clone();
    repaired["data"]["total"] = json!("99.00");
    let arguments = with_server(&["quarantine", "repair", "shop", &wrong]);
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let repair = run_with_input(&arguments, &repaired.to_string());
    assert!(stdout(&repair).contains("\"stored\""), "{}", transcript(&repair));
    assert!(call(&["quarantine", "drop", "shop", &lost]).status.success());
    assert_eq!(stdout(&call(&["quarantine", "list", "shop"])), "");
    let missing = call(&["quarantine", "show", "shop", "999"]);
    assert_eq!(missing.status.code(), Some(2), "{}", transcript(&missing));
}
