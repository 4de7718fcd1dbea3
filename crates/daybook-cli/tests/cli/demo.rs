//! `daybook demo` from end to end.

use serde_json::Value;

use crate::process::{run, shop_catalog, transcript};

#[test]
fn a_demo_for_scripts() {
    let catalogs = shop_catalog().display().to_string();
    let arguments = [
        "demo",
        "--no-live",
        "--events",
        "2000",
        "--listen",
        "127.0.0.1:0",
        "--format",
        "json",
        "--catalogs",
        &catalogs,
    ];
    let output = run(&arguments);
    assert!(output.status.success(), "{}", transcript(&output));
    let summary: Value = serde_json::from_slice(&output.stdout).expect("JSON on standard output, and nothing else");
    let apps = summary["apps"].as_object().expect("apps");
    assert!(apps.len() >= 5 && apps.contains_key("shop"), "{:?}", apps.keys());
    let count = |app: &Value, name: &str| app[name].as_u64().expect("a count");
    assert_eq!(apps.values().map(|app| count(app, "sent")).sum::<u64>(), 2_000);
    for (name, app) in apps {
        let all = ["stored", "duplicate", "quarantined", "sampled_out", "counted", "refused"];
        assert_eq!(all.iter().map(|outcome| count(app, outcome)).sum::<u64>(), count(app, "sent"), "{name}");
        assert!(count(app, "stored") * 10 > count(app, "sent") * 6, "{name}: {app:#}");
        assert!(count(app, "quarantined") > 0, "{name}: {app:#}");
        assert!(app["quarantine"][0]["errors"][0]["code"].is_string(), "{name}: {app:#}");
        assert_eq!(app["canonical"]["app"], **name);
        assert!(app["dialect"].is_object(), "{name}: {app:#}");
        let headlines = app["headlines"].as_array().expect("headlines");
        assert!(headlines.len() >= 3 || name == "shop", "{name}: {headlines:#?}");
        let shown = headlines.iter().map(|headline| headline["shown"].as_str().expect("what is shown"));
        let told = shown.filter(|shown| shown.contains(|c: char| ('1'..='9').contains(&c))).count();
        // So few people may all have stayed away for a week.
        assert!(told * 2 >= headlines.len(), "{name}: {headlines:#?}");
    }
}

#[test]
fn a_demo_for_people() {
    let data = tempfile::tempdir().expect("a directory");
    let data = data.path().join("data").display().to_string();
    let output = run(&["demo", "--no-live", "--events", "500", "--listen", "127.0.0.1:0", "--data", &data]);
    let said = transcript(&output);
    assert!(output.status.success(), "{said}");
    for expected in [
        "In numbers",
        "people active, by week",
        "Most frequent event types",
        "A piece of work of tamma, from cause to cause",
        "In quarantine",
        "own form:",
        "The data stays in",
    ] {
        assert!(said.contains(expected), "{expected} is missing from {said}");
    }
    let again = run(&["demo", "--no-live", "--events", "500", "--listen", "127.0.0.1:0", "--data", &data]);
    let said = transcript(&again);
    assert!(again.status.success() && said.contains("has events already"), "{said}");
}
