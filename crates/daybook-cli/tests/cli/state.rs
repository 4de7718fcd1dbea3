//! The state in PostgreSQL, as the command line names it.

use daybook_harness::Postgres;
use serde_json::json;

use crate::process::{ServerProcess, daybook, json as read, run, stdout, transcript};

#[test]
fn a_server_and_its_keys_share_a_database() {
    let postgres = Postgres::start();
    let url = postgres.database();
    let directory = tempfile::tempdir().expect("a directory");
    let server = ServerProcess::start_with(directory.path(), &["--listen", "127.0.0.1:0", "--state", &url]);
    assert!(!directory.path().join("state.db").exists());
    // With the URL in the environment, and then as an option.
    let create = ["keys", "create", "--name", "backend", "--app", "shop"];
    let key = stdout(&daybook(&create).env("DAYBOOK_STATE", &url).output().expect("it runs"));
    server.hears_of_key(&key, true);
    let sent = ureq::post(format!("{}/v1/shop/events", server.url))
        .header("authorization", format!("Bearer {key}"))
        .send_json(json!({"name": "order.cancelled"}));
    assert_eq!(sent.expect("an answer").body_mut().read_json::<serde_json::Value>().expect("JSON")["stored"], 1);
    let listed = read(&run(&["keys", "list", "--state", &url, "--format", "json"]));
    let names: Vec<_> = listed.as_array().expect("keys").iter().map(|key| &key["name"]).collect();
    assert_eq!(names, ["admin", "backend"]);
    let id = listed[1]["id"].as_str().expect("an id");
    assert!(run(&["keys", "revoke", "--state", &url, id]).status.success());
}

#[test]
fn a_password_is_shown_nowhere() {
    let check = |arguments: &[&str], url: &str| {
        for output in [
            run(&[arguments, &["--state", url]].concat()),
            daybook(arguments).env("DAYBOOK_STATE", url).output().expect("it runs"),
        ] {
            assert!(!transcript(&output).contains("geheim"), "{}", transcript(&output));
            assert_eq!(output.status.code(), Some(2), "{}", transcript(&output));
        }
    };
    let data = tempfile::tempdir().expect("a directory").path().display().to_string();
    for url in ["postgres://me:geheim@127.0.0.1", "mysql://me:geheim@127.0.0.1/x", "postgres://me:geheim/1@host/x"] {
        check(&["keys", "list"], url);
        check(&["serve", "--data", &data, "--listen", "127.0.0.1:0"], url);
        check(&["master-key", "check", "--data", &data], url);
    }
    let help = daybook(&["serve", "--help"]).env("DAYBOOK_STATE", "postgres://me:geheim@host/x").output();
    assert!(!stdout(&help.expect("it runs")).contains("geheim"));
}
