//! `daybook master-key`, with a server and without, and the key that a server makes.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Output;

use serde_json::{Value, json};

use crate::process::{ServerProcess, daybook, home, json, master_key, run, stdout, transcript};

/// The command on this data directory, with this master key.
fn on(data: &Path, key: &Path, arguments: &[&str]) -> Output {
    let mut command = daybook(&["master-key"]);
    command.args(arguments).arg("--data").arg(data).arg("--master-key-file").arg(key);
    command.output().expect("the command runs")
}

/// The identities in the feed, where they can be read.
fn identities(server: &ServerProcess) -> Vec<Value> {
    let page = server.get("/v1/shop/events");
    page["events"].as_array().into_iter().flatten().map(|event| event["identity"].clone()).collect()
}

#[test]
fn a_master_key_is_made_shown_checked_and_rotated() {
    let directory = tempfile::tempdir().expect("a directory");
    let data = directory.path();
    let key = master_key(data);
    let server = ServerProcess::start(data);
    assert_eq!(fs::metadata(&key).expect("a key").permissions().mode() & 0o777, 0o600);
    server.send("shop", &json!({"name": "order.cancelled", "identity": "ada"}));

    let shown = stdout(&on(data, &key, &["show"]));
    assert!(shown.contains(&key.display().to_string()) && shown.contains("generation"), "{shown}");
    let text = fs::read_to_string(&key).expect("a key");
    let secret = text.lines().find(|line| line.starts_with("dbm_")).expect("a key").to_owned();
    for output in [on(data, &key, &["show"]), on(data, &key, &["show", "--format", "json"]), on(data, &key, &["check"])]
    {
        assert!(!transcript(&output).contains(&secret), "{}", transcript(&output));
    }
    let check = on(data, &key, &["check", "--format", "json"]);
    assert_eq!(json(&check)["unreadable_people"], 0);
    assert_eq!(json(&check)["file"], key.display().to_string());

    // Beside a server that runs, which goes on.
    let rotated = json(&on(data, &key, &["rotate", "--format", "json"]));
    assert_eq!((&rotated["generations"], &rotated["locked"]), (&json!(1), &json!(0)), "{rotated}");
    assert!(!fs::read_to_string(&key).expect("a key").contains(&secret), "the old key is still there");
    server.send("shop", &json!({"name": "order.cancelled", "identity": "bob"}));
    assert_eq!(identities(&server), ["ada", "bob"]);
    server.stop();

    // Without one, to another file.
    let new = data.join("new-master.key");
    let rotated = on(data, &key, &["rotate", "--new-file", &new.display().to_string()]);
    assert_eq!(stdout(&rotated), new.display().to_string());
    assert!(String::from_utf8_lossy(&rotated.stderr).contains("--master-key-file"), "{}", transcript(&rotated));
    assert_eq!(fs::metadata(&new).expect("a key").permissions().mode() & 0o777, 0o600);
    assert!(on(data, &new, &["check"]).status.success());
    let old = on(data, &key, &["check"]);
    assert_eq!(old.status.code(), Some(1), "{}", transcript(&old));
    // Once more, as after a crash: the key that is there is taken.
    let again = on(data, &new, &["rotate", "--new-file", &data.join("newer.key").display().to_string()]);
    assert!(again.status.success(), "{}", transcript(&again));
    let kept = fs::read_to_string(data.join("newer.key")).expect("a key");
    let finished = on(data, &new, &["rotate", "--new-file", &data.join("newer.key").display().to_string()]);
    assert!(finished.status.success(), "{}", transcript(&finished));
    assert_eq!(fs::read_to_string(data.join("newer.key")).expect("a key"), kept);

    fs::rename(data.join("newer.key"), &key).expect("it is moved");
    let server = ServerProcess::start(data);
    assert_eq!(identities(&server), ["ada", "bob"]);
}

#[test]
fn a_lost_key_stops_nobody_and_a_found_one_opens_everything() {
    let directory = tempfile::tempdir().expect("a directory");
    let data = directory.path();
    let key = master_key(data);
    let server = ServerProcess::start(data);
    server.send("shop", &json!({"name": "order.cancelled", "identity": "ada"}));
    server.stop();
    let lost = data.join("lost.key");
    fs::rename(&key, &lost).expect("it is moved");

    let missing = on(data, &key, &["check"]);
    assert_eq!(missing.status.code(), Some(1), "{}", transcript(&missing));
    assert!(!key.exists(), "looking for a key made one");
    let server = ServerProcess::start(data);
    assert!(!key.exists(), "another key would open nothing");
    server.send("shop", &json!({"name": "order.cancelled", "identity": "bob"}));
    assert_eq!(identities(&server), [Value::Null, json!("bob")]);
    assert_eq!(server.get("/v1/privacy")["vault"]["state"], "degraded");
    server.stop();

    fs::rename(&lost, &key).expect("it is moved");
    let server = ServerProcess::start(data);
    assert_eq!(identities(&server), ["ada", "bob"]);
    assert!(on(data, &key, &["check"]).status.success());
    server.stop();
    let rotated = on(data, &key, &["rotate"]);
    assert!(rotated.status.success(), "{}", transcript(&rotated));
    let server = ServerProcess::start(data);
    assert_eq!(identities(&server), ["ada", "bob"]);
}

#[test]
fn without_an_option_the_key_lies_in_the_users_configuration() {
    let directory = tempfile::tempdir().expect("a directory");
    let configuration = tempfile::tempdir().expect("a directory");
    let mut child = daybook(&["serve", "--listen", "127.0.0.1:0", "--data"])
        .arg(directory.path())
        .env("XDG_CONFIG_HOME", configuration.path())
        .spawn()
        .expect("a server");
    let stderr = std::io::BufReader::new(child.stderr.take().expect("its standard error"));
    let mut said = String::new();
    for line in std::io::BufRead::lines(stderr).map_while(Result::ok) {
        said.push_str(&line);
        said.push('\n');
        if line.starts_with("listening on") {
            break;
        }
    }
    child.kill().expect("it can be killed");
    child.wait().expect("it ends");
    let mut show = daybook(&["master-key", "show", "--format", "json", "--data"]);
    let shown =
        json(&show.arg(directory.path()).env("XDG_CONFIG_HOME", configuration.path()).output().expect("it runs"));
    let file = Path::new(shown["file"].as_str().expect("a file"));
    assert!(file.starts_with(configuration.path()) && file.exists(), "{shown}");
    let name = file.display().to_string();
    assert!(said.contains(&format!("a new master key is in {name}")) && said.contains("keep a copy"), "{said}");
    assert!(!home().join(".config").exists());

    // Given as text, it has no file to be rotated in.
    let text = fs::read_to_string(file).expect("a key");
    let secret = text.lines().find(|line| line.starts_with("dbm_")).expect("a key");
    let mut rotate = daybook(&["master-key", "rotate", "--data"]);
    let output = rotate.arg(directory.path()).env("DAYBOOK_MASTER_KEY", secret).output().expect("it runs");
    assert_eq!(output.status.code(), Some(2), "{}", transcript(&output));
    assert!(
        !transcript(&output).contains(secret) && transcript(&output).contains("--new-file"),
        "{}",
        transcript(&output)
    );
    assert_eq!(run(&["master-key", "show", "--data", "/nowhere/at/all"]).status.code(), Some(2));
}
