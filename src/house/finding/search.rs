//! Which hospitals, departments and doctors fit what is looked for, the best first; and which departments are of the kind of
//! another one.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiaohao_domain::{BusinessDate, DepartmentId, DoctorId, Rejection, SessionId, SiteId};

use super::directory::{Department, Doctor, Hospital, Names};
use super::names::{Fit, Typed};
use crate::http::finding::FindPlaces;

/// Nobody types more than this, in characters.
const TEXT_MAX: usize = 50;
/// Of each list so many are shown at most.
pub(super) const SHOWN_MAX: usize = 20;
/// Where only what is free on a day or of a class is shown, so many departments are asked for it before the doctors' are.
const ASKED_FIRST: usize = 30;

/// What is looked for.
pub(super) struct Wanted {
    whole: Option<Typed>,
    words: Vec<Typed>,
    speciality: Option<Typed>,
    site: Option<SiteId>,
    department: Option<DepartmentId>,
    doctor: Option<DoctorId>,
    pub(super) date: Option<BusinessDate>,
    pub(super) registration_class: Option<String>,
}

/// By speciality, and how well: the least is the best.
type Rank = (bool, Fit);

impl Wanted {
    pub(super) fn read(asked: &FindPlaces) -> Result<Self, Rejection> {
        let class = asked.registration_class.as_deref().unwrap_or_default();
        for (field, text) in
            [("text", asked.text.as_str()), ("speciality", &asked.speciality), ("registration_class", class)]
        {
            if text.chars().count() > TEXT_MAX {
                let what = format!("{field} has {TEXT_MAX} characters at most");
                return Err(Rejection::field(field, what));
            }
        }
        let typed = |field: &str, text: &str| match (text.trim().is_empty(), Typed::read(text)) {
            // Marks alone are no name, and do not stand for all there are.
            (false, None) => Err(Rejection::field(field, "there is nothing to look for")),
            (_, typed) => Ok(typed),
        };
        Ok(Self {
            whole: typed("text", &asked.text)?,
            words: asked.text.split_whitespace().filter_map(Typed::read).collect(),
            speciality: typed("speciality", &asked.speciality)?,
            site: asked.site.clone(),
            department: asked.department.clone(),
            doctor: asked.doctor.clone(),
            date: asked.date,
            registration_class: asked.registration_class.clone(),
        })
    }

    /// Whether only what is free is shown.
    pub(super) fn is_of_free(&self) -> bool {
        self.date.is_some() || self.registration_class.is_some()
    }

    /// How well something fits; of several words one at least is its own, the others may be of what it is in.
    fn rank(&self, own: &Names, around: &[&Names]) -> Option<Rank> {
        let Some(whole) = &self.whole else { return Some((false, Fit::Whole)) };
        if let Some(rank) = own.fit(whole) {
            return Some(rank);
        }
        let mut worst = None;
        for word in &self.words {
            match own.fit(word) {
                Some(rank) => worst = worst.max(Some(rank)),
                None => _ = around.iter().find_map(|names| names.fit(word))?,
            }
        }
        worst.filter(|_| self.words.len() > 1)
    }

    fn department(&self, hospital: &Hospital, one: &Department) -> Option<Rank> {
        let is_it = self.department.as_ref().is_none_or(|id| *id == one.id) && self.doctor.is_none();
        let treats = self.speciality.as_ref().is_none_or(|typed| one.names.fit(typed).is_some());
        (is_it && treats).then(|| self.rank(&one.names, &[&hospital.names])).flatten()
    }

    fn doctor(&self, hospital: &Hospital, one: &Doctor) -> Option<Rank> {
        let is_it = self.doctor.as_ref().is_none_or(|id| *id == one.id);
        let is_there = self.department.as_ref().is_none_or(|id| one.departments.contains(id));
        let treats = self.speciality.as_ref().is_none_or(|typed| one.names.fit_speciality(typed).is_some());
        if !is_it || !is_there || !treats {
            return None;
        }
        let places = one.departments.iter().filter_map(|id| hospital.department(id)).map(|place| &place.names);
        let around: Vec<&Names> = std::iter::once(&hospital.names).chain(places).collect();
        self.rank(&one.names, &around)
    }
}

/// One that fits: the hospital's place in the list, and its own there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Found {
    rank: Rank,
    hospital: usize,
    at: usize,
}

/// What fits, as far as it is looked at further.
pub(super) struct Candidates {
    hospitals: Vec<Arc<Hospital>>,
    sites: Vec<Found>,
    departments: Vec<Found>,
    doctors: Vec<Found>,
    /// Departments and doctors that fit and are not looked at.
    pub(super) left_out: usize,
}

impl Candidates {
    pub(super) fn of(hospitals: Vec<Arc<Hospital>>, wanted: &Wanted, asked_max: usize) -> Self {
        let mut found =
            Self { hospitals, sites: Vec::new(), departments: Vec::new(), doctors: Vec::new(), left_out: 0 };
        for (n, hospital) in found.hospitals.iter().enumerate() {
            if wanted.site.as_ref().is_some_and(|id| *id != hospital.id) {
                continue;
            }
            let new = |rank: Rank, at: usize| Found { rank, hospital: n, at };
            let rank = wanted.whole.as_ref().and_then(|whole| hospital.names.fit(whole));
            found.sites.extend(rank.map(|rank| new(rank, 0)));
            for (at, one) in hospital.departments.iter().enumerate() {
                found.departments.extend(wanted.department(hospital, one).map(|rank| new(rank, at)));
            }
            for (at, one) in hospital.doctors.iter().enumerate() {
                found.doctors.extend(wanted.doctor(hospital, one).map(|rank| new(rank, at)));
            }
        }
        for list in [&mut found.sites, &mut found.departments, &mut found.doctors] {
            list.sort();
        }
        found.sites.truncate(SHOWN_MAX);
        found.bound(wanted.is_of_free(), asked_max);
        found
    }

