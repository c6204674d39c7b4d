//! What can have happened to a plan. Stored types: append only.

use serde::{Deserialize, Serialize};

use super::state::Standing;
use crate::department::versions::Versions;
use crate::ids::*;
use crate::time::{BusinessDate, Timestamp};
use crate::vocabulary::{ByChannel, DefinePlanning, DefineTemplate, ExceptDays};

/// How a session stands to the plan from now on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Became {
    /// Which; its template and day are in its id.
    pub session: SessionId,
    /// How it stands.
    pub standing: Standing,
}

/// A fact about the plan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Event {
    /// A template is now this.
    TemplateDefined(DefineTemplate),
    /// No more sessions of it.
    TemplateRetired {
        /// Which.
        template: TemplateId,
    },
    /// On some days it is otherwise.
    DaysExcepted(ExceptDays),
    /// On those days it is as the templates say.
    ExceptionWithdrawn {
        /// Which.
        exception: ExceptionId,
    },
    /// How far ahead, and from when.
    PlanningDefined(DefinePlanning),
    /// Somebody has changed or retired a session by hand: the plan leaves it alone.
    SessionTakenOver {
        /// Which.
        session: SessionId,
    },
    /// It is the plan's again.
    SessionLeftToPlan {
        /// Which.
        session: SessionId,
    },
    /// Sessions were compared with the plan.
    SessionsPlanned {
        /// Those that stand otherwise than before.
        became: Vec<Became>,
    },
    /// The plan has been carried out so far on that day.
    PlanCarriedOut {
        /// The business day: what was before it is forgotten.
        today: BusinessDate,
        /// What is still to be compared begins with this session of that day; none: all is done.
        next: Option<(BusinessDate, SessionId)>,
        /// When.
        at: Timestamp,
    },
    /// What of a template's slots is kept for whom from now on.
    TemplateQuotasDefined {
        /// Which.
        template: TemplateId,
        /// In the order of its slots, one for all where they are alike; empty: nothing.
        quotas: Vec<ByChannel>,
    },
}

/// The stable number (220–228, 234) and the stem name of an event's kind.
pub fn event_kind(event: &Event) -> (u16, &'static str) {
    match event {
        Event::TemplateDefined(_) => (220, "template_defined"),
        Event::TemplateRetired { .. } => (221, "template_retired"),
        Event::DaysExcepted(_) => (222, "days_excepted"),
        Event::ExceptionWithdrawn { .. } => (223, "exception_withdrawn"),
        Event::PlanningDefined(_) => (224, "planning_defined"),
        Event::SessionTakenOver { .. } => (225, "session_taken_over"),
        Event::SessionLeftToPlan { .. } => (226, "session_left_to_plan"),
        Event::SessionsPlanned { .. } => (227, "sessions_planned"),
        Event::PlanCarriedOut { .. } => (228, "plan_carried_out"),
        Event::TemplateQuotasDefined { .. } => (234, "template_quotas_defined"),
    }
}

impl Versions for Event {}
