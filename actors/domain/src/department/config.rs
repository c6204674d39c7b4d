//! What the site has told the department about itself: rooms, queues, doctors, boards, settings.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::versions::Versions;
use crate::ids::*;
use crate::owner::{Outgoing, OwnerKind, OwnerRef};
use crate::settings::DepartmentSettings;
use crate::time::{BusinessDate, Timestamp, Zone};
use crate::vocabulary::{
    DefineBoard, DefineDepartment, DefineDoctor, DefineQuestions, DefineQueue, DefineServicePoint, More,
    RetireDepartment, RetireQueue, RetireServicePoint, RetiredKind, ToDepartment, ToSite,
};
use crate::{Code, Rejection};

/// The department's configuration as it knows it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Config {
    /// Its id.
    pub id: DepartmentId,
    /// Its definition; absent before the site has sent the first one.
    pub definition: Option<DefineDepartment>,
    /// Its settings; DOMAIN's defaults before the site has sent the first ones.
    pub settings: DepartmentSettings,
    /// The site's zone.
    time_zone: NamedZone,
    /// Takes nothing new.
    pub retired: bool,
    /// Rooms and windows.
    pub service_points: BTreeMap<ServicePointId, Defined<DefineServicePoint>>,
    /// Queues.
    pub queues: BTreeMap<QueueId, Defined<DefineQueue>>,
    /// Doctors who work here.
    pub doctors: BTreeMap<DoctorId, Defined<DefineDoctor>>,
    /// Boards that show queues of this department.
    pub boards: BTreeMap<BoardId, Defined<DefineBoard>>,
    /// What is asked before somebody joins a queue; none: nothing ever was.
    pub questions: Option<DefineQuestions>,
    /// What queues and doctors have beside their definitions, by id.
    pub more: BTreeMap<String, More>,
}

/// A zone with the IANA name by which the site has said it: looked up when it is said, stored as the name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
struct NamedZone {
    name: String,
    zone: Zone,
}

impl From<String> for NamedZone {
    /// UTC where there is no such zone.
    fn from(name: String) -> Self {
        let zone = Zone::named(&name).unwrap_or_else(Zone::utc);
        Self { name, zone }
    }
}

impl From<NamedZone> for String {
    fn from(zone: NamedZone) -> Self {
        zone.name
    }
}

/// A definition and whether it has been retired.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Defined<T> {
    /// What it is.
    pub is: T,
    /// Takes nothing new.
    pub retired: bool,
}

/// What changed in the configuration.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum ConfigEvent {
    /// The department itself.
    DepartmentConfigured { time_zone: String, definition: DefineDepartment },
    /// A room or window.
    ServicePointConfigured(DefineServicePoint),
    /// A queue.
    QueueConfigured(DefineQueue),
    /// A doctor.
    DoctorConfigured(DefineDoctor),
    /// A board.
    BoardConfigured(DefineBoard),
    /// No more of it.
    Retired { kind: RetiredKind, id: String },
    /// No more of it: nothing of it is in use. The site is told.
    RetirementDecided { kind: RetiredKind, id: String },
    /// What is asked before somebody joins a queue.
    QuestionsConfigured(DefineQuestions),
    /// What a queue or a doctor has beside its definition.
    MoreConfigured { id: String, more: More },
}

impl Config {
    /// Before the site has said anything.
    pub fn new(id: &str) -> Self {
        Self {
            id: DepartmentId::from(id),
            definition: None,
            settings: DepartmentSettings::default(),
            time_zone: "Asia/Shanghai".to_owned().into(),
            retired: false,
            service_points: BTreeMap::new(),
            queues: BTreeMap::new(),
            doctors: BTreeMap::new(),
            boards: BTreeMap::new(),
            questions: None,
            more: BTreeMap::new(),
        }
    }

    /// The site's zone.
    pub fn zone(&self) -> Zone {
        self.time_zone.zone
    }

    /// Whether it is nobody's business who is seen here: what leaves the house names no doctor.
    pub fn is_discreet(&self) -> bool {
        self.definition.as_ref().is_some_and(|definition| definition.number_only || definition.neutral_name.is_some())
    }

    /// The business day on the site's wall calendar.
    pub fn today(&self, now: Timestamp) -> BusinessDate {
        self.zone().date(now)
    }

