//! Whether a board can say in time what is planned for it: how many patients its rooms call in their busiest hour, and how
//! many calls its one line can speak before those who are called are no longer told within a minute. Pure.
//!
//! Calls alone count: who is summoned to a door, or called once more, is spoken in between, and late if need be.

use std::collections::BTreeSet;

use jiaohao_domain::Timestamp;
use jiaohao_domain::vocabulary::{Announce, AnnouncementKind};

use super::plan::GAP_MS;
use super::texts;

/// So much of its time a line may speak calls in their shortest form, percent: they come in crowds, and beyond this one in a
/// hundred begins more than a minute late (`tests::calls_within_a_boards_plan_are_heard_within_a_minute`).
const BUSY_PERCENT: i64 = 52;
/// Where nothing is planned yet a room is taken to see so many an hour: half an hour's slot of six.
pub const USUAL_PER_HOUR: u32 = 12;
const HOUR_MS: i64 = 3_600_000;

/// Patients that are to be called in a department between two moments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Planned {
    /// From.
    pub from: Timestamp,
    /// To.
    pub to: Timestamp,
    /// How many.
    pub patients: u32,
    /// Whether this board says their calls.
    pub is_said: bool,
}

/// What a department has that calls on the board.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rooms {
    /// How many rooms.
    pub all: u32,
    /// In how many of them somebody calls for whom nothing is planned: there it goes on as is usual.
    pub unplanned: u32,
    /// Sessions of the department, those of other boards too: they are seen in the same rooms.
    pub sessions: Vec<Planned>,
}

impl Rooms {
    /// Calls at a moment, in thousandths of one an hour. Sessions count as they are planned; what is usual comes on top, as far
    /// as the rooms leave time for it.
    fn rate_at(&self, moment: Timestamp) -> i64 {
        let running = || self.sessions.iter().filter(|one| one.from <= moment && moment < one.to);
        let (mut said, mut all) = (0, 0_i64);
        for one in running() {
            let rate = (i64::from(one.patients) * 1000).saturating_mul(HOUR_MS) / one.to.ms_since(one.from).max(1);
            all = all.saturating_add(rate);
            said += if one.is_said { rate } else { 0 };
        }
        let usual = |rooms: u32| i64::from(rooms) * i64::from(USUAL_PER_HOUR) * 1000;
        said + usual(self.unplanned).min((usual(self.all) - all).max(0))
    }
}

/// What a board is planned to say, if that is too much.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Overfull {
    /// Calls in the busiest hour.
    pub calls_per_hour: u32,
    /// As many as are heard in time.
    pub calls_per_hour_max: u32,
}

/// How many calls an hour to these places are heard in time. The line leaves English and the repeat out when it
/// falls behind, so that only the Chinese said once counts.
pub fn calls_per_hour_max<'a>(places: impl IntoIterator<Item = &'a str>, yao: bool) -> u32 {
    let lengths: Vec<i64> = places.into_iter().map(|place| shortest_ms(place, yao)).collect();
    let length_ms = match i64::try_from(lengths.len()) {
        Ok(count @ 1..) => lengths.iter().sum::<i64>() / count,
        _ => shortest_ms("3号诊室", yao),
    };
    u32::try_from(HOUR_MS * BUSY_PERCENT / 100 / (length_ms + GAP_MS)).unwrap_or(u32::MAX)
}

fn shortest_ms(place: &str, yao: bool) -> i64 {
    let call = Announce {
        board: "s.b".into(),
        call: "s.d.c1".into(),
        round: 1,
        kind: AnnouncementKind::FirstCall,
        number: "A012".to_owned(),
        masked_name: None,
        place: place.to_owned(),
        place_en: String::new(),
    };
    texts::spoken_zh_ms(&texts::spoken_zh(&call, yao))
}

/// Calls an hour when most is planned at once, rounded up.
pub fn calls_per_hour(departments: &[Rooms]) -> u32 {
    // It rises where a session begins, or ends and leaves room to what is usual.
    let sessions = departments.iter().flat_map(|rooms| &rooms.sessions);
    let moments: BTreeSet<Timestamp> = sessions.flat_map(|one| [one.from, one.to]).chain([Timestamp(0)]).collect();
    let at = |moment: Timestamp| -> i64 { departments.iter().map(|rooms| rooms.rate_at(moment)).sum() };
    let most = moments.into_iter().map(at).max().unwrap_or(0);
    u32::try_from((most + 999) / 1000).unwrap_or(u32::MAX)
}

/// Whether more is planned than a board can say in time.
pub fn overfull<'a>(departments: &[Rooms], places: impl IntoIterator<Item = &'a str>, yao: bool) -> Option<Overfull> {
    let (calls_per_hour, calls_per_hour_max) = (calls_per_hour(departments), calls_per_hour_max(places, yao));
    (calls_per_hour > calls_per_hour_max).then_some(Overfull { calls_per_hour, calls_per_hour_max })
}
