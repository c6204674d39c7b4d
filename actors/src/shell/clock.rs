//! The two clocks, and the only place that reads them.
//!
//! *Clinic time* orders the day (slots, deadlines, waits) and may be accelerated; *machine time* bounds sockets, beats
//! and tokens and never is. Clinic time follows the wall clock as long as the wall clock behaves: a jump of more than
//! a minute against the monotonic clock is not followed until an operator confirms it. Nor is a wall clock that at a start
//! says something else than the log: clinic time then goes on from where it was. Where a wall clock behind it is confirmed,
//! clinic time stands until the wall clock comes there, and the alarm stays on.
#![allow(clippy::disallowed_methods, reason = "this is the clock module")]

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use jiaohao_domain::Timestamp;
use jiaohao_domain::time::Zone;

/// A jump of the wall clock against the monotonic clock that is not followed by itself, unless configured otherwise.
pub const JUMP_MS: i64 = 60_000;

/// Where the wall clock is read, UTC milliseconds: [`wall_ms`], or a test's hand.
pub type WallClock = Arc<dyn Fn() -> i64 + Send + Sync>;

/// Reads both clocks. Cheap to clone.
#[derive(Clone)]
pub struct Clock(Arc<Inner>);

struct Inner {
    source: Source,
    /// Clinic time never goes back within a process.
    highest_ms: AtomicI64,
    /// How far the wall clock is from clinic time while that does not follow it; 0: it does.
    drift_ms: AtomicI64,
    /// The wall clock is believed and behind clinic time, which stands.
    stands: AtomicBool,
}

enum Source {
    /// Follows the wall clock as long as that does not jump.
    Wall { began: Instant, state: Mutex<Base>, wall: WallClock, jump_ms: i64 },
    /// Started at a moment, so many times as fast as machine time.
    Accelerated { began: Instant, start_ms: f64, speed: f64 },
    /// A test's hand.
    Manual(AtomicI64),
}

struct Base {
    /// Clinic time at `began`, as far as believed.
    clinic_ms: f64,
    /// The wall clock has not been believed since the start: so far ahead of clinic time, which goes on from what was last
    /// seen, it may be when it is put right.
    doubted_ms: Option<i64>,
}

impl Base {
    /// Whether a wall clock so far ahead of clinic time is followed: that is no jump, or it was wrong at the start and is now
    /// what a start would believe.
    fn follows(&self, drift_ms: f64, jump_ms: i64) -> bool {
        let ahead_ms = self.doubted_ms.map_or(jump_ms, |away_ms| away_ms.max(jump_ms));
        (-(jump_ms as f64)..=ahead_ms as f64).contains(&drift_ms)
    }
}

impl Clock {
    /// Clinic time is the wall clock.
    pub fn wall() -> Self {
        Self::following(Arc::new(wall_ms), JUMP_MS)
    }

    /// Clinic time is what `wall` says, as long as it does not jump by more than `jump_ms`.
    pub fn following(wall: WallClock, jump_ms: i64) -> Self {
        Self::resuming(wall, jump_ms, None, i64::MAX)
    }

    /// As [`Clock::following`], after a stop: a wall clock that is behind what was `last` seen by more than `jump_ms`, or
    /// ahead of it by more than `away_ms`, is not believed. Clinic time goes on from `last` then, with the alarm on, until
    /// the wall clock is put right: where it would have been believed by the same measure.
    pub fn resuming(wall: WallClock, jump_ms: i64, last: Option<Timestamp>, away_ms: i64) -> Self {
        let now_ms = wall();
        let is_believed = |last: &Timestamp| (-jump_ms..=away_ms).contains(&now_ms.saturating_sub(last.0));
        let goes_on = last.filter(|last| !is_believed(last));
        let clinic_ms = goes_on.map_or(now_ms, |last| last.0) as f64;
        let state = Mutex::new(Base { clinic_ms, doubted_ms: goes_on.map(|_| away_ms) });
        Self::of(Source::Wall { began: Instant::now(), state, wall, jump_ms })
    }

