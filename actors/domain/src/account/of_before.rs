//! Events as they were written at first, and the versions in which they are written now.

use serde::Deserialize;

use crate::ids::{AccountId, PatientId};
use crate::owner::Payload;
use crate::time::Timestamp;

use super::event::{Event, Over};

pub(super) const RELATION_OVER: u16 = 519;

/// The version in which events of that kind are written.
pub(super) fn version(kind: u16) -> u16 {
    if kind == RELATION_OVER { 2 } else { 1 }
}

/// [`Event::RelationOver`] as it was at first: it ended the account's access tokens.
#[derive(Deserialize)]
struct RelationOverV1 {
    account: AccountId,
    patient: PatientId,
    why: Over,
    member: Option<AccountId>,
    at: Timestamp,
    counts: bool,
    counted_since: Timestamp,
}

/// An event of an earlier version as today's.
pub(super) fn upcast<P: Payload>(kind: u16, version: u16, payload: &P) -> Option<Result<Event, String>> {
    let of_today = |(_, old): (u32, RelationOverV1)| {
        let RelationOverV1 { account, patient, why, member, at, counts, counted_since } = old;
        Event::RelationOver { account, patient, why, member, at, counts, counted_since, ends_tokens: true }
    };
    match (kind, version) {
        (RELATION_OVER, 1) => Some(payload.read().map(of_today)),
        _ => None,
    }
}
