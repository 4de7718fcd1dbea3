//! A trace drawn as a tree, line by line as its events come.
//!
//! What was caused alone stands below its cause behind an arrow, so that a long chain stays narrow; what was caused beside others
//! branches off. Beyond some branches one within another the drawing goes no further to the right, and says how deep it is.

use serde_json::Value;

use crate::rows::cell;

/// Branches one within another that are drawn.
const BRANCHES_DRAWN: usize = 16;

/// Draws the nodes of a trace in their order.
#[derive(Debug, Default)]
pub struct Drawing {
    /// What the events from the root to the one at hand still have to come, and what stands before what they caused.
    around: Vec<Around>,
}

#[derive(Debug)]
struct Around {
    /// Children that did not come yet.
    left: u64,
    /// Whether it caused one event alone.
    alone: bool,
    /// What stands before what it caused.
    before: String,
    /// Branches in it.
    branches: usize,
}

impl Drawing {
    /// The line of the next node.
    pub fn line(&mut self, node: &Value) -> String {
        let number = |name: &str| node.get(name).and_then(Value::as_u64).unwrap_or(0);
        let (depth, children) = (number("depth"), number("children"));
        self.around.truncate(usize::try_from(depth).unwrap_or(usize::MAX));
        let (mut line, before, branches) = match self.around.last_mut() {
            None => (String::new(), String::new(), 0),
            Some(cause) => {
                cause.left = cause.left.saturating_sub(1);
                let last = cause.left == 0;
                if cause.alone {
                    (format!("{}↓ ", cause.before), cause.before.clone(), cause.branches)
                } else if cause.branches < BRANCHES_DRAWN {
                    let (here, below) = if last { ("└─ ", "   ") } else { ("├─ ", "│  ") };
                    (format!("{}{here}", cause.before), format!("{}{below}", cause.before), cause.branches + 1)
                } else {
                    (format!("{}{depth:>5} ", cause.before), cause.before.clone(), cause.branches)
                }
            }
        };
        self.around.push(Around { left: children, alone: children == 1, before, branches });
        line.push_str(&words(node).join("  "));
        line.push('\n');
        line
    }
}

/// What is said of a node.
fn words(node: &Value) -> Vec<String> {
    let text = |name: &str| node.get(name).filter(|value| !value.is_null()).map(cell);
    let number = |name: &str| node.get(name).and_then(Value::as_i64);
    let mut words = vec![text("name").unwrap_or_default()];
    match number("since_cause_ms") {
        Some(since) if since < 0 => words.push(format!("{} before its cause", span(-since))),
        Some(since) => words.push(format!("+{}", span(since))),
        None => words.extend(text("time")),
    }
    words.extend(number("duration_ms").map(|took| format!("took {}", span(took))));
    words.extend(actor(node).map(|actor| format!("by {actor}")));
    words.extend(text("request").map(|step| format!("step {step}")));
    let is = |name: &str| node.get(name) == Some(&Value::Bool(true));
    if is("failed") {
        words.push("FAILED".to_owned());
    }
    match number("retry") {
        Some(retry) if retry > 0 => words.push(format!("attempt {}", retry + 1)),
        _ => {}
    }
    if is("open") {
        words.push("not ended".to_owned());
    }
    if is("duplicate") {
        words.push("has the id of another".to_owned());
    }
    words.extend(node.get("cause").map(cause));
    words
}

/// Who acted, as far as it is told.
pub fn actor(of: &Value) -> Option<String> {
    let text = |value: Option<&Value>| value.filter(|value| !value.is_null()).map(cell);
    let actor = of.get("actor");
    let kind = text(actor.and_then(|actor| actor.get("type")));
    let id = text(actor.and_then(|actor| actor.get("id")));
    let id = id.or_else(|| text(of.get("identity"))).or_else(|| text(of.get("anonymous_id")));
    match (kind, id) {
        (Some(kind), Some(id)) => Some(format!("{kind} {id}")),
        (Some(one), None) | (None, Some(one)) => Some(one),
        (None, None) => None,
    }
}

/// What is said of a cause that is not in the tree.
pub fn cause(cause: &Value) -> String {
    let text = |name: &str| cause.get(name).filter(|value| !value.is_null()).map(cell);
    let which = text("name").or_else(|| text("id")).unwrap_or_else(|| "another".to_owned());
    match cause.get("status").and_then(Value::as_str) {
        Some("itself") => "(says that it caused itself)".to_owned(),
        Some("circle") => format!("(its causes lead back to it: {which})"),
        Some("later") => format!("(caused by {which}, which came later)"),
        Some("known") => match text("correlation") {
            Some(correlation) => format!("(caused by {which} of trace {correlation})"),
            None => format!("(caused by {which}, of no trace)"),
        },
        _ => format!("(caused by {which}, which is not there)"),
    }
}

