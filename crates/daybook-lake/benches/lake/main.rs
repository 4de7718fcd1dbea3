//! The lake on many events: how fast they go in, what they take, and how fast questions are answered, each beside DuckDB over
//! the same Parquet files in the same run.
//!
//! `DAYBOOK_BENCH_EVENTS` says how many (10 million), `DAYBOOK_BENCH_ROUNDS` how often each question is asked (5).
//! `make bench` makes the Python with DuckDB; `DAYBOOK_PYTHON` names another.

#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    clippy::panic,
    reason = "a bench says what it measured, or why not"
)]

mod duckdb;
mod questions;
mod traffic;

use std::time::{Duration, Instant};

use daybook_lake::metrics::Definitions;
use daybook_lake::query::{Engine, EngineOptions};
use daybook_lake::{Lake, LakeOptions};

use questions::{Asked, Question};

/// Events given to the lake at once.
const BATCH: u64 = 10_000;

fn number(variable: &str, otherwise: u64) -> u64 {
    std::env::var(variable).map_or(otherwise, |text| text.parse().expect(variable))
}

fn main() {
    // Called by `cargo test --benches` to see that it builds.
    if std::env::args().any(|argument| argument == "--test") {
        return;
    }
    let events = number("DAYBOOK_BENCH_EVENTS", 10_000_000);
    let rounds = number("DAYBOOK_BENCH_ROUNDS", 5).max(1) as usize;
    let tokio = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("tokio");
    tokio.block_on(run(events, rounds));
}

async fn run(events: u64, rounds: usize) {
    let directory = tempfile::tempdir().expect("a directory");
    let options = LakeOptions::new(directory.path().join("shop"));
    let app = traffic::catalog();
    let lake = Lake::open(options, std::sync::Arc::clone(&app)).await.expect("the lake");
    fill(&lake, events).await;

    let engine = Engine::new(EngineOptions::new(directory.path().join("engine"))).expect("the engine");
    let definitions = Definitions::from(&*app);
    let questions = questions::all();
    let mut ours = Vec::new();
    for question in &questions {
        let mut asked = Vec::new();
        for _ in 0..rounds {
            let snapshot = lake.snapshot().await.expect("a snapshot");
            let begun = Instant::now();
            let session = engine.session(&snapshot).expect("a session");
            let found = question.ask(&session, &definitions).await;
            asked.push(Asked { seconds: begun.elapsed().as_secs_f64(), found });
        }
        ours.push(asked);
    }
    let files = traffic::files(&directory.path().join("shop/events"));
    let theirs = duckdb::ask(&files, &questions, rounds);
    println!("\n{:<46}{:>12}{:>12}{:>9}", "question, p50 in milliseconds", "daybook", "duckdb", "ratio");
    for ((question, ours), theirs) in questions.iter().zip(&ours).zip(&theirs) {
        report(question, ours, theirs);
    }
    let dashboard = |asked: &[Vec<Asked>]| asked.iter().map(|asked| median(asked)).sum::<f64>();
    line("all of them, a dashboard's worth", dashboard(&ours), dashboard(&theirs));
}

/// Puts events in, and says how fast.
async fn fill(lake: &Lake, events: u64) {
    let (mut taking, mut making) = (Duration::ZERO, Duration::ZERO);
    for first in (1..=events).step_by(BATCH as usize) {
        let begun = Instant::now();
        let batch = traffic::batch(first, events.min(first + BATCH - 1), events);
        making += begun.elapsed();
        let begun = Instant::now();
        daybook_consumers::Handler::deliver(lake, &batch).await.expect("a delivery");
        taking += begun.elapsed();
    }
    let begun = Instant::now();
    lake.commit().await.expect("a commit");
    taking += begun.elapsed();
    let health = lake.health();
    println!("{events} events made in {:.1} s, while commits ran beside", making.as_secs_f64());
    println!(
        "taken and committed in {:.1} s: {:.0} events/s",
        taking.as_secs_f64(),
        events as f64 / taking.as_secs_f64()
    );
    println!("{} files, {:.1} bytes an event", health.files, health.file_bytes as f64 / events as f64);
    let begun = Instant::now();
    let mut merged = 0;
    loop {
        let done = lake.upkeep(traffic::end()).await.expect("upkeep");
        merged += done.merged;
        if done.merged == 0 {
            break;
        }
    }
    let health = lake.health();
    let seconds = begun.elapsed().as_secs_f64();
    println!(
        "{merged} files merged in {seconds:.1} s: {} files, {:.1} bytes an event",
        health.files,
        health.file_bytes as f64 / events as f64
    );
}

fn report(question: &Question, ours: &[Asked], theirs: &[Asked]) {
    let found = |asked: &[Asked]| asked.first().map(|asked| asked.found).expect("an answer");
    let (one, other) = (found(ours), found(theirs));
    assert!((one - other).abs() <= one.abs() * 1e-9, "{}: {one} here, {other} there", question.title);
    line(question.title, median(ours), median(theirs));
}

fn line(title: &str, ours: f64, theirs: f64) {
    println!("{title:<46}{:>12.1}{:>12.1}{:>9.2}", ours * 1e3, theirs * 1e3, ours / theirs);
}

fn median(asked: &[Asked]) -> f64 {
    let mut seconds: Vec<f64> = asked.iter().map(|asked| asked.seconds).collect();
    seconds.sort_by(f64::total_cmp);
    seconds.get(seconds.len() / 2).copied().unwrap_or(f64::NAN)
}
