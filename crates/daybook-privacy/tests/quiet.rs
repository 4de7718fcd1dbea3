//! Names, secrets and wrapped bytes are in no log line, no error and no `Debug`.

#![allow(clippy::unwrap_used, reason = "in tests a panic is a finding")]

use std::io::Write;
use std::sync::{Arc, Mutex};

use daybook_event::{Needs, PersonName, Timestamp};
use daybook_privacy::{MasterKey, NewConsent, Vault, VaultOptions};
use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbBackend, Statement};

const NAME: &str = "ada.lovelace@example.org";

/// Everything that is logged.
#[derive(Clone, Default)]
struct Captured(Arc<Mutex<Vec<u8>>>);

impl Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// With all that the database has to say, too.
async fn database(url: &str) -> DatabaseConnection {
    let mut options = ConnectOptions::new(url);
    options.max_connections(2).sqlx_logging(true).record_stmt_in_spans(true);
    Database::connect(options).await.unwrap()
}

async fn wrapped(database: &DatabaseConnection, backend: DbBackend) -> Vec<Vec<u8>> {
    let query = "SELECT wrapped FROM subjects UNION SELECT wrapped FROM months UNION SELECT wrapped FROM vault_keys";
    let rows = database.query_all_raw(Statement::from_string(backend, query)).await.unwrap();
    rows.iter().map(|row| row.try_get_by_index(0).unwrap()).collect()
}

/// Does everything, and gives what was told and what must not have been.
async fn everything(url: &str, backend: DbBackend) -> (String, Vec<Vec<u8>>) {
    let database = database(url).await;
    let key = MasterKey::from_bytes(*b"a master key that nobody may see");
    let open = || Vault::open(database.clone(), vec![key.clone()], VaultOptions::default());
    let (mut told, mut hidden) = (String::new(), vec![NAME.as_bytes().to_vec(), b"a master key that nobody".to_vec()]);
    let ada = PersonName::identity(NAME);
    let needs =
        Needs { people: vec![ada.clone()], months: vec![("product".into(), daybook_event::Month::from_number(3))] };
    let consent = NewConsent { granted: true, time: Timestamp::from_microseconds(1), source: None, version: None };
    for damage in ["", "UPDATE subjects SET wrapped = lookup", "DELETE FROM vault_keys"] {
        if !damage.is_empty() {
            database.execute_unprepared(damage).await.unwrap();
        }
        let vault = open().await.unwrap();
        let found = vault.find("app", &[Some(ada.clone())]).await.unwrap();
        let keys = vault.ensure("app", &needs).await.unwrap();
        let change = vault.set_consent("app", &ada, "telemetry", consent.clone()).await.unwrap();
        let objection = vault.set_objection("app", &ada, Some(consent.time)).await.unwrap();
        let ids = [keys.people[0].id];
        let identity = vault.identity(&ids).await.unwrap();
        let info = vault.subject("app", &ada).await.unwrap();
        let too_long = PersonName::identity(NAME.repeat(10_000));
        let error = vault.find("app", &[Some(too_long)]).await.unwrap_err();
        hidden.extend(wrapped(&database, backend).await);
        hidden.push(keys.people[0].secret.as_bytes().to_vec());
        hidden.push(keys.months[0].as_bytes().to_vec());
        told += &format!("{found:?} {keys:?} {change:?} {objection:?} {identity:?} {info:?} {error} {error:?} {key:?}");
        vault.by_id(&ids).await.unwrap();
        if damage.is_empty() {
            database.execute_unprepared("UPDATE subjects SET wrapped = lookup").await.unwrap();
            // Memory knows better, the database has to be read for this one.
            vault.identity(&ids).await.unwrap();
        }
        vault.close().await;
    }
    // The database refuses rows; PostgreSQL quotes them in its details.
    let vault = open().await.unwrap();
    database.execute_unprepared("ALTER TABLE subjects ADD COLUMN more INTEGER NOT NULL DEFAULT 1").await.unwrap();
    let refuse = match backend {
        DbBackend::Sqlite => {
            "CREATE TRIGGER refuse BEFORE INSERT ON subjects BEGIN SELECT RAISE(ABORT, 'refused'); END"
        }
        _ => "ALTER TABLE subjects ADD CONSTRAINT refuse CHECK (created_us < 0) NOT VALID",
    };
    database.execute_unprepared(refuse).await.unwrap();
    let bob = PersonName::identity(format!("bob.{NAME}"));
    let error = vault.ensure("app", &Needs { people: vec![bob], months: Vec::new() }).await.unwrap_err();
    told += &format!("{error} {error:?}");
    assert!(told.contains("refuse"), "{error:?}");
    (told, hidden)
}

/// Whether bytes are told, in any of the ways in which bytes are usually printed.
fn tells(told: &str, bytes: &[u8]) -> bool {
    let bytes = &bytes[..bytes.len().min(16)];
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let list = format!("{bytes:?}");
    let base64 = base64::Engine::encode(&base64::prelude::BASE64_STANDARD_NO_PAD, &bytes[..15]);
    [&hex, &hex.to_uppercase(), list.trim_matches(['[', ']']), &base64, &String::from_utf8_lossy(bytes)]
        .iter()
        .any(|text| told.contains(*text))
}

#[test]
fn nothing_is_told() {
    let captured = Captured::default();
    let writer = captured.clone();
    tracing_subscriber::fmt()
        .with_max_level(tracing_subscriber::filter::LevelFilter::TRACE)
        .with_writer(move || writer.clone())
        .init();
    let directory = tempfile::tempdir().unwrap();
    let server = daybook_harness::Postgres::start();
    let sqlite = format!("sqlite://{}?mode=rwc", directory.path().join("state.db").display());
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    for (url, backend) in [(sqlite, DbBackend::Sqlite), (server.database(), DbBackend::Postgres)] {
        let (told, hidden) = runtime.block_on(everything(&url, backend));
        let logged = String::from_utf8_lossy(&captured.0.lock().unwrap()).into_owned();
        // The control: what should be told is.
        assert!(logged.contains("damaged") && logged.contains("INSERT INTO"), "{logged}");
        assert!(tells("x [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16] y", &(1..=16).collect::<Vec<u8>>()));
        assert!(hidden.len() > 10);
        for bytes in &hidden {
            assert!(!tells(&told, bytes), "{}", String::from_utf8_lossy(bytes));
            assert!(!tells(&logged, bytes), "{}", String::from_utf8_lossy(bytes));
        }
    }
}
