//! Events a second from a buffer, through admission, into the log, acknowledged: the broker, the server and the disk of one machine.
//!
//! `cargo bench -p daybook-server --bench inputs`

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a bench fails as tests do")]

use std::time::{Duration, Instant};

use async_nats::jetstream::{self, stream};
use daybook_harness::{Nats, Redis};
use daybook_server::{Config, Server};
use divan::Bencher;
use divan::counter::ItemsCount;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::runtime::Runtime;

const EVENTS: usize = 50_000;
const BATCH: usize = 2_000;

fn main() {
    divan::main();
}

#[divan::bench(sample_count = 3, sample_size = 1)]
fn redis_stream(bencher: Bencher<'_, '_>) {
    let redis = Redis::start();
    let load = || {
        fill(&redis, |commands, event| {
            commands.cmd("XADD").arg(&["game", "*", "event", event]).ignore();
        });
        served(json!({"kind": "redis-stream", "url": redis.url(), "key": "game"}))
    };
    let left = || {
        let group = redis.command(&["XINFO", "GROUPS", "game"]);
        let lines: Vec<&str> = group.lines().collect();
        let number =
            |name: &str| lines.windows(2).find(|pair| pair[0] == name).map_or(1, |pair| pair[1].parse().unwrap_or(1));
        number("pending") + number("lag")
    };
    measure(bencher, load, left);
}

#[divan::bench(sample_count = 3, sample_size = 1)]
fn redis_list(bencher: Bencher<'_, '_>) {
    let redis = Redis::start();
    let load = || {
        fill(&redis, |commands, event| {
            commands.cmd("RPUSH").arg(&["game", event]).ignore();
        });
        served(json!({"kind": "redis-list", "url": redis.url(), "key": "game"}))
    };
    let number = |words: &[&str]| redis.command(words).trim().parse::<u64>().unwrap_or(1);
    let left = || number(&["LLEN", "game"]) + number(&["HLEN", "game:processing"]);
    measure(bencher, load, left);
}

#[divan::bench(sample_count = 3, sample_size = 1)]
fn nats_jetstream(bencher: Bencher<'_, '_>) {
    let nats = Nats::start();
    let runtime = Runtime::new().unwrap();
    let options = async_nats::ConnectOptions::with_user_and_password("daybook".into(), nats.password().into());
    let context = jetstream::new(runtime.block_on(options.connect(nats.url())).unwrap());
    let load = || {
        runtime.block_on(async {
            // Of an earlier round.
            drop(context.delete_stream("GAME").await);
            let subjects = vec!["game".to_owned()];
            let config = stream::Config { name: "GAME".to_owned(), subjects, ..stream::Config::default() };
            context.create_stream(config).await.unwrap();
            for start in (0..EVENTS).step_by(1_000) {
                let mut waiting = Vec::new();
                for number in start..start + 1_000 {
                    waiting.push(context.publish("game", event(number).into()).await.unwrap());
                }
                for acknowledged in waiting {
                    acknowledged.await.unwrap();
                }
            }
        });
        served(json!({"kind": "nats-jetstream", "url": nats.url(), "stream": "GAME"}))
    };
    let left = || {
        runtime.block_on(async {
            let stream = context.get_stream("GAME").await.unwrap();
            let consumer: Result<jetstream::consumer::PullConsumer, _> = stream.get_consumer("daybook").await;
            let Ok(mut consumer) = consumer else { return 1 };
            let info = consumer.info().await.unwrap();
            info.num_pending + info.num_ack_pending as u64
        })
    };
    measure(bencher, load, left);
}

/// A server with one input, not yet running, and where it keeps its data.
struct Served {
    runtime: Runtime,
    server: Server,
    _directory: TempDir,
}

/// From the server's start until nothing is left at the broker.
fn measure(bencher: Bencher<'_, '_>, load: impl Fn() -> Served, left: impl Fn() -> u64) {
    bencher.counter(ItemsCount::new(EVENTS)).with_inputs(load).bench_local_values(|served| {
        let Served { runtime, server, _directory } = served;
        let handle = server.handle();
        let running = runtime.spawn(server.run(std::future::pending()));
        let deadline = Instant::now() + Duration::from_secs(600);
        while left() > 0 {
            assert!(Instant::now() < deadline, "it takes too long");
            std::thread::sleep(Duration::from_millis(20));
        }
        handle.stop_now();
        runtime.block_on(running).unwrap();
    });
}

fn served(mut input: Value) -> Served {
    let directory = tempfile::tempdir().unwrap();
    input.as_object_mut().unwrap().extend([("app".to_owned(), json!("noema")), ("batch".to_owned(), json!(BATCH))]);
    let mut config =
        Config { listen: "127.0.0.1:0".parse().unwrap(), data: directory.path().join("data"), ..Config::default() };
    config.privacy.key_directory = Some(directory.path().join("keys"));
    config.inputs.insert("game".to_owned(), input.into());
    let runtime = Runtime::new().unwrap();
    let server = runtime.block_on(Server::open(config)).unwrap();
    Served { runtime, server, _directory: directory }
}

fn fill(redis: &Redis, add: impl Fn(&mut redis::Pipeline, &str)) {
    redis.command(&["FLUSHALL"]);
    let mut connection = redis::Client::open(redis.url()).unwrap().get_connection().unwrap();
    for start in (0..EVENTS).step_by(1_000) {
        let mut commands = redis::pipe();
        (start..start + 1_000).for_each(|number| add(&mut commands, &event(number)));
        let () = commands.query(&mut connection).unwrap();
    }
}

/// An event of a thousand different people, with an id of its own.
fn event(number: usize) -> String {
    json!({
        "id": uuid::Uuid::now_v7().to_string(), "name": "command_executed", "identity": format!("person-{}", number % 1_000),
        "data": {"commandName": "/set_preference", "args": ["theme", "dark"], "success": true, "executionTimeMs": 12,
            "source": "menu_click"},
    })
    .to_string()
}
