//! Reaching people: what they are told beside the screens, by which ways, and when they are left in peace. Pure; the
//! person's owner ([`crate::patient`]) decides by it, the department ([`crate::floor`]) says what there is to tell.

use serde::{Deserialize, Serialize};

use crate::time::{Timestamp, Zone};

/// Whoever has not so many before them any more is told "three before you".
pub const NEARING: usize = 3;
/// A way that nobody has confirmed by after this, in seconds, is followed by the next one.
pub const CONFIRM_WITHIN_S: i64 = 60;
/// That there is no clinic has reached a person who has read it within this, in seconds; whoever has not is telephoned.
pub const READ_WITHIN_S: i64 = 30 * 60;
/// A notice that no word has come of after this, in seconds, is sent again, under the same id.
pub const WORD_WITHIN_S: i64 = 20;
/// So many notices of a person are kept.
pub const NOTICES_KEPT: usize = 50;
/// So many addresses outside are kept of a person.
pub const ADDRESSES_MAX: usize = 16;

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $wire:literal;)+) => {
        /// What a notice tells.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum About { $($(#[$doc])* $name),+ }

        impl About {
            /// Each kind.
            pub const ALL: &'static [About] = &[$(About::$name),+];
            /// As it stands on the wire.
            pub fn wire(self) -> &'static str { match self { $(About::$name => $wire),+ } }
        }
    };
}

// Kinds stand in the log by their place: append only.
kinds! {
    /// At most three are before you.
    ThreeBefore = "three_before";
    /// You are called.
    Called = "called";
    /// The clinic begins later.
    Delayed = "delayed";
    /// 停诊.
    Stopped = "stopped";
    /// A delay or a stop that was told is taken back: the clinic begins as planned.
    AsPlanned = "as_planned";
    /// A place that was waited for is offered.
    Offered = "offered";
    /// Somebody of the hospital has booked for the person.
    Booked = "booked";
    /// Somebody of the hospital has cancelled the booking.
    Cancelled = "cancelled";
    /// What was paid by phone has gone back.
    Refunded = "refunded";
    /// It does not go back by the way in which it was paid: the desk gives it.
    RefundAtDesk = "refund_at_desk";
    /// The day before: when the person is expected.
    Reminder = "reminder";
}

impl About {
    /// Arrived is not read: only the person's own word counts.
    pub fn is_to_be_read(self) -> bool {
        self == Self::Stopped
    }

    /// Whether it tells people at home of their clinic's time, all of them: the desk counts whom it has reached.
    pub fn is_of_the_clinic(self) -> bool {
        matches!(self, Self::Delayed | Self::Stopped | Self::AsPlanned)
    }

    /// Whether it tells what was done to the one booking, or to its money.
    pub fn is_of_the_booking(self) -> bool {
        matches!(self, Self::Booked | Self::Cancelled) || self.is_of_money()
    }

    /// Whether it tells of money, with how much.
    pub fn is_of_money(self) -> bool {
        matches!(self, Self::Refunded | Self::RefundAtDesk)
    }

    /// Whether it is told to people at home, with whose clinic and when; else to who is here.
    pub fn is_at_home(self) -> bool {
        matches!(self, Self::Offered | Self::Reminder) || self.is_of_the_clinic() || self.is_of_the_booking()
    }
}

/// By which way somebody is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Way {
    /// The phone's page, while it is open.
    App,
    /// A WeChat service message.
    WeChat,
    /// A push message of the browser.
    Push,
    /// A text message.
    Sms,
}

impl Way {
    /// Each way, as one lane and one count is kept of each.
    pub const ALL: [Self; 4] = [Self::App, Self::WeChat, Self::Push, Self::Sms];

    /// As it stands on the wire.
    pub fn wire(self) -> &'static str {
        match self {
            Self::App => "app",
            Self::WeChat => "wechat",
            Self::Push => "push",
            Self::Sms => "sms",
        }
    }
}

/// What came of sending a notice by a way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum SendOutcome {
    /// It is on its way.
    Taken,
    /// It has arrived.
    Arrived,
    /// It has not arrived, or cannot.
    Failed,
    /// There is no address, or the hospital has no such way.
    NoAddress,
}

