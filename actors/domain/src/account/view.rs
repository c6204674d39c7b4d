//! What the edge reads of an account to make a token: role, relations, generation. Nothing of it goes to a stream.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::ids::*;
use crate::principal::Role;
use crate::time::Timestamp;

use super::state::{Family, State};

/// Who somebody is once signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedIn {
    /// As what.
    pub role: Role,
    /// The site of staff.
    pub site: Option<SiteId>,
    /// Departments of staff; empty: all of the site.
    pub departments: Vec<DepartmentId>,
    /// Which doctor.
    pub doctor: Option<DoctorId>,
    /// May issue tokens for scripts.
    pub may_issue: bool,
    /// Patients it may act for, and as what.
    pub patients: Vec<(PatientId, String)>,
    /// Tokens of a lower generation are over.
    pub generation: u64,
}

/// Somebody of the staff as operations see it: what `define_staff` says, without the password.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Staff {
    /// The name to sign in with.
    pub id: String,
    /// As what.
    pub role: Role,
    /// The site.
    pub site: Option<SiteId>,
    /// Departments; empty: all of the site.
    pub departments: Vec<DepartmentId>,
    /// Which doctor.
    pub doctor: Option<DoctorId>,
    /// May issue tokens for scripts.
    pub may_issue: bool,
}

impl Staff {
    /// Whether it is an operator of all sites: somebody has to be, or nobody can make another.
    pub fn runs_all_sites(&self) -> bool {
        self.role == Role::Operator && self.site.is_none()
    }
}

/// Who of the staff the account is; none when it is nobody's or was retired.
pub fn staff(state: &State) -> Option<Staff> {
    let staff = state.staff.as_ref().filter(|_| !state.retired)?;
    Some(Staff {
        id: staff.name.clone(),
        role: staff.role,
        site: staff.site.clone(),
        departments: staff.departments.clone(),
        doctor: staff.doctor.clone(),
        may_issue: staff.may_issue,
    })
}

/// Whether a refresh token of that hash would be traded at `now`.
pub fn would_trade(state: &State, refresh_hash: &str, now: Timestamp) -> bool {
    let is_good = |family: &Family| family.current == refresh_hash || family.twin.as_deref() == Some(refresh_hash);
    state.families.values().any(|family| now < family.expires_at && is_good(family))
}

/// Which access tokens of an account stand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Those of a lower generation do not.
    pub generation: u64,
    /// How many sessions there have been: their numbers go up to here.
    pub sessions_opened: u64,
    /// Those that have not ended; a token of another one does not stand.
    pub sessions: BTreeSet<u64>,
    /// How often it has lost a right to issue tokens: those that it issued before do not stand.
    pub issuing_lost: u64,
}

/// What tokens are checked against.
pub fn standing(state: &State) -> Standing {
    Standing {
        generation: state.generation,
        sessions_opened: state.sessions_opened,
        sessions: state.families.keys().copied().collect(),
        issuing_lost: state.issuing_lost,
    }
}

/// The sessions that stand at `now`.
pub fn standing_at(state: &State, now: Timestamp) -> BTreeSet<u64> {
    state.families.iter().filter(|(_, family)| now < family.expires_at).map(|(number, _)| *number).collect()
}

/// The session that was given this refresh token.
pub fn session_of(state: &State, refresh_hash: &str) -> Option<u64> {
    let is_its = |family: &Family| family.current == refresh_hash || family.twin.as_deref() == Some(refresh_hash);
    state.families.iter().find(|(_, family)| is_its(family)).map(|(number, _)| *number)
}

/// The session to which this refresh token belongs or belonged: whoever shows one may end it.
pub fn session_that_knew(state: &State, refresh_hash: &str) -> Option<u64> {
    let was_its = |family: &Family| family.used.iter().any(|used| used == refresh_hash);
    let was_in = || state.families.iter().find(|(_, family)| was_its(family)).map(|(number, _)| *number);
    session_of(state, refresh_hash).or_else(was_in)
}

/// What a token of this account may say now; none when it signs in no more.
pub fn signed_in(state: &State) -> Option<SignedIn> {
    if state.retired {
        return None;
    }
    let staff = state.staff.as_ref();
    Some(SignedIn {
        role: staff.map_or(Role::Patient, |staff| staff.role),
        site: staff.and_then(|staff| staff.site.clone()),
        departments: staff.map(|staff| staff.departments.clone()).unwrap_or_default(),
        doctor: staff.and_then(|staff| staff.doctor.clone()),
        may_issue: staff.is_some_and(|staff| staff.may_issue),
        patients: state.relations.iter().map(|(patient, acts)| (patient.clone(), acts.relation.clone())).collect(),
        generation: state.generation,
    })
}
