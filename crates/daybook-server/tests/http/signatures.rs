//! Signatures of actors: their keys, events that are signed, and what of it is left when people go.

use std::path::Path;
use std::time::{Duration, Instant};

use daybook_event::Secret;
use daybook_harness::search::{Haystack, Needles};
use daybook_signature::{Content, EventSignature, SigningKey, event};
use http::Method;
use serde_json::{Value, json};

use crate::backend::{Backend, on_every_backend};
use crate::client::Answer;
use crate::site::Site;

on_every_backend!(
    keys_are_registered_used_revoked_and_removed,
    with_a_person_their_keys_and_signatures_go,
    many_change_keys_and_sign_at_once,
);

const TAMMA: &str = "/v1/tamma";
/// Longest wait for something that happens by itself.
const PATIENCE: Duration = Duration::from_secs(60);

fn key(number: u8) -> SigningKey {
    SigningKey::from_seed(&Secret::from_bytes([number; 32]))
}

fn now() -> String {
    let time = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    daybook_event::Timestamp::from_microseconds(time.as_micros() as i64).to_string()
}

/// An approval in Daybook's own form.
fn approval(number: u32, actor: &str, approver: &str) -> Value {
    json!({
        "id": format!("550e8400-e29b-41d4-a716-{number:012x}"), "name": "APPROVAL.PROVIDED", "version": "1.1.0", "time": now(),
        "source": "api", "environment": "production", "correlation": "run-1", "request": "step-1",
        "actor": {"type": "user", "id": actor},
        "data": {
            "approvalId": "apr_7F3K", "approver": approver, "decision": "approved", "channel": "web",
            "subjectDigest": "sha256:3e23e8160039594a33894f6564e1b1348bbd7a0088d42c4acb73eeaed59c009d",
            "reason": "reviewed line by line",
        },
    })
}

fn signed(key: &SigningKey, mut event: Value) -> Value {
    event["signature"] = event::sign(key, &Content::of_event(&event).unwrap()).unwrap().into();
    event
}

async fn send(site: &Site, events: &Value) -> Value {
    site.post(&format!("{TAMMA}/events")).json(events).send().await.ok()
}

async fn register(site: &Site, body: &Value) -> Answer {
    site.post(&format!("{TAMMA}/actor-keys")).json(body).send().await
}

async fn events(site: &Site, key: &str) -> Vec<Value> {
    let page = site.call(Method::GET, &format!("{TAMMA}/events")).key(key).send().await.ok();
    page["events"].as_array().unwrap().clone()
}

/// Daybook's own events about keys of actors.
async fn notes(site: &Site) -> Vec<Value> {
    let page = site.get("/v1/daybook/events?name=actor.key.*").send().await.ok();
    page["events"].as_array().unwrap().clone()
}

#[track_caller]
fn verify(key: &SigningKey, event: &Value) {
    let jws = event["signature"]["jws"].as_str().unwrap_or_else(|| panic!("{event}"));
    let content = Content::of_event(event).unwrap();
    assert_eq!(EventSignature::parse(jws).unwrap().verify(&key.public(), &content), Ok(()), "{event}");
}

