//! PROTOCOL.md against the program: a small clinic is driven through the doors, and every snapshot and every event of
//! every stream, every command's result and the other answers are compared with the shapes that the document gives.
#![allow(clippy::disallowed_methods, clippy::unwrap_used, reason = "a test in machine time; what fails, fails it")]

mod broken;
mod byes;
mod clinic;
mod events;
mod examples;
mod played;
#[path = "../program/mod.rs"]
mod program;
mod questions;
mod rebuilt;
mod rest;
mod rooms;
#[path = "../served/mod.rs"]
mod served;
mod shapes;
mod voice;

use std::collections::{BTreeMap, BTreeSet};

use clinic::{Clinic, Seen};
use jiaohao::http::RESOURCES;
use jiaohao_domain::vocabulary::ClientCommand;
use shapes::{Shapes, example};

const PROTOCOL: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/PROTOCOL.md"));

/// Streams that somebody may follow.
const STREAMS: [&str; 9] = ["board", "door", "queue", "session", "doctor", "patient", "ticket", "site", "ops"];

/// What each command and path answers: its name and the shape.
fn answers() -> BTreeMap<String, String> {
    let block = PROTOCOL.split("```answers\n").nth(1).unwrap().split("```").next().unwrap();
    let mut answers = BTreeMap::new();
    for line in block.lines() {
        let (names, shape) = line.split_once(": ").unwrap();
        for name in names.split(", ") {
            let name = name.split(" (").next().unwrap();
            assert!(answers.insert(name.to_owned(), shape.to_owned()).is_none(), "{name} stands twice");
        }
    }
    answers
}

/// The command at `METHOD /path`, or the path with its parameters as the document writes them.
fn name_of(request: &str) -> String {
    let (method, path) = request.split_once(' ').unwrap();
    let path = path.split('?').next().unwrap();
    if let Some((_, _, command)) = RESOURCES.iter().find(|(m, p, _)| *m == method && *p == path) {
        return (*command).to_owned();
    }
    let fits = |known: &&String| {
        known.split_once(' ').is_some_and(|(m, p)| {
            let (p, path): (Vec<&str>, Vec<&str>) = (p.split('/').collect(), path.split('/').collect());
            let same = |(known, asked): (&&str, &&str)| known == asked || known.starts_with('{');
            m == method && p.len() == path.len() && p.iter().zip(&path).all(same)
        })
    };
    answers().keys().find(fits).unwrap_or_else(|| panic!("{request} is not in PROTOCOL.md")).clone()
}

#[test]
fn every_command_has_one_answer_and_every_answer_a_shape() {
    let (answers, shapes) = (answers(), Shapes::read(PROTOCOL));
    let commands: BTreeSet<&str> = answers.keys().map(String::as_str).filter(|name| !name.contains(' ')).collect();
    assert_eq!(commands, ClientCommand::NAMES.iter().copied().collect());
    for shape in answers.values().flat_map(|shape| shape.split(" or ")) {
        assert!(shapes.has(shape) || shape == "text", "{shape}");
    }
}

