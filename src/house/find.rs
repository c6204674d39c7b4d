//! Finding a day's appointments and tickets for the desk: by number, name, document, phone or id. What was typed is kept
//! nowhere.

use std::collections::{BTreeSet, HashSet};

use jiaohao_domain::clinic::{Appointment, AppointmentState, check_in_from, may_be_restored};
use jiaohao_domain::department::{State, ToReturn, expected_visits, to_return, view, visit_opens_at};
use jiaohao_domain::floor::left_over::is_here;
use jiaohao_domain::floor::{Ticket, at_home};
use jiaohao_domain::person::{Document, DocumentKind, PatientBrief};
use jiaohao_domain::redacted::Redacted;
use jiaohao_domain::time::Zone;
use jiaohao_domain::{AppointmentId, BusinessDate, DepartmentId, PatientId, Rejection, SlotId, TicketId, Timestamp};
use serde_json::{Value, json};

use super::persons::kind_name;
use super::spelt::is_spelt_as;
use super::wishes::wishes;
use super::{House, OWNER_WITHIN, account, department};
use crate::engine::in_time;
use crate::identity::accounts;
use crate::identity::audit::AuditLine;
use crate::identity::keys::KeyName;
use crate::identity::persons::{claims_of, normal, patient_id};
use crate::identity::ticket_code;
use crate::identity::tokens::Claims;

/// So many are shown at most.
pub(super) const FOUND_MAX: usize = 20;
/// Nobody types more than this, in characters.
const TEXT_MAX_CHARS: usize = 100;

/// Persons whose names are read at a time.
const READ_AT_ONCE: usize = 64;

/// What was typed or scanned, and whom it may mean.
pub(super) struct Typed {
    text: String,
    /// In lower case, for names.
    name: String,
    /// As a number begins; none where only who is meant fits.
    number: Option<String>,
    whom: Whom,
}

/// Persons by document, phone or name.
#[derive(Default)]
pub(super) struct Whom {
    meant: HashSet<PatientId>,
    /// What the claims of a document's number begin with.
    claims: Vec<String>,
}

impl House {
    /// Appointments and tickets of the department's today, tickets of who came before midnight and is here, open visits of
    /// earlier days, who waits for a place, and no-shows of the days that it remembers, that fit `text`: the beginning of a number, a part of a name or its letters, a document's number, a phone, the id of an
    /// appointment or ticket, or what a scanner reads from a slip.
    pub(super) async fn find_appointments(
        &self,
        claims: &Claims,
        at: &DepartmentId,
        text: &str,
    ) -> Result<Value, Rejection> {
        let text = text.trim().to_owned();
        if text.is_empty() || text.chars().count() > TEXT_MAX_CHARS {
            return Err(Rejection::field("text", "text has 1 to 100 characters"));
        }
        // What a scanner reads is a ticket's code; one that is not this house's is nobody's.
        let text = match ticket_code::read(self.keys.get(KeyName::Area), &text) {
            Some(ticket) => ticket.to_string(),
            None => text,
        };
        let whom = self.persons_meant(&text).await?;
        let mut typed = Typed { name: text.to_lowercase(), number: Some(text.to_uppercase()), whom, text };
        let zone = self.learn_zone(at.prefix(1)).await?;
        let now = self.shell.clock.clinic();
        let today = zone.date(now);
        let mut unread = 0;
        if typed.text.chars().count() > 1 {
            let here = self.shell.read(department(at), move |state: &State| of_today(state, today, now)).await?;
            unread = self.mean_by_record(here, &mut typed).await;
        }
        let (appointments, tickets, visits, wishes) = self
            .shell
            .read(department(at), move |state: &State| {
                let visits = visits(state, &typed, now);
                let wishes = wishes(state, &typed, now, zone);
                let mut tickets = tickets(state, &typed, now, zone);
                tickets
                    .iter_mut()
                    .for_each(|found| found["whole"] = whole_if_ended(state, &found["ticket"], now, zone));
                (appointments(state, &typed, today, zone), tickets, visits, wishes)
            })
            .await?;
        let found = appointments.iter().chain(&tickets).chain(&visits).chain(&wishes);
        let whom: Vec<String> = found.filter_map(|one| one["patient"].as_str()).map(str::to_owned).collect();
        self.audit.look(AuditLine::new(claims, "find_appointments", whom, Ok(()), self.machine_now())).await?;
        Ok(
            json!({ "appointments": appointments, "tickets": tickets, "visits": visits, "wishes": wishes, "unread": unread }),
        )
    }

