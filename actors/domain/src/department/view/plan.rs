//! The plan as operations read it: templates, exceptions, and for each day which sessions there ought to be and how they
//! stand.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::clinic::{Session, SessionStanding, wall_slots};
use crate::department::State;
use crate::ids::*;
use crate::plan::{Ahead, Ought, Standing, quotas_on, reaching};
use crate::time::{BusinessDate, Timestamp};
use crate::vocabulary::{ByChannel, DefineSession, kept};

/// So many days are shown at most.
pub const DAYS_SHOWN: i64 = 62;
/// So many sessions are shown at most; how many more there are is said.
const SESSIONS_SHOWN: usize = 5_000;
/// So many sessions that somebody has to settle are named at most.
const UNSETTLED_NAMED: usize = 100;

/// From a day to another one, both included, at most [`DAYS_SHOWN`]. Of today and before it only what was held is shown.
pub fn plan(state: &State, from: BusinessDate, to: BusinessDate, now: Timestamp) -> Value {
    let (plan, today) = (&state.plan, state.config.today(now));
    let (planning, rules) = (plan.planning(&state.config.id), state.clinic.quota_rules());
    let made_to = today.plus_days(i64::from(reaching(planning.clone(), &rules).horizon_days));
    let of_day = by_day(state, from, to);
    let dates = (0..DAYS_SHOWN).map(|days| from.plus_days(days)).take_while(|date| *date <= to);
    let (mut room, mut left_out, mut days) = (SESSIONS_SHOWN, 0, Vec::new());
    for date in dates {
        let known = of_day.get(&date);
        let mut sessions = on(state, date, known, today);
        left_out += sessions.len().saturating_sub(room);
        sessions.truncate(room);
        room -= sessions.len();
        let overlaps = overlaps(state, &sessions, known);
        let shown = sessions.iter().map(|session| session.view(state, &overlaps));
        days.push(json!({ "date": date, "sessions": shown.collect::<Vec<_>>() }));
    }
    let unsettled = || {
        let open = |standing: Standing| matches!(standing, Standing::ToGo | Standing::ToSettle | Standing::Refused(_));
        plan.sessions.iter().filter(move |(_, kept)| today < kept.date && open(kept.standing))
    };
    let named = unsettled().take(UNSETTLED_NAMED).map(|(id, kept)| {
        let (standing, code) = named(kept.standing);
        json!({ "session": id, "date": kept.date, "standing": standing, "code": code })
    });
    json!({
        "department": state.config.id,
        "today": today,
        "horizon_days": planning.horizon_days,
        "release_days": planning.release_days,
        "release_min": planning.release_min,
        "made_to": made_to,
        "quota_rules": rules,
        "reminder_min": state.floor.notices.reminders.at_min,
        "more": plan.round.is_some(),
        "templates": plan.templates.values().map(|template| {
            let mut shown = json!(kept::DefineTemplate::of(template.is.clone(), &template.quotas));
            shown["retired"] = json!(template.retired);
            shown
        }).collect::<Vec<_>>(),
        "exceptions": plan.exceptions.values().collect::<Vec<_>>(),
        "days": days,
        "sessions_left_out": left_out,
        "unsettled": named.collect::<Vec<_>>(),
        "unsettled_left_out": unsettled().count().saturating_sub(UNSETTLED_NAMED),
    })
}

/// What there is of each day: sessions of the clinic, and those that the plan knows.
fn by_day(state: &State, from: BusinessDate, to: BusinessDate) -> BTreeMap<BusinessDate, BTreeSet<&SessionId>> {
    let sessions = state.clinic.sessions.iter().map(|(id, session)| (session.date, id));
    let known = state.plan.sessions.iter().map(|(id, kept)| (kept.date, id));
    let mut by_day: BTreeMap<BusinessDate, BTreeSet<&SessionId>> = BTreeMap::new();
    for (date, id) in sessions.chain(known).filter(|(date, _)| (from..=to).contains(date)) {
        by_day.entry(date).or_default().insert(id);
    }
    by_day
}

/// A session as it is shown.
struct Shown<'a> {
    id: SessionId,
    template: TemplateId,
    there: Option<&'a Session>,
    ought: Option<Box<DefineSession>>,
    standing: &'static str,
    code: Option<&'static str>,
    reason: Option<String>,
}

