//! Looking up single values: files that do not have them are not read.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use datafusion::parquet::arrow::ArrowWriter;
use datafusion::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use datafusion::physical_plan::metrics::MetricValue;
use datafusion::physical_plan::{ExecutionPlan, collect};
use datafusion::prelude::{DataFrame, SessionContext};
use daybook_consumers::{Handler, Item};
use daybook_event::{EventId, Position};
use daybook_lake::moment::Moment;
use daybook_lake::query::{Engine, EngineOptions};
use daybook_lake::traces::Wanted;
use daybook_lake::{Lake, Snapshot};

use super::place::{Place, batch};
use crate::support::{item, time_of};

/// Days, each of which is a file, and events of each.
const DAYS: u64 = 20;
const EVENTS_A_DAY: u64 = 50;
/// The number of the trace that is sought.
const TRACE: u64 = 1_000_000;
/// Days on which something of the trace happened.
const OF_TRACE: [u64; 2] = [4, 17];

/// SplitMix64 (Steele, Lea and Flood 2014) of a number: least and greatest of a file say nothing of what is in it.
fn mix(number: u64) -> u64 {
    let mut mixed = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// A correlation like any other.
fn correlation(number: u64) -> String {
    format!("{:016x}", mix(number))
}

/// Many pieces of work, one of which goes on on another day.
async fn filled(place: &Place) -> Lake {
    let lake = place.open().await;
    let mut position = 0;
    for day in 1..=DAYS {
        let events = (0..EVENTS_A_DAY).map(|number| {
            position += 1;
            let (time, person) = (format!("2026-03-{day:02}T10:00"), format!("person-{position}"));
            let mut item = item(position, ("page.seen", &time, &person, r#"{"ms":1}"#));
            item.event.id = EventId::from_bytes(u128::from(mix(position)).to_le_bytes());
            let is_of_trace = number == 7 && OF_TRACE.contains(&day);
            item.event.correlation = Some(correlation(if is_of_trace { TRACE } else { position }).into());
            Arc::new(item)
        });
        let events: Vec<Arc<Item>> = events.collect();
        lake.deliver(&batch(events)).await.unwrap();
    }
    lake.commit().await.unwrap();
    assert_eq!(place.files("events").len() as u64, DAYS);
    lake
}

/// As the server asks for a trace, of everything that there ever was.
fn the_trace() -> Wanted {
    Wanted {
        app: "shop".to_owned(),
        correlation: correlation(TRACE),
        request: None,
        from: None,
        to: None,
        moment: Moment::at(Position::MAX),
        durations: Vec::new(),
        attempts: Vec::new(),
    }
}

/// How many rows were found, how many groups of rows were left out by their filters, and how many had to be read for all that
/// filters say.
async fn looked_up(session: &SessionContext, frame: DataFrame) -> (usize, usize, usize) {
    let plan = frame.create_physical_plan().await.unwrap();
    let found = collect(Arc::clone(&plan), session.task_ctx()).await.unwrap();
    let (mut pruned, mut read) = (0, 0);
    let mut pending: Vec<Arc<dyn ExecutionPlan>> = vec![plan];
    while let Some(plan) = pending.pop() {
        for metric in plan.metrics().iter().flat_map(|metrics| metrics.iter()) {
            if let MetricValue::PruningMetrics { name, pruning_metrics } = metric.value()
                && name == "row_groups_pruned_bloom_filter"
            {
                pruned += pruning_metrics.pruned();
                read += pruning_metrics.matched();
            }
        }
        pending.extend(plan.children().into_iter().map(Arc::clone));
    }
    (found.iter().map(|rows| rows.num_rows()).sum(), pruned, read)
}

/// The sessions of the server's own engine, whose settings decide whether filters are read.
fn engine() -> (tempfile::TempDir, Arc<Engine>) {
    let directory = tempfile::tempdir().unwrap();
    let engine = Engine::new(EngineOptions::new(directory.path().join("engine"))).unwrap();
    (directory, engine)
}

async fn session(engine: &Engine, lake: &Lake) -> SessionContext {
    let snapshot: Snapshot = lake.snapshot().await.unwrap();
    engine.session(&snapshot).unwrap()
}

#[tokio::test]
async fn a_trace_is_sought_in_few_files() {
    let place = Place::new();
    let lake = filled(&place).await;
    let (_directory, engine) = engine();
    let session = session(&engine, &lake).await;
    let (found, pruned, read) = looked_up(&session, the_trace().rows(&session).await.unwrap()).await;
    assert_eq!(found, OF_TRACE.len());
    assert_eq!(pruned + read, DAYS as usize);
    // A filter may be wrong once in a hundred times, but only in one direction.
    assert!((OF_TRACE.len()..=OF_TRACE.len() + 2).contains(&read), "{read} of {DAYS} were read");

    let nobody = Wanted { correlation: correlation(TRACE + 1), ..the_trace() };
    let (found, pruned, _) = looked_up(&session, nobody.rows(&session).await.unwrap()).await;
    assert_eq!(found, 0);
    assert!(pruned >= DAYS as usize - 2, "{pruned}");
}

#[tokio::test]
async fn an_event_and_a_person_are_too() {
    let place = Place::new();
    let lake = filled(&place).await;
    let (_directory, engine) = engine();
    let session = session(&engine, &lake).await;
    for question in [
        "SELECT name FROM events WHERE id = (SELECT max(id) FROM events WHERE position = 321)",
        "SELECT name FROM events WHERE person = (SELECT max(person) FROM events WHERE position = 321)",
    ] {
        // What a subquery gives is not known when files are chosen, so it is asked first, as people do.
        let inner = question.split_once('(').unwrap().1.trim_end_matches(')');
        let value = crate::support::ask(&session, inner).await.remove(0);
        let literal = if question.contains("WHERE id") { format!("'{value}'") } else { value };
        let (outer, _) = question.split_once('(').unwrap();
        let frame = session.sql(&format!("{outer}{literal}")).await.unwrap();
        let (found, _, read) = looked_up(&session, frame).await;
        assert_eq!(found, 1, "{question}");
        // Least and greatest may leave some out before filters are asked; whatever is read, its filter was.
        assert!((1..=3).contains(&read), "{question}: {read} of {DAYS} were read");
    }
}

#[tokio::test]
async fn files_of_before_there_were_filters_answer_and_get_them_when_merged() {
    let mut place = Place::new();
    place.options.vacuum_after = Duration::ZERO;
    drop(filled(&place).await);
    for (path, bytes) in place.files("events") {
        without_filters(&path);
        let size = std::fs::metadata(&path).unwrap().len();
        amend_log(&place.table("events").join("_delta_log"), bytes.len() as u64, &path, size);
    }
    let lake = place.open().await;
    let (_directory, engine) = engine();
    let before = session(&engine, &lake).await;
    let found = looked_up(&before, the_trace().rows(&before).await.unwrap()).await;
    assert_eq!(found, (OF_TRACE.len(), 0, DAYS as usize));
    drop((before, lake));

    // Each day gets one more file, and then both are one.
    place.options.merge_after = Duration::ZERO;
    let lake = place.open().await;
    let more = (1..=DAYS).map(|day| {
        let position = DAYS * EVENTS_A_DAY + day;
        let mut item = item(position, ("page.seen", &format!("2026-03-{day:02}T11:00"), "ada", ""));
        item.event.correlation = Some(correlation(position).into());
        Arc::new(item)
    });
    lake.deliver(&batch(more.collect())).await.unwrap();
    lake.commit().await.unwrap();
    while lake.upkeep(time_of("2026-04-02")).await.unwrap().merged > 0 {}
    assert_eq!(lake.health().files as u64, DAYS);
    let after = session(&engine, &lake).await;
    let (found, pruned, read) = looked_up(&after, the_trace().rows(&after).await.unwrap()).await;
    assert_eq!((found, pruned + read), (OF_TRACE.len(), DAYS as usize));
    assert!(pruned >= DAYS as usize - OF_TRACE.len() - 2, "{pruned}");
}

/// Writes a file once more, as it was written before there were filters.
fn without_filters(path: &Path) {
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(path).unwrap()).unwrap().build().unwrap();
    let rows: Vec<_> = reader.map(Result::unwrap).collect();
    let mut writer = ArrowWriter::try_new(File::create(path).unwrap(), rows[0].schema(), None).unwrap();
    rows.iter().for_each(|rows| writer.write(rows).unwrap());
    writer.close().unwrap();
}

/// Has a table's log say how large a file is now.
fn amend_log(log: &Path, before: u64, file: &Path, now: u64) {
    let name = file.file_name().unwrap().to_str().unwrap();
    for entry in std::fs::read_dir(log).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let amended = text.lines().map(|line| match line.contains(name) {
            true => line.replace(&format!("\"size\":{before}"), &format!("\"size\":{now}")) + "\n",
            false => format!("{line}\n"),
        });
        std::fs::write(&path, amended.collect::<String>()).unwrap();
    }
}
