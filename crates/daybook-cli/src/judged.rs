//! For tests: what admission says of events that were made here.

use std::sync::Arc;

use daybook_admission::{Admission, Body, BodyForm, Facts, Receipt};
use daybook_catalog::AppCatalog;
use daybook_event::record::Appended;
use daybook_event::{EventId, Timestamp};

/// The receipts of these events, received at `now_us` by a log that is empty.
pub fn judged(app: &Arc<AppCatalog>, events: &[&str], now_us: i64) -> Vec<Receipt> {
    let admission = Admission::new(Arc::clone(app)).expect("a catalog that compiles");
    let mut receipts = Vec::new();
    for chunk in events.chunks(1_000) {
        let body = Body::parse(chunk.join("\n").as_bytes(), &BodyForm::Ndjson).expect("events");
        let mut facts = Facts {
            now: Timestamp::from_microseconds(now_us),
            known: &[],
            environment: "production",
            digest_key: &[0; 32],
            shed: false,
            atomic: true,
            new_id: &mut || EventId::from_bytes([7; 16]),
        };
        let mut admitted = admission.admit(admission.decode(&body), &mut facts);
        let appended: Vec<Appended> = admitted.batch.records.iter().map(|_| Appended::Stored(1)).collect();
        admitted.settle(&appended);
        receipts.extend(admitted.into_receipts().receipts);
    }
    receipts
}
