//! Whether a replay gives the state that was (I10): every owner is replayed from its first record on, and where the
//! store has a snapshot of it, the replayed state is compared with that by hash, at the same record.

use std::collections::{HashMap, HashSet};

use jiaohao_domain::OwnerRef;
use serde::Serialize;

use super::kinds::{Dormant, Kinds};
use crate::log::Record;
use crate::store::{StateHash, Store, StoreError};

/// A replay of all owners beside their snapshots.
pub struct Comparison<'a> {
    kinds: &'a Kinds,
    owners: HashMap<OwnerRef, Dormant>,
    /// Their replay went wrong: said once.
    failed: HashSet<OwnerRef>,
    /// What is still to be compared.
    snapshots: HashMap<OwnerRef, (u64, StateHash)>,
    found: Compared,
}

/// What came of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Compared {
    /// Snapshots whose state the replay came to, or not (that is damage at that record).
    pub compared: u64,
    /// Snapshots of another format: a start discards them.
    pub of_another_format: u64,
}

impl<'a> Comparison<'a> {
    /// With the snapshots of a store, if there is one.
    ///
    /// # Errors
    /// A row cannot be read.
    pub fn new(kinds: &'a Kinds, store: Option<&Store>) -> Result<Self, StoreError> {
        let mut snapshots = HashMap::new();
        let mut found = Compared::default();
        for row in store.into_iter().flat_map(Store::rows) {
            let (owner, row) = row?;
            match kinds.get(owner.kind) {
                Some(kind) if kind.snapshot_version() == row.version => {
                    snapshots.insert(owner, (row.owner_seq, row.hash));
                }
                _ => found.of_another_format += 1,
            }
        }
        Ok(Self { kinds, owners: HashMap::new(), failed: HashSet::new(), snapshots, found })
    }

    /// Replays the next record.
    ///
    /// # Errors
    /// It cannot be applied, or the state is now another one than the snapshot's.
    pub fn check(&mut self, record: &Record) -> Result<(), String> {
        if self.failed.contains(&record.owner) {
            return Ok(());
        }
        let checked = self.replay(record);
        if checked.is_err() {
            self.failed.insert(record.owner.clone());
            self.snapshots.remove(&record.owner);
        }
        checked
    }

    fn replay(&mut self, record: &Record) -> Result<(), String> {
        let (owner, kinds) = (&record.owner, self.kinds);
        let kind = kinds.get(owner.kind).ok_or_else(|| format!("no such kind of owner: {:?}", owner.kind))?;
        let dormant = self.owners.entry(owner.clone()).or_insert_with(|| kind.begin(owner));
        kind.replay(dormant, record)?;
        if self.snapshots.get(owner).is_some_and(|(seq, _)| *seq == record.owner_seq)
            && let Some((seq, hash)) = self.snapshots.remove(owner)
        {
            self.found.compared += 1;
            if StateHash::of(&kind.store(dormant)?) != hash {
                return Err(format!("{owner:?}: the replay to record {seq} gives another state than its snapshot"));
            }
        }
        Ok(())
    }

    /// What was compared, and the owners whose snapshot is of a record that the log does not have.
    pub fn finish(self) -> (Compared, Vec<OwnerRef>) {
        let mut ahead: Vec<OwnerRef> = self.snapshots.into_keys().collect();
        ahead.sort();
        (self.found, ahead)
    }
}