    /// Clinic time is not before `last`, which has been decided at: it stands until it comes there.
    #[must_use]
    pub fn not_before(self, last: Option<Timestamp>) -> Self {
        self.0.highest_ms.fetch_max(last.map_or(i64::MIN, |last| last.0), Ordering::AcqRel);
        self
    }

    /// Clinic time starts at `start` now and runs `speed` times as fast as machine time.
    pub fn accelerated(start: Timestamp, speed: f64) -> Self {
        Self::of(Source::Accelerated { began: Instant::now(), start_ms: start.0 as f64, speed })
    }

    /// Clinic time stands still until [`Clock::advance_ms`].
    pub fn manual(start: Timestamp) -> Self {
        Self::of(Source::Manual(AtomicI64::new(start.0)))
    }

    fn of(source: Source) -> Self {
        let (highest_ms, drift_ms, stands) = (AtomicI64::new(i64::MIN), AtomicI64::new(0), AtomicBool::new(false));
        Self(Arc::new(Inner { source, highest_ms, drift_ms, stands }))
    }

    /// Clinic time now.
    pub fn clinic(&self) -> Timestamp {
        let now_ms = match &self.0.source {
            Source::Manual(ms) => ms.load(Ordering::Acquire),
            Source::Accelerated { began, start_ms, speed } => (start_ms + elapsed_ms(*began) * speed) as i64,
            Source::Wall { began, state, wall, jump_ms } => {
                let elapsed_ms = elapsed_ms(*began);
                let mut base = state.lock().unwrap_or_else(PoisonError::into_inner);
                let drift_ms = wall() as f64 - (base.clinic_ms + elapsed_ms);
                if base.follows(drift_ms, *jump_ms) {
                    base.clinic_ms += drift_ms;
                    base.doubted_ms = None;
                    self.note_believed((base.clinic_ms + elapsed_ms) as i64, *jump_ms);
                } else {
                    self.note_drift(drift_ms as i64, (base.clinic_ms + elapsed_ms) as i64, *jump_ms);
                }
                (base.clinic_ms + elapsed_ms).round() as i64
            }
        };
        let before = self.0.highest_ms.fetch_max(now_ms, Ordering::AcqRel);
        Timestamp(now_ms.max(before))
    }

    /// The earlier of the two clocks: by whichever a client goes, it is not behind this.
    pub fn earlier(&self) -> Timestamp {
        self.clinic().min(Timestamp(wall_ms()))
    }

    /// Clinic time (which would be `going_ms` if it could go back) and the machine's clock, as a log line says them.
    fn both(&self, going_ms: i64, wall_ms: i64) -> (String, String) {
        let utc = Zone::utc();
        let clinic_ms = self.0.highest_ms.load(Ordering::Acquire).max(going_ms);
        (utc.rfc3339(Timestamp(clinic_ms)), utc.rfc3339(Timestamp(wall_ms)))
    }

    /// The wall clock is believed and says `wall_ms`; what was said before is ahead of it by more than a jump, once an
    /// earlier time was confirmed. Says so once, and once when the wall clock has come there.
    fn note_believed(&self, wall_ms: i64, jump_ms: i64) {
        let ahead_ms = self.0.highest_ms.load(Ordering::Acquire).saturating_sub(wall_ms);
        let stood = self.0.stands.load(Ordering::Relaxed);
        if ahead_ms <= if stood { 0 } else { jump_ms } {
            return self.note_drift(0, wall_ms, jump_ms);
        }
        self.0.drift_ms.store(-ahead_ms, Ordering::Relaxed);
        if !self.0.stands.swap(true, Ordering::Relaxed) {
            let (clinic, wall) = self.both(wall_ms, wall_ms);
            tracing::error!(
                clinic,
                wall,
                "clinic time stands still until the machine's clock comes there: an earlier time was confirmed or decided \
                 at. Put the machine's clock right if it is wrong; if it is right see docs/operations.md, \"The clock\""
            );
        }
    }

