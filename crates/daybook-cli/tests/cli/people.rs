//! `daybook subject`, against a server: what people may ask for, from their first event to the last word about them.

use std::fs::{self, File};
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::process::{PATIENCE, ServerProcess, daybook, json, own_address, run, stdout, transcript};

const APP: &str = "unofficial-communities";

fn entered(identity: &str) -> Value {
    json!({"name": "world.zone.entered", "identity": identity, "group": "1",
           "data": {"zone_type": "social_east", "from_zone": "central_hub"}})
}

/// The identity and the anonymous id of the app's last event.
fn last(server: &ServerProcess) -> (Value, Value) {
    let page = server.get(&format!("/v1/{APP}/events?limit=1000"));
    let event = page["events"].as_array().and_then(|events| events.last()).expect("an event").clone();
    (event["identity"].clone(), event["anonymous_id"].clone())
}

/// A file of a zip, as text.
fn unzipped(zip: &Path, name: &str) -> String {
    let mut archive = zip::ZipArchive::new(File::open(zip).expect("a file")).expect("a zip");
    let mut text = String::new();
    archive.by_name(name).expect(name).read_to_string(&mut text).expect("text");
    text
}

#[test]
fn a_life() {
    let directory = tempfile::tempdir().expect("a directory");
    let data = directory.path();
    let server = ServerProcess::start(data);
    server.send(APP, &json!([entered("12345"), entered("678")]));

    // Who they are.
    let known = json(&server.run(&["subject", "show", APP, "12345", "--format", "json"]));
    let id = known["anonymous_id"].as_str().expect("an id").to_owned();
    let shown = stdout(&server.run(&["subject", "show", "--app", APP, "12345"]));
    assert!(shown.contains(&id) && shown.contains("objects       no") && shown.contains("telemetry"), "{shown}");

    // What they agree to.
    let consents = stdout(&server.run(&["subject", "consent", "list", APP, "12345"]));
    assert!(consents.contains("whatsapp_activity  not granted  never asked"), "{consents}");
    let set = |arguments: &[&str]| stdout(&server.run(&[&["subject", "consent"], arguments].concat()));
    assert_eq!(set(&["withdraw", APP, "12345", "telemetry"]), "telemetry: not granted (before: never asked)");
    server.send(APP, &entered("12345"));
    let (identity, anonymous) = last(&server);
    assert!(identity.is_null() && anonymous != id.as_str(), "{identity} {anonymous}");
    assert_eq!(
        set(&["set", APP, "12345", "telemetry", "--granted", "true", "--source", "settings", "--version", "7"]),
        "telemetry: granted (before: not granted)"
    );
    server.send(APP, &entered("12345"));
    assert_eq!(last(&server), (json!("12345"), json!(id)));
    let time = ["--time", "2026-01-14T15:00:00Z"];
    set(&[&["grant", "--app", APP, "12345", "whatsapp_activity"], &time[..]].concat());
    let consents = json(&server.run(&["subject", "consent", "list", APP, "12345", "--format", "json"]));
    assert_eq!(consents[0]["source"], "settings");
    assert_eq!(consents[1]["time"], "2026-01-14T15:00:00.000Z");
    for wrong in [
        &["grant", APP, "12345", "newsletter"][..],
        &["grant", APP, "12345", "telemetry", "--time", "2999-01-01T00:00:00Z"],
        &["grant", APP, "12345", "telemetry", "--time", "yesterday"],
        &["set", APP, "12345", "telemetry"],
        &["grant", APP, "12345"],
    ] {
        let output = server.run(&[&["subject", "consent"], wrong].concat());
        assert_eq!(output.status.code(), Some(2), "{wrong:?}: {}", transcript(&output));
    }

    // That they object.
    assert!(
        stdout(&server.run(&["subject", "object", APP, "12345", "--source", "support"])).starts_with("objects since")
    );
    server.send(APP, &entered("12345"));
    assert!(last(&server).0.is_null());
    assert_eq!(stdout(&server.run(&["subject", "object", APP, "12345", "--withdraw"])), "does not object");

    // Everything about them.
    let zip = data.join("12345.zip");
    let out = zip.display().to_string();
    let export = server.run(&["subject", "export", APP, "12345", "--out", &out]);
    assert!(export.status.success() && export.stdout.is_empty(), "{}", transcript(&export));
    assert_eq!(fs::metadata(&zip).expect("a file").permissions().mode() & 0o777, 0o600);
    assert_eq!(unzipped(&zip, "events.ndjson").lines().count(), 2);
    assert!(unzipped(&zip, "README.txt").contains("12345"));
    let again = server.run(&["subject", "export", APP, "12345", "--out", &out]);
    assert_eq!(again.status.code(), Some(2), "{}", transcript(&again));
    assert!(server.run(&["subject", "export", APP, "12345", "--out", &out, "--force"]).status.success());
    let piped = server.run(&["subject", "export", APP, "12345", "--out", "-"]);
    assert!(piped.status.success() && piped.stdout.starts_with(b"PK"), "{}", transcript(&piped));

    // That they go.
    let report = data.join("report.json").display().to_string();
    let reason = ["--reason", "asked by mail"];
    let erase = server.run(&[&["subject", "erase", APP, "12345", "--report", &report], &reason[..]].concat());
    let said = stdout(&erase);
    assert!(said.contains("erased    1") && said.contains("reason    asked by mail"), "{said}");
    assert!(!said.contains("12345") && said.contains("were destroyed"), "{said}");
    let gone = server.run(&["subject", "show", APP, "12345"]);
    assert!(gone.status.code() == Some(2) && transcript(&gone).contains("subject.unknown"), "{}", transcript(&gone));
    let none = data.join("none.zip");
    let export = server.run(&["subject", "export", APP, "12345", "--out", &none.display().to_string()]);
    assert!(export.status.code() == Some(2) && !none.exists(), "{}", transcript(&export));
    let events = server.get(&format!("/v1/{APP}/events?limit=1000"));
    let identities: Vec<_> =
        events["events"].as_array().into_iter().flatten().map(|event| &event["identity"]).collect();
    assert!(identities.contains(&&json!("678")) && !identities.contains(&&json!("12345")), "{identities:?}");

    // That it can be shown that they did.
    let key = server.get("/v1/privacy")["report_key"].as_str().expect("a key").to_owned();
    let verified = run(&["subject", "verify", &report, "--key", &key]);
    assert!(stdout(&verified).contains("erased    1"), "{}", transcript(&verified));
    assert!(!transcript(&verified).contains("warning"), "{}", transcript(&verified));

    // Once more, and nobody is there.
    let again = json(&server.run(&["subject", "erase", "--app", APP, "12345", "--format", "json"]));
    assert_eq!((&again["report"]["erased"], &again["report"]["unknown"]), (&json!(0), &json!(1)), "{again}");
    let request = again["report"]["request"].as_str().expect("a request");
    assert_eq!(json(&server.run(&["subject", "erase", APP, "--request", request, "--format", "json"])), again);
    server.send(APP, &entered("12345"));
    let anew = json(&server.run(&["subject", "show", APP, "12345", "--format", "json"]));
    assert_ne!(anew["anonymous_id"], id.as_str(), "they are somebody new");
}

