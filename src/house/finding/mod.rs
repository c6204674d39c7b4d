//! Finding a hospital, a department or a doctor in the city, each with its next free place. What there is stands in memory,
//! read again of a site after the site has said that something of it is another; what is free is asked of the departments
//! that are shown, each at most every [`KNOWN_FOR`]. No booking waits for it.

mod answer;
mod directory;
mod names;
mod search;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use dashmap::DashMap;
use futures_util::future::join_all;
use jiaohao_actors::shell::clock;
use jiaohao_domain::clinic::Free;
use jiaohao_domain::{Code, DepartmentId, OwnerKind, Rejection, SiteId};
use serde_json::Value;

use self::directory::{Hospital, Raw};
use self::search::{Candidates, Elsewhere, Wanted};
use super::{House, department, site};
use crate::engine::in_time;
use crate::http::finding::FindPlaces;

/// What is free in a department is asked again after so long.
const KNOWN_FOR: Duration = Duration::from_secs(2);
/// Who has not answered by then is named as silent, and not asked again for [`KNOWN_FOR`].
const READ_WITHIN: Duration = Duration::from_secs(2);
/// Departments that are asked for one answer at most.
const ASKED_MAX: usize = 60;

/// What a department said last, and when (machine time); none: it did not answer.
type Known = Option<(Instant, Option<Arc<Free>>)>;

/// What there is in the city, for whoever looks for it.
#[derive(Default)]
pub struct Finder {
    hospitals: RwLock<BTreeMap<SiteId, Arc<Hospital>>>,
    /// Sites of which something is another than in `hospitals`, with how often that was said, and from when on they are asked
    /// (machine time).
    changed: Mutex<BTreeMap<SiteId, (u64, Option<Instant>)>>,
    reading: tokio::sync::Mutex<()>,
    places: DashMap<DepartmentId, Arc<tokio::sync::Mutex<Known>>>,
}

impl Finder {
    /// Something of a site is another. Whoever is answered afterwards finds it as it is now.
    pub(super) fn heard(&self, site: &str) {
        let mut changed = self.changed.lock().unwrap_or_else(PoisonError::into_inner);
        let (times, from) = changed.entry(SiteId::from(site)).or_default();
        (*times, *from) = (*times + 1, None);
    }

    fn due(&self, now: Instant) -> Vec<(SiteId, u64)> {
        let changed = self.changed.lock().unwrap_or_else(PoisonError::into_inner);
        let due = changed.iter().filter(|(_, (_, from))| from.is_none_or(|from| from <= now));
        due.map(|(site, (times, _))| (site.clone(), *times)).collect()
    }

    /// What a site has answered; news that came meanwhile stays.
    fn learn(&self, site: SiteId, times: u64, hospital: Option<Hospital>) {
        let mut hospitals = self.hospitals.write().unwrap_or_else(PoisonError::into_inner);
        match hospital {
            Some(hospital) => {
                let has = |id: &DepartmentId| hospital.departments.iter().any(|one| one.id == *id);
                self.places.retain(|id, _| id.prefix(1) != site.as_str() || has(id));
                hospitals.insert(site.clone(), Arc::new(hospital));
            }
            None => drop(hospitals.remove(&site)),
        }
        let mut changed = self.changed.lock().unwrap_or_else(PoisonError::into_inner);
        if changed.get(&site).is_some_and(|(said, _)| *said == times) {
            changed.remove(&site);
        }
    }

    fn is_silent(&self, site: &SiteId, now: Instant) {
        let mut changed = self.changed.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, from)) = changed.get_mut(site) {
            *from = Some(now + KNOWN_FOR);
        }
    }

    fn all(&self) -> Vec<Arc<Hospital>> {
        self.hospitals.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }
}

/// Departments by id, each with what is free in it; those that do not answer are not in it.
type FreeBy = BTreeMap<DepartmentId, Arc<Free>>;

impl House {
    /// Reads all sites, at the start.
    pub(super) async fn learn_hospitals(&self) {
        for owner in self.shell.known_owners(OwnerKind::Site) {
            self.finder.heard(&owner.id);
        }
        self.hospitals().await;
    }

    /// All of them as they are now; of one that does not answer, as it was.
    async fn hospitals(&self) -> Vec<Arc<Hospital>> {
        if !self.finder.due(clock::monotonic()).is_empty() {
            let _alone = self.finder.reading.lock().await;
            let due = self.finder.due(clock::monotonic());
            let read = due.into_iter().map(async |(id, times)| {
                let raw = self.shell.read(site(id.as_str()), Raw::of);
                match in_time(READ_WITHIN, raw).await {
                    Ok(raw) => self.finder.learn(id, times, raw.map(Hospital::of)),
                    Err(_) => self.finder.is_silent(&id, clock::monotonic()),
                }
            });
            join_all(read).await;
        }
        self.finder.all()
    }

    /// What is free in a department; none: it does not answer.
    async fn free_in(&self, id: &DepartmentId) -> Option<Arc<Free>> {
        let known = self.finder.places.entry(id.clone()).or_default().clone();
        let mut known = known.lock().await;
        if let Some((at, free)) = &*known
            && at.elapsed() < KNOWN_FOR
        {
            return free.clone();
        }
        let now = self.shell.clock.clinic();
        let read = move |state: &jiaohao_domain::department::State| Free::of(&state.clinic, now);
        let free = in_time(READ_WITHIN, self.shell.read(department(id), read)).await.ok().map(Arc::new);
        *known = Some((clock::monotonic(), free.clone()));
        free
    }

    async fn free_by(&self, departments: &BTreeSet<DepartmentId>) -> (FreeBy, Vec<DepartmentId>) {
        let asked = departments.iter().map(async |id| (id.clone(), self.free_in(id).await));
        let (mut free, mut silent) = (FreeBy::new(), Vec::new());
        for (id, known) in join_all(asked).await {
            match known {
                Some(known) => drop(free.insert(id, known)),
                None => silent.push(id),
            }
        }
        (free, silent)
    }

    /// Hospitals, departments and doctors that fit, with what is free; or, in place of a session, others of its class and kind.
    /// Rejects `invalid_field`, and `forbidden` for a session that there is not.
    pub(super) async fn find_places(&self, asked: FindPlaces) -> Result<Value, Rejection> {
        let zone = |id: &str| self.zones.at(id);
        if let Some(session) = &asked.instead_of {
            if !asked.is_only_instead() {
                let what = "instead_of stands alone, or with a date";
                return Err(Rejection::field("instead_of", what));
            }
            let id = session.clone();
            let read = move |state: &jiaohao_domain::department::State| {
                let session = state.clinic.sessions.get(&id)?;
                Some((session.doctor.clone(), session.registration_class.clone()))
            };
            let known = self.shell.read(department(&session.department()), read).await?;
            let (doctor, class) = known.ok_or(Code::Forbidden)?;
            let hospitals = self.hospitals().await;
            let elsewhere = Elsewhere::of(&hospitals, session, doctor.as_ref(), class, asked.date, ASKED_MAX);
            let elsewhere = elsewhere.ok_or(Code::Forbidden)?;
            let (free, silent) = self.free_by(&elsewhere.departments()).await;
            return Ok(elsewhere.answer(&free, silent, &zone));
        }
        let wanted = Wanted::read(&asked)?;
        let candidates = Candidates::of(self.hospitals().await, &wanted, ASKED_MAX);
        let (free, silent) = self.free_by(&candidates.departments()).await;
        Ok(candidates.answer(&wanted, &free, silent, &zone))
    }
}
