//! Presence: one place of work at a time, numbered, ended by the department.

use super::*;
use crate::principal::Principal;

fn context() -> Context {
    Context { now: Timestamp(1_000), principal: Principal::system(), seed: 1 }
}

fn tell(state: &mut State, command: ToDoctor) -> (Result<Answer, Rejection>, Vec<Event>) {
    let mut draft = Draft::<Doctor>::new(state);
    let answer = Doctor::decide(&mut draft, command, &context());
    (answer, draft.into_events())
}

fn doctor() -> State {
    let mut state = Doctor::new_state("s.wang");
    let definition = DefineDoctor {
        id: DoctorId::from("s.wang"),
        name: "王医生".into(),
        title: "主任医师".into(),
        departments: vec![DepartmentId::from("s.d"), DepartmentId::from("s.e")],
    };
    tell(&mut state, ToDoctor::Configure(definition)).0.unwrap();
    state
}

fn start(department: &str, point: &str) -> ToDoctor {
    ToDoctor::StartWork(StartWork {
        department: DepartmentId::from(department),
        service_point: ServicePointId::from(point),
    })
}

#[test]
fn work_started_is_numbered_and_told_to_the_department() {
    let mut state = doctor();
    let (answer, events) = tell(&mut state, start("s.d", "s.d.r1"));
    assert_eq!(answer, Ok(Answer::AtWork { assignment: AssignmentId::from("s.wang.n1") }));
    let mut out = Vec::new();
    Doctor::outgoing(&events[0], &mut out);
    let Outgoing::Effect(to, Message::Department(message)) = &out[0] else { panic!("an effect to the department") };
    assert_eq!((to.kind, &*to.id), (OwnerKind::Department, "s.d"));
    assert!(matches!(**message, ToDepartment::BeginAssignment { .. }));
}

#[test]
fn at_most_one_place_in_the_house() {
    let mut state = doctor();
    tell(&mut state, start("s.d", "s.d.r1")).0.unwrap();
    for command in [start("s.d", "s.d.r1"), start("s.e", "s.e.r1")] {
        let (answer, events) = tell(&mut state, command);
        assert_eq!(answer.unwrap_err().code, Code::AlreadyWorking);
        assert!(events.is_empty());
    }
    tell(&mut state, ToDoctor::AssignmentEnded { assignment: AssignmentId::from("s.wang.n7") }).0.unwrap();
    assert!(state.at_work.is_some(), "another assignment's end changes nothing");
    tell(&mut state, ToDoctor::AssignmentEnded { assignment: AssignmentId::from("s.wang.n1") }).0.unwrap();
    let (answer, _) = tell(&mut state, start("s.e", "s.e.r1"));
    assert_eq!(answer, Ok(Answer::AtWork { assignment: AssignmentId::from("s.wang.n2") }));
}

#[test]
fn a_refused_assignment_is_over_and_says_why() {
    let mut state = doctor();
    tell(&mut state, start("s.d", "s.d.r1")).0.unwrap();
    let refused = ToDoctor::AssignmentRefused {
        assignment: AssignmentId::from("s.wang.n1"),
        reason: "another doctor is in the room".into(),
    };
    tell(&mut state, refused.clone()).0.unwrap();
    assert_eq!(state.at_work, None);
    assert_eq!(state.refused.as_deref(), Some("another doctor is in the room"));
    assert!(tell(&mut state, refused).1.is_empty(), "said again it changes nothing");
    tell(&mut state, start("s.d", "s.d.r2")).0.unwrap();
    assert_eq!(state.refused, None);
}

