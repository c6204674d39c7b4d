//! The third table of states: what commands about a doctor's work, about a session and of the desk come to wherever they
//! do not fit. (Tickets: `table.rs`; appointments: the clinic's tests; screens: the site's; `start_work`: the doctor's.)

use super::house::*;
use super::table::{STATES, house_with};
use crate::Principal;
use crate::clinic::SessionStanding;
use crate::ids::*;
use crate::vocabulary::*;

/// A row: a command, and what comes of it in each of the states above it: a code, `=` is accepted and changes nothing,
/// `+` is accepted and changes something.
type Row<const N: usize> = (&'static str, [&'static str; N]);

/// What came of a command.
fn outcome(house: &mut House, who: Principal, command: ToDepartment) -> &'static str {
    let before = bytes(&house.state);
    let came = match house.tell(who, command) {
        Err(why) | Ok(Answer::Refused(why)) => why.code.wire(),
        Ok(_) if bytes(&house.state) == before => "=",
        Ok(_) => "+",
    };
    house.assert_replays();
    came
}

/// Where the work of the first doctor stands who gives the command.
const WORK: [&str; 7] = ["never began", "stopped", "another's", "older number", "free", "paused", "in hand"];

fn at_work(state: &str) -> House {
    let mut house = House::new(0);
    if state == "never began" {
        return house;
    }
    house.begin(1);
    match state {
        "stopped" | "older number" => {
            house.tell(doctor(1), work("stop_work", state)).expect("stops");
            if state == "older number" {
                let service_point = ServicePointId::from(format!("{DEPARTMENT}.room1"));
                let assignment = AssignmentId::from("s.doctor1.n2");
                house.system(ToDepartment::BeginAssignment { doctor: doctor_id(1), assignment, service_point });
            }
        }
        "another's" => house.begin(2),
        "paused" => drop(house.tell(doctor(1), work("pause_work", state)).expect("pauses")),
        "in hand" => {
            house.walk_in("pool", "a", None);
            house.called(1);
        }
        _ => {}
    }
    house
}

fn work(name: &str, state: &str) -> ToDepartment {
    let assignment = assignment(if state == "another's" { 2 } else { 1 });
    let department = DepartmentId::from(DEPARTMENT);
    match name {
        "pause_work" => {
            ToDepartment::PauseWork(PauseWork { department, assignment, reason: "tea".to_owned(), back_at: None })
        }
        "pause_work till then" => ToDepartment::PauseWork(PauseWork {
            department,
            assignment,
            reason: "tea".to_owned(),
            back_at: Some(at("08:00")),
        }),
        "resume_work" => ToDepartment::ResumeWork(ResumeWork { department, assignment }),
        "stop_work" => ToDepartment::StopWork(StopWork { department, assignment }),
        "call_next_patient" => {
            ToDepartment::CallNextPatient(CallNextPatient { department, assignment, in_hand: None, outcome: None })
        }
        _ => panic!("{name}"),
    }
}

#[rustfmt::skip]
const OF_WORK: &[Row<7>] = &[
    //                       never began         stopped             another's    older number        free             paused           in hand
    ("pause_work",           ["wrong_assignment", "wrong_assignment", "forbidden", "wrong_assignment", "+",             "=",             "+"]),
    ("pause_work till then", ["wrong_assignment", "wrong_assignment", "forbidden", "wrong_assignment", "invalid_field", "invalid_field", "invalid_field"]),
    ("resume_work",          ["wrong_assignment", "wrong_assignment", "forbidden", "wrong_assignment", "=",             "+",             "="]),
    ("stop_work",            ["wrong_assignment", "wrong_assignment", "forbidden", "wrong_assignment", "+",             "+",             "patient_in_hand"]),
    ("call_next_patient",    ["wrong_assignment", "wrong_assignment", "forbidden", "wrong_assignment", "queue_empty",   "work_paused",   "stale_console"]),
];

#[test]
fn every_command_about_work_in_every_state_of_it() {
    for (name, row) in OF_WORK {
        for (state, expected) in WORK.iter().zip(row) {
            let mut house = at_work(state);
            assert_eq!(outcome(&mut house, doctor(1), work(name, state)), *expected, "{name}, {state}");
        }
    }
}

