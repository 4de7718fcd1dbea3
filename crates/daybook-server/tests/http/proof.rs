//! The proof of the log as others see it: checkpoints, tiles, and that an event is in the log.

use std::time::{Duration, Instant};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use daybook_proof::checkpoint::SignedCheckpoint;
use daybook_proof::inclusion::InclusionProof;
use daybook_proof::key::PublicKey;
use daybook_proof::key_file::LogKeys;
use daybook_proof::store::Store;
use daybook_proof::tile::{Tile, TileName, partial_tiles};
use daybook_proof::tree::{Tiles, consistency_proof, verify_consistency};
use daybook_proof::verify::{Report, VerifyOptions, verify};
use http::Method;
use serde_json::{Value, json};

use crate::client::Answer;
use crate::site::{PATIENCE, Site, order};

async fn anybody(site: &Site, path: &str) -> Answer {
    site.call(Method::GET, path).send().await
}

fn text(answer: &Answer) -> String {
    assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
    String::from_utf8(answer.body.to_vec()).unwrap()
}

/// The keys that the origin page lists.
async fn keys(site: &Site) -> Vec<PublicKey> {
    let page = text(&anybody(site, "/log").await);
    page.lines().filter_map(|line| line.strip_prefix("vkey ")).map(|key| PublicKey::parse(key).unwrap()).collect()
}

/// The first checkpoint of at least this size.
async fn checkpoint(site: &Site, size: u64) -> (SignedCheckpoint, String) {
    checkpoint_that(site, |signed| signed.checkpoint.size >= size).await
}

