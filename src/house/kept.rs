//! What the house keeps in memory for a while of those who come and go: bounded, and when it is full the oldest goes, never
//! everybody's.

use std::hash::Hash;
use std::time::{Duration, Instant};

use dashmap::DashMap;

/// Makes room for one more: whatever is older than `within` goes, else the one that is oldest. `since` says how old one is.
pub(super) fn make_room<K: Eq + Hash + Clone, V>(
    kept: &DashMap<K, V>,
    most: usize,
    within: Duration,
    now: Instant,
    since: impl Fn(&V) -> Instant,
) {
    if kept.len() < most {
        return;
    }
    kept.retain(|_, one| now.duration_since(since(one)) < within);
    while kept.len() >= most {
        let oldest = kept.iter().min_by_key(|one| since(one.value())).map(|one| one.key().clone());
        let Some(oldest) = oldest else { return };
        kept.remove(&oldest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_comes_when_it_is_full_takes_the_place_of_the_oldest_alone() {
        let (kept, now, within) = (DashMap::new(), jiaohao_actors::shell::clock::monotonic(), Duration::from_secs(60));
        let at = |s: u64| now + Duration::from_secs(s);
        for n in 0..5 {
            make_room(&kept, 3, within, at(n), |since| *since);
            kept.insert(n, at(n));
        }
        let mut left: Vec<u64> = kept.iter().map(|one| *one.key()).collect();
        left.sort_unstable();
        assert_eq!(left, [2, 3, 4]);
        make_room(&kept, 3, within, at(63), |since| *since);
        assert_eq!(kept.iter().map(|one| *one.key()).collect::<Vec<_>>(), [4], "what is over goes first");
    }
}
