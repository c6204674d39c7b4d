//! Logs: to stderr, as text or JSON lines, at the level of the configuration (`RUST_LOG` overrides it for one run).

use std::sync::atomic::{AtomicBool, Ordering};

use tracing_subscriber::EnvFilter;

use crate::config::{LogFormat, LogSettings};

/// Whether stderr is read line by line as JSON.
static IS_JSON: AtomicBool = AtomicBool::new(false);

/// Starts logging for this process. A second call changes nothing.
pub fn start(settings: &LogSettings) {
    // What strangers send that is no HTTP is theirs to mend: it is counted in the responses, and no alarm of ours.
    let usual = || EnvFilter::new(format!("{},actix_http::h1=off", settings.level.as_str()));
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| usual());
    let logs = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let started = match settings.format {
        LogFormat::Text => logs.with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr())).try_init(),
        LogFormat::Json => logs.json().try_init(),
    };
    if started.is_err() {
        tracing::debug!("logging was started before");
    } else {
        IS_JSON.store(settings.format == LogFormat::Json, Ordering::Relaxed);
    }
}

/// Says something to whoever started the program, on stderr: as it stands, or as a line of the log where that is JSON.
pub fn say(text: &str) {
    match IS_JSON.load(Ordering::Relaxed) {
        true => tracing::warn!("{text}"),
        false => eprintln!("{text}"),
    }
}

/// Says on stderr why the program ends, as [`say`] does.
pub fn say_failed(why: &str) {
    match IS_JSON.load(Ordering::Relaxed) {
        true => tracing::error!("{why}"),
        false => eprintln!("jiaohao: {why}"),
    }
}
