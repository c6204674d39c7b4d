//! A hospital as it is found: its departments and doctors, their names ready to be looked through.

use std::collections::BTreeSet;

use jiaohao_domain::site::State;
use jiaohao_domain::vocabulary::{DefineDepartment, DefineDoctor, DefineSite, Described, More};
use jiaohao_domain::{DepartmentId, DoctorId, SiteId};

use super::names::{Fit, Name, Typed, kind_of, parts_of};
use crate::house::distance::{Degrees, metres, place_of};

/// What is read of a site's owner; made into a [`Hospital`] on another thread than the owner's.
pub(super) struct Raw {
    id: SiteId,
    site: DefineSite,
    described: Described,
    departments: Vec<(DefineDepartment, String)>,
    doctors: Vec<(DefineDoctor, More, String)>,
}

impl Raw {
    /// None: nobody has defined it.
    pub(super) fn of(state: &State) -> Option<Self> {
        let site = state.definition.clone()?;
        let speciality = |id: &str| state.described.get(id).map(|one| one.speciality.clone()).unwrap_or_default();
        let departments = state.departments.values().filter(|one| !one.retired).map(|one| &one.definition);
        let doctors = state.doctors.values().filter(|one| !one.retired).map(|one| &one.definition);
        Some(Self {
            id: state.id.clone(),
            site,
            described: state.described.get(state.id.as_str()).cloned().unwrap_or_default(),
            departments: departments.map(|one| (one.clone(), speciality(one.id.as_str()))).collect(),
            doctors: doctors
                .map(|one| {
                    let more = state.more.get(one.id.as_str()).cloned().unwrap_or_default();
                    (one.clone(), more, speciality(one.id.as_str()))
                })
                .collect(),
        })
    }
}

/// Under what something is found.
pub(super) struct Names {
    own: Vec<Name>,
    specialities: Vec<Name>,
}

impl Names {
    fn new(own: &[&str], speciality: &str) -> Self {
        let own = own.iter().filter(|name| !name.trim().is_empty()).map(|name| Name::new(name)).collect();
        Self { own, specialities: parts_of(speciality).map(Name::new).collect() }
    }

    /// By its own name, or else by its speciality.
    pub(super) fn fit(&self, typed: &Typed) -> Option<(bool, Fit)> {
        let best = |names: &[Name]| names.iter().filter_map(|name| name.fit(typed)).min();
        best(&self.own).map(|fit| (false, fit)).or_else(|| self.fit_speciality(typed).map(|fit| (true, fit)))
    }

    pub(super) fn fit_speciality(&self, typed: &Typed) -> Option<Fit> {
        self.specialities.iter().filter_map(|name| name.fit(typed)).min()
    }
}

/// 科室.
pub(super) struct Department {
    pub(super) id: DepartmentId,
    pub(super) name: String,
    pub(super) name_en: String,
    pub(super) speciality: String,
    pub(super) names: Names,
    /// What departments and specialities of its kind are called.
    pub(super) kinds: BTreeSet<String>,
}

/// 医生.
pub(super) struct Doctor {
    pub(super) id: DoctorId,
    pub(super) name: String,
    pub(super) name_en: String,
    pub(super) title: String,
    pub(super) registration_class: String,
    pub(super) speciality: String,
    pub(super) departments: Vec<DepartmentId>,
    pub(super) names: Names,
    pub(super) kinds: BTreeSet<String>,
}

/// 医院.
pub(super) struct Hospital {
    pub(super) id: SiteId,
    pub(super) name: String,
    pub(super) name_en: String,
    pub(super) at: Option<Degrees>,
    pub(super) names: Names,
    pub(super) departments: Vec<Department>,
    pub(super) doctors: Vec<Doctor>,
}

impl Hospital {
    pub(super) fn of(raw: Raw) -> Self {
        let Raw { id, site, described, departments, doctors } = raw;
        let departments: Vec<Department> =
            departments.into_iter().map(|(one, said)| Department::of(one, said)).collect();
        let is_there = |id: &DepartmentId| departments.iter().any(|one| one.id == *id);
        let doctors = doctors.into_iter().map(|(one, more, said)| Doctor::of(one, more, said, &is_there)).collect();
        Self {
            at: place_of(&described),
            names: Names::new(&[&site.name, &site.name_en], ""),
            id,
            name: site.name,
            name_en: site.name_en,
            departments,
            doctors,
        }
    }

    pub(super) fn department(&self, id: &DepartmentId) -> Option<&Department> {
        self.departments.iter().find(|one| one.id == *id)
    }

    pub(super) fn doctor(&self, id: &DoctorId) -> Option<&Doctor> {
        self.doctors.iter().find(|one| one.id == *id)
    }

    /// In metres along the ground, where both have said where they are.
    pub(super) fn metres_to(&self, other: &Self) -> Option<u32> {
        self.at.zip(other.at).map(|(here, there)| metres(here, there))
    }
}

impl Department {
    fn of(definition: DefineDepartment, speciality: String) -> Self {
        let DefineDepartment { id, name, name_en, .. } = definition;
        let names = Names::new(&[&name, &name_en], &speciality);
        let kinds = std::iter::once(name.as_str()).chain(parts_of(&speciality)).map(kind_of).collect();
        Self { id, names, kinds, name, name_en, speciality }
    }
}

impl Doctor {
    fn of(one: DefineDoctor, more: More, speciality: String, is_there: &dyn Fn(&DepartmentId) -> bool) -> Self {
        let DefineDoctor { id, name, title, departments } = one;
        let More { name_en, registration_class } = more;
        Self {
            names: Names::new(&[&name, &name_en], &speciality),
            kinds: parts_of(&speciality).map(kind_of).collect(),
            departments: departments.into_iter().filter(is_there).collect(),
            id,
            name,
            name_en,
            title,
            registration_class,
            speciality,
        }
    }
}
