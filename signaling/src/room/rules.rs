//! The owner of one consultation room. Pure. It is created by the department's accept and decides only what happens
//! inside; it never decides whose patient it is. A lost connection never ends it; only the doctor does, or 48 h of the
//! patient's silence in a text consultation.

use jiaohao_domain::vocabulary::Answer;
use jiaohao_domain::{Code, Context, Draft, Message, Outgoing, Owner, OwnerKind, Rejection, RoomId, Timestamp};
use serde::{Deserialize, Serialize};

use super::recording;
use super::state::*;

/// The patient's silence that closes a text consultation, milliseconds (DOMAIN, Online consultations).
pub const SILENCE_MS: i64 = 48 * 3_600_000;
/// Most people in one room: patient, doctor, family, interpreter, specialists.
pub const PARTICIPANTS_MAX: usize = 8;
/// Most devices of one person at the same time.
pub const DEVICES_MAX: usize = 5;
/// Most messages of one consultation; a longer conversation is a visit.
pub const MESSAGES_MAX: usize = 10_000;
/// Largest sealed text, bytes.
pub const TEXT_MAX_BYTES: usize = 16 * 1024;
/// Longest retry id, device name, blob address or text version, bytes.
pub const NAME_MAX_BYTES: usize = 128;

/// What a room can be told. `by` is the participant whom the edge has established for the connection.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Command {
    /// From the department's accept.
    Open(Opening),
    /// The doctor lets somebody in.
    Admit { by: ParticipantId, participant: ParticipantId, part: Part },
    /// A device has come, or has come back.
    Join { by: ParticipantId, device: String },
    /// A device has left; `lost` when its connection did.
    Leave { by: ParticipantId, device: String, lost: bool },
    /// Say something.
    Send { by: ParticipantId, retry_id: String, body: MessageBody },
    /// All messages to this number have arrived.
    MarkDelivered { by: ParticipantId, to: u64 },
    /// All messages to this number have been read.
    MarkRead { by: ParticipantId, to: u64 },
    /// The doctor begins a recording: everybody is asked, the doctor agrees by this.
    StartRecording { by: ParticipantId, text_version: String },
    /// The answer to the question; a refusal later is a withdrawal.
    AnswerConsent { by: ParticipantId, granted: bool, text_version: String },
    /// The doctor stops the recording.
    StopRecording { by: ParticipantId },
    /// From the department: another doctor answers for it now.
    HandOver { to: ParticipantId },
    /// The doctor ends the consultation.
    End { by: ParticipantId, needs_visit: bool },
    /// The earliest deadline has passed.
    DeadlineReached,
}

/// Why a recording stopped: the mark in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum StopReason {
    /// This participant refused or withdrew.
    Refused(ParticipantId),
    /// The doctor stopped it.
    ByDoctor,
    /// The consultation ended.
    Ended,
}

/// What can have happened in a room.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Event {
    /// It is there.
    RoomOpened(Opening),
    /// Somebody may come in.
    ParticipantAdmitted { participant: ParticipantId, part: Part },
    /// A device came. `asked`: the recording question comes before anything is heard.
    ParticipantJoined { participant: ParticipantId, device: String, at: Timestamp, asked: bool },
    /// A device left.
    ParticipantLeft { participant: ParticipantId, device: String, at: Timestamp, lost: bool },
    /// Something was said. `patient_silent_since` as it is from here on.
    MessageStored { message: StoredMessage, patient_silent_since: Option<Timestamp> },
    /// Arrived.
    MessagesDelivered { participant: ParticipantId, to: u64 },
    /// Read (and therefore arrived).
    MessagesRead { participant: ParticipantId, to: u64 },
    /// Everybody is asked; earlier refusals are asked again.
    RecordingAsked { by: ParticipantId },
    /// An answer.
    ConsentAnswered { participant: ParticipantId, consent: Consent },
    /// All in the call have agreed: it records.
    RecordingStarted { at: Timestamp },
    /// It stopped; the mark says why. `recording` is where it stands now.
    RecordingStopped { reason: StopReason, at: Timestamp, recording: Recording },
    /// Required and refused before it ran: goes on in text.
    ContinuedInText { refused_by: ParticipantId },
    /// Another doctor answers for it; the one before reads on and is out of the call.
    ConsultationHandedOver { from: Option<ParticipantId>, to: ParticipantId },
    /// It is over. All devices are out.
    ConsultationEnded { how: Ending, at: Timestamp },
}

