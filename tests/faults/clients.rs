//! A screen that stops reading, and a thousand that come back at once: nobody else notices.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use futures_util::{SinkExt, StreamExt};
use jiaohao::clients::clock::ClinicClock;
use jiaohao::clients::http::Door;
use jiaohao::clients::live::{Heard, LiveClient, connect};
use rustix::process::{Resource, getrlimit, setrlimit};
use serde_json::{Value, json};
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::watch;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{WebSocketStream, client_async};

use super::program::{PATIENCE, Program};
use super::{House, next};

const STREAM: &str = "queue:h.a.q";
/// What others may wait for a frame while somebody is slow or many come back, on a busy machine.
const UNNOTICED: Duration = Duration::from_secs(2);
const COMING_BACK: usize = 1_000;

/// Somebody who follows the queue all the time.
struct Follower {
    events: Arc<AtomicU64>,
    broken: Arc<AtomicBool>,
    _live: LiveClient,
}

impl Follower {
    fn new(door: &Door, token: &str) -> Self {
        let (events, broken) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
        let (count, breaks) = (events.clone(), broken.clone());
        let clock = Arc::new(ClinicClock::new(1.0));
        let live = LiveClient::open(
            Arc::new(door.clone()),
            clock,
            token.to_owned(),
            vec![STREAM.to_owned()],
            Box::new(move |heard, _, _| match heard {
                Heard::Events { events, chained, missed, .. } => {
                    let arrived = events.iter().filter(|event| event["event"]["walk_in_registered"].is_object());
                    count.fetch_add(arrived.count() as u64, Ordering::SeqCst);
                    breaks.fetch_or(!chained || missed, Ordering::SeqCst);
                }
                Heard::Snapshot { snapshot, .. } => {
                    // The first one says how many there are; another one would replace what was lost.
                    let there = snapshot["order"].as_array().map_or(0, Vec::len) as u64;
                    breaks.fetch_or(count.swap(there + 1, Ordering::SeqCst) > 0, Ordering::SeqCst);
                }
                Heard::Ended { .. } | Heard::Bye { .. } => breaks.store(true, Ordering::SeqCst),
            }),
        );
        Self { events, broken, _live: live }
    }
}

/// Waits until every follower has heard of so many tickets; how long that took.
async fn all_heard(followers: &[Follower], tickets: u64) -> Duration {
    let began = Instant::now();
    while followers.iter().any(|follower| follower.events.load(Ordering::SeqCst) < tickets + 1) {
        assert!(began.elapsed() < PATIENCE, "a follower hears nothing more");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    assert!(followers.iter().all(|follower| !follower.broken.load(Ordering::SeqCst)), "a follower lost a frame");
    began.elapsed()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_screen_that_stops_reading_costs_the_others_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut program = Program::on(folder.path());
    program.set("JIAOHAO_LIMITS__OUTBOX_BYTES", 65_536);
    program.set("JIAOHAO_LIMITS__OUTBOX_AGE_S", 3);
    let mut house = House::open(program).await;
    let followers: Vec<Follower> = (0..10).map(|_| Follower::new(house.door(), &house.desk)).collect();
    all_heard(&followers, 0).await;
    // Takes as little from the system's buffers as there is.
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4_096).unwrap();
    let stream = socket.connect(house.door().authority.parse().unwrap()).await.unwrap();
    let (mut slow, _) = client_async(format!("ws://{}/ws", house.door().authority), stream).await.unwrap();
    let hello = json!({"type": "hello", "id": "1", "version": 1, "token": house.desk});
    slow.send(Message::text(hello.to_string())).await.unwrap();
    slow.send(Message::text(json!({"type": "subscribe", "id": "2", "stream": STREAM}).to_string())).await.unwrap();
    while next(&mut slow).await.expect("it is subscribed")["type"] != "subscribed" {}

    let (began, mut tickets, mut longest) = (Instant::now(), 0, Duration::ZERO);
    while began.elapsed() < Duration::from_secs(6) || tickets < 300 {
        let patient = house.person().await;
        house.walk_in(&patient).await.unwrap();
        tickets += 1;
        longest = longest.max(all_heard(&followers, tickets).await);
    }
    println!("{tickets} tickets, heard by the others within {} ms", longest.as_millis());
    assert!(longest < UNNOTICED, "the others waited {longest:?}");
    let mut offset = 0;
    loop {
        match next(&mut slow).await {
            None => break,
            Some(frame) if frame["type"] == "snapshot" || frame["type"] == "bye" => break,
            Some(frame) => {
                assert!(frame["after"].as_u64().unwrap() >= offset, "out of order");
                offset = frame["events"][0]["offset"].as_u64().unwrap();
                let last = frame["events"].as_array().unwrap().last().unwrap()["event"].to_string();
                assert!(
                    !last.contains(&format!("\"A{tickets:03}\"")),
                    "all of it was kept for somebody who does not read"
                );
            }
        }
    }
}

