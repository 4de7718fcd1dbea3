//! The trial, step by step.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::log::{LogCopy, copy_directory};
use super::person::{Fate, Kind, Person, Personal, needles};
use super::scenario::{PAST, PAST_RETAIN_DAYS, Scenario};
use super::shown::Shown;
use super::signatures::Sign;
use super::subject::{Request, Subject};
use crate::search::{Haystack, Needles, Searched};

/// How long something may take to be done.
const PATIENCE: Duration = Duration::from_secs(180);
/// Pause between two looks whether it is.
const PAUSE: Duration = Duration::from_millis(50);

/// What the trial leaves to whoever asked for it.
#[derive(Debug, Default)]
pub struct Proof {
    /// The answers with the reports of the erasures, to be verified.
    pub reports: Vec<Value>,
    /// Places that were searched at rest, all searches together.
    pub places: u64,
    /// Bytes that were searched at rest.
    pub bytes: u64,
}

/// Puts a view through the trial; the module says what that is. `sign` is how people sign.
///
/// # Panics
/// When the view keeps what it must not keep, or changes what it must not change.
pub async fn try_to_forget(subject: &mut dyn Subject, sign: Sign) -> Proof {
    let mut life =
        Life { scenario: Scenario::new(sign), subject, proof: Proof::default(), backup: TempDir::new().unwrap() };
    life.feed().await;
    let before = life.look("before").await;
    life.shows_everything(&before);
    life.tells_what_was_signed("before", &before, |_| true);
    life.tells_the_blind_nothing("before").await;
    life.is_sealed("before").await;
    let log = life.log();
    log.assert_whole();
    life.back_up().await;

    life.erase().await;
    let after = life.look("after the erasure").await;
    life.has_forgotten(&after, "after the erasure", |_| true);
    life.has_changed_nothing_else(&before, &after);
    life.tells_the_blind_nothing("after the erasure").await;
    life.is_sealed("after the erasure").await;
    life.log().assert_continues(&log);

    life.with_the_log_of_the_backup("the backup's log", |_| false).await;
    life.subject.rebuild().await;
    let rebuilt = life.look("computed again").await;
    life.has_forgotten(&rebuilt, "computed again", |_| true);
    life.has_changed_nothing_else(&before, &rebuilt);
    life.is_sealed("computed again").await;
    life.log().assert_continues(&log);

    life.let_months_pass().await;
    let passed = life.look("after the months").await;
    life.clean("after the months", |_, value| value.passes, &passed);
    life.has_forgotten(&passed, "after the months", |value| !value.passes);
    life.is_sealed("after the months").await;
    life.log().assert_continues(&log);
    life.with_the_log_of_the_backup("the backup's log, after the months", |value| value.passes).await;
    life.proof
}

struct Life<'s> {
    scenario: Scenario,
    subject: &'s mut dyn Subject,
    proof: Proof,
    backup: TempDir,
}

/// What is shown from the beginning to the end.
fn stays(person: &Person, value: &Personal) -> bool {
    value.shown && matches!(person.fate, Fate::Stays | Fate::Nobody)
}

