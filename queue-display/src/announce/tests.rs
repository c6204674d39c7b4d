//! Tests of the announcement line: the table of texts, each rule of the line, and the property that no two voices
//! overlap (I8), in virtual time. Rounds by `JIAOHAO_ROUNDS`, seed by `JIAOHAO_SEED`; a failure prints its seed.

use std::collections::BTreeMap;

use jiaohao_domain::vocabulary::*;
use jiaohao_domain::*;

use super::plan::{BEGINS_BY_MS, GAP_MS, GOES_ON_BY_MS, LEAD_MS, MOVED_MS, STOPPED_MS};
use super::rules::*;
use super::{load, texts};

const T0: Timestamp = Timestamp(1_764_000_000_000);

fn request(call: u32, kind: AnnouncementKind) -> Announce {
    Announce {
        board: "renmin.b3f".into(),
        call: format!("renmin.xinnei.c{call}").into(),
        round: 1,
        kind,
        number: format!("A{call:03}"),
        masked_name: Some("张*三".into()),
        place: "3号诊室".into(),
        place_en: "Room 3".into(),
    }
}

fn definition(speaks: bool, english: bool) -> DefineBoard {
    DefineBoard {
        id: "renmin.b3f".into(),
        name: "心内科候诊区".into(),
        name_en: "Cardiology".into(),
        queues: vec!["renmin.xinnei.a".into()],
        speaks,
        english,
        yao: false,
    }
}

/// One board under test: state, time, everything that has happened.
struct Line {
    state: State,
    now: Timestamp,
    events: Vec<(Timestamp, Event)>,
}

impl Line {
    fn new(speaks: bool, english: bool) -> Self {
        let mut line = Self { state: Board::new_state("renmin.b3f"), now: T0, events: Vec::new() };
        line.tell(ToBoard::Configure(definition(speaks, english))).unwrap();
        line
    }

    fn tell(&mut self, command: ToBoard) -> Result<Answer, Rejection> {
        let before = self.state.clone();
        let context = Context { now: self.now, principal: Principal::system(), seed: 1 };
        let mut draft = Draft::<Board>::new(&mut self.state);
        let answer = Board::decide(&mut draft, command, &context);
        let events = draft.into_events();
        let mut replayed = before.clone();
        for event in &events {
            let stored = jiaohao_actors::codec::encode(event).unwrap();
            Board::apply(&mut replayed, &jiaohao_actors::codec::decode(&stored).unwrap());
        }
        assert_eq!(
            jiaohao_actors::codec::encode(&replayed).unwrap(),
            jiaohao_actors::codec::encode(&self.state).unwrap()
        );
        if answer.is_err() {
            assert_eq!(before, self.state, "a rejection changes nothing");
        }
        self.events.extend(events.into_iter().map(|event| (self.now, event)));
        answer
    }

    /// As [`Self::tell`], without looking whether it can be replayed: for long days.
    fn hear(&mut self, command: ToBoard) -> Result<Answer, Rejection> {
        let context = Context { now: self.now, principal: Principal::system(), seed: 1 };
        let mut draft = Draft::<Board>::new(&mut self.state);
        let answer = Board::decide(&mut draft, command, &context);
        self.events.extend(draft.into_events().into_iter().map(|event| (self.now, event)));
        answer
    }

    fn announce(&mut self, call: u32, kind: AnnouncementKind) -> AnnouncementId {
        match self.tell(ToBoard::Announce(request(call, kind))) {
            Ok(Answer::Announced { announcement }) => announcement,
            other => panic!("{other:?}"),
        }
    }

    fn after_ms(&mut self, ms: i64) -> &mut Self {
        self.now = self.now.plus_ms(ms);
        self
    }

    /// The calls in the order in which their voices are planned.
    fn order(&self) -> Vec<u32> {
        let mut line: Vec<_> = self.state.line.iter().filter(|one| one.speaks()).collect();
        line.sort_by_key(|one| one.starts_at);
        line.iter().map(|one| one.request.number[1..].parse().unwrap()).collect()
    }

    fn one(&self, id: &AnnouncementId) -> &Announcement {
        self.state.line.iter().find(|one| one.id == *id).unwrap()
    }

    fn effects(&self) -> Vec<(CallId, AnnouncementProblem)> {
        let mut out = Vec::new();
        self.events.iter().for_each(|(_, event)| Board::outgoing(event, &mut out));
        out.into_iter()
            .map(|one| match one {
                Outgoing::Effect(to, Message::Department(message)) => match *message {
                    ToDepartment::CallNotAnnounced { call, problem, .. } => {
                        assert_eq!(*to.id, *call.department().as_str());
                        (call, problem)
                    }
                    other => panic!("{other:?}"),
                },
                other => panic!("{other:?}"),
            })
            .collect()
    }
}

