//! SQL over what was received.

use std::time::{Duration, Instant};

use http::Method;
use http_body_util::BodyExt;
use serde_json::{Value, json};

use crate::client::Answer;
use crate::site::{PATIENCE, Site};

fn order(number: usize, customer: u32, total: f64) -> Value {
    json!({
        "eventId": format!("o{number}"), "kind": "order.placed", "customer": customer, "branch": "a",
        "payload": {"total": total, "channel": "web", "email": "geheim@example.org", "colour": "red"}
    })
}

async fn ask(site: &Site, query: &str) -> Answer {
    site.post("/v1/shop/sql").json(&json!({"query": query})).send().await
}

/// The rows of an answer, once there are rows that are so.
pub async fn rows_until(site: &Site, query: &str, is_so: impl Fn(&Value) -> bool) -> Value {
    let begun = Instant::now();
    loop {
        // A lake that another server had a moment ago may not be open yet.
        let answer = ask(site, query).await;
        if answer.status.is_success() && is_so(&answer.json()["rows"]) {
            return answer.json();
        }
        assert!(begun.elapsed() < PATIENCE, "{query}: {answer:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_received_can_be_asked_before_and_after_a_start() {
    let site = Site::new().await;
    site.send(&Value::Array((0..3).map(|number| order(number, 7 + number as u32 / 2, 1.5)).collect())).await;
    let sql = "SELECT name, count(*) AS n, count(DISTINCT person) AS people, sum(data_total) AS total FROM events GROUP BY name";
    let expected = json!([{"name": "order.placed", "n": 3, "people": 2, "total": 4.5}]);
    let answer = rows_until(&site, sql, |rows| *rows == expected).await;
    assert_eq!(answer["columns"][1], json!({"name": "n", "type": "int64"}));
    assert_eq!(answer["truncated"], false);
    // What is personal is in no column, and what nobody declared is in `extra`.
    let all = ask(&site, "SELECT * FROM events").await;
    assert!(!String::from_utf8_lossy(&all.body).contains("geheim"), "{:?}", all.body);
    let extra = ask(&site, "SELECT DISTINCT extra->>'colour' AS colour FROM events").await.ok();
    assert_eq!(extra["rows"], json!([{"colour": "red"}]));

    let site = site.restart(|_| {}).await;
    rows_until(&site, sql, |rows| *rows == expected).await;
    assert!(site.data().join("lake/shop/events/_delta_log").is_dir());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_come_in_the_form_that_is_wanted() {
    let site = Site::new().await;
    let sql = "SELECT 1 AS a, 'x' AS b";
    for (format, media_type, body) in [
        ("ndjson", "application/x-ndjson", "{\"a\":1,\"b\":\"x\"}\n"),
        ("csv", "text/csv; charset=utf-8; header=present", "a,b\r\n1,x\r\n"),
    ] {
        let by_member = site.post("/v1/shop/sql").json(&json!({"query": sql, "format": format})).send().await;
        let by_parameter =
            site.post(&format!("/v1/shop/sql?format={format}")).header("content-type", "application/sql");
        let by_parameter = by_parameter.body(sql).send().await;
        let accept = media_type.split(';').next().unwrap();
        let by_header = site.post("/v1/shop/sql").header("accept", accept).json(&json!({"query": sql})).send().await;
        for answer in [by_member, by_parameter, by_header] {
            assert_eq!((answer.status.as_u16(), answer.header("content-type")), (200, Some(media_type)));
            assert_eq!(answer.body, body.as_bytes());
        }
    }
    let parquet = site.post("/v1/shop/sql").json(&json!({"query": sql, "format": "parquet"})).send().await;
    assert!(parquet.body.starts_with(b"PAR1") && parquet.body.ends_with(b"PAR1"));
    let limited =
        site.post("/v1/shop/sql").json(&json!({"query": "SELECT value FROM range(5)", "limit": 2})).send().await;
    assert_eq!((&limited.json()["truncated"], limited.json()["rows"].as_array().unwrap().len()), (&json!(true), 2));
    let other = site.post("/v1/shop/sql").header("accept", "text/html").json(&json!({"query": sql})).send().await;
    other.is_problem(406, "http.not-acceptable");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_is_told_with_its_place() {
    let site = Site::new().await;
    let problem = ask(&site, "SELECT name,\n nmae FROM events").await.is_problem(400, "sql.unknown-column");
    assert_eq!((&problem["line"], &problem["column"]), (&json!(2), &json!(2)));
    assert_eq!(problem["hint"], "Did you mean events.name?");
    for (sql, status, code) in [
        ("SELECT", 400, "sql.syntax"),
        ("DROP TABLE events", 400, "sql.read-only"),
        ("COPY events TO '/tmp/x.csv'", 400, "sql.read-only"),
        ("SELECT * FROM '/etc/passwd'", 400, "sql.unknown-table"),
        ("SELECT 1 / 0", 422, "sql.value"),
        ("SELECT repeat('x', 2000000000)", 422, "sql.memory"),
    ] {
        ask(&site, sql).await.is_problem(status, code);
    }
    // Of a server of its own, where no other question may take longer than it has.
    let brief = Duration::from_millis(500);
    let hasty = Site::with(|config| (config.queries.timeout, config.queries.timeout_max) = (brief, brief)).await;
    ask(&hasty, "SELECT count(*) FROM range(9000000000000000000)").await.is_problem(422, "sql.timeout");
    let call = |body: &'static str| site.post("/v1/shop/sql").header("content-type", "application/json").body(body);
    call("{\"sql\": \"SELECT 1\"}").send().await.is_problem(400, "sql.body");
    call("SELECT 1").send().await.is_problem(400, "sql.body");
    site.post("/v1/shop/sql")
        .header("content-type", "image/png")
        .body("x")
        .send()
        .await
        .is_problem(415, "body.media-type");
    site.post("/v1/nobody/sql").json(&json!({"query": "SELECT 1"})).send().await.is_problem(404, "app.unknown");
    site.call(Method::POST, "/v1/shop/sql")
        .json(&json!({"query": "SELECT 1"}))
        .send()
        .await
        .is_problem(401, "key.missing");
    let off = Site::with(|config| {
        config.consumers.insert("shop/lake".to_owned(), toml::from_str("enabled = false").unwrap());
    });
    ask(&off.await, "SELECT 1").await.is_problem(404, "lake.off");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_query_whose_reader_goes_away_is_stopped() {
    let site = Site::with(|config| {
        config.queries.at_once = 1;
        // It does not end by itself meanwhile.
        (config.queries.timeout, config.queries.timeout_max) = (10 * PATIENCE, 10 * PATIENCE);
    })
    .await;
    let endless = json!({"query": "SELECT value FROM range(9000000000000000000)", "format": "csv"});
    let mut answer = site.post("/v1/shop/sql").json(&endless).open().await;
    assert_eq!(answer.status(), 200);
    assert!(answer.body_mut().frame().await.unwrap().is_ok());
    ask(&site, "SELECT 1").await.is_problem(503, "sql.busy");
    drop(answer);
    let begun = Instant::now();
    while !ask(&site, "SELECT 1").await.status.is_success() {
        assert!(begun.elapsed() < PATIENCE);
    }
}
