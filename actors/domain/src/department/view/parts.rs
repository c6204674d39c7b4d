//! The parts that streams are made of.

use serde_json::{Map, Value, json};

use super::payments::fee_standing;
use super::ticket::newest_ended;
use crate::clinic::{self, AppointmentState, SessionStanding};
use crate::department::config::Defined;
use crate::department::{State, not_sitting, to_come};
use crate::floor::left_over::{Today, is_here};
use crate::floor::notices::NotReached;
use crate::floor::waits::Expected;
use crate::floor::{Pause, Standing, Ticket, Work, at_home, doors};
use crate::ids::*;
use crate::payment::Refund;
use crate::queue::{Place, Queues};
use crate::time::{Timestamp, Zone};
use crate::vocabulary::AlertLevel;

/// Of what somebody has not been told, as it stands on the wire.
pub fn missed(of: &NotReached, refund: Option<&Refund>, zone: Zone) -> Value {
    let refund = refund.map(|one| json!({ "refund": one.id, "amount_fen": one.amount_fen }));
    json!({ "about": of.about.wire(), "since": zone.rfc3339(of.since), "tried": of.tried, "refund": refund })
}

/// A department's state, looked at at a moment.
#[derive(Clone, Copy)]
pub(super) struct View<'a> {
    pub state: &'a State,
    pub now: Timestamp,
    pub zone: Zone,
}

impl<'a> View<'a> {
    pub fn at(&self, at: Timestamp) -> String {
        self.zone.rfc3339(at)
    }

    /// The tickets of a queue in the order in which they will be called; who was left over is not.
    pub fn order(&self, queue: &QueueId) -> Vec<TicketId> {
        let today = Today::of_queue(self.state, queue, self.now);
        today.lines(queue).map(|lines| lines.order(&self.state.config.settings.queue)).unwrap_or_default()
    }

