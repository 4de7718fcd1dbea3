//! `daybook verify`, `proof` and `proof-key`, beside a server and without one.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::process::{PATIENCE, ServerProcess, daybook, json, stdout, transcript};

/// The key that signs the log of this data directory, elsewhere.
fn log_key(data: &Path) -> PathBuf {
    data.with_file_name("elsewhere.key")
}

fn verify(data: &Path, arguments: &[&str]) -> Output {
    let mut command = daybook(&["verify", "--data"]);
    command.arg(data).args(arguments).output().expect("the command runs")
}

fn key(data: &Path, arguments: &[&str]) -> Output {
    let mut command = daybook(&["proof-key"]);
    command.args(arguments).arg("--log-key-file").arg(log_key(data)).output().expect("the command runs")
}

fn serve(data: &Path) -> ServerProcess {
    let key = log_key(data).display().to_string();
    ServerProcess::start_with(data, &["--listen", "127.0.0.1:0", "--log-key-file", &key])
}

/// The proof of an event, once it is signed: within a second, unless the machine has other things to do.
fn proof(server: &ServerProcess, id: &str) -> Output {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let proof = server.run(&["proof", "get", "shop", id]);
        if proof.status.success() || !transcript(&proof).contains("proof.not-yet") {
            return proof;
        }
        assert!(Instant::now() < deadline, "{}", transcript(&proof));
    }
}

fn orders(count: u64) -> Value {
    (0..count)
        .map(|number| json!({"name": "order.cancelled", "data": {"reason": format!("reason {number}")}}))
        .collect()
}

#[test]
fn a_directory_is_verified_while_it_is_served_and_after() {
    let directory = tempfile::tempdir().expect("a directory");
    let data = directory.path().join("data");
    let server = serve(&data);
    let receipts = server.send("shop", &orders(600));
    let id = receipts["receipts"][0]["id"].as_str().expect("an id").to_owned();

    // The proof of an event, kept.
    let file = directory.path().join("event.proof.json");
    fs::write(&file, stdout(&proof(&server, &id))).expect("it is written");
    let shown = json(&key(&data, &["show", "--format", "json"]));
    let public = shown["keys"][0].as_str().expect("a key").to_owned();
    let check = |key: &str| daybook(&["proof", "check", "--key", key]).arg(&file).output().expect("the command runs");
    let holds = stdout(&check(&public));
    assert!(holds.contains(&id) && holds.contains("order.cancelled"), "{holds}");
    let other = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
    assert_eq!(check(other).status.code(), Some(1), "{}", transcript(&check(other)));
    assert_eq!(check("rubbish").status.code(), Some(2));
    let mut forged: Value = serde_json::from_str(&fs::read_to_string(&file).expect("a proof")).expect("JSON");
    let record = forged["record"].as_str().expect("a record").replacen('A', "B", 1);
    forged["record"] = record.into();
    fs::write(&file, forged.to_string()).expect("it is written");
    assert_eq!(check(&public).status.code(), Some(1), "{}", transcript(&check(&public)));

    // Beside the server.
    let report = json(&verify(&data, &["--key", &public, "--format", "json"]));
    assert!(report["ok"] == true && report["records"].as_u64() >= Some(600), "{report}");
    server.stop();

    let kept = directory.path().join("kept.checkpoint");
    fs::copy(data.join("proof/checkpoint"), &kept).expect("it is copied");
    let kept = kept.display().to_string();
    let said = stdout(&verify(&data, &["--checkpoint", &kept, "--key", &public]));
    assert!(said.starts_with("right: "), "{said}");

    // A byte of the log.
    let segment = data.join("log/00000000000000000001.seg");
    let mut bytes = fs::read(&segment).expect("a segment");
    bytes[2_000] ^= 1;
    fs::write(&segment, &bytes).expect("it is written");
    let output = verify(&data, &["--log-key-file", &log_key(&data).display().to_string()]);
    let said = transcript(&output);
    assert!(output.status.code() == Some(1) && said.contains("log.damaged") && said.contains(".seg"), "{said}");
    bytes[2_000] ^= 1;
    fs::write(&segment, &bytes).expect("it is written");
    // A tile.
    let tile = data.join("proof/tile/0/001");
    let mut bytes = fs::read(&tile).expect("a tile");
    bytes[40] ^= 1;
    fs::write(&tile, &bytes).expect("it is written");
    let report = verify(&data, &["--key", &public, "--format", "json"]);
    assert_eq!(report.status.code(), Some(1));
    let report: Value = serde_json::from_slice(&report.stdout).expect("JSON");
    assert_eq!(report["findings"][0]["code"], "tile.changed", "{report}");
    assert_eq!(report["findings"][0]["file"], tile.display().to_string());

    assert_eq!(verify(directory.path(), &[]).status.code(), Some(2));
    assert_eq!(verify(&data, &["--checkpoint", "/nowhere/at/all"]).status.code(), Some(2));
}

#[test]
fn the_key_is_shown_and_rotated() {
    let directory = tempfile::tempdir().expect("a directory");
    let data = directory.path().join("data");
    serve(&data).stop();
    let before = json(&key(&data, &["show", "--format", "json"]));
    let text = fs::read_to_string(log_key(&data)).expect("a key");
    let secret = text.lines().find(|line| line.starts_with("PRIVATE+KEY+")).expect("a key").to_owned();
    let rotated = key(&data, &["rotate", "--origin", "shop.example/log", "--format", "json"]);
    assert!(!transcript(&rotated).contains(&secret) && !transcript(&rotated).contains("PRIVATE"));
    let after = json(&rotated);
    assert_eq!((&after["origin"], &after["keys"][1]), (&json!("shop.example/log"), &before["keys"][0]), "{after}");
    // Once more, while a server runs.
    let server = serve(&data);
    let receipts = server.send("shop", &orders(1));
    let id = receipts["receipts"][0]["id"].as_str().expect("an id").to_owned();
    let after = json(&key(&data, &["rotate", "--format", "json"]));
    let deadline = Instant::now() + PATIENCE;
    while json(&proof(&server, &id))["keys"] != after["keys"] {
        assert!(Instant::now() < deadline, "the server does not sign with the new key");
        std::thread::sleep(Duration::from_millis(50));
    }
    server.stop();
    let report = json(&verify(&data, &["--format", "json", "--log-key-file", &log_key(&data).display().to_string()]));
    assert_eq!((&report["ok"], &report["keys"]), (&json!(true), &after["keys"]), "{report}");
    let nowhere = daybook(&["proof-key", "show", "--log-key-file", "/nowhere/at/all"]).output().expect("it runs");
    assert_eq!(nowhere.status.code(), Some(2), "{}", transcript(&nowhere));
}