#[test]
fn texts_are_worded_as_the_domain_says() {
    let call = request(12, AnnouncementKind::FirstCall);
    assert_eq!(texts::shown(&call, Some("张*三")), "A012 张*三 请到 3号诊室就诊");
    assert_eq!(texts::spoken_zh(&call, false), "请 A 零 一 二 号,到 三 号诊室就诊");
    assert_eq!(texts::spoken_zh(&call, true), "请 A 零 幺 二 号,到 三 号诊室就诊");
    assert_eq!(texts::spoken_en(&call), "Number A zero one two, please go to Room three");
    let summons = request(13, AnnouncementKind::Summons);
    assert_eq!(texts::shown(&summons, Some("张*三")), "请 A013 号到 3号诊室门口候诊");
    assert_eq!(texts::spoken_zh(&summons, false), "请 A 零 一 三 号,到 三 号诊室门口候诊");
    assert_eq!(texts::spoken_en(&summons), "Number A zero one three, please wait outside Room three");
    assert_eq!(texts::shown(&call, None), "A012 请到 3号诊室就诊");
}

#[test]
fn places_are_read_as_people_say_them() {
    let said = |place: &str, place_en: &str| {
        let call =
            Announce { place: place.into(), place_en: place_en.into(), ..request(7, AnnouncementKind::FirstCall) };
        (texts::spoken_zh(&call, true), texts::spoken_en(&call))
    };
    let zh = |end: &str| format!("请 A 零 零 七 号,到 {end}");
    let en = |end: &str| format!("Number A zero zero seven, please go to {end}");
    assert_eq!(said("12号诊室", "Room 12"), (zh("十二 号诊室就诊"), en("Room 12")));
    assert_eq!(said("21号诊室", "Room 21"), (zh("二十一 号诊室就诊"), en("Room 21")));
    assert_eq!(said("检验2号窗口", "Window 2, Laboratory"), (zh("检验 二 号窗口"), en("Window two, Laboratory")));
    assert_eq!(said("302诊室", "Room 302"), (zh("三 零 二 诊室就诊"), en("Room three zero two")));
    assert_eq!(said("急诊抢救室", ""), (zh("急诊抢救室"), "Number A zero zero seven, please".into()));
}

#[test]
fn a_masked_name_is_never_spoken() {
    let call = request(1, AnnouncementKind::FirstCall);
    for text in [texts::spoken_zh(&call, false), texts::spoken_zh(&call, true), texts::spoken_en(&call)] {
        assert!(!text.contains('张') && !text.contains('*'), "{text}");
    }
}

#[test]
fn lengths_are_those_of_the_domain_with_a_margin() {
    let call = request(12, AnnouncementKind::FirstCall);
    let (zh, en) =
        (texts::spoken_zh_ms(&texts::spoken_zh(&call, false)), texts::spoken_en_ms(&texts::spoken_en(&call)));
    assert!((4_600..=5_600).contains(&zh), "{zh}");
    assert!((3_000..=3_800).contains(&en), "{en}");
}

#[test]
fn a_call_on_an_idle_board_is_spoken_at_once_twice_with_english() {
    let mut line = Line::new(true, true);
    let id = line.announce(1, AnnouncementKind::FirstCall);
    let one = line.one(&id);
    assert_eq!(one.starts_at, T0.plus_ms(LEAD_MS));
    assert_eq!((one.repeat, one.en.is_some()), (2, true));
}

#[test]
fn emergencies_come_first_then_first_calls_then_summonses_and_recalls() {
    let mut line = Line::new(true, false);
    line.announce(1, AnnouncementKind::Summons);
    line.announce(2, AnnouncementKind::Recall);
    line.announce(3, AnnouncementKind::Summons);
    line.announce(4, AnnouncementKind::FirstCall);
    line.announce(5, AnnouncementKind::FirstCall);
    line.announce(6, AnnouncementKind::Emergency);
    assert_eq!(line.order(), [1, 6, 4, 5, 2, 3], "what is about to speak is not moved, the others are");
}

#[test]
fn recalls_of_one_call_never_keep_the_others_from_being_heard() {
    let mut line = Line::new(true, false);
    let recall = |line: &mut Line, call, round, kind| {
        let asked = Announce { round, ..request(call, kind) };
        let answer = line.tell(ToBoard::Announce(asked));
        assert!(matches!(answer, Ok(Answer::Announced { .. })), "{answer:?}");
    };
    line.announce(1, AnnouncementKind::Emergency);
    for round in 2..62 {
        recall(&mut line, 1, round, AnnouncementKind::Emergency);
    }
    assert_eq!(line.order(), [1, 1], "the voice that speaks and one more");
    let (first_call, summons) =
        (line.announce(2, AnnouncementKind::FirstCall), line.announce(3, AnnouncementKind::Summons));
    assert_eq!(line.order(), [1, 1, 2, 3]);
    // the key is pressed again each second, for two minutes
    for round in 62..182 {
        line.after_ms(1_000);
        recall(&mut line, 1, round, AnnouncementKind::Emergency);
        let shown: Vec<_> = line.state.line.iter().map(|one| one.id.clone()).collect();
        for announcement in shown {
            line.tell(ToBoard::ReportShown(ReportShown { announcement })).unwrap();
        }
        line.tell(ToBoard::DeadlineReached).unwrap();
    }
    let (heard, now) = (heard(&line.events), line.now);
    let ended = |wanted: &AnnouncementId| heard.iter().find(|(_, _, id)| id == wanted).map(|(_, ends_at, _)| *ends_at);
    assert!(ended(&first_call).is_some_and(|at| at < T0.plus_ms(40_000)), "the other room's first call");
    assert!(ended(&summons).is_some_and(|at| at < now), "and its summons");
    assert!(line.state.line.len() < 8, "{}", line.state.line.len());
}