#[test]
fn every_example_of_a_stream_has_its_shape() {
    let mut shapes = Shapes::read(PROTOCOL);
    let mut seen = BTreeSet::new();
    for (stream, event) in events::examples() {
        shapes.check_event(stream, &event).unwrap();
        seen.insert(stream);
    }
    assert!(seen.into_iter().eq(STREAMS.into_iter().filter(|stream| *stream != "ops").collect::<BTreeSet<_>>()));
    let replays: Vec<&str> =
        PROTOCOL.split("```replay\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    let mut events = 0;
    for frame in replays.iter().flat_map(|replay| replay.lines()).filter_map(|line| line.strip_prefix("< ")) {
        let frame = example(frame);
        let Some(stream) = frame["stream"].as_str().and_then(|stream| stream.split(':').next()) else { continue };
        if let Some(snapshot) = frame.get("snapshot") {
            shapes.check(stream, snapshot, stream).unwrap();
        }
        for list in ["events", "missed"].iter().filter_map(|name| frame[*name].as_array()) {
            events += list.len();
            list.iter().for_each(|event| shapes.check_event(stream, &event["event"]).unwrap());
        }
    }
    assert_eq!(events, 2, "one that came and one that was missed");
}

#[actix_web::test]
async fn the_examples_of_a_first_set_up_can_be_sent_as_they_stand() {
    let block = PROTOCOL.split("```commands\n").nth(1).unwrap().split("```").next().unwrap();
    let commands = block.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let first: Vec<_> = commands.take_while(|command| name_in(command).starts_with("define_")).collect();
    assert_eq!(first.len(), ClientCommand::NAMES.iter().filter(|name| name.starts_with("define_")).count());
    let clinic = Clinic::open().await;
    for command in &first {
        clinic.define(name_in(command), &command[name_in(command)]).await;
    }
    clinic.close().await;
}

fn name_in(command: &serde_json::Value) -> &str {
    command.as_object().and_then(|one| one.keys().next()).expect("one name")
}

/// Fields that these days do not bring.
const NOT_IN_THIS_DAY: &[&str] = &[
    "Acknowledged.code",
    "AuditLine.count",
    "Grown.masked_name",
    "Grown.patient",
    "Grown.since",
    "LettingGo.account",
    "LettingGo.again",
    "LettingGo.cancelled",
    "LettingGo.expired",
    "LettingGo.held",
    "LettingGo.passed_on",
    "OwnerClosed.id",
    "OwnerClosed.kind",
    "PayAt.amount_fen",
    "PayAt.expires_at",
    "PayAt.order",
    "PayAt.pay_url",
    "Said.clips",
    "Said.ms",
    "SaidClip.at_ms",
    "SaidClip.clip",
    "SentBefore.at",
    "SentBefore.rule",
    "SentBefore.to",
    "StoppedClinic.doctor",
    "StoppedClinic.doctor_en",
    "StoppedClinic.title",
    "StoppedClinic.when",
    "TooManyRooms.rows",
    "TooManyRooms.rows_max",
    "VisitFound.date",
    "VisitFound.masked_name",
    "VisitFound.number",
    "VisitFound.open_until",
    "VisitFound.patient",
    "VisitFound.queue",
    "VisitFound.visit",
    "VoiceReading.all",
    "VoiceReading.done",
    "WechatAsked.url",
    "WechatBound.patients",
    "Wished.place",
    "Wished.wish",
];
/// Commands and paths that the days do without: the cookie and the outside channels have tests of their own, and the
/// commands are sent where the document's examples are played.
const NOT_ASKED: &[&str] = &[
    "GET /channels/wechat",
    "POST /channels/payment",
    "POST /channels/sms",
    "POST /channels/wechat",
    "POST /channels/wechat/authorize",
    "POST /channels/wechat/bind",
    "POST /session/refresh",
    "POST /voice/{id}/make",
    "ask_refund",
    "confirm_notice",
    "decide_refund",
    "define_payment",
    "define_reminder",
    "give_refund",
    "join_waitlist",
    "leave_waitlist",
    "pay_appointment",
    "rate_visit",
    "report_shown",
    "report_spoken",
    "retry_refund",
    "settle_tickets",
    "take_back",
    "take_payment",
    "unbind_channel",
];

#[actix_web::test]
async fn what_the_document_says_of_streams_and_answers_is_what_comes() {
    let mut shapes = Shapes::read(PROTOCOL);
    let clinic = Clinic::open().await;
    let days: [Seen; 4] = tokio::join!(clinic.day(), played::day(), rest::day(), rest::night()).into();
    let mut faults = BTreeSet::new();
    for (stream, snapshot) in days.iter().flat_map(|day| &day.snapshots) {
        let kind = stream.split(':').next().unwrap();
        faults.extend(shapes.check(kind, snapshot, kind).err());
    }
    for (stream, event) in days.iter().flat_map(|day| &day.events) {
        faults.extend(shapes.check_event(stream.split(':').next().unwrap(), event).err());
    }
    let answers = answers();
    let mut asked = BTreeSet::new();
    for (request, answer) in days.iter().flat_map(|day| &day.answers) {
        let name = name_of(request);
        let shape = answers.get(&name).unwrap_or_else(|| panic!("{name} has no answer in PROTOCOL.md"));
        faults.extend(shapes.check(shape, answer, &name).err());
        asked.insert(name);
    }
    assert!(faults.is_empty(), "{}", faults.into_iter().collect::<Vec<_>>().join("\n"));
    let snapshots = days.iter().flat_map(|day| &day.snapshots);
    let of_streams: BTreeSet<&str> = snapshots.map(|(stream, _)| stream.split(':').next().unwrap()).collect();
    assert_eq!(of_streams, STREAMS.into(), "a stream whose snapshot nobody has seen");
    // what is documented also comes: a name or a field that no stream has is no part of the protocol
    let (unlike, never) = (events::unlike_what_came(&days), events::never_came(&shapes, &days, &STREAMS));
    assert!(unlike.is_empty() && never.is_empty(), "{}\n{never:?}", unlike.join("\n"));
    assert_eq!(shapes.unseen(), NOT_IN_THIS_DAY);
    let never_asked: Vec<&String> = answers.keys().filter(|name| !asked.contains(*name)).collect();
    assert_eq!(never_asked, NOT_ASKED);
}
