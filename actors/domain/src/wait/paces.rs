//! What a department has learned of its pace: each doctor's turns in the work of now, what is usual of earlier work, and how
//! the waits that it foresaw came out. A turn is the time from one call to the next of the same doctor, without what
//! nobody was there for.
//!
//! This is state, made by applying events: whole numbers only, and a change of its arithmetic is a change of the state
//! ([`crate::owner::Owner::STATE_VERSION`]).

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};

use super::spread::{Assumed, Spread};
use crate::ids::{DoctorId, QueueId};
use crate::time::Timestamp;

/// At these distances what was foreseen is compared with what came: as the n-th call from now.
pub(super) const DISTANCES: [u32; 4] = [1, 3, 5, 10];
/// What the ratios of real to foreseen waits are taken for at each distance until they have been seen.
pub(super) const ASSUMED: [Assumed; 4] = [[0.3, 0.85, 1.8], [0.55, 0.93, 1.5], [0.62, 0.95, 1.42], [0.7, 0.97, 1.35]];
/// How the work of now and what is usual are blended: so many turns of now weigh as much as what is usual. Which one counts
/// is what has come out best in this department.
pub(super) const BLENDS: [Blend; 5] =
    [Blend::Whole(1), Blend::Whole(4), Blend::Whole(12), Blend::Whole(40), Blend::Fading(6)];
/// The blend as long as nothing has come out: the second.
const FIRST_BLEND: usize = 1;
/// A turn of more than so many usual ones counts as so many: a break that nobody has announced is no pace.
const LONGEST: u64 = 4;
/// Between two patients counts at most one of so many parts of a usual turn, for the same reason.
const LONGEST_WAY: u64 = 2;
/// After so long without a call other work begins.
const OTHER_WORK_MS: i64 = 4 * 3_600_000;
/// What is usual of a doctor who has not worked here for so long is forgotten.
const KEPT_MS: i64 = 180 * 86_400_000;
/// Work of so many turns counts as a whole one.
const WHOLE_TURNS: u64 = 10;
/// What is known of the pace counts from so much earlier work on, in thousandths.
const USUAL_FROM: u64 = 500;

/// One way to blend.
#[derive(Clone, Copy, Debug)]
pub(super) enum Blend {
    /// Every turn of now counts alike.
    Whole(u64),
    /// Each turn counts a tenth less with every later one.
    Fading(u64),
}

/// Half of a day's work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Period {
    /// Before 13:00.
    Morning,
    /// Until 18:00.
    Afternoon,
    /// After that.
    Evening,
}

/// What a department has learned of its pace.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Paces {
    /// What is usual: of a doctor or (none) of all, in a period or (none) at any time.
    usual: BTreeMap<(Option<DoctorId>, Option<Period>), Usual>,
    /// The work of now.
    pub(super) running: BTreeMap<DoctorId, Running>,
    /// The last calls from each queue, with what was foreseen at them.
    foreseen: BTreeMap<QueueId, VecDeque<Foreseen>>,
    /// How it came out, at each of [`DISTANCES`].
    pub(super) outcomes: [Outcome; 4],
    /// Calls from each queue, from the ordinary line and from all others, × 16.
    calls: BTreeMap<QueueId, (u32, u32)>,
}

/// The pace of earlier work.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Usual {
    /// How much work, in thousandths.
    weight: u64,
    turn_ms: u64,
    last: Timestamp,
}

/// A doctor's work of now.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Running {
    period: Period,
    /// What was usual when it began.
    pub usual_ms: Option<u64>,
    pub turns: u64,
    sum_ms: u64,
    fading_sum_ms: u64,
    /// In thousandths of a turn.
    fading_turns: u64,
    /// The last call, unless the turn from it is none (a pause, a call by mistake).
    pub last_call: Option<Timestamp>,
    /// Nobody in hand since.
    free_since: Option<Timestamp>,
}

/// What was foreseen at one call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Foreseen {
    at: Timestamp,
    /// How many waited behind it.
    behind: u32,
    /// A turn of the queue, by each blend.
    turn_ms: [u64; 5],
    /// Which blend counted at each distance.
    blend: [u8; 4],
}

/// How well a distance was foreseen.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Outcome {
    /// Of those who were there.
    pub there: Spread,
    /// Of those who came only later.
    pub later: Spread,
    /// How far off each blend was, in ms, fading.
    off_ms: [u64; 5],
}

impl Outcome {
    /// The blend that came out best.
    pub fn best(&self) -> usize {
        let mut best = FIRST_BLEND;
        for blend in 0..BLENDS.len() {
            if self.off_ms[blend] < self.off_ms[best] {
                best = blend;
            }
        }
        best
    }

    fn spread(&mut self, is_there: bool) -> &mut Spread {
        if is_there { &mut self.there } else { &mut self.later }
    }
}

