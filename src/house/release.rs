//! Releases: who is there, who waits in line and who is let in. The department keeps the lot; who is there is this node's
//! memory, so a restart within a release begins its line anew, and says so.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use dashmap::{DashMap, DashSet};
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use jiaohao_actors::shell::Origin;
use jiaohao_actors::shell::message::Outcome;
use jiaohao_domain::clinic::ReleasedPlaces;
use jiaohao_domain::department::State;
use jiaohao_domain::release::line::{Figures, Line, Pace, Standing};
use jiaohao_domain::release::{Event, Lot, Ordered, current, has_line, is_over, lot};
use jiaohao_domain::vocabulary::{Answer, ClientCommand, InLine, LineStanding, ToDepartment};
use jiaohao_domain::{Code, DepartmentId, PatientId, Rejection, Role, SlotId, Timestamp};
use serde_json::{Value, json};
use tokio::sync::Notify;

use super::{House, OWNER_WITHIN, SlotFacts, department};
use crate::config::{LimitSettings, Settings};
use crate::engine::in_time;
use crate::identity::tokens::Claims;

/// Between two steps of all lines.
const STEP: Duration = Duration::from_secs(1);
/// All who wait together are told to ask so often in a second at most …
const ASKS_PER_S: u64 = 2_000;
/// … and each of them after so many milliseconds, from and to.
const ASK_MS: std::ops::RangeInclusive<u64> = 1_000..=30_000;
/// A word is on its way for so long at most, in milliseconds.
const ON_THE_WAY_MS: u64 = 2_000;
/// Who is there before a release says so again after so long at least.
const STILL_THERE_MS: u64 = 60_000;

/// The lines of this node.
pub struct Releases {
    lines: DashMap<DepartmentId, Vec<Open>>,
    /// Departments that have said since the start which lots they have. Until then the node may know one release of
    /// several.
    learned: DashSet<DepartmentId>,
    /// What the orders of lots came to that are not on record yet, and whether that has been complained of.
    orders: DashMap<Release, (Ordered, bool)>,
    /// How many lines there are: mostly none, and nobody looks further.
    open: AtomicUsize,
    /// A lot is to be drawn now.
    drawn: Notify,
    at_once: usize,
    turn_s: i64,
}

/// One release of a department.
type Release = (DepartmentId, Timestamp);

/// A release that people are there for, or wait in line for.
struct Open {
    line: Line,
    seed: String,
    seed_sha256: String,
    /// The department has published the seed.
    is_published: bool,
    /// Of the sessions that are released, as the department said last.
    places: ReleasedPlaces,
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
        let (lines, orders) = (DashMap::new(), DashMap::new());
        let learned = DashSet::new();
        Self { lines, learned, orders, open: AtomicUsize::new(0), drawn: Notify::new(), at_once, turn_s }
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
            places: ReleasedPlaces::default(),
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

    /// Draws the lot, once its seed is published. What its order came to is to be put on record.
    fn draw(&self, at: &DepartmentId, released_at: Timestamp) {
        let drawn = self.with(at, released_at, |open| {
            if !open.is_published || open.line.is_drawn() {
                return None;
            }
            let order = open.line.draw(&open.seed);
            let present = u32::try_from(order.len()).unwrap_or(u32::MAX);
            open.has_lot.then(|| Ordered { present, order_sha256: lot::order_sha256(&open.seed, &order) })
        });
        if let Some(Some(ordered)) = drawn {
            self.orders.insert((at.clone(), released_at), (ordered, false));
        }
    }

    /// What there is to do now: lines whose moment has come, how many may be let in at once in each, and orders that are not
    /// on record. Lines of long ago are forgotten.
    fn due(&self, now: Timestamp) -> (BTreeSet<Release>, usize) {
        self.lines.retain(|_, lines| {
            lines.retain(|open| {
                let stays = !is_over(open.line.released_at, now);
                if !stays {
                    self.open.fetch_sub(1, Ordering::AcqRel);
                }
                stays
            });
            !lines.is_empty()
        });
        let mut due = BTreeSet::new();
        for entry in &self.lines {
            let come = |open: &&Open| open.is_published || open.line.released_at <= now;
            let lines = entry.value().iter().filter(|open| come(open) && !open.line.is_over());
            due.extend(lines.map(|open| (entry.key().clone(), open.line.released_at)));
        }
        let at_once = self.at_once.div_ceil(due.len().max(1));
        due.extend(self.orders.iter().map(|entry| entry.key().clone()));
        (due, at_once)
    }

    /// As after a start.
    #[cfg(test)]
    pub(super) fn forget(&self) {
        self.lines.clear();
        self.learned.clear();
        self.open.store(0, Ordering::Release);
    }

