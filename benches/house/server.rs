//! The server under test: a process of its own on a fresh folder, with one small hospital.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use jiaohao_actors::shell::clock;
use jiaohao_domain::time::Zone;
use jiaohao_domain::{BusinessDate, Timestamp};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use crate::Outcome;
use crate::client::Http;

const BINARY: &str = env!("CARGO_BIN_EXE_jiaohao");
/// How long a start may take.
const READY_WITHIN: Duration = Duration::from_secs(120);
/// Departments that are made at the same time.
const FURNISHING: usize = 16;

/// A running server. Dropping it ends it.
pub struct Server {
    /// Where both doors are.
    pub address: SocketAddr,
    /// Its data folder.
    pub data: PathBuf,
    process: Child,
}

/// A port that nobody has now.
pub fn free_port() -> Outcome<u16> {
    Ok(std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

impl Server {
    /// Starts `jiaohao serve` on this folder with limits that do not stop a load from one machine, and waits until it is
    /// ready; also says how long that took.
    pub async fn start(data: &Path) -> Outcome<(Self, Duration)> {
        let address: SocketAddr = ([127, 0, 0, 1], free_port()?).into();
        let began = clock::monotonic();
        let process = Command::new(BINARY)
            .arg("serve")
            .env("JIAOHAO_DATA__DIR", data)
            .env("JIAOHAO_SERVER__LISTEN", address.to_string())
            .env("JIAOHAO_LIMITS__HOUSE_COMMANDS_PER_S", "1000000")
            .env("JIAOHAO_LIMITS__COMMANDS_PER_S", "100000")
            .env("JIAOHAO_LIMITS__CONNECTIONS_PER_PERSON", "100000")
            .env("JIAOHAO_LIMITS__UNAUTHENTICATED_PER_ADDRESS", "100000")
            .env("JIAOHAO_LOG__LEVEL", "warn")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        let mut server = Self { address, data: data.to_owned(), process };
        loop {
            if let Ok(mut http) = Http::connect(address, None).await
                && let Ok((200, _)) = http.request("GET", "/readyz", "").await
            {
                return Ok((server, began.elapsed()));
            }
            if let Some(status) = server.process.try_wait()? {
                return Err(format!("the server has ended: {status}").into());
            }
            if began.elapsed() > READY_WITHIN {
                return Err("the server does not become ready".into());
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.process.id()
    }

    /// Ends it gracefully and waits.
    pub fn stop(mut self) -> Outcome {
        if let Some(pid) = Pid::from_raw(i32::try_from(self.pid())?) {
            kill_process(pid, Signal::TERM)?;
        }
        self.process.wait()?;
        Ok(())
    }

    /// A signed token as a script gets it.
    pub fn token(&self, arguments: &[&str]) -> Outcome<String> {
        let mut command = Command::new(BINARY);
        command.args(["token", "issue", "--data"]).arg(&self.data).args(arguments);
        let output = command.output()?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into_owned().into());
        }
        Ok(String::from_utf8(output.stdout)?.trim().to_owned())
    }

    /// One site, so many departments (`b.d0` …), each with a pool `b.d0.q`, a room `b.d0.r`, a doctor `b.doctor0`, a
    /// session of tomorrow with so many slots, from 09:00 on, of very many places each; one board `b.hall` for the first
    /// department's queue.
    pub async fn furnish(&self, departments: usize, slots: usize) -> Outcome {
        let operator = self.token(&["--role", "operator", "--account", "bench"])?;
        let mut http = Http::connect(self.address, Some(&operator)).await?;
        let site = json!({"id": "b", "name": "测试医院", "time_zone": "Asia/Shanghai"});
        http.done("PUT", "/api/v1/sites", &site).await?;
        let (next, mut tasks) = (Arc::new(AtomicUsize::new(0)), Vec::new());
        for _ in 0..FURNISHING.min(departments) {
            let (mut http, next) = (Http::connect(self.address, Some(&operator)).await?, next.clone());
            tasks.push(tokio::spawn(async move {
                loop {
                    let n = next.fetch_add(1, Ordering::Relaxed);
                    if n >= departments {
                        return Outcome::Ok(());
                    }
                    furnish_one(&mut http, n, slots).await?;
                }
            }));
        }
        for task in tasks {
            task.await??;
        }
        done_soon(&mut http, "boards", &json!({"id": "b.hall", "name": "候诊区", "queues": ["b.d0.q"]})).await
    }
}

async fn furnish_one(http: &mut Http, n: usize, slots: usize) -> Outcome {
    let department = format!("b.d{n}");
    let doctor =
        json!({"id": format!("b.doctor{n}"), "name": "李明", "title": "主任医师", "departments": [department]});
    let definitions = [
        ("departments", json!({"id": department, "name": "内科"})),
        ("service-points", json!({"id": format!("{department}.r"), "name": "1号诊室", "order": 1})),
        ("doctors", doctor),
        ("queues", json!({"id": format!("{department}.q"), "name": "普通", "prefix": prefix(n)})),
        ("sessions", session(&department, slots)),
    ];
    for (path, definition) in definitions {
        done_soon(http, path, &definition).await?;
    }
    Ok(())
}

/// What the site has said reaches the department a moment later: asked again until then.
async fn done_soon(http: &mut Http, path: &str, definition: &Value) -> Outcome {
    let mut last = None;
    for _ in 0..100 {
        match http.done("PUT", &format!("/api/v1/{path}"), definition).await {
            Ok(_) => return Ok(()),
            Err(error) => last = Some(error),
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Err(last.unwrap_or_else(|| "not defined".into()))
}

/// A, B … Z, AA, AB …: each queue has one of its own.
fn prefix(n: usize) -> String {
    let letter = char::from(b'A' + (n % 26) as u8);
    let before = if n < 26 { String::new() } else { prefix(n / 26 - 1) };
    format!("{before}{letter}")
}

fn session(department: &str, slots: usize) -> Value {
    let start = |k: usize| format!("{:02}:{:02}", 9 + k / 2, k % 2 * 30);
    let slots: Vec<Value> =
        (0..slots).map(|k| json!({"start": start(k), "minutes": 30, "capacity": 100_000})).collect();
    json!({
        "id": format!("{department}.s"),
        "date": tomorrow(),
        "period": "day",
        "queue": format!("{department}.q"),
        "registration_class": "普通",
        "slots": slots,
    })
}

/// Tomorrow's business date.
pub fn tomorrow() -> BusinessDate {
    let zone = Zone::named("Asia/Shanghai").expect("invariant: it is in the database");
    zone.date(Timestamp(clock::wall_ms())).plus_days(1)
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
