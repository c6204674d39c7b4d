//! Tests of the terminal display: frames, lines, and the socket against a server played by the test.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{WebSocketStream, accept_async};

use super::draw::{self, Style};
use super::model::*;
use super::*;

fn snapshot() -> Value {
    json!({
        "board": {"id": "renmin.b3f", "name": "心内科候诊区", "name_en": "Cardiology", "speaks": true, "english": true, "yao": false},
        "now": "2026-11-23T09:42:10.000+08:00",
        "calls": [
            {"call": "c2", "number": "A012", "name": "张*三", "place": "3号诊室", "place_en": "Room 3", "state": "called",
             "at": "2026-11-23T09:42:00.000+08:00", "emergency": false},
            {"call": "c1", "number": "B006", "name": null, "place": "5号诊室", "place_en": "Room 5", "state": "serving",
             "at": "2026-11-23T09:30:00.000+08:00", "emergency": false}],
        "rooms": [{"place": "3号诊室", "place_en": "Room 3", "doctor": "李明", "title": "主任医师",
                   "waiting": ["A015", "A016"], "at_door": ["A013"],
                   "expected": {"from": "2026-11-23T10:20:00.000+08:00", "to": "2026-11-23T10:45:00.000+08:00"}}],
        "missed": ["A009"],
        "announcements": [{"announcement": "renmin.b3f.n7", "call": "c2"}],
        "notices": [{"zh": "李明医生门诊延迟约20分钟", "en": "Dr Li Ming is running about 20 minutes late"}]
    })
}

fn welcome(beat_s: f64) -> Value {
    json!({"type": "welcome", "reply_to": "1", "session": "s", "now": "2026-11-23T01:42:10.000Z", "beat_s": beat_s})
}

fn subscribed() -> Value {
    json!({"type": "subscribed", "reply_to": "2", "stream": "board:renmin.b3f", "position": {"epoch": "e", "offset": 41}, "snapshot": snapshot()})
}

fn events(after: u64, offset: u64, event: Value) -> Value {
    json!({"type": "events", "stream": "board:renmin.b3f", "after": after,
           "events": [{"offset": offset, "at": "2026-11-23T09:43:00.000+08:00", "event": event}]})
}

fn live() -> Display {
    let mut display = Display::new();
    assert_eq!(display.take(&welcome(2.0)), Action::Subscribe);
    assert_eq!(display.take(&subscribed()), Action::Redraw);
    display
}

const PLAIN: Style = Style { width: 80, colours: false };

fn picture(display: &Display) -> String {
    draw::lines(display, PLAIN).join("\n")
}

#[test]
fn a_call_that_has_no_row_is_not_shown() {
    let called = |n: usize| json!({"call": format!("c{n}"), "number": format!("A{n:03}"), "state": "called"});
    let mut board = snapshot();
    board["calls"] = (0..12).map(called).collect();
    board["announcements"] =
        (0..12).map(|n| json!({"announcement": format!("n{n}"), "call": format!("c{n}")})).collect();
    board["announcements"].as_array_mut().expect("a list").push(json!({"announcement": "door", "call": "s1"}));
    let mut display = live();
    display.take(&json!({"type": "snapshot", "position": {"epoch": "e", "offset": 42}, "snapshot": board}));
    let shown = display.announcements().filter(|one| draw::is_shown(&display, one));
    let ids: Vec<&str> = shown.filter_map(|one| one["announcement"].as_str()).collect();
    assert_eq!(ids, ["n0", "n1", "n2", "n3", "n4", "n5", "n6", "n7", "door"]);
    let picture = picture(&display);
    assert!(picture.contains("A007") && !picture.contains("A008"), "{picture}");
}

#[test]
fn events_replace_the_parts_they_carry() {
    let mut display = live();
    let frame = events(41, 57, json!({"patient_missed": {"missed": ["A009", "A012"], "calls": [], "unknown": 1}}));
    assert_eq!(display.take(&frame), Action::Redraw);
    let value = display.value.as_ref().unwrap();
    assert_eq!((&value["missed"], &value["calls"], value.get("unknown")), (&json!(["A009", "A012"]), &json!([]), None));
    assert_eq!(display.position, Some(Position { epoch: "e".into(), offset: 57 }));
}

#[test]
fn a_gap_in_the_stream_asks_for_it_again() {
    let mut display = live();
    let frame = events(43, 57, json!({"patient_missed": {"missed": []}}));
    assert_eq!(display.take(&frame), Action::Subscribe);
    assert_eq!(display.value.as_ref().unwrap()["missed"], json!(["A009"]), "nothing is put in out of order");
}

