//! What can go wrong in the vault. No error carries a name, a secret or a wrapped byte.

use sea_orm::DbErr;

/// The database failed. Only its message is kept: the details that some databases add quote the row.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the state database failed: {0}")]
pub struct DatabaseError(String);

impl DatabaseError {
    /// A row that was just written is not there.
    pub(super) fn lost_row() -> Self {
        Self("a row that was just written is not there".to_owned())
    }
}

impl From<DbErr> for DatabaseError {
    fn from(error: DbErr) -> Self {
        Self(error.to_string())
    }
}

/// The vault cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenVaultError {
    /// The database failed.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// There is no master key.
    #[error("the vault needs a master key")]
    NoKey,
    /// The vault's name in the database is not one.
    #[error("the vault's id in the database is damaged")]
    Id,
    /// The operating system has no randomness to give.
    #[error("the operating system gave no random bytes")]
    Random,
}

impl From<DbErr> for OpenVaultError {
    fn from(error: DbErr) -> Self {
        Self::Database(error.into())
    }
}

/// The vault cannot do what it was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VaultError {
    /// Too much waits already. It may be asked again in a moment.
    #[error("the vault is busy")]
    Busy,
    /// It was closed.
    #[error("the vault is closed")]
    Closed,
    /// A name is too long.
    #[error("a name of {0} bytes is too long for a person")]
    NameTooLong(usize),
    /// The database failed.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// The operating system has no randomness to give.
    #[error("the operating system gave no random bytes")]
    Random,
    /// The key belongs to another actor of the app already.
    #[error("the key belongs to another actor of the app")]
    KeyTaken,
    /// The actor has as many keys as one may have.
    #[error("the actor has {0} keys, and may have no more")]
    TooManyKeys(u64),
}

impl From<DbErr> for VaultError {
    fn from(error: DbErr) -> Self {
        Self::Database(error.into())
    }
}

/// What is wrapped does not open: damage, another purpose, or a vault key that no master key at hand opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("what the vault wrapped does not open")]
pub struct NotOpened;
