//! The server's inputs: those that the configuration names, running, with their way into admission.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use daybook_admission::{BodyForm, Receipt, Status};
use daybook_event::EventId;
use daybook_event::limits::BATCH_EVENTS_MAX;
use daybook_log::AppendError;
use daybook_sinks::inputs::{self, Admit, Admitted, Input, Message, Note, Outcome};
use futures_util::{FutureExt, StreamExt};
use prometheus::core::{Collector as Measured, Desc};
use prometheus::proto::MetricFamily;
use prometheus::{IntCounterVec, IntGaugeVec, Opts, Registry};
use serde_json::json;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::body::Body;
use crate::collector::{Account, App, Collector, DefaultIds, OWN_APP, PostError, PostOptions};
use crate::config::{ConfigError, Tables, nearest};
use crate::limits;
use crate::problem::Problem;

/// The inputs of a server.
#[derive(Default)]
pub struct Inputs {
    inputs: Vec<Arc<Input>>,
    running: TaskTracker,
}

impl Inputs {
    /// The inputs that the configuration names, for these apps.
    ///
    /// # Errors
    /// [`ConfigError::Setting`] for the first that cannot be used.
    pub fn plan(tables: &Tables, apps: &[String]) -> Result<Self, ConfigError> {
        let mut inputs = Vec::new();
        for (name, table) in tables {
            if table.enabled() == Ok(false) {
                continue;
            }
            let wrong = |setting: Option<&str>, message: String| {
                let setting = setting.map(|setting| format!(".{setting}")).unwrap_or_default();
                ConfigError::Setting { setting: format!("inputs.\"{name}\"{setting}").into(), message }
            };
            let settings = inputs::Settings::read(table.value())
                .map_err(|error| wrong(error.setting.as_deref(), error.message.clone()))?;
            if settings.app == OWN_APP || !apps.contains(&settings.app) {
                let meant =
                    nearest(&settings.app, apps.iter().map(String::as_str)).map(|app| format!("; did you mean {app}?"));
                let message = format!("there is no app {}{}", settings.app, meant.unwrap_or_default());
                return Err(wrong(Some("app"), message));
            }
            inputs.push(Arc::new(Input::new(name, settings)));
        }
        Ok(Self { inputs, running: TaskTracker::new() })
    }

    /// How each is doing, by name.
    pub fn statuses(&self) -> Vec<inputs::Status> {
        self.inputs.iter().map(|input| input.status()).collect()
    }

    /// Has them be measured.
    ///
    /// # Errors
    /// When the registry does not take the metrics.
    pub fn register_metrics(&self, registry: &Registry) -> prometheus::Result<()> {
        registry.register(Box::new(Metrics::new(self.inputs.clone())?))
    }

    /// Has them run until the server stops.
    pub fn start(&self, collector: &Arc<Collector>, stopping: &CancellationToken) {
        for input in &self.inputs {
            let (input, stopping) = (Arc::clone(input), stopping.clone());
            let admit = Arc::new(Admission { collector: Arc::clone(collector) });
            self.running.spawn(async move { input.run(admit, stopping).await });
        }
        self.running.close();
    }

    /// Returns when all have ended, which they do once the server stops.
    pub async fn ended(&self) {
        self.running.wait().await;
    }
}

/// The way of inputs into the collector.
struct Admission {
    collector: Arc<Collector>,
}

#[async_trait]
impl Admit for Admission {
    async fn admit(&self, app: &str, messages: &[Message]) -> Vec<Outcome> {
        let not_now = Outcome::Later { code: "app.unknown", after: None };
        let Some(app) = self.collector.app(app) else { return vec![not_now; messages.len()] };
        let mut outcomes = vec![None; messages.len()];
        for together in lines(messages) {
            for (index, outcome) in self.together(app, messages, together).await {
                if let Some(place) = outcomes.get_mut(index) {
                    *place = Some(outcome);
                }
            }
        }
        let mut rest = Vec::new();
        for (index, message) in messages.iter().enumerate() {
            if outcomes.get(index).is_some_and(Option::is_none) {
                rest.push(async move { (index, self.alone(app, message).await) }.boxed());
            }
        }
        let rest: Vec<_> = futures_util::stream::iter(rest).buffer_unordered(limits::INPUT_CALLS).collect().await;
        for (index, outcome) in rest {
            if let Some(place) = outcomes.get_mut(index) {
                *place = Some(outcome);
            }
        }
        outcomes.into_iter().map(|outcome| outcome.unwrap_or(not_now)).collect()
    }

