//! Tests of the room: each rule, every command in every state, and that a replay gives the state bit for bit.

use jiaohao_actors::codec;
use jiaohao_domain::vocabulary::Answer;
use jiaohao_domain::*;
use proptest::prelude::*;

use super::recording::may_hear;
use super::rules::*;
use super::state::*;

const T0: Timestamp = Timestamp(1_764_000_000_000);
const PATIENT: &str = "p-zhang";
const DOCTOR: &str = "renmin.li";
const SECOND: &str = "renmin.zhou";
const FAMILY: &str = "p-family";

fn opening(medium: Medium, recording: RecordingPolicy) -> Opening {
    Opening { kind: ConsultationKind::FollowUp, medium, recording, patient: PATIENT.into(), doctor: DOCTOR.into() }
}

fn text(words: &str) -> MessageBody {
    MessageBody::Text(words.as_bytes().to_vec())
}
fn join(by: &str, device: &str) -> Command {
    Command::Join { by: by.into(), device: device.into() }
}
fn send(by: &str, retry_id: &str, words: &str) -> Command {
    Command::Send { by: by.into(), retry_id: retry_id.into(), body: text(words) }
}
fn consent(by: &str, granted: bool) -> Command {
    Command::AnswerConsent { by: by.into(), granted, text_version: "2026-11".into() }
}
fn start_recording(by: &str) -> Command {
    Command::StartRecording { by: by.into(), text_version: "2026-11".into() }
}
fn end(by: &str) -> Command {
    Command::End { by: by.into(), needs_visit: false }
}
fn admit(participant: &str) -> Command {
    Command::Admit { by: DOCTOR.into(), participant: participant.into(), part: Part::Family }
}

/// One room under test. Every command is checked: a rejection changes nothing, a replay gives the same bytes.
#[derive(Clone)]
struct Under {
    state: State,
    now: Timestamp,
    events: Vec<Event>,
}

impl Under {
    fn empty() -> Self {
        Self { state: Room::new_state("c-1"), now: T0, events: Vec::new() }
    }

    fn open(medium: Medium, recording: RecordingPolicy) -> Self {
        let mut room = Self::empty();
        room.tell(Command::Open(opening(medium, recording))).unwrap();
        room
    }

    fn both_in(recording: RecordingPolicy) -> Self {
        let mut room = Self::open(Medium::Video, recording);
        room.tell(join(PATIENT, "phone")).unwrap();
        room.tell(join(DOCTOR, "console")).unwrap();
        room
    }

    fn tell(&mut self, command: Command) -> Result<Answer, Rejection> {
        let before = codec::encode(&self.state).unwrap();
        let context = Context { now: self.now, principal: Principal::system(), seed: 1 };
        let mut draft = Draft::<Room>::new(&mut self.state);
        let answer = Room::decide(&mut draft, command, &context);
        let events = draft.into_events();
        if answer.is_err() {
            assert!(events.is_empty());
            assert_eq!(before, codec::encode(&self.state).unwrap(), "a rejection changes nothing");
        }
        self.events.extend(events);
        let mut replayed = Room::new_state("c-1");
        for event in &self.events {
            Room::apply(&mut replayed, &codec::decode(&codec::encode(event).unwrap()).unwrap());
        }
        assert_eq!(codec::encode(&replayed).unwrap(), codec::encode(&self.state).unwrap(), "replay is the state");
        answer
    }

    fn refused(&mut self, command: Command) -> Code {
        self.tell(command).unwrap_err().code
    }
    fn names(&self) -> Vec<&'static str> {
        self.events.iter().map(|event| Room::event_kind(event).1).collect()
    }
    fn hears(&self, who: &str) -> bool {
        may_hear(&self.state, who)
    }
}