#[test]
fn english_is_left_out_behind_20_s_and_the_repeat_behind_40_s() {
    let mut line = Line::new(true, true);
    let ids: Vec<_> = (1..=6).map(|call| line.announce(call, AnnouncementKind::FirstCall)).collect();
    let parts: Vec<_> = ids.iter().map(|id| (line.one(id).en.is_some(), line.one(id).repeat)).collect();
    let behind: Vec<_> = ids.iter().map(|id| line.one(id).starts_at.ms_since(T0)).collect();
    for ((english, repeat), behind) in parts.iter().zip(&behind) {
        assert_eq!(*english, *behind <= 20_000, "{behind}");
        assert_eq!(*repeat, if *behind <= 40_000 { 2 } else { 1 }, "{behind}");
    }
    assert!(parts.contains(&(false, 2)) && parts.contains(&(false, 1)), "{parts:?}");
}

#[test]
fn a_voice_that_would_come_too_late_is_dropped_and_the_caller_is_told() {
    let mut line = Line::new(true, false);
    (1..=40).for_each(|call| drop(line.announce(call, AnnouncementKind::FirstCall)));
    let dropped = line.effects();
    assert!(!dropped.is_empty() && dropped.iter().all(|(_, problem)| *problem == AnnouncementProblem::Dropped));
    assert_eq!(line.order().len() + dropped.len(), 40);
    let emergency = line.announce(99, AnnouncementKind::Emergency);
    assert_eq!(line.order()[1], 99);
    assert!(line.one(&emergency).speaks());
}

#[test]
fn nothing_is_spoken_when_its_call_is_over_and_the_others_move_up() {
    let mut line = Line::new(true, false);
    line.announce(1, AnnouncementKind::FirstCall);
    line.announce(2, AnnouncementKind::FirstCall);
    let third = line.announce(3, AnnouncementKind::FirstCall);
    let before = line.one(&third).starts_at;
    line.after_ms(1_000).tell(ToBoard::CallOver { call: "renmin.xinnei.c2".into() }).unwrap();
    assert_eq!(line.order(), [1, 3]);
    assert!(line.one(&third).starts_at < before);
    assert!(
        line.events
            .iter()
            .any(|(_, event)| matches!(event, Event::AnnouncementDropped { reason: DropReason::CallOver, .. }))
    );
    line.tell(ToBoard::CallOver { call: "renmin.xinnei.c1".into() }).unwrap();
    let silent = line.now.plus_ms(STOPPED_MS);
    assert_eq!(line.one(&third).starts_at, silent.plus_ms(GAP_MS), "a slow screen may say it so long");
    assert_eq!(line.effects(), [], "the caller knows that the call is over");
}

#[test]
fn a_stopped_voice_takes_no_more_than_its_turn() {
    let mut line = Line::new(true, false);
    let first = line.announce(1, AnnouncementKind::FirstCall);
    let second = line.announce(2, AnnouncementKind::FirstCall);
    let (ends_at, before) = (line.one(&first).ends_at, line.one(&second).starts_at);
    line.now = ends_at.plus_ms(-1_000);
    line.tell(ToBoard::CallOver { call: "renmin.xinnei.c1".into() }).unwrap();
    assert_eq!(line.one(&second).starts_at, before);
}

#[test]
fn what_no_screen_may_begin_by_an_older_plan_is_moved_and_gives_its_turn_up() {
    for (before_ms, is_moved) in [(MOVED_MS, false), (MOVED_MS + 1, true)] {
        let mut line = Line::new(true, false);
        line.announce(1, AnnouncementKind::FirstCall);
        let second = line.announce(2, AnnouncementKind::FirstCall);
        let turn = line.one(&second).starts_at;
        line.now = turn.plus_ms(-before_ms);
        let emergency = line.announce(3, AnnouncementKind::Emergency);
        assert_eq!(line.one(&emergency).starts_at == turn, is_moved, "{before_ms}");
        assert_eq!(line.one(&second).starts_at == turn, !is_moved, "{before_ms}");
    }
    let mut line = Line::new(true, false);
    line.announce(1, AnnouncementKind::FirstCall);
    let second = line.announce(2, AnnouncementKind::FirstCall);
    let third = line.announce(3, AnnouncementKind::FirstCall);
    let turn = line.one(&second).starts_at;
    line.tell(ToBoard::CallOver { call: "renmin.xinnei.c2".into() }).unwrap();
    assert_eq!(line.one(&third).starts_at, turn);
}

