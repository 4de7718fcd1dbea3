//! `docs/catalog-format.md` is complete, and what it shows works.

#![allow(clippy::unwrap_used, reason = "the helpers of tests are tests too")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use daybook_catalog::{Catalogs, from_texts, render};
use regex::Regex;

fn page() -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/catalog-format.md")).unwrap()
}

/// The text of the crate's sources without their tests, and without `webhooks.yaml`, which has a page of its own.
fn sources() -> String {
    let mut pending = vec![PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src")];
    let mut text = String::new();
    while let Some(path) = pending.pop() {
        if path.file_name().is_some_and(|name| name == "webhooks" || name == "webhooks.rs") {
            continue;
        }
        if path.is_dir() {
            pending.extend(fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
        } else if !path.components().any(|part| part.as_os_str().to_string_lossy().starts_with("tests")) {
            let source = fs::read_to_string(path).unwrap();
            text.push_str(source.split("#[cfg(test)]").next().unwrap());
        }
    }
    text
}

fn found(pattern: &str, text: &str) -> BTreeSet<String> {
    Regex::new(pattern).unwrap().captures_iter(text).map(|captures| captures[1].to_owned()).collect()
}

#[test]
fn every_code_is_documented_and_every_documented_code_exists() {
    let mut used =
        found(r#""((?:aggregate|audit|catalog|consumer|dialect|event-type|schema|example)\.[a-z-]+)""#, &sources());
    used.remove("catalog.yaml");
    used.remove("audit.yaml");
    let documented = found(
        r"(?m)^\| `((?:aggregate|audit|catalog|consumer|dialect|event-type|schema|example)\.[a-z-]+)` \|",
        &page(),
    );
    assert_eq!(used, documented);
}

#[test]
fn every_key_is_documented() {
    let page = page();
    let keys = found(r#"fields\s*\.(?:get|require)\("([a-z-]+)"\)"#, &sources());
    assert!(keys.len() > 40, "{keys:?}");
    // Keys of steps and of small mappings are told in a sentence or an example.
    let missing: Vec<&String> =
        keys.iter().filter(|key| !page.contains(&format!("`{key}`")) && !page.contains(&format!("{key}: "))).collect();
    assert_eq!(missing, Vec::<&String>::new());
}

#[test]
fn the_small_app_works() {
    let page = page();
    let blocks = Regex::new(r"(?s)```yaml catalogs/parcels/([a-z/.]+)\n(.*?)```").unwrap();
    let files: Vec<(&str, &str)> =
        blocks.captures_iter(&page).map(|captures| captures.extract()).map(|(_, [path, text])| (path, text)).collect();
    assert_eq!(files.len(), 4);
    let loaded = from_texts(&files);
    assert_eq!(render::text(&loaded.diagnostics), "");
    let app = loaded.catalogs.app("parcels").unwrap();
    assert_eq!((app.events.len(), app.consumers.len()), (4, 2));
    assert!(Catalogs::builtin().catalogs.app("parcels").is_none());
}
