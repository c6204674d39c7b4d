//! The refusals of consultations: no door leads there yet, so the machines that answer them are asked.

use std::collections::BTreeMap;

use jiaohao::clients::Refusal;
use jiaohao_domain::{Context, Draft, Owner, Principal, Rejection, Timestamp};
use jiaohao_signaling::call::{Exchange, Input, Side};
use jiaohao_signaling::room::state::{ConsultationKind, Medium, MessageBody, Opening};
use jiaohao_signaling::room::{Command, RecordingPolicy, Room};
use serde_json::json;

use crate::examples::{is_alike, problems};

const NOW: Timestamp = crate::served::MORNING;
const PATIENT: &str = "p-1";
const DOCTOR: &str = "renmin.liming";

/// What a room that both are in says to the last of these.
fn room(recording: RecordingPolicy, commands: impl IntoIterator<Item = Command>) -> Rejection {
    let (kind, medium) = (ConsultationKind::FollowUp, Medium::Video);
    let opening = Opening { kind, medium, recording, patient: PATIENT.into(), doctor: DOCTOR.into() };
    let join = |by: &str| Command::Join { by: by.into(), device: "phone".into() };
    let before = [Command::Open(opening), join(PATIENT), join(DOCTOR)];
    let mut state = Room::new_state("c-1");
    let mut last = None;
    for command in before.into_iter().chain(commands) {
        assert!(last.is_none(), "refused too early: {last:?}");
        let context = Context { now: NOW, principal: Principal::system(), seed: 1 };
        last = Room::decide(&mut Draft::<Room>::new(&mut state), command, &context).err();
    }
    last.expect("it is refused")
}

/// What a call says to this side's offer after a first exchange.
fn call(side: Side, negotiation: u64) -> Rejection {
    let offer = |negotiation| Input::Offer { negotiation, sdp: "v=0".into() };
    let mut call = Exchange::new();
    call.take(Side::Offerer, offer(1), NOW).unwrap();
    call.take(Side::Answerer, Input::Answer { negotiation: 1, sdp: "v=0".into() }, NOW).unwrap();
    call.take(side, offer(negotiation), NOW).unwrap_err().into()
}

#[test]
fn every_refusal_of_a_consultation_is_answered_by_its_machine() {
    let (patient, doctor) = (|| PATIENT.to_owned(), || DOCTOR.to_owned());
    let text_version = || "2026-11".to_owned();
    let start = || Command::StartRecording { by: doctor(), text_version: text_version() };
    let agree = || Command::AnswerConsent { by: patient(), granted: true, text_version: text_version() };
    let said = Command::Send { by: patient(), retry_id: "r1".into(), body: MessageBody::Text(b"...".to_vec()) };
    let end = Command::End { by: doctor(), needs_visit: false };
    let stop = Command::StopRecording { by: doctor() };
    let answered: BTreeMap<String, Rejection> = [
        room(RecordingPolicy::Offered, [end, said]),
        room(RecordingPolicy::Off, [start()]),
        room(RecordingPolicy::Required, [start(), agree(), stop]),
        room(RecordingPolicy::Offered, [agree()]),
        call(Side::Answerer, 2),
        call(Side::Offerer, 1),
    ]
    .map(|rejection| (rejection.code.wire().to_owned(), rejection))
    .into();
    let told = problems::<2>("refusals-rooms");
    assert!(answered.keys().eq(told.keys()), "{answered:?}");
    for (code, (_, problem)) in told {
        let Rejection { code: is, valid_now, .. } = &answered[&code];
        let valid_now = valid_now.iter().map(|(name, value)| (name.to_string(), json!(value))).collect();
        let why = Refusal { code: is.wire().to_owned(), detail: String::new(), valid_now };
        assert!(is_alike(&problem, &why), "{problem}: {why:?}");
    }
}
