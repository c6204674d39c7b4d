//! Things by their ids, for owners that know thousands of them.

use std::borrow::Borrow;
use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;
use std::ops::Index;

use foldhash::fast::FixedState;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// One thing is found by the hash of its id; all are gone through, compared and stored in the order of their ids, as in a
/// `BTreeMap`. Ids of one owner begin alike, so that a tree compares a dozen of them from the start to find one.
///
/// The hash decides nothing that can be seen, and it is the same in every run.
#[derive(Clone, Debug)]
pub struct ById<K, V> {
    /// In the order in which they came.
    things: Vec<V>,
    /// Where in `things`.
    found: HashMap<K, usize, FixedState>,
    /// Where in `things`, by id.
    order: BTreeMap<K, usize>,
}

impl<K: Ord + Hash + Clone, V> ById<K, V> {
    /// The thing of that id.
    pub fn get<Q: Hash + Eq + ?Sized>(&self, id: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        self.found.get(id).map(|at| &self.things[*at])
    }

    /// The thing of that id, to be changed.
    pub fn get_mut<Q: Hash + Eq + ?Sized>(&mut self, id: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
    {
        self.found.get(id).map(|at| &mut self.things[*at])
    }

    /// Whether there is a thing of that id.
    pub fn contains_key<Q: Hash + Eq + ?Sized>(&self, id: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        self.found.contains_key(id)
    }

    /// Puts a thing in, in the place of one of the same id.
    pub fn insert(&mut self, id: K, thing: V) {
        if let Some(known) = self.get_mut(&id) {
            *known = thing;
            return;
        }
        let at = self.things.len();
        self.things.push(thing);
        self.found.insert(id.clone(), at);
        self.order.insert(id, at);
    }

    /// Forgets those that are not to be kept. Builds it anew: for once a day.
    pub fn retain(&mut self, keep: impl Fn(&K, &V) -> bool) {
        let Self { things, order, .. } = std::mem::take(self);
        let mut things: Vec<Option<V>> = things.into_iter().map(Some).collect();
        for (id, at) in order {
            if let Some(thing) = things[at].take().filter(|thing| keep(&id, thing)) {
                self.insert(id, thing);
            }
        }
    }

    /// All of them, in the order of their ids.
    pub fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        self.order.iter().map(|(id, at)| (id, &self.things[*at]))
    }

    /// The ids, in order.
    pub fn keys(&self) -> impl Iterator<Item = &K> {
        self.order.keys()
    }

    /// The things, in the order of their ids.
    pub fn values(&self) -> impl Iterator<Item = &V> {
        self.iter().map(|(_, thing)| thing)
    }
}

impl<K, V> Default for ById<K, V> {
    fn default() -> Self {
        Self { things: Vec::new(), found: HashMap::default(), order: BTreeMap::new() }
    }
}

impl<K: Ord + Hash + Clone + Borrow<Q>, Q: Hash + Eq + ?Sized, V> Index<&Q> for ById<K, V> {
    type Output = V;
    fn index(&self, id: &Q) -> &V {
        self.get(id).expect("a thing of that id is known")
    }
}

impl<K: Ord + Hash + Clone, V: PartialEq> PartialEq for ById<K, V> {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl<K: Ord + Hash + Clone + Serialize, V: Serialize> Serialize for ById<K, V> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_map(self.iter())
    }
}

impl<'de, K: Ord + Hash + Clone + Deserialize<'de>, V: Deserialize<'de>> Deserialize<'de> for ById<K, V> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let mut by_id = Self::default();
        BTreeMap::deserialize(from)?.into_iter().for_each(|(id, thing)| by_id.insert(id, thing));
        Ok(by_id)
    }
}

/// Stores what is only ever found by its id, never gone through, in the order of the ids.
pub(crate) fn in_order<K: Ord + Serialize, V: Serialize, H, S: Serializer>(
    found: &HashMap<K, V, H>,
    to: S,
) -> Result<S::Ok, S::Error> {
    found.iter().collect::<BTreeMap<_, _>>().serialize(to)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::TicketId;

    fn stored(value: &impl Serialize) -> Vec<u8> {
        bincode::serde::encode_to_vec(value, bincode::config::standard()).unwrap()
    }

    #[test]
    fn is_told_from_a_tree_by_nothing_but_its_speed() {
        let (mut by_id, mut tree) = (ById::default(), BTreeMap::new());
        for n in [17_u64, 9, 100, 3, 9, 1] {
            let id = TicketId::numbered("s.d", 't', n);
            by_id.insert(id.clone(), n);
            tree.insert(id, n);
            *by_id.get_mut("s.d.t17").unwrap() += 1;
            *tree.get_mut("s.d.t17").unwrap() += 1;
        }
        let is_the_tree = |by_id: &ById<TicketId, u64>, tree: &BTreeMap<TicketId, u64>| {
            assert!(by_id.iter().eq(tree.iter()) && by_id.keys().eq(tree.keys()) && by_id.values().eq(tree.values()));
            let bytes = stored(by_id);
            assert_eq!(bytes, stored(tree));
            let (read, _) = bincode::serde::decode_from_slice(&bytes, bincode::config::standard()).unwrap();
            assert_eq!(*by_id, read);
        };
        is_the_tree(&by_id, &tree);
        by_id.retain(|_, n| n % 2 == 1);
        tree.retain(|_, n| *n % 2 == 1);
        is_the_tree(&by_id, &tree);
        assert_eq!((by_id.get("s.d.t100"), by_id.contains_key("s.d.t17"), by_id["s.d.t9"]), (None, true, 9));
    }
}
