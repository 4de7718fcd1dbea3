//! Events as the log gives them, handlers, and a receiver that answers as it is told.

#![allow(dead_code, reason = "shared by the tests of several handlers, which need different parts of it")]

use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body as AxumBody, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use daybook_admission::{Admission, Body, BodyForm, Facts};
use daybook_catalog::consumers::{BatchSpec, From, Order, Spec};
use daybook_catalog::{AppCatalog, from_texts};
use daybook_consumers::{Batch, Handler, Item, Sight};
use daybook_event::stored::Stored;
use daybook_event::{
    EventId, Keeping, Keys, Months, Person, Secret, Signals, Signature, Signed, SubjectId, Timestamp, stored,
};
use daybook_sinks::{BuildContext, BuildError, Built, Promise, Statuses};
use parking_lot::Mutex;
use serde_json::{Value, json};

/// Longest wait for something that happens by itself.
pub const PATIENCE: Duration = Duration::from_secs(60);

pub const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8G";

const CATALOG: &str = r#"
app: shop
version: 1.0.0
title: Shop
categories:
  business: {retain: 90d}
  product: {retain: 30d}
  log: {pii: none}
"#;

const EVENTS: &str = r##"
events:
- name: order.placed
  category: business
  pii: {email: personal, approver: person, members: person}
  data:
    type: object
    properties:
      total: {type: number}
      email: {type: string}
      approver: {type: string}
      members: {type: array, items: {type: string}}
      zone: {type: string}
- name: page.viewed
  category: product
  data: {type: object, properties: {load_ms: {type: number}, zone: {type: string}}}
- name: system.health.degraded
  category: log
  data: {type: object, properties: {service: {type: string}, load: {type: number}}}
"##;

pub fn shop() -> Arc<AppCatalog> {
    let loaded = from_texts(&[("catalog.yaml", CATALOG), ("events/all.yaml", EVENTS)]);
    let errors: Vec<_> =
        loaded.diagnostics.iter().filter(|found| found.severity == daybook_event::Severity::Error).collect();
    assert!(errors.is_empty(), "{errors:?}");
    Arc::new(loaded.catalogs.app("shop").unwrap().as_ref().clone())
}

#[derive(Default)]
pub struct Promises(pub Mutex<Vec<Promise>>);

impl Statuses for Promises {
    fn promises(&self, _: &str) -> Vec<Promise> {
        self.0.lock().clone()
    }
}

pub fn spec(handler: &str, options: Value) -> Spec {
    Spec {
        name: "calls".to_owned(),
        description: None,
        events: vec!["*".to_owned()],
        exclude: Vec::new(),
        handler: handler.to_owned(),
        retry: 3,
        dlq: true,
        condition: None,
        batch: BatchSpec::default(),
        order: Order::None,
        rate: None,
        latency: None,
        from: From::Beginning,
        options: options.as_object().unwrap().clone(),
    }
}

pub fn context<'a>(spec: &'a Spec, settings: Option<&'a Value>, data: &'a Path) -> BuildContext<'a> {
    BuildContext { app: shop(), spec, settings, data, statuses: Arc::new(Promises::default()) }
}

pub fn try_build(spec: &Spec, settings: Option<&Value>, data: &Path) -> Result<Built, BuildError> {
    daybook_sinks::build(&context(spec, settings, data))
}

pub fn ready(built: Built) -> Arc<dyn Handler> {
    match built {
        Built::Handler(handler) => handler,
        Built::Unconfigured { missing } => panic!("unconfigured: {missing}"),
    }
}

/// A webhook of this consumer, with more settings.
pub fn webhook(spec: &Spec, url: &str, more: Value) -> Arc<dyn Handler> {
    let mut settings = json!({"url": url, "secret": SECRET, "allow-private": true});
    settings.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    ready(try_build(spec, Some(&settings), Path::new("/nonexistent")).unwrap())
}

/// People and months, and whoever was erased of them: a vault of one's own.
pub struct World {
    admission: Admission,
    names: HashMap<String, Person>,
    secrets: u8,
    months: Months,
    position: u64,
    pub erased: Vec<SubjectId>,
    pub log: Vec<Stored>,
}

impl World {
    pub fn new() -> Self {
        let admission = Admission::new(shop()).unwrap();
        let (names, months) = (HashMap::new(), Months::default());
        Self { admission, names, secrets: 0, months, position: 0, erased: Vec::new(), log: Vec::new() }
    }

