mod catalog;
mod consumers;
mod events;
mod hostile;
mod personal;
mod schemas;

use crate::{from_texts, render};

/// What is found in files given as one text: a line `#- path` begins a file. Without a `catalog.yaml` among them a small
/// one is added, and text before the first such line is a file of event types.
fn check(text: &str) -> String {
    const HEADER: &str = "
app: shop
version: 1.1.0
title: Shop
naming: {pattern: '^[a-z]+(\\.[a-z]+)+$', examples: [order.placed]}
categories: {sales: {retain: 2y}, health: {pii: none}}
sources: [web, server]
consent: {stats: {default: true, without: anonymise}}
dialect:
  name: {path: type}
  session: {path: session, required: true}
  group: {path: shop_id, also: data.shop_id}
  data: {path: data}
types: {zone: {type: string, enum: [north, south]}, order: {type: object, properties: {id: {type: string}}}}
";
    let mut files: Vec<(String, String)> = vec![("events/a.yaml".to_owned(), String::new())];
    for line in text.trim_start_matches('\n').split_inclusive('\n') {
        match (line.strip_prefix("#- "), files.last_mut()) {
            (Some(path), _) => files.push((path.trim().to_owned(), String::new())),
            (None, Some((_, content))) => content.push_str(line),
            (None, None) => {}
        }
    }
    files.retain(|(_, content)| !content.is_empty());
    if !files.iter().any(|(path, _)| path == "catalog.yaml") {
        files.insert(0, ("catalog.yaml".to_owned(), HEADER.to_owned()));
    }
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let loaded = from_texts(&files);
    let usable = loaded.worst() < Some(daybook_event::Severity::Error);
    assert_eq!(loaded.catalogs.apps().count(), usize::from(usable), "an app is usable unless it has errors");
    render::text(&loaded.diagnostics)
}

/// [`check`] for one event type: its name and example are added unless it has its own.
fn check_event(text: &str) -> String {
    let mut event = text.trim_start_matches('\n').trim_end().to_owned();
    for (key, line) in [
        ("name:", "name: order.placed"),
        ("description:", "description: x"),
        ("category:", "category: sales"),
        ("examples:", "examples: [{}]"),
    ] {
        if !event.lines().any(|line| line.starts_with(key)) {
            event.push('\n');
            event.push_str(line);
        }
    }
    let indented: Vec<String> = event.trim_start_matches('\n').lines().map(|line| format!("    {line}")).collect();
    check(&format!("events:\n  -\n{}\n", indented.join("\n")))
}

/// [`check`] for a `catalog.yaml`: app, version and title are added unless it has its own.
fn check_catalog(text: &str) -> String {
    let mut header = text.trim_start_matches('\n').to_owned();
    for (key, line) in [("app:", "app: shop"), ("version:", "version: 1.0.0"), ("title:", "title: Shop")] {
        if !header.lines().any(|line| line.starts_with(key)) {
            header.push_str(line);
            header.push('\n');
        }
    }
    check(&format!(
        "#- catalog.yaml\n{header}#- events/a.yaml\nevents:\n- {{name: order.placed, description: x, examples: [{{}}]}}\n"
    ))
}
