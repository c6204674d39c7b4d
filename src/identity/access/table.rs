//! The table: for every command, stream and deed, which roles may, under which relation. What stands nowhere here is
//! forbidden to everybody. (`tests/access_table.md` is written apart from it, and compared in full.)

use jiaohao_domain::Role::{self, Desk, Doctor, Integrator, Kiosk, Operator, Patient, Screen};

use super::Relation::{
    self, Any, MayIssue, OpenDepartment, OwnBoard, OwnDepartment, OwnDoctor, OwnDoor, OwnPatient, OwnRoomsBoard,
    OwnSite, PatientsHere, PatientsHereOrWaiting, ShowsOwn, WorksThere,
};

/// One line: a command's name, a stream's kind or a deed, and who may under which relation.
pub struct Rule {
    /// Command name, stream kind or deed name.
    pub name: &'static str,
    /// The roles that may, and what they must be to the thing.
    pub who: &'static [(Role, Relation)],
}

const OPERATOR: &[(Role, Relation)] = &[(Operator, OwnSite)];
const HOLDER_OR_DESK: &[(Role, Relation)] = &[(Patient, OwnPatient), (Desk, OwnDepartment)];
const ARRIVING: &[(Role, Relation)] = &[(Patient, OwnPatient), (Desk, OwnDepartment), (Kiosk, OwnDepartment)];
const DESK: &[(Role, Relation)] = &[(Desk, OwnDepartment)];
const OPERATOR_OR_DESK: &[(Role, Relation)] = &[(Operator, OwnSite), (Desk, OwnDepartment)];
const DOCTOR_AT_WORK: &[(Role, Relation)] = &[(Doctor, OwnDoctor)];
// A doctor called away does not go back to the console first: the desk says it, and takes it back.
const DOCTOR_AT_WORK_OR_DESK: &[(Role, Relation)] = &[(Doctor, OwnDoctor), (Desk, OwnDepartment)];
const DOCTOR_THERE: &[(Role, Relation)] = &[(Doctor, WorksThere)];
const DOCTOR_THERE_OR_DESK: &[(Role, Relation)] = &[(Doctor, WorksThere), (Desk, OwnDepartment)];
const INTEGRATOR: &[(Role, Relation)] = &[(Integrator, OwnSite)];
const SCREEN: &[(Role, Relation)] = &[(Screen, OwnRoomsBoard)];

