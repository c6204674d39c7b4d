//! A server of the simulation's own: a child process on a fresh folder marked for test, killed without warning and
//! started again on the same folder and port.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use jiaohao_actors::shell::clock::monotonic;
use serde_json::Value;

use super::process::{self, Memory};
use crate::clients::http::Door;

/// How long a start may take.
const START_WITHIN: Duration = Duration::from_secs(60);

/// See the module.
pub struct OwnServer {
    folder: PathBuf,
    speed: f64,
    clinic_start: String,
    settings: Vec<(&'static str, String)>,
    child: Option<Child>,
    /// Where it listens.
    pub door: Arc<Door>,
}

impl Drop for OwnServer {
    fn drop(&mut self) {
        self.kill();
    }
}

impl OwnServer {
    /// Starts it on a fresh folder, with clinic time beginning at `clinic_start` (RFC 3339).
    ///
    /// # Errors
    /// It does not come up.
    pub async fn start(clinic_start: String, speed: f64) -> Result<Self, String> {
        Self::start_with(clinic_start, speed, Vec::new()).await
    }

    /// As [`OwnServer::start`], with settings of its own, by the names of their variables.
    ///
    /// # Errors
    /// It does not come up.
    pub async fn start_with(
        clinic_start: String,
        speed: f64,
        settings: Vec<(&'static str, String)>,
    ) -> Result<Self, String> {
        #[expect(clippy::disallowed_methods, reason = "a client's own chance")]
        let name = format!("jiaohao-simulate-{}-{:08x}", std::process::id(), rand::random::<u32>());
        let folder = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
        let port = free_port().map_err(|e| format!("no free port: {e}"))?;
        let door = Arc::new(Door::plain(format!("127.0.0.1:{port}")));
        let mut server = Self { folder, speed, clinic_start, settings, child: None, door };
        server.restart().await?;
        Ok(server)
    }

    /// The data folder.
    pub fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    fn program(&self) -> Result<Command, String> {
        let mut command = Command::new(std::env::current_exe().map_err(|e| e.to_string())?);
        command
            .env("JIAOHAO_DATA__DIR", self.data())
            .env("JIAOHAO_SERVER__LISTEN", &self.door.authority)
            .env("JIAOHAO_IDENTITY__ACCESS_TOKEN_TTL_S", "86400")
            .env("JIAOHAO_LIMITS__SCREENS_PER_ADDRESS_PER_MIN", "100000")
            .env("JIAOHAO_LOG__LEVEL", "warn")
            .envs(self.settings.iter().map(|(name, value)| (*name, value)))
            .stdin(Stdio::null());
        Ok(command)
    }

    /// Starts it (again) and waits until it takes commands.
    ///
    /// # Errors
    /// It does not come up.
    pub async fn restart(&mut self) -> Result<(), String> {
        let log = std::fs::OpenOptions::new().create(true).append(true).open(self.folder.join("serve.log"));
        let mut command = self.program()?;
        command
            .args(["serve", "--test-clock", &self.clinic_start, "--speed", &self.speed.to_string()])
            .stdout(Stdio::null())
            .stderr(log.map_err(|e| e.to_string())?);
        self.child = Some(command.spawn().map_err(|e| e.to_string())?);
        let began = monotonic();
        while !self.door.is_ready().await {
            let ended = self.child.as_mut().is_some_and(|child| matches!(child.try_wait(), Ok(Some(_))));
            if ended || began.elapsed() > START_WITHIN {
                return Err(format!("the server did not come up: see {}", self.folder.join("serve.log").display()));
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(())
    }

    /// How much memory it has, and has had at most. None: the system does not say.
    pub fn memory(&self) -> Option<Memory> {
        process::memory(self.child.as_ref()?.id())
    }

    /// The time of processors that it has had since it started. None: the system does not say.
    pub fn cpu(&self) -> Option<Duration> {
        process::cpu(self.child.as_ref()?.id())
    }

    /// `kill -9`.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            // it may have ended by itself
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// SIGTERM, and waits.
    pub async fn stop(&mut self) {
        let Some(mut child) = self.child.take() else { return };
        let pid = i32::try_from(child.id()).ok().and_then(rustix::process::Pid::from_raw);
        if let Some(pid) = pid {
            // it may have ended by itself
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
        }
        // waits on a thread of its own
        let _ = tokio::task::spawn_blocking(move || child.wait()).await;
    }

    /// An operator's token that may issue others, made with the folder's key as a script makes one.
    ///
    /// # Errors
    /// The folder's key cannot be read.
    pub async fn operator(&self) -> Result<String, String> {
        let mut command = self.program()?;
        command.args(["token", "issue", "--role", "operator", "--may-issue", "--account", "simulate"]);
        command.stderr(Stdio::inherit());
        let made = tokio::task::spawn_blocking(move || command.output()).await.map_err(|e| e.to_string())?;
        let made = made.map_err(|e| e.to_string())?;
        let token = String::from_utf8_lossy(&made.stdout).trim().to_owned();
        if made.status.success() { Ok(token) } else { Err("no token could be issued".to_owned()) }
    }

    /// `journal verify --full`: what it says.
    ///
    /// # Errors
    /// What it found.
    pub async fn verify(&self) -> Result<Value, String> {
        let mut command = self.program()?;
        command.args(["journal", "verify", "--full", "--data"]).arg(self.data());
        let said = tokio::task::spawn_blocking(move || command.output()).await.map_err(|e| e.to_string())?;
        let said = said.map_err(|e| e.to_string())?;
        let value = serde_json::from_slice(&said.stdout).unwrap_or(Value::Null);
        if said.status.success() {
            Ok(value)
        } else {
            Err(format!("{value} {}", String::from_utf8_lossy(&said.stderr).trim()))
        }
    }

    /// Takes the folder away, when nothing in it is worth a look.
    pub fn forget(mut self) {
        self.kill();
        // a folder for temporary files may stay
        let _ = std::fs::remove_dir_all(&self.folder);
    }

    /// Where it is.
    pub fn folder(&self) -> &Path {
        &self.folder
    }
}

fn free_port() -> std::io::Result<u16> {
    Ok(std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}
