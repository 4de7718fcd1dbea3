//! `daybook check`.

use std::path::Path;

use insta::assert_snapshot;

use crate::process::{run, transcript};

fn fixture(name: &str) -> String {
    // Relative, so that snapshots do not depend on where the repository lies.
    Path::new("tests/cli/fixtures").join(name).display().to_string()
}

#[test]
fn the_catalogs_that_ship_are_good() {
    let output = run(&["check", "../../catalogs"]);
    assert!(output.status.success(), "{}", transcript(&output));
}

#[test]
fn a_fifth_app_is_good() {
    let output = run(&["check", &fixture("shop")]);
    assert_snapshot!(transcript(&output));
}

#[test]
fn a_broken_catalog_is_told_everything_at_once() {
    assert_snapshot!("check-broken", transcript(&run(&["check", &fixture("broken")])));
}

#[test]
fn findings_come_as_json_and_as_annotations() {
    assert_snapshot!("check-broken-json", transcript(&run(&["check", "--format", "json", &fixture("broken")])));
    assert_snapshot!("check-broken-github", transcript(&run(&["check", "--format", "github", &fixture("broken")])));
}

#[test]
fn a_directory_that_is_not_there_is_said() {
    assert_snapshot!(transcript(&run(&["check", "no/such/directory"])));
}
