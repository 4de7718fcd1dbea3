//! Whoever takes a webhook's calls.

use daybook_harness::Answer;
use daybook_server::Settings;
use serde_json::json;

/// A receiver of calls, which answers as it is told.
pub struct Receiver(daybook_harness::Receiver);

impl Receiver {
    /// One that takes every call.
    pub fn start() -> Self {
        Self(daybook_harness::Receiver::start())
    }

    /// What the configuration says of it.
    pub fn settings(&self) -> Settings {
        json!({"url": self.url(), "secret": "whsec_c2hhcmVkIHNlY3JldCBvZiB0aGUgdGVzdHM=", "allow-private": true}).into()
    }

    pub fn url(&self) -> String {
        format!("{}/calls", self.0.url())
    }

    /// From now on it answers with this status.
    pub fn answer(&self, status: u16) {
        self.0.decides(move |_| Answer::status(status));
    }

    /// The ids of the events it took.
    pub fn taken(&self) -> Vec<String> {
        let calls = self.0.calls().into_iter().filter(|call| call.status == 200);
        calls.map(|call| call.headers["webhook-id"].to_str().unwrap().to_owned()).collect()
    }
}