    async fn note(&self, note: Note<'_>) {
        let (name, data) = match note {
            Note::Lost { input, app, reason } => ("input.lost", json!({"input": input, "app": app, "reason": reason})),
            Note::Recovered { input, app, gone } => {
                let gone = u64::try_from(gone.as_millis()).unwrap_or(u64::MAX);
                ("input.recovered", json!({"input": input, "app": app, "duration_ms": gone}))
            }
            Note::Unreadable { input, app, count, code } => {
                ("input.unreadable", json!({"input": input, "app": app, "count": count, "code": code}))
            }
        };
        self.collector.note(name, None, data).await;
    }
}

impl Admission {
    /// Takes messages that are one event each in one call, where that works for all of them; those without an outcome are to be
    /// taken alone.
    async fn together(&self, app: &Arc<App>, messages: &[Message], places: Vec<usize>) -> Vec<(usize, Outcome)> {
        let mut body = Vec::new();
        let mut keys = Vec::with_capacity(places.len());
        for message in places.iter().filter_map(|place| messages.get(*place)) {
            body.extend_from_slice(message.body.trim_ascii());
            body.push(b'\n');
            keys.push(message.key.clone());
        }
        let slug = Arc::clone(&app.slug);
        let ids: DefaultIds = Arc::new(move |index| id_of(&slug, keys.get(index).map_or("", String::as_str), 0));
        let posted = self.post(app, Body::kept(&self.collector.body_memory, body), BodyForm::Ndjson, ids).await;
        match posted {
            Ok(receipts) if receipts.len() == places.len() => {
                let done = |receipt: &Receipt| Outcome::Done(sum(std::slice::from_ref(receipt)));
                places.into_iter().zip(receipts.iter().map(done)).collect()
            }
            Err(error) if is_everybodys(&error) => {
                let outcome = later(error);
                places.into_iter().map(|place| (place, outcome)).collect()
            }
            Ok(_) | Err(_) => Vec::new(),
        }
    }

    /// Takes a message by itself: an event, an array, a batch, NDJSON; what is none of these goes to the quarantine as it is.
    async fn alone(&self, app: &Arc<App>, message: &Message) -> Outcome {
        let ids = || -> DefaultIds {
            let (slug, key) = (Arc::clone(&app.slug), message.key.clone());
            Arc::new(move |index| id_of(&slug, &key, index))
        };
        let memory = &self.collector.body_memory;
        let form = if is_ndjson(&message.body) { BodyForm::Ndjson } else { BodyForm::Json };
        let code = match self.post(app, Body::kept(memory, message.body.clone()), form, ids()).await {
            Ok(receipts) => return Outcome::Done(sum(&receipts)),
            Err(PostError::Body(error)) => error.code(),
            Err(PostError::Append(AppendError::TooLarge { .. })) => "events.too-large",
            // What makes admission fail by itself would make it fail again.
            Err(PostError::Failed) => "server.failed",
            Err(error) => return later(error),
        };
        if message.body.len() > limits::INPUT_UNREADABLE_BYTES_MAX || code == "server.failed" {
            return Outcome::Unreadable(code);
        }
        // As a string in an array, any text is an event that is none.
        let text = serde_json::Value::from(vec![String::from_utf8_lossy(&message.body).into_owned()]).to_string();
        match self.post(app, Body::kept(memory, text), BodyForm::Json, ids()).await {
            Ok(receipts) => Outcome::Done(sum(&receipts)),
            Err(PostError::Body(_) | PostError::Failed | PostError::Append(AppendError::TooLarge { .. })) => {
                Outcome::Unreadable(code)
            }
            Err(error) => later(error),
        }
    }

