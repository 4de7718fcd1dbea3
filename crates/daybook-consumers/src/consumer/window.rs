//! What happened in the last minute.

use hdrhistogram::Histogram;

/// A minute in pieces: what is older than all of them is gone.
const SLOTS: usize = 6;
const SLOT_US: i64 = 10_000_000;
/// The unit of the histograms, in microseconds.
const UNIT_US: u64 = 100;
/// Latencies above this count as this: an hour.
const LATENCY_UNITS_MAX: u64 = 3_600_000_000 / UNIT_US;

/// Deliveries of the last minute and how long they took.
#[derive(Debug, Default)]
pub(crate) struct Window {
    slots: [Slot; SLOTS],
}

#[derive(Debug, Default)]
struct Slot {
    /// Which ten seconds since the epoch it is of.
    number: i64,
    delivered: u64,
    /// Made when there is something to record, since most of a thousand consumers have little to do.
    latencies: Option<Histogram<u32>>,
}

/// What a window says.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Summary {
    pub delivered: u64,
    /// Half took no longer, and 99 of a hundred, in microseconds.
    pub latency_us: Option<(u64, u64)>,
}

impl Window {
    /// Events were delivered; so many took so long.
    pub fn record(&mut self, now_us: i64, delivered: u64, latencies_us: &[(u64, usize)]) {
        let number = now_us.div_euclid(SLOT_US);
        let slot = &mut self.slots[number.rem_euclid(SLOTS as i64) as usize];
        if slot.number != number {
            *slot = Slot { number, delivered: 0, latencies: slot.latencies.take() };
            slot.latencies.iter_mut().for_each(Histogram::reset);
        }
        slot.delivered += delivered;
        for &(latency, events) in latencies_us {
            if slot.latencies.is_none() {
                slot.latencies = Histogram::new(2).ok();
            }
            if let Some(latencies) = &mut slot.latencies {
                // It fits, since the histogram grows; what saturates would be cut to what it has room for now.
                let _fits = latencies.record_n((latency / UNIT_US).min(LATENCY_UNITS_MAX), events as u32);
            }
        }
    }

    pub fn summary(&self, now_us: i64) -> Summary {
        let number = now_us.div_euclid(SLOT_US);
        let mut summary = Summary::default();
        let mut all: Option<Histogram<u32>> = None;
        for slot in self.slots.iter().filter(|slot| number - slot.number < SLOTS as i64) {
            summary.delivered += slot.delivered;
            let Some(latencies) = slot.latencies.as_ref().filter(|latencies| !latencies.is_empty()) else { continue };
            match &mut all {
                // It fits: it grows by itself.
                Some(all) => drop(all.add(latencies)),
                None => all = Some(latencies.clone()),
            }
        }
        let at = |all: &Histogram<u32>, quantile| all.value_at_quantile(quantile) * UNIT_US;
        summary.latency_us = all.map(|all| (at(&all, 0.5), at(&all, 0.99)));
        summary
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_slides() {
        let (mut window, second) = (Window::default(), 1_000_000i64);
        let start = 1_800_000_000 * second;
        assert_eq!(window.summary(start), Summary::default());
        window.record(start, 3, &[(1_000, 1), (2_000, 1), (3_000_000, 1)]);
        window.record(start + 30 * second, 1, &[(2_000, 1)]);
        let all = window.summary(start + 30 * second);
        assert_eq!(all.delivered, 4);
        let (p50, p99) = all.latency_us.unwrap();
        assert!((1_900..=2_200).contains(&p50), "{p50}");
        assert!((2_900_000..=3_100_000).contains(&p99), "{p99}");
        // The slow one is forgotten after a minute.
        assert!(window.summary(start + 65 * second).latency_us.unwrap().1 < 3_000);
        assert_eq!(window.summary(start + 600 * second), Summary::default());
        window.record(start + 600 * second, 1, &[(u64::MAX, 1)]);
        assert_eq!(window.summary(start + 600 * second).delivered, 1);
        // Half of many at once.
        window.record(start + 900 * second, 200, &[(1_000, 101), (9_000_000, 99)]);
        assert!(window.summary(start + 900 * second).latency_us.unwrap().0 < 1_100);
    }
}