#[test]
fn what_was_missed_is_put_in_and_a_snapshot_replaces_everything() {
    let mut display = live();
    display.lost();
    let missed =
        json!([{"offset": 57, "at": "2026-11-23T09:44:00.000+08:00", "event": {"patient_missed": {"missed": []}}}]);
    let resumed =
        json!({"type": "subscribed", "reply_to": "3", "position": {"epoch": "e", "offset": 60}, "missed": missed});
    assert_eq!(display.take(&resumed), Action::Redraw);
    assert!(display.is_live);
    assert_eq!(
        (display.position.as_ref().unwrap().offset, &display.value.as_ref().unwrap()["missed"]),
        (60, &json!([]))
    );
    let mut other = snapshot();
    other["missed"] = json!(["C001"]);
    let frame =
        json!({"type": "snapshot", "position": {"epoch": "f", "offset": 3}, "snapshot": other, "reason": "slow"});
    assert_eq!(display.take(&frame), Action::Redraw);
    assert_eq!(display.position, Some(Position { epoch: "f".into(), offset: 3 }));
    assert_eq!(display.value.as_ref().unwrap()["missed"], json!(["C001"]));
}

#[test]
fn refusals_end_it_and_busy_times_do_not() {
    let rejected = |code: &str| json!({"type": "rejected", "reply_to": "2", "error": {"code": code}});
    assert_eq!(Display::new().take(&rejected("forbidden")), Action::GiveUp { code: "forbidden".into() });
    assert!(matches!(Display::new().take(&rejected("overloaded")), Action::Reconnect { .. }));
    let bye = |reconnect: bool| json!({"type": "bye", "code": "too_slow", "reconnect": reconnect, "after_ms": 2000});
    assert_eq!(Display::new().take(&bye(true)), Action::Reconnect { after_ms: 2000 });
    assert_eq!(Display::new().take(&bye(false)), Action::GiveUp { code: "too_slow".into() });
}

#[test]
fn the_picture_says_who_where_who_waits_and_that_it_is_live() {
    let display = live();
    let picture = picture(&display);
    for words in [
        "心内科候诊区",
        "11-23 09:42",
        "▶ A012",
        "张*三",
        "3号诊室",
        "请就诊",
        "就诊中",
        "[门口 A013] A015 A016",
        "大约 10:20–10:45",
        "过号 Missed  A009",
        "李明医生门诊延迟约20分钟",
        "● 实时",
    ] {
        assert!(picture.contains(words), "{words} is not in\n{picture}");
    }
    for line in draw::lines(&display, PLAIN) {
        assert!(draw::columns(&line) <= 80, "{line}");
    }
}

#[test]
fn a_screen_that_is_not_current_says_so_and_shows_no_call_as_new() {
    let mut display = live();
    assert!(display.lost());
    assert!(!display.lost(), "once is enough");
    let picture = picture(&display);
    assert!(picture.contains("屏幕暂停更新(09:42起),请听护士叫号"), "{picture}");
    assert!(!picture.contains('▶') && !picture.contains("实时"), "{picture}");
    let coloured = draw::lines(&display, Style { width: 80, colours: true }).join("\n");
    assert!(coloured.contains("\x1b[2m  A012") && !coloured.contains("\x1b[1;97;46m"), "{coloured:?}");
}

#[test]
fn nothing_from_outside_moves_the_cursor() {
    let mut display = live();
    display.value.as_mut().unwrap()["notices"] = json!([{"zh": "\u{1b}[2Jx\ny", "en": ""}]);
    assert!(!picture(&display).contains('\u{1b}'));
}

#[test]
fn coming_back_is_spread_out_and_bounded() {
    for attempt in 0..40 {
        for chance in [0, 1, 77_777, u64::MAX] {
            let most_ms = (FIRST_BACKOFF_MS << attempt.min(20)).min(MAX_BACKOFF_MS);
            assert!((most_ms / 2..=most_ms).contains(&backoff_ms(attempt, 0, chance)));
            assert!(backoff_ms(attempt, 2_000, chance) >= 2_000);
        }
    }
    assert_ne!(backoff_ms(6, 0, 1), backoff_ms(6, 0, 999));
}