    /// Says once what is wrong with the wall clock, again when it jumps elsewhere, and when it is right again.
    /// `going_ms` is what clinic time would be if it could go back.
    fn note_drift(&self, drift_ms: i64, going_ms: i64, jump_ms: i64) {
        let stood = self.0.stands.swap(false, Ordering::Relaxed);
        let before_ms = self.0.drift_ms.load(Ordering::Relaxed);
        if !stood && (before_ms == 0) == (drift_ms == 0) && (drift_ms - before_ms).abs() <= jump_ms {
            return;
        }
        if self.0.drift_ms.swap(drift_ms, Ordering::Relaxed) != before_ms {
            // Somebody else has said it.
            return;
        }
        if drift_ms == 0 {
            tracing::info!("the wall clock is right again; clinic time follows it");
            return;
        }
        let (clinic, wall) = self.both(going_ms, going_ms.saturating_add(drift_ms));
        tracing::error!(
            clinic,
            wall,
            drift_s = drift_ms / 1_000,
            "the machine's clock is not believed: put it right, and this ends by itself; clinic time goes on without it. \
             Only if the machine is right confirm it (POST /api/v1/clock/confirm, or a start with --confirm-clock)"
        );
    }

    /// An operator confirms that the wall clock is right after a jump.
    pub fn confirm_wall(&self) {
        if let Source::Wall { began, state, wall, .. } = &self.0.source {
            let wall_ms = wall();
            *state.lock().unwrap_or_else(PoisonError::into_inner) =
                Base { clinic_ms: wall_ms as f64 - elapsed_ms(*began), doubted_ms: None };
            // From here on it is followed, or clinic time stands.
            self.clinic();
        }
    }

    /// Whether clinic time does not follow the wall clock: it is not believed, or clinic time stands ([`Clock::stands`]).
    pub fn is_alarmed(&self) -> bool {
        self.drift_ms() != 0
    }

    /// Whether the wall clock is believed and so far behind clinic time that this stands until it comes there.
    pub fn stands(&self) -> bool {
        self.0.stands.load(Ordering::Relaxed)
    }

    /// How far the wall clock is ahead of clinic time while that does not follow it; 0 when it does.
    pub fn drift_ms(&self) -> i64 {
        self.0.drift_ms.load(Ordering::Relaxed)
    }

    /// What the machine's clock says, believed or not.
    pub fn wall_now(&self) -> Timestamp {
        match &self.0.source {
            Source::Wall { wall, .. } => Timestamp(wall()),
            Source::Accelerated { .. } | Source::Manual(_) => Timestamp(wall_ms()),
        }
    }

    /// How much faster than machine time clinic time runs (1 on a real day, 0 when a test moves it).
    pub fn speed(&self) -> f64 {
        match &self.0.source {
            Source::Wall { .. } => 1.0,
            Source::Accelerated { speed, .. } => *speed,
            Source::Manual(_) => 0.0,
        }
    }

    /// Moves a manual clock.
    pub fn advance_ms(&self, ms: i64) {
        if let Source::Manual(now) = &self.0.source {
            now.fetch_add(ms, Ordering::AcqRel);
        }
    }

    /// Machine time from now until clinic time is `at`; zero when it is past.
    pub fn machine_until(&self, at: Timestamp) -> Duration {
        let ms = at.ms_since(self.clinic()).max(0) as f64;
        match &self.0.source {
            Source::Manual(_) if ms == 0.0 => Duration::ZERO,
            Source::Manual(_) => Duration::from_millis(20),
            Source::Wall { .. } | Source::Accelerated { .. } => {
                Duration::from_secs_f64((ms / self.speed() / 1000.0).min(86_400.0))
            }
        }
    }
}

fn elapsed_ms(began: Instant) -> f64 {
    began.elapsed().as_secs_f64() * 1000.0
}

/// Machine time: UTC milliseconds of the wall clock, for tokens and file names.
pub fn wall_ms() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| i64::try_from(d.as_millis()).unwrap_or(i64::MAX))
}

