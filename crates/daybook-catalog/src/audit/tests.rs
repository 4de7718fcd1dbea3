use insta::assert_snapshot;

use super::*;
use crate::{Catalogs, from_texts, render};

const CATALOG: &str = "app: shop\nversion: 1.0.0\ntitle: Shop\ncategories: {sales: {}}\n";
const EVENTS: &str = "\
events:
  - name: order.placed
    description: x
    category: sales
    data: {type: object, properties: {order: {type: string}, reason: {type: string}, attempt: {type: integer}}}
    examples: [{}]
  - name: order.paid
    description: x
    category: sales
    pii: {card: identifier, secretMs: personal}
    data:
      type: object
      properties:
        order: {type: string}
        tookMs: {type: integer}
        secretMs: {type: integer}
        card: {type: string}
        lines: {type: array, items: {type: object, properties: {before: {}, after: {}}}}
    examples: [{}]
  - {name: order.refused, description: x, category: sales, examples: [{}]}
";

fn load(text: &str) -> (Option<Audit>, String) {
    let files = [("catalog.yaml", CATALOG), ("events/a.yaml", EVENTS), ("audit.yaml", text)];
    let loaded = from_texts(&files);
    (loaded.catalogs.app("shop").map(|app| app.audit.clone()), render::text(&loaded.diagnostics))
}

#[test]
fn everything_that_can_be_said_is_read() {
    let (audit, found) = load(
        "
traces:
  outcomes:
    start: [order.placed]
    success: ['order.pai*']
    failure: [order.refused]
  spans:
    - {start: order.placed, end: [order.paid, order.refused]}
  durations: {tookMs: ms}
  attempts: [attempt]
answers:
  - events: ['*']
    what: [order]
    why: [reason]
  - events: [order.paid]
    who: [card]
    what: [order, tookMs]
    changed: [lines.before, lines.after]
",
    );
    assert_eq!(found, "");
    let audit = audit.unwrap();
    assert_eq!(audit.traces.outcome("order.placed"), Some(Outcome::Start));
    assert_eq!(audit.traces.outcome("order.paid"), Some(Outcome::Success));
    assert_eq!(audit.traces.outcome("order.lost"), None);
    assert_eq!(audit.traces.ended_by("order.refused").collect::<Vec<_>>(), ["order.placed"]);
    assert!(audit.traces.begins("order.placed") && !audit.traces.begins("order.paid"));
    assert_eq!(audit.traces.durations, [DurationField { field: "tookMs".into(), unit_us: 1_000 }]);
    assert_eq!(audit.fields("order.paid", Question::What), ["order", "tookMs"]);
    assert_eq!(audit.fields("order.paid", Question::Changed), ["lines.before", "lines.after"]);
    assert_eq!(audit.fields("order.placed", Question::Changed), Vec::<&str>::new());
}

#[test]
fn what_is_wrong_is_found_at_its_place() {
    assert_snapshot!(load("
traces:
  outcomes:
    success: ['order.*']
    failure: [order.refused]
    broken: []
  spans:
    - {start: order.placd, end: [order.placed]}
    - {start: order.paid, end: [order.paid]}
    - {start: order.paid}
  durations: {tookMs: hours, took: s, secretMs: ms}
  attempts: [attemt, order]
answers:
  - events: [order.payed]
    why: [reason]
  - events: [order.paid]
    why: [reason]
    where: [order]
  - why: [reason]
required: [why, how]
").1, @"
    audit.yaml:5:14: error[audit.outcome]: `order.refused` is said to be a success and a failure
    audit.yaml:6:5: error[catalog.unknown-key]: `broken` is not a key of `outcomes`
      hint: known here: start, success, failure, retry
    audit.yaml:8:15: error[audit.span]: `order.placd` is no event type
      hint: did you mean `order.placed`?
    audit.yaml:9:33: error[audit.span]: `order.paid` cannot end what it begins
    audit.yaml:10:7: error[catalog.required]: a span needs `end`
    audit.yaml:11:23: error[catalog.value]: the unit must be one of us, ms, s, m, not `hours`
    audit.yaml:11:36: error[audit.field]: no event type has a field `took` at the top of its data
      hint: did you mean `tookMs`?
    audit.yaml:11:49: error[audit.field]: `secretMs` is personal, so nothing is computed of it
    audit.yaml:12:14: error[audit.field]: no event type has a field `attemt` at the top of its data
      hint: did you mean `attempt`?
    audit.yaml:12:22: error[audit.field]: `order` is not a number wherever it is declared
    audit.yaml:14:14: note[catalog.pattern-unmatched]: `order.payed` matches no event type
      hint: did you mean `order.paid`?
    audit.yaml:17:11: error[audit.field]: none of these event types declares a field `reason`
      hint: known here: card, lines, order, secretMs, tookMs
    audit.yaml:18:5: error[catalog.unknown-key]: `where` is not a key of an item of `answers`
      hint: did you mean `when`?
    audit.yaml:19:5: error[catalog.required]: an item of `answers` needs `events`
    audit.yaml:20:12: error[audit.unanswered]: `order.paid` has no field that answers `why`
      hint: name one under `answers`, or declare one
    audit.yaml:20:12: error[audit.unanswered]: `order.placed` has no field that answers `why`
      hint: name one under `answers`, or declare one
    audit.yaml:20:12: error[audit.unanswered]: `order.refused` has no field that answers `why`
      hint: name one under `answers`, or declare one
    audit.yaml:20:17: error[catalog.value]: a question must be one of who, what, when, why, read, changed, not `how`
    17 errors, 1 note
    ");
    assert_snapshot!(load("required: [what]").1, @"
    audit.yaml:1:12: error[audit.unanswered]: `order.paid` has no field that answers `what`
      hint: name one under `answers`, or declare one
    audit.yaml:1:12: error[audit.unanswered]: `order.placed` has no field that answers `what`
      hint: name one under `answers`, or declare one
    audit.yaml:1:12: error[audit.unanswered]: `order.refused` has no field that answers `what`
      hint: name one under `answers`, or declare one
    3 errors
    ");
    assert_snapshot!(load("answer: []\n").1, @"
    audit.yaml:1:1: error[catalog.unknown-key]: `answer` is not a key of a file of audits
      hint: did you mean `answers`?
    1 error
    ");
}

/// What the requirement documents ask of an audit trail: every event type says why, every change says what it changed.
#[test]
fn the_trail_that_ships_answers() {
    let loaded = Catalogs::builtin();
    let app = loaded.catalogs.app("tamma").unwrap();
    let unanswered = |question: Question| -> Vec<&str> {
        let types = app.current_events().map(|event_type| event_type.name.as_str());
        types.filter(|name| app.audit.fields(name, question).is_empty()).collect()
    };
    assert_eq!(unanswered(Question::What), Vec::<&str>::new());
    assert_eq!(unanswered(Question::Why), Vec::<&str>::new());
    for name in app.current_events().map(|event_type| event_type.name.as_str()) {
        let changes = ["CODE.", "GIT.", "CONFIG.", "ISSUE.ASSIGNED", "SYSTEM.ESCALATION.RESOLVED"];
        let expected = changes.iter().any(|prefix| name.starts_with(prefix));
        assert_eq!(!app.audit.fields(name, Question::Changed).is_empty(), expected, "{name}");
        assert!(app.audit.traces.outcome(name).is_some(), "{name}");
    }
}
