//! Where events go, each a real server that can be taken away.

use daybook_harness::{Call, MariaDb, Postgres, Receiver, Redis};
use serde_json::Value;

/// How long deliveries may take before the destination counts as lost. Short, so that tests are.
const TIMEOUTS: &str = "timeout = \"3s\"\nconnect-timeout = \"2s\"";

/// A server that events go to.
pub trait Destination {
    /// The handler that speaks to it.
    fn handler(&self) -> &'static str;
    /// What the configuration says of it.
    fn settings(&self) -> String;
    fn pause(&self);
    fn resume(&self);
    fn kill(&self);
    fn restart(&self);
    /// Whether every event that was acknowledged is there, each once. They are sorted.
    fn assert_holds(&self, ids: &[String]);
}

macro_rules! lives_of {
    () => {
        fn pause(&self) {
            Self::pause(self);
        }

        fn resume(&self) {
            Self::resume(self);
        }

        fn kill(&self) {
            Self::kill(self);
        }

        fn restart(&self) {
            Self::restart(self);
        }
    };
}

impl Destination for MariaDb {
    lives_of!();

    fn handler(&self) -> &'static str {
        "mysql"
    }

    fn settings(&self) -> String {
        format!("url = \"{}\"\n{TIMEOUTS}", self.url())
    }

    fn assert_holds(&self, ids: &[String]) {
        let rows = self.sql(&self.url(), "SELECT event_id FROM analytics_events");
        assert_same(rows.lines().map(str::to_owned), ids);
    }
}

impl Destination for Postgres {
    lives_of!();

    fn handler(&self) -> &'static str {
        "postgres"
    }

    fn settings(&self) -> String {
        format!("url = \"{}\"\n{TIMEOUTS}", self.url())
    }

    fn assert_holds(&self, ids: &[String]) {
        let rows = self.sql(&self.url(), "SELECT event_id FROM events");
        assert_same(rows.lines().map(str::to_owned), ids);
    }
}

impl Destination for Receiver {
    lives_of!();

    fn handler(&self) -> &'static str {
        "webhook"
    }

    fn settings(&self) -> String {
        format!("url = \"{}/hook\"\n{WEBHOOK}\n{TIMEOUTS}", self.url())
    }

    /// A call that was cut may have come in, so a receiver goes by the id of a call, which is the event's.
    fn assert_holds(&self, ids: &[String]) {
        let mut received = received(&self.calls());
        received.dedup();
        assert_same(received.into_iter(), ids);
    }
}

impl Destination for Redis {
    lives_of!();

    fn handler(&self) -> &'static str {
        "redis"
    }

    fn settings(&self) -> String {
        format!("url = \"{}\"\n{TIMEOUTS}", self.url())
    }

    /// Counts have no ids: every day adds up to all events.
    fn assert_holds(&self, ids: &[String]) {
        let days = self.command(&["KEYS", "*:day:*:events"]);
        let counts = days.lines().map(|day| self.command(&["HGET", day, "order.placed"]).parse::<usize>().unwrap());
        assert_eq!(counts.sum::<usize>(), ids.len());
    }
}

/// What every webhook of a test is told.
pub const WEBHOOK: &str = "secret = \"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\"\nallow-private = true";

/// The ids of the events that a receiver took, sorted, each as often as it came.
pub fn received(calls: &[Call]) -> Vec<String> {
    let mut ids: Vec<String> = calls.iter().filter(|call| call.status == 200).map(event_id).collect();
    ids.sort_unstable();
    ids
}

/// The id of a call, which is that of its event.
pub fn event_id(call: &Call) -> String {
    let event: Value = serde_json::from_slice(&call.body).unwrap();
    assert_eq!(call.headers["webhook-id"], event["id"].as_str().unwrap());
    event["id"].as_str().unwrap().to_owned()
}

/// Says which are missing and which are there too often; all of them would be too many to read.
fn assert_same(found: impl Iterator<Item = String>, wanted: &[String]) {
    let mut found: Vec<String> = found.collect();
    found.sort_unstable();
    let missing: Vec<_> = wanted.iter().filter(|id| found.binary_search(id).is_err()).take(5).collect();
    let doubled: Vec<_> = found.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| &pair[0]).take(5).collect();
    assert!(missing.is_empty() && doubled.is_empty(), "missing {missing:?}, doubled {doubled:?}");
    assert_eq!(found.len(), wanted.len(), "there are others");
}