/// Machine time: the monotonic clock, for time-outs and ages.
pub fn monotonic() -> Instant {
    Instant::now()
}

/// Machine time since the first call, in milliseconds: for what is due within the process.
pub(crate) fn process_ms() -> i64 {
    static BEGAN: OnceLock<Instant> = OnceLock::new();
    i64::try_from(BEGAN.get_or_init(monotonic).elapsed().as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clinic_time_never_goes_back() {
        let clock = Clock::manual(Timestamp(1_000));
        clock.advance_ms(500);
        assert_eq!(clock.clinic(), Timestamp(1_500));
        clock.advance_ms(-800);
        assert_eq!(clock.clinic(), Timestamp(1_500));
    }

    #[test]
    fn confirming_the_wall_clock_moves_no_clock_that_does_not_follow_it() {
        let clock = Clock::accelerated(Timestamp(0), 60.0);
        clock.confirm_wall();
        assert!(clock.clinic() < Timestamp(3_600_000));
    }

    #[test]
    fn a_jump_of_the_wall_clock_is_followed_when_it_is_confirmed() {
        let hand = Arc::new(AtomicI64::new(1_000_000));
        let wall = hand.clone();
        let clock = Clock::following(Arc::new(move || wall.load(Ordering::Relaxed)), 60_000);
        let near = |at: i64| (0..30_000).contains(&(clock.clinic().0 - at));
        assert!(near(1_000_000) && !clock.is_alarmed());
        for jump in [3_600_000, -3_600_000] {
            hand.fetch_add(jump, Ordering::Relaxed);
            assert!(near(1_000_000) && clock.is_alarmed(), "a jump of {jump} was followed");
            hand.fetch_sub(jump, Ordering::Relaxed);
            assert!(near(1_000_000) && !clock.is_alarmed(), "the wall clock came back by itself");
        }
        hand.fetch_add(50_000, Ordering::Relaxed);
        assert!(near(1_050_000) && !clock.is_alarmed(), "a small step is no jump");
        hand.fetch_add(3_600_000, Ordering::Relaxed);
        assert!(near(1_050_000) && clock.is_alarmed());
        clock.confirm_wall();
        assert!(near(4_650_000) && !clock.is_alarmed());
        hand.fetch_sub(3_600_000, Ordering::Relaxed);
        assert!(near(4_650_000) && clock.is_alarmed() && !clock.stands(), "not believed, and it goes on");
        clock.confirm_wall();
        assert!(near(4_650_000), "clinic time never goes back, also when it is confirmed");
        assert!(clock.is_alarmed() && clock.stands(), "it stands, and nobody is told that all is well");
        for wall_ms in [1_050_000, 1_100_000, 4_600_000, 4_645_000] {
            hand.store(wall_ms, Ordering::Relaxed);
            // Step by step, as time passes: what is far from what was last believed is a jump again.
            clock.confirm_wall();
            let stood = clock.clinic();
            assert!(near(4_650_000) && clock.clinic() == stood && clock.stands(), "at {wall_ms}");
            assert!((wall_ms - stood.0 - clock.drift_ms()).abs() < 30_000, "at {wall_ms}: {}", clock.drift_ms());
        }
        hand.store(clock.clinic().0 + 1_000, Ordering::Relaxed);
        assert!(near(4_651_000) && !clock.is_alarmed() && !clock.stands(), "the wall clock has come there");
    }

    #[test]
    fn a_small_step_back_is_no_alarm() {
        let hand = Arc::new(AtomicI64::new(1_000_000));
        let wall = hand.clone();
        let clock = Clock::following(Arc::new(move || wall.load(Ordering::Relaxed)), 60_000);
        let before = clock.clinic();
        hand.fetch_sub(40_000, Ordering::Relaxed);
        assert!(clock.clinic() == before && !clock.is_alarmed() && !clock.stands());
    }

    #[test]
    fn a_start_believes_the_wall_clock_only_near_what_was_last_seen() {
        let (last, day_ms) = (Timestamp(1_000_000_000), 86_400_000);
        for (wall_ms, believed) in [
            (last.0 + 1, true),
            (last.0 + day_ms, true),
            (last.0 + day_ms + 1, false),
            (last.0 + 400 * day_ms, false),
            (last.0 - 60_000, true),
            (last.0 - 60_001, false),
            (0, false),
        ] {
            let clock = Clock::resuming(Arc::new(move || wall_ms), 60_000, Some(last), day_ms);
            let (clinic, expected) = (clock.clinic().0, if believed { wall_ms } else { last.0 });
            assert!((0..30_000).contains(&(clinic - expected)), "wall {wall_ms}: clinic time {clinic}");
            assert_eq!(clock.is_alarmed(), !believed, "wall {wall_ms}");
        }
        let ahead_ms = last.0 + 30 * day_ms;
        let clock = Clock::resuming(Arc::new(move || ahead_ms), 60_000, Some(last), day_ms);
        assert!((29 * day_ms..=30 * day_ms).contains(&{
            clock.clinic();
            clock.drift_ms()
        }));
        clock.confirm_wall();
        assert!((0..30_000).contains(&(clock.clinic().0 - ahead_ms)) && !clock.is_alarmed());
        let new = Clock::resuming(Arc::new(move || ahead_ms), 60_000, None, day_ms);
        assert!(
            (0..30_000).contains(&(new.clinic().0 - ahead_ms)) && !new.is_alarmed(),
            "nothing seen, nothing to compare"
        );
        let behind_ms = last.0 - 2 * 3_600_000;
        let confirmed = Clock::resuming(Arc::new(move || behind_ms), 60_000, None, day_ms).not_before(Some(last));
        assert!(
            confirmed.clinic() == last && confirmed.stands() && confirmed.is_alarmed(),
            "never back behind the log"
        );
    }

    #[test]
    fn a_clock_that_was_wrong_at_the_start_and_is_put_right_ends_the_alarm_by_itself() {
        let (last, hour_ms) = (1_000_000_000, 3_600_000);
        for wrong_ms in [last - 2 * hour_ms, last + 72 * hour_ms, 0] {
            let hand = Arc::new(AtomicI64::new(wrong_ms));
            let wall = hand.clone();
            let read: WallClock = Arc::new(move || wall.load(Ordering::Relaxed));
            let clock = Clock::resuming(read, 60_000, Some(Timestamp(last)), 24 * hour_ms);
            let near = |at: i64| (0..30_000).contains(&(clock.clinic().0 - at));
            assert!(near(last) && clock.is_alarmed(), "{wrong_ms}");
            hand.store(last + 25 * hour_ms, Ordering::Relaxed);
            assert!(near(last) && clock.is_alarmed(), "a start would not believe that either");
            // The house stood still for nine minutes.
            hand.store(last + 9 * 60_000, Ordering::Relaxed);
            assert!(near(last + 9 * 60_000) && !clock.is_alarmed(), "{wrong_ms}: it is right now");
            hand.fetch_add(hour_ms, Ordering::Relaxed);
            assert!(near(last + 9 * 60_000) && clock.is_alarmed(), "from then on a jump is a jump");
        }
        let hand = Arc::new(AtomicI64::new(last + 72 * hour_ms));
        let wall = hand.clone();
        let read: WallClock = Arc::new(move || wall.load(Ordering::Relaxed));
        let clock = Clock::resuming(read, 60_000, Some(Timestamp(last)), 24 * hour_ms);
        clock.confirm_wall();
        hand.fetch_add(hour_ms, Ordering::Relaxed);
        assert!(clock.clinic().0 < last + 73 * hour_ms && clock.is_alarmed(), "also after it was confirmed");
    }

    #[test]
    fn an_accelerated_clock_waits_less_than_a_real_one() {
        let clock = Clock::accelerated(Timestamp(0), 600.0);
        assert!(clock.machine_until(Timestamp(600_000)) <= Duration::from_secs(1));
    }
}