impl Running {
    /// The turn that this blend expects.
    pub fn turn_ms(&self, blend: Blend) -> Option<u64> {
        let (usual_weight, sum_ms, turns) = match blend {
            Blend::Whole(weight) => (weight * 1_000, self.sum_ms * 1_000, self.turns * 1_000),
            Blend::Fading(weight) => (weight * 1_000, self.fading_sum_ms * 1_000, self.fading_turns),
        };
        let (usual_weight, usual_ms) = self.usual_ms.map_or((0, 0), |usual_ms| (usual_weight, usual_ms));
        (usual_ms * usual_weight + sum_ms).checked_div(usual_weight + turns).map(|turn_ms| turn_ms.max(1))
    }

    /// What a turn usually takes here, as far as known.
    fn known_ms(&self) -> Option<u64> {
        self.usual_ms.or_else(|| (self.turns >= 3).then(|| self.sum_ms / self.turns))
    }

    fn add(&mut self, turn_ms: u64) {
        let turn_ms = turn_ms.min(self.known_ms().map_or(u64::MAX, |known_ms| known_ms * LONGEST)).max(1);
        self.turns += 1;
        self.sum_ms += turn_ms;
        self.fading_sum_ms = self.fading_sum_ms * 9 / 10 + turn_ms;
        self.fading_turns = self.fading_turns * 9 / 10 + 1_000;
    }

    /// The end of a turn by a call at `at` of somebody who has waited since then.
    fn call(&mut self, at: Timestamp, waiting_since: Timestamp) {
        let free_since = self.free_since.take();
        let Some(last) = self.last_call.replace(at) else { return };
        let until = |from: Timestamp, to: Timestamp| u64::try_from(to.ms_since(from)).unwrap_or(0);
        // Nobody in hand from then on; from there to when the patient came nobody was there either.
        let free = free_since.map_or(at, |free| free.max(last));
        let way_ms = until(free.max(waiting_since), at);
        let way_ms = way_ms.min(self.known_ms().map_or(u64::MAX, |known_ms| known_ms / LONGEST_WAY));
        self.add(until(last, free) + way_ms);
    }
}

impl Paces {
    /// A doctor begins to work.
    pub fn begin(&mut self, doctor: &DoctorId, period: Period) {
        let usual_ms = self.usual_ms(doctor, period);
        let running = Running {
            period,
            usual_ms,
            turns: 0,
            sum_ms: 0,
            fading_sum_ms: 0,
            fading_turns: 0,
            last_call: None,
            free_since: None,
        };
        self.running.insert(doctor.clone(), running);
    }

    /// A doctor's work has ended: it becomes a part of what is usual.
    pub fn end(&mut self, doctor: &DoctorId, at: Timestamp) {
        let Some(running) = self.running.remove(doctor).filter(|running| running.turns > 0) else { return };
        let weight = running.turns.min(WHOLE_TURNS) * 1_000 / WHOLE_TURNS;
        let turn_ms = running.sum_ms / running.turns;
        for (who, kept) in [(None, 50), (Some(doctor.clone()), 20)] {
            for period in [None, Some(running.period)] {
                let usual = self.usual.entry((who.clone(), period)).or_default();
                let before = usual.weight - usual.weight * weight / 1_000 / kept;
                usual.weight = before + weight;
                usual.turn_ms = (usual.turn_ms * before + turn_ms * weight) / usual.weight;
                usual.last = at;
            }
        }
    }

    /// What is usual: of the department, drawn to its period's, to the doctor's, to the doctor's in that period, the more
    /// the more of it is known.
    fn usual_ms(&self, doctor: &DoctorId, period: Period) -> Option<u64> {
        let all = self.usual.get(&(None, None)).filter(|all| all.weight >= USUAL_FROM)?;
        let narrower = [(None, Some(period)), (Some(doctor.clone()), None), (Some(doctor.clone()), Some(period))];
        Some(narrower.iter().filter_map(|key| self.usual.get(key)).fold(all.turn_ms, |wider_ms, usual| {
            (wider_ms * 2_000 + usual.turn_ms * usual.weight) / (2_000 + usual.weight)
        }))
    }

    /// A call by a doctor. `period`: of now, asked when other work begins.
    pub fn called(
        &mut self,
        doctor: &DoctorId,
        at: Timestamp,
        waiting_since: Timestamp,
        period: impl FnOnce() -> Period,
    ) {
        let last = self.running.get(doctor).and_then(|running| running.last_call);
        if last.is_some_and(|last| at.ms_since(last) > OTHER_WORK_MS) {
            self.end(doctor, at);
        }
        if !self.running.contains_key(doctor) {
            self.begin(doctor, period());
        }
        if let Some(running) = self.running.get_mut(doctor) {
            running.call(at, waiting_since);
        }
    }

