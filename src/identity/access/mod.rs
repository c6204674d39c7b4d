//! Who may what: one table `role × command, stream or deed × relation`, asked by both doors. What is unknown and what is
//! forbidden answer alike.

use jiaohao_domain::vocabulary::ClientCommand;
use jiaohao_domain::{Code, Rejection, Role};

mod deed;
mod relation;
mod stream;
mod table;
mod target;

pub use deed::Deed;
pub use relation::{Fact, FactAnswer, Facts, Relation, Relations, Shown, StaffPlace, Workplace};
pub use stream::{StreamName, kind_name};
pub use table::{Rule, rules};
pub use target::{Target, may_be_number};

use super::tokens::Claims;

/// Whether these claims may give this command.
pub fn allowed(claims: &Claims, command: &ClientCommand, relations: &dyn Relations) -> Result<(), Rejection> {
    let target = Target::of_command(command);
    if target.grants_issuing && !claims.may_issue {
        return Err(Code::Forbidden.into());
    }
    // Nobody has seen the referral that a phone says: the desk books by it.
    if target.by_referral && claims.role == Role::Patient {
        return Err(Code::Forbidden.into());
    }
    check(claims, command.name(), &target, relations)
}

/// Whether these claims may hold this stream, and which it is. A kind that does not exist is `unknown_stream`; an id
/// that does not exist is `forbidden` like any other that is not theirs.
pub fn allowed_stream(claims: &Claims, name: &str, relations: &dyn Relations) -> Result<StreamName, Rejection> {
    let stream = StreamName::parse(name)?;
    check(claims, kind_name(stream.kind), &Target::of_stream(&stream), relations)?;
    Ok(stream)
}

/// Whether these claims may do this at a door beside commands and streams.
pub fn allowed_deed(claims: &Claims, deed: &Deed, relations: &dyn Relations) -> Result<(), Rejection> {
    check(claims, deed.name(), &Target::of_deed(deed), relations)
}

/// What [`allowed`] has to know that claims, ids and `known` do not say. A door asks the owners, puts the answers into
/// `known`, and comes back until nothing is left; then it checks with `known` as the relations.
pub fn needed(claims: &Claims, command: &ClientCommand, known: &Facts) -> Vec<Fact> {
    unknown(claims, command.name(), &Target::of_command(command), known)
}

/// As [`needed`], for a stream.
pub fn needed_stream(claims: &Claims, stream: &StreamName, known: &Facts) -> Vec<Fact> {
    unknown(claims, kind_name(stream.kind), &Target::of_stream(stream), known)
}

/// As [`needed`], for a deed.
pub fn needed_deed(claims: &Claims, deed: &Deed, known: &Facts) -> Vec<Fact> {
    unknown(claims, deed.name(), &Target::of_deed(deed), known)
}

fn check(claims: &Claims, name: &str, target: &Target, relations: &dyn Relations) -> Result<(), Rejection> {
    match table::relation(name, claims.role) {
        Some(relation) if relation.holds(claims, target, relations) => Ok(()),
        _ => Err(Code::Forbidden.into()),
    }
}

fn unknown(claims: &Claims, name: &str, target: &Target, known: &Facts) -> Vec<Fact> {
    table::relation(name, claims.role).map_or_else(Vec::new, |relation| relation.unknown(claims, target, known))
}
