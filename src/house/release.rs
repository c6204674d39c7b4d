//! Releases: who is there, who waits in line and who is let in. The department keeps the lot; who is there is this node's
//! memory, so a restart within a release begins its line anew, and says so.

use std::sync::Weak;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use dashmap::DashMap;
use jiaohao_actors::shell::Origin;
use jiaohao_actors::shell::message::Outcome;
use jiaohao_domain::department::State;
use jiaohao_domain::release::line::{Figures, Line, Pace, Standing};
use jiaohao_domain::release::{Event, LINE_MIN, Lot, lot};
use jiaohao_domain::vocabulary::{Answer, Channel, ClientCommand, InLine, LineStanding, ToDepartment};
use jiaohao_domain::{Code, DepartmentId, PatientId, Rejection, Role, SlotId, Timestamp};
use serde_json::{Value, json};
use tokio::sync::Notify;

use super::{House, SlotFacts, department};
use crate::config::{LimitSettings, Settings};
use crate::identity::tokens::Claims;

/// Between two steps of all lines.
const STEP: Duration = Duration::from_secs(1);
/// All who wait together are told to ask so often in a second at most …
const ASKS_PER_S: u64 = 2_000;
/// … and each of them after so many milliseconds, from and to.
const ASK_MS: std::ops::RangeInclusive<u64> = 1_000..=30_000;
/// Who is there before a release says so again after so long at least.
const STILL_THERE_MS: u64 = 60_000;

/// The lines of this node.
pub struct Releases {
    lines: DashMap<DepartmentId, Vec<Open>>,
    /// How many lines there are: mostly none, and nobody looks further.
    open: AtomicUsize,
    /// A lot is to be drawn now.
    drawn: Notify,
    at_once: usize,
    turn_s: i64,
}

/// A release that people are there for, or wait in line for.
struct Open {
    line: Line,
    seed: String,
    seed_sha256: String,
    /// The department has published the seed.
    is_published: bool,
    /// Places that a phone can have, and places held, of the sessions that are released.
    places: (u32, u32),
    /// So many at a time here: others have their release too.
    at_once: usize,
    /// It is known from the department and not since its beginning: who was there then is not known.
    is_anew: bool,
    /// The lot is still to be drawn here.
    has_lot: bool,
}

/// Which place a booking takes for whom, while there are lines.
pub(super) type Placing = Option<(SlotId, PatientId)>;

impl Default for Releases {
    fn default() -> Self {
        Self::new(&Settings::default_values().limits)
    }
}

impl Releases {
    /// Without lines yet.
    pub fn new(settings: &LimitSettings) -> Self {
        let (at_once, turn_s) = (settings.release_at_once, i64::from(settings.release_turn_s));
        Self { lines: DashMap::new(), open: AtomicUsize::new(0), drawn: Notify::new(), at_once, turn_s }
    }

    /// A department has said something of a release, durably.
    pub(super) fn heard(&self, at: &str, event: &Event) {
        let at = DepartmentId::from(at);
        match event {
            Event::ReleasePrepared { released_at, seed, .. } => {
                let lot = Lot { seed: seed.clone(), drawn_at: None, order: None };
                self.open(&at, *released_at, &lot, false);
            }
            Event::ReleaseDrawn { released_at, .. } => {
                self.with(&at, *released_at, |open| open.is_published = true);
                self.drawn.notify_one();
            }
            Event::ReleaseOrdered { .. } | Event::ReleasesPassed { .. } => {}
        }
    }

    fn open(&self, at: &DepartmentId, released_at: Timestamp, lot: &Lot, is_anew: bool) {
        let mut lines = self.lines.entry(at.clone()).or_default();
        if lines.iter().any(|open| open.line.released_at == released_at) {
            return;
        }
        lines.push(Open {
            line: Line::new(released_at),
            seed: lot.seed.clone(),
            seed_sha256: lot.seed_sha256(),
            is_published: lot.drawn_at.is_some(),
            places: (0, 0),
            at_once: self.at_once,
            is_anew,
            has_lot: lot.drawn_at.is_none(),
        });
        lines.sort_by_key(|open| open.line.released_at);
        self.open.fetch_add(1, Ordering::AcqRel);
    }

    /// Does something with a line; none: it is not known here.
    fn with<T>(&self, at: &DepartmentId, released_at: Timestamp, does: impl FnOnce(&mut Open) -> T) -> Option<T> {
        let mut lines = self.lines.get_mut(at)?;
        lines.iter_mut().find(|open| open.line.released_at == released_at).map(does)
    }

