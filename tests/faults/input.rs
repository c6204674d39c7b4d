//! Bad input over both doors: malformed and oversize messages, wrong types, unknown commands, foreign ids, expired and
//! forged tokens. Each is refused by name, changes nothing, and harms nobody else.

use std::time::Duration;

use data_encoding::BASE64URL_NOPAD;
use futures_util::SinkExt;
use jiaohao::clients::http::Door;
use jiaohao::clients::live;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;

use super::program::PATIENCE;
use super::{house, next, same};

/// Commands that are none, with what they are refused by.
fn wrong_commands(slot: &str, patient: &Value) -> Vec<(Value, &'static str)> {
    vec![
        (json!({"no_such_command": {}}), "unknown_command"),
        (json!({"Register_Walk_In": {"queue": "h.a.q", "patient": patient}}), "unknown_command"),
        (json!({"register_walk_in": {"queue": 7, "patient": patient}}), "malformed"),
        (json!({"register_walk_in": {"queue": "h.a.q"}}), "malformed"),
        (json!({"register_walk_in": {"queue": "h.a.q", "patient": patient, "more": 1}}), "malformed"),
        (json!({"register_walk_in": []}), "malformed"),
        (json!({"register_walk_in": {"queue": "h.a..q", "patient": patient}}), "malformed"),
        (json!({"register_walk_in": {"queue": "h.a.q'; drop", "patient": patient}}), "malformed"),
        (json!({"register_walk_in": {"queue": "h.a.none", "patient": patient}}), "forbidden"),
        (json!({"register_walk_in": {"queue": "other.a.q", "patient": patient}}), "forbidden"),
        (json!({"register_walk_in": {"queue": "h.a.q", "patient": "p-nobody"}}), "forbidden"),
        (json!({"book_slot": {"session": "other.a.s", "slot": slot, "patient": patient}}), "forbidden"),
        (json!({"cancel_ticket": {"ticket": "h.a.t999", "reason": "x"}}), "forbidden"),
        (json!({"define_site": {"id": "h", "name": "x", "time_zone": "Asia/Shanghai"}}), "forbidden"),
    ]
}

