//! Time as a value: UTC milliseconds, the explicit hospital-local business day, and the one conversion between them.

use chrono::{Datelike, NaiveDate, NaiveTime, TimeZone};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How far ahead a session may be planned or a visit registered, in days.
pub const AHEAD_DAYS: i64 = 366;

/// A point in time, UTC, milliseconds since 1970. On the wire it is RFC 3339 with the site's offset (see the edge).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// The same moment, `ms` milliseconds later (earlier when negative).
    pub fn plus_ms(self, ms: i64) -> Self {
        Self(self.0.saturating_add(ms))
    }
    /// The same moment, `s` seconds later.
    pub fn plus_s(self, s: i64) -> Self {
        self.plus_ms(s.saturating_mul(1000))
    }
    /// The same moment, `min` minutes later.
    pub fn plus_min(self, min: i64) -> Self {
        self.plus_s(min.saturating_mul(60))
    }
    /// Milliseconds from `earlier` to here (negative when `earlier` is later).
    pub fn ms_since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }
}

/// The explicit hospital-local date to which work belongs. Never computed by adding hours to a timestamp.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct BusinessDate(#[schemars(with = "String")] pub NaiveDate);

impl BusinessDate {
    /// `20261123`: how ids carry the day.
    pub fn compact(self) -> String {
        // Not by chrono's format: it is a part of every booking's id.
        let number = self.0.year() * 10_000 + (self.0.month() * 100 + self.0.day()) as i32;
        format!("{number:08}")
    }
    /// Reads [`Self::compact`] back.
    pub fn from_compact(text: &str) -> Option<Self> {
        if text.len() != 8 || !text.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let number = |part: &str| part.parse::<u32>().ok();
        let year = i32::try_from(number(&text[..4])?).ok()?;
        NaiveDate::from_ymd_opt(year, number(&text[4..6])?, number(&text[6..])?).map(Self)
    }
    /// The date `days` later.
    pub fn plus_days(self, days: i64) -> Self {
        Self(self.0 + chrono::Duration::days(days))
    }
}

/// A site's time zone by its IANA name (`Asia/Shanghai`), checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Zone(chrono_tz::Tz);

impl Zone {
    /// The zone of that IANA name, if there is one.
    pub fn named(name: &str) -> Option<Self> {
        name.parse().ok().map(Self)
    }
    /// UTC: of what belongs to no site.
    pub fn utc() -> Self {
        Self(chrono_tz::UTC)
    }
    /// Every zone's IANA name, in the order of the alphabet.
    pub fn names() -> impl Iterator<Item = &'static str> {
        chrono_tz::TZ_VARIANTS.iter().map(|zone| zone.name())
    }
    /// The IANA name.
    pub fn name(self) -> &'static str {
        self.0.name()
    }
    /// The moment of a wall-clock time on a date. A time that the clocks skip is the first moment after the gap; a
    /// time that comes twice is its first coming.
    pub fn moment(self, date: BusinessDate, time: NaiveTime) -> Timestamp {
        let local = date.0.and_time(time);
        (0..=180)
            .find_map(|minutes| self.0.from_local_datetime(&(local + chrono::Duration::minutes(minutes))).earliest())
            .map_or(Timestamp(local.and_utc().timestamp_millis()), |at| Timestamp(at.timestamp_millis()))
    }
    /// The moment of a minute after midnight of the wall clock; 1440 is the next midnight.
    pub fn at_minute(self, date: BusinessDate, minute: u32) -> Timestamp {
        match NaiveTime::from_hms_opt(minute / 60, minute % 60, 0) {
            Some(time) => self.moment(date, time),
            None => self.moment(date.plus_days(1), NaiveTime::MIN),
        }
    }
    /// The date that the wall calendar of the site shows at `at`.
    pub fn date(self, at: Timestamp) -> BusinessDate {
        BusinessDate(self.0.timestamp_millis_opt(at.0).earliest().map_or(NaiveDate::MIN, |at| at.date_naive()))
    }
    /// RFC 3339 with the site's offset, millisecond precision.
    pub fn rfc3339(self, at: Timestamp) -> String {
        self.0
            .timestamp_millis_opt(at.0)
            .earliest()
            .map_or_else(String::new, |at| at.to_rfc3339_opts(chrono::SecondsFormat::Millis, true))
    }
    /// `HH:MM` on the site's wall clock.
    pub fn clock(self, at: Timestamp) -> String {
        self.0.timestamp_millis_opt(at.0).earliest().map_or_else(String::new, |at| at.format("%H:%M").to_string())
    }
}

/// `HH:MM` of a wall clock as minutes after midnight; `24:00`, the next midnight, is 1440.
pub fn minute_of_day(text: &str) -> Option<u32> {
    let (hours, minutes) = text.split_once(':')?;
    let is_number = |text: &str| text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
    let two_digits = |text: &str| is_number(text).then(|| text.parse::<u32>().ok()).flatten();
    let (hours, minutes) = (two_digits(hours)?, two_digits(minutes)?);
    let at = hours * 60 + minutes;
    (minutes < 60 && at <= 24 * 60).then_some(at)
}
