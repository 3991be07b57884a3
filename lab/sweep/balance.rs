//! Dividing units among shards so that each has about the same predicted cost.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// What a shard has been given so far; the least loaded shard compares as the smallest.
///
/// Ties are broken by the number of units, so that units predicted to cost nothing spread too, and then by
/// the index, so that every machine divides a sweep in the same way.
struct Load {
    cost: f64,
    units: usize,
    index: u32,
}

impl Ord for Load {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        let by_cost = self.cost.total_cmp(&other.cost);
        by_cost.then(self.units.cmp(&other.units)).then(self.index.cmp(&other.index))
    }
}

impl PartialOrd for Load {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Load {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Load {}

/// The index (from 1) of the shard of each unit, given the units with their costs, most costly first.
///
/// Each unit in turn goes to the shard with the least cost so far (longest processing time first). When the last unit
/// of the most loaded shard came, no shard had less, so the greatest load is at most the mean load plus the greatest
/// cost of one unit.
pub(super) fn balance(costly_first: impl ExactSizeIterator<Item = (usize, f64)>, shards: u32) -> Vec<u32> {
    let mut assigned = vec![1; costly_first.len()];
    if shards == 1 {
        return assigned;
    }
    let mut loads: BinaryHeap<_> = (1..=shards).map(|index| Reverse(Load { cost: 0.0, units: 0, index })).collect();
    for (unit, cost) in costly_first {
        if let Some(mut least) = loads.peek_mut() {
            assigned[unit] = least.0.index;
            least.0.cost += cost;
            least.0.units += 1;
        }
    }
    assigned
}
