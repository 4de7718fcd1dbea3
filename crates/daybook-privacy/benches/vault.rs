//! Look-ups in a vault of a million people, and how fast new ones are made, beside bare selects in the same database.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    reason = "a bench prints, and a fault ends it"
)]

use std::path::Path;
use std::time::{Duration, Instant};

use daybook_event::{Needs, PersonName, SubjectId};
use daybook_privacy::{MasterKey, Vault, VaultOptions};
use rand::Rng;
use sea_orm::sqlx::{self, Row};
use sea_orm::{ConnectOptions, Database, DatabaseConnection};

/// People of one call that makes them.
const BATCH: usize = 1000;

/// How long each line is measured.
fn measured() -> Duration {
    let seconds = std::env::var("DAYBOOK_BENCH_SECONDS").ok().and_then(|text| text.parse().ok());
    Duration::from_secs_f64(seconds.unwrap_or(3.0))
}

fn population() -> usize {
    std::env::var("DAYBOOK_BENCH_PEOPLE").ok().and_then(|text| text.parse().ok()).unwrap_or(1_000_000)
}

fn main() {
    if std::env::args().any(|argument| argument == "--test" || argument == "--list") {
        return;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(run());
}

async fn run() {
    let (directory, people) = (tempfile::tempdir().unwrap(), population());
    println!("A vault of {people} people in SQLite, with a name of about 24 bytes each.\n");
    let vault = open(directory.path(), 1).await;
    println!("{:<46} {:>12} {:>14}", "making", "p50 ms", "people/s");
    let mut calls = Vec::new();
    let begun = Instant::now();
    for batch in 0..people.div_ceil(BATCH) {
        let names: Vec<PersonName<'_>> = (batch * BATCH..(batch + 1) * BATCH).map(name).collect();
        let call = Instant::now();
        vault.ensure("app", &Needs { people: names, months: Vec::new() }).await.unwrap();
        calls.push(call.elapsed());
    }
    made(&format!("{BATCH} new people a call, from none to {people}"), calls.len() * BATCH, begun.elapsed(), calls);
    for (clients, size) in [(1, BATCH), (1, 1), (64, 1), (64, 10)] {
        let (count, elapsed, calls) = newcomers(&vault, clients, size, people).await;
        made(&format!("{size} a call, {clients} at once, beside {people}"), count, elapsed, calls);
    }
    vault.close().await;

    println!("\n{:<46} {:>12} {:>14} {:>9}", "looking up", "us/person", "people/s", "of bare");
    let bare_one = bare(directory.path(), people, 1).await;
    print("bare: SELECT by primary key, 1 a statement", bare_one, None);
    let bare_many = bare(directory.path(), people, 500).await;
    print("bare: SELECT by primary key, 500 a statement", bare_many, None);
    let vault = open(directory.path(), 1).await;
    for (size, bare) in [(1, bare_one), (100, bare_many), (500, bare_many)] {
        let took = find(&vault, people, size).await;
        print(&format!("find, not cached, {size} a call"), took, Some(bare));
    }
    for (size, bare) in [(1, bare_one), (500, bare_many)] {
        let took = by_id(&vault, directory.path(), people, size).await;
        print(&format!("by_id, not cached, {size} a call"), took, Some(bare));
    }
    vault.close().await;
    let vault = open(directory.path(), people).await;
    let before = resident_bytes();
    for batch in 0..people.div_ceil(BATCH) {
        let names: Vec<_> =
            (batch * BATCH..((batch + 1) * BATCH).min(people)).map(|number| Some(name(number))).collect();
        vault.find("app", &names).await.unwrap();
    }
    let after = resident_bytes();
    for (size, bare) in [(1, bare_one), (100, bare_many), (500, bare_many)] {
        let took = find(&vault, people, size).await;
        print(&format!("find, cached, {size} a call"), took, Some(bare));
    }
    let vault = open(directory.path(), 1).await;
    let mut calls = Vec::new();
    for size in [1, BATCH] {
        let names: Vec<_> = (0..size).map(|number| Some(name(number * 7 + 1))).collect();
        let found = vault.find("app", &names).await.unwrap();
        let ids: Vec<SubjectId> = found.iter().flatten().map(|person| person.id).collect();
        let call = Instant::now();
        vault.erase(&ids).await.unwrap();
        calls.push((ids.len(), call.elapsed().as_secs_f64() * 1e3));
    }
    println!("\nerasing {} of them: {:.1} ms; {}: {:.1} ms", calls[0].0, calls[0].1, calls[1].0, calls[1].1);
    println!("memory of a cached person, by name: about {} bytes", after.saturating_sub(before) / people as u64);
    let begun = Instant::now();
    vault.status().await.unwrap();
    println!("status, which counts everybody: {:.0} ms", begun.elapsed().as_secs_f64() * 1e3);
}

fn name(number: usize) -> PersonName<'static> {
    PersonName::identity(format!("person-{number:08}@mail.org"))
}

async fn connect(directory: &Path) -> DatabaseConnection {
    let path = directory.join("state.db");
    let mut options = ConnectOptions::new("sqlite::memory:");
    options.max_connections(4).sqlx_logging(false).map_sqlx_sqlite_opts(move |sqlite| {
        sqlite
            .in_memory(false)
            .shared_cache(false)
            .filename(&path)
            .create_if_missing(true)
            .pragma("journal_mode", "WAL")
            .pragma("synchronous", "FULL")
            .pragma("secure_delete", "ON")
    });
    Database::connect(options).await.unwrap()
}

