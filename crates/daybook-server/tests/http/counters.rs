//! Live counters: read, and followed.

use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use serde_json::{Value, json};

use crate::backend::Backend;
use crate::client::Call;
use crate::site::{PATIENCE, Site, away_from_midnight};

/// One reader of changes.
struct Reader {
    body: Incoming,
    text: String,
}

impl Reader {
    async fn open(call: Call) -> Self {
        let response = call.open().await;
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self { body: response.into_body(), text: String::new() }
    }

    /// The next message with data: its event and its data; nothing at the end.
    async fn message(&mut self) -> Option<(String, Value)> {
        loop {
            while let Some(end) = self.text.find("\n\n") {
                let message: String = self.text.drain(..end + 2).collect();
                let field = |name: &str| message.lines().find_map(|line| line.strip_prefix(name)).map(str::to_owned);
                if let Some(data) = field("data: ") {
                    return Some((field("event: ").unwrap(), serde_json::from_str(&data).unwrap()));
                }
            }
            let frame = tokio::time::timeout(PATIENCE, self.body.frame()).await.expect("no message");
            let data: Bytes = frame?.ok()?.into_data().unwrap_or_default();
            self.text.push_str(std::str::from_utf8(&data).unwrap());
        }
    }

    /// The first message in which a row is so.
    async fn row(&mut self, is_so: impl Fn(&Value) -> bool) -> Value {
        let begun = Instant::now();
        loop {
            assert!(begun.elapsed() < PATIENCE);
            let (event, data) = self.message().await.expect("the stream ended");
            assert_eq!(event, "counts");
            if let Some(row) = data["rows"].as_array().unwrap().iter().find(|row| is_so(row)) {
                return row.clone();
            }
        }
    }
}

fn order(number: usize, branch: &str, customer: u32) -> Value {
    json!({"eventId": format!("o{number}"), "kind": "order.placed", "customer": customer, "branch": branch, "payload": {"total": 1}})
}

