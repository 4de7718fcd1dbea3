//! The catalogs that ship with Daybook are as clean as those of its users should be.

use std::path::Path;

use daybook_catalog::{Catalogs, Diagnostic, Loaded, render};

/// Nothing was found but what a requirement says with open eyes: `security.*`, of which there are no types yet.
fn assert_clean(loaded: &Loaded) {
    let expected = |found: &Diagnostic| {
        found.code == "catalog.pattern-unmatched" && found.file.ends_with("unofficial-communities/consumers.yaml")
    };
    let (expected, found): (Vec<_>, Vec<_>) = loaded.diagnostics.iter().cloned().partition(expected);
    assert!(found.is_empty(), "\n{}", render::text(&found));
    let messages: Vec<_> = expected.iter().map(|found| found.message.as_ref()).collect();
    assert_eq!(messages, ["`security.*` matches no event type"]);
}

#[test]
fn the_catalogs_that_ship_have_no_findings() {
    let loaded = Catalogs::builtin();
    assert_clean(&loaded);
    let slugs: Vec<&str> = loaded.catalogs.apps().map(|app| app.app.as_str()).collect();
    assert_eq!(slugs, ["daybook", "noema", "tachikoma", "tamma", "unofficial-communities"]);
}

#[test]
fn what_is_built_in_is_what_lies_in_the_directory() {
    let loaded = daybook_catalog::check(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../catalogs"));
    assert_clean(&loaded);
    let count = |catalogs: &Catalogs| catalogs.apps().map(|app| app.events.len()).sum::<usize>();
    assert_eq!(count(&loaded.catalogs), count(&Catalogs::builtin().catalogs));
    assert!(daybook_catalog::builtin_file("noema/catalog.yaml").is_some());
    assert_eq!(daybook_catalog::builtin_file("noema/../noema/catalog.yaml"), None);
}

#[test]
fn copies_of_the_catalogs_that_ship_can_be_loaded() {
    let loaded = Catalogs::load(&[Path::new(env!("CARGO_MANIFEST_DIR")).join("../../catalogs")], false);
    assert_clean(&loaded);
    assert_eq!(loaded.catalogs.apps().count(), 5);
}