    /// A queue that takes tickets. Rejects with `forbidden` (unknown answers like not allowed) or `retired`.
    pub fn queue(&self, id: &QueueId) -> Result<&DefineQueue, Rejection> {
        match self.queues.get(id) {
            Some(queue) if !queue.retired && !self.retired => Ok(&queue.is),
            Some(_) => Err(Rejection::new(Code::Retired, "the queue is retired")),
            None => Err(Rejection::new(Code::Forbidden, "no such queue")),
        }
    }

    /// Whether the doctor works in this department.
    pub fn works_here(&self, doctor: &DoctorId) -> bool {
        self.doctors.get(doctor).is_some_and(|doctor| !doctor.retired)
    }

    /// Whether a session can wait in that queue, with that doctor, in that room.
    pub(super) fn may_sit(
        &self,
        queue: &QueueId,
        doctor: Option<&DoctorId>,
        point: Option<&ServicePointId>,
    ) -> Result<(), Rejection> {
        self.queue(queue)?;
        if !doctor.is_none_or(|doctor| self.works_here(doctor)) {
            let rejection = Rejection::new(Code::Forbidden, "no such doctor in this department");
            return Err(rejection.with("field", "doctor"));
        }
        if point.is_some_and(|point| self.service_points.get(point).is_none_or(|point| point.retired)) {
            return Err(Rejection::new(Code::Forbidden, "no such service point in this department"));
        }
        Ok(())
    }

    /// The English name of a queue or doctor; empty: none.
    pub fn name_en(&self, id: &str) -> &str {
        self.more.get(id).map_or("", |more| &more.name_en)
    }

    /// The name by which a patient stands on this department's screens; none where they show numbers only.
    pub fn name_on_screens<'n>(&self, masked_name: &'n str) -> Option<&'n str> {
        let number_only = self.definition.as_ref().is_some_and(|definition| definition.number_only);
        (!number_only).then_some(masked_name)
    }

    /// The boards that show a queue, in order of their ids.
    pub fn boards_of(&self, queue: &QueueId) -> Vec<BoardId> {
        self.boards
            .iter()
            .filter(|(_, board)| !board.retired && board.is.queues.contains(queue))
            .map(|(id, _)| id.clone())
            .collect()
    }
}

/// The event that a configuration message from the site becomes; `None` when it says nothing new.
/// Total: effects of the site are never refused. A department, queue or service point that is retired stays so, also when
/// a definition was still on its way.
pub fn decide(config: &Config, command: ToDepartment) -> Option<ConfigEvent> {
    fn changed<K: Ord, T: PartialEq>(map: &BTreeMap<K, Defined<T>>, key: &K, is: &T) -> bool {
        map.get(key).is_none_or(|old| old.retired || old.is != *is)
    }
    fn changed_living<K: Ord, T: PartialEq>(map: &BTreeMap<K, Defined<T>>, key: &K, is: &T) -> bool {
        map.get(key).is_none_or(|old| !old.retired && old.is != *is)
    }
    match command {
        ToDepartment::Configure { time_zone, definition } => (!config.retired
            && (config.definition.as_ref() != Some(&definition) || config.time_zone.name != time_zone))
            .then_some(ConfigEvent::DepartmentConfigured { time_zone, definition }),
        ToDepartment::ConfigureServicePoint(is) => {
            changed_living(&config.service_points, &is.id, &is).then_some(ConfigEvent::ServicePointConfigured(is))
        }
        ToDepartment::ConfigureQueue(is) => {
            changed_living(&config.queues, &is.id, &is).then_some(ConfigEvent::QueueConfigured(is))
        }
        ToDepartment::ConfigureDoctor(is) => {
            changed(&config.doctors, &is.id, &is).then_some(ConfigEvent::DoctorConfigured(is))
        }
        ToDepartment::ConfigureBoard(is) => {
            changed(&config.boards, &is.id, &is).then_some(ConfigEvent::BoardConfigured(is))
        }
        // Told again by the site when another department is new: the same, or one that has been overtaken.
        ToDepartment::ConfigureQuestions(is) => (config.questions.as_ref().is_none_or(|old| old.version < is.version))
            .then_some(ConfigEvent::QuestionsConfigured(is)),
        ToDepartment::ConfigureMore { id, more } => {
            (config.more.get(&id) != Some(&more)).then_some(ConfigEvent::MoreConfigured { id, more })
        }
        ToDepartment::Retire { kind, id } => {
            (!is_retired(config, kind, &id)).then_some(ConfigEvent::Retired { kind, id })
        }
        _ => None,
    }
}

