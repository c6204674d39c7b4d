//! Reads a department's state for a board: its rooms, calls, missed numbers and notices, of the queues that the board
//! shows. Pure.

use std::collections::BTreeSet;

use jiaohao_domain::clinic::Session;
use jiaohao_domain::department;
use jiaohao_domain::department::not_sitting::{self, NotSitting};
use jiaohao_domain::department::to_come::{self, Coming};
use jiaohao_domain::floor::left_over::Today;
use jiaohao_domain::floor::{Standing, StepKind, Ticket, Work};
use jiaohao_domain::queue::Queues;
use jiaohao_domain::vocabulary::DefineDepartment;
use jiaohao_domain::{BusinessDate, DoctorId, QueueId, ServicePointId, TicketId, Timestamp};

use super::rules::{BoardInput, CallInput, CallState, DepartmentInput, Notice, RoomInput};

/// Reads the departments for a board that shows these queues.
pub fn read(departments: &[&department::State], shown: &[QueueId], now: Timestamp) -> BoardInput {
    let shown: BTreeSet<&QueueId> = shown.iter().collect();
    let departments =
        departments.iter().map(|state| Reader::new(state, departments, &shown, now).department()).collect();
    BoardInput { departments }
}

/// One department under one board's eyes.
struct Reader<'a> {
    state: &'a department::State,
    /// All that the board shows queues of: a doctor may sit in several.
    beside: &'a [&'a department::State],
    /// The queues of this department that the board shows, each in the order of being called.
    orders: Vec<(&'a QueueId, Vec<TicketId>)>,
    now: Timestamp,
    today: BusinessDate,
}

