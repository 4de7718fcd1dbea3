//! The members of an event that can be signed.

use std::fmt;

/// A member of an event as Daybook gives it back. Those that Daybook adds to, orders or replaces (`tags`, `metadata`, `anonymous_id`,
/// `category`, `priority`, `sample_rate`) cannot be signed: nobody could verify them later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Member {
    /// Who acted.
    Actor,
    /// The app.
    App,
    /// The cause.
    Causation,
    /// The workflow.
    Correlation,
    /// What the type's schema describes.
    Data,
    /// `production`, `staging`, …
    Environment,
    /// The tenant, community or workspace.
    Group,
    /// The id, as the app writes it.
    Id,
    /// The person.
    Identity,
    /// The event type.
    Name,
    /// The platform the person used.
    Platform,
    /// The request.
    Request,
    /// The session.
    Session,
    /// The part of the app that sent it.
    Source,
    /// When it happened.
    Time,
    /// The version of the event type.
    Version,
}

impl Member {
    /// Every one, in the order of their names.
    pub const ALL: [Self; 16] = [
        Self::Actor,
        Self::App,
        Self::Causation,
        Self::Correlation,
        Self::Data,
        Self::Environment,
        Self::Group,
        Self::Id,
        Self::Identity,
        Self::Name,
        Self::Platform,
        Self::Request,
        Self::Session,
        Self::Source,
        Self::Time,
        Self::Version,
    ];

    /// Those that a signature covers in any case, the first three of every event, the others where it has them: which event, of which type, when, what it says, who did it, and
    /// about whom. Without one of them somebody else could put another in its place.
    pub const REQUIRED: [Self; 6] = [Self::Id, Self::Name, Self::Time, Self::Data, Self::Actor, Self::Identity];

    /// Its name, as headers and events have it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Actor => "actor",
            Self::App => "app",
            Self::Causation => "causation",
            Self::Correlation => "correlation",
            Self::Data => "data",
            Self::Environment => "environment",
            Self::Group => "group",
            Self::Id => "id",
            Self::Identity => "identity",
            Self::Name => "name",
            Self::Platform => "platform",
            Self::Request => "request",
            Self::Session => "session",
            Self::Source => "source",
            Self::Time => "time",
            Self::Version => "version",
        }
    }

    /// The member of this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|member| member.as_str() == name)
    }
}

impl fmt::Display for Member {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_in_the_order_of_their_names() {
        assert!(Member::ALL.is_sorted_by_key(|member| member.as_str()));
        assert!(Member::ALL.into_iter().all(|member| Member::parse(member.as_str()) == Some(member)));
        assert_eq!(Member::parse("tags"), None);
    }
}
