//! Walks the table of who may what in full: every role × every command, stream and deed, with the right relation and
//! with every wrong one, against `access_table.md`, which was written apart from the program's table.

use std::collections::BTreeMap;

use jiaohao::identity::access::{self, Deed, Fact, FactAnswer, Facts, Shown, Workplace};
use jiaohao::identity::tokens::Claims;
use jiaohao_actors::fanout::StreamKind;
use jiaohao_domain::vocabulary::ClientCommand;
use jiaohao_domain::{
    AccountId, AppointmentId, BoardId, Code, DepartmentId, DoctorId, PatientId, Rejection, Role, ScreenId,
    ServicePointId, SessionId, SiteId, TicketId, Timestamp,
};
use serde_json::json;

const ROLES: [Role; 7] =
    [Role::Patient, Role::Doctor, Role::Desk, Role::Kiosk, Role::Screen, Role::Operator, Role::Integrator];

/// Deeds that concern all sites: only for who belongs to none.
const OF_THE_WHOLE_HOUSE: [&str; 3] = ["erase_person", "read_audit", "run_house"];

/// The expectation: name → a relation (or `-`) for each of [`ROLES`].
fn expectations() -> BTreeMap<String, Vec<String>> {
    let lines = include_str!("access_table.md").lines().filter(|line| line.starts_with('|'));
    let cells = |line: &str| line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect::<Vec<_>>();
    let mut rows = lines.map(cells);
    let head = rows.next().expect("a head");
    let roles: Vec<String> =
        ROLES.iter().map(|role| serde_json::to_value(role).expect("JSON").as_str().expect("text").to_owned()).collect();
    assert_eq!(head[1..], roles[..], "the columns are the roles");
    let mut all = BTreeMap::new();
    for row in rows.skip(1) {
        assert_eq!(row.len(), head.len(), "{row:?}");
        assert!(all.insert(row[0].clone(), row[1..].to_vec()).is_none(), "{} stands twice", row[0]);
    }
    all
}

