//! Who somebody of the staff is to be, as it is told and stored.

use serde::{Deserialize, Serialize};

use crate::ids::{DepartmentId, DoctorId, SiteId};
use crate::principal::Role;
use crate::vocabulary;

/// Who somebody of the staff is, as the account's owner is told it; see [`vocabulary::DefineStaff`], of which it
/// is everything that the owner decides by. Stored: its shape and its name stay.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DefineStaff {
    /// The name to sign in with.
    pub id: String,
    /// As what.
    pub role: Role,
    /// Nothing: the edge has hashed it.
    pub password: Option<String>,
    /// The site.
    pub site: Option<SiteId>,
    /// Departments; empty: all of the site.
    pub departments: Vec<DepartmentId>,
    /// Which doctor.
    pub doctor: Option<DoctorId>,
    /// May issue tokens for scripts.
    pub may_issue: bool,
}

impl From<vocabulary::DefineStaff> for DefineStaff {
    fn from(command: vocabulary::DefineStaff) -> Self {
        let vocabulary::DefineStaff { id, role, password: _, site, departments, doctor, may_issue, new: _ } = command;
        Self { id, role, password: None, site, departments, doctor, may_issue }
    }
}
