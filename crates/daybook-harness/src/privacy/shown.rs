//! What the server shows, by all its doors.

use std::collections::BTreeMap;

use serde_json::Value;

use super::person::{Kind, Person};
use super::subject::{Piece, Request, Subject};

/// Events on a page.
const PAGE: usize = 1_000;

/// What was shown.
#[derive(Default)]
pub(super) struct Shown {
    /// All of it.
    pub pieces: Vec<Piece>,
    /// The events of each app in the canonical form, by position.
    pub events: BTreeMap<&'static str, BTreeMap<u64, String>>,
}

impl Shown {
    /// Looks through every door that needs no name.
    pub async fn of_all(subject: &dyn Subject, apps: &[&'static str], blind: bool) -> Self {
        let mut shown = Self::default();
        let get = |path: String| if blind { Request::get(path).blind() } else { Request::get(path) };
        for app in apps.iter().copied().chain(["daybook"]) {
            for form in ["canonical", "app"] {
                // Daybook's events have no other form.
                if app == "daybook" && form == "app" {
                    continue;
                }
                let mut after = 0;
                loop {
                    let path = format!("/v1/{app}/events?limit={PAGE}&after={after}&dialect={form}");
                    let answer = subject.call(get(path)).await;
                    let page = answer.json();
                    let events = page["events"].as_array().unwrap();
                    if form == "canonical" {
                        let events =
                            events.iter().map(|event| (event["position"].as_u64().unwrap(), event.to_string()));
                        shown.events.entry(app).or_default().extend(events);
                    }
                    shown.push(format!("events of {app}, {form}, after {after}"), answer.body);
                    let next = page["next"].as_u64().unwrap();
                    if next <= after {
                        break;
                    }
                    after = next;
                }
            }
            let mut after = 0;
            loop {
                let path = format!("/v1/{app}/quarantine?limit=500&state=all&after={after}");
                let answer = subject.call(get(path)).await;
                let page = answer.json();
                shown.push(format!("quarantine of {app} after {after}"), answer.body);
                match page["entries"].as_array().and_then(|entries| entries.last()) {
                    Some(last) => after = last["id"].as_u64().unwrap(),
                    None => break,
                }
            }
        }
        for path in ["/v1/privacy", "/metrics", "/readyz"] {
            shown.push(path.to_owned(), subject.call(get(path.to_owned())).await.body);
        }
        for app in apps {
            let answer = subject.call(get(format!("/v1/{app}/erasures"))).await;
            shown.push(format!("erasures of {app}"), answer.body);
        }
        shown
    }

    /// Looks through the doors at which a person is asked for by name, and asks the view. Whether anything is known of
    /// them.
    pub async fn add_person(&mut self, subject: &dyn Subject, person: &Person, purpose: Option<&str>) -> bool {
        let known = subject.call(Request::get(person.path(""))).await;
        let mut path = person.path("/export");
        if let Some(purpose) = purpose {
            let join = if person.kind == Kind::Anonymous { '&' } else { '?' };
            path = format!("{path}{join}purpose={purpose}");
        }
        let export = subject.call(Request::get(path)).await;
        let label = |what: &str| format!("{what} of {}, {:?}", person.app, person.fate);
        if person.kind == Kind::Identity {
            let path = format!("/v1/{}/actor-keys?identity={}", person.app, person.name);
            let keys = subject.call(Request::get(path)).await;
            assert_eq!(keys.status, 200, "{}: {}", label("keys"), String::from_utf8_lossy(&keys.body));
            self.push(label("keys"), keys.body);
        }
        if known.status == 404 {
            assert_eq!(export.status, 404, "{} of somebody unknown", label("export"));
            // A problem says nothing but that.
            self.push(label("what is known"), known.body);
            self.push(label("export"), export.body);
            return false;
        }
        assert_eq!(export.status, 200, "{}: {}", label("export"), String::from_utf8_lossy(&export.body));
        let id = known.json()["anonymous_id"].as_str().unwrap().to_owned();
        self.push(label("what is known"), known.body);
        self.push(label("export"), export.body);
        let consents = subject.call(Request::get(person.path("/consents"))).await;
        self.push(label("consents"), consents.body);
        self.pieces.extend(subject.answers(person, &id).await);
        true
    }

    pub fn push(&mut self, name: String, bytes: Vec<u8>) {
        self.pieces.push(Piece { name, bytes });
    }

    /// What one event has in its fields.
    pub fn field(event: &str, field: &str) -> Value {
        serde_json::from_str::<Value>(event).unwrap()[field].clone()
    }
}