/// One of each command, about site `s`, department `s.d`, doctor `s.li`, patient `p-own`.
fn command(name: &str) -> ClientCommand {
    let at_work = json!({"department": "s.d", "assignment": "s.li.n1"});
    let call = json!({"department": "s.d", "assignment": "s.li.n1", "in_hand": null, "outcome": null});
    let fields = match name {
        "define_site" => json!({"id": "s", "name": "n", "time_zone": "Asia/Shanghai"}),
        "define_department" => json!({"id": "s.d", "name": "n"}),
        "define_service_point" => json!({"id": "s.d.r1", "name": "n"}),
        "define_board" => json!({"id": "s.b", "name": "n", "queues": ["s.d.q"]}),
        "define_queue" => json!({"id": "s.d.q", "name": "n", "prefix": "A", "doctors": ["s.li"]}),
        "define_session" => {
            json!({"id": "s.d.m", "date": "2026-11-23", "period": "morning", "queue": "s.d.q", "registration_class": "普通", "slots": []})
        }
        "define_doctor" => json!({"id": "s.li", "name": "n", "title": "主任医师", "departments": ["s.d"]}),
        "define_staff" => json!({"id": "wang", "role": "desk", "site": "s", "departments": ["s.d"]}),
        "define_questions" => {
            json!({"site": "s", "version": 1, "questions": [{"id": "fever", "text": {"zh": "发烧吗?"}, "kind": "yes_no"}],
                "rules": [{"id": "fever", "when": {"any": [{"question": "fever", "is": ["yes"]}]}, "does": {"send_to": {"department": "s.e"}}}]})
        }
        "retire_department" => json!({"id": "s.d"}),
        "retire_service_point" => json!({"id": "s.d.r1"}),
        "retire_board" => json!({"id": "s.b"}),
        "retire_queue" => json!({"id": "s.d.q"}),
        "retire_session" => json!({"id": "s.d.m"}),
        "retire_doctor" => json!({"id": "s.li"}),
        "retire_staff" => json!({"id": "wang"}),
        "approve_screen" => json!({"code": "123456", "board": "s.b"}),
        "revoke_screen" => json!({"screen": "s.s1"}),
        "hold_slot" => json!({"session": "s.d.m", "slot": "s.d.m.0900", "patient": "p-own"}),
        "book_slot" => {
            json!({"session": "s.d.m", "slot": "s.d.m.0900", "patient": "p-own", "replaces": "s.d.b20261123-1"})
        }
        "confirm_appointment" | "cancel_appointment" | "prolong_hold" | "check_in" => {
            json!({"appointment": "s.d.b20261123-1"})
        }
        "correct_no_show" | "restore_appointment" => json!({"appointment": "s.d.b20261123-1", "reason": "r"}),
        "report_back" => json!({"ticket": "s.d.t1"}),
        "cancel_ticket" | "return_to_waiting" => json!({"ticket": "s.d.t1", "reason": "r"}),
        "rate_visit" => json!({"ticket": "s.d.t1", "stars": 5}),
        "register_walk_in" => json!({"queue": "s.d.q", "patient": "p-own"}),
        "register_return" => json!({"visit": "s.d.v1", "patient": "p-own"}),
        "acknowledge_alert" | "answer_pre_check" => json!({"ticket": "s.d.t1"}),
        "set_priority" => json!({"ticket": "s.d.t1", "class": "military", "proof": "card"}),
        "transfer_ticket" => json!({"ticket": "s.d.t1", "to": "s.e.q", "reason": "r"}),
        "recall_transfer" | "start_service" | "finish_service" | "send_for_tests" | "mark_missed" | "take_back" => {
            json!({"ticket": "s.d.t1"})
        }
        "undo" => json!({"event": "s.d.t1@3", "reason": "r"}),
        "close_session" => {
            json!({"session": "s.d.m", "settlements": [{"ticket": "s.d.t1", "how": "move", "to": "s.d.q"}]})
        }
        "settle_tickets" => {
            json!({"department": "s.d", "settlements": [{"ticket": "s.d.t1", "how": "move", "to": "s.d.q"}]})
        }
        "delay_session" => json!({"session": "s.d.m", "minutes": 20}),
        "stop_session" => json!({"session": "s.d.m", "reason": "r"}),
        "resume_session" => json!({"session": "s.d.m"}),
        "start_work" => json!({"department": "s.d", "service_point": "s.d.r1"}),
        "pause_work" => json!({"department": "s.d", "assignment": "s.li.n1", "reason": "r"}),
        "resume_work" | "stop_work" => at_work,
        "call_next_patient" => call,
        "call_ticket" => {
            json!({"department": "s.d", "assignment": "s.li.n1", "in_hand": null, "outcome": null, "ticket": "s.d.t1", "reason": "r"})
        }
        "recall_patient" => json!({"call": "s.d.c1"}),
        "grant_relation" => json!({"patient": "p-own", "phone": "13800000001", "relation": "parent"}),
        "end_relation" => json!({"patient": "p-own"}),
        "register_visit" => {
            json!({"visit_id": "v", "version": 1, "patient": {"number": "1"}, "site": "s", "department": "s.d", "date": "2026-11-23", "fee_state": "paid"})
        }
        "change_visit" => json!({"visit_id": "v", "version": 2, "site": "s", "queue": "s.d.q"}),
        "cancel_visit" => json!({"visit_id": "v", "version": 3, "site": "s"}),
        "report_shown" | "report_spoken" => json!({"announcement": "s.b.n1"}),
        "confirm_notice" => json!({"patient": "p-own", "notice": "s.d.t1.n1"}),
        "bind_channel" => {
            json!({"patient": "p-own", "channel": {"push": {"endpoint": "https://p.example/1", "p256dh": "B", "auth": "c"}}})
        }
        "unbind_channel" => json!({"patient": "p-own", "channel": "push"}),
        "define_template" => {
            json!({"id": "s.d.t", "name": "n", "queue": "s.d.q", "doctor": "s.li", "service_point": "s.d.r1",
                "period": "morning", "registration_class": "普通", "weekdays": [1], "from": "2026-11-23",
                "start": "09:00", "end": "10:00", "capacity": 1})
        }
        "retire_template" => json!({"id": "s.d.t"}),
        "except_days" => {
            json!({"id": "s.d.x", "from": "2026-11-23", "to": "2026-11-23", "doctor": "s.li",
                "does": {"substitute": {"doctor": "s.wu"}}})
        }
        "withdraw_exception" => json!({"id": "s.d.x"}),
        "define_planning" => json!({"department": "s.d"}),
        "define_quota_rules" => json!({"department": "s.d"}),
        "define_reminder" => json!({"department": "s.d"}),
        "freeze_session" => json!({"session": "s.d.m", "frozen": true, "reason": "r"}),
        "define_payment" => json!({"department": "s.d"}),
        "take_payment" => json!({"appointment": "s.d.b20261123-1", "amount_fen": 1, "way": "cash"}),
        "ask_refund" => json!({"appointment": "s.d.b20261123-1", "amount_fen": 1, "reason": "r"}),
        "decide_refund" => json!({"refund": "s.d.b20261123-1.o1.r1", "granted": true, "reason": "r"}),
        "give_refund" | "retry_refund" => json!({"refund": "s.d.b20261123-1.o1.r1"}),
        "pay_appointment" => json!({"appointment": "s.d.b20261123-1"}),
        "join_waitlist" => json!({"patient": "p-own", "wanted": {"session": "s.d.m"}}),
        "leave_waitlist" => json!({"patient": "p-own", "wish": "s.d.w1"}),
        "plan_session" => json!({"session": "s.d.m"}),
        "enter_release" | "leave_release" => json!({"department": "s.d", "patient": "p-own"}),
        "mark_reached" => json!({"ticket": "s.d.t1", "how": "by_phone"}),
        _ => panic!("no example of the command {name}: add one here and a line to access_table.md"),
    };
    serde_json::from_value(json!({ name: fields })).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn stream(kind: StreamKind) -> &'static str {
    match kind {
        StreamKind::Board => "board:s.b",
        StreamKind::Door => "door:s.d.r1",
        StreamKind::Queue => "queue:s.d.q",
        StreamKind::Session => "session:s.d.m",
        StreamKind::Doctor => "doctor:s.li",
        StreamKind::Patient => "patient:p-own",
        StreamKind::Ticket => "ticket:s.d.t1",
        StreamKind::Room => "room:s.d.x1",
        StreamKind::Site => "site:s",
        StreamKind::Ops => "ops",
    }
}

