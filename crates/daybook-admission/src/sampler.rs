//! Which events are kept.

use std::sync::atomic::{AtomicU64, Ordering};

use daybook_event::{EventId, Sampling, Timestamp};

/// Sampling of one event type, with the count of its current window.
#[derive(Debug)]
pub(crate) struct Sampler {
    sampling: Sampling,
    /// The window's number in the upper half, events seen in it in the lower, so that both change at once.
    window: AtomicU64,
}

impl Sampler {
    pub(crate) const fn new(sampling: Sampling) -> Self {
        Self { sampling, window: AtomicU64::new(0) }
    }

    /// The rate the event is kept at, or `None` when it is not. The first events of a window are kept for themselves
    /// (rate 1), the rest by their id.
    pub(crate) fn keep(&self, id: &EventId, now: Timestamp) -> Option<f64> {
        if self.sampling.rate >= 1.0 {
            return Some(1.0);
        }
        if self.count(now) <= u64::from(self.sampling.min_per_window) {
            return Some(1.0);
        }
        self.sampling.keeps(id.as_bytes()).then_some(self.sampling.rate)
    }

    /// How many events the current window has seen, this one included.
    fn count(&self, now: Timestamp) -> u64 {
        const COUNT: u64 = u32::MAX as u64;
        let length_us = self.sampling.window_seconds.max(1).saturating_mul(1_000_000).min(i64::MAX as u64) as i64;
        let number = (now.microseconds().div_euclid(length_us) as u64) & COUNT;
        let next = |window: u64| {
            let seen = if window >> 32 == number { window & COUNT } else { 0 };
            (number << 32) | (seen + 1).min(COUNT)
        };
        let before = self.window.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |window| Some(next(window)));
        next(before.unwrap_or_default()) & COUNT
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_minimum_of_a_window_comes_first() {
        let sampler = Sampler::new(Sampling { rate: 0.0, min_per_window: 3, window_seconds: 60 });
        let at = |second: i64| Timestamp::from_microseconds(1_768_402_800_000_000 + second * 1_000_000);
        let kept =
            |second| (0..10).filter(|n| sampler.keep(&EventId::from_bytes([*n; 16]), at(second)).is_some()).count();
        assert_eq!(kept(0), 3);
        assert_eq!(kept(30), 0, "the same window");
        assert_eq!(kept(60), 3, "the next window");
    }

    #[test]
    fn weights_add_up_to_what_came() {
        let sampler = Sampler::new(Sampling { rate: 0.1, min_per_window: 10, window_seconds: 60 });
        let now = Timestamp::from_microseconds(1_768_402_800_000_000);
        let weight: f64 = (0..100_000u128)
            .filter_map(|number| sampler.keep(&EventId::from_bytes((number << 70).to_be_bytes()), now))
            .map(|rate| 1.0 / rate)
            .sum();
        assert!((weight - 100_000.0).abs() < 3_000.0, "{weight}");
    }

    #[test]
    fn threads_share_the_minimum() {
        let sampler = Sampler::new(Sampling { rate: 0.0, min_per_window: 100, window_seconds: 60 });
        let now = Timestamp::from_microseconds(1_768_402_800_000_000);
        let kept: usize = std::thread::scope(|scope| {
            let count = || (0..1_000u32).filter(|_| sampler.keep(&EventId::from_bytes([1; 16]), now).is_some()).count();
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(count)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).sum()
        });
        assert_eq!(kept, 100);
    }
}