#[test]
fn a_room_is_opened_once_by_the_accept() {
    let mut room = Under::empty();
    assert_eq!(room.refused(join(PATIENT, "phone")), Code::Forbidden, "before it is there nobody is let in");
    room.tell(Command::Open(opening(Medium::Text, RecordingPolicy::Off))).unwrap();
    room.tell(Command::Open(opening(Medium::Text, RecordingPolicy::Off))).unwrap();
    assert_eq!(room.names(), ["room_opened"]);
    assert_eq!(room.refused(Command::Open(opening(Medium::Video, RecordingPolicy::Off))), Code::AlreadyExists);
    let alone = Opening { doctor: PATIENT.into(), ..opening(Medium::Text, RecordingPolicy::Off) };
    assert_eq!(Under::empty().refused(Command::Open(alone)), Code::InvalidField);
}

#[test]
fn a_lost_connection_never_ends_it_and_all_come_back_on_another_device() {
    let mut room = Under::both_in(RecordingPolicy::Off);
    for (by, device) in [(PATIENT, "phone"), (DOCTOR, "console")] {
        room.tell(Command::Leave { by: by.into(), device: device.into(), lost: true }).unwrap();
    }
    assert!(room.state.ended.is_none());
    room.tell(join(PATIENT, "tablet")).unwrap();
    room.tell(join(DOCTOR, "console")).unwrap();
    assert!(room.hears(PATIENT) && room.hears(DOCTOR));
    let events = room.events.len();
    room.tell(join(PATIENT, "tablet")).unwrap();
    room.tell(Command::Leave { by: PATIENT.into(), device: "phone".into(), lost: true }).unwrap();
    assert_eq!(room.events.len(), events, "what is so already is no event");
}

#[test]
fn messages_have_one_order_and_a_retry_is_no_second_message() {
    let mut room = Under::both_in(RecordingPolicy::Off);
    let first = room.tell(send(PATIENT, "r1", "您好")).unwrap();
    assert_eq!(first, Answer::MessageStored { number: 1, stored_at: T0 });
    room.now = T0.plus_s(5);
    room.tell(send(DOCTOR, "r1", "你好")).unwrap();
    assert_eq!(room.tell(send(PATIENT, "r1", "您好")).unwrap(), first, "the first answer again");
    assert_eq!(room.refused(send(PATIENT, "r1", "别的")), Code::IdempotencyKeyReused);
    let order: Vec<_> = room.state.messages.iter().map(|message| (message.number, message.sender.as_str())).collect();
    assert_eq!(order, [(1, PATIENT), (2, DOCTOR)]);
    room.tell(end(DOCTOR)).unwrap();
    assert_eq!(room.tell(send(PATIENT, "r1", "您好")).unwrap(), first, "after the end too");
    assert_eq!(room.refused(send(PATIENT, "r2", "还有")), Code::RoomEnded);
}

#[test]
fn marks_only_rise_and_stay_within_what_was_said() {
    let mut room = Under::both_in(RecordingPolicy::Off);
    (1..=3).for_each(|n| drop(room.tell(send(DOCTOR, &format!("r{n}"), "话")).unwrap()));
    let mark = |to, read| {
        let by = PATIENT.to_owned();
        if read { Command::MarkRead { by, to } } else { Command::MarkDelivered { by, to } }
    };
    room.tell(mark(2, false)).unwrap();
    room.tell(mark(3, true)).unwrap();
    let events = room.events.len();
    room.tell(mark(1, false)).unwrap();
    room.tell(mark(3, false)).unwrap();
    room.tell(mark(2, true)).unwrap();
    assert_eq!(room.events.len(), events);
    assert_eq!(room.refused(mark(4, true)), Code::InvalidField);
    let patient = &room.state.participants[PATIENT];
    assert_eq!((patient.delivered_to, patient.read_to), (3, 3));
    assert_eq!(room.state.participants[DOCTOR].read_to, 3, "one has read what one has written");
}

#[test]
fn only_the_doctor_ends_it_lets_in_and_records() {
    let mut room = Under::both_in(RecordingPolicy::Offered);
    room.tell(admit(FAMILY)).unwrap();
    for by in [PATIENT, FAMILY, "p-stranger"] {
        assert_eq!(room.refused(end(by)), Code::Forbidden);
        assert_eq!(room.refused(start_recording(by)), Code::Forbidden);
        assert_eq!(room.refused(Command::StopRecording { by: by.into() }), Code::Forbidden);
        let admit = Command::Admit { by: by.into(), participant: "p-x".into(), part: Part::Family };
        assert_eq!(room.refused(admit), Code::Forbidden);
    }
    room.tell(Command::End { by: DOCTOR.into(), needs_visit: true }).unwrap();
    assert_eq!(room.state.ended, Some((Ending::NeedsVisit, T0)));
    assert!(room.state.participants.values().all(|one| !one.is_present()));
}

