//! Which share of an event type is kept.

use serde::Serialize;

/// Sampling of an event type: the first `min_per_window` events of each window are kept, and of the rest the share
/// `rate`. An event kept as part of the minimum stands for itself; one kept by rate stands for `1 / rate` events.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Sampling {
    /// Share of events kept beyond the minimum, from 0.0 (none) to 1.0 (all).
    pub rate: f64,
    /// Events kept in every window whatever the rate.
    pub min_per_window: u32,
    /// Length of a window in seconds; windows start at whole multiples of it since the Unix epoch.
    pub window_seconds: u64,
}

impl Sampling {
    /// Everything is kept.
    pub const ALL: Self = Self { rate: 1.0, min_per_window: 1, window_seconds: 60 };

    /// Whether an event with these id bytes falls into the kept share. The same id always gets the same answer, so a
    /// retry or a second collector decides alike.
    #[must_use]
    pub fn keeps(&self, id: &[u8; 16]) -> bool {
        if self.rate >= 1.0 {
            return true;
        }
        // UUIDs carry time and version bits, so the bytes are mixed before they are compared: the finaliser of
        // MurmurHash3 spreads any change over all 64 bits.
        let (high, low) = id.split_at(8);
        let word = |bytes: &[u8]| bytes.iter().fold(0u64, |sum, byte| (sum << 8) | u64::from(*byte));
        let mut mixed = word(high) ^ word(low).rotate_left(32);
        mixed ^= mixed >> 33;
        mixed = mixed.wrapping_mul(0xff51_afd7_ed55_8ccd);
        mixed ^= mixed >> 33;
        mixed = mixed.wrapping_mul(0xc4ce_b9fe_1a85_ec53);
        mixed ^= mixed >> 33;
        // 53 bits make an exact f64 in 0..1.
        ((mixed >> 11) as f64) / ((1u64 << 53) as f64) < self.rate
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn share(rate: f64, count: u128) -> f64 {
        let sampling = Sampling { rate, ..Sampling::ALL };
        // Ids that differ in one counter only, as UUIDv7s of one millisecond nearly do.
        let kept = (0..count)
            .filter(|number| sampling.keeps(&(0x0197_0000_0000_7000_8000_0000_0000_0000 + number).to_be_bytes()))
            .count();
        kept as f64 / count as f64
    }

    #[test]
    fn the_share_kept_is_the_rate() {
        assert_eq!(share(0.0, 10_000), 0.0);
        assert_eq!(share(1.0, 10_000), 1.0);
        for rate in [0.01, 0.1, 0.5, 0.9] {
            let got = share(rate, 100_000);
            assert!((got - rate).abs() < 0.005, "rate {rate} kept {got}");
        }
    }
}
