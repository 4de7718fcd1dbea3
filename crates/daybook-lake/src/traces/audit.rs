//! Finding the events that an auditor asks of.

use std::collections::BTreeSet;

use datafusion::error::Result;
use datafusion::logical_expr::{Expr, ident, lit};
use datafusion::prelude::SessionContext;
use daybook_event::{Position, SubjectId, Timestamp};

use super::limits::AUDIT_PEOPLE_MAX;
use crate::metrics::run::{self, Rows};
use crate::moment::{Moment, time, whole};
use crate::rows::person_number;

/// Which events are asked of. All that is said must be true of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Those of this trace.
    pub correlation: Option<String>,
    /// Those of this actor.
    pub actor: Option<Actor>,
    /// Those that happened at this time or later.
    pub from: Option<Timestamp>,
    /// Those that happened before this time.
    pub to: Option<Timestamp>,
    /// Those of these types.
    pub names: Option<Vec<String>>,
    /// Those behind this position.
    pub after: Position,
    /// As it was at this moment.
    pub moment: Moment,
    /// So many at most, the first ones.
    pub limit: usize,
}

/// Somebody or something that acts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// What is no person goes by its id.
    pub id: String,
    /// The people who go by that name, where it may be known.
    pub people: Vec<SubjectId>,
}

impl Wanted {
    /// Where the events are in the log, in its order.
    ///
    /// # Errors
    /// When the tables cannot be read.
    pub async fn ask(&self, session: &SessionContext) -> Result<Vec<Position>> {
        let position = || ident("position");
        let events = session.table(run::EVENTS).await?.filter(self.filter())?.select(vec![position()])?;
        let events = events.sort(vec![position().sort(true, false)])?.limit(0, Some(self.limit))?;
        let mut found = Vec::new();
        for batch in events.collect().await? {
            found.extend(Rows(&batch).integers(0)?.values().iter().filter_map(|at| Position::try_from(*at).ok()));
        }
        Ok(found)
    }

    fn filter(&self) -> Expr {
        let mut filter = self.moment.filter().and(ident("position").gt(lit(whole(self.after))));
        if let Some(correlation) = &self.correlation {
            filter = filter.and(ident("correlation").eq(lit(correlation.as_str())));
        }
        if let Some(actor) = &self.actor {
            filter = filter.and(actor.filter());
        }
        if let Some(from) = self.from {
            filter = filter.and(ident("time").gt_eq(time(from)));
        }
        if let Some(to) = self.to {
            filter = filter.and(ident("time").lt(time(to)));
        }
        match &self.names {
            Some(names) => {
                let names = names.iter().map(|name| lit(name.as_str())).collect();
                filter.and(ident("name").in_list(names, false))
            }
            None => filter,
        }
    }
}

impl Actor {
    fn filter(&self) -> Expr {
        let thing = ident("actor_id").eq(lit(self.id.as_str()));
        let people: BTreeSet<i64> = self.people.iter().take(AUDIT_PEOPLE_MAX).map(|id| person_number(*id)).collect();
        if people.is_empty() {
            return thing;
        }
        // Of an event that somebody else caused, a person is only what it is about.
        let acts = ident("actor_type").is_null().or(ident("actor_type").eq(lit("user")));
        let people = people.into_iter().map(lit).collect();
        thing.or(acts.and(ident("person").in_list(people, false)))
    }
}