    async fn post(
        &self,
        app: &Arc<App>,
        body: Body,
        form: BodyForm,
        ids: DefaultIds,
    ) -> Result<Vec<Receipt>, PostError> {
        let options = PostOptions { default_ids: Some(ids), ..PostOptions::default() };
        // Boxed: a call's future is large, and several of them wait here.
        let posted = Box::pin(self.collector.post(app, body, form, Account::Own, options)).await;
        posted.map(|receipts| receipts.receipts)
    }
}

/// Messages that may be sent together as lines: by their looks one event each, on one line.
fn lines(messages: &[Message]) -> Vec<Vec<usize>> {
    let is_line = |message: &Message| {
        let body = message.body.trim_ascii();
        body.first() == Some(&b'{')
            && body.len() <= limits::INPUT_LINE_BYTES_MAX
            && !body.contains(&b'\n')
            // It may be a batch.
            && !body.windows(8).any(|window| window == b"\"events\"")
    };
    let mut calls: Vec<Vec<usize>> = Vec::new();
    let mut bytes = 0;
    for (index, message) in messages.iter().enumerate().filter(|(_, message)| is_line(message)) {
        bytes += message.body.len();
        match calls.last_mut() {
            Some(call) if call.len() < BATCH_EVENTS_MAX && bytes <= limits::INPUT_CALL_BYTES_MAX => call.push(index),
            _ => {
                bytes = message.body.len();
                calls.push(vec![index]);
            }
        }
    }
    // A single line is not known to be NDJSON.
    calls.retain(|call| call.len() > 1);
    calls
}

/// Whether a body is more than one document, by its first line.
fn is_ndjson(body: &[u8]) -> bool {
    let mut lines = body.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii).filter(|line| !line.is_empty());
    let is_document = |line: &[u8]| serde_json::from_slice::<serde::de::IgnoredAny>(line).is_ok();
    lines.next().is_some_and(|first| first.first() == Some(&b'{') && is_document(first)) && lines.next().is_some()
}

/// The id of an event that has none, from what its message is known by.
fn id_of(app: &str, key: &str, index: usize) -> EventId {
    match index {
        0 => EventId::from_cloud_event(app, "daybook:input", key),
        _ => EventId::from_cloud_event(app, "daybook:input", &format!("{key}#{index}")),
    }
}

fn sum(receipts: &[Receipt]) -> Admitted {
    let mut sum = Admitted::default();
    for receipt in receipts {
        *match receipt.status {
            Status::Stored => &mut sum.stored,
            Status::Duplicate => &mut sum.duplicate,
            Status::Quarantined => &mut sum.quarantined,
            Status::SampledOut => &mut sum.sampled_out,
            Status::Counted => &mut sum.counted,
            Status::Refused => &mut sum.refused,
        } += 1;
    }
    sum
}

/// Whether a failure has nothing to do with what was sent: alone it would be the same.
const fn is_everybodys(error: &PostError) -> bool {
    match error {
        PostError::Append(error) => !matches!(error, AppendError::TooLarge { .. }),
        PostError::Blobs(_) | PostError::Lookup(_) | PostError::Vault(_) | PostError::Read(_) | PostError::Rate(_) => {
            true
        }
        PostError::Body(_) | PostError::Quarantine(_) | PostError::Refused(_) | PostError::Failed => false,
        // Inputs append without conditions.
        PostError::AppendRequest(_) | PostError::Check(_) | PostError::Partly(_) => false,
    }
}

fn later(error: PostError) -> Outcome {
    let after: Option<Duration> = match &error {
        PostError::Append(AppendError::Busy { retry_after }) => Some(*retry_after),
        PostError::Rate(wait) => Some(*wait),
        _ => None,
    };
    Outcome::Later { code: Problem::from(error).code(), after }
}

/// What is measured of inputs, read off their statuses when somebody asks.
struct Metrics {
    inputs: Vec<Arc<Input>>,
    connected: IntGaugeVec,
    messages: IntCounterVec,
    waiting: IntGaugeVec,
    lag: IntGaugeVec,
    /// Held while the numbers are brought up to date.
    asked: parking_lot::Mutex<()>,
}