    /// Whether nobody is there for anything.
    fn is_idle(&self) -> bool {
        self.open.load(Ordering::Acquire) == 0 && self.orders.is_empty()
    }

    /// The release of a department that people are there for now, of those that this node knows.
    fn current(&self, at: &DepartmentId, now: Timestamp) -> Option<Timestamp> {
        current(self.lines.get(at)?.iter().map(|open| open.line.released_at), now)
    }

    /// `speed`: how fast clinic time runs.
    fn pace(&self, open: &Open, speed: f64) -> Pace {
        // Who has been called says the next word after as long as they were told at most, and what a network takes.
        let due_ms = apart_ms(open.line.figures().waiting).clamp(*ASK_MS.start(), *ASK_MS.end()) + ON_THE_WAY_MS;
        let keep_ms = (due_ms as f64 * speed) as i64;
        Pace { at_once: open.at_once, turn_s: self.turn_s, places_left: open.places.left, keep_ms }
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
    fn figures(&self, at: &DepartmentId, released_at: Timestamp) -> Option<(Figures, ReleasedPlaces, bool)> {
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
            places_left: is_drawn.then_some(self.places.left),
            ask_again_ms: self.ask_again_ms(who, standing, now, speed),
            seed_sha256: self.seed_sha256.clone(),
            seed: is_drawn.then(|| self.seed.clone()),
            drawn: is_drawn.then(|| lot::drawn_text(&self.seed, &who.position())),
            begun_anew: self.is_anew,
            over: self.line.is_over(),
        }
    }