/// A span of time, in two of its units at most.
pub fn span(milliseconds: i64) -> String {
    let seconds = milliseconds / 1_000;
    let pair = |whole: i64, unit: &str, rest: i64, smaller: &str| match rest {
        0 => format!("{whole} {unit}"),
        rest => format!("{whole} {unit} {rest} {smaller}"),
    };
    match seconds {
        0 => format!("{milliseconds} ms"),
        1..60 if milliseconds % 1_000 < 100 => format!("{seconds} s"),
        1..60 => format!("{seconds}.{} s", milliseconds % 1_000 / 100),
        60..3_600 => pair(seconds / 60, "min", seconds % 60, "s"),
        3_600..86_400 => pair(seconds / 3_600, "h", seconds % 3_600 / 60, "min"),
        _ => pair(seconds / 86_400, "d", seconds % 86_400 / 3_600, "h"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn node(name: &str, depth: u64, children: u64) -> Value {
        json!({"name": name, "depth": depth, "children": children, "since_cause_ms": 10, "retry": 0, "failed": false})
    }

    fn draw(nodes: &[Value]) -> String {
        let mut drawing = Drawing::default();
        nodes.iter().map(|node| drawing.line(node)).collect()
    }

    #[test]
    fn chains_go_down_and_branches_to_the_right() {
        insta::assert_snapshot!(draw(&[
            node("a", 0, 1), node("b", 1, 2), node("c", 2, 1), node("d", 3, 2), node("e", 4, 0), node("f", 4, 0),
            node("g", 2, 1), node("h", 3, 0), node("i", 0, 0),
        ]), @r"
        a  +10 ms
        ↓ b  +10 ms
        ├─ c  +10 ms
        │  ↓ d  +10 ms
        │  ├─ e  +10 ms
        │  └─ f  +10 ms
        └─ g  +10 ms
           ↓ h  +10 ms
        i  +10 ms
        ");
    }

    #[test]
    fn what_is_deep_stays_narrow() {
        let chain: Vec<Value> = (0..100_000).map(|depth| node("x", depth, 1)).collect();
        assert!(draw(&chain).lines().all(|line| line.chars().count() < 20));
        let comb: Vec<Value> = (0..2_000).map(|depth| node("x", depth, 2)).collect();
        let drawn = draw(&comb);
        assert!(drawn.lines().all(|line| line.chars().count() < 80), "{drawn}");
        assert!(drawn.lines().last().unwrap().contains(" 1999 x"), "{drawn}");
    }

    #[test]
    fn everything_that_there_is_to_say_is_said() {
        let node = json!({
            "name": "AI.ERROR\u{1b}[2J", "depth": 0, "children": 0, "time": "2026-03-01T12:00:00.000Z", "failed": true,
            "retry": 2, "duration_ms": 1500, "open": true, "duplicate": true, "request": "req_1",
            "actor": {"type": "user"}, "anonymous_id": "4f1c",
            "cause": {"status": "known", "name": "A.B", "correlation": "wf-2"}
        });
        insta::assert_snapshot!(draw(&[node]), @r"AI.ERROR\u{1b}[2J  2026-03-01T12:00:00.000Z  took 1.5 s  by user 4f1c  step req_1  FAILED  attempt 3  not ended  has the id of another  (caused by A.B of trace wf-2)");
        let back = json!({"name": "a", "depth": 0, "children": 0, "since_cause_ms": -2000});
        assert_eq!(draw(&[back]), "a  2 s before its cause\n");
        for (cause_is, expected) in [
            (json!({"status": "missing", "id": "x"}), "(caused by x, which is not there)"),
            (json!({"status": "missing"}), "(caused by another, which is not there)"),
            (json!({"status": "later", "name": "A"}), "(caused by A, which came later)"),
            (json!({"status": "known", "name": "A"}), "(caused by A, of no trace)"),
            (json!({"status": "itself", "id": "x"}), "(says that it caused itself)"),
            (json!({"status": "circle", "id": "x"}), "(its causes lead back to it: x)"),
        ] {
            assert_eq!(cause(&cause_is), expected);
        }
    }

    #[test]
    fn spans_are_readable() {
        for (milliseconds, expected) in [
            (0, "0 ms"),
            (999, "999 ms"),
            (1_000, "1 s"),
            (12_340, "12.3 s"),
            (59_999, "59.9 s"),
            (60_000, "1 min"),
            (245_000, "4 min 5 s"),
            (3_600_000, "1 h"),
            (90_000_000, "1 d 1 h"),
        ] {
            assert_eq!(span(milliseconds), expected);
        }
    }
}
