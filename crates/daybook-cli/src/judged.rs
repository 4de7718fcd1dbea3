//! For tests: what admission says of events that were made here.

use std::sync::Arc;

use daybook_admission::{Admission, Body, BodyForm, Facts, Receipt};
use daybook_catalog::AppCatalog;
use daybook_event::{EventId, Months, Signals, Timestamp};

/// The receipts of these events, received at `now_us` by a log that is empty.
pub fn judged(app: &Arc<AppCatalog>, events: &[&str], now_us: i64) -> Vec<Receipt> {
    let admission = Admission::new(Arc::clone(app)).expect("a catalog that compiles");
    let mut receipts = Vec::new();
    for chunk in events.chunks(1_000) {
        let body = Body::parse(chunk.join("\n").as_bytes(), &BodyForm::Ndjson).expect("events");
        let decoded = admission.decode(&body);
        let somebody = admission.consenting_person();
        let people: Vec<_> = decoded.people().iter().map(|name| name.as_ref().map(|_| somebody.clone())).collect();
        let mut facts = Facts {
            now: Timestamp::from_microseconds(now_us),
            known: &[],
            people: &people,
            months: &Months::default(),
            environment: "production",
            actor_keys: None,
            signals: Signals::default(),
            shed: false,
            atomic: true,
            new_id: &mut || EventId::from_bytes([7; 16]),
        };
        receipts.extend(admission.judge(decoded, &mut facts).into_receipts().receipts);
    }
    receipts
}
