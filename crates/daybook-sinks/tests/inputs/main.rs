//! Inputs against real brokers: killed, paused and started again, and Daybook itself gone in the middle.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers of tests fail as tests do")]

mod broker;
mod ledger;
mod single;

use std::sync::Arc;
use std::time::Duration;

use daybook_sinks::inputs::{Input, Settings, State, Status};
use serde_json::json;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use broker::Broker;
use ledger::{Ledger, Mood};

/// Waits for something that will be so, on however slow a machine.
async fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = tokio::time::Instant::now() + Duration::from_secs(120);
    while !is_so() {
        assert!(tokio::time::Instant::now() < deadline, "never: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// An input that runs.
struct Running {
    input: Arc<Input>,
    stopping: CancellationToken,
    task: JoinHandle<()>,
}

impl Running {
    fn start(broker: &Broker, ledger: &Arc<Ledger>, batch: usize) -> Self {
        Self::start_with(broker.settings(), ledger, batch)
    }

    /// One of which no message comes twice but by a crash.
    fn start_patient(broker: &Broker, ledger: &Arc<Ledger>, batch: usize) -> Self {
        Self::start_with(broker.patient_settings(), ledger, batch)
    }

    fn start_with(mut table: serde_json::Value, ledger: &Arc<Ledger>, batch: usize) -> Self {
        table.as_object_mut().unwrap().extend([("app".to_owned(), json!("shop")), ("batch".to_owned(), json!(batch))]);
        let input = Arc::new(Input::new("game", Settings::read(&table).unwrap()));
        let stopping = CancellationToken::new();
        let task = {
            let (input, ledger, stopping) = (Arc::clone(&input), Arc::clone(ledger), stopping.clone());
            tokio::spawn(async move { input.run(ledger, stopping).await })
        };
        Self { input, stopping, task }
    }

    fn status(&self) -> Status {
        self.input.status()
    }

    async fn stop(self) -> Status {
        self.stopping.cancel();
        self.task.await.unwrap();
        assert_eq!(self.input.status().state, State::Stopped);
        self.input.status()
    }

    /// Gone without a word, as with a crash.
    async fn crash(self) {
        self.task.abort();
        let _ = self.task.await;
    }
}

async fn everything_comes_once(broker: Broker) {
    let ledger = Arc::new(Ledger::default());
    // What was written before anybody listened is read too.
    broker.write(0..300).await;
    let running = Running::start_patient(&broker, &ledger, 50);
    broker.write(300..1_000).await;
    eventually("all messages came", || ledger.bodies() == 1_000).await;
    eventually("all are acknowledged", || running.status().acknowledged == 1_000).await;
    ledger.each_came_under_one_key();
    broker.has_all_acknowledged().await;
    let status = running.stop().await;
    assert_eq!(
        (status.received, status.events.stored, status.events.duplicate, status.unreadable),
        (1_000, 1_000, 0, 0)
    );
    assert_eq!(status.error, None);
}

async fn nothing_is_acknowledged_that_was_not_taken(broker: Broker) {
    let ledger = Arc::new(Ledger::default());
    ledger.set(Mood::Full);
    broker.write(0..100).await;
    let running = Running::start(&broker, &ledger, 10);
    eventually("messages wait", || running.status().waiting >= 40).await;
    eventually("it is said why", || running.status().error.is_some_and(|error| error.contains("log.busy"))).await;
    let status = running.status();
    assert_eq!((status.acknowledged, status.events.stored), (0, 0));
    // No more is taken than may wait.
    assert!(status.received <= 60, "{status:?}");
    assert!(broker.unacknowledged().await > 0);
    ledger.set(Mood::Open);
    eventually("all came in the end", || running.status().acknowledged >= 100).await;
    ledger.each_came_under_one_key();
    assert_eq!(ledger.bodies(), 100);
    let status = running.stop().await;
    assert_eq!((status.waiting, status.error), (0, None));
}

async fn a_crash_between_receipt_and_acknowledgement_loses_and_doubles_nothing(broker: Broker) {
    let ledger = Arc::new(Ledger::default());
    broker.write(0..200).await;
    for round in 1..=3 {
        // Everything handed over is in the ledger, and no answer ever comes.
        ledger.set(Mood::Hang);
        let before = ledger.calls();
        let running = Running::start(&broker, &ledger, 20 * round);
        eventually("a batch was handed over", || ledger.calls() > before).await;
        running.crash().await;
    }
    ledger.set(Mood::Open);
    let running = Running::start(&broker, &ledger, 50);
    eventually("all messages came", || ledger.bodies() == 200).await;
    broker.settle().await;
    eventually("nothing is left", || running.status().acknowledged >= 200).await;
    // What came again came under the same key, by which its events are known.
    ledger.each_came_under_one_key();
    assert!(running.status().events.duplicate > 0, "{:?}", running.status());
    running.stop().await;
    broker.has_all_acknowledged().await;
}

async fn a_broker_that_is_killed_costs_nothing(broker: Broker) {
    let ledger = Arc::new(Ledger::default());
    let running = Running::start(&broker, &ledger, 25);
    for round in 0..3 {
        broker.write(round * 300..round * 300 + 300).await;
        eventually("some came", || ledger.bodies() > round * 300).await;
        broker.kill();
        eventually("it is noticed", || running.status().state == State::Lost).await;
        broker.restart();
    }
    broker.write(900..1_000).await;
    eventually("all messages came", || ledger.bodies() == 1_000).await;
    ledger.each_came_under_one_key();
    eventually("it is connected", || running.status().state == State::Connected).await;
    running.stop().await;
}

async fn a_broker_that_pauses_is_waited_for(broker: Broker) {
    let ledger = Arc::new(Ledger::default());
    broker.write(0..500).await;
    let running = Running::start(&broker, &ledger, 10);
    eventually("some came", || ledger.bodies() > 20).await;
    broker.pause();
    tokio::time::sleep(Duration::from_millis(500)).await;
    broker.resume();
    eventually("all messages came", || ledger.bodies() == 500).await;
    ledger.each_came_under_one_key();
    running.stop().await;
}

async fn what_nobody_can_read_is_set_aside(broker: Broker) {
    let ledger = Arc::new(Ledger::default());
    broker.write(0..20).await;
    broker.write_one(ledger::POISON).await;
    broker.write(20..40).await;
    let running = Running::start_patient(&broker, &ledger, 10);
    eventually("the others came", || ledger.bodies() == 40).await;
    eventually("all are acknowledged", || running.status().acknowledged == 41).await;
    assert_eq!(running.status().unreadable, 1);
    assert_eq!(ledger.notes(), ["unreadable game shop 1 body.too-large"]);
    broker.holds_aside(ledger::POISON).await;
    running.stop().await;
    broker.has_all_acknowledged().await;
}

/// Each of these, for each kind of broker.
macro_rules! with_each_broker {
    ($($test:ident),* $(,)?) => {
        mod redis_stream { $(with_each_broker!(@one $test, redis_stream);)* }
        mod redis_list { $(with_each_broker!(@one $test, redis_list);)* }
        mod nats_jetstream { $(with_each_broker!(@one $test, nats_jetstream);)* }
    };
    (@one $test:ident, $broker:ident) => {
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $test() {
            super::$test(crate::broker::Broker::$broker().await).await;
        }
    };
}

with_each_broker!(
    everything_comes_once,
    nothing_is_acknowledged_that_was_not_taken,
    a_crash_between_receipt_and_acknowledgement_loses_and_doubles_nothing,
    a_broker_that_is_killed_costs_nothing,
    a_broker_that_pauses_is_waited_for,
    what_nobody_can_read_is_set_aside,
);
