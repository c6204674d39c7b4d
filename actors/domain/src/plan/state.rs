//! What a department knows of its plan, and how it stands after each event.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::event::{Became, Event};
use crate::codes::Code;
use crate::ids::*;
use crate::time::{BusinessDate, Timestamp};
use crate::vocabulary::{ByChannel, DefinePlanning, DefineTemplate, ExceptDays};

/// A template and whether it has been retired.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Template {
    /// What it is.
    pub is: DefineTemplate,
    /// Gives no sessions any more; known while some that it gave are to come.
    pub retired: bool,
    /// What of its slots is kept for whom, in their order, one for all where they are alike; empty: nothing.
    pub quotas: Vec<ByChannel>,
}

/// How a session stands to the plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Standing {
    /// It is there as it ought to be, or was when it was last compared.
    Made,
    /// The plan has taken it away, and puts it back when it ought to be there again.
    Gone,
    /// Somebody has made, changed or retired it by hand: the plan leaves it alone.
    ByHand,
    /// It ought not to be there and somebody is in it: frozen, until it is empty.
    ToGo,
    /// It ought to be another doctor's or wait in another queue, and somebody is in it: frozen, until somebody settles it
    /// or it is empty.
    ToSettle,
    /// It ought to be there, or otherwise, and the clinic refuses it.
    Refused(Code),
}

/// A session as the plan knows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// Of which template.
    pub template: TemplateId,
    /// Its day.
    pub date: BusinessDate,
    /// How it stands.
    pub standing: Standing,
}

/// A comparison of all sessions that is not done yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Round {
    /// With which it goes on; none: with the first.
    pub next: Option<(BusinessDate, SessionId)>,
    /// When it came as far.
    pub at: Timestamp,
}

/// 排班 of one department.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// How far ahead, and from when; none: as for everybody.
    pub planning: Option<DefinePlanning>,
    /// By id.
    pub templates: BTreeMap<TemplateId, Template>,
    /// By id; those that are over are forgotten.
    pub exceptions: BTreeMap<ExceptionId, ExceptDays>,
    /// Sessions of today and later that the plan has made, or would have.
    pub sessions: BTreeMap<SessionId, Kept>,
    /// The business day on which a comparison was begun last.
    pub looked_on: Option<BusinessDate>,
    /// What of it is still to be done.
    pub round: Option<Round>,
}

impl Plan {
    /// Whether there is nothing to carry out.
    pub fn is_empty(&self) -> bool {
        self.templates.is_empty() && self.exceptions.is_empty() && self.sessions.is_empty()
    }

    /// How far ahead, and from when.
    pub fn planning(&self, department: &DepartmentId) -> DefinePlanning {
        self.planning.clone().unwrap_or_else(|| DefinePlanning::of(department.clone()))
    }

    /// How that session stands, if the plan knows it.
    pub fn standing(&self, session: &SessionId) -> Option<Standing> {
        self.sessions.get(session).map(|kept| kept.standing)
    }

    /// A template that gives sessions.
    pub fn living(&self, id: &TemplateId) -> Option<&DefineTemplate> {
        self.templates.get(id).filter(|template| !template.retired).map(|template| &template.is)
    }
}

/// What a change of the plan has come to so far.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Outcome {
    /// Sessions that were made, or put back.
    pub made: u32,
    /// Sessions that were changed.
    pub changed: u32,
    /// Sessions that were taken away.
    pub gone: u32,
    /// Sessions that the clinic refuses.
    pub refused: u32,
    /// Sessions that ought to go and have somebody in them; at most 20 are named.
    pub to_go: Vec<SessionId>,
    /// Sessions that ought to be another doctor's and have somebody in them; at most 20 are named.
    pub to_settle: Vec<SessionId>,
    /// There is more to do; it goes on by itself at once.
    pub more: bool,
}

/// Applies one event.
pub fn apply(plan: &mut Plan, event: &Event) {
    match event {
        Event::TemplateDefined(is) => {
            let quotas = plan.templates.remove(&is.id).map(|before| before.quotas).unwrap_or_default();
            plan.templates.insert(is.id.clone(), Template { is: is.clone(), retired: false, quotas });
            begin(plan);
        }
        Event::TemplateRetired { template } => {
            if let Some(template) = plan.templates.get_mut(template) {
                template.retired = true;
            }
            begin(plan);
        }
        Event::DaysExcepted(is) => {
            plan.exceptions.insert(is.id.clone(), is.clone());
            begin(plan);
        }
        Event::ExceptionWithdrawn { exception } => {
            plan.exceptions.remove(exception);
            begin(plan);
        }
        Event::PlanningDefined(is) => {
            plan.planning = Some(is.clone());
            begin(plan);
        }
        Event::TemplateQuotasDefined { template, quotas } => {
            if let Some(template) = plan.templates.get_mut(template) {
                template.quotas.clone_from(quotas);
            }
            begin(plan);
        }
        Event::SessionTakenOver { session } => stand(plan, session, Standing::ByHand),
        Event::SessionLeftToPlan { session } => stand(plan, session, Standing::Made),
        Event::SessionsPlanned { became } => {
            for Became { session, standing } in became {
                stand(plan, session, *standing);
            }
        }
        Event::PlanCarriedOut { today, next, at } => {
            plan.looked_on = Some(*today);
            plan.round = next.clone().map(|next| Round { next: Some(next), at: *at });
            plan.sessions.retain(|_, kept| *today <= kept.date);
            plan.exceptions.retain(|_, except| *today <= except.to);
            let sessions = &plan.sessions;
            let is_known = |id: &TemplateId| sessions.values().any(|kept| kept.template == *id);
            plan.templates.retain(|id, template| !template.retired || is_known(id));
        }
    }
}

/// Everything is compared anew. The same decision says how far it comes.
fn begin(plan: &mut Plan) {
    plan.round = Some(Round { next: None, at: Timestamp(0) });
}

fn stand(plan: &mut Plan, session: &SessionId, standing: Standing) {
    let Some((template, date)) = session.planned() else { return };
    plan.sessions.insert(session.clone(), Kept { template, date, standing });
}
