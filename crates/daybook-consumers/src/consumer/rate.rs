//! How fast a consumer may deliver.

use std::num::NonZeroU32;
use std::time::Duration;

use daybook_catalog::consumers;
use governor::clock::{Clock, DefaultClock};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};

/// What may be delivered within this time may be delivered at once.
const AT_ONCE: Duration = Duration::from_millis(100);

/// Lets so many events pass.
pub(crate) struct Rate {
    limiter: DefaultDirectRateLimiter,
    burst: NonZeroU32,
}

impl Rate {
    pub fn new(rate: consumers::Rate) -> Self {
        let apart = (rate.per / rate.events.get()).max(Duration::from_nanos(1));
        let burst = u32::try_from(AT_ONCE.as_nanos() / apart.as_nanos()).unwrap_or(u32::MAX);
        let burst = NonZeroU32::new(burst).unwrap_or(NonZeroU32::MIN);
        let quota = Quota::with_period(apart).unwrap_or(Quota::per_second(rate.events));
        Self { limiter: RateLimiter::direct(quota.allow_burst(burst)), burst }
    }

    /// Most events that pass at once.
    pub fn burst(&self) -> usize {
        self.burst.get() as usize
    }

    /// Takes the right to deliver so many events; otherwise says when to ask again.
    pub fn take(&self, events: usize) -> Result<(), Duration> {
        let events = NonZeroU32::new(u32::try_from(events).unwrap_or(u32::MAX)).unwrap_or(NonZeroU32::MIN);
        match self.limiter.check_n(events.min(self.burst)) {
            Ok(Ok(())) | Err(_) => Ok(()),
            Ok(Err(later)) => Err(later.wait_time_from(DefaultClock::default().now())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_passes_at_once_is_a_tenth_of_a_second_of_it() {
        let check = |events: u32, per: u64, burst: usize| {
            let events = NonZeroU32::new(events).unwrap();
            let rate = Rate::new(consumers::Rate { events, per: Duration::from_secs(per) });
            assert_eq!(rate.burst(), burst);
            assert_eq!(rate.take(burst), Ok(()));
            assert!(rate.take(burst).is_err());
        };
        check(100, 1, 10);
        check(1, 1, 1);
        check(10, 3600, 1);
    }
}
