//! Rules that cannot be.

use daybook_sinks::Built;
use serde_json::{Value, json};

use crate::nowhere;
use crate::support::{shop, spec, try_build};

fn check(rule: Value, expected: &str) {
    let mut whole = json!({"name": "Rule"});
    whole.as_object_mut().unwrap().extend(rule.as_object().unwrap().clone());
    let wrong = daybook_sinks::check(&spec("alert", json!({"rules": [whole]})), &shop());
    match expected {
        "" => assert!(wrong.is_empty(), "{rule}: {wrong:?}"),
        expected => assert!(wrong.iter().any(|said| said.contains(expected)), "{rule}: {wrong:?}"),
    }
}

#[test]
fn rules_are_checked_against_the_catalog() {
    check(json!({"kind": "event"}), "");
    check(json!({"kind": "event", "name": ""}), "rules[0].name");
    check(json!({"kind": "rat"}), "options.rules[0].kind");
    check(json!({"kind": "event", "sumary": "x"}), "did you mean `summary`?");
    check(json!({"kind": "event", "events": ["nothing.*"]}), "`nothing.*` matches no event type");
    check(json!({"kind": "event", "window": "1m"}), "window: says nothing");
    check(json!({"kind": "rate", "window": "1m"}), "more-than: is needed");
    check(json!({"kind": "rate", "window": "1 minute", "more-than": 1}), "a duration is");
    check(json!({"kind": "rate", "window": "0s", "more-than": 1}), "at least 1s");
    check(json!({"kind": "rate", "window": "1m", "more-than": -1}), "0 or more");
    check(json!({"kind": "threshold", "field": "load"}), "above: either");
    check(json!({"kind": "threshold", "field": "load", "above": 1, "below": 0}), "above: either");
    check(json!({"kind": "threshold", "above": 1}), "field: is needed");
    check(json!({"kind": "silence"}), "for: is needed");
    check(json!({"kind": "latency", "events": ["*"]}), "events: says nothing");
    check(json!({"kind": "latency", "consumers": ["counters"]}), "");
    check(json!({"kind": "event", "labels": {"a-b": "x"}}), "labels.a-b");
    check(json!({"kind": "event", "labels": {"app": "x"}}), "labels.app");
    check(json!({"kind": "event", "group-by": ["zone"], "labels": {"zone": "x"}}), "group-by: `zone` is the label");
    check(json!({"kind": "event", "group-by": ["zone", "zone"]}), "group-by: `zone` is the label");
    check(json!({"kind": "event", "group-by": ["severity"]}), "which is Daybook's own");
}

/// What is personal is in no alert, whether the catalog says so or its name does.
#[test]
fn people_are_in_no_alert() {
    for field in ["email", "approver", "members", "phone_number"] {
        let said = "is personal";
        check(json!({"kind": "event", "group-by": [field]}), said);
        check(json!({"kind": "event", "summary": format!("of {{{field}}}")}), said);
        check(json!({"kind": "event", "labels": {"who": format!("{{{field}}}")}}), said);
        check(json!({"kind": "threshold", "field": field, "above": 1}), said);
    }
    check(json!({"kind": "event", "summary": "{event.identity}"}), "declared by none");
    check(json!({"kind": "event", "summary": "{event.name} {event.group} {zone} {alert.count}"}), "");
    check(json!({"kind": "event", "summary": "{zoom}"}), "`zoom`: is declared by none");
}

#[test]
fn rules_have_names_of_their_own() {
    let rule = json!({"name": "Rule", "kind": "event"});
    let wrong = daybook_sinks::check(&spec("alert", json!({"rules": [rule, rule]})), &shop());
    assert!(wrong[0].contains("rules[1].name: `Rule` is another rule's name"), "{wrong:?}");
    let wrong = daybook_sinks::check(&spec("alert", json!({"max-age": "1s"})), &shop());
    assert!(wrong[0].contains("options.max-age"), "{wrong:?}");
}

#[test]
fn alerts_need_somewhere_to_go() {
    let spec = spec("alert", json!({}));
    let built = try_build(&spec, None, nowhere()).unwrap();
    assert!(matches!(built, Built::Unconfigured { missing } if missing.contains("url-file")));
    let settings = json!({"url": "http://169.254.169.254/"});
    assert!(try_build(&spec, Some(&settings), nowhere()).is_err());
}
