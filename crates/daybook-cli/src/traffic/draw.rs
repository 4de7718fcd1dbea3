//! Random draws, all from one seeded generator, so that a seed replays the same traffic.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// The one source of randomness of a simulation.
pub struct Draw(ChaCha8Rng);

impl Draw {
    /// The generator for `seed` and `stream`: each app gets its own stream, so one app's plan does not move another's.
    pub fn new(seed: u64, stream: &str) -> Self {
        // FNV-1a: only has to be stable across platforms and releases.
        let hash = stream
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(hash);
        Self(rng)
    }

    /// Goes on in a way that also depends on `salt`.
    pub fn stir(&mut self, salt: u64) {
        self.0 = ChaCha8Rng::seed_from_u64(self.0.random::<u64>() ^ salt);
    }

    /// True with this probability.
    pub fn chance(&mut self, probability: f64) -> bool {
        self.0.random::<f64>() < probability
    }

    /// From 0.0 up to 1.0.
    pub fn unit(&mut self) -> f64 {
        self.0.random()
    }

    /// From `low` to `high`, both possible; `low` when they are the wrong way round.
    pub fn integer(&mut self, low: i64, high: i64) -> i64 {
        self.0.random_range(low..=high.max(low))
    }

    /// An index below `length`; 0 when there is nothing to choose from.
    pub fn index(&mut self, length: usize) -> usize {
        self.0.random_range(0..length.max(1))
    }

    /// An index, each as likely as its weight says.
    pub fn weighted(&mut self, weights: impl Iterator<Item = f64> + Clone) -> usize {
        let total: f64 = weights.clone().sum();
        let mut left = self.unit() * total;
        let mut last = 0;
        for (index, weight) in weights.enumerate() {
            last = index;
            if left < weight {
                break;
            }
            left -= weight;
        }
        last
    }

    /// Normally distributed (Box and Muller, 1958).
    pub fn normal(&mut self, mean: f64, deviation: f64) -> f64 {
        let radius = (-2.0 * (1.0 - self.unit()).ln()).sqrt();
        mean + deviation * radius * (std::f64::consts::TAU * self.unit()).cos()
    }

    /// Log-normally distributed around `median`; a `spread` of 0.7 puts two thirds of the values between half and twice
    /// of it.
    pub fn log_normal(&mut self, median: f64, spread: f64) -> f64 {
        median * self.normal(0.0, spread).exp()
    }

    /// Exponentially distributed: the wait for the next of things that come at random.
    pub fn exponential(&mut self, mean: f64) -> f64 {
        -mean * (1.0 - self.unit()).ln()
    }

    /// How many of the things that come at random come while `mean` are expected.
    pub fn poisson(&mut self, mean: f64) -> usize {
        let mut elapsed = self.exponential(1.0);
        let mut count = 0;
        while elapsed < mean {
            count += 1;
            elapsed += self.exponential(1.0);
        }
        count
    }

    /// Random bytes.
    pub fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        self.0.fill(&mut bytes[..]);
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_and_a_stream_replay() {
        let draws = |seed, stream| -> Vec<i64> {
            let mut draw = Draw::new(seed, stream);
            (0..8).map(|_| draw.integer(0, 1_000_000)).collect()
        };
        assert_eq!(draws(1, "a"), draws(1, "a"));
        assert_ne!(draws(1, "a"), draws(2, "a"));
        assert_ne!(draws(1, "a"), draws(1, "b"));
    }

    #[test]
    fn the_distributions_have_their_means() {
        let mut draw = Draw::new(7, "means");
        let mean = |sum: f64| sum / 20_000.0;
        let poisson = mean((0..20_000).map(|_| draw.poisson(2.5) as f64).sum());
        assert!((poisson - 2.5).abs() < 0.05, "{poisson}");
        let normal = mean((0..20_000).map(|_| draw.normal(10.0, 2.0)).sum());
        assert!((normal - 10.0).abs() < 0.1, "{normal}");
        let heads = mean((0..20_000).map(|_| f64::from(draw.weighted([3.0, 1.0].into_iter()) as u32)).sum());
        assert!((heads - 0.25).abs() < 0.02, "{heads}");
    }
}