impl<'a> Reader<'a> {
    fn new(
        state: &'a department::State,
        beside: &'a [&'a department::State],
        shown: &BTreeSet<&QueueId>,
        now: Timestamp,
    ) -> Self {
        let settings = &state.config.settings.queue;
        let in_line = Today::of(state, now);
        let order = |queue: &QueueId| in_line.lines(queue).map(|lines| lines.order(settings)).unwrap_or_default();
        let orders = state.config.queues.iter().filter(|(id, queue)| shown.contains(id) && !queue.retired);
        let orders = orders.map(|(id, _)| (id, order(id))).collect();
        Self { state, beside, orders, now, today: state.config.today(now) }
    }

    fn department(&self) -> DepartmentInput {
        let definition = self.state.config.definition.as_ref();
        DepartmentInput {
            neutral_name: definition.and_then(|definition| definition.neutral_name.clone()),
            calls: self.calls(),
            rooms: self.rooms().chain(self.queues_without_a_room()).collect(),
            missed: self.missed(),
            notices: self.pauses().chain(self.stops()).chain(self.delays()).collect(),
        }
    }

    fn is_shown(&self, queue: &QueueId) -> bool {
        self.orders.iter().any(|(id, _)| *id == queue)
    }

    fn ticket(&self, id: &TicketId) -> Option<&'a Ticket> {
        self.state.floor.tickets.get(id).filter(|ticket| self.is_shown(&ticket.opened.queue))
    }

    /// The rooms where a doctor calls from a queue of this board.
    fn work(&self) -> impl Iterator<Item = (&'a DoctorId, &'a Work)> {
        self.state.floor.work.iter().filter(|(_, work)| work.queues.iter().any(|queue| self.is_shown(queue)))
    }

    fn place(&self, point: &ServicePointId) -> (String, String) {
        let point = self.state.config.service_points.get(point).map(|point| &point.is);
        point.map(|point| (point.name.clone(), point.name_en.clone())).unwrap_or_default()
    }

    fn doctor_name(&self, doctor: &DoctorId) -> &'a str {
        self.state.config.doctors.get(doctor).map_or("", |doctor| doctor.is.name.as_str())
    }

    /// The name in Chinese, and in English where there is one.
    fn doctor_names(&self, doctor: &DoctorId) -> (&'a str, &'a str) {
        let (name, en) = (self.doctor_name(doctor), self.state.config.name_en(doctor.as_str()));
        (name, if en.is_empty() { name } else { en })
    }

    fn calls(&self) -> Vec<CallInput> {
        let here = self.state.floor.work.values().flat_map(|work| work.in_hand.iter().chain(&work.at_door));
        here.filter_map(|id| self.call(self.ticket(id)?)).collect()
    }

    fn call(&self, ticket: &Ticket) -> Option<CallInput> {
        let (call, point, state, at) = match &ticket.standing {
            Standing::Summoned(summons) => (&summons.call, &summons.service_point, CallState::Summoned, summons.since),
            Standing::Called(call) => {
                (&call.call, &call.service_point, CallState::Called, last_announced(ticket, call.first_called_at))
            }
            Standing::Serving { call, started_at } => {
                (&call.call, &call.service_point, CallState::Serving, *started_at)
            }
            _ => return None,
        };
        let (place, place_en) = self.place(point);
        Some(CallInput {
            call: call.clone(),
            number: ticket.opened.number.clone(),
            name: self.state.config.name_on_screens(&ticket.opened.brief.masked_name).map(str::to_owned),
            place,
            place_en,
            state,
            at,
            emergency: ticket.is_emergency(),
        })
    }

    fn numbers(&self, tickets: impl Iterator<Item = &'a TicketId>) -> Vec<String> {
        tickets.filter_map(|id| self.ticket(id)).map(|ticket| ticket.opened.number.clone()).collect()
    }

    /// The tickets of a queue of this board in the order of being called, with those at doors.
    fn order(&self, queue: &QueueId) -> &[TicketId] {
        self.orders.iter().find(|(id, _)| *id == queue).map_or(&[][..], |(_, order)| order)
    }

    /// Who waits in a queue, without those who stand at a door.
    fn waiting(&self, queue: &QueueId) -> impl Iterator<Item = String> {
        let waiting = self.order(queue).iter().filter_map(|id| self.ticket(id));
        waiting.filter(|ticket| ticket.standing == Standing::Waiting).map(|ticket| ticket.opened.number.clone())
    }

    fn rooms(&self) -> impl Iterator<Item = RoomInput> {
        self.work().map(|(doctor, work)| {
            let (place, place_en) = self.place(&work.service_point);
            let title = self.state.config.doctors.get(doctor).map(|doctor| doctor.is.title.clone());
            let waiting: Vec<String> = work.queues.iter().flat_map(|queue| self.waiting(queue)).collect();
            let at_door = self.numbers(work.at_door.iter());
            // Rooms of one line say the same of it, paused or not.
            let first = work.queues.iter().find(|queue| self.is_shown(queue));
            let said = first.and_then(|queue| self.state.floor.waits.get(queue)?.newcomer);
            RoomInput {
                order: work.room_order,
                place,
                place_en,
                doctor: self.doctor_name(doctor).to_owned(),
                doctor_en: self.state.config.name_en(doctor.as_str()).to_owned(),
                title: title.unwrap_or_default(),
                waiting,
                at_door,
                paused: work.pause.is_some(),
                expected: said.map(|expected| (expected.from, expected.to)),
                opens: None,
            }
        })
    }

    /// Where nobody calls yet: people who wait still see that they are in the line, and where nobody works at all, who comes
    /// next and when, so that nobody goes home.
    fn queues_without_a_room(&self) -> impl Iterator<Item = RoomInput> {
        let served: BTreeSet<&QueueId> = self.work().flat_map(|(_, work)| &work.queues).collect();
        let is_dark = served.is_empty();
        let unserved = self.orders.iter().map(|(queue, _)| *queue).filter(|queue| !served.contains(queue));
        let unserved = unserved.map(|queue| (queue, self.waiting(queue).collect::<Vec<String>>()));
        // While somebody works, who comes is looked up only where people wait.
        let shown = unserved.filter(|(_, waiting)| is_dark || !waiting.is_empty());
        let shown: Vec<_> = shown.map(|(queue, waiting)| (queue, waiting, self.coming(queue))).collect();
        let first = shown.iter().filter_map(|(_, _, coming)| Some(coming.as_ref()?.planned)).min();
        shown.into_iter().filter_map(move |(queue, waiting, coming)| {
            let is_next = coming.as_ref().is_some_and(|coming| Some(coming.planned) == first);
            (!waiting.is_empty() || is_next).then(|| self.room_to_come(queue, coming, waiting))
        })
    }

    /// A queue's name may say what a neutral name hides: such a department's row bears the neutral name where it has no
    /// room's.
    fn room_to_come(&self, queue: &QueueId, coming: Option<Coming<'_>>, waiting: Vec<String>) -> RoomInput {
        let config = &self.state.config;
        let session = coming.as_ref().map(|coming| coming.session);
        let neutral = config.definition.as_ref().and_then(|definition| definition.neutral_name.clone());
        let point = session.and_then(|session| config.service_points.get(session.service_point.as_ref()?));
        let (place, place_en) = match (point, neutral) {
            (Some(point), _) => (point.is.name.clone(), point.is.name_en.clone()),
            (None, Some(neutral)) => (neutral, String::new()),
            (None, None) => {
                let name = config.queues.get(queue).map(|queue| queue.is.name.clone());
                (name.unwrap_or_default(), config.name_en(queue.as_str()).to_owned())
            }
        };
        let doctor = session.and_then(|session| session.doctor.as_ref());
        let title = doctor.and_then(|doctor| config.doctors.get(doctor)).map(|doctor| doctor.is.title.clone());
        RoomInput {
            order: point.map_or(u32::MAX, |point| point.is.order),
            place,
            place_en,
            doctor: doctor.map_or("", |doctor| self.doctor_name(doctor)).to_owned(),
            doctor_en: doctor.map_or("", |doctor| config.name_en(doctor.as_str())).to_owned(),
            title: title.unwrap_or_default(),
            waiting,
            at_door: Vec::new(),
            paused: false,
            expected: None,
            opens: coming.map(|coming| coming.told),
        }
    }

    /// Today's next clinic of a queue.
    fn coming(&self, queue: &QueueId) -> Option<Coming<'a>> {
        to_come::next(self.state, |session| session.queue == *queue, self.now)
    }

    fn takes_place(&self, session: &Session) -> bool {
        to_come::takes_place(self.state, session, self.now)
    }

    fn missed(&self) -> Vec<(Timestamp, String)> {
        let shown = self.state.floor.tickets.values().filter(|ticket| self.is_shown(&ticket.opened.queue));
        let missed = shown.filter_map(|ticket| match ticket.standing {
            Standing::Missed { since } if self.state.config.today(since) == self.today => {
                Some((since, ticket.opened.number.clone()))
            }
            _ => None,
        });
        missed.collect()
    }

    fn pauses(&self) -> impl Iterator<Item = Notice> {
        self.work().filter_map(|(doctor, work)| {
            let (name, en) = self.doctor_names(doctor);
            let pause = work.pause.as_ref()?;
            Some(match pause.back_at.map(|at| self.state.config.zone().clock(at)) {
                Some(back) => Notice {
                    zh: format!("{name}医生暂停叫号,预计{back}恢复"),
                    en: format!("Dr {en} has paused, back about {back}"),
                },
                None => Notice { zh: format!("{name}医生暂停叫号"), en: format!("Dr {en} has paused") },
            })
        })
    }

    /// A delay says whose it is: several clinics stand on one screen. What must not be named is told by its neutral name.
    fn delays(&self) -> impl Iterator<Item = Notice> {
        let sessions = self.state.clinic.sessions.values();
        let late =
            sessions.filter(|session| session.date == self.today && session.delay_min > 0 && self.takes_place(session));
        late.filter(|session| self.is_shown(&session.queue)).map(|session| {
            let minutes = session.delay_min;
            match session.doctor.as_ref().map(|doctor| self.doctor_names(doctor)) {
                Some((name, en)) => Notice {
                    zh: format!("{name}医生门诊延迟约{minutes}分钟"),
                    en: format!("Dr {en} is running about {minutes} minutes late"),
                },
                None => {
                    let (zh, en) = self.named();
                    Notice {
                        zh: format!("{zh}延迟约{minutes}分钟"),
                        en: format!("{en} is running about {minutes} minutes late"),
                    }
                }
            }
        })
    }

    /// Who of today does not sit, and when, by the names as of a delay.
    fn stops(&self) -> impl Iterator<Item = Notice> {
        let stops = not_sitting::today(self.state, self.beside, |session| self.is_shown(&session.queue), self.now);
        stops.into_iter().map(|stop| {
            let (zh, en) = match stop.doctor.map(|doctor| self.doctor_names(doctor)) {
                Some((name, en)) => (format!("{name}医生"), format!("Dr {en}")),
                None => (self.named().0.to_owned(), self.named().1.to_owned()),
            };
            let NotSitting { when_zh, when_en, .. } = stop;
            Notice { zh: format!("{zh}{when_zh}停诊"), en: format!("{en} does not see patients {when_en}") }
        })
    }

    /// The department's name as a screen may bear it, in Chinese and in English.
    fn named(&self) -> (&'a str, &'a str) {
        match self.state.config.definition.as_ref() {
            Some(DefineDepartment { neutral_name: Some(neutral), .. }) => (neutral, "The clinic"),
            Some(DefineDepartment { name, name_en, .. }) => (name, if name_en.is_empty() { name } else { name_en }),
            None => ("门诊", "The clinic"),
        }
    }
}

/// When the call was announced last: a recall stands out anew.
fn last_announced(ticket: &Ticket, first: Timestamp) -> Timestamp {
    let recalled = ticket.steps.iter().rev().find(|step| step.what == StepKind::Recalled && step.at >= first);
    recalled.map_or(first, |step| step.at)
}