    /// The persons that a document's number or an account's phone means.
    async fn persons_meant(&self, text: &str) -> Result<Whom, Rejection> {
        let mut whom = self.bearers(text).await?;
        if let Ok(who) = accounts::phone(self.keys.get(KeyName::Hash), text) {
            let of = |state: &jiaohao_domain::account::State| state.relations.keys().cloned().collect::<Vec<_>>();
            whom.meant.extend(self.shell.read(account(&who), of).await?);
        }
        Ok(whom)
    }

    /// Who bears a document of that number, of whatever kind it can be, and who claims to; by whatever id the bearer is known.
    pub(super) async fn bearers(&self, number: &str) -> Result<Whom, Rejection> {
        let group = self.keys.get(KeyName::SiteGroup);
        let mut whom = Whom::default();
        for document in DocumentKind::ALL.into_iter().filter_map(|kind| Document::checked(kind, number).ok()) {
            let (kind, number) = (kind_name(document.kind), Redacted::new(document.number));
            let named = patient_id(group, kind, &number);
            whom.meant.insert(self.bearer_of(named.clone()).await?);
            whom.meant.insert(named);
            whom.claims.push(claims_of(group, kind, &number));
        }
        Ok(whom)
    }

    /// Of those who are expected or here today, whose name or phone has what was typed in it, or who bear that document beside
    /// the one that their id is of. Names are sealed and have no
    /// index, so each record is opened and looked at; only who fits is shown and goes on the audit. One that cannot be
    /// read, or not in time, hides nobody else, and its person is found by number and id: how many there are is what is answered.
    async fn mean_by_record(&self, here: BTreeSet<PatientId>, typed: &mut Typed) -> usize {
        let digits = typed.text.trim_start_matches('+');
        let is_phone = digits.len() >= 4 && digits.bytes().all(|byte| byte.is_ascii_digit());
        let (number, here) = (normal(&typed.text), here.into_iter().collect::<Vec<PatientId>>());
        let mut unread = 0;
        for some in here.chunks(READ_AT_ONCE) {
            let read = |who| in_time(OWNER_WITHIN, self.clear_record(who));
            let records = futures_util::future::join_all(some.iter().map(read)).await;
            for (who, record) in some.iter().zip(records) {
                let Ok(record) = record else {
                    unread += 1;
                    continue;
                };
                let Some(record) = record else { continue };
                let by_phone = is_phone && record.phone.as_ref().is_some_and(|phone| phone.contains(digits));
                let by_document = record.documents.iter().any(|one| normal(&one.number) == number);
                let by_name =
                    record.name.to_lowercase().contains(&typed.name) || is_spelt_as(&record.name, &typed.text);
                if by_phone || by_document || by_name {
                    typed.whom.meant.insert(who.clone());
                }
            }
        }
        unread
    }
}

impl Typed {
    /// That ticket alone, or the appointment that it will be of.
    pub(super) fn one(ticket: &TicketId) -> Self {
        Self { text: ticket.to_string(), name: String::new(), number: None, whom: Whom::default() }
    }

    /// These persons alone.
    pub(super) fn bearer(whom: Whom) -> Self {
        Self { text: String::new(), name: String::new(), number: None, whom }
    }

    pub(super) fn fits(&self, ids: [&str; 2], number: Option<&str>, brief: &PatientBrief) -> bool {
        let is_number = |typed: &String| {
            number.is_some_and(|number| number.starts_with(typed.as_str()) || is_said_as(number, typed))
        };
        (!self.text.is_empty() && ids.contains(&self.text.as_str()))
            || self.number.as_ref().is_some_and(is_number)
            || self.whom.meant.contains(&brief.patient)
            || self.whom.claims.iter().any(|claims| brief.patient.as_str().starts_with(claims.as_str()))
            || (self.text.chars().count() == 1 && brief.masked_name.starts_with(&self.text))
    }
}

/// Whether a number is meant by how people say it, without its letter or noughts: A015 by `15` or `A15`.
pub(super) fn is_said_as(number: &str, said: &str) -> bool {
    fn parts(text: &str) -> (&str, &str) {
        let digits = text.trim_start_matches(|letter: char| letter.is_ascii_uppercase());
        (&text[..text.len() - digits.len()], digits.trim_start_matches('0'))
    }
    let ((prefix, digits), (said_prefix, said_digits)) = (parts(number), parts(said));
    !said_digits.is_empty() && said_digits == digits && (said_prefix.is_empty() || said_prefix == prefix)
}

