use insta::assert_snapshot;

use super::sql::Words;
use super::*;
use crate::{from_texts, render};

const CATALOG: &str = "\
app: shop
version: 1.0.0
title: Shop
categories: {sales: {retain: 90d, aggregate-retain: 5y}, health: {}}
";
const EVENTS: &str = "\
events:
  - name: order.paid
    description: An order was paid.
    category: sales
    pii: {note: free-text}
    data:
      type: object
      properties: {total: {type: integer}, shop-id: {type: integer}, note: {type: string}}
    examples: [{total: 1}]
  - {name: stock.low, description: x, category: health, examples: [{}]}
";

fn load(text: &str) -> (Vec<Spec>, String) {
    let files = [("catalog.yaml", CATALOG), ("events/a.yaml", EVENTS), ("aggregates.yaml", text)];
    let loaded = from_texts(&files);
    let specs = loaded.catalogs.app("shop").map(|app| app.aggregates.clone()).unwrap_or_default();
    (specs, render::text(&loaded.diagnostics))
}

/// What is found in a file whose one aggregate is called `a`; what it needs is added unless it has its own.
fn check(text: &str) -> String {
    let mut aggregate = text.trim().to_owned();
    for (key, line) in [
        ("period:", "period: daily"),
        ("category:", "category: sales"),
        ("sql:", "sql: SELECT count(*) AS n FROM events WHERE date BETWEEN $period_start AND $period_end"),
    ] {
        if !aggregate.lines().any(|line| line.starts_with(key)) {
            aggregate.push('\n');
            aggregate.push_str(line);
        }
    }
    let indented: Vec<String> = aggregate.trim().lines().map(|line| format!("    {line}")).collect();
    load(&format!("aggregates:\n  a:\n{}\n", indented.join("\n"))).1
}

#[test]
fn everything_that_can_be_said_is_read() {
    let (specs, found) = load(
        "
aggregates:
  orders:
    description: Orders of a day.
    period: daily
    category: sales
    dimensions: [shop]
    sql: |
      SELECT data_shop_id AS shop, count(*) AS orders FROM events
      WHERE name = 'order.paid' AND date BETWEEN $period_start AND $period_end GROUP BY data_shop_id
  cohorts:
    period: weekly
    category: health
    at: '03:30'
    looks-back: 1d
    recompute-for: 35d
    sql: SELECT 1 AS n FROM events WHERE date BETWEEN $period_start AND $period_end AND date < $today
",
    );
    assert_eq!(found, "");
    let [orders, cohorts] = specs.as_slice() else { panic!("{specs:?}") };
    assert_eq!((orders.name.as_str(), orders.description.as_deref()), ("orders", Some("Orders of a day.")));
    assert_eq!((orders.period, orders.category.as_str(), orders.at), (Period::Daily, "sales", AT_DEFAULT));
    assert_eq!((orders.looks_back, orders.recompute_for), (Duration::ZERO, Duration::ZERO));
    assert_eq!(orders.dimensions, ["shop"]);
    assert!(orders.sql.starts_with("SELECT data_shop_id AS shop"));
    assert_eq!((cohorts.period, cohorts.at_text().as_str()), (Period::Weekly, "03:30"));
    assert_eq!((cohorts.looks_back.as_secs(), cohorts.recompute_for.as_secs()), (86_400, 35 * 86_400));
    assert_eq!(cohorts.dimensions, Vec::<String>::new());
}

