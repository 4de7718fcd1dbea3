//! The receiver is told whom to forget, and what.

use daybook_event::Timestamp;
use daybook_privacy::view::{ExpiredMonth, Forgotten, Touched, ViewError};
use serde_json::{Value, json};
use uuid::Uuid;

use super::Webhook;
use crate::forgetting::{own_months, own_people, unavailable};

/// The type of the call that tells of a person.
const PERSON_FORGOTTEN: &str = "daybook.person.forgotten";
/// The type of the call that tells of a category's month.
const MONTH_FORGOTTEN: &str = "daybook.month.forgotten";

impl Webhook {
    /// Tells of people. Whoever was never named to the receiver is told of too: nobody keeps a list of who was.
    pub(super) async fn tell_of_people(&self, people: &[Forgotten]) -> Result<Touched, ViewError> {
        let app = &self.form.app().app;
        let ours = own_people(app, people).into_iter();
        self.tell(ours.map(|id| (PERSON_FORGOTTEN, json!({"app": app, "anonymous_id": id})))).await
    }

    /// Tells of months.
    pub(super) async fn tell_of_months(&self, months: &[ExpiredMonth]) -> Result<Touched, ViewError> {
        let app = &self.form.app().app;
        let ours = own_months(app, months).into_iter();
        let data =
            |month: &ExpiredMonth| json!({"app": app, "category": month.category, "month": month.month.to_string()});
        self.tell(ours.map(|month| (MONTH_FORGOTTEN, data(month)))).await
    }

    /// Each call is told of again until it is taken, and has an id of its own: between two of them there may have been events.
    async fn tell(&self, notices: impl Iterator<Item = (&'static str, Value)> + Send) -> Result<Touched, ViewError> {
        let mut touched = Touched::default();
        if !self.options.tells_whom_to_forget() {
            return Ok(touched);
        }
        for (kind, data) in notices {
            let now = Timestamp::from_microseconds(jiff::Timestamp::now().as_microsecond());
            let body = json!({"type": kind, "timestamp": now, "data": data}).to_string();
            let id = format!("notice_{}", Uuid::now_v7());
            let told = self.call(&id, "application/json", body.into_bytes()).await;
            told.map_err(unavailable)?;
            touched.count += 1;
        }
        Ok(touched)
    }
}