/// Output that the test can look at while the display runs.
#[derive(Clone, Default)]
struct Paper(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Paper {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Paper {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
    }

    async fn shows(&self, words: &str, within: Duration) {
        let seen = async {
            while !self.text().contains(words) {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(within, seen).await.unwrap_or_else(|_| panic!("{words} not in {}", self.text()));
    }
}

type Peer = WebSocketStream<TcpStream>;

async fn hears(peer: &mut Peer, kind: &str) -> Value {
    loop {
        let message = peer.next().await.unwrap().unwrap();
        let frame: Value = serde_json::from_str(message.to_text().unwrap()).unwrap();
        if frame["type"] == kind {
            return frame;
        }
        assert_eq!(frame["type"], "beat");
    }
}

async fn says(peer: &mut Peer, frame: Value) {
    peer.send(Message::text(frame.to_string())).await.unwrap();
}

async fn accept(listener: &TcpListener) -> Peer {
    accept_async(listener.accept().await.unwrap().0).await.unwrap()
}

#[tokio::test]
async fn a_display_resumes_confirms_and_says_when_it_is_not_current() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let paper = Paper::default();
    let mut output = paper.clone();
    let options = Options { url, board: "renmin.b3f".into(), token: "t".into(), style: PLAIN, once: false };
    let display = tokio::spawn(async move { run_on(options, &mut output).await });

    let mut peer = accept(&listener).await;
    let hello = hears(&mut peer, "hello").await;
    assert_eq!((&hello["version"], &hello["token"]), (&json!(1), &json!("t")));
    says(&mut peer, welcome(1.0)).await;
    let subscribe = hears(&mut peer, "subscribe").await;
    assert_eq!((&subscribe["stream"], subscribe.get("since")), (&json!("board:renmin.b3f"), None));
    says(&mut peer, subscribed()).await;
    let report = hears(&mut peer, "command").await;
    assert_eq!(report["command"], json!({"report_shown": {"announcement": "renmin.b3f.n7"}}));
    let key = report["key"].as_str().unwrap();
    assert!(key.len() == 36 && &key[14..15] == "7", "{key}");
    says(&mut peer, json!({"type": "rejected", "reply_to": report["id"], "error": {"code": "forbidden"}})).await;
    says(&mut peer, events(41, 57, json!({"patient_missed": {"missed": ["A012"]}}))).await;
    paper.shows("过号 Missed  A012", Duration::from_secs(5)).await;

    // The server falls silent without closing: nothing tells the display but the missing beats.
    paper.shows("屏幕暂停更新(09:43起),请听护士叫号", Duration::from_secs(5)).await;

    let mut peer = accept(&listener).await;
    hears(&mut peer, "hello").await;
    says(&mut peer, welcome(1.0)).await;
    assert_eq!(hears(&mut peer, "subscribe").await["since"], json!({"epoch": "e", "offset": 57}));
    says(&mut peer, json!({"type": "rejected", "reply_to": "9", "error": {"code": "forbidden"}})).await;
    let ended = display.await.unwrap();
    assert!(matches!(ended, Err(TerminalError::Refused(code)) if code == "forbidden"));
}

#[tokio::test]
async fn once_shows_one_picture_and_an_address_is_checked() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}/ws", listener.local_addr().unwrap());
    let paper = Paper::default();
    let mut output = paper.clone();
    let options = Options { url, board: "renmin.b3f".into(), token: "t".into(), style: PLAIN, once: true };
    let mut again = options.clone();
    let display = tokio::spawn(async move { run_on(options, &mut output).await });
    let mut peer = accept(&listener).await;
    hears(&mut peer, "hello").await;
    says(&mut peer, welcome(2.0)).await;
    hears(&mut peer, "subscribe").await;
    says(&mut peer, subscribed()).await;
    display.await.unwrap().unwrap();
    assert!(paper.text().starts_with("心内科候诊区"));

    drop(listener);
    assert!(matches!(run_on(again.clone(), &mut Paper::default()).await, Err(TerminalError::Unreachable(_))));
    again.url = "ftp://x".into();
    assert!(matches!(run_on(again, &mut Paper::default()).await, Err(TerminalError::Address(_))));
}

#[test]
fn a_range_is_shown_without_what_has_passed_of_it() {
    let shown = |from: &str, to: &str| {
        let mut display = live();
        let range = json!({"from": format!("2026-11-23T{from}+08:00"), "to": format!("2026-11-23T{to}+08:00")});
        let value = display.value.as_mut().unwrap();
        value["rooms"][0]["expected"] = range;
        picture(&display)
    };
    assert!(shown("10:20:00", "10:45:00").contains("大约 10:20–10:45"));
    assert!(shown("09:42:10", "09:50:00").contains("09:50前"), "said just now");
    assert!(!shown("09:42:10", "09:50:00").contains("09:42–"));
    assert!(!shown("09:30:00", "09:40:00").contains("09:40"), "it is over");
}
