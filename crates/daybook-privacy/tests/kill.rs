//! Killing the process that has the vault open, again and again, and holding what it was told against what is there.
//!
//! The child is this test binary, started again. Each of its tasks makes people and writes every answer to a file of its
//! own; the parent kills it at some moment.

#![allow(clippy::unwrap_used, reason = "in tests a panic is a finding")]

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use daybook_event::{Needs, PersonName, SubjectId, Timestamp};
use daybook_privacy::{MasterKey, NewConsent, Vault, VaultOptions};
use sea_orm::{ConnectOptions, Database};

const CHILD_DIRECTORY: &str = "DAYBOOK_VAULT_KILL_CHILD";
const KILLS: u64 = 8;
/// Answers that a child gives before it is killed, at least.
const ANSWERS_PER_LIFE: usize = 15;

async fn open(directory: &Path) -> Vault {
    let path = directory.join("state.db");
    let mut options = ConnectOptions::new("sqlite::memory:");
    options.max_connections(4).sqlx_logging(false).map_sqlx_sqlite_opts(move |sqlite| {
        sqlite
            .in_memory(false)
            .shared_cache(false)
            .filename(&path)
            .create_if_missing(true)
            .busy_timeout(Duration::from_secs(60))
            .pragma("journal_mode", "WAL")
    });
    let database = Database::connect(options).await.unwrap();
    Vault::open(database, vec![MasterKey::from_bytes([1; 32])], VaultOptions::default()).await.unwrap()
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

/// The child's part; does nothing when the tests run as usual.
#[test]
fn child() {
    let Some(directory) = std::env::var_os(CHILD_DIRECTORY) else { return };
    let directory = Path::new(&directory).to_owned();
    let round = fs::read_dir(&directory).unwrap().count();
    runtime().block_on(async move {
        let vault = open(&directory).await;
        let tasks = (0..6).map(|task| {
            let (vault, answers) = (vault.clone(), directory.join(format!("answers-{round}-{task}")));
            tokio::spawn(async move {
                let mut answers = File::create(answers).unwrap();
                for number in 0..usize::MAX {
                    let names: Vec<_> = (0..3).map(|part| format!("{round}-{task}-{number}-{part}")).collect();
                    let needs = Needs { people: names.iter().map(PersonName::identity).collect(), months: Vec::new() };
                    let made = vault.ensure("app", &needs).await.unwrap();
                    let mut lines = String::new();
                    for (name, person) in names.iter().zip(&made.people) {
                        lines += &format!("made {name} {}\n", person.id);
                    }
                    // One write call, which a kill does not take back.
                    answers.write_all(lines.as_bytes()).unwrap();
                    let time = Timestamp::from_microseconds(0);
                    let consent = NewConsent { granted: true, time, source: None, version: None };
                    let first = PersonName::identity(&names[0]);
                    vault.set_consent("app", &first, "telemetry", consent).await.unwrap();
                    answers.write_all(format!("said {} -\n", names[0]).as_bytes()).unwrap();
                    if number % 5 == 0 {
                        vault.erase(&[made.people[2].id]).await.unwrap();
                        answers.write_all(format!("gone {} -\n", names[2]).as_bytes()).unwrap();
                    }
                }
            })
        });
        for task in tasks.collect::<Vec<_>>() {
            task.await.unwrap();
        }
    });
}

/// How many people were made so far, as far as it was said.
fn answers(directory: &Path) -> usize {
    let files = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    let files = files.filter(|path| path.file_name().unwrap().to_string_lossy().starts_with("answers-"));
    let made = |path: std::path::PathBuf| {
        fs::read_to_string(path).unwrap().lines().filter(|line| line.starts_with("made ")).count()
    };
    files.map(made).sum()
}

#[test]
fn nothing_answered_is_lost_by_kills() {
    if std::env::var_os(CHILD_DIRECTORY).is_some() {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    for kill in 0..KILLS {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["child", "--exact", "--nocapture"])
            .env(CHILD_DIRECTORY, directory.path())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        // However slow the machine is, it is killed in the middle of its work.
        let (before, deadline) = (answers(directory.path()), Instant::now() + Duration::from_secs(180));
        while answers(directory.path()) < before + ANSWERS_PER_LIFE {
            assert!(child.try_wait().unwrap().is_none(), "the child ended by itself");
            assert!(Instant::now() < deadline, "the child answers nobody");
            std::thread::sleep(Duration::from_millis(5));
        }
        std::thread::sleep(Duration::from_millis(kill * 37));
        child.kill().unwrap();
        child.wait().unwrap();
    }
    runtime().block_on(async {
        let vault = open(directory.path()).await;
        let mut held = 0;
        for file in fs::read_dir(directory.path()).unwrap().map(|entry| entry.unwrap().path()) {
            if !file.file_name().unwrap().to_string_lossy().starts_with("answers-") {
                continue;
            }
            let text = fs::read_to_string(file).unwrap();
            // What the kill cut off was not said.
            let whole = text.split_inclusive('\n').filter_map(|line| line.strip_suffix('\n'));
            let lines: Vec<Vec<&str>> = whole.map(|line| line.split(' ').collect()).collect();
            let with = |word: &'static str| lines.iter().filter(move |line| line[0] == word);
            let gone: Vec<&str> = with("gone").map(|line| line[1]).collect();
            for line in with("made") {
                let found = vault.find("app", &[Some(PersonName::identity(line[1]))]).await.unwrap().pop().flatten();
                if gone.contains(&line[1]) {
                    assert_eq!(found, None, "{line:?}");
                } else if let Some(found) = found {
                    assert_eq!(found.id, SubjectId::parse(line[2]).unwrap(), "{line:?}");
                } else {
                    // Erased, and killed before that was said.
                    assert!(line[1].ends_with("-2"), "{line:?}");
                }
                held += 1;
            }
            for line in with("said") {
                let rows = vault.consents("app", &PersonName::identity(line[1])).await.unwrap();
                assert!(rows[0].granted, "{line:?}");
            }
        }
        assert!(held > 100, "only {held} answers in {KILLS} rounds");
        assert!(!vault.status().await.unwrap().is_degraded());
    });
}