    fn secret(&mut self) -> Secret {
        self.secrets += 1;
        Secret::from_bytes([self.secrets; 32])
    }

    /// The person of this name, as views know them.
    pub fn person(&mut self, name: &str) -> Person {
        if !self.names.contains_key(name) {
            let secret = self.secret();
            let id = SubjectId::from_random([self.secrets; 16]);
            let person = Person { id, secret, consents: None, objected: false };
            self.names.insert(name.to_owned(), person);
        }
        self.names[name].clone()
    }

    /// Admits events, as the collector does: what is personal is sealed.
    pub fn admit(&mut self, events: &Value) {
        let bytes = events.to_string().into_bytes();
        let body = Body::parse(&bytes, &BodyForm::Json).unwrap();
        let names: Vec<Option<String>> = {
            let decoded = self.admission.decode(&body);
            decoded.people().iter().map(|name| name.as_ref().map(|name| name.name.to_string())).collect()
        };
        let people: Vec<_> = names.iter().map(|name| name.as_deref().map(|name| self.person(name))).collect();
        let mut number = 0;
        for _ in 0..2 {
            let mut new_id = || {
                number += 1;
                EventId::from_text("test", &number.to_string())
            };
            let months = self.months.clone();
            let mut facts = Facts {
                now: Timestamp::parse("2026-06-15T12:00:00Z").unwrap(),
                known: &[],
                people: &people,
                months: &months,
                environment: "production",
                actor_keys: None,
                signals: Signals::default(),
                shed: false,
                atomic: true,
                new_id: &mut new_id,
            };
            let admission = Admission::new(shop()).unwrap();
            let judged = admission.judge(admission.decode(&body), &mut facts);
            let (needed, new): (Vec<String>, Vec<(String, daybook_event::Month)>) = {
                let needs = judged.needs();
                let people = needs.people.iter().map(|name| name.name.to_string()).collect();
                (people, needs.months.iter().map(|(class, month)| (class.to_string(), *month)).collect())
            };
            if !new.is_empty() {
                for (class, month) in new {
                    let secret = Arc::new(self.secret());
                    self.months.insert(&class, month, secret);
                }
                continue;
            }
            let people = needed.iter().map(|name| self.person(name)).collect();
            let mut nonce = self.secrets;
            let mut random = |bytes: &mut [u8]| {
                nonce = nonce.wrapping_add(1);
                bytes.fill(nonce);
            };
            let admitted = judged.seal(&admission, &Keys { people, months: Vec::new() }, &mut random);
            let (batch, mut start) = (&admitted.batch, 0);
            assert_eq!(batch.records.len(), events.as_array().unwrap().len(), "every event is stored");
            for record in &batch.records {
                let end = record.end as usize;
                self.position += 1;
                self.log.push(stored::decode(&batch.bytes[start..end], self.position).unwrap());
                start = end;
            }
            return;
        }
        panic!("months are made once");
    }

    /// The log, as this sight shows it now.
    pub fn items(&self, sight: Sight) -> Vec<Arc<Item>> {
        let person = |id: SubjectId| {
            let person = self.names.values().find(|person| person.id == id);
            person.filter(|_| !self.erased.contains(&id)).cloned()
        };
        let item = |stored: &Stored| {
            let event = match sight {
                Sight::Closed => stored.event.clone(),
                Sight::Open => stored.clone().open(&self.months, &person).event,
            };
            Arc::new(Item { event, standing: stored.standing, session: None, hidden: false })
        };
        self.log.iter().map(item).collect()
    }
}

/// So many plain events, from this position on, received then.
pub fn plain(from: u64, count: u64, received: &str) -> Vec<Arc<Item>> {
    let mut world = World::new();
    let events: Vec<Value> = (from..from + count)
        .map(|number| {
            let id = EventId::from_text("test", &number.to_string()).to_string();
            json!({"id": id, "name": "page.viewed", "time": "2026-06-15T11:00:00Z", "data": {"load_ms": number, "zone": "a"}})
        })
        .collect();
    world.admit(&Value::from(events));
    let received = Timestamp::parse(received).unwrap();
    let items = world.items(Sight::Closed).into_iter().enumerate();
    items
        .map(|(index, item)| {
            let mut item = item.as_ref().clone();
            item.event.position = from + index as u64;
            item.event.received = received;
            Arc::new(item)
        })
        .collect()
}

