//! From the start of the process to `/readyz` with a million events in the folder, made by the shell itself: bookings,
//! walk-ins and calls of ten departments. With snapshots as a graceful stop leaves them, and without any (the store gone).

use std::path::Path;
use std::sync::Arc;

use futures_util::future::try_join_all;
use jiaohao::house::deadline_message;
use jiaohao::house::notices::Outlet;
use jiaohao::house::paying::Till;
use jiaohao::house::streams::HouseStreams;
use jiaohao::house::zones::Zones;
use jiaohao::kinds::kinds;
use jiaohao_actors::fanout::{CoarseClock, Hub, HubLimits};
use jiaohao_actors::log::{FolderLock, Log, SegmentLog, SegmentOptions};
use jiaohao_actors::shell::keeper::KeeperOptions;
use jiaohao_actors::shell::{Clock, Node, NodeOptions, Origin, Shell, clock};
use jiaohao_domain::person::{PatientBrief, Sex};
use jiaohao_domain::time::Zone;
use jiaohao_domain::vocabulary::*;
use jiaohao_domain::{
    AccountId, AssignmentId, DepartmentId, DoctorId, Message, OwnerKind, OwnerRef, PatientId, Principal, QueueId,
    Rejection, Role, SlotId, TicketId, Timestamp,
};

use crate::Outcome;
use crate::measure::{folder, load, median, size};
use crate::server::{Server, tomorrow};

const DEPARTMENTS: usize = 10;
const EVENTS: u64 = 1_000_000;
/// Patients of a department that are under way at the same time.
const AT_ONCE: usize = 32;
const STARTS: usize = 5;
/// Rounds between two countings of the log.
const ROUNDS: usize = 20;

/// Measures and prints.
pub fn run() -> Outcome {
    let data = tempfile::Builder::new().prefix("cold").tempdir_in(folder())?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        let (server, _) = Server::start(data.path()).await?;
        server.furnish(DEPARTMENTS, 1).await?;
        server.stop()
    })?;
    let began = clock::monotonic();
    let records = actix::System::new().block_on(fill(data.path()))?;
    let bytes = size(&data.path().join("log"))?;
    println!(
        "cold_start: {records} records, {:.0} MiB of log, made in {:.0} s; load {}",
        bytes as f64 / f64::from(1 << 20),
        began.elapsed().as_secs_f64(),
        load()
    );
    let start = || -> Outcome<f64> {
        let (server, took) = runtime.block_on(Server::start(data.path()))?;
        server.stop()?;
        Ok(took.as_secs_f64())
    };
    let mut with: Vec<f64> = (0..STARTS).map(|_| start()).collect::<Outcome<_>>()?;
    println!("with snapshots: median {:.2} s of {with:.2?}", median(&mut with));
    let without = || -> Outcome<f64> {
        std::fs::remove_dir_all(data.path().join("store"))?;
        start()
    };
    let mut without: Vec<f64> = (0..STARTS).map(|_| without()).collect::<Outcome<_>>()?;
    println!("without: median {:.2} s of {without:.2?}; load {}", median(&mut without), load());
    Ok(())
}

/// Runs the engine without its doors until the log has a million records; how many it has.
async fn fill(data: &Path) -> Outcome<u64> {
    let _lock = FolderLock::take(data, Timestamp(clock::wall_ms()))?;
    let began = clock::monotonic();
    let mut options = SegmentOptions::new(Arc::new(move || u64::try_from(began.elapsed().as_millis()).unwrap_or(0)));
    options.segment_bytes = 128 << 20;
    let (log, _) = SegmentLog::open(&data.join("log"), options)?;
    let reader = log.reader();
    let epoch: Arc<str> = format!("{}-bench", log.history_id()).into();
    let node = Node::start(NodeOptions {
        clock: Box::new(|_| Clock::wall()),
        kinds: kinds(),
        log: Box::new(log),
        store: data.join("store"),
        store_cache_bytes: 64 << 20,
        epoch: epoch.clone(),
        hub: Box::new(Hub::new(epoch, HubLimits::default(), Arc::new(CoarseClock::default()))),
        rules: Box::new(HouseStreams {
            zones: Arc::new(Zones::new(Zone::named("Asia/Shanghai").ok_or("no zone")?)),
            finder: Arc::default(),
            releases: Arc::default(),
            generations: Arc::default(),
            reach: Outlet::default(),
            till: Till::default(),
            letting_go: Arc::default(),
        }),
        deadline_message,
        owner_threads: 2,
        mailbox: 4096,
        keeper: KeeperOptions { checkpoint_every_s: 3600, idle_s: 3600, prune_after_s: 48 * 3600 },
        on_failure: Box::new(|why| panic!("{why}")),
        progress: std::sync::Arc::default(),
    })?;
    let (mut count, mut counted_to, mut round) = (0, 0, 0);
    let mut floors = try_join_all((0..DEPARTMENTS).map(|n| Floor::open(&node.shell, n))).await?;
    while count < EVENTS {
        for _ in 0..ROUNDS {
            try_join_all(floors.iter_mut().map(|floor| floor.serve(&node.shell, round))).await?;
            round += 1;
        }
        reader.replay(counted_to, &mut |record| {
            count += 1;
            counted_to = record.commit;
        })?;
    }
    drop(node.stop().await);
    Ok(count)
}

