//! What the department's streams show: `queue`, `doctor`, `door`, `ticket`, `session`, `site`. Pure. Every event carries
//! ready-to-show parts that replace the same parts of the snapshot, so that no page has a rule.

mod coming;
mod hospital;
mod load;
mod parts;
mod payments;
mod plan;
mod planned;
mod pre_check;
mod ticket;
mod touched;

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{ConfigEvent, Department, Event, State};
use crate::clinic;
use crate::floor::{Event as Floor, Standing, Ticket};
use crate::ids::*;
use crate::owner::Owner;
use crate::payment;
use crate::reach::About;
use crate::time::{Timestamp, Zone};
use crate::vocabulary::ClinicNews;
use crate::waitlist;
pub use coming::{arriving, coming, on_the_way};
pub use hospital::visit_as_told;
pub use load::{Load, load, quantile};
use parts::View;
pub use parts::missed;
pub use payments::{PAYMENTS_SHOWN, PaymentsOf, fee_standing, payments};
pub use plan::{DAYS_SHOWN, plan};
pub use planned::{PlannedSession, planned};
pub use ticket::ENDED_SHOWN;
use touched::Touched;
pub(crate) use touched::ticket_of;

/// The stream `<kind>:<id>` as it is now; none when the department does not know it.
pub fn snapshot(state: &State, stream_kind: &str, id: &str, now: Timestamp, zone: Zone) -> Option<Value> {
    let view = View { state, now, zone };
    match stream_kind {
        "queue" => {
            let id = QueueId::from(id);
            let mut queue = view.queue(&id)?;
            queue["sent_elsewhere"] = view.sent_elsewhere(&id);
            Some(queue)
        }
        "doctor" => view.doctor(&DoctorId::from(id)),
        "door" => view.door(&ServicePointId::from(id)),
        "ticket" => view.place_in_line(&TicketId::from(id)),
        "session" => clinic::view::snapshot(&state.clinic, id, zone),
        "site" => (state.config.id.prefix(1) == id).then(|| json!({ "tickets": view.tickets_for_the_hospital() })),
        _ => None,
    }
}

/// A ticket as `queue:` shows it.
pub fn ticket(state: &State, ticket: &Ticket, now: Timestamp, zone: Zone) -> Value {
    View { state, now, zone }.ticket(ticket)
}

/// An event's name on the streams. What the department retires is retired at once; that it is the department which has
/// decided it is between it and the site.
pub fn name(event: &Event) -> &'static str {
    match event {
        Event::Config(ConfigEvent::RetirementDecided { .. }) => "retired",
        event => Department::event_kind(event).1,
    }
}

