//! One suite for every backend: a test that is written once and run on real databases of each kind.

use daybook_harness::Postgres;
use sea_orm::DatabaseConnection;
use tempfile::TempDir;

use super::{StatePlace, StateUrl, open};

/// A place for the state of one test.
pub(crate) struct TestState {
    pub(crate) place: StatePlace,
    /// The data directory, where the state is a file.
    pub(crate) directory: TempDir,
    /// The server, where it is not.
    pub(crate) postgres: Option<Postgres>,
}

impl TestState {
    pub(crate) fn sqlite() -> Self {
        let directory = tempfile::tempdir().unwrap();
        Self { place: StatePlace::Directory(directory.path().to_owned()), directory, postgres: None }
    }

    pub(crate) fn postgres() -> Self {
        let postgres = Postgres::start();
        let place = StatePlace::Postgres(StateUrl::from(postgres.database()));
        Self { place, directory: tempfile::tempdir().unwrap(), postgres: Some(postgres) }
    }

    pub(crate) async fn open(&self) -> DatabaseConnection {
        open(&self.place).await.unwrap()
    }
}

/// Makes tests of functions that take a [`TestState`]: one for each backend.
macro_rules! on_every_backend {
    ($($name:ident),+ $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name($crate::state::testing::TestState::sqlite()).await;
            })+
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name($crate::state::testing::TestState::postgres()).await;
            })+
        }
    };
}
pub(crate) use on_every_backend;
