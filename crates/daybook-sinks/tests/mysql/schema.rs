//! Tables are made once, and those of others are left alone.

use daybook_consumers::FailureKind;
use daybook_harness::MariaDb;
use daybook_sinks::Built;
use serde_json::json;

use crate::communities;
use crate::support::{handler, try_build};

#[tokio::test(flavor = "multi_thread")]
async fn made_once_by_however_many() {
    let server = MariaDb::start();
    let url = server.database();
    let (one, other) = (communities(&url), communities(&url));
    let (first, second) = tokio::join!(one.prepare(), other.prepare());
    first.unwrap();
    second.unwrap();
    let before = server.sql(&url, "SHOW CREATE TABLE analytics_events");
    one.prepare().await.unwrap();
    assert_eq!(server.sql(&url, "SHOW CREATE TABLE analytics_events"), before);
    let version = server.sql(&url, "SELECT version, consumer FROM daybook_schema");
    assert_eq!(version, "1|unofficial-communities/analytics");
    // An update of a row must not touch its time.
    assert!(!before.contains("ON UPDATE"), "{before}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_with_other_columns_is_named_and_left_alone() {
    let server = MariaDb::start();
    let check = async |table: &str, expected: &str| {
        let url = server.database();
        server.sql(&url, table);
        let mysql = communities(&url);
        let failure = mysql.prepare().await.unwrap_err();
        assert_eq!((failure.kind, failure.code), (FailureKind::Destination, "mysql.schema"));
        assert!(failure.message.contains(expected), "{failure}");
        assert_eq!(server.sql(&url, "SHOW TABLES").lines().count(), 1, "something else was made");
    };
    check("CREATE TABLE analytics_events (id INT, happened DATETIME)", "id of table analytics_events is of type int")
        .await;
    check("CREATE TABLE analytics_events (id BIGINT, event_id VARCHAR(36))", "without column event_name").await;
    check(
        "CREATE TABLE analytics_events (id BIGINT, event_id VARCHAR(16))",
        "event_id of table analytics_events has room for 16",
    )
    .await;
    check("CREATE TABLE analytics_aggregates (id BIGINT)", "analytics_aggregates exists without column aggregate_type")
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn columns_of_an_operator_s_own_are_no_harm_unless_they_want_values() {
    let server = MariaDb::start();
    let url = server.database();
    let mysql = communities(&url);
    mysql.prepare().await.unwrap();
    server.sql(
        &url,
        "ALTER TABLE analytics_events ADD zone VARCHAR(50) AS (JSON_VALUE(properties, '$.zone_type')) VIRTUAL",
    );
    mysql.prepare().await.unwrap();
    server.sql(&url, "ALTER TABLE analytics_events ADD wanted INT NOT NULL");
    let failure = mysql.prepare().await.unwrap_err();
    assert!(failure.message.contains("a column wanted"), "{failure}");
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_belong_to_one_consumer_and_one_version() {
    let server = MariaDb::start();
    let url = server.database();
    communities(&url).prepare().await.unwrap();
    let tamma = handler(daybook_sinks::mysql::build, "tamma", json!({}), &url);
    let failure = tamma.prepare().await.unwrap_err();
    assert!(failure.message.contains("belong to consumer unofficial-communities/analytics"), "{failure}");
    server.sql(&url, "UPDATE daybook_schema SET version = 2");
    let failure = communities(&url).prepare().await.unwrap_err();
    assert!(failure.message.contains("a newer Daybook"), "{failure}");
}

#[test]
fn without_a_destination_it_says_what_is_missing() {
    let build = |settings| try_build(daybook_sinks::mysql::build, "tamma", json!({}), settings);
    for settings in [None, Some(json!({"enabled": true})), Some(json!({"pool-size": 2}))] {
        let built = build(settings).unwrap();
        assert!(matches!(&built, Built::Unconfigured { missing } if missing.contains("url-file")), "{built:?}");
    }
    let wrong = |settings| build(Some(settings)).unwrap_err().to_string();
    assert!(wrong(json!({"url": "mysql://a:geheim@b/c", "pool-size": 0})).contains("pool-size: must be"));
    assert!(wrong(json!({"url": "mysql://a:geheim@b/c", "timeout": "1 year"})).contains("timeout"));
    let said = wrong(json!({"url": "redis://a:geheim@b/c"}));
    assert!(said.contains("url: must begin with mysql://") && !said.contains("geheim"), "{said}");
}