    /// When a ticket will be called, as it has been said last.
    fn expected(&self, ticket: &Ticket) -> Option<&'a Expected> {
        self.state.floor.waits.get(&ticket.opened.queue)?.tickets.get(ticket.id())
    }

    fn range(&self, expected: &Expected) -> Value {
        json!({ "from": self.at(expected.from), "to": self.at(expected.to) })
    }

    /// The same by ticket, null where it is unknown; for those of these tickets that are or were in the queue.
    pub fn waits<'b>(&self, queue: &QueueId, tickets: impl Iterator<Item = &'b TicketId>) -> Value {
        let said = self.state.floor.waits.get(queue);
        let range = |ticket: &TicketId| said?.tickets.get(ticket).map(|expected| self.range(expected));
        Value::Object(tickets.map(|ticket| (ticket.to_string(), json!(range(ticket)))).collect())
    }

    /// When whoever comes to a queue now will be called.
    pub fn newcomer(&self, queue: &QueueId) -> Value {
        let newcomer = self.state.floor.waits.get(queue).and_then(|said| said.newcomer.as_ref());
        json!(newcomer.map(|expected| self.range(expected)))
    }

    /// Of how many at home it is known that they have heard of a delay, by session of the queue.
    pub fn delays(&self, queue: &QueueId) -> Value {
        let shown = |(session, told): (SessionId, at_home::ToldCount)| {
            json!({
                "session": session,
                "told": told.told,
                "reached": told.reached,
                "not_reached": told.not_reached,
                "not_before": told.not_before.map(|at| self.at(at)),
                "of_bookings_not_reached": told.of_bookings_not_reached,
            })
        };
        at_home::counts(self.state, queue).into_iter().map(shown).collect()
    }

    /// Today's clinics of a queue for which a delay stands, until they are over by it.
    pub fn late(&self, queue: &QueueId) -> Value {
        let today = self.state.config.today(self.now);
        let late = self.state.clinic.sessions.iter().filter(|(_, session)| {
            session.queue == *queue
                && session.date == today
                && session.delay_min > 0
                && session.standing == SessionStanding::Open
                && !self.state.clinic.is_over(session, self.now)
        });
        let shown = |(id, session): (&SessionId, &clinic::Session)| {
            let first = self.state.clinic.slots.get(session.slots.first()?)?;
            Some(json!({
                "session": id,
                "doctor": session.doctor,
                "doctor_name": session.doctor.as_ref().map(|doctor| self.doctor_name(doctor).0),
                "doctor_name_en": session.doctor.as_ref().map(|doctor| self.state.config.name_en(doctor.as_str())),
                "delay_min": session.delay_min,
                "begins_at": self.at(first.start.plus_min(i64::from(session.delay_min))),
                "ends_at": self.at(self.state.clinic.over_at(session)?),
            }))
        };
        late.filter_map(shown).collect()
    }

    /// How often those who wait in a queue have been passed, where they have. Beside the tickets, because one call changes
    /// it for many.
    pub fn passed(&self, queue: &QueueId) -> Value {
        let lines = self.state.floor.lines.get(queue).into_iter();
        let waiting = lines.flat_map(|lines| lines.waiting().filter_map(|id| Some((id, lines.get(id)?.passed))));
        Value::Object(waiting.filter(|(_, n)| *n > 0).map(|(id, n)| (id.to_string(), json!(n))).collect())
    }

    /// A queue as desk and doctors see it: all tickets that still live, and today's that have ended, the newest of them.
    pub fn queue(&self, id: &QueueId) -> Option<Value> {
        let Defined { is: queue, retired } = self.state.config.queues.get(id)?;
        let here = self.state.floor.tickets.values().filter(|ticket| ticket.opened.queue == *id);
        let (shown, ended_left_out) = newest_ended(here.filter(|ticket| self.is_shown(ticket)));
        let shown = shown.into_iter().map(|ticket| (ticket.id().to_string(), self.ticket(ticket)));
        let tickets: Map<String, Value> = shown.collect();
        let mut parts = self.line(id);
        let head = json!({ "id": id, "name": queue.name, "name_en": self.state.config.name_en(id.as_str()), "prefix": queue.prefix, "retired": retired });
        let waits = self.state.floor.waits.get(id).into_iter().flat_map(|said| said.tickets.keys());
        parts.extend([
            ("queue".to_owned(), head),
            ("tickets".to_owned(), Value::Object(tickets)),
            ("ended_left_out".to_owned(), json!(ended_left_out)),
            ("waits".to_owned(), self.waits(id, waits)),
            ("newcomer".to_owned(), self.newcomer(id)),
            ("delays".to_owned(), self.delays(id)),
            ("late".to_owned(), self.late(id)),
        ]);
        Some(Value::Object(parts))
    }

    /// What every event of a queue says of it whole: who is called in which order, and the rooms that call.
    pub fn line(&self, queue: &QueueId) -> Map<String, Value> {
        let parts = [("order", json!(self.order(queue))), ("passed", self.passed(queue)), ("rooms", self.rooms(queue))];
        parts.into_iter().map(|(name, part)| (name.to_owned(), part)).collect()
    }

    /// Today's tickets are shown, and all that have not ended.
    pub fn is_shown(&self, ticket: &Ticket) -> bool {
        ticket.is_live() || ticket.opened.date == self.state.config.today(self.now)
    }

    /// What a stream of `these` tickets showed yesterday and shows no longer: each with null.
    pub fn gone(&self, these: impl Fn(&Ticket) -> bool) -> Value {
        let tickets = self.state.floor.tickets.values().filter(|ticket| these(ticket) && !self.is_shown(ticket));
        Value::Object(tickets.map(|ticket| (ticket.id().to_string(), Value::Null)).collect())
    }

    /// The rooms that call from a queue, in their order.
    pub fn rooms(&self, queue: &QueueId) -> Value {
        let mut rooms: Vec<(&DoctorId, &Work)> =
            self.state.floor.work.iter().filter(|(_, work)| work.queues.contains(queue)).collect();
        rooms.sort_by_key(|(_, work)| (work.room_order, &work.service_point));
        let room = |(doctor, work): (&DoctorId, &Work)| {
            let (name, name_en) = self.point(&work.service_point);
            json!({
                "service_point": work.service_point,
                "name": name,
                "name_en": name_en,
                "assignment": work.assignment,
                "doctor": doctor,
                "doctor_name": self.doctor_name(doctor).0,
                "doctor_name_en": self.state.config.name_en(doctor.as_str()),
                "paused": work.pause.is_some(),
                "back_at": work.pause.as_ref().and_then(|pause| pause.back_at).map(|at| self.at(at)),
                "in_hand": work.in_hand,
                "at_door": work.at_door,
            })
        };
        Value::Array(rooms.into_iter().map(room).collect())
    }

    fn point(&self, id: &ServicePointId) -> (&'a str, &'a str) {
        let point = self.state.config.service_points.get(id).map(|point| &point.is);
        point.map_or(("", ""), |point| (point.name.as_str(), point.name_en.as_str()))
    }

    /// Name and title.
    fn doctor_name(&self, id: &DoctorId) -> (&'a str, &'a str) {
        let doctor = self.state.config.doctors.get(id).map(|doctor| &doctor.is);
        doctor.map_or(("", ""), |doctor| (doctor.name.as_str(), doctor.title.as_str()))
    }

    /// A doctor's console: the department's part, with the queues called from.
    pub fn doctor(&self, id: &DoctorId) -> Option<Value> {
        self.state.config.doctors.get(id)?;
        let mut parts = self.doctor_parts(id);
        let queues = self.state.floor.work.get(id).into_iter().flat_map(|work| &work.queues);
        parts["queues"] = queues.filter_map(|queue| self.queue(queue)).collect();
        Some(parts)
    }

    /// What changes of a doctor's console with an event: work and the queues called from, whom a call of the next would
    /// call, hand and the day's figures.
    pub fn doctor_parts(&self, id: &DoctorId) -> Value {
        let (name, title) = self.doctor_name(id);
        let work = self.state.floor.work.get(id);
        let in_hand = work.and_then(|work| self.state.floor.tickets.get(work.in_hand.as_ref()?));
        let next = work.and_then(|work| doors::next_for(self.state, work, self.now));
        json!({
            "doctor": id,
            "name": name,
            "name_en": self.state.config.name_en(id.as_str()),
            "title": title,
            "at_work": work.map(|work| json!({
                "assignment": work.assignment,
                "department": self.state.config.id,
                "service_point": work.service_point,
                "service_point_name": self.point(&work.service_point).0,
                "paused": work.pause.is_some(),
                "back_at": work.pause.as_ref().and_then(|pause| pause.back_at).map(|at| self.at(at)),
            })),
            "calls_from": work.map(|work| work.queues.as_slice()).unwrap_or_default(),
            "next": next.map(|next| next.picked.ticket),
            "in_hand": in_hand.map(|ticket| self.ticket(ticket)),
            "today": self.today(id, work),
        })
    }

    fn today(&self, id: &DoctorId, work: Option<&Work>) -> Value {
        let today = self.state.config.today(self.now);
        let pace = self.state.floor.pace.get(id).filter(|pace| pace.date == today);
        let in_line = Today::of(self.state, self.now);
        let lines = work.into_iter().flat_map(|work| &work.queues).filter_map(|queue| in_line.lines(queue));
        let waiting: usize = lines.map(|lines| lines.waiting_count() + lines.summoned_count()).sum();
        let mean = |times: &[u32]| (!times.is_empty()).then(|| times.iter().sum::<u32>() / times.len() as u32);
        json!({
            "seen": pace.map_or(0, |pace| pace.seen),
            "waiting": waiting,
            "missed": pace.map_or(0, |pace| pace.missed),
            "mean_service_s": pace.and_then(|pace| mean(&pace.service_s)),
        })
    }

    /// A room's screen. Nothing about a patient but number and masked name; numbers only where the department says so.
    pub fn door(&self, id: &ServicePointId) -> Option<Value> {
        self.state.config.service_points.get(id)?;
        let (name, name_en) = self.point(id);
        let found = self.state.floor.rooms.get(id);
        let found = found.and_then(|doctor| Some((doctor, self.state.floor.work.get(doctor)?)));
        let shown = |id: &TicketId| {
            let ticket = self.state.floor.tickets.get(id)?;
            let name = self.state.config.name_on_screens(&ticket.opened.brief.masked_name);
            Some(json!({ "number": ticket.opened.number, "name": name, "state": ticket.standing.name() }))
        };
        let state = match found {
            None => "closed",
            Some((_, work)) if work.pause.is_some() => "paused",
            Some(_) => "open",
        };
        let (doctor, title) = found.map_or(("", ""), |(doctor, _)| self.doctor_name(doctor));
        let at_door = found.into_iter().flat_map(|(_, work)| &work.at_door);
        let own = found.and_then(|(_, work)| doors::next_of_own(self.state, work, self.now));
        let coming = if found.is_none() { self.coming_to(id) } else { None };
        let stopped = if found.is_none() && coming.is_none() { self.stopped_at(id) } else { None };
        Some(json!({
            "service_point": id,
            "name": name,
            "name_en": name_en,
            "doctor": doctor,
            "doctor_en": found.map(|(id, _)| self.state.config.name_en(id.as_str())).unwrap_or_default(),
            "title": title,
            "state": state,
            "back_at": found.and_then(|(_, work)| work.pause.as_ref()?.back_at).map(|at| self.at(at)),
            "delay_min": self.delay_at(id, found),
            "coming": coming,
            "stopped": stopped,
            "current": found.and_then(|(_, work)| shown(work.in_hand.as_ref()?)),
            "next": at_door.chain(&own).filter_map(shown).collect::<Vec<_>>(),
        }))
    }

    /// Where nobody works: whose clinic is next at the room.
    fn coming_to(&self, room: &ServicePointId) -> Option<Value> {
        let here = |session: &clinic::Session| session.service_point.as_ref() == Some(room);
        let coming = to_come::next(self.state, here, self.now)?;
        let mut told = self.whose(coming.session.doctor.as_ref());
        told["opens"] = json!(self.at(coming.told));
        Some(told)
    }

    /// Where nobody works and nobody comes: whose clinic at the room does not take place.
    fn stopped_at(&self, room: &ServicePointId) -> Option<Value> {
        let here = |session: &clinic::Session| session.service_point.as_ref() == Some(room);
        let stops = not_sitting::today(self.state, &[self.state], here, self.now);
        let stop = stops.first()?;
        let mut told = self.whose(stop.doctor);
        told["when"] = json!({ "zh": stop.when_zh, "en": stop.when_en });
        Some(told)
    }

    /// A doctor as a door names one; empty: nobody's.
    fn whose(&self, doctor: Option<&DoctorId>) -> Value {
        let (name, title) = doctor.map_or(("", ""), |doctor| self.doctor_name(doctor));
        let name_en = doctor.map_or("", |doctor| self.state.config.name_en(doctor.as_str()));
        json!({ "doctor": name, "doctor_en": name_en, "title": title })
    }

    /// What has been announced today for the clinic at a room, the one that runs, else the next: of who works there, else
    /// of who is to come. Minutes.
    fn delay_at(&self, room: &ServicePointId, works: Option<(&DoctorId, &Work)>) -> u32 {
        let State { config, clinic, .. } = self.state;
        let today = config.today(self.now);
        let open = clinic
            .sessions
            .values()
            .filter(|session| session.date == today && to_come::takes_place(self.state, session, self.now));
        let here = open.filter(|session| match (works, &session.doctor) {
            (Some((doctor, _)), Some(whose)) => whose == doctor,
            (Some((_, work)), None) => work.queues.contains(&session.queue),
            (None, _) => session.service_point.as_ref() == Some(room),
        });
        let begins = |session: &&clinic::Session| Some(clinic.slots.get(session.slots.first()?)?.start);
        here.min_by_key(begins).map_or(0, |session| session.delay_min)
    }

    /// A place in line, for the patient's phone; also of an appointment that has not checked in yet.
    pub fn place_in_line(&self, id: &TicketId) -> Option<Value> {
        match self.state.floor.tickets.get(id) {
            Some(ticket) => self.place_among(id, &self.order(&ticket.opened.queue)),
            None => self.booked(id),
        }
    }

    /// The same, with the order of its queue at hand.
    pub fn place_among(&self, id: &TicketId, order: &[TicketId]) -> Option<Value> {
        let ticket = self.state.floor.tickets.get(id)?;
        let opened = &ticket.opened;
        let place = doors::place_of(self.state, ticket);
        let ahead = match &ticket.standing {
            Standing::Waiting => order.iter().position(|other| other == id),
            Standing::Summoned(_) | Standing::Called(_) => Some(0),
            _ => None,
        };
        let service_point = match &ticket.standing {
            Standing::Summoned(summons) => Some(&summons.service_point),
            standing => standing.call().map(|call| &call.service_point),
        };
        let (room, room_en) = service_point.map_or(("", ""), |point| self.point(point));
        let emergency = |id: &&TicketId| self.state.floor.tickets.get(*id).is_some_and(Ticket::is_emergency);
        let in_line = ticket.standing == Standing::Waiting;
        let session = opened.session.as_ref().and_then(|id| self.state.clinic.sessions.get(id));
        let session = session.filter(|session| in_line && session.queue == opened.queue);
        // Emergencies are the first of the order.
        let emergencies = order.iter().take(ahead.unwrap_or(0)).take_while(emergency).count();
        Some(json!({
            "ticket": id,
            "number": opened.number,
            "state": ticket.standing.name(),
            "here": is_here(self.state, ticket, self.now),
            "ahead": ahead,
            "emergencies_ahead": emergencies,
            "rooms_paused": if in_line { self.paused(&opened.queue).count() } else { 0 },
            "back_at": in_line.then(|| self.back_at(&opened.queue)).flatten(),
            "to_desk": self.desk_waits(ticket) == Some(AlertLevel::Urgent),
            "desk_first": self.desk_waits(ticket) == Some(AlertLevel::Notice),
            "delay_min": session.map_or(0, |session| session.delay_min),
            "cancel_until": null,
            "check_in_from": null,
            "line": line_of(ticket, place),
            "why": place.filter(|_| ticket.is_live()).map(|place| json!({ "zh": place.why.told_zh(), "en": place.why.told_en() })),
            "place": room,
            "place_en": room_en,
            "service_point": service_point,
            "call": ticket.standing.call().map(|call| &call.call),
            "rounds": ticket.standing.call().map(|call| call.rounds),
            "slot_start": opened.slot_start.map(|at| self.at(at)),
            "expected": self.expected(ticket).map(|expected| self.range(expected)),
            "queue": opened.queue,
            "queue_name": self.state.config.queues.get(&opened.queue).map(|queue| &queue.is.name),
            "queue_name_en": self.state.config.name_en(opened.queue.as_str()),
            "linked_to": ticket.linked_to,
            "fee": opened.appointment.as_ref().map(|id| fee_standing(self.state, id)),
        }))
    }

    /// Of the rooms that call from a queue those that have paused.
    fn paused(&self, queue: &QueueId) -> impl Iterator<Item = &'a Pause> {
        let rooms = self.state.floor.work.values().filter(move |work| work.queues.contains(queue));
        rooms.filter_map(|work| work.pause.as_ref())
    }

    /// When the first of them goes on, as far as that is known.
    fn back_at(&self, queue: &QueueId) -> Option<String> {
        self.paused(queue).filter_map(|pause| pause.back_at).min().map(|at| self.at(at))
    }

    /// An appointment as the ticket that it will be: same department, same suffix.
    fn booked(&self, ticket: &TicketId) -> Option<Value> {
        let own = ticket.as_str().strip_prefix(self.state.config.id.as_str())?.strip_prefix(".t")?;
        let id = AppointmentId::from(format!("{}.b{own}", self.state.config.id));
        let appointment = self.state.clinic.appointments.get(&id)?;
        let state = match appointment.state {
            AppointmentState::Held { .. } | AppointmentState::Booked => "booked",
            _ => "ended",
        };
        let slot = self.state.clinic.slots.get(&appointment.slot);
        let session = self.state.clinic.session_of(&appointment.slot);
        Some(json!({
            "ticket": ticket,
            "number": appointment.number,
            "state": state,
            "here": false,
            "ahead": null,
            "emergencies_ahead": 0,
            "rooms_paused": 0,
            "back_at": null,
            "to_desk": false,
            "desk_first": false,
            "delay_min": session.filter(|_| state == "booked").map_or(0, |session| session.delay_min),
            "cancel_until":
                clinic::cancel_until(&self.state.clinic, appointment, &self.state.config.settings.booking, self.zone)
                    .map(|until| self.at(until)),
            "check_in_from": clinic::check_in_from(&self.state.clinic, &id, &self.state.config.settings.booking, self.zone)
                .map(|from| self.at(from)),
            "line": null,
            "why": null,
            "place": "",
            "place_en": "",
            "service_point": null,
            "call": null,
            "rounds": null,
            "slot_start": slot.map(|slot| self.at(slot.start)),
            "expected": null,
            "queue": session.map(|session| &session.queue),
            "queue_name": session.and_then(|session| self.state.config.queues.get(&session.queue)).map(|queue| &queue.is.name),
            "queue_name_en": session.map_or("", |session| self.state.config.name_en(session.queue.as_str())),
            "linked_to": null,
            "fee": fee_standing(self.state, &id),
        }))
    }
}

/// The line in which a ticket stands or stood last; none once it has ended.
pub(super) fn line_of<'a>(ticket: &Ticket, place: Option<&'a Place>) -> Option<&'a str> {
    place.filter(|_| ticket.is_live()).map(|place| place.line.name())
}

/// The answer to "why does she go before me?", from the event that placed the ticket.
pub(super) fn why(ticket: &Ticket, place: Option<&Place>) -> Option<Value> {
    let place = place.filter(|_| ticket.is_live())?;
    Some(json!({ "zh": place.why.zh(), "en": place.why.en() }))
}
