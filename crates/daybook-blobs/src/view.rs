//! Blobs as a view: those of a person, and those of a month, go with them.
//!
//! Nothing in them can be read once the secret is gone. That their files go too gives the room back, and makes sure
//! of it where somebody has a copy of the vault.

use std::collections::BTreeMap;
use std::pin::pin;

use async_trait::async_trait;
use daybook_event::SubjectId;
use daybook_privacy::view::{ExpiredMonth, ExportPart, Forgotten, Touched, View, ViewError};
use futures_util::{StreamExt, TryStreamExt};
use object_store::path::Path;

use crate::collect::remove;
use crate::store::Blobs;
use crate::{limits, paths};

#[async_trait]
impl View for Blobs {
    fn name(&self) -> &str {
        "blobs"
    }

    async fn forget_people(&self, people: &[Forgotten]) -> Result<Touched, ViewError> {
        let mut count = 0;
        for person in people {
            count += self
                .forget(&paths::of_person(&person.app, person.id), |_| true)
                .await
                .map_err(|error| unavailable(&error))?;
        }
        Ok(Touched { count })
    }

    async fn forget_months(&self, months: &[ExpiredMonth]) -> Result<Touched, ViewError> {
        let mut apps: BTreeMap<&str, Vec<&ExpiredMonth>> = BTreeMap::new();
        for month in months {
            apps.entry(&month.app).or_default().push(month);
        }
        let mut count = 0;
        for (app, months) in apps {
            let is_past = |path: &Path| months.iter().any(|past| paths::is_of_month(path, &past.category, past.month));
            count += self.forget(&paths::of_app(app), is_past).await.map_err(|error| unavailable(&error))?;
        }
        Ok(Touched { count })
    }

    /// Nothing: what lies in blobs is put back into the events of an export.
    async fn export(&self, _app: &str, _person: SubjectId) -> Result<Vec<ExportPart>, ViewError> {
        Ok(Vec::new())
    }
}

impl Blobs {
    /// Removes everything below a place that is to go.
    async fn forget(
        &self,
        below: &Path,
        goes: impl Fn(&Path) -> bool + Send + Sync,
    ) -> Result<u64, object_store::Error> {
        // What is being written for somebody is written before it is looked for.
        drop(self.alone().await);
        let mut count = 0;
        let list = self.store.list(Some(below)).try_filter_map(|object| {
            let path = Some(object.location).filter(|path| paths::address(path).is_some() && goes(path));
            futures_util::future::ready(Ok(path))
        });
        let mut pieces = pin!(list.try_chunks(limits::REMOVED_AT_ONCE));
        while let Some(piece) = pieces.next().await {
            let piece = piece.map_err(|error| error.1)?;
            let alone = self.alone().await;
            count += remove(self.store.as_ref(), piece).await?;
            drop(alone);
        }
        self.metrics.forgotten.inc_by(count);
        Ok(count)
    }
}

fn unavailable(error: &object_store::Error) -> ViewError {
    // A path tells only an app and ids that stand for somebody; what a store says besides may be anything.
    tracing::debug!(%error, "blobs cannot be removed");
    ViewError::Unavailable { reason: "the blob store does not answer".to_owned() }
}