impl Metrics {
    fn new(inputs: Vec<Arc<Input>>) -> prometheus::Result<Self> {
        let gauge = |name: &str, help: &str| IntGaugeVec::new(Opts::new(name, help), &["input"]);
        Ok(Self {
            inputs,
            connected: gauge("daybook_input_connected", "1 while an input has its source.")?,
            messages: IntCounterVec::new(
                Opts::new("daybook_input_messages_total", "Messages by input and what became of them."),
                &["input", "status"],
            )?,
            waiting: gauge("daybook_input_waiting", "Messages taken that wait for admission.")?,
            lag: gauge("daybook_input_lag", "Messages not yet taken, where the source can tell.")?,
            asked: parking_lot::Mutex::new(()),
        })
    }

    fn parts(&self) -> [&dyn Measured; 4] {
        [&self.connected, &self.messages, &self.waiting, &self.lag]
    }
}

impl Measured for Metrics {
    fn desc(&self) -> Vec<&Desc> {
        self.parts().into_iter().flat_map(Measured::desc).collect()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        let _one_at_a_time = self.asked.lock();
        let whole = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        for status in self.inputs.iter().map(|input| input.status()) {
            let input = status.name.as_str();
            self.connected.with_label_values(&[input]).set(i64::from(status.state == inputs::State::Connected));
            self.waiting.with_label_values(&[input]).set(whole(status.waiting));
            if let Some(lag) = status.lag {
                self.lag.with_label_values(&[input]).set(whole(lag));
            }
            let counts = [
                ("received", status.received),
                ("acknowledged", status.acknowledged),
                ("unreadable", status.unreadable),
            ];
            for (name, count) in counts {
                let counter = self.messages.with_label_values(&[input, name]);
                counter.inc_by(count.saturating_sub(counter.get()));
            }
        }
        self.parts().into_iter().flat_map(Measured::collect).collect()
    }
}

/// The inputs, by name, with the apps they are for.
impl std::fmt::Debug for Inputs {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let statuses = self.statuses();
        let names: BTreeMap<_, _> = statuses.iter().map(|status| (&status.name, &status.app)).collect();
        formatter.debug_tuple("Inputs").field(&names).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_sent_together_by_their_looks() {
        let message = |body: &str| Message { body: body.to_owned().into(), key: String::new() };
        let check = |bodies: &[&str], expected: &[&[usize]]| {
            let messages: Vec<Message> = bodies.iter().map(|body| message(body)).collect();
            assert_eq!(lines(&messages), expected, "{bodies:?}");
        };
        check(&["{}", " {} ", "[]", "{\n}", "{\"events\": []}", "{\"x\": 1}", "no"], &[&[0, 1, 5]]);
        check(&["{}"], &[]);
        let large = format!("{{{}}}", " ".repeat(limits::INPUT_LINE_BYTES_MAX - 2));
        let per_call = limits::INPUT_CALL_BYTES_MAX / large.len();
        let many: Vec<&str> = std::iter::repeat_n(large.as_str(), per_call + 2).collect();
        let calls = lines(&many.iter().map(|body| message(body)).collect::<Vec<_>>());
        assert_eq!(calls.iter().map(Vec::len).collect::<Vec<_>>(), [per_call, 2]);
    }

    #[test]
    fn documents_are_told_from_one_on_several_lines() {
        let check = |body: &str, expected: bool| assert_eq!(is_ndjson(body.as_bytes()), expected, "{body}");
        check("{}\n{}", true);
        check("\n{}\nnonsense\n", true);
        check("{}\n", false);
        check("{\n}", false);
        check("[\n{}\n]", false);
        check("nonsense\n{}", false);
        check("", false);
    }

    #[test]
    fn ids_are_made_of_messages() {
        assert_eq!(id_of("a", "k", 0), id_of("a", "k", 0));
        assert_ne!(id_of("a", "k", 0), id_of("a", "k", 1));
        assert_ne!(id_of("a", "k", 0), id_of("b", "k", 0));
    }
}
