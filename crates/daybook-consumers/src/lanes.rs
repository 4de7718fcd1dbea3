//! What of a batch must stay in order, for handlers that deliver events one by one and several at once.

use std::hash::Hash;

use daybook_catalog::consumers::Order;
use rustc_hash::FxHashMap;

use crate::Batch;

impl Batch {
    /// The batch in lanes, each a list of places in [`Batch::items`] in the order of the log. Lanes may be delivered side by side; within
    /// one, an event is delivered when the one before it is. They come in the order of their first events. Events that are about nobody, or of
    /// no group, have a lane each.
    #[must_use]
    pub fn lanes(&self, order: Order) -> Vec<Vec<usize>> {
        let events = || self.items.iter().map(|item| &item.event);
        match order {
            Order::None => (0..self.items.len()).map(|place| vec![place]).collect(),
            Order::Identity => lanes(self.items.iter().map(|item| item.standing.subject())),
            Order::Group => lanes(events().map(|event| event.group.as_deref())),
        }
    }
}

fn lanes<K: Hash + Eq>(keys: impl Iterator<Item = Option<K>>) -> Vec<Vec<usize>> {
    let mut lanes: Vec<Vec<usize>> = Vec::new();
    let mut known: FxHashMap<K, usize> = FxHashMap::default();
    for (place, key) in keys.enumerate() {
        let lane = match key {
            Some(key) => *known.entry(key).or_insert(lanes.len()),
            None => lanes.len(),
        };
        match lanes.get_mut(lane) {
            Some(lane) => lane.push(place),
            None => lanes.push(vec![place]),
        }
    }
    lanes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_the_same_key_stays_in_order() {
        let keys = [Some("a"), None, Some("b"), Some("a"), None, Some("b"), Some("a")];
        assert_eq!(lanes(keys.into_iter()), [vec![0, 3, 6], vec![1], vec![2, 5], vec![4]]);
        assert_eq!(lanes::<&str>(std::iter::empty()), Vec::<Vec<usize>>::new());
    }
}