#[test]
fn a_call_not_confirmed_in_time_is_reported_once() {
    let mut line = Line::new(true, false);
    let id = line.announce(1, AnnouncementKind::FirstCall);
    let call: CallId = "renmin.xinnei.c1".into();
    assert_eq!(Board::next_deadline(&line.state), Some(T0.plus_ms(5_000)));
    line.after_ms(4_999).tell(ToBoard::DeadlineReached).unwrap();
    assert_eq!(line.effects(), []);
    line.after_ms(1).tell(ToBoard::DeadlineReached).unwrap();
    assert_eq!(line.effects(), [(call.clone(), AnnouncementProblem::NotShown)]);
    line.now = line.one(&id).ends_at.plus_ms(5_000);
    assert_eq!(Board::next_deadline(&line.state), Some(line.now));
    line.tell(ToBoard::DeadlineReached).unwrap();
    assert_eq!(line.effects()[1..], [(call, AnnouncementProblem::NotSpoken)]);
    assert_eq!((line.state.line.len(), Board::next_deadline(&line.state)), (0, None));
}

#[test]
fn the_first_receipt_counts_and_repeated_or_late_ones_change_nothing() {
    let mut line = Line::new(true, false);
    let id = line.announce(1, AnnouncementKind::FirstCall);
    let shown = ToBoard::ReportShown(ReportShown { announcement: id.clone() });
    let spoken = ToBoard::ReportSpoken(ReportSpoken { announcement: id.clone() });
    assert_eq!(line.tell(spoken.clone()).unwrap_err().code, Code::InvalidField, "not before its turn");
    line.tell(shown.clone()).unwrap();
    line.after_ms(6_000).tell(spoken.clone()).unwrap();
    let events = line.events.len();
    line.tell(shown).unwrap();
    line.tell(spoken).unwrap();
    assert_eq!((line.events.len(), line.state.line.len()), (events, 0));
    assert_eq!(
        line.state.free_at,
        line.events
            .iter()
            .find_map(|(_, event)| match event {
                Event::AnnouncementScheduled(one) => Some(one.ends_at),
                _ => None,
            })
            .unwrap(),
        "its time stays taken"
    );
    for foreign in ["renmin.b3f.n2", "renmin.other.n1", "renmin.b3f.n0", "renmin.b3f.x"] {
        let report = ToBoard::ReportShown(ReportShown { announcement: foreign.into() });
        assert_eq!(line.tell(report).unwrap_err().code, Code::Forbidden, "{foreign}");
    }
}

#[test]
fn a_board_shows_and_does_not_speak_when_silent_or_above_speed_1() {
    let mut silent = Line::new(false, true);
    let mut fast = Line::new(true, true);
    fast.tell(ToBoard::ClockSpeed { speed: 60 }).unwrap();
    for (line, limit_ms) in [(&mut silent, 5_000), (&mut fast, 300_000)] {
        let id = line.announce(1, AnnouncementKind::FirstCall);
        assert_eq!((line.one(&id).repeat, line.one(&id).spoken), (0, Receipt::NotWanted));
        assert_eq!(Board::next_deadline(&line.state), Some(T0.plus_ms(limit_ms)));
        line.tell(ToBoard::ReportShown(ReportShown { announcement: id })).unwrap();
        assert!(line.state.line.is_empty());
    }
}

#[test]
fn a_board_that_falls_silent_drops_its_voices_and_says_so() {
    let mut line = Line::new(true, false);
    line.announce(1, AnnouncementKind::FirstCall);
    line.announce(2, AnnouncementKind::FirstCall);
    line.after_ms(2_000).tell(ToBoard::Configure(definition(false, false))).unwrap();
    assert_eq!(line.effects().len(), 2);
    assert!(line.state.line.iter().all(|one| !one.speaks() && one.shown == Receipt::Awaited));
}

#[test]
fn a_board_that_is_not_there_refuses_and_the_caller_is_told() {
    let mut line = Line { state: Board::new_state("renmin.b3f"), now: T0, events: Vec::new() };
    assert_eq!(line.tell(ToBoard::Announce(request(1, AnnouncementKind::FirstCall))), Ok(Answer::Done));
    line.tell(ToBoard::Configure(definition(true, false))).unwrap();
    line.announce(2, AnnouncementKind::FirstCall);
    line.tell(ToBoard::Retire).unwrap();
    line.tell(ToBoard::Announce(request(3, AnnouncementKind::FirstCall))).unwrap();
    let told: Vec<_> = line.effects().into_iter().map(|(call, _)| call.as_str()[15..].to_owned()).collect();
    assert_eq!(told, ["1", "2", "3"]);
    assert!(line.state.line.is_empty());
}

#[test]
fn a_line_has_a_bound() {
    let mut line = Line::new(false, false);
    (0..LINE_MAX as u32).for_each(|call| drop(line.announce(call, AnnouncementKind::FirstCall)));
    assert_eq!(line.tell(ToBoard::Announce(request(999, AnnouncementKind::Emergency))), Ok(Answer::Done));
    assert_eq!(line.effects(), [("renmin.xinnei.c999".into(), AnnouncementProblem::Dropped)]);
}

/// A pack that can say every call of [`request`], each clip so long.
fn pack(ms: u32) -> VoicePack {
    let mut pack = VoicePack { version: format!("of-{ms}-ms"), ..VoicePack::default() };
    for line in crate::voice::script::lines([("3号诊室", "Room 3")], []) {
        let clips = if line.language == "zh" { &mut pack.zh } else { &mut pack.en };
        clips.insert(line.clip, ms);
    }
    pack
}

