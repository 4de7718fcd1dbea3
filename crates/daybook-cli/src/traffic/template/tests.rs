use super::super::draw::Draw;
use super::super::scope::{Supplies, Variables};
use super::*;

fn make(template: Value) -> Option<Value> {
    let variables = Variables::from([("who".to_owned(), json!("ada")), ("count".to_owned(), json!(3))]);
    let mut supplies = Supplies::default();
    supplies.lists.insert("thing".into(), vec![json!("lamp")]);
    let mut scope = Scope {
        layers: &[&variables],
        draw: &mut Draw::new(1, "templates"),
        supplies: &mut supplies,
        now_us: 1_768_402_800_123_456,
    };
    Template::parse(template).expect("a template").make(&mut scope)
}

#[test]
fn templates_are_filled() {
    let check = |template: Value, expected: Value| assert_eq!(make(template), Some(expected));
    check(json!({"a": "$who", "b": "$nobody", "c": "$$who"}), json!({"a": "ada", "c": "$who"}));
    check(json!({"$sum": ["$count", 1.5, -0.25]}), json!(4.25));
    check(json!({"$product": ["$count", 2]}), json!(6));
    check(json!({"$decimal": {"$product": ["$count", 0.0125]}}), json!("0.0375"));
    check(json!({"$text": "{who} has {count} {thing}s"}), json!("ada has 3 lamps"));
    check(json!({"$from": "thing"}), json!("lamp"));
    check(json!({"$pick": {"only": 1}}), json!("only"));
    check(json!({"$pick": [7]}), json!(7));
    check(json!({"$counter": "c"}), json!(1));
    check(json!({"$counter": ["c", 100]}), json!(100));
    check(json!({"$time": "exact"}), json!("2026-01-14T15:00:00.123Z"));
    check(json!({"$time": "day"}), json!("2026-01-14"));
    check(json!({"$time": "hour"}), json!("2026-01-14T15:00:00.000Z"));
    check(json!({"$ago": 60}), json!("2026-01-14T14:59:00.123Z"));
    check(json!({"$normal": {"mean": 5, "deviation": 0}}), json!(5));
    check(json!({"$log-normal": {"median": 500, "spread": 0, "max": 10}}), json!(10));
    check(json!({"$maybe": [1, "x"]}), json!("x"));
    check(json!({"$string": "$count"}), json!("3"));
    assert_eq!(make(json!({"$maybe": [0, "x"]})), None);
    assert_eq!(make(json!({"$hex": 12})).and_then(|hex| hex.as_str().map(str::len)), Some(12));
    assert_eq!(make(json!({"$hash": "$who"})), make(json!({"$hash": "ada"})));
    let id = make(json!({"$object-id": null})).and_then(|id| id.as_str().map(str::to_owned)).expect("an id");
    assert!(id.starts_with("6967af70"), "{id}");
}

#[test]
fn mistakes_are_said() {
    for (template, expected) in [
        (json!({"$piick": [1]}), "`$piick`: unknown variant `$piick`"),
        (json!({"$int": [1]}), "`$int`: invalid length 1"),
        (json!({"$pick": [1], "a": 1}), "`$pick` must be the only key"),
        (json!([{"$normal": {"mean": 1}}]), "`$normal`: missing field `deviation`"),
    ] {
        let error = Template::parse(template).expect_err("no template");
        assert!(error.starts_with(expected), "{error}");
    }
}
