//! The wall clock of a running server, set forward and back: clinic time goes on by the monotonic clock until an operator
//! confirms, and never goes back.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use jiaohao::clients::http::Door;
use jiaohao::clients::live;
use jiaohao::clients::people::MadeUp;
use jiaohao::config::Settings;
use jiaohao::house::serve::{ServeOptions, Server};
use jiaohao::identity::codes::LocalOutbox;
use jiaohao_actors::shell::clock::wall_ms;
use serde_json::{Value, json};

use super::program::{PATIENCE, set_up};

const HOUR_MS: i64 = 3_600_000;

/// Clinic time as `welcome` says it.
async fn now_ms(door: &Door, token: &str) -> i64 {
    let mut socket = live::connect(door, token).await.unwrap();
    let frame = socket.next().await.unwrap().unwrap();
    let welcome: Value = serde_json::from_str(frame.to_text().unwrap()).unwrap();
    chrono::DateTime::parse_from_rfc3339(welcome["now"].as_str().unwrap()).unwrap().timestamp_millis()
}

/// Waits until `/metrics` says so of the alarm: it is looked at once a second.
async fn alarm_is(door: &Door, raised: bool) {
    let began = Instant::now();
    while !door.metrics().await.unwrap().lines().any(|line| line == format!("clock_alarm {}", u8::from(raised))) {
        assert!(began.elapsed() < PATIENCE, "the alarm is not {raised}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// A server whose wall clock is set forward by so many milliseconds.
async fn start(folder: &Path, listen: SocketAddr, set: &Arc<AtomicI64>, confirm_clock: bool) -> Server {
    let mut settings = Settings::default_values();
    settings.data.dir = folder.join("data");
    settings.data.reserve_mib = 2;
    settings.data.last_reserve_mib = 1;
    settings.server.listen = listen;
    let wall = set.clone();
    let options = ServeOptions {
        codes: Arc::new(LocalOutbox::default()),
        clinic_start: None,
        speed: 1.0,
        wall: Arc::new(move || wall_ms() + wall.load(Ordering::Relaxed)),
        confirm_clock,
    };
    Server::start(settings, options).await.unwrap()
}

#[actix_web::test]
async fn a_clock_set_forward_or_back_is_not_followed_until_an_operator_confirms() {
    let folder = tempfile::tempdir().unwrap();
    let set = Arc::new(AtomicI64::new(0));
    let server = start(folder.path(), "127.0.0.1:0".parse().unwrap(), &set, false).await;
    let door = Door::plain(server.doors.address.to_string());
    let operator = server.first_token.clone().unwrap();
    set_up(&door, &operator).await;
    let issue = json!({"role": "desk", "site": "h", "name": "desk", "ttl_s": 3600});
    let desk = door.insist("POST", "/tokens", Some(&operator), &issue).await.unwrap();
    let desk = desk["access_token"].as_str().expect("a token").to_owned();
    let confirm = async |token: &str| door.ask("POST", "/clock/confirm", Some(token), Some(&json!({}))).await;
    let began_ms = now_ms(&door, &desk).await;
    let near = |now: i64, expected: i64| (0..60_000).contains(&(now - expected));
    alarm_is(&door, false).await;

    // Forward by two hours: sessions would end, holds expire.
    set.store(2 * HOUR_MS, Ordering::Relaxed);
    alarm_is(&door, true).await;
    assert!(near(now_ms(&door, &desk).await, began_ms), "a jump forward was followed");
    let work_goes_on = async |serial: u32| {
        let person = MadeUp::draw(serial, 2026, &mut rand::SeedableRng::seed_from_u64(serial.into()));
        let person = door.insist("POST", "/persons", Some(&desk), &person.registration()).await.unwrap();
        let walk_in = json!({"queue": "h.a.q", "patient": person["patient"]});
        door.ask("POST", "/tickets", Some(&desk), Some(&walk_in)).await.expect("work goes on");
    };
    work_goes_on(1).await;
    assert_eq!(confirm(&desk).await.unwrap_err().code, "forbidden");
    assert!(near(now_ms(&door, &desk).await, began_ms));
    confirm(&operator).await.unwrap();
    assert!(near(now_ms(&door, &desk).await, began_ms + 2 * HOUR_MS), "it is right, an operator has said");
    alarm_is(&door, false).await;

    // Back by three hours: nothing has ever gone back.
    set.store(-HOUR_MS, Ordering::Relaxed);
    alarm_is(&door, true).await;
    let seen_ms = now_ms(&door, &desk).await;
    assert!(near(seen_ms, began_ms + 2 * HOUR_MS), "a jump back was followed");
    confirm(&operator).await.unwrap();
    assert!(near(now_ms(&door, &desk).await, seen_ms), "clinic time stands until the wall clock comes there");
    let says = async || door.readyz().await.expect("answered");
    let said = says().await;
    assert!(said.starts_with("ready\n") && said.contains("clinic time stands still"), "{said}");
    alarm_is(&door, true).await;
    work_goes_on(2).await;

    // Where clinic time is: it follows again.
    set.store(2 * HOUR_MS + 1_000, Ordering::Relaxed);
    confirm(&operator).await.unwrap();
    alarm_is(&door, false).await;
    assert_eq!(says().await, "ready\n");
    server.stop().await;
}

/// More than a department settles in three goes.
const BOOKED: usize = 3_050;

#[actix_web::test]
async fn what_is_overdue_at_a_start_is_settled_before_anybody_is_let_in() {
    let folder = tempfile::tempdir().unwrap();
    let listen = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let set = Arc::new(AtomicI64::new(0));
    let server = start(folder.path(), listen, &set, true).await;
    let door = Arc::new(Door::plain(listen.to_string()));
    let operator = server.first_token.clone().unwrap();
    let slot = set_up(&door, &operator).await;
    let issue = json!({"role": "desk", "site": "h", "name": "desk", "ttl_s": 7 * 24 * 3_600});
    let desk = door.insist("POST", "/tokens", Some(&operator), &issue).await.unwrap();
    let desk = desk["access_token"].as_str().expect("a token").to_owned();
    let booked = futures_util::stream::iter(0..BOOKED).map(async |n| {
        let serial = u32::try_from(n).unwrap();
        let person = MadeUp::draw(serial, 2026, &mut rand::SeedableRng::seed_from_u64(serial.into())).registration();
        let person = door.insist("POST", "/persons", Some(&desk), &person).await.unwrap();
        let wish = json!({"session": "h.a.s", "slot": slot, "patient": person["patient"]});
        let booked = door.insist("POST", "/appointments", Some(&desk), &wish).await.unwrap();
        booked["appointment"].as_str().expect("an id").to_owned()
    });
    let booked: Vec<String> = booked.buffer_unordered(16).collect().await;
    server.stop().await;

    // Two days later the session is over and nobody came.
    set.store(48 * HOUR_MS, Ordering::Relaxed);
    let last = booked.iter().max().expect("some").clone();
    let asked = Arc::new(AtomicUsize::new(0));
    // Somebody asks all the time, from the first moment on; who is no no-show yet would be `wrong_appointment_state`.
    let asking = {
        let (door, desk, asked) = (door.clone(), desk.clone(), asked.clone());
        let correct = json!({"appointment": last, "reason": "was in another queue"});
        tokio::spawn(async move {
            loop {
                asked.fetch_add(1, Ordering::Relaxed);
                match door.ask("POST", "/appointments/correct-no-show", Some(&desk), Some(&correct)).await {
                    Err(why) if why.is_passing() => {}
                    answer => return answer,
                }
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        })
    };
    let server = start(folder.path(), listen, &set, true).await;
    let answer = asking.await.unwrap();
    answer.expect("let in before everything was settled");
    assert!(asked.load(Ordering::Relaxed) > 1, "nobody asked while it started");
    server.stop().await;
}