/// One department at work.
struct Floor {
    n: usize,
    department: DepartmentId,
    assignment: AssignmentId,
    in_hand: Option<TicketId>,
}

async fn tell(
    shell: &Arc<Shell>,
    owner: OwnerRef,
    message: Message,
    as_who: Role,
    doctor: Option<DoctorId>,
) -> Outcome<Answer> {
    let principal = Principal { doctor, ..Principal::of(as_who, AccountId::from("a-bench")) };
    let origin = Origin::Client { principal, name: "bench".into(), key: None, body_hash: [0; 16] };
    shell.ask(owner, message, origin).await.map_err(|why: Rejection| format!("{:?}: {}", why.code, why.detail).into())
}

impl Floor {
    async fn open(shell: &Arc<Shell>, n: usize) -> Outcome<Self> {
        let department = DepartmentId::from(format!("b.d{n}"));
        let doctor = DoctorId::from(format!("b.doctor{n}"));
        let start = StartWork { department: department.clone(), service_point: format!("b.d{n}.r").into() };
        let owner = OwnerRef::new(OwnerKind::Doctor, doctor.as_str());
        let Answer::AtWork { assignment } =
            tell(shell, owner, ToDoctor::StartWork(start).into(), Role::Doctor, Some(doctor)).await?
        else {
            return Err("not at work".into());
        };
        tokio::time::sleep(std::time::Duration::from_millis(500)).await;
        Ok(Self { n, department, assignment, in_hand: None })
    }

    /// So many persons are made known, book, and come as walk-ins; then all are called.
    async fn serve(&mut self, shell: &Arc<Shell>, round: usize) -> Outcome {
        try_join_all((0..AT_ONCE).map(|k| self.visit(shell, round * AT_ONCE + k))).await?;
        for _ in 0..AT_ONCE {
            let outcome = self.in_hand.is_some().then_some(jiaohao_domain::vocabulary::Outcome::Seen);
            let next = CallNextPatient {
                department: self.department.clone(),
                assignment: self.assignment.clone(),
                in_hand: self.in_hand.take(),
                outcome,
            };
            let owner = OwnerRef::new(OwnerKind::Department, self.department.as_str());
            let doctor = DoctorId::from(format!("b.doctor{}", self.n));
            let message = ToDepartment::CallNextPatient(next).into();
            if let Answer::Called { called: Some(called), .. } =
                tell(shell, owner, message, Role::Doctor, Some(doctor)).await?
            {
                self.in_hand = Some(called.ticket);
            }
        }
        Ok(())
    }

    async fn visit(&self, shell: &Arc<Shell>, k: usize) -> Outcome {
        let who = PatientId::from(format!("p-{}x{k}", self.n));
        let owner = || OwnerRef::new(OwnerKind::Patient, who.as_str());
        let brief = PatientBrief {
            patient: who.clone(),
            masked_name: "张*三".to_owned(),
            sex: Sex::Female,
            birth_year: Some(1980),
        };
        let identify = ToPatient::Identify {
            brief: brief.clone(),
            birth_date_sealed: vec![7; 48],
            sealed: vec![7; 160],
            real_name: true,
        };
        shell.ask(owner(), identify.into(), Origin::Shell).await.map_err(|why| why.detail.to_string())?;
        let date = tomorrow();
        let zone = Zone::named("Asia/Shanghai").ok_or("no zone")?;
        let start = zone.moment(date, chrono::NaiveTime::from_hms_opt(9, 0, 0).ok_or("no time")?);
        let reserve = ToPatient::Reserve {
            slot: SlotId::from(format!("{}.s.0900", self.department)),
            date,
            slot_start: start,
            slot_end: start.plus_min(30),
            confirm: true,
            channel: Channel::Desk,
            replaces: None,
            limits: jiaohao_domain::settings::PatientLimits::default(),
        };
        tell(shell, owner(), reserve.into(), Role::Desk, None).await?;
        let command = RegisterWalkIn {
            queue: QueueId::from(format!("{}.q", self.department)),
            patient: who.clone(),
            class: None,
            addition_to: None,
            slot: None,
            visit: None,
        };
        let owner = OwnerRef::new(OwnerKind::Department, self.department.as_str());
        let message = ToDepartment::RegisterWalkIn { command, brief, birth_date: None }.into();
        tell(shell, owner, message, Role::Desk, None).await.map(drop)
    }
}
