//! What is kept of a ticket's pre-check, and the desk's word that an alert has been heard.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::event::Event;
use super::state::Floor;
use super::{emit, ticket_of};
use crate::department::Department;
use crate::ids::*;
use crate::owner::{Context, Draft};
use crate::person::PatientBrief;
use crate::pre_check::Found;
use crate::time::Timestamp;
use crate::vocabulary::{AcknowledgeAlert, Answer, Does};
use crate::{Code, Rejection};

/// The pre-check of an arrival that was given a ticket. Stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PreChecked {
    /// The ticket.
    pub ticket: TicketId,
    /// The version of the questions that the site had.
    pub version: u32,
    /// What was answered, by question: ids of choices and degrees, never a text.
    pub answers: BTreeMap<String, String>,
    /// Nothing was asked, and why.
    pub not_asked: Option<String>,
    /// The rule that held.
    pub found: Option<Found>,
    /// It sends elsewhere, and the desk has let the patient join the queue: why.
    pub all_the_same: Option<String>,
    /// When.
    pub at: Timestamp,
}

/// The pre-check of an arrival that was sent to another department. Stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SentElsewhere {
    /// Who.
    pub brief: PatientBrief,
    /// The appointment; none: a walk-in, or a visit of the hospital's.
    pub appointment: Option<AppointmentId>,
    /// The queue that was to be joined.
    pub queue: QueueId,
    /// The version of the questions.
    pub version: u32,
    /// What was answered, as in [`PreChecked`].
    pub answers: BTreeMap<String, String>,
    /// The rule that held.
    pub found: Found,
    /// When.
    pub at: Timestamp,
}

/// A ticket's pre-check as it is kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PreCheckKept {
    /// What was answered, and what followed.
    pub checked: PreChecked,
    /// Who has heard its alert, and when.
    pub acknowledged: Option<(AccountId, Timestamp)>,
}

impl PreCheckKept {
    /// Whether it is an alert, heard or not.
    pub fn is_alert(&self) -> bool {
        self.checked.found.as_ref().is_some_and(|found| matches!(found.does, Does::Alert { .. }))
    }
}

pub(super) fn keep(floor: &mut Floor, checked: &PreChecked) {
    let kept = PreCheckKept { checked: checked.clone(), acknowledged: None };
    floor.pre_checks.insert(checked.ticket.clone(), kept);
}

pub(super) fn acknowledged(floor: &mut Floor, ticket: &TicketId, by: &AccountId, at: Timestamp) {
    if let Some(kept) = floor.pre_checks.get_mut(ticket) {
        kept.acknowledged = Some((by.clone(), at));
    }
}

/// The desk has heard an alert, wherever its ticket stands by now. Heard already: nothing new. Rejects
/// `wrong_ticket_state` where there is none.
pub fn acknowledge(
    draft: &mut Draft<'_, Department>,
    command: &AcknowledgeAlert,
    context: &Context,
) -> Result<Answer, Rejection> {
    let state = draft.state();
    ticket_of(state, &command.ticket)?;
    let kept = state.floor.pre_checks.get(&command.ticket).filter(|kept| kept.is_alert());
    let kept = kept.ok_or_else(|| Rejection::new(Code::WrongTicketState, "no alert stands at this ticket"))?;
    if kept.acknowledged.is_none() {
        let (ticket, by) = (command.ticket.clone(), context.principal.account.clone());
        emit(draft, Event::AlertAcknowledged { ticket, by, at: context.now });
    }
    Ok(Answer::Done)
}
