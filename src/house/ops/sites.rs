//! How each site stands, what is wrong with it first. What is asked of the owners is gathered in `mod.rs`; what it means
//! is decided here, purely.

use std::collections::{BTreeMap, BTreeSet};

use jiaohao_domain::department::view::Load;
use jiaohao_domain::time::Zone;
use jiaohao_domain::vocabulary::DefineBoard;
use jiaohao_domain::{BoardId, DepartmentId, QueueId, ScreenId, SiteId, site};
use jiaohao_queue_display::announce::load::Overfull;
use jiaohao_queue_display::announce::planned::Rooms;
use jiaohao_queue_display::board::ROWS_MAX;
use serde::Serialize;

use super::problems::{Level, Problem, Problems};
use super::screens::Seen;
use crate::house::voices::Reading;

/// So many screens of a site are listed, those that are away first.
const SCREENS_MAX: usize = 500;

/// What a site says of itself.
#[derive(Clone, Debug, PartialEq)]
pub struct SiteFacts {
    /// Its name.
    pub name: String,
    /// In English.
    pub name_en: String,
    /// Its zone.
    pub zone: Zone,
    /// Departments that are not retired.
    pub departments: Vec<DepartmentId>,
    /// Boards that are not retired.
    pub boards: Vec<DefineBoard>,
    /// Paired screens, and what they show.
    pub screens: Vec<(ScreenId, BoardId)>,
    /// How far the reading of its voice pack is, and whether one could not be read (said by the house).
    pub voice: (Option<Reading>, bool),
    /// Its rooms and queues.
    pub rooms: Rooms,
}

impl SiteFacts {
    /// Reads them off the site's state; none while it is not defined.
    pub fn of(state: &site::State) -> Option<Self> {
        let definition = state.definition.as_ref()?;
        let boards = state.boards.values().filter(|board| !board.retired);
        Some(Self {
            name: definition.name.clone(),
            name_en: definition.name_en.clone(),
            zone: state.zone(),
            departments: state.departments.iter().filter(|(_, kept)| !kept.retired).map(|(id, _)| id.clone()).collect(),
            boards: boards.map(|board| board.definition.clone()).collect(),
            screens: state.screens.iter().map(|(id, screen)| (id.clone(), screen.board.clone())).collect(),
            voice: (None, false),
            rooms: Rooms::of(state),
        })
    }
}

/// What was found too much for boards.
pub type Verdicts = BTreeMap<BoardId, Verdict>;

/// What was found too much for a board.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Verdict {
    /// What is planned for it, if that is more than it can say in time.
    overfull: Option<TooMuch>,
    /// Its rooms at the busiest moment, if that is more than it can show.
    too_many_rooms: Option<TooManyRooms>,
}

/// A site as `ops` shows it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SiteNow {
    /// Which.
    pub site: SiteId,
    name: String,
    name_en: String,
    /// The worst first.
    pub problems: Vec<Problem>,
    sessions: usize,
    sessions_open: usize,
    doctors: usize,
    waiting: usize,
    departments: Vec<Load>,
    boards: Vec<BoardNow>,
    screens: Vec<ScreenNow>,
    screens_left_out: usize,
    voice: Option<Reading>,
    /// How long those who wait have waited, in seconds.
    #[serde(skip)]
    pub waited_s: Vec<i64>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
struct BoardNow {
    board: BoardId,
    name: String,
    name_en: String,
    speaks: bool,
    screens: usize,
    screens_online: usize,
    calls_not_announced: usize,
    #[serde(flatten)]
    verdict: Verdict,
}

/// More rooms than a board can show.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct TooManyRooms {
    rows: usize,
    rows_max: usize,
}

impl TooManyRooms {
    fn of(rows: usize) -> Option<Self> {
        (rows > ROWS_MAX).then_some(Self { rows, rows_max: ROWS_MAX })
    }
}

/// More than a board can say in time.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct TooMuch {
    calls_per_hour: u32,
    calls_per_hour_max: u32,
}

impl From<Overfull> for TooMuch {
    fn from(over: Overfull) -> Self {
        Self { calls_per_hour: over.calls_per_hour, calls_per_hour_max: over.calls_per_hour_max }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize)]
struct ScreenNow {
    screen: ScreenId,
    board: BoardId,
    online: bool,
    since: Option<String>,
    last_seen: Option<String>,
    silent: Option<bool>,
    client: Option<String>,
}

