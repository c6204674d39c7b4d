//! The real program as a child process on a folder of its own, and a small hospital in it: for tests that kill it, fill
//! its disk or take its files away.
#![allow(dead_code, reason = "each test binary uses a part of it")]

pub mod disk;
pub mod house;

use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use jiaohao::clients::http::Door;
use rustix::process::{Pid, Signal};
use serde_json::{Value, json};

/// How long a start, an end or an answer may take on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// When the slots of [`set_up`] begin.
pub const SLOTS: [&str; 4] = ["09:00", "09:30", "10:00", "10:30"];

/// One server. Dropping it ends it.
pub struct Program {
    /// The data folder.
    pub data: PathBuf,
    /// Its door.
    pub door: Door,
    settings: Vec<(&'static str, String)>,
    test_clock: Option<String>,
    child: Option<Child>,
    said: PathBuf,
}

impl Program {
    /// A server on `folder/data` that is not started yet, with small segments and no reserve of disk space to speak of.
    pub fn on(folder: &Path) -> Self {
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let authority = format!("127.0.0.1:{port}");
        let mut program = Self {
            data: folder.join("data"),
            door: Door::plain(authority.clone()),
            settings: Vec::new(),
            test_clock: None,
            child: None,
            said: std::env::temp_dir().join(format!("jiaohao-test-{}-{port}.log", std::process::id())),
        };
        program.set("JIAOHAO_DATA__DIR", folder.join("data").display());
        program.set("JIAOHAO_SERVER__LISTEN", authority);
        program.set("JIAOHAO_DATA__SEGMENT_MIB", 1);
        program.set("JIAOHAO_DATA__STORE_CACHE_MIB", 8);
        program.set("JIAOHAO_DATA__RESERVE_MIB", 2);
        program.set("JIAOHAO_DATA__LAST_RESERVE_MIB", 1);
        program.set("JIAOHAO_SCREENS__MAKE_VOICE", false);
        program.set("JIAOHAO_LOG__LEVEL", "error");
        program
    }

    /// Changes a setting for starts from now on.
    pub fn set(&mut self, name: &'static str, value: impl std::fmt::Display) {
        self.settings.retain(|(known, _)| *known != name);
        self.settings.push((name, value.to_string()));
    }

    /// Starts from now on are for test: clinic time begins here (RFC 3339) and runs 240 times as fast.
    pub fn set_test_clock(&mut self, clinic_start: &str) {
        self.test_clock = Some(clinic_start.to_owned());
    }

    /// The program with these settings.
    pub fn command(&self) -> Command {
        self.with_settings(Command::new(env!("CARGO_BIN_EXE_jiaohao")))
    }

