//! What runs forever or eats memory is stopped, and what nobody waits for any more.

use std::time::{Duration, Instant};

use datafusion::arrow::array::RecordBatch;
use daybook_lake::query::{Fault, Format, Question};
use futures_util::StreamExt;

use super::Asked;

const MIB: usize = 1 << 20;
/// No query here takes as long, on however busy a machine.
const PATIENCE: Duration = Duration::from_secs(240);

#[tokio::test]
async fn what_runs_forever_is_stopped() {
    let asked = Asked::with(3, |options| options.time_limit = Duration::from_millis(300));
    for sql in [
        "SELECT count(*) FROM generate_series(1, 9000000000000000000)",
        "SELECT count(*) FROM generate_series(1, 10000000) a(x), generate_series(1, 10000000) b(y)",
        "WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r) SELECT count(*) FROM r",
        "SELECT sum(sin(x.value + y.value)) FROM generate_series(1, 1000000) x JOIN generate_series(1, 1000000) y ON x.value <> y.value",
    ] {
        let began = Instant::now();
        let error = asked.ask(Question::new(sql, Format::Json)).await.unwrap_err();
        assert!(matches!(error.fault, Fault::Timeout | Fault::Memory), "{sql}: {error}");
        assert!(began.elapsed() < PATIENCE, "{sql}: {:?}", began.elapsed());
    }
    let longest = Question { time_limit: Some(Duration::from_secs(3_600)), ..Question::new("SELECT 1", Format::Json) };
    assert!(asked.ask(longest).await.is_ok());
}

#[tokio::test]
async fn what_eats_memory_is_stopped() {
    let asked = Asked::with(3, |options| {
        options.memory_bytes = 16 * MIB;
        options.spill_bytes = 16 * MIB as u64;
        options.time_limit = PATIENCE;
    });
    for sql in [
        "SELECT array_agg(value) FROM generate_series(1, 100000000)",
        "SELECT string_agg(CAST(value AS VARCHAR), ',') FROM generate_series(1, 100000000)",
        "SELECT value * 7919 % 100000007 AS v, count(*) FROM generate_series(1, 100000000) GROUP BY v",
        "SELECT count(DISTINCT value * 7919 % 100000007) FROM generate_series(1, 100000000)",
        "SELECT value, reverse(CAST(value AS VARCHAR)) AS m FROM generate_series(1, 100000000) ORDER BY m",
        "SELECT sum(value) OVER () FROM generate_series(1, 100000000)",
        "SELECT a.value FROM generate_series(1, 100000000) a JOIN generate_series(1, 100000000) b ON a.value = b.value",
    ] {
        let error = asked.ask(Question::new(sql, Format::Ndjson)).await.unwrap_err();
        assert_eq!(error.fault, Fault::Memory, "{sql}: {error}");
    }
    // All of it is given back.
    assert_eq!(asked.rows("SELECT count(*) AS n FROM events").await, serde_json::json!([{"n": 3}]));
}

#[tokio::test]
async fn one_call_of_a_function_does_not_eat_memory() {
    let asked = Asked::with(3, |options| options.time_limit = PATIENCE);
    let doubled = (0..40).fold("SELECT 'x' AS x".to_owned(), |sql, _| format!("SELECT concat(x, x) AS x FROM ({sql})"));
    let joined =
        (0..40).fold("SELECT name AS x FROM events".to_owned(), |sql, _| format!("SELECT x || x AS x FROM ({sql})"));
    let nested = (0..40).fold("SELECT 1 AS x".to_owned(), |sql, _| format!("SELECT [x, x] AS x FROM ({sql})"));
    for sql in [
        "SELECT repeat('x', 2000000000)",
        "SELECT repeat(repeat(name, 100000), 100000) FROM events",
        "SELECT lpad(name, 2000000000) FROM events",
        "SELECT rpad('x', 2000000000, 'y')",
        "SELECT array_repeat(1, 2000000000)",
        "SELECT array_resize([1], 2000000000)",
        "SELECT unnest(generate_series(1, 90000000000))",
        "SELECT range(position, 90000000000) FROM events",
        "SELECT generate_series(TIMESTAMP '2000-01-01', TIMESTAMP '2026-01-01', INTERVAL '1' MICROSECOND)",
        "SELECT replace(repeat('a', 1000000), 'a', repeat('b', 1000000))",
        "SELECT regexp_replace(repeat('a', 1000000), 'a', repeat('b', 1000000), 'g')",
        &doubled,
        &joined,
        &nested,
    ] {
        let error = asked.ask(Question::new(sql, Format::Json)).await.unwrap_err();
        assert!(matches!(error.fault, Fault::Memory | Fault::TooLarge), "{} {error}", &sql[..sql.len().min(80)]);
    }
    let rows = asked
        .rows("SELECT repeat('ab', 2) AS a, lpad('1', 3, '0') AS b, range(0, 3) AS c, 'x' || name AS d, [1] || [2] AS e, concat('a', NULL) AS f, 'x' || NULL AS g FROM events LIMIT 1")
        .await;
    assert_eq!(
        rows,
        serde_json::json!([{"a": "abab", "b": "001", "c": [0, 1, 2], "d": "xzone.entered", "e": [1, 2], "f": "a", "g": null}])
    );
}