/// Everybody who is expected in the department today or was, has a ticket of today or is here by one, may come back in
/// an open visit, waits for a place or is to be given money back.
fn of_today(state: &State, today: BusinessDate, now: Timestamp) -> BTreeSet<PatientId> {
    let clinic = &state.clinic;
    let booked = clinic.appointments.values().filter(|one| {
        (is_expected(one.state) || may_be_restored(one))
            && clinic.session_of(&one.slot).is_some_and(|session| session.date == today)
    });
    let tickets = state.floor.tickets.values().filter(|ticket| is_of_now(state, ticket, now));
    let owed = state.payments.orders.keys().filter(|id| is_owed(state, id));
    booked
        .chain(owed.filter_map(|id| clinic.appointments.get(id)))
        .map(|one| one.brief.patient.clone())
        .chain(expected_visits(state, today).map(|(_, visit, _)| visit.brief.patient.clone()))
        .chain(tickets.map(|ticket| ticket.opened.brief.patient.clone()))
        .chain(to_return(state, now).iter().map(|visit| visit.last.opened.brief.patient.clone()))
        .chain(state.waitlist.line.values().map(|wish| wish.brief.patient.clone()))
        .collect()
}

fn is_expected(state: AppointmentState) -> bool {
    matches!(state, AppointmentState::Booked | AppointmentState::Held { .. })
}

pub(super) fn appointments(state: &State, typed: &Typed, today: BusinessDate, zone: Zone) -> Vec<Value> {
    shown_of(state, typed, today, zone, |id, one, date| match one.state {
        // What is offered stands with the wish that it is offered by.
        _ if state.waitlist.offers.contains_key(id) => false,
        standing if is_expected(standing) && date == today => true,
        // To be corrected, as long as it is known.
        AppointmentState::NoShow => true,
        _ if date == today => may_be_restored(one),
        // Who comes for money does not come on the day of the appointment.
        _ => is_owed(state, id),
    })
}

/// Whether money is to be given back.
fn is_owed(state: &State, id: &AppointmentId) -> bool {
    state.payments.of(id).iter().any(|order| order.owed_fen() > 0)
}

/// Those of today who are still to come.
pub(super) fn to_come(state: &State, typed: &Typed, now: Timestamp, zone: Zone) -> Vec<Value> {
    let today = zone.date(now);
    shown_of(state, typed, today, zone, |_, one, date| one.state == AppointmentState::Booked && date == today)
}

/// The appointments that fit and are looked for (by state and day), and the hospital's own visits.
fn shown_of(
    state: &State,
    typed: &Typed,
    today: BusinessDate,
    zone: Zone,
    is_sought: impl Fn(&AppointmentId, &Appointment, BusinessDate) -> bool,
) -> Vec<Value> {
    let clinic = &state.clinic;
    let mut found: Vec<_> = clinic
        .appointments
        .iter()
        .filter(|(id, one)| typed.fits([id.as_str(), id.ticket().as_str()], one.number.as_deref(), &one.brief))
        .filter_map(|(id, one)| {
            let (slot, session) = (clinic.slots.get(&one.slot)?, clinic.session_of(&one.slot)?);
            is_sought(id, one, session.date).then_some((slot.start, session.date, id, one))
        })
        .collect();
    // Today's first, then what is longer ago.
    found.sort_by_key(|(start, date, id, _)| (*date != today, *start, (*id).clone()));
    let shown =
        found.into_iter().take(FOUND_MAX).map(|(start, date, id, one)| shown(state, id, one, start, date, zone));
    let shown: Vec<Value> = shown.collect();
    let left = FOUND_MAX - shown.len();
    shown.into_iter().chain(visits_to_come(state, typed, today, zone).take(left)).collect()
}

/// An appointment as the desk is shown it.
pub(super) fn shown(
    state: &State,
    id: &AppointmentId,
    one: &Appointment,
    start: Timestamp,
    date: BusinessDate,
    zone: Zone,
) -> Value {
    json!({
        "appointment": id,
        "ticket": id.ticket(),
        "patient": one.brief.patient,
        "masked_name": one.brief.masked_name,
        "number": one.number,
        "date": date,
        "slot_start": zone.rfc3339(start),
        "session": one.slot.session(),
        "slot": one.slot,
        "state": one.state.name(),
        "sent_to": one.sent_to,
        "referral": one.referral,
        "check_in_from": check_in_from(&state.clinic, id, &state.config.settings.booking, zone).map(|at| zone.rfc3339(at)),
        "not_reached": at_home::not_reached(&state.floor, id).map(|of| view::missed(&of, None, zone)),
        "fee": view::fee_standing(state, id),
        "outside": false,
    })
}