fn deed(name: &str) -> Deed {
    match name {
        "read_persons" => Deed::ReadPersons(vec![PatientId::new("p-own")]),
        "identify_person" => Deed::IdentifyPerson,
        "bind_person" => Deed::BindPerson(vec![PatientId::new("p-own")]),
        "erase_person" => Deed::ErasePerson(PatientId::new("p-own")),
        "ask_consent" => Deed::AskConsent,
        "read_family" => Deed::ReadFamily,
        "ask_wechat" => Deed::AskWechat,
        "bind_wechat" => Deed::BindWechat,
        "read_acting" => Deed::ReadActing(PatientId::new("p-own")),
        "read_area_code" => Deed::ReadAreaCode(DepartmentId::new("s.d")),
        "read_directory" => Deed::ReadDirectory(SiteId::new("s")),
        "list_sites" => Deed::ListSites,
        "find_places" => Deed::FindPlaces,
        "find_arrivals" => Deed::FindArrivals(vec![DepartmentId::new("s.d")]),
        "draw_qr_code" => Deed::DrawQrCode,
        "read_pre_check" => Deed::ReadPreCheck(TicketId::new("s.d.t1")),
        "read_calendar" => Deed::ReadCalendar(AppointmentId::new("s.d.b20261123-1")),
        "read_ticket_code" => Deed::ReadTicketCode(TicketId::new("s.d.t1")),
        "read_payments" => Deed::ReadPayments(DepartmentId::new("s.d")),
        "read_releases" => Deed::ReadReleases(DepartmentId::new("s.d")),
        "read_plan" => Deed::ReadPlan(DepartmentId::new("s.d")),
        "find_appointments" => Deed::FindAppointments(DepartmentId::new("s.d")),
        "read_not_reached" => Deed::ReadNotReached(SessionId::new("s.d.m")),
        "issue_token" => Deed::IssueToken(Some(SiteId::new("s"))),
        "read_audit" => Deed::ReadAudit,
        "read_reports" => Deed::ReadReports("s".into()),
        "list_staff" => Deed::ListStaff(Some(SiteId::new("s"))),
        "list_tokens" => Deed::ListTokens(Some(SiteId::new("s"))),
        "revoke_token" => Deed::RevokeToken(Some(SiteId::new("s"))),
        "run_house" => Deed::RunHouse,
        "read_voice" => Deed::ReadVoice(SiteId::new("s")),
        "record_voice" => Deed::RecordVoice(SiteId::new("s")),
        _ => panic!("no example of the deed {name}: add one here and a line to access_table.md"),
    }
}