/// From when to when, in minutes after the site's midnight, people are left in peace: 22:00 to 07:00.
const QUIET: (u16, u16) = (22 * 60, 7 * 60);

/// Whether people are left in peace at this minute after midnight.
pub fn is_quiet(minute: u16) -> bool {
    let (from, to) = QUIET;
    minute >= from || minute < to
}

/// Who is to come before the morning, or less than so many minutes after it begins, cannot wait for it.
const SET_OUT_MIN: i64 = 60;
/// A clinic that stops within this, in milliseconds, is told at once.
const SOON_MS: i64 = 24 * 3600 * 1000;

/// Until when a notice waits; none: it is sent at once. Whoever is called or nearly is stands in the clinic, and who would
/// go there for nothing today or tomorrow, or would have set out by the morning, is told at night too. `of` is when that
/// begins which it is about; money is about nothing that begins, and wakes nobody.
pub fn waits_until(about: About, of: Timestamp, now: Timestamp, zone: Zone) -> Option<Timestamp> {
    match about {
        // Offers and reminders are made in the daytime, and do not wait.
        About::ThreeBefore | About::Called | About::Offered | About::Reminder => return None,
        About::Stopped | About::Cancelled if of.ms_since(now) <= SOON_MS => return None,
        About::Delayed | About::Stopped | About::AsPlanned | About::Booked | About::Cancelled => {}
        About::Refunded | About::RefundAtDesk => {}
    }
    let today = zone.date(now);
    let of_day = |date, minutes: u16| zone.moment(date, chrono::NaiveTime::MIN).plus_min(minutes.into());
    let (from, to) = QUIET;
    let morning = match of_day(today, to) {
        morning if now < morning => morning,
        _ if now >= of_day(today, from) => of_day(today.plus_days(1), to),
        _ => return None,
    };
    (about.is_of_money() || of >= morning.plus_min(SET_OUT_MIN)).then_some(morning)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::BusinessDate;

    #[test]
    fn quiet_hours_hold_back_what_can_wait_and_nothing_else() {
        let zone = Zone::named("Asia/Shanghai").unwrap();
        let at = |day: &str, time: &str| {
            let time = chrono::NaiveTime::parse_from_str(time, "%H:%M").unwrap();
            zone.moment(BusinessDate::from_compact(day).unwrap(), time)
        };
        let (evening, night, morning) = (at("20261123", "22:00"), at("20261124", "06:59"), at("20261124", "07:00"));
        let (soon, later) = (at("20261124", "08:00"), at("20261126", "08:00"));
        use About::*;
        for (about, of, now, until) in [
            (ThreeBefore, soon, night, None),
            (Called, soon, night, None),
            (Stopped, soon, evening, None),
            (Stopped, evening.plus_s(24 * 3600), evening, None),
            (Stopped, later, evening, Some(morning)),
            (Stopped, later, night, Some(morning)),
            (Stopped, later, morning, None),
            (Delayed, soon, evening, Some(morning)),
            (Delayed, soon, night, Some(morning)),
            (Delayed, soon, morning, None),
            (Delayed, soon, at("20261123", "21:59"), None),
            (AsPlanned, soon, night, Some(morning)),
            (AsPlanned, soon, morning, None),
            (Delayed, at("20261123", "23:00"), at("20261123", "22:05"), None),
            (Delayed, at("20261124", "06:30"), at("20261124", "06:10"), None),
            (AsPlanned, at("20261124", "07:59"), evening, None),
            (Booked, soon, evening, Some(morning)),
            (Booked, soon, morning, None),
            (Cancelled, soon, night, None),
            (Cancelled, later, night, Some(morning)),
            (Refunded, soon.plus_s(-48 * 3600), night, Some(morning)),
            (Refunded, soon, morning, None),
            (RefundAtDesk, at("20261123", "23:00"), evening, Some(morning)),
        ] {
            assert_eq!(waits_until(about, of, now, zone), until, "{about:?} of {of:?} at {now:?}");
        }
    }
}