/// The owner of one room.
#[derive(Debug)]
pub struct Room;

impl Owner for Room {
    const KIND: OwnerKind = OwnerKind::Room;
    const STATE_VERSION: u16 = 1;
    type State = State;
    type Command = Command;
    type Event = Event;

    fn new_state(id: &str) -> State {
        State {
            room: RoomId::from(id),
            opening: None,
            participants: Default::default(),
            messages: Vec::new(),
            retries: Default::default(),
            recording: Recording::Idle,
            patient_silent_since: None,
            ended: None,
        }
    }

    fn decide(draft: &mut Draft<'_, Self>, command: Command, context: &Context) -> Result<Answer, Rejection> {
        let now = context.now;
        match command {
            Command::Open(opening) => open(draft, opening),
            Command::Admit { by, participant, part } => admit(draft, &by, participant, part),
            Command::Join { by, device } => join(draft, by, device, now),
            Command::Leave { by, device, lost } => leave(draft, by, device, lost, now),
            Command::Send { by, retry_id, body } => send(draft, by, retry_id, body, now),
            Command::MarkDelivered { by, to } => {
                if to > marked(draft.state(), &by, to)?.delivered_to {
                    draft.emit(Event::MessagesDelivered { participant: by, to });
                }
                Ok(Answer::Done)
            }
            Command::MarkRead { by, to } => {
                if to > marked(draft.state(), &by, to)?.read_to {
                    draft.emit(Event::MessagesRead { participant: by, to });
                }
                Ok(Answer::Done)
            }
            Command::StartRecording { by, text_version } => start_recording(draft, by, text_version, now),
            Command::AnswerConsent { by, granted, text_version } => {
                answer_consent(draft, by, Consent { granted, text_version, at: now })
            }
            Command::StopRecording { by } => stop_recording(draft, &by, now),
            Command::HandOver { to } => Ok(hand_over(draft, to, now)),
            Command::End { by, needs_visit } => {
                doctor_in_open_room(draft.state(), &by)?;
                end(draft, if needs_visit { Ending::NeedsVisit } else { Ending::Done }, now);
                Ok(Answer::Done)
            }
            Command::DeadlineReached => {
                if Self::next_deadline(draft.state()).is_some_and(|at| at <= now) {
                    end(draft, Ending::PatientSilent, now);
                }
                Ok(Answer::Done)
            }
        }
    }

    fn apply(state: &mut State, event: &Event) {
        match event {
            Event::RoomOpened(opening) => {
                state.participants.insert(opening.patient.clone(), Participant::new(Part::Patient));
                state.participants.insert(opening.doctor.clone(), Participant::new(Part::Doctor));
                state.recording =
                    if opening.recording == RecordingPolicy::Required { Recording::Asking } else { Recording::Idle };
                state.opening = Some(opening.clone());
            }
            Event::ParticipantAdmitted { participant, part } => {
                state.participants.insert(participant.clone(), Participant::new(*part));
            }
            Event::ParticipantJoined { participant, device, at, .. } => {
                change(state, participant, |one| {
                    one.devices.insert(device.clone(), *at);
                });
            }
            Event::ParticipantLeft { participant, device, .. } => {
                change(state, participant, |one| {
                    one.devices.remove(device);
                });
            }
            Event::MessageStored { message, patient_silent_since } => {
                let retries = state.retries.entry(message.sender.clone()).or_default();
                retries.insert(message.retry_id.clone(), message.number);
                change(state, &message.sender, |one| {
                    one.delivered_to = message.number;
                    one.read_to = message.number;
                });
                state.messages.push(message.clone());
                state.patient_silent_since = *patient_silent_since;
            }
            Event::MessagesDelivered { participant, to } => change(state, participant, |one| one.delivered_to = *to),
            Event::MessagesRead { participant, to } => change(state, participant, |one| {
                one.read_to = *to;
                one.delivered_to = one.delivered_to.max(*to);
            }),
            Event::RecordingAsked { .. } => {
                state.recording = Recording::Asking;
                state.participants.values_mut().filter(|one| !one.has_agreed()).for_each(|one| one.consent = None);
            }
            Event::ConsentAnswered { participant, consent } => {
                change(state, participant, |one| one.consent = Some(consent.clone()));
            }
            Event::RecordingStarted { .. } => state.recording = Recording::Running,
            Event::RecordingStopped { recording, .. } => state.recording = *recording,
            Event::ContinuedInText { .. } => state.recording = Recording::Refused,
            Event::ConsultationHandedOver { from, to } => {
                if let Some(from) = from {
                    change(state, from, |one| {
                        one.part = Part::FormerDoctor;
                        one.devices.clear();
                    });
                }
                state.participants.entry(to.clone()).or_insert_with(|| Participant::new(Part::Doctor)).part =
                    Part::Doctor;
            }
            Event::ConsultationEnded { how, at } => {
                state.ended = Some((*how, *at));
                state.recording = Recording::Idle;
                state.participants.values_mut().for_each(|one| one.devices.clear());
            }
        }
    }

