//! The owner of one board's announcement line: decides what is spoken when, and whether it was seen and heard. Pure.
//!
//! All times are the owner's clinic time. The limits are machine time (ARCHITECTURE, Time): at clock speed 1 they are
//! the same; above it a board does not speak at all and the limit for `shown` is stretched by the speed.

use jiaohao_domain::vocabulary::{
    Announce, AnnouncementProblem, Answer, DefineBoard, ToBoard, ToDepartment, VoicePack,
};
use jiaohao_domain::{AnnouncementId, BoardId, CallId, Context, Draft, Message, Outgoing, Owner, OwnerKind, OwnerRef};
use jiaohao_domain::{Rejection, ScreenId, Timestamp};
use serde::{Deserialize, Serialize};

use super::receipts::{is_awaited, not_confirmed};
use super::{plan, texts};

/// A screen of the area confirms that a call is shown within this time, milliseconds (DOMAIN, Receipts).
pub const SHOWN_WITHIN_MS: i64 = 5_000;
/// … and that it was spoken, this long after its turn, milliseconds (DOMAIN, Receipts).
pub const SPOKEN_WITHIN_MS: i64 = 5_000;
/// No board has more announcements under way than this; a further one is refused and its caller told. At one call a
/// second for a minute nobody listens any more.
pub const LINE_MAX: usize = 256;

/// What is known about a receipt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Receipt {
    /// Nothing is to be confirmed.
    NotWanted,
    /// Not yet.
    Awaited,
    /// A screen has confirmed.
    Confirmed,
    /// No screen has, within the limit; the caller has been told.
    Missing,
}

/// One announcement on the line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Announcement {
    /// Its id.
    pub id: AnnouncementId,
    /// Order of asking.
    pub serial: u64,
    /// What was asked for.
    pub request: Announce,
    /// When.
    pub asked_at: Timestamp,
    /// What is spoken in Chinese.
    pub zh: String,
    /// What is spoken in English after it, if it is.
    pub en: Option<String>,
    /// When the voice begins.
    pub starts_at: Timestamp,
    /// When it has ended for sure.
    pub ends_at: Timestamp,
    /// How often it is spoken; 0: shown only.
    pub repeat: u8,
    /// Until when `shown` is to be confirmed.
    pub shown_by: Timestamp,
    /// Until when `spoken` is to be confirmed.
    pub spoken_by: Timestamp,
    /// Whether a screen has it on the glass.
    pub shown: Receipt,
    /// Whether a screen has spoken it.
    pub spoken: Receipt,
}

impl Announcement {
    /// Whether it has a voice.
    pub fn speaks(&self) -> bool {
        self.repeat > 0
    }
    fn is_settled(&self) -> bool {
        self.shown != Receipt::Awaited && self.spoken != Receipt::Awaited
    }
}

/// Why a voice was dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum DropReason {
    /// The call is over: nobody needs to be told.
    CallOver,
    /// It would have come too late.
    TooLate,
    /// The board does not speak any more.
    Silenced,
}

/// Why an announcement was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RefusalReason {
    /// There is no such board (any more).
    NoBoard,
    /// [`LINE_MAX`].
    LineFull,
}

/// Everything the line knows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// Which board.
    pub board: BoardId,
    /// What the site has defined; absent before, and after it was retired.
    pub definition: Option<DefineBoard>,
    /// Clinic time per machine time.
    pub clock_speed: u32,
    /// The serial of the last announcement.
    pub last_serial: u64,
    /// Announcements with a receipt outstanding or a voice to come, in the order in which they were asked for.
    pub line: Vec<Announcement>,
    /// A voice that has left the line speaks until then.
    pub free_at: Timestamp,
    /// What the site's voice pack can say; absent: screens speak with a voice of their own, if they have one.
    pub voice: Option<VoicePack>,
}

impl State {
    /// Whether this board speaks: it should, and time is real.
    pub fn speaks(&self) -> bool {
        self.clock_speed == 1 && self.definition.as_ref().is_some_and(|board| board.speaks)
    }
    /// Whether English follows.
    pub fn english(&self) -> bool {
        self.definition.as_ref().is_some_and(|board| board.english)
    }
    /// Whether 1 in numbers is 幺.
    pub fn yao(&self) -> bool {
        self.definition.as_ref().is_some_and(|board| board.yao)
    }
    pub(super) fn find(&self, id: &AnnouncementId) -> Option<&Announcement> {
        self.line.iter().find(|one| one.id == *id)
    }
}