/// The sessions of a day in the order of their ids.
fn on<'a>(
    state: &'a State,
    date: BusinessDate,
    known: Option<&BTreeSet<&SessionId>>,
    today: BusinessDate,
) -> Vec<Shown<'a>> {
    let plan = &state.plan;
    let day = Ahead::on(plan, &state.config.id, date, state.config.zone());
    let is_over = date <= today;
    let living = plan.templates.iter().filter(|(_, template)| !template.retired && !is_over);
    let mut ought: BTreeMap<SessionId, (TemplateId, Ought)> =
        living.map(|(id, template)| (id.session(date), (id.clone(), day.of(&template.is)))).collect();
    for id in known.into_iter().flatten() {
        let Some((template, _)) = id.planned().filter(|(id, _)| plan.templates.contains_key(id)) else { continue };
        ought.entry((*id).clone()).or_insert((template, Ought::Nothing));
    }
    let planning = reaching(plan.planning(&state.config.id), &state.clinic.quota_rules());
    let is_ahead = date > today.plus_days(i64::from(planning.horizon_days));
    let shown = ought.into_iter().filter_map(|(id, (template, ought))| {
        let there = state.clinic.sessions.get(&id);
        let is_open = there.is_some_and(|there| there.standing == SessionStanding::Open);
        let (mut code, mut reason) = (None, None);
        let standing = match (plan.standing(&id), &ought) {
            (Some(Standing::ByHand), _) => "by_hand",
            (Some(standing @ (Standing::ToGo | Standing::ToSettle | Standing::Refused(_))), _) => {
                code = named(standing).1;
                named(standing).0
            }
            (_, Ought::Closed(why)) if !is_open => {
                reason = Some(why.clone());
                "closed"
            }
            _ if is_open && there.is_some_and(Session::is_frozen) => "frozen",
            _ if is_open || is_over && there.is_some() => "made",
            (_, Ought::Nothing) => return None,
            (None, Ought::Session(_)) if !is_ahead && plan.round.is_none() => {
                code = Some(crate::Code::LimitExceeded.wire());
                "refused"
            }
            _ => "ahead",
        };
        let ought = match ought {
            Ought::Session(ought) => Some(ought),
            Ought::Closed(_) | Ought::Nothing => None,
        };
        Some(Shown { id, template, there, ought, standing, code, reason })
    });
    shown.collect()
}

fn named(standing: Standing) -> (&'static str, Option<&'static str>) {
    match standing {
        Standing::Made => ("made", None),
        Standing::Gone => ("closed", None),
        Standing::ByHand => ("by_hand", None),
        Standing::ToGo => ("to_go", None),
        Standing::ToSettle => ("to_settle", None),
        Standing::Refused(code) => ("refused", Some(code.wire())),
    }
}

/// From when to when something of a doctor is.
type Span<'a> = (&'a DoctorId, Timestamp, Timestamp, &'a SessionId);

fn span_of(state: &State, session: &Session) -> Option<(Timestamp, Timestamp)> {
    let slots = || session.slots.iter().filter_map(|slot| state.clinic.slots.get(slot));
    Some((slots().map(|slot| slot.start).min()?, slots().map(|slot| slot.end).max()?))
}

/// Sessions of one doctor at one time, each with the others: those that are shown, and whatever else is open that day.
fn overlaps<'a>(
    state: &'a State,
    shown: &'a [Shown<'a>],
    known: Option<&BTreeSet<&'a SessionId>>,
) -> BTreeMap<&'a SessionId, BTreeSet<&'a SessionId>> {
    let expected = shown.iter().filter(|shown| shown.there.is_none()).filter_map(|shown| {
        let ((from, to), doctor) = (shown.span(state)?, shown.ought.as_ref()?.doctor.as_ref()?);
        Some((doctor, from, to, &shown.id))
    });
    let open = known.into_iter().flatten().filter_map(|id| {
        let session = state.clinic.sessions.get(*id).filter(|one| one.standing == SessionStanding::Open)?;
        let (from, to) = span_of(state, session)?;
        Some((session.doctor.as_ref()?, from, to, *id))
    });
    let mut spans: Vec<Span<'a>> = expected.chain(open).collect();
    spans.sort();
    let mut overlaps: BTreeMap<&SessionId, BTreeSet<&SessionId>> = BTreeMap::new();
    for (at, (doctor, _, to, id)) in spans.iter().enumerate() {
        let others = spans[at + 1..].iter().take_while(|(other, from, ..)| other == doctor && from < to);
        for (.., other) in others {
            overlaps.entry(id).or_default().insert(other);
            overlaps.entry(other).or_default().insert(id);
        }
    }
    overlaps
}