/// What an event puts on which streams, in the state after it: `(stream, {"patient_called": {…}})`. `is_live` says
/// whether anybody would see a stream; nothing is made for one that nobody sees.
pub fn emissions(
    state: &State,
    event: &Event,
    at: Timestamp,
    zone: Zone,
    is_live: &dyn Fn(&str) -> bool,
) -> Vec<(String, Value)> {
    let view = View { state, now: at, zone };
    let mut out = Out { stem: name(event), is_live, emissions: Vec::new() };
    match event {
        Event::Clinic(event) => {
            let said = clinic::view::emissions(&state.clinic, event, at, zone);
            out.emissions.extend(said.into_iter().filter(|(stream, _)| is_live(stream)));
            if let Some(appointment) = touched::appointment(event) {
                let ticket = appointment.ticket();
                out.put("ticket", ticket.as_str(), || view.place_in_line(&ticket));
            }
            if let clinic::Event::SessionDelayed { session, .. } = event {
                delay_emissions(&view, session, &mut out);
                late_emissions(&view, session, &mut out);
                door_emissions_of_today(&view, session, &mut out);
            }
            if let clinic::Event::SessionDefined { session, .. }
            | clinic::Event::SessionRetired { session }
            | clinic::Event::SessionClosed { session }
            | clinic::Event::SessionStopped { session, .. }
            | clinic::Event::SessionResumed { session, .. }
            | clinic::Event::SessionOver { session, .. } = event
            {
                late_emissions(&view, session, &mut out);
                door_emissions_of_today(&view, session, &mut out);
            }
            if let Some(appointment) = touched::to_come_again(event)
                && let Some(clinic) = at_home(&view, &appointment.ticket())
            {
                told_emissions(&view, &clinic.slot.session(), &mut out);
            }
        }
        Event::Config(ConfigEvent::QuestionsConfigured(_)) => asked_emissions(&view, &mut out),
        Event::Config(_) => {
            for queue in state.config.queues.keys() {
                out.put("queue", queue.as_str(), || view.queue(queue));
                waiting_emissions(&view, queue, None, &mut out);
            }
            for doctor in state.floor.work.keys() {
                out.put("doctor", doctor.as_str(), || Some(view.doctor_parts(doctor)));
            }
            door_emissions(&view, &mut out);
        }
        Event::Floor(Floor::DaysTidied { .. }) => day_emissions(&view, &mut out),
        Event::Floor(Floor::WaitsExpected { queue, changed, .. }) => {
            let tickets = || changed.iter().map(|(ticket, _)| ticket);
            out.put("queue", queue.as_str(), || {
                Some(json!({ "waits": view.waits(queue, tickets()), "newcomer": view.newcomer(queue) }))
            });
            let order = std::cell::OnceCell::new();
            for ticket in tickets() {
                out.put("ticket", ticket.as_str(), || {
                    view.place_among(ticket, order.get_or_init(|| view.order(queue)))
                });
            }
        }
        Event::Floor(Floor::SentElsewhere(sent)) => {
            let queue = &sent.queue;
            out.put("queue", queue.as_str(), || {
                Some(json!({ "sent_elsewhere": { sent.brief.patient.as_str(): view.sent(sent) } }))
            });
        }
        Event::Floor(event @ (Floor::PreChecked(_) | Floor::AlertAcknowledged { .. })) => {
            checked_emissions(&view, event, &mut out);
        }
        Event::Floor(Floor::NoticeAnswered { ticket, .. } | Floor::ReachedMarked { ticket, .. }) => {
            notice_emissions(&view, ticket, &mut out);
            if let Some(clinic) = at_home(&view, ticket) {
                told_emissions(&view, &clinic.slot.session(), &mut out);
            }
        }
        // For the desk alone: what the patient sees is no other for it.
        Event::Floor(Floor::PhoneFarAway { ticket, .. }) => {
            if let Some(ticket) = state.floor.tickets.get(ticket) {
                ticket_emission(&view, ticket, &mut out);
            }
        }
        // Of what begins with it the announcement says how many, or the booking; what else is told takes its place.
        Event::Floor(Floor::NoticeDue { due, .. } | Floor::RefundTold { due, .. }) => {
            let begins = due.about.is_some_and(|about| about.is_of_the_clinic() || about == About::Reminder);
            if let Some(clinic) = due.clinic.as_ref().filter(|_| !begins) {
                told_emissions(&view, &clinic.slot.session(), &mut out);
            }
        }
        Event::Floor(Floor::TellingGoesOn { session, .. }) => told_emissions(&view, session, &mut out),
        Event::Floor(event) => floor_emissions(&view, event, &mut out),
        // What it comes to is said of each session; the plan itself is read.
        Event::Plan(_) => {}
        // The books are read; how it stands with the own fee is the patient's to follow.
        Event::Payment(event) => {
            if let Some(ticket) = payment::appointment(event).map(|id| id.ticket()) {
                out.put("ticket", ticket.as_str(), || view.place_in_line(&ticket));
            }
        }
        Event::Waitlist(event) => kept_emissions(&view, event, &mut out),
        // Who is there for a release hears it from the edge, which knows them.
        Event::Release(_) => {}
    }
    out.emissions
}

/// Whether a freed place is to be had: what is offered is held, and said so by the clinic.
fn kept_emissions(view: &View<'_>, event: &waitlist::Event, out: &mut Out<'_>) {
    if let waitlist::Event::PlaceKept { slot, .. } | waitlist::Event::PlaceBack { slot, .. } = event {
        let session = slot.session();
        out.put("session", session.as_str(), || clinic::view::slot_view(&view.state.clinic, slot, view.zone));
    }
}

/// What is asked stands in no queue; of whom nothing was asked, each ticket says.
fn asked_emissions(view: &View<'_>, out: &mut Out<'_>) {
    let floor = &view.state.floor;
    let unanswered = || floor.tickets.values().filter(|one| one.is_live() && !floor.pre_checks.contains_key(one.id()));
    for queue in view.state.config.queues.keys() {
        out.put("queue", queue.as_str(), || {
            let here = unanswered().filter(|ticket| ticket.opened.queue == *queue);
            let tickets: serde_json::Map<_, _> = here.map(|one| (one.id().to_string(), view.ticket(one))).collect();
            (!tickets.is_empty()).then(|| json!({ "tickets": tickets }))
        });
    }
    let doctors: BTreeSet<_> = unanswered().filter_map(|one| one.standing.call()).map(|call| &call.doctor).collect();
    for doctor in doctors {
        out.put("doctor", doctor.as_str(), || Some(view.doctor_parts(doctor)));
    }
}