#[test]
fn with_a_voice_pack_the_line_is_planned_by_its_real_lengths() {
    let mut line = Line::new(true, true);
    line.tell(ToBoard::Voice(Some(pack(100)))).unwrap();
    let ids: Vec<_> = (1..=12).map(|call| line.announce(call, AnnouncementKind::FirstCall)).collect();
    // ten Chinese clips and eight English ones with two commas and two pauses, twice; half a second before the next
    let first = line.one(&ids[0]);
    assert_eq!(first.ends_at.ms_since(first.starts_at), 2 * (1_000 + 800 + 2 * 200 + 2 * 500));
    assert_eq!(line.one(&ids[1]).starts_at, first.ends_at.plus_ms(GAP_MS));
    for one in ids.iter().map(|id| line.one(id)) {
        let behind_ms = one.starts_at.ms_since(T0);
        assert_eq!(one.en.is_some(), behind_ms <= 20_000, "{behind_ms}");
        assert_eq!(one.repeat, if behind_ms <= 40_000 { 2 } else { 1 }, "{behind_ms}");
    }
    let estimated = {
        let mut line = Line::new(true, true);
        let ids: Vec<_> = (1..=12).map(|call| line.announce(call, AnnouncementKind::FirstCall)).collect();
        ids.iter().map(|id| line.one(id).ends_at).max()
    };
    assert!(ids.iter().map(|id| line.one(id).ends_at).max() < estimated, "a short voice keeps up for longer");
}

#[test]
fn another_pack_plans_what_waits_anew_and_leaves_what_speaks_as_it_is() {
    let mut line = Line::new(true, false);
    let [first, second] = [1, 2].map(|call| line.announce(call, AnnouncementKind::FirstCall));
    let (speaking, waiting) = (line.one(&first).clone(), line.one(&second).clone());
    line.after_ms(2_000).tell(ToBoard::Voice(Some(pack(900)))).unwrap();
    assert_eq!(*line.one(&first), speaking);
    assert_eq!(line.one(&second).starts_at, waiting.starts_at);
    assert!(line.one(&second).ends_at > waiting.ends_at);
    // the longer voice does not fit into the turn of what speaks: its screens go on with the voice that they have begun with
    let view = |id| crate::board::rules::announcement(&line.state, line.one(id), time::Zone::utc());
    assert!(view(&first).said.is_none());
    let said = view(&second).said.unwrap();
    assert_eq!((said.clips[1].clip.as_str(), said.clips[1].at_ms), ("zh/A", 900));
    assert_eq!(line.tell(ToBoard::Voice(Some(pack(900)))), Ok(Answer::Done));
    let told = line.events.iter().filter(|(_, event)| matches!(event, Event::VoiceChanged { .. })).count();
    assert_eq!(told, 1, "the same pack again changes nothing");
    line.tell(ToBoard::Voice(None)).unwrap();
    assert_eq!(line.one(&second).ends_at, waiting.ends_at);
}

/// What was really to be heard, kept apart from the rules: the last plan of each voice, cut where it was dropped.
fn heard(events: &[(Timestamp, Event)]) -> Vec<(Timestamp, Timestamp, AnnouncementId)> {
    let mut voices: BTreeMap<AnnouncementId, (Timestamp, Timestamp)> = BTreeMap::new();
    for (at, event) in events {
        match event {
            Event::AnnouncementScheduled(one) if one.repeat > 0 => {
                assert!(one.starts_at >= at.plus_ms(LEAD_MS), "stated too late");
                assert!(one.ends_at > one.starts_at);
                if let Some((started, _)) = voices.insert(one.id.clone(), (one.starts_at, one.ends_at)) {
                    assert!(started > *at, "moved while it spoke");
                }
            }
            Event::AnnouncementDropped { announcement, .. } => {
                if let Some((starts_at, ends_at)) = voices.remove(announcement)
                    && starts_at < *at
                {
                    voices.insert(announcement.clone(), (starts_at, ends_at.min(*at)));
                }
            }
            _ => {}
        }
    }
    let mut heard: Vec<_> = voices.into_iter().map(|(id, (from, to))| (from, to, id)).collect();
    heard.sort();
    heard
}

/// What is not begun so late any more, and so much later than its end a voice is cut (`voice.js`, `speech.js`, the slower of
/// a screen's two).
const BEGUN_LATE_MS: i64 = 250;
const OVER_BY_MS: i64 = 300;
/// How often a screen asks whether it knows of everything (`voice.js`).
const ASKED_EVERY_MS: i64 = 500;

/// A screen that hears of everything up to so late, in its order, by a clock that is so far off.
struct Screen<'a> {
    events: &'a [(Timestamp, Event)],
    /// When it hears of each.
    heard: Vec<Timestamp>,
    slow_ms: u64,
    clock_ms: i64,
    seed: u64,
}

