//! What was found as it is answered.

use std::collections::{BTreeMap, BTreeSet};

use jiaohao_domain::clinic::{Free, FreeSession};
use jiaohao_domain::time::Zone;
use jiaohao_domain::{BusinessDate, DepartmentId, DoctorId, Timestamp};
use serde_json::{Value, json};

use super::FreeBy;
use super::directory::Hospital;
use super::search::{Candidates, Elsewhere, SHOWN_MAX, Wanted};

/// So many days with free places are named at most.
const DATES_MAX: usize = 31;

/// In which zone times of an id are told.
type ZoneOf<'a> = &'a dyn Fn(&str) -> Zone;

/// What is free of a department or a doctor.
#[derive(Default)]
struct Chance<'a> {
    first: Option<&'a FreeSession>,
    dates: BTreeMap<BusinessDate, u32>,
    opens: Option<Timestamp>,
}

impl<'a> Chance<'a> {
    /// Adds what a department has, of all or of one doctor.
    fn add(&mut self, free: &'a Free, wanted: &Wanted, doctor: Option<&DoctorId>) {
        let is_class = |class: &str| wanted.registration_class.as_deref().is_none_or(|wanted| wanted == class);
        let is_whose = |whose: Option<&DoctorId>| doctor.is_none() || whose == doctor;
        for session in &free.sessions {
            if !is_class(&session.registration_class) || !is_whose(session.doctor.as_ref()) {
                continue;
            }
            *self.dates.entry(session.date).or_default() += session.free_all;
            let is_day = wanted.date.is_none_or(|date| date == session.date);
            if is_day && self.first.is_none_or(|first| session.start < first.start) {
                self.first = Some(session);
            }
        }
        let opens = free.opens.iter().filter(|((whose, class), _)| is_whose(whose.as_ref()) && is_class(class));
        self.opens = self.opens.into_iter().chain(opens.map(|(_, at)| *at)).min();
    }

    fn tell(&self, into: &mut Value, zone: Zone) {
        let dates = self.dates.iter().take(DATES_MAX).map(|(date, free)| json!({ "date": date, "free": free }));
        into["next"] = json!(self.first.map(|session| place(session, zone)));
        into["dates"] = dates.collect();
        into["opens_at"] = json!(self.opens.map(|at| zone.rfc3339(at)));
    }
}

/// The first free place of a session.
fn place(session: &FreeSession, zone: Zone) -> Value {
    json!({
        "session": session.session,
        "slot": session.slot,
        "department": session.session.department(),
        "doctor": session.doctor,
        "date": session.date,
        "start": zone.rfc3339(session.start),
        "free": session.free,
        "registration_class": session.registration_class,
        "fee_fen": session.fee_fen,
    })
}

fn site(hospital: &Hospital, fits: bool) -> Value {
    json!({
        "site": hospital.id,
        "name": hospital.name,
        "name_en": hospital.name_en,
        "latitude": hospital.at.map(|(north, _)| north),
        "longitude": hospital.at.map(|(_, east)| east),
        "fits": fits,
    })
}

