//! Rate limits that let any batch in and make the next one wait.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// A rate: so many units a second, with up to a second's worth saved up.
///
/// The generic cell rate algorithm (ITU-T I.371) with one change: whoever finds the bucket not overdrawn may take more
/// than is in it. A batch larger than a second's worth is therefore possible, and paid for by waiting afterwards; over time
/// the rate holds exactly. All state is one number, so there is no lock.
#[derive(Debug)]
pub struct RateLimiter {
    /// Nanoseconds that one unit costs; 0 where there is no limit.
    cost_nanos: u64,
    started: Instant,
    /// When, in nanoseconds after `started`, everything taken so far will be paid for.
    paid_nanos: AtomicU64,
}

const SECOND_NANOS: u64 = 1_000_000_000;

impl RateLimiter {
    /// A limiter of `per_second` units; 0 is no limit.
    pub fn new(per_second: u32) -> Self {
        Self {
            cost_nanos: SECOND_NANOS.checked_div(u64::from(per_second)).unwrap_or(0),
            started: Instant::now(),
            paid_nanos: AtomicU64::new(0),
        }
    }

    /// Takes `units`.
    ///
    /// # Errors
    /// How long to wait, where the limit is reached. Nothing is taken then.
    pub fn take(&self, units: u64) -> Result<(), Duration> {
        self.take_at(units, Instant::now())
    }

    fn take_at(&self, units: u64, now: Instant) -> Result<(), Duration> {
        if self.cost_nanos == 0 || units == 0 {
            return Ok(());
        }
        // Counting starts a second in, so that a new bucket is full.
        let since = now.saturating_duration_since(self.started).as_nanos();
        let now = u64::try_from(since).unwrap_or(u64::MAX / 2).saturating_add(SECOND_NANOS);
        let mut paid = self.paid_nanos.load(Ordering::Relaxed);
        loop {
            if paid > now {
                return Err(Duration::from_nanos(paid - now));
            }
            let from = paid.max(now - SECOND_NANOS);
            let next = from.saturating_add(self.cost_nanos.saturating_mul(units));
            match self.paid_nanos.compare_exchange_weak(paid, next, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => return Ok(()),
                Err(other) => paid = other,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_holds_over_time_whatever_the_batch() {
        for batch in [1, 7, 100, 2_500] {
            let limiter = RateLimiter::new(1_000);
            let mut taken = 0;
            for milliseconds in 0..60_000u64 {
                while limiter.take_at(batch, limiter.started + Duration::from_millis(milliseconds)).is_ok() {
                    taken += batch;
                }
            }
            // A minute's worth, the second saved up before, and at most one batch on credit.
            assert!((60_000..=61_000 + 2 * batch).contains(&taken), "batches of {batch}: {taken}");
        }
    }

    #[test]
    fn the_wait_is_long_enough_and_not_longer() {
        let limiter = RateLimiter::new(10);
        limiter.take_at(30, limiter.started).unwrap();
        let wait = limiter.take_at(1, limiter.started).unwrap_err();
        assert_eq!(wait, Duration::from_secs(2));
        limiter.take_at(1, limiter.started + wait).unwrap();
        assert!(limiter.take_at(1, limiter.started + wait).is_err());
    }

    #[test]
    fn without_a_limit_all_goes() {
        let limiter = RateLimiter::new(0);
        assert!((0..10_000).all(|_| limiter.take(u64::MAX).is_ok()));
    }
}