/// Tokens that nobody may come in with.
fn wrong_tokens(right: &str, expired: &str) -> Vec<(&'static str, String)> {
    let parts: Vec<&str> = right.split('.').collect();
    let claims: Value = serde_json::from_slice(&BASE64URL_NOPAD.decode(parts[1].as_bytes()).unwrap()).unwrap();
    let mut raised = claims.clone();
    raised["role"] = "operator".into();
    let raised = BASE64URL_NOPAD.encode(raised.to_string().as_bytes());
    let unsigned = BASE64URL_NOPAD.encode(br#"{"alg":"none","typ":"JWT"}"#);
    vec![
        ("none", String::new()),
        ("nonsense", "nonsense".to_owned()),
        ("expired", expired.to_owned()),
        ("another role under the same signature", format!("{}.{raised}.{}", parts[0], parts[2])),
        ("unsigned", format!("{unsigned}.{}.", parts[1])),
        ("unsigned with the signature", format!("{unsigned}.{}.{}", parts[1], parts[2])),
        ("cut short", right[..right.len() - 4].to_owned()),
        ("very long", "a".repeat(3_000)),
    ]
}

/// Connected and welcome.
async fn welcome(door: &Door, token: &str) -> WebSocketStream<TcpStream> {
    let mut socket = live::connect(door, token).await.unwrap();
    assert_eq!(next(&mut socket).await.unwrap()["type"], "welcome");
    socket
}

/// The good-bye that a message is answered by.
async fn bye(door: &Door, token: &str, message: Message) -> Value {
    let mut socket = welcome(door, token).await;
    // The server may say good-bye before all of it is sent.
    let _ = socket.send(message).await;
    let frame = next(&mut socket).await.expect("a good-bye");
    assert_eq!(frame["type"], "bye", "{frame}");
    assert!(next(&mut socket).await.is_none(), "it is closed then");
    frame["code"].clone()
}

/// One request as bytes; status and body.
async fn raw(door: &Door, request: &[u8]) -> (u16, String) {
    let mut socket = TcpStream::connect(&door.authority).await.unwrap();
    // It may be refused before all of it is sent.
    let _ = socket.write_all(request).await;
    let mut answer = Vec::new();
    let _ = timeout(PATIENCE, socket.read_to_end(&mut answer)).await.expect("an answer in time");
    let text = String::from_utf8_lossy(&answer).into_owned();
    let status = text.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
    (status, text.split_once("\r\n\r\n").map(|(_, body)| body.to_owned()).unwrap_or_default())
}

fn post(door: &Door, path: &str, token: &str, body: &str) -> Vec<u8> {
    let key = uuid::Uuid::now_v7();
    format!(
        "POST /api/v1{path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\nauthorization: Bearer {token}\r\n\
         idempotency-key: {key}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        door.authority,
        body.len()
    )
    .into_bytes()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bad_input_is_refused_by_name_and_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut house = house(folder.path()).await;
    let patient = house.person().await;
    house.walk_in(&patient).await.unwrap();
    let expired = house.program.token("desk", &["--site", "h", "--account", "desk", "--ttl-s", "1"]);
    let before = house.picture().await;
    let (door, desk) = (house.door().clone(), house.desk.clone());
    let mut beside = welcome(&door, &desk).await;

    // Commands, over one connection and over HTTP.
    let mut socket = welcome(&door, &desk).await;
    for (n, (command, code)) in wrong_commands(house.slot, &patient).into_iter().enumerate() {
        let frame = json!({"type": "command", "id": n.to_string(), "key": uuid::Uuid::now_v7(), "command": command});
        socket.send(Message::text(frame.to_string())).await.unwrap();
        let answer = next(&mut socket).await.expect("the connection stays");
        assert_eq!(answer["reply_to"], n.to_string());
        assert_eq!(answer["error"]["code"], code, "{command}: {answer}");
    }
    for (body, status, code) in [
        (r#"{"queue":"h.a.q","patient":"p-nobody"}"#, 403, "forbidden"),
        (r#"{"queue":"other.a.q","patient":"p-nobody"}"#, 403, "forbidden"),
        (r#"{"queue":7}"#, 400, "malformed"),
        (r#"{"queue":"h.a.q","#, 400, "malformed"),
        ("\u{feff}nonsense", 400, "malformed"),
        ("", 400, "malformed"),
    ] {
        let (answered, problem) = raw(&door, &post(&door, "/tickets", &desk, body)).await;
        assert_eq!(answered, status, "{body}: {problem}");
        assert!(problem.contains(&format!("\"code\":\"{code}\"")), "{body}: {problem}");
    }
    let (status, problem) = raw(&door, &post(&door, "/no-such-thing", &desk, "{}")).await;
    assert!(status == 404 && problem.contains("\"unknown_command\""), "{status}: {problem}");
    let large = format!("{{\"queue\":\"{}\"}}", "a".repeat(2 << 20));
    let (status, problem) = raw(&door, &post(&door, "/tickets", &desk, &large)).await;
    assert!(status == 413 && problem.contains("\"too_large\""), "{status}: {problem}");

    // Frames that are none.
    for text in
        ["", "nonsense", "[]", "{}", r#"{"type":7}"#, r#"{"type":"no such type","id":"1"}"#, "{\"type\":\"command\""]
    {
        let mut socket = welcome(&door, &desk).await;
        socket.send(Message::text(text)).await.unwrap();
        let frame = next(&mut socket).await.expect("an answer");
        let code = if frame["type"] == "bye" { &frame["code"] } else { &frame["error"]["code"] };
        assert_eq!(code, "malformed", "{text}: {frame}");
    }
    for stream in ["nothing:h", "queue:other.a.q", "queue:h.a.none", "queue:", "", "patient:p-nobody"] {
        socket
            .send(Message::text(json!({"type": "subscribe", "id": "s", "stream": stream}).to_string()))
            .await
            .unwrap();
        let frame = next(&mut socket).await.expect("the connection stays");
        let code = frame["error"]["code"].as_str().unwrap_or_default();
        assert!(["unknown_stream", "forbidden", "malformed"].contains(&code), "{stream}: {frame}");
    }
    assert_eq!(bye(&door, &desk, Message::binary(vec![1, 2, 3])).await, "malformed");
    assert_eq!(bye(&door, &desk, Message::text("a".repeat(70_000))).await, "too_large");

    // Tokens, over both doors; the expired one has expired by now.
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    for (what, token) in wrong_tokens(&desk, &expired) {
        let mut socket = live::connect(&door, &token).await.unwrap();
        let frame = next(&mut socket).await.expect("an answer");
        assert_eq!(
            (&frame["type"], &frame["error"]["code"]),
            (&json!("rejected"), &json!("unauthenticated")),
            "{what}"
        );
        let (status, problem) = raw(&door, &post(&door, "/tickets", &token, "{}")).await;
        assert!(status == 401 && problem.contains("\"unauthenticated\""), "{what}: {status}: {problem}");
    }

    same(&house.picture().await, &before, "bad input has changed something");
    let subscribe = json!({"type": "subscribe", "id": "b", "stream": "queue:h.a.q"});
    beside.send(Message::text(subscribe.to_string())).await.unwrap();
    assert_eq!(next(&mut beside).await.expect("it was never touched")["type"], "subscribed");
}
