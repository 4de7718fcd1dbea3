//! Views are told whom to forget. A view that fails, hangs or panics harms itself alone.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use daybook_event::SubjectId;
use futures_util::FutureExt;
use futures_util::future::join_all;

use super::Shared;
use super::store::Notes;
use crate::limits;
use crate::view::{Forgotten, Touched, View};

/// Tells every view once. What it changed is noted; what it failed at is not.
pub(super) async fn first(shared: &Shared, app: &str, ids: &[SubjectId], notes: &mut Notes) {
    let people = people(app, ids);
    let patience = shared.options.view_first_patience;
    let views = shared.views();
    let told = join_all(views.iter().map(|view| tell(&**view, &people, patience))).await;
    for (view, (touched, done)) in views.iter().zip(told) {
        let note = notes.views.entry(view.name().to_owned()).or_default();
        note.touched = note.touched.saturating_add(touched);
        if !done {
            tracing::warn!(view = view.name(), "a view failed to forget people; it is asked again");
        }
    }
}

/// Asks every view that has not confirmed until it does, or fails too often. A view that is not there any more stays
/// unconfirmed: nobody knows what it holds.
pub(super) async fn again(shared: &Shared, app: &str, ids: &[SubjectId], notes: &mut Notes) {
    let people = people(app, ids);
    let confirmed = |view: &dyn View| notes.views.get(view.name()).is_some_and(|note| note.confirmed);
    let views = shared.views();
    let views: Vec<_> = views.iter().filter(|view| !confirmed(&***view)).collect();
    let told = join_all(views.iter().map(|view| confirm(shared, &***view, &people))).await;
    for (view, (touched, confirmed)) in views.into_iter().zip(told) {
        let note = notes.views.entry(view.name().to_owned()).or_default();
        note.touched = note.touched.saturating_add(touched);
        note.confirmed = confirmed;
        if !confirmed {
            tracing::warn!(
                view = view.name(),
                "a view has not confirmed that it forgot people; it is asked again later"
            );
        }
    }
}

fn people(app: &str, ids: &[SubjectId]) -> Vec<Forgotten> {
    ids.iter().map(|id| Forgotten { app: app.to_owned(), id: *id }).collect()
}

async fn confirm(shared: &Shared, view: &dyn View, people: &[Forgotten]) -> (u64, bool) {
    let (mut all, mut pause) = (0u64, shared.options.view_pause);
    for attempt in 1..=shared.options.view_tries {
        let (touched, done) = tell(view, people, shared.options.view_patience).await;
        all = all.saturating_add(touched);
        if done {
            return (all, true);
        }
        if attempt < shared.options.view_tries {
            tokio::time::sleep(pause).await;
            pause *= 2;
        }
    }
    (all, false)
}

/// Tells a view, pass by pass, each within `patience`; what it changed, and whether all passes succeeded.
async fn tell(view: &dyn View, people: &[Forgotten], patience: Duration) -> (u64, bool) {
    let mut all = 0u64;
    for pass in people.chunks(limits::PEOPLE_PER_PASS) {
        let call = AssertUnwindSafe(async { view.forget_people(pass).await }).catch_unwind();
        match tokio::time::timeout(patience, call).await {
            Ok(Ok(Ok(Touched { count }))) => all = all.saturating_add(count),
            Ok(Ok(Err(error))) => {
                tracing::warn!(view = view.name(), %error, "a view did not forget people");
                return (all, false);
            }
            Ok(Err(_)) => {
                tracing::error!(view = view.name(), "a view panicked while it was to forget people");
                return (all, false);
            }
            Err(_) => {
                tracing::warn!(view = view.name(), ?patience, "a view took too long to forget people");
                return (all, false);
            }
        }
    }
    (all, true)
}