#[test]
fn reports_are_verified() {
    let directory = tempfile::tempdir().expect("a directory");
    let server = ServerProcess::start(directory.path());
    server.send("shop", &json!({"name": "order.cancelled", "identity": "ada"}));
    let signed = json(&server.run(&["subject", "erase", "shop", "ada", "bob", "--format", "json"]));
    let key = server.get("/v1/privacy")["report_key"].as_str().expect("a key").to_owned();
    server.stop();
    let check = |text: &str, more: &[&str], code: i32, expected: &str| {
        let output = crate::process::run_with_input(&[&["subject", "verify", "-"], more].concat(), text);
        assert_eq!(output.status.code(), Some(code), "{}", transcript(&output));
        assert!(transcript(&output).contains(expected), "{expected} is missing from {}", transcript(&output));
    };
    let with = |change: &dyn Fn(&mut Value)| {
        let mut signed = signed.clone();
        change(&mut signed);
        signed.to_string()
    };
    let jws = signed["jws"].as_str().expect("a jws");
    check(&signed.to_string(), &[], 0, "warning: the key came from the report itself");
    check(&signed.to_string(), &["--key", &key], 0, "the signature holds");
    check(jws, &["--key", &key], 0, "erased    1");
    check(jws, &[], 1, "does not hold");
    check(&json!([signed, signed]).to_string(), &["--key", &key], 0, "all signatures hold");
    check(
        &with(&|signed| signed["report"]["erased"] = json!(2)),
        &["--key", &key],
        1,
        "the readable report was changed",
    );
    check(&with(&|signed| signed["jws"] = json!(jws.replace('.', "A."))), &["--key", &key], 1, "does not hold");
    let mixed = json!([signed, {"report": signed["report"], "jws": "a.b.c", "public_key": key}]).to_string();
    check(&mixed, &["--key", &key], 1, "report 2 does not hold");
    let other = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
    check(&signed.to_string(), &["--key", other], 1, "signed with another key");
    check(&signed.to_string(), &["--key", other, "--key", &key], 0, "the signature holds");
    check(&signed.to_string(), &["--key", "no key"], 2, "is not an Ed25519 key");
    // Keys may begin with what options begin with.
    let dashed = "-1qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
    let output = crate::process::run_with_input(&["subject", "verify", "-", "--key", dashed], &signed.to_string());
    assert!(!transcript(&output).contains("unexpected argument"), "{}", transcript(&output));
    for nothing in ["", "{}", "[]", "a report", "\u{0}\u{1}"] {
        check(nothing, &["--key", &key], 1, "no report of an erasure");
    }
    assert_eq!(run(&["subject", "verify", "no-such-file"]).status.code(), Some(2));
}

