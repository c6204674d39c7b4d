//! Decisions about who an account is: staff.

use crate::codes::{Code, Rejection};
use crate::owner::Draft;
use crate::principal::Role;
use crate::vocabulary::Answer;

use super::Account;
use super::event::Event;
use super::staff::DefineStaff;
use super::state::*;

type Outcome = Result<Answer, Rejection>;

/// Nobody is taken over who is there, whose ever it is (`already_exists`).
pub(super) fn make_staff(
    draft: &mut Draft<'_, Account>,
    command: DefineStaff,
    password_phc: Option<String>,
) -> Outcome {
    if draft.state().staff.is_some() && !draft.state().retired {
        return Err(Rejection::new(Code::AlreadyExists, "somebody signs in with that name").with("field", "id"));
    }
    define_staff(draft, command, password_phc)
}

pub(super) fn define_staff(
    draft: &mut Draft<'_, Account>,
    command: DefineStaff,
    password_phc: Option<String>,
) -> Outcome {
    let state = draft.state();
    if state.retired {
        return Err(Code::Retired.into());
    }
    let name_fits = (1..=64).contains(&command.id.len()) && !command.id.chars().any(|c| c.is_control() || c == ' ');
    if !name_fits {
        return Err(Rejection::field("id", "a staff name has 1 to 64 characters without blanks"));
    }
    match command.role {
        Role::Patient | Role::Screen | Role::System => return Err(Rejection::field("role", "not a role of staff")),
        Role::Doctor if command.doctor.is_none() => {
            return Err(Rejection::field("doctor", "role doctor needs the doctor"));
        }
        Role::Desk | Role::Kiosk | Role::Integrator if command.site.is_none() => {
            return Err(Rejection::field("site", "this role needs the site"));
        }
        Role::Doctor | Role::Desk | Role::Kiosk | Role::Integrator | Role::Operator => {}
    }
    if let Some(site) = &command.site
        && command.departments.iter().any(|department| department.site() != *site)
    {
        return Err(Code::IdNotUnderParent.into());
    }
    let before = state.staff.as_ref();
    let password_phc = password_phc
        .or_else(|| before.map(|staff| staff.password_phc.clone()))
        .ok_or_else(|| Rejection::field("password", "the first definition needs a password"))?;
    if !password_phc.starts_with("$argon2id$") {
        return Err(Rejection::field("password", "the password is an argon2id PHC string here"));
    }
    let staff = Staff {
        name: command.id,
        role: command.role,
        password_phc,
        site: command.site,
        departments: command.departments,
        doctor: command.doctor,
        may_issue: command.may_issue,
    };
    if before != Some(&staff) {
        let ends_sessions = before.is_some();
        draft.emit(Event::StaffDefined { staff, ends_sessions });
    }
    Ok(Answer::Done)
}

pub(super) fn retire_staff(draft: &mut Draft<'_, Account>) -> Outcome {
    if draft.state().staff.is_none() {
        return Err(Code::Forbidden.into());
    }
    if !draft.state().retired {
        draft.emit(Event::StaffRetired);
    }
    Ok(Answer::Done)
}
