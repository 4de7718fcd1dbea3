//! What may be kept of an event, as its person says.

use daybook_catalog::{AppCatalog, Consent, ConsentPurpose, WithoutConsent};
use daybook_event::{Finding, Person, Signals};

/// The consent that events of a type depend on.
#[derive(Debug, Clone)]
pub(crate) struct ConsentRule {
    purpose: ConsentPurpose,
    without: WithoutConsent,
}

/// What may be done with an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Allowed {
    /// Anything.
    Keep,
    /// It may be kept, and say nothing of the person.
    Anonymise,
    /// Nothing.
    Drop,
}

impl ConsentRule {
    /// The rule that a type's consent stands for.
    pub(crate) fn new(app: &AppCatalog, consent: &Consent) -> Option<Self> {
        let purpose = app.consent.iter().find(|purpose| purpose.purpose == consent.purpose)?.clone();
        Some(Self { purpose, without: consent.without })
    }

    /// The rule of types that nobody declared: the app's first purpose without which events are kept anonymously.
    pub(crate) fn undeclared(app: &AppCatalog) -> Option<Self> {
        let purpose = app.consent.iter().find(|purpose| purpose.without == WithoutConsent::Anonymise)?.clone();
        Some(Self { purpose, without: WithoutConsent::Anonymise })
    }

    fn is_granted(&self, person: Option<&Person>, signals: Signals) -> bool {
        let said = person.and_then(|person| person.consent(&self.purpose.purpose));
        !self.purpose.refused_by(signals) && said.unwrap_or(self.purpose.default)
    }

    /// What is said of an event that is not kept.
    pub(crate) fn refusal(&self) -> Finding {
        let purpose = &self.purpose.purpose;
        Finding::new("event.consent", "", format!("without consent to {purpose} events of this type are not kept"))
    }
}

/// What may be done with an event of this person that came with these signals.
pub(crate) fn allowed(rule: Option<&ConsentRule>, person: Option<&Person>, signals: Signals) -> Allowed {
    let objected = person.is_some_and(|person| person.objected);
    match rule {
        Some(rule) if objected || !rule.is_granted(person, signals) => match rule.without {
            WithoutConsent::Anonymise => Allowed::Anonymise,
            WithoutConsent::Drop => Allowed::Drop,
        },
        None if objected => Allowed::Anonymise,
        _ => Allowed::Keep,
    }
}

/// What is said of an event that was kept without its person.
pub(crate) fn anonymised() -> Finding {
    Finding::new("event.anonymised", "", "kept without the person: they did not consent to more, or object")
}
