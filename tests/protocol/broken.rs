//! The refusals of a house that is broken: the real program, whose disk fills up and whose parts hang or fail.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use jiaohao::clients::Refusal;
use serde_json::Value;
use uuid::Uuid;

use crate::examples::{Now, Refusals};
use crate::program::disk::Disk;
use crate::program::house::House;
use crate::program::{PATIENCE, Program};

const DISK_MIB: u64 = 96;
const RESERVE_MIB: u64 = 32;
const LAST_RESERVE_MIB: u64 = 16;
/// Commands that may wait for one owner, and far more than that.
const MAILBOX: usize = 8;
const MANY: usize = 32;

/// What is broken, for as long as this is there (see `planted-bugs`).
struct Broken(PathBuf);

impl Broken {
    fn new(folder: &Path, what: &str) -> Self {
        std::fs::create_dir_all(folder).unwrap();
        std::fs::write(folder.join(what), "").unwrap();
        Self(folder.join(what))
    }
}

impl Drop for Broken {
    fn drop(&mut self) {
        std::fs::remove_file(&self.0).unwrap();
    }
}

/// The broken house and the document's examples of what it answers.
struct Sick {
    house: House,
    refusals: Refusals,
    breaks: PathBuf,
    patient: String,
    /// Who has not come yet.
    later: String,
}

impl Sick {
    /// The example's ids are the house's.
    fn now(&self, code: &str) -> Vec<(&str, &str)> {
        match code {
            "storage_low" => vec![("renmin.internal.s1", "h.a.s"), ("p-1", &self.patient)],
            "overloaded" => vec![("renmin.internal.s1", "h.a.s")],
            "recovering" => vec![("renmin.internal.li", "h.a.q")],
            "timed_out" => vec![("renmin.internal.li", "h.a.q"), ("p-1", &self.later)],
            _ => vec![("renmin.internal.li", "h.a.q"), ("p-1", &self.patient)],
        }
    }

    async fn send(&self, code: &str, key: Uuid) -> Result<Value, Refusal> {
        let now = self.now(code);
        self.refusals.send(self.house.door(), Some(&self.house.desk), code, key, &now as Now<'_>).await
    }

    /// Sends the example until it is refused: the disk is looked at once a second, a start takes its time.
    async fn until_refused(&self, code: &str) {
        let began = Instant::now();
        loop {
            match self.send(code, Uuid::now_v7()).await {
                Err(why) if why.code == code && (code != "recovering" || why.valid_now.contains_key("commits")) => {
                    return self.refusals.is_as_told(code, &why);
                }
                other => assert!(began.elapsed() < PATIENCE, "{code}: {other:?}"),
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    async fn full(&self, disk: &Disk) {
        for (code, left_mib) in [("storage_low", RESERVE_MIB - 8), ("read_only", LAST_RESERVE_MIB - 8)] {
            disk.leave_mib(left_mib);
            self.until_refused(code).await;
        }
        disk.empty();
        let began = Instant::now();
        let is_full = |code: &str| ["storage_low", "read_only"].contains(&code);
        while self.send("storage_low", Uuid::now_v7()).await.is_err_and(|why| is_full(&why.code)) {
            assert!(began.elapsed() < PATIENCE, "there is room again");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Nothing is answered while the log hangs; the same key tells what has become of it.
    async fn hangs(&self) {
        let key = Uuid::now_v7();
        let hanging = Broken::new(&self.breaks, "log");
        self.refusals.is_as_told("timed_out", &self.send("timed_out", key).await.unwrap_err());
        drop(hanging);
        let began = Instant::now();
        let done = loop {
            match self.send("timed_out", key).await {
                Ok(done) => break done,
                Err(why) => assert!(why.is_passing() && began.elapsed() < PATIENCE, "{why:?}"),
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        };
        assert_eq!(self.send("timed_out", key).await.unwrap(), done, "it was done once");
    }

    async fn is_full_up(&self) {
        let hanging = Broken::new(&self.breaks, "department");
        let answers = join_all((0..MANY).map(|_| self.send("overloaded", Uuid::now_v7()))).await;
        let mut refused = answers.into_iter().filter_map(Result::err).filter(|why| why.code != "timed_out");
        self.refusals.is_as_told("overloaded", &refused.next().expect("more than wait"));
        assert!(refused.all(|why| why.code == "overloaded"));
        drop(hanging);
        let began = Instant::now();
        while let Err(why) = self.send("overloaded", Uuid::now_v7()).await {
            assert!(why.is_passing() && began.elapsed() < PATIENCE, "{why:?}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    async fn fails(&self) {
        let _wrong = Broken::new(&self.breaks, "decision");
        for _ in 0..3 {
            self.refusals.is_as_told("internal", &self.send("internal", Uuid::now_v7()).await.unwrap_err());
        }
        self.refusals.is_as_told("owner_failed", &self.send("owner_failed", Uuid::now_v7()).await.unwrap_err());
    }

    async fn starts(&mut self) {
        self.house.program.kill();
        let hanging = Broken::new(&self.breaks, "log");
        self.house.program.start(None);
        self.until_refused("recovering").await;
        drop(hanging);
        self.house.program.ready().await;
    }
}

#[actix_web::test]
async fn every_refusal_of_a_broken_house_comes_about() {
    let disk = Disk::of_mib(DISK_MIB);
    let breaks = disk.path().join("broken");
    let mut program = Program::on(disk.path());
    program.set("JIAOHAO_DATA__RESERVE_MIB", RESERVE_MIB);
    program.set("JIAOHAO_DATA__LAST_RESERVE_MIB", LAST_RESERVE_MIB);
    program.set("JIAOHAO_LIMITS__ANSWER_WITHIN_S", 1);
    program.set("JIAOHAO_LIMITS__MAILBOX", MAILBOX);
    program.set("JIAOHAO_PLANT", format!("broken:{}", breaks.display()));
    let mut house = House::open(program).await;
    let (patient, later) = (house.person().await, house.person().await);
    let [patient, later] = [patient, later].map(|id| id.as_str().unwrap().to_owned());
    let mut sick = Sick { house, refusals: Refusals::of("refusals-broken"), breaks, patient, later };
    sick.full(&disk).await;
    sick.hangs().await;
    sick.is_full_up().await;
    sick.fails().await;
    sick.starts().await;
    sick.refusals.were_played();
}
