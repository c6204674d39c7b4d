//! Between the wire and the domain: times (RFC 3339 outside, UTC milliseconds inside) and what is said of bad input.

pub mod objects;

use chrono::DateTime;
use jiaohao_domain::vocabulary::{Answer, ClientCommand};
use jiaohao_domain::{Code, Rejection, Timestamp, prefix};
use serde_json::{Map, Value, json};

use self::objects::Objects;
use crate::engine::Engine;

/// Fields of commands that are times.
const TIMES_IN: &[&str] = &["back_at", "released_at", "came_at", "from"];
/// Commands whose `from` is a day.
const DATES_FROM: &[&str] = &["define_template", "except_days"];
/// Fields of answers that are times.
const TIMES_OUT: &[&str] = &["expires_at", "slot_start", "stored_at", "released_at", "until"];

/// An answer as both doors print it: times with the offset of the site that the answer is about.
pub fn answer(engine: &dyn Engine, answer: &Answer) -> Value {
    let mut result = answer.result();
    if let Some(object) = result.as_object_mut() {
        let site = object.values().find_map(Value::as_str).map(|id| prefix(id, 1).to_owned());
        for field in TIMES_OUT {
            if let Some(ms) = object.get(*field).and_then(Value::as_i64) {
                let at = engine.zone(site.as_deref()).rfc3339(Timestamp(ms));
                object.insert((*field).to_owned(), Value::String(at));
            }
        }
    }
    result
}

/// The command that the wire's `{"name":{…}}` is.
///
/// # Errors
/// `unknown_command`, `malformed`.
pub fn command(object: Value) -> Result<ClientCommand, Rejection> {
    let Value::Object(mut tagged) = object else {
        return Err(Rejection::new(Code::Malformed, "command is an object with one field, the command's name"));
    };
    let name = match (tagged.len(), tagged.keys().next()) {
        (1, Some(name)) => name.clone(),
        _ => return Err(Rejection::new(Code::Malformed, "command is an object with one field, the command's name")),
    };
    if !ClientCommand::NAMES.contains(&name.as_str()) {
        return Err(Code::UnknownCommand.into());
    }
    if let Some(Value::Object(fields)) = tagged.get_mut(&name) {
        times_in(&name, fields)?;
    }
    serde_json::from_value(Value::Object(tagged)).map(|read: Objects<_>| read.0).map_err(|error| malformed(&error))
}

/// The command of that name with these fields.
///
/// # Errors
/// See [`command`].
pub fn named_command(name: &str, fields: Value) -> Result<ClientCommand, Rejection> {
    command(json!({ name: fields }))
}

/// Whether a command that was read without [`command`] has a time in it, which must be read as text.
pub fn has_times(command: &ClientCommand) -> bool {
    match command {
        ClientCommand::PauseWork(pause) => pause.back_at.is_some(),
        ClientCommand::CheckIn(check_in) => check_in.came_at.is_some(),
        ClientCommand::DefineSession(session) => session.released_at.is_some(),
        ClientCommand::StopSession(stop) => stop.from.is_some(),
        _ => false,
    }
}

fn times_in(command: &str, fields: &mut Map<String, Value>) -> Result<(), Rejection> {
    let is_time = |name: &&&str| **name != "from" || !DATES_FROM.contains(&command);
    for name in TIMES_IN.iter().filter(is_time) {
        match fields.get_mut(*name) {
            None | Some(Value::Null) => {}
            Some(value) => {
                let at = value.as_str().and_then(|text| DateTime::parse_from_rfc3339(text).ok());
                let at = at.ok_or_else(|| Rejection::new(Code::Malformed, format!("{name} is a time, RFC 3339")))?;
                *value = Value::from(at.timestamp_millis());
            }
        }
    }
    Ok(())
}

/// What is wrong with a body, without repeating what stands in it (it may be a person's name).
pub fn malformed(error: &serde_json::Error) -> Rejection {
    let text = error.to_string();
    // serde quotes field names of ours in these; values of theirs in the others
    let named = ["missing field `", "unknown field `", "unknown variant `", "not a well-formed "]
        .iter()
        .any(|beginning| text.starts_with(beginning));
    let mut detail = match error.classify() {
        serde_json::error::Category::Syntax | serde_json::error::Category::Eof => "not JSON".to_owned(),
        _ if named && !text.starts_with("unknown variant") => text.split(" at line").next().unwrap_or_default().into(),
        _ => "a field has a wrong type or value".to_owned(),
    };
    detail.truncate(detail.char_indices().nth(200).map_or(detail.len(), |(at, _)| at));
    Rejection::new(Code::Malformed, detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_begins_on_a_day_is_no_time() {
        let except =
            json!({"except_days": {"id": "s.d.x", "from": "2026-11-23", "to": "2026-11-23", "does": {"open": {}}}});
        assert!(matches!(command(except), Ok(ClientCommand::ExceptDays(_))));
        let stop = json!({"stop_session": {"session": "s.d.m", "from": "2026-11-23", "reason": "ill"}});
        assert_eq!(command(stop).unwrap_err().code, Code::Malformed);
    }

    #[test]
    fn times_are_rfc_3339_outside_and_milliseconds_inside() {
        let pause = json!({"pause_work": {"assignment": "s.x.n1", "department": "s.d", "reason": "",
            "back_at": "2026-11-23T09:30:00+08:00"}});
        let ClientCommand::PauseWork(pause) = command(pause).unwrap() else { panic!("another command") };
        assert_eq!(pause.back_at, Some(Timestamp(1_795_397_400_000)));
        for wrong in [json!(1_795_397_400_000_i64), json!("09:30"), json!({})] {
            let pause = json!({"assignment": "s.x.n1", "department": "s.d", "reason": "", "back_at": wrong});
            assert_eq!(named_command("pause_work", pause).unwrap_err().code, Code::Malformed);
        }
    }

    #[test]
    fn what_is_wrong_is_said_without_repeating_it() {
        let cases = [
            (json!({"nonsense": {}}), Code::UnknownCommand),
            (json!({"finish_service": {"ticket": "s.d.t1"}, "mark_missed": {"ticket": "s.d.t1"}}), Code::Malformed),
            (json!({"finish_service": {"ticket": "张三 13800000000"}}), Code::Malformed),
            (json!({"finish_service": {"ticket": {"name": "张三"}}}), Code::Malformed),
            (json!({"finish_service": []}), Code::Malformed),
            (json!({"finish_service": ["s.d.t1"]}), Code::Malformed),
            (json!({"cancel_ticket": ["s.d.t1", "left"]}), Code::Malformed),
            (json!({"finish_service": null}), Code::Malformed),
            (json!([]), Code::Malformed),
            (json!({}), Code::Malformed),
        ];
        for (object, code) in cases {
            let rejection = command(object.clone()).unwrap_err();
            assert_eq!(rejection.code, code, "{object}");
            assert!(!rejection.detail.contains("张三"), "{}", rejection.detail);
        }
        let detail = command(json!({"finish_service": {}})).unwrap_err().detail;
        assert_eq!(detail, "missing field `ticket`");
    }
}