/// What can have happened on a board's line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Event {
    /// The site has said what the board is.
    BoardConfigured(DefineBoard),
    /// The site has retired it; the line is empty.
    BoardRetired,
    /// The clock runs at this speed.
    ClockSpeedChanged { speed: u32 },
    /// A new announcement in its turn, or a waiting one in another turn.
    AnnouncementScheduled(Box<Announcement>),
    /// This voice is not spoken, or stops now; the next may begin after `free_at`. With `ended` it leaves the line,
    /// else it is still to be confirmed as shown.
    AnnouncementDropped {
        announcement: AnnouncementId,
        call: CallId,
        round: u32,
        reason: DropReason,
        free_at: Timestamp,
        ended: bool,
    },
    /// A screen has it on the glass.
    AnnouncementShown { announcement: AnnouncementId, screen: Option<ScreenId> },
    /// A screen has spoken it.
    AnnouncementSpoken { announcement: AnnouncementId, screen: Option<ScreenId> },
    /// No screen has confirmed in time.
    AnnouncementNotConfirmed { announcement: AnnouncementId, call: CallId, round: u32, problem: AnnouncementProblem },
    /// Not taken; the caller is told.
    AnnouncementRefused { board: BoardId, call: CallId, round: u32, reason: RefusalReason },
    /// The site's voice pack is another one, or there is none any more.
    VoiceChanged { voice: Option<VoicePack> },
}

/// The owner of one board's announcement line.
#[derive(Debug)]
pub struct Board;

impl Owner for Board {
    const KIND: OwnerKind = OwnerKind::Board;
    const STATE_VERSION: u16 = 2;
    type State = State;
    type Command = ToBoard;
    type Event = Event;

    fn new_state(id: &str) -> State {
        State {
            board: BoardId::from(id),
            definition: None,
            clock_speed: 1,
            last_serial: 0,
            line: Vec::new(),
            free_at: Timestamp(0),
            voice: None,
        }
    }

    fn decide(draft: &mut Draft<'_, Self>, command: ToBoard, context: &Context) -> Result<Answer, Rejection> {
        let now = context.now;
        match command {
            ToBoard::Configure(definition) => {
                if draft.state().definition.as_ref() != Some(&definition) {
                    draft.emit(Event::BoardConfigured(definition));
                    replan(draft, now);
                }
                Ok(Answer::Done)
            }
            ToBoard::Retire => {
                silence(draft, now);
                if draft.state().definition.is_some() {
                    draft.emit(Event::BoardRetired);
                }
                Ok(Answer::Done)
            }
            ToBoard::ClockSpeed { speed } => {
                if draft.state().clock_speed != speed {
                    draft.emit(Event::ClockSpeedChanged { speed });
                    replan(draft, now);
                }
                Ok(Answer::Done)
            }
            ToBoard::Voice(voice) => {
                if draft.state().voice != voice {
                    draft.emit(Event::VoiceChanged { voice });
                    replan(draft, now);
                }
                Ok(Answer::Done)
            }
            ToBoard::Announce(request) => Ok(announce(draft, request, now)),
            ToBoard::CallOver { call } => {
                call_over(draft, &call, now);
                Ok(Answer::Done)
            }
            ToBoard::ReportShown(report) => {
                if is_awaited(draft.state(), &report.announcement, now, |one| one.shown, |one| one.asked_at)? {
                    let screen = context.principal.screen.clone();
                    draft.emit(Event::AnnouncementShown { announcement: report.announcement, screen });
                }
                Ok(Answer::Done)
            }
            ToBoard::ReportSpoken(report) => {
                if is_awaited(draft.state(), &report.announcement, now, |one| one.spoken, |one| one.starts_at)? {
                    let screen = context.principal.screen.clone();
                    draft.emit(Event::AnnouncementSpoken { announcement: report.announcement, screen });
                }
                Ok(Answer::Done)
            }
            ToBoard::DeadlineReached => {
                not_confirmed(draft, now);
                Ok(Answer::Done)
            }
        }
    }