    fn event_kind(event: &Event) -> (u16, &'static str) {
        match event {
            Event::RoomOpened(_) => (600, "room_opened"),
            Event::ParticipantAdmitted { .. } => (601, "participant_admitted"),
            Event::ParticipantJoined { .. } => (602, "participant_joined"),
            Event::ParticipantLeft { .. } => (603, "participant_left"),
            Event::MessageStored { .. } => (604, "message_stored"),
            Event::MessagesDelivered { .. } => (605, "messages_delivered"),
            Event::MessagesRead { .. } => (606, "messages_read"),
            Event::RecordingAsked { .. } => (607, "recording_asked"),
            Event::ConsentAnswered { .. } => (608, "consent_answered"),
            Event::RecordingStarted { .. } => (609, "recording_started"),
            Event::RecordingStopped { .. } => (610, "recording_stopped"),
            Event::ContinuedInText { .. } => (611, "continued_in_text"),
            Event::ConsultationHandedOver { .. } => (612, "consultation_handed_over"),
            Event::ConsultationEnded { .. } => (613, "consultation_ended"),
        }
    }

    fn outgoing(_event: &Event, _out: &mut Vec<Outgoing>) {}

    fn next_deadline(state: &State) -> Option<Timestamp> {
        let is_text = state.opening.as_ref().is_some_and(|opening| opening.medium == Medium::Text);
        let since = state.patient_silent_since.filter(|_| is_text && state.ended.is_none());
        since.map(|since| since.plus_ms(SILENCE_MS))
    }

    fn deadline_command() -> Option<Command> {
        Some(Command::DeadlineReached)
    }

    fn receive(_message: Message) -> Option<Command> {
        None
    }
}

fn change(state: &mut State, participant: &str, change: impl FnOnce(&mut Participant)) {
    if let Some(one) = state.participants.get_mut(participant) {
        change(one);
    }
}

/// Somebody of this room. Others are answered as if there were no room.
fn participant<'a>(state: &'a State, by: &str) -> Result<&'a Participant, Rejection> {
    state.participants.get(by).ok_or_else(|| Code::Forbidden.into())
}

fn in_open_room<'a>(state: &'a State, by: &str) -> Result<&'a Participant, Rejection> {
    let one = participant(state, by)?;
    if state.ended.is_some() { Err(Code::RoomEnded.into()) } else { Ok(one) }
}

fn doctor_in_open_room(state: &State, by: &str) -> Result<(), Rejection> {
    if in_open_room(state, by)?.part == Part::Doctor { Ok(()) } else { Err(Code::Forbidden.into()) }
}

fn name(text: &str, field: &str) -> Result<(), Rejection> {
    if (1..=NAME_MAX_BYTES).contains(&text.len()) {
        return Ok(());
    }
    Err(Rejection::field(field, format!("{field} has 1 to {NAME_MAX_BYTES} bytes")))
}