impl Candidates {
    pub(super) fn answer(&self, wanted: &Wanted, free: &FreeBy, silent: Vec<DepartmentId>, zone: ZoneOf<'_>) -> Value {
        let mut left_out = self.left_out;
        let mut around: BTreeMap<&str, &Hospital> = BTreeMap::new();
        let mut departments = Vec::new();
        for (hospital, one) in self.found_departments() {
            let mut chance = Chance::default();
            if let Some(free) = free.get(&one.id) {
                chance.add(free, wanted, None);
            }
            if wanted.is_of_free() && chance.first.is_none() {
                continue;
            }
            let mut told = json!({
                "department": one.id,
                "site": hospital.id,
                "name": one.name,
                "name_en": one.name_en,
                "speciality": one.speciality,
            });
            chance.tell(&mut told, zone(hospital.id.as_str()));
            departments.push((hospital, told));
        }
        let mut doctors = Vec::new();
        for (hospital, one) in self.found_doctors() {
            let mut chance = Chance::default();
            for free in one.departments.iter().filter_map(|id| free.get(id)) {
                chance.add(free, wanted, Some(&one.id));
            }
            if wanted.is_of_free() && chance.first.is_none() {
                continue;
            }
            let mut told = json!({
                "doctor": one.id,
                "site": hospital.id,
                "departments": one.departments,
                "name": one.name,
                "name_en": one.name_en,
                "title": one.title,
                "registration_class": one.registration_class,
                "speciality": one.speciality,
            });
            chance.tell(&mut told, zone(hospital.id.as_str()));
            doctors.push((hospital, told));
        }
        for list in [&mut departments, &mut doctors] {
            left_out += list.len().saturating_sub(SHOWN_MAX);
            list.truncate(SHOWN_MAX);
            around.extend(list.iter().map(|(hospital, _)| (hospital.id.as_str(), *hospital)));
        }
        let fits: BTreeSet<&str> = self.found_sites().map(|one| one.id.as_str()).collect();
        let others = around.values().filter(|one| !fits.contains(one.id.as_str())).map(|one| site(one, false));
        json!({
            "sites": self.found_sites().map(|one| site(one, true)).chain(others).collect::<Vec<_>>(),
            "departments": departments.into_iter().map(|(_, told)| told).collect::<Vec<_>>(),
            "doctors": doctors.into_iter().map(|(_, told)| told).collect::<Vec<_>>(),
            "places": [],
            "left_out": left_out,
            "silent": silent,
        })
    }
}

impl Elsewhere {
    /// By day, then the nearest hospital, then time.
    pub(super) fn answer(&self, free: &FreeBy, silent: Vec<DepartmentId>, zone: ZoneOf<'_>) -> Value {
        let here = self.hospitals.iter().find(|one| one.id.as_str() == self.session.prefix(1));
        let mut found = Vec::new();
        for (at, free) in free {
            let Some(hospital) = self.hospitals.iter().find(|one| one.id.as_str() == at.prefix(1)) else { continue };
            let metres = here.and_then(|here| if here.id == hospital.id { Some(0) } else { here.metres_to(hospital) });
            let sessions = free.sessions.iter().filter(|one| {
                one.session != self.session
                    && one.registration_class == self.registration_class
                    && self.date.is_none_or(|date| date == one.date)
                    && self.is_of_kind(at, one.doctor.as_ref())
            });
            found.extend(sessions.map(|one| (one, hospital, metres)));
        }
        let key = |(one, hospital, metres): &(&FreeSession, &std::sync::Arc<Hospital>, Option<u32>)| {
            (one.date, metres.unwrap_or(u32::MAX), hospital.id.clone(), one.start, one.session.clone())
        };
        found.sort_by_cached_key(key);
        let left_out = found.len().saturating_sub(SHOWN_MAX);
        found.truncate(SHOWN_MAX);
        let mut around: BTreeMap<&str, &Hospital> = BTreeMap::new();
        let mut places = Vec::new();
        for (one, hospital, metres) in found {
            around.insert(hospital.id.as_str(), hospital);
            let mut told = place(one, zone(hospital.id.as_str()));
            let department = hospital.department(&one.session.department());
            let doctor = one.doctor.as_ref().and_then(|id| hospital.doctor(id));
            told["site"] = json!(hospital.id);
            told["metres"] = json!(metres);
            told["department_name"] = json!(department.map_or("", |one| &one.name));
            told["department_name_en"] = json!(department.map_or("", |one| &one.name_en));
            told["doctor_name"] = json!(doctor.map(|one| &one.name));
            told["doctor_name_en"] = json!(doctor.map(|one| &one.name_en));
            told["doctor_title"] = json!(doctor.map(|one| &one.title));
            places.push(told);
        }
        json!({
            "sites": around.values().map(|one| site(one, false)).collect::<Vec<_>>(),
            "departments": [],
            "doctors": [],
            "places": places,
            "left_out": left_out,
            "silent": silent,
        })
    }
}
