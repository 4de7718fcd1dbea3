//! The lake as its users meet it: asked in SQL and by name, deleted, damaged, and dropped.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::process::{
    ServerProcess, away_from_midnight, daybook, json as read, master_key, shop_catalog, stdout, transcript,
};

/// Longest wait for something that happens by itself; that tables are gone is looked for every minute.
const PATIENCE: Duration = Duration::from_secs(150);
/// What is received is seen by questions within this time.
const PROMISE: Duration = Duration::from_secs(1);
const COUNT: &str = "SELECT count(*) AS n, count(DISTINCT id) AS ids FROM events";

fn order(total: &str) -> Value {
    json!({"name": "order.placed", "identity": "c1", "data": {"total": total}})
}

fn send(server: &ServerProcess, events: usize) {
    let events: Vec<Value> = (0..events).map(|_| order("1.50")).collect();
    let receipts = server.send("shop", &json!({"events": events}));
    assert_eq!(receipts["stored"], events.len(), "{receipts}");
}

/// The status and the body of the answer to a query.
fn ask(server: &ServerProcess, query: &str) -> (u16, Value) {
    let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
    let request = agent.post(format!("{}/v1/shop/sql", server.url));
    let request = request.header("authorization", format!("Bearer {}", server.key));
    let mut answer = request.send_json(json!({"query": query})).expect("an answer");
    (answer.status().as_u16(), answer.body_mut().read_json().expect("JSON"))
}

