//! Keys that are wrong, lost or lie open, and rows that are damaged: the server starts, says what it cannot read, and takes
//! events.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use sea_orm::{ConnectionTrait, Statement};
use serde_json::{Value, json};

use crate::server::{Place, SHOP, Server, bad_order, name, needles, order};

struct Before {
    place: Place,
    names: [String; 3],
    key: String,
}

/// A place with a history.
fn before() -> Before {
    let place = Place::new();
    let server = place.start();
    let names = ["ada", "bob", "carl"].map(name);
    let events: Vec<Value> = names.iter().flat_map(|name| [order(name), bad_order(name)]).collect();
    server.send(&events);
    server.get("/v1/privacy");
    server.stop();
    let key = fs::read_to_string(place.key_file()).expect("a key");
    Before { place, names, key }
}

/// The identities in the feed; null where it cannot be read.
fn identities(server: &Server) -> Vec<Value> {
    server.events(SHOP).iter().map(|event| event["identity"].clone()).collect()
}

/// Nothing of before can be read, everything else goes on, and so it does when the key is back.
fn goes_on_without(before: &Before, expected: &str) {
    let Before { place, names, key } = before;
    let server = place.start();
    place.has_said(expected);
    let vault = server.get("/v1/privacy")["vault"].clone();
    assert_eq!((&vault["state"], &vault["unreadable_people"]), (&json!("degraded"), &json!(3)), "{vault}");
    assert!(vault["unreadable_months"].as_u64() > Some(0), "{vault}");
    assert!(server.events("daybook").iter().any(|event| event["name"] == "privacy.vault.degraded"));
    assert_eq!(identities(&server), [Value::Null, Value::Null, Value::Null]);
    let aside = server.get(&format!("/v1/{SHOP}/quarantine"));
    assert!(
        aside["entries"].as_array().expect("entries").iter().all(|entry| entry.get("event").is_none_or(Value::is_null)),
        "{aside}"
    );

    let dora = name("dora");
    assert_eq!(server.send(&[order(&names[0]), order(&dora)])["stored"], 2);
    assert_eq!(server.send(&[bad_order(&dora)])["quarantined"], 1);
    assert_eq!(identities(&server)[3..], [json!(names[0]), json!(dora)]);
    // Who is erased now is gone as far as can be told, and that it is not all is said.
    let asked = server.post(&format!("/v1/{SHOP}/erasures"), &json!({"identities": [names[1]]}));
    let request = asked["request"].as_str().expect("an id").to_owned();
    server.stop();
    // And again: what stands in is found again.
    let server = place.start();
    assert_eq!(identities(&server)[3..], [json!(names[0]), json!(dora)]);
    server.reaches(&request, "incomplete");
    server.stop();

    // The key is back. The erasure that could not find Bob does so now.
    fs::create_dir_all(place.key_file().parent().expect("a directory")).expect("a directory");
    fs::write(place.key_file(), key).expect("a key");
    fs::set_permissions(place.key_file(), fs::Permissions::from_mode(0o600)).expect("permissions");
    let server = place.start();
    let report = server.verified(&server.finished(&request));
    assert_eq!(report["erased"], 1, "{report:#}");
    assert_eq!(server.get("/v1/privacy")["vault"]["unreadable_people"], 0);
    assert_eq!(identities(&server), [json!(names[0]), Value::Null, json!(names[2]), json!(names[0]), json!(dora)]);
    server.stop();
    place.is_clean_of(&needles(names.iter().map(String::as_str).chain([dora.as_str()])));
    let key = key.lines().find(|line| line.starts_with("dbm_")).expect("a key");
    assert!(!place.said().contains(key));
}

#[test]
fn another_key() {
    let before = before();
    let other = Place::new();
    other.start().stop();
    let wrong = fs::read_to_string(other.key_file()).expect("a key");
    fs::write(before.place.key_file(), &wrong).expect("it is written");
    // The key of now has to stay at hand.
    let stand_in = Before { key: format!("{}\n{wrong}", before.key), ..before };
    goes_on_without(&stand_in, "cannot read 3 people");
}

#[test]
fn a_key_that_was_cut_off() {
    let before = before();
    let length = before.key.trim_end().len() - 9;
    fs::write(before.place.key_file(), &before.key[..length]).expect("it is written");
    goes_on_without(&before, "a master key has 43 characters after dbm_");
    let directory = before.place.configuration().join("daybook");
    let kept = fs::read_dir(directory).expect("a directory").map(|entry| entry.expect("an entry").file_name());
    let stood_in = kept.filter(|name| name.to_string_lossy().ends_with(".stand-in.key")).count();
    assert_eq!(stood_in, 1, "the key that stood in");
}