    fn apply(state: &mut State, event: &Event) {
        match event {
            Event::BoardConfigured(definition) => state.definition = Some(definition.clone()),
            Event::BoardRetired => {
                state.definition = None;
                state.line.clear();
            }
            Event::ClockSpeedChanged { speed } => state.clock_speed = *speed,
            Event::AnnouncementScheduled(announcement) => {
                state.last_serial = state.last_serial.max(announcement.serial);
                match state.line.iter_mut().find(|one| one.id == announcement.id) {
                    Some(one) => *one = (**announcement).clone(),
                    None => state.line.push((**announcement).clone()),
                }
            }
            Event::AnnouncementDropped { announcement, free_at, ended, .. } => {
                state.free_at = state.free_at.max(*free_at);
                if *ended {
                    state.line.retain(|one| one.id != *announcement);
                } else {
                    settle(state, announcement, |one| {
                        one.repeat = 0;
                        one.spoken = Receipt::NotWanted;
                    });
                }
            }
            Event::AnnouncementShown { announcement, .. } => {
                settle(state, announcement, |one| one.shown = Receipt::Confirmed)
            }
            Event::AnnouncementSpoken { announcement, .. } => {
                settle(state, announcement, |one| one.spoken = Receipt::Confirmed)
            }
            Event::AnnouncementNotConfirmed { announcement, problem, .. } => {
                settle(state, announcement, |one| match problem {
                    AnnouncementProblem::NotShown => one.shown = Receipt::Missing,
                    AnnouncementProblem::NotSpoken | AnnouncementProblem::Dropped => one.spoken = Receipt::Missing,
                })
            }
            Event::AnnouncementRefused { .. } => {}
            Event::VoiceChanged { voice } => state.voice = voice.clone(),
        }
    }

    fn event_kind(event: &Event) -> (u16, &'static str) {
        match event {
            Event::BoardConfigured(_) => (550, "board_configured"),
            Event::BoardRetired => (551, "board_retired"),
            Event::ClockSpeedChanged { .. } => (552, "clock_speed_changed"),
            Event::AnnouncementScheduled(_) => (553, "announcement_scheduled"),
            Event::AnnouncementDropped { .. } => (554, "announcement_dropped"),
            Event::AnnouncementShown { .. } => (555, "announcement_shown"),
            Event::AnnouncementSpoken { .. } => (556, "announcement_spoken"),
            Event::AnnouncementNotConfirmed { .. } => (557, "announcement_not_confirmed"),
            Event::AnnouncementRefused { .. } => (558, "announcement_refused"),
            Event::VoiceChanged { .. } => (559, "voice_changed"),
        }
    }

    fn outgoing(event: &Event, out: &mut Vec<Outgoing>) {
        let (call, round, board, problem) = match event {
            Event::AnnouncementDropped { reason: DropReason::CallOver, .. } => return,
            Event::AnnouncementDropped { announcement, call, round, .. } => {
                (call, *round, announcement.board(), AnnouncementProblem::Dropped)
            }
            Event::AnnouncementNotConfirmed { announcement, call, round, problem } => {
                (call, *round, announcement.board(), *problem)
            }
            Event::AnnouncementRefused { board, call, round, .. } => {
                (call, *round, board.clone(), AnnouncementProblem::Dropped)
            }
            _ => return,
        };
        let department = OwnerRef::new(OwnerKind::Department, call.department().as_str());
        let message = ToDepartment::CallNotAnnounced { call: call.clone(), round, board, problem };
        out.push(Outgoing::Effect(department, message.into()));
    }

    fn next_deadline(state: &State) -> Option<Timestamp> {
        let shown = state.line.iter().filter(|one| one.shown == Receipt::Awaited).map(|one| one.shown_by);
        let spoken = state.line.iter().filter(|one| one.spoken == Receipt::Awaited).map(|one| one.spoken_by);
        shown.chain(spoken).min()
    }

    fn deadline_command() -> Option<ToBoard> {
        Some(ToBoard::DeadlineReached)
    }

    fn receive(message: Message) -> Option<ToBoard> {
        match message {
            Message::Board(command) => Some(*command),
            _ => None,
        }
    }
}

/// Changes an announcement; one with nothing to come leaves the line, its voice's time stays taken.
fn settle(state: &mut State, id: &AnnouncementId, change: impl FnOnce(&mut Announcement)) {
    let Some(at) = state.line.iter().position(|one| one.id == *id) else { return };
    change(&mut state.line[at]);
    if state.line[at].is_settled() {
        let gone = state.line.remove(at);
        if gone.speaks() {
            state.free_at = state.free_at.max(gone.ends_at);
        }
    }
}

