//! Where calls do not go, and settings that cannot be used.

use std::path::Path;

use daybook_consumers::FailureKind;
use daybook_sinks::Built;
use serde_json::{Value, json};

use crate::answers::fails;
use crate::support::{Receiver, SECRET, ready, spec, try_build};

#[tokio::test]
async fn private_addresses_are_not_called() {
    let receiver = Receiver::start().await;
    let port = receiver.address.port();
    let spec = spec("webhook", json!({}));
    let built = |url: String| {
        let settings = json!({"url": url, "secret": SECRET});
        try_build(&spec, Some(&settings), Path::new("/nonexistent"))
    };
    for url in [
        format!("http://127.0.0.1:{port}/hook"),
        // The same, as URLs may write it.
        format!("http://2130706433:{port}/"),
        format!("http://0x7f.1:{port}/"),
        format!("http://[::1]:{port}/"),
        format!("http://[::ffff:7f00:1]:{port}/"),
        "http://169.254.169.254/".to_owned(),
        "https://10.0.0.1/".to_owned(),
    ] {
        let Err(error) = built(url.clone()) else { panic!("{url}") };
        assert!(error.to_string().contains("not a public one"), "{error}");
    }
    // A name tells what it is when it is resolved, which is when it is called.
    let handler = ready(built(format!("http://localhost:{port}/hook?token=geheim")).unwrap());
    let failure = fails(&*handler).await;
    assert_eq!((failure.kind, failure.code), (FailureKind::Destination, "http.private-address"));
    assert!(receiver.calls().is_empty());
}

#[test]
fn settings_that_cannot_be_used_are_said() {
    let spec = spec("webhook", json!({}));
    let check = |settings: Value, expected: &str| {
        let said = match try_build(&spec, Some(&settings), Path::new("/nonexistent")) {
            Err(error) => error.to_string(),
            Ok(Built::Unconfigured { missing }) => missing,
            Ok(Built::Handler(_)) => "a handler".to_owned(),
        };
        assert!(said.contains(expected) && !said.contains("geheim"), "{settings}: {said}");
    };
    let url = "https://me:geheim@example.com/";
    check(json!({}), "url, url-file or url-env");
    check(json!({"url": url}), "secret, secret-file or secret-env");
    check(json!({"url": url, "secret": SECRET}), "a handler");
    check(json!({"url": url, "secret": [SECRET, SECRET]}), "a handler");
    check(json!({"url": url, "secret": "whsec_geheim"}), "secret: must be");
    check(json!({"url": url, "secret": ""}), "secret: must be one secret");
    check(json!({"url": url, "secret": "c2hvcnQ="}), "24 to 64 bytes");
    check(json!({"url": "example.com", "secret": SECRET}), "url: is not a URL");
    check(json!({"url": "ftp://example.com", "secret": SECRET}), "http:// or https://");
    check(json!({"url": url, "secret": SECRET, "timeout": "0s"}), "timeout: must be from");
    check(json!({"url": url, "secret": SECRET, "timout": "1s"}), "did you mean `timeout`?");
    check(json!({"url": url, "secret": SECRET, "redirects": 9}), "redirects: must be at most 5");
    check(json!({"url": url, "secret": SECRET, "headers": {"a b": "geheim"}}), "headers.a b");
    check(json!({"url": url, "secret": SECRET, "ca-file": "/nonexistent/ca"}), "ca-file: cannot read");
}

#[test]
fn options_that_cannot_be_used_are_said() {
    let check = |options: Value, expected: &str| {
        let wrong = daybook_sinks::check(&spec("webhook", options.clone()), &crate::support::shop());
        assert!(wrong.iter().any(|said| said.contains(expected)), "{options}: {wrong:?}");
    };
    assert!(daybook_sinks::check(&spec("webhook", json!({"identity": true})), &crate::support::shop()).is_empty());
    check(json!({"body": "all"}), "options.body");
    check(json!({"concurency": 1}), "did you mean `concurrency`?");
    check(json!({"concurrency": 0}), "must be from 1 to 64");
    check(json!({"erasure-notice": true}), "identity: true");
}
