//! A hospital as it is found: its departments and doctors, their names ready to be looked through.

use std::collections::BTreeSet;

use jiaohao_domain::site::State;
use jiaohao_domain::vocabulary::{DefineDepartment, DefineDoctor, DefineSite, Described, More};
use jiaohao_domain::{DepartmentId, DoctorId, SiteId};

use super::names::{Fit, Name, Typed, kind_of, parts_of};

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
    /// Degrees north and east.
    pub(super) at: Option<(f64, f64)>,
    pub(super) names: Names,
    pub(super) departments: Vec<Department>,
    pub(super) doctors: Vec<Doctor>,
}

impl Hospital {
    pub(super) fn of(raw: Raw) -> Self {
        let degrees = |e6: i32| f64::from(e6) / 1e6;
        let Raw { id, site, described, departments, doctors } = raw;
        let departments: Vec<Department> =
            departments.into_iter().map(|(one, said)| Department::of(one, said)).collect();
        let is_there = |id: &DepartmentId| departments.iter().any(|one| one.id == *id);
        let doctors = doctors.into_iter().map(|(one, more, said)| Doctor::of(one, more, said, &is_there)).collect();
        Self {
            at: described.latitude_e6.zip(described.longitude_e6).map(|(n, e)| (degrees(n), degrees(e))),
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
        let ((north, east), (other_north, other_east)) = self.at.zip(other.at)?;
        Some(metres((north, east), (other_north, other_east)))
    }
}

/// By the haversine formula on a ball of 6,371 km.
fn metres((north, east): (f64, f64), (other_north, other_east): (f64, f64)) -> u32 {
    let half = |from: f64, to: f64| ((to - from).to_radians() / 2.0).sin().powi(2);
    let across = north.to_radians().cos() * other_north.to_radians().cos();
    let chord = half(north, other_north) + across * half(east, other_east);
    (2.0 * 6_371_000.0 * chord.sqrt().min(1.0).asin()).round() as u32
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metres_are_those_of_a_map() {
        let people_square = (31.231_706, 121.472_644);
        assert_eq!(metres(people_square, people_square), 0);
        let airport = metres(people_square, (31.144_344, 121.808_273));
        assert!((33_000..34_000).contains(&airport), "{airport}");
        assert!((20_014_000..20_016_000).contains(&metres((90.0, 0.0), (-90.0, 0.0))), "from pole to pole");
    }
}
