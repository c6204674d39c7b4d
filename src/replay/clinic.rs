//! The engine that the recorded days run through: a node of its own with a log in memory and a clock moved by hand. One
//! department, whose rooms are the doctors' of the record.

use std::sync::Arc;

use jiaohao_actors::fanout::{CoarseClock, Hub, HubLimits};
use jiaohao_actors::log::{HistoryId, MemoryLog};
use jiaohao_actors::shell::keeper::KeeperOptions;
use jiaohao_actors::shell::{Clock, Node, NodeOptions, Origin};
use jiaohao_domain::department::State;
use jiaohao_domain::person::{PatientBrief, Sex};
use jiaohao_domain::settings::DepartmentSettings;
use jiaohao_domain::time::Zone;
use jiaohao_domain::vocabulary::*;
use jiaohao_domain::wait::{Forecast, forecast};
use jiaohao_domain::{
    AccountId, AssignmentId, DepartmentId, DoctorId, OwnerKind, OwnerRef, PatientId, Principal, QueueId, Role,
    ServicePointId, TicketId, Timestamp,
};

use super::score::DISTANCES;
use crate::house::deadline_message;
use crate::house::notices::Outlet;
use crate::house::paying::Till;
use crate::house::streams::HouseStreams;
use crate::house::zones::Zones;
use crate::kinds::kinds;

const DEPARTMENT: &str = "replay.clinic";
/// The zone of the replayed clinic: the record's clocks are read as this zone's.
pub const ZONE: &str = "Asia/Shanghai";
const STORE_CACHE_BYTES: u64 = 16 << 20;
const MAILBOX: usize = 1_000;
const REASON: &str = "as it was recorded";

/// See the module.
pub struct Clinic {
    node: Node,
    department: OwnerRef,
    today: jiaohao_domain::BusinessDate,
    zone: Zone,
    _folder: tempfile::TempDir,
}

/// A doctor of the record at work: the n-th since the first day.
#[derive(Clone, Debug)]
pub struct AtWork {
    doctor: usize,
    assignment: AssignmentId,
}

impl Clinic {
    /// A clinic of so many doctors with a room and a queue each, at a moment.
    pub async fn open(doctors: usize, zone: Zone, now: Timestamp) -> Result<Self, String> {
        let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
        let epoch: Arc<str> = "replay".into();
        let node = Node::start(NodeOptions {
            clock: Box::new(move |_| Clock::manual(now)),
            kinds: kinds(),
            log: Box::new(MemoryLog::new(HistoryId(0))),
            store: folder.path().join("store"),
            store_cache_bytes: STORE_CACHE_BYTES,
            epoch: epoch.clone(),
            hub: Box::new(Hub::new(epoch, HubLimits::default(), Arc::new(CoarseClock::default()))),
            progress: Arc::default(),
            rules: Box::new(HouseStreams {
                zones: Arc::new(Zones::new(zone)),
                finder: Arc::default(),
                releases: Arc::default(),
                letting_go: Arc::default(),
                generations: Arc::default(),
                reach: Outlet::default(),
                till: Till::default(),
            }),
            deadline_message,
            owner_threads: 1,
            mailbox: MAILBOX,
            keeper: KeeperOptions { checkpoint_every_s: 86_400, idle_s: 86_400, prune_after_s: 86_400 },
            on_failure: Box::new(|why| {
                eprintln!("jiaohao: {why}");
                std::process::exit(1);
            }),
        })
        .map_err(|error| error.to_string())?;
        let department = OwnerRef::new(OwnerKind::Department, DEPARTMENT);
        let clinic = Self { node, department, today: zone.date(now), zone, _folder: folder };
        let mut settings = DepartmentSettings::default();
        // the record says who was called when, not who was told to wait at a door
        settings.queue.door_cap = 0;
        let definition = DefineDepartment {
            id: DepartmentId::new(DEPARTMENT),
            name: DEPARTMENT.to_owned(),
            name_en: String::new(),
            neutral_name: None,
            number_only: true,
            settings,
        };
        clinic.configure(ToDepartment::Configure { time_zone: zone.name().to_owned(), definition }).await?;
        for n in 0..doctors {
            let (name, order) = (n.to_string(), u32::try_from(n).unwrap_or(u32::MAX));
            let (name_en, departments) = (String::new(), vec![DepartmentId::new(DEPARTMENT)]);
            let room = DefineServicePoint { id: room(n), name: name.clone(), name_en, order, door_cap: None };
            clinic.configure(ToDepartment::ConfigureServicePoint(room)).await?;
            let is = DefineDoctor { id: doctor(n), name: name.clone(), title: String::new(), departments };
            clinic.configure(ToDepartment::ConfigureDoctor(is)).await?;
            let queue = DefineQueue { id: queue(n), name, prefix: format!("{n}-"), doctors: vec![doctor(n)] };
            clinic.configure(ToDepartment::ConfigureQueue(queue)).await?;
        }
        Ok(clinic)
    }

    /// Clinic time goes on. A day that has ended on the way is tidied away.
    pub async fn go_on(&mut self, to: Timestamp) -> Result<(), String> {
        let clock = &self.node.shell.clock;
        clock.advance_ms(to.ms_since(clock.clinic()).max(0));
        let today = self.zone.date(clock.clinic());
        if today != self.today {
            self.today = today;
            let told = ToDepartment::DeadlineReached.into();
            self.node.shell.ask(self.department.clone(), told, Origin::Deadline).await.map_err(words)?;
        }
        Ok(())
    }