/// What was answered before the queue, and who has heard an alert: nobody's but the desk's and the doctor's. Whether the
/// desk waits for the patient, the patient sees too.
fn checked_emissions(view: &View<'_>, event: &Floor, out: &mut Out<'_>) {
    let Some(ticket) = touched::ticket_of(event).and_then(|id| view.state.floor.tickets.get(id)) else { return };
    let (queue, who) = (&ticket.opened.queue, &ticket.opened.brief.patient);
    let sent_from = view.state.floor.sent_elsewhere.get(who).filter(|kept| kept.joined).map(|kept| &kept.sent.queue);
    out.put("queue", queue.as_str(), || {
        let mut parts =
            json!({ "tickets": { ticket.id().as_str(): view.is_shown(ticket).then(|| view.ticket(ticket)) } });
        if sent_from == Some(queue) {
            parts["sent_elsewhere"] = view.no_longer_sent(queue, |one| one == who);
        }
        Some(parts)
    });
    if let Some(from) = sent_from.filter(|from| *from != queue) {
        let gone = || json!({ "sent_elsewhere": view.no_longer_sent(from, |one| one == who) });
        out.put("queue", from.as_str(), || Some(gone()));
    }
    out.put("ticket", ticket.id().as_str(), || view.place_in_line(ticket.id()));
    if let Some(call) = ticket.standing.call() {
        out.put("doctor", call.doctor.as_str(), || Some(view.doctor_parts(&call.doctor)));
    }
}

/// Whether somebody was reached: for the desk, and for the doctor who has called them.
fn notice_emissions(view: &View<'_>, ticket: &TicketId, out: &mut Out<'_>) {
    let Some(ticket) = view.state.floor.tickets.get(ticket) else { return };
    ticket_emission(view, ticket, out);
    if let Some(call) = ticket.standing.call() {
        out.put("doctor", call.doctor.as_str(), || Some(view.doctor_parts(&call.doctor)));
    }
}

/// One ticket, in its queue.
fn ticket_emission(view: &View<'_>, ticket: &Ticket, out: &mut Out<'_>) {
    out.put("queue", ticket.opened.queue.as_str(), || {
        Some(json!({ "tickets": { ticket.id().as_str(): view.is_shown(ticket).then(|| view.ticket(ticket)) } }))
    });
}

/// Another day has begun: what was over the day before goes, who was left over is not next, and the day's figures begin
/// again.
fn day_emissions(view: &View<'_>, out: &mut Out<'_>) {
    for queue in view.state.config.queues.keys() {
        out.put("queue", queue.as_str(), || {
            let mut parts = view.line(queue);
            parts.insert("tickets".into(), view.gone(|ticket| ticket.opened.queue == *queue));
            parts.insert("ended_left_out".into(), json!(0));
            parts.insert("delays".into(), view.delays(queue));
            parts.insert("late".into(), view.late(queue));
            parts.insert("sent_elsewhere".into(), view.no_longer_sent(queue, |_| true));
            Some(Value::Object(parts))
        });
        waiting_emissions(view, queue, None, out);
    }
    // Who is away or was missed yesterday comes back by that ticket no more.
    let is_over = |ticket: &&Ticket| matches!(ticket.standing, Standing::Away { .. } | Standing::Missed { .. });
    for ticket in view.state.floor.tickets.values().filter(is_over) {
        out.put("ticket", ticket.id().as_str(), || view.place_in_line(ticket.id()));
    }
    for doctor in view.state.config.doctors.keys() {
        out.put("doctor", doctor.as_str(), || {
            let parts = view.doctor_parts(doctor);
            Some(json!({ "next": parts["next"], "today": parts["today"] }))
        });
    }
    // What was announced for the clinics of yesterday is nobody's any more.
    door_emissions(view, out);
    out.put("site", view.state.config.id.prefix(1), || {
        let gone = view.gone(|_| true);
        gone.as_object().is_some_and(|gone| !gone.is_empty()).then(|| json!({ "tickets": gone }))
    });
}

/// Everybody under a session's announced delay: at home with a booking, and in its line.
fn delay_emissions(view: &View<'_>, session: &SessionId, out: &mut Out<'_>) {
    let Some(session) = view.state.clinic.sessions.get(session) else { return };
    let slots = session.slots.iter().filter_map(|slot| view.state.clinic.slots.get(slot));
    for ticket in slots.flat_map(|slot| &slot.expected).map(AppointmentId::ticket) {
        out.put("ticket", ticket.as_str(), || view.place_in_line(&ticket));
    }
    waiting_emissions(view, &session.queue, None, out);
}