fn open(draft: &mut Draft<'_, Room>, opening: Opening) -> Result<Answer, Rejection> {
    match &draft.state().opening {
        Some(known) if *known == opening => return Ok(Answer::Done),
        Some(_) => return Err(Code::AlreadyExists.into()),
        None if opening.patient == opening.doctor => {
            return Err(Rejection::new(Code::InvalidField, "patient and doctor are two people"));
        }
        None => {}
    }
    draft.emit(Event::RoomOpened(opening));
    Ok(Answer::Done)
}

fn admit(draft: &mut Draft<'_, Room>, by: &str, id: ParticipantId, part: Part) -> Result<Answer, Rejection> {
    let state = draft.state();
    doctor_in_open_room(state, by)?;
    name(&id, "participant")?;
    if matches!(part, Part::Patient | Part::Doctor | Part::FormerDoctor) {
        return Err(Rejection::field("part", "patient and doctor are the department's to name"));
    }
    match state.participants.get(&id) {
        Some(known) if known.part == part => return Ok(Answer::Done),
        Some(_) => return Err(Code::AlreadyExists.into()),
        None if state.participants.len() >= PARTICIPANTS_MAX => return Err(Code::LimitExceeded.into()),
        None => {}
    }
    draft.emit(Event::ParticipantAdmitted { participant: id, part });
    Ok(Answer::Done)
}

fn join(draft: &mut Draft<'_, Room>, by: ParticipantId, device: String, now: Timestamp) -> Result<Answer, Rejection> {
    let state = draft.state();
    let one = in_open_room(state, &by)?;
    name(&device, "device")?;
    if one.devices.contains_key(&device) {
        return Ok(Answer::Done);
    }
    if one.devices.len() >= DEVICES_MAX {
        return Err(Code::LimitExceeded.into());
    }
    let asked = recording::is_asked(state, one);
    draft.emit(Event::ParticipantJoined { participant: by, device, at: now, asked });
    begin_when_all_agreed(draft, now);
    Ok(Answer::Done)
}

fn leave(
    draft: &mut Draft<'_, Room>,
    by: ParticipantId,
    device: String,
    lost: bool,
    now: Timestamp,
) -> Result<Answer, Rejection> {
    if participant(draft.state(), &by)?.devices.contains_key(&device) {
        draft.emit(Event::ParticipantLeft { participant: by, device, at: now, lost });
        begin_when_all_agreed(draft, now);
    }
    Ok(Answer::Done)
}

fn send(
    draft: &mut Draft<'_, Room>,
    by: ParticipantId,
    retry_id: String,
    body: MessageBody,
    now: Timestamp,
) -> Result<Answer, Rejection> {
    let state = draft.state();
    let part = participant(state, &by)?.part;
    if let Some(number) = state.retries.get(&by).and_then(|sent| sent.get(&retry_id)) {
        let known = &state.messages[*number as usize - 1];
        if known.body != body {
            return Err(Code::IdempotencyKeyReused.into());
        }
        return Ok(Answer::MessageStored { number: known.number, stored_at: known.at });
    }
    in_open_room(state, &by)?;
    name(&retry_id, "retry_id")?;
    match &body {
        MessageBody::Text(sealed) if sealed.len() > TEXT_MAX_BYTES => return Err(Code::TooLarge.into()),
        MessageBody::Text(sealed) if sealed.is_empty() => {
            return Err(Rejection::field("body", "an empty message says nothing"));
        }
        MessageBody::Text(_) => {}
        MessageBody::Blob { address, media_type } => {
            name(address, "address")?;
            name(media_type, "media_type")?;
        }
    }
    if part == Part::FormerDoctor {
        return Err(Code::Forbidden.into());
    }
    if state.messages.len() >= MESSAGES_MAX {
        return Err(Code::LimitExceeded.into());
    }
    let number = state.last_message() + 1;
    let patient_silent_since = match part {
        Part::Patient => None,
        Part::Doctor => Some(now),
        _ => state.patient_silent_since,
    };
    let message = StoredMessage { number, sender: by, retry_id, body, at: now };
    draft.emit(Event::MessageStored { message, patient_silent_since });
    Ok(Answer::MessageStored { number, stored_at: now })
}