/// Asks the program, as a door does.
fn ask(name: &str, claims: &Claims, facts: &Facts) -> Result<(), Rejection> {
    if ClientCommand::NAMES.contains(&name) {
        access::allowed(claims, &command(name), facts)
    } else if let Some((kind, _)) = StreamKind::ALL.iter().find(|(_, known)| *known == name) {
        access::allowed_stream(claims, stream(*kind), facts).map(drop)
    } else {
        access::allowed_deed(claims, &deed(name), facts)
    }
}

/// Somebody to whom everything is own, in that role.
fn insider(role: Role) -> (Claims, Facts) {
    (somebody(role, "a-1", "s.li"), facts("a-1", "p-own", "p-own", "s.li", "s"))
}

fn somebody(role: Role, account: &str, doctor: &str) -> Claims {
    let mut claims = Claims::new(role, AccountId::from(account), Timestamp(0), 600);
    claims.site = Some(SiteId::new("s"));
    claims.departments = vec![DepartmentId::new("s.d")];
    claims.doctor = Some(DoctorId::from(doctor));
    claims.screen = Some(ScreenId::new("s.s1"));
    claims.board = Some(BoardId::new("s.b"));
    claims.door = Some(ServicePointId::new("s.d.r1"));
    claims.may_issue = true;
    claims
}

fn facts(account: &str, of_appointment: &str, of_ticket: &str, doctor: &str, staff_site: &str) -> Facts {
    let mut facts = Facts::default();
    facts.learn(Fact::PatientOfAppointment("s.d.b20261123-1".into()), FactAnswer::Patient(of_appointment.into()));
    facts.learn(Fact::PatientOfTicket("s.d.t1".into()), FactAnswer::Patient(of_ticket.into()));
    facts.learn(Fact::ActsFor(account.into(), "p-own".into()), FactAnswer::Yes);
    facts.learn(Fact::WorksIn(doctor.into(), "s.d".into()), FactAnswer::Yes);
    facts.learn(Fact::IsOpen("s.d".into()), FactAnswer::Yes);
    facts.learn(Fact::IsOpen("s.e".into()), FactAnswer::No);
    for role in [Role::Desk, Role::Doctor] {
        let place = Workplace::of(&somebody(role, account, doctor)).expect("of a site");
        facts.learn(Fact::PatientOf(place, "p-own".into()), FactAnswer::Yes);
    }
    for shown in [Shown::Board("s.b".into()), Shown::Screen("s.s1".into())] {
        facts.learn(Fact::Shows(shown, vec!["s.d".into()]), FactAnswer::Yes);
    }
    facts.learn(Fact::SiteOfStaff("wang".into()), FactAnswer::Site(staff_site.into()));
    facts.learn(Fact::SiteOfStaff("new".into()), FactAnswer::No);
    facts
}

