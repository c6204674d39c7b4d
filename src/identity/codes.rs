//! One-time codes: six digits, kept only as a keyed hash, sent through a port. The built-in sender writes to a local
//! outbox that a demo shows.

use std::collections::VecDeque;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use data_encoding::HEXLOWER;
use jiaohao_domain::redacted::Redacted;
use jiaohao_domain::{AccountId, Timestamp};

use super::chance;
use super::keys::{Key, make_dir};

/// How many messages the local outbox keeps; the oldest goes first.
const OUTBOX_KEEPS: usize = 1000;

/// Draws a code: six digits, every one equally likely.
pub fn draw() -> Redacted<String> {
    Redacted::new(format!("{:06}", chance::below(1_000_000)))
}

/// What is kept of a code: keyed by the house and bound to the account, so that nobody tries codes against a copy of the
/// log.
pub fn hash(hash_key: &Key, account: &AccountId, code: &Redacted<String>) -> String {
    HEXLOWER.encode(&hash_key.mac(&[b"code", account.as_str().as_bytes(), code.reveal().trim().as_bytes()]))
}

/// What a code is for: a message says so, that nobody signs a stranger in who thinks to agree to something else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To sign in with the phone that it is sent to.
    SignIn,
    /// Whoever has the phone agrees that somebody else acts for them.
    Consent,
}

/// A code on its way to a phone.
#[derive(Clone, Debug)]
pub struct CodeMessage {
    /// To which number.
    pub phone: Redacted<String>,
    /// The code.
    pub code: Redacted<String>,
    /// Until when it holds (machine time).
    pub expires_at: Timestamp,
    /// What it is for.
    pub purpose: Purpose,
}

/// Why a code could not be handed over for sending.
#[derive(Debug, thiserror::Error)]
#[error("the code could not be sent: {0}")]
pub struct SendError(pub String);

/// Where codes leave the house: a port for an SMS service. It takes the message over or refuses it at once; it never
/// waits for a network.
pub trait CodeSender: Send + Sync {
    /// Takes a message over.
    fn send(&self, message: CodeMessage) -> Result<(), SendError>;
    /// Where it goes, as whoever asked for it is told: `phone`, or `local_outbox` where no phone hears of it.
    fn sends_to(&self) -> &'static str;
}

/// The built-in sender: keeps the last messages here instead of sending them.
#[derive(Debug, Default)]
pub struct LocalOutbox {
    messages: Mutex<VecDeque<CodeMessage>>,
    /// A file that also gets them …
    shown_in: Option<PathBuf>,
    /// … and its own folder, if it has one.
    folder: Option<PathBuf>,
}

/// A file of messages that grows to this many bytes is set aside; the one set aside before it goes.
const FILE_BYTES: u64 = 256 << 10;

impl LocalOutbox {
    /// In a folder that only its owner may enter, made with the first message: `codes.txt`, and the older `codes.1.txt`.
    pub fn in_folder(dir: PathBuf) -> Self {
        Self { folder: Some(dir.clone()), ..Self::shown_in(dir.join("codes.txt")) }
    }

    /// Messages are also written to a file, a line of phone and code each: for who gives codes out by hand, and for tests
    /// that sign in as a patient.
    pub fn shown_in(file: PathBuf) -> Self {
        Self { messages: Mutex::default(), shown_in: Some(file), folder: None }
    }

    /// The latest message to a number that still holds at `now`.
    pub fn latest(&self, phone: &str, now: Timestamp) -> Option<CodeMessage> {
        let messages = self.messages.lock().unwrap_or_else(PoisonError::into_inner);
        messages.iter().rev().find(|message| message.phone.reveal() == phone && now < message.expires_at).cloned()
    }
}