/// The hospital's own visits of today whose patients have not come: checked in by the id that stands there.
fn visits_to_come<'a>(
    state: &'a State,
    typed: &'a Typed,
    today: BusinessDate,
    zone: Zone,
) -> impl Iterator<Item = Value> + 'a {
    let fits = expected_visits(state, today).filter(|(id, visit, outside)| {
        typed.fits([id.as_str(), id.ticket().as_str()], Some(&outside.number), &visit.brief)
            || outside.visit_id == typed.text
    });
    fits.map(move |(id, visit, outside)| {
        let slot = outside.slot.as_ref();
        let place = slot.and_then(|slot| state.clinic.slots.get(slot));
        json!({
            "appointment": id,
            "ticket": id.ticket(),
            "patient": visit.brief.patient,
            "masked_name": visit.brief.masked_name,
            "number": outside.number,
            "date": outside.date,
            "slot_start": place.map(|slot| zone.rfc3339(slot.start)),
            "session": slot.map(SlotId::session),
            "slot": slot,
            "state": AppointmentState::Booked.name(),
            "sent_to": null,
            "referral": null,
            "check_in_from": place.map(|slot| zone.rfc3339(visit_opens_at(state, slot))),
            "not_reached": null,
            "fee": null,
            "outside": true,
        })
    })
}

/// Whether a ticket is of today, or of who came before midnight and is here.
fn is_of_now(state: &State, ticket: &Ticket, now: Timestamp) -> bool {
    ticket.opened.date == state.config.today(now) || is_here(state, ticket, now)
}

pub(super) fn tickets(state: &State, typed: &Typed, now: Timestamp, zone: Zone) -> Vec<Value> {
    let of_now = state.floor.tickets.values().filter(|ticket| is_of_now(state, ticket, now));
    let fits = of_now.filter(|ticket| {
        let opened = &ticket.opened;
        let appointment = opened.appointment.as_ref().map_or("", |id| id.as_str());
        typed.fits([ticket.id().as_str(), appointment], Some(&opened.number), &opened.brief)
    });
    let shown = fits.take(FOUND_MAX).map(|ticket| {
        let opened = &ticket.opened;
        json!({
            "ticket": ticket.id(),
            "queue": opened.queue,
            "patient": opened.brief.patient,
            "masked_name": opened.brief.masked_name,
            "number": opened.number,
            "state": ticket.standing.name(),
            "checked_in_at": zone.rfc3339(opened.checked_in_at),
            "linked_to": ticket.linked_to,
        })
    });
    shown.collect()
}

/// A ticket that has ended, as `queue:` shows it: a snapshot has only the newest of them.
fn whole_if_ended(state: &State, found: &Value, now: Timestamp, zone: Zone) -> Value {
    let known = found.as_str().and_then(|id| state.floor.tickets.get(id)).filter(|ticket| !ticket.is_live());
    known.map_or(Value::Null, |ticket| view::ticket(state, ticket, now, zone))
}

/// By person or id, not by number: an earlier day's is somebody else's today.
fn visits(state: &State, typed: &Typed, now: Timestamp) -> Vec<Value> {
    let fits = to_return(state, now).into_iter().filter(|ToReturn { visit, last, .. }| {
        typed.fits([visit.as_str(), last.id().as_str()], None, &last.opened.brief)
    });
    let shown = fits.take(FOUND_MAX).map(|ToReturn { visit, last, open_until }| {
        json!({
            "visit": visit,
            "patient": last.opened.brief.patient,
            "masked_name": last.opened.brief.masked_name,
            "date": last.opened.date,
            "queue": last.opened.queue,
            "number": last.opened.number,
            "open_until": open_until,
        })
    });
    shown.collect()
}

#[cfg(test)]
mod tests {
    use jiaohao_domain::department::Department;
    use jiaohao_domain::owner::{Context, Draft};
    use jiaohao_domain::vocabulary::{DefineDepartment, DefineQueue, RegisterWalkIn, ToDepartment};
    use jiaohao_domain::{Owner, Principal, QueueId, Timestamp, VisitId, person};

    use super::*;

    /// 08:30 in Shanghai.
    const MORNING: Timestamp = Timestamp(1_795_393_800_000);