impl<'a> Screen<'a> {
    fn new(events: &'a [(Timestamp, Event)], slow_ms: u64, clock_ms: i64, seed: u64) -> Self {
        let mut screen = Self { events, heard: Vec::new(), slow_ms, clock_ms, seed };
        let mut hears = Timestamp(0);
        for (n, (at, _)) in events.iter().enumerate() {
            hears = hears.max(at.plus_ms(screen.delay_ms(*at, n as u64)));
            screen.heard.push(hears);
        }
        screen
    }

    /// How long what leaves then is on its way: as long as any, or, at every second time of ten seconds, until the end of a
    /// standstill that has begun somewhere in it.
    fn delay_ms(&self, at: Timestamp, nth: u64) -> i64 {
        let chance = Context { now: T0, principal: Principal::system(), seed: self.seed };
        let draw =
            |n: u64, of: u64| (chance.draw(n.wrapping_mul(977).wrapping_add(self.clock_ms as u64)) % of.max(1)) as i64;
        let standstill = at.ms_since(T0).div_euclid(10_000);
        let begins = T0.plus_ms(standstill * 10_000 + draw(1 << 34 | standstill as u64, 5_000));
        let stands_ms = begins.plus_ms(self.slow_ms as i64).ms_since(at);
        match draw(1 << 35 | standstill as u64, 2) {
            0 if at >= begins && stands_ms > 0 => stands_ms,
            0 => draw(nth, 20),
            _ => draw(nth, self.slow_ms + 1),
        }
    }

    /// As it was when does this screen know the line now: when it asked the last of its questions that has an answer. The
    /// answer stands behind everything that had left before it.
    fn knows(&self, now: Timestamp) -> Option<Timestamp> {
        let last = now.ms_since(T0).div_euclid(ASKED_EVERY_MS);
        (last - GOES_ON_BY_MS / ASKED_EVERY_MS - 1..=last).rev().find_map(|n| {
            let asked = T0.plus_ms(n * ASKED_EVERY_MS);
            let answered = asked.plus_ms(self.delay_ms(asked, 1 << 32 | n as u64));
            let down = self.delay_ms(answered, 1 << 33 | n as u64);
            let before = self.events.partition_point(|(at, _)| *at <= answered);
            let told = before.checked_sub(1).map_or(T0, |n| self.heard[n]);
            (answered.plus_ms(down).max(told) <= now).then_some(asked)
        })
    }

    /// Until when it may go on with what it would say from then until then.
    fn allowed(&self, from: Timestamp, to: Timestamp) -> Timestamp {
        if self.knows(from).is_none_or(|known| known < from.plus_ms(-BEGINS_BY_MS)) {
            return from;
        }
        let mut until = from;
        loop {
            match self.knows(until).map(|known| known.plus_ms(GOES_ON_BY_MS)) {
                Some(further) if further > until && until < to => until = further,
                _ => return until.min(to),
            }
        }
    }

    /// From when until when it says what. It begins on time or as it hears of it, goes by what it knows, and says nothing again.
    fn says(&self) -> Vec<(AnnouncementId, Timestamp, Timestamp)> {
        // By what is planned: from when until when it is said here.
        let mut plans: BTreeMap<AnnouncementId, ((Timestamp, Timestamp), Timestamp, Timestamp)> = BTreeMap::new();
        let mut said = Vec::new();
        for ((_, event), &hears) in self.events.iter().zip(&self.heard) {
            let (id, next) = match event {
                Event::AnnouncementScheduled(one) if one.repeat > 0 => (&one.id, Some(one)),
                Event::AnnouncementDropped { announcement, .. } => (announcement, None),
                _ => continue,
            };
            let begun = match plans.remove(id) {
                Some((planned, from, to)) if next.is_some_and(|one| (one.starts_at, one.ends_at) == planned) => {
                    plans.insert(id.clone(), (planned, from, to));
                    continue;
                }
                Some((_, from, to)) if from < hears => {
                    said.push((id.clone(), from, to.min(hears)));
                    true
                }
                _ => false,
            };
            let Some(one) = next.filter(|_| !begun) else { continue };
            let from = one.starts_at.plus_ms(self.clock_ms).max(hears);
            if from <= one.starts_at.plus_ms(self.clock_ms + BEGUN_LATE_MS) {
                let to = one.ends_at.plus_ms(self.clock_ms + OVER_BY_MS);
                plans.insert(id.clone(), ((one.starts_at, one.ends_at), from, to));
            }
        }
        said.extend(plans.into_iter().map(|(id, (_, from, to))| (id, from, to)));
        for (_, from, to) in &mut said {
            *to = self.allowed(*from, *to);
        }
        said.retain(|(_, from, to)| from < to);
        said
    }
}

/// No two voices at once over three screens of an area, one quick and two however slow, by clocks 40 ms early to 150 ms
/// late (`voice.js`: one that is farther off does not speak). Returns how many voices the slow ones said.
fn assert_alone(events: &[(Timestamp, Event)], slow_ms: u64, seed: u64) -> usize {
    let mut line = Vec::new();
    for clock_ms in [-40, 150] {
        line.extend(Screen::new(events, slow_ms, clock_ms, seed).says());
    }
    let said = line.len();
    line.extend(Screen::new(events, 20, 0, seed).says());
    line.sort_by_key(|(_, from, _)| *from);
    for (n, one) in line.iter().enumerate() {
        let beside = line[n + 1..].iter().take_while(|other| other.1 < one.2).find(|other| other.0 != one.0);
        assert!(beside.is_none(), "seed {seed}, {slow_ms} ms: {one:?} and {beside:?} speak at once");
    }
    said
}

