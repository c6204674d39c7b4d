//! A look at the keys of persons, once after each start: whether somebody whom the log knows has none in `persons/`, as when
//! a file was lost or damaged, or `persons/` is older than the log.

use std::sync::Arc;

use jiaohao_domain::{OwnerKind, PatientId};

use super::House;

/// So many are counted.
const COUNTED_MAX: usize = 1_000;

impl House {
    /// Says for the operator how many persons cannot be named, and one of the files.
    pub(super) async fn look_for_lost_keys(self: Arc<Self>) {
        let (shell, keys) = (self.shell.clone(), self.person_keys.clone());
        let look = move || {
            let known = shell.known_owners(OwnerKind::Patient);
            keys.without(known.into_iter().map(|owner| PatientId::from(&*owner.id)))
        };
        let without = match tokio::task::spawn_blocking(look).await {
            Ok(Ok(without)) => without,
            Ok(Err(error)) => return tracing::error!(%error, "the keys of persons cannot be looked at"),
            Err(_) => return,
        };
        let mut lost = Vec::new();
        for who in without {
            // Whom the log never made known has no key.
            if lost.len() < COUNTED_MAX && self.identity_of(&who).await.is_ok_and(|identity| identity.is_some()) {
                lost.push(who);
            }
        }
        let Some(first) = lost.first() else { return };
        tracing::error!(persons = lost.len(), "persons whom the log knows cannot be named; of the first:");
        // It names the file, and counts.
        drop(self.key_of_known(first).await);
    }
}