/// Every door that somebody sees: one says who works, of whom else who comes, and of both what was announced, and another
/// room's work or clinic may be what changes it.
fn door_emissions(view: &View<'_>, out: &mut Out<'_>) {
    for point in view.state.config.service_points.keys() {
        out.put("door", point.as_str(), || view.door(point));
    }
}

/// The same for a clinic: doors speak of those of today alone.
fn door_emissions_of_today(view: &View<'_>, session: &SessionId, out: &mut Out<'_>) {
    let session = view.state.clinic.sessions.get(session);
    if session.is_some_and(|session| session.date == view.state.config.today(view.now)) {
        door_emissions(view, out);
    }
}

/// What stands at a queue of a session's delay, and how many were told of it.
fn late_emissions(view: &View<'_>, session: &SessionId, out: &mut Out<'_>) {
    let Some(session) = view.state.clinic.sessions.get(session) else { return };
    let parts = || json!({ "delays": view.delays(&session.queue), "late": view.late(&session.queue) });
    out.put("queue", session.queue.as_str(), || Some(parts()));
}

/// What stands told of a clinic to who is to come to it.
fn at_home<'a>(view: &View<'a>, ticket: &TicketId) -> Option<&'a ClinicNews> {
    view.state.floor.notices.told.get(ticket)?.clinic.as_deref()
}

/// How many were told of a session's delay, for the desk.
fn told_emissions(view: &View<'_>, session: &SessionId, out: &mut Out<'_>) {
    let Some(session) = view.state.clinic.sessions.get(session) else { return };
    out.put("queue", session.queue.as_str(), || Some(json!({ "delays": view.delays(&session.queue) })));
}

/// Everybody who waits in a queue, without the one whose own event it is.
fn waiting_emissions(view: &View<'_>, queue: &QueueId, without: Option<&TicketId>, out: &mut Out<'_>) {
    let Some(lines) = view.state.floor.lines.get(queue) else { return };
    let order = std::cell::OnceCell::new();
    for ticket in lines.waiting().filter(|id| Some(*id) != without) {
        out.put("ticket", ticket.as_str(), || view.place_among(ticket, order.get_or_init(|| view.order(queue))));
    }
}

fn floor_emissions(view: &View<'_>, event: &Floor, out: &mut Out<'_>) {
    let touched = Touched::by(view.state, event);
    for queue in &touched.queues {
        out.put("queue", queue.as_str(), || {
            let mut parts = view.line(queue);
            if let Some(ticket) = touched.ticket.and_then(|id| view.state.floor.tickets.get(id)) {
                let is_here = ticket.opened.queue == *queue && view.is_shown(ticket);
                parts.insert("tickets".into(), json!({ ticket.id().as_str(): is_here.then(|| view.ticket(ticket)) }));
                parts.insert("waits".into(), view.waits(queue, std::iter::once(ticket.id())));
            }
            // Who has come is no longer one of those who are told at home.
            if let Floor::PatientCheckedIn(_) = event {
                parts.insert("delays".into(), view.delays(queue));
            }
            Some(Value::Object(parts))
        });
    }
    for queue in &touched.rooms_of {
        out.put("queue", queue.as_str(), || Some(json!({ "rooms": view.rooms(queue) })));
    }
    for doctor in &touched.doctors {
        out.put("doctor", doctor.as_str(), || Some(view.doctor_parts(doctor)));
    }
    for point in &touched.doors {
        out.put("door", point.as_str(), || view.door(point));
    }
    if let Some(ticket) = touched.ticket {
        out.put("ticket", ticket.as_str(), || view.place_in_line(ticket));
    }
    for queue in touched.queues.iter().chain(touched.rooms_of.iter().filter(|_| touched.rooms)) {
        waiting_emissions(view, queue, touched.ticket, out);
    }
    out.put("site", view.state.config.id.prefix(1), || view.for_the_hospital(event));
}

/// Collects emissions for the streams that somebody sees.
struct Out<'a> {
    stem: &'static str,
    is_live: &'a dyn Fn(&str) -> bool,
    emissions: Vec<(String, Value)>,
}

impl Out<'_> {
    fn put(&mut self, kind: &str, id: &str, payload: impl FnOnce() -> Option<Value>) {
        let stream = format!("{kind}:{id}");
        if (self.is_live)(&stream)
            && let Some(payload) = payload()
        {
            self.emissions.push((stream, json!({ self.stem: payload })));
        }
    }
}
