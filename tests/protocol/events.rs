//! What comes on the streams against what the document lists and shows: every event's name, and every example in its form.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::PROTOCOL;
use crate::clinic::Seen;
use crate::shapes::{LEFT_OUT, Shapes, example};

/// The document's examples of events with their streams' kinds.
pub fn examples() -> Vec<(&'static str, Value)> {
    let of_streams = PROTOCOL.split("## What the streams carry").nth(1).unwrap();
    let sections =
        of_streams.split("### `").skip(1).map(|section| (section.split([':', '`']).next().unwrap(), section));
    let lines = sections.flat_map(|(stream, section)| section.lines().map(move |line| (stream, line)));
    let shown = lines.filter_map(|(stream, line)| Some((stream, line.strip_prefix("    {")?)));
    shown.map(|(stream, line)| (stream, example(&format!("{{{line}")))).collect()
}

/// What takes a moment or hours that no day here has, and is a test of the department's: a queue is retired while somebody
/// whom the pre-check sends is on the way to it; somebody told of a delay is a no-show, and that is corrected; a place that
/// was kept is back after an hour or two, and where it is kept of a channel's own, what is free changes with it; an order
/// that is made or closed tells a ticket nothing that it has not said, and comes where something else has changed; a clinic
/// is over in the evening; which clinic's delay a door says is another once one is made, retired, stopped or resumed.
const ELSEWHERE: [(&str, &[&str]); 11] = [
    ("transfer_not_taken", &["doctor", "door", "queue", "ticket"]),
    ("no_show_corrected", &["queue"]),
    ("place_kept", &["session"]),
    ("place_back", &["session"]),
    ("order_created", &["ticket"]),
    ("order_closed", &["ticket"]),
    ("session_over", &["board", "door", "queue"]),
    ("session_defined", &["door"]),
    ("session_retired", &["door"]),
    ("session_stopped", &["door"]),
    ("session_resumed", &["door"]),
];

/// What kind of text it is.
fn form(text: &str) -> &'static str {
    let is_date = |text: &str| text.len() == 10 && text.as_bytes()[4] == b'-';
    let all = |fits: fn(char) -> bool| text.chars().all(fits);
    match text {
        "" => "nothing",
        _ if chrono::DateTime::parse_from_rfc3339(text).is_ok() => "time",
        _ if is_date(text) => "date",
        _ if text.contains('*') => "masked name",
        _ if all(|c| c.is_ascii_lowercase() || c == '_') => "word",
        _ if all(|c| c.is_ascii_uppercase() || c.is_ascii_digit()) => "number",
        _ if !text.contains(' ') && text.contains('.') => "id",
        _ => "text",
    }
}

/// Whether what came has the fields of an example, and values of the same forms; of a list what the example shows.
fn is_alike(told: &Value, seen: &Value) -> bool {
    match (told, seen) {
        (Value::String(told), _) if told == LEFT_OUT => true,
        (Value::String(told), Value::String(seen)) => form(told) == form(seen),
        (Value::Object(told), Value::Object(seen)) if told.keys().any(|name| form(name) == "id") => told
            .iter()
            .all(|(id, told)| seen.iter().any(|(other, seen)| form(id) == form(other) && is_alike(told, seen))),
        (Value::Object(told), Value::Object(seen)) => {
            let shown = told.keys().filter(|name| *name != LEFT_OUT).count();
            let is_whole = told.contains_key(LEFT_OUT) || shown == seen.len();
            let mut shown = told.iter().filter(|(name, _)| *name != LEFT_OUT);
            is_whole && shown.all(|(name, told)| seen.get(name).is_some_and(|seen| is_alike(told, seen)))
        }
        (Value::Array(told), Value::Array(seen)) => {
            told.iter().all(|told| seen.iter().any(|seen| is_alike(told, seen)))
        }
        (Value::Number(_), Value::Number(_)) | (Value::Bool(_), Value::Bool(_)) | (Value::Null, Value::Null) => true,
        _ => false,
    }
}

/// Names of events that the document lists and that have not come, by kind of stream.
pub fn never_came(shapes: &Shapes, days: &[Seen], kinds: &[&'static str]) -> BTreeMap<&'static str, Vec<String>> {
    let mut came: BTreeSet<(&str, &str)> = BTreeSet::new();
    for (stream, event) in days.iter().flat_map(|day| &day.events) {
        let names = event.as_object().expect("one name").keys();
        came.extend(names.map(|name| (stream.split(':').next().unwrap(), name.as_str())));
    }
    let listed = kinds.iter().filter(|kind| **kind != "ops");
    let missing = listed.map(|kind| {
        let is_elsewhere = |name: &str| ELSEWHERE.iter().any(|(known, of)| *known == name && of.contains(kind));
        let is_missing = |name: &&str| !came.contains(&(*kind, *name)) && !is_elsewhere(name);
        let names = shapes.events(kind).into_iter().filter(is_missing);
        (*kind, names.map(str::to_owned).collect::<Vec<_>>())
    });
    missing.filter(|(_, names)| !names.is_empty()).collect()
}

/// Examples of the document of which nothing came in their form; with each one that came under its name.
pub fn unlike_what_came(days: &[Seen]) -> Vec<String> {
    let came = |kind: &str, name: &str| {
        let of_kind = |(stream, _): &&(String, Value)| stream.split(':').next() == Some(kind);
        let all = days.iter().flat_map(|day| &day.events).filter(of_kind).map(|(_, event)| event);
        all.filter(|event| event.get(name).is_some()).cloned().collect::<Vec<_>>()
    };
    let mut unlike = Vec::new();
    for (kind, told) in examples() {
        let name = told.as_object().expect("one name").keys().next().expect("one name").clone();
        let came = came(kind, &name);
        if !came.iter().any(|seen| is_alike(&told, seen)) {
            unlike
                .push(format!("{kind}: told {told}\n  came {}", came.last().map(Value::to_string).unwrap_or_default()));
        }
    }
    unlike
}
