//! `daybook consumers`, against a server.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use daybook_harness::{Answer, Receiver};
use serde_json::{Value, json};

use crate::process::{ServerProcess, json as parsed, run, shop_catalog, stdout, transcript};

/// Longest wait for something that happens by itself.
const PATIENCE: Duration = Duration::from_secs(60);

const CONSUMERS: &str = "
consumers:
  archive: {events: ['*'], handler: file}
  calls: {events: [order.*], handler: webhook, retry: 0, latency: 1m}
";

/// A shop with consumers, and whoever takes its calls.
struct Shop {
    place: tempfile::TempDir,
    receiver: Receiver,
}

impl Shop {
    fn new() -> Self {
        let shop = Self { place: tempfile::tempdir().expect("a directory"), receiver: Receiver::start() };
        fs::create_dir_all(shop.catalog().join("events")).expect("a directory");
        for file in ["catalog.yaml", "events/orders.yaml"] {
            fs::copy(shop_catalog().join(file), shop.catalog().join(file)).expect("a copy");
        }
        shop.consumers(CONSUMERS);
        shop.settings("");
        shop
    }

    fn catalog(&self) -> PathBuf {
        self.place.path().join("shop")
    }

    fn config(&self) -> PathBuf {
        self.place.path().join("daybook.toml")
    }

    /// What the catalog says of consumers.
    fn consumers(&self, text: &str) {
        fs::write(self.catalog().join("consumers.yaml"), text).expect("it is written");
    }

    /// What the configuration says of the one that calls.
    fn settings(&self, more: &str) {
        let secret = "whsec_c2hhcmVkIHNlY3JldCBvZiB0aGUgdGVzdHM=";
        let url = self.receiver.url();
        let text =
            format!("[consumers.\"shop/calls\"]\nurl = \"{url}\"\nsecret = \"{secret}\"\nallow-private = true\n{more}");
        fs::write(self.config(), text).expect("it is written");
    }

    fn serve(&self) -> ServerProcess {
        let config = self.config();
        let options = ["--listen", "127.0.0.1:0", "--no-default-catalogs", "--config"];
        let options: Vec<&str> = options.into_iter().chain([utf8(&config)]).collect();
        ServerProcess::start_on(&self.place.path().join("data"), &self.catalog(), &options)
    }
}

fn utf8(path: &Path) -> &str {
    path.to_str().expect("a path of a test")
}

