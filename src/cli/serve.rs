//! `jiaohao serve`: the server, until SIGTERM or Ctrl-C.

use std::path::PathBuf;
use std::sync::Arc;

use jiaohao_actors::shell::clock::wall_ms;
use jiaohao_domain::Timestamp;

use super::{Failure, logging, print_result, settings};
use crate::house::serve::{ServeOptions, Server};
use crate::identity::codes::LocalOutbox;

/// The server.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  jiaohao serve                               with built-in settings, data in ./data
  jiaohao serve --config jiaohao.toml
  JIAOHAO_SERVER__LISTEN=0.0.0.0:8443 jiaohao serve --config jiaohao.toml

On a data folder that nobody has set up it prints two lines on stdout: an operator's token for scripts, and a link to
/setup for a browser. Both are good for a day and end with the first administrator's sign-in. SIGTERM ends it gracefully.
docs/operations.md: backup, restore, alarms, and what to do when it does not start.")]
pub struct Args {
    /// The configuration; every setting also as JIAOHAO_SECTION__KEY.
    #[arg(long)]
    config: Option<PathBuf>,
    /// The wall clock is right, also where the log says otherwise (after a long stop, or a restored backup).
    #[arg(long)]
    confirm_clock: bool,
    /// For tests, on a folder made for test: clinic time begins here (RFC 3339), or goes on from the log's last moment if that is later.
    #[arg(long, hide = true, requires = "speed")]
    test_clock: Option<String>,
    /// For tests: clinic time is so many times as fast as the machine's (1 to 600).
    #[arg(long, hide = true, requires = "test_clock", value_parser = clap::value_parser!(u32).range(1..=600))]
    speed: Option<u32>,
    /// For tests, on a folder made for test: one-time codes are written here instead of being sent.
    #[arg(long, hide = true, requires = "test_clock")]
    test_outbox: Option<PathBuf>,
}

/// Runs until it is told to stop.
pub fn run(args: Args) -> Result<(), Failure> {
    let settings = settings(args.config.as_deref())?;
    let clinic_start = args.test_clock.as_deref().map(clinic_time).transpose()?;
    let speed = f64::from(args.speed.unwrap_or(settings.clock.speed));
    logging::start(&settings.log);
    for said in settings.channels().half.into_iter().chain(settings.odd()) {
        tracing::warn!("{said}");
    }
    let in_folder = settings.data.dir.join("outbox");
    actix::System::new().block_on(async move {
        let outbox = match args.test_outbox {
            Some(file) => LocalOutbox::shown_in(file),
            None => LocalOutbox::in_folder(in_folder),
        };
        let options = ServeOptions {
            codes: Arc::new(outbox),
            clinic_start,
            speed,
            wall: Arc::new(wall_ms),
            confirm_clock: args.confirm_clock,
        };
        let server = Server::start(settings, options).await.map_err(Failure::failed)?;
        announce(&server)?;
        let ended = tokio::select! {
            told = stop_signal() => told.map_err(Failure::failed),
            why = server.folder_lost() => Err(Failure::failed(why)),
        };
        tracing::info!("stopping");
        server.stop().await;
        ended
    })
}

fn clinic_time(text: &str) -> Result<Timestamp, Failure> {
    let at = chrono::DateTime::parse_from_rfc3339(text);
    at.map(|at| Timestamp(at.timestamp_millis())).map_err(|e| Failure::Usage(format!("--test-clock: {e}")))
}

fn announce(server: &Server) -> Result<(), Failure> {
    let report = &server.report;
    tracing::info!(
        address = %server.doors.address,
        log_commits = report.commits,
        records_replayed = report.records,
        took_ms = report.took_ms,
        "the doors are open"
    );
    let (Some(token), Some(link)) = (&server.first_token, server.setup_link()) else { return Ok(()) };
    let elsewhere = match server.house.settings.server.listen.ip().is_unspecified() {
        true => " (from another machine: this one's name or address in place of 127.0.0.1)",
        false => "",
    };
    logging::say(&format!(
        "Nobody has set up this data folder yet. Open the link below in a browser{elsewhere}; scripts take the token above \
         it. Both are good for a day, and end when the first administrator signs in. Others: start again, or \
         jiaohao token issue --role operator --may-issue"
    ));
    print_result(&format!("{token}\n{link}\n"))
}

/// Resolves at SIGTERM or Ctrl-C.
pub async fn stop_signal() -> std::io::Result<()> {
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    tokio::select! {
        _ = terminate.recv() => Ok(()),
        interrupted = tokio::signal::ctrl_c() => interrupted,
    }
}
