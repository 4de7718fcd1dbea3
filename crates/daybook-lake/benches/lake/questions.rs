//! What is asked, here as a metric or in SQL, there in SQL.

use datafusion::arrow::array::AsArray;
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Float64Type};
use datafusion::prelude::SessionContext;
use daybook_lake::metrics::{self, Definitions};
use serde_json::{Value, json};

/// A question.
pub struct Question {
    pub title: &'static str,
    /// As DuckDB is asked it.
    pub sql: &'static str,
    /// As we are; the same SQL where there is none.
    metric: Option<(&'static str, Value)>,
    /// The fields of our answer whose sum DuckDB's rows have.
    fields: &'static [&'static str],
}

/// One answer.
pub struct Asked {
    pub seconds: f64,
    /// The sum of all its numbers, to see that both answer the same.
    pub found: f64,
}

impl Question {
    /// Asks it, and gives back the sum of the answer's numbers.
    pub async fn ask(&self, session: &SessionContext, definitions: &Definitions) -> f64 {
        match &self.metric {
            Some((name, parameters)) => {
                let question = metrics::Question::read(name, parameters.clone()).expect("a question");
                let answer = question.ask(session, definitions).await.expect(self.title);
                let answer = serde_json::to_value(answer).expect("an answer");
                let rows = answer.get("rows").or_else(|| answer.get("steps")).and_then(Value::as_array);
                let numbers = rows
                    .into_iter()
                    .flatten()
                    .flat_map(|row| self.fields.iter().filter_map(|field| row.get(*field).and_then(Value::as_f64)));
                numbers.sum()
            }
            None => {
                let answer = session.sql(self.sql).await.expect(self.title).collect().await.expect(self.title);
                let columns = answer.iter().flat_map(|batch| batch.columns());
                let numbers = columns.filter(|column| column.data_type().is_numeric()).map(|column| {
                    let numbers = cast(column, &DataType::Float64).expect("numbers");
                    numbers.as_primitive::<Float64Type>().iter().flatten().sum::<f64>()
                });
                numbers.sum()
            }
        }
    }
}

/// All questions, about the last 30 days of 90 unless they say otherwise.
pub fn all() -> Vec<Question> {
    let span = |more: Value| {
        let mut parameters = json!({"from": "2026-03-02", "to": "2026-04-01"});
        if let (Some(parameters), Value::Object(more)) = (parameters.as_object_mut(), more) {
            parameters.extend(more);
        }
        parameters
    };
    vec![
        Question {
            title: "active users by day, new and returning",
            sql: ACTIVE_USERS,
            metric: Some(("active-users", span(json!({})))),
            fields: &["active_users", "new_users"],
        },
        Question {
            title: "retention by week, of all cohorts",
            sql: RETENTION,
            metric: Some((
                "retention",
                json!({"from": "2026-01-05", "to": "2026-03-30", "period": "week", "periods": 8}),
            )),
            fields: &["retained"],
        },
        Question {
            title: "funnel of three steps within 7 days",
            sql: FUNNEL,
            metric: Some((
                "funnel",
                span(json!({"within": "7d", "steps": [
                {"event": "basket.filled"}, {"event": "order.placed"}, {"event": "order.paid"}]})),
            )),
            fields: &["count"],
        },
        Question {
            title: "trend: events by day and plan",
            sql: "SELECT date_trunc('day', time) AS day, data_plan, count(*) FROM events \
                  WHERE time >= '2026-03-02' AND time < '2026-04-01' AND name = 'page.seen' GROUP BY ALL",
            metric: Some(("trend", span(json!({"events": "page.seen", "group_by": "plan"})))),
            fields: &["value"],
        },
        Question {
            title: "trend: sum of orders by day and method",
            sql: "SELECT date_trunc('day', time) AS day, data_method, sum(data_total) FROM events \
                  WHERE time >= '2026-03-02' AND time < '2026-04-01' AND name = 'order.paid' GROUP BY ALL",
            metric: Some((
                "trend",
                span(json!({"events": "order.paid", "measure": "sum:total", "group_by": "method"})),
            )),
            fields: &["value"],
        },
        Question {
            title: "trend: people by day",
            sql: "SELECT date_trunc('day', time) AS day, count(DISTINCT person) FROM events \
                  WHERE time >= '2026-03-02' AND time < '2026-04-01' AND name = 'order.placed' GROUP BY ALL",
            metric: Some(("trend", span(json!({"events": "order.placed", "measure": "unique"})))),
            fields: &["value"],
        },
        Question {
            title: "stickiness by day",
            sql: STICKINESS,
            metric: Some(("stickiness", span(json!({})))),
            fields: &["daily_active", "monthly_active"],
        },
        Question {
            title: "SQL: events by name, of all",
            sql: "SELECT name, count(*) FROM events GROUP BY name",
            metric: None,
            fields: &[],
        },
        Question {
            title: "SQL: number, least and most of a field, of all",
            sql: "SELECT count(data_ms), min(data_ms), max(data_ms) FROM events WHERE data_ms > 100",
            metric: None,
            fields: &[],
        },
        Question {
            title: "SQL: one person's events",
            sql: "SELECT position, data_ms FROM events WHERE person = (SELECT max(person) FROM events)",
            metric: None,
            fields: &[],
        },
        Question {
            title: "SQL: one trace, of all",
            // That of the thousandth piece of work.
            sql: "SELECT position FROM events WHERE correlation = '14e0abb2bfcf7c3e34fc9406692456ac'",
            metric: None,
            fields: &[],
        },
    ]
}

