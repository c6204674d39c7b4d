//! The socket door over real sockets, with an engine in memory behind it.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use actix_web::web::Bytes;
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::config::Settings;
use crate::http::{Running, start};
use crate::memory_engine::MemoryEngine;

const SOON: Duration = Duration::from_secs(10);

pub(super) struct House {
    engine: Arc<MemoryEngine>,
    running: Running,
}

pub(super) async fn house(change: impl FnOnce(&mut Settings)) -> House {
    let engine = MemoryEngine::start();
    let mut settings = Settings::default_values();
    settings.server.listen = "127.0.0.1:0".parse().unwrap();
    settings.server.workers = 1;
    change(&mut settings);
    let running = start(engine.clone(), &settings, engine.clock.clone()).unwrap();
    House { engine, running }
}

pub(super) struct Client(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl House {
    pub(super) async fn connect(&self) -> Client {
        let (socket, _) = connect_async(format!("ws://{}/ws", self.running.address)).await.unwrap();
        Client(socket)
    }

    async fn client(&self, token: &str) -> Client {
        let mut client = self.connect().await;
        client.send(json!({"type": "hello", "id": "h", "version": 1, "token": token})).await;
        assert_eq!(client.next().await["type"], "welcome");
        client
    }

    async fn until(&self, what: impl Fn(&Self) -> bool) {
        timeout(SOON, async {
            while !what(self) {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        })
        .await
        .expect("in time");
    }
}

impl Client {
    async fn send(&mut self, message: Value) {
        self.text(&message.to_string()).await;
    }

    pub(super) async fn text(&mut self, text: &str) {
        self.0.send(Message::text(text)).await.unwrap();
    }

    /// The next frame that is no beat; null when the connection has closed.
    pub(super) async fn next(&mut self) -> Value {
        loop {
            match timeout(SOON, self.0.next()).await.expect("in time") {
                Some(Ok(Message::Text(text))) => {
                    let frame: Value = serde_json::from_str(&text).unwrap();
                    if frame["type"] != "beat" {
                        return frame;
                    }
                }
                Some(Ok(Message::Close(_))) | None | Some(Err(_)) => return Value::Null,
                Some(Ok(_)) => {}
            }
        }
    }

    async fn subscribe(&mut self, stream: &str, since: Option<Value>) -> Value {
        let mut message = json!({"type": "subscribe", "id": stream, "stream": stream});
        if let Some(since) = since {
            message["since"] = since;
        }
        self.send(message).await;
        self.next().await
    }

    async fn finish_service(&mut self, id: &str) {
        let command = json!({"finish_service": {"ticket": "s.d.t1"}});
        self.send(json!({"type": "command", "id": id, "command": command})).await;
    }

    /// The good-bye that comes, after whatever comes before it; then the connection closes.
    async fn bye(&mut self) -> Value {
        loop {
            let frame = self.next().await;
            assert!(!frame.is_null(), "closed without a good-bye");
            if frame["type"] == "bye" {
                assert!(self.next().await.is_null());
                return frame;
            }
        }
    }
}

#[actix_web::test]
async fn from_hello_to_events_before_done() {
    let house = house(|_| {}).await;
    let mut client = house.connect().await;
    client.send(json!({"type": "hello", "id": "1", "version": 1, "token": "doctor:a-1"})).await;
    let welcome = client.next().await;
    assert_eq!((&welcome["reply_to"], &welcome["beat_s"]), (&json!("1"), &json!(5)));
    assert_eq!(welcome["now"], "2026-11-23T09:00:00.000+08:00");
    assert_eq!(client.subscribe("board:s.b", None).await["snapshot"], json!({"newest": 0}));
    for round in 1..=3 {
        client.finish_service("c").await;
        let events = client.next().await;
        assert_eq!((&events["type"], &events["after"]), (&json!("events"), &json!(round - 1)));
        let done = client.next().await;
        assert_eq!((&done["type"], &done["reply_to"], &done["result"]), (&json!("done"), &json!("c"), &json!({})));
    }
    // answers carry times with the site's offset; rejections what would be valid now
    let hold = json!({"hold_slot": {"session": "s.d.m", "slot": "s.d.m.0900", "patient": "p-1"}});
    client.send(json!({"type": "command", "id": "5", "command": hold})).await;
    assert_eq!(client.next().await["result"]["expires_at"], "2026-11-23T09:10:00.000+08:00");
    let call =
        json!({"call_next_patient": {"department": "s.d", "assignment": "s.x.n1", "in_hand": null, "outcome": null}});
    client.send(json!({"type": "command", "id": "6", "command": call})).await;
    let rejected = client.next().await;
    assert_eq!(
        (&rejected["error"]["code"], &rejected["error"]["valid_now"]["in_hand"]),
        (&json!("stale_console"), &json!("s.d.t9"))
    );
    // unsubscribed, nothing more comes
    client.send(json!({"type": "unsubscribe", "id": "7", "stream": "board:s.b"})).await;
    assert_eq!(client.next().await["reply_to"], "7");
    client.finish_service("8").await;
    assert_eq!(client.next().await["reply_to"], "8");
    // and back again from where it was
    let since = json!({"epoch": "e1", "offset": 3});
    let missed = client.subscribe("board:s.b", Some(since)).await;
    assert_eq!(missed["missed"][0]["offset"], 4);
}

#[actix_web::test]
async fn hello_comes_first_short_and_in_time() {
    let house = house(|settings| settings.limits.hello_within_s = 1).await;
    let mut late = house.connect().await;
    let mut rude = house.connect().await;
    rude.send(json!({"type": "subscribe", "id": "1", "stream": "board:s.b"})).await;
    assert_eq!(rude.bye().await["code"], "hello_missing");
    let mut long = house.connect().await;
    long.send(json!({"type": "hello", "id": "1", "version": 1, "token": "x".repeat(4096)})).await;
    let bye = long.bye().await;
    assert_eq!((&bye["code"], &bye["reconnect"]), (&json!("too_large"), &json!(false)));
    let mut newer = house.connect().await;
    newer.send(json!({"type": "hello", "id": "1", "version": 2, "token": "doctor:a-1"})).await;
    assert_eq!(newer.bye().await["code"], "version");
    let mut nobody = house.connect().await;
    nobody.send(json!({"type": "hello", "id": "1", "version": 1, "token": "forged"})).await;
    assert_eq!(nobody.next().await["error"]["code"], "unauthenticated");
    assert_eq!(nobody.bye().await["code"], "unauthenticated");
    assert_eq!(late.bye().await["code"], "hello_missing");
    house.until(|house| house.running.live.connection_count() == 0).await;
}

#[actix_web::test]
async fn a_token_that_nobody_reads_in_time_is_timed_out_and_the_connection_goes_on() {
    let house = house(|settings| (settings.limits.answer_within_s, settings.limits.hello_within_s) = (1, 1)).await;
    let is_stuck = |stuck: bool| house.engine.reads_no_token.store(stuck, Ordering::Relaxed);
    let hello = |id: &str| json!({"type": "hello", "id": id, "version": 1, "token": "doctor:a-1"});
    is_stuck(true);
    let mut client = house.connect().await;
    client.send(hello("1")).await;
    let rejected = client.next().await;
    assert_eq!((&rejected["reply_to"], &rejected["error"]["code"]), (&json!("1"), &json!("timed_out")));
    is_stuck(false);
    client.send(hello("2")).await;
    assert_eq!(client.next().await["type"], "welcome");
    is_stuck(true);
    let report_back = json!({"report_back": {"ticket": "s.d.t1"}});
    client.send(json!({"type": "refresh_token", "id": "4", "token": "doctor:a-1"})).await;
    client.send(json!({"type": "command", "id": "3", "command": report_back})).await;
    let done = client.next().await;
    assert_eq!((&done["type"], &done["reply_to"]), (&json!("done"), &json!("3")), "it does not wait for the token");
    let rejected = client.next().await;
    assert_eq!((&rejected["reply_to"], &rejected["error"]["code"]), (&json!("4"), &json!("timed_out")));
    client.finish_service("5").await;
    assert_eq!(client.next().await["reply_to"], "5");
}

#[actix_web::test]
async fn bad_messages_are_refused_and_the_connection_goes_on() {
    let house = house(|_| {}).await;
    let mut client = house.client("doctor:a-1").await;
    for (text, reply_to, code) in [
        ("nonsense", Value::Null, "malformed"),
        (r#"{"type":"command","id":"1","command":{"no_such":{}}}"#, json!("1"), "unknown_command"),
        (r#"{"type":"command","id":"2","command":{"finish_service":{}}}"#, json!("2"), "malformed"),
        (r#"{"type":"subscribe","id":"3","stream":"nothing:s"}"#, json!("3"), "unknown_stream"),
        (r#"{"type":"hello","id":"4","version":1,"token":"doctor:a-1"}"#, json!("4"), "malformed"),
    ] {
        client.text(text).await;
        let rejected = client.next().await;
        assert_eq!((&rejected["reply_to"], &rejected["error"]["code"]), (&reply_to, &json!(code)), "{text}");
    }
    client.0.send(Message::Ping(b"there?".to_vec().into())).await.unwrap();
    assert_eq!(client.subscribe("board:s.b", None).await["type"], "subscribed");
    client.text(&format!(r#"{{"type":"beat","more":"{}"}}"#, "x".repeat(65_536))).await;
    assert_eq!(client.bye().await["code"], "too_large");
    let mut binary = house.client("doctor:a-1").await;
    binary.0.send(Message::binary(vec![1, 2, 3])).await.unwrap();
    assert_eq!(binary.bye().await["code"], "malformed");
}

#[actix_web::test]
async fn a_tokens_end_is_the_connections_end_unless_it_is_renewed() {
    let house = house(|_| {}).await;
    let mut ends = house.client("doctor:a-1:60").await;
    let mut renews = house.client("doctor:a-2:60").await;
    renews.send(json!({"type": "refresh_token", "id": "r", "token": "doctor:a-1:600"})).await;
    assert_eq!(renews.next().await["error"]["code"], "forbidden", "another account's");
    renews.send(json!({"type": "refresh_token", "id": "r", "token": "doctor:a-2:600"})).await;
    assert_eq!(renews.next().await["type"], "done");
    house.engine.advance_machine(60_000);
    let bye = ends.bye().await;
    assert_eq!((&bye["code"], &bye["reconnect"]), (&json!("unauthenticated"), &json!(true)));
    assert_eq!(renews.subscribe("board:s.b", None).await["type"], "subscribed");
}

#[actix_web::test]
async fn a_changed_relation_ends_streams_and_an_ended_token_the_connection() {
    let house = house(|_| {}).await;
    let mut client = house.client("patient:a-1").await;
    let mut other = house.client("patient:a-2").await;
    client.subscribe("patient:p-1", None).await;
    client.subscribe("board:s.b", None).await;
    other.subscribe("patient:p-1", None).await;
    house.engine.forbidden.lock().unwrap().insert("patient:p-1".to_owned());
    house.engine.tell_changed("a-1");
    let ended = client.next().await;
    assert_eq!((&ended["type"], &ended["stream"]), (&json!("ended"), &json!("patient:p-1")));
    assert_eq!(ended["error"]["code"], "forbidden");
    house.engine.end_account("a-1");
    assert_eq!(client.bye().await["code"], "unauthenticated");
    other.finish_service("1").await;
    assert_eq!(other.next().await["type"], "done", "others are left alone");
}

#[actix_web::test]
async fn what_is_asked_about_a_stream_is_done_in_the_order_in_which_it_was_asked() {
    let house = house(|settings| settings.limits.subscriptions = 1).await;
    let mut client = house.client("doctor:a-1").await;
    house.engine.slow_to_follow_ms.store(200, Ordering::Relaxed);
    let asked = |kind: &str, id: &str| json!({"type": kind, "id": id, "stream": "board:s.b"});
    for (kind, id) in [("subscribe", "1"), ("unsubscribe", "2"), ("subscribe", "3"), ("unsubscribe", "4")] {
        client.send(asked(kind, id)).await;
    }
    for (kind, id) in [("subscribed", "1"), ("done", "2"), ("subscribed", "3"), ("done", "4")] {
        let frame = client.next().await;
        assert_eq!((&frame["type"], &frame["reply_to"]), (&json!(kind), &json!(id)));
    }
    assert_eq!(house.engine.subscriptions(), 0);
    // a right that has gone meanwhile ends what is still being opened
    client.send(asked("subscribe", "5")).await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    house.engine.forbidden.lock().unwrap().insert("board:s.b".to_owned());
    house.engine.tell_changed("a-1");
    assert_eq!(client.next().await["reply_to"], "5");
    assert_eq!(client.next().await["type"], "ended");
    house.until(|house| house.engine.subscriptions() == 0).await;
}

#[actix_web::test]
async fn a_subscription_that_takes_too_long_is_timed_out_and_opens_nothing_afterwards() {
    let house = house(|settings| settings.limits.answer_within_s = 1).await;
    let mut client = house.client("doctor:a-1").await;
    house.engine.slow_to_follow_ms.store(1_300, Ordering::Relaxed);
    assert_eq!(client.subscribe("board:s.b", None).await["error"]["code"], "timed_out");
    // again: behind what is still under way about the stream, and fulfilled
    house.engine.slow_to_follow_ms.store(0, Ordering::Relaxed);
    assert_eq!(client.subscribe("board:s.b", None).await["type"], "subscribed", "the first one came to nothing");
    assert_eq!(house.engine.subscriptions(), 1);
    client.finish_service("1").await;
    assert_eq!(client.next().await["type"], "events");
    assert_eq!(client.next().await["type"], "done", "its events come once");
}

#[actix_web::test]
async fn a_subscription_that_fails_takes_nothing_of_one_that_stands() {
    let house = house(|_| {}).await;
    let mut client = house.client("doctor:a-1").await;
    client.subscribe("board:s.b", None).await;
    house.engine.forbidden.lock().unwrap().insert("board:s.b".to_owned());
    assert_eq!(client.subscribe("board:s.b", None).await["error"]["code"], "forbidden");
    house.engine.tell_changed("a-1");
    assert_eq!(client.next().await["type"], "ended", "it is still known that it is followed");
    house.until(|house| house.engine.subscriptions() == 0).await;
}

#[actix_web::test]
async fn a_token_that_says_less_ends_what_it_does_not_say() {
    let house = house(|_| {}).await;
    let mut client = house.client("doctor:a-1:60").await;
    client.subscribe("board:s.b", None).await;
    house.engine.forbidden.lock().unwrap().insert("board:s.b".to_owned());
    client.send(json!({"type": "refresh_token", "id": "r", "token": "doctor:a-1:600"})).await;
    assert_eq!(client.next().await["type"], "done");
    assert_eq!(client.next().await["type"], "ended");
}

#[actix_web::test]
async fn who_is_silent_for_two_beats_is_gone_and_who_answers_stays() {
    let house = house(|settings| settings.screens.beat_s = 1).await;
    let mut silent = house.client("screen:a-1").await;
    let mut there = house.client("screen:a-2").await;
    let answering = async {
        let mut beats = 0;
        while beats < 5 {
            let Some(Ok(Message::Text(text))) = there.0.next().await else { panic!("closed") };
            let frame: Value = serde_json::from_str(&text).unwrap();
            assert_eq!((&frame["type"], &frame["now"]), (&json!("beat"), &json!("2026-11-23T09:00:00.000+08:00")));
            there.send(json!({"type": "beat"})).await;
            beats += 1;
        }
    };
    let (bye, ()) = tokio::join!(silent.bye(), answering);
    assert_eq!((&bye["code"], &bye["reconnect"]), (&json!("silent"), &json!(true)));
}

#[actix_web::test]
async fn a_beat_with_an_id_is_answered_behind_what_was_on_its_way() {
    let house = house(|_| {}).await;
    let mut client = house.client("screen:a-1").await;
    client.send(json!({"type": "beat", "id": "7"})).await;
    loop {
        let Some(Ok(Message::Text(text))) = client.0.next().await else { panic!("closed") };
        let frame: Value = serde_json::from_str(&text).unwrap();
        if frame.get("reply_to").is_some() {
            let answer = json!({"type": "beat", "reply_to": "7", "now": "2026-11-23T09:00:00.000+08:00"});
            assert_eq!(frame, answer);
            break;
        }
    }
}

#[actix_web::test]
async fn a_full_disk_is_told_with_the_next_beat_and_the_next_welcome() {
    let house = house(|settings| settings.screens.beat_s = 1).await;
    let mut there = house.client("screen:a-1").await;
    for is_full in [false, true, false] {
        house.engine.is_full.store(is_full, Ordering::Relaxed);
        let read_only = if is_full { json!(true) } else { Value::Null };
        let said = async {
            loop {
                let Some(Ok(Message::Text(text))) = there.0.next().await else { panic!("closed") };
                let frame: Value = serde_json::from_str(&text).unwrap();
                there.send(json!({"type": "beat"})).await;
                if frame["type"] == "beat" && frame["read_only"] == read_only {
                    break;
                }
            }
        };
        timeout(SOON, said).await.expect("within some beats");
        let mut new = house.connect().await;
        new.send(json!({"type": "hello", "id": "h", "version": 1, "token": "desk:a-2"})).await;
        assert_eq!(new.next().await["read_only"], read_only);
    }
}

#[actix_web::test]
async fn who_does_not_read_is_freed_and_costs_the_others_nothing() {
    let house = house(|settings| {
        settings.limits.outbox_age_s = 1;
        // A quick machine gives more commands than a person may.
        settings.limits.house_commands_per_s = 1_000_000;
    })
    .await;
    house.engine.padding.store(8_000, Ordering::Relaxed);
    let mut reader = house.client("screen:a-1").await;
    reader.subscribe("doctor:s.x", None).await;
    let mut stuck = house.client("screen:a-2").await;
    stuck.subscribe("doctor:s.x", None).await;
    let mut doctor = house.client("desk:a-3").await;
    let mut offset = 0;
    let mut rounds = 0;
    while house.running.live.connection_count() == 3 {
        rounds += 1;
        assert!(rounds < 20_000, "the stuck connection is never freed");
        doctor.finish_service("c").await;
        assert_eq!(doctor.next().await["type"], "done");
        let events = reader.next().await;
        assert_eq!((&events["type"], &events["after"]), (&json!("events"), &json!(offset)));
        offset += 1;
    }
    // the socket itself is down: what the kernel still has, then its end
    let MaybeTlsStream::Plain(socket) = stuck.0.get_mut() else { panic!("plain") };
    let mut rest = Vec::new();
    let _ = timeout(SOON, socket.read_to_end(&mut rest)).await.expect("closed");
    house.until(|house| house.engine.subscriptions() == 1).await;
}

#[actix_web::test]
async fn who_reads_a_large_frame_slowly_without_stopping_is_not_ended() {
    let house = house(|settings| {
        settings.limits.outbox_age_s = 2;
        settings.screens.beat_s = 1;
    })
    .await;
    // takes as little from the system's buffers as there is
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(16_384).unwrap();
    let socket = MaybeTlsStream::Plain(socket.connect(house.running.address).await.unwrap());
    let url = format!("ws://{}/ws", house.running.address);
    let mut slow = Client(tokio_tungstenite::client_async(url, socket).await.unwrap().0);
    slow.send(json!({"type": "hello", "id": "h", "version": 1, "token": "screen:a-2"})).await;
    assert_eq!(slow.next().await["type"], "welcome");
    slow.subscribe("doctor:s.x", None).await;
    house.engine.padding.store(3_000_000, Ordering::Relaxed);
    let mut desk = house.client("desk:a-3").await;
    desk.finish_service("c").await;
    let MaybeTlsStream::Plain(socket) = slow.0.get_mut() else { panic!("plain") };
    let (mut read, mut part) = (0, vec![0; 32 * 1024]);
    let began = jiaohao_actors::shell::clock::monotonic();
    while read + part.len() <= 3_000_000 {
        read += timeout(SOON, socket.read_exact(&mut part)).await.expect("in time").expect("goes on");
        tokio::time::sleep(Duration::from_millis(45)).await;
    }
    assert!(began.elapsed() > Duration::from_secs(4), "longer than its age, and than two beats and a second");
    assert_eq!(house.running.live.connection_count(), 2);
}

#[actix_web::test]
async fn limits_hold_and_are_told() {
    let house = house(|settings| {
        settings.limits.subscriptions = 2;
        settings.limits.commands_per_s = 5;
        settings.limits.connections_per_person = 2;
        settings.limits.unauthenticated_per_address = 3;
        settings.limits.unanswered_commands = 2;
    })
    .await;
    let mut first = house.client("doctor:a-1").await;
    let mut second = house.client("doctor:a-1").await;
    let mut third = house.connect().await;
    third.send(json!({"type": "hello", "id": "h", "version": 1, "token": "doctor:a-1"})).await;
    assert_eq!(third.next().await["error"]["code"], "limit_exceeded");
    assert_eq!(third.bye().await["code"], "limit_exceeded");

    for stream in ["board:s.b", "door:s.d.r"] {
        assert_eq!(first.subscribe(stream, None).await["type"], "subscribed");
    }
    assert_eq!(first.subscribe("board:s.c", None).await["error"]["code"], "limit_exceeded");
    assert_eq!(first.subscribe("board:s.b", None).await["type"], "subscribed", "again is not one more");

    // the person's, not the connection's
    second.finish_service("1").await;
    assert_eq!(second.next().await["type"], "done");
    second.finish_service("2").await;
    let rejected = second.next().await;
    assert_eq!(rejected["error"]["code"], "too_many_requests");
    assert!(rejected["error"]["valid_now"]["retry_after_ms"].is_u64());

    // two commands without an answer: the third waits, nothing is lost or refused
    let mut waits = house.client("desk:a-2").await;
    for id in ["1", "2"] {
        let command = json!({"recall_patient": {"call": "s.d.c1"}});
        waits.send(json!({"type": "command", "id": id, "command": command})).await;
    }
    waits.finish_service("3").await;
    assert!(timeout(Duration::from_millis(300), waits.0.next()).await.is_err());

    // strangers of one address
    let mut strangers = Vec::new();
    for _ in 0..3 {
        strangers.push(house.connect().await);
    }
    let refused = connect_async(format!("ws://{}/ws", house.running.address)).await;
    let Err(Error::Http(response)) = refused else { panic!("a fourth stranger") };
    assert_eq!(response.status(), 429);
    drop(strangers);
    house.until(|house| house.running.live.connection_count() == 3).await;
    house.client("doctor:a-3").await;
}

#[actix_web::test]
async fn what_was_begun_is_ended_when_nobody_waits_for_the_answer() {
    let house = house(|_| {}).await;
    let mut client = house.client("desk:a-1").await;
    client.send(json!({"type": "command", "id": "1", "command": {"report_back": {"ticket": "s.d.t1"}}})).await;
    client.finish_service("2").await;
    assert_eq!(client.next().await["reply_to"], "2", "the first is under way");
    drop(client);
    house.until(|house| house.running.live.connection_count() == 0).await;
    house.until(|house| house.engine.ended_late.load(Ordering::Relaxed) == 1).await;
}

#[actix_web::test]
async fn a_flood_ends_the_connection() {
    let house = house(|settings| settings.limits.commands_per_s = 1).await;
    // Whatever it is made of.
    let (wrong, beat) = (Message::text("{}"), Message::text(r#"{"type":"beat"}"#));
    for message in [wrong, beat, Message::Ping(Bytes::from_static(b"x")), Message::Pong(Bytes::new())] {
        let mut client = house.client("doctor:a-1").await;
        for _ in 0..300 {
            if client.0.send(message.clone()).await.is_err() {
                break;
            }
        }
        assert_eq!(client.bye().await["code"], "too_many_requests", "{message:?}");
    }
}

#[actix_web::test]
async fn another_origin_may_not_open_a_socket() {
    let house = house(|_| {}).await;
    let address = house.running.address;
    for (origin, status) in [(format!("http://{address}"), 101), ("http://evil.example".to_owned(), 403)] {
        let mut request = format!("ws://{address}/ws").into_client_request().unwrap();
        request.headers_mut().insert("origin", origin.parse().unwrap());
        let answer = match connect_async(request).await {
            Ok((_, response)) => response.status(),
            Err(Error::Http(response)) => response.status(),
            Err(error) => panic!("{error}"),
        };
        assert_eq!(answer, status);
    }
}

#[actix_web::test]
async fn a_stop_says_good_bye_to_everybody() {
    let house = house(|_| {}).await;
    let mut clients = vec![house.client("doctor:a-1").await, house.client("screen:a-2").await, house.connect().await];
    let (address, running) = (house.running.address, house.running);
    let stop = running.stop();
    let byes = async {
        for client in &mut clients {
            let bye = client.bye().await;
            assert_eq!((&bye["code"], &bye["reconnect"]), (&json!("shutting_down"), &json!(true)));
            assert!(bye["after_ms"].as_u64().unwrap() >= 500);
        }
    };
    tokio::join!(stop, byes);
    assert!(TcpStream::connect(address).await.is_err());
}

#[actix_web::test]
async fn two_hundred_come_back_at_once_and_lose_nothing() {
    let house = house(|_| {}).await;
    let mut desk = house.client("desk:a-0").await;
    let mut offsets = vec![0; 200];
    for round in 1..=3_u64 {
        let followers = futures_util::future::join_all((0..200).map(async |n: usize| {
            let mut client = house.client(&format!("screen:a-{}", n + 1)).await;
            let since = json!({"epoch": "e1", "offset": offsets[n]});
            let subscribed = client.subscribe("board:s.b", Some(since)).await;
            assert_eq!(subscribed["position"]["offset"], (round - 1) * 2);
            if round > 1 {
                assert_eq!(subscribed["missed"].as_array().unwrap().len(), 1, "what came while it was away");
            }
            client
        }))
        .await;
        desk.finish_service("here").await;
        for (n, mut client) in followers.into_iter().enumerate() {
            let events = client.next().await;
            assert_eq!(events["after"], (round - 1) * 2);
            offsets[n] = events["events"][0]["offset"].as_u64().unwrap();
        }
        house.until(|house| house.running.live.connection_count() == 1).await;
        desk.finish_service("away").await;
        for _ in 0..2 {
            assert_eq!(desk.next().await["type"], "done");
        }
    }
}

#[actix_web::test]
async fn bytes_that_are_no_websocket_do_no_harm() {
    let house = house(|_| {}).await;
    for bytes in [&b"GET /ws HTTP/1.1\r\nhost: x\r\n\r\n"[..], b"\x16\x03\x01\x02\x00", b"nonsense\r\n\r\n"] {
        let mut socket = TcpStream::connect(house.running.address).await.unwrap();
        socket.write_all(bytes).await.unwrap();
        let mut answer = [0; 64];
        let read = timeout(SOON, socket.read(&mut answer)).await.expect("an answer").unwrap_or(0);
        assert!(answer[..read].starts_with(b"HTTP/1.1 4") || read == 0, "{:?}", String::from_utf8_lossy(&answer));
    }
    house.client("doctor:a-1").await;
}