#[test]
fn people_have_any_name() {
    let directory = tempfile::tempdir().expect("a directory");
    let server = ServerProcess::start(directory.path());
    let long = "x".repeat(256);
    let names =
        ["a/b", "..", ".", "50%", "%2e%2e", "two words", "ação 日本語 🙂", "?kind=anonymous", "a&b#c", "-5", &long];
    let events: Vec<Value> = names.iter().map(|name| json!({"name": "order.cancelled", "identity": name})).collect();
    assert_eq!(server.send("shop", &json!(events))["stored"], names.len());
    let mut ids = Vec::new();
    for (index, name) in names.iter().enumerate() {
        let known = json(&server.run(&["subject", "show", "shop", "--format", "json", "--", name]));
        ids.push(known["anonymous_id"].as_str().expect("an id").to_owned());
        let zip = directory.path().join(format!("{index}.zip"));
        let out = zip.display().to_string();
        let export = server.run(&["subject", "export", "shop", "--out", &out, "--", name]);
        assert!(export.status.success(), "{name}: {}", transcript(&export));
        assert!(unzipped(&zip, "events.ndjson").contains(&json!(name).to_string()), "{name}");
    }
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), names.len(), "two of them are the same");
    assert_eq!(server.run(&["subject", "show", "shop", "-5"]).status.code(), Some(0), "a number is no option");
    let file = names.join("\n");
    let erased = json(&server.run_with_input(&["subject", "erase", "shop", "--file", "-", "--format", "json"], &file));
    assert_eq!((&erased["report"]["erased"], &erased["report"]["unknown"]), (&json!(names.len()), &json!(0)));

    // The client's own anonymous id is another name.
    server.send("shop", &json!({"name": "order.cancelled", "anonymous_id": "a/1"}));
    assert_eq!(server.run(&["subject", "show", "shop", "a/1"]).status.code(), Some(2));
    stdout(&server.run(&["subject", "show", "shop", "a/1", "--kind", "anonymous"]));
    let erased = json(&server.run(&["subject", "erase", "shop", "a/1", "--kind", "anonymous", "--format", "json"]));
    assert_eq!(erased["report"]["erased"], 1, "{erased}");
}