/// Where the morning session stands.
const SESSIONS: [&str; 9] = ["none", "open", "booked", "waiting", "called", "seen", "closed", "retired", "stopped"];

fn with_session(state: &str) -> House {
    if state == "none" {
        return House::new(0);
    }
    let mut house = House::new(0).with_session(2);
    house.now = at("09:05");
    match state {
        "booked" => drop(house.book("0930", "a")),
        "waiting" | "called" | "seen" => {
            house.begin(1);
            let ticket = house.walk_in("pool", "a", None);
            if state != "waiting" {
                assert_eq!(house.called(1), ticket);
            }
            if state == "seen" {
                house.tell(doctor(1), ToDepartment::FinishService(FinishService { ticket })).expect("seen");
            }
        }
        "stopped" => drop(house.desk(session("stop_session")).expect("is stopped")),
        "closed" => drop(house.desk(session("close_session")).expect("nobody is to come")),
        "retired" => drop(house.desk(session("retire_session")).expect("nobody is in it")),
        _ => {}
    }
    house
}

fn session(name: &str) -> ToDepartment {
    let session = SessionId::from(format!("{DEPARTMENT}.am"));
    match name {
        "close_session" => ToDepartment::CloseSession(CloseSession { session, settlements: Vec::new() }),
        "retire_session" => ToDepartment::RetireSession(RetireSession { id: session }),
        "delay_session" => ToDepartment::DelaySession(DelaySession { session, minutes: 20 }),
        "delay_session 0" => ToDepartment::DelaySession(DelaySession { session, minutes: 0 }),
        "delay_session 1441" => ToDepartment::DelaySession(DelaySession { session, minutes: 1_441 }),
        "stop_session" | "stop_session later" => {
            let from = (name != "stop_session").then(|| at("23:00"));
            ToDepartment::StopSession(StopSession {
                session,
                from,
                reason: "病假".to_owned(),
                to: None,
                substitute: None,
            })
        }
        "resume_session" => ToDepartment::ResumeSession(ResumeSession { session }),
        _ => panic!("{name}"),
    }
}

#[rustfmt::skip]
const OF_SESSIONS: &[Row<9>] = &[
    //                     none        open             booked           waiting          called           seen             closed            retired           stopped
    ("close_session",      ["forbidden", "+",             "not_settled",   "not_settled",   "not_settled",   "+",             "session_closed", "session_closed", "+"]),
    ("retire_session",     ["forbidden", "+",             "not_settled",   "not_settled",   "not_settled",   "+",             "+",              "=",              "+"]),
    ("delay_session",      ["forbidden", "+",             "+",             "+",             "+",             "+",             "session_closed", "session_closed", "+"]),
    ("delay_session 0",    ["forbidden", "=",             "=",             "=",             "=",             "=",             "session_closed", "session_closed", "="]),
    ("delay_session 1441", ["forbidden", "invalid_field", "invalid_field", "invalid_field", "invalid_field", "invalid_field", "session_closed", "session_closed", "invalid_field"]),
    ("stop_session",       ["forbidden", "+",             "+",             "+",             "+",             "+",             "session_closed", "session_closed", "="]),
    ("stop_session later", ["forbidden", "invalid_field", "invalid_field", "invalid_field", "invalid_field", "invalid_field", "session_closed", "session_closed", "invalid_field"]),
    ("resume_session",     ["forbidden", "=",             "=",             "=",             "=",             "=",             "session_closed", "session_closed", "+"]),
];

#[test]
fn every_command_about_a_session_in_every_state_of_it() {
    for (name, row) in OF_SESSIONS {
        for (state, expected) in SESSIONS.iter().zip(row) {
            let mut house = with_session(state);
            assert_eq!(outcome(&mut house, desk(), session(name)), *expected, "{name}, {state}");
        }
    }
    let house = with_session("closed");
    assert_eq!(house.state.clinic.sessions[&SessionId::from("s.d.am")].standing, SessionStanding::Closed);
}

