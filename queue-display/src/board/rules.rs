//! What a screen shows, from what the departments and the board's line know. Pure. Masking is here: a screen receives
//! numbers, masked names where the department allows them, places, doctors, and nothing else about a patient (I7).

use jiaohao_domain::time::Zone;
use jiaohao_domain::vocabulary::AnnouncementKind;
use jiaohao_domain::{AnnouncementId, CallId, Timestamp};
use serde::Serialize;

use crate::announce::{Announcement, State, plan, texts};

/// What the screens of one board are made from, in order of the departments on it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BoardInput {
    /// One for each department whose queues the board shows.
    pub departments: Vec<DepartmentInput>,
}

/// What one department gives to a board: only its queues that the board shows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DepartmentInput {
    /// The neutral name that its screens bear.
    pub neutral_name: Option<String>,
    /// Patients who are called, summoned or with a doctor.
    pub calls: Vec<CallInput>,
    /// Rooms where somebody works, and queues where nobody does yet: people wait there, or somebody comes.
    pub rooms: Vec<RoomInput>,
    /// Missed numbers with the time since when.
    pub missed: Vec<(Timestamp, String)>,
    /// What people in the area should know.
    pub notices: Vec<Notice>,
}

/// One patient who is called, summoned or with a doctor.
#[derive(Clone, Debug, PartialEq)]
pub struct CallInput {
    /// The act of calling.
    pub call: CallId,
    /// The number.
    pub number: String,
    /// The name by which the department's screens call; none: by the number alone.
    pub name: Option<String>,
    /// The service point's name and English name.
    pub place: String,
    /// In English.
    pub place_en: String,
    /// How it stands.
    pub state: CallState,
    /// Since when: a recall is a new time.
    pub at: Timestamp,
    /// An emergency's.
    pub emergency: bool,
}

/// How a call on the screen stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CallState {
    /// 请就诊.
    Called,
    /// 请候诊, at the room's door.
    Summoned,
    /// 就诊中.
    Serving,
}

/// One room, or one queue without a room yet.
#[derive(Clone, Debug, PartialEq)]
pub struct RoomInput {
    /// Order among the rooms.
    pub order: u32,
    /// The room's name (a queue's, where nobody works yet).
    pub place: String,
    /// In English.
    pub place_en: String,
    /// Who works there.
    pub doctor: String,
    /// In English, where that is known.
    pub doctor_en: String,
    /// With which title.
    pub title: String,
    /// Numbers in the order in which they will be called, without those at the door.
    pub waiting: Vec<String>,
    /// Numbers at the door, in order.
    pub at_door: Vec<String>,
    /// Its doctor has paused: nobody is called here now.
    pub paused: bool,
    /// When who comes now will be called, if that is known and anybody waits.
    pub expected: Option<(Timestamp, Timestamp)>,
    /// Where nobody works yet: when somebody begins, by plan and the delay that was told.
    pub opens: Option<Timestamp>,
}

/// A line at the foot of the screen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Notice {
    /// In Chinese.
    pub zh: String,
    /// In English.
    pub en: String,
}

/// The screen: the snapshot of `board:{id}`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BoardView {
    /// What the board is.
    pub board: BoardHead,
    /// Version of the site's voice pack (`/voice/{site}/{version}/manifest.json`); null: there is none.
    pub voice: Option<String>,
    /// The time of the snapshot, RFC 3339.
    pub now: String,
    /// Newest first.
    pub calls: Vec<CallView>,
    /// In order of the rooms.
    pub rooms: Vec<RoomView>,
    /// Missed numbers, longest first.
    pub missed: Vec<String>,
    /// Every announcement that has not ended, in order of their turns.
    pub announcements: Vec<AnnouncementView>,
    /// At the foot.
    pub notices: Vec<Notice>,
}

/// What the board is.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BoardHead {
    /// Its id.
    pub id: String,
    /// Name of the waiting area, or the neutral name.
    pub name: String,
    /// In English.
    pub name_en: String,
    /// Whether its screens speak.
    pub speaks: bool,
    /// Whether English follows.
    pub english: bool,
    /// 幺 for 一 in numbers.
    pub yao: bool,
    /// So many rows of rooms take turns on its screens; of more they say how many there are.
    pub rows_max: usize,
}