#[test]
fn what_cannot_be_is_said() {
    let directory = tempfile::tempdir().expect("a directory");
    let data = directory.path().display().to_string();
    let server = ServerProcess::start(directory.path());
    server.send("shop", &json!({"name": "order.cancelled", "identity": "ada"}));
    let check = |arguments: &[&str], input: &str, expected: &str| {
        let output = server.run_with_input(&[&["subject"], arguments].concat(), input);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", transcript(&output));
        assert!(transcript(&output).contains(expected), "{expected} is missing from {}", transcript(&output));
    };
    let from_input = &["erase", "shop", "--file", "-"][..];
    check(from_input, "", "nobody is named");
    check(from_input, "\n# ada\n\n", "nobody is named");
    check(from_input, &format!("ada\n{}\n", "x".repeat(257)), "line 2: has more than 256 bytes");
    check(&["erase", "shop"], "", "nobody is named");
    check(&["erase"], "", "no app is named");
    check(&["erase", "shop", "--file", "no-such-file"], "", "no-such-file");
    check(&["erase", "shop", "adalbert", "--reason", "as Adalbert asked"], "", "the reason names somebody");
    check(&["erase", "shop", "ada", "--request", "1"], "", "names its people itself");
    check(&["erase", "shop", "--request", "no-such-request"], "", "erasure.unknown");
    check(&["erase", "nobody", "ada"], "", "404");
    check(&["show", "shop", "ada", "bob"], "", "unexpected value 'bob'");
    check(&["show", "shop", ""], "", "");
    check(&["export", "shop", "ada", "--out", "no/such/directory/ada.zip"], "", "no/such/directory");
    let report = directory.path().join("report.json");
    fs::write(&report, "what was there").expect("it is written");
    check(&["erase", "shop", "ada", "--report", &report.display().to_string()], "", "is there already");
    assert_eq!(fs::read_to_string(&report).expect("a file"), "what was there");
    // None of that erased anybody.
    stdout(&server.run(&["subject", "show", "shop", "ada"]));

    let reader = stdout(&run(&["keys", "create", "--data", &data, "--name", "reader", "--scope", "read"]));
    server.hears_of_key(&reader, true);
    for (key, code) in [("dbk_wrong", "key.unknown"), (&reader, "403")] {
        for action in
            [&["show", "shop", "ada"][..], &["erase", "shop", "ada"], &["export", "shop", "ada", "--out", "-"]]
        {
            let output = run(&[&["subject"], action, &["--server", &server.url, "--key", key]].concat());
            assert_eq!(output.status.code(), Some(2), "{}", transcript(&output));
            assert!(transcript(&output).contains(code) && output.stdout.is_empty(), "{}", transcript(&output));
        }
    }
}

#[test]
fn a_hundred_thousand_lines() {
    let directory = tempfile::tempdir().expect("a directory");
    let server = ServerProcess::start(directory.path());
    server.send("shop", &json!({"name": "order.cancelled", "identity": "99999"}));
    let file = directory.path().join("people.txt");
    let lines: Vec<String> = (0..100_000).map(|number| number.to_string()).collect();
    fs::write(&file, lines.join("\r\n")).expect("it is written");
    let report = directory.path().join("reports.json").display().to_string();
    let file = file.display().to_string();
    let began = Instant::now();
    let output = server.run(&["subject", "erase", "shop", "--file", &file, "--yes", "--report", &report]);
    assert!(output.status.success(), "{}", transcript(&output));
    // A small part of what it would take to go through all of them for each.
    assert!(began.elapsed() < 10 * PATIENCE, "{:?}", began.elapsed());
    let reports: Value = serde_json::from_str(&fs::read_to_string(&report).expect("reports")).expect("JSON");
    let reports = reports.as_array().expect("several");
    let sum = |member: &str| reports.iter().filter_map(|signed| signed["report"][member].as_u64()).sum::<u64>();
    assert_eq!((reports.len(), sum("erased"), sum("unknown")), (10, 1, 99_999));
    let verified = run(&["subject", "verify", &report, "--format", "json"]);
    assert_eq!(json(&verified).as_array().map(Vec::len), Some(10));
}