    /// Leaves no more than can be shown, and than can be asked for.
    fn bound(&mut self, is_of_free: bool, asked_max: usize) {
        let all = self.departments.len() + self.doctors.len();
        self.departments.truncate(if is_of_free { ASKED_FIRST } else { SHOWN_MAX });
        let mut asked: BTreeSet<DepartmentId> = self.found_departments().map(|(_, one)| one.id.clone()).collect();
        let hospitals = &self.hospitals;
        let mut is_asked = |found: &Found| {
            let more: Vec<_> = hospitals[found.hospital].doctors[found.at].departments.to_vec();
            let new = more.iter().filter(|id| !asked.contains(*id)).count();
            let has_room = asked.len() + new <= asked_max;
            if has_room {
                asked.extend(more);
            }
            has_room
        };
        let most = if is_of_free { usize::MAX } else { SHOWN_MAX };
        let kept: Vec<Found> = self.doctors.iter().filter(|found| is_asked(found)).take(most).copied().collect();
        self.doctors = kept;
        self.left_out = all - self.departments.len() - self.doctors.len();
    }

    /// Who has to be asked.
    pub(super) fn departments(&self) -> BTreeSet<DepartmentId> {
        let own = self.found_departments().map(|(_, one)| one.id.clone());
        own.chain(self.found_doctors().flat_map(|(_, one)| one.departments.clone())).collect()
    }

    pub(super) fn found_sites(&self) -> impl Iterator<Item = &Hospital> {
        self.sites.iter().map(|found| &*self.hospitals[found.hospital])
    }

    pub(super) fn found_departments(&self) -> impl Iterator<Item = (&Hospital, &Department)> {
        let hospitals = &self.hospitals;
        self.departments
            .iter()
            .map(|found| (&*hospitals[found.hospital], &hospitals[found.hospital].departments[found.at]))
    }

    pub(super) fn found_doctors(&self) -> impl Iterator<Item = (&Hospital, &Doctor)> {
        let hospitals = &self.hospitals;
        self.doctors.iter().map(|found| (&*hospitals[found.hospital], &hospitals[found.hospital].doctors[found.at]))
    }
}

/// Where others of a session's class and kind may be.
pub(super) struct Elsewhere {
    pub(super) hospitals: Vec<Arc<Hospital>>,
    pub(super) session: SessionId,
    pub(super) registration_class: String,
    pub(super) date: Option<BusinessDate>,
    /// Departments of the kind, the nearest; with the doctors who alone are of it, where not all are.
    places: BTreeMap<DepartmentId, Option<BTreeSet<DoctorId>>>,
}

impl Elsewhere {
    /// None: the session's department is not one any more.
    pub(super) fn of(
        hospitals: &[Arc<Hospital>],
        session: &SessionId,
        doctor: Option<&DoctorId>,
        registration_class: String,
        date: Option<BusinessDate>,
        asked_max: usize,
    ) -> Option<Self> {
        let here = hospitals.iter().find(|one| one.id.as_str() == session.prefix(1))?;
        let own = here.department(&session.department())?;
        let mut kinds = own.kinds.clone();
        kinds.extend(doctor.and_then(|id| here.doctor(id)).into_iter().flat_map(|one| one.kinds.iter().cloned()));
        let mut near = Vec::new();
        for hospital in hospitals {
            let far = if hospital.id == here.id { 0 } else { here.metres_to(hospital).unwrap_or(u32::MAX) };
            for one in &hospital.departments {
                if one.id == own.id || !one.kinds.is_disjoint(&kinds) {
                    near.push((one.id != own.id, far, one.id.clone(), None));
                    continue;
                }
                let of_kind =
                    |doctor: &&Doctor| doctor.departments.contains(&one.id) && !doctor.kinds.is_disjoint(&kinds);
                let doctors: BTreeSet<DoctorId> =
                    hospital.doctors.iter().filter(of_kind).map(|one| one.id.clone()).collect();
                if !doctors.is_empty() {
                    near.push((true, far, one.id.clone(), Some(doctors)));
                }
            }
        }
        near.sort();
        let places = near.into_iter().take(asked_max).map(|(_, _, id, doctors)| (id, doctors)).collect();
        let (hospitals, session) = (hospitals.to_vec(), session.clone());
        Some(Self { hospitals, session, registration_class, date, places })
    }

    /// Who has to be asked.
    pub(super) fn departments(&self) -> BTreeSet<DepartmentId> {
        self.places.keys().cloned().collect()
    }

    /// Whether a session of that department is of the kind.
    pub(super) fn is_of_kind(&self, at: &DepartmentId, doctor: Option<&DoctorId>) -> bool {
        match self.places.get(at) {
            Some(None) => true,
            Some(Some(doctors)) => doctor.is_some_and(|doctor| doctors.contains(doctor)),
            None => false,
        }
    }
}
