//! Keys of persons that are not there (any more): counted after the start, beside everything else.

use std::collections::BTreeSet;
use std::sync::{Arc, Weak};
use std::time::Duration;

use jiaohao_domain::{OwnerKind, PatientId};

use super::{House, patient};
use crate::identity::person_keys::PersonKeyError;

/// Beyond so many it is not asked of each whether it was ever made known: nearly all were.
const ASKED_MAX: usize = 5_000;
/// While there are any they are counted again after so long.
const AGAIN: Duration = Duration::from_secs(600);

/// Counts persons who were made known and whose key is lost or damaged, says so, and keeps the figure; again and again until
/// there are none: they may be mended meanwhile.
pub(super) async fn watch(house: Weak<House>) {
    let mut said = 0;
    while let Some(house) = house.upgrade().filter(|house| !house.is_stopping()) {
        let lost = match count(&house).await {
            Ok(lost) => {
                if lost > 0 && lost != said {
                    let folder = house.settings.data.dir.join("persons");
                    let folder = folder.display();
                    tracing::error!(lost, %folder, "keys of persons are lost or damaged: take them from a backup with `jiaohao persons mend`");
                }
                lost
            }
            Err(error) => {
                if said == 0 {
                    tracing::error!(%error, "the persons' keys cannot be read");
                }
                // How many are behind what cannot be read nobody knows; that it is not none, the alarm has to hear.
                1
            }
        };
        house.person_keys.note_missing(lost);
        if lost == 0 {
            return;
        }
        said = lost;
        drop(house);
        tokio::time::sleep(AGAIN).await;
    }
}

/// The doors are open meanwhile: with 1.2 million persons some 90 MB are read.
async fn count(house: &Arc<House>) -> Result<usize, PersonKeyError> {
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
    // It does not panic; a house that stops has nothing to count.
    let Ok(without) = found.await else { return Ok(0) };
    let without = without?;
    if without.len() > ASKED_MAX {
        return Ok(without.len());
    }
    let mut lost = 0;
    for who in &without {
        let is_known = |state: &jiaohao_domain::patient::State| state.identity.is_some();
        // One that cannot be asked is a matter of its own.
        lost += usize::from(house.shell.read(patient(who), is_known).await.unwrap_or(false));
    }
    Ok(lost)
}
