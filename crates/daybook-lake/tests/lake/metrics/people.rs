//! Active users, retention, churn and stickiness, on made-up events.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::reference;
use super::world::{Row, active, ask, is_active, matches, parameters, rows, span, text};

fn period() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["day", "week", "month"])
}

fn rate(part: usize, whole: usize) -> Value {
    number(if whole == 0 { 0.0 } else { part as f64 / whole as f64 })
}

/// A number as answers write it.
fn number(number: f64) -> Value {
    if number.fract() == 0.0 { json!(number as i64) } else { json!(number) }
}

fn group_of(row: &Row) -> Option<&'static str> {
    row.platform
}

fn plan_of(row: &Row) -> Option<&'static str> {
    row.plan
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn active_users_are_those_of_the_reference(
        rows in rows(60), span in span(), period in period(), active in active(),
        by in prop::sample::select(vec![None, Some("platform"), Some("plan"), Some("data_plan")]),
        events in prop::sample::select(vec![None, Some("b.*"), Some("a.x")]),
    ) {
        let names = events.map(|name| vec![name]).or(active.clone());
        let counted: Vec<&Row> = rows.iter().filter(|row| is_active(row, names.as_deref())).collect();
        let of = by.map(|by| if by == "platform" { group_of as fn(&Row) -> _ } else { plan_of });
        let expected: Vec<Value> = reference::active_users(&counted, span, period, of)
            .into_iter()
            .map(|(start, group, active, new)| {
                let mut row = json!({"period_start": text(start)});
                if let Some(group) = group {
                    row["group"] = json!(group);
                }
                row["active_users"] = json!(active);
                row["new_users"] = json!(new);
                row["returning_users"] = json!(active - new);
                row
            })
            .collect();
        let asked = parameters(span, json!({"period": period, "by": by, "events": events}));
        prop_assert_eq!(ask(&rows, active.as_deref(), "active-users", asked).unwrap(), json!({"rows": expected}));
    }

    #[test]
    fn retention_is_that_of_the_reference(
        rows in rows(80), span in span(), period in period(), periods in 0..9usize, active in active(),
        start in prop::sample::select(vec![None, Some("first_seen"), Some("a.x"), Some("b.*"), Some("*")]),
        back in prop::sample::select(vec![None, Some("any"), Some("a.x"), Some("c")]),
    ) {
        let of = |names: Option<&'static str>, word: &str| -> Vec<&Row> {
            let named = |row: &&Row, name| row.person.is_some() && matches(row.name, &[name]);
            match names.filter(|name| *name != word) {
                Some(name) => rows.iter().filter(|row| named(row, name)).collect(),
                None => rows.iter().filter(|row| is_active(row, active.as_deref())).collect(),
            }
        };
        let expected: Vec<Value> =
            reference::retention(&of(start, "first_seen"), &of(back, "any"), span, period, periods)
                .into_iter()
                .map(|(start, size, period, retained)| json!({
                    "cohort_start": text(start), "cohort_size": size, "period": period, "retained": retained,
                    "rate": rate(retained, size),
                }))
                .collect();
        let asked = parameters(span, json!({"period": period, "periods": periods, "start": start, "return": back}));
        prop_assert_eq!(ask(&rows, active.as_deref(), "retention", asked).unwrap(), json!({"rows": expected}));
    }

    #[test]
    fn churn_is_that_of_the_reference(rows in rows(60), span in span(), period in period(), active in active()) {
        let counted: Vec<&Row> = rows.iter().filter(|row| is_active(row, active.as_deref())).collect();
        let expected: Vec<Value> = reference::churn(&counted, span, period)
            .into_iter()
            .map(|(start, previous, churned)| json!({
                "period_start": text(start), "previous_users": previous, "churned_users": churned,
                "rate": rate(churned, previous),
            }))
            .collect();
        let asked = parameters(span, json!({"period": period}));
        prop_assert_eq!(ask(&rows, active.as_deref(), "churn", asked).unwrap(), json!({"rows": expected}));
    }

    #[test]
    fn stickiness_is_that_of_the_reference(rows in rows(60), span in span(), period in period(), active in active()) {
        let counted: Vec<&Row> = rows.iter().filter(|row| is_active(row, active.as_deref())).collect();
        let expected: Vec<Value> = reference::stickiness(&counted, span, period)
            .into_iter()
            .map(|(start, daily, monthly)| json!({
                "period_start": text(start), "daily_active": number(daily), "monthly_active": monthly,
                "rate": number(if monthly == 0 { 0.0 } else { daily / monthly as f64 }),
            }))
            .collect();
        let asked = parameters(span, json!({"period": period}));
        prop_assert_eq!(ask(&rows, active.as_deref(), "stickiness", asked).unwrap(), json!({"rows": expected}));
    }
}
