//! Tokens for scripts: what one may ask for, whichever way it is asked. A token that could do nothing is not made.

use jiaohao_domain::{BoardId, DoctorId, Rejection, Role, Timestamp};

use super::accounts;
use super::tokens::Claims;
use crate::http::requests::IssueToken;

/// What a token for a script says.
///
/// # Errors
/// `invalid_field`, with the field and what it must be.
pub fn claims(asked: &IssueToken, most_s: i64, now: Timestamp) -> Result<Claims, Rejection> {
    if !(1..=most_s).contains(&asked.ttl_s) {
        return Err(Rejection::field("ttl_s", format!("ttl_s: 1 to {most_s} (identity.script_token_ttl_s)")));
    }
    if matches!(asked.role, Role::Patient | Role::System) {
        return Err(Rejection::field("role", "role: a patient signs in with a phone, and nobody as the engine"));
    }
    let site = asked.site.clone();
    let site = site.or_else(|| asked.doctor.as_ref().map(DoctorId::site));
    let site = site.or_else(|| asked.board.as_ref().map(BoardId::site));
    if site.is_none() && asked.role != Role::Operator {
        return Err(Rejection::field("site", "site: needed for this role"));
    }
    if site.as_ref().is_some_and(|site| site.as_str().contains('.')) {
        return Err(Rejection::field("site", "site: a site's id has one part"));
    }
    let named = asked.departments.iter().map(|department| department.site());
    let named = named.chain(asked.doctor.iter().map(DoctorId::site)).chain(asked.board.iter().map(BoardId::site));
    let mut named = named.chain(asked.screen.iter().map(|screen| screen.prefix(1).into()));
    if named.any(|of| site.as_ref() != Some(&of)) {
        return Err(Rejection::field("departments", "departments, doctor, screen and board must be of the site"));
    }
    match asked.role {
        Role::Doctor if asked.doctor.is_none() => {
            return Err(Rejection::field("doctor", "doctor: needed for this role"));
        }
        Role::Screen if asked.screen.is_none() || asked.board.is_none() => {
            return Err(Rejection::field("screen", "screen and board: needed for this role"));
        }
        _ => {}
    }
    let account = accounts::script(site.as_ref(), &asked.name)?;
    let mut claims = Claims::new(asked.role, account, now, asked.ttl_s);
    claims.site = site;
    claims.departments = asked.departments.clone();
    claims.doctor = asked.doctor.clone();
    claims.screen = asked.screen.clone();
    claims.board = asked.board.clone();
    Ok(claims)
}
