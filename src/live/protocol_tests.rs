//! `PROTOCOL.md` is what the program does: its examples are read and played over a real socket, and whatever the wire
//! knows is named there.

use std::collections::BTreeSet;

use jiaohao_actors::fanout::StreamKind;
use jiaohao_domain::Code;
use jiaohao_domain::vocabulary::ClientCommand;
use serde_json::Value;

use super::tests::house;
use super::{Bye, message};
use crate::http::RESOURCES;
use crate::wire;

const PROTOCOL: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/PROTOCOL.md"));

/// The insides of the fenced blocks of this kind.
fn blocks(kind: &str) -> Vec<&'static str> {
    let fence = format!("```{kind}\n");
    PROTOCOL.split(fence.as_str()).skip(1).map(|rest| rest.split("```").next().unwrap()).collect()
}

#[test]
fn every_command_has_an_example_that_is_read() {
    let mut shown = BTreeSet::new();
    for line in blocks("commands").concat().lines() {
        let command = wire::command(serde_json::from_str(line).unwrap()).unwrap_or_else(|e| panic!("{line}: {e}"));
        // One of several shapes is shown in each.
        shown.insert(command.name());
    }
    assert_eq!(shown, ClientCommand::NAMES.iter().copied().collect());
}

#[test]
fn every_code_good_bye_stream_and_path_is_named() {
    for code in Code::ALL {
        let row = format!("| `{}` | {} |", code.wire(), code.http_status());
        assert!(PROTOCOL.contains(&row), "{row}");
    }
    let codes = PROTOCOL.split("## Error codes").nth(1).unwrap().lines().filter(|line| line.starts_with("| `")).count();
    assert_eq!(codes, Code::ALL.len(), "a code that is gone is still there");
    for bye in Bye::ALL {
        let reconnect = if bye.reconnect() { "yes" } else { "no" };
        let row = format!("| `{}` | {reconnect} | {} |", bye.code(), bye.status());
        assert!(PROTOCOL.contains(&row), "{row}");
    }
    for (kind, name) in StreamKind::ALL {
        let row = if *kind == StreamKind::Ops { "| `ops` |".to_owned() } else { format!("| `{name}:{{id}}` |") };
        assert!(PROTOCOL.contains(&row), "{row}");
    }
    for (method, path, command) in RESOURCES {
        let row = format!("| `{method} /api/v1{path}` | `{command}` |");
        assert!(PROTOCOL.contains(&row), "{row}");
    }
}

#[actix_web::test]
async fn every_replay_gives_what_it_says() {
    let blocks = blocks("replay");
    assert!(blocks.len() >= 4);
    for block in blocks {
        let house = house(|_| {}).await;
        let mut client = house.connect().await;
        for line in block.lines() {
            let (direction, frame) = line.split_at(2);
            match direction {
                "> " => {
                    let frame = frame.replace("\"…\"", "\"desk:a-1\"");
                    let is_unknown = frame.contains("no_such_command");
                    assert_eq!(message::read(frame.as_bytes()).1.is_err(), is_unknown, "{line}");
                    client.text(&frame).await;
                }
                "< " => {
                    let told: Value = serde_json::from_str(&frame.replace("{…}", "{}")).unwrap();
                    let seen = client.next().await;
                    assert!(is_alike(&told, &seen), "told {told}\nseen {seen}");
                }
                other => panic!("{other}: a line of a replay begins with > or <"),
            }
        }
    }
}

/// Same fields, and the same values but for those that differ each time. The fields of a snapshot and of an event are
/// their stream's affair.
fn is_alike(told: &Value, seen: &Value) -> bool {
    const EACH_TIME: &[&str] = &["session", "after_ms", "event", "snapshot", "server"];
    match (told, seen) {
        (Value::Object(told), Value::Object(seen)) => {
            told.len() == seen.len()
                && told.iter().all(|(name, value)| {
                    seen.get(name).is_some_and(|seen| EACH_TIME.contains(&name.as_str()) || is_alike(value, seen))
                })
        }
        (Value::Array(told), Value::Array(seen)) => {
            told.len() == seen.len() && told.iter().zip(seen).all(|(told, seen)| is_alike(told, seen))
        }
        _ => told == seen,
    }
}
