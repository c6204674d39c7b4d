//! Keys of persons that are not there (any more): counted once after the start, beside everything else.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiaohao_domain::{OwnerKind, PatientId};

use super::{House, patient};
use crate::identity::person_keys::PersonKeyError;

/// Beyond so many it is not asked of each whether it was ever made known: nearly all were.
const ASKED_MAX: usize = 5_000;

/// Counts persons who were made known and whose key is lost or damaged, says so once, and keeps the figure. The doors are
/// open meanwhile: with 1.2 million persons some 90 MB are read.
pub(super) async fn count(house: Arc<House>) {
    let of = house.clone();
    let found = tokio::task::spawn_blocking(move || {
        let recorded = of.person_keys.recorded()?;
        let mut without = BTreeSet::new();
        of.shell.each_known(OwnerKind::Patient, &mut |owner| {
            let who = PatientId::from(&*owner.id);
            if !recorded.has(&who) {
                without.insert(who);
            }
        });
        Ok::<_, PersonKeyError>(without)
    });
    let without = match found.await {
        Ok(Ok(without)) => without,
        Ok(Err(error)) => {
            // How many are behind what cannot be read nobody knows; that it is not none, the alarm has to hear.
            house.person_keys.note_missing(1);
            return tracing::error!(%error, "the persons' keys cannot be read");
        }
        Err(_) => return,
    };
    let mut lost = without.len();
    if without.len() <= ASKED_MAX {
        lost = 0;
        for who in &without {
            let is_known = |state: &jiaohao_domain::patient::State| state.identity.is_some();
            // One that cannot be asked is a matter of its own.
            lost += usize::from(house.shell.read(patient(who), is_known).await.unwrap_or(false));
        }
    }
    house.person_keys.note_missing(lost);
    if lost > 0 {
        let folder = house.settings.data.dir.join("persons");
        let folder = folder.display();
        tracing::error!(lost, %folder, "keys of persons are lost or damaged: take them from a backup with `jiaohao persons mend`");
    }
}