#[test]
fn an_empty_file_a_directory_and_noise() {
    let before = before();
    let file = before.place.key_file();
    for (make, expected) in [
        ((|file| fs::write(file, "")) as fn(&std::path::Path) -> std::io::Result<()>, "holds no master key"),
        (|file| fs::create_dir(file), "cannot read the master key file"),
        (|file| fs::write(file, [0xff; 4_000]), "is not a text of master keys"),
        (|file| fs::write(file, "dbm_".repeat(100_000)), "is not a text of master keys"),
    ] {
        let place = before.place.copy();
        fs::remove_file(place.key_file()).expect("it is removed");
        make(&place.key_file()).expect("it is made");
        let server = place.start();
        place.has_said(expected);
        assert_eq!(server.get("/v1/privacy")["vault"]["state"], "degraded");
        assert_eq!(server.send(&[order(&before.names[0])])["stored"], 1);
        server.stop();
    }
    assert!(file.is_file());
}

#[test]
fn no_directory_of_keys() {
    let before = before();
    fs::remove_dir_all(before.place.key_file().parent().expect("a directory")).expect("it is removed");
    goes_on_without(&before, "there is no master key file");
}

#[test]
fn a_key_that_others_can_read() {
    let before = before();
    fs::set_permissions(before.place.key_file(), fs::Permissions::from_mode(0o644)).expect("permissions");
    let server = before.place.start();
    before.place.has_said("can be read by others (mode 0644); make it 0600");
    assert_eq!(server.get("/v1/privacy")["vault"]["state"], "open");
    assert_eq!(identities(&server), before.names.map(Value::from));
}

/// Runs SQL in the state of a server that does not run.
fn change(place: &Place, sql: &str) -> u64 {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let place = daybook_server::StatePlace::Directory(place.data());
        let database = daybook_server::open_state(&place).await.expect("the state");
        let statement = Statement::from_string(database.get_database_backend(), sql);
        let changed = database.execute_raw(statement).await.expect("it runs").rows_affected();
        database.close().await.expect("it closes");
        changed
    })
}

/// SQL that turns a bit of a wrapped value over.
fn flipped(column: &str) -> String {
    // SQLite has no bits of blobs; any other byte will do.
    format!(
        "CASE WHEN substr({column}, 21, 1) = x'00' THEN CAST(substr({column}, 1, 20) || x'01' || substr({column}, 22) AS BLOB) \
         ELSE CAST(substr({column}, 1, 20) || x'00' || substr({column}, 22) AS BLOB) END"
    )
}

#[test]
fn a_damaged_row_of_a_person() {
    let Before { place, names, .. } = before();
    let one = "id = (SELECT min(id) FROM subjects)";
    let changed = change(&place, &format!("UPDATE subjects SET wrapped = {} WHERE {one}", flipped("wrapped")));
    assert_eq!(changed, 1);
    let server = place.start();
    // Whichever it was.
    let mut left = identities(&server);
    let damaged = left.iter().position(Value::is_null).expect("somebody who cannot be read");
    let whole: Vec<Value> = names
        .iter()
        .enumerate()
        .map(|(index, name)| if index == damaged { Value::Null } else { json!(name) })
        .collect();
    assert_eq!(left, whole);
    // They come again, and are somebody new.
    let name = &names[damaged];
    assert_eq!(server.send(&[order(name)])["stored"], 1);
    left.push(json!(name));
    assert_eq!(identities(&server), left);
    place.has_said("damaged");
    let vault = server.get("/v1/privacy")["vault"].clone();
    assert_eq!(vault["people"], 3, "{vault}");
    let report = server.verified(&server.erase(name));
    assert_eq!(report["state"], "complete");
    left[3] = Value::Null;
    assert_eq!(identities(&server), left);
    server.stop();
    assert_eq!(change(&place, "DELETE FROM subjects"), 2, "the damaged row is gone too");
    place.is_clean_of(&needles(names.iter().map(String::as_str)));
}

#[test]
fn every_row_damaged() {
    let Before { place, names, .. } = before();
    for table in ["subjects", "months", "vault_keys"] {
        assert!(change(&place, &format!("UPDATE {table} SET wrapped = {}", flipped("wrapped"))) > 0);
        let server = place.start();
        assert_eq!(server.send(&[order(&names[0])])["stored"], 1, "{table}");
        let last = server.events(SHOP).pop().expect("an event");
        assert_eq!(last["identity"], json!(names[0]), "{table}");
        let vault = server.get("/v1/privacy")["vault"].clone();
        assert_eq!(vault["state"], "degraded", "{table}: {vault}");
        server.stop();
    }
    place.has_said("warning: the vault cannot read");
    place.is_clean_of(&needles(names.iter().map(String::as_str)));
}
