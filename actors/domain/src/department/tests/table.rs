//! DOMAIN's state table: every command in every state makes exactly the stated transition, or is rejected.

use super::house::*;
use crate::Code;
use crate::floor::Standing;
use crate::ids::*;
use crate::vocabulary::*;

pub(super) const STATES: [&str; 8] =
    ["waiting", "summoned", "called", "serving", "away", "missed", "in_transit", "ended"];

/// A house with one ticket in that state, with room 1's doctor who called it, 95 s and two calls after the first.
pub(super) fn house_with(state: &str) -> (House, TicketId) {
    let mut house = House::new(u32::from(state == "summoned"));
    house.begin(1);
    let id = house.walk_in("pool", "a", None);
    if ["waiting", "summoned"].contains(&state) {
        house.after_s(95);
        assert_eq!(house.is(&id), state);
        return (house, id);
    }
    if state == "in_transit" {
        let (to, reason) = (QueueId::from("s.e.pool"), "转科".to_owned());
        let transfer = TransferTicket { ticket: id.clone(), to, reason };
        house.desk(ToDepartment::TransferTicket(transfer)).expect("transfers");
        return (house, id);
    }
    let call = called(house.call_next(1, None, None)).expect("called").call;
    house.after_s(95).tell(doctor(1), ToDepartment::RecallPatient(RecallPatient { call })).expect("recalls");
    let command = match state {
        "serving" => Some(ToDepartment::StartService(StartService { ticket: id.clone() })),
        "away" => Some(ToDepartment::SendForTests(SendForTests { ticket: id.clone() })),
        "missed" => Some(ToDepartment::MarkMissed(MarkMissed { ticket: id.clone() })),
        "ended" => Some(ToDepartment::FinishService(FinishService { ticket: id.clone() })),
        _ => None,
    };
    if let Some(command) = command {
        house.tell(doctor(1), command).expect("to the state");
    }
    assert_eq!(house.is(&id), state);
    (house, id)
}

fn command(name: &str, house: &House, id: &TicketId) -> ToDepartment {
    let ticket = id.clone();
    let reason = "because".to_owned();
    let department = DepartmentId::from(DEPARTMENT);
    let in_hand = house.state.floor.work[&doctor_id(1)].in_hand.clone();
    let next = |outcome| {
        let (department, assignment) = (department.clone(), assignment(1));
        ToDepartment::CallNextPatient(CallNextPatient {
            department,
            assignment,
            in_hand: Some(id.clone()),
            outcome: Some(outcome),
        })
    };
    match name {
        "call_ticket" => {
            let outcome = in_hand.as_ref().map(|_| Outcome::Seen);
            ToDepartment::CallTicket(CallTicket {
                department,
                assignment: assignment(1),
                in_hand,
                outcome,
                ticket,
                reason,
            })
        }
        "seen, next" => next(Outcome::Seen),
        "not here, next" => next(Outcome::NotHere),
        "recall_patient" => {
            let call = house.standing(id).call().map_or(CallId::from("s.d.c1"), |call| call.call.clone());
            ToDepartment::RecallPatient(RecallPatient { call })
        }
        "start_service" => ToDepartment::StartService(StartService { ticket }),
        "finish_service" => ToDepartment::FinishService(FinishService { ticket }),
        "send_for_tests" => ToDepartment::SendForTests(SendForTests { ticket }),
        "return_to_waiting" => ToDepartment::ReturnToWaiting(ReturnToWaiting { ticket, reason }),
        "mark_missed" => ToDepartment::MarkMissed(MarkMissed { ticket }),
        "take_back" => ToDepartment::TakeBack(TakeBack { ticket }),
        "report_back" => ToDepartment::ReportBack { command: ReportBack { ticket, code: None }, presence_proved: true },
        "set_priority" => {
            ToDepartment::SetPriority(SetPriority { ticket, class: "military".to_owned(), proof: reason })
        }
        "transfer within" => ToDepartment::TransferTicket(TransferTicket { ticket, to: queue("other"), reason }),
        "transfer out" => {
            ToDepartment::TransferTicket(TransferTicket { ticket, to: QueueId::from("s.e.pool"), reason })
        }
        "recall_transfer" => ToDepartment::RecallTransfer(RecallTransfer { ticket }),
        "transfer_taken" => {
            ToDepartment::TransferTaken { ticket, new_ticket: TicketId::from("s.e.t1"), new_number: "E001".to_owned() }
        }
        "transfer_refused" => ToDepartment::TransferRefused { ticket, reason },
        "cancel_ticket" => ToDepartment::CancelTicket(CancelTicket { ticket, reason }),
        "settle_tickets" => {
            let settlements = vec![Settlement { ticket, how: SettlementKind::Refund, to: None }];
            ToDepartment::SettleTickets(SettleTickets { department, settlements })
        }
        "undo" => {
            let step = crate::floor::undo::undoable(house.ticket(id)).map_or(1, |at| at + 1);
            ToDepartment::Undo(Undo { event: format!("{id}@{step}"), reason })
        }
        _ => panic!("{name}"),
    }
}

