//! `daybook emit`.

use std::fs;
use std::path::Path;

use daybook_harness::MariaDb;
use insta::assert_snapshot;

use crate::process::{run, shop_catalog, stdout, transcript};

const APPS: [&str; 4] = ["noema", "tachikoma", "tamma", "unofficial-communities"];

#[test]
fn what_is_written_is_what_is_checked_in() {
    let root = Path::new("../../docs/emitted/tamma");
    for (format, file) in
        [("markdown", "README.md"), ("json-schema", "events.schema.json"), ("mongodb", "collections.js")]
    {
        let output = run(&["emit", format, "--app", "tamma"]);
        assert!(output.status.success(), "{}", transcript(&output));
        let expected = fs::read(root.join(file)).expect("a file that is checked in");
        assert!(output.stdout == expected, "{format}");
    }
}

#[test]
fn a_fifth_app_is_written_too() {
    let catalogs = shop_catalog();
    let catalogs = catalogs.to_str().expect("a path of text");
    let out = tempfile::tempdir().expect("a directory");
    let file = out.path().join("README.md");
    let output =
        run(&["emit", "markdown", "--app", "shop", "--catalogs", catalogs, "--out", file.to_str().expect("text")]);
    assert!(output.status.success() && output.stdout.is_empty(), "{}", transcript(&output));
    let text = fs::read_to_string(&file).expect("what was written");
    assert!(text.contains("```mermaid"), "the flows of its demo.yaml are drawn:\n{text}");
}

#[test]
fn what_cannot_be_written_is_said() {
    assert_snapshot!(transcript(&run(&["emit", "avro", "--app", "tamma"])));
    assert_snapshot!(transcript(&run(&["emit", "rust", "--app", "nobody"])));
}

/// A real server takes the tables and views, twice, and shows what is in a row.
#[test]
fn mariadb_takes_the_tables_and_views() {
    let server = MariaDb::start();
    for app in APPS {
        let sql = stdout(&run(&["emit", "sql", "--app", app]));
        let url = server.database();
        server.sql(&url, &sql);
        server.sql(&url, &sql);
        let views = server.sql(&url, "SELECT COUNT(*) FROM information_schema.views WHERE table_schema = DATABASE()");
        assert!(views.trim().parse::<u32>().is_ok_and(|count| count > 10), "{app}: {views}");
        let names = server.sql(&url, "SELECT table_name FROM information_schema.views WHERE table_schema = DATABASE()");
        for name in names.lines() {
            assert_eq!(server.sql(&url, &format!("SELECT COUNT(*) FROM `{name}`")).trim(), "0");
        }
        if app == "unofficial-communities" {
            let columns = "event_id, event_name, timestamp, community_id, properties, position, category";
            let insert = |id: u32, name: &str, properties: &str| {
                let values = format!("'{id}', '{name}', '2026-01-14 15:00:00', 1, '{properties}', {id}, 'product'");
                server.sql(&url, &format!("INSERT INTO analytics_events ({columns}) VALUES ({values})"));
            };
            insert(1, "world.zone.exited", r#"{"zone_type": "workshop", "duration_seconds": 90}"#);
            insert(2, "user.signup.completed", r#"{"has_avatar": true}"#);
            insert(3, "user.signup.completed", r#"{"has_avatar": false}"#);
            let rows = server.sql(&url, "SELECT zone_type, duration_seconds + 1 FROM world_zone_exited");
            assert_eq!(rows.trim(), "workshop|91");
            let rows = server.sql(&url, "SELECT has_avatar FROM user_signup_completed ORDER BY position");
            assert_eq!(rows.split_whitespace().collect::<Vec<_>>(), ["1", "0"]);
        }
    }
}