    fn tell(state: &mut State, now: Timestamp, command: ToDepartment) {
        let context = Context { now, principal: Principal::system(), seed: 1 };
        Department::decide(&mut Draft::new(state), command, &context).expect("is taken");
    }

    fn walk_in(state: &mut State, now: Timestamp, visit: Option<VisitId>) {
        let patient = PatientId::from("p-1");
        let (masked_name, sex) = ("张*".to_owned(), person::Sex::Female);
        let brief = PatientBrief { patient: patient.clone(), masked_name, sex, birth_year: None };
        let queue = QueueId::from("s.d.q");
        let command = RegisterWalkIn { queue, patient, class: None, addition_to: None, slot: None, visit };
        tell(state, now, ToDepartment::RegisterWalkIn { command, brief, birth_date: None });
    }

    fn house() -> State {
        let mut state = Department::new_state("s.d");
        let definition = DefineDepartment {
            id: DepartmentId::from("s.d"),
            name: "内科".to_owned(),
            name_en: String::new(),
            neutral_name: None,
            number_only: false,
            settings: Default::default(),
        };
        let time_zone = "Asia/Shanghai".to_owned();
        tell(&mut state, MORNING, ToDepartment::Configure { time_zone, definition });
        let (id, name, prefix) = (QueueId::from("s.d.q"), "q".to_owned(), "A".to_owned());
        tell(&mut state, MORNING, ToDepartment::ConfigureQueue(DefineQueue { id, name, prefix, doctors: vec![] }));
        state
    }

    #[test]
    fn an_open_visit_is_found_from_the_next_day_on_by_person_until_the_patient_is_back() {
        let mut state = house();
        walk_in(&mut state, MORNING, None);
        let typed = |text: &str, meant: &[&str]| Typed {
            text: text.to_owned(),
            name: text.to_owned(),
            number: Some(text.to_owned()),
            whom: Whom { meant: meant.iter().map(|id| PatientId::from(*id)).collect(), claims: Vec::new() },
        };
        let zone = state.config.zone();
        let day = |n: i64| zone.date(MORNING).plus_days(n);
        // In the evening: who waits since the morning before is here no more.
        let on = |n: i64| MORNING.plus_min(n * 24 * 60 + 10 * 60);
        let found = |state: &State, typed: &Typed, n: i64| visits(state, typed, on(n)).len();
        let of_person = typed("张小", &["p-1"]);
        assert_eq!([0, 1, 2, 3].map(|n| found(&state, &of_person, n)), [0, 1, 1, 0], "open for three days");
        assert_eq!(found(&state, &typed("A001", &[]), 1), 0, "a number is somebody else's today");
        let shown = visits(&state, &of_person, on(1)).remove(0);
        assert_eq!((&shown["number"], &shown["date"]), (&json!("A001"), &json!(day(0))));
        assert_eq!(of_today(&state, day(1), on(1)).len(), 1, "the name is looked for among those who may come back");
        let visit = VisitId::from(shown["visit"].as_str().expect("an id"));
        walk_in(&mut state, MORNING.plus_min(24 * 60), Some(visit));
        assert_eq!(found(&state, &of_person, 1), 0, "is back");
    }

    #[test]
    fn who_came_before_midnight_is_found_after_it_by_the_number_too_and_not_among_those_who_may_return() {
        let mut state = house();
        let night = MORNING.plus_min(15 * 60);
        walk_in(&mut state, night, None);
        let number = Typed { number: Some("A001".to_owned()), ..Typed::bearer(Whom::default()) };
        let of_person = Typed::bearer(Whom { meant: [PatientId::from("p-1")].into(), claims: Vec::new() });
        let found = |hours: i64| {
            let now = night.plus_min(hours * 60);
            let by_number = tickets(&state, &number, now, state.config.zone()).len();
            (by_number, visits(&state, &of_person, now).len(), of_today(&state, state.config.today(now), now).len())
        };
        assert_eq!([0, 1, 11].map(found), [(1, 0, 1), (1, 0, 1), (0, 1, 1)], "ten hours later that is over");
    }

    #[test]
    fn a_number_is_found_by_how_people_say_it() {
        for said in ["15", "A15", "A015", "015"] {
            assert!(is_said_as("A015", said), "{said}");
        }
        for other in ["", "A", "0", "B15", "5", "150", "1", "13800000015"] {
            assert!(!is_said_as("A015", other), "{other}");
        }
    }
}