/// For each command and state: the state after it; `-` is `wrong_ticket_state`, `=` is accepted and changes nothing (a
/// message between departments that has come too late), `!` is another rejection (named below).
#[rustfmt::skip]
const TABLE: &[(&str, [&str; 8])] = &[
    //                     waiting       summoned      called        serving       away          missed        in_transit    ended
    ("call_ticket",        ["called",     "called",     "-",          "-",          "-",          "called",     "-",          "-"]),
    ("seen, next",         ["!",          "!",          "ended",      "ended",      "!",          "!",          "!",          "!"]),
    ("not here, next",     ["!",          "!",          "missed",     "-",          "!",          "!",          "!",          "!"]),
    ("recall_patient",     ["-",          "-",          "called",     "-",          "-",          "-",          "-",          "-"]),
    ("start_service",      ["-",          "-",          "serving",    "-",          "-",          "-",          "-",          "-"]),
    ("finish_service",     ["-",          "-",          "ended",      "ended",      "-",          "-",          "-",          "-"]),
    ("send_for_tests",     ["-",          "-",          "away",       "away",       "-",          "-",          "-",          "-"]),
    ("return_to_waiting",  ["-",          "-",          "waiting",    "waiting",    "-",          "-",          "-",          "-"]),
    ("mark_missed",        ["-",          "missed",     "missed",     "-",          "-",          "-",          "-",          "-"]),
    ("take_back",          ["-",          "-",          "-",          "-",          "-",          "called",     "-",          "-"]),
    ("report_back",        ["-",          "-",          "-",          "-",          "waiting",    "waiting",    "-",          "-"]),
    ("set_priority",       ["waiting",    "summoned",   "-",          "-",          "-",          "-",          "-",          "-"]),
    ("transfer within",    ["waiting",    "waiting",    "waiting",    "waiting",    "-",          "-",          "-",          "-"]),
    ("transfer out",       ["in_transit", "in_transit", "in_transit", "in_transit", "-",          "-",          "-",          "-"]),
    ("recall_transfer",    ["-",          "-",          "-",          "-",          "-",          "-",          "in_transit", "-"]),
    ("transfer_taken",     ["=",          "=",          "=",          "=",          "=",          "=",          "ended",      "="]),
    ("transfer_refused",   ["=",          "=",          "=",          "=",          "=",          "=",          "waiting",    "="]),
    ("cancel_ticket",      ["ended",      "ended",      "ended",      "-",          "-",          "-",          "-",          "-"]),
    ("settle_tickets",     ["ended",      "ended",      "-",          "-",          "ended",      "ended",      "-",          "-"]),
    ("undo",               ["ended",      "ended",      "waiting",    "called",     "called",     "called",     "!",          "called"]),
];

#[test]
fn every_command_in_every_state() {
    for (name, row) in TABLE {
        for (state, expected) in STATES.iter().zip(row) {
            let (mut house, id) = house_with(state);
            let before = bytes(&house.state);
            let told = command(name, &house, &id);
            let principal = if ["undo", "report_back", "set_priority", "recall_transfer"].contains(name) {
                desk()
            } else {
                doctor(1)
            };
            let answer = house.tell(principal, told);
            match (*expected, answer) {
                ("-", answer) => assert_eq!(code(answer), Code::WrongTicketState, "{name} in {state}"),
                ("!", answer) => {
                    let expected = if *name == "undo" { Code::CannotUndo } else { Code::StaleConsole };
                    assert_eq!(code(answer), expected, "{name} in {state}");
                }
                ("=", answer) => {
                    assert_eq!(answer, Ok(Answer::Done), "{name} in {state}");
                    assert!(bytes(&house.state) == before, "{name} in {state} changed something");
                }
                (next, answer) => {
                    answer.unwrap_or_else(|rejected| panic!("{name} in {state}: {rejected:?}"));
                    assert_eq!(house.is(&id), next, "{name} in {state}");
                }
            }
            house.assert_replays();
        }
    }
}

#[test]
fn what_is_undone_is_taken_back_from_the_doctors_figures() {
    let mut undone = 0;
    for (name, row) in TABLE.iter().filter(|(name, _)| *name != "undo") {
        for (state, _) in STATES.iter().zip(row).filter(|(_, after)| !["-", "=", "!"].contains(after)) {
            let (mut house, id) = house_with(state);
            let before = house.state.floor.pace.clone();
            let steps = house.ticket(&id).steps.len();
            let told = command(name, &house, &id);
            let principal = if ["report_back", "set_priority"].contains(name) { desk() } else { doctor(1) };
            if house.tell(principal, told).is_err()
                || crate::floor::undo::undoable(house.ticket(&id)).is_none_or(|at| at < steps)
            {
                continue;
            }
            house.after_s(5).undo_last(&id).unwrap_or_else(|why| panic!("{name} in {state}: {why:?}"));
            assert_eq!(house.state.floor.pace, before, "{name} in {state}");
            house.assert_replays();
            undone += 1;
        }
    }
    assert!(undone > 20, "{undone} were undone");
}

#[test]
fn what_a_rejection_says_is_valid_is_in_the_table() {
    for (at, state) in STATES.iter().enumerate() {
        let (mut house, id) = house_with(state);
        let rejected = house.desk(ToDepartment::TakeBack(TakeBack { ticket: id.clone() }));
        let Err(rejected) = rejected else { panic!("the desk takes nobody back") };
        if *state != "missed" {
            assert_eq!(rejected.valid_now[0], ("state".to_owned(), (*state).into()));
        }
        let takes = house.standing(&id).takes();
        for (name, row) in TABLE {
            let wire = if name.starts_with("transfer ") { "transfer_ticket" } else { name };
            let is_client = ClientCommand::NAMES.contains(&wire) && !["call_next_patient"].contains(&wire);
            let possible = !["-", "=", "!"].contains(&row[at]);
            assert!(!is_client || takes.iter().any(|takes| takes == wire) == possible, "{wire} in {state}: {takes:?}");
        }
    }
}

#[test]
fn every_state_of_the_table_is_a_state() {
    for state in STATES {
        let (house, id) = house_with(state);
        let standing: &Standing = house.standing(&id);
        assert_eq!(standing.name(), state);
    }
}