/// Waits until so many events are seen, each once.
fn wait_for(server: &ServerProcess, events: usize) -> Duration {
    let (begun, expected) = (Instant::now(), json!([{"n": events, "ids": events}]));
    loop {
        let (status, answer) = ask(server, COUNT);
        if status == 200 && answer["rows"] == expected {
            return begun.elapsed();
        }
        assert!(begun.elapsed() < PATIENCE, "{status} {answer}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// The files of rows in the shop's events.
fn files(data: &Path) -> Vec<PathBuf> {
    let (mut found, mut pending) = (Vec::new(), vec![data.join("lake/shop/events")]);
    while let Some(directory) = pending.pop() {
        for entry in std::fs::read_dir(directory).expect("a directory") {
            let path = entry.expect("an entry").path();
            match path.extension().and_then(|extension| extension.to_str()) {
                _ if path.is_dir() && !path.ends_with("_delta_log") => pending.push(path),
                Some("parquet") if path.is_file() => found.push(path),
                _ => {}
            }
        }
    }
    found
}

/// The date of so many days ago.
fn day(ago: i64) -> String {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("a clock");
    let then = daybook_event::Timestamp::from_microseconds(now.as_micros() as i64 - ago * 86_400_000_000);
    then.to_string().split('T').next().expect("a date").to_owned()
}

/// The same as if today were the fourth of January 2026.
fn undated(text: &str) -> String {
    (0..4).fold(text.to_owned(), |text, ago| text.replace(&day(ago), &format!("2026-01-0{}", 4 - ago)))
}

#[test]
fn what_is_received_is_seen_within_a_second() {
    let data = tempfile::tempdir().expect("a directory");
    let server = ServerProcess::start(data.path());
    let mut waits: Vec<Duration> = (1..=15)
        .map(|events| {
            send(&server, 1);
            let wait = wait_for(&server, events);
            // Asking takes its time, too.
            wait.saturating_sub(wait_for(&server, events))
        })
        .collect();
    waits.sort_unstable();
    // The machine may be busy with other tests for most of the time, but not always.
    assert!(waits[0] < PROMISE, "{waits:?}");
    server.stop();
}

#[test]
fn a_lake_that_was_deleted_is_made_anew() {
    let data = tempfile::tempdir().expect("a directory");
    let lake = data.path().join("lake");
    let server = ServerProcess::start(data.path());
    send(&server, 20);
    wait_for(&server, 20);
    server.stop();
    assert_eq!(files(data.path()).len(), 1, "what waited in memory is in the tables");
    std::fs::remove_dir_all(&lake).expect("it can be deleted");

    let server = ServerProcess::start(data.path());
    wait_for(&server, 20);
    send(&server, 5);
    wait_for(&server, 25);
    server.stop();

    // While the server runs, with rows on the disk and rows in memory.
    let server = ServerProcess::start(data.path());
    send(&server, 5);
    wait_for(&server, 30);
    std::fs::remove_dir_all(&lake).expect("it can be deleted");
    // Whoever asks is told, and nothing keeps events from being taken.
    let (status, problem) = ask(&server, "SELECT sum(data_total) FROM events");
    assert_eq!((status, &problem["code"]), (503, &json!("lake.gone")), "{problem}");
    send(&server, 5);
    wait_for(&server, 35);
    server.stop();
    assert!(!files(data.path()).is_empty());
    let server = ServerProcess::start(data.path());
    wait_for(&server, 35);
    server.stop();
}

#[test]
fn a_lake_outlives_a_kill() {
    let data = tempfile::tempdir().expect("a directory");
    let server = ServerProcess::start(data.path());
    send(&server, 10);
    wait_for(&server, 10);
    server.kill();
    let server = ServerProcess::start(data.path());
    wait_for(&server, 10);
    send(&server, 10);
    wait_for(&server, 20);
    // A second server on the same directory does not start, and harms nothing.
    let second = daybook(&["serve", "--listen", "127.0.0.1:0", "--data"])
        .arg(data.path())
        .arg("--catalogs")
        .arg(shop_catalog())
        .env("DAYBOOK_MASTER_KEY_FILE", master_key(data.path()))
        .output()
        .expect("it runs");
    assert_eq!(second.status.code(), Some(2), "{}", transcript(&second));
    assert!(transcript(&second).contains("in use by"), "{}", transcript(&second));
    send(&server, 1);
    wait_for(&server, 21);
    server.stop();
}

#[test]
fn a_file_that_is_missing_or_damaged_is_named() {
    let data = tempfile::tempdir().expect("a directory");
    let server = ServerProcess::start(data.path());
    send(&server, 10);
    wait_for(&server, 10);
    server.stop();
    let file = files(data.path()).remove(0);
    let name = file.file_name().and_then(|name| name.to_str()).expect("a name").to_owned();
    let bytes = std::fs::read(&file).expect("its bytes");
    let total = "SELECT sum(data_total) AS total FROM events";

    for damage in [None, Some(&bytes[..bytes.len() / 2])] {
        match damage {
            None => std::fs::remove_file(&file).expect("it can be deleted"),
            Some(half) => std::fs::write(&file, half).expect("it can be damaged"),
        }
        let server = ServerProcess::start(data.path());
        let (status, problem) = ask(&server, total);
        assert_eq!((status, &problem["code"]), (500, &json!("sql.damaged")), "{problem}");
        let detail = problem["detail"].as_str().expect("a detail");
        assert!(detail.contains(&name) && !detail.contains(&data.path().display().to_string()), "{detail}");
        let asked = server.run(&["query", total, "--app", "shop"]);
        assert_eq!(asked.status.code(), Some(2));
        assert!(transcript(&asked).contains(&name), "{}", transcript(&asked));
        // Events are taken, and what is whole is answered.
        send(&server, 1);
        server.stop();
    }
    std::fs::write(&file, &bytes).expect("it can be put back");
    let server = ServerProcess::start(data.path());
    wait_for(&server, 12);
    // And where nobody has it any more, the lake is made anew by a word.
    std::fs::remove_file(&file).expect("it can be deleted");
    stdout(&server.run(&["consumers", "rewind", "shop/lake", "beginning"]));
    wait_for(&server, 12);
    server.stop();
}

#[test]
fn apps_without_events_have_no_files() {
    let data = tempfile::tempdir().expect("a directory");
    let server = ServerProcess::start(data.path());
    send(&server, 1);
    wait_for(&server, 1);
    let lakes: Vec<String> = std::fs::read_dir(data.path().join("lake"))
        .expect("lakes")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .collect();
    assert!(lakes.contains(&"shop".to_owned()), "{lakes:?}");
    assert!(!lakes.contains(&"noema".to_owned()), "{lakes:?}");
    server.stop();
}

#[test]
fn questions_by_the_command_line() {
    away_from_midnight();
    let data = tempfile::tempdir().expect("a directory");
    let server = ServerProcess::start(data.path());
    let orders = [("a", "1.50"), ("a", "2"), ("b", "3")];
    let orders = orders.map(|(who, total)| {
        json!({"name": "order.placed", "time": format!("{}T10:00:00Z", day(2)), "identity": who, "data": {"total": total}})
    });
    server.send("shop", &json!({"events": orders}));
    wait_for(&server, 3);
    // Asked at once: what waits in memory is written after a minute.
    let status = read(&server.run(&["lake", "status", "--app", "shop", "--format", "json"]));
    assert_eq!(
        (&status["rows_waiting"], &status["files"], &status["state"]),
        (&json!(3), &json!(0), &json!("running"))
    );
    let listed = stdout(&server.run(&["lake", "status"]));
    assert!(listed.contains("rows waiting") && listed.contains("noema"), "{listed}");

    let query = "SELECT name, sum(data_total) AS total, count(DISTINCT person) AS people FROM events GROUP BY name";
    let table = stdout(&server.run(&["query", query, "--app", "shop"]));
    insta::assert_snapshot!("lake-query", table);
    let csv = server.run(&["query", query, "--app", "shop", "--format", "csv"]);
    assert_eq!(String::from_utf8_lossy(&csv.stdout), "name,total,people\r\norder.placed,6.500000000,2\r\n");
    let asked = read(&server.run_with_input(&["query", "-", "--app", "shop", "--format", "json"], "SELECT 1 AS one"));
    assert_eq!(asked["rows"], json!([{"one": 1}]));
    let path = data.path().join("answer.parquet").display().to_string();
    stdout(&server.run(&["query", query, "--app", "shop", "--format", "parquet", "--output", &path]));
    assert!(std::fs::read(&path).expect("a file").starts_with(b"PAR1"));
    let wrong = server.run(&["query", "SELECT nmae FROM events", "--app", "shop"]);
    assert_eq!(wrong.status.code(), Some(2));
    insta::assert_snapshot!("lake-query-wrong", transcript(&wrong));

    let (from, to) = (day(3), day(0));
    let days = ["--app", "shop", "--from", &from, "--to", &to];
    let trend = [&["metrics", "trend"][..], &days, &["--param", "measure=sum:total"]].concat();
    insta::assert_snapshot!("lake-metrics-trend", undated(&stdout(&server.run(&trend))));
    let active = [&["metrics", "active-users"][..], &days, &["--format", "csv"]].concat();
    insta::assert_snapshot!("lake-metrics-active-users", undated(&stdout(&server.run(&active))).replace('\r', ""));
    let wrong = server.run(&[&["metrics", "trend"][..], &days, &["--param", "interval=fortnight"]].concat());
    assert_eq!(wrong.status.code(), Some(2));
    assert!(transcript(&wrong).contains("metric.invalid"), "{}", transcript(&wrong));
    let unknown = server.run(&["metrics", "trends", "--app", "shop"]);
    assert!(transcript(&unknown).contains("Did you mean `trend`?"), "{}", transcript(&unknown));

    let retained = ["lake", "retain", "shop", "--category", "business", "--before", &to];
    insta::assert_snapshot!("lake-retain", undated(&stdout(&server.run(&retained))));
    wait_for(&server, 0);
    assert_eq!(stdout(&server.run(&["lake", "retain", "shop"])), "Nothing was dropped.");
    let wrong = server.run(&["lake", "retain", "shop", "--category", "busines", "--before", &to]);
    assert!(transcript(&wrong).contains("Did you mean `business`?"), "{}", transcript(&wrong));
    let noted = server.get("/v1/daybook/events?name=lake.dropped");
    assert_eq!(noted["events"][0]["data"]["rows"], 3, "{noted}");
    server.stop();
}
