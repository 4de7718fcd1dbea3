//! Sending made-up events, and adding up what became of them.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;
use serde_json::Value;

use crate::client::{Client, escaped};
use crate::failure::Failure;
use crate::traffic::MadeEvent;

/// Events in one call: as many as a backend that ships its buffer would send.
const BATCH: usize = 500;
/// How often a call that the server has no room for is tried again.
const RETRIES_MAX: u32 = 50;
const RETRY_DELAY: Duration = Duration::from_millis(200);

/// What became of one app's events.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Sums {
    /// Sent.
    pub sent: u64,
    /// In the log.
    pub stored: u64,
    /// Sent twice.
    pub duplicate: u64,
    /// Kept aside.
    pub quarantined: u64,
    /// Not kept.
    pub sampled_out: u64,
    /// Counted.
    pub counted: u64,
    /// Not taken.
    pub refused: u64,
    /// Taken, with a word of warning.
    pub warned: u64,
    /// Stored events by type.
    pub types: BTreeMap<String, u64>,
}

/// Sends events of several apps in their order, batched by app.
pub struct Feed {
    client: Client,
    waiting: BTreeMap<String, Vec<MadeEvent>>,
    /// What became of the events so far, by app.
    pub sums: BTreeMap<String, Sums>,
}

impl Feed {
    /// A feed for the server behind `client`.
    pub fn new(client: Client) -> Self {
        Self { client, waiting: BTreeMap::new(), sums: BTreeMap::new() }
    }

    /// Takes an event; sends when a batch is full. Returns how many were sent.
    ///
    /// # Errors
    /// Those of [`Client::post`].
    pub fn push(&mut self, app: &str, event: MadeEvent) -> Result<usize, Failure> {
        let waiting = self.waiting.entry(app.to_owned()).or_default();
        waiting.push(event);
        if waiting.len() < BATCH {
            return Ok(0);
        }
        let batch = std::mem::take(waiting);
        self.send(app, &batch)
    }

    /// Sends what is waiting. Returns how many were sent.
    ///
    /// # Errors
    /// Those of [`Client::post`].
    pub fn flush(&mut self) -> Result<usize, Failure> {
        let mut sent = 0;
        for (app, batch) in std::mem::take(&mut self.waiting) {
            if !batch.is_empty() {
                sent += self.send(&app, &batch)?;
            }
        }
        Ok(sent)
    }

    fn send(&mut self, app: &str, batch: &[MadeEvent]) -> Result<usize, Failure> {
        let bodies: Vec<&str> = batch.iter().map(|event| event.body.as_str()).collect();
        let body = format!("{{\"events\":[{}]}}", bodies.join(","));
        let path = format!("/v1/{}/events", escaped(app));
        let mut tries = 0;
        let answer = loop {
            match self.client.post(&path, body.as_bytes()) {
                Err(Failure::Refused { status: 429 | 503, .. }) if tries < RETRIES_MAX => {
                    tries += 1;
                    std::thread::sleep(RETRY_DELAY);
                }
                answer => break answer?,
            }
        };
        self.sums.entry(app.to_owned()).or_default().add(batch, &answer);
        Ok(batch.len())
    }
}

impl Sums {
    fn add(&mut self, batch: &[MadeEvent], answer: &Value) {
        let count = |name: &str| answer.get(name).and_then(Value::as_u64).unwrap_or_default();
        self.sent += batch.len() as u64;
        self.stored += count("stored");
        self.duplicate += count("duplicate");
        self.quarantined += count("quarantined");
        self.sampled_out += count("sampled_out");
        self.counted += count("counted");
        self.refused += count("refused");
        let receipts = answer.get("receipts").and_then(Value::as_array);
        for (event, receipt) in batch.iter().zip(receipts.into_iter().flatten()) {
            if receipt.get("warnings").is_some() {
                self.warned += 1;
            }
            if receipt.get("status").and_then(Value::as_str) == Some("stored") {
                *self.types.entry(event.name.clone()).or_default() += 1;
            }
        }
    }
}