/// Whose mark it is; nobody has received what was not sent.
fn marked<'a>(state: &'a State, by: &str, to: u64) -> Result<&'a Participant, Rejection> {
    let one = participant(state, by)?;
    if to <= state.last_message() { Ok(one) } else { Err(Rejection::field("to", "there is no such message yet")) }
}

fn start_recording(
    draft: &mut Draft<'_, Room>,
    by: ParticipantId,
    text_version: String,
    now: Timestamp,
) -> Result<Answer, Rejection> {
    let state = draft.state();
    doctor_in_open_room(state, &by)?;
    name(&text_version, "text_version")?;
    if state.opening.as_ref().is_none_or(|opening| opening.recording == RecordingPolicy::Off) {
        return Err(Code::RecordingOff.into());
    }
    let has_asked =
        state.recording == Recording::Asking && state.participants.get(&by).is_some_and(Participant::has_agreed);
    if has_asked || state.recording == Recording::Running {
        return Ok(Answer::Done);
    }
    draft.emit(Event::RecordingAsked { by: by.clone() });
    draft.emit(Event::ConsentAnswered { participant: by, consent: Consent { granted: true, text_version, at: now } });
    begin_when_all_agreed(draft, now);
    Ok(Answer::Done)
}

fn answer_consent(draft: &mut Draft<'_, Room>, by: ParticipantId, consent: Consent) -> Result<Answer, Rejection> {
    let state = draft.state();
    let one = in_open_room(state, &by)?;
    name(&consent.text_version, "text_version")?;
    if !matches!(state.recording, Recording::Asking | Recording::Running) || !one.is_in_calls() {
        return Err(Code::NotAsked.into());
    }
    if one
        .consent
        .as_ref()
        .is_some_and(|known| known.granted == consent.granted && known.text_version == consent.text_version)
    {
        return Ok(Answer::Done);
    }
    let (granted, at) = (consent.granted, consent.at);
    let (required, was_running) = (recording::is_required(state), state.recording == Recording::Running);
    draft.emit(Event::ConsentAnswered { participant: by.clone(), consent });
    let after = if required { Recording::Refused } else { Recording::Idle };
    match (granted, was_running) {
        (true, _) => begin_when_all_agreed(draft, at),
        (false, false) if required => draft.emit(Event::ContinuedInText { refused_by: by }),
        // A refusal stops it, and it stays a mark on the record even where nothing ran yet.
        (false, _) => draft.emit(Event::RecordingStopped { reason: StopReason::Refused(by), at, recording: after }),
    }
    Ok(Answer::Done)
}

fn stop_recording(draft: &mut Draft<'_, Room>, by: &str, now: Timestamp) -> Result<Answer, Rejection> {
    let state = draft.state();
    doctor_in_open_room(state, by)?;
    if !matches!(state.recording, Recording::Asking | Recording::Running) {
        return Ok(Answer::Done);
    }
    if recording::is_required(state) {
        return Err(Code::RecordingRequired.into());
    }
    draft.emit(Event::RecordingStopped { reason: StopReason::ByDoctor, at: now, recording: Recording::Idle });
    Ok(Answer::Done)
}

/// From the department: total. An ended room has nothing to hand over.
fn hand_over(draft: &mut Draft<'_, Room>, to: ParticipantId, now: Timestamp) -> Answer {
    let state = draft.state();
    let from = state.doctor().cloned();
    let is_patient = state.participants.get(&to).is_some_and(|one| one.part == Part::Patient);
    if state.opening.is_some() && state.ended.is_none() && from.as_ref() != Some(&to) && !is_patient {
        draft.emit(Event::ConsultationHandedOver { from, to });
        begin_when_all_agreed(draft, now);
    }
    Answer::Done
}

fn end(draft: &mut Draft<'_, Room>, how: Ending, now: Timestamp) {
    if draft.state().recording == Recording::Running {
        draft.emit(Event::RecordingStopped { reason: StopReason::Ended, at: now, recording: Recording::Idle });
    }
    draft.emit(Event::ConsultationEnded { how, at: now });
}

fn begin_when_all_agreed(draft: &mut Draft<'_, Room>, now: Timestamp) {
    if draft.state().recording == Recording::Asking && recording::all_agreed(draft.state()) {
        draft.emit(Event::RecordingStarted { at: now });
    }
}