/// One row of calls.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CallView {
    /// Which call.
    pub call: CallId,
    /// The number.
    pub number: String,
    /// The masked name; null where only numbers are shown.
    pub name: Option<String>,
    /// Where to.
    pub place: String,
    /// In English.
    pub place_en: String,
    /// How it stands.
    pub state: CallState,
    /// Since when, RFC 3339.
    pub at: String,
    /// An emergency's.
    pub emergency: bool,
}

/// One room.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RoomView {
    /// Its name.
    pub place: String,
    /// In English.
    pub place_en: String,
    /// Who works there.
    pub doctor: String,
    /// In English, where that is known.
    pub doctor_en: String,
    /// With which title.
    pub title: String,
    /// Numbers in the order in which they will be called.
    pub waiting: Vec<String>,
    /// Numbers at the door.
    pub at_door: Vec<String>,
    /// Its doctor has paused.
    pub paused: bool,
    /// When who comes now will be called; null when unknown, and where nobody waits.
    pub expected: Option<Expected>,
    /// Where nobody works yet: when somebody begins, RFC 3339.
    pub opens: Option<String>,
}

/// A range of clock times.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Expected {
    /// RFC 3339.
    pub from: String,
    /// RFC 3339.
    pub to: String,
}

/// One announcement, ready to be shown and spoken.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AnnouncementView {
    /// Its id: what a screen confirms.
    pub announcement: AnnouncementId,
    /// Of which call.
    pub call: CallId,
    /// What kind.
    pub kind: AnnouncementKind,
    /// What is shown.
    pub shown: String,
    /// When the voice begins, RFC 3339.
    pub starts_at: String,
    /// When it has ended, RFC 3339; one without a voice: until when it is to be confirmed as shown.
    pub ends_at: String,
    /// What is spoken in Chinese; null when nothing is spoken.
    pub zh: Option<String>,
    /// What is spoken in English after it; null when it is left out.
    pub en: Option<String>,
    /// Whether all of it is said a second time.
    pub repeat: bool,
    /// The same in clips of the site's voice pack; null: nothing is spoken, or the pack cannot say it.
    pub said: Option<SaidView>,
}

/// An announcement in clips of a voice pack, said once.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SaidView {
    /// How long it takes with the pause after it, milliseconds: then it is said again.
    pub ms: u32,
    /// In order.
    pub clips: Vec<ClipView>,
}

/// One clip in its turn.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ClipView {
    /// Language and words: `zh/请`.
    pub clip: String,
    /// When it begins, milliseconds after the announcement.
    pub at_ms: u32,
}

/// The whole screen; none while the board is not defined.
pub fn view(line: &State, input: &BoardInput, now: Timestamp, zone: Zone) -> Option<BoardView> {
    Some(BoardView {
        board: head(line, input)?,
        voice: line.voice.as_ref().map(|voice| voice.version.clone()),
        now: zone.rfc3339(now),
        calls: calls(input, zone),
        rooms: rooms(input, zone),
        missed: missed(input),
        announcements: announcements(line, zone),
        notices: notices(input),
    })
}

/// What the board is; none while it is not defined. One department with a neutral name makes the whole screen neutral.
pub fn head(line: &State, input: &BoardInput) -> Option<BoardHead> {
    let board = line.definition.as_ref()?;
    let neutral = input.departments.iter().find_map(|department| department.neutral_name.clone());
    Some(BoardHead {
        id: board.id.to_string(),
        name_en: if neutral.is_some() { String::new() } else { board.name_en.clone() },
        name: neutral.unwrap_or_else(|| board.name.clone()),
        speaks: board.speaks,
        english: board.english,
        yao: board.yao,
        rows_max: super::ROWS_MAX,
    })
}

