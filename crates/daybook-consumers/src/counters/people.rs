//! How many different people: HyperLogLog, from `anonymous_id`s.

use datasketches::hll::{Coupon, HllSketch, HllType};
use daybook_event::SubjectId;

/// Registers of a full sketch, as a power of two: the estimate is off by 1.6 % (one standard deviation), and by next to nothing up
/// to some hundreds.
const LG_K: u8 = 12;

/// A person, reduced to what a sketch keeps of them: 32 bits of a hash, of which nobody can be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Trace(Coupon);

/// How many different people were seen.
#[derive(Debug, Clone, Default)]
pub(super) enum People {
    /// None.
    #[default]
    None,
    /// One; most small counts are of one.
    One(Trace),
    /// A sketch of them.
    Many(Box<HllSketch>),
}

impl Trace {
    pub(super) fn of(person: SubjectId) -> Self {
        Self(Coupon::from_value(person.as_bytes()))
    }
}

impl People {
    /// Adds some; by how many bytes it grew.
    pub(super) fn add(&mut self, people: &[Trace]) -> usize {
        let Some((first, others)) = people.split_first() else { return 0 };
        if matches!(self, Self::None) {
            *self = Self::One(*first);
            return self.add(others);
        }
        let before = self.bytes();
        if let Self::One(one) = self {
            if people.iter().all(|person| person == one) {
                return 0;
            }
            // The constant is within what a sketch takes; were it not, one person would be all that is counted.
            let Ok(mut sketch) = HllSketch::new(LG_K, HllType::Hll4) else { return 0 };
            sketch.update_with_coupon(one.0);
            *self = Self::Many(Box::new(sketch));
        }
        if let Self::Many(sketch) = self {
            people.iter().for_each(|person| sketch.update_with_coupon(person.0));
        }
        // A sketch that changes its form may shrink; that is not worth being exact about.
        self.bytes().saturating_sub(before)
    }

    /// What it takes beside its own place.
    fn bytes(&self) -> usize {
        match self {
            Self::None | Self::One(_) => 0,
            Self::Many(sketch) => size_of::<HllSketch>() + sketch.estimated_size(),
        }
    }

    /// How many there are, as far as can be told.
    pub(super) fn estimate(&self) -> u64 {
        match self {
            Self::None => 0,
            Self::One(_) => 1,
            // Never negative, and far below what u64 holds: there are 2^26 slots of 62 values.
            Self::Many(sketch) => sketch.estimate().round() as u64,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_are_told_apart() {
        let person = |number: u64| {
            let bytes = blake(number);
            Trace::of(SubjectId::from_bytes(bytes))
        };
        let mut people = People::default();
        assert_eq!((people.add(&[]), people.estimate()), (0, 0));
        for number in 0..300 {
            people.add(&[person(number), person(number / 2)]);
            assert_eq!(people.estimate(), number + 1);
        }
        let others: Vec<Trace> = (300..100_000).map(person).collect();
        for some in others.chunks(77) {
            people.add(some);
        }
        let off = (people.estimate() as f64 / 100_000.0 - 1.0).abs();
        assert!(off < 0.05, "{off}");
    }

    /// Sixteen bytes that look random.
    fn blake(number: u64) -> [u8; 16] {
        let mixed = number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let other = mixed.rotate_left(31).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        ((u128::from(mixed) << 64) | u128::from(other)).to_le_bytes()
    }
}