impl SiteNow {
    /// Puts together what the owners have said. A department that did not answer has no load, and of its boards what was
    /// found last (`before`) stands: what it plans is not known.
    pub fn of(
        site: SiteId,
        facts: SiteFacts,
        mut loads: BTreeMap<DepartmentId, Load>,
        seen: &dyn Fn(&ScreenId) -> Option<Seen>,
        before: &Verdicts,
    ) -> Self {
        let mut problems = Problems::default();
        let silent: BTreeSet<DepartmentId> =
            facts.departments.iter().filter(|department| !loads.contains_key(*department)).cloned().collect();
        for department in &silent {
            problems.note("department_silent", Level::Alarm, department.as_str(), 1);
        }
        for load in loads.values() {
            if load.waiting > 0 && load.doctors == load.doctors_paused {
                problems.note("nobody_calls", Level::Warning, load.department.as_str(), load.waiting);
            }
        }
        let screens: Vec<ScreenNow> =
            facts.screens.into_iter().map(|(id, board)| screen_now(id, board, seen, &facts.zone)).collect();
        let planned: Vec<_> = loads.values_mut().flat_map(|load| std::mem::take(&mut load.planned)).collect();
        let boards = facts.boards.iter().map(|board| {
            let answers = |queue: &QueueId| !silent.contains(&queue.department());
            let verdict = match board.queues.iter().all(answers) {
                true => Verdict {
                    overfull: facts.rooms.overfull(board, &planned).map(TooMuch::from),
                    too_many_rooms: TooManyRooms::of(facts.rooms.rows(board, &planned)),
                },
                false => {
                    let before = before.get(&board.id).copied().unwrap_or_default();
                    Verdict { overfull: before.overfull.filter(|_| board.speaks), ..before }
                }
            };
            BoardNow { verdict, ..board_now(board, &screens, &loads) }
        });
        let boards: Vec<BoardNow> = boards.collect();
        for (board, definition) in boards.iter().zip(&facts.boards) {
            if board.calls_not_announced > 0 {
                problems.note("calls_not_announced", Level::Alarm, board.board.as_str(), board.calls_not_announced);
            }
            if board.verdict.overfull.is_some() {
                problems.note("board_overfull", Level::Warning, board.board.as_str(), 1);
            }
            if board.verdict.too_many_rooms.is_some() {
                problems.note("board_too_many_rooms", Level::Warning, board.board.as_str(), 1);
            }
            if board.screens > 0 && board.screens_online == 0 {
                let works = |queue: &QueueId| loads.get(&queue.department()).is_some_and(|load| load.doctors > 0);
                let level = if definition.queues.iter().any(works) { Level::Alarm } else { Level::Warning };
                problems.note("board_dark", level, board.board.as_str(), 1);
            }
        }
        let (voice, voice_failed) = facts.voice;
        problems.note_if(voice_failed, "voice_not_made", Level::Warning, 1);
        let is_lit = |id: &BoardId| boards.iter().any(|board| board.board == *id && board.screens_online > 0);
        for screen in &screens {
            if !screen.online && is_lit(&screen.board) {
                problems.note("screen_offline", Level::Warning, screen.screen.as_str(), 1);
            }
            if screen.online && screen.silent == Some(true) {
                problems.note("screen_silent", Level::Warning, screen.screen.as_str(), 1);
            }
        }
        let mut shown = screens;
        shown.sort_by_key(|screen| (screen.online, screen.silent != Some(true)));
        let screens_left_out = shown.len().saturating_sub(SCREENS_MAX);
        shown.truncate(SCREENS_MAX);
        let sum = |of: fn(&Load) -> usize| loads.values().map(of).sum();
        let (sessions, sessions_open) = (sum(|load| load.sessions), sum(|load| load.sessions_open));
        let (doctors, waiting) = (sum(|load| load.doctors), sum(|load| load.waiting));
        let waited_s = loads.values_mut().flat_map(|load| std::mem::take(&mut load.waited_s)).collect();
        Self {
            site,
            name: facts.name,
            name_en: facts.name_en,
            problems: problems.worst_first(),
            sessions,
            sessions_open,
            doctors,
            waiting,
            departments: loads.into_values().collect(),
            boards,
            screens: shown,
            screens_left_out,
            voice,
            waited_s,
        }
    }

    /// What is too much for its boards.
    pub fn verdicts(&self) -> Verdicts {
        let found = self.boards.iter().filter(|board| board.verdict != Verdict::default());
        found.map(|board| (board.board.clone(), board.verdict)).collect()
    }

    /// A site that did not answer: that is what is wrong with it.
    pub fn silent(site: SiteId, zone: Zone) -> Self {
        let name = site.to_string();
        let facts = SiteFacts {
            name,
            name_en: String::new(),
            zone,
            departments: Vec::new(),
            boards: Vec::new(),
            screens: Vec::new(),
            voice: (None, false),
            rooms: Rooms::default(),
        };
        let mut problems = Problems::default();
        problems.note("site_silent", Level::Alarm, site.as_str(), 1);
        Self { problems: problems.worst_first(), ..Self::of(site, facts, BTreeMap::new(), &|_| None, &Verdicts::new()) }
    }
}

fn screen_now(id: ScreenId, board: BoardId, seen: &dyn Fn(&ScreenId) -> Option<Seen>, zone: &Zone) -> ScreenNow {
    let seen = seen(&id);
    ScreenNow {
        screen: id,
        board,
        online: seen.as_ref().is_some_and(Seen::is_online),
        since: seen.as_ref().map(|seen| zone.rfc3339(seen.since)),
        last_seen: seen.as_ref().map(|seen| zone.rfc3339(seen.last_seen)),
        silent: seen.as_ref().and_then(|seen| seen.silent),
        client: seen.and_then(|seen| seen.client),
    }
}

fn board_now(board: &DefineBoard, screens: &[ScreenNow], loads: &BTreeMap<DepartmentId, Load>) -> BoardNow {
    let of_board = || screens.iter().filter(|screen| screen.board == board.id);
    let not_announced = |queue: &QueueId| {
        loads.get(&queue.department()).and_then(|load| load.not_announced.get(queue)).copied().unwrap_or(0)
    };
    BoardNow {
        board: board.id.clone(),
        name: board.name.clone(),
        name_en: board.name_en.clone(),
        speaks: board.speaks,
        screens: of_board().count(),
        screens_online: of_board().filter(|screen| screen.online).count(),
        calls_not_announced: board.queues.iter().map(not_announced).sum(),
        verdict: Verdict::default(),
    }
}