    /// When somebody is to ask again, machine time: those behind seldom, so that all together do not ask more often than
    /// the house answers beside its other work.
    fn ask_again_ms(&self, who: &PatientId, standing: Standing, now: Timestamp, speed: f64) -> Option<u64> {
        let figures = self.line.figures();
        let machine_ms = |clinic_ms: i64| (clinic_ms.max(0) as f64 / speed) as u64;
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

/// So far apart so many people are told to ask.
fn apart_ms(people: usize) -> u64 {
    people as u64 * 1_000 / ASKS_PER_S
}

/// Who is not let in yet is told where they stand.
fn behind(told: &InLine) -> Rejection {
    let why = Rejection::new(Code::InLine, "others are before: ask again");
    let why = why.with("number", told.number.map_or(0, i64::from)).with("ahead", told.ahead.map_or(0, i64::from));
    why.with("ask_again_ms", told.ask_again_ms.unwrap_or(*ASK_MS.start()))
}

impl House {
    /// Commands about a line, which the edge answers itself: nothing of them is on record.
    pub(super) async fn in_line(&self, claims: &Claims, command: &ClientCommand) -> Result<Option<Answer>, Rejection> {
        let (at, who, enters) = match command {
            ClientCommand::EnterRelease(c) => (&c.department, &c.patient, true),
            ClientCommand::LeaveRelease(c) => (&c.department, &c.patient, false),
            _ => return Ok(None),
        };
        if enters {
            self.is_not_confirmed_since(claims, who).await?;
        }
        let now = self.shell.clock.clinic();
        if !self.releases.learned.contains(at) || self.releases.current(at, now).is_none() {
            self.learn_releases(at).await?;
        }
        let released_at = self.releases.current(at, now).ok_or_else(|| {
            Rejection::new(Code::SlotClosed, "nothing is released there within the next five minutes")
        })?;
        let speed = self.shell.clock.speed();
        let told = self.releases.with(at, released_at, |open| {
            if !enters {
                open.line.leave(who);
            } else if open.line.enter(who, now) {
                open.line.ask(who, now, self.releases.pace(open, speed));
            } else {
                return Err(Rejection::from(Code::Overloaded));
            }
            Ok(open.told(at, who, now, speed))
        });
        let told = told.unwrap_or_else(|| Err(Code::SlotClosed.into()))?;
        Ok(Some(Answer::InLine(Box::new(told))))
    }

    /// The department's releases of now as it knows them, for a node that does not: after a start. All of them: sessions of
    /// one department may be released minutes apart, and each has a line of its own.
    async fn learn_releases(&self, at: &DepartmentId) -> Result<(), Rejection> {
        let now = self.shell.clock.clinic();
        let read = move |state: &State| {
            state.config.definition.as_ref().ok_or(Code::Forbidden)?;
            Ok::<_, Rejection>(state.releases.lasting(now).map(|(at, lot)| (at, lot.clone())).collect::<Vec<_>>())
        };
        for (released_at, lot) in self.shell.read(department(at), read).await?? {
            self.releases.open(at, released_at, &lot, true);
        }
        self.releases.learned.insert(at.clone());
        Ok(())
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
        if !has_line(released_at, now) {
            return Ok(());
        }
        let speed = self.shell.clock.speed();
        let look = || {
            self.releases.with(at, released_at, |open| {
                if !open.line.enter(who, now) {
                    return Err(Code::Overloaded.into());
                }
                open.line.ask(who, now, self.releases.pace(open, speed));
                match open.line.may_book(who, now) {
                    true => Ok(()),
                    false => Err(behind(&open.told(at, who, now, speed))),
                }
            })
        };
        if let Some(looked) = look() {
            return looked;
        }
        self.learn_releases(at).await?;
        // Of which the department has no lot nobody was promised one.
        look().unwrap_or(Ok(()))
    }

    /// What has come of a booking: who has taken a place of a release has had the turn.
    pub(super) fn placed(&self, placing: Placing, outcome: &Outcome) {
        let (Some((slot, who)), Ok(Answer::Held { .. } | Answer::Booked { .. })) = (placing, outcome) else { return };
        let Some(released_at) = self.slots.get(&slot).and_then(|facts| facts.release) else { return };
        self.releases.with(&slot.department(), released_at, |open| {
            open.line.served(&who);
            open.places.left = open.places.left.saturating_sub(1);
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
            let line = self.releases.figures(at, *released_at).map(|(figures, ReleasedPlaces { left, held }, over)| {
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

    /// One step of a line. What its department says of the lot is asked too: the word of its being drawn may have come
    /// before the line was known here.
    async fn step_line(&self, at: &DepartmentId, released_at: Timestamp, at_once: usize) {
        self.releases.draw(at, released_at);
        let now = self.shell.clock.clinic();
        let read = move |state: &State| {
            let lot = state.releases.lots.get(&released_at);
            (lot.is_some_and(|lot| lot.drawn_at.is_some()), state.clinic.places_released_at(released_at, now))
        };
        let read = in_time(OWNER_WITHIN, self.shell.read(department(at), read)).await;
        let (now, speed) = (self.shell.clock.clinic(), self.shell.clock.speed());
        self.releases.with(at, released_at, |open| open.is_published |= matches!(read, Ok((true, _))));
        self.releases.draw(at, released_at);
        self.releases.with(at, released_at, |open| {
            if !open.line.is_drawn() {
                return;
            }
            // Of a department that does not answer what was known last stands.
            if let Ok((_, places)) = read {
                open.places = places;
                if places == ReleasedPlaces::default() {
                    open.line.end();
                }
            }
            open.at_once = at_once;
            open.line.step(now, self.releases.pace(open, speed));
        });
        self.record_order(at, released_at).await;
    }

    /// Has the department put on record what an order came to, if it has not yet. Whatever it says, short of having done it,
    /// it is asked again at the next step.
    async fn record_order(&self, at: &DepartmentId, released_at: Timestamp) {
        let release = (at.clone(), released_at);
        let Some((ordered, is_complained_of)) = self.releases.orders.get(&release).map(|entry| entry.clone()) else {
            return;
        };
        let Ordered { present, order_sha256 } = ordered;
        let told = ToDepartment::OrderRelease { released_at, present, order_sha256 };
        match in_time(OWNER_WITHIN, self.shell.ask(department(at), told.into(), Origin::Shell)).await {
            Ok(_) => drop(self.releases.orders.remove(&release)),
            Err(why) => {
                if !is_complained_of {
                    tracing::warn!(code = why.code.wire(), department = %at, "an order is not on record yet");
                }
                self.releases.orders.alter(&release, |_, (ordered, _)| (ordered, true));
            }
        }
    }
}

/// Once a second, and when a lot is to be drawn, for as long as the house stands. The lines are stepped beside each other: a
/// department that does not answer keeps up its own line and no other.
pub(super) async fn run(house: Weak<House>) {
    let mut seconds = tokio::time::interval(STEP);
    seconds.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let Some(releases) = house.upgrade().map(|house| house.releases.clone()) else { return };
    let (mut steps, mut stepped) = (FuturesUnordered::new(), BTreeSet::new());
    loop {
        tokio::select! {
            Some(release) = steps.next() => {
                stepped.remove(&release);
                continue;
            }
            _ = seconds.tick() => {}
            () = releases.drawn.notified() => {}
        }
        let Some(house) = house.upgrade().filter(|house| !house.is_stopping()) else { return };
        if releases.is_idle() {
            continue;
        }
        let (due, at_once) = releases.due(house.shell.clock.clinic());
        for release in due {
            if stepped.insert(release.clone()) {
                steps.push(step(house.clone(), release, at_once));
            }
        }
    }
}

async fn step(house: Arc<House>, (at, released_at): Release, at_once: usize) -> Release {
    house.step_line(&at, released_at, at_once).await;
    (at, released_at)
}