/// A consumer of the shop, once it is as wanted.
fn when(server: &ServerProcess, name: &str, wanted: impl Fn(&Value) -> bool) -> Value {
    let begun = Instant::now();
    loop {
        let consumer = parsed(&server.run(&["consumers", "show", &format!("shop/{name}")]));
        if wanted(&consumer) {
            return consumer;
        }
        assert!(begun.elapsed() < PATIENCE, "{consumer}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// What is said on standard error by a run with this exit status.
#[track_caller]
fn said(output: &std::process::Output, status: i32) -> String {
    assert_eq!(output.status.code(), Some(status), "{}", transcript(output));
    String::from_utf8_lossy(&output.stderr).trim().to_owned()
}

#[test]
fn consumers_are_listed_paused_and_rewound() {
    let shop = Shop::new();
    let server = shop.serve();
    let receipts = server.send("shop", &json!([{"name": "order.cancelled"}, {"name": "order.cancelled"}]));
    let second = receipts["receipts"][1]["position"].to_string();
    when(&server, "calls", |calls| calls["delivered"] == 2 && calls["state"] == "running");
    when(&server, "archive", |archive| archive["delivered"] == 2);

    let table = stdout(&server.run(&["consumers"]));
    let lines: Vec<Vec<&str>> = table.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(lines[0][..5], ["app", "consumer", "handler", "state", "lag"], "{table}");
    let firsts: Vec<_> = lines[1..].iter().map(|line| (line[0], line[1], line[2])).collect();
    assert_eq!(
        firsts,
        [
            ("shop", "archive", "file"),
            ("shop", "calls", "webhook"),
            ("shop", "counters", "counters"),
            ("shop", "lake", "lake")
        ],
        "{table}"
    );
    assert!(lines[2].ends_with(&["60", "s", "0"]), "{table}");
    let listed = parsed(&server.run(&["consumers", "--app", "shop", "--format", "json"]));
    assert_eq!(listed.as_array().map(Vec::len), Some(4));

    assert!(said(&server.run(&["consumers", "pause", "shop/calls"]), 0).starts_with("shop/calls is paused"));
    server.send("shop", &json!({"name": "order.cancelled"}));
    when(&server, "archive", |archive| archive["delivered"] == 3);
    assert_eq!(shop.receiver.calls().len(), 2);
    assert_eq!(when(&server, "calls", |_| true)["state"], "paused");
    assert!(said(&server.run(&["consumers", "resume", "shop/calls"]), 0).starts_with("shop/calls goes on"));
    when(&server, "calls", |_| shop.receiver.calls().len() == 3);
    said(&server.run(&["consumers", "rewind", "shop/calls", "beginning"]), 0);
    when(&server, "calls", |_| shop.receiver.calls().len() == 6);
    // All but the third were before it.
    said(&server.run(&["consumers", "rewind", "shop/calls", &second]), 0);
    when(&server, "calls", |_| shop.receiver.calls().len() == 7);

    assert!(said(&server.run(&["consumers", "rewind", "shop/calls", "soon"]), 2).contains("consumer.place"));
    let unknown = said(&server.run(&["consumers", "show", "shop/cals"]), 2);
    assert!(unknown.contains("consumer.unknown") && unknown.contains("Did you mean `calls`?"), "{unknown}");
    assert!(said(&server.run(&["consumers", "show", "calls"]), 2).contains("as in my-app/orders"));
    let stranger = run(&["consumers", "--server", &server.url, "--key", "dbk_wrong"]);
    assert!(said(&stranger, 2).contains("key.unknown"));
}

#[test]
fn dead_letters_are_listed_shown_replayed_and_dropped() {
    let shop = Shop::new();
    shop.receiver.decides(|_| Answer::status(422));
    let server = shop.serve();
    let events: Vec<Value> = (0..4).map(|_| json!({"name": "order.cancelled"})).collect();
    server.send("shop", &json!(events));
    when(&server, "calls", |calls| calls["dead_letters"] == 4);
    let letters = |arguments: &[&str]| {
        let arguments: Vec<&str> = ["consumers", "dead-letters"].into_iter().chain(arguments.iter().copied()).collect();
        server.run(&arguments)
    };

    let table = stdout(&letters(&["list", "shop/calls"]));
    assert_eq!(table.lines().count(), 5, "{table}");
    assert!(table.contains("order.cancelled") && table.contains("http.refused: "), "{table}");
    let listed = parsed(&letters(&["list", "shop/calls", "--limit", "3", "--format", "json"]));
    let positions: Vec<String> =
        listed.as_array().expect("a list").iter().map(|one| one["position"].to_string()).collect();
    assert_eq!(positions.len(), 3);
    let shown = parsed(&letters(&["show", "shop/calls", &positions[0]]));
    assert_eq!((&shown["event"]["name"], &shown["attempts"]), (&json!("order.cancelled"), &json!(1)), "{shown}");

    // Refused once more, it stays.
    assert_eq!(said(&letters(&["replay", "shop/calls", &positions[0]]), 1), "0 of 1 delivered");
    shop.receiver.decides(|_| Answer::status(200));
    assert_eq!(said(&letters(&["replay", "shop/calls", &positions[0]]), 0), "1 of 1 delivered");
    assert!(said(&letters(&["replay", "shop/calls", &positions[0]]), 2).contains("consumer.no-dead-letter"));
    assert_eq!(said(&letters(&["drop", "shop/calls", &positions[1]]), 0), "1 dead letter dropped");
    assert_eq!(said(&letters(&["replay", "shop/calls", "--all"]), 0), "2 of 2 delivered");
    assert_eq!(said(&letters(&["drop", "shop/calls", "--all"]), 0), "0 dead letters dropped");
    assert_eq!(said(&letters(&["list", "shop/calls"]), 0), "there are no dead letters");
    said(&letters(&["drop", "shop/calls"]), 2);
    said(&letters(&["replay", "shop/calls", "1", "--all"]), 2);
}

#[test]
fn consumers_are_read_again() {
    let shop = Shop::new();
    let server = shop.serve();
    let reload = || server.run(&["consumers", "reload"]);
    assert_eq!(said(&reload(), 0), "4 unchanged");
    shop.consumers(&CONSUMERS.replace("archive:", "copy:"));
    let output = reload();
    assert_eq!(stdout(&output), "+ shop/copy\n- shop/archive");
    assert_eq!(said(&output, 0), "3 unchanged");

    shop.consumers(&CONSUMERS.replace("webhook", "webhok"));
    let refused = said(&reload(), 1);
    assert!(refused.contains("nothing was changed") && refused.contains("consumers.yaml:4"), "{refused}");
    shop.consumers(CONSUMERS);
    shop.settings("timeuot = \"3s\"\n");
    let refused = said(&reload(), 1);
    assert!(refused.contains("timeuot") && refused.contains("did you mean `timeout`?"), "{refused}");

    // A signal does the same.
    shop.settings("enabled = false\n");
    server.signal("HUP");
    when(&server, "calls", |calls| calls["state"] == "disabled");
    let changes = parsed(&server.run(&["consumers", "reload", "--format", "json"]));
    assert_eq!((&changes["changed"], &changes["unchanged"]), (&json!([]), &json!(4)));
}

#[test]
fn a_consumer_that_is_gone_is_retired() {
    let shop = Shop::new();
    let server = shop.serve();
    server.send("shop", &json!({"name": "order.cancelled"}));
    when(&server, "archive", |archive| archive["delivered"] == 1);
    let retire = |name: &str| server.run(&["consumers", "retire", name, "--yes"]);
    assert!(said(&retire("shop/archive"), 2).contains("consumer.present"));
    shop.consumers(&CONSUMERS.replace("archive:", "copy:"));
    said(&server.run(&["consumers", "reload"]), 0);
    let table = stdout(&server.run(&["consumers"]));
    let line = table.lines().find(|line| line.starts_with("shop  archive")).unwrap_or_else(|| panic!("{table}"));
    assert!(line.contains("file") && line.contains("removed") && line.contains("consumer.removed: "), "{table}");
    assert!(said(&retire("shop/archive"), 0).starts_with("shop/archive is retired"));
    assert!(said(&retire("shop/archive"), 2).contains("consumer.unknown"));
    assert!(!stdout(&server.run(&["consumers"])).contains("archive"));
}

#[test]
fn a_server_does_not_start_on_settings_it_cannot_use() {
    let shop = Shop::new();
    let data = shop.place.path().join("data");
    let (catalog, config) = (shop.catalog(), shop.config());
    let serve = || {
        let key = shop.place.path().join("master.key");
        run(&[
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--data",
            utf8(&data),
            "--catalogs",
            utf8(&catalog),
            "--config",
            utf8(&config),
            "--master-key-file",
            utf8(&key),
            "--log-level",
            "off",
        ])
    };
    fs::write(&config, "[consumers.\"shop/cals\"]\nurl = \"geheim\"\n").expect("it is written");
    let refused = said(&serve(), 2);
    assert!(refused.contains("the catalog of shop has no consumer cals; did you mean calls?"), "{refused}");
    fs::write(&config, "[consumers.\"shop/calls\"]\nurl = \"http://geheim\"\nsecrt = \"geheim\"\n")
        .expect("it is written");
    let refused = said(&serve(), 2);
    assert!(
        refused.contains("consumers.\"shop/calls\".secrt") && refused.contains("did you mean `secret`?"),
        "{refused}"
    );
    assert!(!refused.contains("geheim"), "{refused}");
}

#[test]
fn options_of_handlers_are_checked_with_the_catalog() {
    let shop = Shop::new();
    let catalog = shop.catalog();
    let check = || run(&["check", utf8(&catalog)]);
    assert_eq!(check().status.code(), Some(0), "{}", transcript(&check()));
    shop.consumers(&CONSUMERS.replace("handler: file", "handler: file, options: {levle: 3}"));
    let found = check();
    assert_eq!(found.status.code(), Some(1), "{}", transcript(&found));
    let text = String::from_utf8_lossy(&found.stdout).into_owned();
    assert!(text.contains("consumers.yaml:3:3: error[consumers.options]: consumer `archive`: options"), "{text}");
    assert!(text.contains("did you mean `level`?"), "{text}");
}
