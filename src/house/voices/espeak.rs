//! The computer's voice: `espeak-ng`, a program of its own, reads one clip at a time.

use std::io::Write;
use std::process::{Command, Stdio};

use jiaohao_queue_display::voice::{Line, pinyin, sound, wav};

/// The program, and the Debian package that it is in.
const PROGRAM: &str = "espeak-ng";
/// Words a minute, as the program counts them: clips joined are slower than its sentences, and a call takes the 5 s of DOMAIN.
const SPEED: &str = "180";

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
    let asked = Command::new(PROGRAM).arg("--version").stdin(Stdio::null()).stdout(Stdio::null()).status();
    asked.is_ok_and(|status| status.success())
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
        words.write_all(text.as_bytes()).map_err(failed)?;
    }
    let status = running.wait().map_err(failed)?;
    if !status.success() {
        return Err(Failure::Failed(status.to_string()));
    }
    let recording = std::fs::read(file.path()).map_err(failed)?;
    let recording = wav::read(&recording).map_err(|why| Failure::Failed(why.to_string()))?;
    sound::clip(&recording).map_err(|why| Failure::Failed(why.to_string()))
}