    /// The release of a department that people are there for now: the last that has begun, else the next.
    fn current(&self, at: &DepartmentId, now: Timestamp) -> Option<Timestamp> {
        let lines = self.lines.get(at)?;
        let moments = lines.iter().map(|open| open.line.released_at).filter(|at| now < at.plus_min(LINE_MIN));
        let (begun, next): (Vec<_>, Vec<_>) = moments.partition(|at| *at <= now);
        begun.last().or_else(|| next.first()).copied()
    }

    fn pace(&self, open: &Open) -> Pace {
        Pace { at_once: open.at_once, turn_s: self.turn_s, places_left: open.places.0 }
    }

    /// Which place a booking takes for whom, if there is a line that it may have to do with.
    pub(super) fn placing(&self, claims: &Claims, command: &ClientCommand) -> Placing {
        if self.open.load(Ordering::Acquire) == 0 || claims.role != Role::Patient {
            return None;
        }
        match command {
            ClientCommand::HoldSlot(c) => Some((c.slot.clone(), c.patient.clone())),
            ClientCommand::BookSlot(c) => Some((c.slot.clone(), c.patient.clone())),
            _ => None,
        }
    }

    /// Figures of the line of a department's release.
    fn figures(&self, at: &DepartmentId, released_at: Timestamp) -> Option<(Figures, (u32, u32), bool)> {
        self.with(at, released_at, |open| (open.line.figures(), open.places, open.line.is_over()))
    }
}

impl Open {
    /// Where somebody stands, as it is answered. `speed`: how fast clinic time runs.
    fn told(&self, at: &DepartmentId, who: &PatientId, now: Timestamp, speed: f64) -> InLine {
        let standing = self.line.standing(who);
        let (name, number, ahead, until) = match standing {
            Standing::Present => (LineStanding::Present, None, None, None),
            Standing::Waiting { number, ahead } => (LineStanding::Waiting, Some(number), Some(ahead), None),
            Standing::LetIn { number, until } => (LineStanding::LetIn, Some(number), None, Some(until)),
            Standing::Served { number } => (LineStanding::Served, Some(number), None, None),
            Standing::Gone { number } => (LineStanding::Gone, number, None, None),
            Standing::Nowhere => (LineStanding::Gone, None, None, None),
        };
        let is_drawn = self.line.is_drawn();
        let wait = ahead.filter(|_| is_drawn).and_then(|ahead| self.line.wait_s(ahead));
        InLine {
            department: at.clone(),
            released_at: self.line.released_at,
            standing: name,
            number: number.filter(|_| is_drawn),
            ahead,
            wait_from_s: wait.map(|(from, _)| from),
            wait_to_s: wait.map(|(_, to)| to),
            until,
            places_left: is_drawn.then_some(self.places.0),
            ask_again_ms: self.ask_again_ms(who, standing, now, speed),
            seed_sha256: self.seed_sha256.clone(),
            seed: is_drawn.then(|| self.seed.clone()),
            drawn: is_drawn.then(|| lot::drawn_text(&self.seed, who)),
            begun_anew: self.is_anew,
            over: self.line.is_over(),
        }
    }

    /// When somebody is to ask again, machine time: those behind seldom, so that all together do not ask more often than
    /// the house answers beside its other work.
    fn ask_again_ms(&self, who: &PatientId, standing: Standing, now: Timestamp, speed: f64) -> Option<u64> {
        let figures = self.line.figures();
        let machine_ms = |clinic_ms: i64| (clinic_ms.max(0) as f64 / speed) as u64;
        let apart_ms = |people: usize| people as u64 * 1_000 / ASKS_PER_S;
        match standing {
            // Now and then, because a restart forgets who is there; and not all in the moment of the release.
            Standing::Present => {
                let spread = u64::from_str_radix(&lot::sha256(who.as_str())[..8], 16).unwrap_or(0);
                let spread_ms = spread % apart_ms(figures.present).max(*ASK_MS.start());
                let left_ms = machine_ms(self.line.released_at.ms_since(now));
                let still_ms = apart_ms(figures.present).max(STILL_THERE_MS);
                Some(if still_ms < left_ms { still_ms } else { left_ms + spread_ms })
            }
            Standing::Waiting { ahead, .. } => {
                let wait_s = self.line.wait_s(ahead).map_or(0, |(from, _)| from);
                let ms = (machine_ms(wait_s * 1_000) / 2).max(apart_ms(figures.waiting));
                Some(ms.clamp(*ASK_MS.start(), *ASK_MS.end()))
            }
            _ => None,
        }
    }
}