    /// A doctor has nobody in hand.
    pub fn free(&mut self, doctor: &DoctorId, at: Timestamp) {
        if let Some(running) = self.running.get_mut(doctor) {
            running.free_since = Some(at);
        }
    }

    /// A doctor has somebody in hand.
    pub fn busy(&mut self, doctor: &DoctorId) {
        if let Some(running) = self.running.get_mut(doctor) {
            running.free_since = None;
        }
    }

    /// The turn that runs is none: a pause, a call by mistake.
    pub fn break_off(&mut self, doctor: &DoctorId) {
        if let Some(running) = self.running.get_mut(doctor) {
            (running.last_call, running.free_since) = (None, None);
        }
    }

    /// A call from a queue was none: nothing is compared with what was foreseen at it.
    pub fn uncall(&mut self, queue: &QueueId, at: Timestamp) {
        if let Some(foreseen) = self.foreseen.get_mut(queue)
            && let Some(n) = foreseen.iter().rposition(|call| call.at == at)
        {
            foreseen.remove(n);
        }
    }

    /// What was foreseen for this queue counts no more: other rooms call from it now.
    pub fn forget(&mut self, queue: &QueueId) {
        self.foreseen.remove(queue);
    }

    /// A call from a queue: what was foreseen of it is compared; what is foreseen now is kept. `turn_ms`: a turn of the
    /// queue by each blend; `behind`: how many wait.
    pub fn compare(&mut self, queue: &QueueId, at: Timestamp, behind: u32, turn_ms: Option<[u64; 5]>) {
        let foreseen = self.foreseen.entry(queue.clone()).or_default();
        if foreseen.back().is_some_and(|last| at.ms_since(last.at) > OTHER_WORK_MS) {
            foreseen.clear();
        }
        for (n, (distance, outcome)) in DISTANCES.iter().zip(&mut self.outcomes).enumerate() {
            let Some(before) = foreseen.len().checked_sub(*distance as usize).and_then(|at| foreseen.get(at)) else {
                continue;
            };
            let real_ms = u64::try_from(at.ms_since(before.at)).unwrap_or(0);
            let foreseen_ms = before.turn_ms.map(|turn_ms| turn_ms * u64::from(*distance));
            let spread = outcome.spread(before.behind >= *distance);
            let middle = spread.middle(ASSUMED[n]);
            spread.add(real_ms, foreseen_ms[before.blend[n] as usize]);
            for (off_ms, foreseen_ms) in outcome.off_ms.iter_mut().zip(foreseen_ms) {
                *off_ms = *off_ms - *off_ms / 1_024 + real_ms.abs_diff(foreseen_ms * middle / 1_024);
            }
        }
        match turn_ms {
            Some(turn_ms) => {
                if foreseen.len() == DISTANCES[3] as usize {
                    foreseen.pop_front();
                }
                let blend = [0, 1, 2, 3].map(|n: usize| self.outcomes[n].best() as u8);
                foreseen.push_back(Foreseen { at, behind, turn_ms, blend });
            }
            None => foreseen.clear(),
        }
    }

    /// Counts a call from a queue's ordinary line or from one that is put between.
    pub fn count(&mut self, queue: &QueueId, is_ordinary: bool) {
        let (ordinary, inserted) = self.calls.entry(queue.clone()).or_default();
        *(if is_ordinary { &mut *ordinary } else { &mut *inserted }) += 16;
        if *ordinary + *inserted > 16 * 400 {
            (*ordinary, *inserted) = (*ordinary / 2, *inserted / 2);
        }
    }

    /// Takes such a call back, which was none.
    pub fn uncount(&mut self, queue: &QueueId, is_ordinary: bool) {
        if let Some((ordinary, inserted)) = self.calls.get_mut(queue) {
            let counted = if is_ordinary { ordinary } else { inserted };
            *counted = counted.saturating_sub(16);
        }
    }

    /// How many calls from other lines come with one from the ordinary line of this queue; 0 until 20 of these are known.
    pub fn inserted(&self, queue: &QueueId) -> f64 {
        match self.calls.get(queue) {
            Some((ordinary, inserted)) if *ordinary >= 16 * 20 => f64::from(*inserted) / f64::from(*ordinary),
            _ => 0.0,
        }
    }

    /// A day is over: whoever has not called for long has ended; what is too old is forgotten.
    pub fn tidy(&mut self, at: Timestamp) {
        let is_over = |running: &Running| running.last_call.is_none_or(|last| at.ms_since(last) > OTHER_WORK_MS);
        let over = self.running.iter().filter(|(_, running)| is_over(running)).map(|(doctor, _)| doctor.clone());
        for doctor in over.collect::<Vec<_>>() {
            self.end(&doctor, at);
        }
        self.usual.retain(|_, usual| at.ms_since(usual.last) <= KEPT_MS);
        self.foreseen.clear();
    }
}
