//! The figures of a day, which add up.

use serde::{Deserialize, Serialize};

use super::rating::{ABOUTS, Rating};

/// Waits are counted by whole minutes up to this; longer ones as this, minutes.
pub const WAIT_MAX_MIN: u16 = 480;
/// A wait longer than this is asked for its causes, minutes.
pub const LONG_WAIT_MIN: u16 = 30;

macro_rules! counts {
    ($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident,)+ } $({ $($(#[$more_doc:meta])* $more:ident: $kind:ty,)+ })?) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
        pub struct $name {
            $($(#[$field_doc])* pub $field: u32,)+
            $($($(#[$more_doc])* pub $more: $kind,)+)?
        }
        impl $name {
            /// Both together.
            pub fn add(&mut self, other: &Self) {
                $(self.$field = self.$field.saturating_add(other.$field);)+
                $($(self.$more.add(&other.$more);)+)?
            }
        }
    };
}

counts! {
    /// What a day, or several, came to.
    Figures {
        /// Appointments that were booked for the day, those cancelled since with them.
        booked,
        /// Appointments cancelled in time.
        cancelled,
        /// Appointments given back after the cut-off.
        given_back,
        /// 爽约.
        no_shows,
        /// Tickets of patients who came.
        came,
        /// Of these, without an appointment.
        walk_ins,
        /// Tickets that ended as seen.
        seen,
        /// Tickets that ended in going on in another department.
        transferred,
        /// Tickets that ended because the patient left or the desk cancelled them.
        left,
        /// Tickets settled at closing: come back on another day.
        return_day,
        /// Tickets settled at closing: money back.
        refunded,
        /// Tickets that have not ended.
        open,
        /// Calls that nobody came to.
        missed,
        /// How often somebody was sent for tests.
        tests,
        /// Sessions that the doctor began late.
        late_starts,
        /// By how much, in all, seconds.
        late_s,
        /// Pauses.
        pauses,
        /// How long, in all, seconds.
        paused_s,
    } {
        /// From check-in, or the slot's start if that was later, to the call.
        waits: Waits,
        /// Why the long ones of these were long.
        long: LongWaits,
        /// How patients rated their visits.
        ratings: Ratings,
    }
}

counts! {
    /// Waits above [`LONG_WAIT_MIN`], and what lay in them; one wait may have several causes.
    LongWaits {
        /// How many.
        count,
        /// The doctor began late.
        late_start,
        /// The doctor paused.
        paused,
        /// Others were put before: returning, missed, late, priority classes.
        inserted,
        /// More people came in the session than it has places.
        over_planned,
        /// None of these: consultations took their time.
        other,
    }
}

impl Figures {
    /// Those of one rating.
    pub(super) fn of_rating(rating: &Rating) -> Self {
        let mut figures = Self::default();
        figures.ratings.take(rating);
        figures
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Waits by whole minutes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waits(Vec<(u16, u32)>);

impl Waits {
    /// One more wait.
    pub fn take(&mut self, ms: i64) {
        let min = u16::try_from(ms.max(0) / 60_000).unwrap_or(WAIT_MAX_MIN).min(WAIT_MAX_MIN);
        self.put(min, 1);
    }

    fn put(&mut self, min: u16, count: u32) {
        match self.0.binary_search_by_key(&min, |(min, _)| *min) {
            Ok(at) => self.0[at].1 = self.0[at].1.saturating_add(count),
            Err(at) => self.0.insert(at, (min, count)),
        }
    }

    /// Both together.
    pub fn add(&mut self, other: &Self) {
        other.0.iter().for_each(|(min, count)| self.put(*min, *count));
    }

    /// How many.
    pub fn count(&self) -> u64 {
        self.0.iter().map(|(_, count)| u64::from(*count)).sum()
    }

    /// The wait that so many of a hundred do not exceed, in whole minutes; none of nothing.
    pub fn quantile_min(&self, percent: u64) -> Option<u16> {
        let rank = (self.count() * percent).div_ceil(100).max(1);
        let mut passed = 0;
        self.0.iter().find_map(|(min, count)| {
            passed += u64::from(*count);
            (passed >= rank).then_some(*min)
        })
    }
}

/// Ratings by stars, and what they were about.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ratings {
    /// How many of one star, of two …
    pub stars: [u32; 5],
    /// How many were about each of [`ABOUTS`].
    pub about: [u32; 4],
}

impl Ratings {
    pub(super) fn take(&mut self, rating: &Rating) {
        if let Some(count) = usize::from(rating.stars).checked_sub(1).and_then(|at| self.stars.get_mut(at)) {
            *count += 1;
        }
        for (count, about) in self.about.iter_mut().zip(ABOUTS) {
            *count += u32::from(rating.about.contains(&about));
        }
    }

    /// Both together.
    pub fn add(&mut self, other: &Self) {
        self.stars.iter_mut().zip(other.stars).for_each(|(own, other)| *own = own.saturating_add(other));
        self.about.iter_mut().zip(other.about).for_each(|(own, other)| *own = own.saturating_add(other));
    }

    /// How many.
    pub fn count(&self) -> u32 {
        self.stars.iter().sum()
    }

    /// The mean in tenths of a star; none of nothing.
    pub fn mean_tenths(&self) -> Option<u32> {
        let sum: u32 = self.stars.iter().zip(1..).map(|(count, stars)| count * stars).sum();
        (sum * 10 + self.count() / 2).checked_div(self.count())
    }
}
