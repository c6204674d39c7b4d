//! The computer's voice: `espeak-ng`, a program of its own, reads one clip at a time.

use std::io::Write;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use jiaohao_queue_display::voice::{Line, pinyin, sound, wav};
use wait_timeout::ChildExt;

/// The program, and the Debian package that it is in.
const PROGRAM: &str = "espeak-ng";
/// Words a minute, as the program counts them: clips joined are slower than its sentences, and a call takes the 5 s of DOMAIN.
const SPEED: &str = "180";
/// A clip takes it some 10 ms; what takes longer than this has stopped.
const LIMIT: Duration = Duration::from_secs(20);
/// What only says its version is not waited for longer.
const LIMIT_OF_VERSION: Duration = Duration::from_secs(3);

/// Why a clip was not read.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// These signs have no reading.
    #[error("the computer cannot read {0}")]
    Unreadable(String),
    /// It is not on this machine.
    #[error("espeak-ng is not on the server: install the package espeak-ng (apt install espeak-ng)")]
    NotThere,
    /// It ran and made nothing of use.
    #[error("espeak-ng: {0}")]
    Failed(String),
}

/// Whether the program is on this machine.
pub fn is_there() -> bool {
    let asked = Command::new(PROGRAM).arg("--version").stdin(Stdio::null()).stdout(Stdio::null()).spawn();
    asked.and_then(|mut running| ended(&mut running, LIMIT_OF_VERSION)).is_ok_and(|status| status.success())
}

/// The voice for a line, and what it is given: pinyin for Chinese, letters by their English names.
fn wanted(line: &Line) -> Result<(&'static str, String), Failure> {
    let is_letter = line.clip.len() == 1 && line.clip.bytes().all(|byte| byte.is_ascii_alphabetic());
    match line.language {
        "en" if is_letter => Ok(("en", line.clip.to_uppercase())),
        "en" if line.clip.is_ascii() => Ok(("en", line.clip.clone())),
        "zh" if is_letter => Ok(("en", line.clip.clone())),
        "zh" => pinyin::read(&line.clip).map(|read| ("cmn-latn-pinyin", read)).map_err(Failure::Unreadable),
        _ => Err(Failure::Unreadable(line.clip.clone())),
    }
}

/// Whether there is a reading for a line at all.
pub fn can_read(line: &Line) -> bool {
    wanted(line).is_ok()
}

/// Reads a clip.
///
/// # Errors
/// [`Failure`].
pub fn read(line: &Line) -> Result<Vec<i16>, Failure> {
    let (voice, text) = wanted(line)?;
    let failed = |why: std::io::Error| match why.kind() {
        std::io::ErrorKind::NotFound => Failure::NotThere,
        _ => Failure::Failed(why.to_string()),
    };
    let file = tempfile::NamedTempFile::new().map_err(failed)?;
    let mut program = Command::new(PROGRAM);
    program.args(["-v", voice, "-s", SPEED, "-w"]).arg(file.path());
    program.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut running = program.spawn().map_err(failed)?;
    if let Some(mut words) = running.stdin.take() {
        match words.write_all(text.as_bytes()) {
            // It has ended without reading: how, its status says.
            Err(why) if why.kind() == std::io::ErrorKind::BrokenPipe => {}
            written => written.map_err(failed)?,
        }
    }
    let status = ended(&mut running, LIMIT).map_err(failed)?;
    if !status.success() {
        return Err(Failure::Failed(status.to_string()));
    }
    let recording = std::fs::read(file.path()).map_err(failed)?;
    let recording = wav::read(&recording).map_err(|why| Failure::Failed(why.to_string()))?;
    sound::clip(&recording).map_err(|why| Failure::Failed(why.to_string()))
}

/// Waits for its end: a program that has stopped is ended after `limit`, and none is left behind.
fn ended(running: &mut Child, limit: Duration) -> std::io::Result<ExitStatus> {
    if let Some(status) = running.wait_timeout(limit)? {
        return Ok(status);
    }
    running.kill()?;
    running.wait()?;
    Err(std::io::Error::new(std::io::ErrorKind::TimedOut, format!("no answer within {} s", limit.as_secs())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_has_stopped_is_ended() {
        let mut asleep = Command::new("sleep").arg("600").spawn().expect("sleep starts");
        let why = ended(&mut asleep, Duration::from_millis(20)).expect_err("it does not end by itself");
        assert_eq!(why.kind(), std::io::ErrorKind::TimedOut);
        assert!(asleep.try_wait().expect("it was waited for").is_some(), "it is gone");
    }
}