/// Who is not let in yet is told where they stand.
fn behind(told: &InLine) -> Rejection {
    let why = Rejection::new(Code::InLine, "others are before: ask again");
    let why = why.with("number", told.number.map_or(0, i64::from)).with("ahead", told.ahead.map_or(0, i64::from));
    why.with("ask_again_ms", told.ask_again_ms.unwrap_or(*ASK_MS.start()))
}

impl House {
    /// Commands about a line, which the edge answers itself: nothing of them is on record.
    pub(super) async fn in_line(&self, command: &ClientCommand) -> Result<Option<Answer>, Rejection> {
        let (at, who, enters) = match command {
            ClientCommand::EnterRelease(c) => (&c.department, &c.patient, true),
            ClientCommand::LeaveRelease(c) => (&c.department, &c.patient, false),
            _ => return Ok(None),
        };
        let now = self.shell.clock.clinic();
        let released_at = match self.releases.current(at, now) {
            Some(released_at) => released_at,
            None => self.learn_release(at).await?.ok_or_else(|| {
                Rejection::new(Code::SlotClosed, "nothing is released there within the next five minutes")
            })?,
        };
        let speed = self.shell.clock.speed();
        let told = self.releases.with(at, released_at, |open| {
            if !enters {
                open.line.leave(who);
            } else if open.line.enter(who, now) {
                open.line.ask(who, now, self.releases.pace(open));
            } else {
                return Err(Rejection::from(Code::Overloaded));
            }
            Ok(open.told(at, who, now, speed))
        });
        let told = told.unwrap_or_else(|| Err(Code::SlotClosed.into()))?;
        Ok(Some(Answer::InLine(Box::new(told))))
    }

    /// The department's release of now as it knows it, for a node that does not: after a start.
    async fn learn_release(&self, at: &DepartmentId) -> Result<Option<Timestamp>, Rejection> {
        let now = self.shell.clock.clinic();
        let read = move |state: &State| {
            state.config.definition.as_ref().ok_or(Code::Forbidden)?;
            Ok::<_, Rejection>(state.releases.current(now).map(|(at, lot)| (at, lot.clone())))
        };
        let Some((released_at, lot)) = self.shell.read(department(at), read).await?? else { return Ok(None) };
        self.releases.open(at, released_at, &lot, true);
        Ok(Some(released_at))
    }

    /// Whether a phone may take a place of a slot now, or is behind others. Costs nobody anything whose slot has no line.
    pub(super) async fn let_in(
        &self,
        claims: &Claims,
        at: &DepartmentId,
        facts: SlotFacts,
        who: &PatientId,
    ) -> Result<(), Rejection> {
        let Some(released_at) = facts.release.filter(|_| claims.role == Role::Patient) else { return Ok(()) };
        let now = self.shell.clock.clinic();
        if now < released_at || released_at.plus_min(LINE_MIN) <= now {
            return Ok(());
        }
        let speed = self.shell.clock.speed();
        let look = || {
            self.releases.with(at, released_at, |open| {
                if open.line.is_over() {
                    return Ok(());
                }
                if !open.line.enter(who, now) {
                    return Err(Code::Overloaded.into());
                }
                match open.line.ask(who, now, self.releases.pace(open)) {
                    Standing::LetIn { .. } => Ok(()),
                    _ => Err(behind(&open.told(at, who, now, speed))),
                }
            })
        };
        if let Some(looked) = look() {
            return looked;
        }
        self.learn_release(at).await?;
        look().unwrap_or(Ok(()))
    }

    /// What has come of a booking: who has taken a place of a release has had the turn.
    pub(super) fn placed(&self, placing: Placing, outcome: &Outcome) {
        let (Some((slot, who)), Ok(Answer::Held { .. } | Answer::Booked { .. })) = (placing, outcome) else { return };
        let Some(released_at) = self.slots.get(&slot).and_then(|facts| facts.release) else { return };
        self.releases.with(&slot.department(), released_at, |open| {
            open.line.served(&who);
            open.places.0 = open.places.0.saturating_sub(1);
        });
    }