async fn keys_are_registered_used_revoked_and_removed(backend: Backend) {
    let site = Site::with_state_on(backend, |_| {}).await;
    let early = signed(&key(1), approval(1, "ada", "ada"));
    let receipts = send(&site, &json!([early, approval(2, "ada", "ada")])).await;
    assert_eq!((&receipts["stored"], &receipts["quarantined"]), (&json!(1), &json!(1)), "{receipts}");
    assert_eq!(receipts["receipts"][0]["errors"][0]["code"], "signature.unknown-key");

    let made = register(&site, &json!({"identity": "ada", "jwk": key(1).public().to_jwk()})).await;
    assert_eq!(made.status, 201, "{:?}", made.body);
    let kid = key(1).public().id().to_string();
    let made = made.json();
    assert_eq!((&made["kid"], &made["identity"]), (&json!(kid), &json!("ada")));

    // What was set aside for it is taken now.
    let entries = site.get(&format!("{TAMMA}/quarantine")).send().await.ok();
    let id = entries["entries"][0]["id"].to_string().trim_matches('"').to_owned();
    let retried = site.post(&format!("{TAMMA}/quarantine/{id}/retry")).send().await;
    assert_eq!(retried.status, 200, "{:?}", retried.body);
    let receipts = send(&site, &early).await;
    assert_eq!(receipts["duplicate"], 1, "{receipts}");
    let forged = {
        let mut event = signed(&key(1), approval(3, "ada", "ada"));
        event["data"]["decision"] = "approved-with-conditions".into();
        event
    };
    let receipts = send(&site, &json!([forged, signed(&key(1), approval(4, "bob", "ada"))])).await;
    let code = |index: usize| receipts["receipts"][index]["errors"][0]["code"].as_str().unwrap().to_owned();
    assert_eq!((code(0).as_str(), code(1).as_str()), ("signature.invalid", "signature.not-the-actor"));
    let appended = json!({"events": [signed(&key(1), approval(5, "ada", "bob"))]});
    let appended = site.post(&format!("{TAMMA}/append")).json(&appended).send().await.ok();
    assert_eq!(appended["stored"], 1, "{appended}");

    // Read back it verifies without the server; who may not see people learns that it was right, and no more.
    let site = site.restart(|_| {}).await;
    let read = events(&site, &site.admin).await;
    let with: Vec<&Value> = read.iter().filter(|event| event["signature"].is_object()).collect();
    assert_eq!(with.len(), 2, "{read:?}");
    for event in with {
        verify(&key(1), event);
        assert_eq!(event["signature"]["kid"], kid.as_str());
    }
    let reader = site.key(&json!({"scopes": ["read"]})).await;
    let closed = events(&site, &reader).await;
    let told: Vec<&Value> = closed.iter().map(|event| &event["signature"]).filter(|told| told.is_object()).collect();
    assert_eq!(told, [&json!({"verified": true}); 2]);

    // Only keys with the scope admin change them, and only those with the scope privacy see whose they are.
    let privacy = site.key(&json!({"scopes": ["privacy"]})).await;
    let call = |method: Method, path: &str, key: &str| {
        let call = site.call(method, &format!("{TAMMA}/actor-keys{path}")).key(key);
        async move { call.send().await }
    };
    call(Method::GET, "?identity=ada", &reader).await.is_problem(403, "key.scope");
    call(Method::POST, &format!("/{kid}/revoke"), &privacy).await.is_problem(403, "key.scope");
    call(Method::GET, "", &privacy).await.is_problem(400, "actor-key.owner");
    call(Method::GET, "/..%2F..%2Fetc%2Fpasswd", &privacy).await.is_problem(404, "actor-key.unknown");
    let listed = call(Method::GET, "?identity=ada", &privacy).await.ok();
    assert_eq!((listed["keys"].as_array().unwrap().len(), &listed["keys"][0]["kid"]), (1, &json!(kid)));
    assert_eq!(call(Method::GET, &format!("/{kid}"), &privacy).await.ok()["identity"], "ada");

    // Revoked: what comes in from now on is not believed, what is there stays.
    let revoked = call(Method::POST, &format!("/{kid}/revoke"), &site.admin).await.ok();
    assert!(revoked["revoked"].is_string(), "{revoked}");
    let receipts = send(&site, &signed(&key(1), approval(6, "ada", "ada"))).await;
    assert_eq!(receipts["receipts"][0]["errors"][0]["code"], "signature.revoked-key");
    assert_eq!(send(&site, &early).await["duplicate"], 1);
    assert_eq!(call(Method::DELETE, &format!("/{kid}"), &site.admin).await.status, 200);
    call(Method::GET, &format!("/{kid}"), &privacy).await.is_problem(404, "actor-key.unknown");
    assert_eq!(
        events(&site, &site.admin).await.iter().filter(|event| event["signature"]["jws"].is_string()).count(),
        2
    );

    // Every change is written down, without a word by which the key could be known.
    let written = notes(&site).await;
    let names: Vec<&str> = written.iter().map(|note| note["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["actor.key.added", "actor.key.revoked", "actor.key.removed"]);
    assert!(written.iter().all(|note| note["data"]["key"] == made["number"] && note["data"]["subject"].is_string()));
    assert!(!json!(written).to_string().contains(&kid));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_that_cannot_be_used_are_refused() {
    let site = Site::new().await;
    let jwk = key(1).public().to_jwk();
    let refused = async |body: Value, status: u16, code: &str| {
        register(&site, &body).await.is_problem(status, code);
    };
    let private: Value = serde_json::from_str(&key(1).to_jwk()).unwrap();
    refused(json!({"identity": "ada", "jwk": private}), 400, "actor-key.invalid").await;
    refused(json!({"identity": "ada", "jwk": {"kty": "RSA"}}), 400, "actor-key.invalid").await;
    let neutral = json!({"kty": "OKP", "crv": "Ed25519", "x": "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"});
    refused(json!({"identity": "ada", "jwk": neutral}), 400, "actor-key.invalid").await;
    refused(json!({"jwk": jwk}), 400, "actor-key.owner").await;
    let actor = json!({"type": "service", "id": "orchestrator"});
    refused(json!({"identity": "ada", "actor": actor, "jwk": jwk}), 400, "actor-key.owner").await;
    let times = json!({"identity": "ada", "jwk": jwk, "not_before": "2026-01-02T00:00:00Z", "not_after": "2026-01-01T00:00:00Z"});
    refused(times, 400, "actor-key.invalid").await;
    refused(json!({"identity": "ada", "jwk": jwk, "more": 1}), 400, "actor-key.invalid").await;

    assert_eq!(register(&site, &json!({"actor": actor, "jwk": jwk})).await.status, 201);
    refused(json!({"identity": "ada", "jwk": jwk}), 409, "actor-key.taken").await;
    let listed = site.get(&format!("{TAMMA}/actor-keys?actor_type=service&actor_id=orchestrator")).send().await.ok();
    assert_eq!(listed["keys"][0]["actor"], actor);
    let mut event = approval(1, "orchestrator", "ada");
    event["actor"]["type"] = "service".into();
    assert_eq!(send(&site, &signed(&key(1), event)).await["stored"], 1);
}

async fn with_a_person_their_keys_and_signatures_go(backend: Backend) {
    let site = Site::with_state_on(backend, |_| {}).await;
    for (name, number) in [("ada", 1), ("eve", 2)] {
        let body = json!({"identity": name, "jwk": key(number).public().to_jwk()});
        assert_eq!(register(&site, &body).await.status, 201);
    }
    let sent = [
        signed(&key(1), approval(1, "ada", "ada")),
        signed(&key(2), approval(2, "eve", "ada")),
        signed(&key(2), approval(3, "eve", "eve")),
    ];
    assert_eq!(send(&site, &json!(sent)).await["stored"], 3);
    assert!(events(&site, &site.admin).await.iter().all(|event| event["signature"]["jws"].is_string()));

    // The person's export has their keys.
    let export = site.get(&format!("{TAMMA}/subjects/ada/export")).send().await;
    let mut zip = zip::ZipArchive::new(std::io::Cursor::new(export.body.to_vec())).unwrap();
    let mut text = String::new();
    std::io::Read::read_to_string(&mut zip.by_name("views/vault/actor-keys.json").unwrap(), &mut text).unwrap();
    let keys: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(keys[0]["kid"], key(1).public().id().to_string());

    // No file of the server holds a signature, or a key by which somebody could be known, at any time.
    let mut needles = Needles::new().value("ada's thumbprint", &key(1).public().id().to_string());
    needles = needles.value("ada's key", &key(1).public().to_string());
    for (number, event) in sent.iter().enumerate() {
        let jws = event["signature"].as_str().unwrap();
        needles = needles.value(&format!("signature {number}"), jws.rsplit('.').next().unwrap());
    }
    Haystack::new().directory(site.data()).search(&needles).assert_clean();

    site.erase(&format!("{TAMMA}/subjects/ada")).await;
    let check = async |site: &Site| {
        let read = events(site, &site.admin).await;
        // The second was hers to sign, but names whoever is gone.
        assert_eq!([&read[0]["signature"], &read[1]["signature"]], [&json!({"verified": true}); 2], "{read:?}");
        verify(&key(2), &read[2]);
        let shown = json!(read).to_string();
        let gone = needles_of(&sent[..2]);
        Haystack::new().bytes("the feed", &shown).directory(site.data()).search(&gone).assert_clean();
        let kid = key(1).public().id();
        site.get(&format!("{TAMMA}/actor-keys/{kid}")).send().await.is_problem(404, "actor-key.unknown");
    };
    check(&site).await;
    let site = site.restart(|_| {}).await;
    check(&site).await;
    // Whoever has the name next has no key.
    let receipts = send(&site, &signed(&key(1), approval(9, "ada", "ada"))).await;
    assert_eq!(receipts["receipts"][0]["errors"][0]["code"], "signature.unknown-key", "{receipts}");
}

/// Asks in SQL until the rows are so: the lake has everything within a moment.
async fn ask_until(site: &Site, key: &str, sql: &str, is_so: impl Fn(&Value) -> bool) {
    let begun = Instant::now();
    loop {
        let asked = json!({"query": sql});
        let answer = site.call(Method::POST, &format!("{TAMMA}/sql")).key(key).json(&asked).send().await;
        if answer.status.is_success() && is_so(&answer.json()["rows"]) {
            return;
        }
        assert!(begun.elapsed() < PATIENCE, "{sql}: {answer:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Everybody is told what was signed, for ever; with which key only who may see people, and as long as they are there.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_sql_the_verdict_stays_and_the_key_goes() {
    let site = Site::new().await;
    let body = json!({"identity": "ada", "jwk": key(1).public().to_jwk()});
    assert_eq!(register(&site, &body).await.status, 201);
    let sent = json!([signed(&key(1), approval(1, "ada", "ada")), approval(2, "ada", "ada")]);
    assert_eq!(send(&site, &sent).await["stored"], 2);

    let reader = site.key(&json!({"scopes": ["read"]})).await;
    let verdicts = "SELECT signature_verified AS verified, signature_kept AS kept FROM events ORDER BY position";
    let told = |rows: &Value| {
        let (first, second) = (&rows[0], &rows[1]);
        first["verified"] == true && first["kept"] == true && second["verified"] == false && second["kept"].is_null()
    };
    ask_until(&site, &reader, verdicts, told).await;
    let keys = "SELECT position, opened(position)->'signature'->>'kid' AS kid FROM events WHERE signature_kept";
    let kid = key(1).public().id().to_string();
    ask_until(&site, &site.admin, keys, |rows| rows[0]["kid"] == kid.as_str()).await;

    let erased = site.call(Method::DELETE, &format!("{TAMMA}/subjects/ada")).key(&site.admin).send().await;
    assert!(matches!(erased.status.as_u16(), 200 | 202), "{:?}", erased.body);
    ask_until(&site, &reader, verdicts, told).await;
    ask_until(&site, &site.admin, keys, |rows| rows[0]["position"].is_u64() && rows[0]["kid"].is_null()).await;
}

fn needles_of(sent: &[Value]) -> Needles {
    let jws = sent.iter().map(|event| event["signature"].as_str().unwrap());
    jws.enumerate().fold(Needles::new(), |needles, (number, jws)| {
        needles.value(&format!("signature {number}"), jws.rsplit('.').next().unwrap())
    })
}

async fn many_change_keys_and_sign_at_once(backend: Backend) {
    let site = Site::with_state_on(backend, |_| {}).await;
    let tasks = (0..8u8).map(|number| {
        let name = format!("person-{number}");
        let body = json!({"identity": name, "jwk": key(number + 1).public().to_jwk()});
        let register = site.post(&format!("{TAMMA}/actor-keys")).json(&body);
        let revoke = site.post(&format!("{TAMMA}/actor-keys/{}/revoke", key(number + 1).public().id()));
        let send = |events: &Value| site.post(&format!("{TAMMA}/events")).json(events);
        let number = u32::from(number) * 1_000;
        let batch = |from: u32| -> Value {
            (from..from + 20)
                .map(|id| signed(&key((number / 1_000) as u8 + 1), approval(number + id, &name, &name)))
                .collect()
        };
        let (first, second) = (send(&batch(1)), send(&batch(100)));
        tokio::spawn(async move {
            assert_eq!(register.send().await.status, 201);
            assert_eq!(first.send().await.ok()["stored"], 20);
            assert_eq!(revoke.send().await.status, 200);
            let receipts = second.send().await.ok();
            assert_eq!(receipts["quarantined"], 20, "{receipts}");
        })
    });
    let tasks: Vec<_> = tasks.collect();
    for task in tasks {
        task.await.unwrap();
    }
    let read = events(&site, &site.admin).await;
    assert_eq!(read.iter().filter(|event| event["signature"]["jws"].is_string()).count().min(100), read.len().min(100));
}

/// What Daybook gives out verifies with libraries that know nothing of it: Python's `cryptography` and `rfc8785`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_implementation_verifies_and_signs() {
    let site = Site::new().await;
    for (name, number) in [("ada", 1), ("bob", 2)] {
        let body = json!({"identity": name, "jwk": key(number).public().to_jwk()});
        assert_eq!(register(&site, &body).await.status, 201);
    }
    let mut event = approval(1, "ada", "ada");
    event["data"]["conditions"] = json!(["ä €😀\u{7}\"\\"]);
    event["data"]["weights"] = json!([1.50, 0.000001, -0.0, 9_007_199_254_740_991u64, 1e-7, 333_333_333.333_333_3]);
    assert_eq!(send(&site, &signed(&key(1), event)).await["stored"], 1);
    let read = events(&site, &site.admin).await;
    let input = json!({"event": read[0], "jwk": key(1).public().to_jwk(), "private": &*key(2).to_jwk(), "unsigned": approval(2, "bob", "ada")});
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let output = tokio::process::Command::new(crate::protobuf::python())
        .arg(here.join("tests/http/signatures.py"))
        .arg(input.to_string())
        .output()
        .await
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    // What it signed is taken, and verifies here.
    let theirs: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(send(&site, &theirs).await["stored"], 1, "{theirs}");
    verify(&key(2), &events(&site, &site.admin).await[1]);
}