/// Everybody who is an insider but for this relation.
fn outsiders(relation: &str, role: Role, name: &str) -> Vec<(&'static str, Claims, Facts)> {
    let (claims, own) = insider(role);
    let but = |what: &'static str, change: &dyn Fn(&mut Claims)| {
        let mut changed = claims.clone();
        change(&mut changed);
        (what, changed, own.clone())
    };
    let of_another_site = but("of another site", &|claims| claims.site = Some(SiteId::new("x")));
    match relation {
        "any" => vec![],
        "own patient" => vec![
            ("another account", claims.clone(), facts("a-2", "p-own", "p-own", "s.li", "s")),
            ("nothing known", claims.clone(), Facts::default()),
            if name == "report_back" || name == "cancel_ticket" || name == "ticket" {
                ("another's ticket", claims.clone(), facts("a-1", "p-own", "p-other", "s.li", "s"))
            } else if ["confirm_appointment", "cancel_appointment", "prolong_hold", "check_in", "book_slot"]
                .contains(&name)
            {
                ("another's appointment", claims.clone(), facts("a-1", "p-other", "p-own", "s.li", "s"))
            } else {
                but("another account", &|claims| claims.account = AccountId::new("a-3"))
            },
        ],
        "own doctor" => vec![
            but("another doctor", &|claims| claims.doctor = Some(DoctorId::new("s.wu"))),
            but("no doctor", &|claims| claims.doctor = None),
        ],
        "works there" => vec![
            ("works elsewhere", claims.clone(), facts("a-1", "p-own", "p-own", "s.wu", "s")),
            but("another doctor", &|claims| claims.doctor = Some(DoctorId::new("s.wu"))),
            but("a doctor of another site", &|claims| claims.doctor = Some(DoctorId::new("x.li"))),
            but("no doctor", &|claims| claims.doctor = None),
        ],
        "own department" => vec![
            of_another_site,
            but("of another department", &|claims| claims.departments = vec![DepartmentId::new("s.e")]),
            but("of no site", &|claims| claims.site = None),
        ],
        "open department" => vec![
            but("of a retired department", &|claims| claims.departments = vec![DepartmentId::new("s.e")]),
            ("of one that nobody knows", claims.clone(), Facts::default()),
        ],
        "own site" if OF_THE_WHOLE_HOUSE.contains(&name) => vec![but("of one site", &|_| ())],
        "own site" if role == Role::Operator => vec![of_another_site],
        "own site" => vec![of_another_site, but("of no site", &|claims| claims.site = None)],
        "own board" | "own board, at no door" => vec![
            but("shows another board", &|claims| claims.board = Some(BoardId::new("s.c"))),
            but("shows none", &|claims| claims.board = None),
            but("is no screen", &|claims| claims.screen = None),
        ],
        "own door" => vec![
            but("stands at another room", &|claims| claims.door = Some(ServicePointId::new("s.d.r2"))),
            but("stands at none", &|claims| claims.door = None),
            but("is no screen", &|claims| claims.screen = None),
        ],
        "shows own" => vec![
            of_another_site,
            but("of another department", &|claims| claims.departments = vec![DepartmentId::new("s.e")]),
            but("of no site", &|claims| claims.site = None),
        ],
        "patients here" if role == Role::Doctor => vec![
            of_another_site,
            but("another doctor", &|claims| claims.doctor = Some(DoctorId::new("s.wu"))),
            but("a token that names no doctor", &|claims| claims.doctor = None),
            ("patient unknown here", claims.clone(), Facts::default()),
        ],
        "patients here" | "patients here or waiting" => vec![
            of_another_site,
            but("of another department", &|claims| claims.departments = vec![DepartmentId::new("s.e")]),
            ("patient unknown here", claims.clone(), Facts::default()),
            but("of no site", &|claims| claims.site = None),
        ],
        "may issue" => vec![of_another_site, but("may not issue", &|claims| claims.may_issue = false)],
        _ => panic!("no such relation: {relation}"),
    }
}

#[test]
fn the_table_lists_every_command_stream_and_deed() {
    let names = ClientCommand::NAMES
        .iter()
        .copied()
        .chain(StreamKind::ALL.iter().map(|(_, name)| *name))
        .chain(Deed::NAMES.iter().copied());
    let mut expected: Vec<String> = names.map(str::to_owned).collect();
    expected.sort();
    assert_eq!(expectations().into_keys().collect::<Vec<_>>(), expected, "access_table.md and the vocabulary differ");
}

#[test]
fn the_table_holds_in_full() {
    let mut asked = 0;
    for (name, row) in expectations() {
        for (role, relation) in ROLES.into_iter().zip(row) {
            let (mut claims, own) = insider(role);
            if OF_THE_WHOLE_HOUSE.contains(&name.as_str()) {
                claims.site = None;
            }
            if relation == "own board, at no door" {
                assert!(ask(&name, &claims, &own).is_err(), "a screen at a door may {name}");
                claims.door = None;
            }
            let answer = ask(&name, &claims, &own);
            asked += 1;
            if relation == "-" {
                assert_eq!(answer.expect_err(&format!("{role:?} may {name}")).code, Code::Forbidden);
                continue;
            }
            answer
                .unwrap_or_else(|refused| panic!("{role:?} with the relation `{relation}` may not {name}: {refused}"));
            for (what, claims, facts) in outsiders(&relation, role, &name) {
                asked += 1;
                match ask(&name, &claims, &facts) {
                    Ok(()) => panic!("{role:?} who is \"{what}\" may {name}"),
                    Err(refused) => assert_eq!(
                        refused,
                        Rejection::from(Code::Forbidden),
                        "unknown and forbidden answer alike: {role:?} {name} {what}"
                    ),
                }
            }
        }
        let (engine, own) = insider(Role::System);
        assert!(ask(&name, &engine, &own).is_err(), "the engine comes through no door: {name}");
    }
    assert!(asked > 500, "only {asked} questions were asked");
}