    /// A doctor begins to work, for the n-th time in this clinic.
    pub async fn begin(&self, doctor: usize, n: usize) -> Result<AtWork, String> {
        let assignment = AssignmentId::numbered(self::doctor(doctor).as_str(), 'n', n as u64);
        let service_point = room(doctor);
        let began = ToDepartment::BeginAssignment {
            doctor: self::doctor(doctor),
            assignment: assignment.clone(),
            service_point,
        };
        self.configure(began).await?;
        Ok(AtWork { doctor, assignment })
    }

    /// A patient takes a number.
    pub async fn arrive(&self, doctor: usize, row: usize) -> Result<TicketId, String> {
        let patient = PatientId::new(format!("p-{doctor}-{row}"));
        let brief =
            PatientBrief { patient: patient.clone(), masked_name: "*".to_owned(), sex: Sex::Female, birth_year: None };
        let queue = queue(doctor);
        let command = RegisterWalkIn { queue, patient, class: None, addition_to: None, slot: None, visit: None };
        let register = ToDepartment::RegisterWalkIn { command, brief, birth_date: None };
        match self.tell(desk(), "register_walk_in", register).await? {
            Answer::Waiting { ticket, .. } => Ok(ticket),
            other => Err(format!("a walk-in was answered {other:?}")),
        }
    }

    /// The doctor calls this patient, by the rules or (`false`) as a chosen one, because others were before.
    pub async fn call(&self, at_work: &AtWork, in_hand: Option<TicketId>, ticket: &TicketId) -> Result<bool, String> {
        let (queue, of_read) = (queue(at_work.doctor), ticket.clone());
        let is_next = self.read(move |state| {
            let lines = state.floor.lines.get(&queue)?;
            Some(lines.order(&state.config.settings.queue).first() == Some(&of_read))
        });
        let is_next = is_next.await? == Some(true);
        let outcome = in_hand.as_ref().map(|_| Outcome::Seen);
        let (department, assignment) = (DepartmentId::new(DEPARTMENT), at_work.assignment.clone());
        let (name, command) = if is_next {
            let command = CallNextPatient { department, assignment, in_hand, outcome };
            ("call_next_patient", ToDepartment::CallNextPatient(command))
        } else {
            let (ticket, reason) = (ticket.clone(), REASON.to_owned());
            let command = CallTicket { department, assignment, in_hand, outcome, ticket, reason };
            ("call_ticket", ToDepartment::CallTicket(command))
        };
        match self.tell(by(at_work), name, command).await? {
            Answer::Called { called: Some(called), .. } if called.ticket == *ticket => Ok(is_next),
            other => Err(format!("a call was answered {other:?}")),
        }
    }

    /// The patient in hand has been seen.
    pub async fn finish(&self, at_work: &AtWork, ticket: TicketId) -> Result<(), String> {
        let command = ToDepartment::FinishService(FinishService { ticket });
        self.tell(by(at_work), "finish_service", command).await.map(drop)
    }

    /// A patient was never called and has gone.
    pub async fn leave(&self, ticket: TicketId) -> Result<(), String> {
        let command = ToDepartment::CancelTicket(CancelTicket { ticket, reason: REASON.to_owned() });
        self.tell(desk(), "cancel_ticket", command).await.map(drop)
    }

    /// The doctor's work is over.
    pub async fn stop_work(&self, at_work: AtWork) -> Result<(), String> {
        let (by, department) = (by(&at_work), DepartmentId::new(DEPARTMENT));
        let command = ToDepartment::StopWork(StopWork { assignment: at_work.assignment, department });
        self.tell(by, "stop_work", command).await.map(drop)
    }

    /// When those at each of [`DISTANCES`] behind the one just called will be called.
    pub async fn forecasts(&self, at_work: &AtWork) -> Result<[Option<Forecast>; 4], String> {
        let (queue, now) = (queue(at_work.doctor), self.now());
        self.read(move |state| DISTANCES.map(|behind| forecast(state, &queue, behind - 1, now))).await
    }

    /// Clinic time.
    pub fn now(&self) -> Timestamp {
        self.node.shell.clock.clinic()
    }

    /// Ends it.
    pub async fn close(self) {
        self.node.stop().await;
    }

    async fn configure(&self, command: ToDepartment) -> Result<(), String> {
        self.node.shell.ask(self.department.clone(), command.into(), Origin::Shell).await.map(drop).map_err(words)
    }

    async fn tell(&self, principal: Principal, name: &str, command: ToDepartment) -> Result<Answer, String> {
        let origin = Origin::Client { principal, name: name.to_owned(), key: None, body_hash: [0; 16] };
        self.node.shell.ask(self.department.clone(), command.into(), origin).await.map_err(words)
    }

    async fn read<R: Send + 'static>(&self, read: impl FnOnce(&State) -> R + Send + 'static) -> Result<R, String> {
        self.node.shell.read(self.department.clone(), read).await.map_err(words)
    }
}

fn words(rejection: jiaohao_domain::Rejection) -> String {
    format!("the engine said {}: {rejection:?}", rejection.code.wire())
}

fn desk() -> Principal {
    Principal::of(Role::Desk, AccountId::new("a-replay"))
}

fn by(at_work: &AtWork) -> Principal {
    Principal { doctor: Some(doctor(at_work.doctor)), ..Principal::of(Role::Doctor, AccountId::new("a-replay")) }
}

fn doctor(n: usize) -> DoctorId {
    DoctorId::new(format!("replay.doctor-{n}"))
}

fn room(n: usize) -> ServicePointId {
    ServicePointId::new(format!("{DEPARTMENT}.room-{n}"))
}

fn queue(n: usize) -> QueueId {
    QueueId::new(format!("{DEPARTMENT}.queue-{n}"))
}
