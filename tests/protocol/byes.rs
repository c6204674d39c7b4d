//! Every good-bye of the document on a real socket: what a client does that hears it, whether it is to come back, and the close
//! frame behind it.

use std::collections::BTreeMap;

use futures_util::{SinkExt, StreamExt};
use jiaohao::clients::http::{Door, token_of};
use jiaohao::clients::live;
use jiaohao::config::Settings;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{WebSocketStream, client_async};

use crate::PROTOCOL;
use crate::clinic::Clinic;
use crate::program::PATIENCE;
use crate::served::MORNING;

type Socket = WebSocketStream<TcpStream>;

/// Two snapshots of a session with so many slots are more than an outbox of 64 KiB takes.
const SLOTS: u32 = 200;
/// So many refused messages in a row are borne.
const REFUSED: usize = 200;

/// What the document's table says of each: whether to come back, and the status of the close frame.
fn told() -> BTreeMap<String, (bool, u16)> {
    let rows = PROTOCOL.split("| `bye` |").nth(1).unwrap().lines().skip(2).take_while(|line| line.starts_with('|'));
    let row = |line: &str| {
        let [_, name, reconnect, close, _] = line.splitn(5, '|').map(str::trim).collect::<Vec<_>>()[..] else {
            panic!("{line}")
        };
        (name.trim_matches('`').to_owned(), (reconnect == "yes", close.parse().unwrap()))
    };
    rows.map(row).collect()
}

/// A connection that has not said hello.
async fn stranger(door: &Door) -> Socket {
    let stream = TcpStream::connect(&door.authority).await.unwrap();
    client_async(format!("ws://{}/ws", door.authority), stream).await.unwrap().0
}

async fn say(socket: &mut Socket, what: Value) {
    socket.send(Message::text(what.to_string())).await.unwrap();
}

/// The good-bye, after whatever comes before it, and the status of the close frame behind it. Until then `meanwhile` is said
/// before each frame that is read.
async fn bye_while(socket: &mut Socket, meanwhile: &[Value]) -> (Value, u16) {
    let mut bye = None;
    loop {
        for what in meanwhile.iter().filter(|_| bye.is_none()) {
            // it may have been closed
            let _ = socket.feed(Message::text(what.to_string())).await;
        }
        let _ = socket.flush().await;
        let frame = tokio::time::timeout(PATIENCE, socket.next()).await.expect("it ends").expect("a close frame");
        match frame.unwrap() {
            Message::Text(text) => {
                let frame: Value = serde_json::from_str(&text).unwrap();
                assert!(bye.is_none(), "{frame} after the good-bye");
                bye = (frame["type"] == "bye").then_some(frame);
            }
            Message::Close(Some(close)) => return (bye.expect("a good-bye before the close frame"), close.code.into()),
            other => panic!("{other}"),
        }
    }
}

async fn bye(socket: &mut Socket) -> (Value, u16) {
    bye_while(socket, &[]).await
}

/// Wants large snapshots four times as fast as it reads them.
async fn too_slow(clinic: &Clinic) -> (Value, u16) {
    let slot = |n: u32| json!({"start": format!("{:02}:{:02}", 9 + n / 60, n % 60), "minutes": 1, "capacity": 1});
    let slots: Vec<Value> = (0..SLOTS).map(slot).collect();
    let mut wanted = Vec::new();
    for n in 0..4 {
        let id = format!("s.d.large{n}");
        let large = json!({"id": id, "date": "2026-11-24", "period": "morning", "queue": "s.d.q",
            "registration_class": "普通", "slots": slots});
        clinic.define("define_session", &large).await;
        wanted.push(json!({"type": "subscribe", "id": id, "stream": format!("session:{id}")}));
    }
    bye_while(&mut live::connect(&clinic.door, &clinic.operator).await.unwrap(), &wanted).await
}

/// A token that is ended while somebody is there with it.
async fn unauthenticated(clinic: &Clinic) -> (Value, u16) {
    let wish = json!({"name": "his", "role": "integrator", "site": "s", "ttl_s": 3600});
    let his = token_of(&clinic.post("/tokens", Some(&clinic.operator), wish).await).unwrap();
    let mut socket = live::connect(&clinic.door, &his).await.unwrap();
    socket.next().await.expect("it is welcome").unwrap();
    clinic.post("/tokens/revoke", Some(&clinic.operator), json!({"name": "his", "site": "s"})).await;
    bye(&mut socket).await
}

/// One connection more than a person may have.
async fn limit_exceeded(clinic: &Clinic) -> (Value, u16) {
    let doctor = clinic.staff("li").await;
    let mut first = live::connect(&clinic.door, &doctor).await.unwrap();
    first.next().await.expect("it is welcome").unwrap();
    bye(&mut live::connect(&clinic.door, &doctor).await.unwrap()).await
}

#[actix_web::test]
async fn every_good_bye_is_said_as_the_document_has_it() {
    let mut settings = Settings::default_values();
    settings.limits.hello_within_s = 1;
    settings.limits.outbox_bytes = 65_536;
    settings.limits.connections_per_person = 1;
    settings.screens.staff_beat_s = 1;
    let clinic = Clinic::open_with(settings, MORNING).await;
    let (door, desk) = (clinic.door.clone(), clinic.staff("wu").await);
    let desk = async || live::connect(&door, &desk).await.unwrap();
    let mut said: BTreeMap<&str, (Value, u16)> = BTreeMap::new();
    let (late, silent, slow) = tokio::join!(
        async { bye(&mut stranger(&door).await).await },
        async { bye(&mut desk().await).await },
        too_slow(&clinic),
    );
    said.extend([("hello_missing", late), ("silent", silent), ("too_slow", slow)]);
    let mut newer = stranger(&door).await;
    say(&mut newer, json!({"type": "hello", "id": "1", "version": 2, "token": clinic.operator})).await;
    said.insert("version", bye(&mut newer).await);
    said.insert("unauthenticated", unauthenticated(&clinic).await);
    let mut talkative = desk().await;
    say(&mut talkative, json!({"type": "beat", "more": "x".repeat(65_536)})).await;
    said.insert("too_large", bye(&mut talkative).await);
    let mut binary = desk().await;
    binary.send(Message::binary(vec![1, 2, 3])).await.unwrap();
    said.insert("malformed", bye(&mut binary).await);
    said.insert("limit_exceeded", limit_exceeded(&clinic).await);
    let mut stubborn = desk().await;
    let unknown = json!({"type": "command", "id": "1", "command": {"no_such_command": {}}});
    for _ in 0..=REFUSED {
        stubborn.feed(Message::text(unknown.to_string())).await.unwrap();
    }
    said.insert("too_many_requests", bye(&mut stubborn).await);
    let mut there = desk().await;
    let (gone, ()) = tokio::join!(bye(&mut there), clinic.close());
    said.insert("shutting_down", gone);

    let told = told();
    assert!(said.keys().eq(told.keys()), "{said:?}");
    let example = PROTOCOL.lines().find_map(|line| line.strip_prefix("    < {\"type\":\"bye\"")).unwrap();
    let example: Value =
        serde_json::from_str(&format!("{{\"type\":\"bye\"{}", example.split("  ").next().unwrap())).unwrap();
    for (why, (frame, status)) in said {
        let (reconnect, close) = told[why];
        let mut expected = example.clone();
        (expected["code"], expected["reconnect"], expected["after_ms"]) =
            (json!(why), json!(reconnect), frame["after_ms"].clone());
        assert!(frame["after_ms"].is_u64(), "{frame}");
        assert_eq!((&frame, status), (&expected, close));
    }
}
