//! Questions that ask for much, and those that ask for too much.

use std::sync::Arc;

use datafusion::execution::memory_pool::GreedyMemoryPool;
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::prelude::{SessionConfig, SessionContext};
use daybook_lake::metrics::limits::{GROUPS_MAX, INTERVALS_MAX, PERIODS_MAX};
use daybook_lake::metrics::{Definitions, MetricError, Question};
use serde_json::{Value, json};

use super::calendar::DAY;
use super::world::{MONDAY, Row, ask, row, session, text};

fn refused(rows: &[Row], metric: &str, parameters: Value) -> String {
    match ask(rows, None, metric, parameters) {
        Err(MetricError::Refused(findings)) => findings.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"),
        other => panic!("{other:?}"),
    }
}

/// From a Monday, for so many days.
fn days(days: usize, more: Value) -> Value {
    let mut all = json!({"from": text(MONDAY), "to": text(MONDAY + days as i64 * DAY)});
    all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    all
}

#[test]
fn as_many_periods_as_may_be_are_told_apart() {
    // One person each day, and one on every day.
    let rows: Vec<Row> = (0..PERIODS_MAX as i64)
        .flat_map(|day| [row(2 * day + 1, "a", MONDAY + day * DAY, day), row(2 * day + 2, "a", MONDAY + day * DAY, -1)])
        .collect();
    let active = ask(&rows, None, "active-users", days(PERIODS_MAX, json!({}))).unwrap();
    let active = active["rows"].as_array().unwrap();
    assert_eq!(active.len(), PERIODS_MAX);
    assert!(active.iter().all(|row| row["active_users"] == 2));
    assert_eq!((active[0]["new_users"].clone(), active[999]["new_users"].clone()), (json!(2), json!(1)));
    let lost = ask(&rows, None, "churn", days(PERIODS_MAX, json!({}))).unwrap();
    assert!(lost["rows"].as_array().unwrap().iter().skip(1).all(|row| row["churned_users"] == 1));
    let sticky = ask(&rows, None, "stickiness", days(PERIODS_MAX, json!({}))).unwrap();
    assert_eq!(sticky["rows"][999]["monthly_active"], 31);
    let back = ask(&rows, None, "retention", days(1, json!({"periods": PERIODS_MAX - 1}))).unwrap();
    let retained: u64 = back["rows"].as_array().unwrap().iter().map(|row| row["retained"].as_u64().unwrap()).sum();
    assert_eq!(retained, PERIODS_MAX as u64 + 1);
    let trend = ask(&rows, None, "trend", days(INTERVALS_MAX, json!({"measure": "unique"}))).unwrap();
    assert_eq!(trend["rows"].as_array().unwrap().len(), INTERVALS_MAX);
    assert_eq!((&trend["rows"][999]["value"], &trend["rows"][1000]["value"]), (&json!(2), &json!(0)));
}

#[test]
fn more_is_refused() {
    let check =
        |metric: &str, parameters: Value, expected: &str| assert_eq!(refused(&[], metric, parameters), expected);
    let much = PERIODS_MAX + 1;
    check("active-users", days(much, json!({})), "`period`: there are more than 1000 between `from` and `to`");
    check("churn", days(much, json!({})), "`period`: there are more than 1000 between `from` and `to`");
    check("stickiness", days(much, json!({})), "`to`: there are more than 1000 days between `from` and `to`");
    check("retention", days(much, json!({})), "`period`: there are more than 1000 between `from` and `to`");
    check("retention", days(990, json!({"periods": 11})), "`periods`: 11 after 990 cohorts are more than 1000 periods");
    check("retention", days(500, json!({"periods": 500})), "`periods`: 500 of 500 cohorts are more than 100000 rows");
    check(
        "trend",
        days(2, json!({"interval": "minute"})),
        "`interval`: there are more than 1500 between `from` and `to`",
    );
    let steps = vec![json!({"event": "a"}); 21];
    check("funnel", days(1, json!({"steps": steps})), "`steps`: are 21, and must be 1 to 20");
    check("trend", days(1, json!({"events": vec!["a"; 101]})), "`events`: names 101 events, and may name 100");
    let many: Value = (0..21).map(|at| (format!("f{at}"), json!(1))).collect();
    check("trend", days(1, json!({"where": many})), "`where`: names 21 fields, and may name 20");
    check(
        "trend",
        days(1, json!({"where": {"plan": vec!["a"; 101]}})),
        "`where.plan`: a field is one of at most 100 values",
    );
}

#[test]
fn a_column_of_too_many_values_divides_nothing() {
    let rows: Vec<Row> = (0..=GROUPS_MAX as i64)
        .map(|at| {
            let mut row = row(at, "a", MONDAY, at);
            row.ms = Some(at);
            row
        })
        .collect();
    let all = &rows[..GROUPS_MAX];
    let trend = ask(all, None, "trend", days(1, json!({"group_by": "ms"}))).unwrap();
    assert_eq!(trend["rows"].as_array().unwrap().len(), GROUPS_MAX);
    // Numbers are numbers, in their order.
    assert_eq!((&trend["rows"][2]["group"], &trend["rows"][10]["group"]), (&json!(2), &json!(10)));
    let funnel = |rows| ask(rows, None, "funnel", days(1, json!({"steps": [{"event": "a"}], "group_by": "ms"})));
    assert_eq!(funnel(all).unwrap()["steps"].as_array().unwrap().len(), GROUPS_MAX);
    for (metric, more) in [
        ("trend", json!({"group_by": "ms"})),
        ("trend", json!({"group_by": "ms", "measure": "unique"})),
        ("trend", json!({"group_by": "ms", "measure": "p50:ms"})),
        ("funnel", json!({"group_by": "ms", "steps": [{"event": "a"}]})),
    ] {
        assert_eq!(
            refused(&rows, metric, days(1, more)),
            "`group_by`: `data_ms` has more than 1000 different values here"
        );
    }
    assert_eq!(
        refused(&rows, "active-users", days(1, json!({"by": "ms"}))),
        "`by`: `data_ms` has more than 1000 different values here"
    );
    assert_eq!(
        refused(all, "trend", days(101, json!({"group_by": "ms"}))),
        "`group_by`: 1000 values in 101 intervals are more than 100000 rows"
    );
}

#[test]
fn more_memory_than_there_is_ends_a_question() {
    let rows: Vec<Row> = (0..20_000).map(|at| row(at, "a", MONDAY, at)).collect();
    let pool = Arc::new(GreedyMemoryPool::new(400_000));
    let environment = RuntimeEnvBuilder::new().with_memory_pool(pool).build_arc().unwrap();
    let small = SessionContext::new_with_config_rt(SessionConfig::new().with_target_partitions(2), environment);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
    runtime.block_on(async {
        let events = session(&rows).table_provider("events").await.unwrap();
        small.register_table("events", events).unwrap();
        let funnel = Question::read("funnel", days(1, json!({"steps": [{"event": "a"}]}))).unwrap();
        let error = funnel.ask(&small, &Definitions::default()).await.unwrap_err();
        assert!(matches!(error, MetricError::Query(_)) && error.to_string().contains("Resources exhausted"), "{error}");
        // What it held is given back.
        assert_eq!(small.runtime_env().memory_pool.reserved(), 0);
    });
}
