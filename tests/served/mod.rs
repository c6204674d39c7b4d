//! A house in this process behind real doors, on a folder of its own, at half past eight of a clinic's morning.

pub mod wechat;

use std::sync::{Arc, Mutex};

use jiaohao::config::Settings;
use jiaohao::house::serve::{ServeOptions, Server};
use jiaohao::identity::codes::{CodeMessage, CodeSender, SendError};
use jiaohao_actors::shell::clock;
use jiaohao_domain::Timestamp;

/// 08:30 in Shanghai.
#[allow(dead_code, reason = "not every test names it")]
pub const MORNING: Timestamp = Timestamp(1_795_393_800_000);

/// Codes on their way to phones: number and code.
#[derive(Default)]
pub struct Phones(pub Mutex<Vec<(String, String)>>);

impl CodeSender for Phones {
    fn send(&self, message: CodeMessage) -> Result<(), SendError> {
        self.0.lock().unwrap().push((message.phone.reveal().clone(), message.code.reveal().clone()));
        Ok(())
    }
    fn sends_to(&self) -> &'static str {
        "phone"
    }
}

/// Opens it, with clinic time so many times as fast as the clock on the wall.
#[allow(dead_code, reason = "not every test begins in the morning")]
pub async fn open(speed: f64) -> (tempfile::TempDir, Server, Arc<Phones>) {
    open_at(MORNING, speed).await
}

/// As [`open`], at another moment of a clinic's day.
pub async fn open_at(clinic_start: Timestamp, speed: f64) -> (tempfile::TempDir, Server, Arc<Phones>) {
    let folder = tempfile::tempdir().unwrap();
    let (server, phones) = start(folder.path(), clinic_start, speed).await;
    (folder, server, phones)
}

/// Starts a house on a folder, again where it was stopped: then its clock has gone on.
#[allow(dead_code, reason = "not every test starts it again")]
pub async fn start(folder: &std::path::Path, clinic_start: Timestamp, speed: f64) -> (Server, Arc<Phones>) {
    start_with(Settings::default_values(), folder, clinic_start, speed).await
}

/// As [`start`], with settings of the test's.
pub async fn start_with(
    mut settings: Settings,
    folder: &std::path::Path,
    clinic_start: Timestamp,
    speed: f64,
) -> (Server, Arc<Phones>) {
    settings.server.listen = ([127, 0, 0, 1], 0).into();
    settings.server.workers = 1;
    settings.data.dir = folder.join("data");
    settings.data.reserve_mib = 1;
    settings.data.last_reserve_mib = 1;
    let phones = Arc::new(Phones::default());
    let options = ServeOptions {
        codes: phones.clone(),
        clinic_start: Some(clinic_start),
        speed,
        wall: Arc::new(clock::wall_ms),
        confirm_clock: false,
    };
    let server = Server::start(settings, options).await.unwrap();
    (server, phones)
}
