//! The databases that the suite runs on.

use std::path::{Path, PathBuf};
use std::time::Duration;

use daybook_event::{Month, Needs, PersonName};
use daybook_harness::Postgres;
use daybook_privacy::{MasterKey, Vault, VaultOptions};
use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbBackend, Statement, TryGetable};
use tempfile::TempDir;

/// How long anything may take that is not about being late.
const PATIENCE: Duration = Duration::from_secs(60);

/// A database of one test, which may be connected to any number of times, as processes do.
#[allow(clippy::large_enum_variant, reason = "a test has one of them")]
pub enum Place {
    Sqlite { directory: TempDir },
    Postgres { server: Postgres, url: String },
}

impl Place {
    pub async fn connect(&self) -> DatabaseConnection {
        match self {
            Self::Sqlite { directory } => sqlite(&directory.path().join("state.db")).await,
            Self::Postgres { url, .. } => {
                let mut options = ConnectOptions::new(url);
                options.max_connections(8).acquire_timeout(PATIENCE).sqlx_logging(false);
                Database::connect(options).await.unwrap()
            }
        }
    }

    /// A vault that soon gives up a database that is away.
    pub async fn impatient_vault(&self, number: u8) -> Vault {
        let database = match self {
            Self::Sqlite { .. } => self.connect().await,
            Self::Postgres { url, .. } => {
                let mut options = ConnectOptions::new(url);
                options.max_connections(8).acquire_timeout(Duration::from_secs(10)).sqlx_logging(false);
                Database::connect(options).await.unwrap()
            }
        };
        Vault::open(database, vec![key(number)], VaultOptions::default()).await.unwrap()
    }

    /// The vault in it, with these keys.
    pub async fn vault(&self, keys: &[u8]) -> Vault {
        self.vault_with(keys, VaultOptions::default()).await
    }

    pub async fn vault_with(&self, keys: &[u8], options: VaultOptions) -> Vault {
        Vault::open(self.connect().await, keys.iter().copied().map(key).collect(), options).await.unwrap()
    }

    /// Runs a statement beside the vault.
    pub async fn execute(&self, statement: &str) -> u64 {
        self.connect().await.execute_unprepared(statement).await.unwrap().rows_affected()
    }

    /// The first field of the first row.
    pub async fn one<T: TryGetable>(&self, query: &str) -> T {
        let database = self.connect().await;
        let statement = Statement::from_string(database.get_database_backend(), query.to_owned());
        database.query_one_raw(statement).await.unwrap().unwrap().try_get_by_index(0).unwrap()
    }

    /// An expression for bytes that are `column`'s but for the last.
    pub fn damaged(&self, column: &str) -> String {
        match self {
            Self::Sqlite { .. } => {
                format!("CAST(substr({column}, 1, length({column}) - 1) || x'00' AS BLOB)")
            }
            Self::Postgres { .. } => format!(
                "set_byte({column}, length({column}) - 1, (get_byte({column}, length({column}) - 1) + 1) % 256)"
            ),
        }
    }

    pub fn backend(&self) -> DbBackend {
        match self {
            Self::Sqlite { .. } => DbBackend::Sqlite,
            Self::Postgres { .. } => DbBackend::Postgres,
        }
    }
}

/// As the server opens it.
pub async fn sqlite(path: &Path) -> DatabaseConnection {
    let path: PathBuf = path.to_owned();
    let mut options = ConnectOptions::new("sqlite::memory:");
    options.max_connections(4).acquire_timeout(PATIENCE).sqlx_logging(false).map_sqlx_sqlite_opts(move |sqlite| {
        sqlite
            .in_memory(false)
            .shared_cache(false)
            .filename(&path)
            .create_if_missing(true)
            .busy_timeout(PATIENCE)
            .pragma("journal_mode", "WAL")
            .pragma("synchronous", "FULL")
            .pragma("secure_delete", "ON")
            .pragma("foreign_keys", "ON")
    });
    Database::connect(options).await.unwrap()
}

pub fn on_sqlite(test: impl AsyncFnOnce(&Place)) {
    run(&Place::Sqlite { directory: tempfile::tempdir().unwrap() }, test);
}

pub fn on_postgres(test: impl AsyncFnOnce(&Place)) {
    let server = Postgres::start();
    let url = server.database();
    run(&Place::Postgres { server, url }, test);
}

fn run(place: &Place, test: impl AsyncFnOnce(&Place)) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build().unwrap();
    runtime.block_on(test(place));
}

/// The master key of this number.
pub fn key(number: u8) -> MasterKey {
    MasterKey::from_bytes([number; 32])
}

pub fn ada() -> PersonName<'static> {
    PersonName::identity("ada@example.org")
}

pub fn bob() -> PersonName<'static> {
    PersonName::identity("bob@example.org")
}

/// People and nothing else.
pub fn people(names: &[PersonName<'static>]) -> Needs<'static> {
    Needs { people: names.to_vec(), months: Vec::new() }
}

/// A month and nothing else.
pub fn month(class: &'static str, number: i32) -> Needs<'static> {
    Needs { people: Vec::new(), months: vec![(class.into(), Month::from_number(number))] }
}
