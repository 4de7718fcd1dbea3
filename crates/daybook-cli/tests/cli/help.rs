//! What the command says of itself.

use insta::assert_snapshot;

use crate::process::{run, transcript};

fn help(command: &str) -> String {
    let arguments: Vec<&str> = command.split(' ').filter(|word| !word.is_empty()).chain(["--help"]).collect();
    let output = run(&arguments);
    assert!(output.status.success() && output.stderr.is_empty(), "{}", transcript(&output));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn every_command_explains_itself() {
    for command in [
        "",
        "serve",
        "demo",
        "check",
        "validate",
        "keys",
        "keys create",
        "keys list",
        "keys revoke",
        "tail",
        "query",
        "metrics",
        "trace",
        "audit",
        "aggregates",
        "aggregates list",
        "aggregates show",
        "aggregates compute",
        "quarantine",
        "quarantine list",
        "quarantine show",
        "quarantine repair",
        "quarantine retry",
        "quarantine drop",
        "consumers",
        "consumers show",
        "consumers pause",
        "consumers resume",
        "consumers rewind",
        "consumers dead-letters",
        "consumers dead-letters list",
        "consumers dead-letters show",
        "consumers dead-letters replay",
        "consumers dead-letters drop",
        "consumers reload",
        "subject",
        "subject show",
        "subject export",
        "subject erase",
        "subject consent",
        "subject consent list",
        "subject consent set",
        "subject consent grant",
        "subject consent withdraw",
        "subject object",
        "subject verify",
        "lake",
        "lake status",
        "lake retain",
        "retention",
        "retention plan",
        "retention run",
        "retention status",
        "master-key",
        "master-key show",
        "master-key check",
        "master-key rotate",
        "proof-key",
        "proof-key show",
        "proof-key rotate",
        "proof",
        "proof get",
        "proof check",
        "verify",
        "load",
    ] {
        let name = if command.is_empty() { "daybook".to_owned() } else { command.replace(' ', "-") };
        assert_snapshot!(format!("help-{name}"), help(command));
    }
}

#[test]
fn wrong_use_is_answered_with_status_2() {
    assert_snapshot!(transcript(&run(&["chekc"])));
    assert_snapshot!(transcript(&run(&["load", "--batch", "0"])));
    assert_snapshot!(transcript(&run(&["tail", "shop"])));
    assert_snapshot!(transcript(&run(&["tail", "shop", "--key", "k", "--server", "http://127.0.0.1:1"])));
    assert_snapshot!(transcript(&run(&["keys", "list", "--data", "/nowhere/at/all"])));
    assert_snapshot!(transcript(&run(&["subject", "show", "shop", "--key", "k"])));
    assert_snapshot!(transcript(&run(&["subject", "erase", "shop", "--key", "k"])));
    assert_snapshot!(transcript(&run(&["master-key", "check", "--data", "/nowhere/at/all"])));
}