#[test]
fn what_is_needed_is_asked_until_it_is_known() {
    let (claims, all) = insider(Role::Patient);
    let check_in = command("check_in");
    let mut known = Facts::default();
    assert_eq!(access::needed(&claims, &check_in, &known), [Fact::PatientOfAppointment("s.d.b20261123-1".into())]);
    known.learn(Fact::PatientOfAppointment("s.d.b20261123-1".into()), FactAnswer::Patient("p-own".into()));
    assert_eq!(access::needed(&claims, &check_in, &known), [Fact::ActsFor("a-1".into(), "p-own".into())]);
    known.learn(Fact::ActsFor("a-1".into(), "p-own".into()), FactAnswer::Yes);
    assert!(access::needed(&claims, &check_in, &known).is_empty());
    access::allowed(&claims, &check_in, &known).expect("known well enough");
    // Somebody whose role may not at all costs no owner a question.
    assert!(access::needed(&insider(Role::Screen).0, &check_in, &Facts::default()).is_empty());
    assert!(access::needed(&claims, &check_in, &all).is_empty());
}

#[test]
fn an_appointment_that_does_not_exist_is_asked_once_and_forbidden() {
    let (claims, _) = insider(Role::Patient);
    let mut known = Facts::default();
    known.learn(Fact::PatientOfAppointment("s.d.b20261123-1".into()), FactAnswer::No);
    assert!(access::needed(&claims, &command("check_in"), &known).is_empty());
    assert_eq!(access::allowed(&claims, &command("check_in"), &known).expect_err("unknown"), Code::Forbidden.into());
}

#[test]
fn an_operator_of_all_sites_may_define_any_and_one_of_a_site_takes_over_no_other_sites_staff() {
    let (mut operator, own) = insider(Role::Operator);
    let foreign: ClientCommand =
        serde_json::from_value(json!({"define_staff": {"id": "wang", "role": "desk", "site": "x"}}))
            .expect("a command");
    assert!(access::allowed(&operator, &foreign, &own).is_err(), "staff for another site");
    assert!(
        access::allowed(&operator, &command("define_staff"), &facts("a-1", "p-own", "p-own", "s.li", "x")).is_err(),
        "another site's member"
    );
    let mixed: ClientCommand =
        serde_json::from_value(json!({"define_staff": {"id": "new", "role": "doctor", "site": "s", "doctor": "x.li"}}))
            .expect("a command");
    assert!(access::allowed(&operator, &mixed, &own).is_err(), "a doctor of another site");
    let boundless: ClientCommand =
        serde_json::from_value(json!({"define_staff": {"id": "new", "role": "operator"}})).expect("a command");
    assert!(access::allowed(&operator, &boundless, &own).is_err(), "an operator of all sites");
    let mut known = Facts::default();
    for (name, place) in [("root", FactAnswer::Yes), ("new", FactAnswer::No)] {
        known.learn(Fact::SiteOfStaff(name.into()), place);
    }
    for (name, may) in [("root", false), ("never-asked", false), ("new", true)] {
        let define = json!({"define_staff": {"id": name, "role": "desk", "site": "s"}});
        let command = serde_json::from_value(define).expect("a command");
        assert_eq!(access::allowed(&operator, &command, &known).is_ok(), may, "{name}");
        let retire = serde_json::from_value(json!({"retire_staff": {"id": name}})).expect("a command");
        assert!(access::allowed(&operator, &retire, &known).is_err(), "{name}");
    }
    operator.site = None;
    for command in [&foreign, &mixed, &boundless] {
        access::allowed(&operator, command, &own).expect("an operator of all sites");
    }
}

#[test]
fn only_who_may_issue_tokens_gives_that_right() {
    let (mut operator, own) = insider(Role::Operator);
    let granting: ClientCommand = serde_json::from_value(
        json!({"define_staff": {"id": "new", "role": "operator", "site": "s", "may_issue": true}}),
    )
    .expect("a command");
    access::allowed(&operator, &granting, &own).expect("may issue");
    operator.may_issue = false;
    assert!(access::allowed(&operator, &granting, &own).is_err());
}