#[test]
fn no_two_announcements_overlap_on_one_board_i8() {
    let number =
        |name: &str, default: u64| std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default);
    let (rounds, seed) = (number("JIAOHAO_ROUNDS", 60), number("JIAOHAO_SEED", 1));
    println!("rounds {rounds}, seed {seed}");
    let mut said = [0, 0];
    for round in 0..rounds {
        let seed = seed.wrapping_add(round);
        let chance = Context { now: T0, principal: Principal::system(), seed };
        let mut draws = 0;
        let mut draw = |n: u64| {
            draws += 1;
            chance.draw(draws) % n
        };
        let mut line = Line::new(true, draw(2) == 0);
        let busy_ms = [200, 2_000, 8_000, 20_000][draw(4) as usize];
        for call in 1..=120u32 {
            let gap_ms = draw(busy_ms) as i64;
            let until = line.now.plus_ms(gap_ms);
            while let Some(deadline) = Board::next_deadline(&line.state).filter(|at| *at <= until) {
                line.now = line.now.max(deadline);
                line.tell(ToBoard::DeadlineReached).unwrap();
            }
            line.now = until;
            let known = |draw: &mut dyn FnMut(u64) -> u64| format!("renmin.b3f.n{}", 1 + draw(u64::from(call)));
            match draw(14) {
                0 => {
                    // of any call, or of the one that speaks
                    let any = format!("renmin.xinnei.c{}", 1 + draw(u64::from(call))).into();
                    let speaks = |one: &&Announcement| one.starts_at <= until && until < one.ends_at;
                    let speaking = line.state.line.iter().find(speaks).filter(|_| draw(2) == 0);
                    let over = speaking.map_or(any, |one| one.request.call.clone());
                    drop(line.tell(ToBoard::CallOver { call: over }))
                }
                1 => drop(line.tell(ToBoard::ReportShown(ReportShown { announcement: known(&mut draw).into() }))),
                2 => drop(line.tell(ToBoard::ReportSpoken(ReportSpoken { announcement: known(&mut draw).into() }))),
                3 => drop(line.tell(ToBoard::Configure(definition(draw(8) > 0, draw(2) == 0)))),
                4 => drop(line.tell(ToBoard::ClockSpeed { speed: 1 + draw(8) as u32 / 7 })),
                12 => drop(line.tell(ToBoard::Voice((draw(3) > 0).then(|| pack(100 + 200 * draw(3) as u32))))),
                other => {
                    let kind = match other {
                        5 => AnnouncementKind::Emergency,
                        6 => AnnouncementKind::Summons,
                        7 => AnnouncementKind::Recall,
                        _ => AnnouncementKind::FirstCall,
                    };
                    drop(line.tell(ToBoard::Announce(request(call, kind))));
                }
            }
        }
        for two in heard(&line.events).windows(2) {
            assert!(two[0].1 <= two[1].0, "seed {seed}: {:?} and {:?} speak at once", two[0], two[1]);
        }
        for slow_ms in [0, 400, 1_500, 3_000, 10_000] {
            said[usize::from(slow_ms > 400)] += assert_alone(&line.events, slow_ms, seed);
        }
        while let Some(deadline) = Board::next_deadline(&line.state) {
            line.now = line.now.max(deadline);
            line.tell(ToBoard::DeadlineReached).unwrap();
        }
        assert!(line.state.line.is_empty(), "seed {seed}: everything comes to an end");
    }
    println!("voices said by screens up to 400 ms slow, and by slower ones: {said:?}");
    assert!(said[0] > 0 && said[1] > 0, "slow screens speak too, while they know enough");
}

