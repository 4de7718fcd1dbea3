//! Receivers that are slow, broken, gone, talkative, or elsewhere.

use std::time::{Duration, Instant};

use daybook_consumers::{Failure, FailureKind, Handler, Undelivered};
use serde_json::json;
use tokio::io::AsyncReadExt;

use crate::support::{Answer, PATIENCE, Receiver, batch, plain, spec, webhook};

/// The one failure of the one event that is delivered.
pub async fn fails(handler: &dyn Handler) -> Failure {
    match handler.deliver(&batch(&plain(1, 1, "2026-06-15T11:00:00Z"))).await {
        Err(Undelivered::Some(failed)) if failed.len() == 1 => {
            let failure = failed[0].1.clone();
            let said = format!("{failure} {failure:?}");
            assert!(!said.contains("geheim") && !said.contains("/hook"), "{said}");
            failure
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn answers_say_what_to_do() {
    let receiver = Receiver::start().await;
    let handler = webhook(&spec("webhook", json!({})), &receiver.url(), json!({}));
    for (status, kind) in [
        (400, FailureKind::GiveUp),
        (401, FailureKind::Destination),
        (404, FailureKind::GiveUp),
        (410, FailureKind::GiveUp),
        (429, FailureKind::Destination),
        (500, FailureKind::Retry),
        (503, FailureKind::Destination),
    ] {
        receiver.will([Answer::Status(status)]);
        let failure = fails(&*handler).await;
        assert_eq!(failure.kind, kind, "{status}");
        assert!(
            failure.message.contains(&receiver.address.to_string()) && failure.message.contains(&status.to_string())
        );
    }
    receiver.will([Answer::Header(429, "retry-after", "17".to_owned())]);
    assert_eq!(fails(&*handler).await.retry_after, Some(Duration::from_secs(17)));
    let later = httpdate::fmt_http_date(std::time::SystemTime::now() + Duration::from_secs(600));
    receiver.will([Answer::Header(503, "retry-after", later)]);
    let wait = fails(&*handler).await.retry_after.unwrap();
    assert!((500..=600).contains(&wait.as_secs()), "{wait:?}");
}

/// When nothing works, not every event of a batch is tried.
#[tokio::test]
async fn a_dead_receiver_is_not_called_for_every_event() {
    let receiver = Receiver::start().await;
    receiver.will((0..1_000).map(|_| Answer::Status(503)));
    let handler = webhook(&spec("webhook", json!({"concurrency": 2})), &receiver.url(), json!({}));
    let delivered = handler.deliver(&batch(&plain(1, 100, "2026-06-15T11:00:00Z"))).await;
    let Err(Undelivered::Some(failed)) = delivered else { panic!("{delivered:?}") };
    assert!(failed.len() == 100 && failed.iter().all(|(_, failure)| failure.kind == FailureKind::Destination));
    assert!(receiver.calls().len() <= 4, "{} calls", receiver.calls().len());
}

#[tokio::test]
async fn a_slow_receiver_is_not_waited_for() {
    let receiver = Receiver::start().await;
    receiver.will([Answer::Slow(Duration::from_secs(600))]);
    let handler = webhook(&spec("webhook", json!({})), &receiver.url(), json!({"timeout": "1s"}));
    let begun = Instant::now();
    let failure = fails(&*handler).await;
    assert_eq!((failure.kind, failure.code), (FailureKind::Destination, "http.timeout"));
    assert!(begun.elapsed() < PATIENCE);
}

#[tokio::test]
async fn a_receiver_that_is_not_there_or_hangs_up_is_to_blame() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let handler = webhook(&spec("webhook", json!({})), &format!("http://{address}/hook"), json!({}));
    let hangs_up = tokio::spawn(async move {
        for _ in 0..2 {
            let (mut stream, _) = listener.accept().await.unwrap();
            let _ = stream.read(&mut [0; 64]).await;
        }
    });
    for _ in 0..2 {
        let failure = fails(&*handler).await;
        assert_eq!((failure.kind, failure.code), (FailureKind::Destination, "http.connection"));
    }
    hangs_up.await.unwrap();
    // Nobody else gets its port while it is away.
    let gone = daybook_harness::Receiver::start();
    gone.kill();
    let handler = webhook(&spec("webhook", json!({})), &format!("{}/hook", gone.url()), json!({}));
    let failure = fails(&*handler).await;
    assert_eq!((failure.kind, failure.code), (FailureKind::Destination, "http.connect"));
}

/// Ten megabytes of answer are cut off, and one that never ends too: what counts was said at its beginning.
#[tokio::test]
async fn a_long_answer_is_cut_off() {
    let receiver = Receiver::start().await;
    receiver.will([Answer::Huge(10 << 20), Answer::Huge(usize::MAX >> 8)]);
    let handler = webhook(&spec("webhook", json!({})), &receiver.url(), json!({}));
    let items = plain(1, 3, "2026-06-15T11:00:00Z");
    for item in &items {
        let delivery = batch(std::slice::from_ref(item));
        tokio::time::timeout(PATIENCE, handler.deliver(&delivery)).await.unwrap().unwrap();
    }
    assert_eq!(receiver.calls().len(), 3);
}

#[tokio::test]
async fn redirects_are_followed_only_where_that_is_allowed() {
    let (receiver, elsewhere) = (Receiver::start().await, Receiver::start().await);
    let to_elsewhere = |status| Answer::Header(status, "location", elsewhere.url());
    let handler = webhook(&spec("webhook", json!({})), &receiver.url(), json!({}));
    receiver.will([to_elsewhere(307)]);
    let failure = fails(&*handler).await;
    assert_eq!((failure.kind, failure.code), (FailureKind::Destination, "http.redirect"));
    // Allowed redirects lead to public addresses only, whatever the host itself may be.
    let handler = webhook(&spec("webhook", json!({})), &receiver.url(), json!({"redirects": 3}));
    for (location, code) in [
        (elsewhere.url(), "http.private-address"),
        (format!("http://localhost:{}/", elsewhere.address.port()), "http.private-address"),
        ("http://169.254.169.254/latest/meta-data".to_owned(), "http.private-address"),
        (format!("http://[::ffff:127.0.0.1]:{}/", elsewhere.address.port()), "http.private-address"),
    ] {
        receiver.will([Answer::Header(308, "location", location.clone())]);
        assert_eq!(fails(&*handler).await.code, code, "{location}");
    }
    // What would turn the call into a question is not followed at all.
    receiver.will([to_elsewhere(302)]);
    assert_eq!(fails(&*handler).await.code, "http.redirect");
    assert!(elsewhere.calls().is_empty());
}