    /// The lots of a department, with its line.
    pub(super) async fn read_releases(&self, at: &DepartmentId) -> Result<Value, Rejection> {
        let zone = self.zone_of(Some(at.as_str()));
        let read = move |state: &State| {
            state.config.definition.as_ref().ok_or(Code::Forbidden)?;
            Ok::<_, Rejection>(state.releases.lots.clone())
        };
        let lots = self.shell.read(department(at), read).await??;
        let told = lots.iter().rev().map(|(released_at, lot)| {
            let line = self.releases.figures(at, *released_at).map(|(figures, (left, held), over)| {
                json!({
                    "present": figures.present, "waiting": figures.waiting, "let_in": figures.let_in,
                    "served": figures.served, "ended": figures.ended, "places_left": left, "held": held, "over": over,
                })
            });
            json!({
                "released_at": zone.rfc3339(*released_at),
                "seed_sha256": lot.seed_sha256(),
                "seed": lot.published_seed(),
                "drawn_at": lot.drawn_at.map(|at| zone.rfc3339(at)),
                "present": lot.order.as_ref().map(|order| order.present),
                "order_sha256": lot.order.as_ref().map(|order| &order.order_sha256),
                "line": line,
            })
        });
        Ok(json!({ "department": at, "releases": told.collect::<Vec<_>>() }))
    }

    /// One step of all lines.
    async fn step_lines(&self) {
        let now = self.shell.clock.clinic();
        self.releases.lines.retain(|_, lines| {
            lines.retain(|open| {
                let stays = now < open.line.released_at.plus_min(LINE_MIN);
                if !stays {
                    self.releases.open.fetch_sub(1, Ordering::AcqRel);
                }
                stays
            });
            !lines.is_empty()
        });
        let begun = |lines: &Vec<Open>| {
            let open = lines.iter().filter(|open| open.is_published && !open.line.is_over());
            open.map(|open| open.line.released_at).collect::<Vec<_>>()
        };
        let mut lines: Vec<(DepartmentId, Timestamp)> = Vec::new();
        for entry in &self.releases.lines {
            lines.extend(begun(entry.value()).into_iter().map(|at| (entry.key().clone(), at)));
        }
        let at_once = self.releases.at_once.div_ceil(lines.len().max(1));
        for (at, released_at) in lines {
            self.step_line(&at, released_at, at_once).await;
        }
    }

    async fn step_line(&self, at: &DepartmentId, released_at: Timestamp, at_once: usize) {
        let drawn = self.releases.with(at, released_at, |open| {
            let is_first = !open.line.is_drawn();
            let order = open.line.draw(&open.seed);
            (is_first && open.has_lot).then(|| (order.len(), lot::order_sha256(&open.seed, &order)))
        });
        if let Some(Some((present, order_sha256))) = drawn {
            let present = u32::try_from(present).unwrap_or(u32::MAX);
            let told = ToDepartment::OrderRelease { released_at, present, order_sha256 };
            if let Err(why) = self.shell.ask(department(at), told.into(), Origin::Shell).await {
                tracing::warn!(code = why.code.wire(), department = %at, "an order is not on record");
            }
        }
        let read = self.shell.read(department(at), move |state: &State| places(state, released_at)).await;
        let now = self.shell.clock.clinic();
        self.releases.with(at, released_at, |open| {
            // Of a department that does not answer what was known last stands.
            if let Ok(places) = read {
                open.places = places;
                if places == (0, 0) {
                    open.line.end();
                }
            }
            open.at_once = at_once;
            open.line.step(now, self.releases.pace(open));
        });
    }
}

/// Places that a phone can have of the sessions released then, and places that are held and may come back.
fn places(state: &State, released_at: Timestamp) -> (u32, u32) {
    let clinic = &state.clinic;
    let sessions = clinic.sessions.values().filter(|session| session.released_at == Some(released_at));
    let open = sessions.filter(|session| session.standing == jiaohao_domain::clinic::SessionStanding::Open);
    let slots = open.flat_map(|session| &session.slots).filter_map(|slot| clinic.slots.get(slot));
    slots.fold((0, 0), |(left, held), slot| {
        let not_booked = u32::try_from(slot.expected.len()).unwrap_or(u32::MAX).saturating_sub(slot.booked);
        (left + slot.free_for(Channel::Online), held + not_booked)
    })
}

/// Once a second, and when a lot is to be drawn, for as long as the house stands.
pub(super) async fn run(house: Weak<House>) {
    let mut seconds = tokio::time::interval(STEP);
    seconds.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let Some(releases) = house.upgrade().map(|house| house.releases.clone()) else { return };
    loop {
        tokio::select! {
            _ = seconds.tick() => {}
            () = releases.drawn.notified() => {}
        }
        let Some(house) = house.upgrade().filter(|house| !house.is_stopping()) else { return };
        if house.releases.open.load(Ordering::Acquire) > 0 {
            house.step_lines().await;
        }
    }
}
