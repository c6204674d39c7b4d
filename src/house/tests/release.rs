//! The line of a release at the edge: what becomes of it when its department cannot answer, or has spoken before anybody
//! here listened.

use std::sync::mpsc;
use std::task::Poll;

use jiaohao_actors::shell::Origin;
use jiaohao_actors::shell::message::Outcome;
use jiaohao_actors::shell::registry::READ_ONLY;
use jiaohao_domain::department::State;
use jiaohao_domain::vocabulary::{InLine, LineStanding, ToDepartment};
use jiaohao_domain::{PatientId, SlotId};
use tokio::sync::oneshot;

use super::super::department;
use super::*;

/// A department that answers nobody until this goes.
pub(super) struct Held {
    _until: mpsc::Sender<()>,
}

/// Time enough to get ready for a release on a busy machine, in milliseconds.
const SOON_MS: i64 = 3_000;

impl Opened {
    /// A session of tomorrow that is released so soon.
    async fn releases(&self, at: &str, in_ms: i64) -> Timestamp {
        let moment = self.engine.0.shell.clock.clinic().plus_ms(in_ms);
        self.releases_at(&format!("{at}.r"), at, moment).await;
        moment
    }

    async fn releases_at(&self, session: &str, at: &str, moment: Timestamp) {
        let session = json!({"define_session": {"id": session, "date": "2026-11-24", "period": "morning",
            "queue": format!("{at}.q"), "registration_class": "普通", "released_at": moment,
            "slots": [{"start": "09:00", "minutes": 30, "capacity": 9}]}});
        // the department hears of its queue from the site
        let mut tries = 0;
        while let Err(why) = self.give(&self.operator(), session.clone()).await {
            tries += 1;
            assert!(tries < 200, "{why:?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let prepared = self.engine.0.zone_of(Some(at)).rfc3339(moment);
        self.until_lot(at, "it is not prepared", |lot| lot["released_at"] == prepared.as_str()).await;
    }

    async fn in_line(&self, command: &str, at: &str, patient: &str) -> InLine {
        let command = read(json!({command: {"department": at, "patient": patient}}));
        match self.engine.0.in_line(&self.claims(Role::Patient, "a-1"), &command).await {
            Ok(Some(Answer::InLine(told))) => *told,
            other => panic!("{other:?}"),
        }
    }

    /// Says a word until the patient is let in.
    async fn until_let_in(&self, at: &str, patient: &str) {
        for _ in 0..500 {
            if self.in_line("enter_release", at, patient).await.standing == LineStanding::LetIn {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("{patient} is not let in at {at}");
    }

    async fn until_clinic(&self, moment: Timestamp) {
        while self.engine.0.shell.clock.clinic() < moment {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Nothing that the department is told from now on is looked at.
    pub(super) async fn hold(&self, at: &str) -> Held {
        let (until, wait) = mpsc::channel::<()>();
        let (begun, begins) = oneshot::channel();
        let shell = self.engine.0.shell.clone();
        let at = department(&DepartmentId::from(at));
        actix_web::rt::spawn(async move {
            let read = move |_: &State| {
                begun.send(()).expect("somebody waits");
                // Ends when the other end goes.
                let _ = wait.recv();
            };
            shell.read(at, read).await
        });
        begins.await.expect("it is read");
        Held { _until: until }
    }

    /// It is in the department's mailbox.
    fn begin(&self, at: &str, told: ToDepartment) -> oneshot::Receiver<Outcome> {
        let at = department(&DepartmentId::from(at));
        self.engine.0.shell.begin(at, told.into(), Origin::Shell).expect("there is room")
    }

    async fn lot(&self, at: &str) -> Value {
        let told = self.engine.0.read_releases(&DepartmentId::from(at)).await.expect("read");
        told["releases"][0].clone()
    }

    async fn until_lot(&self, at: &str, what: &str, is_so: impl Fn(&Value) -> bool) -> Value {
        for _ in 0..500 {
            let lot = self.lot(at).await;
            if is_so(&lot) {
                return lot;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("{what}: {}", self.lot(at).await);
    }
}

#[actix_web::test]
async fn an_order_that_is_refused_the_record_is_asked_again_until_it_is_there() {
    let house = open().await;
    let moment = house.releases("s.d", SOON_MS).await;
    for patient in ["p-1", "p-2", "p-3"] {
        assert_eq!(house.in_line("enter_release", "s.d", patient).await.standing, LineStanding::Present);
    }
    let held = house.hold("s.d").await;
    house.until_clinic(moment).await;
    // It draws, and from then on nothing is written.
    let drawn = house.begin("s.d", ToDepartment::DeadlineReached);
    house.engine.0.shell.set_storage_level(READ_ONLY, "full".to_owned());
    drop(held);
    drawn.await.expect("answered").expect("drawn");
    let lot = house.until_lot("s.d", "nobody is in line", |lot| lot["line"]["waiting"] == 3).await;
    assert_eq!(lot["order_sha256"], Value::Null, "nothing can be written");
    house.engine.0.shell.set_storage_level(0, String::new());
    let lot = house.until_lot("s.d", "the order is not on record", |lot| lot["order_sha256"].is_string()).await;
    assert_eq!(lot["present"], 3);
}

#[actix_web::test]
async fn a_department_that_does_not_answer_keeps_up_no_other_line() {
    let house = open_with(|settings| settings.limits.release_at_once = 2).await;
    let others = ["s.e", "s.f", "s.g", "s.h"];
    for id in &others[1..] {
        for command in [
            json!({"define_department": {"id": id, "name": id}}),
            json!({"define_queue": {"id": format!("{id}.q"), "name": id, "prefix": id[2..].to_uppercase()}}),
        ] {
            house.give(&house.operator(), command).await.expect("defined");
        }
    }
    // One that runs on another thread: it is no fault of the lines that the owners of one thread wait for each other.
    let held = house.hold("s.d").await;
    let mut other = None;
    for id in others {
        let at = DepartmentId::from(id);
        let answered = house.engine.0.read_releases(&at);
        if tokio::time::timeout(Duration::from_secs(2), answered).await.is_ok() {
            other = Some(id);
            break;
        }
    }
    drop(held);
    let Some(other) = other else {
        assert_eq!(std::thread::available_parallelism().map_or(1, usize::from), 1, "all are of one thread");
        return;
    };
    for at in ["s.d", other] {
        house.releases(at, SOON_MS).await;
        assert_eq!(house.in_line("enter_release", at, "p-1").await.standing, LineStanding::Present);
    }
    for at in ["s.d", other] {
        house.until_lot(at, "it is not drawn", |lot| lot["order_sha256"].is_string()).await;
    }
    let _held = house.hold("s.d").await;
    // One at a time in each line: for each of them it is stepped once more.
    for patient in ["p-1", "p-2", "p-3", "p-4"] {
        house.until_let_in(other, patient).await;
        house.in_line("leave_release", other, patient).await;
    }
}

#[actix_web::test]
async fn a_line_that_was_learned_while_its_lot_was_drawn_is_drawn_all_the_same() {
    let house = open().await;
    house.releases("s.d", SOON_MS).await;
    // As after a start.
    house.until_lot("s.d", "there is no line", |lot| lot["line"].is_object()).await;
    house.engine.0.releases.forget();
    let mut entering = std::pin::pin!(house.in_line("enter_release", "s.d", "p-1"));
    // The department is asked, and what it says of its lot is not heard before that is drawn.
    let held = house.hold("s.d").await;
    let is_pending = std::future::poll_fn(|context| Poll::Ready(entering.as_mut().poll(context).is_pending()));
    assert!(is_pending.await, "the department was not asked");
    drop(held);
    house.until_lot("s.d", "the lot is not drawn", |lot| lot["seed"].is_string()).await;
    // What is published is read behind what was published before: the word of the lot has come, to no line.
    house.engine.snapshot(house.desk(), "queue:s.d.q".into()).await.expect("read");
    let told = entering.await;
    assert!(told.begun_anew && !told.over, "{told:?}");
    house.until_let_in("s.d", "p-1").await;
}

#[actix_web::test]
async fn a_release_that_is_not_the_last_one_has_its_line_again_after_a_restart() {
    let house = open().await;
    let moment = house.engine.0.shell.clock.clinic().plus_ms(SOON_MS);
    house.releases_at("s.d.r", "s.d", moment).await;
    house.releases_at("s.d.t", "s.d", moment.plus_ms(1)).await;
    house.until_clinic(moment.plus_ms(2)).await;
    house.until_lot("s.d", "the last lot is not drawn", |lot| lot["seed"].is_string()).await;
    // As after a start.
    house.engine.0.releases.forget();
    let phone = house.claims(Role::Patient, "a-1");
    let (at, who) = (DepartmentId::from("s.d"), PatientId::from("p-1"));
    let facts = house.engine.0.slot_facts(&SlotId::from("s.d.r.0900")).await.expect("of the first release");
    assert_eq!(facts.release, Some(moment));
    let refused = house.engine.0.let_in(&phone, &at, facts, &who).await.expect_err("it has a line");
    assert_eq!(refused.code, Code::InLine);
    // Of now is the one that began last.
    assert_eq!(house.in_line("enter_release", "s.d", "p-2").await.released_at, moment.plus_ms(1));
}
