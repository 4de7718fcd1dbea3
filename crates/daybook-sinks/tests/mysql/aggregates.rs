//! What is computed of an app's events is beside them: what was computed last, and nothing that is no longer there.

use std::borrow::Cow;
use std::sync::Arc;

use daybook_consumers::{Handler, Item};
use daybook_harness::MariaDb;
use daybook_sinks::{BuildContext, Built};
use serde_json::{Value, json};

use crate::support::{batch, days_ago, event, now, plain, refused, try_build, with_data};

/// The handler of what is computed of Unofficial Communities.
fn computed_rows(url: &str) -> Arc<dyn Handler> {
    fn build(context: &BuildContext<'_>) -> Result<Built, daybook_sinks::BuildError> {
        let built = daybook_sinks::mysql::build_aggregates(context)?;
        Ok(built.map_or(Built::Unconfigured { missing: "a URL".to_owned() }, Built::Handler))
    }
    let settings = json!({"url": url, "timeout": "20s", "connect-timeout": "5s"});
    match try_build(build, "unofficial-communities", json!({}), Some(settings)).unwrap() {
        Built::Handler(handler) => handler,
        Built::Unconfigured { missing } => panic!("unconfigured: {missing}"),
    }
}

/// A row of `dau` as an event of Daybook's own.
fn computed(position: u64, start: &str, community: u64, metrics: Value) -> Arc<Item> {
    row(
        position,
        json!({
            "app": "unofficial-communities", "aggregate_type": "dau", "period_type": "daily", "period_start": start,
            "period_end": start, "dimensions": {"community_id": community}, "metrics": metrics,
            "computed_at": "2026-06-15T01:00:00.000Z", "category": "business",
        }),
    )
}

fn row(position: u64, data: Value) -> Arc<Item> {
    let mut event = event(position, "aggregate.computed", "aggregates", now());
    event.app = Cow::Borrowed("daybook");
    plain(with_data(event, data.to_string()))
}

fn rows(server: &MariaDb, url: &str) -> Vec<String> {
    let columns = "aggregate_type, period_type, period_start, period_end, dimensions, metrics, computed_at";
    let order = "ORDER BY period_start, dimensions";
    let rows =
        server.sql(url, &format!("SET time_zone = '+00:00'; SELECT {columns} FROM analytics_aggregates {order}"));
    rows.lines().map(str::to_owned).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_row_counts_and_one_without_numbers_is_gone() {
    let server = MariaDb::start();
    let url = server.database();
    let handler = computed_rows(&url);
    handler.prepare().await.unwrap();
    let other = json!({
        "app": "shop", "aggregate_type": "dau", "period_type": "daily", "period_start": "2026-06-14",
        "period_end": "2026-06-14", "dimensions": {}, "metrics": {"n": 1},
    });
    let first = vec![
        computed(1, "2026-06-14", 1, json!({"active_users": 150, "new_users": 12})),
        computed(2, "2026-06-14", 2, json!({"active_users": 7, "new_users": 0})),
        row(3, other),
        computed(4, "2026-06-14", 1, json!({"active_users": 151, "new_users": 12})),
    ];
    let one = |users: u64| {
        format!(
            "dau|daily|2026-06-14|2026-06-14|{{\"community_id\":1}}|{{\"active_users\":{users},\"new_users\":12}}|2026-06-15 01:00:00"
        )
    };
    let two =
        "dau|daily|2026-06-14|2026-06-14|{\"community_id\":2}|{\"active_users\":7,\"new_users\":0}|2026-06-15 01:00:00";
    for _ in 0..2 {
        handler.deliver(&batch(first.clone())).await.unwrap();
        assert_eq!(rows(&server, &url), [one(151), two.to_owned()]);
    }
    let second = vec![
        computed(5, "2026-06-14", 2, json!({})),
        computed(6, "2026-06-14", 1, json!({"active_users": 152, "new_users": 12})),
    ];
    handler.deliver(&batch(second.clone())).await.unwrap();
    assert_eq!(rows(&server, &url), [one(152)]);
    // Delivered again from the beginning it ends in the same.
    handler.deliver(&batch(first)).await.unwrap();
    handler.deliver(&batch(second)).await.unwrap();
    assert_eq!(rows(&server, &url), [one(152)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_row_is_refused_alone_and_what_is_past_its_time_goes() {
    let server = MariaDb::start();
    let url = server.database();
    let handler = computed_rows(&url);
    handler.prepare().await.unwrap();
    let (recent, old) = (days_ago(30).to_string(), days_ago(6 * 365).to_string());
    let items = vec![
        row(1, json!({"app": "unofficial-communities"})),
        computed(2, &recent[..10], 1, json!({"active_users": 1})),
        computed(3, &old[..10], 1, json!({"active_users": 2})),
    ];
    let refused = refused(handler.deliver(&batch(items)).await);
    assert_eq!(refused, [(0, "mysql.aggregate")]);
    assert_eq!(rows(&server, &url).len(), 2);
    // The category `business` keeps its aggregates for five years.
    handler.tend(now()).await.unwrap();
    assert_eq!(rows(&server, &url).len(), 1);
    assert!(rows(&server, &url)[0].contains("\"active_users\":1"));
}