#[test]
fn who_may_not_issue_tokens_takes_over_no_account_that_may() {
    let (mut operator, mut known) = insider(Role::Operator);
    for site in [operator.site.clone(), None] {
        operator.site = site;
        for name in ["define_staff", "retire_staff"] {
            for (may_issue, issues, may) in
                [(true, FactAnswer::Yes, true), (false, FactAnswer::Yes, false), (false, FactAnswer::No, true)]
            {
                operator.may_issue = may_issue;
                known.learn(Fact::StaffIssues("wang".into()), issues);
                assert_eq!(access::allowed(&operator, &command(name), &known).is_ok(), may, "{name}, {may_issue}");
            }
            let nobody_asked = Facts::default();
            assert!(access::allowed(&operator, &command(name), &nobody_asked).is_err(), "{name}: asked first");
        }
    }
}

#[test]
fn a_desk_without_departments_is_of_the_whole_site_and_no_further() {
    let (mut desk, own) = insider(Role::Desk);
    desk.departments.clear();
    access::allowed(&desk, &command("set_priority"), &own).expect("of the site");
    let elsewhere: ClientCommand =
        serde_json::from_value(json!({"set_priority": {"ticket": "x.d.t1", "class": "military", "proof": "p"}}))
            .expect("a command");
    assert!(access::allowed(&desk, &elsewhere, &own).is_err());
}

#[test]
fn a_desk_gives_up_no_appointment_that_is_not_its_own_departments() {
    let (desk, own) = insider(Role::Desk);
    for (replaces, may) in [("s.d.b20261123-1", true), ("s.e.b20261123-1", false), ("x.d.b20261123-1", false)] {
        let command =
            json!({"book_slot": {"session": "s.d.m", "slot": "s.d.m.0900", "patient": "p-own", "replaces": replaces}});
        let command: ClientCommand = serde_json::from_value(command).expect("a command");
        assert_eq!(access::allowed(&desk, &command, &own).is_ok(), may, "{replaces}");
    }
}

#[test]
fn who_only_waits_for_a_place_is_read_by_the_desk_and_nothing_else_of_them_is_its() {
    let (desk, _) = insider(Role::Desk);
    let mut known = Facts::default();
    let place = || Workplace::of(&desk).expect("of a site");
    let read = deed("read_persons");
    assert_eq!(access::needed_deed(&desk, &read, &known), [Fact::PatientOf(place(), "p-own".into())]);
    known.learn(Fact::PatientOf(place(), "p-own".into()), FactAnswer::No);
    assert_eq!(access::needed_deed(&desk, &read, &known), [Fact::WaitsAt(place(), "p-own".into())]);
    known.learn(Fact::WaitsAt(place(), "p-own".into()), FactAnswer::Yes);
    assert!(access::needed_deed(&desk, &read, &known).is_empty());
    access::allowed_deed(&desk, &read, &known).expect("it rings them");
    for name in ["bind_person", "read_acting"] {
        assert!(access::allowed_deed(&desk, &deed(name), &known).is_err(), "{name}");
    }
    for name in ["grant_relation", "end_relation"] {
        assert!(access::allowed(&desk, &command(name), &known).is_err(), "{name}");
    }
}

#[test]
fn a_second_id_does_not_slip_past() {
    let (doctor, own) = insider(Role::Doctor);
    for fields in [
        json!({"call_next_patient": {"department": "x.d", "assignment": "s.li.n1", "in_hand": null, "outcome": null}}),
        json!({"call_next_patient": {"department": "s.d", "assignment": "s.li.n1", "in_hand": "x.d.t1", "outcome": "seen"}}),
        json!({"call_ticket": {"department": "s.d", "assignment": "s.li.n1", "in_hand": null, "outcome": null, "ticket": "x.d.t1", "reason": "r"}}),
        json!({"start_work": {"department": "s.d", "service_point": "s.e.r1"}}),
    ] {
        let command: ClientCommand = serde_json::from_value(fields.clone()).expect("a command");
        assert!(access::allowed(&doctor, &command, &own).is_err(), "{fields}");
    }
    let (patient, own) = insider(Role::Patient);
    let stranger = json!({"confirm_appointment": {"appointment": "s.d.b20261123-1", "patient": "p-other"}});
    assert!(access::allowed(&patient, &serde_json::from_value(stranger).expect("a command"), &own).is_err());
    assert!(access::allowed_deed(&patient, &Deed::ReadPersons(vec!["p-own".into(), "p-other".into()]), &own).is_err());
    assert!(access::allowed_deed(&patient, &Deed::ReadPersons(vec![]), &own).is_err());
}
