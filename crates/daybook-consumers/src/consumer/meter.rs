//! What is counted of one consumer.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use parking_lot::Mutex;

use super::window::{Summary, Window};

/// Upper bounds of the latency buckets, in seconds.
pub(crate) const BUCKETS_SECONDS: [f64; 14] =
    [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0];

/// Counters of one consumer.
#[derive(Debug, Default)]
pub(crate) struct Meter {
    pub delivered: AtomicU64,
    pub retried: AtomicU64,
    /// Dead letters made since the start.
    pub dead_lettered: AtomicU64,
    /// Dead letters there are.
    pub dead_letters: AtomicU64,
    /// Events given up without a dead letter, ever.
    pub given_up: AtomicU64,
    /// When the oldest event was received that is to be delivered; 0 where there is none.
    pub oldest_us: AtomicI64,
    buckets: [AtomicU64; BUCKETS_SECONDS.len() + 1],
    latency_sum_us: AtomicU64,
    window: Mutex<Window>,
    /// What was given up since it was last told.
    untold: Mutex<Untold>,
}

/// What was given up.
#[derive(Debug, Clone, Default)]
pub(crate) struct Untold {
    pub dead_letters: u64,
    pub dropped: u64,
    pub code: String,
}

/// Latencies as Prometheus counts them.
pub(crate) struct Buckets {
    /// How many took no longer than each bound, and how many in all.
    pub cumulative: [u64; BUCKETS_SECONDS.len() + 1],
    pub sum_seconds: f64,
}

impl Meter {
    /// Events were delivered; of those whose latency counts, so many took so long, in microseconds.
    pub fn delivered(&self, now_us: i64, events: usize, latencies_us: &[(u64, usize)]) {
        let mut counts = [0u64; BUCKETS_SECONDS.len() + 1];
        let mut sum = 0u64;
        for &(latency, events) in latencies_us {
            let seconds = latency as f64 / 1e6;
            counts[BUCKETS_SECONDS.partition_point(|bound| *bound < seconds)] += events as u64;
            sum = sum.saturating_add(latency.saturating_mul(events as u64));
        }
        for (bucket, count) in self.buckets.iter().zip(counts).filter(|(_, count)| *count > 0) {
            bucket.fetch_add(count, Ordering::Relaxed);
        }
        self.latency_sum_us.fetch_add(sum, Ordering::Relaxed);
        self.window.lock().record(now_us, events as u64, latencies_us);
        // Last: who sees it counted sees how long it took, too.
        self.delivered.fetch_add(events as u64, Ordering::Release);
    }

    pub fn gave_up(&self, dead_letter: bool, code: &str) {
        let mut untold = self.untold.lock();
        if dead_letter {
            self.dead_lettered.fetch_add(1, Ordering::Relaxed);
            untold.dead_letters += 1;
        } else {
            self.given_up.fetch_add(1, Ordering::Relaxed);
            untold.dropped += 1;
        }
        code.clone_into(&mut untold.code);
    }

    /// What was given up since this was last asked, if anything.
    pub fn take_untold(&self) -> Option<Untold> {
        let untold = std::mem::take(&mut *self.untold.lock());
        (untold.dead_letters + untold.dropped > 0).then_some(untold)
    }

    pub fn summary(&self, now_us: i64) -> Summary {
        self.window.lock().summary(now_us)
    }

    pub fn buckets(&self) -> Buckets {
        let mut cumulative = [0; BUCKETS_SECONDS.len() + 1];
        let mut sum = 0;
        for (count, bucket) in cumulative.iter_mut().zip(&self.buckets) {
            sum += bucket.load(Ordering::Relaxed);
            *count = sum;
        }
        Buckets { cumulative, sum_seconds: self.latency_sum_us.load(Ordering::Relaxed) as f64 / 1e6 }
    }
}
