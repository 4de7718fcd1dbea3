//! The tables of the state database that belong to this crate.

/// Rows hold names, secrets or what stands for them: their `Debug` shows nothing.
macro_rules! not_printed {
    ($row:ty) => {
        impl std::fmt::Debug for $row {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str(concat!(stringify!($row), "(…)"))
            }
        }
    };
}
use not_printed;

pub mod actor_keys;
pub mod consents;
pub mod erasure_people;
pub mod erasures;
pub mod migration;
pub mod months;
pub mod reports;
pub mod settings;
pub mod subjects;
pub mod vault_keys;

pub use migration::Migrator;

use sea_orm::{
    DatabaseConnection, DatabaseTransaction, DbErr, SqliteTransactionMode, TransactionOptions, TransactionTrait,
};

/// Begins a transaction that will write. SQLite's takes the write lock at once: one that begins by reading could find, when
/// it comes to writing, that another process was faster, and fail where waiting would have done.
pub(crate) async fn begin_write(database: &DatabaseConnection) -> Result<DatabaseTransaction, DbErr> {
    database
        .begin_with_options(TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        })
        .await
}