impl CodeSender for LocalOutbox {
    fn send(&self, message: CodeMessage) -> Result<(), SendError> {
        let mut messages = self.messages.lock().unwrap_or_else(PoisonError::into_inner);
        if messages.len() >= OUTBOX_KEEPS {
            messages.pop_front();
        }
        if let Some(file) = &self.shown_in {
            let line = format!("{} {}\n", message.phone.reveal(), message.code.reveal());
            let shown = self.folder.as_deref().map_or(Ok(()), make_dir).and_then(|()| append(file, &line));
            shown.map_err(|error| SendError(error.to_string()))?;
        }
        messages.push_back(message);
        Ok(())
    }

    fn sends_to(&self) -> &'static str {
        "local_outbox"
    }
}

fn append(path: &Path, line: &str) -> io::Result<()> {
    if path.metadata().is_ok_and(|file| file.len() >= FILE_BYTES) {
        fs::rename(path, path.with_extension("1.txt"))?;
    }
    OpenOptions::new().create(true).append(true).mode(0o600).open(path)?.write_all(line.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_outbox_on_disk_is_its_owners_and_bounded() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().expect("a folder");
        let dir = folder.path().join("outbox");
        let outbox = LocalOutbox::in_folder(dir.clone());
        make_dir(&dir).expect("made");
        let message = || CodeMessage {
            phone: "+8613800000000".to_owned().into(),
            code: "111111".to_owned().into(),
            expires_at: Timestamp(100),
            purpose: Purpose::SignIn,
        };
        let file = dir.join("codes.txt");
        fs::write(&file, vec![b'x'; FILE_BYTES as usize]).expect("full");
        outbox.send(message()).expect("taken");
        assert_eq!(fs::read_to_string(&file).expect("text"), "+8613800000000 111111\n");
        assert_eq!(fs::read_dir(&dir).expect("a folder").count(), 2);
        let mode = |path: &Path| path.metadata().expect("there").permissions().mode() & 0o777;
        assert_eq!((mode(&dir), mode(&file)), (0o700, 0o600));
        assert_eq!(outbox.sends_to(), "local_outbox");
    }

    #[test]
    fn a_code_is_six_digits_and_its_hash_is_of_one_account_and_house() {
        let code = draw();
        assert!(code.reveal().len() == 6 && code.reveal().bytes().all(|byte| byte.is_ascii_digit()));
        let (key, account) = (Key::from_bytes([1; 32]), AccountId::new("a-1"));
        let hashed = hash(&key, &account, &code);
        assert_eq!(hashed, hash(&key, &account, &Redacted::new(format!(" {} ", code.reveal()))), "typed with spaces");
        assert_ne!(hashed, hash(&key, &AccountId::new("a-2"), &code));
        assert_ne!(hashed, hash(&Key::from_bytes([2; 32]), &account, &code));
        assert!(!hashed.contains(code.reveal().as_str()));
    }

    #[test]
    fn the_local_outbox_shows_the_latest_code_while_it_holds_and_stays_bounded() {
        let outbox = LocalOutbox::default();
        let message = |phone: &str, code: &str| CodeMessage {
            phone: phone.to_owned().into(),
            code: code.to_owned().into(),
            expires_at: Timestamp(100),
            purpose: Purpose::SignIn,
        };
        outbox.send(message("+861", "111111")).expect("taken");
        outbox.send(message("+861", "222222")).expect("taken");
        outbox.send(message("+862", "333333")).expect("taken");
        assert_eq!(outbox.latest("+861", Timestamp(99)).expect("one").code.reveal(), "222222");
        assert!(outbox.latest("+861", Timestamp(100)).is_none());
        assert!(outbox.latest("+863", Timestamp(0)).is_none());
        for _ in 0..OUTBOX_KEEPS {
            outbox.send(message("+864", "444444")).expect("taken");
        }
        assert!(outbox.latest("+861", Timestamp(0)).is_none());
        assert_eq!(outbox.messages.lock().expect("not poisoned").len(), OUTBOX_KEEPS);
        assert!(!format!("{:?}", outbox.latest("+864", Timestamp(0))).contains("444444"));
    }
}
