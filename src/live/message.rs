//! What clients say on a socket, and the answers that are not a stream's.

use std::sync::Arc;

use actix_web::web::Bytes;
use jiaohao_actors::fanout::{Position, error_object, text_frame};
use jiaohao_domain::vocabulary::{ClientCommand, is_plain};
use jiaohao_domain::{Code, Rejection};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::wire;
use crate::wire::objects;

/// The version of the protocol.
pub const VERSION: u32 = 1;
/// What a program says of itself is at most so long.
const CLIENT_CHARS_MAX: usize = 64;

/// What a client says.
#[derive(Debug, PartialEq)]
pub enum Said {
    /// The first message.
    Hello {
        /// Of the protocol.
        version: u32,
        /// The access token.
        token: String,
    },
    /// Follow a stream.
    Subscribe {
        /// Which.
        stream: Arc<str>,
        /// From where.
        since: Option<Position>,
    },
    /// Follow it no more.
    Unsubscribe {
        /// Which.
        stream: Arc<str>,
    },
    /// Do something.
    Command {
        /// The idempotency key.
        key: Option<Uuid>,
        /// What.
        command: Box<ClientCommand>,
    },
    /// Go on with a newer token.
    RefreshToken {
        /// The newer one.
        token: String,
    },
    /// I am here. A screen also says how it is.
    Beat {
        /// It cannot speak.
        silent: Option<bool>,
        /// What program it is.
        client: Option<String>,
    },
}

/// Every field that a message can have; which ones it must have depends on its type.
#[derive(Deserialize)]
struct Envelope<C> {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    id: Option<String>,
    #[serde(default)]
    version: Option<u32>,
    #[serde(default)]
    token: Option<String>,
    #[serde(default)]
    stream: Option<Arc<str>>,
    #[serde(default)]
    since: Option<Position>,
    #[serde(default)]
    silent: Option<bool>,
    #[serde(default)]
    client: Option<String>,
    #[serde(default)]
    key: Option<Uuid>,
    #[serde(default = "none")]
    command: Option<C>,
}

fn none<C>() -> Option<C> {
    None
}

/// Reads a message: its id (for `reply_to`), and what it says or what is wrong with it.
pub fn read(text: &[u8]) -> (Option<String>, Result<Said, Rejection>) {
    // Most messages are right: one pass into the command's own type. Otherwise once more, slowly, to say what is wrong
    // (and to read times, which are text outside and numbers inside).
    if let Ok(envelope) = objects::body::<Envelope<ClientCommand>>(text)
        && !envelope.command.as_ref().is_some_and(wire::has_times)
    {
        let id = envelope.id.clone();
        return (id, said(envelope, Ok));
    }
    match objects::body::<Envelope<Value>>(text) {
        Ok(envelope) => {
            let id = envelope.id.clone();
            (id, said(envelope, wire::command))
        }
        Err(error) => {
            let id = serde_json::from_slice::<Value>(text).ok();
            let id = id.as_ref().and_then(|message| message.get("id")?.as_str()).map(str::to_owned);
            (id, Err(wire::malformed(&error)))
        }
    }
}

fn said<C>(
    envelope: Envelope<C>,
    command: impl FnOnce(C) -> Result<ClientCommand, Rejection>,
) -> Result<Said, Rejection> {
    let missing = |field: &str| Rejection::new(Code::Malformed, format!("missing field `{field}`"));
    if envelope.id.as_ref().is_some_and(|id| id.len() > 128) {
        return Err(Rejection::new(Code::Malformed, "id is at most 128 bytes"));
    }
    Ok(match envelope.kind.as_str() {
        "hello" => Said::Hello {
            version: envelope.version.ok_or_else(|| missing("version"))?,
            token: envelope.token.ok_or_else(|| missing("token"))?,
        },
        "subscribe" => {
            Said::Subscribe { stream: envelope.stream.ok_or_else(|| missing("stream"))?, since: envelope.since }
        }
        "unsubscribe" => Said::Unsubscribe { stream: envelope.stream.ok_or_else(|| missing("stream"))? },
        "command" => Said::Command {
            key: envelope.key,
            command: Box::new(command(envelope.command.ok_or_else(|| missing("command"))?)?),
        },
        "refresh_token" => Said::RefreshToken { token: envelope.token.ok_or_else(|| missing("token"))? },
        "beat" => Said::Beat {
            silent: envelope.silent,
            client: envelope.client.filter(|client| is_plain(client, CLIENT_CHARS_MAX)),
        },
        _ => return Err(Rejection::new(Code::Malformed, "unknown type of message")),
    })
}

/// `{"type":"beat",…}`; with `reply_to` the answer to a beat that has asked for one.
pub fn beat(now: &str, read_only: bool, reply_to: Option<&str>) -> Bytes {
    let mut frame = json!({"type": "beat", "now": now});
    if read_only {
        frame["read_only"] = true.into();
    }
    if let Some(id) = reply_to {
        frame["reply_to"] = id.into();
    }
    text_frame(&frame)
}