#[test]
fn an_offered_recording_begins_when_all_have_agreed_and_a_later_joiner_is_asked_first() {
    let mut room = Under::both_in(RecordingPolicy::Offered);
    assert!(room.hears(PATIENT));
    assert_eq!(room.refused(consent(PATIENT, true)), Code::NotAsked);
    room.tell(start_recording(DOCTOR)).unwrap();
    assert_eq!((room.state.recording, room.hears(PATIENT)), (Recording::Asking, true));
    room.tell(consent(PATIENT, true)).unwrap();
    assert_eq!(room.state.recording, Recording::Running);
    room.tell(admit(FAMILY)).unwrap();
    room.tell(join(FAMILY, "phone")).unwrap();
    assert!(matches!(room.events.last(), Some(Event::ParticipantJoined { asked: true, .. })));
    assert!(!room.hears(FAMILY) && room.hears(PATIENT), "asked before hearing anything");
    room.tell(consent(FAMILY, false)).unwrap();
    assert_eq!(room.state.recording, Recording::Idle, "a refusal stops it");
    let mark =
        Event::RecordingStopped { reason: StopReason::Refused(FAMILY.into()), at: T0, recording: Recording::Idle };
    assert_eq!(room.events.last(), Some(&mark));
    assert!(room.hears(FAMILY) && room.hears(PATIENT), "and the call goes on");
    room.tell(start_recording(DOCTOR)).unwrap();
    assert_eq!(super::recording::asked(&room.state), [FAMILY], "who refused is asked again, who agreed is not");
    room.tell(Command::Leave { by: FAMILY.into(), device: "phone".into(), lost: true }).unwrap();
    assert_eq!(room.state.recording, Recording::Running, "all who are in the call have agreed");
}

#[test]
fn a_required_recording_comes_before_hearing_and_refused_it_goes_on_in_text() {
    let mut room = Under::both_in(RecordingPolicy::Required);
    assert!(!room.hears(PATIENT) && !room.hears(DOCTOR));
    room.tell(consent(DOCTOR, true)).unwrap();
    let mut refused = room.clone();
    room.tell(consent(PATIENT, true)).unwrap();
    assert!(room.hears(PATIENT) && room.hears(DOCTOR));
    assert_eq!(room.refused(Command::StopRecording { by: DOCTOR.into() }), Code::RecordingRequired);
    room.tell(consent(PATIENT, false)).unwrap();
    assert_eq!((room.state.recording, room.hears(DOCTOR)), (Recording::Refused, false), "withdrawn");

    refused.tell(consent(PATIENT, false)).unwrap();
    assert_eq!(refused.names().last(), Some(&"continued_in_text"));
    assert!(!refused.hears(PATIENT) && !refused.hears(DOCTOR));
    refused.tell(send(PATIENT, "r1", "打字")).unwrap();
    refused.tell(start_recording(DOCTOR)).unwrap();
    refused.tell(consent(PATIENT, true)).unwrap();
    assert!(refused.hears(PATIENT), "asked anew, agreed");
}

#[test]
fn a_kind_that_is_never_recorded_is_not() {
    let mut room = Under::both_in(RecordingPolicy::Off);
    assert_eq!(room.refused(start_recording(DOCTOR)), Code::RecordingOff);
}

#[test]
fn the_end_stops_the_recording_first() {
    let mut room = Under::both_in(RecordingPolicy::Offered);
    room.tell(start_recording(DOCTOR)).unwrap();
    room.tell(consent(PATIENT, true)).unwrap();
    room.tell(end(DOCTOR)).unwrap();
    assert_eq!(room.names()[room.events.len() - 2..], ["recording_stopped", "consultation_ended"]);
}

