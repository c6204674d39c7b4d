//! Which sessions there ought to be on a day.

use super::calendar::{self, Day};
use super::state::Plan;
use crate::ids::*;
use crate::time::{BusinessDate, Zone};
use crate::vocabulary::{ByChannel, DefinePlanning, DefineQuotaRules, DefineSession, DefineTemplate, ExceptDays};

/// What ought to be of a template on a day.
#[derive(Clone, Debug, PartialEq)]
pub enum Ought {
    /// Nothing.
    Nothing,
    /// Nothing, because an exception says so, and why.
    Closed(String),
    /// This session.
    Session(Box<DefineSession>),
}

/// One day of a plan.
#[derive(Debug)]
pub struct Ahead<'a> {
    date: BusinessDate,
    zone: Zone,
    planning: DefinePlanning,
    on: Vec<&'a ExceptDays>,
}

impl<'a> Ahead<'a> {
    /// That day of it.
    pub fn on(plan: &'a Plan, department: &DepartmentId, date: BusinessDate, zone: Zone) -> Self {
        let on = calendar::on(plan.exceptions.values(), date);
        Self { date, zone, planning: plan.planning(department), on }
    }

    /// What ought to be of a template. A day whose every slot the clocks skip has none.
    pub fn of(&self, template: &DefineTemplate) -> Ought {
        let doctor = match calendar::day(template, &self.on, self.date) {
            Day::None => return Ought::Nothing,
            Day::Closed(reason) => return Ought::Closed(reason.to_owned()),
            Day::Held(doctor) => doctor.cloned(),
        };
        let slots = calendar::slots_on(template, self.date, self.zone);
        if slots.is_empty() {
            return Ought::Nothing;
        }
        let released_on = self.date.plus_days(-i64::from(self.planning.release_days));
        let released_at = self.zone.at_minute(released_on, u32::from(self.planning.release_min));
        Ought::Session(Box::new(DefineSession {
            id: template.id.session(self.date),
            date: self.date,
            period: template.period.clone(),
            queue: template.queue.clone(),
            doctor,
            service_point: template.service_point.clone(),
            registration_class: template.registration_class.clone(),
            fee_fen: template.fee_fen,
            slots,
            high_demand: template.high_demand,
            released_at: Some(released_at),
        }))
    }
}

/// What is kept in the slots that a template has on a day, in their order; empty: nothing.
pub fn quotas_on(plan: &Plan, template: &TemplateId, date: BusinessDate, zone: Zone) -> Vec<ByChannel> {
    match plan.templates.get(template).filter(|template| !template.quotas.is_empty()) {
        Some(template) => calendar::quotas_on(&template.is, &template.quotas, date, zone),
        None => Vec::new(),
    }
}

/// The planning with sessions made as far ahead as referrals may book.
pub fn reaching(mut planning: DefinePlanning, rules: &DefineQuotaRules) -> DefinePlanning {
    planning.horizon_days = planning.horizon_days.max(rules.referral_release_days.unwrap_or(0));
    planning
}

/// How many sessions the templates give in the days after `today` that are planned ahead, by weekday and season alone,
/// with `instead` in place of the template of its id.
pub fn count(plan: &Plan, planning: &DefinePlanning, instead: Option<&DefineTemplate>, today: BusinessDate) -> usize {
    let living = plan.templates.values().filter(|known| !known.retired).map(|known| &known.is);
    let others = living.filter(|known| instead.is_none_or(|is| is.id != known.id));
    let days: Vec<BusinessDate> = (1..=i64::from(planning.horizon_days)).map(|ahead| today.plus_days(ahead)).collect();
    let of =
        |template: &DefineTemplate| days.iter().filter(|day| calendar::day(template, &[], **day) != Day::None).count();
    others.chain(instead).map(of).sum()
}