/// Takes an announcement into the line and gives every waiting one its turn.
fn announce(draft: &mut Draft<'_, Board>, request: Announce, now: Timestamp) -> Answer {
    let state = draft.state();
    let refusal = match (&state.definition, state.line.len() < LINE_MAX) {
        (None, _) => Some(RefusalReason::NoBoard),
        (Some(_), false) => Some(RefusalReason::LineFull),
        (Some(_), true) => None,
    };
    if let Some(reason) = refusal {
        let board = state.board.clone();
        draft.emit(Event::AnnouncementRefused { board, call: request.call, round: request.round, reason });
        return Answer::Done;
    }
    let serial = state.last_serial + 1;
    let id = AnnouncementId::new(format!("{}.n{serial}", state.board));
    // A voice of this call that is still to come says the same: a second one would only take the others' turns.
    let says_so_already =
        state.line.iter().any(|one| one.request.call == request.call && one.speaks() && !plan::is_fixed(one, now));
    let speaks = state.speaks() && !says_so_already;
    let new = Announcement {
        id: id.clone(),
        serial,
        zh: texts::spoken_zh(&request, state.yao()),
        en: None,
        request,
        asked_at: now,
        starts_at: now,
        ends_at: now,
        repeat: 0,
        shown_by: now.plus_ms(SHOWN_WITHIN_MS * i64::from(state.clock_speed.max(1))),
        spoken_by: now,
        shown: Receipt::Awaited,
        spoken: Receipt::NotWanted,
    };
    if speaks {
        give_turns(draft, Some(new), now);
    } else {
        draft.emit(Event::AnnouncementScheduled(Box::new(new)));
    }
    Answer::Announced { announcement: id }
}

/// Gives every waiting announcement its turn anew; a board that does not speak drops them.
fn replan(draft: &mut Draft<'_, Board>, now: Timestamp) {
    if draft.state().speaks() { give_turns(draft, None, now) } else { silence(draft, now) }
}

/// States the turns of all waiting announcements and of a new one, where they have changed.
fn give_turns(draft: &mut Draft<'_, Board>, new: Option<Announcement>, now: Timestamp) {
    let state = draft.state();
    let waiting = state.line.iter().filter(|one| one.speaks() && !plan::is_fixed(one, now));
    let turns = plan::turns(state, waiting.chain(&new).collect(), now);
    let mut events = Vec::new();
    for (one, turn) in turns {
        let Some(turn) = turn else {
            if !state.line.iter().any(|known| known.id == one.id) {
                events.push(Event::AnnouncementScheduled(Box::new(one.clone())));
            }
            events.push(dropped(state, one, DropReason::TooLate, now));
            continue;
        };
        let planned = Announcement {
            zh: texts::spoken_zh(&one.request, state.yao()),
            en: turn.english.then(|| texts::spoken_en(&one.request)),
            starts_at: turn.starts_at,
            ends_at: turn.ends_at,
            repeat: turn.repeat,
            spoken_by: turn.ends_at.plus_ms(SPOKEN_WITHIN_MS),
            spoken: Receipt::Awaited,
            ..one.clone()
        };
        if planned != *one {
            events.push(Event::AnnouncementScheduled(Box::new(planned)));
        }
    }
    events.into_iter().for_each(|event| draft.emit(event));
}

/// Drops every voice that has not ended.
fn silence(draft: &mut Draft<'_, Board>, now: Timestamp) {
    let state = draft.state();
    let speaking = state.line.iter().filter(|one| one.speaks() && one.ends_at > now);
    let events: Vec<Event> = speaking.map(|one| dropped(state, one, DropReason::Silenced, now)).collect();
    events.into_iter().for_each(|event| draft.emit(event));
}

/// Nothing is spoken when its call is over: what waits goes, what speaks stops, and the others move up.
fn call_over(draft: &mut Draft<'_, Board>, call: &CallId, now: Timestamp) {
    let state = draft.state();
    let over = state.line.iter().filter(|one| one.request.call == *call);
    let events: Vec<Event> = over.map(|one| dropped(state, one, DropReason::CallOver, now)).collect();
    if events.is_empty() {
        return;
    }
    events.into_iter().for_each(|event| draft.emit(event));
    if draft.state().speaks() {
        give_turns(draft, None, now);
    }
}

/// The event that drops this voice now. One that speaks, or that a screen may begin before it hears of this, keeps the
/// line until no screen can say it any more; one that waits never had it.
fn dropped(state: &State, one: &Announcement, reason: DropReason, now: Timestamp) -> Event {
    let is_said = one.speaks() && plan::is_fixed(one, now);
    let spoken_until = if is_said { one.ends_at.min(now.plus_ms(plan::STOPPED_MS)) } else { state.free_at };
    Event::AnnouncementDropped {
        announcement: one.id.clone(),
        call: one.request.call.clone(),
        round: one.request.round,
        reason,
        free_at: state.free_at.max(spoken_until),
        ended: reason == DropReason::CallOver || one.shown != Receipt::Awaited,
    }
}