/// What else desk and patient say of a ticket; nothing of it is an alert, and nobody had to be reached.
fn of_ticket(name: &str, house: &House, ticket: &TicketId) -> ToDepartment {
    let ticket = ticket.clone();
    match name {
        "register_return" => {
            let opened = &house.ticket(&ticket).opened;
            let (visit, patient) = (opened.visit.clone(), opened.brief.patient.clone());
            let command = RegisterReturn { visit, patient, department: None };
            ToDepartment::RegisterReturn { command, brief: brief("a"), birth_date: None }
        }
        "register_return of another" => {
            let (visit, patient) = (house.ticket(&ticket).opened.visit.clone(), PatientId::from("p-b"));
            let command = RegisterReturn { visit, patient, department: None };
            ToDepartment::RegisterReturn { command, brief: brief("b"), birth_date: None }
        }
        "rate_visit" => ToDepartment::RateVisit(RateVisit { ticket, stars: 5, about: Vec::new() }),
        "rate_visit 6" => ToDepartment::RateVisit(RateVisit { ticket, stars: 6, about: Vec::new() }),
        "answer_pre_check" => ToDepartment::AnswerPreCheck { ticket },
        "acknowledge_alert" => ToDepartment::AcknowledgeAlert(AcknowledgeAlert { ticket }),
        "mark_reached" => ToDepartment::MarkReached(MarkReached { ticket, how: ReachedHow::ByPhone }),
        _ => panic!("{name}"),
    }
}

#[rustfmt::skip]
const OF_TICKETS: &[Row<8>] = &[
    //                             waiting               summoned              called                serving               away                  missed                in_transit            ended
    ("register_return",            ["already_exists",     "already_exists",     "already_exists",     "already_exists",     "already_exists",     "already_exists",     "already_exists",     "+"]),
    ("register_return of another", ["forbidden",          "forbidden",          "forbidden",          "forbidden",          "forbidden",          "forbidden",          "forbidden",          "forbidden"]),
    ("rate_visit",                 ["wrong_ticket_state", "wrong_ticket_state", "wrong_ticket_state", "wrong_ticket_state", "wrong_ticket_state", "wrong_ticket_state", "wrong_ticket_state", "+"]),
    ("rate_visit 6",               ["invalid_field",      "invalid_field",      "invalid_field",      "invalid_field",      "invalid_field",      "invalid_field",      "invalid_field",      "invalid_field"]),
    ("answer_pre_check",           ["=",                  "=",                  "wrong_ticket_state", "wrong_ticket_state", "wrong_ticket_state", "wrong_ticket_state", "wrong_ticket_state", "wrong_ticket_state"]),
    ("acknowledge_alert",          ["wrong_ticket_state", "wrong_ticket_state", "wrong_ticket_state", "wrong_ticket_state", "wrong_ticket_state", "wrong_ticket_state", "wrong_ticket_state", "wrong_ticket_state"]),
    ("mark_reached",               ["=",                  "=",                  "=",                  "=",                  "=",                  "=",                  "=",                  "="]),
];

#[test]
fn what_else_is_said_of_a_ticket_in_every_state_of_it() {
    for (name, row) in OF_TICKETS {
        for (state, expected) in STATES.iter().zip(row) {
            let (mut house, id) = house_with(state);
            let command = of_ticket(name, &house, &id);
            assert_eq!(outcome(&mut house, desk(), command), *expected, "{name}, {state}");
        }
    }
    let (mut house, id) = house_with("waiting");
    for name in ["rate_visit", "answer_pre_check", "acknowledge_alert", "mark_reached"] {
        let mut command = of_ticket(name, &house, &id);
        match &mut command {
            ToDepartment::RateVisit(RateVisit { ticket, .. })
            | ToDepartment::AnswerPreCheck { ticket }
            | ToDepartment::AcknowledgeAlert(AcknowledgeAlert { ticket })
            | ToDepartment::MarkReached(MarkReached { ticket, .. }) => *ticket = TicketId::from("s.d.t999"),
            _ => panic!("{name}"),
        }
        assert_eq!(outcome(&mut house, desk(), command), "forbidden", "{name} of no ticket");
    }
}