/// A morning of so many rooms that call one patient after the other, at their own moments, with summonses to the door and
/// some recalls: how late the voice of each call begins, in ms. One that was dropped as too late counts as the latest.
fn morning(rooms: u32, per_hour: u32, at_door: bool, english: bool, seed: u64) -> Vec<i64> {
    let chance = Context { now: T0, principal: Principal::system(), seed };
    let mut draws = 0;
    let mut draw = |n: i64| {
        draws += 1;
        (chance.draw(draws) % n.max(1) as u64) as i64
    };
    let turn_ms = 3_600_000 * i64::from(rooms) / i64::from(per_hour);
    // (when, room, what): a room's next call, a recall
    let mut due: std::collections::BTreeSet<(i64, u32, u32)> =
        (0..rooms).map(|room| (draw(turn_ms), room, 0)).collect();
    let mut line = Line::new(true, english);
    let mut called = vec![0_u32; rooms as usize];
    let mut last = 0;
    while let Some((at, room, what)) = due.pop_first().filter(|(at, ..)| *at < 3 * 3_600_000) {
        let now = T0.plus_ms(at);
        while let Some(deadline) = Board::next_deadline(&line.state).filter(|deadline| *deadline <= now) {
            line.now = line.now.max(deadline);
            line.hear(ToBoard::DeadlineReached).unwrap();
        }
        line.now = now;
        let slot = room as usize;
        if what > 0 {
            if called[slot] == what {
                let recall = Announce { round: 2, ..request(what, AnnouncementKind::Recall) };
                drop(line.hear(ToBoard::Announce(recall)));
            }
            continue;
        }
        let over = format!("renmin.xinnei.c{}", called[slot]);
        drop(line.hear(ToBoard::CallOver { call: over.into() }));
        last += 1;
        called[slot] = last;
        drop(line.hear(ToBoard::Announce(request(last, AnnouncementKind::FirstCall))));
        if at_door {
            last += 1;
            drop(line.hear(ToBoard::Announce(request(last, AnnouncementKind::Summons))));
        }
        if draw(100) < 15 {
            due.insert((at + 60_000, room, called[slot]));
        }
        // half the usual turn at least, sometimes much more
        let spread = draw(turn_ms / 2) + draw(turn_ms / 2);
        due.insert((at + turn_ms / 2 + spread, room, 0));
    }
    let calls = line.events.iter().filter_map(|(_, event)| match event {
        Event::AnnouncementScheduled(one) if one.request.kind == AnnouncementKind::FirstCall => {
            Some((one.id.clone(), one.asked_at))
        }
        _ => None,
    });
    let asked: BTreeMap<AnnouncementId, Timestamp> = calls.collect();
    let is_late = |(_, event): &&(Timestamp, Event)| match event {
        Event::AnnouncementDropped { reason: DropReason::TooLate, announcement, .. } => {
            asked.contains_key(announcement)
        }
        _ => false,
    };
    let late = line.events.iter().filter(is_late).count();
    let heard = heard(&line.events).into_iter().filter_map(|(from, _, id)| Some(from.ms_since(*asked.get(&id)?)));
    heard.chain(std::iter::repeat_n(i64::MAX, late)).collect()
}

fn p99_ms(rooms: u32, per_hour: u32, at_door: bool, english: bool) -> i64 {
    let mut delays: Vec<i64> = (1..=3).flat_map(|seed| morning(rooms, per_hour, at_door, english, seed)).collect();
    delays.sort_unstable();
    delays[delays.len() * 99 / 100]
}

/// So many patients an hour in one span.
fn planned(patients: u32) -> [load::Rooms; 1] {
    let span = load::Planned { from: T0, to: T0.plus_s(3600), patients, is_said: true };
    [load::Rooms { all: 1, unplanned: 0, sessions: vec![span] }]
}

#[test]
fn calls_within_a_boards_plan_are_heard_within_a_minute() {
    let is_warned = |patients: u32| load::overfull(&planned(patients), ["3号诊室"], false).is_some();
    let most = (1..2_000).take_while(|patients| !is_warned(*patients)).last().expect("a few are heard");
    assert!(most >= 180, "twelve rooms at four minutes are no crowd: {most}");
    for (rooms, at_door, english) in [(8, true, true), (30, true, true), (30, false, false)] {
        let p99_ms = p99_ms(rooms, most, at_door, english);
        assert!(p99_ms <= 60_000, "{rooms} rooms, {most} an hour, door {at_door}, English {english}: {p99_ms} ms");
    }
    assert!(p99_ms(40, most * 2, true, true) > 60_000, "far above it they are not");
    assert!(is_warned(most + 1), "and it is warned of");
}

#[test]
fn the_busiest_hour_counts_and_no_other() {
    let span = |from_h: i64, to_h: i64, patients| load::Planned {
        from: T0.plus_s(from_h * 3600),
        to: T0.plus_s(to_h * 3600),
        patients,
        is_said: true,
    };
    let calls = |all, unplanned, sessions| load::calls_per_hour(&[load::Rooms { all, unplanned, sessions }]);
    assert_eq!(load::calls_per_hour(&[]), 0);
    assert_eq!(calls(1, 0, vec![span(0, 4, 400), span(4, 8, 400)]), 100, "one after the other");
    assert_eq!(calls(1, 0, vec![span(0, 4, 400), span(3, 5, 200)]), 200, "both in the fourth hour");
    assert_eq!(calls(4, 1, vec![span(0, 4, 120)]), 30 + 12, "one room calls as is usual besides");
    assert_eq!(calls(4, 3, vec![span(0, 4, 120), span(0, 2, 200)]), 130, "no more than is planned, where that is all");
    assert_eq!(calls(4, 3, vec![span(0, 4, 120), span(2, 3, 14)]), 48, "the rooms' time, when one session is over");
    let unsaid = load::Planned { is_said: false, ..span(0, 4, 400) };
    assert_eq!(calls(4, 4, vec![unsaid]), 48, "another board's takes the rooms' time only while it runs");
    let rooms = load::Rooms { all: 2, unplanned: 2, sessions: vec![] };
    assert_eq!(load::calls_per_hour(&[rooms.clone(), rooms]), 48, "departments call beside one another");
    let short = load::calls_per_hour_max(["3号诊室"], false);
    assert!(load::calls_per_hour_max(["门诊三楼东区第十二诊室"], false) < short, "long names take longer");
}
