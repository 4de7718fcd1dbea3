//! The vault: who people are, and the secrets that seal what is kept of them.

mod error;
mod facts;

use std::collections::HashMap;
use std::sync::Arc;

use daybook_event::{Keys, Month, Months, Needs, Person, PersonName, SubjectId, Timestamp};
use sea_orm::DatabaseConnection;
use zeroize::Zeroizing;

pub use error::{DatabaseError, NotOpened, OpenVaultError, VaultError};
pub use facts::{Change, ConsentRow, Erased, Identity, NewConsent, Objection, SubjectInfo, VaultOptions, VaultStatus};

use crate::MasterKey;

/// The vault. Cheap to clone; every clone is the same vault. One process at a time may hold a vault open to serve it.
#[derive(Clone)]
pub struct Vault {
    shared: Arc<Shared>,
}

struct Shared {
    database: DatabaseConnection,
}

#[allow(unused_variables, clippy::unused_async, reason = "not written yet")]
impl Vault {
    /// Opens the vault in this database, making its tables where they are missing. Of several keys the first is current;
    /// the others open what was wrapped under them.
    ///
    /// Where none of the keys opens any generation of the vault key, a new generation is made: the vault opens all the
    /// same, [`Vault::status`] says what cannot be read, and new people and months go on under the new one.
    ///
    /// # Errors
    /// [`OpenVaultError`].
    pub async fn open(
        database: DatabaseConnection,
        keys: Vec<MasterKey>,
        options: VaultOptions,
    ) -> Result<Self, OpenVaultError> {
        Ok(Self { shared: Arc::new(Shared { database }) })
    }

    /// How the vault is.
    ///
    /// # Errors
    /// [`VaultError`].
    pub async fn status(&self) -> Result<VaultStatus, VaultError> {
        Err(VaultError::Closed)
    }

    /// Finishes what waits and takes nothing more.
    pub async fn close(&self) {}

    /// The database the vault is in.
    #[must_use]
    pub fn database(&self) -> &DatabaseConnection {
        &self.shared.database
    }

    /// The people with these names, where they are known.
    ///
    /// # Errors
    /// [`VaultError`].
    pub async fn find(
        &self,
        app: &str,
        people: &[Option<PersonName<'_>>],
    ) -> Result<Vec<Option<Arc<Person>>>, VaultError> {
        Err(VaultError::Closed)
    }

    /// The people and the months' secrets; those who are new are made, and durable when this answers.
    ///
    /// # Errors
    /// [`VaultError`].
    pub async fn ensure(&self, app: &str, needs: &Needs<'_>) -> Result<Keys, VaultError> {
        Err(VaultError::Closed)
    }

    /// The secrets of an app's months, as they are now.
    #[must_use]
    pub fn months(&self, app: &str) -> Arc<Months> {
        Arc::default()
    }

    /// Secrets of an app's months that seal nothing new, but open what was sealed while the key of the usual ones was away
    /// (or before). Usually there are none. Try them where [`Vault::months`] opens nothing.
    #[must_use]
    pub fn older_months(&self, app: &str) -> Arc<[Arc<Months>]> {
        Arc::default()
    }

    /// The months there are secrets of, readable or not: app, class, month.
    ///
    /// # Errors
    /// [`VaultError`].
    pub async fn months_present(&self) -> Result<Vec<(String, String, Month)>, VaultError> {
        Err(VaultError::Closed)
    }

    /// The people with these ids; those who are unknown, or cannot be read, are left out.
    ///
    /// # Errors
    /// [`VaultError`].
    pub async fn by_id(&self, ids: &[SubjectId]) -> Result<HashMap<SubjectId, Arc<Person>>, VaultError> {
        Err(VaultError::Closed)
    }

    /// The names of the people with these ids; those who are unknown, or cannot be read, are left out.
    ///
    /// # Errors
    /// [`VaultError`].
    pub async fn identity(&self, ids: &[SubjectId]) -> Result<HashMap<SubjectId, Identity>, VaultError> {
        Err(VaultError::Closed)
    }

    /// What is known of a person, but for secret and name; `None` where nothing is.
    ///
    /// # Errors
    /// [`VaultError`].
    pub async fn subject(&self, app: &str, name: &PersonName<'_>) -> Result<Option<SubjectInfo>, VaultError> {
        Err(VaultError::Closed)
    }

    /// The same for many, in their order.
    ///
    /// # Errors
    /// [`VaultError`].
    pub async fn subjects(&self, app: &str, names: &[PersonName<'_>]) -> Result<Vec<Option<SubjectInfo>>, VaultError> {
        Err(VaultError::Closed)
    }

    /// What a person said of each purpose they were asked about.
    ///
    /// # Errors
    /// [`VaultError`].
    pub async fn consents(&self, app: &str, name: &PersonName<'_>) -> Result<Vec<ConsentRow>, VaultError> {
        Err(VaultError::Closed)
    }

    /// Notes what a person says of a purpose. Whoever calls [`Vault::find`] after this has answered sees it. A person who is
    /// not known yet is made.
    ///
    /// # Errors
    /// [`VaultError`].
    pub async fn set_consent(
        &self,
        app: &str,
        name: &PersonName<'_>,
        purpose: &str,
        consent: NewConsent,
    ) -> Result<Change, VaultError> {
        Err(VaultError::Closed)
    }

    /// Notes that a person objects, or no longer does. A person who is not known yet is made.
    ///
    /// # Errors
    /// [`VaultError`].
    pub async fn set_objection(
        &self,
        app: &str,
        name: &PersonName<'_>,
        objected: Option<Timestamp>,
    ) -> Result<Objection, VaultError> {
        Err(VaultError::Closed)
    }

    /// Destroys the secrets of a class's months before this one; says which months those were.
    ///
    /// # Errors
    /// [`VaultError`].
    pub async fn expire_months(&self, app: &str, class: &str, before: Month) -> Result<Vec<Month>, VaultError> {
        Err(VaultError::Closed)
    }

    /// Destroys these people: names, secrets, consents. Those who are unknown are passed over. When this answers they are out
    /// of memory too, and the database has been told to let go of their bytes.
    ///
    /// # Errors
    /// [`VaultError`].
    pub async fn erase(&self, ids: &[SubjectId]) -> Result<Erased, VaultError> {
        Err(VaultError::Closed)
    }

    /// The keyed hash by which a person is found, under the current generation.
    #[must_use]
    pub fn lookup(&self, app: &str, name: &PersonName<'_>) -> [u8; 32] {
        [0; 32]
    }

    /// Seals something small under the current vault key, such as a name that a task has to remember. `purpose` must be given
    /// again to open it.
    ///
    /// # Errors
    /// [`VaultError::Random`].
    pub fn wrap(&self, purpose: &str, plain: &[u8]) -> Result<Vec<u8>, VaultError> {
        Err(VaultError::Closed)
    }

    /// Opens what [`Vault::wrap`] sealed.
    ///
    /// # Errors
    /// [`NotOpened`].
    pub fn unwrap(&self, purpose: &str, wrapped: &[u8]) -> Result<Zeroizing<Vec<u8>>, NotOpened> {
        Err(NotOpened)
    }
}