/// The rows of an answer, once its counts come to so many.
async fn counted(site: &Site, query: &str, total: u64) -> Value {
    let begun = Instant::now();
    loop {
        let answer = site.get(&format!("/v1/shop/counters?{query}")).send().await.ok();
        let rows = answer["rows"].as_array().unwrap();
        if rows.iter().map(|row| row["count"].as_u64().unwrap()).sum::<u64>() == total && answer["complete"] == true {
            return answer;
        }
        assert!(begun.elapsed() < PATIENCE, "{query}: {answer}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// What of the rows is the same on every day.
fn short(answer: &Value) -> Vec<(Option<&str>, Option<&str>, u64, u64)> {
    let rows = answer["rows"].as_array().unwrap().iter();
    let number = |row: &Value, name: &str| row[name].as_u64().unwrap();
    rows.map(|row| (row["event"].as_str(), row["group"].as_str(), number(row, "count"), number(row, "people")))
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_happens_is_counted_and_counted_again_after_a_start() {
    away_from_midnight().await;
    let site = Site::new().await;
    let sent: Vec<Value> = [("a", 1), ("a", 2), ("a", 2), ("b", 3)]
        .iter()
        .enumerate()
        .map(|(number, (branch, customer))| order(number, branch, *customer))
        .chain([json!({"eventId": "c", "kind": "order.cancelled", "payload": {}})])
        .chain([json!({"eventId": "d", "kind": "door.opened", "customer": 9, "branch": "a", "payload": {}})])
        .collect();
    let receipts = site.send(&Value::Array(sent.clone())).await;
    assert_eq!(
        receipts["stored"].as_u64().unwrap() + receipts["counted"].as_u64().unwrap_or_default(),
        6,
        "{receipts}"
    );
    // Sent again, nothing is there twice.
    site.send(&Value::Array(sent[..5].to_vec())).await;
    let look = async |site: &Site| {
        let all = counted(site, "interval=day", 6).await;
        assert_eq!(short(&all), [(None, None, 6, 4)]);
        assert_eq!(
            (&all["interval"], &all["truncated"], &all["progress"]),
            (&json!("day"), &json!(false), &json!(1.0))
        );
        let each = counted(site, "interval=day&by=event", 6).await;
        let expected = [
            (Some("door.opened"), None, 1, 1),
            (Some("order.cancelled"), None, 1, 0),
            (Some("order.placed"), None, 4, 3),
        ];
        assert_eq!(short(&each), expected);
        // Of what is only counted, no more than the day is known.
        assert_eq!(short(&counted(site, "interval=minute", 5).await).iter().map(|row| row.2).sum::<u64>(), 5);
        let groups = counted(site, "interval=hour&event=order.*&by=group", 4).await;
        assert_eq!(short(&groups), [(Some("order.placed"), Some("a"), 3, 2), (Some("order.placed"), Some("b"), 1, 1)]);
        let top = counted(site, "interval=hour&by=group&limit=1", 3).await;
        assert_eq!((short(&top), &top["truncated"]), (vec![(None, Some("a"), 3, 2)], &json!(true)));
        assert_eq!(
            short(&counted(site, "interval=day&group=b&by=event", 1).await),
            [(Some("order.placed"), Some("b"), 1, 1)]
        );
        counted(site, "interval=day&from=2020-01-01T00:00:00Z&to=2020-02-01T00:00:00Z", 0).await;
    };
    look(&site).await;
    let directory = site.stop().await;
    let site = Site::start_on(Backend::Sqlite, directory, |_| {}).await;
    look(&site).await;

    for (query, code) in [
        ("by=colour", "counters.by"),
        ("interval=week", "counters.interval"),
        ("limit=0", "query.limit"),
        ("limit=1001", "query.limit"),
        ("from=yesterday", "query.value"),
        ("event=a*b", "query.name"),
        ("evnt=a", "query.unknown"),
    ] {
        site.get(&format!("/v1/shop/counters?{query}")).send().await.is_problem(400, code);
    }
    site.get("/v1/nothing/counters").send().await.is_problem(404, "app.unknown");
    site.get("/v1/shop/counters/live?by=colour").send().await.is_problem(400, "counters.by");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changes_are_pushed() {
    away_from_midnight().await;
    let mut site = Site::with(|config| config.limits.live_streams = 1).await;
    site.send(&order(0, "a", 1)).await;
    counted(&site, "interval=day", 1).await;
    let mut reader = Reader::open(site.get("/v1/shop/counters/live?interval=day&by=group")).await;
    let is = |group: &'static str, count: u64| move |row: &Value| row["group"] == group && row["count"] == count;
    // What there is, and then what changes, and that alone.
    assert_eq!(reader.row(is("a", 1)).await["people"], 1);
    site.send(&order(1, "b", 1)).await;
    let (_, data) = reader.message().await.unwrap();
    assert_eq!(data["rows"].as_array().unwrap().len(), 1, "{data}");
    assert!(is("b", 1)(&data["rows"][0]), "{data}");
    site.send(&json!([order(2, "a", 2), order(3, "a", 2)])).await;
    assert_eq!(reader.row(is("a", 3)).await["people"], 2);
    site.get("/v1/shop/counters/live").send().await.is_problem(503, "live.too-many");

    site.ask_to_stop();
    let (event, data) = reader.message().await.unwrap();
    assert_eq!((event.as_str(), &data["code"]), ("bye", &json!("live.stopping")));
    assert_eq!(reader.message().await, None);
    site.stop().await;
}

/// From sending an event until its count arrives: `cargo test -p daybook-server --test http -- --ignored --nocapture latency`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "measures, and has nothing to say of right and wrong"]
#[allow(clippy::print_stderr, reason = "a measurement is for people")]
async fn latency_of_counters() {
    const EVENTS: usize = 1_000;
    let site = Site::new().await;
    let mut reader = Reader::open(site.get("/v1/shop/counters/live?interval=day")).await;
    reader.message().await.unwrap();
    let mut times = Vec::new();
    for number in 0..EVENTS {
        // At any moment between two messages.
        tokio::time::sleep(Duration::from_millis(number as u64 * 37 % 300)).await;
        let begun = Instant::now();
        site.send(&order(number, "a", 1)).await;
        reader.row(|row| row["count"] == number as u64 + 1).await;
        times.push(begun.elapsed());
    }
    times.sort();
    eprintln!(
        "from sending to the reader, {EVENTS} events: p50 {:?}, p99 {:?}",
        times[EVENTS / 2],
        times[EVENTS * 99 / 100]
    );
}