/// `{"type":"done",…}`.
pub fn done(reply_to: Option<&str>, result: &Value) -> Bytes {
    text_frame(&json!({"type": "done", "reply_to": reply_to, "result": result}))
}

/// `{"type":"rejected",…}`.
pub fn rejected(reply_to: Option<&str>, rejection: &Rejection) -> Bytes {
    text_frame(&json!({"type": "rejected", "reply_to": reply_to, "error": error_object(rejection)}))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_is_read() {
        let read = |value: Value| read(value.to_string().as_bytes());
        let (id, hello) = read(json!({"type": "hello", "id": "1", "version": 1, "token": "t"}));
        assert_eq!((id.as_deref(), hello.unwrap()), (Some("1"), Said::Hello { version: 1, token: "t".into() }));
        let since = json!({"epoch": "e", "offset": 41});
        let (_, subscribe) = read(json!({"type": "subscribe", "id": "2", "stream": "board:b", "since": since}));
        let since = Some(Position { epoch: "e".into(), offset: 41 });
        assert_eq!(subscribe.unwrap(), Said::Subscribe { stream: "board:b".into(), since });
        let (_, unsubscribe) = read(json!({"type": "unsubscribe", "id": "2", "stream": "board:b"}));
        assert_eq!(unsubscribe.unwrap(), Said::Unsubscribe { stream: "board:b".into() });
        let key = "01939f3e-7e5a-7cc1-8d0e-0123456789ab";
        let (_, command) = read(
            json!({"type": "command", "id": "3", "key": key, "command": {"finish_service": {"ticket": "s.d.t1"}}}),
        );
        let Said::Command { key: Some(read_key), command } = command.unwrap() else { panic!("a command with a key") };
        assert_eq!((read_key.to_string().as_str(), command.name()), (key, "finish_service"));
        assert_eq!(read(json!({"type": "beat"})).1.unwrap(), Said::Beat { silent: None, client: None });
        let beat = read(json!({"type": "beat", "silent": true, "client": "page 0.1.0"})).1.unwrap();
        assert_eq!(beat, Said::Beat { silent: Some(true), client: Some("page 0.1.0".into()) });
        let beat = read(json!({"type": "beat", "client": "x".repeat(65)})).1.unwrap();
        assert_eq!(beat, Said::Beat { silent: None, client: None });
        let pause =
            json!({"assignment": "s.x.n1", "department": "s.d", "reason": "", "back_at": "2026-11-23T09:30:00Z"});
        assert!(read(json!({"type": "command", "id": "3", "command": {"pause_work": pause}})).1.is_ok());
    }

    #[test]
    fn what_is_wrong_is_told_with_the_id() {
        let cases = [
            (r#"{"type":"command","id":"9","command":{"no_such":{}}}"#, Some("9"), Code::UnknownCommand),
            (r#"{"type":"command","id":"9","command":{"finish_service":{"ticket":5}}}"#, Some("9"), Code::Malformed),
            (r#"{"type":"command","id":"9","key":"no","command":{"no_such":{}}}"#, Some("9"), Code::Malformed),
            (r#"{"type":"command","id":"9"}"#, Some("9"), Code::Malformed),
            (r#"{"type":"subscribe","id":"9","stream":5}"#, Some("9"), Code::Malformed),
            (r#"{"type":"command","id":"9","command":{"finish_service":["s.d.t1"]}}"#, Some("9"), Code::Malformed),
            (r#"["subscribe","9",null,null,"board:b",null,null,null,null,null]"#, None, Code::Malformed),
            (r#"{"type":"what","id":"9"}"#, Some("9"), Code::Malformed),
            (r#"{"id":"9"}"#, Some("9"), Code::Malformed),
            (r#"{"type":"beat","id":9}"#, None, Code::Malformed),
            ("[]", None, Code::Malformed),
            ("{", None, Code::Malformed),
            ("\u{0}", None, Code::Malformed),
        ];
        for (text, id, code) in cases {
            let (read_id, said) = read(text.as_bytes());
            assert_eq!((read_id.as_deref(), said.unwrap_err().code), (id, code), "{text}");
        }
        assert_eq!(read(b"\xff\xfe").1.unwrap_err().code, Code::Malformed);
    }

    #[test]
    fn times_on_the_wire_are_not_numbers() {
        let pause =
            json!({"assignment": "s.x.n1", "department": "s.d", "reason": "", "back_at": 1_795_397_400_000_i64});
        let (_, said) =
            read(json!({"type": "command", "id": "3", "command": {"pause_work": pause}}).to_string().as_bytes());
        assert_eq!(said.unwrap_err().code, Code::Malformed);
    }
}