async fn open(directory: &Path, people_cached: usize) -> Vault {
    let keys = vec![MasterKey::from_bytes([1; 32])];
    Vault::open(connect(directory).await, keys, VaultOptions { people_cached }).await.unwrap()
}

fn made(what: &str, people: usize, elapsed: Duration, mut calls: Vec<Duration>) {
    calls.sort_unstable();
    let median = calls[calls.len() / 2].as_secs_f64() * 1e3;
    println!("{what:<46} {median:>12.2} {:>14.0}", people as f64 / elapsed.as_secs_f64());
}

fn print(what: &str, seconds: f64, bare: Option<f64>) {
    let ratio = bare.map(|bare| format!("{:.2}", seconds / bare)).unwrap_or_default();
    println!("{what:<46} {:>12.2} {:>14.0} {ratio:>9}", seconds * 1e6, 1.0 / seconds);
}

/// New people, made by several at once.
async fn newcomers(vault: &Vault, clients: usize, size: usize, people: usize) -> (usize, Duration, Vec<Duration>) {
    let (begun, until) = (Instant::now(), measured());
    let mut tasks = tokio::task::JoinSet::new();
    for client in 0..clients {
        let vault = vault.clone();
        tasks.spawn(async move {
            let mut calls = Vec::new();
            let mut number = people + (((clients * 1000 + size) * 100 + client) << 24);
            while begun.elapsed() < until {
                let names: Vec<PersonName<'_>> = (number..number + size).map(name).collect();
                number += size;
                let call = Instant::now();
                vault.ensure("app", &Needs { people: names, months: Vec::new() }).await.unwrap();
                calls.push(call.elapsed());
            }
            calls
        });
    }
    let calls: Vec<Duration> = tasks.join_all().await.into_iter().flatten().collect();
    (calls.len() * size, begun.elapsed(), calls)
}

/// Seconds a person.
async fn find(vault: &Vault, people: usize, size: usize) -> f64 {
    let (begun, until, mut count) = (Instant::now(), measured(), 0);
    let mut spent = Duration::ZERO;
    while begun.elapsed() < until {
        let names: Vec<_> = (0..size).map(|_| Some(name(rand::rng().random_range(0..people)))).collect();
        let call = Instant::now();
        let found = vault.find("app", &names).await.unwrap();
        spent += call.elapsed();
        assert!(found.iter().all(Option::is_some));
        count += size;
    }
    spent.as_secs_f64() / count as f64
}

/// Seconds a person.
async fn by_id(vault: &Vault, directory: &Path, people: usize, size: usize) -> f64 {
    let database = connect(directory).await;
    let pool = database.get_sqlite_connection_pool();
    let step = i64::try_from(people / 50_000).unwrap().max(1);
    let query = "SELECT anonymous_id FROM subjects WHERE id % ? = 0 LIMIT 50000";
    let rows = sqlx::query(query).bind(step).fetch_all(pool).await.unwrap();
    let ids: Vec<SubjectId> =
        rows.iter().map(|row| SubjectId::from_bytes(row.get::<&[u8], _>(0).try_into().unwrap())).collect();
    let (begun, until, mut count) = (Instant::now(), measured(), 0);
    let mut spent = Duration::ZERO;
    while begun.elapsed() < until {
        let asked: Vec<SubjectId> = (0..size).map(|_| ids[rand::rng().random_range(0..ids.len())]).collect();
        let call = Instant::now();
        let found = vault.by_id(&asked).await.unwrap();
        spent += call.elapsed();
        assert!(!found.is_empty());
        count += size;
    }
    spent.as_secs_f64() / count as f64
}

/// Seconds a row.
async fn bare(directory: &Path, people: usize, size: usize) -> f64 {
    let database = connect(directory).await;
    let pool = database.get_sqlite_connection_pool();
    let marks = vec!["?"; size].join(", ");
    let query = format!("SELECT anonymous_id, wrapped FROM subjects WHERE id IN ({marks})");
    let (begun, until, mut count) = (Instant::now(), measured(), 0);
    let mut spent = Duration::ZERO;
    while begun.elapsed() < until {
        let ids: Vec<i64> = (0..size).map(|_| i64::try_from(rand::rng().random_range(1..=people)).unwrap()).collect();
        let call = Instant::now();
        let mut statement = sqlx::query(sqlx::AssertSqlSafe(query.as_str()));
        for id in &ids {
            statement = statement.bind(id);
        }
        let rows = statement.fetch_all(pool).await.unwrap();
        let bytes: usize = rows.iter().map(|row| row.get::<&[u8], _>(0).len() + row.get::<&[u8], _>(1).len()).sum();
        spent += call.elapsed();
        assert!(bytes > 0);
        count += size;
    }
    spent.as_secs_f64() / count as f64
}

fn resident_bytes() -> u64 {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = text.split(' ').nth(1).and_then(|pages| pages.parse::<u64>().ok()).unwrap_or_default();
    pages * 4096
}