/// Connects, asking again while the house is busy, and follows from `since`; the position then.
async fn come_back(door: &Door, token: &str, since: Option<Value>) -> (WebSocketStream<TcpStream>, Value) {
    loop {
        if let Ok(mut socket) = connect(door, token).await {
            let mut subscribe = json!({"type": "subscribe", "id": "s", "stream": STREAM});
            if let Some(since) = &since {
                subscribe["since"] = since.clone();
            }
            let mut subscribed = None;
            if socket.send(Message::text(subscribe.to_string())).await.is_ok() {
                while let Some(frame) = next(&mut socket).await {
                    if frame["type"] == "subscribed" {
                        subscribed = Some(frame["position"].clone());
                        break;
                    }
                }
            }
            if let Some(position) = subscribed {
                return (socket, position);
            }
        }
        tokio::time::sleep(Duration::from_millis(100 + rand::random::<u64>() % 200)).await;
    }
}

/// Reads on, gap-free, until it has heard of the last ticket, once that is known; answers beats.
async fn follow(mut socket: WebSocketStream<TcpStream>, position: Value, mut last: watch::Receiver<Option<String>>) {
    let mut at = position["offset"].as_u64().unwrap();
    let mut newest = String::new();
    while last.borrow().as_ref().is_none_or(|ticket| !newest.contains(ticket)) {
        let text = tokio::select! {
            _ = last.changed() => continue,
            frame = socket.next() => match frame.expect("it stays").unwrap() {
                Message::Text(text) => text,
                _ => continue,
            },
        };
        let frame: Value = serde_json::from_str(&text).unwrap();
        match frame["type"].as_str() {
            Some("beat") => socket.send(Message::text(r#"{"type":"beat"}"#)).await.unwrap(),
            Some("snapshot") => {
                at = frame["position"]["offset"].as_u64().unwrap();
                newest = text.to_string();
            }
            _ => {
                newest.push_str(&text);
                assert_eq!(frame["after"].as_u64(), Some(at), "a gap for who has come back: {frame}");
                at = frame["events"].as_array().unwrap().last().unwrap()["offset"].as_u64().unwrap();
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_come_back_at_once_and_nobody_else_loses_a_frame() {
    let most = getrlimit(Resource::Nofile).maximum;
    let files = rustix::process::Rlimit { current: most, maximum: most };
    setrlimit(Resource::Nofile, files).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut program = Program::on(folder.path());
    program.set("JIAOHAO_LIMITS__HOUSE_CONNECTIONS", 4 * COMING_BACK);
    let mut house = House::open(program).await;
    let followers: Vec<Follower> = (0..5).map(|_| Follower::new(house.door(), &house.desk)).collect();
    all_heard(&followers, 0).await;
    let (door, desk) = (house.door().clone(), house.desk.clone());
    let all = join_all((0..COMING_BACK).map(|_| come_back(&door, &desk, None))).await;
    let mut tickets = 0;
    let mut longest = Duration::ZERO;
    let mut register = async |house: &mut House| {
        let patient = house.person().await;
        let ticket = house.walk_in(&patient).await.unwrap()["ticket"].as_str().unwrap().to_owned();
        tickets += 1;
        longest = longest.max(all_heard(&followers, tickets).await);
        ticket
    };
    register(&mut house).await;
    let positions: Vec<Value> = all.into_iter().map(|(_, position)| position).collect();
    register(&mut house).await;
    let began = Instant::now();
    let (tell_last, last) = watch::channel(None);
    let back: Vec<_> = positions
        .into_iter()
        .map(|since| {
            let (door, desk, last) = (door.clone(), desk.clone(), last.clone());
            tokio::spawn(async move {
                let (socket, position) = come_back(&door, &desk, Some(since)).await;
                (began.elapsed(), tokio::spawn(follow(socket, position, last)))
            })
        })
        .collect();
    while back.iter().any(|one| !one.is_finished()) {
        assert!(began.elapsed() < PATIENCE, "not all come back");
        register(&mut house).await;
    }
    let ticket = register(&mut house).await;
    tell_last.send(Some(format!("\"{ticket}\""))).unwrap();
    let mut took = Duration::ZERO;
    for one in back {
        let (came_back, following) = one.await.unwrap();
        took = took.max(came_back);
        timeout(PATIENCE, following).await.expect("all that was missed comes in time").unwrap();
    }
    println!("{COMING_BACK} came back in {} ms; the others heard within {} ms", took.as_millis(), longest.as_millis());
    assert!(longest < UNNOTICED, "the others waited {longest:?}");
}