#[test]
fn handed_over_the_new_doctor_decides_and_the_former_reads_on() {
    let mut room = Under::both_in(RecordingPolicy::Offered);
    room.tell(start_recording(DOCTOR)).unwrap();
    room.tell(consent(PATIENT, true)).unwrap();
    room.tell(Command::HandOver { to: SECOND.into() }).unwrap();
    room.tell(Command::HandOver { to: SECOND.into() }).unwrap();
    assert_eq!(room.names().iter().filter(|name| **name == "consultation_handed_over").count(), 1);
    assert_eq!(room.refused(end(DOCTOR)), Code::Forbidden);
    assert_eq!(room.refused(send(DOCTOR, "r9", "还有")), Code::Forbidden);
    room.tell(join(DOCTOR, "console")).unwrap();
    assert!(!room.hears(DOCTOR));
    room.tell(join(SECOND, "console")).unwrap();
    assert!(!room.hears(SECOND), "asked first");
    room.tell(consent(SECOND, true)).unwrap();
    assert!(room.hears(SECOND));
    room.tell(Command::HandOver { to: PATIENT.into() }).unwrap();
    assert_eq!(room.state.doctor().map(String::as_str), Some(SECOND), "nobody is the own doctor");
    room.tell(end(SECOND)).unwrap();
    room.tell(Command::HandOver { to: DOCTOR.into() }).unwrap();
    assert_eq!(room.names().last(), Some(&"consultation_ended"));
}

#[test]
fn the_patients_silence_of_48_h_closes_a_text_consultation_and_nothing_else_does() {
    let mut room = Under::open(Medium::Text, RecordingPolicy::Off);
    room.tell(send(PATIENT, "r1", "咳嗽三天")).unwrap();
    assert_eq!(Room::next_deadline(&room.state), None, "the doctor's turn is not the patient's silence");
    room.now = T0.plus_s(60);
    room.tell(send(DOCTOR, "r1", "发烧吗")).unwrap();
    let limit = T0.plus_s(60).plus_ms(SILENCE_MS);
    assert_eq!(Room::next_deadline(&room.state), Some(limit));
    room.now = limit.plus_ms(-1);
    room.tell(Command::DeadlineReached).unwrap();
    assert!(room.state.ended.is_none());
    let mut answered = room.clone();
    answered.tell(send(PATIENT, "r2", "不发烧")).unwrap();
    assert_eq!(Room::next_deadline(&answered.state), None);
    room.now = limit;
    room.tell(Command::DeadlineReached).unwrap();
    assert_eq!(room.state.ended, Some((Ending::PatientSilent, limit)));
    assert_eq!(Room::next_deadline(&room.state), None);

    let mut video = Under::open(Medium::Video, RecordingPolicy::Off);
    video.tell(send(DOCTOR, "r1", "在吗")).unwrap();
    assert_eq!(Room::next_deadline(&video.state), None);
}

#[test]
fn everything_has_a_bound() {
    let mut room = Under::open(Medium::Text, RecordingPolicy::Off);
    (0..DEVICES_MAX).for_each(|n| drop(room.tell(join(PATIENT, &format!("d{n}"))).unwrap()));
    assert_eq!(room.refused(join(PATIENT, "one-more")), Code::LimitExceeded);
    (2..PARTICIPANTS_MAX).for_each(|n| drop(room.tell(admit(&format!("p-{n}"))).unwrap()));
    assert_eq!(room.refused(admit("p-more")), Code::LimitExceeded);
    assert_eq!(room.refused(send(PATIENT, "r", &"x".repeat(TEXT_MAX_BYTES + 1))), Code::TooLarge);
    assert_eq!(room.refused(send(PATIENT, "r", "")), Code::InvalidField);
    assert_eq!(room.refused(send(PATIENT, &"r".repeat(NAME_MAX_BYTES + 1), "x")), Code::InvalidField);
    assert_eq!(room.refused(admit(PATIENT)), Code::AlreadyExists);
    let doctor = Command::Admit { by: DOCTOR.into(), participant: SECOND.into(), part: Part::Doctor };
    assert_eq!(room.refused(doctor), Code::InvalidField);
}

