//! What is taken out of text, what stays, and that taking out twice changes nothing more.

use std::sync::LazyLock;
use std::time::{Duration, SystemTime};

use daybook_event::secrets::{SECRETS, may_contain_secret, redact};
use proptest::prelude::*;
use regex::Regex;

fn check(input: &str, expected: &str) {
    assert_eq!(redact(input), expected, "{input}");
    assert_eq!(redact(expected), expected, "a second time: {input}");
    assert!(input == expected || may_contain_secret(input.as_bytes()), "not foreseen: {input}");
}

fn stays(text: &str) {
    check(text, text);
}

#[test]
fn keys_that_are_known_by_their_form() {
    check("Failed with key sk-abc123def456ghi789jkl012mno345", "Failed with key [REDACTED_API_KEY]");
    let filler = "Zx9Q".repeat(12);
    for prefix in [
        "sk-",
        "sk-ant-api03-",
        "sk-proj-",
        "sk-svcacct-",
        "sk-or-v1-",
        "ghp_",
        "ghs_",
        "github_pat_11A",
        "glpat-",
        "npm_",
        "hf_",
        "xoxb-",
        "xapp-1-",
        "AIzaSy",
        "ya29.",
        "sk_live_",
        "rk_test_",
        "whsec_",
        "gsk_",
        "123456789:AA",
        "pypi-AgEI",
        "r8_",
    ] {
        check(&format!("key={prefix}{filler}, next"), "key=[REDACTED_API_KEY], next");
        check(&format!("MY_{prefix}{filler}"), "MY_[REDACTED_API_KEY]");
    }
    check("AKIAIOSFODNN7EXAMPLE and ASIAIOSFODNN7EXAMPLE", "[REDACTED_API_KEY] and [REDACTED_API_KEY]");
    check(
        &format!("https://api.telegram.org/bot123456789:AA{filler}/send"),
        "https://api.telegram.org/bot[REDACTED_API_KEY]/send",
    );
    check("see eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl!", "see [REDACTED_JWT]!");
    check(
        "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nMIIEow\n-----END RSA PRIVATE KEY-----\nrest",
        "[REDACTED_PRIVATE_KEY]\nrest",
    );
    check("cut off: -----BEGIN OPENSSH PRIVATE KEY-----\\nb3BlbnNzaC1r", "cut off: [REDACTED_PRIVATE_KEY]");
    check("POST https://hooks.slack.com/services/T0/B0/abcd ok", "POST https://hooks.slack.com/services/[REDACTED] ok");
}

