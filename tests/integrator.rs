//! The hospital's own system in another language: `docs/integrator.py` drives a day against the real server while a
//! doctor calls whoever is next.
#![allow(clippy::disallowed_methods, clippy::unwrap_used, reason = "a test in machine time; what fails, fails it")]

use std::io::{BufRead, Read};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use jiaohao::clients::http::Door;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself; then the test has failed already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn jiaohao(folder: &std::path::Path, port: u16) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_jiaohao"));
    command
        .env("JIAOHAO_DATA__DIR", folder)
        .env("JIAOHAO_LOG__LEVEL", "error")
        .env("JIAOHAO_SERVER__LISTEN", format!("127.0.0.1:{port}"));
    command
}

fn token(folder: &std::path::Path, arguments: &[&str]) -> String {
    let out = jiaohao(folder, 0).args(["token", "issue"]).args(arguments).output().unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    String::from_utf8(out.stdout).unwrap().trim().to_owned()
}

/// Calls whoever is next until it is so.
async fn see_until(door: &Door, doctor: &str, mut is_so: impl FnMut(&Value) -> bool) {
    let work = json!({"department": "h.a", "service_point": "h.a.r1"});
    let assignment = door.insist("POST", "/work/start", Some(doctor), &work).await.unwrap()["assignment"].clone();
    let mut in_hand = Value::Null;
    let began = Instant::now();
    while !is_so(&in_hand) {
        assert!(began.elapsed() < Duration::from_secs(60), "it does not come to its end");
        let outcome = if in_hand.is_null() { Value::Null } else { json!("seen") };
        let next = json!({"department": "h.a", "assignment": assignment, "in_hand": in_hand, "outcome": outcome});
        match door.ask("POST", "/calls/next", Some(doctor), Some(&next)).await {
            Ok(answer) => in_hand = answer["called"]["ticket"].clone(),
            // The script has called off the visit of whoever was called.
            Err(why) if why.code == "stale_console" => in_hand = why.valid_now["in_hand"].clone(),
            Err(why) => assert_eq!(why.code, "queue_empty"),
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// A hospital with a doctor and a queue, and tokens of the doctor and of the hospital's own system.
struct Hospital {
    folder: tempfile::TempDir,
    port: u16,
    door: Door,
    doctor: String,
    his: String,
    today: String,
}

async fn serve(folder: &std::path::Path, port: u16) -> (Server, Door) {
    let server = Server(jiaohao(folder, port).arg("serve").stderr(Stdio::null()).spawn().unwrap());
    let door = Door::at(&format!("http://127.0.0.1:{port}")).unwrap();
    for _ in 0..500 {
        if door.is_ready().await {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    (server, door)
}

impl Hospital {
    async fn open() -> (Self, Server) {
        let folder = tempfile::tempdir().unwrap();
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let (server, door) = serve(folder.path(), port).await;
        let operator = token(folder.path(), &["--role", "operator", "--account", "setup"]);
        for (path, body) in [
            ("/sites", json!({"id": "h", "name": "医院", "time_zone": "Asia/Shanghai"})),
            ("/departments", json!({"id": "h.a", "name": "内科"})),
            ("/service-points", json!({"id": "h.a.r1", "name": "1号诊室"})),
            ("/doctors", json!({"id": "h.li", "name": "李明", "title": "主任医师", "departments": ["h.a"]})),
            ("/queues", json!({"id": "h.a.q", "name": "内科", "prefix": "A"})),
            ("/boards", json!({"id": "h.b", "name": "候诊区", "queues": ["h.a.q"]})),
        ] {
            door.insist("PUT", path, Some(&operator), &body).await.unwrap();
        }
        let arguments = ["--role", "doctor", "--site", "h", "--doctor", "h.li", "--account", "li"];
        let doctor = token(folder.path(), &arguments);
        let his = token(folder.path(), &["--role", "integrator", "--site", "h", "--account", "his"]);
        let zone = jiaohao_domain::time::Zone::named("Asia/Shanghai").unwrap();
        let today = zone.date(jiaohao_domain::Timestamp(jiaohao_actors::shell::clock::wall_ms())).0.to_string();
        (Self { folder, port, door, doctor, his, today }, server)
    }

    fn script(&self, url: &str, visits: &str) -> Command {
        let mut script = Command::new("python3");
        script
            .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/integrator.py"))
            .args(["--url", url, "--site", "h", "--queue", "h.a.q"])
            .args(["--visits", visits, "--for", "50", "--date", &self.today])
            .env("JIAOHAO_TOKEN", &self.his)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        script
    }

    fn start_script(&self, visits: &str) -> Child {
        self.script(&format!("http://127.0.0.1:{}", self.port), visits).spawn().unwrap()
    }
}

/// A certificate for `localhost` in `folder`, and the authority that it is of.
fn make_certificates(folder: &std::path::Path) {
    std::fs::write(folder.join("names"), "subjectAltName=DNS:localhost").unwrap();
    for arguments in [
        "req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -days 2 -subj /CN=authority",
        "req -newkey rsa:2048 -nodes -keyout key.pem -out request.pem -subj /CN=localhost",
        "x509 -req -in request.pem -CA ca.pem -CAkey ca.key -CAcreateserial -out cert.pem -days 2 -extfile names",
    ] {
        let out = Command::new("openssl").args(arguments.split(' ')).current_dir(folder).output().unwrap();
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    }
}

#[tokio::test]
async fn script_and_terminal_speak_tls_with_an_authority_of_the_hospitals_own() {
    let (hospital, plain) = Hospital::open().await;
    let board = ["--role", "screen", "--site", "h", "--screen", "h.s", "--board", "h.b", "--account", "hall"];
    let screen = token(hospital.folder.path(), &board);
    drop(plain);
    let keys = tempfile::tempdir().unwrap();
    make_certificates(keys.path());
    let _server = Server(
        jiaohao(hospital.folder.path(), hospital.port)
            .arg("serve")
            .env("JIAOHAO_SERVER__TLS_CERTIFICATE_FILE", keys.path().join("cert.pem"))
            .env("JIAOHAO_SERVER__TLS_KEY_FILE", keys.path().join("key.pem"))
            .stderr(Stdio::null())
            .spawn()
            .unwrap(),
    );
    let url = format!("https://localhost:{}", hospital.port);
    let authority = keys.path().join("ca.pem");
    let look = |trusted: &std::path::Path| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_jiaohao"));
        command.args(["board", "--once", "--url", &url, "--board", "h.b"]);
        command.env("JIAOHAO_TOKEN", &screen).env("SSL_CERT_FILE", trusted).output().unwrap()
    };
    let began = Instant::now();
    let mut shown = look(&authority);
    while !shown.status.success() && began.elapsed() < Duration::from_secs(30) {
        shown = look(&authority);
    }
    assert!(String::from_utf8_lossy(&shown.stdout).contains("候诊区"), "{shown:?}");
    let mut script = hospital.script(&url, "1");
    let heard = script.env("SSL_CERT_FILE", &authority).output().unwrap();
    assert!(heard.status.success(), "{}", String::from_utf8_lossy(&heard.stderr));
    // Whom nobody vouches for gets no token.
    let other = keys.path().join("other");
    std::fs::create_dir(&other).unwrap();
    make_certificates(&other);
    assert!(!look(&other.join("ca.pem")).status.success());
    let refused = hospital.script(&url, "1").env("SSL_CERT_FILE", other.join("ca.pem")).output().unwrap();
    assert!(String::from_utf8_lossy(&refused.stderr).contains("CERTIFICATE_VERIFY_FAILED"), "{refused:?}");
}

#[tokio::test]
async fn a_script_that_was_away_while_the_server_began_anew_misses_no_end() {
    let (hospital, server) = Hospital::open().await;
    let mut script = hospital.start_script("3");
    let mut said = std::io::BufReader::new(script.stdout.take().unwrap());
    let mut line = String::new();
    while line != "2 visits are in\n" {
        line.clear();
        assert_ne!(said.read_line(&mut line).unwrap(), 0, "it has ended");
    }
    let pid = Pid::from_raw(i32::try_from(script.id()).unwrap()).unwrap();
    kill_process(pid, Signal::STOP).unwrap();
    let again = async |server: Server| {
        drop(server);
        serve(hospital.folder.path(), hospital.port).await.0
    };
    let server = again(server).await;
    // Both are seen: somebody was in hand, and nobody is.
    let mut had_somebody = false;
    see_until(&hospital.door, &hospital.doctor, |in_hand| {
        had_somebody |= !in_hand.is_null();
        had_somebody && in_hand.is_null()
    })
    .await;
    let _server = again(server).await;
    kill_process(pid, Signal::CONT).unwrap();
    let (mut rest, mut complained) = (String::new(), String::new());
    said.read_to_string(&mut rest).unwrap();
    script.stderr.take().unwrap().read_to_string(&mut complained).unwrap();
    assert!(script.wait().unwrap().success() && rest.contains("all 2 visits have ended"), "{rest}\n{complained}");
}

#[tokio::test]
async fn a_script_of_the_hospital_registers_visits_and_hears_what_became_of_them() {
    let (hospital, _server) = Hospital::open().await;
    let (door, his) = (&hospital.door, &hospital.his);
    let mut script = hospital.start_script("5");
    see_until(door, &hospital.doctor, |_| script.try_wait().unwrap().is_some()).await;
    let out = script.wait_with_output().unwrap();
    let (said, complained) = (String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr));
    assert!(out.status.success(), "{said}\n{complained}");
    assert!(said.contains("all 4 visits have ended"), "{said}");
    assert!(!said.contains("王小明"), "a full name came back on the stream");

    // What the department refuses is heard as the answer, and again.
    let visit = |id: &str, change: Value| {
        let mut visit = json!({
            "visit_id": id, "version": 1, "site": "h", "queue": "h.a.q", "date": hospital.today,
            "patient": {"number": "X1"}, "fee_state": "paid",
        });
        visit.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        visit
    };
    for (id, change, code) in [
        ("r1", json!({"number": "A001"}), "number_taken"),
        ("r1", json!({"number": "A001"}), "number_taken"),
        ("r1", json!({"number": "17"}), "idempotency_key_reused"),
        ("r2", json!({"patient": {"number": ""}}), "invalid_field"),
        ("r2", json!({"patient": {"number": "X1", "birth_date": "2999-01-01"}}), "invalid_field"),
        ("r2", json!({"number": "\u{202e}A1"}), "invalid_field"),
        ("r2", json!({"class": "zzz"}), "invalid_field"),
        ("r2", json!({"date": "1999-01-01"}), "invalid_field"),
        ("r2", json!({"version": u64::MAX}), "invalid_field"),
    ] {
        let refused = door.ask("POST", "/visits", Some(his), Some(&visit(id, change))).await.unwrap_err();
        assert_eq!(refused.code, code, "{id}: {}", refused.detail);
    }
    let waits = visit("r3", json!({"number": "17", "checked_in": true}));
    let answer = door.insist("POST", "/visits", Some(his), &waits).await.unwrap();
    assert!(answer["ticket"].as_str().is_some_and(|ticket| ticket.starts_with("h.a.t")), "{answer}");
}
