//! What is kept in memory for a while of those who come and go: bounded, and when it is full the oldest go, never everybody.

use std::hash::Hash;

use dashmap::DashMap;

/// Of what is full this part goes at once, the oldest of it: looking for the oldest takes all of it into the hand.
const PART: usize = 16;

/// Makes room for one more: whatever is over goes, else the oldest. `since` says how old one is; of what is asked again
/// when it is not there, any will do.
pub fn make_room<K: Eq + Hash + Clone, V, T: Ord>(
    kept: &DashMap<K, V>,
    most: usize,
    is_over: impl Fn(&V) -> bool,
    since: impl Fn(&V) -> T,
) {
    if kept.len() < most {
        return;
    }
    kept.retain(|_, one| !is_over(one));
    if kept.len() < most {
        return;
    }
    let mut all: Vec<(T, K)> = kept.iter().map(|one| (since(one.value()), one.key().clone())).collect();
    all.sort_by(|(one, _), (other, _)| one.cmp(other));
    let go = (kept.len() + 1).saturating_sub(most).max(most / PART);
    for (_, oldest) in all.into_iter().take(go) {
        kept.remove(&oldest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_comes_when_it_is_full_takes_the_place_of_the_oldest_alone() {
        let kept = DashMap::new();
        let make_room = |now: u64| make_room(&kept, 3, |since| since + 60 <= now, |since| *since);
        for n in 0..5 {
            make_room(n);
            kept.insert(n, n);
        }
        let mut left: Vec<u64> = kept.iter().map(|one| *one.key()).collect();
        left.sort_unstable();
        assert_eq!(left, [2, 3, 4]);
        make_room(63);
        assert_eq!(kept.iter().map(|one| *one.key()).collect::<Vec<_>>(), [4], "what is over goes first");
    }

    #[test]
    fn of_many_a_part_goes_and_never_all() {
        let kept = DashMap::new();
        for n in 0..32_u64 {
            kept.insert(n, n);
        }
        make_room(&kept, 32, |_| false, |since| *since);
        assert_eq!((kept.len(), kept.contains_key(&1), kept.contains_key(&2)), (30, false, true));
        kept.insert(99, 99);
        kept.insert(100, 100);
        make_room(&kept, 32, |_| false, |_| ());
        assert_eq!(kept.len(), 30, "of no age any go");
    }
}