#[test]
fn credentials_in_headers() {
    check("Bearer abc.def-ghi_jkl", "Bearer [REDACTED]");
    check("authorization: bearer abcdefghijklmnop1234", "authorization: bearer [REDACTED]");
    check(r#"{"Authorization":"Bearer eyJh.eyJz.c2ln"}"#, r#"{"Authorization":"Bearer [REDACTED]"}"#);
    check("Authorization: Basic dXNlcjpwYXNzd29yZA==", "Authorization: Basic [REDACTED]");
    check("sent Basic dXNlcjpwYXNz", "sent Basic [REDACTED]");
    check("proxy-authorization=0123456789abcdef0123", "proxy-authorization=[REDACTED]");
}

#[test]
fn secrets_that_are_named() {
    for (input, expected) in [
        (r#"password: "hunter2""#, "password=[REDACTED]"),
        (r#"{"password": "it's", "user": "x"}"#, r#"{"password=[REDACTED], "user": "x"}"#),
        (r#"{\"password\":\"a b\",\"user\":\"x\"}"#, r#"{\"password=[REDACTED],\"user\":\"x\"}"#),
        ("PASSWORD = 'a b'", "PASSWORD=[REDACTED]"),
        ("password=hunter2&user=x", "password=[REDACTED]&user=x"),
        ("DB_PASSWORD=p@ss[w]0rd rest", "DB_PASSWORD=[REDACTED] rest"),
        ("password: hunter2\nuser: x", "password=[REDACTED]\nuser: x"),
        (":password=>\"x\"", ":password=[REDACTED]"),
        ("password=\"cut off", "password=[REDACTED] off"),
        ("Server=x;Uid=sa;Pwd=s3cret;", "Server=x;Uid=sa;Pwd=[REDACTED];"),
        ("AWS_SECRET_ACCESS_KEY=wJalr/XUt+nFE", "AWS_SECRET_ACCESS_KEY=[REDACTED]"),
        (
            "client_secret=abc, apiKey: abc, api-key='x', x-api-key: y",
            "client_secret=[REDACTED], apiKey=[REDACTED], api-key=[REDACTED], x-api-key=[REDACTED]",
        ),
        ("GET /x?access_token=abc&y=1", "GET /x?access_token=[REDACTED]&y=1"),
        (r#"{"refresh_token":"abc"}"#, r#"{"refresh_token=[REDACTED]}"#),
        ("token: 9f8e7d6c5b4a", "token=[REDACTED]"),
        (r#"{"token": 9876543210, "x": 1}"#, r#"{"token=[REDACTED], "x": 1}"#),
        (
            "login --db-password hunter2 --token 'a b' --verbose",
            "login --db-password [REDACTED] --token [REDACTED] --verbose",
        ),
        ("api_key=sk-abc123def456ghi789jkl012mno345", "api_key=[REDACTED_API_KEY]"),
        ("secret:\n  password: hunter2", "secret:\n  password=[REDACTED]"),
    ] {
        check(input, expected);
    }
}

#[test]
fn passwords_in_urls() {
    check("postgres://app:s3cret@db:5432/x", "postgres://app:[REDACTED]@db:5432/x");
    check("redis://:s3cr@t@cache/0", "redis://:[REDACTED]@cache/0");
    check("a https://u:p@h b amqp+ssl://v:q@i", "a https://u:[REDACTED]@h b amqp+ssl://v:[REDACTED]@i");
    stays("https://host:8080/@scope/name?x=a:b@c");
    stays("ssh://git@example.org:22/x, mailto:ada@example.org");
}

#[test]
fn ordinary_text_stays() {
    for text in [
        "",
        "tokens_consumed total_tokens: 1500 tokens",
        "Unexpected token: } in JSON at position 4",
        "Unexpected token = in JSON",
        "use token::Kind and Token::new()",
        "task-0123456789abcdef0123456789 on disk-abcdefghijklmnopqrstuvwx",
        "a basic understanding of basic authentication",
        "the bearer of bad news",
        "password reset requested; passwords are not logged",
        "if password == input",
        "Asia/Tokyo, PWD=/home/x, cd $PWD",
        "monkey: 1, key: 2, primary_key: 3",
        "run with --token --verbose or --password-file x",
        "node --max-old-space-size=4096",
        "12:30:45Z, 10:aa, 1767225600000000",
        "[REDACTED] [REDACTED_API_KEY] Bearer [REDACTED] password=[REDACTED]",
    ] {
        stays(text);
    }
}

#[test]
fn long_input_is_no_slow_input() {
    let started = busy();
    for part in [
        "password=\"",
        "password='x",
        "token=\\\"",
        "-----BEGIN PRIVATE KEY-----",
        "a://b:",
        "eyJaaaaaaaaaaaa",
        "Bearer ",
        "authorization: ",
        "sk-ant-",
        "x@",
        "123456:AA",
        "secret=`\\",
        "basic a",
        "\\\\\\\\",
    ] {
        let text = format!("{} password token @", part.repeat(20_000));
        let once = redact(&text).into_owned();
        assert_eq!(redact(&once), once, "{part}");
    }
    // A quadratic pattern would take minutes.
    let taken = busy() - started;
    assert!(taken.as_secs() < 60, "{taken:?}");
}

/// For how long this thread has had the processor, so that what else the machine does counts for nothing; the time
/// of day where the system does not say.
fn busy() -> Duration {
    let said = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanoseconds = said.split_whitespace().next().and_then(|number| number.parse().ok());
    let time_of_day = || SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    nanoseconds.map_or_else(time_of_day, Duration::from_nanos)
}

static EXPRESSIONS: LazyLock<Vec<Regex>> =
    LazyLock::new(|| SECRETS.iter().filter_map(|pattern| Regex::new(pattern.regex).ok()).collect());

/// Pieces that patterns begin with, go on with and end with, and what replaces them.
fn soup() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        prop::sample::select(vec![
            "password",
            "Passwd",
            "secret",
            "client_secret",
            "api_key",
            "api key",
            "token",
            "access_token",
            "authorization",
            "Bearer",
            "bearer",
            "Basic",
            "basic",
            ";pwd",
            "--token ",
            "--db-password",
            "private key",
        ])
        .prop_map(str::to_owned),
        prop::sample::select(vec![
            "=", ":", " ", "=>", ":=", "\"", "'", "\\", "\\\"", "`", "[", "]", "{", "}", ",", ";", "&", "@", "://",
            "/", ".", "_", "-", "+", "\n", "\t", "é", "==", "--", "\u{a0}",
        ])
        .prop_map(str::to_owned),
        prop::sample::select(vec![
            "[REDACTED]",
            "[REDACTED_API_KEY]",
            "REDACTED",
            "[REDACTED",
            "sk-ant-",
            "sk-",
            "ghp_",
            "eyJ",
            "AKIA",
            "AKIAIOSFODNN7EXAMPLE",
            "SG.",
            "123456789:AA",
            "-----BEGIN PRIVATE KEY-----",
            "-----END PRIVATE KEY-----",
            "https://",
            "a://u:",
            "@host",
            "glpat-",
            "hooks.slack.com/services/",
            "xoxb-",
            "sk_live_",
        ])
        .prop_map(str::to_owned),
        "[a-zA-Z0-9]{1,6}",
        "[a-z0-9A-Z]{20,40}",
        "[a-zA-Z0-9_.+/=-]{1,40}",
    ];
    prop::collection::vec(piece, 0..14).prop_map(|pieces| pieces.concat())
}

/// The same in smaller pieces: more of what joins than of what is joined.
fn crumbs() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        3 => prop::sample::select(vec!["=", ":", " ", "\"", "'", "\\", "[", "]", "@", "://", "--", "_", "x", "1", "A"]),
        1 => prop::sample::select(vec![
            "password", "token", "secret", "pwd", ";pwd", "Bearer", "basic", "authorization", "[REDACTED]", "abcdef1234567890", "sk-",
            "AKIAIOSFODNN7EXAMPLE", "eyJhbGciOiJIUzI1NiJ9.eyJz.c2ln", "-----BEGIN PRIVATE KEY-----",
        ]),
    ];
    prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]

    #[test]
    fn redacting_twice_is_redacting_once(text in prop_oneof![soup(), crumbs()]) {
        let once = redact(&text).into_owned();
        prop_assert_eq!(redact(&once), once.as_str());
    }

    #[test]
    fn every_match_has_a_literal_of_its_pattern(text in soup()) {
        let lower = text.to_ascii_lowercase();
        for (pattern, expression) in SECRETS.iter().zip(&*EXPRESSIONS) {
            if expression.is_match(&text) {
                prop_assert!(pattern.literals.iter().any(|literal| lower.contains(literal)), "{}", pattern.name);
                prop_assert!(may_contain_secret(text.as_bytes()));
            }
        }
    }

    #[test]
    fn what_cannot_hold_a_secret_is_left_alone(text in ".*") {
        if !may_contain_secret(text.as_bytes()) {
            prop_assert_eq!(redact(&text), text.as_str());
        }
    }
}
