//! What the computer reads: a script from its first clip to its last, how far it is, and what it could not do.

use std::sync::Arc;

use dashmap::DashMap;
use jiaohao_domain::SiteId;
use jiaohao_queue_display::voice::{Line, MadeBy};
use serde::Serialize;
use tokio::sync::{Mutex, Notify, OwnedMutexGuard};

use super::espeak::{self, Failure};
use super::store::Voices;
use crate::http::requests::Languages;

/// How far the reading of a pack is, in clips.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Reading {
    /// Read.
    pub done: usize,
    /// Of so many.
    pub all: usize,
}

/// The readings of all sites. One entry a site at the most.
#[derive(Debug, Default)]
pub struct Readings {
    now: DashMap<SiteId, Reading>,
    /// What was to be read without being asked and why it was not: not tried again before the script is another.
    failed: DashMap<SiteId, (Vec<Line>, String)>,
    /// One pack is read at a time.
    turn: Arc<Mutex<()>>,
    /// A board or a place is another one.
    pub changed: Arc<Notify>,
}

impl Readings {
    /// Waits until no other pack is read.
    pub async fn turn(&self) -> OwnedMutexGuard<()> {
        self.turn.clone().lock_owned().await
    }

    /// How far a site's reading is; none when none is under way.
    pub fn of(&self, site: &SiteId) -> Option<Reading> {
        self.now.get(site).map(|reading| *reading)
    }

    /// Why a site has no pack although one was to be read.
    pub fn failure(&self, site: &SiteId) -> Option<String> {
        self.failed.get(site).map(|failed| failed.1.clone())
    }

    /// Whether that script could not be read already.
    pub fn has_failed(&self, site: &SiteId, script: &[Line]) -> bool {
        self.failed.get(site).is_some_and(|failed| failed.0 == script)
    }

    /// Notes how a reading without being asked has ended.
    pub fn ended(&self, site: &SiteId, failed: Option<(Vec<Line>, String)>) {
        match failed {
            Some(why) => drop(self.failed.insert(site.clone(), why)),
            None => drop(self.failed.remove(site)),
        }
    }

    fn is_at(&self, site: &SiteId, done: usize, all: usize) {
        self.now.insert(site.clone(), Reading { done, all });
    }
}

/// A script that was read.
#[derive(Debug)]
pub struct Read {
    /// Who has read it: a person, where clips of a recording were kept.
    pub made_by: MadeBy,
    /// What there is now.
    pub clips: Vec<(Line, Vec<i16>)>,
}

/// Reads the chosen languages of a script anew; of the other one what the site uses is kept. What cannot be read is left
/// out. `step` hears how many lines are done.
///
/// # Errors
/// The program is not there, or makes nothing: [`Failure`]. Nothing has changed then.
pub fn read(
    voices: &Voices,
    site: &SiteId,
    script: &[Line],
    languages: Languages,
    step: &dyn Fn(usize),
) -> Result<Read, Failure> {
    let mut read = Read { made_by: MadeBy::Espeak, clips: Vec::new() };
    for (done, line) in script.iter().enumerate() {
        step(done);
        if languages.has(line.language) {
            match espeak::read(line) {
                Ok(clip) => read.clips.push((line.clone(), clip)),
                Err(Failure::Unreadable(_)) => {}
                Err(why) => return Err(why),
            }
        } else if let Some((clip, made_by)) = voices.used(site, line) {
            read.clips.push((line.clone(), clip));
            read.made_by = if made_by == MadeBy::Recorded { made_by } else { read.made_by };
        }
    }
    step(script.len());
    Ok(read)
}

/// While it is there, a site's pack is being read.
struct UnderWay<'a>(&'a Readings, &'a SiteId);

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.now.remove(self.1);
    }
}

impl Voices {
    /// As [`read`], and everybody who asks sees how far it is. It is over when `then` has put it to use.
    pub fn read_seen<T>(
        &self,
        site: &SiteId,
        script: &[Line],
        languages: Languages,
        then: impl FnOnce(Result<Read, Failure>) -> T,
    ) -> T {
        let _under_way = UnderWay(&self.readings, site);
        then(read(self, site, script, languages, &|done| self.readings.is_at(site, done, script.len())))
    }
}
