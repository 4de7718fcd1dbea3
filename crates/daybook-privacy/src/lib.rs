//! Privacy: the vault, which alone knows who a person is, and what people may ask of it.
//!
//! The log never forgets; its keys do. The [`Vault`] holds them in the state database: a random name and a secret for
//! each person, a secret for each month of each retention category, all wrapped under a [`MasterKey`] that lies
//! elsewhere. `docs/vault.md` describes its tables and derivations.

pub mod erasure;
pub mod export;
pub mod limits;
pub mod master_key;
mod opening;
pub mod report;
pub mod retention;
pub mod tables;
pub mod vault;
pub mod view;

pub use master_key::{MasterKey, MasterKeySource};
pub use opening::Opener;
pub use vault::{
    Change, ConsentRow, Erased, Identity, KnownKey, NewActorKey, NewConsent, Objection, OpenVaultError, Owner,
    SubjectInfo, Vault, VaultError, VaultOptions, VaultStatus,
};
