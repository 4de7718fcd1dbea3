//! Where a server keeps its state: tests that are written once and run on each.

use std::sync::Arc;

use daybook_harness::Postgres;
use daybook_server::StateUrl;

/// Where a server keeps its state.
#[derive(Clone)]
pub enum Backend {
    /// In its data directory.
    Sqlite,
    /// In a database of a PostgreSQL server of this test.
    Postgres(Arc<Postgres>, StateUrl),
}

impl Backend {
    pub fn postgres() -> Self {
        let postgres = Postgres::start();
        let url = StateUrl::from(postgres.database());
        Self::Postgres(Arc::new(postgres), url)
    }

    /// What the configuration says of it.
    pub fn url(&self) -> Option<StateUrl> {
        match self {
            Self::Sqlite => None,
            Self::Postgres(_, url) => Some(url.clone()),
        }
    }
}

/// Makes tests of functions that take a [`Backend`]: one for each.
macro_rules! on_every_backend {
    ($($name:ident),+ $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name($crate::backend::Backend::Sqlite).await;
            })+
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name($crate::backend::Backend::postgres()).await;
            })+
        }
    };
}
pub(crate) use on_every_backend;