const ACTIVE_USERS: &str = "
WITH days AS (SELECT person, date_trunc('day', time) AS day FROM events
              WHERE person IS NOT NULL AND time < '2026-04-01' GROUP BY ALL),
     firsts AS (SELECT person, min(day) AS first FROM days GROUP BY person)
SELECT day, count(*), count(*) FILTER (first = day) FROM days JOIN firsts USING (person)
WHERE day >= '2026-03-02' GROUP BY day";

const RETENTION: &str = "
WITH weeks AS (SELECT person, date_trunc('week', time) AS week FROM events
               WHERE person IS NOT NULL AND time < '2026-05-25' GROUP BY ALL),
     firsts AS (SELECT person, min(week) AS first FROM weeks GROUP BY person)
SELECT first, week, count(*) FROM weeks JOIN firsts USING (person)
WHERE first >= '2026-01-05' AND first < '2026-03-30' AND date_diff('day', first, week) <= 56 GROUP BY first, week";

const FUNNEL: &str = "
WITH step AS (SELECT person, time, name FROM events
              WHERE person IS NOT NULL AND time >= '2026-03-02' AND time < '2026-04-01'
                AND name IN ('basket.filled', 'order.placed', 'order.paid')),
     one AS (SELECT person, time FROM step WHERE name = 'basket.filled'),
     two AS (SELECT person, time FROM step WHERE name = 'order.placed'),
     three AS (SELECT person, time FROM step WHERE name = 'order.paid'),
     runs AS (SELECT one.person, one.time AS begun, two.time AS second FROM one
              ASOF LEFT JOIN two ON one.person = two.person AND one.time < two.time),
     ended AS (SELECT runs.person, begun, second, three.time AS third FROM runs
               ASOF LEFT JOIN three ON runs.person = three.person AND runs.second < three.time)
SELECT count(DISTINCT person), count(DISTINCT person) FILTER (second <= begun + INTERVAL 7 DAY),
       count(DISTINCT person) FILTER (second <= begun + INTERVAL 7 DAY AND third <= begun + INTERVAL 7 DAY) FROM ended";

const STICKINESS: &str = "
WITH active AS (SELECT DISTINCT person, CAST(date_trunc('day', time) AS DATE) AS day FROM events
                WHERE person IS NOT NULL AND time >= '2026-02-01' AND time < '2026-04-01'),
     days AS (SELECT CAST(unnest(generate_series(DATE '2026-03-02', DATE '2026-03-31', INTERVAL 1 DAY)) AS DATE) AS day)
SELECT days.day, count(DISTINCT person) FILTER (active.day = days.day), count(DISTINCT person) FROM days
JOIN active ON active.day > days.day - 30 AND active.day <= days.day GROUP BY days.day";