#[test]
fn a_doctor_at_work_is_not_retired_and_afterwards_the_site_is_told_once() {
    let mut state = doctor();
    tell(&mut state, start("s.d", "s.d.r1")).0.unwrap();
    let rejected = tell(&mut state, ToDoctor::RetireUnused).0.unwrap_err();
    assert_eq!(rejected.code, Code::InUse);
    assert!(rejected.valid_now.contains(&("service_point".to_owned(), "s.d.r1".into())));
    tell(&mut state, ToDoctor::AssignmentEnded { assignment: AssignmentId::from("s.wang.n1") }).0.unwrap();
    let (answer, events) = tell(&mut state, ToDoctor::RetireUnused);
    assert_eq!(answer, Ok(Answer::Done));
    let mut out = Vec::new();
    Doctor::outgoing(&events[0], &mut out);
    let Outgoing::Effect(to, Message::Site(message)) = &out[0] else { panic!("an effect to the site") };
    assert_eq!((to.kind, &*to.id), (OwnerKind::Site, "s"));
    assert!(matches!(&**message, ToSite::RetireDoctor(retired) if retired.id == state.id));
    assert!(tell(&mut state, ToDoctor::RetireUnused).1.is_empty(), "again changes nothing");
    assert_eq!(tell(&mut state, start("s.d", "s.d.r1")).0.unwrap_err().code, Code::Retired);
}

#[test]
fn who_may_not_begin() {
    let mut nobody = Doctor::new_state("s.wang");
    assert_eq!(tell(&mut nobody, start("s.d", "s.d.r1")).0.unwrap_err().code, Code::Forbidden);
    let mut state = doctor();
    assert_eq!(tell(&mut state, start("s.f", "s.f.r1")).0.unwrap_err().code, Code::Forbidden);
    assert_eq!(tell(&mut state, start("s.d", "s.e.r1")).0.unwrap_err().code, Code::InvalidField);
    tell(&mut state, ToDoctor::Retire).0.unwrap();
    assert_eq!(tell(&mut state, start("s.d", "s.d.r1")).0.unwrap_err().code, Code::Retired);
}

#[test]
fn the_console_hears_that_its_doctor_is_retired() {
    let mut state = doctor();
    let (answer, events) = tell(&mut state, ToDoctor::RetireUnused);
    assert_eq!(answer, Ok(Answer::Done));
    let zone = crate::time::Zone::utc();
    let told = view::emissions(&state, &events[0], Timestamp(0), zone);
    let event = serde_json::json!({ "doctor_retired": { "retired": true } });
    assert_eq!(told, vec![("doctor:s.wang".to_owned(), event)]);
}

/// What `start_work` comes to wherever the doctor stands; `+` is accepted.
#[test]
fn work_is_started_in_no_wrong_state() {
    let numbered = |n: u32| AssignmentId::from(format!("s.wang.n{n}"));
    let started = |state: &mut State| drop(tell(state, start("s.d", "s.d.r1")).0.unwrap());
    let refused = |state: &mut State| {
        let reason = "another doctor has the room".to_owned();
        tell(state, ToDoctor::AssignmentRefused { assignment: numbered(1), reason }).0.unwrap();
    };
    for (stands, here, elsewhere, wrong_room) in [
        ("unknown", "forbidden", "forbidden", "forbidden"),
        ("free", "+", "forbidden", "invalid_field"),
        ("at work", "already_working", "forbidden", "invalid_field"),
        ("refused", "+", "forbidden", "invalid_field"),
        ("stopped", "+", "forbidden", "invalid_field"),
        ("retired", "retired", "retired", "retired"),
    ] {
        for (command, expected) in
            [(start("s.d", "s.d.r1"), here), (start("s.x", "s.x.r1"), elsewhere), (start("s.d", "s.e.r1"), wrong_room)]
        {
            let mut state = if stands == "unknown" { Doctor::new_state("s.wang") } else { doctor() };
            match stands {
                "at work" => started(&mut state),
                "refused" => {
                    started(&mut state);
                    refused(&mut state);
                }
                "stopped" => {
                    started(&mut state);
                    tell(&mut state, ToDoctor::AssignmentEnded { assignment: numbered(1) }).0.unwrap();
                }
                "retired" => drop(tell(&mut state, ToDoctor::Retire).0.unwrap()),
                _ => {}
            }
            let before = state.clone();
            let (answer, events) = tell(&mut state, command);
            let came = answer.map_or_else(|why| why.code.wire(), |_| "+");
            assert_eq!(came, expected, "{stands}");
            assert!(came == "+" || (events.is_empty() && state == before), "{stands}: a refusal changes nothing");
        }
    }
}