/// The rows of calls, newest first.
pub fn calls(input: &BoardInput, zone: Zone) -> Vec<CallView> {
    let mut calls: Vec<_> = input.departments.iter().flat_map(|department| department.calls.clone()).collect();
    // Of one moment, who is called stands above who is summoned to the door.
    calls.sort_by(|a, b| (b.at, a.state, &b.call).cmp(&(a.at, b.state, &a.call)));
    let view = |call: CallInput| CallView {
        name: call.name.as_deref().and_then(masked).map(str::to_owned),
        call: call.call,
        number: call.number,
        place: call.place,
        place_en: call.place_en,
        state: call.state,
        at: zone.rfc3339(call.at),
        emergency: call.emergency,
    };
    calls.into_iter().map(view).collect()
}

/// The rooms in their order.
pub fn rooms(input: &BoardInput, zone: Zone) -> Vec<RoomView> {
    let mut rooms: Vec<&RoomInput> = input.departments.iter().flat_map(|department| &department.rooms).collect();
    rooms.sort_by_key(|room| room.order);
    let expected = |(from, to): (Timestamp, Timestamp)| Expected { from: zone.rfc3339(from), to: zone.rfc3339(to) };
    let view = |room: &RoomInput| RoomView {
        place: room.place.clone(),
        place_en: room.place_en.clone(),
        doctor: room.doctor.clone(),
        doctor_en: room.doctor_en.clone(),
        title: room.title.clone(),
        waiting: room.waiting.clone(),
        at_door: room.at_door.clone(),
        paused: room.paused,
        expected: room.expected.map(expected),
        opens: room.opens.map(|at| zone.rfc3339(at)),
    };
    rooms.into_iter().map(view).collect()
}

/// The missed numbers, longest first.
pub fn missed(input: &BoardInput) -> Vec<String> {
    let mut missed: Vec<_> = input.departments.iter().flat_map(|department| &department.missed).collect();
    missed.sort();
    missed.into_iter().map(|(_, number)| number.clone()).collect()
}

/// The lines at the foot, each once: a doctor of two departments stops in both.
pub fn notices(input: &BoardInput) -> Vec<Notice> {
    let mut notices: Vec<Notice> = Vec::new();
    for notice in input.departments.iter().flat_map(|department| &department.notices) {
        if !notices.contains(notice) {
            notices.push(notice.clone());
        }
    }
    notices
}

/// Every announcement on the line, in order of their turns.
pub fn announcements(line: &State, zone: Zone) -> Vec<AnnouncementView> {
    let mut all: Vec<&Announcement> = line.line.iter().collect();
    all.sort_by_key(|one| (one.starts_at, one.serial));
    all.into_iter().map(|one| announcement(line, one, zone)).collect()
}

/// One announcement as screens receive it.
pub fn announcement(line: &State, one: &Announcement, zone: Zone) -> AnnouncementView {
    let name = one.request.masked_name.as_deref().and_then(masked);
    AnnouncementView {
        announcement: one.id.clone(),
        call: one.request.call.clone(),
        kind: one.request.kind,
        shown: texts::shown(&one.request, name),
        starts_at: zone.rfc3339(one.starts_at),
        // Nothing is said: it is to be shown until nobody waits for the receipt any more.
        ends_at: zone.rfc3339(if one.speaks() { one.ends_at } else { one.shown_by }),
        zh: one.speaks().then(|| one.zh.clone()),
        en: one.en.clone().filter(|_| one.speaks()),
        repeat: one.repeat > 1,
        said: said(line, one),
    }
}

/// What a screen plays of an announcement: never more than fits into its turn, which a change of the pack leaves as it is
/// once it is about to begin.
fn said(line: &State, one: &Announcement) -> Option<SaidView> {
    let said = plan::said(line, &one.request, one.en.is_some()).filter(|_| one.speaks())?;
    let fits = i64::from(said.ms) * i64::from(one.repeat) <= one.ends_at.ms_since(one.starts_at);
    let clips = said.clips.into_iter().map(|clip| ClipView { clip: clip.name, at_ms: clip.at_ms }).collect();
    fits.then_some(SaidView { ms: said.ms, clips })
}

/// The name if it is masked. A name without a masking star was never masked: no screen receives it (I7).
fn masked(name: &str) -> Option<&str> {
    name.contains('*').then_some(name)
}
