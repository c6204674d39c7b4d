//! What a site knows.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::ids::*;
use crate::person::PatientBrief;
use crate::time::{BusinessDate, Timestamp, Zone};
use crate::vocabulary::*;

/// Something defined, and whether it has been retired.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Kept<T> {
    /// As last defined.
    pub definition: T,
    /// Takes nothing new.
    pub retired: bool,
}

/// A screen that shows a code and waits to be paired.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    /// Which screen.
    pub screen: ScreenId,
    /// Hash of the secret that it will sign in with.
    pub secret_hash: String,
    /// Until when the code can be approved.
    pub expires_at: Timestamp,
}

/// A paired screen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Screen {
    /// What it shows.
    pub board: BoardId,
    /// Hash of the secret that it signs in with.
    pub secret_hash: String,
}

/// A visit of the hospital's own system.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutsideVisit {
    /// The last version taken.
    pub version: u64,
    /// The visit here.
    pub visit: VisitId,
    /// Whose, as it was said.
    pub brief: PatientBrief,
    /// Where its ticket waits.
    pub queue: QueueId,
    /// The business day.
    pub date: BusinessDate,
    /// The hospital's number, if it gave one.
    pub number: Option<String>,
    /// It is off.
    pub cancelled: bool,
    /// Digest of what the last version said: the same version with another body is not a repeat.
    pub body: u128,
}

/// Questions, and since when they were asked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AskedSince {
    /// What is asked.
    pub definition: DefineQuestions,
    /// Since when.
    pub at: Timestamp,
}

/// How many earlier versions of the questions are kept, for answers that were given to them.
pub const QUESTIONS_KEPT: usize = 8;

/// A site.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// Which.
    pub id: SiteId,
    /// Known once defined.
    pub definition: Option<DefineSite>,
    /// By id.
    pub departments: BTreeMap<DepartmentId, Kept<DefineDepartment>>,
    /// By id.
    pub service_points: BTreeMap<ServicePointId, Kept<DefineServicePoint>>,
    /// By id.
    pub queues: BTreeMap<QueueId, Kept<DefineQueue>>,
    /// By id.
    pub doctors: BTreeMap<DoctorId, Kept<DefineDoctor>>,
    /// By id.
    pub boards: BTreeMap<BoardId, Kept<DefineBoard>>,
    /// Paired screens.
    pub screens: BTreeMap<ScreenId, Screen>,
    /// Codes shown by screens that wait to be paired.
    pub offers: BTreeMap<String, Offer>,
    /// Rooms that screens stand at, offered or paired; a screen without one stands in a waiting area.
    pub doors: BTreeMap<ScreenId, ServicePointId>,
    /// Visits from outside by hospital visit id.
    pub visits: BTreeMap<String, OutsideVisit>,
    /// Hospital visit ids by business day, to forget them by.
    pub visits_by_day: BTreeMap<BusinessDate, BTreeSet<String>>,
    /// Numbers that the hospital gave, and to which of its visits.
    pub numbers: BTreeMap<(QueueId, BusinessDate, String), String>,
    /// What is asked before somebody joins a queue, and what was before, oldest first.
    pub questions: Vec<AskedSince>,
    /// What queues and doctors have beside their definitions, by id.
    pub more: BTreeMap<String, More>,
    /// What the site, departments and doctors say to whoever looks for one, by id.
    pub described: BTreeMap<String, Described>,
}

impl State {
    pub(super) fn new(id: SiteId) -> Self {
        Self {
            id,
            definition: None,
            departments: BTreeMap::new(),
            service_points: BTreeMap::new(),
            queues: BTreeMap::new(),
            doctors: BTreeMap::new(),
            boards: BTreeMap::new(),
            screens: BTreeMap::new(),
            offers: BTreeMap::new(),
            doors: BTreeMap::new(),
            visits: BTreeMap::new(),
            visits_by_day: BTreeMap::new(),
            numbers: BTreeMap::new(),
            questions: Vec::new(),
            more: BTreeMap::new(),
            described: BTreeMap::new(),
        }
    }

    /// The site's zone; UTC before it is defined.
    pub fn zone(&self) -> Zone {
        let named = self.definition.as_ref().and_then(|site| Zone::named(&site.time_zone));
        named.unwrap_or_else(Zone::utc)
    }

    /// The zone's name, as departments are told it.
    pub(super) fn time_zone(&self) -> String {
        self.zone().name().to_owned()
    }

    /// Departments whose queues a board shows.
    pub(super) fn departments_of(board: &DefineBoard) -> BTreeSet<DepartmentId> {
        board.queues.iter().map(QueueId::department).collect()
    }
}