#[test]
fn what_is_wrong_is_said_with_its_place() {
    assert_snapshot!(load("aggregate: {}\n").1, @"
    aggregates.yaml:1:1: error[catalog.required]: a file of aggregates needs `aggregates`
    aggregates.yaml:1:1: error[catalog.unknown-key]: `aggregate` is not a key of a file of aggregates
      hint: did you mean `aggregates`?
    2 errors
    ");
    assert_snapshot!(load("aggregates:\n  Orders-2: {perod: daily}\n  a: 5\n").1, @"
    aggregates.yaml:2:3: error[aggregate.name]: `Orders-2` cannot be the name of an aggregate
      hint: lower-case letters, digits and underscores, beginning with a letter, at most 50 characters
    aggregates.yaml:2:13: error[catalog.required]: an aggregate needs `category`
    aggregates.yaml:2:13: error[catalog.required]: an aggregate needs `period`
    aggregates.yaml:2:13: error[catalog.required]: an aggregate needs `sql`
    aggregates.yaml:2:14: error[catalog.unknown-key]: `perod` is not a key of an aggregate
      hint: did you mean `period`?
    aggregates.yaml:3:6: error[catalog.type]: an aggregate must be a mapping, not a number
    6 errors
    ");
    assert_snapshot!(check("period: hourly\ncategory: sale\nat: '24:00'\nlooks-back: 12h\nrecompute-for: 401d"), @"
    aggregates.yaml:3:13: error[catalog.value]: `period` must be one of daily, weekly, monthly, not `hourly`
    aggregates.yaml:4:15: error[aggregate.category]: there is no category `sale`
      hint: did you mean `sales`?
    aggregates.yaml:5:9: error[aggregate.at]: `at` is not a time of day
      hint: hours and minutes in UTC, in quotes: \"01:00\"
    aggregates.yaml:6:17: error[catalog.duration]: `looks-back` must be a number of whole days, at most 400d
    aggregates.yaml:7:20: error[catalog.duration]: `recompute-for` must be a number of whole days, at most 400d
    5 errors
    ");
    assert_snapshot!(check("dimensions: [shop]\nsql: SELECT 1 FROM events WHERE date > $period_strat"), @"
    aggregates.yaml:4:10: warning[aggregate.dimension]: `sql` does not name the dimension `shop`
      hint: every dimension is a column of the answer
    aggregates.yaml:4:10: error[aggregate.period]: `sql` does not say `$period_end`, so all periods would be alike
      hint: WHERE date BETWEEN $period_start AND $period_end
    aggregates.yaml:4:10: error[aggregate.period]: `sql` does not say `$period_start`, so all periods would be alike
      hint: WHERE date BETWEEN $period_start AND $period_end
    aggregates.yaml:4:10: error[aggregate.placeholder]: `$period_strat` stands for nothing
      hint: did you mean `$period_start`?
    3 errors, 1 warning
    ");
    assert_snapshot!(load("aggregates:\n  a: {}\n  a: {}\n").1.lines().next().unwrap(), @"aggregates.yaml:2:6: error[catalog.required]: an aggregate needs `category`");
    assert!(load("aggregates:\n  a: {}\n  a: {}\n").1.contains("error[catalog.duplicate-key]"));
}

#[test]
fn names_and_columns_that_there_are_not_are_noted() {
    assert_snapshot!(check("sql: SELECT sum(data_totl), max(data_note), count(data_shop_id) FROM events e WHERE date BETWEEN $period_start AND $period_end AND (e.name = 'order.payd' OR name LIKE 'stock.%')"), @"
    aggregates.yaml:3:10: note[aggregate.column]: no event type has a field for `data_note`, or it is personal
      hint: did you mean `data_total`?
    aggregates.yaml:3:10: note[aggregate.column]: no event type has a field for `data_totl`, or it is personal
      hint: did you mean `data_total`?
    aggregates.yaml:3:10: note[aggregate.event]: `sql` asks for `order.payd`, which matches no event type
      hint: did you mean `order.paid`?
    3 notes
    ");
}

#[test]
fn words_are_found_where_they_count() {
    let words = Words::of(
        "SELECT 'it''s $no' AS a, \"data_b\" -- $comment 'x'\n FROM events /* name = 'y' */ WHERE name NOT IN ('one', 'two') \
         AND name <> 'three' AND name not like 'f%r' AND $today > 1e5",
    );
    assert_eq!(words.placeholders.into_iter().collect::<Vec<_>>(), ["$today"]);
    assert_eq!(words.event_names.into_iter().collect::<Vec<_>>(), ["f*r", "one", "three", "two"]);
    assert!(words.words.contains("data_b") && !words.words.contains("comment") && !words.words.contains("e5"));
}