/// The first checkpoint that `is` so.
async fn checkpoint_that(site: &Site, is: impl Fn(&SignedCheckpoint) -> bool) -> (SignedCheckpoint, String) {
    let begun = Instant::now();
    while begun.elapsed() < PATIENCE {
        let answer = anybody(site, "/log/checkpoint").await;
        if answer.status == 200 {
            let note = text(&answer);
            // Asked for later than what they signed.
            let signed = SignedCheckpoint::parse(note.as_bytes(), &keys(site).await).unwrap();
            if is(&signed) {
                return (signed, note);
            }
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("nothing of the kind was signed in time");
}

/// The proof of an event, in JSON: it is signed within a second, unless the machine has other things to do.
async fn proved(site: &Site, id: &str) -> Value {
    let begun = Instant::now();
    loop {
        let call = site.get(&format!("/v1/shop/events/{id}/proof")).header("accept", "application/json");
        let answer = call.send().await;
        if answer.status.is_success() {
            return answer.json();
        }
        answer.is_problem(503, "proof.not-yet");
        assert!(begun.elapsed() < PATIENCE, "{id} is not signed");
    }
}

/// Waits until the whole log is signed: nothing is written to the proof until something comes.
async fn all_signed(site: &Site) {
    let begun = Instant::now();
    while !text(&anybody(site, "/metrics").await).contains("\ndaybook_proof_lag_events 0\n") {
        assert!(begun.elapsed() < PATIENCE, "not everything is signed");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// The data of Daybook's own events of a type, as soon as there is one.
async fn own(site: &Site, name: &str) -> Value {
    let begun = Instant::now();
    while begun.elapsed() < PATIENCE {
        let page = site.get(&format!("/v1/daybook/events?name={name}")).send().await.ok();
        if let Some(event) = page["events"].as_array().unwrap().last() {
            return event["data"].clone();
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("there is no {name}");
}

/// What a verification says that trusts the key of this site.
fn verified(data: &std::path::Path, keys: &std::path::Path) -> Report {
    let options = VerifyOptions { keys: LogKeys::load(keys).unwrap().public(), ..VerifyOptions::new(data.to_owned()) };
    verify(&options, &mut |_| {}).unwrap()
}

fn key_file(directory: &std::path::Path) -> std::path::PathBuf {
    let mut files = std::fs::read_dir(directory.join("keys")).unwrap().map(|file| file.unwrap().path());
    files.find(|file| file.to_string_lossy().ends_with(".log-signing.key")).unwrap()
}

fn orders(begin: u64, count: u64) -> Value {
    (begin..begin + count).map(|number| order(&format!("p-{number}"), number)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn anybody_can_follow_the_log_and_verify_it() {
    let site = Site::with(|config| config.proof.origin = Some("shop.example/log".to_owned())).await;
    site.send(&orders(0, 300)).await;
    let (first, _) = checkpoint(&site, 300).await;
    assert_eq!(first.checkpoint.origin, "shop.example/log");
    site.send(&orders(300, 400)).await;
    let (second, _) = checkpoint(&site, 700).await;

    // Only what was signed is there, as it should be cached.
    let answer = anybody(&site, "/log/checkpoint").await;
    assert_eq!(answer.header("content-type"), Some("text/plain; charset=utf-8"));
    assert_eq!(answer.header("cache-control"), Some("no-cache"));
    loop {
        let known = anybody(&site, "/log/checkpoint").await.header("etag").unwrap().to_owned();
        let again = site.call(Method::GET, "/log/checkpoint").header("if-none-match", &*known).send().await;
        // Another may have been signed between the two.
        if again.header("etag") == Some(&*known) {
            assert_eq!(again.status, 304);
            break;
        }
    }
    let answer = anybody(&site, "/log/tile/0/000").await;
    assert_eq!((answer.status.as_u16(), answer.body.len()), (200, 8_192));
    assert_eq!(answer.header("content-type"), Some("application/octet-stream"));
    assert_eq!(answer.header("cache-control"), Some("public, max-age=31536000, immutable"));
    for path in ["0/9", "0/900", "0/002.p/999", "1/001", "0/..%2Fcheckpoint", "entries/000", "0/000/", "0/003.p/255"] {
        anybody(&site, &format!("/log/tile/{path}")).await.is_problem(404, "tile.unknown");
    }

    // With nothing but what is served: the later tree begins with the earlier one.
    struct Remote<'a>(&'a Site, tokio::runtime::Handle);
    impl Tiles for Remote<'_> {
        type Error = std::convert::Infallible;
        fn tile(&mut self, name: TileName) -> Result<Tile, Self::Error> {
            let answer = self.1.block_on(anybody(self.0, &format!("/log/{name}")));
            assert_eq!(answer.status, 200, "{name}");
            Ok(Tile::read(&answer.body, name.width).unwrap())
        }
    }
    let (before, after) = (first.checkpoint.clone(), second.checkpoint.clone());
    let proof = tokio::task::block_in_place(|| {
        let mut tiles = Remote(&site, tokio::runtime::Handle::current());
        for name in partial_tiles(after.size) {
            tiles.tile(name).unwrap();
        }
        consistency_proof(&mut tiles, before.size, after.size).unwrap()
    });
    verify_consistency(before.size, &before.root, after.size, &after.root, &proof).unwrap();

    let key = key_file(site.directory.path());
    let report = verified(&site.data(), &key);
    assert!(report.ok, "{report:?}");
    let directory = site.stop().await;
    let report = verified(&directory.path().join("data"), &key);
    // Everything is signed when the server has stopped, its last word too.
    assert!(report.ok && report.checkpoint_size == Some(report.records), "{report:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_event_is_proved_at_once_and_offline() {
    let site = Site::new().await;
    let keys = keys(&site).await;
    for number in 0..20 {
        // Asked for as soon as it is stored.
        site.send(&orders(number, 1)).await;
        let path = format!("/v1/shop/events/p-{number}/proof");
        let given = proved(&site, &format!("p-{number}")).await;
        let record = BASE64_STANDARD.decode(given["record"].as_str().unwrap()).unwrap();
        let proof = InclusionProof::parse(given["proof"].as_str().unwrap().as_bytes()).unwrap();
        let signed = proof.verify(&record, &keys).unwrap();
        assert_eq!(given["size"], signed.checkpoint.size);
        assert_eq!(given["position"], proof.index + 1);
        assert_eq!(given["keys"][0], keys[0].to_string());
        let event = daybook_event::stored::decode_closed(&record, proof.index + 1).unwrap().event;
        assert_eq!(event.position, site.get(&format!("/v1/shop/events/p-{number}")).send().await.ok()["position"]);
        let answer = site.get(&path).send().await;
        assert_eq!(answer.header("content-type"), Some("text/plain; charset=utf-8"));
        InclusionProof::parse(&answer.body).unwrap().verify(&record, &keys).unwrap();
        proof.verify(b"something else", &keys).unwrap_err();
    }
    // What nobody may see, and what is not there.
    let write = site.key(&json!({"scopes": ["write"]})).await;
    let call = site.call(Method::GET, "/v1/shop/events/p-1/proof").key(&write);
    call.send().await.is_problem(403, "key.scope");
    anybody(&site, "/v1/shop/events/p-1/proof").await.is_problem(401, "key.missing");
    site.get("/v1/shop/events/none/proof").send().await.is_problem(404, "event.unknown");
    site.send(&json!({"kind": "door.opened", "eventId": "d-1"})).await;
    site.get("/v1/shop/events/d-1/proof").send().await.is_problem(404, "event.unknown");
    site.get("/v1/shop/events/p-1/proof?format=xml").send().await.is_problem(400, "query.format");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn checkpoints_can_be_kept_for_readers() {
    let site = Site::with(|config| config.proof.public = false).await;
    for path in ["/log", "/log/checkpoint", "/log/tile/0/000"] {
        anybody(&site, path).await.is_problem(401, "key.missing");
    }
    site.send(&orders(0, 1)).await;
    proved(&site, "p-0").await;
    assert_eq!(site.get("/log/checkpoint").send().await.status, 200);
    let read = site.key(&json!({"scopes": ["read"]})).await;
    assert_eq!(site.call(Method::GET, "/log").key(&read).send().await.status, 200);
}

/// While the server runs, and while nothing happens.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rotated_key_signs_at_once_and_the_old_one_stays_listed() {
    let site = Site::new().await;
    site.send(&orders(0, 10)).await;
    let (old, _) = checkpoint(&site, 10).await;
    let (before, path) = (keys(&site).await, key_file(site.directory.path()));
    let rotated = LogKeys::load(&path).unwrap().rotate(Some("shop.example/new")).unwrap();
    let (signed, _) = checkpoint_that(&site, |signed| signed.signed[0].key != before[0]).await;
    assert!(signed.signed[0].key == *rotated.signing.public() && signed.checkpoint.size >= old.checkpoint.size);
    assert_eq!(signed.checkpoint.origin, "shop.example/new");
    let after = keys(&site).await;
    assert_eq!(after, rotated.public());
    assert_eq!((after.len(), &after[1]), (2, &before[0]));
    assert!(text(&anybody(&site, "/log").await).contains("\norigin shop.example/new\n"));
    assert_eq!(Store::new(site.data().join("proof")).keys().unwrap(), after);
    let told = own(&site, "proof.key.rotated").await;
    assert_eq!(told, json!({"key": after[0].to_string(), "former": before[0].to_string()}));

    // A file that does not go on from the key that signs is not taken, and neither is one that is none.
    let text = std::fs::read_to_string(&path).unwrap();
    let stranger = LogKeys::load_or_make(&site.directory.path().join("other.key"), "other.example").unwrap();
    for other in [std::fs::read_to_string(&stranger.path).unwrap(), "rubbish".to_owned()] {
        std::fs::write(&path, other).unwrap();
        let head = site.send(&orders(head(&site).await + 1_000, 1)).await["receipts"][0]["position"].as_u64().unwrap();
        assert_eq!(checkpoint(&site, head).await.0.signed[0].key, after[0]);
    }
    std::fs::write(&path, text).unwrap();

    // The next start finds everything as it was left.
    let site = site.restart(|_| {}).await;
    assert_eq!(keys(&site).await, after);
    let directory = site.stop().await;
    assert!(verified(&directory.path().join("data"), &path).ok);
}

async fn head(site: &Site) -> u64 {
    checkpoint(site, 0).await.0.checkpoint.size
}

/// What keeps the proof from being written keeps nothing else, and it goes on by itself.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_are_taken_while_the_proof_cannot_be_written() {
    let site = Site::new().await;
    site.send(&orders(0, 10)).await;
    checkpoint(&site, 10).await;
    all_signed(&site).await;
    let health = async || site.call(Method::GET, "/healthz").send().await.ok()["proof"].clone();
    assert_eq!(health().await, "signing");

    // The directory of the tiles is gone, and something else is in its place.
    let (tiles, away) = (site.data().join("proof/tile"), site.data().join("away"));
    std::fs::rename(&tiles, &away).unwrap();
    std::fs::write(&tiles, "").unwrap();
    assert_eq!(site.send(&orders(10, 3)).await["stored"], 3);
    let degraded = own(&site, "system.health.degraded").await;
    assert_eq!((&degraded["component"], &degraded["check"]), (&json!("proof"), &json!("publish")));
    assert_eq!(health().await, "failing");
    let metrics = text(&anybody(&site, "/metrics").await);
    assert!(metrics.contains("\ndaybook_proof_failing 1\n") && metrics.contains("\ndaybook_proof_refused 0\n"));
    assert_eq!(site.call(Method::GET, "/readyz").send().await.status, 200);
    let stuck = head(&site).await;
    assert_eq!(site.send(&orders(13, 3)).await["stored"], 3);
    assert_eq!(head(&site).await, stuck);

    std::fs::remove_file(&tiles).unwrap();
    std::fs::rename(&away, &tiles).unwrap();
    let recovered = own(&site, "system.health.recovered").await;
    assert_eq!(recovered["component"], "proof");
    assert_eq!(health().await, "signing");
    assert!(text(&anybody(&site, "/metrics").await).contains("\ndaybook_proof_failing 0\n"));
    checkpoint(&site, stuck + 6).await;
    let path = key_file(site.directory.path());
    let directory = site.stop().await;
    let report = verified(&directory.path().join("data"), &path);
    assert!(report.ok && report.checkpoint_size == Some(report.records), "{report:?}");
}

/// A server whose log is not what it signed goes on taking events, and signs nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_history_is_taken_and_not_signed() {
    let site = Site::new().await;
    site.send(&orders(0, 10)).await;
    checkpoint(&site, 10).await;
    let directory = site.stop().await;
    let data = directory.path().join("data");
    let log = data.join("log");
    // The log begins anew, as if it had been lost.
    std::fs::remove_dir_all(&log).unwrap();
    let site = Site::start_on(crate::backend::Backend::Sqlite, directory, |_| {}).await;
    assert_eq!(site.send(&orders(0, 3)).await["stored"], 3);
    // It says so once it has looked.
    assert_eq!(own(&site, "system.health.degraded").await["check"], "history");
    site.get("/v1/shop/events/p-0/proof").send().await.is_problem(503, "proof.refused");
    let metrics = text(&anybody(&site, "/metrics").await);
    assert!(metrics.contains("daybook_proof_refused 1"), "{metrics}");
    assert_eq!(site.call(Method::GET, "/healthz").send().await.ok()["proof"], "refused");
    let directory = site.stop().await;
    let report = verified(&directory.path().join("data"), &key_file(directory.path()));
    assert!(!report.ok && report.findings[0].code == "log.cut", "{report:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_metrics_say_how_far_it_is() {
    let site = Site::new().await;
    site.send(&orders(0, 5)).await;
    proved(&site, "p-4").await;
    let metrics = text(&anybody(&site, "/metrics").await);
    let value = |name: &str| -> u64 {
        let line = metrics.lines().find(|line| line.starts_with(&format!("{name} "))).unwrap();
        line.split(' ').nth(1).unwrap().parse().unwrap()
    };
    assert!(value("daybook_proof_size") >= 5);
    assert_eq!(value("daybook_proof_size") + value("daybook_proof_lag_events"), value("daybook_log_head"));
    assert_eq!(value("daybook_proof_refused"), 0);
}
