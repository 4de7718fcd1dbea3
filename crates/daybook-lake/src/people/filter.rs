//! Filters on the names of people, as filters on their numbers.

use std::collections::{BTreeSet, HashMap};

use datafusion::common::tree_node::TreeNode;
use datafusion::logical_expr::expr::InList;
use datafusion::logical_expr::{BinaryExpr, Expr, Operator, ident, lit};
use daybook_event::SubjectId;

use super::{IDENTITY, OPENED};
use crate::rows::person_number;

/// Whether a filter is about names.
pub(super) fn is_about_names(filter: &Expr) -> bool {
    filter.column_refs().iter().any(|column| column.name == IDENTITY)
}

/// Whether a filter opens events, which only operators do that wait for it.
pub(super) fn opens_events(filter: &Expr) -> bool {
    let opens = |expr: &Expr| Ok(matches!(expr, Expr::ScalarFunction(call) if call.name() == OPENED));
    filter.exists(opens).unwrap_or(true)
}

/// Whether a filter can be said of numbers, and then be true for the same rows: it only asks whether a name is one of some, and
/// joins that by `AND` and `OR` with others. What it says where it is not true does not matter to a filter.
pub(super) fn can_be_of_numbers(filter: &Expr) -> bool {
    match filter {
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::And | Operator::Or, right }) => {
            can_be_of_numbers(left) && can_be_of_numbers(right)
        }
        filter => !is_about_names(filter) || names_of(filter).is_some(),
    }
}

/// Gathers the names that a filter asks for.
pub(super) fn gather_names(filter: &Expr, found: &mut BTreeSet<String>) {
    match filter {
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::And | Operator::Or, right }) => {
            gather_names(left, found);
            gather_names(right, found);
        }
        filter => found.extend(names_of(filter).into_iter().flatten().map(str::to_owned)),
    }
}

/// The filter, said of numbers.
pub(super) fn of_numbers(filter: &Expr, people: &HashMap<String, Vec<SubjectId>>) -> Expr {
    match filter {
        Expr::BinaryExpr(BinaryExpr { left, op: op @ (Operator::And | Operator::Or), right }) => {
            let (left, right) = (of_numbers(left, people), of_numbers(right, people));
            if *op == Operator::And { left.and(right) } else { left.or(right) }
        }
        filter => match names_of(filter) {
            Some(names) => {
                let ids = names.into_iter().filter_map(|name| people.get(name)).flatten();
                is_one_of(ids.map(|id| person_number(*id)).collect())
            }
            None => filter.clone(),
        },
    }
}

fn is_one_of(numbers: BTreeSet<i64>) -> Expr {
    let numbers: Vec<i64> = numbers.into_iter().collect();
    match numbers.as_slice() {
        [] => lit(false),
        [number] => ident("person").eq(lit(*number)),
        numbers => ident("person").in_list(numbers.iter().map(|number| lit(*number)).collect(), false),
    }
}

/// The names that a comparison asks for; nothing where it asks something else.
fn names_of(filter: &Expr) -> Option<Vec<&str>> {
    match filter {
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::Eq, right }) => match (is_name(left), is_name(right)) {
            (true, false) => Some(vec![text(right)?]),
            (false, true) => Some(vec![text(left)?]),
            _ => None,
        },
        Expr::InList(InList { expr, list, negated: false }) if is_name(expr) => list.iter().map(text).collect(),
        _ => None,
    }
}

fn is_name(expr: &Expr) -> bool {
    matches!(expr, Expr::Column(column) if column.name == IDENTITY)
}

fn text(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::Literal(value, _) => value.try_as_str().flatten(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use datafusion::logical_expr::{col, not};

    use super::*;

    #[expect(clippy::needless_pass_by_value, reason = "so that what is checked stands there without a sign")]
    fn check(filter: Expr, expected: Option<&str>) {
        let id = |byte: u8| SubjectId::from_bytes([0, 0, 0, 0, 0, 0, 0, byte, 9, 9, 9, 9, 9, 9, 9, 9]);
        let people = HashMap::from([("ada".to_owned(), vec![id(1)]), ("bob".to_owned(), vec![id(2), id(3)])]);
        let mut names = BTreeSet::new();
        gather_names(&filter, &mut names);
        assert!(names.iter().all(|name| ["ada", "bob", "eve"].contains(&name.as_str())), "{names:?}");
        let turned = can_be_of_numbers(&filter).then(|| of_numbers(&filter, &people).to_string());
        assert_eq!(turned.as_deref(), expected, "{filter}");
    }

    #[test]
    fn names_become_numbers() {
        let name = || col("identity");
        check(name().eq(lit("ada")), Some("person = Int64(1)"));
        check(lit("ada").eq(name()), Some("person = Int64(1)"));
        check(name().eq(lit("eve")), Some("Boolean(false)"));
        check(name().in_list(vec![lit("bob"), lit("eve")], false), Some("person IN ([Int64(2), Int64(3)])"));
        check(
            name().eq(lit("ada")).or(name().eq(lit("bob"))).and(col("name").eq(lit("x"))),
            Some("(person = Int64(1) OR person IN ([Int64(2), Int64(3)])) AND name = Utf8(\"x\")"),
        );
        // What has nothing to do with names stays as it is.
        check(col("name").like(lit("x%")), Some("name LIKE Utf8(\"x%\")"));
        for other in [
            name().in_list(vec![lit("bob")], true),
            name().not_eq(lit("bob")),
            name().like(lit("b%")),
            name().is_null(),
            name().eq(col("name")),
            not(name().eq(lit("bob"))),
            name().eq(lit("bob")).and(name().gt(lit("a"))),
        ] {
            check(other, None);
        }
    }
}