#[test]
fn an_erasure_outlives_its_server() {
    let directory = tempfile::tempdir().expect("a directory");
    let server = ServerProcess::start_with(directory.path(), &["--listen", &own_address()]);
    let people: Vec<String> = (0..11_000).map(|number| format!("customer-{number}")).collect();
    for people in people.chunks(5_000) {
        let events: Vec<Value> =
            people.iter().map(|name| json!({"name": "order.cancelled", "identity": name})).collect();
        server.send("shop", &json!(events));
    }
    let file = directory.path().join("people.txt");
    fs::write(&file, people.join("\n")).expect("it is written");
    let erasing = daybook(&["subject", "erase", "shop", "--format", "json", "--file"])
        .arg(&file)
        .env("DAYBOOK_SERVER", &server.url)
        .env("DAYBOOK_KEY", &server.key)
        .stdout(Stdio::piped())
        .spawn()
        .expect("the command runs");
    let deadline = Instant::now() + PATIENCE;
    while server.get("/v1/shop/erasures")["erasures"].as_array().is_none_or(Vec::is_empty) {
        assert!(Instant::now() < deadline, "nothing was begun");
        std::thread::sleep(Duration::from_millis(5));
    }
    let address = server.url.trim_start_matches("http://").to_owned();
    server.kill();
    let server = ServerProcess::start_with(directory.path(), &["--listen", &address]);
    let output = erasing.wait_with_output().expect("it ends");
    // It waited for the server; only a request that was under way just then is not sent again.
    let said = transcript(&output);
    assert!(output.status.success() || said.contains("cannot reach"), "{said}");
    let begun = server.get("/v1/shop/erasures")["erasures"].as_array().expect("a list").clone();
    assert!(!begun.is_empty());
    for erasure in begun {
        let id = erasure["request"].as_str().expect("an id");
        let report = json(&server.run(&["subject", "erase", "shop", "--request", id, "--format", "json"]));
        assert_eq!(report["report"]["state"], "complete");
        assert!(report["report"]["erased"].as_u64() >= Some(1_000), "{:#}", report["report"]["statement"]);
        assert_eq!(report["report"]["unknown"], 0, "{:#}", report["report"]["statement"]);
    }
}

#[test]
fn an_export_that_breaks_off_leaves_nothing() {
    let directory = tempfile::tempdir().expect("a directory");
    let server = ServerProcess::start(directory.path());
    let events: Vec<Value> = (0..500)
        .map(|number| json!({"name": "order.placed", "identity": "ada", "data": {"total": number, "note": noise(number)}}))
        .collect();
    for events in events.chunks(100) {
        assert_eq!(server.send("shop", &json!(events))["stored"], events.len());
    }
    // Standard output is not read after its beginning, so the export comes to a halt half-way.
    let out = directory.path().join("export");
    fs::create_dir(&out).expect("a directory");
    let mut halted = daybook(&["subject", "export", "shop", "ada", "--out", "-"])
        .env("DAYBOOK_SERVER", &server.url)
        .env("DAYBOOK_KEY", &server.key)
        .stdout(Stdio::piped())
        .spawn()
        .expect("the command runs");
    let mut begun = [0; 4];
    halted.stdout.as_mut().expect("its output").read_exact(&mut begun).expect("a beginning");
    assert!(begun.starts_with(b"PK"), "{begun:?}");
    let zip = out.join("ada.zip").display().to_string();
    stdout(&server.run(&["subject", "export", "shop", "ada", "--out", &zip]));
    assert_eq!(fs::read_dir(&out).expect("a directory").count(), 1, "something lies beside the export");
    let whole = fs::metadata(&zip).expect("a file").len();
    assert!(whole > 15_000_000, "{whole} bytes are too few to stop in the middle");
    server.kill();
    let broken = halted.wait_with_output().expect("it ends");
    assert_eq!(broken.status.code(), Some(2), "an export that broke off counts as one");
    assert!((broken.stdout.len() as u64) < whole);
    assert!(
        String::from_utf8_lossy(&broken.stderr).contains("broke off"),
        "{}",
        String::from_utf8_lossy(&broken.stderr)
    );
}

/// Some text that does not get smaller in a zip.
fn noise(seed: u64) -> String {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let next = move |_| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        char::from(b'a' + (state % 26) as u8)
    };
    (0..60_000).map(next).collect()
}
