use std::borrow::Cow;
use std::io::{Cursor, Read};

use daybook_event::EventId;
use zip::ZipArchive;

use super::*;

fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

fn about() -> About {
    About {
        app: "shop".to_owned(),
        title: "Shop".to_owned(),
        name: "ada@example.com".to_owned(),
        ids: vec![SubjectId::from_random([7; 16])],
        created: at("2025-11-02T09:00:00Z"),
        objected: None,
        consents: vec![
            Consent {
                purpose: "telemetry".to_owned(),
                granted: true,
                decided: true,
                time: Some(at("2025-11-02T09:01:00Z")),
                source: Some("settings".to_owned()),
                version: Some("2025-10".to_owned()),
            },
            Consent {
                purpose: "research".to_owned(),
                granted: false,
                decided: false,
                time: None,
                source: None,
                version: None,
            },
        ],
        made: at("2026-02-03T04:05:06Z"),
        degraded: false,
    }
}

fn event<'a>(name: &'a str, time: Timestamp, data: &'a str) -> Event<'a> {
    Event {
        id: EventId::v7(7, &[7; 10]),
        position: 1,
        category: Cow::Borrowed("product"),
        identity: Some(Cow::Borrowed("ada@example.com")),
        data: Cow::Borrowed(data),
        ..Event::new("shop", name, time)
    }
}

fn read(archive: &[u8]) -> Vec<(String, String)> {
    let mut archive = ZipArchive::new(Cursor::new(archive)).unwrap();
    (0..archive.len())
        .map(|index| {
            let mut entry = archive.by_index(index).unwrap();
            let mut text = String::new();
            entry.read_to_string(&mut text).unwrap();
            assert!(entry.enclosed_name().is_some());
            (entry.name().unwrap().into_owned(), text)
        })
        .collect()
}

fn entry<'e>(entries: &'e [(String, String)], name: &str) -> &'e str {
    &entries.iter().find(|(entry, _)| entry == name).unwrap().1
}

#[test]
fn an_export_is_readable() {
    let mut export = ExportWriter::new(Vec::new(), about()).unwrap();
    for second in 0..1_234 {
        let time = Timestamp::from_microseconds(at("2026-01-01T00:00:00Z").microseconds() + second * 1_000_000);
        export.event(&event("order.placed", time, r#"{"total": 3}"#), 0).unwrap();
    }
    export.event(&event("order.shipped", at("2026-01-02T00:00:00Z"), "{\n\"to\":\r\n\"here\"}"), 1).unwrap();
    export.quarantined(&serde_json::json!({"name": "order.plaecd", "errors": []})).unwrap();
    export.part("profiles", &ExportPart { file_name: "profile.json".to_owned(), bytes: b"{}".to_vec() }).unwrap();
    export.missing_view("mysql");
    assert_eq!(export.events(), 1_235);
    let bytes = export.finish().unwrap();
    let entries = read(&bytes);
    let names: Vec<_> = entries.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, [CONSENTS, EVENTS, QUARANTINE, "views/profiles/profile.json", README]);
    let lines: Vec<serde_json::Value> =
        entry(&entries, EVENTS).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((lines.len(), &lines[1_234]["data"]["to"]), (1_235, &serde_json::json!("here")));
    assert_eq!(lines[0]["identity"], "ada@example.com");
    assert_eq!(
        entry(&entries, CONSENTS),
        "{\"purpose\":\"telemetry\",\"granted\":true,\"decided\":true,\"time\":\"2025-11-02T09:01:00.000Z\",\"source\":\
         \"settings\",\"version\":\"2025-10\"}\n{\"purpose\":\"research\",\"granted\":false,\"decided\":false}\n"
    );
    assert_eq!(
        entry(&entries, README),
        "What Shop keeps of one person
=============================

  Person        ada@example.com
  Anonymous id  07070707-0707-4707-8707-070707070707
  App           shop
  First seen    2025-11-02T09:00:00.000Z
  Objection     none
  Made          2026-02-03T04:05:06.000Z

All times are in UTC.

What is in this archive
-----------------------

  events.ndjson      1,235 events, from 2026-01-01T00:00:00.000Z to 2026-01-02T00:00:00.000Z
  consents.ndjson    what was agreed to, and what was not
  quarantine.ndjson  1 event that did not fit what the app declares
  views/profiles/profile.json

Files that end in .ndjson hold one JSON object a line.

Events by type
--------------

          1,234  order.placed
              1  order.shipped

Consents
--------

  telemetry: agreed on 2025-11-02T09:01:00.000Z, in settings, of the text 2025-10
  research: never asked; not allowed unless agreed to

What could not be read
----------------------

  1 event holds parts that cannot be read any more: the time for which they are kept is over, or they
  are about somebody else, or somebody who was erased. These parts are left out.
  The view `mysql` did not answer. Ask again for what it holds.
"
    );
}

#[test]
fn nothing_is_also_an_answer() {
    let about = About { consents: Vec::new(), objected: Some(at("2026-01-01T00:00:00Z")), ..about() };
    let entries = read(&ExportWriter::new(Vec::new(), about).unwrap().finish().unwrap());
    let sizes: Vec<_> = entries[..3].iter().map(|(name, text)| (name.as_str(), text.len())).collect();
    assert_eq!(sizes, [(CONSENTS, 0), (EVENTS, 0), (QUARANTINE, 0)]);
    let readme = entry(&entries, README);
    assert!(readme.contains("Events by type\n--------------\n\n  none\n"), "{readme}");
    assert!(readme.contains("  Nothing: this is all there is.\n"), "{readme}");
    assert!(readme.contains("since 2026-01-01T00:00:00.000Z"), "{readme}");
}

#[test]
fn hostile_text_stays_text() {
    let hostile = "../../etc/passwd\r\n\u{1b}[2J\u{202e}PK\u{3}\u{4}\0\u{2028}";
    let about = About { name: hostile.to_owned(), title: hostile.repeat(100), app: hostile.to_owned(), ..about() };
    let mut export = ExportWriter::new(Vec::new(), about).unwrap();
    let data = serde_json::json!({ hostile: hostile }).to_string();
    export.event(&event(hostile, at("2026-01-01T00:00:00Z"), &data), 0).unwrap();
    export.quarantined(&serde_json::json!({ "name": hostile })).unwrap();
    for (view, file_name) in [
        ("lake", "../x"),
        ("lake", "/etc/passwd"),
        ("lake", ""),
        ("lake", "."),
        ("lake", ".."),
        ("lake", ".hidden"),
        ("lake", "a\\b"),
        ("lake", "a/b"),
        ("lake", "a b"),
        ("lake", "end."),
        ("lake", hostile),
        ("..", "x"),
        ("", "x"),
        ("Lake", "x"),
        ("lake", &"x".repeat(65)),
    ] {
        let part = ExportPart { file_name: file_name.to_owned(), bytes: b"x".to_vec() };
        assert!(matches!(export.part(view, &part), Err(ExportError::Name { .. })), "{view} {file_name}");
    }
    let part = ExportPart { file_name: "x.json".to_owned(), bytes: b"x".to_vec() };
    export.part("lake", &part).unwrap();
    assert!(matches!(export.part("lake", &part), Err(ExportError::Name { .. })), "a name is used once");
    let entries = read(&export.finish().unwrap());
    let names: Vec<_> = entries.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, [CONSENTS, EVENTS, QUARANTINE, "views/lake/x.json", README]);
    for name in [EVENTS, QUARANTINE] {
        let text = entry(&entries, name);
        assert_eq!(text.matches(['\n', '\r']).count(), 1, "{text}");
        let line: serde_json::Value = serde_json::from_str(text).unwrap();
        assert_eq!(line["name"], hostile);
    }
    let readme = entry(&entries, README);
    assert!(!readme.contains(['\r', '\u{1b}', '\u{202e}', '\0', '\u{2028}']), "{readme}");
    assert!(readme.lines().all(|line| line.chars().count() < 300), "{readme}");
}