/// Whether it is retired already.
pub(super) fn is_retired(config: &Config, kind: RetiredKind, id: &str) -> bool {
    match kind {
        RetiredKind::Department => config.retired,
        RetiredKind::ServicePoint => config.service_points.get(id).is_some_and(|point| point.retired),
        RetiredKind::Queue => config.queues.get(id).is_some_and(|queue| queue.retired),
        RetiredKind::Doctor => config.doctors.get(id).is_some_and(|doctor| doctor.retired),
        RetiredKind::Board => config.boards.get(id).is_some_and(|board| board.retired),
    }
}

/// Applies a change of the configuration.
pub fn apply(config: &mut Config, event: &ConfigEvent) {
    fn put<K: Ord, T>(map: &mut BTreeMap<K, Defined<T>>, key: K, is: T) {
        map.insert(key, Defined { is, retired: false });
    }
    fn retire<K: Ord + std::borrow::Borrow<str>, T>(map: &mut BTreeMap<K, Defined<T>>, id: &str) {
        if let Some(defined) = map.get_mut(id) {
            defined.retired = true;
        }
    }
    match event {
        ConfigEvent::DepartmentConfigured { time_zone, definition } => {
            config.time_zone = time_zone.clone().into();
            config.settings = definition.settings.clone();
            config.definition = Some(definition.clone());
            config.retired = false;
        }
        ConfigEvent::ServicePointConfigured(is) => put(&mut config.service_points, is.id.clone(), is.clone()),
        ConfigEvent::QueueConfigured(is) => put(&mut config.queues, is.id.clone(), is.clone()),
        ConfigEvent::DoctorConfigured(is) => put(&mut config.doctors, is.id.clone(), is.clone()),
        ConfigEvent::BoardConfigured(is) => put(&mut config.boards, is.id.clone(), is.clone()),
        ConfigEvent::QuestionsConfigured(is) => config.questions = Some(is.clone()),
        ConfigEvent::MoreConfigured { id, more } => drop(config.more.insert(id.clone(), more.clone())),
        ConfigEvent::Retired { kind, id } | ConfigEvent::RetirementDecided { kind, id } => match kind {
            RetiredKind::Department => config.retired = true,
            RetiredKind::ServicePoint => retire(&mut config.service_points, id),
            RetiredKind::Queue => retire(&mut config.queues, id),
            RetiredKind::Doctor => retire(&mut config.doctors, id),
            RetiredKind::Board => retire(&mut config.boards, id),
        },
    }
}

/// What an event owes: the site hears what the department has retired.
pub fn outgoing(event: &ConfigEvent, out: &mut Vec<Outgoing>) {
    let ConfigEvent::RetirementDecided { kind, id } = event else { return };
    let message = match kind {
        RetiredKind::Department => ToSite::RetireDepartment(RetireDepartment { id: id.as_str().into() }),
        RetiredKind::ServicePoint => ToSite::RetireServicePoint(RetireServicePoint { id: id.as_str().into() }),
        RetiredKind::Queue => ToSite::RetireQueue(RetireQueue { id: id.as_str().into() }),
        RetiredKind::Doctor | RetiredKind::Board => return,
    };
    let site = DepartmentId::from(id.as_str()).site();
    out.push(Outgoing::Effect(OwnerRef::new(OwnerKind::Site, site.as_str()), message.into()));
}

/// The event's number and stem name (200–206, 295, 297).
pub fn event_kind(event: &ConfigEvent) -> (u16, &'static str) {
    match event {
        ConfigEvent::DepartmentConfigured { .. } => (200, "department_configured"),
        ConfigEvent::ServicePointConfigured(_) => (201, "service_point_configured"),
        ConfigEvent::QueueConfigured(_) => (202, "queue_configured"),
        ConfigEvent::DoctorConfigured(_) => (203, "doctor_configured"),
        ConfigEvent::BoardConfigured(_) => (204, "board_configured"),
        ConfigEvent::Retired { .. } => (205, "retired"),
        ConfigEvent::RetirementDecided { .. } => (206, "retirement_decided"),
        ConfigEvent::QuestionsConfigured(_) => (295, "questions_configured"),
        ConfigEvent::MoreConfigured { .. } => (297, "more_configured"),
    }
}

impl Versions for ConfigEvent {}