    fn with_settings(&self, mut command: Command) -> Command {
        command.envs(self.settings.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Starts it; it may end itself at a crash point.
    pub fn start(&mut self, crash_at: Option<String>) {
        let mut command = self.command();
        command.arg("serve");
        if let Some(clinic_start) = &self.test_clock {
            command.args(["--test-clock", clinic_start, "--speed", "240"]);
        }
        if let Some(crash_at) = crash_at {
            command.env("JIAOHAO_CRASH_AT", crash_at);
        }
        self.spawn(command);
    }

    /// Starts it so that a write beyond the process's limit fails instead of ending it by a signal.
    pub fn start_with_failing_writes(&mut self) {
        let mut command = self.with_settings(Command::new("sh"));
        command.args(["-c", "trap '' XFSZ; exec \"$0\" serve", env!("CARGO_BIN_EXE_jiaohao")]);
        self.spawn(command);
    }

    fn spawn(&mut self, mut command: Command) {
        assert!(self.child.is_none(), "it is running already");
        let said = std::fs::File::create(&self.said).unwrap();
        self.child = Some(command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(said).spawn().unwrap());
    }

    /// Starts it and waits until it answers at all (`/readyz`), ready or not.
    pub async fn start_alive(&mut self) {
        self.start(None);
        let began = Instant::now();
        while !self.door.is_up().await {
            assert!(self.status().is_none(), "it has ended: {}", self.said());
            assert!(began.elapsed() < PATIENCE, "the server does not come up: {}", self.said());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Waits until it takes commands.
    pub async fn ready(&mut self) {
        let began = Instant::now();
        while !self.door.is_ready().await {
            assert!(began.elapsed() < PATIENCE, "the server does not come up: {}", self.said());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// What it has said on stderr since its start.
    pub fn said(&self) -> String {
        std::fs::read_to_string(&self.said).unwrap_or_default()
    }

    /// Its process.
    pub fn pid(&self) -> Pid {
        let child = self.child.as_ref().expect("it is running");
        Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap()
    }

    /// `kill -9`. It may have ended itself.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            child.wait().unwrap();
        }
    }

    /// SIGTERM, and waits.
    pub fn stop(&mut self) {
        rustix::process::kill_process(self.pid(), Signal::TERM).unwrap();
        let status = self.child.take().unwrap().wait().unwrap();
        assert!(status.success(), "{status}: {}", self.said());
    }

    /// How it has ended by itself; none while it runs.
    pub fn status(&mut self) -> Option<ExitStatus> {
        self.child.as_mut().and_then(|child| child.try_wait().unwrap())
    }

    /// Waits until it ends by itself.
    pub async fn ended(&mut self) -> ExitStatus {
        let began = Instant::now();
        loop {
            if let Some(status) = self.status() {
                self.child = None;
                return status;
            }
            assert!(began.elapsed() < PATIENCE, "it goes on");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Runs another subcommand on the same folder.
    pub fn run(&self, arguments: &[&str]) -> String {
        let out = self.command().args(arguments).arg("--data").arg(&self.data).output().unwrap();
        assert!(out.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&out.stderr));
        String::from_utf8(out.stdout).unwrap().trim().to_owned()
    }

    /// A token of a role with further arguments of `token issue`.
    pub fn token(&self, role: &str, arguments: &[&str]) -> String {
        self.run(&[&["token", "issue", "--role", role], arguments].concat())
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.kill();
        // A temporary file may stay.
        let _ = std::fs::remove_file(&self.said);
    }
}

/// A hospital `h`: departments `h.a` and `h.b` with a queue `q` each, a room, a doctor and a board in the first, a session
/// tomorrow with slots of as many places as there may be. The first slot.
pub async fn set_up(door: &Door, operator: &str) -> &'static str {
    let put = async |path: &str, body: Value| door.insist("PUT", path, Some(operator), &body).await.unwrap();
    put("/sites", json!({"id": "h", "name": "医院", "time_zone": "Asia/Shanghai"})).await;
    for (department, prefix) in [("a", "A"), ("b", "B")] {
        put("/departments", json!({"id": format!("h.{department}"), "name": department})).await;
        put("/queues", json!({"id": format!("h.{department}.q"), "name": department, "prefix": prefix})).await;
    }
    put("/service-points", json!({"id": "h.a.r", "name": "1号诊室"})).await;
    put("/doctors", json!({"id": "h.dr", "name": "李明", "title": "主任医师", "departments": ["h.a"]})).await;
    put("/boards", json!({"id": "h.board", "name": "候诊区", "queues": ["h.a.q"]})).await;
    let zone = jiaohao_domain::time::Zone::named("Asia/Shanghai").unwrap();
    let today = zone.date(jiaohao_domain::Timestamp(jiaohao_actors::shell::clock::wall_ms()));
    let session = json!({"id": "h.a.s", "date": today.plus_days(1), "period": "morning", "queue": "h.a.q",
        "registration_class": "普通", "slots": SLOTS.map(|start| json!({"start": start, "capacity": 100_000}))});
    put("/sessions", session).await;
    "h.a.s.0900"
}

/// What a stream shows now.
pub async fn snapshot(door: &Door, token: &str, stream: &str) -> Value {
    door.insist("GET", &format!("/streams/{stream}"), Some(token), &Value::Null).await.unwrap()["snapshot"].clone()
}
