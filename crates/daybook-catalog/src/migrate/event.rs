//! Whole events upcast on reading.

use std::borrow::Cow;

use daybook_event::Event;
use semver::Version;
use serde_json::Value;

use super::UpcastError;
use crate::{AppCatalog, UnknownTypes};

/// What was done with an event that was to be given in the current version of its type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Upcasting {
    /// It has the current version, or is of a type that the catalog leaves open: it is as it was.
    Current,
    /// It was of this version, and has the current one now.
    From(String),
    /// It is as it was.
    Failed(NotUpcast),
}

/// Why an event is given in the version that it has. Values are not told: they may be personal.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotUpcast {
    /// Its version is none.
    #[error("its version is no version")]
    Version,
    /// Its data is no JSON.
    #[error("its data cannot be read")]
    Data,
    /// The catalog does not lead to the current version, or not with this data.
    #[error(transparent)]
    Catalog(#[from] UpcastError),
}

impl NotUpcast {
    /// A stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Version => "upcast.version",
            Self::Data => "upcast.data",
            Self::Catalog(UpcastError::UnknownType(_)) => "upcast.unknown-type",
            Self::Catalog(UpcastError::NoWay { .. }) => "upcast.no-way",
            Self::Catalog(UpcastError::Step { .. }) => "upcast.step",
        }
    }
}

impl AppCatalog {
    /// An event with the data and the version that the current version of its type gives it, or as it was where that
    /// cannot be. The log keeps what was sent: this is for whoever reads it. Whether the data is valid there is for the
    /// schema to say.
    #[must_use]
    pub fn upcast_event<'e>(&self, mut event: Event<'e>) -> (Event<'e>, Upcasting) {
        let Some(current) = self.event(&event.name) else {
            let open = matches!(self.unknown_types, UnknownTypes::Keep { .. });
            let unknown = || Upcasting::Failed(UpcastError::UnknownType(event.name.to_string()).into());
            let upcasting = if open { Upcasting::Current } else { unknown() };
            return (event, upcasting);
        };
        let Ok(from) = event.version.parse::<Version>() else {
            return (event, Upcasting::Failed(NotUpcast::Version));
        };
        if from == current.version {
            return (event, Upcasting::Current);
        }
        match self.upcast_data(&event, &from) {
            Ok(data) => {
                event.data = data.map_or(event.data, Cow::Owned);
                let version = Cow::Owned(current.version.to_string());
                let from = std::mem::replace(&mut event.version, version).into_owned();
                (event, Upcasting::From(from))
            }
            Err(error) => (event, Upcasting::Failed(error)),
        }
    }

    /// The text of an event's data in the current version; none where it stays as it is.
    fn upcast_data(&self, event: &Event<'_>, from: &Version) -> Result<Option<String>, NotUpcast> {
        let nothing = || Value::Object(serde_json::Map::new());
        // An event without data gets what the newer versions set, and none where they set nothing.
        let data = if event.data.is_empty() {
            nothing()
        } else {
            serde_json::from_str(&event.data).map_err(|_| NotUpcast::Data)?
        };
        let upcast = self.upcast(&event.name, from, &data)?;
        Ok((upcast.data != data).then(|| upcast.data.to_string()))
    }
}
