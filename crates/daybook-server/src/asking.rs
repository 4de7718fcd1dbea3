//! Where questions find an app's tables, and what to say where there are none.

use daybook_consumers::Handler;
use daybook_lake::query::{Fault, QueryError};
use daybook_lake::{LakeError, Snapshot};
use futures_util::future::BoxFuture;

use crate::collector::{App, Collector};
use crate::keys::now;
use crate::problem::Problem;

impl Collector {
    /// An app's tables as they are now.
    ///
    /// # Errors
    /// 404 where the app has no lake, 503 where its tables cannot be used at the moment.
    pub async fn snapshot(&self, app: &App) -> Result<Snapshot, Problem> {
        let Some(lake) = self.consumers.lake(&app.slug) else { return Err(no_lake()) };
        Ok(lake.lake().await?.snapshot().await?)
    }

    /// Has the engine compute an answer of an app's tables. What the work itself says went wrong, `why` puts into words.
    ///
    /// # Errors
    /// Why it was not answered.
    pub async fn compute<T: Send + 'static, E: Send + 'static>(
        &self,
        app: &App,
        work: BoxFuture<'static, Result<T, E>>,
        why: impl FnOnce(E) -> Result<QueryError, Problem>,
    ) -> Result<T, Problem> {
        let error = match self.engine.run(None, work).await {
            Ok(Ok(answer)) => return Ok(answer),
            Ok(Err(error)) => why(error)?,
            Err(error) => error,
        };
        Err(self.unanswered(app, error).await)
    }

    /// Why a question was not answered. Where a file is missing, all may be: then the tables are gone, and that is said.
    pub async fn unanswered(&self, app: &App, error: QueryError) -> Problem {
        if error.fault != Fault::Damaged {
            return error.into();
        }
        let lake = self.consumers.lake(&app.slug);
        let Some(lake) = lake.as_ref().and_then(|lake| lake.opened()) else { return error.into() };
        // It is looked whether they are there; what it finds is what is shown from then on.
        let _ = lake.tend(now()).await;
        match lake.snapshot().await {
            Err(gone @ LakeError::Gone { .. }) => gone.into(),
            _ => error.into(),
        }
    }
}

/// There is nothing to ask.
pub fn no_lake() -> Problem {
    Problem::not_found("lake.off", "This app has no lake: it is turned off.")
        .hint("Take `enabled = false` out of [consumers.\"APP/lake\"], and reload the consumers.")
}