/// Every command, by everybody who could send it.
fn commands() -> Vec<Command> {
    let mut all = vec![
        Command::Open(opening(Medium::Text, RecordingPolicy::Offered)),
        Command::HandOver { to: SECOND.into() },
        Command::HandOver { to: PATIENT.into() },
        Command::DeadlineReached,
    ];
    for by in [PATIENT, DOCTOR, SECOND, FAMILY, "p-stranger"] {
        let by = || by.to_owned();
        all.extend([
            Command::Admit { by: by(), participant: FAMILY.into(), part: Part::Family },
            join(&by(), "phone"),
            Command::Leave { by: by(), device: "phone".into(), lost: false },
            send(&by(), "r1", "话"),
            Command::MarkDelivered { by: by(), to: 1 },
            Command::MarkRead { by: by(), to: 2 },
            start_recording(&by()),
            consent(&by(), true),
            consent(&by(), false),
            Command::StopRecording { by: by() },
            end(&by()),
        ]);
    }
    all
}

/// The states a room can be in, each reached by commands.
fn states() -> Vec<(&'static str, Under)> {
    let with = |mut room: Under, steps: &[Command]| {
        steps.iter().for_each(|step| drop(room.tell(step.clone()).unwrap()));
        room
    };
    let offered = Under::both_in(RecordingPolicy::Offered);
    let running = with(offered.clone(), &[start_recording(DOCTOR), consent(PATIENT, true)]);
    vec![
        ("not there", Under::empty()),
        ("open, nobody in", Under::open(Medium::Text, RecordingPolicy::Offered)),
        ("never recorded", Under::both_in(RecordingPolicy::Off)),
        ("asking", with(offered.clone(), &[start_recording(DOCTOR)])),
        ("handed over", with(running.clone(), &[Command::HandOver { to: SECOND.into() }])),
        ("running", running),
        ("required, asking", Under::both_in(RecordingPolicy::Required)),
        ("required, refused", with(Under::both_in(RecordingPolicy::Required), &[consent(PATIENT, false)])),
        ("ended", with(offered, &[end(DOCTOR)])),
    ]
}

#[test]
fn every_command_in_every_state_is_answered_and_replays() {
    for (name, room) in states() {
        for command in commands() {
            let mut after = room.clone();
            let answer = after.tell(command.clone());
            let is_stranger = format!("{command:?}").contains("p-stranger");
            assert!(
                !is_stranger || answer.is_err_and(|rejection| rejection.code == Code::Forbidden),
                "{name}: {command:?}"
            );
            if name == "ended" {
                assert_eq!(after.events.len(), room.events.len(), "an ended room takes nothing new: {command:?}");
            }
            assert!(after.state.recording != Recording::Running || after.state.ended.is_none());
        }
    }
}

proptest! {
    #[test]
    fn whatever_happens_nobody_is_recorded_without_having_agreed(
        policy in 0usize..3, steps in proptest::collection::vec((0usize..60, 0i64..90_000_000), 1..60)
    ) {
        let policy = [RecordingPolicy::Required, RecordingPolicy::Offered, RecordingPolicy::Off][policy];
        let all = commands();
        let mut room = Under::open(Medium::Text, policy);
        for (step, ms) in steps {
            room.now = room.now.plus_ms(ms);
            let _ = room.tell(all[step % all.len()].clone());
            for (id, one) in &room.state.participants {
                if room.state.recording == Recording::Running && room.hears(id) {
                    prop_assert!(one.has_agreed());
                }
                prop_assert!(!(policy == RecordingPolicy::Required && room.state.recording != Recording::Running && room.hears(id)));
                prop_assert!(one.read_to <= one.delivered_to && one.delivered_to <= room.state.last_message());
            }
            prop_assert!(policy != RecordingPolicy::Off || room.state.recording == Recording::Idle);
            prop_assert!(room.state.messages.iter().enumerate().all(|(at, message)| message.number == at as u64 + 1));
            prop_assert!(room.state.opening.is_none() || room.state.doctor().is_some());
        }
    }
}
