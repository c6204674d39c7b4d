//! Decisions about who an account is: staff and relations.

use crate::codes::{Code, Rejection};
use crate::ids::PatientId;
use crate::owner::{Context, Draft};
use crate::person::Relation;
use crate::principal::Role;
use crate::vocabulary::{Answer, DefineStaff};

use super::event::Event;
use super::state::*;
use super::{Account, FAMILY_CHANGES_A_YEAR, FAMILY_MAX};

type Outcome = Result<Answer, Rejection>;

const YEAR_S: i64 = 365 * 24 * 60 * 60;

fn invalid(what: &str) -> Rejection {
    Rejection::new(Code::InvalidField, what)
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
        return Err(invalid("a staff name has 1 to 64 characters without blanks"));
    }
    match command.role {
        Role::Patient | Role::Screen | Role::System => return Err(invalid("not a role of staff")),
        Role::Doctor if command.doctor.is_none() => return Err(invalid("role doctor needs the doctor")),
        Role::Desk | Role::Kiosk | Role::Integrator if command.site.is_none() => {
            return Err(invalid("this role needs the site"));
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
        .ok_or_else(|| invalid("the first definition needs a password"))?;
    if !password_phc.starts_with("$argon2id$") {
        return Err(invalid("the password is an argon2id PHC string here"));
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

/// At most five family members and three given up in a year; the desk, which sees proof, is not bound by it.
pub(super) fn relate(
    draft: &mut Draft<'_, Account>,
    patient: PatientId,
    relation: Relation,
    granted: bool,
    context: &Context,
) -> Outcome {
    let state = draft.state();
    if state.staff.is_some() {
        return Err(Rejection::new(Code::Forbidden, "staff act by their role"));
    }
    let by_desk = matches!(context.principal.role, Role::Desk | Role::System);
    if granted && !by_desk && !patient.is_claim() {
        return Err(Rejection::new(Code::Forbidden, "a number alone makes nobody the bearer of a document"));
    }
    // To its own person: neither counted nor limited.
    let own = Relation::Own.wire();
    let known = state.relations.get(&patient);
    if !granted {
        let Some(known) = known else { return Ok(Answer::Done) };
        let counts = known != own && !by_desk;
        let counted_since = context.now.plus_s(-YEAR_S);
        if counts && state.given_up.range(counted_since..).count() >= FAMILY_CHANGES_A_YEAR {
            return Err(Rejection::new(Code::LimitExceeded, "three changes of family a year"));
        }
        draft.emit(Event::RelationEnded { patient, at: context.now, counts, counted_since });
        return Ok(Answer::Done);
    }
    let relation = relation.wire().to_owned();
    if known == Some(&relation) {
        return Ok(Answer::Done);
    }
    // Somebody may be both what they once claimed to be and the confirmed person.
    let mut others = state.relations.iter().filter(|(other, _)| other.is_claim() == patient.is_claim());
    if relation == own && others.any(|(other, relation)| *other != patient && relation == own) {
        return Err(Rejection::new(Code::AlreadyExists, "an account is one person's own"));
    }
    let family = state.relations.iter().filter(|(other, relation)| **other != patient && *relation != own).count();
    if relation != own && !by_desk && family >= FAMILY_MAX {
        return Err(Rejection::new(Code::LimitExceeded, "five family members at most"));
    }
    draft.emit(Event::RelationGranted { patient, relation });
    Ok(Answer::Done)
}