#[tokio::test]
async fn deep_and_long_queries_neither_break_nor_hang() {
    let asked = Asked::with(3, |options| options.time_limit = PATIENCE);
    let chain = format!("SELECT {} AS n", vec!["1"; 1_000].join(" + "));
    assert_eq!(asked.rows(&chain).await, serde_json::json!([{"n": 1_000}]));
    let chain = format!("SELECT count(*) AS n FROM events WHERE {}", vec!["name = 'zone.left'"; 500].join(" OR "));
    assert_eq!(asked.rows(&chain).await, serde_json::json!([{"n": 1}]));
    let union = vec!["SELECT 1 AS n"; 200].join(" UNION ALL ");
    assert_eq!(asked.rows(&union).await.as_array().unwrap().len(), 200);
    let error = asked.error(&format!("SELECT {}1{}", "abs(".repeat(5_000), ")".repeat(5_000))).await;
    assert!(error.starts_with("sql.too-large "), "{error}");
    let error = asked.error(&format!("SELECT {}1", "-".repeat(3_000).replace('-', "- "))).await;
    assert!(error.starts_with("sql."), "{error}");
}

#[tokio::test]
async fn answers_have_an_end() {
    let asked = Asked::with(3, |options| {
        options.rows_max = 100_000;
        options.bytes_max = MIB;
        options.json_rows = 10;
    });
    let json = asked.json("SELECT value FROM generate_series(1, 1000)").await;
    assert_eq!((json["rows"].as_array().unwrap().len(), &json["truncated"]), (10, &true.into()));
    let error =
        asked.ask(Question::new("SELECT value FROM generate_series(1, 200000)", Format::Parquet)).await.unwrap_err();
    assert_eq!((error.fault, error.message.as_str()), (Fault::TooLarge, "The answer has more than 100000 rows."));
    let wide = "SELECT repeat('x', 100) AS x FROM generate_series(1, 20000)";
    let error = asked.ask(Question::new(wide, Format::Ndjson)).await.unwrap_err();
    assert_eq!((error.fault, error.message.as_str()), (Fault::TooLarge, "The answer has more than 1048576 bytes."));
    let limited =
        Question { limit: Some(5), ..Question::new("SELECT value FROM generate_series(1, 200000)", Format::Ndjson) };
    assert_eq!(asked.ask(limited).await.unwrap().iter().filter(|byte| **byte == b'\n').count(), 5);
}

#[tokio::test]
async fn an_answer_comes_in_pieces_and_stops_when_it_is_dropped() {
    let asked = Asked::with(3, |options| {
        options.queries_at_once = 1;
        options.time_limit = PATIENCE;
    });
    let endless = "SELECT value FROM generate_series(1, 9000000000000000000)";
    let answer = asked.engine.ask(asked.session(), Question::new(endless, Format::Csv)).await.unwrap();
    let mut pieces = Box::pin(answer.into_stream());
    let first = pieces.next().await.unwrap().unwrap();
    assert!(first.starts_with(b"value\r\n1\r\n2\r\n"));
    assert!(pieces.next().await.unwrap().is_ok());
    // Nobody else gets a turn meanwhile.
    let busy = asked.error("SELECT 1").await;
    assert!(busy.starts_with("sql.busy "), "{busy}");
    drop(pieces);
    // The slot is free again as soon as the query has stopped.
    has_a_turn(&asked).await;
    // The same for one that is given up before it answers.
    let question = Question::new("SELECT count(*) FROM generate_series(1, 9000000000000000000)", Format::Json);
    let asking = tokio::time::timeout(Duration::from_millis(200), asked.engine.ask(asked.session(), question));
    assert!(asking.await.is_err());
    has_a_turn(&asked).await;
}

/// Waits until a query gets its turn: one that is stopped may take a moment on a busy machine.
async fn has_a_turn(asked: &Asked) {
    let began = Instant::now();
    while let Err(error) = asked.ask(Question::new("SELECT 1 AS n", Format::Json)).await {
        assert_eq!(error.fault, Fault::Busy, "{error}");
        assert!(began.elapsed() < PATIENCE, "a query that nobody waits for goes on");
    }
}

#[tokio::test]
async fn work_of_our_own_has_the_same_limits() {
    let asked = Asked::with(3, |options| options.time_limit = Duration::from_millis(300));
    let session = asked.session();
    // Only what has no end has little time.
    let enough = Some(PATIENCE);
    let rows = asked.engine.run(enough, async move { session.sql("SELECT name FROM events").await?.collect().await });
    let rows: datafusion::error::Result<Vec<RecordBatch>> = rows.await.unwrap();
    assert_eq!(rows.unwrap().iter().map(RecordBatch::num_rows).sum::<usize>(), 3);
    let endless = asked.session();
    let sql = "SELECT count(*) FROM generate_series(1, 9000000000000000000)";
    let work = async move { endless.sql(sql).await.unwrap().collect().await };
    assert_eq!(asked.engine.run(None, work).await.unwrap_err().fault, Fault::Timeout);
    let broken = asked.engine.run(enough, async { panic!("on purpose") });
    let broken: Result<(), _> = broken.await;
    assert_eq!(broken.unwrap_err().fault, Fault::Failed);
    let session = asked.session();
    let wrong = asked.engine.run(enough, async move { session.sql("SELECT nmae FROM events").await.map(drop) });
    let wrong = asked.engine.explain(&wrong.await.unwrap().unwrap_err());
    assert_eq!((wrong.fault, wrong.hint.as_deref()), (Fault::UnknownColumn, Some("Did you mean events.name?")));
}