#[test]
fn parts_keep_their_order() {
    let mut export = ExportWriter::new(Vec::new(), about()).unwrap();
    let event = event("order.placed", at("2026-01-01T00:00:00Z"), "");
    export.event(&event, 0).unwrap();
    export.quarantined(&1).unwrap();
    export.quarantined(&2).unwrap();
    assert!(matches!(export.event(&event, 0), Err(ExportError::Order(EVENTS))));
    export.part("lake", &ExportPart { file_name: "x".to_owned(), bytes: Vec::new() }).unwrap();
    assert!(matches!(export.quarantined(&3), Err(ExportError::Order(QUARANTINE))));
    let entries = read(&export.finish().unwrap());
    assert_eq!(entry(&entries, QUARANTINE), "1\n2\n");
}

#[test]
fn what_is_not_finished_is_no_archive() {
    let mut out = Vec::new();
    let mut export = ExportWriter::new(&mut out, about()).unwrap();
    export.event(&event("order.placed", at("2026-01-01T00:00:00Z"), ""), 0).unwrap();
    drop(export);
    assert!(!out.is_empty());
    assert!(ZipArchive::new(Cursor::new(out)).is_err());
}

/// Takes so many bytes, then fails.
struct Full(usize);

impl Write for Full {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 = self.0.checked_sub(bytes.len()).ok_or_else(|| io::Error::from(io::ErrorKind::BrokenPipe))?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn whoever_stops_taking_it_is_an_error() {
    for room in [0, 10, 100, 300, 500, 900] {
        let export = || {
            let mut export = ExportWriter::new(Full(room), about())?;
            export.event(&event("order.placed", at("2026-01-01T00:00:00Z"), ""), 0)?;
            export.finish()
        };
        assert!(matches!(export(), Err(ExportError::Write(_))), "{room}");
    }
}

/// Counts what it is given and keeps the largest piece's size.
#[derive(Default)]
struct Counter {
    bytes: u64,
    largest: usize,
}

impl Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.bytes += bytes.len() as u64;
        self.largest = self.largest.max(bytes.len());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn memory_peak_kib() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?.trim().strip_suffix(" kB")?.trim().parse().ok()
}

#[test]
fn a_million_events_take_no_memory() {
    const EVENTS: i64 = 1_000_000;
    let mut export = ExportWriter::new(Counter::default(), about()).unwrap();
    let data = r#"{"note":"\"quotes\", \u0000, and </script> in plenty"}"#;
    let start = at("2026-01-01T00:00:00Z").microseconds();
    let mut before = None;
    let names: Vec<String> = (0..20_000).map(|number| format!("kept.type{number}")).collect();
    for number in 0..EVENTS {
        let name = &names[usize::try_from(number).unwrap() % names.len()];
        export.event(&event(name, Timestamp::from_microseconds(start + number), data), 0).unwrap();
        if number == EVENTS / 10 {
            before = memory_peak_kib();
        }
    }
    let grown = before.zip(memory_peak_kib()).map(|(before, after)| after - before);
    let counter = export.finish().unwrap();
    assert!(counter.bytes > 1_000_000, "{}", counter.bytes);
    assert!(counter.largest < 1 << 20, "{}", counter.largest);
    // Nine tenths of the events went by without a need for more memory than the first tenth took. In a process of its own;
    // where others run beside it, it is their memory too.
    if std::env::var_os("NEXTEST").is_some() {
        assert!(grown.is_none_or(|grown| grown < 4_096), "{grown:?} KiB");
    }
}