/// The same events, each with a signature that opened.
pub fn signed(items: &[Arc<Item>]) -> Vec<Arc<Item>> {
    let sign = |item: &Arc<Item>| {
        let mut item = Item::clone(item);
        let signed = Signed { key_id: "thumbprint-of-a-key".into(), jws: "header..made-with-a-key".into() };
        item.event.signature = Some(Signature { keeping: Keeping::Whole, signed: Some(signed) });
        Arc::new(item)
    };
    items.iter().map(sign).collect()
}

pub fn batch(items: &[Arc<Item>]) -> Batch {
    let position = |item: Option<&Arc<Item>>| item.map_or(0, |item| item.event.position);
    Batch {
        items: items.to_vec(),
        after: position(items.first()).saturating_sub(1),
        through: position(items.last()),
        replay: false,
    }
}

/// What a receiver does with a call.
#[derive(Debug, Clone)]
pub enum Answer {
    Status(u16),
    Header(u16, &'static str, String),
    /// After so long.
    Slow(Duration),
    /// When so many calls were under way at once, and there was time for one more.
    Together(usize),
    /// So many bytes.
    Huge(usize),
}

/// A call, as it came in.
#[derive(Debug, Clone)]
pub struct Call {
    pub path: String,
    pub headers: HeaderMap,
    pub body: Bytes,
    /// How many were under way with it.
    pub at_once: usize,
}

impl Call {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).unwrap().to_str().unwrap()
    }
}

#[derive(Default)]
struct Script {
    answers: Mutex<VecDeque<Answer>>,
    by_name: Mutex<HashMap<String, Answer>>,
    calls: Mutex<Vec<Call>>,
    under_way: std::sync::atomic::AtomicUsize,
}

/// A server that answers as it is told, and 200 where it is told nothing.
#[derive(Clone)]
pub struct Receiver {
    script: Arc<Script>,
    pub address: SocketAddr,
}

impl Receiver {
    pub async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let script = Arc::<Script>::default();
        let app = Self::router(&script);
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { script, address }
    }

    fn router(script: &Arc<Script>) -> axum::Router {
        axum::Router::new().fallback(answer).with_state(Arc::clone(script))
    }

    pub fn url(&self) -> String {
        format!("http://{}/hook?token=geheim", self.address)
    }

    /// The next calls are answered so.
    pub fn will(&self, answers: impl IntoIterator<Item = Answer>) {
        self.script.answers.lock().extend(answers);
    }

    /// Every call with this text in it is answered so.
    pub fn always(&self, text: &str, answer: Answer) {
        self.script.by_name.lock().insert(text.to_owned(), answer);
    }

    pub fn calls(&self) -> Vec<Call> {
        self.script.calls.lock().clone()
    }

    /// The calls since it was last asked.
    pub fn take(&self) -> Vec<Call> {
        std::mem::take(&mut *self.script.calls.lock())
    }
}

async fn answer(State(script): State<Arc<Script>>, uri: http::Uri, headers: HeaderMap, body: Bytes) -> Response {
    use std::sync::atomic::Ordering;
    let text = String::from_utf8_lossy(&body).into_owned();
    let at_once = script.under_way.fetch_add(1, Ordering::SeqCst) + 1;
    script.calls.lock().push(Call { path: uri.path().to_owned(), headers, body, at_once });
    let by_name = script.by_name.lock().iter().find(|(name, _)| text.contains(*name)).map(|(_, answer)| answer.clone());
    let next = by_name.or_else(|| script.answers.lock().pop_front());
    let answer = Response::builder();
    let answer = match next {
        None => answer.status(StatusCode::OK).body(AxumBody::from("ok")),
        Some(Answer::Status(status)) => answer.status(status).body(AxumBody::empty()),
        Some(Answer::Header(status, name, value)) => answer.status(status).header(name, value).body(AxumBody::empty()),
        Some(Answer::Slow(time)) => {
            tokio::time::sleep(time).await;
            answer.status(StatusCode::OK).body(AxumBody::empty())
        }
        Some(Answer::Together(calls)) => {
            while script.calls.lock().iter().all(|call| call.at_once < calls) {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
            answer.status(StatusCode::OK).body(AxumBody::empty())
        }
        Some(Answer::Huge(bytes)) => {
            let chunk = Bytes::from(vec![b'x'; 64 * 1024]);
            let chunks = (0..bytes / chunk.len()).map(move |_| Ok::<_, std::io::Error>(chunk.clone()));
            answer.status(StatusCode::OK).body(AxumBody::from_stream(futures_util::stream::iter(chunks)))
        }
    };
    script.under_way.fetch_sub(1, Ordering::SeqCst);
    answer.unwrap()
}
