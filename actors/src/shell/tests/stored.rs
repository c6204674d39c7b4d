//! What earlier versions stored is read; what later ones stored is refused by name.

use super::gate::TestNode;
use super::probe::{Command, NOTED, NOTED_VARIANT, Note, NoteV1, NoteV2, Probe, probe};
use super::{ask, state};
use crate::codec;
use crate::log::{HistoryId, Log, MemoryLog, Meta, Record, ShardId};
use crate::shell::Kinds;
use jiaohao_domain::{OwnerKind, Timestamp};

/// A note as a program of that version has stored it.
fn noted(owner_seq: u64, version: u16, payload: Vec<u8>) -> Record {
    Record {
        shard: ShardId("site:a".into()),
        owner: probe("a"),
        owner_seq,
        owner_instance: 1,
        kind: NOTED,
        version,
        offset: 0,
        commit: 0,
        index: 0,
        count: 1,
        at: Timestamp(1_000),
        meta: None,
        payload,
    }
}

fn first(number: u64) -> Vec<u8> {
    codec::encode(&(NOTED_VARIANT, NoteV1 { number })).unwrap()
}

fn second(number: u64, text: &str) -> Vec<u8> {
    codec::encode(&(NOTED_VARIANT, NoteV2 { number, text: text.into() })).unwrap()
}

fn log_of(records: Vec<Record>) -> Box<dyn Log> {
    let mut log = MemoryLog::new(HistoryId(1));
    for record in records {
        log.append(&mut [vec![record]]).unwrap();
    }
    Box::new(log)
}

fn note(number: u64, text: &str, urgent: bool) -> Note {
    Note { number, text: text.into(), urgent }
}

#[actix::test]
async fn events_of_every_earlier_version_are_read_as_todays() {
    let test = TestNode::new();
    let node = test.start_on(log_of(vec![noted(1, 1, first(7)), noted(2, 2, second(8, "second"))]));
    ask(&node, "a", Command::Note(note(9, "third", true))).await.unwrap();
    let expected = [note(7, "note 7", false), note(8, "second", false), note(9, "third", true)];
    assert_eq!(state(&node, "a").await.notes, expected);
    let node = test.crash(node);
    assert_eq!(state(&node, "a").await.notes, expected);
    let log = node.stop().await.unwrap();
    let kinds = Kinds::default().with::<Probe>();
    let (mut versions, mut told) = (Vec::new(), Vec::new());
    log.replay(0, &mut |record| {
        versions.push(record.version);
        told.push(kinds.get(OwnerKind::Probe).unwrap().describe(&record).unwrap().1["Noted"]["text"].clone());
    })
    .unwrap();
    assert_eq!(versions, [1, 2, 3], "what is stored stays as it was, what is new is of today's version");
    assert_eq!(told, ["note 7", "second", "third"], "the journal's reading goes the same way");
}

#[actix::test]
async fn what_this_program_does_not_know_is_refused_by_name() {
    let test = TestNode::new();
    let today = codec::encode(&(NOTED_VARIANT, note(1, "x", false))).unwrap();
    let other_kind = Record { kind: 900, version: 1, ..noted(1, 1, today.clone()) };
    let meta = Some(Meta { version: 2, bytes: Vec::new() });
    let later_meta = Record { meta, ..noted(1, 3, today.clone()) };
    let ack = Record { kind: super::super::shell_events::ACKNOWLEDGED, ..noted(1, 2, Vec::new()) };
    for (record, says) in [
        (
            noted(1, 4, today.clone()),
            "record 1 of Probe a, event kind 901: version 4 is unknown here, versions up to 3",
        ),
        (noted(1, 0, today.clone()), "event kind 901: version 0 is unknown here"),
        (noted(1, 2, today), "event kind 901: 1 bytes left over"),
        (other_kind, "event kind 900: its payload is noted (901)"),
        (later_meta, "event kind 901: its meta: version 2 is unknown here, versions up to 1 are read"),
        (ack, "event kind 1: version 2 is unknown here"),
    ] {
        let why = test.try_start_on(log_of(vec![record]), |_| {}).err().expect("it must not start").to_string();
        assert!(why.contains(says), "{why}");
    }
}
