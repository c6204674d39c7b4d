//! Channels of a department: when what is kept for them is given back, and from when referrals may book.

use super::{Department, emit_clinic, planning};
use crate::clinic;
use crate::owner::{Context, Draft};
use crate::plan::{self, Outcome};
use crate::vocabulary::{Answer, DefineQuotaRules};
use crate::{Code, Rejection};

/// Kept, and carried out at once: sessions are made as far ahead as referrals may book.
pub(super) fn define(
    draft: &mut Draft<'_, Department>,
    command: &DefineQuotaRules,
    context: &Context,
) -> Result<Answer, Rejection> {
    let state = draft.state();
    if state.config.retired {
        return Err(Code::Retired.into());
    }
    let decision = clinic::decide_quota_rules(&state.clinic, command)?;
    if decision.events.is_empty() {
        return Ok(Answer::Planned(Outcome::default()));
    }
    let (plan, today) = (&state.plan, state.config.today(context.now));
    let ahead = plan::reaching(plan.planning(&state.config.id), command);
    plan::decide::fits_ahead(plan, &ahead, None, today)?;
    emit_clinic(draft, decision);
    Ok(Answer::Planned(planning::carry_out(draft, context)))
}
