//! How far every owner has come that does not run: its last record, as the start found it or as the owner left it. By it a
//! snapshot that the store no longer has, or has only older, is told from an owner that has never been.
//!
//! What that costs: 17 bytes a place in a table that is between 7/16 and 7/8 full, some 36 MB for 1.2 million owners.
//! Instead of an id stands its hash by keys that each start draws. Should two owners share one (1 in 25 million for all of
//! 1.2 million), one of them stays closed, or the writer refuses its record, until the next start draws others: nothing
//! wrong is written.

#[expect(clippy::disallowed_types, reason = "a table's own chance: nothing is decided by it")]
use std::hash::{BuildHasher, RandomState};

use dashmap::DashMap;
use jiaohao_domain::OwnerRef;

/// See the module.
#[derive(Debug, Default)]
#[expect(clippy::disallowed_types, reason = "a table's own chance: nothing is decided by it")]
pub struct OwnerEnds {
    keys: RandomState,
    ends: DashMap<u64, u64>,
}

impl OwnerEnds {
    /// Its last record; 0: it has none.
    pub fn of(&self, owner: &OwnerRef) -> u64 {
        self.ends.get(&self.keys.hash_one(owner)).map_or(0, |end| *end)
    }

    /// It has come so far. One without a record takes no memory: anybody may ask for ids that nobody has.
    pub fn set(&self, owner: &OwnerRef, owner_seq: u64) {
        if owner_seq > 0 {
            self.ends.insert(self.keys.hash_one(owner), owner_seq);
        }
    }

    /// How many records they have together.
    pub fn records(&self) -> u64 {
        self.ends.iter().map(|end| *end).sum()
    }
}
