//! When each announcement of one board is spoken: one after the other, never two at once (I8). Pure.

use jiaohao_domain::Timestamp;
use jiaohao_domain::vocabulary::{Announce, AnnouncementKind};

use super::rules::{Announcement, State};
use super::{clips, clips::Sentence, texts};

/// An announcement is stated to the screens at least this long before it begins, milliseconds: all screens of an area
/// begin at the same moment only if all of them have heard of it.
pub const LEAD_MS: i64 = 500;
/// What begins sooner than this is no longer moved, milliseconds. A screen begins nothing by a plan older than
/// [`BEGINS_BY_MS`]: what it has not heard to be moved it does not begin.
pub const MOVED_MS: i64 = BEGINS_BY_MS + HOUSE_MS;
/// So long after a voice was stopped a screen may still go on with it, milliseconds: the next one waits for that.
pub const STOPPED_MS: i64 = GOES_ON_BY_MS + HOUSE_MS;
/// A screen begins a voice only if it knows the line as it was at most this long before, milliseconds (`voice.js`).
pub const BEGINS_BY_MS: i64 = 2_000;
/// … and goes on with one only as long as that is no older than this, milliseconds (`voice.js`).
pub const GOES_ON_BY_MS: i64 = 3_500;
/// From a decision of this owner until it is on its way to the screens, at most, milliseconds: the log, the projection.
const HOUSE_MS: i64 = 500;
/// Silence between two announcements, milliseconds.
pub const GAP_MS: i64 = 500;
/// More than this behind, English is left out, milliseconds (DOMAIN, Announcements).
pub const ENGLISH_LEFT_OUT_MS: i64 = 20_000;
/// More than this behind, the second repeat is left out too, milliseconds (DOMAIN, Announcements).
pub const REPEAT_LEFT_OUT_MS: i64 = 40_000;
/// More than this behind, the voice is dropped and the caller told: a voice two minutes after the call sends people
/// who have given up listening. Emergencies are spoken however late.
pub const DROPPED_MS: i64 = 120_000;
/// How often an announcement is spoken when the line keeps up.
pub const REPEATS: u8 = 2;

/// One voice in its turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Turn {
    /// When it begins.
    pub starts_at: Timestamp,
    /// When it has ended for sure.
    pub ends_at: Timestamp,
    /// Whether English follows the Chinese.
    pub english: bool,
    /// How often.
    pub repeat: u8,
}

/// The class of an announcement in the line: emergency, then first calls, then summonses and recalls as they come. An
/// emergency recalled more than once takes its turn with the recalls: it would keep all others from being heard.
pub fn class(request: &Announce) -> u8 {
    match request.kind {
        AnnouncementKind::Emergency if request.round > 2 => 2,
        AnnouncementKind::Emergency => 0,
        AnnouncementKind::FirstCall => 1,
        AnnouncementKind::Summons | AnnouncementKind::Recall => 2,
    }
}

/// Whether the announcement's voice can no longer be moved: it speaks, or a screen may begin it whatever it is told now.
pub fn is_fixed(announcement: &Announcement, now: Timestamp) -> bool {
    announcement.starts_at <= now.plus_ms(MOVED_MS)
}

/// Until when a voice is taken by what speaks, is about to or has just spoken.
pub fn taken_until(state: &State, now: Timestamp) -> Timestamp {
    let fixed = state.line.iter().filter(|one| one.speaks() && is_fixed(one, now)).map(|one| one.ends_at);
    fixed.fold(state.free_at, Timestamp::max)
}

/// Gives a turn to each announcement whose voice has not begun, in the order of their turns; `None` when it would come
/// too late to be spoken at all.
pub fn turns<'a>(
    state: &'a State,
    waiting: Vec<&'a Announcement>,
    now: Timestamp,
) -> Vec<(&'a Announcement, Option<Turn>)> {
    let mut waiting = waiting;
    waiting.sort_by_key(|one| (class(&one.request), one.serial));
    let mut free_at = taken_until(state, now);
    waiting
        .into_iter()
        .map(|one| {
            let starts_at = free_at.plus_ms(GAP_MS).max(now.plus_ms(LEAD_MS));
            let behind_ms = starts_at.ms_since(one.asked_at);
            if behind_ms > DROPPED_MS && one.request.kind != AnnouncementKind::Emergency {
                return (one, None);
            }
            let english = state.english() && behind_ms <= ENGLISH_LEFT_OUT_MS;
            let repeat = if behind_ms <= REPEAT_LEFT_OUT_MS { REPEATS } else { 1 };
            let (length_ms, english) = match said(state, &one.request, english) {
                Some(said) => (i64::from(said.ms), said.english),
                None => (length_ms(&one.request, state.yao(), english), english),
            };
            let ends_at = starts_at.plus_ms(length_ms * i64::from(repeat));
            free_at = ends_at;
            (one, Some(Turn { starts_at, ends_at, english, repeat }))
        })
        .collect()
}

/// What the site's voice pack says once; none: it has no pack, or not one that can say the number.
pub fn said(state: &State, request: &Announce, english: bool) -> Option<Sentence> {
    clips::sentence(request, state.yao(), english, state.voice.as_ref()?)
}

/// How long a voice of the screen's own may take to speak this once, milliseconds.
pub fn length_ms(request: &Announce, yao: bool, english: bool) -> i64 {
    let chinese_ms = texts::spoken_zh_ms(&texts::spoken_zh(request, yao));
    if english { chinese_ms + texts::spoken_en_ms(&texts::spoken_en(request)) } else { chinese_ms }
}