const COMMANDS: &[Rule] = &[
    Rule { name: "define_site", who: OPERATOR },
    Rule { name: "define_department", who: OPERATOR },
    Rule { name: "define_service_point", who: OPERATOR },
    Rule { name: "define_board", who: OPERATOR },
    Rule { name: "define_queue", who: OPERATOR },
    // The desk opens and changes sessions of today: its department decides by the date.
    Rule { name: "define_session", who: &[(Operator, OwnSite), (Desk, OwnDepartment)] },
    Rule { name: "define_doctor", who: OPERATOR },
    Rule { name: "define_staff", who: OPERATOR },
    Rule { name: "define_questions", who: OPERATOR },
    Rule { name: "retire_department", who: OPERATOR },
    Rule { name: "retire_service_point", who: OPERATOR },
    Rule { name: "retire_board", who: OPERATOR },
    Rule { name: "retire_queue", who: OPERATOR },
    Rule { name: "retire_session", who: OPERATOR },
    Rule { name: "retire_doctor", who: OPERATOR },
    Rule { name: "retire_staff", who: OPERATOR },
    Rule { name: "approve_screen", who: &[(Operator, OwnSite), (Desk, ShowsOwn)] },
    Rule { name: "revoke_screen", who: &[(Operator, OwnSite), (Desk, ShowsOwn)] },
    Rule { name: "hold_slot", who: HOLDER_OR_DESK },
    Rule { name: "confirm_appointment", who: HOLDER_OR_DESK },
    Rule { name: "book_slot", who: HOLDER_OR_DESK },
    Rule { name: "cancel_appointment", who: HOLDER_OR_DESK },
    Rule { name: "prolong_hold", who: HOLDER_OR_DESK },
    Rule { name: "correct_no_show", who: DESK },
    Rule { name: "restore_appointment", who: DESK },
    Rule { name: "check_in", who: ARRIVING },
    Rule { name: "report_back", who: ARRIVING },
    Rule { name: "cancel_ticket", who: HOLDER_OR_DESK },
    Rule { name: "rate_visit", who: &[(Patient, OwnPatient)] },
    // Of a doctor the department decides further: an addition to an own session.
    Rule { name: "register_walk_in", who: DOCTOR_THERE_OR_DESK },
    Rule { name: "register_return", who: DESK },
    Rule { name: "answer_pre_check", who: DESK },
    Rule { name: "acknowledge_alert", who: DESK },
    Rule { name: "set_priority", who: DESK },
    Rule { name: "transfer_ticket", who: DOCTOR_THERE_OR_DESK },
    Rule { name: "recall_transfer", who: DESK },
    Rule { name: "undo", who: DOCTOR_THERE_OR_DESK },
    Rule { name: "close_session", who: DESK },
    Rule { name: "settle_tickets", who: DESK },
    Rule { name: "delay_session", who: DESK },
    Rule { name: "stop_session", who: OPERATOR_OR_DESK },
    Rule { name: "resume_session", who: OPERATOR_OR_DESK },
    Rule { name: "start_work", who: DOCTOR_THERE },
    Rule { name: "pause_work", who: DOCTOR_AT_WORK_OR_DESK },
    Rule { name: "resume_work", who: DOCTOR_AT_WORK_OR_DESK },
    Rule { name: "stop_work", who: DOCTOR_AT_WORK },
    Rule { name: "call_next_patient", who: DOCTOR_AT_WORK },
    Rule { name: "call_ticket", who: DOCTOR_AT_WORK_OR_DESK },
    Rule { name: "recall_patient", who: DOCTOR_THERE_OR_DESK },
    Rule { name: "start_service", who: DOCTOR_THERE },
    Rule { name: "finish_service", who: DOCTOR_THERE },
    Rule { name: "send_for_tests", who: DOCTOR_THERE },
    Rule { name: "return_to_waiting", who: DOCTOR_THERE_OR_DESK },
    Rule { name: "mark_missed", who: DOCTOR_THERE },
    Rule { name: "take_back", who: DOCTOR_THERE },
    Rule { name: "grant_relation", who: &[(Desk, PatientsHere)] },
    // A patient's own account decides: it has its own rights to give up, its phone's word to take back, and, of the bearer
    // whose own it is, those of others to end.
    Rule { name: "end_relation", who: &[(Patient, Any), (Desk, PatientsHere)] },
    Rule { name: "register_visit", who: INTEGRATOR },
    Rule { name: "change_visit", who: INTEGRATOR },
    Rule { name: "cancel_visit", who: INTEGRATOR },
    Rule { name: "report_shown", who: SCREEN },
    Rule { name: "report_spoken", who: SCREEN },
    Rule { name: "confirm_notice", who: &[(Patient, OwnPatient)] },
    Rule { name: "mark_reached", who: DESK },
    Rule { name: "bind_channel", who: &[(Patient, OwnPatient)] },
    Rule { name: "unbind_channel", who: &[(Patient, OwnPatient)] },
    Rule { name: "define_template", who: OPERATOR },
    Rule { name: "retire_template", who: OPERATOR },
    Rule { name: "except_days", who: OPERATOR },
    Rule { name: "withdraw_exception", who: OPERATOR },
    Rule { name: "define_planning", who: OPERATOR },
    Rule { name: "define_quota_rules", who: OPERATOR },
    Rule { name: "define_reminder", who: OPERATOR },
    Rule { name: "freeze_session", who: OPERATOR },
    Rule { name: "plan_session", who: OPERATOR },
    Rule { name: "define_payment", who: OPERATOR },
    Rule { name: "take_payment", who: DESK },
    Rule { name: "ask_refund", who: OPERATOR_OR_DESK },
    Rule { name: "decide_refund", who: OPERATOR },
    Rule { name: "give_refund", who: DESK },
    Rule { name: "join_waitlist", who: HOLDER_OR_DESK },
    Rule { name: "leave_waitlist", who: HOLDER_OR_DESK },
    Rule { name: "pay_appointment", who: HOLDER_OR_DESK },
    Rule { name: "retry_refund", who: OPERATOR },
    Rule { name: "enter_release", who: &[(Patient, OwnPatient)] },
    Rule { name: "leave_release", who: &[(Patient, OwnPatient)] },
];

const STREAMS: &[Rule] = &[
    Rule { name: "board", who: &[(Screen, OwnBoard), (Desk, OwnSite), (Doctor, OwnSite), (Operator, OwnSite)] },
    Rule { name: "door", who: &[(Screen, OwnDoor), (Desk, OwnSite), (Doctor, OwnSite), (Operator, OwnSite)] },
    // Never for patients or screens.
    Rule { name: "queue", who: &[(Doctor, WorksThere), (Desk, OwnDepartment)] },
    Rule {
        name: "session",
        who: &[
            (Patient, Any),
            (Desk, OwnSite),
            (Kiosk, OwnSite),
            (Doctor, OwnSite),
            (Operator, OwnSite),
            (Integrator, OwnSite),
        ],
    },
    Rule { name: "doctor", who: DOCTOR_AT_WORK },
    Rule { name: "patient", who: &[(Patient, OwnPatient)] },
    Rule {
        name: "ticket",
        who: &[(Patient, OwnPatient), (Desk, OwnDepartment), (Kiosk, OwnDepartment), (Doctor, WorksThere)],
    },
    // Who takes part in a consultation is the room's own knowledge; until rooms are served nobody may look in.
    Rule { name: "room", who: &[] },
    Rule { name: "site", who: INTEGRATOR },
    Rule { name: "ops", who: &[(Operator, Any)] },
];

