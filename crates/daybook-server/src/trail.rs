//! Following events: those at some places in the log, what a key may see of them, and where their causes are.

use std::collections::HashMap;
use std::sync::Arc;

use daybook_event::{Event, EventId, Position, stored};
use daybook_lake::moment::Moment;
use daybook_lake::traces::causes;
use serde::Serialize;
use utoipa::ToSchema;

use crate::collector::{App, Collector};
use crate::openapi::ActorBody;
use crate::output;
use crate::problem::Problem;
use crate::reading::{self, Sight};

/// The cause that an event names, where that is not simply the event above it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CauseBody {
    /// The cause's id, as the event writes it; its canonical id where it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// `known`, the event is in the log; `later`, it is, but was not at the moment that is asked of; `missing`, there is no such
    /// event; `itself`, the event names itself; `circle`, its causes lead back to it.
    pub status: &'static str,
    /// The cause's place in the log.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub position: Option<Position>,
    /// The cause's type.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The trace that the cause is part of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub correlation: Option<String>,
}

impl CauseBody {
    /// A cause of which nothing more is known than this.
    pub const fn unknown(id: Option<String>, status: &'static str) -> Self {
        Self { id, status, position: None, name: None, correlation: None }
    }
}

/// An event as a key may see it.
pub struct Seen {
    /// What of it may be seen.
    pub event: Event<'static>,
    /// What kind of actor caused it, also where that is a person who is not to be seen.
    pub actor_kind: Option<String>,
    /// What its cause is called in the log, by the ways in which it may be written.
    pub causes: Option<[u128; 2]>,
}

impl Seen {
    /// Who acted.
    pub fn actor(&self) -> Option<ActorBody> {
        let id = self.event.actor.as_ref().and_then(|actor| actor.id.as_ref()).map(ToString::to_string);
        let kind = self.actor_kind.clone();
        (kind.is_some() || id.is_some()).then_some(ActorBody { r#type: kind, id })
    }
}

/// Reads events at some places in the log, and how many of them tell something personal.
///
/// # Errors
/// When the log cannot be read, or the vault does not answer.
pub async fn look(
    collector: &Arc<Collector>,
    app: &Arc<App>,
    mut positions: Vec<Position>,
    privacy: bool,
) -> Result<(HashMap<Position, Seen>, u64), Problem> {
    // Neighbours lie in one frame of the log, which is read once.
    positions.sort_unstable();
    let (reader, of_app) = (Arc::clone(collector), Arc::clone(app));
    reading::apart(collector, move || {
        let sight = if privacy { Sight::Open } else { Sight::Closed };
        let found = reading::at(&reader, &of_app, &positions, sight)?;
        let opened = found.iter().filter(|(_, opened)| *opened).count() as u64;
        let seen = found.into_iter().map(|(event, _)| {
            let actor_kind = event.actor.as_ref().and_then(|actor| actor.kind.as_ref()).map(ToString::to_string);
            let causes = event.causation.as_deref().map(|cause| causes(&of_app.slug, cause, Some(&event.metadata)));
            let event = output::shown(event, &of_app.catalog, privacy);
            (event.position, Seen { event, actor_kind, causes })
        });
        Ok((seen.collect(), opened))
    })
    .await
}

/// Where the causes of these events are in the log.
///
/// # Errors
/// When the log cannot be read.
pub async fn find_causes(
    collector: &Arc<Collector>,
    app: &Arc<App>,
    wanted: Vec<[u128; 2]>,
    moment: Moment,
) -> Result<HashMap<[u128; 2], CauseBody>, Problem> {
    if wanted.is_empty() {
        return Ok(HashMap::new());
    }
    let (reader, of_app) = (Arc::clone(collector), Arc::clone(app));
    reading::apart(collector, move || {
        let failed = |error: &dyn std::error::Error| Problem::internal("log.unreadable", error);
        let id = |number: u128| EventId::from_bytes(number.to_be_bytes());
        let keys: Vec<_> = wanted.iter().flatten().map(|number| of_app.admission.record_key(&id(*number))).collect();
        let known = reader.log.lookup(&keys).map_err(|error| failed(&error))?;
        let mut found = HashMap::with_capacity(wanted.len());
        for (ids, known) in wanted.into_iter().zip(known.chunks(2)) {
            let here = ids.into_iter().zip(known).find_map(|(number, known)| Some((number, known.as_ref()?.position)));
            let Some((number, position)) = here else { continue };
            let record = reader.log.record(position).map_err(|error| failed(&error))?;
            let cause = match record {
                Some(record) => Some(stored::decode(&record, position).map_err(|error| failed(&error))?.event),
                // What is past its time left its place.
                None => None,
            };
            let was_there = position <= moment.position
                && cause.as_ref().is_none_or(|cause| moment.received.is_none_or(|by| cause.received <= by));
            let body = CauseBody {
                id: Some(id(number).to_string()),
                status: if was_there { "known" } else { "later" },
                position: Some(position),
                name: cause.as_ref().map(|cause| cause.name.to_string()),
                correlation: cause.and_then(|cause| cause.correlation.map(|correlation| correlation.into_owned())),
            };
            found.insert(ids, body);
        }
        Ok(found)
    })
    .await
}