impl Life<'_> {
    /// People say what they allow and what they sign with, and send events.
    async fn feed(&mut self) {
        for person in &self.scenario.people {
            let communities = person.app == "unofficial-communities" && person.kind == Kind::Identity;
            let consent = |granted: bool| json!({"granted": granted, "source": "settings", "version": "7"});
            match person.fate {
                Fate::Unwilling if communities => {
                    self.subject.call(Request::put(person.path("/consents/telemetry"), consent(false))).await.json();
                }
                Fate::Unwilling => {
                    self.subject.call(Request::put(person.path("/objection"), json!({}))).await.json();
                }
                Fate::Erased | Fate::Stays if communities => {
                    let path = person.path("/consents/whatsapp_activity");
                    self.subject.call(Request::put(path, consent(true))).await.json();
                }
                _ => {}
            }
        }
        for (app, key) in &self.scenario.signatures.keys {
            self.subject.call(Request::post(format!("/v1/{app}/actor-keys"), key.clone())).await.json();
        }
        for batch in &self.scenario.batches {
            let events: Vec<&Value> = batch.events.iter().map(|(event, _)| event).collect();
            let path = format!("/v1/{}/events", batch.app);
            let answer = self.subject.call(Request::post(path, json!(events))).await.json();
            let receipts = answer["receipts"].as_array().unwrap();
            for ((event, expected), receipt) in batch.events.iter().zip(receipts) {
                assert_eq!(receipt["status"], *expected, "{receipt:#} for {event:#}");
            }
        }
        self.subject.settle().await;
    }

    /// Everything that may be shown to who may see people.
    async fn look(&self, step: &str) -> Shown {
        self.subject.settle().await;
        let mut shown = Shown::of_all(self.subject, &self.scenario.apps(), false).await;
        for person in &self.scenario.people {
            if matches!(person.fate, Fate::Nobody) {
                continue;
            }
            let purpose = (step == "before").then_some(self.scenario.purpose.as_str());
            let known = shown.add_person(self.subject, person, purpose).await;
            // Who said no is known for having said so.
            assert_eq!(
                known,
                person.fate != Fate::Erased || step == "before",
                "{step}: {} {:?}",
                person.app,
                person.fate
            );
        }
        if step == "before" {
            // What was written down of these looks.
            let answer = self.subject.call(Request::get("/v1/daybook/events?limit=1000")).await;
            shown.push("events of daybook, afterwards".to_owned(), answer.body);
        }
        shown
    }

    /// The control.
    fn shows_everything(&self, shown: &Shown) {
        self.finds("the control", |_, value| value.shown, shown);
        // An export names the one it is of, whatever they allow.
        self.clean("the control", |person, value| person.fate == Fate::Unwilling && !value.is_name, shown);
        let feeds: Vec<&str> = shown.events.values().flat_map(|events| events.values()).map(String::as_str).collect();
        // Events of others may name them: there they are the others' to keep.
        let names =
            self.needles(|person, value| person.fate == Fate::Unwilling && value.is_name && person.app != "tamma");
        let searched = Haystack::new().bytes("the events", &feeds.concat()).search(&names);
        assert!(searched.findings.is_empty(), "the control: {}", list(&searched));
    }

    async fn tells_the_blind_nothing(&self, step: &str) {
        let shown = Shown::of_all(self.subject, &self.scenario.apps(), true).await;
        self.clean(&format!("{step}, to the blind"), |_, _| true, &shown);
        self.tells_what_was_signed(&format!("{step}, to the blind"), &shown, |_| false);
    }

    /// Nothing is in clear where it lies.
    async fn is_sealed(&mut self, step: &str) {
        self.subject.come_to_rest().await;
        let needles = self.needles(|_, _| true);
        let log = self.log();
        let (lines, holdings) = (self.subject.log_lines(), self.subject.holdings().await);
        assert!(
            lines.windows(16).any(|window| window == b"/v1/{app}/events"),
            "{step}: the server's log lines are missing"
        );
        let mut haystack = Haystack::new().directory(self.subject.data()).directory(self.backup.path());
        for directory in self.subject.directories() {
            haystack = haystack.directory(directory);
        }
        for piece in &holdings {
            haystack = haystack.bytes(&piece.name, &piece.bytes);
        }
        for (position, record) in &log.records {
            haystack = haystack.bytes(format!("record {position}"), record);
        }
        let searched = haystack.bytes("the server's log lines", &lines).search(&needles);
        assert!(searched.findings.is_empty(), "{step}, at rest: {}", list(&searched));
        assert!(searched.unsearched.is_empty(), "{step}, at rest, not searched: {:#?}", searched.unsearched);
        self.proof.places += searched.places;
        self.proof.bytes += searched.bytes;
    }

    async fn back_up(&mut self) {
        self.subject.stop().await;
        copy_directory(&self.subject.data(), self.backup.path());
        self.subject.start().await;
    }

    async fn erase(&mut self) {
        let erased: Vec<&Person> = self.scenario.people.iter().filter(|person| person.fate == Fate::Erased).collect();
        for (index, person) in erased.iter().enumerate() {
            let ids = if index % 2 == 0 {
                self.subject.call(Request::delete(person.path(""))).await.json()
            } else {
                let path = format!("/v1/{}/erasures", person.app);
                let kind = if person.kind == Kind::Anonymous { "anonymous" } else { "identity" };
                let asked = json!({"identities": [person.name], "kind": kind, "reason": "subject-request"});
                let asked = self.subject.call(Request::post(&*path, asked)).await.json();
                let path = format!("{path}/{}", asked["request"].as_str().unwrap());
                self.wait_for(&path, |state| state["state"] == "complete").await
            };
            assert_eq!((&ids["report"]["state"], &ids["report"]["erased"]), (&json!("complete"), &json!(1)), "{ids:#}");
            self.proof.reports.push(ids);
        }
        assert!(erased.len() >= 4);
    }

    /// Nobody can tell anything of who was erased; of the others everything.
    fn has_forgotten(&self, shown: &Shown, step: &str, remains: impl Fn(&Personal) -> bool) {
        self.clean(step, |person, _| person.fate == Fate::Erased, shown);
        self.finds(step, |person, value| stays(person, value) && remains(value), shown);
        self.tells_what_was_signed(step, shown, |fate| fate != Fate::Erased);
    }

    /// Of every event that was signed it is told for ever that it was, and the signature to those for whom it opens.
    fn tells_what_was_signed(&self, step: &str, shown: &Shown, opens: impl Fn(Fate) -> bool) {
        let texts: Vec<&String> = shown.events.values().flat_map(|events| events.values()).collect();
        for event in &self.scenario.signatures.events {
            let is_it = |text: &&&String| text.contains(&event.id) && Shown::field(text, "id") == event.id.as_str();
            let text = texts.iter().find(is_it).unwrap_or_else(|| panic!("{step}: a signed event is gone"));
            let told = Shown::field(text, "signature");
            assert_eq!(told, event.told(opens(event.fate)), "{step}: {:?}", event.fate);
        }
        assert!(self.scenario.signatures.events.len() >= 4);
    }

    /// The events are those they were, but for what was personal to the erased.
    fn has_changed_nothing_else(&self, before: &Shown, after: &Shown) {
        let gone = self.values(|person, _| person.fate == Fate::Erased);
        let kept = self.values(stays);
        let (mut same, mut touched) = (0, 0);
        for (app, events) in &before.events {
            let now = &after.events[app];
            for (position, was) in events {
                let is = now.get(position).unwrap_or_else(|| panic!("event {position} of {app} is gone"));
                if !gone.iter().any(|personal| was.contains(&personal.value)) {
                    assert_eq!(is, was);
                    same += 1;
                    continue;
                }
                touched += 1;
                for field in ["id", "name", "time", "anonymous_id", "category"] {
                    assert_eq!(Shown::field(is, field), Shown::field(was, field), "{field} of {is}");
                }
                for personal in kept.iter().filter(|personal| was.contains(&personal.value)) {
                    assert!(is.contains(&personal.value), "{}, somebody else's, is gone from {is}", personal.label);
                }
            }
            if *app != "daybook" {
                assert_eq!(now.len(), events.len(), "events of {app}");
            }
        }
        assert!(same > 10 && touched > 10, "{same} events of others, {touched} of the erased");
    }

    /// The log of the backup under the vault of now.
    async fn with_the_log_of_the_backup(&mut self, step: &str, gone: impl Fn(&Personal) -> bool) {
        let log = self.subject.data().join("log");
        let aside = TempDir::new().unwrap();
        self.subject.stop().await;
        copy_directory(&log, aside.path());
        std::fs::remove_dir_all(&log).unwrap();
        copy_directory(&self.backup.path().join("log"), &log);
        self.subject.start().await;
        self.subject.rebuild().await;
        let shown = self.look(step).await;
        self.clean(step, |person, value| person.fate == Fate::Erased || gone(value), &shown);
        self.finds(step, |person, value| stays(person, value) && !gone(value), &shown);
        self.tells_what_was_signed(step, &shown, |fate| fate != Fate::Erased);
        self.subject.stop().await;
        std::fs::remove_dir_all(&log).unwrap();
        copy_directory(aside.path(), &log);
        self.subject.start().await;
        self.subject.rebuild().await;
    }

    async fn let_months_pass(&mut self) {
        for (app, category) in PAST {
            self.subject.retain(app, category, PAST_RETAIN_DAYS).await;
        }
        let run = self.subject.call(Request::post("/v1/retention/run", json!({}))).await.json();
        let run = run["run"].clone();
        let done = self.wait_for("/v1/retention", |status| status["last"]["run"] == run).await;
        assert_eq!((&done["last"]["error"], &done["last"]["unconfirmed"]), (&Value::Null, &json!([])), "{done:#}");
        assert!(done["last"]["months"].as_u64() >= Some(2), "{done:#}");
        assert!(done["last"]["records"].as_u64() >= Some(6), "{done:#}");
    }

    /// Asks until it is so.
    async fn wait_for(&self, path: &str, done: impl Fn(&Value) -> bool) -> Value {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let state = self.subject.call(Request::get(path)).await.json();
            if done(&state) {
                return state;
            }
            assert!(Instant::now() < deadline, "it is not done: {path}: {state:#}");
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// A copy of the log, read.
    fn log(&self) -> LogCopy {
        let copy = TempDir::new().unwrap();
        copy_directory(&self.subject.data().join("log"), copy.path());
        self.subject.read_log(copy.path())
    }

    fn needles(&self, which: impl Fn(&Person, &Personal) -> bool) -> Needles {
        needles(&self.scenario.people, which)
    }

    fn values(&self, which: impl Fn(&Person, &Personal) -> bool) -> Vec<&Personal> {
        let mut values = Vec::new();
        for person in &self.scenario.people {
            values.extend(person.values.iter().filter(|value| which(person, value)));
        }
        values
    }

    #[track_caller]
    fn clean(&self, step: &str, which: impl Fn(&Person, &Personal) -> bool, shown: &Shown) {
        let searched = search(shown, &self.needles(which));
        assert!(searched.findings.is_empty(), "{step}: {}", list(&searched));
        assert!(searched.unsearched.is_empty(), "{step}, not searched: {:#?}", searched.unsearched);
    }

    #[track_caller]
    fn finds(&self, step: &str, which: impl Fn(&Person, &Personal) -> bool, shown: &Shown) {
        let searched = search(shown, &self.needles(&which));
        let labels = self.values(&which).into_iter().map(|value| value.label.as_str());
        let missed: Vec<&str> = labels.filter(|label| !searched.found(label)).collect();
        assert!(missed.is_empty(), "{step}: not found in {} places: {missed:#?}", searched.places);
    }
}

fn search(shown: &Shown, needles: &Needles) -> Searched {
    let haystack = shown.pieces.iter().fold(Haystack::new(), |all, piece| all.bytes(&piece.name, &piece.bytes));
    haystack.search(needles)
}

fn list(searched: &Searched) -> String {
    let lines: Vec<String> = searched.findings.iter().take(60).map(|finding| format!("\n  {finding}")).collect();
    lines.concat()
}