const DEEDS: &[Rule] = &[
    Rule { name: "read_persons", who: &[(Patient, OwnPatient), (Desk, PatientsHereOrWaiting), (Doctor, PatientsHere)] },
    // Of a department that is retired only the day is settled: nobody new comes there.
    Rule {
        name: "identify_person",
        who: &[
            (Patient, Any),
            (Doctor, OpenDepartment),
            (Desk, OpenDepartment),
            (Kiosk, OpenDepartment),
            (Integrator, Any),
        ],
    },
    Rule { name: "bind_person", who: &[(Desk, PatientsHere)] },
    // It names no site: whoever is known is known in all.
    Rule { name: "erase_person", who: OPERATOR },
    Rule { name: "ask_consent", who: &[(Patient, Any)] },
    Rule { name: "read_family", who: &[(Patient, Any)] },
    Rule { name: "ask_wechat", who: &[(Patient, Any)] },
    Rule { name: "bind_wechat", who: &[(Patient, Any)] },
    Rule { name: "read_acting", who: &[(Desk, PatientsHere)] },
    Rule { name: "read_area_code", who: &[(Desk, OwnDepartment), (Kiosk, OwnDepartment)] },
    Rule {
        name: "read_directory",
        who: &[
            (Patient, Any),
            (Desk, OwnSite),
            (Kiosk, OwnSite),
            (Doctor, OwnSite),
            (Operator, OwnSite),
            (Integrator, OwnSite),
        ],
    },
    Rule { name: "list_sites", who: &[(Patient, Any), (Operator, Any)] },
    Rule {
        name: "find_places",
        who: &[(Patient, Any), (Desk, Any), (Kiosk, Any), (Doctor, Any), (Operator, Any), (Integrator, Any)],
    },
    Rule { name: "read_plan", who: OPERATOR_OR_DESK },
    Rule { name: "read_payments", who: OPERATOR_OR_DESK },
    Rule { name: "read_releases", who: &[(Patient, Any), (Desk, OwnSite), (Operator, OwnSite)] },
    Rule { name: "find_appointments", who: DESK },
    Rule { name: "read_not_reached", who: DESK },
    Rule { name: "find_arrivals", who: &[(Kiosk, OwnDepartment)] },
    Rule { name: "read_calendar", who: HOLDER_OR_DESK },
    Rule { name: "read_ticket_code", who: &[(Patient, OwnPatient), (Desk, OwnDepartment), (Kiosk, OwnDepartment)] },
    // Of a doctor the department decides further: of the patient who is with them.
    Rule { name: "read_pre_check", who: DOCTOR_THERE_OR_DESK },
    Rule { name: "draw_qr_code", who: &[(Patient, Any), (Desk, Any), (Kiosk, Any)] },
    Rule { name: "issue_token", who: &[(Operator, MayIssue)] },
    // It names no site: only for operators of all sites, because the audit is one for all.
    Rule { name: "read_audit", who: OPERATOR },
    Rule { name: "read_reports", who: OPERATOR },
    // Without a site only for operators of all sites.
    Rule { name: "list_staff", who: OPERATOR },
    Rule { name: "list_tokens", who: &[(Operator, MayIssue)] },
    Rule { name: "revoke_token", who: &[(Operator, MayIssue)] },
    Rule { name: "run_house", who: OPERATOR },
    Rule { name: "read_voice", who: OPERATOR },
    Rule { name: "record_voice", who: OPERATOR },
];

/// Every line.
pub fn rules() -> impl Iterator<Item = &'static Rule> {
    COMMANDS.iter().chain(STREAMS).chain(DEEDS)
}

/// What a role must be to the thing; none: it may not.
pub(super) fn relation(name: &str, role: Role) -> Option<Relation> {
    let rule = rules().find(|rule| rule.name == name)?;
    rule.who.iter().find(|(who, _)| *who == role).map(|(_, relation)| *relation)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use jiaohao_actors::fanout::StreamKind;
    use jiaohao_domain::vocabulary::ClientCommand;

    use super::super::Deed;
    use super::*;

    #[test]
    fn every_command_stream_and_deed_has_exactly_one_line() {
        let lines: Vec<&str> = rules().map(|rule| rule.name).collect();
        let unique: BTreeSet<&str> = lines.iter().copied().collect();
        assert_eq!(lines.len(), unique.len(), "a name stands twice");
        let kinds = StreamKind::ALL.iter().map(|(_, name)| *name);
        let expected: BTreeSet<&str> =
            ClientCommand::NAMES.iter().copied().chain(kinds).chain(Deed::NAMES.iter().copied()).collect();
        assert_eq!(unique, expected);
    }

    #[test]
    fn no_role_stands_twice_in_a_line_and_the_engine_in_none() {
        for rule in rules() {
            let roles: BTreeSet<Role> = rule.who.iter().map(|(role, _)| *role).collect();
            assert_eq!(roles.len(), rule.who.len(), "{}", rule.name);
            assert!(!roles.contains(&Role::System), "{}", rule.name);
        }
    }
}
