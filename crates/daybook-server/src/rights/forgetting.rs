//! The quarantine as a view: it holds sealed copies, which go with the person or the month.

use async_trait::async_trait;
use daybook_event::SubjectId;
use daybook_event::person::QUARANTINE;
use daybook_privacy::view::{ExpiredMonth, ExportPart, Forgotten, Touched, View, ViewError};

use crate::keys::now;
use crate::quarantine::{Forget, Quarantine, QuarantineError};

/// The quarantine, made to forget.
pub struct QuarantineView(pub Quarantine);

#[async_trait]
impl View for QuarantineView {
    fn name(&self) -> &str {
        "quarantine"
    }

    async fn forget_people(&self, people: &[Forgotten]) -> Result<Touched, ViewError> {
        let mut count = 0;
        for people in people.chunk_by(|one, other| one.app == other.app) {
            let Some(first) = people.first() else { continue };
            let subjects: Vec<SubjectId> = people.iter().map(|person| person.id).collect();
            count += self.0.forget(&first.app, Forget::People(subjects), now()).await.map_err(unavailable)?;
        }
        Ok(Touched { count })
    }

    async fn forget_months(&self, months: &[ExpiredMonth]) -> Result<Touched, ViewError> {
        let mut count = 0;
        for expired in months.iter().filter(|expired| expired.category == QUARANTINE) {
            count += self.0.forget(&expired.app, Forget::Month(expired.month), now()).await.map_err(unavailable)?;
        }
        Ok(Touched { count })
    }

    /// Nothing: what is in quarantine about a person has its own place in the export.
    async fn export(&self, _app: &str, _person: SubjectId) -> Result<Vec<ExportPart>, ViewError> {
        Ok(Vec::new())
    }
}

fn unavailable(error: QuarantineError) -> ViewError {
    match error {
        QuarantineError::Closed => ViewError::Stopping,
        error => ViewError::Unavailable { reason: error.to_string() },
    }
}
