//! The table is made once, and one of others is left alone.

use daybook_consumers::FailureKind;
use daybook_harness::Postgres;
use daybook_sinks::Built;
use serde_json::json;

use crate::communities;
use crate::support::{handler, try_build};

#[tokio::test(flavor = "multi_thread")]
async fn made_once_by_however_many() {
    let server = Postgres::start();
    let url = server.database();
    let (one, other) = (communities(&url), communities(&url));
    let (first, second) = tokio::join!(one.prepare(), other.prepare());
    first.unwrap();
    second.unwrap();
    let tables = "SELECT count(*) FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace";
    let before = server.sql(&url, tables);
    one.prepare().await.unwrap();
    assert_eq!(server.sql(&url, tables), before);
    assert_eq!(
        server.sql(&url, "SELECT version, consumer FROM events_daybook_schema"),
        "1|unofficial-communities/analytics"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_with_other_columns_is_named_and_left_alone() {
    let server = Postgres::start();
    let check = async |table: &str, expected: &str| {
        let url = server.database();
        server.sql(&url, table);
        let failure = communities(&url).prepare().await.unwrap_err();
        assert_eq!((failure.kind, failure.code), (FailureKind::Destination, "postgres.schema"));
        assert!(failure.message.contains(expected), "{failure}");
        let tables =
            "SELECT count(*) FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace";
        assert_eq!(server.sql(&url, tables), "1", "something else was made");
    };
    check("CREATE TABLE events (event_id text)", "event_id of table events is of type text instead of uuid").await;
    check("CREATE TABLE events (event_id uuid, happened timestamptz)", "without column time").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_table_belongs_to_one_consumer_and_one_version() {
    let server = Postgres::start();
    let url = server.database();
    communities(&url).prepare().await.unwrap();
    let build = daybook_sinks::postgres::build;
    let failure = handler(build, "tamma", json!({}), &url).prepare().await.unwrap_err();
    assert!(failure.message.contains("belongs to consumer unofficial-communities/analytics"), "{failure}");
    handler(build, "tamma", json!({"table": "tamma_events"}), &url).prepare().await.unwrap();
    server.sql(&url, "UPDATE events_daybook_schema SET version = 2");
    let failure = communities(&url).prepare().await.unwrap_err();
    assert!(failure.message.contains("a newer Daybook"), "{failure}");
    server.sql(&url, "UPDATE events_daybook_schema SET version = 1; ALTER TABLE events ADD wanted int NOT NULL");
    let failure = communities(&url).prepare().await.unwrap_err();
    assert!(failure.message.contains("a column wanted"), "{failure}");
}

#[test]
fn without_a_destination_it_says_what_is_missing() {
    let build = |settings| try_build(daybook_sinks::postgres::build, "tamma", json!({}), settings);
    let built = build(None).unwrap();
    assert!(matches!(&built, Built::Unconfigured { missing } if missing.contains("url-env")), "{built:?}");
    let said = build(Some(json!({"url": "mysql://a:geheim@b/c"}))).unwrap_err().to_string();
    assert!(said.contains("url: must begin with postgres://") && !said.contains("geheim"), "{said}");
}