impl Shown<'_> {
    fn span(&self, state: &State) -> Option<(Timestamp, Timestamp)> {
        if let Some(there) = self.there {
            return span_of(state, there);
        }
        let ought = self.ought.as_ref()?;
        let walls = wall_slots(&ought.slots).ok()?;
        let at = |minute: u32| state.config.zone().at_minute(ought.date, minute);
        Some((at(walls.first()?.0), at(walls.last()?.1)))
    }

    /// So many places are kept for each channel, of those that are there or ought to be.
    fn quotas(&self, state: &State) -> ByChannel {
        let there = self.there.into_iter().flat_map(|there| &there.slots);
        let there = there.filter_map(|slot| Some(state.clinic.slots.get(slot)?.quotas));
        let ought = self.ought.as_ref();
        let ought = ought.map(|ought| quotas_on(&state.plan, &self.template, ought.date, state.config.zone()));
        let quotas: Vec<ByChannel> = if self.there.is_some() { there.collect() } else { ought.unwrap_or_default() };
        let add = |of: fn(&ByChannel) -> u32| quotas.iter().map(of).sum();
        ByChannel { online: add(|all| all.online), desk: add(|all| all.desk), referral: add(|all| all.referral) }
    }

    fn view(&self, state: &State, overlaps: &BTreeMap<&SessionId, BTreeSet<&SessionId>>) -> Value {
        let zone = state.config.zone();
        let span = self.span(state);
        let slots = || self.there.into_iter().flat_map(|there| &there.slots);
        let slots = || slots().filter_map(|slot| state.clinic.slots.get(slot));
        let of = |there: fn(&Session) -> Value, ought: fn(&DefineSession) -> Value| match (self.there, &self.ought) {
            (Some(session), _) => there(session),
            (None, Some(session)) => ought(session),
            (None, None) => Value::Null,
        };
        let released_at = match (self.there, &self.ought) {
            (Some(session), _) => session.released_at,
            (None, ought) => ought.as_ref().and_then(|session| session.released_at),
        };
        let places: u32 = match (self.there, &self.ought) {
            (Some(_), _) => slots().map(|slot| slot.capacity).sum(),
            (None, ought) => ought.iter().flat_map(|session| &session.slots).map(|slot| slot.capacity).sum(),
        };
        json!({
            "session": self.id,
            "template": self.template,
            "period": of(|there| json!(there.period), |ought| json!(ought.period)),
            "queue": of(|there| json!(there.queue), |ought| json!(ought.queue)),
            "doctor": of(|there| json!(there.doctor), |ought| json!(ought.doctor)),
            "expected_doctor": self.ought.as_ref().map(|ought| &ought.doctor),
            "registration_class": of(|there| json!(there.registration_class), |ought| json!(ought.registration_class)),
            "fee_fen": of(|there| json!(there.fee_fen), |ought| json!(ought.fee_fen)),
            "start": span.map(|(from, _)| zone.clock(from)),
            // Midnight is the end of the day that it is of.
            "end": span.map(|(_, to)| zone.clock(to)).map(|end| if end == "00:00" { "24:00".to_owned() } else { end }),
            "places": places,
            "quotas": self.quotas(state),
            "taken": slots().map(|slot| slot.taken + slot.outside).sum::<u32>(),
            "released_at": released_at.map(|at| zone.rfc3339(at)),
            "open": self.there.is_some_and(|there| there.standing == SessionStanding::Open),
            "frozen": self.there.is_some_and(Session::is_frozen),
            "standing": self.standing,
            "code": self.code,
            "reason": self.reason,
            "overlaps": overlaps.get(&self.id).into_iter().flatten().collect::<Vec<_>>(),
        })
    }
}
