//! The pack of an install: a site whose boards are to speak and that has none is given one by the computer, without being
//! asked. It grows with the site's places, and gives way to whatever somebody makes or records.

use std::sync::Weak;
use std::time::Duration;

use jiaohao_domain::{OwnerKind, SiteId};
use jiaohao_queue_display::voice::{Line, script};

use super::{House, beside, espeak};
use crate::http::requests::Languages;

/// Nothing has been defined for so long: a set-up defines a room a second.
const QUIET: Duration = Duration::from_secs(5);
/// After so many of these it is not waited for any longer.
const QUIET_AT_MOST: usize = 24;

/// For as long as the house stands: at its start, and whenever a board or a place is defined. To be spawned when the doors are
/// open.
pub(in crate::house) async fn keep(house: Weak<House>) {
    let Some(changed) = house.upgrade().filter(|house| house.reads_unasked()).map(|house| {
        house.voices.readings.changed.notify_one();
        house.voices.readings.changed.clone()
    }) else {
        return;
    };
    loop {
        changed.notified().await;
        for _ in 0..QUIET_AT_MOST {
            if tokio::time::timeout(QUIET, changed.notified()).await.is_err() {
                break;
            }
        }
        let Some(house) = house.upgrade().filter(|house| !house.is_stopping()) else { return };
        house.read_unasked().await;
    }
}

impl House {
    /// Whether packs are read without being asked. Where clinic time is accelerated no board speaks.
    fn reads_unasked(&self) -> bool {
        self.settings.screens.make_voice && self.shell.clock.speed() <= 1.0
    }

    /// Every site that wants a pack gets one, one after the other.
    async fn read_unasked(&self) {
        if !beside(espeak::is_there).await.unwrap_or(false) {
            return;
        }
        for owner in self.shell.known_owners(OwnerKind::Site) {
            if self.is_stopping() || self.check_room_for_voice().is_err() {
                return;
            }
            let site = SiteId::from(&*owner.id);
            let Ok(Some(script)) = self.shell.read(owner, spoken_script).await else { continue };
            if let Err(why) = self.read_unasked_for(&site, script).await {
                tracing::error!(code = why.code.wire(), %site, "a voice pack was not made");
            }
        }
    }

    async fn read_unasked_for(&self, site: &SiteId, script: Vec<Line>) -> Result<(), jiaohao_domain::Rejection> {
        let turn = self.voices.readings.turn().await;
        let (voices, at) = (self.voices.clone(), site.clone());
        let made = beside(move || {
            let _turn = turn;
            if voices.readings.has_failed(&at, &script) || !voices.lacks_unasked(&at, &script, espeak::can_read) {
                return None;
            }
            let made = voices.read_seen(&at, &script, Languages::Both, |read| {
                let read = read.map_err(|why| why.to_string())?;
                voices.put_to_use_unasked(&at, &read.clips).map_err(|error| voices.fault(&error))
            });
            let failed = made.as_ref().err().map(|why| (script, why.clone()));
            voices.readings.ended(&at, failed);
            Some(made)
        });
        match made.await? {
            Some(Ok(Some(pack))) => {
                tracing::info!(%site, clips = pack.clips.len(), "the computer has read a voice pack");
                self.tell_boards_voice(site).await
            }
            Some(Err(why)) => {
                tracing::warn!(%site, why, "no voice pack could be read: see /ops");
                Ok(())
            }
            // somebody has made one meanwhile, or there is nothing to do
            Some(Ok(None)) | None => Ok(()),
        }
    }
}

/// The script of a site that has a board which is to speak.
fn spoken_script(state: &jiaohao_domain::site::State) -> Option<Vec<Line>> {
    let speaks = state.boards.values().any(|board| !board.retired && board.definition.speaks);
    if speaks { site_script(state) } else { None }
}

/// The clips that a site needs, by its places and queues as they are; none while it is not defined.
pub(in crate::house) fn site_script(state: &jiaohao_domain::site::State) -> Option<Vec<Line>> {
    state.definition.as_ref()?;
    let places = state.service_points.values().filter(|point| !point.retired);
    let places = places.map(|point| (point.definition.name.as_str(), point.definition.name_en.as_str()));
    let queues = state.queues.values().filter(|queue| !queue.retired);
    let mut lines = script::lines(places, queues.map(|queue| queue.definition.prefix.as_str()));
    if state.boards.values().any(|board| !board.retired && board.definition.yao) {
        lines.iter_mut().filter(|line| line.clip == script::YAO).for_each(|line| line.needed = true);
    }
    Some(lines)
}
